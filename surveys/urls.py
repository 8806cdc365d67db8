"""Addresses of surveys in the office: review, verification, gaps, progress, forms, paper. The phone's stand in `collect_urls`."""

from django.urls import URLPattern

app_name = "surveys"
urlpatterns: list[URLPattern] = []
