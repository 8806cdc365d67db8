"""What was given: funds, measures with their deliveries, subsidy lists, village projects and shortfalls, idle houses."""

from assistance.models.batch import PayBatch, PayRow
from assistance.models.evidence import AssistanceEvidence
from assistance.models.fund import Account, Entry, Fund, Line
from assistance.models.house import IdleHouse, Inspection, Tenancy
from assistance.models.measure import LIVE, Confirmation, Delivery, Measure, ServiceRequest
from assistance.models.project import Beneficiary, ProjectStep, Shortfall, VillageProject
from assistance.models.scan import EntitlementScan

# Tables whose rows the audit trail vouches for. The rows of a subsidy list say what was read; what was paid are the deliveries.
VOUCHED = (
    Fund, Account, Entry, Line, Measure, Delivery, Confirmation, ServiceRequest, PayBatch, AssistanceEvidence,
    VillageProject, ProjectStep, Beneficiary, Shortfall, IdleHouse, Inspection, Tenancy,
)  # fmt: skip

__all__ = [
    "LIVE", "VOUCHED", "Account", "AssistanceEvidence", "Beneficiary", "Confirmation", "Delivery", "EntitlementScan", "Entry", "Fund", "IdleHouse", "Inspection",
    "Line", "Measure", "PayBatch", "PayRow", "ProjectStep", "ServiceRequest", "Shortfall", "Tenancy", "VillageProject",
]  # fmt: skip
