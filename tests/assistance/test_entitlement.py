"""应享与实享: what is due, what arrived, what nobody can say; figures that equal their lists."""

import datetime as dt
from collections import Counter

import pytest
from django.urls import reverse
from django.utils import timezone

from assistance import entitlement, scans
from assistance.models import Delivery as Given
from assistance.models import EntitlementScan, Measure
from catalogue.models import MeasureKind
from common import jobs
from households.models import MemberYear
from tests.factories import HouseholdFactory, HouseholdYearFactory, MemberFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year


def give(household, code, member=None, *, period=None, on=None, reversed_=False):
    """A delivery without money, as it stands; or taken back again."""
    kind = MeasureKind.objects.get(code=code)
    now = timezone.now()
    facts = {"household": household, "member": member, "kind": kind}
    measure, _new = Measure.objects.get_or_create(
        **facts, year=YEAR,
        defaults={"state": "approved", "proposed_by": "a", "proposed_at": now, "decided_by": "b", "decided_at": now},
    )  # fmt: skip
    period = str(YEAR) if period is None else period
    own = {**facts, "measure": measure, "period": period, "on": on or TODAY, "by": "clerk", "at": now}
    given = Given.objects.create(**own)
    if reversed_:
        given.reversed_by = Given.objects.create(**own, is_reversal=True)
        given.save()
    return given


@pytest.fixture
def family(land):
    """老张, 84, alone with his grandson of 12 who is not at school; nothing is known of the dwelling."""
    born = {"old": dt.date(YEAR - 84, 1, 1), "boy": dt.date(YEAR - 12, 1, 1)}
    household = HouseholdFactory(village=land.village, status="out_of_poverty", householder_name="老张")
    HouseholdYearFactory(household=household, year=YEAR)
    old = MemberFactory(household=household, name="老张", relation="01", birth_date=born["old"])
    boy = MemberFactory(household=household, name="小张", relation="07", birth_date=born["boy"])
    MemberYear.objects.create(member=old, year=YEAR, labour="04", medical_resident=True, low_income=True)
    MemberYear.objects.create(
        member=boy, year=YEAR, labour="04", medical_resident=False, school="01", dropout_reason="厌学"
    )
    return household, old, boy


def dues(household, **more):
    found = entitlement.dues_of([household], YEAR, today=TODAY, **more)
    return {(due.kind.code, due.member.name if due.member else ""): due for due in found}


def test_due_received_unknown_and_doubtful(family):
    household, old, boy = family
    give(household, "dibao", old, period=f"{YEAR}-01")
    give(household, "dibao", old, period=f"{YEAR}-02")
    give(household, "high-school-grant", boy)  # he is at no school
    found = dues(household)
    assert (found["dibao", "老张"].state, found["dibao", "老张"].received.times) == ("received", 2)
    assert found["old-age-allowance", "老张"].state == "missing"
    assert found["back-to-school", "小张"].state == "missing"
    assert found["high-school-grant", "小张"].state == "doubt"
    assert ("old-age-allowance", "小张") not in found
    house = found["rebuild-house", ""]
    assert house.state == "unknown"
    assert house.lacking


def test_what_was_taken_back_or_is_of_another_year_was_not_received(family):
    household, old, _boy = family
    give(household, "old-age-allowance", old, period=f"{YEAR}-03", reversed_=True)
    give(household, "old-age-allowance", old, period=f"{YEAR - 1}-12")
    assert dues(household)["old-age-allowance", "老张"].state == "missing"


def test_what_one_gets_once_counts_in_every_year(family):
    household, old, _boy = family
    once = MeasureKind.objects.filter(period="once", whose="member", entitles=True).order_by("code")[0]
    give(household, once.code, old, period="", on=dt.date(YEAR - 3, 5, 1))
    assert dues(household, kinds=[once])[once.code, "老张"].received.times == 1


@pytest.mark.parametrize(
    ("code", "sure", "unsure"),
    [("school", ["小张"], []), ("medical", ["小张"], []), ("housing", [], ["整户"]), ("labour", ["整户"], [])],
)
def test_who_lacks_the_most(code, sure, unsure, family):
    found = entitlement.lacking([family[0]], YEAR, TODAY)[code]
    assert [each.who for each in found if each.sure] == sure
    assert [each.who for each in found if not each.sure] == unsure


