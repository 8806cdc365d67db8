"""反复核对: a draw that anybody can repeat, a second look that does not know the first, and what follows where they differ."""

import datetime as dt
import hashlib
import json
import string
from collections import Counter
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from accounts.roles import Role
from common import audit, pii
from common.models import AuditEvent
from households import services as ledger
from households.models import AUDITED
from surveys import agreement
from surveys.models import Difference, Survey, SurveyConflict, SurveyPhoto, VerificationDraw, VerificationTask
from surveys.services import verification
from surveys.services.review import approve_survey
from surveys.services.verification import assign, cancel_task, draw_random, order_of, pick_by_hand, resolve
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    PairingFactory,
    SurveyConflictFactory,
    SurveyFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    VerificationTaskFactory,
)
from tests.factories.households import YEAR

DAY = dt.date(2026, 3, 1)
numbers = st.lists(st.text(string.digits, min_size=1, max_size=12), unique=True, max_size=60)


# -- the draw ---------------------------------------------------------------------------------------------------------------------


@given(numbers, st.text(min_size=1, max_size=20))
def test_anybody_draws_the_same_again(population, seed):
    """Said in one line of anybody's own: sort by the SHA-256 of seed and number."""
    again = sorted(population, key=lambda n: (hashlib.sha256((seed + n).encode()).hexdigest(), n))
    assert order_of(seed, population) == again
    assert order_of(seed, reversed(population)) == again
    assert sorted(again) == sorted(population)


@given(numbers, st.text(min_size=1, max_size=20), st.integers(0, 60))
def test_who_is_drawn_does_not_depend_on_who_else_is_there(population, seed, cut):
    """A household keeps its place: leaving others out never reorders the rest."""
    fewer = population[:cut]
    assert [n for n in order_of(seed, population) if n in fewer] == order_of(seed, fewer)


def test_every_household_is_drawn_about_equally_often():
    """5 of 50 under 2,000 seeds: each expects 200; six standard deviations are 80."""
    population = [f"99{n:08d}" for n in range(50)]
    drawn = Counter(number for seed in range(2000) for number in order_of(f"开奖{seed}", population)[:5])
    assert set(drawn) == set(population)
    assert all(abs(count - 200) < 80 for count in drawn.values())


@pytest.fixture
def surveyed(land):
    """Ten households of the village with a survey that stands, two without, one of the other township."""
    form = SurveyFormFactory()
    households = HouseholdFactory.create_batch(10, village=land.village)
    for n, household in enumerate(households):
        SurveyFactory(household=household, form=form, approved=n % 2 == 0)
    HouseholdFactory(village=land.village)
    SurveyFactory(household=HouseholdFactory(village=land.village), form=form, draft=True)
    SurveyFactory(household=HouseholdFactory(village=land.far_village), form=form)
    return households


def draw(region, by, **more):
    return draw_random(**{"region": region, "year": YEAR, "size": 3, "seed": "20260301", "by": by} | more)


@pytest.mark.django_db
class TestDraw:
    def test_it_can_be_checked_from_what_is_kept(self, surveyed, township, officer):
        made = draw(township, officer)
        kept = made.numbers.split("\n")
        assert (made.population, set(kept)) == (10, {h.number for h in surveyed})
        assert made.population_digest == hashlib.sha256("\n".join(sorted(kept)).encode()).hexdigest()
        expected = sorted(kept, key=lambda n: hashlib.sha256(("20260301" + n).encode()).hexdigest())[:3]
        assert {task.household.number for task in made.tasks.select_related("household")} == set(expected)
        event = AuditEvent.objects.latest("id")
        assert (event.action, event.region_path) == ("verification.drawn", township.path)

    def test_what_was_drawn_is_not_drawn_again(self, surveyed, township, officer):
        first = draw(township, officer)
        second = draw(township, officer, size=7, seed="2")
        assert second.population == 7
        assert not {t.household_id for t in first.tasks.all()} & {t.household_id for t in second.tasks.all()}
        with pytest.raises(ValidationError, match="只有 0 户"):
            draw(township, officer, size=1)

    def test_bad_draws_are_refused_in_a_sentence(self, surveyed, township, officer):
        for wrong, said in (
            ({"seed": "  "}, "种子"),
            ({"size": 0}, "1 到"),
            ({"size": 11}, "只有 10 户"),
            ({"seed": "7" * 65}, "64"),
        ):
            with pytest.raises(ValidationError, match=said):
                draw(township, officer, **wrong)
        assert not VerificationDraw.objects.exists()

    def test_only_in_the_own_area(self, surveyed, land, officer, clerk, auditor):
        for user, region in ((clerk, land.village), (officer, land.county), (officer, land.next_township)):
            with pytest.raises(PermissionDenied):
                draw(region, user)
        assert draw(land.county, auditor).size == 3

    def test_by_hand_needs_a_reason_and_a_survey(self, surveyed, land, officer):
        with pytest.raises(ValidationError, match="为什么"):
            pick_by_hand(households=surveyed[:2], year=YEAR, reason="", by=officer)
        bare = HouseholdFactory(village=land.village, householder_name="王没查")
        with pytest.raises(ledger.LedgerError, match="王没查"):
            pick_by_hand(households=[surveyed[0], bare], year=YEAR, reason="群众反映不实", by=officer)
        made = pick_by_hand(households=surveyed[:2], year=YEAR, reason="群众反映不实", by=officer)
        assert (made.method, made.size, made.region, made.tasks.count()) == ("hand", 2, land.village, 2)
        far = HouseholdFactory(village=land.far_village)
        with pytest.raises(PermissionDenied):
            pick_by_hand(households=[surveyed[3], far], year=YEAR, reason="群众反映不实", by=officer)


