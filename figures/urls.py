"""看板与报表."""

from django.urls import path

from figures import views

app_name = "figures"
urlpatterns = [
    path("", views.boards, name="boards"),
    path("<int:pk>/", views.board, name="board"),
    path("<int:pk>/wall/", views.wall, name="wall"),
    path("<int:pk>/map/", views.map_edit, name="map_edit"),
    path("rows/<slug:code>/", views.rows, name="rows"),
]
