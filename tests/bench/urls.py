"""Our addresses and the bare admin's."""

from django.urls import path

from config.urls import urlpatterns as ours
from tests.bench.admin import form_site, site

urlpatterns = [*ours, path("baseline/", site.urls), path("baseline-form/", form_site.urls)]
