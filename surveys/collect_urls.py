"""Addresses under /collect/: blank shells, the service worker, and what the phone says to the server (docs/surveys.md)."""

from django.urls import URLPattern, path

from surveys.views import collect, shell, sync

app_name = "collect"
urlpatterns: list[URLPattern] = [
    path("", collect.home, name="home"),
    path("worker.js", collect.worker, name="worker"),
    path("api/pack/", sync.api_pack, name="api_pack"),
    path("api/ops/", sync.api_ops, name="api_ops"),
    path("api/photos/<uuid:uid>/", sync.api_photo, name="api_photo"),
    path("api/drafts/<uuid:uid>/", sync.api_draft, name="api_draft"),
    path("api/devices/", sync.api_devices, name="api_devices"),
    path("api/devices/<uuid:uid>/key/", sync.api_device_key, name="api_device_key"),
    path("api/ping/", collect.api_ping, name="api_ping"),
    path("forms/<slug:code>/<str:version>/", shell.form_shell, name="form"),
]
