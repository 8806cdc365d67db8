"""发展党员 by the verbs: in order, in time, by two people; who is registered, corrected, gone; who is able to help."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from cadres.models import Cadre
from common import audit
from common.dates import later
from party import services
from party.models import PartyPerson, PartyRule, StageChange, StageProposal
from party.services import PartyError
from party.services import people as people_verbs
from tests.factories import CadreFactory
from tests.factories.party import BranchFactory, PersonFactory, PostFactory, ProposalFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
WHO = {"name": "王芳", "sex": "2", "birth_date": dt.date(1999, 5, 4), "schooling": "college", "phone": "19900001234"}


def ago(days):
    return TODAY - dt.timedelta(days=days)


@pytest.fixture
def branch(land, officer):
    facts = {"name": "青石村党支部", "established_on": dt.date(2000, 7, 1)}
    return services.open_branch(village=land.village, facts=facts, by=officer)


@pytest.fixture
def other_officer(post, township):
    return post(Role.TOWNSHIP_OFFICER, township)


def said(error) -> str:
    return "".join(error.value.messages) if isinstance(error.value, ValidationError) else str(error.value)


def sound():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    verdict = audit.verify(audit.vouched())
    assert verdict.ok, verdict.broken
    assert list(people_verbs.check()) == []


def test_all_the_way_by_two_people(branch, clerk, officer):
    person = services.register_person(branch=branch, facts=WHO, on=ago(1200), by=clerk)
    assert (person.stage, person.phone_masked, person.joined_on) == ("applicant", "199****1234", None)
    services.take_step(person=person, to="activist", on=ago(1100), by=clerk)
    for to, on in (("target", ago(700)), ("probationary", ago(600)), ("full", ago(200))):
        proposal = services.propose_step(person=person, to=to, on=on, by=clerk)
        person.refresh_from_db()
        assert person.stage != to, "proposed is not there yet"
        services.confirm_steps(proposals=[proposal], by=officer)
    person.refresh_from_db()
    assert (person.stage, person.stage_since, person.joined_on) == ("full", ago(200), ago(600))
    assert [(s.to_stage, s.confirmed_by) for s in person.steps.order_by("id")] == [
        ("applicant", ""), ("activist", ""), ("target", "officer"), ("probationary", "officer"), ("full", "officer"),
    ]  # fmt: skip
    sound()


@pytest.mark.parametrize(
    ("stage", "since", "to", "on", "sentence"),
    [
        ("applicant", 400, "target", 1, "不能跳过"),
        ("activist", 400, "probationary", 1, "不能跳过"),
        ("activist", 400, "activist", 1, "下一步是发展对象"),
        ("activist", 100, "target", 1, "积极分子培养教育不满期，最早"),
        ("probationary", 300, "full", 1, "预备期不满，最早"),
        ("activist", 400, "target", -1, "日期在今天之后"),
        ("activist", 400, "target", 500, "早于上一步的日期"),
        ("full", 400, "full", 1, "已经是正式党员"),
    ],
)
def test_a_wrong_step_is_refused(branch, clerk, stage, since, to, on, sentence):
    person = PersonFactory(branch=branch, stage=stage, stage_since=ago(since))
    verb = services.take_step if to == "activist" else services.propose_step
    with pytest.raises((PartyError, ValidationError)) as error:
        verb(person=person, to=to, on=ago(on), by=clerk)
    assert sentence in said(error)
    assert person.steps.count() == StageChange.objects.count()
    assert not StageProposal.objects.exists()


def test_too_early_where_no_national_rule_says_so_is_only_pointed_out(branch, clerk, township):
    PartyRule.objects.create(region=township, applicant_months=6)
    person = PersonFactory(branch=branch, stage="applicant", stage_since=ago(30))
    services.take_step(person=person, to="activist", on=TODAY, by=clerk)
    person.refresh_from_db()
    assert person.stage == "activist"


def test_a_region_may_ask_for_more_than_a_year(branch, clerk, township):
    PartyRule.objects.create(region=township, activist_months=18)
    person = PersonFactory(branch=branch, stage="activist", stage_since=later(TODAY, -13))
    with pytest.raises(ValidationError, match="培养教育不满期"):
        services.propose_step(person=person, to="target", on=TODAY, by=clerk)


def test_nobody_confirms_what_they_proposed(branch, officer, other_officer, clerk):
    person = PersonFactory(branch=branch, stage="activist", stage_since=ago(500))
    proposal = services.propose_step(person=person, to="target", on=ago(2), by=officer)
    with pytest.raises(PartyError, match="您自己提出的"):
        services.confirm_steps(proposals=[proposal], by=officer)
    with pytest.raises(PartyError, match="请撤回"):
        services.refuse_step(proposal=proposal, reason="不符合条件", by=officer)
    with pytest.raises(PermissionDenied):
        services.confirm_steps(proposals=[proposal], by=clerk)
    services.confirm_steps(proposals=[proposal], by=other_officer)
    with pytest.raises(PartyError, match="已经已确认"):
        services.refuse_step(proposal=proposal, reason="不符合条件", by=other_officer)
    person.refresh_from_db()
    assert person.stage == "target"


def test_refused_withdrawn_and_one_at_a_time(branch, clerk, officer):
    person = PersonFactory(branch=branch, stage="activist", stage_since=ago(500))
    first = services.propose_step(person=person, to="target", on=ago(2), by=clerk)
    with pytest.raises(PartyError, match="已经有一步在等确认"):
        services.propose_step(person=person, to="target", on=ago(2), by=clerk)
    with pytest.raises(ValidationError, match="至少四个字"):
        services.refuse_step(proposal=first, reason="不", by=officer)
    services.refuse_step(proposal=first, reason="材料不全", by=officer)
    second = services.propose_step(person=person, to="target", on=ago(1), by=clerk)
    services.withdraw_step(proposal=second, by=clerk)
    person.refresh_from_db()
    assert person.stage == "activist"
    assert set(person.proposals.values_list("state", flat=True)) == {"refused", "withdrawn"}


def test_many_are_confirmed_in_one_act_or_none(branch, clerk, officer):
    people = [PersonFactory(branch=branch, stage="activist", stage_since=ago(500)) for _n in range(2)]
    proposals = [services.propose_step(person=p, to="target", on=ago(2), by=clerk) for p in people]
    own = ProposalFactory(person__branch=branch, person__stage_since=ago(500), proposed_by="officer", on=ago(1))
    with pytest.raises(PartyError, match="您自己提出的"), transaction.atomic():
        services.confirm_steps(proposals=[*proposals, own], by=officer)
    assert not PartyPerson.objects.filter(stage="target").exists()
    services.confirm_steps(proposals=proposals, by=officer)
    assert PartyPerson.objects.filter(stage="target").count() == 2


def test_a_mistaken_step_is_undone_by_another_row(branch, clerk, officer):
    person = PersonFactory(branch=branch, stage="probationary", stage_since=ago(100))
    with pytest.raises(PermissionDenied):
        services.undo_step(person=person, reason="登记错了人", by=clerk)
    services.undo_step(person=person, reason="登记错了人", by=officer)
    person.refresh_from_db()
    assert (person.stage, person.joined_on) == ("target", None)
    services.undo_step(person=person, reason="登记错了人", by=officer)
    services.undo_step(person=person, reason="登记错了人", by=clerk)
    person.refresh_from_db()
    assert person.stage == "applicant"
    with pytest.raises(PartyError, match="没有可以撤回的步骤"):
        services.undo_step(person=person, reason="登记错了人", by=officer)
    services.take_step(person=person, to="activist", on=ago(50), by=clerk)
    assert person.steps.filter(undoes=None).count() == 5
    assert list(people_verbs.check()) == []


def test_the_database_keeps_steps_as_they_were(branch):
    person = PersonFactory(branch=branch, stage="activist")
    step = person.steps.latest("id")
    for write in (
        lambda: StageChange.objects.filter(pk=step.pk).update(on=ago(1)),
        lambda: StageChange.objects.filter(pk=step.pk).delete(),
        lambda: StageChange.objects.create(person=person, from_stage="target", to_stage="probationary", on=TODAY, recorded_by="a", recorded_at=timezone.now(), confirmed_by="b"),
        lambda: StageChange.objects.create(person=person, from_stage="activist", to_stage="full", on=TODAY, recorded_by="a", recorded_at=timezone.now(), confirmed_by="b"),
        lambda: StageChange.objects.create(person=person, from_stage="activist", to_stage="target", on=TODAY, recorded_by="a", recorded_at=timezone.now(), confirmed_by="a"),
        lambda: StageChange.objects.create(person=person, from_stage="activist", to_stage="target", on=TODAY, recorded_by="a", recorded_at=timezone.now()),
        lambda: StageProposal.objects.create(person=person, to_stage="target", on=TODAY, proposed_by="a", proposed_at=timezone.now(), state="confirmed", decided_by="a", decided_at=timezone.now()),
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            write()
    PartyPerson.objects.filter(pk=person.pk).update(stage="applicant")
    assert [row.pk for row, _why in people_verbs.check()] == [person.pk]


# -- who is registered --------------------------------------------------------------------------------------------------------------------


def test_an_existing_member_counts_once_somebody_else_confirmed(branch, clerk, officer):
    person = services.register_member(branch=branch, facts=WHO, stage="full", joined_on=dt.date(2019, 7, 1), by=clerk)
    assert (person.stage, person.joined_on) == ("", dt.date(2019, 7, 1))
    with pytest.raises(PartyError, match="已经有一步在等确认"):
        services.take_step(person=person, to="activist", on=TODAY, by=clerk)
    services.confirm_steps(proposals=list(person.proposals.all()), by=officer)
    person.refresh_from_db()
    assert (person.stage, person.stage_since, person.joined_on) == ("full", dt.date(2020, 7, 1), dt.date(2019, 7, 1))
    sound()


def test_a_refused_registration_leaves_as_a_mistake(branch, clerk, officer):
    person = services.register_member(branch=branch, facts=WHO, stage="full", joined_on=dt.date(2019, 7, 1), by=clerk)
    services.refuse_step(proposal=person.proposals.get(), reason="查无此人", by=officer)
    with pytest.raises(PartyError, match="没有得到确认"):
        services.take_step(person=person, to="activist", on=TODAY, by=clerk)
    services.remove_person(person=person, reason="mistake", on=TODAY, by=clerk)
    assert services.register_person(branch=branch, facts=WHO, on=ago(10), by=clerk).stage == "applicant"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"name": ""}, "请填写姓名"),
        ({"name": "王\ue5e5芳"}, "自造字"),
        ({"birth_date": None}, "请填写出生日期"),
        ({"birth_date": dt.date(1890, 1, 1)}, "出生日期不对"),
        ({"birth_date": TODAY.replace(year=TODAY.year - 17, day=1)}, "不满 18 周岁"),
        ({"phone": "12345"}, "不像电话号码"),
    ],
)
def test_a_wrong_person_is_refused(branch, clerk, facts, sentence):
    with pytest.raises(ValidationError) as error:
        services.register_person(branch=branch, facts=WHO | facts, on=ago(3), by=clerk)
    assert sentence in said(error)
    assert not PartyPerson.objects.exists()


def test_the_same_person_twice_a_closed_branch_and_a_stale_form(branch, clerk):
    person = services.register_person(branch=branch, facts=WHO, on=ago(9), by=clerk)
    with pytest.raises(ValidationError, match="同名、同一天出生"):
        services.register_person(branch=branch, facts=WHO, on=ago(9), by=clerk)
    services.change_person(person=person, facts={"schooling": "high"}, version=0, by=clerk)
    with pytest.raises(PartyError, match="被别人修改过"):
        services.change_person(person=person, facts={"schooling": "middle"}, version=0, by=clerk)
    with pytest.raises(ValidationError, match="不满 18 周岁"):
        services.change_person(person=person, facts={"birth_date": ago(6000)}, by=clerk)
    with pytest.raises(PartyError, match="支部里还有 1 人"):
        services.close_branch(branch=branch, on=TODAY, by=clerk)
    services.remove_person(person=person, reason="dropped", on=TODAY, by=clerk)
    services.close_branch(branch=branch, on=TODAY, by=clerk)
    with pytest.raises(PartyError, match="已经撤销"):
        services.register_person(branch=branch, facts=WHO, on=ago(9), by=clerk)
    with pytest.raises(PartyError, match="已经撤销"):
        services.return_person(person=person, by=clerk)
    sound()


def test_outside_the_own_area_nothing_is_written(clerk, land):
    there = BranchFactory(village=land.far_village)
    with pytest.raises(PermissionDenied):
        services.register_person(branch=there, facts=WHO, on=ago(3), by=clerk)
    with pytest.raises(PermissionDenied):
        services.open_branch(village=land.far_village, facts={"name": "邻村党支部"}, by=clerk)


# -- posts --------------------------------------------------------------------------------------------------------------------------------


def test_one_secretary_at_a_time_and_a_full_member(branch, clerk):
    first, second = PersonFactory(branch=branch), PersonFactory(branch=branch)
    held = services.take_post(branch=branch, person=first, post="secretary", on=ago(100), by=clerk)
    with pytest.raises(PartyError, match="同一时间已经有书记"):
        services.take_post(branch=branch, person=second, post="secretary", on=ago(10), by=clerk)
    services.end_post(post=held, on=ago(10), by=clerk)
    services.take_post(branch=branch, person=second, post="secretary", on=ago(10), by=clerk)
    young = PersonFactory(branch=branch, stage="probationary")
    with pytest.raises(ValidationError, match="正式党员担任"):
        services.take_post(branch=branch, person=young, post="secretary", on=ago(5), by=clerk)
    with pytest.raises(ValidationError, match="在册党员"):
        services.take_post(branch=branch, person=PersonFactory(), post="deputy", on=ago(5), by=clerk)
    with pytest.raises(PartyError, match="正担任书记"):
        services.undo_step(person=second, reason="登记错了人", by=_confirmer(branch))
    services.remove_person(person=second, reason="moved", on=TODAY, by=clerk)
    assert second.posts.get().ends_on == TODAY


def _confirmer(branch):
    from tests.factories import PostingFactory, UserFactory

    user = UserFactory()
    PostingFactory(user=user, role=Role.TOWNSHIP_OFFICER, region=branch.village.parent)
    return user


# -- who is able to help --------------------------------------------------------------------------------------------------------------------


def test_who_is_able_stands_in_the_register_of_cadres(branch, officer, clerk):
    person = PersonFactory(branch=branch, name="李有才")
    with pytest.raises(PermissionDenied):
        services.mark_able(person=person, by=clerk)
    person = services.mark_able(person=person, by=officer)
    cadre = Cadre.objects.get()
    assert (cadre.name, cadre.unit.name, cadre.unit.affiliation, cadre.rank) == (
        "李有才",
        branch.name,
        "village",
        "village",
    )
    assert (cadre.cannot_help, cadre.is_party_member, cadre.phone_masked) == (False, True, "199****1234")
    assert cadre.unit.villages.get().village == branch.village
    with pytest.raises(PartyError, match="已经登记为有帮带能力"):
        services.mark_able(person=person, by=officer)
    with pytest.raises(PartyError, match="先由乡镇或县里取消"):
        services.remove_person(person=person, reason="moved", on=TODAY, by=clerk)
    services.unmark_able(person=person, by=officer)
    cadre.refresh_from_db()
    assert cadre.cannot_help
    person = services.mark_able(person=person, by=officer)
    assert person.cadre == cadre
    cadre.refresh_from_db()
    assert not cadre.cannot_help
    services.remove_person(person=person, reason="died", on=TODAY, by=officer)
    cadre.refresh_from_db()
    person.refresh_from_db()
    assert (cadre.cannot_help, person.is_able) == (True, False)


def test_who_is_a_cadre_already_is_linked(branch, officer):
    known = CadreFactory(name="李有才", unit__region=branch.village)
    person = services.mark_able(person=PersonFactory(branch=branch), cadre=known, by=officer)
    assert person.cadre == known
    with pytest.raises(PartyError, match="已经对应另一位党员"):
        services.mark_able(person=PersonFactory(branch=branch), cadre=known, by=officer)
    applicant = PersonFactory(branch=branch, stage="applicant")
    with pytest.raises(PartyError, match="只有在册的党员"):
        services.mark_able(person=applicant, by=officer)


def test_a_secretary_is_no_mistake(branch, clerk, officer):
    person = PersonFactory(branch=branch, stage="probationary", stage_since=ago(40))
    PostFactory(person=person, post="publicity", starts_on=ago(10))
    with pytest.raises(PartyError, match="正担任支部职务"):
        services.undo_step(person=person, reason="登记错了人", by=officer)
