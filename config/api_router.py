"""The only list of what the API offers."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from accounts.api import MeView
from assistance.api import (
    DepartmentMeasureViewSet,
    EntryViewSet,
    FundViewSet,
    IdleHouseViewSet,
    MeasureViewSet,
    PayBatchViewSet,
    PayRowViewSet,
    ProjectHouseholdViewSet,
    ServiceRequestViewSet,
    ShortfallViewSet,
    TenancyViewSet,
    VillageHouseholdViewSet,
    VillageProjectViewSet,
)
from cadres.api import CadreViewSet, ResidentTeamViewSet, UnitViewSet
from catalogue.api import MeasureKindViewSet, ReliefCategoryViewSet
from exchange.api import ExportFormatViewSet, ExportViewSet, ImportViewSet
from figures.api import BoardViewSet, DatasetRows, DatasetViewSet, ReportFileViewSet, ReportViewSet, SavedReportViewSet
from households.api import (
    HandOverViewSet,
    HelperViewSet,
    HouseholdViewSet,
    MatchingRowViewSet,
    MatchingRunViewSet,
    UnitPairingViewSet,
)
from party.api import (
    PartyActivityViewSet,
    PartyBranchViewSet,
    PartyCourseViewSet,
    PartyFacilityViewSet,
    PartyPersonViewSet,
    PartySessionViewSet,
    StageProposalViewSet,
)
from plans.api import PlanTaskViewSet, PlanViewSet
from regions.api import RegionViewSet
from reports.api import PrintViewSet
from supervision.api import (
    ActivityViewSet,
    AppraisalRoundViewSet,
    AppraisalViewSet,
    OrderHouseholdViewSet,
    OrderPlaceViewSet,
    OrderViewSet,
    OwnAppraisalViewSet,
)
from surveys.api import (
    SurveyGapViewSet,
    SurveyPhoneViewSet,
    SurveyProgressViewSet,
    SurveyRoundViewSet,
    SurveyViewSet,
    VerificationDrawViewSet,
    VerificationTaskViewSet,
)
from visits.api import DutyViewSet, VisitedHouseholdViewSet, VisitRuleViewSet, VisitViewSet

router = DefaultRouter()
router.include_format_suffixes = False
router.register("regions", RegionViewSet, basename="region")
router.register("units", UnitViewSet, basename="unit")
router.register("cadres", CadreViewSet, basename="cadre")
router.register("resident-teams", ResidentTeamViewSet, basename="resident-team")
router.register("party-people", PartyPersonViewSet, basename="party-person")
router.register("party-proposals", StageProposalViewSet, basename="party-proposal")
router.register("party-branches", PartyBranchViewSet, basename="party-branch")
router.register("party-courses", PartyCourseViewSet, basename="party-course")
router.register("party-sessions", PartySessionViewSet, basename="party-session")
router.register("party-activities", PartyActivityViewSet, basename="party-activity")
router.register("party-facilities", PartyFacilityViewSet, basename="party-facility")
router.register("households", HouseholdViewSet, basename="household")
router.register("helpers", HelperViewSet, basename="helper")
router.register("unit-pairings", UnitPairingViewSet, basename="unit-pairing")
router.register("hand-overs", HandOverViewSet, basename="hand-over")
router.register("matching-proposals", MatchingRunViewSet, basename="matching-proposal")
router.register(r"matching-proposals/(?P<run_pk>[^/.]+)/rows", MatchingRowViewSet, basename="matching-row")
router.register("surveys", SurveyViewSet, basename="survey")
router.register("survey-rounds", SurveyRoundViewSet, basename="survey-round")
router.register("survey-progress", SurveyProgressViewSet, basename="survey-progress")
router.register("survey-gaps", SurveyGapViewSet, basename="survey-gap")
router.register("survey-phones", SurveyPhoneViewSet, basename="survey-phone")
router.register("verification-tasks", VerificationTaskViewSet, basename="verification-task")
router.register("verification-draws", VerificationDrawViewSet, basename="verification-draw")
router.register("measure-kinds", MeasureKindViewSet, basename="measure-kind")
router.register("relief-categories", ReliefCategoryViewSet, basename="relief-category")
router.register("plans", PlanViewSet, basename="plan")
router.register("plan-tasks", PlanTaskViewSet, basename="plan-task")
router.register("measures", MeasureViewSet, basename="measure")
router.register("department-measures", DepartmentMeasureViewSet, basename="department-measure")
router.register("service-requests", ServiceRequestViewSet, basename="service-request")
router.register("village-projects", VillageProjectViewSet, basename="village-project")
router.register(
    r"village-projects/(?P<project_pk>[^/.]+)/households", ProjectHouseholdViewSet, basename="project-household"
)
router.register(r"villages/(?P<village_pk>[^/.]+)/households", VillageHouseholdViewSet, basename="village-household")
router.register("village-shortfalls", ShortfallViewSet, basename="village-shortfall")
router.register("idle-houses", IdleHouseViewSet, basename="idle-house")
router.register("tenancies", TenancyViewSet, basename="tenancy")
router.register("funds", FundViewSet, basename="fund")
router.register(r"funds/(?P<fund_pk>[^/.]+)/entries", EntryViewSet, basename="fund-entry")
router.register("pay-batches", PayBatchViewSet, basename="pay-batch")
router.register(r"pay-batches/(?P<batch_pk>[^/.]+)/rows", PayRowViewSet, basename="pay-row")
router.register("visits", VisitViewSet, basename="visit")
router.register("visit-duties", DutyViewSet, basename="visit-duty")
router.register("visited-households", VisitedHouseholdViewSet, basename="visited-household")
router.register("visit-rules", VisitRuleViewSet, basename="visit-rule")
router.register("orders", OrderViewSet, basename="order")
router.register(r"orders/(?P<order_pk>[^/.]+)/places", OrderPlaceViewSet, basename="order-place")
router.register(r"orders/(?P<order_pk>[^/.]+)/households", OrderHouseholdViewSet, basename="order-household")
router.register(r"activity/(?P<code>[^/.]+)", ActivityViewSet, basename="activity-row")
router.register("appraisal-rounds", AppraisalRoundViewSet, basename="appraisal-round")
router.register("appraisals", AppraisalViewSet, basename="appraisal")
router.register("own-appraisals", OwnAppraisalViewSet, basename="own-appraisal")
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
    path("me/", MeView.as_view(), name="me"),
    *router.urls,
]
