"""The only list of what the API offers."""

from rest_framework.routers import DefaultRouter

from households.api import HouseholdViewSet
from regions.api import RegionViewSet
from surveys.api import SurveyViewSet

router = DefaultRouter()
router.register("regions", RegionViewSet, basename="region")
router.register("households", HouseholdViewSet, basename="household")
router.register("surveys", SurveyViewSet, basename="survey")
