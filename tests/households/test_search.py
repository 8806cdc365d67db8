"""One box: what is typed in any of its ways finds the household, and nothing else."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from common import identity
from common.lookups import among
from households import search
from households.models import Household, Member
from households.search import Search, seal, unseal
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    MemberFactory,
    PairingFactory,
    invented_id_number,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def find(land):
    """`find(text)`: names of householders found, in the order of the list."""

    def run(text):
        return list(
            Search(text).restrict(Household.objects.all()).order_by("-pk").values_list("householder_name", flat=True)
        )

    return run


@pytest.fixture
def helper_and_clerk(clerk, land):
    """The village clerk, who is a helper too."""
    CadreFactory(user=clerk, unit__region=land.township)
    return clerk


@pytest.fixture(autouse=True)
def people(land):
    names = (
        "王建国", "王小建", "覃双喜", "吕布", "欧阳娜娜", "单田芳", "阿卜杜热合曼·买买提", "仰", "𬱖䶮", "李·John", "买买提艾力·阿卜杜热依木江·吐尔逊尼亚孜",
    )  # fmt: skip
    return {
        name: HouseholdFactory(
            village=land.village, householder_name=name, with_householder=True, number=f"99000{n:05d}"
        )
        for n, name in enumerate(names)
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("王建国", ["王建国"]),
        ("王建", ["王建国"]),
        ("建国", ["王建国"]),
        ("王", ["王小建", "王建国"]),
        (" 王 建国 ", ["王建国"]),
        ("仰", ["仰"]),
        ("䶮", ["𬱖䶮"]),
        ("𬱖䶮", ["𬱖䶮"]),
        ("买买提", ["买买提艾力·阿卜杜热依木江·吐尔逊尼亚孜", "阿卜杜热合曼·买买提"]),
        ("曼·买", ["阿卜杜热合曼·买买提"]),
        ("曼买", ["阿卜杜热合曼·买买提"]),
        ("国建", []),
    ],
)
def test_names(text, found, find):
    assert find(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wangjianguo", ["王建国"]),
        ("wangj", ["王建国"]),
        ("Wang Jian", ["王建国"]),
        ("wjg", ["王建国"]),
        ("WJ", ["王建国"]),
        ("qinshuangxi", ["覃双喜"]),
        ("tanshuangxi", ["覃双喜"]),
        ("qsx", ["覃双喜"]),
        ("tsx", ["覃双喜"]),
        ("shantianfang", ["单田芳"]),
        ("dantianfang", []),
        ("lvbu", ["吕布"]),
        ("lubu", ["吕布"]),
        ("lyubu", ["吕布"]),
        ("lübu", ["吕布"]),
        ("oynn", ["欧阳娜娜"]),
        ("John", ["李·John"]),
        ("jianguo", []),
    ],
)
def test_pinyin(text, found, find):
    assert find(text) == found


def test_whole_numbers_and_last_four(find, people):
    number = invented_id_number(dt.date(1980, 2, 3))
    house = people["吕布"]
    MemberFactory(household=house, id_text=number, phone_text="19901234321")
    for text in (
        number,
        number.lower(),
        f"{number[:6]} {number[6:14]} {number[14:]}",
        number[-4:],
        "19901234321",
        "+8619901234321",
        "4321",
    ):
        assert "吕布" in find(text), text
    assert find(number) == ["吕布"]
    assert find(number[:-1]) == []
    assert find(number[:17] + ("0" if number[17] != "0" else "1")) == []


def test_fifteen_digits_find_the_eighteen(find, people):
    old = "999010800203001"
    MemberFactory(household=people["仰"], id_text=identity.upgrade(old))
    assert find(old) == ["仰"]


def test_the_household_s_own_phone_and_number(find, people):
    house = people["单田芳"]
    house.phone_hash = search.pii.lookup_hash("phone", "19900009777")
    house.phone_masked = "199****9777"
    house.save()
    assert find("19900009777") == ["单田芳"]
    assert find("9777") == ["单田芳"]
    assert find(house.number) == ["单田芳"]
    assert len(find("99000")) == len(people)
    made = HouseholdFactory(number="N999012001001000001", householder_name="新户", village=house.village)
    assert find("n999012001") == [made.householder_name]


def test_a_member_s_number(find, people):
    MemberFactory(household=people["王小建"], number="8800001234")
    assert find("8800001234") == ["王小建"]


@pytest.mark.parametrize("text", ["w", "1", "12", "'", "·", "%", "__", "\\", "王%", "x'; drop table", "＊", "( )"])
def test_what_means_nothing_finds_nothing(text, find):
    assert find(text) == []


def test_full_width_digits_are_digits(find, people):
    assert find("９９０００００００１") == ["王小建"]


def test_the_scope_comes_first(land, client_as, clerk):
    HouseholdFactory(village=land.far_village, householder_name="远方人", with_householder=True)
    assert client_as(clerk).get("/households/", {"q": "远方人"}).context["rows"] == []


@pytest.mark.parametrize("text", ["王建", "wangj", "wj"])
@pytest.mark.parametrize("many", [0, 1000])
def test_the_area_is_one_s_villages_and_paired_households(text, many, land, helper_and_clerk, monkeypatch):
    """Whoever works in one village and helps a household of another finds these, and no namesake between them."""
    monkeypatch.setattr(search, "MANY", many)
    near = HouseholdFactory(village=land.far_village, householder_name="王建军", with_householder=True)
    PairingFactory(household=near, cadre=helper_and_clerk.cadre)
    HouseholdFactory(village=land.far_village, householder_name="王建民", with_householder=True)
    HouseholdFactory(village=land.near_village, householder_name="王建民", with_householder=True)
    mine = Household.objects.for_user(helper_and_clerk)
    found = set(Search(text).restrict(mine).values_list("householder_name", flat=True))
    assert found == {"王建国", "王建军"}


def test_the_database_holds_a_member_to_the_village_of_its_household(land, household):
    member = household.members.get()
    assert member.village == land.village
    rows = Member.objects.filter(pk=member.pk)
    for wrong in ({"village": land.near_village}, {"household": household.pk + 10_000}):
        with transaction.atomic():
            rows.update(**wrong)
            with pytest.raises(IntegrityError, match="member_lives_in_village_of_household"):
                connection.check_constraints()
            transaction.set_rollback(True)


@pytest.mark.parametrize("text", ["王", "wang", "wj", "99000", "王建国"])
def test_many_and_few_find_the_same(text, find, monkeypatch):
    """Above `MANY` the database joins them, above `DENSE` the list is walked."""
    few = find(text)
    assert few
    monkeypatch.setattr(search, "MANY", 0)
    assert find(text) == few
    monkeypatch.setattr(search, "DENSE", 0)
    assert find(text) == few


@pytest.mark.parametrize("text", ["王建", "wjg", "0021", "99000", "19901234321"])
def test_at_most_two_queries(text, find):
    with CaptureQueriesContext(connection) as captured:
        find(text)
    assert len(captured) <= 2


INDEXES = [
    ("王建", "member_name_grams"),
    ("wangj", "member_pinyin"),
    ("wangj", "member_pinyin_second"),
    ("wangj", "member_initials"),
    ("wangj", "member_initials_second"),
    ("0021", "member_id_tail"),
    ("0021", "member_phone_tail"),
    ("0021", "household_phone_tail"),
    ("19901234321", "member_phone"),
    ("19901234321", "household_phone"),
    ("99000", "households_household_number"),
]


@pytest.mark.parametrize(("text", "index"), INDEXES)
def test_each_way_has_an_index_of_its_own(text, index):
    """With sequential scans made dear, the plan of each part must be able to use its index."""
    asked = Search(text)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plans = [
        rows.filter(condition).order_by().values_list("pk").explain()
        for rows, conditions in (
            (search.Member.objects.filter(village=300), asked.begins()),
            (search.Member.objects.all(), asked.members),
            (Household.objects.all(), asked.households),
        )
        for condition in conditions
    ]
    assert any(f" {index}" in plan for plan in plans), plans


BODY = "99901219700808901"
DISABLED = BODY + identity.check_digit(BODY)


@pytest.mark.parametrize("suffix", ["", "43", "43B1"])
def test_the_last_digits_are_those_of_the_id_number(suffix, land, find):
    """A disability certificate is the ID number and what the certificate adds; people know the end of their ID number."""
    house = HouseholdFactory(village=land.village, householder_name="赵残联")
    MemberFactory(household=house, relation="01", name="赵残联", id_text=DISABLED + suffix)
    assert find(DISABLED[-4:]) == ["赵残联"]
    if suffix:
        assert find((DISABLED + suffix)[-4:]) == []


def test_a_certificate_is_masked_as_its_id_number_is(land):
    house = HouseholdFactory(village=land.village, householder_name="赵残联")
    member = MemberFactory(household=house, relation="01", name="赵残联", id_text=DISABLED + "43")
    assert member.id_masked == DISABLED[:4] + "*" * 10 + DISABLED[14:] + "**"


def test_a_sealed_text_comes_back_and_shows_nothing():
    token = seal(" 王建国 ")
    assert unseal(token) == "王建国"
    assert "王" not in token
    assert seal("王建国") != token
    assert seal("  ") == ""


def test_keys_among_are_keys_in(people):
    pks = [house.pk for house in people.values()][::2]
    rows = Household.objects.order_by("pk")
    assert list(rows.filter(among("pk", pks))) == list(rows.filter(pk__in=pks))
    assert list(rows.filter(~among("pk", pks))) == list(rows.exclude(pk__in=pks))
    assert list(rows.filter(among("village_id", [rows[0].village_id, 0]))) == list(rows)
    assert list(rows.filter(among("pk", []))) == []
    assert list(rows.filter(among("pk", []) | among("pk", pks[:1]))) == [rows.get(pk=pks[0])]
