"""Many households at once: what was ticked is what is done, and nothing without being asked first."""

import datetime as dt
from types import SimpleNamespace

import pytest
from django.http import QueryDict

from accounts.roles import Permission, Role
from common import bulk
from households import selection
from households.bulk_pairing import BulkPairingForm
from households.models import Pairing
from households.services import LedgerError
from tests.factories import CadreFactory, HouseholdFactory, PairingFactory, PostingFactory, UnitFactory

pytestmark = pytest.mark.django_db

PAIR = "/households/bulk/pairing/"


@pytest.fixture
def cadre(county):
    return CadreFactory(name="李帮扶", unit=UnitFactory(name="县教育局", region=county))


def choose(user, text, permission=Permission.PAIRING_EDIT):
    return selection.read(SimpleNamespace(user=user, POST=QueryDict(text)), permission)


# -- choosing -------------------------------------------------------------------------------------------------------------------


def test_rows_of_a_page_in_the_order_of_the_list(land, officer):
    made = HouseholdFactory.create_batch(3, village=land.village)
    chosen = choose(officer, "&".join(f"pk={h.pk}" for h in made))
    assert chosen.pks == [h.pk for h in made][::-1]
    assert chosen.households(officer, Permission.PAIRING_EDIT) == made[::-1]


def test_everything_a_filter_found(land, officer):
    marginal = HouseholdFactory.create_batch(3, village=land.village, status="marginal")
    HouseholdFactory(village=land.village)
    HouseholdFactory(village=land.far_village, status="marginal")
    assert choose(officer, f"all=1&status=marginal&pk={marginal[0].pk}").pks == [h.pk for h in marginal][::-1]


def test_what_was_shown_is_what_is_done(land, officer, clerk):
    first = HouseholdFactory(village=land.village, status="marginal")
    shown = choose(officer, "all=1&status=marginal")
    HouseholdFactory(village=land.village, status="marginal")
    assert choose(officer, f"chosen={shown.token}").pks == [first.pk]
    with pytest.raises(LedgerError, match="过期"):
        choose(clerk, f"chosen={shown.token}")
    with pytest.raises(LedgerError, match="过期"):
        choose(officer, f"chosen={shown.token[:-1]}x")


def test_rows_one_may_only_see_are_counted_and_left_out(land, officer):
    near, far = HouseholdFactory(village=land.village), HouseholdFactory(village=land.far_village)
    hidden = HouseholdFactory(village=land.other_village)
    PostingFactory(user=officer, role=Role.AUDITOR, region=land.county)
    chosen = choose(officer, f"pk={near.pk}&pk={far.pk}&pk={hidden.pk}")
    assert (chosen.pks, chosen.left_out) == ([near.pk], 1)


@pytest.mark.parametrize("text", ["", "pk=", "pk=x", "pk=999999999", "all=1&status=returned"])
def test_nothing_chosen_is_said(text, officer, household):
    with pytest.raises(LedgerError, match="还没有选择"):
        choose(officer, text)


def test_too_many_or_a_wrong_filter_is_said(officer, household, land, monkeypatch):
    with pytest.raises(LedgerError, match="筛选条件有误"):
        choose(officer, f"all=1&region={land.far_village.pk}")
    monkeypatch.setattr(selection, "MOST", 2)
    HouseholdFactory.create_batch(3, village=land.village)
    with pytest.raises(LedgerError, match="一次最多选择 2 户"):
        choose(officer, "all=1")


# -- actions --------------------------------------------------------------------------------------------------------------------


def test_the_list_offers_what_one_may_do(household, client_as, officer, clerk):
    assert "安排帮扶责任人" in client_as(officer).get("/households/").content.decode()
    assert "安排帮扶责任人" not in client_as(clerk).get("/households/").content.decode()


def test_another_package_adds_an_action(officer, clerk, monkeypatch):
    monkeypatch.setattr(bulk, "_actions", {})
    bulk.register("x.Y", bulk.Action("乙", "two", "print", Permission.PAIRING_EDIT, 2))
    bulk.register("x.Y", bulk.Action("甲", "one", "print", Permission.HOUSEHOLD_VIEW, 1))
    bulk.register("x.Y", bulk.Action("丙", "two", "print", Permission.PAIRING_EDIT, 0))
    assert [a.label for a in bulk.actions_for("x.Y", officer)] == ["丙", "甲"]
    assert [a.label for a in bulk.actions_for("x.Y", clerk)] == ["甲"]


