"""The household list: who finds what, in which order, at what cost."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse

from households.models import Pairing, Status
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    MemberFactory,
    PairingFactory,
    StatusChangeFactory,
)

pytestmark = pytest.mark.django_db

URL = "/households/"


def numbers(response):
    """Household numbers of a list answer, in order."""
    return [row.household.number for row in response.context["rows"]]


def test_rows_of_the_own_area_newest_first(land, client_as, officer):
    first = HouseholdFactory(village=land.village)
    second = HouseholdFactory(village=land.near_village)
    HouseholdFactory(village=land.far_village)
    assert numbers(client_as(officer).get(URL)) == [second.number, first.number]
