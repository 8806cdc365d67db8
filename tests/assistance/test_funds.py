"""The verbs on money: what they move, what they refuse and in which words, and what the database refuses when they are passed by."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from io import StringIO

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from assistance.models import Account, Delivery, Entry, Fund, Line, Measure, VillageProject
from assistance.services import funds
from assistance.services.base import SENTENCES, name_of, sentence_of
from catalogue.models import MeasureKind
from common.models import AuditEvent
from households.services import LedgerError
from tests.common.test_audit import close_chain, tamper
from tests.factories import FundFactory, HouseholdFactory, balances

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
TOMORROW = TODAY + dt.timedelta(days=1)


@pytest.fixture
def fund(county):
    return FundFactory(region=county, title="省级衔接资金")


@pytest.fixture
def project(land):
    return VillageProject.objects.create(
        village=land.village, sector="road", title="通村路", year=TODAY.year, stage="approved", proposed_by="clerk", proposed_at=timezone.now(),
    )  # fmt: skip


def measure_of(household, code="temporary-aid", **more):
    """An approved measure of the household."""
    kind = MeasureKind.objects.get(code=code)
    stamped = {
        "proposed_by": "clerk",
        "proposed_at": timezone.now(),
        "decided_by": "officer",
        "decided_at": timezone.now(),
    }
    return Measure.objects.create(household=household, kind=kind, year=TODAY.year, state="approved", **stamped, **more)


def delivery_of(measure, amount, period="", on=TODAY, **more):
    return Delivery.objects.create(
        measure=measure, household=measure.household, member=measure.member, kind=measure.kind, period=period, on=on, amount=amount, by="officer",
        at=timezone.now(), **more,
    )  # fmt: skip


@pytest.fixture
def give(household, officer):
    """`give(amount, fund)`: a payout of the officer to `household`, for the next year each time."""
    measure, periods = measure_of(household), iter(range(2000, 2999))

    def make(amount, *parts, on=TODAY, by=officer):
        with transaction.atomic():
            delivery = delivery_of(measure, amount, str(next(periods)), on=on)
            shares = parts if isinstance(parts[0], tuple) else [(parts[0], Decimal(amount))]
            return delivery, funds.pay([(delivery, shares)], on=on, by=by)

    return make


def opened(county, official, **more):
    values = {
        "region": county, "source": "central", "year": TODAY.year, "title": "中央衔接资金", "ceiling": Decimal("5000"), "by": official,
    }  # fmt: skip
    return funds.open_fund(**values | more)


# -- funds ----------------------------------------------------------------------------------------------------------------------


def test_money_goes_its_way_and_the_trail_vouches_for_it(county, official, officer, household):
    fund = opened(county, official, document="财农〔2026〕1号")
    funds.plan(fund=fund, amount=Decimal("3000"), on=TODAY, by=official, reference="财农〔2026〕1号")
    funds.cut(fund=fund, amount=Decimal("500"), on=TODAY, by=official)
    funds.allot(fund=fund, amount=Decimal("2000.50"), on=TODAY, by=official)
    funds.recall(fund=fund, amount=Decimal("1000"), on=TODAY, by=official)
    assert balances(fund) == {
        "source": Decimal("-2500"), "planned": Decimal("1499.50"), "allotted": Decimal("1000.50"), "paid": Decimal(0)
    }  # fmt: skip
    events = AuditEvent.objects.filter(action__startswith="fund.").order_by("id")
    assert [event.action for event in events] == [
        "fund.opened", "fund.planned", "fund.cut", "fund.allotted", "fund.recalled"
    ]  # fmt: skip
    assert "中央衔接资金 列入计划 3,000" in events[1].body


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"title": " "}, "title", "请填写资金名称"),
        ({"title": "长" * 81}, "title", "最多 80 个字"),
        ({"source": "moon"}, "source", "请选择资金来源"),
        ({"year": 1999}, "year", "2013 年到明年"),
        ({"ceiling": Decimal("-1")}, "ceiling", "大于 0"),
        ({"ceiling": Decimal("1.001")}, "ceiling", "两位小数"),
        ({"ceiling": Decimal("NaN")}, "ceiling", "写成数字"),
        ({"ceiling": Decimal("10") ** 13}, "ceiling", "多写了零"),
    ],
)
def test_what_cannot_be_a_fund(county, official, wrong, field, says):
    with pytest.raises(ValidationError) as refused:
        opened(county, official, **wrong)
    assert says in refused.value.message_dict[field][0]
    assert not Fund.objects.exists()


def test_a_fund_is_of_a_county_and_has_its_name_once(county, township, official, officer):
    with pytest.raises(ValidationError, match="请选择县"):
        opened(township, official)
    with pytest.raises(PermissionDenied):
        opened(county, officer)
    opened(county, official)
    with pytest.raises(LedgerError, match="已经有同名的资金"), transaction.atomic():
        opened(county, official)


def test_the_ceiling_stays_above_what_was_promised(county, official):
    fund = opened(county, official)
    funds.plan(fund=fund, amount=Decimal("3000"), on=TODAY, by=official)
    with pytest.raises(LedgerError, match=r"还能列入 2,000 元，超出 0\.01 元"):
        funds.plan(fund=fund, amount=Decimal("2000.01"), on=TODAY, by=official)
    with pytest.raises(ValidationError, match="已列入计划 3,000 元"):
        funds.change_fund(fund=fund, title="中央衔接资金", document="", ceiling=Decimal("2999.99"), by=official)
    changed = funds.change_fund(fund=fund, title="中央资金", document="新文号", ceiling=Decimal("3000"), by=official)
    assert (changed.title, changed.document, changed.ceiling) == ("中央资金", "新文号", Decimal("3000"))
    with pytest.raises(LedgerError, match="还能列入 0 元"):
        funds.plan(fund=fund, amount=Decimal("0.01"), on=TODAY, by=official)


def test_only_an_empty_fund_is_closed_and_a_closed_one_does_not_move(county, official, fund, give):
    with pytest.raises(LedgerError, match="已下达可用 100,000 元"):
        funds.close_fund(fund=fund, by=official)
    delivery, _entries = give("100000", fund)
    funds.close_fund(fund=fund, by=official)
    for act in (funds.plan, funds.cut, funds.allot, funds.recall):
        with pytest.raises(LedgerError, match="已经关闭"):
            act(fund=fund, amount=Decimal(1), on=TODAY, by=official)
    with pytest.raises(LedgerError, match="已经关闭"):
        funds.close_fund(fund=fund, by=official)
    with pytest.raises(LedgerError, match="已经关闭"), transaction.atomic():
        give("1", fund)
    funds.reopen_fund(fund=fund, by=official)
    with pytest.raises(LedgerError, match="没有关闭"):
        funds.reopen_fund(fund=fund, by=official)


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (funds.cut, "“计划未下达”只有 0 元，差 1 元"),
        (funds.allot, "“计划未下达”只有 0 元，差 1 元"),
        (funds.recall, "“已下达可用”只有 0 元，差 1 元"),
    ],
)
def test_what_is_not_there_does_not_move(county, official, act, says):
    fund = FundFactory(region=county, allotted=0)
    with pytest.raises(LedgerError, match=says):
        act(fund=fund, amount=Decimal(1), on=TODAY, by=official)


def test_days_of_movements(county, official, fund):
    with pytest.raises(LedgerError, match="日期在今天之后"):
        funds.plan(fund=fund, amount=Decimal(1), on=TOMORROW, by=official)
    with pytest.raises(LedgerError, match="日期早于这项资金的年度"):
        funds.plan(fund=fund, amount=Decimal(1), on=dt.date(TODAY.year - 2, 12, 31), by=official)
    funds.plan(
        fund=fund, amount=Decimal(1), on=dt.date(TODAY.year - 1, 11, 30), by=official
    )  # announced the year before


def test_who_may_move_money(county, official, officer, clerk, auditor, fund, project):
    for user in (officer, clerk, auditor):
        for act in (funds.plan, funds.cut, funds.allot, funds.recall):
            with pytest.raises(PermissionDenied):
                act(fund=fund, amount=Decimal(1), on=TODAY, by=user)
        with pytest.raises(PermissionDenied):
            funds.reserve(project=project, fund=fund, amount=Decimal(1), on=TODAY, by=user)
        with pytest.raises(PermissionDenied):
            funds.close_fund(fund=fund, by=user)
        with pytest.raises(PermissionDenied):
            funds.change_fund(fund=fund, title="x", document="", ceiling=Decimal(1), by=user)
    assert balances(fund)["allotted"] == Decimal("100000")


# -- village projects -------------------------------------------------------------------------------------------------------------


def test_funds_are_bundled_for_a_project_paid_and_taken_back(county, official, officer, fund, project):
    other = FundFactory(region=county, source="partner")
    for each, amount in ((fund, "30000"), (other, "20000")):
        funds.reserve(project=project, fund=each, amount=Decimal(amount), on=TODAY, by=official)
    paid = funds.pay_project(
        project=project, fund=fund, amount=Decimal("12000"), on=TODAY, by=officer, reference="凭证7"
    )
    funds.release(project=project, fund=other, amount=Decimal("5000"), on=TODAY, by=official)
    assert balances(fund) | {"source": 0} == {
        "source": 0, "planned": 0, "allotted": Decimal("70000"), "paid": Decimal("12000"), "reserved": Decimal("18000")
    }  # fmt: skip
    assert balances(other)["reserved"] == Decimal("15000")
    own = Account.objects.get(fund=fund, kind="paid", project=project)
    assert own.balance == Decimal("12000")
    with pytest.raises(LedgerError, match="“已安排项目”只有 18,000 元，差 1 元"):
        funds.pay_project(project=project, fund=fund, amount=Decimal("18001"), on=TODAY, by=officer, reference="凭证8")
    with pytest.raises(ValidationError, match="凭证号"):
        funds.pay_project(project=project, fund=fund, amount=Decimal(1), on=TODAY, by=officer, reference=" ")
    with pytest.raises(ValidationError, match="原因"):
        funds.unpay_project(entry=paid, on=TODAY, by=officer, note="")
    back = funds.unpay_project(entry=paid, on=TODAY, by=officer, note="付错了户头")
    assert (back.reverses, back.reference, balances(fund)["reserved"]) == (paid, "凭证7", Decimal("30000"))
    with pytest.raises(LedgerError, match="已经冲回过"):
        funds.unpay_project(entry=paid, on=TODAY, by=officer, note="再来一次")
    with pytest.raises(LedgerError, match="只有村级项目的支付"):
        funds.unpay_project(entry=back, on=TODAY, by=officer, note="再来一次")


@pytest.mark.parametrize("stage", ["proposed", "cancelled", "handed_over"])
def test_money_is_set_aside_for_approved_projects_only(official, fund, project, stage):
    VillageProject.objects.filter(pk=project.pk).update(stage=stage)
    with pytest.raises(LedgerError, match="不能安排资金"):
        funds.reserve(project=project, fund=fund, amount=Decimal(1), on=TODAY, by=official)


def test_a_fund_does_not_reach_another_county(land, official, post, fund):
    project = VillageProject.objects.create(
        village=land.other_village, sector="road", title="邻村路", year=TODAY.year, stage="approved", proposed_by="x", proposed_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(LedgerError, match="管不到"):
        funds.reserve(project=project, fund=fund, amount=Decimal(1), on=TODAY, by=official)
    given = delivery_of(measure_of(HouseholdFactory(village=land.other_village)), Decimal(0))
    with pytest.raises(LedgerError, match="管不到"):
        funds.pay([(given, [(fund, Decimal(1))])], on=TODAY, by=official)


def test_a_township_pays_for_its_own_villages_projects(land, official, post, fund, project):
    from accounts.roles import Role

    funds.reserve(project=project, fund=fund, amount=Decimal(100), on=TODAY, by=official)
    neighbour = post(Role.TOWNSHIP_OFFICER, land.next_township)
    with pytest.raises(PermissionDenied):
        funds.pay_project(project=project, fund=fund, amount=Decimal(1), on=TODAY, by=neighbour, reference="凭证1")


# -- payouts ---------------------------------------------------------------------------------------------------------------------


def test_a_payout_from_two_funds_and_back(county, officer, fund, give):
    other = FundFactory(region=county, source="unit")
    delivery, entries = give("1500.25", (fund, Decimal("1000.25")), (other, Decimal("500")))
    assert [(entry.fund_id, entry.kind) for entry in entries] == [(fund.pk, "pay"), (other.pk, "pay")]
    assert (balances(fund)["paid"], balances(other)["paid"]) == (Decimal("1000.25"), Decimal("500"))
    assert sum(line.amount for line in delivery.lines.all()) == Decimal(delivery.amount)
    reversal = delivery_of(delivery.measure, -Decimal(delivery.amount), delivery.period, is_reversal=True)
    funds.unpay(delivery, reversal, by=officer, on=TODAY)
    delivery.reversed_by = reversal
    delivery.save()
    assert (balances(fund)["paid"], balances(other)["allotted"]) == (Decimal(0), Decimal("100000"))
    assert Line.objects.filter(delivery=reversal, amount__lt=0).count() == 2


def test_payouts_are_refused_with_what_is_missing(county, officer, clerk, fund, give):
    with pytest.raises(LedgerError, match=r"“省级衔接资金”可用 100,000 元，这次要发 100,000\.01 元，还差 0\.01 元"):
        give("100000.01", fund)
    with pytest.raises(LedgerError, match="日期在今天之后"):
        give("1", fund, on=TOMORROW)
    with pytest.raises(LedgerError, match="年的资金，不能在"):
        give("1", fund, on=dt.date(TODAY.year - 1, 12, 31))
    with pytest.raises(PermissionDenied):
        give("1", fund, by=clerk)
    with pytest.raises(LedgerError, match="实际支付的金额不一致"):
        give("2", (fund, Decimal(1)))
    with pytest.raises(ValidationError, match="两位小数"):
        give("0.01", (fund, Decimal("0.005")), (fund, Decimal("0.005")))
    assert not Delivery.objects.exists()
    assert balances(fund)["paid"] == 0


def test_many_lines_are_written_at_once(county, officer, household, fund):
    """Far more lines than one statement of single values would be quick with: COPY, and still one entry."""
    measure = measure_of(household)
    paid = [
        (delivery_of(measure, Decimal("1.10"), str(3000 + n)), [(fund, Decimal("1.10"))]) for n in range(funds.COPIED)
    ]
    (entry,) = funds.pay(paid, on=TODAY, by=officer, note="批量")
    assert entry.lines.count() == funds.COPIED + 1
    assert balances(fund)["paid"] == Decimal("1.10") * funds.COPIED


# -- what the database holds ------------------------------------------------------------------------------------------------------


def refused_by(sql, *values):
    """The name of what refused a statement that nobody's verb would send."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
    assert sentence_of(refused.value).endswith("。")
    return name_of(refused.value)


