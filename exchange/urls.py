"""Addresses of imports and exports."""

from django.urls import URLPattern, path

from exchange import views
from exchange.outgoing import views as out
from exchange.people import views as people

app_name = "exchange"
urlpatterns: list[URLPattern] = [
    path("", views.batch_list, name="batch_list"),
    path("new/", views.batch_new, name="batch_new"),
    path("<int:pk>/", views.batch_detail, name="batch_detail"),
    path("<int:pk>/columns/", views.batch_map, name="batch_map"),
    path("<int:pk>/progress/", views.batch_progress, name="batch_progress"),
    path("<int:pk>/preview/", views.batch_preview, name="batch_preview"),
    path("<int:pk>/apply/", views.batch_apply, name="batch_apply"),
    path("<int:pk>/cancel/", views.batch_cancel, name="batch_cancel"),
    path("<int:pk>/discard/", views.batch_discard, name="batch_discard"),
    path("<int:pk>/undo/", views.batch_undo, name="batch_undo"),
    path("<int:pk>/return/", views.batch_return, name="batch_return"),
    path("people/", people.people_list, name="people_list"),
    path("people/new/", people.people_new, name="people_new"),
    path("people/template/<slug:kind>/", people.people_template, name="people_template"),
    path("people/<int:pk>/", people.people_detail, name="people_detail"),
    path("people/<int:pk>/progress/", people.people_progress, name="people_progress"),
    path("people/<int:pk>/preview/", people.people_preview, name="people_preview"),
    path("people/<int:pk>/apply/", people.people_apply, name="people_apply"),
    path("people/<int:pk>/cancel/", people.people_cancel, name="people_cancel"),
    path("people/<int:pk>/discard/", people.people_discard, name="people_discard"),
    path("people/<int:pk>/return/", people.people_return, name="people_return"),
    path("out/", out.export_list, name="export_list"),
    path("out/new/", out.export_new, name="export_new"),
    path("out/villages/", out.export_villages, name="export_villages"),
    path("out/chosen/", out.export_chosen, name="export_chosen"),
    path("out/<int:pk>/", out.export_detail, name="export_detail"),
    path("out/<int:pk>/progress/", out.export_progress, name="export_progress"),
    path("out/<int:pk>/file/", out.export_file, name="export_file"),
    path("out/<int:pk>/cancel/", out.export_cancel, name="export_cancel"),
    path("out/<int:pk>/retry/", out.export_retry, name="export_retry"),
    path("out/formats/", out.mapping_list, name="mapping_list"),
    path("out/formats/new/", out.mapping_new, name="mapping_new"),
    path("out/formats/<int:pk>/", out.mapping_detail, name="mapping_detail"),
    path("out/formats/<int:pk>/delete/", out.mapping_delete, name="mapping_delete"),
]
