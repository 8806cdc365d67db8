from django.urls import path

from catalogue.views import editing, kinds

app_name = "catalogue"
urlpatterns = [
    path("", kinds.kind_list, name="kind_list"),
    path("add/", editing.kind_add, name="kind_add"),
    path("categories/", editing.category_list, name="category_list"),
    path("categories/add/", editing.category_add, name="category_add"),
    path("categories/<int:pk>/", editing.category_edit, name="category_edit"),
    path("categories/<int:pk>/retire/", editing.category_retire, name="category_retire"),
    path("<slug:code>/", kinds.kind_detail, name="kind_detail"),
    path("<slug:code>/edit/", editing.kind_edit, name="kind_edit"),
    path("<slug:code>/retire/", editing.kind_retire, name="kind_retire"),
    path("<slug:code>/history/", editing.kind_history, name="kind_history"),
]
