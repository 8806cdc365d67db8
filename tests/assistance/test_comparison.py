"""Marginal households beside their carded neighbours, and income before and after help."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from assistance import effects, marginal
from households.models import Household, Status
from tests.assistance.test_entitlement import YEAR, give
from tests.factories import HouseholdFactory, HouseholdYearFactory, VerificationTaskFactory

pytestmark = pytest.mark.django_db


def family(village, per_head, *, status=Status.OUT_OF_POVERTY, hamlet="一组", year=YEAR, **facts):
    household = HouseholdFactory(village=village, status=status, hamlet=hamlet)
    income(household, year, per_head, **facts)
    return household


def income(household, year, per_head, **facts):
    money = {"per_head_income": per_head, "net_income": per_head * 2, "wage_income": per_head, "business_income": per_head,
             "property_income": 0, "transfer_income": 0, "business_expense": 0}  # fmt: skip
    return HouseholdYearFactory(household=household, year=year, **money, **facts)


def test_beside_the_carded_households_of_the_same_village(land):
    own = family(land.village, 5000, status=Status.MARGINAL, check_housing="no")
    near = family(land.village, 5200)
    far = family(land.village, 5100, hamlet="二组")
    poor = family(land.village, 4000, status=Status.HARDSHIP)
    family(land.village, 4100, status=Status.MARGINAL)  # not carded
    family(land.near_village, 4200)  # not of the village
    give(near, "crop-grant")
    found = marginal.compare(own, YEAR)
    assert [n.household for n in found.neighbours] == [near, poor, far], "same 组 first, then by how near the income is"
    assert (found.median_income, found.poorer) == (Decimal("5100.00"), 1)
    assert found.own.unmet == ["住房安全"]
    assert found.columns == [("产业帮扶", 1, 0)]
    assert "只有 3 户" in found.warning


def test_ten_neighbours_are_enough_to_compare_with(land):
    own = family(land.village, 5000, status=Status.MARGINAL)
    for n in range(10):
        family(land.village, 6000 + n)
    assert marginal.compare(own, YEAR).warning == ""


def test_nobody_to_compare_with(land, client_as, official):
    own = HouseholdFactory(village=land.village, status=Status.MARGINAL)
    assert client_as(official).get(reverse("assistance:neighbours", args=[own.pk])).status_code == 200
    assert marginal.compare(own, YEAR).median_income is None


def test_the_list_says_what_the_comparison_says(land, client_as, official):
    own = family(land.village, 5000, status=Status.MARGINAL)
    family(land.village, 5200)
    family(land.village, 5600)
    family(land.far_village, 9000)
    give(own, "crop-grant")
    page = client_as(official).get(reverse("assistance:marginal"))
    (row,) = page.context["rows"]
    assert (row.household, row.income, row.median, row.carded, row.got) == (own, 5000, Decimal("5400.00"), 2, 1)
    assert row.median == marginal.compare(own, YEAR).median_income


def test_the_list_keeps_the_income_from_who_is_to_look_a_second_time(land, client_as, clerk, official):
    own = family(land.village, 5000, status=Status.MARGINAL)
    VerificationTaskFactory(household=own, assignee=clerk, year=YEAR)
    incomes = {
        who.username: client_as(who).get(reverse("assistance:marginal")).context["rows"][0].income
        for who in (clerk, official)
    }
    assert incomes == {clerk.username: None, official.username: 5000}


def test_a_helper_learns_figures_and_no_names_of_other_households(land, client_as, helper, household):
    Household.objects.filter(pk=household.pk).update(status=Status.MARGINAL)
    other = family(land.village, 5200)
    Household.objects.filter(pk=other.pk).update(householder_name="欧阳别人")
    page = client_as(helper).get(reverse("assistance:neighbours", args=[household.pk]))
    assert page.status_code == 200
    assert "欧阳别人" not in page.content.decode()
    assert len(page.context["found"].neighbours) == 1


def test_before_and_after_of_those_who_received_and_those_who_did_not(land, client_as, official):
    got, other = [], []
    for n in range(3):
        for group in (got, other):
            household = family(land.village, 3000 + 100 * n, year=YEAR - 2)
            income(household, YEAR, 5000 + 100 * n if group is got else 3500 + 100 * n)
            group.append(household)
    for household in got:
        give(household, "crop-grant", on=dt.date(YEAR - 1, 6, 1), period=str(YEAR - 1))
    give(other[0], "crop-grant", on=dt.date(YEAR - 2, 6, 1), period=str(YEAR - 2))  # before the time asked about
    give(other[1], "crop-grant", on=dt.date(YEAR - 1, 6, 1), period=str(YEAR - 1), reversed_=True)
    family(land.village, 9999)  # only one year on record
    query = {"kind": "crop-grant", "before": YEAR - 2, "after": YEAR}
    page = client_as(official).get(reverse("assistance:effects"), query)
    helped, others = page.context["groups"]
    assert (helped.count, others.count) == (3, 3)
    per_head = helped.changes[0]
    assert (per_head.before, per_head.after, per_head.difference) == (3100, 5100, 2000)
    assert others.changes[0].difference == 500
    assert "只有 3 户" in page.content.decode()


def test_before_comes_before_after(client_as, official):
    page = client_as(official).get(reverse("assistance:effects"), {"before": YEAR, "after": YEAR - 1})
    assert page.context["before"] < page.context["after"]
    assert client_as(official).get(reverse("assistance:effects"), {"before": "x", "after": "²"}).status_code == 200


def test_a_history_by_year(land):
    household = family(land.village, 3000, year=YEAR - 1)
    income(household, YEAR, 4000)
    give(household, "crop-grant", on=timezone.localdate())
    found = effects.history_of(household, YEAR)
    assert (found.years, found.got, found.first) == ([YEAR - 1, YEAR], [0, 1], YEAR)
    assert found.rows[0][1] == [3000, 4000]
