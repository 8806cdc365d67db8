"""What the ledger holds, as answers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from households.models import Household
from surveys.prefill import digits, members_of, values_of
from tests.factories import (
    SMALL_FORM,
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
)

FORM = SimpleNamespace(
    fields=[
        SimpleNamespace(id=f["id"], type=f["type"], writes=f.get("writes", ""), member="repeat" in step)
        for step in SMALL_FORM["steps"]
        for f in step["fields"]
    ]
)


@given(st.decimals(min_value=0, max_value=10**10, places=2))
def test_digits_are_plain_and_lose_nothing(amount):
    text = digits(amount)
    assert Decimal(text) == amount
    assert set(text) <= set("0123456789.")
    assert "." not in text or text[-1] not in "0."


@pytest.mark.parametrize(
    ("amount", "text"), [("12.50", "12.5"), ("1.8E+5", "180000"), ("0.00", "0"), ("100", "100"), ("-0", "0")]
)
def test_digits(amount, text):
    assert digits(Decimal(amount)) == text


@pytest.mark.django_db
class TestValues:
    def test_every_shape(self, land):
        household = HouseholdFactory(village=land.village, address="青石村三组", phone_number="19900001111")
        record = HouseholdYearFactory(
            household=household, year=2025, dwelling_area=Decimal("92.50"), water_source="tap", water_safe=False
        )
        IncomeLineFactory(household_year=record, item="business.crop", amount=Decimal("1800.00"))
        IncomeLineFactory(household_year=record, item="wage.other", amount=Decimal(0))
        member = MemberFactory(household=household, householder=True, name="王芳", birth_date=dt.date(1990, 2, 3))
        MemberYearFactory(member=member, year=2025, education="03", health=["03", "02"], work_months=0)
        assert values_of([household], 2025, FORM)[household.pk] == {
            "address": "青石村三组",
            "phone": "199****1111",
            "dwelling_area": "92.5",
            "water_source": "tap",
            "water_safe": False,
            "crop": "1800",
            "wage": "0",
            f"{member.uid}/name": "王芳",
            f"{member.uid}/relation": "01",
            f"{member.uid}/id_number": member.id_masked,
            f"{member.uid}/birth_date": "1990-02-03",
            f"{member.uid}/education": "03",
            f"{member.uid}/health": ["02", "03"],
            f"{member.uid}/work_months": 0,
        }

    def test_another_year_is_another_record_and_who_left_is_gone(self, land):
        household = HouseholdFactory(village=land.village)
        HouseholdYearFactory(household=household, year=2025, dwelling_area=80)
        gone = MemberFactory(household=household, left=True)
        MemberYearFactory(member=gone, year=2026, education="03")
        assert values_of([household], 2026, FORM)[household.pk] == {}

    def test_secrets_in_full_only_when_asked(self, land):
        household = HouseholdFactory(village=land.village, phone_number="19900001111")
        member = MemberFactory(household=household)
        household = Household.objects.get(pk=household.pk)
        full = values_of([household], 2026, FORM, secrets_masked=False)[household.pk]
        assert full["phone"] == "19900001111"
        assert len(full[f"{member.uid}/id_number"]) == 18
        assert "*" not in full[f"{member.uid}/id_number"]

    def test_queries_do_not_grow(self, land, count_queries):
        def make(n):
            for household in HouseholdFactory.create_batch(
                n, village=land.village, with_householder=True, with_year=True
            ):
                MemberYearFactory(member=household.members.get())

        make(2)
        households = list(Household.objects.all())
        assert count_queries(lambda: values_of(households, 2026, FORM)) == 4
        make(10)
        households = list(Household.objects.all())
        assert count_queries(lambda: values_of(households, 2026, FORM)) == 4
        assert count_queries(lambda: members_of(households)) == 1

    def test_no_households_no_queries(self, count_queries):
        assert count_queries(lambda: values_of([], 2026, FORM)) == 0


@pytest.mark.django_db
def test_members_are_cards_without_whole_numbers(land):
    household = HouseholdFactory(village=land.village)
    child = MemberFactory(household=household, name="王军", birth_date=None, id_text="")
    head = MemberFactory(household=household, householder=True, name="王芳")
    MemberFactory(household=household, left=True)
    cards = members_of([household])[household.pk]
    assert [card["uid"] for card in cards] == [str(head.uid), str(child.uid)]
    assert cards[0] == {
        "uid": str(head.uid),
        "name": "王芳",
        "relation": "01",
        "sex": "1",
        "birth_date": "1970-01-01",
        "id_masked": head.id_masked,
    }
    assert cards[1]["birth_date"] is None
