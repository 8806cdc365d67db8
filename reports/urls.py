from django.urls import path

from reports import views

app_name = "reports"
SHEETS = {"usual": "survey_filled"}  # the kind of paper where none is chosen
urlpatterns = [
    path("print/", views.print_centre, name="print_centre"),
    path("print/region/<int:pk>/", views.print_region, name="print_region"),
    path("print/household/<int:pk>/", views.print_household, name="print_household"),
    path("print/household/<int:pk>/sheet/", views.print_household, SHEETS, name="print_household_sheet"),
    path("print/chosen/", views.print_chosen, name="print_chosen"),
    path("print/chosen/sheets/", views.print_chosen, SHEETS, name="print_chosen_sheets"),
    path("print/<int:pk>/", views.print_run, name="print_run"),
    path("print/<int:pk>/progress/", views.print_progress, name="print_progress"),
    path("print/<int:pk>/file/", views.print_file, name="print_file"),
    path("print/<int:pk>/villages/<int:village>/file/", views.print_volume, name="print_volume"),
    path("print/<int:pk>/pause/", views.print_pause, name="print_pause"),
    path("print/<int:pk>/again/", views.print_again, name="print_again"),
    path("print/<int:pk>/cancel/", views.print_cancel, name="print_cancel"),
    path("print/<int:pk>/retry/", views.print_retry, name="print_retry"),
    path("v/<str:token>/", views.booklet_verify, name="booklet_verify"),
]
