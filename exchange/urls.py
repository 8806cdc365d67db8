"""Addresses of imports."""

from django.urls import URLPattern, path

from exchange import views

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
]
