"""Households go from one helper to another, and proposals are asked for, applied and refused: by the verbs, and the history verifies."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from cadres import holdings
from cadres.models import Cadre, Rank, UnitVillage, VillageProfile
from common import audit, jobs
from common.models import AuditEvent, Job
from households import followers
from households import services as s
from households.models import AUDITED, HandOver, MatchingRow, MatchingRun, Pairing, PairingRule
from households.services.hand_overs import preview
from households.services.many import RowsError
from households.standing import follow_region
from tests.factories import CadreFactory, HouseholdFactory, MemberFactory, PostingFactory, UnitFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
AGO = TODAY - dt.timedelta(days=30)


def verify():
    """The history as it stands; what factories made is recorded first, as if a verb had made it."""
    known = {key for event in AuditEvent.objects.all() for key in audit.content_of(event)["rows"]}
    loose = [row for model in AUDITED for row in model.objects.all() if audit.row_key(row) not in known]
    audit.record("test.made", by="factory", target="test", rows=loose)
    connection.check_constraints()
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken


@pytest.fixture
def unit(land):
    return UnitFactory(region=land.county, name="县教育局")


@pytest.fixture
def boss(land):
    return PostingFactory(role=Role.COUNTY_OFFICIAL, region=land.county).user


def houses(land, cadre, by, count, **how):
    found = HouseholdFactory.create_batch(count, village=land.village, status="registered")
    for house in found:
        s.pair(household=house, cadre=cadre, by=by, starts_on=AGO, goal="增收", **how)
    return found


def leads(found):
    """{household: name of the lead of today}"""
    rows = Pairing.objects.current().filter(household__in=found, is_lead=True)
    return dict(rows.values_list("household_id", "cadre__name"))


# -- hand-over ----------------------------------------------------------------------------------------------------------------------


def test_all_households_go_in_one_step(land, unit, boss):
    giver, receiver = CadreFactory(unit=unit, name="甲"), CadreFactory(unit=unit, name="乙")
    found = houses(land, giver, boss, 3)
    assert [str(h) for h in holdings.of(giver)] == ["结对农户 3 项"]
    made = s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="工作调动", by=boss)
    assert set(leads(found).values()) == {"乙"}
    assert made.households == made.lines.count() == 3
    assert not holdings.of(giver)
    assert {p.goal for p in receiver.pairings.all()} == {"增收"}
    assert AuditEvent.objects.filter(action="handover.done").count() == 1
    for house in found:
        event = audit.trail_of(house.subject).first()
        assert (event.action, audit.content_of(event)["note"]) == ("pairing.handed_over", "甲 → 乙")
    verify()


def test_each_part_is_taken_over_as_it_was(land, unit, boss):
    giver, receiver, other = (CadreFactory(unit=unit, name=n) for n in "甲乙丙")
    (led,) = houses(land, giver, boss, 1)
    (along,) = houses(land, other, boss, 1)
    s.pair(household=along, cadre=giver, by=boss, starts_on=AGO, is_lead=False)
    (both,) = houses(land, giver, boss, 1)
    s.pair(household=both, cadre=receiver, by=boss, starts_on=AGO, is_lead=False)
    asked = HouseholdFactory(village=land.village)
    s.begin_point(household=asked, cadre=giver, by=boss, goal="低保")
    s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="退休", by=boss)
    now = {
        (p.household_id, p.cadre.name): (p.mode, p.is_lead) for p in Pairing.objects.current().select_related("cadre")
    }
    assert now == {
        (led.pk, "乙"): ("one_to_one", True), (along.pk, "丙"): ("many_to_one", True), (along.pk, "乙"): ("many_to_one", False),
        (both.pk, "乙"): ("one_to_one", True), (asked.pk, "乙"): ("point_to_point", False),
    }  # fmt: skip
    verify()


def test_what_cannot_go_is_said_first_and_then_nothing_goes(land, unit, boss):
    giver, receiver = CadreFactory(unit=unit, name="甲"), CadreFactory(unit=unit, name="乙")
    PairingRule.objects.create(region=land.county, most_ordinary=2)
    first, second = houses(land, giver, boss, 2)
    s.declare_kin(household=first, cadre=receiver, relation="spouse", by=boss)
    other = CadreFactory(unit=unit)
    houses(land, receiver, boss, 1)
    third = HouseholdFactory(village=land.village)
    Cadre.objects.filter(pk=giver.pk).update(rank=Rank.SECTION)
    giver.refresh_from_db()
    s.pair(household=third, cadre=giver, by=boss, starts_on=AGO)
    shown = preview(giver=giver, receiver=receiver, on=TODAY, by=boss)
    assert {line.pairing.household_id for line in shown.unable} >= {first.pk}
    assert sorted(line.why[:8] for line in shown.unable)[0].startswith("乙")
    assert len(shown.able) == 1
    with pytest.raises(RowsError, match="有 2 户不能移交") as error, transaction.atomic():
        s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=boss)
    assert first.pk in error.value.problems
    assert not HandOver.objects.exists()
    able = [line.pairing.household_id for line in shown.able]
    assert (
        s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=boss, households=able).households == 1
    )
    left = [pk for pk in (first.pk, second.pk, third.pk) if pk not in able]
    assert s.hand_over(giver=giver, receiver=other, on=TODAY, reason="调动", by=boss, households=left).households == 2
    verify()


def test_a_township_hands_over_its_own(land, unit, boss, officer):
    giver, receiver = CadreFactory(unit=unit), CadreFactory(unit=unit)
    (near,) = houses(land, giver, boss, 1)
    far = HouseholdFactory(village=land.far_village)
    s.pair(household=far, cadre=giver, by=boss, starts_on=AGO)
    shown = preview(giver=giver, receiver=receiver, on=TODAY, by=officer)
    assert ([line.pairing.household_id for line in shown.lines], shown.elsewhere) == ([near.pk], 1)
    with pytest.raises(PermissionDenied):
        s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=officer, households=[far.pk])
    assert s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=officer).households == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"reason": " "}, "移交原因"),
        ({"on": TODAY + dt.timedelta(days=1)}, "今天之后"),
        ({"receiver": "same"}, "另选一位"),
    ],
)
def test_bad_hand_overs(change, words, land, unit, boss):
    giver, receiver = CadreFactory(unit=unit), CadreFactory(unit=unit)
    houses(land, giver, boss, 1)
    how = {"giver": giver, "receiver": receiver, "on": TODAY, "reason": "调动", "by": boss} | change
    if how["receiver"] == "same":
        how["receiver"] = giver
    with pytest.raises(ValidationError, match=words):
        s.hand_over(**how)


def test_nobody_takes_over_who_has_left_and_nothing_from_who_has_nothing(land, unit, boss):
    giver, gone = CadreFactory(unit=unit), CadreFactory(unit=unit, left_on=TODAY)
    with pytest.raises(s.LedgerError, match="没有可以移交"):
        s.hand_over(giver=giver, receiver=CadreFactory(), on=TODAY, reason="调动", by=boss)
    houses(land, giver, boss, 1)
    with pytest.raises(RowsError, match="离岗"):
        s.hand_over(giver=giver, receiver=gone, on=TODAY, reason="调动", by=boss)


def test_what_is_derived_from_pairings_is_told_of_many_at_once(land, unit, boss, monkeypatch):
    told = []
    monkeypatch.setattr(followers, "_changed", [lambda keys: told.append(sorted(keys))])
    giver, receiver = CadreFactory(unit=unit), CadreFactory(unit=unit)
    found = houses(land, giver, boss, 2)
    told.clear()
    s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=boss)
    assert told == [sorted(h.pk for h in found)]


@pytest.mark.slow
def test_five_hundred_households_move_at_once(land, unit, boss, django_assert_max_num_queries):
    PairingRule.objects.create(region=land.county, most_ordinary=500)
    giver, receiver = CadreFactory(unit=unit), CadreFactory(unit=unit)
    found = HouseholdFactory.create_batch(500, village=land.village)
    Pairing.objects.bulk_create(Pairing(household=h, cadre=giver, starts_on=AGO) for h in found)
    with django_assert_max_num_queries(45):
        assert s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=boss).households == 500


def test_a_hand_over_is_not_changed(land, unit, boss):
    giver, receiver = CadreFactory(unit=unit), CadreFactory(unit=unit)
    houses(land, giver, boss, 1)
    made = s.hand_over(giver=giver, receiver=receiver, on=TODAY, reason="调动", by=boss)
    for sql in ("UPDATE households_handover SET reason = 'x'", "DELETE FROM households_handoverline"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert made.lines.count() == 1


# -- proposals ----------------------------------------------------------------------------------------------------------------------


def computed(**scope):
    """A proposal, computed."""
    run = s.propose_matching(**scope)
    assert jobs.run(run.job_id).state == Job.State.DONE, run.job.error
    run.refresh_from_db()
    return run


def test_a_proposal_changes_nothing_until_it_is_applied(land, unit, boss):
    stays, gone = CadreFactory(unit=unit, name="甲"), CadreFactory(unit=unit, name="乙")
    kept, moved = houses(land, stays, boss, 1)[0], houses(land, gone, boss, 1)[0]
    free = HouseholdFactory(village=land.far_village, status="marginal")
    HouseholdFactory(village=land.village, status="ordinary")  # needs nobody
    Cadre.objects.filter(pk=gone.pk).update(left_on=TODAY)
    run = computed(by=boss, region=land.county)
    assert run.state == MatchingRun.State.PROPOSED
    assert {k: run.figures[k] for k in ("keep", "new", "move", "none")} == {"keep": 1, "new": 1, "move": 1, "none": 0}
    assert leads([kept, moved, free]) == {kept.pk: "甲", moved.pk: "乙"}
    assert MatchingRow.objects.get(household=moved).why == "left"
    s.apply_matching(run=run, by=boss)
    run.refresh_from_db()
    assert (run.state, run.decided_by) == ("applied", boss.username)
    assert leads([kept, moved, free]) == {h.pk: "甲" for h in (kept, moved, free)}
    assert audit.trail_of(free.subject).first().action == "pairing.matched"
    with pytest.raises(s.LedgerError, match="不能执行"):
        s.apply_matching(run=run, by=boss)
    verify()


def test_facts_of_village_and_cadre_decide(land, boss):
    own = UnitFactory(region=land.county, name="包村单位")
    UnitVillage.objects.create(unit=own, village=land.village, starts_on=AGO)
    VillageProfile.objects.create(village=land.far_village, languages=["yi"])
    answers = CadreFactory(unit=own, name="包村的")
    speaks = CadreFactory(unit__region=land.county, name="会说的", languages=["yi"])
    here, there = (HouseholdFactory(village=v, status="registered") for v in (land.village, land.far_village))
    run = computed(by=boss, region=land.county)
    assert dict(run.rows.values_list("household_id", "proposed__name")) == {
        here.pk: answers.name,
        there.pk: speaks.name,
    }


def test_nobody_is_proposed_who_may_not_help(land, unit, boss):
    member = MemberFactory(household=HouseholdFactory(village=land.other_village, status="marginal"))
    poor = CadreFactory(unit=unit)
    poor.id_number, poor.id_hash, poor.id_masked = member.id_number, member.id_hash, member.id_masked
    poor.save()
    CadreFactory(unit=unit, cannot_help=True)
    CadreFactory(unit=unit, left_on=TODAY)
    kin = CadreFactory(unit=unit)
    house = HouseholdFactory(village=land.village, status="registered")
    s.declare_kin(household=house, cadre=kin, relation="spouse", by=boss)
    run = computed(by=boss, region=land.county)
    assert run.rows.get(household=house).why == "kin"
    with pytest.raises(s.LedgerError, match="没有要改动"):
        s.apply_matching(run=run, by=boss)


def test_a_proposal_for_who_leaves_becomes_a_hand_over(land, unit, boss):
    giver, other = CadreFactory(unit=unit, name="甲"), CadreFactory(unit=unit, name="乙")
    found = houses(land, giver, boss, 3)
    run = computed(by=boss, leaving=giver)
    s.apply_matching(run=run, by=boss)
    made = HandOver.objects.get()
    assert (made.from_cadre, made.to_cadre, made.proposal, made.households) == (giver, None, run, 3)
    assert set(leads(found).values()) == {other.name}
    verify()


def test_of_a_unit_its_villages_and_cadres(land, boss):
    own = UnitFactory(region=land.county)
    UnitVillage.objects.create(unit=own, village=land.far_village, starts_on=AGO)
    CadreFactory(unit__region=land.county)
    mine = CadreFactory(unit=own)
    HouseholdFactory(village=land.village, status="registered")
    house = HouseholdFactory(village=land.far_village, status="registered")
    run = computed(by=boss, unit=own)
    assert list(run.rows.values_list("household_id", "proposed_id")) == [(house.pk, mine.pk)]


@pytest.mark.parametrize("what", ["helper", "cadre", "kin", "closed", "full", "rows"])
def test_things_that_changed_meanwhile_stop_it(what, land, unit, boss):
    cadre, other = CadreFactory(unit=unit, name="甲"), CadreFactory(unit=unit, name="乙", left_on=TODAY)
    house = HouseholdFactory(village=land.village, status="registered")
    run = computed(by=boss, region=land.county)
    match what:
        case "helper":
            Cadre.objects.filter(pk=other.pk).update(left_on=None)
            s.pair(household=house, cadre=Cadre.objects.get(pk=other.pk), by=boss, starts_on=TODAY)
        case "cadre":
            Cadre.objects.filter(pk=cadre.pk).update(left_on=TODAY)
        case "kin":
            s.declare_kin(household=house, cadre=cadre, relation="spouse", by=boss)
        case "closed":
            s.close_household(household=house, by=boss, on=TODAY, reason="moved_out")
        case "full":
            PairingRule.objects.create(region=land.county, most_ordinary=0)
        case "rows":
            MatchingRow.objects.update(proposed=other)
    with pytest.raises(s.LedgerError, match="情况有变|不一致"), transaction.atomic():
        s.apply_matching(run=run, by=boss)
    assert not Pairing.objects.current().filter(cadre=cadre).exists()
    s.discard_matching(run=run, by=boss)
    assert not MatchingRow.objects.exists()


def test_one_proposal_at_a_time_and_only_in_the_own_area(land, unit, boss, officer, clerk):
    CadreFactory(unit=unit)
    HouseholdFactory(village=land.village, status="registered")
    run = computed(by=officer, region=land.township)
    with pytest.raises(s.LedgerError, match="没有处理的结对方案"):
        s.propose_matching(by=officer, region=land.township)
    for who, region in ((officer, land.county), (clerk, land.village)):
        with pytest.raises(PermissionDenied):
            s.propose_matching(by=who, region=region)
    with pytest.raises(s.LedgerError, match="没有您能安排结对的农户"):
        s.propose_matching(by=boss, region=land.last_village)
    with pytest.raises(PermissionDenied):
        s.apply_matching(run=run, by=clerk)
    assert list(MatchingRun.objects.for_user(boss)) == [run]
    stranger = PostingFactory(role=Role.TOWNSHIP_OFFICER, region=land.next_township).user
    assert not MatchingRun.objects.for_user(stranger).exists()


def test_a_cancelled_job_leaves_no_proposal_and_may_be_tried_again(land, unit, boss):
    CadreFactory(unit=unit)
    HouseholdFactory(village=land.village, status="registered")
    run = s.propose_matching(by=boss, region=land.county)
    jobs.cancel_job(job=run.job, by=boss)
    run.refresh_from_db()
    assert run.state == MatchingRun.State.FAILED
    s.retry_matching(run=run, by=boss)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.state == MatchingRun.State.PROPOSED
    verify()


def test_rules_and_proposals_follow_a_merger(land, unit, boss):
    CadreFactory(unit=unit)
    HouseholdFactory(village=land.village, status="registered")
    run = computed(by=boss, region=land.township)
    rule = PairingRule.objects.create(region=land.township, most_leader=3)
    follow_region(old=land.township, new=land.next_township, by=boss, on=TODAY)
    rule.refresh_from_db()
    run.refresh_from_db()
    assert (rule.region, run.state) == (land.next_township, "discarded")
    second = PairingRule.objects.create(region=land.township, most_leader=4)
    follow_region(old=land.township, new=land.next_township, by=boss, on=TODAY)
    assert not PairingRule.objects.filter(pk=second.pk).exists()
