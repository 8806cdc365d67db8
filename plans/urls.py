"""Addresses of plans."""

from django.urls import path

from plans.views import proposals

app_name = "plans"
urlpatterns = [
    path("households/<int:pk>/<int:year>/proposals/", proposals.proposals, name="proposals"),
]
