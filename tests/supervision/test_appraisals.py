"""考评: what is counted, that it is counted the same from scratch, its way to being final, and the cadre's right of reply."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from assistance.models import ServiceRequest
from cadres.models import TeamMember
from common import jobs
from common.models import AuditEvent, Job
from households.models import Pairing
from households.services import LedgerError
from supervision import computing, items
from supervision.models import Appraisal, AppraisalRound, AppraisalScheme
from supervision.services import appraisals, schemes
from tests.factories import CadreFactory, HouseholdFactory, PairingFactory, VisitRuleFactory
from tests.factories.supervision import WEIGHTS
from tests.supervision.conftest import BEFORE, EXPECTED, FIRST, LAST, MIDDLE, TODAY, duty, helper_of

pytestmark = pytest.mark.django_db


def records_move():
    """Somebody puts a date right: one request less was to be answered in the round."""
    ServiceRequest.objects.filter(state="taken").update(due_on=BEFORE)


# -- what is counted ------------------------------------------------------------------------------------------------------------------------


def test_each_item_counts_what_was_recorded(of, work):
    assert of(work.first).items == EXPECTED


def test_the_score_is_the_weighted_mean_of_what_was_due(of, work):
    values = {code: Decimal(own["done"]) / own["due"] for code, own in EXPECTED.items()}
    wanted = sum(100 * values[code] * WEIGHTS[code] for code in WEIGHTS) / 100
    assert of(work.first).score == wanted.quantize(Decimal("0.01"))


def test_what_was_not_due_is_left_out_with_its_weight(of, work):
    """The resident was asked for visits alone: these are the whole score. Who was asked for nothing has none."""
    member = of(work.member)
    assert member.items["visits"] == {"due": 5, "done": 2}
    assert member.score == Decimal("40.00")
    assert of(work.second).score is None


def test_a_team_s_visits_count_for_who_was_in_the_team(work, land):
    """Not for who left before the duty's period was over, nor for the next one who came after it."""
    TeamMember.objects.filter(cadre=work.member).update(ends_on=MIDDLE)
    scope = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.county))
    assert computing.figures_of(scope)[work.member.pk]["visits"]["due"] == 0
    TeamMember.objects.filter(cadre=work.member).update(ends_on=MIDDLE + dt.timedelta(days=30))
    assert computing.figures_of(scope)[work.member.pk]["visits"]["due"] == 5


def test_what_only_the_first_secretary_owes_is_hers(work, land):
    rule = VisitRuleFactory(region=land.county, capacity="secretary")
    duty(rule, work.home, needed=2, made=2)
    scope = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.county))
    assert computing.figures_of(scope)[work.member.pk]["visits"]["due"] == 5
    TeamMember.objects.filter(cadre=work.member).update(is_first_secretary=True)
    assert computing.figures_of(scope)[work.member.pk]["visits"] == {"due": 7, "done": 4}


def test_a_delivery_counts_for_whoever_helped_on_that_day(work, land, officer):
    """Handed over in the middle: what came before is the first one's, what comes after the next one's."""
    Pairing.objects.filter(household=work.home, cadre=work.first).update(ends_on=MIDDLE)
    after = CadreFactory(name="接手人", unit__region=land.county)
    PairingFactory(household=work.home, cadre=after, starts_on=MIDDLE)
    scope = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.county))
    found = computing.figures_of(scope)
    assert found[work.first.pk]["measures"]["due"] == 0
    assert found[after.pk]["measures"] == {"due": 3, "done": 1, "denied": 1}


def test_a_pairing_for_one_request_answers_for_no_measure(work, land):
    Pairing.objects.filter(household=work.home, cadre=work.first).update(mode="point_to_point", is_lead=False)
    scope = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.county))
    assert computing.figures_of(scope)[work.first.pk]["measures"]["due"] == 0


def test_a_township_s_round_counts_the_township_alone(work, land, officer, official):
    away = HouseholdFactory(village=land.far_village)
    PairingFactory(household=away, cadre=work.first)
    duty(work.rule, away, work.first, needed=3)
    here = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.township))
    everywhere = here._replace(villages=computing.villages_of(land.county))
    assert computing.figures_of(here)[work.first.pk]["visits"]["due"] == 3
    assert computing.figures_of(everywhere)[work.first.pk]["visits"]["due"] == 6


