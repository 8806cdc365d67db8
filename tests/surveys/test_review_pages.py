"""The pages of a review: what waits, one survey, the decision, many at once, photos, the tab, the API; and nobody sees what they must not."""

import datetime as dt
import io
import json

import pytest
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.models import User
from accounts.roles import Role
from common import audit, jobs, vault
from common.models import Job
from common.navigation import links_for
from households import services as ledger
from households.models import SavedView
from surveys.models import Survey
from surveys.services import verification
from tests import first_page
from tests.factories import (
    HouseholdFactory,
    PostingFactory,
    QuarantinedFactory,
    SurveyConflictFactory,
    SurveyFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    UserFactory,
)
from tests.factories.households import YEAR

pytestmark = pytest.mark.django_db
LIST = reverse("surveys:survey_list")


def jpeg():
    out = io.BytesIO()
    Image.new("RGB", (800, 600), (120, 140, 90)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def form(db):
    return SurveyFormFactory()


@pytest.fixture
def home(officer, village):
    household = ledger.register_household(
        village=village, by=officer, householder={"name": "王建国", "sex": "1"}, facts={"phone": "19900001111"}
    )
    ledger.correct_year(household=household, year=YEAR, by=officer, facts={"dwelling_area": 80, "water_source": "well"})
    household.refresh_from_db()
    return household


@pytest.fixture
def survey(home, form, clerk):
    """Submitted by the clerk: a wider dwelling, a phone that was typed, a photo that has come."""
    photo = SurveyPhotoFactory(survey=None, uploader=clerk, file=vault.put("surveys/x", jpeg()))
    one = SurveyFactory(
        household=home, form=form, year=YEAR, surveyor=clerk, base={"dwelling_area": "80", "phone": "199****1111"}, surveyed_on=dt.date(2026, 3, 1),
        answers={"values": {"dwelling_area": "92", "phone": "199****2222", "wish": "想学电焊", "house_photo": [str(photo.uid)]}, "members": []},
        secrets=json.dumps({"phone": "19900002222"}), photos_expected=1,
    )  # fmt: skip
    photo.survey, photo.survey_uid = one, one.uid
    photo.save()
    return one


def url(name, *args):
    return reverse(f"surveys:{name}", args=args)


def text(response):
    return " ".join(response.content.decode().split())


# -- the list -----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def shown(client_as, officer):
    """`shown("state=returned") -> {survey pk}` that the officer's list shows."""

    def ask(query="", user=officer):
        response = client_as(user).get(f"{LIST}?{query}")
        assert response.status_code == 200
        return {row.survey.pk for row in response.context.get("rows", ())}

    return ask


def test_the_list_is_what_waits_until_something_is_asked(shown, survey, home, form, clerk, land):
    now = timezone.now()

    def other(**more):
        return SurveyFactory(
            **{"household": HouseholdFactory(village=land.village), "form": form, "surveyor": clerk} | more
        ).pk

    returned, approved = other(returned=True), other(approved=True)
    second = other(purpose="verification")
    old = other(submitted_at=now - dt.timedelta(days=8), channel="paper", year=YEAR - 1)
    asked, who = other(questions=2), other(surveyor=UserFactory(name="李四"))
    moved = SurveyConflictFactory(survey=Survey.objects.get(pk=other(household=HouseholdFactory(village=land.near_village)))).survey_id  # fmt: skip
    other(draft=True)
    other(household=HouseholdFactory(village=land.far_village))
    waiting = {survey.pk, old, asked, who, moved}
    assert shown() == waiting
    assert shown("state=returned") == {returned}
    assert shown("state=any&purpose=any") == waiting | {returned, approved, second}
    assert shown("late=yes") == {old}
    assert shown("channel=paper") == shown(f"year={YEAR - 1}") == {old}
    assert shown("question=some") == {asked}
    assert shown("question=none") == waiting - {asked}
    assert shown("conflict=some") == {moved}
    assert shown(f"region={land.near_village.pk}") == {moved}
    assert shown(f"who={Survey.objects.get(pk=who).surveyor_id}") == {who}
    assert shown("purpose=verification") == {second}
    assert shown("state=nonsense") == set()


def test_the_figures_are_the_lengths_of_their_lists(client_as, officer, survey, form, land, shown):
    SurveyFactory(household=HouseholdFactory(village=land.village), form=form, surveyor=officer)
    for n in range(3):
        SurveyFactory(
            household=HouseholdFactory(village=land.village),
            form=form,
            submitted_at=timezone.now() - dt.timedelta(days=5 * n),
        )
    SurveyFactory(household=HouseholdFactory(village=land.village), form=form, returned=True)
    client = client_as(officer)
    kpis = {k["label"]: k for k in client.get(LIST).context["kpis"]}
    own = {s.pk for s in Survey.objects.filter(surveyor=officer)}
    for label, expected in (("待我审核", 4), ("超过 7 天", 1), ("已退回未改", 1)):
        assert kpis[label]["value"] == str(expected)
        found = shown(kpis[label]["url"].partition("?")[2])
        assert len(found) == expected
        assert not found & own
    assert len(shown("state=submitted")) == 5  # with one's own
    home = client.get("/")
    (tile,) = [tile for tile in first_page.tiles(client) if str(tile.label) == "待我审核"]
    assert (tile.count.value, badges(home)["调查审核"]) == (4, 4)


def badges(page):
    """What the menu says, by entry."""
    return {str(link.label): link.count for link in links_for(page.wsgi_request.user, "/") if link.count}


def test_what_waits_in_quarantine_is_in_the_menu(client_as, officer, clerk, land, count_queries):
    """With the number of its list, at the price of the one badge that was there."""
    QuarantinedFactory(household=HouseholdFactory(village=land.near_village))
    QuarantinedFactory(household=HouseholdFactory(village=land.far_village))
    client = client_as(officer)
    home = client.get("/")
    assert badges(home) == {"待处理的上传": 1}
    assert client.get(reverse("surveys:quarantine_list")).context["count"] == 1
    assert badges(client_as(clerk).get("/")) == {}
    user = User.objects.get(pk=officer.pk)
    links_for(user, "/")  # the postings are with the user now
    del user.__dict__["_surveys_waiting"]
    assert count_queries(lambda: links_for(user, "/")) == 1


def test_the_badge_counts_what_waits_for_this_one(survey, officer, official, clerk, auditor, post, land):
    counts = {user.username: Survey.objects.waiting_for(user).count() for user in (officer, official, clerk, auditor)}
    assert counts == {"officer": 1, "official": 1, "clerk": 0, "auditor": 0}
    assert Survey.objects.waiting_for(post(Role.TOWNSHIP_OFFICER, land.next_township)).count() == 0


def test_filters_are_kept_apart_from_those_of_households(client_as, officer):
    client = client_as(officer)
    client.post(url("survey_view_save"), {"name": "冲突", "conflict": "some"})
    client.post(reverse("households:saved_view_save"), {"name": "冲突", "status": "marginal"})
    assert set(SavedView.objects.values_list("page", "query")) == {
        ("surveys", "conflict=some"), ("households", "status=marginal")
    }  # fmt: skip
    page = text(client.get(url("survey_views")))
    assert f"{LIST}?conflict=some" in page
    assert "status=marginal" not in page
    view = SavedView.objects.get(page="surveys")
    assert client.post(reverse("households:saved_view_delete", args=[view.pk])).status_code == 404
    client.post(url("survey_view_delete", view.pk))
    assert not SavedView.objects.filter(page="surveys").exists()


# -- one survey ---------------------------------------------------------------------------------------------------------------------


def test_the_page_shows_three_values_and_no_number(client_as, officer, survey):
    page = text(client_as(officer).get(url("survey_detail", survey.pk)))
    for said in ("住房面积", "80 ㎡", "92 ㎡", "想学电焊", "199****2222", "199****1111", "通过，写入台账"):
        assert said in page
    assert "19900002222" not in page
    assert "19900001111" not in page


def test_approved_from_the_page(client_as, officer, survey, home):
    client = client_as(officer)
    response = client.post(url("survey_approve", survey.pk), {"version": home.version, "note": "已核对"}, follow=True)
    assert response.redirect_chain[-1][0] == LIST
    assert "已通过：王建国户" in text(response)
    survey.refresh_from_db()
    assert (survey.state, survey.decision_note) == ("approved", "已核对")
    assert home.years.get(year=YEAR).dwelling_area == 92
    page = text(client.get(url("survey_detail", survey.pk)))
    assert "乡镇专干" in page
    assert "通过，写入台账" not in page
    history = text(client.get(reverse("households:household_history", args=[home.pk])))
    assert "按入户调查更新台账" in history
    assert "住房面积" in history


def test_a_conflict_has_two_choices_and_none_is_made(client_as, officer, survey, home):
    ledger.correct_year(household=home, year=YEAR, by=officer, facts={"dwelling_area": 85})
    home.refresh_from_db()
    client = client_as(officer)
    page = client.get(url("survey_detail", survey.pk))
    assert "checked" not in text(page)
    assert "用调查值：92 ㎡" in text(page)
    assert "保留台账值：85 ㎡" in text(page)
    refused = client.post(url("survey_approve", survey.pk), {"version": home.version, "note": "看过了"})
    assert refused.status_code == 422
    assert "请逐项选择" in text(refused)
    assert "看过了" in text(refused)
    stale = client.post(
        url("survey_approve", survey.pk),
        {"version": home.version - 1, "choice-dwelling_area": "ledger", "why-dwelling_area": "昨天入户看过"},
    )
    assert stale.status_code == 422
    assert "再选一次" in text(stale)
    done = client.post(
        url("survey_approve", survey.pk),
        {"version": home.version, "choice-dwelling_area": "ledger", "why-dwelling_area": "昨天入户看过"},
    )
    assert done.status_code == 302
    assert home.years.get(year=YEAR).dwelling_area == 85


def test_returned_from_the_page_and_what_was_typed_is_not_lost(client_as, officer, survey, home):
    client = client_as(officer)
    mixed = client.post(url("survey_approve", survey.pk), {"version": home.version, "reason-dwelling_area": "请量一量"})
    assert mixed.status_code == 422
    assert "却点了" in text(mixed)
    assert ">请量一量</textarea>" in text(mixed)
    empty = client.post(url("survey_return", survey.pk), {"version": home.version, "note": " "})
    assert empty.status_code == 422
    assert "请写明退回理由" in text(empty)
    done = client.post(
        url("survey_return", survey.pk), {"reason-dwelling_area": "请量一量", "note": "改好再报"}, follow=True
    )
    assert "由 村信息员 改好再报" in text(done)
    survey.refresh_from_db()
    assert survey.reasons == {"dwelling_area": "请量一量", "": "改好再报"}
    assert "住房面积：请量一量" in text(client.get(url("survey_detail", survey.pk)))


def test_what_the_ledger_refuses_is_said_at_the_field(client_as, officer, survey, home):
    survey.answers["values"]["phone"] = "12"
    survey.secrets = json.dumps({"phone": "12"})
    survey.save()
    response = client_as(officer).post(url("survey_approve", survey.pk), {"version": home.version})
    assert response.status_code == 422
    assert "联系电话：不像电话号码" in text(response)
    assert home.years.get(year=YEAR).dwelling_area == 80


def test_the_surveyor_reads_and_does_not_decide(client_as, clerk, survey, officer):
    page = text(client_as(clerk).get(url("survey_detail", survey.pk)))
    assert "92 ㎡" in page
    assert "通过，写入台账" not in page
    survey.surveyor = officer
    survey.save()
    assert "不能由自己审核" in text(client_as(officer).get(url("survey_detail", survey.pk)))
    refused = client_as(officer).post(url("survey_approve", survey.pk), {}, follow=True)
    assert "不能由自己审核" in text(refused)
    survey.refresh_from_db()
    assert survey.state == "submitted"


def test_somebody_who_was_faster_is_told(client_as, officer, official, survey, home):
    client_as(official).post(url("survey_approve", survey.pk), {"version": home.version})
    late = client_as(officer).post(url("survey_return", survey.pk), {"note": "改好再报"}, follow=True)
    assert "不在待审核之列" in text(late)


def test_photos_come_through_the_gate(client_as, officer, survey, clerk, post, land):
    photo = survey.photos.get()
    address = url("survey_photo", survey.pk, photo.uid)
    large, small = client_as(officer).get(address), client_as(officer).get(address + "?size=small")
    assert (large["Content-Type"], large["X-Content-Type-Options"], large["Cache-Control"]) == (
        "image/jpeg", "nosniff", "private, no-store",
    )  # fmt: skip
    with Image.open(io.BytesIO(small.content)) as image:
        assert image.size == (320, 240)
    assert client_as(post(Role.TOWNSHIP_OFFICER, land.next_township)).get(address).status_code == 404
    other = SurveyFactory(household=survey.household, form=survey.form)
    assert client_as(officer).get(url("survey_photo", other.pk, photo.uid)).status_code == 404
    photo.state, photo.completed_at = "arriving", None
    photo.save()
    assert client_as(officer).get(address).status_code == 404


def test_the_tab_on_the_ledger(client_as, officer, survey, home):
    client = client_as(officer)
    tab = url("household_surveys", home.pk)
    assert tab in text(client.get(home.get_absolute_url()))
    whole = client.get(tab)
    part = client.get(tab, headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    for page in (whole, part):
        assert url("survey_detail", survey.pk) in page.content.decode()
        assert "待审核" in page.content.decode()


# -- many -----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def plain(home, form, clerk):
    """Surveys in which nothing differs."""
    return [
        SurveyFactory(household=home, form=form, year=YEAR, surveyor=clerk, answers={"values": {"dwelling_area": "80"}, "members": []})
        for _n in range(3)
    ]  # fmt: skip


def test_a_batch_asks_first_and_names_what_it_leaves(client_as, officer, survey, plain):
    client = client_as(officer)
    chosen = {"pk": [s.pk for s in (survey, *plain)]}
    asked = client.post(url("approve_bulk"), chosen)
    assert "将通过 <b>3</b> 份" in text(asked)
    assert "有 2 处与台账不同" in text(asked)
    assert {s.state for s in Survey.objects.all()} == {"submitted"}
    done = client.post(url("approve_bulk"), {"chosen": asked.context["chosen"].token, "confirmed": "1"}, follow=True)
    assert "已通过 3 份" in text(done)
    assert "1 份没有动" in text(done)
    assert dict(Survey.objects.values_list("pk", "state")) == {survey.pk: "submitted"} | {
        s.pk: "approved" for s in plain
    }


def test_a_long_batch_is_a_job(client_as, officer, survey, plain, monkeypatch):
    monkeypatch.setattr("surveys.views.review.AT_ONCE", 2)
    client = client_as(officer)
    asked = client.post(url("approve_bulk"), {"all": "1"})
    response = client.post(url("approve_bulk"), {"chosen": asked.context["chosen"].token, "confirmed": "1"})
    job = Job.objects.get()
    assert response["Location"] == reverse("jobs:job_detail", args=[job.pk])
    assert "王建国" not in json.dumps(job.params)
    done = jobs.run(job.pk)
    assert (done.state, done.result["approved"], done.result["skipped"]) == (Job.State.DONE, 3, 1)
    assert Survey.objects.filter(state="approved").count() == 3


# -- the API ----------------------------------------------------------------------------------------------------------------------------


def test_the_api_has_the_filters_of_the_page_and_masks(client_as, officer, survey, form, land, clerk):
    SurveyFactory(household=HouseholdFactory(village=land.village), form=form, surveyor=clerk, returned=True)
    client = client_as(officer)
    listed = client.get(reverse("api:survey-list")).json()["results"]
    assert [(row["id"], row["state"]["code"], row["photos"]) for row in listed] == [
        (survey.pk, "submitted", {"expected": 1, "arrived": 1})
    ]
    assert len(client.get(reverse("api:survey-list") + "?state=any").json()["results"]) == 2
    detail = client.get(reverse("api:survey-detail", args=[survey.pk]))
    fields = {field["path"]: field for field in detail.json()["answers"]}
    assert (fields["dwelling_area"]["ledger"], fields["dwelling_area"]["answer"], fields["dwelling_area"]["state"]) == (
        "80 ㎡", "92 ㎡", "changed",
    )  # fmt: skip
    assert fields["phone"]["answer"] == "199****2222"
    assert "19900002222" not in detail.content.decode()


# -- blind ------------------------------------------------------------------------------------------------------------------------------


def test_the_second_surveyor_finds_nothing_of_the_first_behind_any_door(
    client_as, officer, survey, home, form, village
):
    """A resident team member who is sent: list, page, photo, tab, API, task, history; before, meanwhile and after."""
    sent = UserFactory(username="second", name="复核人")
    PostingFactory(user=sent, role=Role.RESIDENT_TEAM, region=village)
    task = verification.pick_by_hand(households=[home], year=YEAR, reason="群众反映不实", by=officer).tasks.get()
    photo = survey.photos.get()
    doors = {
        "list": LIST, "tab": url("household_surveys", home.pk), "task": url("task_detail", task.pk), "tasks": url("task_list") + "?state=any",
        "history": reverse("households:household_history", args=[home.pk]), "api list": reverse("api:survey-list"),
        "ledger": home.get_absolute_url(),
    }  # fmt: skip
    closed = {
        "page": url("survey_detail", survey.pk), "photo": url("survey_photo", survey.pk, photo.uid),
        "api": reverse("api:survey-detail", args=[survey.pk]),
    }  # fmt: skip
    client = client_as(sent)
    assert all(client.get(door).status_code == 200 for door in closed.values())
    verification.assign(task=task, assignee=sent, by=officer)
    client = client_as(sent)
    for name, door in doors.items():
        page = client.get(door).content.decode()
        for said in ("92 ㎡", "199****2222", "想学电焊", f"/surveys/{survey.pk}/"):
            assert said not in page, (name, said)
    assert {name: client.get(door).status_code for name, door in closed.items()} == dict.fromkeys(closed, 404)
    second = SurveyFactory(
        household=home, form=form, surveyor=sent, purpose="verification", answers={"values": {"dwelling_area": "85"}, "members": []}
    )  # fmt: skip
    verification.complete(survey=second)
    page = text(client_as(sent).get(doors["task"]))
    assert "92 ㎡" in page
    assert "85 ㎡" in page


# -- 反复核对 -----------------------------------------------------------------------------------------------------------------------------


def test_a_draw_from_the_page_can_be_repeated_from_its_list(client_as, auditor, form, land):
    import hashlib

    for _n in range(6):
        SurveyFactory(household=HouseholdFactory(village=land.village), form=form, year=timezone.localdate().year)
    client = client_as(auditor)
    page = client.post(
        url("draw_new"), {"region": land.township.pk, "year": timezone.localdate().year, "size": 2, "seed": "07 12 19"}, follow=True
    )  # fmt: skip
    assert "已抽取 2 户" in text(page)
    draw = page.context["draw"]
    lines = [line.split(",") for line in client.get(url("draw_csv", draw.pk)).content.decode("utf-8-sig").split()][1:]
    again = sorted((line[1] for line in lines), key=lambda n: hashlib.sha256(f"07 12 19{n}".encode()).hexdigest())
    assert [line[1] for line in lines] == again
    assert [line[3] for line in lines] == ["1", "1", "0", "0", "0", "0"]
    assert [task.household.number for _n, task, _digest in page.context["rows"]] == again[:2]
    assert draw.population_digest in text(page)


def test_too_large_a_draw_says_how_many_there_are(client_as, officer, land):
    response = client_as(officer).post(
        url("draw_new"), {"region": land.township.pk, "year": timezone.localdate().year, "size": 5, "seed": "x"}
    )
    assert response.status_code == 422
    assert "能抽的只有 0 户" in text(response)


def test_picked_in_the_household_list_sent_compared_and_decided(client_as, officer, resident, survey, home, form):
    client = client_as(officer)
    asked = client.post(url("pick_bulk"), {"pk": home.pk})
    assert "指定 1 户复核" in text(asked)
    token = dict(asked.context["hidden"])["chosen"]
    assert client.post(url("pick_bulk"), {"chosen": token, "year": YEAR, "reason": "少"}).status_code == 422
    done = client.post(url("pick_bulk"), {"chosen": token, "year": YEAR, "reason": "群众反映不实"}, follow=True)
    assert "已指定 1 户复核" in text(done)
    task = home.verification_tasks.get()
    form_page = client.get(url("task_assign", task.pk))
    assert "驻村队员" in text(form_page)
    assert "村信息员" not in text(form_page)
    client.post(url("task_assign", task.pk), {"assignee": resident.pk})
    assert client_as(survey.surveyor).get(url("task_detail", task.pk)).status_code == 403
    assert text(client_as(survey.surveyor).get(url("task_list") + "?state=any")).count("王建国户") == 0
    assert "您看不到初次调查的内容" in text(client_as(resident).get(url("task_detail", task.pk)))
    second = SurveyFactory(
        household=home, form=form, surveyor=resident, purpose="verification", answers={"values": {"dwelling_area": "85"}, "members": []}
    )  # fmt: skip
    verification.complete(survey=second)
    difference = task.differences.get()
    assert "92 ㎡" in text(client.get(url("difference_list")))
    home.refresh_from_db()
    verdict = url("difference_resolve", difference.pk)
    assert "checked" not in text(client.get(verdict))
    assert client.post(verdict, {"version": home.version, "verdict": "second", "reason": ""}).status_code == 422
    said = client.post(verdict, {"version": home.version, "verdict": "second", "reason": "现场量过"}, follow=True)
    assert "以复核为准" in text(said)
    assert home.years.get(year=YEAR).dwelling_area == 85
    assert "还没有比对过" in text(client.get(url("agreement") + "?year=2020"))
    assert "住房面积" in text(client.get(url("agreement") + f"?year={YEAR}"))
    assert audit.trail_of(home.subject).filter(action="verification.resolved").exists()


def test_cancelled_with_a_reason(client_as, officer, survey, home):
    task = verification.pick_by_hand(households=[home], year=YEAR, reason="群众反映不实", by=officer).tasks.get()
    client = client_as(officer)
    assert client.post(url("task_cancel", task.pk), {"reason": "无"}).status_code == 422
    page = client.post(url("task_cancel", task.pk), {"reason": "全家外出务工"}, follow=True)
    assert "全家外出务工" in text(page)
