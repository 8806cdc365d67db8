"""落实: what arrived for whom, when and from whose money; what is refused; what is taken back; what households say of it."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assistance.models import Account, AssistanceEvidence, Confirmation, Delivery, Line, Measure
from assistance.services import deliveries as verbs
from assistance.services.acts import RowsError
from assistance.services.confirmations import confirm_delivery, confirm_many
from assistance.services.deliveries import Given, deliver, deliver_many, reverse_delivery
from catalogue.models import MeasureKind
from common import vault
from common.models import AuditEvent
from households.services import LedgerError
from households.services.household import split_household
from households.services.members import remove_member
from tests.factories import HouseholdFactory, MemberFactory
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year
MONTH = f"{TODAY:%Y-%m}"
SIGN, VISIT = "signature", "visit"


def approved(household, **more):
    return MeasureFactory(household=household, approved=True, **more)


def given(measure, fund, amount=100, **more):
    return {"measure": measure, "shares": [(fund, Decimal(amount))], **more}


def allotted(fund):
    return Account.objects.get(fund=fund, kind="allotted").balance


# -- delivering -------------------------------------------------------------------------------------------------------------------


def test_a_delivery_pays_from_its_funds_and_moves_the_measure(household, officer, fund, picture):
    measure = approved(household)
    row = deliver(**given(measure, fund, 300), on=TODAY, by=officer, quantity=Decimal(3), photo=picture(), note="转账")
    row.refresh_from_db()
    assert (row.amount, row.period, row.person, row.by) == (Decimal(300), str(YEAR), "", "officer")
    assert Line.objects.get(delivery=row).amount == Decimal(300)
    assert allotted(fund) == Decimal(9_700)
    measure.refresh_from_db()
    assert measure.state == "delivered"
    photo = AssistanceEvidence.objects.get(delivery=row)
    assert vault.get(photo.file).startswith(b"\xff\xd8")
    assert AuditEvent.objects.get(action="delivery.recorded").subject == household.subject


def test_help_in_kind_needs_no_money_and_no_right_to_pay(household, clerk):
    row = deliver(measure=approved(household, kind__in_kind=True), on=TODAY, by=clerk, quantity=Decimal(2))
    assert row.amount == 0


def test_money_is_paid_only_by_who_may(household, clerk, fund):
    measure = approved(household)
    with pytest.raises(PermissionDenied):
        deliver(**given(measure, fund), on=TODAY, by=clerk)
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"amount": "-1"}, "要大于零"),
        ({"amount": "0"}, "要大于零"),
        ({"quantity": Decimal(-1)}, "数量要大于零"),
        ({"amount": "500.01"}, "超过了.*上限 500 元"),
        ({"amount": None}, "要发放资金，请填写金额和资金来源"),
        ({"state": "proposed"}, "待审批.*批准后才能登记落实"),
        ({"state": "withdrawn"}, "已撤回.*批准后才能"),
        ({"before": 1}, "早于批准日期"),
        ({"stopped": True}, "已于 .* 停用"),
    ],
)
def test_what_cannot_be_delivered_is_refused_in_one_sentence(change, says, household, officer, fund):
    measure = approved(household, kind__ceiling=Decimal(500))
    today = timezone.now()
    Measure.objects.filter(pk=measure.pk).update(state=change.get("state", "approved"), decided_at=today)
    if "stopped" in change:
        MeasureKind.objects.filter(pk=measure.kind_id).update(valid_to=TODAY)
    amount = change.get("amount", "500")
    shares = [(fund, Decimal(amount))] if amount is not None else []
    on = TODAY - dt.timedelta(days=change.get("before", 0))
    with pytest.raises(LedgerError, match=says):
        deliver(measure=measure, shares=shares, quantity=change.get("quantity"), on=on, by=officer)
    assert not Delivery.objects.exists()
    assert allotted(fund) == Decimal(10_000)


def test_nothing_is_delivered_tomorrow(household, officer, fund):
    with pytest.raises(ValidationError, match="今天之后"):
        deliver(**given(approved(household), fund), on=TODAY + dt.timedelta(days=1), by=officer)


def test_more_than_the_fund_has_is_refused(household, officer, fund):
    with pytest.raises(LedgerError):
        deliver(**given(approved(household), fund, 10_001), on=TODAY, by=officer)
    assert not Delivery.objects.exists()


def test_no_measure_of_another_area_is_delivered(land, officer, fund):
    with pytest.raises(PermissionDenied):
        deliver(**given(approved(HouseholdFactory(village=land.far_village)), fund), on=TODAY, by=officer)


def test_the_dead_receive_nothing_from_their_day_on(household, officer, fund):
    member = MemberFactory(household=household, name="王老三")
    measure = approved(household, kind__of_member=True, member=member)
    remove_member(member=member, by=officer, left_on=TODAY, left_reason="death")
    with pytest.raises(LedgerError, match="王老三已于.*死亡"):
        deliver(**given(measure, fund), on=TODAY, by=officer)


@pytest.mark.parametrize("period", ["", "2026", "2026-13", f"{YEAR - 1}-12", f"{YEAR}-1", "2026-02-01"])
def test_a_monthly_kind_asks_for_a_month_of_its_year(period, household, officer, fund):
    measure = approved(household, kind__monthly=True)
    with pytest.raises(ValidationError) as refused:
        deliver(**given(measure, fund), on=TODAY, by=officer, period=period)
    assert list(refused.value.message_dict) == ["period"]


def test_a_month_that_has_not_begun_is_refused(household, officer, fund):
    measure = approved(household, kind__monthly=True)
    with pytest.raises(ValidationError, match="之后"):
        verbs.period_of(measure.kind, YEAR, f"{YEAR}-12", dt.date(YEAR, 11, 30))
    assert deliver(**given(measure, fund), on=TODAY, by=officer, period=MONTH).period == MONTH


def test_nobody_receives_the_same_twice_in_a_period(household, officer, fund):
    member = household.members.get()
    measure = approved(household, kind__of_member=True, member=member)
    deliver(**given(measure, fund), on=TODAY, by=officer)
    with pytest.raises(LedgerError, match="已经领过.*不能再发"):
        deliver(**given(measure, fund), on=TODAY, by=officer)
    assert allotted(fund) == Decimal(9_900)


def test_who_moved_to_another_household_is_the_same_person(household, officer, fund):
    son = MemberFactory(household=household, name="王小军")
    kind = KindFactory(of_member=True)
    deliver(**given(approved(household, kind=kind, member=son), fund), on=TODAY, by=officer)
    new = split_household(household=household, by=officer, members=[son], new_householder=son, relations={}, on=TODAY)
    there = new.members.get()
    assert there.pk != son.pk
    with pytest.raises(LedgerError, match="王小军.*在另一户名下"):
        deliver(**given(approved(new, kind=kind, member=there), fund), on=TODAY, by=officer)


def test_what_is_given_once_is_given_once_in_all_years(household, officer, fund):
    kind = KindFactory(once=True)
    old = approved(household, kind=kind, year=YEAR - 1)
    assert deliver(**given(old, fund), on=TODAY, by=officer).period == ""
    with pytest.raises(LedgerError, match="已经领过"):
        deliver(**given(approved(household, kind=kind), fund), on=TODAY, by=officer)


def test_a_year_that_has_not_begun_receives_nothing(household, officer, fund):
    with pytest.raises(ValidationError, match="还没到"):
        deliver(**given(approved(household, year=YEAR + 1), fund), on=TODAY, by=officer)


# -- a whole village --------------------------------------------------------------------------------------------------------------


def test_a_village_is_entered_at_once_in_a_fixed_number_of_queries(land, officer, fund, count_queries):
    kind = KindFactory()

    def batch(count):
        return [Given(approved(HouseholdFactory(village=land.village), kind=kind), [(fund, Decimal(10))]) for _ in range(count)]  # fmt: skip

    warm, few, many = batch(1), batch(2), batch(9)
    counts = [
        count_queries(lambda lines=lines: deliver_many(given=lines, on=TODAY, by=officer))
        for lines in (warm, few, many)
    ]
    assert counts[1] == counts[2]
    assert allotted(fund) == Decimal(9_880)
    assert set(Measure.objects.values_list("state", flat=True)) == {"delivered"}
    assert AuditEvent.objects.filter(action="delivery.recorded").count() == 12


def test_a_batch_with_a_wrong_line_is_not_saved_and_names_the_line(land, officer, fund):
    kind = KindFactory(ceiling=Decimal(100))
    lines = [Given(approved(HouseholdFactory(village=land.village), kind=kind), [(fund, Decimal(a))]) for a in (50, 101, 60)]  # fmt: skip
    with pytest.raises(RowsError, match="有 1 行不能登记") as refused:
        deliver_many(given=lines, on=TODAY, by=officer)
    assert list(refused.value.problems) == [lines[1].measure.pk]
    assert not Delivery.objects.exists()
    assert allotted(fund) == Decimal(10_000)


def test_the_same_person_twice_in_one_batch_is_refused(land, household, officer, fund):
    son = MemberFactory(household=household, name="王小军", id_text="")
    kind = KindFactory(of_member=True)
    first = approved(household, kind=kind, member=son)
    second = approved(household, kind=kind, member=son, year=YEAR - 1)
    Measure.objects.filter(pk=second.pk).update(year=YEAR, state="withdrawn")
    other = KindFactory(of_member=True, once=True)
    lines = [Given(approved(household, kind=other, member=son, year=year), [(fund, Decimal(5))]) for year in (YEAR, YEAR - 1)]  # fmt: skip
    with pytest.raises(RowsError) as refused:
        deliver_many(given=[Given(first, [(fund, Decimal(5))]), *lines], on=TODAY, by=officer)
    assert len(refused.value.problems) == 1


# -- taking back ------------------------------------------------------------------------------------------------------------------


def test_a_reversal_gives_the_money_back_and_opens_the_measure(household, officer, fund):
    measure = approved(household)
    row = deliver(**given(measure, fund, 300), on=TODAY, by=officer)
    back = reverse_delivery(delivery=row, reason="发错人", by=officer)
    row.refresh_from_db(), measure.refresh_from_db()
    assert (back.amount, back.is_reversal, row.reversed_by_id, row.stands) == (Decimal(-300), True, back.pk, False)
    assert allotted(fund) == Decimal(10_000)
    assert measure.state == "approved"
    assert deliver(**given(measure, fund, 200), on=TODAY, by=officer).stands


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_reversal_says_why_and_comes_once(reason, household, officer):
    row = DeliveryFactory(measure=approved(household, kind__in_kind=True))
    with pytest.raises(ValidationError, match="请写明为什么冲回"):
        reverse_delivery(delivery=row, reason=reason, by=officer)
    back = reverse_delivery(delivery=row, reason="重复", by=officer)
    for again in (row, back):
        with pytest.raises(LedgerError, match="已经冲回"):
            reverse_delivery(delivery=again, reason="重复", by=officer)


def test_what_was_paid_to_the_dead_can_be_taken_back(household, officer, fund):
    member = MemberFactory(household=household, name="王老三")
    row = deliver(**given(approved(household, kind__of_member=True, member=member), fund), on=TODAY, by=officer)
    remove_member(member=member, by=officer, left_on=TODAY, left_reason="death")
    assert reverse_delivery(delivery=row, reason="本人已去世", by=officer)
    assert allotted(fund) == Decimal(10_000)


# -- the household's word ---------------------------------------------------------------------------------------------------------


def test_a_signature_is_kept_and_closes_the_measure(household, officer, helper, fund, picture):
    measure = approved(household)
    row = deliver(**given(measure, fund), on=TODAY, by=officer)
    said = confirm_delivery(delivery=row, way=SIGN, by=helper, signature=picture(), satisfied=True, note="好")
    measure.refresh_from_db()
    assert (measure.state, said.received, said.evidence.delivery) == ("confirmed", True, row)
    assert vault.get(said.evidence.file)
    assert AuditEvent.objects.filter(action="delivery.confirmed", subject=household.subject).exists()


def test_a_visit_is_made_by_somebody_else(household, clerk, resident):
    row = deliver(measure=approved(household, kind__in_kind=True), on=TODAY, by=clerk)
    with pytest.raises(LedgerError, match="登记落实以外的人"):
        confirm_delivery(delivery=row, way=VISIT, by=clerk)
    assert confirm_delivery(delivery=row, way=VISIT, by=resident).way == VISIT


def test_a_signature_needs_its_picture_and_a_denial_its_words(household, clerk):
    row = deliver(measure=approved(household, kind__in_kind=True), on=TODAY, by=clerk)
    with pytest.raises(LedgerError, match="签字"):
        confirm_delivery(delivery=row, way=SIGN, by=clerk)
    with pytest.raises(ValidationError, match="原话"):
        confirm_delivery(delivery=row, way=VISIT, by=clerk, received=False)
    with pytest.raises(ValidationError, match="今天之后"):
        confirm_delivery(delivery=row, way=VISIT, by=clerk, on=TODAY + dt.timedelta(days=1))
    with pytest.raises(LedgerError, match="早于落实日期"):
        confirm_delivery(delivery=row, way=VISIT, by=clerk, on=TODAY - dt.timedelta(days=1))


def test_what_a_household_denies_never_closes_the_measure(household, clerk, resident):
    measure = approved(household, kind__in_kind=True)
    row = deliver(measure=measure, on=TODAY, by=clerk)
    confirm_delivery(delivery=row, way=VISIT, by=resident, received=False, note="没见到")
    measure.refresh_from_db()
    assert measure.state == "delivered"
    with pytest.raises(LedgerError, match="已经确认过"):
        confirm_delivery(delivery=row, way=VISIT, by=resident)
    reverse_delivery(delivery=row, reason="农户没收到", by=clerk)
    measure.refresh_from_db()
    assert measure.state == "approved"


def test_a_measure_is_confirmed_when_everything_that_stands_is(household, officer, resident, fund):
    measure = approved(household, kind__monthly=True, year=YEAR - 1)
    rows = [deliver(**given(measure, fund), on=TODAY, by=officer, period=f"{YEAR - 1}-{m:02d}") for m in (1, 2)]
    states = []
    for row in rows:
        confirm_delivery(delivery=row, way=VISIT, by=resident)
        measure.refresh_from_db()
        states.append(measure.state)
    assert states == ["delivered", "confirmed"]
    reverse_delivery(delivery=rows[0], reason="多发", by=officer)
    measure.refresh_from_db()
    assert measure.state == "confirmed"


def test_one_signed_sheet_confirms_many(land, officer, clerk, fund, picture, count_queries):
    kind = KindFactory()

    def some(count):
        lines = [Given(approved(HouseholdFactory(village=land.village), kind=kind), [(fund, Decimal(10))]) for _ in range(count)]  # fmt: skip
        return deliver_many(given=lines, on=TODAY, by=officer)

    warm, few, many = some(1), some(2), some(7)
    counts = [
        count_queries(lambda rows=rows: confirm_many(deliveries=rows, sheet=picture(), by=clerk))
        for rows in (warm, few, many)
    ]
    assert counts[1] == counts[2]
    assert Confirmation.objects.filter(received=True).count() == 10
    assert AssistanceEvidence.objects.count() == 3
    assert set(Measure.objects.values_list("state", flat=True)) == {"confirmed"}
    with pytest.raises(RowsError, match="有 2 行不能确认"):
        confirm_many(deliveries=[*few, *some(1)], sheet=picture(), by=clerk)
    assert Confirmation.objects.count() == 10


def test_what_was_taken_back_is_not_confirmed(household, clerk, resident):
    row = deliver(measure=approved(household, kind__in_kind=True), on=TODAY, by=clerk)
    reverse_delivery(delivery=row, reason="重复", by=clerk)
    with pytest.raises(LedgerError, match="已经冲回"):
        confirm_delivery(delivery=row, way=VISIT, by=resident)


def test_only_who_may_there_confirms_and_takes_back(household, clerk, auditor, helper):
    row = deliver(measure=approved(household, kind__in_kind=True), on=TODAY, by=clerk)
    with pytest.raises(PermissionDenied):
        confirm_delivery(delivery=row, way=VISIT, by=auditor)
    with pytest.raises(PermissionDenied):
        reverse_delivery(delivery=row, reason="重复", by=helper)
    with pytest.raises(PermissionDenied):
        deliver(measure=approved(household, kind__in_kind=True), on=TODAY, by=helper)


def test_the_database_itself_refuses_a_visit_by_who_delivered_and_the_word_on_what_was_taken_back(household, clerk):
    row = DeliveryFactory(measure=approved(household, kind__in_kind=True), by="clerk")
    with pytest.raises(IntegrityError, match="confirmed by whoever delivered"), transaction.atomic():
        Confirmation.objects.create(delivery=row, way=VISIT, on=TODAY, by="clerk", at=timezone.now())
    reverse_delivery(delivery=row, reason="重复", by=clerk)
    with pytest.raises(IntegrityError, match="does not stand"), transaction.atomic():
        Confirmation.objects.create(delivery=row, way=VISIT, on=TODAY, by="resident", at=timezone.now())
