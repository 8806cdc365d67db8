"""The only list of what the API offers."""

from rest_framework.routers import DefaultRouter

from regions.api import RegionViewSet

router = DefaultRouter()
router.register("regions", RegionViewSet, basename="region")
