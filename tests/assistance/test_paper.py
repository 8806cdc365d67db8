"""The measures of a year in the booklet: every delivery that stands, by source, with the household's word, and the sum."""

from decimal import Decimal

import pytest
from django.utils import timezone

from assistance.paper import sections
from assistance.services.confirmations import confirm_delivery
from assistance.services.deliveries import deliver, reverse_delivery
from assistance.services.measures import record_effect
from tests.factories import HouseholdFactory
from tests.factories.assistance import MeasureFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year


def test_the_booklet_has_what_was_given_and_what_the_household_said(household, officer, resident, fund):
    money = MeasureFactory(household=household, approved=True, kind__title="种植奖补", quantity=Decimal(3))
    wrong = deliver(measure=money, shares=[(fund, Decimal(999))], on=TODAY, by=officer)
    reverse_delivery(delivery=wrong, reason="多发", by=officer)
    right = deliver(measure=money, shares=[(fund, Decimal("1250.50"))], on=TODAY, by=officer, quantity=Decimal("2.50"))
    confirm_delivery(delivery=right, way="visit", by=resident)
    record_effect(measure=money, by=officer, text="增收一千元", on=TODAY)
    tools = MeasureFactory(
        household=household, approved=True, kind__in_kind=True, kind__title="农具", kind__column="living"
    )
    seen = deliver(measure=tools, on=TODAY, by=officer)
    confirm_delivery(delivery=seen, way="visit", by=resident, received=False, note="没见到")
    MeasureFactory(household=household, kind__title="待审的", kind__column="water")
    MeasureFactory(household=household, state="withdrawn", kind__title="撤回的")
    MeasureFactory(household=household, approved=True, year=YEAR - 1, kind__title="去年的")
    table, effects = sections([household], YEAR, officer)[household.pk]
    rows = {row[2]: row for row in table["rows"] if isinstance(row, list)}
    assert set(rows) == {"种植奖补", "农具", "待审的"}
    assert rows["种植奖补"][3:7] == ["整户", "2.5 亩", "1,250.50", "县级财政 1,250.50"]
    assert rows["种植奖补"][8].startswith("入户核实")
    assert rows["待审的"][7] == "尚未落实"
    assert rows["农具"][8].startswith("说未收到")
    assert table["notes"] == ["农具：农户说没有收到（没见到）。"]
    total = table["rows"][-1]
    assert (total["role"], total["cells"][1], total["cells"][5]) == ("total", "合计 3 项", "1,250.50")
    assert {len(row if isinstance(row, list) else row["cells"]) for row in table["rows"]} == {len(table["columns"])}
    assert effects["rows"][0][2] == "增收一千元"


def test_a_batch_of_booklets_costs_the_same_and_nobody_sees_what_is_not_theirs(land, officer, count_queries):
    def some(count):
        homes = HouseholdFactory.create_batch(count, village=land.village)
        for home in homes:
            MeasureFactory(household=home)
        return homes

    warm, few, many = some(1), some(2), some(9)
    counts = [count_queries(lambda homes=homes: sections(homes, YEAR, officer)) for homes in (warm, few, many)]
    assert counts[1] == counts[2] <= 3
    far = MeasureFactory(household=HouseholdFactory(village=land.far_village)).household
    assert sections([far, *few], YEAR, officer).keys() == {home.pk for home in few}
