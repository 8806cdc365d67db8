"""The smallest valid rows, by package: `from tests.factories import HouseholdFactory`."""

from tests.factories.accounts import PostingFactory, UserFactory
from tests.factories.cadres import CadreFactory, UnitFactory
from tests.factories.common import JobFactory
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
from tests.factories.regions import RegionFactory

__all__ = [
    "CadreFactory",
    "HouseholdFactory",
    "HouseholdYearFactory",
    "IncomeLineFactory",
    "JobFactory",
    "MemberFactory",
    "MemberYearFactory",
    "PairingFactory",
    "PhotoFactory",
    "PostingFactory",
    "RegionFactory",
    "SavedViewFactory",
    "StatusChangeFactory",
    "UnitFactory",
    "UserFactory",
    "invented_id_number",
]