# -- who goes ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(officer, village):
    household = ledger.register_household(village=village, by=officer, householder={"name": "王建国", "sex": "1"})
    ledger.add_member(
        household=household, by=officer, facts={"name": "王明", "relation": "03"}, joined_on=dt.date(2014, 1, 1), joined_reason="first"
    )  # fmt: skip
    ledger.correct_year(household=household, year=YEAR, by=officer, facts={"dwelling_area": Decimal(80)})
    household.refresh_from_db()
    return household


@pytest.fixture
def form(db):
    return SurveyFormFactory()


@pytest.fixture
def first(home, form, clerk):
    return SurveyFactory(
        household=home,
        form=form,
        surveyor=clerk,
        surveyed_on=DAY,
        base={"dwelling_area": "80"},
        answers={"values": {"dwelling_area": "92", "water_source": "tap", "wish": "想学电焊"}, "members": []},
    )


@pytest.fixture
def task(home, first, officer):
    return pick_by_hand(households=[home], year=YEAR, reason="群众反映不实", by=officer).tasks.get()


@pytest.mark.django_db
class TestAssigning:
    def test_never_who_surveyed_or_reviewed_it(self, task, first, clerk, officer, official, resident):
        approve_survey(survey=first, by=official)
        for user in (clerk, official):
            with pytest.raises(ledger.LedgerError, match="调查过或审核过"):
                assign(task=task, assignee=user, by=officer)
        assert assign(task=task, assignee=resident, by=officer).assignee == resident

    def test_only_who_may_fill_there(self, task, officer, auditor, stranger, post, land):
        for user in (auditor, stranger, post(Role.VILLAGE_CLERK, land.near_village)):
            with pytest.raises(ledger.LedgerError, match="不能在这一户填写"):
                assign(task=task, assignee=user, by=officer)

    def test_candidates_are_exactly_those(self, task, home, clerk, officer, official, resident, auditor, post, land):
        user = post(Role.VILLAGE_CLERK, land.near_village)
        helper = CadreFactory(user=post(Role.DEPARTMENT_USER, land.county))
        PairingFactory(household=home, cadre=helper)
        found = set(verification.candidates(task))
        assert found == {officer, official, resident, helper.user}
        for each in found:
            assign(task=task, assignee=each, by=officer)
        assert not found & {user, clerk, auditor}

    def test_by_whom(self, task, resident, clerk, stranger, auditor):
        for user in (clerk, stranger):
            with pytest.raises(PermissionDenied):
                assign(task=task, assignee=resident, by=user)
        assign(task=task, assignee=resident, by=auditor)

    def test_taken_back_and_cancelled(self, task, resident, officer):
        assign(task=task, assignee=resident, by=officer)
        assert assign(task=task, assignee=None, by=officer).assignee is None
        with pytest.raises(ValidationError, match="取消理由"):
            cancel_task(task=task, reason="", by=officer)
        done = cancel_task(task=task, reason="全家外出务工", by=officer)
        assert (done.state, done.note) == ("cancelled", "全家外出务工")
        with pytest.raises(ledger.LedgerError, match="已经办结或取消"):
            assign(task=task, assignee=resident, by=officer)