def test_balances_are_moved_by_lines_alone(fund):
    account = Account.objects.get(fund=fund, kind="allotted")
    update = "UPDATE assistance_account SET {} WHERE id = %s"
    assert refused_by(update.format("balance = balance + 1"), account.pk) == "account_balance_is_of_lines"
    assert refused_by(update.format("kind = 'planned'"), account.pk) == "account_balance_is_of_lines"
    insert = "INSERT INTO assistance_account (fund_id, kind, balance) VALUES (%s, 'source', -5)"
    assert refused_by(insert, FundFactory(allotted=0).pk) == "account_balance_is_of_lines"


def test_entries_and_lines_stay_as_they_are(fund):
    for table in ("line", "entry"):
        assert refused_by(f"DELETE FROM assistance_{table}") == "append_only"
    assert refused_by("UPDATE assistance_line SET amount = amount * 2") == "append_only"
    assert refused_by("UPDATE assistance_entry SET note = 'x'") == "append_only"


def line(entry, account, amount):
    return f"({entry.pk}, {account.pk}, {amount})"


def test_lines_balance_stand_on_own_accounts_and_overdraw_nothing(county, fund):
    insert = "INSERT INTO assistance_line (entry_id, account_id, amount) VALUES "
    other = FundFactory(region=county)
    entry = Entry.objects.create(fund=fund, kind="allot", on=TODAY, by="x")
    own = {account.kind: account for account in fund.accounts.all()}
    foreign = other.accounts.get(kind="planned")
    assert refused_by(insert + line(entry, own["allotted"], 5)) == "entry_sums_to_zero"
    assert refused_by(insert + line(entry, own["planned"], -5) + "," + line(entry, own["allotted"], 4)) == "entry_sums_to_zero"  # fmt: skip
    assert refused_by(insert + line(entry, own["allotted"], -5) + "," + line(entry, foreign, 5)) == "line_on_own_account"  # fmt: skip
    assert refused_by(insert + line(entry, own["planned"], -5) + "," + line(entry, own["allotted"], 5)) == "account_not_overdrawn"  # fmt: skip
    above = insert + line(entry, own["source"], -900001) + "," + line(entry, own["planned"], 900001)
    assert refused_by(above) == "fund_ceiling"
    assert refused_by("UPDATE assistance_fund SET ceiling = 99999.99 WHERE id = %s", fund.pk) == "fund_ceiling"
    assert balances(fund) == {"source": -100000, "planned": 0, "allotted": 100000, "paid": 0}


