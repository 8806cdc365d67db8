"""Our addresses and the bare admin's."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from config.urls import urlpatterns as ours
from tests.bench.admin import form_site, site


def empty(request: HttpRequest) -> HttpResponse:
    """The layout with its menu, and nothing in it."""
    return render(request, "base.html")


urlpatterns = [
    *ours,
    path("baseline/", site.urls),
    path("baseline-form/", form_site.urls),
    path("empty/", empty, name="empty"),
]
