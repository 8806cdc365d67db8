"""帮扶措施: what may be proposed for whom, who decides, what is refused and how that is said."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.roles import Role
from assistance.models import Measure
from assistance.services import measures as verbs
from assistance.services.measures import verdict_of
from common import audit
from common.models import AuditEvent
from households.models import HouseholdYear
from households.services import LedgerError
from households.services.household import close_household
from households.services.members import remove_member
from plans.models import Goal, Plan, Task
from tests.factories import HouseholdFactory, MemberFactory
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year

FIELDS = [
    {"id": "item", "type": "text", "label": "品目", "required": True},
    {"id": "area", "type": "decimal", "label": "面积", "unit": "亩",
     "hard": [{"if": {">": [{"var": "area"}, 200]}, "say": "面积不能超过 200 亩，请核对。"}]},
    {"id": "way", "type": "choice", "label": "方式", "choices": [["own", "自主"], ["lease", "流转"]]},
]  # fmt: skip
POOR_WATER = {"==": [{"var": "water_safe"}, False]}


def proposed(household, by, kind=None, **more):
    return verbs.propose_measure(household=household, kind=kind or KindFactory(), year=YEAR, by=by, **more)


def task_of(household, kind, state="approved", member=None, **more):
    now = timezone.now()
    plan = Plan.objects.create(
        household=household, year=YEAR, state=state, drafted_by="a", drafted_at=now, submitted_by="a", submitted_at=now, revision=1,
        decided_by="b", decided_at=now,
    )  # fmt: skip
    goal = Goal.objects.create(plan=plan, text="增收")
    return Task.objects.create(goal=goal, text="种果树", kind=kind, member=member, **more)


# -- proposing --------------------------------------------------------------------------------------------------------------------


def test_a_measure_is_proposed_with_its_typed_facts_and_a_trail(household, clerk):
    kind = KindFactory(fields=FIELDS)
    row = proposed(household, clerk, kind, values={"item": " 花椒 ", "area": "3.50", "way": "own"}, quantity=Decimal(3), amount=Decimal(900))  # fmt: skip
    row.refresh_from_db()
    assert (row.state, row.proposed_by, row.amount) == ("proposed", "clerk", Decimal(900))
    assert row.values == {"item": "花椒", "area": "3.5", "way": "own"}
    event = AuditEvent.objects.get(action="measure.proposed")
    assert event.subject == household.subject
    assert event.region_path == household.village.path
    assert audit.content_of(event)["note"] == f"{kind.title}，{YEAR}年，900元"
    assert audit.row_key(row) in audit.content_of(event)["rows"]


@pytest.mark.parametrize(
    ("values", "field", "says"),
    [
        ({}, "value_item", "品目：还没有填。"),
        ({"item": "x", "area": "201"}, "value_area", "面积不能超过 200 亩，请核对。"),
        ({"item": "x", "area": "多"}, "value_area", "面积：只能填数字，请改正。"),
        ({"item": "x", "way": "rent"}, "value_way", "方式：选项里没有这一项，请重选。"),
    ],
)
def test_a_wrong_value_is_refused_at_its_field_in_its_own_sentence(values, field, says, household, clerk):
    with pytest.raises(ValidationError) as refused:
        proposed(household, clerk, KindFactory(fields=FIELDS), values=values)
    assert refused.value.message_dict == {field: [says]}
    assert not Measure.objects.exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal(0)}, "amount"),
        ({"quantity": Decimal(-3)}, "quantity"),
        ({"amount": Decimal("500.01")}, "amount"),
        ({"note": "长" * 301}, "note"),
    ],
)
def test_negative_and_above_the_ceiling_is_refused_at_its_field(more, field, household, clerk):
    with pytest.raises(ValidationError) as refused:
        proposed(household, clerk, KindFactory(ceiling=Decimal(500)), **more)
    assert list(refused.value.message_dict) == [field]


def test_the_ceiling_of_a_monthly_kind_counts_for_each_month(household, clerk):
    kind = KindFactory(monthly=True, of_member=True, ceiling=Decimal(100))
    one = household.members.get()
    assert proposed(household, clerk, kind, member=one, amount=Decimal(1200))
    with pytest.raises(ValidationError, match="超过了"):
        proposed(household, clerk, KindFactory(monthly=True, ceiling=Decimal(100)), amount=Decimal(1201))


def test_a_kind_without_money_takes_none(household, clerk):
    with pytest.raises(ValidationError, match="不发放资金"):
        proposed(household, clerk, KindFactory(in_kind=True), amount=Decimal(5))


@pytest.mark.parametrize("year", [2009, YEAR + 2])
def test_a_year_out_of_reach_is_refused(year, household, clerk):
    with pytest.raises(ValidationError) as refused:
        verbs.propose_measure(household=household, kind=KindFactory(), year=year, by=clerk)
    assert list(refused.value.message_dict) == ["year"]


def test_whose_it_is_must_fit(household, clerk):
    stranger = MemberFactory(household=HouseholdFactory(village=household.village))
    one = household.members.get()
    for kind, member in (
        (KindFactory(of_member=True), None),
        (KindFactory(), one),
        (KindFactory(of_member=True), stranger),
    ):
        with pytest.raises(ValidationError) as refused:
            proposed(household, clerk, kind, member=member)
        assert list(refused.value.message_dict) == ["member"]


def test_nothing_is_proposed_for_who_is_gone_or_a_household_that_is_closed(household, officer):
    gone = MemberFactory(household=household, name="王老三")
    remove_member(member=gone, by=officer, left_on=TODAY, left_reason="death")
    gone.refresh_from_db()
    with pytest.raises(LedgerError, match="王老三已于.*减少（死亡）.*不能再享受"):
        proposed(household, officer, KindFactory(of_member=True), member=gone)
    close_household(household=household, by=officer, on=TODAY, reason="empty")
    with pytest.raises(LedgerError, match="已经销户"):
        proposed(household, officer)


def test_a_kind_out_of_force_is_refused_with_its_day(household, clerk):
    with pytest.raises(LedgerError, match=f"从 {YEAR + 1}-01-01 起才启用"):
        proposed(household, clerk, KindFactory(valid_from=dt.date(YEAR + 1, 1, 1)))
    with pytest.raises(LedgerError, match=f"已于 {YEAR}-01-01 停用"):
        proposed(household, clerk, KindFactory(valid_to=dt.date(YEAR, 1, 1)))
    assert proposed(household, clerk, KindFactory(valid_to=dt.date(YEAR, 1, 2)))


def test_what_the_catalogue_refuses_is_refused_and_what_it_cannot_tell_is_allowed_and_said(household, clerk):
    kind = KindFactory(eligible=POOR_WATER, eligible_say="饮水不安全。")
    record, _new = HouseholdYear.objects.get_or_create(household=household, year=YEAR)
    for value, may in ((True, False), (None, None), (False, True)):
        HouseholdYear.objects.filter(pk=record.pk).update(water_safe=value)
        verdict = verdict_of(kind, household, None, YEAR)
        assert verdict.may is may
        if may is False:
            with pytest.raises(LedgerError, match="不符合.*享受条件（饮水不安全）。请核对台账"):
                proposed(household, clerk, kind)
            continue
        assert bool(verbs.unknown_of(verdict)) is (may is None)
        row = proposed(household, clerk, kind)
        verbs.withdraw_measure(measure=row, by=clerk)


def test_the_same_kind_a_year_is_proposed_once(household, clerk):
    kind = KindFactory()
    first = proposed(household, clerk, kind)
    with pytest.raises(LedgerError, match="已经有"):
        proposed(household, clerk, kind)
    verbs.withdraw_measure(measure=first, by=clerk, note="重复")
    assert proposed(household, clerk, kind)


def test_only_who_may_there_proposes(household, land, post, auditor, helper):
    assert proposed(household, helper)
    for who in (auditor, post(Role.VILLAGE_CLERK, land.far_village)):
        with pytest.raises(PermissionDenied):
            proposed(household, who)


# -- from a plan ------------------------------------------------------------------------------------------------------------------


def test_a_task_of_an_approved_plan_becomes_a_measure(household, clerk):
    kind = KindFactory()
    task = task_of(household, kind)
    row = proposed(household, clerk, kind, task=task)
    assert (row.task, row.plan) == (task, task.goal.plan)


def test_a_task_that_does_not_fit_is_refused(household, clerk):
    kind = KindFactory()
    for task, says in (
        (task_of(HouseholdFactory(village=household.village), kind), "另一户计划"),
        (task_of(household, KindFactory()), "另一种措施"),
    ):
        with pytest.raises(LedgerError, match=says):
            proposed(household, clerk, kind, task=task)
    Plan.objects.filter(household=household).update(state="submitted")
    task = Task.objects.get(goal__plan__household=household)
    with pytest.raises(LedgerError, match="待审批.*批准后"):
        proposed(household, clerk, task.kind, task=task)


def test_many_tasks_become_measures_in_one_act_and_the_rest_says_why(household, clerk):
    good, twice, bare = KindFactory(), KindFactory(), None
    tasks = [task_of(household, good)]
    tasks += [
        Task.objects.create(goal=tasks[0].goal, text=text, kind=kind) for text, kind in (("a", twice), ("b", bare))
    ]
    proposed(household, clerk, twice)
    outcome = verbs.propose_many(tasks=tasks, by=clerk)
    assert [row.kind for row in outcome.done] == [good]
    assert {task.text: why[:7] for task, why in outcome.left} == {"a": f"{household} {YEAR}"[:7], "b": "这项任务没有选"}


# -- deciding ---------------------------------------------------------------------------------------------------------------------


def test_an_office_approves_what_others_proposed(household, clerk, officer):
    row = verbs.approve_measure(measure=proposed(household, clerk), by=officer, note="同意")
    row.refresh_from_db()
    assert (row.state, row.decided_by, row.decision_note) == ("approved", "officer", "同意")
    assert AuditEvent.objects.filter(action="measure.approved", subject=household.subject).count() == 1


def test_nobody_decides_on_their_own(household, clerk, officer, second_officer):
    own = proposed(household, officer)
    with pytest.raises(LedgerError, match="自己提出的措施不能由自己审批"):
        verbs.approve_measure(measure=own, by=officer)
    with pytest.raises(LedgerError, match="自己提出的措施不能由自己审批"):
        verbs.refuse_measure(measure=own, by=officer, note="不行")
    theirs = proposed(household, clerk)
    verbs.change_measure(measure=theirs, by=officer, values={}, amount=Decimal(9))
    with pytest.raises(LedgerError, match="自己提出"):
        verbs.approve_measure(measure=theirs, by=officer)
    assert verbs.approve_measure(measure=theirs, by=second_officer)


def test_a_clerk_does_not_approve(household, clerk, resident):
    with pytest.raises(PermissionDenied):
        verbs.approve_measure(measure=proposed(household, clerk), by=resident)


def test_a_refusal_says_why_and_makes_room_for_another(household, clerk, officer):
    kind = KindFactory()
    row = proposed(household, clerk, kind)
    with pytest.raises(ValidationError, match="理由"):
        verbs.refuse_measure(measure=row, by=officer, note=" ")
    assert verbs.refuse_measure(measure=row, by=officer, note="面积不实").state == "refused"
    with pytest.raises(LedgerError, match="不在待审批之列"):
        verbs.approve_measure(measure=row, by=officer)
    assert proposed(household, clerk, kind)


def test_the_ledger_is_asked_again_at_the_approval(household, clerk, officer):
    kind = KindFactory(eligible=POOR_WATER, eligible_say="饮水不安全")
    record, _new = HouseholdYear.objects.update_or_create(
        household=household, year=YEAR, defaults={"water_safe": False}
    )
    row = proposed(household, clerk, kind)
    HouseholdYear.objects.filter(pk=record.pk).update(water_safe=True)
    with pytest.raises(LedgerError, match="不符合"):
        verbs.approve_measure(measure=row, by=officer)


def test_a_form_that_began_on_an_older_version_is_refused(household, clerk, officer):
    row = proposed(household, clerk)
    verbs.change_measure(measure=row, by=clerk, values={}, amount=Decimal(10), version=1)
    with pytest.raises(LedgerError, match="被别人修改过"):
        verbs.approve_measure(measure=row, by=officer, version=1)
    with pytest.raises(LedgerError, match="被别人修改过"):
        verbs.change_measure(measure=row, by=clerk, values={}, version=1)
    assert verbs.approve_measure(measure=row, by=officer, version=2).version == 3


def test_many_are_approved_in_a_fixed_number_of_queries_and_the_rest_says_why(land, clerk, officer, count_queries):
    kind = KindFactory(eligible=POOR_WATER, eligible_say="饮水不安全")

    def some(count):
        homes = HouseholdFactory.create_batch(count, village=land.village)
        return [MeasureFactory(household=home, kind=kind, proposed_by="clerk") for home in homes]

    warm, few, many = some(1), some(2), some(8)
    counted = [
        count_queries(lambda rows=rows: verbs.approve_many(measures=rows, by=officer)) for rows in (warm, few, many)
    ]
    assert counted[1] == counted[2]
    mine = MeasureFactory(household=few[0].household, proposed_by="officer")
    outcome = verbs.approve_many(measures=[mine, few[0]], by=officer)
    assert not outcome.done
    assert [why[:4] for _row, why in outcome.left] == ["这项措施", "自己提出"]
    assert Measure.objects.filter(state="approved").count() == 11


def test_many_are_not_approved_where_one_is_out_of_reach(land, officer):
    far = MeasureFactory(household=HouseholdFactory(village=land.far_village))
    near = MeasureFactory(household=HouseholdFactory(village=land.village))
    with pytest.raises(PermissionDenied):
        verbs.approve_many(measures=[near, far], by=officer)
    near.refresh_from_db()
    assert near.state == "proposed"


# -- taking back, and what came of it ---------------------------------------------------------------------------------------------


def test_what_was_approved_is_withdrawn_by_who_proposed_it_or_by_the_office(household, clerk, resident, officer):
    row = verbs.approve_measure(measure=proposed(household, clerk), by=officer)
    with pytest.raises(PermissionDenied):
        verbs.withdraw_measure(measure=row, by=resident)
    assert verbs.withdraw_measure(measure=row, by=clerk, note="农户不要").state == "withdrawn"


def test_what_was_delivered_is_not_withdrawn_nor_changed(household, clerk):
    row = MeasureFactory(household=household, approved=True, kind__in_kind=True)
    DeliveryFactory(measure=row)
    Measure.objects.filter(pk=row.pk).update(state="delivered")
    with pytest.raises(LedgerError, match="已落实的请先冲回"):
        verbs.withdraw_measure(measure=row, by=clerk)
    with pytest.raises(LedgerError, match="不能再改"):
        verbs.change_measure(measure=row, by=clerk, values={})


def test_an_effect_is_recorded_once_something_arrived(household, clerk):
    row = MeasureFactory(household=household, approved=True, kind__in_kind=True)
    with pytest.raises(LedgerError, match="落实以后"):
        verbs.record_effect(measure=row, by=clerk, text="增收", on=TODAY)
    DeliveryFactory(measure=row)
    Measure.objects.filter(pk=row.pk).update(state="delivered")
    with pytest.raises(ValidationError, match="今天之后"):
        verbs.record_effect(measure=row, by=clerk, text="增收", on=TODAY + dt.timedelta(days=1))
    assert verbs.record_effect(measure=row, by=clerk, text="增收 1,200 元", on=TODAY).effect_on == TODAY
