"""The household list: which rows, in which order, at what cost, and what an address never holds."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.roles import Role
from common import pages
from households.models import Household, Status
from households.search import seal
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    MemberFactory,
    PairingFactory,
    PostingFactory,
    StatusChangeFactory,
    invented_id_number,
)

pytestmark = pytest.mark.django_db

URL = "/households/"
FIND = "/households/find/"
HTMX = {"HTTP_HX_REQUEST": "true"}


def numbers(response):
    """Household numbers of a list answer, in order."""
    return [h.number for h in response.context["page"].rows]


def linked(response):
    """Primary keys of the households that an answer links to, in order; for fragments, which keep no context."""
    return [int(pk) for pk in re.findall(r'<th scope="row"><a href="/households/(\d+)/"', response.content.decode())]


@pytest.fixture
def village_of_three(land):
    return [
        HouseholdFactory(village=land.village, householder_name=n, with_householder=True)
        for n in ("张三丰", "李时珍", "王安石")
    ]


# -- rows -----------------------------------------------------------------------------------------------------------------------


def test_rows_of_the_own_area_newest_first(land, client_as, officer):
    first = HouseholdFactory(village=land.village)
    second = HouseholdFactory(village=land.near_village)
    HouseholdFactory(village=land.far_village)
    assert numbers(client_as(officer).get(URL)) == [second.number, first.number]


def test_a_row_says_who_where_and_what_is_wrong(land, client_as, officer):
    house = HouseholdFactory(
        village=land.village, hamlet="5组", householder_name="王建国", member_count=4, status=Status.HARDSHIP, category="08",
        main_cause="01", open_checks=2, with_householder=True,
    )  # fmt: skip
    PairingFactory(household=house, cadre__name="李帮扶")
    PairingFactory(household=house, cadre__name="张从前", ended=True, starts_on="2019-01-01", ends_on="2020-01-01")
    text = client_as(officer).get(URL).content.decode()
    for word in (
        "王建国",
        "石门乡青石村 5组",
        "突发严重困难户",
        "低保脱贫户",
        "因病",
        "未达标 2 项",
        "李帮扶",
        house.get_absolute_url(),
    ):
        assert word in text
    assert "张从前" not in text


def test_no_whole_number_on_the_page(land, client_as, official):
    number = invented_id_number()
    house = HouseholdFactory(village=land.village, with_householder=True, phone_number="19900001111")
    MemberFactory(household=house, name="王小明", id_text=number, phone_text="19900002222")
    client = client_as(official)
    for response in (client.get(URL), client.post(FIND, {"q": number}, **HTMX), client.get(URL, {"q": "王小明"})):
        text = response.content.decode()
        assert "王建国" in text
        assert not any(secret in text for secret in (number, "19900001111", "19900002222"))


def test_who_may_see_no_household_is_told_so(client_as, admin, stranger, household):
    for user in (admin, stranger):
        response = client_as(user).get(URL)
        assert response.status_code == 403
        assert "没有查看" in response.content.decode()


def test_states_of_an_empty_list(land, client_as, clerk):
    client = client_as(clerk)
    assert "还没有农户" in client.get(URL).content.decode()
    assert "没有找到农户" in client.get(URL, {"status": "returned"}).content.decode()
    assert "至少输入两个拼音字母" in client.get(URL, {"q": "w"}).content.decode()


def test_htmx_gets_the_results_alone(household, client_as, clerk):
    response = client_as(clerk).get(URL, **HTMX)
    text = response.content.decode()
    assert "王建国" in text
    assert 'id="results"' in text
    assert "<html" not in text


# -- filters --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def mixed(land):
    """One household for each filter, and one that none but `closed` finds."""
    plain = HouseholdFactory(number="plain", village=land.village, latest_year=2026)
    made = {
        "status": HouseholdFactory(number="status", village=land.village, status=Status.MARGINAL),
        "category": HouseholdFactory(number="category", village=land.village, category="02"),
        "cause": HouseholdFactory(number="cause", village=land.village, main_cause="03"),
        "check": HouseholdFactory(number="check", village=land.village, open_checks=1, latest_year=2026),
        "helper": HouseholdFactory(number="helper", village=land.village),
        "phone": HouseholdFactory(number="phone", village=land.village, phone_number="19900003333"),
        "proposal": HouseholdFactory(number="proposal", village=land.village),
        "closed": HouseholdFactory(number="closed", village=land.village, closed=True),
    }
    HouseholdYearFactory(household=made["check"], year=2025, check_water="no")
    HouseholdYearFactory(household=made["check"], year=2026, check_water="yes", check_housing="no")
    HouseholdYearFactory(household=plain, year=2026, check_housing="yes")
    PairingFactory(household=made["helper"])
    PairingFactory(household=plain, ended=True)
    StatusChangeFactory(household=made["proposal"])
    StatusChangeFactory(household=plain, confirmed=True)
    return made


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=marginal", {"status"}),
        ("status=monitored", {"status"}),
        ("category=02", {"category"}),
        ("cause=03", {"cause"}),
        ("check=any", {"check"}),
        ("check=housing", {"check"}),
        ("check=water", set()),
        ("helper=some", {"helper"}),
        ("phone=some", {"phone"}),
        ("proposal=open", {"proposal"}),
        ("closed=only", {"closed"}),
        ("status=marginal&category=02", set()),
    ],
)
def test_each_filter_finds_its_own(query, found, mixed, client_as, clerk):
    assert set(numbers(client_as(clerk).get(f"{URL}?{query}"))) == found


def test_filters_of_what_is_not_there(mixed, client_as, clerk):
    client = client_as(clerk)
    everything = set(numbers(client.get(URL)))
    assert everything == {"plain", *mixed} - {"closed"}
    assert set(numbers(client.get(URL, {"helper": "none"}))) == everything - {"helper"}
    assert set(numbers(client.get(URL, {"phone": "none"}))) == everything - {"phone"}
    assert set(numbers(client.get(URL, {"closed": "with"}))) == everything | {"closed"}


def test_a_member_s_phone_is_a_phone(land, client_as, clerk):
    house = HouseholdFactory(village=land.village, with_householder=True)
    MemberFactory(household=house, phone_text="19900004444")
    assert numbers(client_as(clerk).get(URL, {"phone": "some"})) == [house.number]


def test_regions_of_each_level(land, client_as, official):
    for place in ("village", "near_village", "far_village", "other_village"):
        HouseholdFactory(number=place, village=getattr(land, place))
    client = client_as(official)
    assert numbers(client.get(URL, {"region": land.village.pk})) == ["village"]
    assert numbers(client.get(URL, {"region": land.township.pk})) == ["near_village", "village"]
    assert numbers(client.get(URL, {"region": land.county.pk})) == ["far_village", "near_village", "village"]


def test_the_choice_of_regions_goes_one_level_at_a_time(land, client_as, official):
    def choices(**query):
        return [label for _pk, label in client_as(official).get(URL, query).context["form"].fields["region"].choices]

    assert choices() == ["全部地区", "石门乡", "柳河镇"]
    assert choices(region=land.township.pk) == ["全部地区", "示范县", "石门乡", "青石村", "白石村"]
    assert choices(region=land.village.pk) == ["全部地区", "石门乡", "青石村", "白石村"]


@pytest.mark.parametrize("value", ["far_village", "other_village", "province", "nonsense", "9" * 30])
def test_a_forged_region_is_an_error_on_the_page(value, land, household, client_as, officer):
    forged = getattr(land, value).pk if hasattr(land, value) else value
    response = client_as(officer).get(URL, {"region": forged})
    assert response.status_code == 200
    assert "不在您的管理范围内" in response.content.decode()
    assert numbers(response) == []


def test_chips_lead_to_the_list_without_them(mixed, client_as, clerk):
    response = client_as(clerk).get(URL, {"status": "marginal", "helper": "none"})
    assert response.context["chips"] == [
        ("身份：边缘易致贫户", f"{URL}?helper=none"),
        ("帮扶责任人：没有", f"{URL}?status=marginal"),
    ]


# -- paging ---------------------------------------------------------------------------------------------------------------------


def walk(client, query="", link="next_url"):
    """Numbers of every page reached by following a link from the first."""
    found, url = [], URL + query
    while url:
        response = client.get(url)
        found.append(numbers(response))
        url = response.context[link]
        assert len(found) < 20
    return found


def test_pages_forth_and_back_are_the_same(land, client_as, clerk, monkeypatch):
    monkeypatch.setattr(pages, "SIZE", 50)
    made = [h.number for h in HouseholdFactory.create_batch(120, village=land.village)][::-1]
    client = client_as(clerk)
    forth = walk(client)
    assert forth == [made[:50], made[50:100], made[100:]]
    last = client.get(URL)
    while last.context["next_url"]:
        last = client.get(last.context["next_url"])
    back = [numbers(last)]
    while last.context["previous_url"]:
        last = client.get(last.context["previous_url"])
        back.append(numbers(last))
    assert back == forth[::-1]


@pytest.mark.parametrize(("households", "said"), [(1, "1 household in all"), (2, "2 households in all")])
def test_the_count_in_english(households, said, land, client_as, clerk):
    for _n in range(households):
        HouseholdFactory(village=land.village, with_householder=True, open_checks=households)
    client = client_as(clerk)
    client.cookies["django_language"] = "en"
    page = client.get(URL).content.decode()
    assert said in page
    assert f"{households} check{'s' * (households > 1)} not met" in page


def test_a_search_has_short_pages_and_a_true_count(land, client_as, clerk):
    """It is drawn again at every few letters, so a page of it is short; the count is of all that fit."""
    made = [
        HouseholdFactory(village=land.village, householder_name="王建国", with_householder=True) for _n in range(45)
    ]
    listed = walk(client_as(clerk), "?q=王建国")
    assert [len(page) for page in listed] == [20, 20, 5]
    assert sum(listed, []) == [h.number for h in reversed(made)]
    first = client_as(clerk).post(FIND, {"q": "wjg"}, **HTMX)
    assert "共 45 户" in first.content.decode()
    assert linked(first) == [h.pk for h in reversed(made)][:20]


def test_a_new_household_moves_no_row_to_another_page(land, client_as, clerk):
    HouseholdFactory.create_batch(60, village=land.village)
    client = client_as(clerk)
    second = client.get(URL).context["next_url"]
    before = numbers(client.get(second))
    HouseholdFactory(village=land.village)
    assert numbers(client.get(second)) == before


@pytest.mark.parametrize("cursor", ["a1", "b999999999999", "x", "a", "a-5", "a1;drop", "b" + "9" * 40])
def test_a_cursor_that_leads_nowhere_gives_the_first_page(cursor, household, client_as, clerk):
    response = client_as(clerk).get(URL, {"cursor": cursor})
    assert numbers(response) == [household.number]
    assert not response.context["previous_url"]


def test_keyset_by_another_field_breaks_ties_by_key(land):
    for name in "乙甲丙甲乙甲":
        HouseholdFactory(village=land.village, householder_name=name)
    rows = Household.objects.all()
    expected = [pk for _key, pk in sorted(rows.values_list("sort_key", "pk"))]
    one = pages.keyset(rows, "", 2, "sort_key")
    two = pages.keyset(rows, one.next, 2, "sort_key")
    three = pages.keyset(rows, two.next, 2, "sort_key")
    assert one.pks + two.pks + three.pks == expected
    assert not three.next
    assert pages.keyset(rows, three.previous, 2, "sort_key").pks == two.pks


def test_the_count_stops_and_is_exact_on_demand(land, client_as, clerk, monkeypatch):
    monkeypatch.setattr(pages, "CAP", 55)
    HouseholdFactory.create_batch(60, village=land.village)
    client = client_as(clerk)
    first = client.get(URL)
    assert first.context["count_text"] == "一万户以上"
    exact = client.get(first.context["count_url"])
    assert exact.context["count_text"] == "共 60 户"
    assert client.get(first.context["next_url"]).context["count_text"] == "一万户以上"
    assert client.get(exact.context["next_url"]).context["count_text"] == "共 60 户", (
        "counted once is known on the next page"
    )
    monkeypatch.setattr(pages, "CAP", 10_000)
    assert client.get(URL).context["count_text"] == "共 60 户"
    assert "共 60 户" in client.get(client.get(URL).context["next_url"]).content.decode()


def test_the_first_page_counts_anew(land, client_as, clerk):
    """The count goes along in the links; what stands in a link that leads to the first page, or is no number, says nothing."""
    HouseholdFactory.create_batch(60, village=land.village)
    client = client_as(clerk)
    second = client.get(client.get(URL).context["next_url"])
    HouseholdFactory(village=land.far_village)
    closed = Household.objects.order_by("pk")[0]
    Household.objects.filter(pk=closed.pk).update(closed_on="2025-01-01", closed_reason="empty")
    assert client.get(second.context["previous_url"]).context["count_text"] == "共 59 户"
    assert client.get(URL, {"cursor": "a1.7"}).context["count_text"] == "共 59 户"
    pk = Household.objects.order_by("pk")[5].pk
    for mark in ("", ".", ".x", ".-1", ".9999999999"):
        assert client.get(URL, {"cursor": f"a{pk}{mark}"}).context["count_text"] == "共 59 户"


# -- cost -----------------------------------------------------------------------------------------------------------------------

QUERIES = 9  # eight of the list, and one for the badge of those who review (ADR 15)


@pytest.fixture
def helping_officer(land, officer):
    """A township officer who also helps households, one of them outside the township: the dearest scope there is."""
    cadre = CadreFactory(user=officer, unit__region=land.county)
    for place in (land.village, land.far_village):
        PairingFactory(household=HouseholdFactory(village=place), cadre=cadre)
    return officer


def test_queries_of_the_list_and_that_they_do_not_grow(land, helping_officer, client_as, count_queries):
    HouseholdFactory.create_batch(52, village=land.village, with_householder=True, with_helper=True)
    client = client_as(helping_officer)
    query = {"status": Status.OUT_OF_POVERTY, "region": land.township.pk}
    assert len(client.get(URL, query).context["rows"]) == 50
    assert count_queries(lambda: client.get(URL, query)) <= QUERIES
    few = count_queries(lambda: client.get(URL))
    HouseholdFactory.create_batch(30, village=land.village, with_householder=True, with_helper=True)
    assert count_queries(lambda: client.get(URL)) == few <= QUERIES
    deep = client.get(URL).context["next_url"]
    assert count_queries(lambda: client.get(deep)) <= QUERIES


# -- the search form ------------------------------------------------------------------------------------------------------------


def test_what_was_searched_for_never_stands_in_an_address(village_of_three, client_as, clerk):
    client = client_as(clerk)
    for text in ("李时珍", "lsz", "19900001111", invented_id_number()):
        plain = client.post(FIND, {"q": text, "status": ""})
        assert plain.status_code == 302
        htmx = client.post(FIND, {"q": text}, **HTMX)
        for address in (plain["Location"], htmx["HX-Replace-Url"]):
            assert text not in address
            assert set(parse_qs(urlsplit(address).query)) == {"q"}
    found = client.get(client.post(FIND, {"q": "李时珍"})["Location"])
    assert numbers(found) == [village_of_three[1].number]
    assert found.context["typed"] == "李时珍"


def test_a_whole_number_leads_to_the_household(village_of_three, client_as, clerk):
    number = invented_id_number()
    house = village_of_three[0]
    MemberFactory(household=house, id_text=number)
    client = client_as(clerk)
    assert client.post(FIND, {"q": number})["Location"] == house.get_absolute_url()
    listed = client.post(FIND, {"q": number}, **HTMX)
    assert linked(listed) == [house.pk]
    # Filters chosen afterwards keep the search, and the chip hides the number.
    page = client.get(listed["HX-Replace-Url"])
    assert page.context["typed"] == ""
    assert number[:4] + "*" * 10 + number[-4:] in page.context["chips"][0][0]
    again = client.post(FIND, {"q": "", "sealed": page.context["sealed"], "status": "marginal"}, **HTMX)
    assert linked(again) == []
    assert again.content.decode().count('class="chip"') == 2


def test_a_whole_number_in_an_address_is_refused(household, client_as, clerk):
    for text in ("19900001111", invented_id_number(), "9900000"):
        response = client_as(clerk).get(URL, {"q": text})
        assert "不能写在网址里" in response.content.decode()
        assert numbers(response) == []
        assert text not in [chip for chip, _url in response.context["chips"]]


def test_a_sealed_search_of_another_key_is_refused(household, client_as, clerk):
    for token in ("~nonsense", seal("王建国")[:-4] + "AAA="):
        assert "已经过期" in client_as(clerk).get(URL, {"q": token}).content.decode()


def test_searching_keeps_the_filters_and_starts_at_the_first_page(village_of_three, client_as, clerk):
    response = client_as(clerk).post(FIND, {"q": "王安石", "status": "out_of_poverty", "cursor": "a5"})
    query = parse_qs(urlsplit(response["Location"]).query)
    assert set(query) == {"q", "status"}


def test_the_choice_of_regions_is_drawn_again_when_the_region_changed(village_of_three, land, client_as, officer):
    """A search under the same region leaves the select alone; without the page's address (no htmx header) it is drawn."""
    client = client_as(officer)

    def drawn(region, before):
        where = {"HTTP_HX_CURRENT_URL": f"http://testserver{before}"} if before else {}
        return b'id="region-box"' in client.post(FIND, {"q": "王", "region": region}, **HTMX, **where).content

    assert not drawn("", URL)
    assert not drawn(land.village.pk, f"{URL}?region={land.village.pk}")
    assert drawn(land.village.pk, URL)
    assert drawn("", f"{URL}?region={land.village.pk}")
    assert drawn("", "")


