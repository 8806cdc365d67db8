"""The only list of what the API offers."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import DefaultRouter

from accounts.api import (
    AccountViewSet,
    MeView,
)
from assistance.api import (
    DepartmentMeasureViewSet,
    EffectViewSet,
    EntitlementViewSet,
    EntryViewSet,
    FundViewSet,
    IdleHouseViewSet,
    MarginalHouseholdViewSet,
    MeasureViewSet,
    MoneyLineViewSet,
    PayBatchViewSet,
    PayRowViewSet,
    ProjectHouseholdViewSet,
    ServiceRequestViewSet,
    ShortfallViewSet,
    TenancyViewSet,
    VillageHouseholdViewSet,
    VillageProjectViewSet,
    VillageWheelViewSet,
)
from cadres.api import (
    CadreViewSet,
    ResidentTeamViewSet,
    UnitViewSet,
    VillageNeedViewSet,
)
from catalogue.api import MeasureKindViewSet, ReliefCategoryViewSet
from common.api import JobViewSet, NoticeViewSet
from exchange.api import ExportFormatViewSet, ExportViewSet, ImportViewSet
from figures.api import BoardViewSet, DatasetRows, DatasetViewSet, ReportFileViewSet, ReportViewSet, SavedReportViewSet
from households.api import (
    FirstPageView,
    HandOverViewSet,
    HelperViewSet,
    HouseholdViewSet,
    MatchingRowViewSet,
    MatchingRunViewSet,
    PairingCoverageViewSet,
    SavedViewViewSet,
    UnitPairingViewSet,
)
from party.api import (
    PartyActivityViewSet,
    PartyBranchViewSet,
    PartyCourseViewSet,
    PartyDevelopmentViewSet,
    PartyDueViewSet,
    PartyFacilityViewSet,
    PartyOverviewViewSet,
    PartyPersonViewSet,
    PartySessionViewSet,
    PartyUnreachedViewSet,
    PartyVillageViewSet,
    StageProposalViewSet,
)
from plans.api import (
    PlanBoardViewSet,
    PlanTaskViewSet,
    PlanViewSet,
)
from regions.api import RegionViewSet
from reports.api import PrintViewSet
from supervision.api import (
    ActivityOverviewViewSet,
    ActivityViewSet,
    AppraisalRoundViewSet,
    AppraisalViewSet,
    OrderHouseholdViewSet,
    OrderPlaceViewSet,
    OrderViewSet,
    OwnAppraisalViewSet,
)
from surveys.api import (
    AgreementViewSet,
    SurveyEffortViewSet,
    SurveyFormViewSet,
    SurveyGapOverviewViewSet,
    SurveyGapViewSet,
    SurveyPhoneViewSet,
    SurveyProgressOverviewViewSet,
    SurveyProgressViewSet,
    SurveyQuarantineViewSet,
    SurveyRoundViewSet,
    SurveyViewSet,
    VerificationDifferenceViewSet,
    VerificationDrawViewSet,
    VerificationTaskViewSet,
)
from visits.api import (
    DutyViewSet,
    VisitCoverageViewSet,
    VisitedHouseholdViewSet,
    VisitRuleViewSet,
    VisitViewSet,
)

router = DefaultRouter()
router.include_format_suffixes = False
router.register("regions", RegionViewSet, basename="region")
router.register("accounts", AccountViewSet, basename="account")
router.register("saved-views", SavedViewViewSet, basename="saved-view")
router.register("notices", NoticeViewSet, basename="notice")
router.register("jobs", JobViewSet, basename="job")
router.register("units", UnitViewSet, basename="unit")
router.register("cadres", CadreViewSet, basename="cadre")
router.register("resident-teams", ResidentTeamViewSet, basename="resident-team")
router.register("village-needs", VillageNeedViewSet, basename="village-need")
router.register("party-people", PartyPersonViewSet, basename="party-person")
router.register("party-proposals", StageProposalViewSet, basename="party-proposal")
router.register("party-branches", PartyBranchViewSet, basename="party-branch")
router.register("party-courses", PartyCourseViewSet, basename="party-course")
router.register("party-sessions", PartySessionViewSet, basename="party-session")
router.register("party-activities", PartyActivityViewSet, basename="party-activity")
router.register("party-facilities", PartyFacilityViewSet, basename="party-facility")
router.register("party-overview", PartyOverviewViewSet, basename="party-overview")
router.register("party-villages", PartyVillageViewSet, basename="party-village")
router.register("party-development", PartyDevelopmentViewSet, basename="party-development")
router.register("party-unreached", PartyUnreachedViewSet, basename="party-unreached")
router.register("party-due", PartyDueViewSet, basename="party-due")
router.register("households", HouseholdViewSet, basename="household")
router.register("helpers", HelperViewSet, basename="helper")
router.register("unit-pairings", UnitPairingViewSet, basename="unit-pairing")
router.register("pairing-coverage", PairingCoverageViewSet, basename="pairing-coverage")
router.register("hand-overs", HandOverViewSet, basename="hand-over")
router.register("matching-proposals", MatchingRunViewSet, basename="matching-proposal")
router.register(r"matching-proposals/(?P<run_pk>[^/.]+)/rows", MatchingRowViewSet, basename="matching-row")
router.register("surveys", SurveyViewSet, basename="survey")
router.register("survey-rounds", SurveyRoundViewSet, basename="survey-round")
router.register("survey-progress", SurveyProgressViewSet, basename="survey-progress")
router.register("survey-gaps", SurveyGapViewSet, basename="survey-gap")
router.register("survey-phones", SurveyPhoneViewSet, basename="survey-phone")
router.register("survey-progress-overview", SurveyProgressOverviewViewSet, basename="survey-progress-overview")
router.register("survey-gap-overview", SurveyGapOverviewViewSet, basename="survey-gap-overview")
router.register("survey-effort", SurveyEffortViewSet, basename="survey-effort")
router.register("survey-quarantine", SurveyQuarantineViewSet, basename="survey-quarantine")
router.register("survey-forms", SurveyFormViewSet, basename="survey-form")
router.register("verification-tasks", VerificationTaskViewSet, basename="verification-task")
router.register("verification-draws", VerificationDrawViewSet, basename="verification-draw")
router.register("survey-agreement", AgreementViewSet, basename="survey-agreement")
router.register("verification-differences", VerificationDifferenceViewSet, basename="verification-difference")
router.register("measure-kinds", MeasureKindViewSet, basename="measure-kind")
router.register("relief-categories", ReliefCategoryViewSet, basename="relief-category")
router.register("plans", PlanViewSet, basename="plan")
router.register("plan-tasks", PlanTaskViewSet, basename="plan-task")
router.register("plan-board", PlanBoardViewSet, basename="plan-board")
router.register("measures", MeasureViewSet, basename="measure")
router.register("department-measures", DepartmentMeasureViewSet, basename="department-measure")
router.register("service-requests", ServiceRequestViewSet, basename="service-request")
router.register("entitlement", EntitlementViewSet, basename="entitlement")
router.register("marginal-households", MarginalHouseholdViewSet, basename="marginal-household")
router.register("effects", EffectViewSet, basename="effect")
router.register("village-projects", VillageProjectViewSet, basename="village-project")
router.register(
    r"village-projects/(?P<project_pk>[^/.]+)/households", ProjectHouseholdViewSet, basename="project-household"
)
router.register(r"villages/(?P<village_pk>[^/.]+)/households", VillageHouseholdViewSet, basename="village-household")
router.register("village-wheels", VillageWheelViewSet, basename="village-wheel")
router.register("village-shortfalls", ShortfallViewSet, basename="village-shortfall")
router.register("idle-houses", IdleHouseViewSet, basename="idle-house")
router.register("tenancies", TenancyViewSet, basename="tenancy")
router.register("funds", FundViewSet, basename="fund")
router.register(r"funds/(?P<fund_pk>[^/.]+)/entries", EntryViewSet, basename="fund-entry")
router.register(r"funds/(?P<fund_pk>[^/.]+)/entries/(?P<entry_pk>[^/.]+)/lines", MoneyLineViewSet, basename="fund-line")
router.register("pay-batches", PayBatchViewSet, basename="pay-batch")
router.register(r"pay-batches/(?P<batch_pk>[^/.]+)/rows", PayRowViewSet, basename="pay-row")
router.register("visits", VisitViewSet, basename="visit")
router.register("visit-duties", DutyViewSet, basename="visit-duty")
router.register("visited-households", VisitedHouseholdViewSet, basename="visited-household")
router.register("visit-rules", VisitRuleViewSet, basename="visit-rule")
router.register("visit-coverage", VisitCoverageViewSet, basename="visit-coverage")
router.register("orders", OrderViewSet, basename="order")
router.register(r"orders/(?P<order_pk>[^/.]+)/places", OrderPlaceViewSet, basename="order-place")
router.register(r"orders/(?P<order_pk>[^/.]+)/households", OrderHouseholdViewSet, basename="order-household")
router.register(r"activity/(?P<code>[^/.]+)", ActivityViewSet, basename="activity-row")
router.register("activity-overview", ActivityOverviewViewSet, basename="activity-overview")
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
    path("first-page/", FirstPageView.as_view(), name="first_page"),
    *router.urls,
]
