from django.urls import path

from cadres import views

app_name = "cadres"
urlpatterns = [
    path("accounts/", views.sheet_upload, name="sheet_upload"),
    path("accounts/template/", views.sheet_template, name="sheet_template"),
    path("accounts/open/", views.sheet_open, name="sheet_open"),
]