def test_queries_do_not_grow_with_cadres(work, land, count_queries):
    scope = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.county))
    few = count_queries(lambda: computing.figures_of(scope))
    for n in range(12):
        household = HouseholdFactory(village=land.near_village)
        duty(work.rule, household, helper_of(household, name=f"干部{n}"))
    assert count_queries(lambda: computing.figures_of(scope)) == few <= 12


def test_an_upper_floor_hangs_its_item_in(work, land, monkeypatch):
    monkeypatch.setattr(items, "_items", dict(items._items))
    items.register(items.Item("findings", "疑点核实", "核实的疑点", {"due": "核查", "done": "属实"}))
    scope = computing.Scope(items.Period(FIRST, TODAY), computing.villages_of(land.county))
    assert computing.figures_of(scope)[work.first.pk]["findings"] == {"due": 0, "done": 0}
    with pytest.raises(ValueError, match="due"):
        items.register(items.Item("half", "半个", "", {"due": "x"}))


# -- recomputed -----------------------------------------------------------------------------------------------------------------------------


def test_recomputed_from_scratch_equals_stored(open_round, officer, capsys):
    assert computing.drift_of(open_round) == []
    assert appraisals.recompute(round=open_round, by=officer) == 0
    call_command("recompute_appraisals", str(open_round.pk))
    assert "一致" in capsys.readouterr().out


def test_doing_it_twice_writes_nothing(open_round, officer):
    events = AuditEvent.objects.count()
    stored = list(Appraisal.objects.order_by("pk").values())
    appraisals.recompute(round=open_round, by=officer)
    assert AuditEvent.objects.count() == events
    assert list(Appraisal.objects.order_by("pk").values()) == stored


def test_while_open_the_figures_follow_the_records(open_round, of, work, officer):
    records_move()
    drift = computing.drift_of(open_round)
    assert [(d.code, d.part, d.stored, d.now) for d in drift] == [("requests", "due", 4, 3)]
    assert appraisals.recompute(round=open_round, by=officer) == 1
    assert of(work.first).items["requests"]["due"] == 3
    assert computing.drift_of(open_round) == []


def test_after_it_is_closed_drift_is_shown_and_nothing_overwritten(open_round, of, work, officer, client_as, capsys):
    finish(open_round, officer)
    appraisals.close_round(round=open_round, by=officer)
    records_move()
    before = of(work.first).items
    with pytest.raises(LedgerError, match="已结束"):
        appraisals.recompute(round=open_round, by=officer)
    page = client_as(officer).get(reverse("supervision:appraisal_detail", args=[of(work.first).pk])).content.decode()
    assert "应答复现在是 3" in page
    job = appraisals.ask_checking(round=open_round, by=officer)
    assert "1 位干部的 1 个数" in jobs.run(job.pk).result["note"]
    assert of(work.first).items == before
    with pytest.raises(SystemExit):
        call_command("recompute_appraisals", str(open_round.pk))
    assert "4 → 3" in capsys.readouterr().out


