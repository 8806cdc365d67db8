from django.urls import path

from cadres.views import accounts_sheet

app_name = "cadres"
urlpatterns = [
    path("accounts/", accounts_sheet.sheet_upload, name="sheet_upload"),
    path("accounts/template/", accounts_sheet.sheet_template, name="sheet_template"),
    path("accounts/open/", accounts_sheet.sheet_open, name="sheet_open"),
]