def test_one_who_can_work_supports_the_household_and_an_unknown_one_is_asked_about(family):
    household, _old, boy = family
    boy.years.update(labour="")
    (found,) = entitlement.lacking([household], YEAR, TODAY)["labour"]
    assert not found.sure
    boy.years.update(labour="05")
    assert entitlement.lacking([household], YEAR, TODAY)["labour"] == []


def test_the_child_of_six_from_september_on(land):
    household = HouseholdFactory(village=land.village)
    for name, born in (
        ("六岁", dt.date(YEAR - 6, 9, 1)),
        ("差一天", dt.date(YEAR - 6, 9, 2)),
        ("十六岁", dt.date(YEAR - 16, 9, 1)),
    ):
        member = MemberFactory(household=household, name=name, birth_date=born)
        MemberYear.objects.create(member=member, year=YEAR, school="01")
    found = entitlement.lacking([household], YEAR, dt.date(YEAR, 12, 1))["school"]
    assert [each.member.name for each in found] == ["六岁"]


# -- pages ------------------------------------------------------------------------------------------------------------------------


def test_each_figure_of_a_village_is_the_length_of_its_list(family, official, client_as):
    household, old, _boy = family
    give(household, "dibao", old, period=f"{YEAR}-01")
    client = client_as(official)
    page = client.get(reverse("assistance:entitlement"), {"region": household.village_id})
    assert page.context["looked"] == 1
    asked = 0
    for row in page.context["rows"]:
        assert row["entitled"] == sum(cell["value"] for cell in row["cells"][:2])
        for cell in row["cells"]:
            listed = client.get(cell["url"])
            assert len(listed.context["dues"]) == cell["value"], cell
            asked += cell["value"]
    assert asked > 3
    for tile in page.context["kpis"]:
        assert len(client.get(tile["url"]).context["sure"]) == tile["value"]


def test_above_the_village_stand_the_sums_of_the_last_look(family, official, client_as, land):
    client = client_as(official)
    empty = client.get(reverse("assistance:entitlement"))
    assert "还没有统计过" in empty.content.decode()
    client.post(reverse("assistance:entitlement_look"))
    job = jobs.jobs_of(official).get()
    assert jobs.run(job.pk).state == "done"
    page = client.get(reverse("assistance:entitlement"))
    (line,) = [row for row in page.context["rows"] if row["region"] == land.township]
    village = client.get(reverse("assistance:entitlement"), {"region": land.village.pk})
    counts = Counter()
    for row in village.context["rows"]:
        counts.update({cell["label"]: cell["value"] for cell in row["cells"]})
    assert {label: value for label, value in line["cells"] if label in counts} == dict(counts)
    assert line["households"] == 1


def test_a_look_at_night_renews_every_village_in_place(family, land):
    assert scans.look_through_all() == scans.look_through_all()
    assert EntitlementScan.objects.filter(village=land.village).count() == 1


def test_a_clerk_looks_at_his_village_only(family, clerk, client_as, land):
    client = client_as(clerk)
    assert client.get(reverse("assistance:lacking_list", args=[land.village.pk, "school"])).status_code == 200
    assert client.get(reverse("assistance:lacking_list", args=[land.far_village.pk, "school"])).status_code == 404
    assert client.get(reverse("assistance:lacking_list", args=[land.village.pk, "nothing"])).status_code == 404
    wrong = reverse("assistance:entitlement_people", args=[land.village.pk, "dibao", "nothing"])
    assert client.get(wrong).status_code == 404


def test_who_cannot_work_is_shown_with_what_supports_him(family, official, client_as):
    household, old, _boy = family
    address = reverse("assistance:lacking_list", args=[household.village_id, "labour"])
    assert "没有落实记录" in client_as(official).get(address).content.decode()
    give(household, "dibao", old, period=f"{YEAR}-01")
    page = client_as(official).get(address).content.decode()
    assert "农村低保" in page
    assert "没有落实记录" not in page


def test_the_card_of_the_ledger(family, official, client_as):
    household, old, _boy = family
    give(household, "dibao", old, period=f"{YEAR}-01")
    page = client_as(official).get(household.get_absolute_url()).content.decode()
    assert "计划与措施" in page
    assert "1 项，已落实 0 项" in page


def test_the_page_of_one_household(family, official, client_as):
    household, old, _boy = family
    give(household, "dibao", old, period=f"{YEAR}-01")
    page = client_as(official).get(reverse("assistance:household_entitlement", args=[household.pk]))
    said = page.content.decode()
    assert "应享未享" in said
    assert page.context["history"].first == YEAR
