from django.urls import path

from regions import views

app_name = "regions"
urlpatterns = [
    path("", views.region_tree, name="region_tree"),
    path("picker/", views.picker, name="picker"),
    path("<int:pk>/", views.region_detail, name="region_detail"),
    path("<int:pk>/add/", views.region_add, name="region_add"),
    path("<int:pk>/rename/", views.region_rename, name="region_rename"),
    path("<int:pk>/recode/", views.region_recode, name="region_recode"),
    path("<int:pk>/merge/", views.region_merge, name="region_merge"),
    path("<int:pk>/split/", views.region_split, name="region_split"),
    path("<int:pk>/close/", views.region_close, name="region_close"),
]
