"""Addresses under /collect/: blank shells, the service worker, and what the phone says to the server (docs/surveys.md)."""

from django.urls import URLPattern

app_name = "collect"
urlpatterns: list[URLPattern] = []
