"""Addresses under /collect/: blank shells, the service worker, and what the phone says to the server (docs/surveys.md)."""

from django.urls import URLPattern, path

from surveys.views import collect

app_name = "collect"
urlpatterns: list[URLPattern] = [
    path("", collect.home, name="home"),
    path("worker.js", collect.worker, name="worker"),
]
