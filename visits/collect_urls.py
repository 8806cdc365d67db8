"""What of the visits lies below /collect/, in reach of the service worker (surveys/collect_urls.py)."""

from django.urls import URLPattern, path

from visits.views import shell

app_name = "visit_log"
urlpatterns: list[URLPattern] = [path("", shell.visit_shell, name="visit")]
