"""The only list of what the API offers."""

from rest_framework.routers import DefaultRouter

router = DefaultRouter()
