"""The household file: identity, annual records, status, helpers, photos."""

from households.models.annual import HouseholdYear, IncomeLine, MemberYear
from households.models.evidence import Evidence
from households.models.hand_over import HandOver, HandOverLine
from households.models.household import Household
from households.models.kinship import Kinship
from households.models.matching import MatchingRow, MatchingRun, PairingRule
from households.models.member import Member
from households.models.of_household import OfHousehold
from households.models.pairing import Pairing
from households.models.photo import Photo
from households.models.saved_view import SavedView
from households.models.status import Status, StatusChange

# Every table whose rows the audit trail vouches for (see `common.audit.verify`).
AUDITED = (Household, Member, HouseholdYear, MemberYear, IncomeLine, StatusChange, Pairing, Photo, Kinship, HandOver, HandOverLine,
           PairingRule, MatchingRun)  # fmt: skip

__all__ = [
    "AUDITED", "Evidence", "HandOver", "HandOverLine", "Household", "HouseholdYear", "IncomeLine", "Kinship", "MatchingRow", "MatchingRun", "Member",
    "MemberYear", "OfHousehold", "Pairing", "PairingRule", "Photo", "SavedView", "Status", "StatusChange",
]  # fmt: skip