def test_the_database_keeps_what_is_final(open_round, of, work, officer):
    finish(open_round, officer)
    row = of(work.first)
    for change in ({"items": {}}, {"score": 1}, {"state": "answered", "decided_by": "", "decided_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Appraisal.objects.filter(pk=row.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Appraisal.objects.filter(pk=row.pk).delete()


def test_a_job_computes_and_may_be_cancelled_and_tried_again(work, officer, township, client_as):
    client = client_as(officer)
    data = {"region": township.pk, "starts_on": FIRST, "last_day": LAST}
    answer = client.post(reverse("supervision:round_new"), data)
    row = AppraisalRound.objects.get()
    assert answer.url == reverse("supervision:round_detail", args=[row.pk])
    job = Job.objects.get(kind=appraisals.COMPUTE)
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)
    assert jobs.run(job.pk).state == Job.State.CANCELLED
    row.refresh_from_db()
    assert (row.state, row.appraisals.count()) == ("computing", 0)
    job.refresh_from_db()
    jobs.retry_job(job=job, by=officer)
    assert jobs.run(job.pk).state == Job.State.DONE
    assert row.appraisals.count() == 3
    again = appraisals.ask_computing(round=row, by=officer)
    assert jobs.run(again.pk).state == Job.State.DONE
    assert row.appraisals.count() == 3


def test_a_job_that_waited_while_the_round_was_closed_has_nothing_to_do(open_round, officer):
    job = appraisals.ask_computing(round=open_round, by=officer)
    finish(open_round, officer)
    appraisals.close_round(round=open_round, by=officer)
    done = jobs.run(job.pk)
    assert (done.state, done.result["note"]) == (Job.State.DONE, "考评已经结束，没有再算。")


# -- schemes --------------------------------------------------------------------------------------------------------------------------------


def test_another_weight_is_another_version_and_old_results_stay(open_round, of, work, official, officer, scheme):
    score = of(work.first).score
    draft = schemes.draft_scheme(region=scheme.region, name="改过的办法", weights={"visits": 100}, by=official)
    schemes.put_in_force(scheme=draft, by=official)
    scheme.refresh_from_db()
    assert (draft.version, scheme.state, scheme.weights) == (2, "retired", WEIGHTS)
    appraisals.recompute(round=open_round, by=officer)
    assert of(work.first).score == score
    assert AppraisalRound.objects.get().scheme == scheme
    appraisals.discard_round(round=open_round, reason="重新来过", by=officer)
    later = appraisals.open_round(region=open_round.region, starts_on=FIRST, last_day=LAST, by=officer)
    appraisals.recompute(round=later, by=officer)
    assert later.scheme.version == 2
    assert later.appraisals.get(cadre=work.first).score == Decimal("66.67")


def test_a_version_that_was_in_force_is_never_changed(scheme, official):
    with pytest.raises(LedgerError, match="执行中"):
        schemes.change_scheme(scheme=scheme, name="x", weights={"visits": 100}, by=official)
    with pytest.raises(IntegrityError), transaction.atomic():
        AppraisalScheme.objects.filter(pk=scheme.pk).update(weights={"visits": 100})
    with pytest.raises(IntegrityError), transaction.atomic():
        AppraisalScheme.objects.filter(pk=scheme.pk).update(state="draft")


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ({"visits": 60, "calls": 30}, "合计是 90"),
        ({"visits": 101}, "0 到 100"),
        ({"visits": 50.5, "calls": 49.5}, "整数"),
        ({"visits": 90, "karma": 10}, "karma"),
        ({}, "合计是 0"),
    ],
)
def test_weights_that_are_no_whole_are_refused(county, official, weights, sentence):
    with pytest.raises(ValidationError, match=sentence):
        schemes.draft_scheme(region=county, name="办法", weights=weights, by=official)


@pytest.mark.parametrize("weights", [{"visits": 90}, {"visits": "abc", "calls": 100}, {"visits": -10, "calls": 110}, {"visits": 0.5, "calls": 99.5}, [100]])  # fmt: skip
def test_the_database_refuses_them_too(scheme, weights):
    with pytest.raises(IntegrityError), transaction.atomic():
        AppraisalScheme.objects.create(
            region=scheme.region,
            version=9,
            name="x",
            weights=weights,
            state="retired",
            made_by="x",
            made_at=timezone.now(),
        )


def test_one_draft_at_a_time(scheme, official):
    schemes.draft_scheme(region=scheme.region, name="一稿", weights=WEIGHTS, by=official)
    with pytest.raises(LedgerError, match="已经有一份草稿"):
        schemes.draft_scheme(region=scheme.region, name="二稿", weights=WEIGHTS, by=official)


def test_only_a_county_makes_one(township, county, officer, official):
    with pytest.raises(PermissionDenied):
        schemes.draft_scheme(region=county, name="x", weights=WEIGHTS, by=officer)
    with pytest.raises(ValidationError, match="县里制定"):
        schemes.draft_scheme(region=township, name="x", weights=WEIGHTS, by=official)


