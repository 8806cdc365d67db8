"""Several payers at once, with real threads and connections: the last yuan is paid once, and nobody waits for ever."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.db import OperationalError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from assistance.models import Delivery, Fund, Measure, PayBatch
from assistance.services import batches, funds
from catalogue.models import MeasureKind
from households.services import LedgerError
from tests.assistance.test_funds import delivery_of
from tests.factories import (
    FundFactory,
    HouseholdFactory,
    MemberFactory,
    PostingFactory,
    RegionFactory,
    UserFactory,
    balances,
    list_csv,
)
from tests.surveys.test_races import at_once

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
TODAY = timezone.localdate()


@pytest.fixture
def place():
    """Two payers of a county and two measures of a kind."""
    village = RegionFactory()
    users = [UserFactory(), UserFactory()]
    for user in users:
        PostingFactory(user=user, role=Role.COUNTY_OFFICIAL, region=village.parent.parent)
    kind = MeasureKind.objects.create(
        code="race", title="补贴", column="relief", whose="household", period="year", valid_from=dt.date(2020, 1, 1)
    )
    measures = [
        Measure.objects.create(
            household=HouseholdFactory(village=village), kind=kind, year=TODAY.year, state="approved", proposed_by="x", proposed_at=timezone.now(),
            decided_by="y", decided_at=timezone.now(),
        )
        for _n in range(2)
    ]  # fmt: skip
    return village.parent.parent, users, measures


def payer(user, measure, period, *parts):
    """What one payer does in a thread: "" where it went through, else the sentence that refused it."""

    def work():
        try:
            with transaction.atomic():
                delivery = delivery_of(Measure.objects.get(pk=measure.pk), sum(own for _fund, own in parts), period)
                shares = [(Fund.objects.get(pk=fund.pk), own) for fund, own in parts]
                funds.pay([(delivery, shares)], on=TODAY, by=User.objects.get(pk=user.pk))
        except LedgerError as error:
            return str(error)
        except OperationalError as error:  # a deadlock
            return f"broken: {error}"
        return ""

    return work


def test_of_two_payers_of_the_last_yuan_one_succeeds(place):
    county, users, measures = place
    for turn in range(5):
        fund = FundFactory(region=county, allotted=Decimal(1))
        said = at_once(*(payer(user, measure, f"{2000 + turn}", (fund, Decimal(1))) for user, measure in zip(users, measures, strict=True)))  # fmt: skip
        assert sorted(map(bool, said)) == [False, True]
        assert "可用 0 元，这次要发 1 元，还差 1 元" in max(said)
        assert balances(fund) == {"source": -1, "planned": 0, "allotted": 0, "paid": 1}
    assert Delivery.objects.count() == 5


def test_two_funds_in_opposite_order_do_not_block_one_another(place):
    county, users, measures = place
    one, other = FundFactory(region=county), FundFactory(region=county)
    for turn in range(8):
        ways = ((one, other), (other, one))
        said = at_once(
            *(
                payer(user, measure, f"{2000 + turn}", *((fund, Decimal(2)) for fund in way))
                for user, measure, way in zip(users, measures, ways, strict=True)
            )
        )
        assert said == ["", ""]
    assert balances(one)["paid"] == balances(other)["paid"] == 32


def test_two_lists_of_the_same_people_pay_everybody_once(place):
    """Two files, two funds, two clerks who press the button at the same moment."""
    county, users, measures = place
    rows = [
        (household.householder_name, household.number, 10) for household in (measure.household for measure in measures)
    ]
    for measure in measures:
        MemberFactory(household=measure.household, name=measure.household.householder_name)
    lists = []
    for n, user in enumerate(users):
        batch, _new = batches.upload_list(
            data=list_csv(rows[:: 1 - 2 * n], ("姓名", "户编号", "金额")), filename=f"{n}.csv", region=county, kind=measures[0].kind,
            fund=FundFactory(region=county), period=str(TODAY.year), on=TODAY, by=user,
        )  # fmt: skip
        PayBatch.objects.filter(pk=batch.pk).update(state="checking")
        batches.run_check(batch, by=user)
        PayBatch.objects.filter(pk=batch.pk).update(state="paying")
        lists.append(batch)

    def press(batch, user):
        def work():
            try:
                batches.run_pay(batch, by=User.objects.get(pk=user.pk))
            except LedgerError as error:
                return str(error)
            except OperationalError as error:
                return f"broken: {error}"
            return ""

        return work

    said = at_once(*(press(batch, user) for batch, user in zip(lists, users, strict=True)))
    assert sorted(said) == ["", "核对以后情况有变化，没有可以发放的行了。请重新核对。"]
    assert Delivery.objects.count() == 2
    assert sum(balances(batch.fund)["paid"] for batch in lists) == 20
