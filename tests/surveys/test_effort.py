"""填写负担: means a household and year from what phones counted, and nothing else."""

from decimal import Decimal

import pytest

from accounts.roles import Role
from surveys import effort
from tests.factories import HouseholdFactory, UserFactory
from tests.factories.surveys import SurveyFactory, SurveyFormFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def survey(land, household):
    form = SurveyFormFactory()

    def make(keystrokes=100, typed=10, same=30, retyped=1, seconds=600, **more):
        counted = {"keystrokes": keystrokes, "typed": typed, "same": same, "retyped": retyped, "seconds": seconds}
        first = {"household": household, "form": form, "year": 2026, "effort": counted}
        return SurveyFactory(**(first | more))

    return make


def test_a_household_of_two_surveys_counts_once(survey, household, land, clerk):
    survey(keystrokes=120)
    survey(keystrokes=30, typed=2, same=0, retyped=0, seconds=90)
    survey(household=HouseholdFactory(village=land.village), keystrokes=51)
    (one,) = effort.by_year(effort.surveys_of(clerk))
    assert (one.households, one.surveys, one.keystrokes) == (2, 3, 201)
    assert one.keys == Decimal("100.5")
    assert (one.by_hand, one.taps, one.again) == (Decimal("11.0"), Decimal("30.0"), Decimal("1.0"))
    assert one.minutes == Decimal("10.8")
    assert one.same_share == 100 * 60 // 82
    assert one.is_few


def test_only_surveys_that_were_sent_and_counted(survey, clerk):
    survey(draft=True)
    survey(state="withdrawn")
    survey(purpose="verification")
    survey(effort={})
    assert effort.by_year(effort.surveys_of(clerk)) == []


def test_only_the_own_area(survey, land, clerk, officer, official):
    for village in (land.village, land.near_village, land.far_village, land.other_village):
        survey(household=HouseholdFactory(village=village))
    assert [one.label for one in effort.by_place(effort.surveys_of(clerk), land.village)] == ["青石村"]
    assert [one.label for one in effort.by_place(effort.surveys_of(officer), land.township)] == ["青石村", "白石村"]
    assert [one.label for one in effort.by_place(effort.surveys_of(official), land.county)] == ["石门乡", "柳河镇"]


def test_who_reviews_sees_surveyors_others_themselves(survey, land, clerk, officer, client_as):
    survey(surveyor=UserFactory(name="赵调查"))
    survey(surveyor=clerk)
    by_person = "/surveys/effort/?by=person"
    assert {row.label for row in client_as(officer).get(by_person).context["rows"]} == {"赵调查", clerk.name}
    assert [row.label for row in client_as(clerk).get(by_person).context["rows"]] == [clerk.name]


@pytest.mark.parametrize("by", ["place", "person", "month", "channel"])
def test_lines_add_up_to_the_whole(by, survey, land, official, client_as):
    """Where each household has one survey."""
    for n, village in enumerate((land.village, land.near_village, land.far_village)):
        for k in range(4):
            survey(
                household=HouseholdFactory(village=village),
                keystrokes=10 * n + k,
                channel=["phone", "page", "paper"][k % 3],
                surveyed_on=f"2026-0{n + 1}-15",
            )
    context = client_as(official).get(f"/surveys/effort/?by={by}").context
    for name in ("households", "surveys", "keystrokes", "typed", "same", "retyped", "seconds"):
        assert sum(getattr(row, name) for row in context["rows"]) == getattr(context["whole"], name), name
    assert context["whole"].households == 12
    assert not context["whole"].is_few


def test_years_side_by_side_and_a_warning_for_few(survey, land, clerk, client_as):
    survey(keystrokes=200)
    survey(keystrokes=80, year=2025)
    page = client_as(clerk).get("/surveys/effort/")
    assert [(one.label, one.keys) for one in page.context["through"]] == [("2025", Decimal(80)), ("2026", Decimal(200))]
    assert page.context["lines"]
    assert "只有 1 户，仅供参考" in page.content.decode()
    assert client_as(clerk).get("/surveys/effort/?year=2025").context["whole"].keystrokes == 80
    assert client_as(clerk).get(f"/surveys/effort/?region={land.near_village.pk}").context["year"] == 2026


def test_nothing_yet_says_so(household, clerk, client_as):
    assert "还没有可以统计的调查" in client_as(clerk).get("/surveys/effort/").content.decode()


def test_queries_do_not_grow(survey, land, official, post, client_as, count_queries):
    survey()
    client = client_as(official)

    def count():
        return [
            count_queries(lambda by=by: client.get(f"/surveys/effort/?by={by}")) for by in ("place", "person", "month")
        ]

    count()
    few = count()
    for _n in range(3):
        survey(
            household=HouseholdFactory(village=land.far_village), surveyor=post(Role.VILLAGE_CLERK, land.far_village)
        )
    assert count() == few
    assert max(few) <= 10
