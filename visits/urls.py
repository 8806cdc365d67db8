from django.urls import URLPattern, path

from visits.views import desk

app_name = "visits"
urlpatterns: list[URLPattern] = [
    path("desk/", desk.desk_page, name="desk"),
]
