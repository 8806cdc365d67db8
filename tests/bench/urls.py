"""Our addresses and the bare admin's."""

from django.urls import path

from config.urls import urlpatterns as ours
from tests.bench.admin import site

urlpatterns = [*ours, path("baseline/", site.urls)]
