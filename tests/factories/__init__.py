"""The smallest valid rows, by package: `from tests.factories import HouseholdFactory`."""

from tests.factories.accounts import PostingFactory, UserFactory
from tests.factories.cadres import CadreFactory, UnitFactory
from tests.factories.common import JobFactory
from tests.factories.funds import FundFactory, PayBatchFactory, PayRowFactory, balances
from tests.factories.households import (
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
    PhotoFactory,
    SavedViewFactory,
    StatusChangeFactory,
    invented_id_number,
)
from tests.factories.paylists import list_csv, list_xlsx
from tests.factories.plans import GoalFactory, PlanEvidenceFactory, PlanFactory, TaskFactory, picture
from tests.factories.regions import RegionFactory
from tests.factories.surveys import (
    SMALL_FORM,
    DeviceFactory,
    DifferenceFactory,
    QuarantinedFactory,
    RoundFactory,
    SurveyConflictFactory,
    SurveyFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    VerificationDrawFactory,
    VerificationTaskFactory,
    survey_body,
    survey_op,
)
from tests.factories.villages import (
    EvidenceFactory,
    IdleHouseFactory,
    ProjectFactory,
    ShortfallFactory,
    TenancyFactory,
)
from tests.factories.visits import VisitDutyFactory, VisitFactory, VisitRuleFactory, visit_body, visit_op

__all__ = [
    "SMALL_FORM",
    "CadreFactory",
    "DeviceFactory",
    "DifferenceFactory",
    "FundFactory",
    "GoalFactory",
    "HouseholdFactory",
    "HouseholdYearFactory",
    "IncomeLineFactory",
    "JobFactory",
    "MemberFactory",
    "MemberYearFactory",
    "PairingFactory",
    "PayBatchFactory",
    "PayRowFactory",
    "PhotoFactory",
    "PlanEvidenceFactory",
    "PlanFactory",
    "PostingFactory",
    "QuarantinedFactory",
    "RegionFactory",
    "RoundFactory",
    "SavedViewFactory",
    "StatusChangeFactory",
    "SurveyConflictFactory",
    "SurveyFactory",
    "SurveyFormFactory",
    "SurveyPhotoFactory",
    "TaskFactory",
    "UnitFactory",
    "UserFactory",
    "VerificationDrawFactory",
    "VerificationTaskFactory",
    "balances",
    "EvidenceFactory",
    "IdleHouseFactory",
    "ProjectFactory",
    "ShortfallFactory",
    "TenancyFactory",
    "VisitDutyFactory",
    "VisitFactory",
    "VisitRuleFactory",
    "visit_body",
    "visit_op",
    "invented_id_number",
    "list_csv",
    "list_xlsx",
    "picture",
    "survey_body",
    "survey_op",
]