def test_a_form_puts_weights_right(client_as, official, scheme):
    client = client_as(official)
    data = {"name": "新办法", "reply_days": "10"} | {f"w_{item.code}": "" for item in items.every()}
    refused = client.post(reverse("supervision:scheme_new"), data | {"w_visits": "40"})
    assert refused.status_code == 422
    assert "合计是 40" in refused.content.decode()
    client.post(reverse("supervision:scheme_new"), data | {"w_visits": "40", "w_calls": "60"})
    draft = AppraisalScheme.objects.get(state="draft")
    assert (draft.weights, draft.reply_days, draft.version) == ({"visits": 40, "calls": 60}, 10, 2)
    client.post(reverse("supervision:scheme_act", args=[draft.pk, "force"]))
    draft.refresh_from_db()
    assert draft.state == "in_force"


# -- the way to being final -----------------------------------------------------------------------------------------------------------------


def finish(round, by):
    """Show everybody's, let the time go by, make them final."""
    appraisals.show_round(round=round, by=by)
    past = timezone.now() - dt.timedelta(days=30)
    round.appraisals.update(shown_at=past)
    appraisals.finalise_all(round=round, by=by)


def test_comment_answer_final(open_round, of, work, officer, client_as):
    appraisals.show_round(round=open_round, by=officer)
    row = of(work.first)
    with pytest.raises(LedgerError, match="申辩期限到"):
        appraisals.finalise(appraisal=row, by=officer)
    appraisals.comment(appraisal=row, text="有两次走访没有网络，后来才上传。", by=work.first.user)
    with pytest.raises(LedgerError, match="先答复"):
        appraisals.finalise(appraisal=row, by=officer)
    appraisals.answer(appraisal=row, text="已经核对，补上的走访已计入。", by=officer)
    appraisals.finalise(appraisal=row, by=officer)
    row = of(work.first)
    assert (row.state, row.decided_by) == ("final", officer.username)
    assert [w.kind for w in row.words.order_by("pk")] == ["comment", "answer"]
    with pytest.raises(LedgerError, match="已审定"):
        appraisals.comment(appraisal=row, text="我还有意见", by=work.first.user)
    assert AuditEvent.objects.filter(action__startswith="appraisal.").count() == 3


def test_silence_is_final_after_the_deadline_and_not_before(open_round, of, work, officer):
    appraisals.show_round(round=open_round, by=officer)
    with pytest.raises(LedgerError, match="没有可以审定"):
        appraisals.finalise_all(round=open_round, by=officer)
    days = open_round.scheme.reply_days
    open_round.appraisals.filter(cadre=work.first).update(shown_at=timezone.now() - dt.timedelta(days=days, minutes=1))
    open_round.appraisals.filter(cadre=work.second).update(
        shown_at=timezone.now() - dt.timedelta(days=days, minutes=-5)
    )
    assert appraisals.finalise_all(round=open_round, by=officer) == 1
    assert of(work.first).state == "final"
    assert of(work.second).state == "shown"
    with pytest.raises(LedgerError, match="2 位"):
        appraisals.close_round(round=open_round, by=officer)


def test_figures_that_change_are_shown_anew(open_round, of, work, officer):
    appraisals.show_round(round=open_round, by=officer)
    open_round.appraisals.update(shown_at=timezone.now() - dt.timedelta(days=30))
    appraisals.comment(appraisal=of(work.first), text="少算了一次", by=work.first.user)
    appraisals.answer(appraisal=of(work.first), text="已更正", by=officer)
    records_move()
    appraisals.recompute(round=open_round, by=officer)
    assert of(work.first).state == "shown"
    with pytest.raises(LedgerError, match="申辩期限到"):
        appraisals.finalise(appraisal=of(work.first), by=officer)
    assert of(work.first).words.count() == 2


def test_a_cadre_comments_on_their_own_only(open_round, of, work, officer, auditor, clerk):
    appraisals.show_round(round=open_round, by=officer)
    for other in (work.second.user, auditor, clerk, officer):
        with pytest.raises(PermissionDenied):
            appraisals.comment(appraisal=of(work.first), text="替他说", by=other)