def test_a_payout_is_taken_back_once(official, officer, fund, project):
    funds.reserve(project=project, fund=fund, amount=Decimal(10), on=TODAY, by=official)
    paid = funds.pay_project(project=project, fund=fund, amount=Decimal(10), on=TODAY, by=officer, reference="1")
    funds.unpay_project(entry=paid, on=TODAY, by=officer, note="错")
    again = "INSERT INTO assistance_entry (fund_id, kind, \"on\", reference, note, by, at, reverses_id) SELECT fund_id, kind, \"on\", '', '', by, at, reverses_id FROM assistance_entry WHERE reverses_id = %s"  # fmt: skip
    assert "reverses" in refused_by(again, paid.pk)


def test_every_refusal_of_the_database_has_its_sentence():
    """The names that migrations give their refusals and the sentences are the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (regexp_matches(prosrc, 'CONSTRAINT = ''([a-z_]+)''', 'g'))[1] FROM pg_proc WHERE proname LIKE 'assistance_%'"
        )
        names = {name for (name,) in cursor.fetchall()}
    assert names >= {"entry_sums_to_zero", "fund_ceiling"}
    assert names <= SENTENCES.keys()


# -- the proof ------------------------------------------------------------------------------------------------------------------


def test_verify_history_names_a_wrong_balance(county, official):
    fund = opened(county, official)
    funds.plan(fund=fund, amount=Decimal(10), on=TODAY, by=official)
    close_chain()
    assert run() == 0
    account = fund.accounts.get(kind="planned")
    tamper("UPDATE assistance_account SET balance = 9 WHERE id = %s", account.pk)
    assert [(found.pk, why) for found, why in funds.check()] == [(account.pk, "余额与分录合计不符")]
    out = StringIO()
    assert run("--json", out=out) == 1
    broken = json.loads(out.getvalue())["broken"]
    assert (broken["row"], broken["why"]) == (f"assistance.account/{account.pk}", "余额与分录合计不符")


def run(*options, out=None):
    """The exit status of `verify_history`."""
    try:
        call_command("verify_history", *options, stdout=out or StringIO())
    except SystemExit as end:
        return end.code
    return 0
