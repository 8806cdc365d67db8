"""批量落实 and 签收 before a village and a kind are chosen: what waits, and each number is the length of the list it opens."""

import pytest
from django.urls import reverse
from django.utils import timezone

from assistance.models import Confirmation
from tests.factories import HouseholdFactory
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory

pytestmark = pytest.mark.django_db
BATCH, SIGN = reverse("assistance:delivery_batch"), reverse("assistance:delivery_sign")
YEAR = timezone.localdate().year


def listed(page):
    """How long the list of a page is."""
    return len(page.context["entries"] if "entries" in page.context else page.context["lines"])


def counts(page):
    return {(each.village, each.kind): each.count for each in page.context["waiting"]}


@pytest.fixture
def waiting(household, land):
    """Two kinds in the own village, one of them next door and far away, too; some of it delivered, some of that confirmed."""
    plain = KindFactory(title="种植奖补", in_kind=True)
    monthly = KindFactory(title="低保补助", in_kind=True, monthly=True)
    for village in (land.village, land.village, land.near_village, land.far_village):
        MeasureFactory(household=HouseholdFactory(village=village), kind=plain, approved=True)
    MeasureFactory(household=household, kind=plain)  # not approved
    MeasureFactory(household=household, kind=plain, approved=True, year=YEAR - 1)
    MeasureFactory(household=HouseholdFactory(village=land.village, closed=True), kind=plain, approved=True)
    month = MeasureFactory(household=household, kind=monthly, approved=True, state="delivered")
    DeliveryFactory(measure=month, period=f"{YEAR}-01")
    done = DeliveryFactory(measure=month, period=f"{YEAR}-02")
    Confirmation.objects.create(delivery=done, way="visit", on=done.on, by="x", at=timezone.now())
    DeliveryFactory(
        measure=MeasureFactory(
            household=HouseholdFactory(village=land.near_village), kind=plain, approved=True, state="delivered"
        )
    )
    return plain, monthly


def test_a_clerk_s_only_village_is_chosen(client_as, clerk, waiting, land):
    client = client_as(clerk)
    page = client.get(BATCH)
    assert page.context["chosen"].village == land.village
    assert counts(page) == {("青石村", "种植奖补"): 2, ("青石村", "低保补助"): 1}
    assert "2 项待落实" in page.content.decode()
    assert counts(client.get(SIGN)) == {("青石村", "低保补助"): 1}


@pytest.mark.parametrize("address", [BATCH, SIGN])
@pytest.mark.parametrize("year", [YEAR, YEAR - 1])
def test_every_number_is_its_list(client_as, officer, waiting, address, year):
    client = client_as(officer)
    page = client.get(address, {"year": year})
    if year == YEAR:
        assert page.context["waiting"]
    for each in page.context["waiting"]:
        opened = client.get(each.url)
        assert opened.context["chosen"].is_whole
        assert opened.context["chosen"].year == year
        assert listed(opened) == each.count > 0


def test_a_township_sees_its_villages(client_as, officer, waiting, land):
    client = client_as(officer)
    page = client.get(BATCH)
    near, own = land.near_village.name, land.village.name
    assert counts(page) == {(own, "种植奖补"): 2, (own, "低保补助"): 1, (near, "种植奖补"): 1}
    assert counts(client.get(BATCH, {"kind": waiting[1].code})) == {(own, "低保补助"): 1}
    assert counts(client.get(BATCH, {"region": land.near_village.pk})) == {(near, "种植奖补"): 1}
    assert counts(client.get(SIGN)) == {(own, "低保补助"): 1, (near, "种植奖补"): 1}


def test_a_county_chooses_a_township_first(client_as, official, waiting, land):
    client = client_as(official)
    page = client.get(BATCH)
    assert not page.context["waiting"]
    links = {place.pk for place in page.context["chosen"].townships}
    assert links == {land.township.pk, land.next_township.pk}
    assert f"{BATCH}?region={land.township.pk}&amp;year={YEAR}" in page.content.decode()
    assert len(counts(client.get(BATCH, {"region": land.township.pk}))) == 3


def test_a_helper_signs_in_the_villages_of_their_households(client_as, helper, household, waiting, land):
    client = client_as(helper)
    page = client.get(SIGN)
    assert page.context["chosen"].village == land.village
    assert counts(page) == {(land.village.name, "低保补助"): 1}
    assert listed(client.get(page.context["waiting"][0].url)) == 1
    assert client.get(SIGN, {"region": land.far_village.pk}).context["chosen"].village == land.village


def test_nothing_waits(client_as, clerk, land):
    for address, said in ((BATCH, "没有等待落实的措施"), (SIGN, "没有等待签收的")):
        assert said in client_as(clerk).get(address).content.decode()
