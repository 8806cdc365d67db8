"""Addresses of the page of one's notices."""

from django.urls import path

from common import notice_views as views

app_name = "notices"
urlpatterns = [
    path("", views.notice_list, name="notice_list"),
    path("read/", views.notices_read, name="notices_read"),
    path("<int:pk>/", views.notice_open, name="notice_open"),
]
