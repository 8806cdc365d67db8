"""The only list of what the API offers."""

from rest_framework.routers import DefaultRouter

from households.api import HouseholdViewSet
from regions.api import RegionViewSet
from surveys.api import SurveyViewSet
from visits.api import DutyViewSet, VisitViewSet

router = DefaultRouter()
router.register("regions", RegionViewSet, basename="region")
router.register("households", HouseholdViewSet, basename="household")
router.register("surveys", SurveyViewSet, basename="survey")
router.register("visits", VisitViewSet, basename="visit")
router.register("visit-duties", DutyViewSet, basename="visit-duty")
