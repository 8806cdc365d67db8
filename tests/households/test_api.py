"""Households for programs: the same rows in the same order as the page, masked, and refused in the same places."""

import json

import pytest

from households.models import Status
from tests.factories import HouseholdFactory, MemberFactory, PairingFactory, StatusChangeFactory, invented_id_number

pytestmark = pytest.mark.django_db

PAGE = "/households/"
API = "/api/households/"


@pytest.fixture
def some(land):
    """Households of two townships that differ in what filters ask."""
    for place in (land.village, land.near_village, land.far_village):
        for n, status in enumerate((Status.MARGINAL, Status.OUT_OF_POVERTY, Status.HARDSHIP)):
            house = HouseholdFactory(
                village=place, status=status, main_cause=f"0{n + 1}", category="02", open_checks=n, with_householder=True,
                householder_name=("王建国", "覃双喜", "李芳")[n],
            )  # fmt: skip
            if n == 1:
                PairingFactory(household=house)
                StatusChangeFactory(household=house)
    HouseholdFactory(village=land.village, closed=True)
    HouseholdFactory.create_batch(60, village=land.near_village)


def on_page(client, query):
    found, url = [], f"{PAGE}?{query}"
    while url:
        response = client.get(url)
        found += [row["pk"] for row in response.context["rows"]]
        url = response.context["next_url"]
    return found


def in_api(client, query):
    found, url = [], f"{API}?{query}"
    while url:
        answer = client.get(url).json()
        found += [row["id"] for row in answer["results"]]
        url = answer["next"]
    return found


QUERIES = ("", "status=monitored", "status=hardship", "helper=none", "helper=some", "check=any", "category=02&cause=01", "closed=only",
           "closed=with", "proposal=open", "phone=none", "q=王建", "q=qsx", "q=nobody", "region={township}", "region={village}&helper=none")  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_page_and_api_agree(query, some, land, client_as, official):
    query = query.format(township=land.township.pk, village=land.village.pk)
    client = client_as(official)
    assert on_page(client, query) == in_api(client, query)


@pytest.mark.parametrize("query", ["region={village}", "region=nonsense", "status=king", "q=19900001111", "q=~forged"])
def test_what_the_page_calls_an_error_the_api_refuses(query, land, client_as, officer, household):
    response = client_as(officer).get(f"{API}?{query.format(village=land.far_village.pk)}")
    assert response.status_code == 400
    answer = response.json()
    assert set(answer["fields"]) == {query.split("=")[0]}
    assert answer["error"]


def test_a_whole_number_goes_by_post(land, client_as, officer, some):
    number = invented_id_number()
    house = HouseholdFactory(village=land.village, with_householder=True)
    HouseholdFactory(village=land.far_village)
    MemberFactory(household=house, id_text=number)
    client = client_as(officer)
    answer = client.post(f"{API}find/", json.dumps({"q": number}), content_type="application/json").json()
    assert [row["id"] for row in answer["results"]] == [house.pk]
    first = client.post(f"{API}find/", {"q": "99", "helper": "none"}).json()
    assert first["results"] == []
    everybody = client.post(f"{API}find/", {"q": "990", "helper": "none"}).json()
    assert len(everybody["results"]) == 50
    assert "990" not in everybody["next"].split("cursor")[0]
    assert client.get(everybody["next"]).json()["results"]
    assert client.post(f"{API}find/", {"region": land.far_village.pk}).status_code == 400


def test_nothing_whole_leaves(land, client_as, official):
    number = invented_id_number()
    house = HouseholdFactory(village=land.village, phone_number="19900001111", with_householder=True)
    MemberFactory(household=house, id_text=number, phone_text="19900002222")
    client = client_as(official)
    for url in (API, f"{API}{house.pk}/"):
        text = client.get(url).content.decode()
        assert "199****1111" in text
        assert not any(secret in text for secret in (number, "19900001111", "19900002222"))
    assert number[-4:] in client.get(f"{API}{house.pk}/").content.decode()


def test_one_household_is_its_ledger(household, client_as, clerk):
    answer = client_as(clerk).get(f"{API}{household.pk}/").json()
    assert answer["number"] == household.number
    assert [member["name"] for member in answer["members"]] == ["王建国"]


def test_outside_is_not_there_and_without_permission_is_forbidden(land, client_as, officer, admin, client):
    far = HouseholdFactory(village=land.far_village)
    assert client_as(officer).get(f"{API}{far.pk}/").status_code == 404
    assert client_as(admin).get(API).status_code == 403
    assert client.get(API).status_code == 401


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_read_only(method, household, client_as, official):
    assert getattr(client_as(official), method)(f"{API}{household.pk}/").status_code == 405


def test_queries_do_not_grow(land, client_as, officer, count_queries):
    HouseholdFactory.create_batch(3, village=land.village, with_householder=True, with_helper=True)
    client = client_as(officer)
    few = count_queries(lambda: client.get(API))
    HouseholdFactory.create_batch(20, village=land.village, with_householder=True, with_helper=True)
    assert count_queries(lambda: client.get(API)) == few <= 8
