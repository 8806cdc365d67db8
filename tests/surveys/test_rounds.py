"""调查任务: who may ask for surveys where, what is refused, and who sees which round."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.roles import Role
from common.models import AuditEvent
from households.services import LedgerError
from surveys import progress
from surveys.models import SurveyRound
from surveys.services.rounds import change_round, close_round, open_round
from tests.factories.surveys import RoundFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def asked(region, by, **more):
    first = {"year": TODAY.year, "title": "入户调查", "audience": "registered", "starts_on": TODAY, "due_on": TODAY + dt.timedelta(days=30)}  # fmt: skip
    return open_round(region=region, by=by, **(first | more))


def test_a_round_is_opened_changed_and_closed_with_a_trail(land, officer):
    round = asked(land.village, officer, title="  年底 调查 ")
    assert (round.title, round.created_by) == ("年底 调查", "officer")
    change_round(round=round, by=officer, title="年底调查", audience="all", starts_on=TODAY, due_on=TODAY)
    close_round(round=round, by=officer)
    round.refresh_from_db()
    assert (round.title, round.audience, round.closed_by) == ("年底调查", "all", "officer")
    events = AuditEvent.objects.filter(target=f"surveys.surveyround/{round.pk}").order_by("pk")
    assert [e.action for e in events] == ["surveyround.opened", "surveyround.changed", "surveyround.closed"]
    assert {e.region_path for e in events} == {land.village.path}


def test_nothing_changed_leaves_no_event(land, officer):
    round = asked(land.village, officer)
    change_round(
        round=round,
        by=officer,
        title=round.title,
        audience=round.audience,
        starts_on=round.starts_on,
        due_on=round.due_on,
    )
    assert not AuditEvent.objects.filter(action="surveyround.changed").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"year": TODAY.year + 2}, "year"),
        ({"year": 2009}, "year"),
        ({"due_on": TODAY - dt.timedelta(days=1)}, "due_on"),
        ({"due_on": TODAY + dt.timedelta(days=401)}, "due_on"),
        ({"audience": "some"}, "audience"),
    ],
)
def test_what_cannot_be_a_round_is_refused_at_its_field(wrong, field, land, officer):
    with pytest.raises(ValidationError) as refused:
        asked(land.village, officer, **wrong)
    assert list(refused.value.error_dict) == [field]
    assert not SurveyRound.objects.exists()


def test_the_same_name_twice_at_a_time_is_refused(land, officer):
    first = asked(land.village, officer)
    with pytest.raises(ValidationError, match="同名"):
        asked(land.village, officer)
    close_round(round=first, by=officer)
    assert asked(land.village, officer)


def test_only_who_reviews_there_opens_changes_and_closes(land, officer, clerk, auditor):
    for who, place in ((officer, land.far_village), (officer, land.county), (clerk, land.village), (auditor, land.village)):  # fmt: skip
        with pytest.raises(PermissionDenied):
            asked(place, who)
    round = RoundFactory(region=land.county)
    with pytest.raises(PermissionDenied):
        change_round(round=round, by=officer, title="x", audience="all", starts_on=TODAY, due_on=TODAY)
    with pytest.raises(PermissionDenied):
        close_round(round=round, by=officer)


def test_a_closed_round_stays_as_it_is(land, officer):
    round = RoundFactory(region=land.village, closed=True)
    with pytest.raises(LedgerError, match="已经结束"):
        close_round(round=round, by=officer)
    with pytest.raises(LedgerError, match="已经结束"):
        change_round(round=round, by=officer, title="x", audience="all", starts_on=TODAY, due_on=TODAY)


def test_who_sees_which_round(land, household, helper, clerk, officer, official, auditor, stranger, post):
    rounds = {
        name: RoundFactory(region=getattr(land, name), title=name)
        for name in ("county", "township", "next_township", "village", "near_village", "other_county")
    }

    def seen(user):
        return {r.title for r in progress.rounds_for(user)}

    mine = {"county", "township", "village"}
    assert seen(clerk) == mine
    assert seen(helper) == mine
    assert seen(officer) == mine | {"near_village"}
    assert seen(official) == seen(auditor) == set(rounds) - {"other_county"}
    assert seen(stranger) == set()
    assert seen(post(Role.SYSTEM_ADMIN, land.county)) == set()


def test_the_pages_open_change_and_close(land, officer, client_as):
    client = client_as(officer)
    page = client.get("/surveys/progress/rounds/new/").content.decode()
    assert "白石村" in page
    assert "柳河镇" not in page
    due = TODAY + dt.timedelta(days=9)
    data = {"region": land.township.pk, "year": TODAY.year, "title": "乡里的调查", "audience": "all", "starts_on": TODAY, "due_on": due}  # fmt: skip
    assert client.post("/surveys/progress/rounds/new/", data | {"due_on": ""}).status_code == 422
    assert client.post("/surveys/progress/rounds/new/", data | {"region": land.county.pk}).status_code == 422
    answer = client.post("/surveys/progress/rounds/new/", data)
    round = SurveyRound.objects.get()
    assert answer["Location"] == f"/surveys/progress/?round={round.pk}"
    assert "乡里的调查" in client.get("/surveys/progress/rounds/").content.decode()
    answer = client.post(f"/surveys/progress/rounds/{round.pk}/", data | {"title": "全乡调查"}, follow=True)
    assert "已保存调查任务“全乡调查”" in answer.content.decode()
    assert "还没有调查" in client.get(f"/surveys/progress/rounds/{round.pk}/close/").content.decode()
    client.post(f"/surveys/progress/rounds/{round.pk}/close/")
    round.refresh_from_db()
    assert round.closed_at
    assert "已经结束" in client.post(f"/surveys/progress/rounds/{round.pk}/close/", follow=True).content.decode()


def test_a_round_above_is_seen_and_not_offered_to_change(land, officer, client_as):
    round = RoundFactory(region=land.county, title="全县调查")
    text = client_as(officer).get("/surveys/progress/rounds/").content.decode()
    assert "全县调查" in text
    assert f"/surveys/progress/rounds/{round.pk}/" not in text
    assert client_as(officer).get(f"/surveys/progress/rounds/{round.pk}/").status_code == 403