def test_the_office_writes_down_what_a_cadre_without_account_says(open_round, of, work, officer, auditor):
    type(work.first).objects.filter(pk=work.first.pk).update(user=None)
    appraisals.show_round(round=open_round, by=officer)
    with pytest.raises(PermissionDenied):
        appraisals.comment(appraisal=of(work.first), text="纸上写的：无异议", by=auditor)
    appraisals.comment(appraisal=of(work.first), text="纸上写的：无异议", by=officer)
    assert of(work.first).state == "commented"


def test_nobody_decides_their_own(open_round, of, work, officer, post, township):
    type(work.second).objects.filter(pk=work.second.pk).update(user=officer)
    appraisals.show_round(round=open_round, by=officer)
    appraisals.comment(appraisal=of(work.second), text="无异议", by=officer)
    with pytest.raises(LedgerError, match="另一位"):
        appraisals.answer(appraisal=of(work.second), text="好", by=officer)
    other = post(Role.TOWNSHIP_OFFICER, township)
    appraisals.answer(appraisal=of(work.second), text="好", by=other)
    with pytest.raises(LedgerError, match="另一位"):
        appraisals.finalise(appraisal=of(work.second), by=officer)
    assert appraisals.finalise_all(round=open_round, by=other) == 1


def test_words_are_never_changed(open_round, of, work, officer):
    appraisals.show_round(round=open_round, by=officer)
    appraisals.comment(appraisal=of(work.first), text="有意见", by=work.first.user)
    for write in (lambda rows: rows.update(text="没意见"), lambda rows: rows.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            write(of(work.first).words.all())


def test_an_empty_comment_is_refused(open_round, of, work, officer, client_as):
    appraisals.show_round(round=open_round, by=officer)
    client = client_as(work.first.user)
    url = reverse("supervision:appraisal_comment", args=[of(work.first).pk])
    answer = client.post(url, {"text": "  "})
    assert answer.status_code == 422
    assert "无异议" in answer.content.decode()
    assert client.post(url, {"text": "无异议"}).status_code == 302
    assert of(work.first).state == "commented"


# -- bad rounds -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "last", "sentence"),
    [
        (FIRST, TODAY, "最晚是昨天"),
        (TODAY + dt.timedelta(days=1), TODAY + dt.timedelta(days=30), "最晚是昨天"),
        (LAST, FIRST, "之前"),
        (LAST - dt.timedelta(days=500), LAST, "400 天"),
    ],
)
def test_a_period_that_cannot_be_is_refused(scheme, officer, township, first, last, sentence):
    with pytest.raises(ValidationError, match=sentence):
        appraisals.open_round(region=township, starts_on=first, last_day=last, by=officer)


def test_rounds_of_a_region_do_not_overlap(open_round, officer, township, official, county, client_as):
    data = {"region": township.pk, "starts_on": LAST, "last_day": LAST}
    answer = client_as(officer).post(reverse("supervision:round_new"), data)
    assert answer.status_code == 422
    assert "不能重叠" in answer.content.decode()
    appraisals.open_round(region=county, starts_on=FIRST, last_day=LAST, by=official)  # of another region it may


def test_without_a_scheme_there_is_no_round(officer, township):
    with pytest.raises(LedgerError, match="没有施行考评办法"):
        appraisals.open_round(region=township, starts_on=FIRST, last_day=LAST, by=officer)


def test_a_village_has_none(scheme, officer, village):
    with pytest.raises(ValidationError, match="县或乡镇"):
        appraisals.open_round(region=village, starts_on=FIRST, last_day=LAST, by=officer)


def test_a_round_of_which_something_is_final_is_not_taken_back(open_round, officer):
    with pytest.raises(ValidationError, match="为什么撤销"):
        appraisals.discard_round(round=open_round, reason=" ", by=officer)
    finish(open_round, officer)
    with pytest.raises(LedgerError, match="已经有人审定"):
        appraisals.discard_round(round=open_round, reason="算错了", by=officer)
