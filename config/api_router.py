"""The only list of what the API offers."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from accounts.api import MeView
from common.api_docs import docs
from households.api import HelperViewSet, HouseholdViewSet
from regions.api import RegionViewSet
from surveys.api import SurveyViewSet
from visits.api import DutyViewSet, VisitViewSet

router = DefaultRouter()
router.include_format_suffixes = False
router.register("regions", RegionViewSet, basename="region")
router.register("households", HouseholdViewSet, basename="household")
router.register("helpers", HelperViewSet, basename="helper")
router.register("surveys", SurveyViewSet, basename="survey")
router.register("visits", VisitViewSet, basename="visit")
router.register("visit-duties", DutyViewSet, basename="visit-duty")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    path("me/", MeView.as_view(), name="me"),
    *router.urls,
]