# -- blind --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_second_surveyor_sees_nothing_of_the_first(task, first, officer, resident):
    SurveyConflictFactory(survey=first)
    SurveyPhotoFactory(survey=first)
    tables = (Survey, SurveyConflict, SurveyPhoto)
    assert all(table.objects.for_user(resident).exists() for table in tables)
    assign(task=task, assignee=resident, by=officer)
    assert not any(table.objects.for_user(resident).exists() for table in tables)
    own = SurveyFactory(
        household=first.household, form=first.form, surveyor=resident, purpose="verification", draft=True
    )
    assert list(Survey.objects.for_user(resident)) == [own]
    assert Survey.objects.for_user(officer).get() == first
    cancel_task(task=task, reason="全家外出务工", by=officer)
    assert first in Survey.objects.for_user(resident)


@pytest.mark.django_db
def test_a_reviewer_who_is_sent_cannot_review_meanwhile(task, first, officer, post, township):
    other = post(Role.TOWNSHIP_OFFICER, township)
    assign(task=task, assignee=other, by=officer)
    with pytest.raises(PermissionDenied):
        approve_survey(survey=first, by=other)


# -- what it found ------------------------------------------------------------------------------------------------------------------


def second_survey(task, surveyor, members=(), secrets=None, **answers):
    return SurveyFactory(
        household=task.household, form=task.household.surveys.first().form, surveyor=surveyor, purpose="verification",
        answers={"values": answers, "members": list(members)}, secrets=json.dumps(secrets) if secrets else "",
    )  # fmt: skip


@pytest.fixture
def found(task, resident, officer):
    """`found(dwelling_area="80", …)`: the second survey, arrived and compared."""

    def make(**answers):
        assign(task=task, assignee=resident, by=officer)
        done = verification.complete(survey=second_survey(task, resident, **answers))
        assert done is not None
        return done

    return make


@pytest.mark.django_db
class TestComparing:
    def test_differences_are_kept_and_nothing_is_merged(self, found, first, home):
        done = found(dwelling_area="80.0", water_source="tap", wish="想养牛", water_safe=True)
        assert (done.state, done.first) == ("done", first)
        assert done.compared == {"dwelling_area": [1, 1], "water_source": [1, 0]}
        assert [(d.path, d.first, d.second) for d in done.differences.all()] == [("dwelling_area", "92", "80.0")]
        assert home.years.get(year=YEAR).dwelling_area == 80
        assert home.years.get(year=YEAR).water_source == ""

    def test_a_survey_nobody_asked_for_finishes_nothing(self, task, resident, officer, post, land):
        assign(task=task, assignee=resident, by=officer)
        other = post(Role.RESIDENT_TEAM, land.village)
        assert verification.complete(survey=second_survey(task, other)) is None
        task.refresh_from_db()
        assert task.state == "open"

    def test_numbers_are_compared_in_full_and_shown_masked(self, task, first, resident, officer):
        first.answers["values"] = {"phone": pii.mask_phone("19900001111")}
        first.secrets = json.dumps({"phone": "19900001111"})
        first.save()
        assign(task=task, assignee=resident, by=officer)
        other = second_survey(task, resident, phone=pii.mask_phone("19900991111"), secrets={"phone": "19900991111"})
        difference = verification.complete(survey=other).differences.get()
        assert (difference.first, difference.second) == ("199****1111", "199****1111")

    def test_the_same_new_member_has_two_ids(self, task, first, home, resident, officer):
        joined = {"new": True, "joined": {"reason": "birth", "on": "2026-02-11"}}
        ids = [f"6f1c2f70-0000-4000-8000-00000000000{n}" for n in (1, 2, 3)]
        first.answers["members"] = [
            {"uid": ids[0], **joined, "values": {"name": "王小宝", "relation": "07", "education": "06"}}
        ]
        first.save()
        approve_survey(survey=first, by=officer)
        assign(task=task, assignee=resident, by=officer)
        done = verification.complete(
            survey=second_survey(
                task,
                resident,
                members=[
                    {"uid": ids[1], **joined, "values": {"name": "王 小宝", "relation": "08", "education": "06"}},
                    {"uid": ids[2], **joined, "values": {"name": "王小贝", "relation": "08"}},
                ],
            )
        )
        paths = {d.path: d for d in done.differences.all()}
        assert set(paths) == {f"{ids[0]}/relation", f"{ids[0]}/name", f"{ids[2]}/+"}
        resolve(difference=paths[f"{ids[0]}/relation"], verdict="second", reason="看过户口本", by=officer)
        resolve(difference=paths[f"{ids[2]}/+"], verdict="second", reason="看过户口本", by=officer)
        assert dict(home.members.values_list("name", "relation")) == {
            "王建国": "01",
            "王明": "03",
            "王小宝": "08",
            "王小贝": "08",
        }

    def test_who_left(self, task, first, home, resident, officer):
        son = str(home.members.get(name="王明").uid)
        first.answers["members"] = [{"uid": son, "values": {"education": "03"}}]
        first.save()
        assign(task=task, assignee=resident, by=officer)
        gone = [{"uid": son, "values": {}, "left": {"reason": "move_out", "on": "2026-02-01"}}]
        difference = verification.complete(survey=second_survey(task, resident, members=gone)).differences.get()
        assert difference.path == f"{son}/-"
        resolve(difference=difference, verdict="second", reason="问过村小组长", by=officer)
        assert home.members.get(name="王明").left_reason == "move_out"


