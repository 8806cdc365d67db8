from django.urls import path

from catalogue import views

app_name = "catalogue"
urlpatterns = [
    path("", views.kind_list, name="kind_list"),
    path("<slug:code>/", views.kind_detail, name="kind_detail"),
]
