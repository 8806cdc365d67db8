"""What the catalogue says of whom: yes, no, or unknown with the fact that is missing."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from catalogue import standard
from catalogue.codelists import COLUMN, Whose
from catalogue.eligibility import Ground, decide, facts_of, grounds, lacking, missing, problem
from catalogue.models import MeasureKind, ReliefCategory
from households import codelists
from households.models import MemberYear
from households.models.annual import CHECKS
from surveys.rules import Person, Scope
from tests.factories import HouseholdFactory, HouseholdYearFactory, MemberFactory

YEAR, TODAY = 2026, dt.date(2026, 11, 25)


@pytest.fixture
def verdicts(household):
    """`verdicts(kind, year facts, {name: (birth year, facts of the member's year)})` -> {name or "": (may, missing)}."""

    def ask(code, hyear=None, people=None):
        HouseholdYearFactory(household=household, year=YEAR, **(hyear or {}))
        for name, (born, facts) in (people or {}).items():
            member = MemberFactory(household=household, name=name, birth_date=dt.date(born, 1, 1))
            MemberYear.objects.create(member=member, year=YEAR, **facts)
        facts = facts_of([household], YEAR, today=TODAY)[household.pk]
        found = facts.verdicts(MeasureKind.objects.get(code=code))
        return {each.member.name if each.member else "": (each.may, each.missing) for each in found}

    return ask


@pytest.fixture
def household(land):
    return HouseholdFactory(village=land.village, status="out_of_poverty")


pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "hyear", "people", "expected"),
    [
        ("rebuild-house", {"dwelling_unsafe": True}, {}, {"": True}),
        ("rebuild-house", {"dwelling_unsafe": False, "dwelling_grade": "A", "check_housing": "yes"}, {}, {"": False}),
        ("rebuild-house", {"dwelling_unsafe": False, "dwelling_grade": "", "check_housing": "yes"}, {}, {"": None}),
        ("rebuild-house", {"dwelling_unsafe": None, "dwelling_grade": "D"}, {}, {"": True}),
        ("dibao", {}, {"王甲": (1960, {"low_income": True}), "王乙": (1962, {"low_income": False})}, {"王甲": True, "王乙": False}),
        ("old-age-allowance", {}, {"王甲": (1946, {}), "王乙": (1947, {})}, {"王甲": True, "王乙": False}),
        ("vocational-grant", {}, {"王甲": (2009, {"school": "10"}), "王乙": (2009, {"school": "07"})}, {"王甲": True, "王乙": False}),
        ("back-to-school", {}, {"王甲": (2014, {"school": "01"}), "王乙": (2014, {"school": "03"})}, {"王甲": True, "王乙": False}),
        ("skill-training", {}, {"王甲": (1990, {"labour": "01", "school": "01"}), "王乙": (1990, {"labour": "04"})}, {"王甲": True, "王乙": False}),
        ("disability-care", {}, {"王甲": (1990, {"health": ["04"], "disability_level": "2"}), "王乙": (1990, {"health": ["04"], "disability_level": "4"})}, {"王甲": True, "王乙": False}),
        ("temporary-aid", {}, {}, {"": True}),
    ],
)  # fmt: skip
def test_who_may_have_it(code, hyear, people, expected, verdicts):
    assert {name: may for name, (may, _missing) in verdicts(code, hyear, people).items()} == expected


def test_what_is_not_known_is_named(verdicts):
    assert verdicts("tap-water", {"water_safe": None, "water_scarce": False, "check_water": "yes"}) == {
        "": (None, ("饮水安全",))
    }


def test_who_has_left_gets_nothing(household, verdicts):
    MemberFactory(household=household, name="王丙", birth_date=dt.date(1940, 1, 1), left=True)
    assert verdicts("old-age-allowance") == {}


def test_the_queries_do_not_follow_the_households(land):
    def ask(count):
        rows = [HouseholdFactory(village=land.village, with_householder=True, with_year=True) for _n in range(count)]
        with CaptureQueriesContext(connection) as captured:
            facts_of(rows, YEAR, today=TODAY)
        return len(captured)

    assert ask(1) == ask(8)


def test_the_shipped_catalogue_is_sound():
    kinds = list(MeasureKind.objects.all())
    assert {kind.column for kind in kinds} == {code.code for code in COLUMN.codes}
    assert ReliefCategory.objects.count() == 10
    for kind in kinds:
        assert kind.eligible is None or problem(kind.eligible, kind.whose) == "", kind.code
        assert set(kind.checks) <= set(CHECKS), kind.code
        assert all(cause in codelists.CAUSE for cause in kind.causes), kind.code
    assert {code.code for code in codelists.CAUSE.codes} - {"99"} == {cause for kind in kinds for cause in kind.causes}
    assert {name for kind in kinds for name in kind.checks} == set(CHECKS)


def test_a_rule_that_names_nothing_is_refused():
    assert "nowhere" in problem({"==": [{"var": "nowhere"}, 1]}, Whose.MEMBER)
    assert problem({"==": [{"var": "low_income"}, True]}, Whose.HOUSEHOLD)
    for never in (
        "per_head",
        "last.farmland",
        "base.farmland",
    ):  # a year of the ledger has no such thing: it would be unknown for ever
        assert never in problem({"<": [{"var": never}, 1]}, Whose.HOUSEHOLD)
    assert problem({"<": [{"var": "per_head_income"}, 9000]}, Whose.HOUSEHOLD) == ""


def test_shipping_it_again_changes_nothing():
    kind = MeasureKind.objects.get(code="dibao")
    kind.title = "城乡低保"
    kind.save()
    assert standard.put_in(ReliefCategory, MeasureKind) == 0
    kind.refresh_from_db()
    assert kind.title == "城乡低保"


RULES = st.recursive(
    st.sampled_from([{"==": [{"var": name}, True]} for name in "abc"]),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=3).map(lambda found: {"and": found})
        | st.lists(inner, min_size=1, max_size=3).map(lambda found: {"or": found})
        | inner.map(lambda found: {"!": [found]})
    ),
    max_leaves=8,
)
FACT = st.sampled_from([True, False, None])


@given(rule=RULES, facts=st.fixed_dictionaries(dict.fromkeys("abc", FACT)))
def test_unknown_means_that_a_missing_fact_may_turn_it(rule, facts):
    """What is decided stays so whatever the missing facts turn out to be."""

    def scope(values):
        return Scope(values=values, members=[Person("m")])

    told = decide(rule, scope(facts))
    if told is not None:
        for rest in (True, False):
            assert (
                decide(rule, scope({name: rest if value is None else value for name, value in facts.items()})) is told
            )
    else:
        assert None in facts.values()


def test_the_pages_say_it(land, client_as, clerk):
    home = HouseholdFactory(village=land.village, householder_name="王建国", with_householder=True)
    HouseholdYearFactory(household=home, year=dt.date.today().year, has_toilet=False)
    client = client_as(clerk)
    assert "危房改造" in client.get("/catalogue/", {"check": "housing"}).content.decode()
    assert "雨露计划" not in client.get("/catalogue/", {"check": "housing"}).content.decode()
    page = client.get("/catalogue/toilet/", {"region": land.village.pk}).content.decode()
    assert "王建国" in page
    assert "青石村符合条件的（1）" in page


def test_another_area_s_people_are_not_listed(land, client_as, clerk):
    home = HouseholdFactory(village=land.far_village, householder_name="远方人", with_householder=True)
    HouseholdYearFactory(household=home, year=dt.date.today().year, has_toilet=False)
    page = client_as(clerk).get("/catalogue/toilet/", {"region": land.far_village.pk})
    assert page.status_code == 200
    assert "远方人" not in page.content.decode()


def test_a_count_of_whom_nothing_is_known_is_not_none():
    """Somebody's 劳动技能 that nobody wrote down may be the one that is counted."""
    rule = {">=": [{"count": {"in": [{"var": "labour"}, ["01"]]}}, 1]}

    def asked(*labour):
        return Scope(members=[Person(str(n), {"labour": each}) for n, each in enumerate(labour)])

    assert decide(rule, asked("03", "01")) is True
    assert decide(rule, asked("03", None)) is None
    assert missing(rule, asked("03", None)) == ["劳动技能"]
    assert decide(rule, asked("03", "04")) is False


def test_what_decides_is_named_and_nothing_else():
    rule = {
        "and": [
            {"or": [{"in": ["02", {"var": "health"}]}, {">=": [{"var": "age"}, 65]}]},
            {"==": [{"var": "status"}, "marginal"]},
        ]
    }
    scope = Scope(
        values={"status": "marginal"}, members=[Person("m", {"health": ["02"]}, born="1990-01-01")], today="2026-11-25"
    ).at("m")
    assert grounds(rule, scope) == [Ground("health", "m"), Ground("status")]
    blank = Scope(members=[Person("m", {}, born="1990-01-01")], today="2026-11-25").at("m")
    assert lacking(rule, blank) == [Ground("health", "m"), Ground("status")]