@pytest.mark.django_db
class TestVerdicts:
    def test_the_second_is_right_and_the_ledger_is_corrected(self, found, first, home, official):
        approve_survey(survey=first, by=official)
        difference = found(dwelling_area="85").differences.get()
        resolve(difference=difference, verdict="second", reason="现场量过", by=official)
        assert home.years.get(year=YEAR).dwelling_area == 85
        assert home.years.get(year=YEAR).water_source == "tap"
        difference.refresh_from_db()
        assert (difference.verdict, difference.resolved_by) == ("second", "official")
        actions = list(AuditEvent.objects.order_by("-id").values_list("action", flat=True)[:2])
        assert actions == ["verification.resolved", "household.verified"]
        connection.check_constraints()
        verdict = audit.verify(AUDITED)
        assert verdict.ok, verdict.broken

    @pytest.mark.parametrize("verdict", ["first", "neither"])
    def test_else_the_ledger_stays(self, found, first, home, official, verdict):
        approve_survey(survey=first, by=official)
        resolve(difference=found(dwelling_area="85").differences.get(), verdict=verdict, reason="现场量过", by=official)
        assert home.years.get(year=YEAR).dwelling_area == 92

    def test_who_and_how(self, found, clerk, resident, officer, auditor, post, land):
        difference = found(dwelling_area="85").differences.get()
        for user in (clerk, resident, auditor):
            with pytest.raises(PermissionDenied):
                resolve(difference=difference, verdict="second", reason="现场量过", by=user)
        for wrong in ({"reason": "量"}, {"verdict": "maybe"}, {"verdict": ""}):
            with pytest.raises(ValidationError):
                resolve(**{"difference": difference, "verdict": "first", "reason": "现场量过", "by": officer} | wrong)
        resolve(difference=difference, verdict="first", reason="现场量过", by=officer)
        with pytest.raises(ledger.LedgerError, match="已经有结论"):
            resolve(difference=difference, verdict="second", reason="现场量过", by=officer)

    def test_neither_surveyor_decides(self, task, home, officer, post, township):
        second = post(Role.TOWNSHIP_OFFICER, township)
        assign(task=task, assignee=second, by=officer)
        difference = verification.complete(survey=second_survey(task, second, dwelling_area="85")).differences.get()
        with pytest.raises(ledger.LedgerError, match="另一位审核人"):
            resolve(difference=difference, verdict="second", reason="现场量过", by=second)

    def test_a_ledger_that_moved_meanwhile_is_looked_at_again(self, found, home, officer):
        difference = found(dwelling_area="85").differences.get()
        seen = home.version
        ledger.correct_year(household=home, year=YEAR, by=officer, facts={"dwelling_area": Decimal(86)})
        with pytest.raises(ledger.LedgerError, match="又有改动"):
            resolve(difference=difference, verdict="second", reason="现场量过", by=officer, version=seen)
        assert home.years.get(year=YEAR).dwelling_area == 86


# -- agreement ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_agreement_adds_up_and_small_numbers_are_marked(form, clerk, resident):
    for n in range(12):
        household = HouseholdFactory()
        VerificationTaskFactory(
            household=household,
            assignee=resident,
            state="done",
            done_at="2026-03-02T10:00Z",
            first=SurveyFactory(household=household, form=form, surveyor=clerk),
            survey=SurveyFactory(household=household, form=form, surveyor=resident, purpose="verification"),
            compared={"dwelling_area": [1, n % 2], "wage": [1, 0]} | ({"members": [1, 1]} if n == 0 else {}),
        )
    tasks = list(VerificationTask.objects.select_related("first__form", "first__surveyor", "survey__surveyor"))
    fields = {share.label: (share.n, share.different, share.percent, share.few) for share in agreement.by_field(tasks)}
    assert fields == {
        "家庭成员增减": (1, 1, "0%", True),
        "住房面积": (12, 6, "50%", False),
        "其他工资性收入": (12, 0, "100%", False),
    }
    (pair,) = agreement.by_people(tasks)
    assert (pair.label, pair.tasks, pair.n, pair.different) == ("村信息员 与 驻村队员", 12, 25, 7)
    assert Difference.objects.count() == 0
