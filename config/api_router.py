"""The only list of what the API offers."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from accounts.api import MeView
from common.api_docs import docs
from exchange.api import ExportFormatViewSet, ExportViewSet, ImportViewSet
from figures.api import BoardViewSet, DatasetRows, DatasetViewSet, ReportFileViewSet, ReportViewSet, SavedReportViewSet
from households.api import HelperViewSet, HouseholdViewSet
from regions.api import RegionViewSet
from reports.api import PrintViewSet
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
router.register("boards", BoardViewSet, basename="board")
router.register("datasets", DatasetViewSet, basename="dataset")
router.register(r"datasets/(?P<code>[a-z_]+)/rows", DatasetRows, basename="dataset-row")
router.register("reports", ReportViewSet, basename="report")
router.register("saved-reports", SavedReportViewSet, basename="saved-report")
router.register("report-files", ReportFileViewSet, basename="report-file")
router.register("export-formats", ExportFormatViewSet, basename="export-format")
router.register("exports", ExportViewSet, basename="export")
router.register("imports", ImportViewSet, basename="import")
router.register("prints", PrintViewSet, basename="print")

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", docs, name="docs"),
    path("me/", MeView.as_view(), name="me"),
    *router.urls,
]