def test_find_is_for_posting(client_as, clerk, household):
    assert client_as(clerk).get(FIND).status_code == 405


def test_a_household_found_by_another_member_says_by_whom(village_of_three, client_as, clerk):
    MemberFactory(household=village_of_three[0], name="赵敏", relation="02")
    MemberFactory(household=village_of_three[0], name="赵老", relation="11", left=True)
    text = client_as(clerk).get(URL, {"q": "赵"}).content.decode()
    assert "赵敏（配偶）、赵老（之父，已减少）" in text


def test_two_postings_are_one_area(land, client_as, clerk):
    PostingFactory(user=clerk, role=Role.VILLAGE_CLERK, region=land.far_village)
    HouseholdFactory(number="here", village=land.village)
    HouseholdFactory(number="there", village=land.far_village)
    client = client_as(clerk)
    assert numbers(client.get(URL)) == ["there", "here"]
    assert numbers(client.get(URL, {"region": land.far_village.pk})) == ["there"]


def test_area_and_pairings_apart_are_the_rows_together(land, helping_officer):
    """The count adds both up; a paired household of the own area must not be counted twice."""
    cadre = helping_officer.cadre
    own = HouseholdFactory(village=land.village, status="marginal")
    PairingFactory(household=own, cadre=cadre)
    HouseholdFactory(village=land.far_village)
    rows = Household.objects.for_user(helping_officer)
    for asked in (
        rows,
        rows.active(),
        rows.filter(status="marginal"),
        rows.exclude(status="marginal"),
        rows.filter(pk=own.pk),
        rows.none(),
    ):
        apart = [row.pk for part in asked.apart() for row in part]
        assert sorted(apart) == sorted(asked.values_list("pk", flat=True))
    assert len(rows.apart()) == 2
    either = rows.filter(pk=own.pk) | rows.exclude(status="marginal")
    assert sorted(row.pk for part in either.apart() for row in part) == sorted(either.values_list("pk", flat=True))