# -- 安排帮扶责任人 -----------------------------------------------------------------------------------------------------------


def test_first_asked_then_done(land, client_as, officer, cadre):
    free = HouseholdFactory.create_batch(2, village=land.village, householder_name="张三")
    taken = HouseholdFactory(village=land.village, householder_name="李四")
    PairingFactory(household=taken, cadre__name="王原来")
    client = client_as(officer)
    asked = client.post(PAIR, {"pk": [h.pk for h in (*free, taken)], "status": "out_of_poverty"})
    text = asked.content.decode()
    assert "<b>2</b> 户" in text
    assert "李四（王原来）" in text
    assert not Pairing.objects.filter(cadre=cadre).exists()
    done = client.post(
        PAIR,
        {
            "chosen": asked.context["chosen"].token,
            "status": "out_of_poverty",
            "name": "李帮扶",
            "starts_on": "2026-01-05",
        },
    )
    assert done["Location"] == "/households/?status=out_of_poverty"
    text = client.get(done["Location"]).content.decode()
    assert "已为 2 户安排帮扶责任人。" in text
    assert "李四户等 1 户没有安排：这一户已经有牵头的帮扶责任人" in text
    assert set(Pairing.objects.filter(cadre=cadre).values_list("household", "starts_on")) == {
        (h.pk, dt.date(2026, 1, 5)) for h in free
    }


def test_namesakes_are_asked_for(land, client_as, officer, cadre, county):
    other = CadreFactory(name="李帮扶", unit=UnitFactory(name="县水务局", region=county), title="科员")
    CadreFactory(name="李帮扶", unit=UnitFactory(region=land.other_county))
    house = HouseholdFactory(village=land.village)
    client = client_as(officer)
    asked = client.post(PAIR, {"pk": house.pk, "name": "李帮扶", "starts_on": "2026-01-05"})
    assert asked.status_code == 422
    assert "有 2 位干部叫这个名字" in asked.content.decode()
    assert [label for _pk, label in asked.context["form"].fields["cadre"].choices] == [
        "李帮扶 · 县教育局",
        "李帮扶 · 县水务局 · 科员",
    ]
    client.post(
        PAIR, {"chosen": asked.context["chosen"].token, "name": "李帮扶", "cadre": other.pk, "starts_on": "2026-01-05"}
    )
    assert Pairing.objects.get().cadre == other


@pytest.mark.parametrize(
    ("post", "sentence"),
    [
        ({"name": "没有此人", "starts_on": "2026-01-05"}, "没有叫这个名字的干部"),
        ({"name": "李帮扶", "starts_on": "2999-01-01"}, "日期在今天之后"),
        ({"name": "", "starts_on": ""}, "请填写"),
    ],
)
def test_a_wrong_form_changes_nothing(post, sentence, land, client_as, officer, cadre):
    house = HouseholdFactory(village=land.village)
    answer = client_as(officer).post(PAIR, {"pk": house.pk, **post})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Pairing.objects.exists()


def test_who_may_not_arrange_helpers_may_not(household, client_as, clerk, helper, officer, cadre, land):
    for user in (clerk, helper):
        assert client_as(user).post(PAIR, {"pk": household.pk}).status_code == 403
    far = HouseholdFactory(village=land.far_village)
    answer = client_as(officer).post(PAIR, {"pk": far.pk, "name": "李帮扶", "starts_on": "2026-01-05"}, follow=True)
    assert "还没有选择农户" in answer.content.decode()
    assert not far.pairings.exists()
    assert client_as(officer).get(PAIR).status_code == 405


def test_a_cadre_helps_a_bounded_number(land, client_as, officer, monkeypatch):
    monkeypatch.setattr(BulkPairingForm, "MOST", 1)
    made = HouseholdFactory.create_batch(2, village=land.village)
    answer = client_as(officer).post(PAIR, {"pk": [h.pk for h in made]}, follow=True)
    assert "一次最多安排 1 户" in answer.content.decode()


def test_where_everybody_has_a_helper_there_is_nothing_to_ask(land, client_as, officer):
    house = HouseholdFactory(village=land.village, with_helper=True)
    answer = client_as(officer).post(PAIR, {"pk": house.pk}, follow=True)
    assert "都已经有牵头的帮扶责任人" in answer.content.decode()
    assert house.pairings.count() == 1
