"""Pages of visits: the list and its filters, one visit with its photos, recording and voiding by page, tabs, card, booklet, rules."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from households.cards import cards_for
from households.models import Pairing
from tests.factories import HouseholdFactory, VisitDutyFactory, VisitFactory, VisitRuleFactory
from tests.factories.assistance import ServiceRequestFactory
from tests.visits.test_photos import jpeg
from visits import paper
from visits.models import Visit, VisitRule

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def days(count):
    return TODAY + dt.timedelta(days=count)


def typed(**more):
    return {
        "uid": str(uuid.uuid4()),
        "manner": "visit",
        "on": TODAY.isoformat(),
        "met": ["householder"],
        "text": "家里都好",
    } | more


def upload(data=None, name="a.jpg"):
    return SimpleUploadedFile(name, jpeg() if data is None else data, "image/jpeg")


@pytest.fixture
def clerk_client(clerk, client_as):
    return client_as(clerk)


class TestList:
    def found(self, client, query=""):
        context = client.get(reverse("visits:visit_list") + query).context
        return [row.visit for row in context["rows"]]

    def test_filters(self, clerk_client, land, helper, household):
        home = HouseholdFactory(village=land.village)
        old = VisitFactory(household=home, on=days(-40), seen=["ill"])
        call = VisitFactory(household=home, manner="call", capacities=["village", "team"])
        void = VisitFactory(household=home, void=True)
        wish = VisitFactory(
            household=household,
            request=ServiceRequestFactory(household=household),
            cadre=helper.cadre,
            visitor=helper,
            on=days(-1),
        )
        VisitFactory(household=HouseholdFactory(village=land.far_village))
        assert self.found(clerk_client) == [call, wish, old], "newest first, none that is void, none of elsewhere"
        for query, wanted in {
            "?manner=call": [call], "?capacity=team": [call], "?seen=ill": [old], "?asked=yes": [wish], "?state=void": [void],
            f"?household={household.pk}": [wish], f"?cadre={helper.cadre.pk}": [wish], f"?visitor={helper.pk}": [wish],
            f"?since={days(-1).isoformat()}": [call, wish], f"?until={days(-2).isoformat()}": [old], f"?region={land.village.pk}": [call, wish, old],
        }.items():  # fmt: skip
            assert self.found(clerk_client, query) == wanted, query
        assert set(self.found(clerk_client, "?state=any")) == {call, wish, old, void}

    @pytest.mark.parametrize(
        "query",
        [
            "?since=heute",
            "?manner=letter",
            "?seen=cat",
            "?household=x",
            "?household=-1",
            "?cadre=99999999999999999999",
            "?region=x",
            "?state=5",
        ],
    )
    def test_a_filter_that_is_none_says_so(self, query, clerk_client):
        response = clerk_client.get(reverse("visits:visit_list") + query)
        assert response.status_code == 200
        assert "筛选条件有误" in response.content.decode()

    def test_duties_latest_first(self, clerk_client, land):
        rule = VisitRuleFactory(region=land.county)
        span = {"rule": rule, "starts_on": days(-20), "ends_on": days(20)}
        homes = [HouseholdFactory(village=land.village) for _n in range(4)]
        soon = VisitDutyFactory(household=homes[0], next_due_on=days(4), **span)
        late = VisitDutyFactory(household=homes[1], next_due_on=days(-9), **span)
        later = VisitDutyFactory(household=homes[2], next_due_on=days(-2), **span)
        done = VisitDutyFactory(household=homes[3], made=1, next_due_on=None, **span)
        missed = VisitDutyFactory(
            household=homes[3], rule=rule, starts_on=days(-60), ends_on=days(-30), next_due_on=days(-31), over=True
        )
        url = reverse("visits:duty_list")
        for query, wanted in {
            "": [late, later, soon], "?state=overdue": [late, later], "?state=due": [soon], "?state=done": [done], "?state=missed": [missed],
            f"?rule={rule.pk}&state=due": [soon], f"?cadre={late.cadre_id}": [late], f"?last={days(4).isoformat()}": [soon],
        }.items():  # fmt: skip
            assert [row.duty for row in clerk_client.get(url + query).context["rows"]] == wanted, query
        assert {row.duty for row in clerk_client.get(url + "?state=running").context["rows"]} == {
            soon,
            late,
            later,
            done,
        }
        html = clerk_client.get(url).content.decode()
        for text in ("逾期 9 天", "还有 4 天", "帮扶责任人对全部农户每月至少入户走访 1 次", "已完成 0 / 1 次"):
            assert text in html, text


class TestRecord:
    def test_by_page_with_photos_and_a_wish(self, client_as, helper, household):
        client = client_as(helper)
        url = reverse("visits:visit_new", args=[household.pk])
        assert client.get(url).status_code == 200
        data = typed(
            asked="想申请临时救助", next_on=days(7).isoformat(), seen=["ill", "policy"], photos=[upload(), upload()]
        )
        response = client.post(url, data)
        visit = Visit.objects.get()
        assert response.url == reverse("visits:visit_detail", args=[visit.pk])
        assert (len(visit.photos), visit.request.text, visit.capacities) == (2, "想申请临时救助", ["helper"])
        html = client.get(response.url).content.decode()
        for text in ("家里都好", "有人生病、政策没落实", "想申请临时救助", "帮扶责任人"):
            assert text in html, text
        photo = reverse("visits:visit_photo", args=[visit.pk, visit.photos[0]])
        assert client.get(photo)["Content-Type"] == "image/jpeg"
        assert client.get(photo + "?size=small").status_code == 200
        assert client.get(reverse("visits:visit_photo", args=[visit.pk, uuid.uuid4()])).status_code == 404

    def test_pressed_twice_is_one_visit(self, clerk_client, household):
        data = typed()
        url = reverse("visits:visit_new", args=[household.pk])
        first, second = (clerk_client.post(url, data) for _n in range(2))
        assert first.url == second.url
        assert Visit.objects.count() == 1

    @pytest.mark.parametrize(
        ("more", "say"),
        [
            ({"on": days(1).isoformat()}, "今天之后"), ({"on": days(-61).isoformat()}, "60 天"), ({"on": "gestern"}, "日期"), ({"on": ""}, "请填写这一项"),
            ({"met": []}, "请填写这一项"), ({"met": ["nobody", "child"]}, "没有人在家"), ({"met": ["cat"]}, "cat"), ({"seen": ["dragon"]}, "dragon"),
            ({"text": " "}, "请填写这一项"), ({"text": "长" * 301}, "300"), ({"asked": "长" * 301}, "300"), ({"manner": "letter"}, "letter"),
            ({"next_on": TODAY.isoformat()}, "之后"), ({"uid": "x"}, "UUID"), ({"text": "\ue000"}, "自造字"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_stays_on_the_page(self, clerk_client, household, more, say):
        response = clerk_client.post(reverse("visits:visit_new", args=[household.pk]), typed(**more))
        assert response.status_code == 422
        html = response.content.decode()
        assert say in html
        assert not Visit.objects.exists()
        if "text" not in more:
            assert "家里都好" in html, "what was typed is still there"

    @pytest.mark.parametrize(
        ("photos", "say"),
        [
            ([b"no picture"], "不是照片"),
            ([b"\xff\xd8" + bytes(11 * 1024 * 1024)], "10 MB"),
            ([b""], "空"),
            ([None] * 6, "5 张"),
        ],
    )
    def test_photos_that_are_none(self, clerk_client, household, photos, say):
        data = typed(photos=[upload(each) for each in photos])
        response = clerk_client.post(reverse("visits:visit_new", args=[household.pk]), data)
        assert response.status_code == 422
        assert say in response.content.decode()
        assert not Visit.objects.exists()

    def test_a_household_of_elsewhere_or_closed(self, clerk_client, land, auditor, client_as, household):
        far = HouseholdFactory(village=land.far_village)
        assert clerk_client.post(reverse("visits:visit_new", args=[far.pk]), typed()).status_code == 404
        assert client_as(auditor).get(reverse("visits:visit_new", args=[household.pk])).status_code == 403
        closed = HouseholdFactory(village=land.village, closed=True)
        response = clerk_client.post(reverse("visits:visit_new", args=[closed.pk]), typed())
        assert response.status_code == 422
        assert "没有保存" in response.content.decode()

    def test_void_by_page(self, clerk_client, clerk, household):
        clerk_client.post(reverse("visits:visit_new", args=[household.pk]), typed())
        visit = Visit.objects.get()
        page = reverse("visits:visit_detail", args=[visit.pk])
        assert "作废" in clerk_client.get(page).content.decode()
        url = reverse("visits:visit_void", args=[visit.pk])
        assert clerk_client.post(url, {"reason": "错"}).status_code == 422
        assert clerk_client.post(url, {"reason": "记错了户，应是隔壁"}).url == page
        html = clerk_client.get(page).content.decode()
        assert "应是隔壁" in html
        assert "不计入走访次数" in html
        assert clerk_client.post(url, {"reason": "记错了户，应是隔壁"}).status_code == 422


class TestElsewhere:
    def test_the_tab_of_a_household_and_of_a_cadre(self, clerk_client, household, helper):
        VisitFactory(household=household, cadre=helper.cadre, visitor=helper, text="猪养到了十二头")
        VisitFactory(household=household, void=True, text="记错的")
        VisitDutyFactory(
            household=household, cadre=helper.cadre, starts_on=days(-9), ends_on=days(9), next_due_on=days(2)
        )
        html = clerk_client.get(reverse("visits:household_visits", args=[household.pk])).content.decode()
        for text in ("猪养到了十二头", "记错的", "已作废", "还有 2 天", "登记走访"):
            assert text in html, text
        html = clerk_client.get(
            reverse("visits:household_visits", args=[household.pk]), HTTP_HX_REQUEST="true"
        ).content.decode()
        assert "<html" not in html
        html = clerk_client.get(reverse("visits:cadre_visits", args=[helper.cadre.pk])).content.decode()
        assert "猪养到了十二头" in html
        assert "还有 2 天" in html
        assert clerk_client.get(household.get_absolute_url()).status_code == 200

    def test_the_card(self, household, helper, clerk):
        def card():
            (found,) = [card for card in cards_for(household, TODAY.year, clerk) if card.code == "visits"]
            return {str(label): text for label, text, _url in found.lines}

        assert card() == {"最近走访": "没有走访记录"}
        VisitFactory(household=household, met=["nobody"])
        VisitFactory(household=household, on=days(-3), visitor=helper, text="猪养到了十二头", next_on=days(4))
        VisitFactory(household=household, manner="call", on=days(-1))
        VisitDutyFactory(
            household=household, cadre=helper.cadre, starts_on=days(-9), ends_on=days(9), next_due_on=days(-2)
        )
        told = card()
        assert told["最近走访"].endswith("帮扶人")
        assert told["当时记下"] == "猪养到了十二头"
        assert told["应走访"] == "逾期 2 天"
        assert set(told) == {"最近走访", "当时记下", "最近电话", "应走访", "约定下次"}

    def test_the_booklet(self, household, helper, clerk, land):
        VisitFactory(household=household, visitor=helper, text="猪养到了十二头", on=dt.date(TODAY.year, 1, 2))
        VisitFactory(household=household, void=True, text="记错的", on=dt.date(TODAY.year, 1, 2))
        VisitFactory(household=household, text="去年的", on=dt.date(TODAY.year - 1, 5, 2))
        other = HouseholdFactory(village=land.village)
        found = paper.sections([household, other], TODAY.year, clerk)
        assert list(found) == [household.pk]
        ((section,),) = found.values()
        assert section["title"] == f"走访记录（{TODAY.year} 年）"
        assert [row[4] for row in section["rows"]] == ["猪养到了十二头"]
        assert section["rows"][0][2] == "帮扶人\n帮扶责任人"
        for n in range(paper.MOST):
            VisitFactory(household=household, on=dt.date(TODAY.year, 1, 3), text=f"第{n}次")
        ((section,),) = paper.sections([household], TODAY.year, clerk).values()
        assert len(section["rows"]) == paper.MOST
        assert "另有 1 次" in section["notes"][0]

    def test_who_lost_the_household_sees_nothing_of_it(self, household, helper, client_as):
        visit = VisitFactory(household=household, visitor=helper, cadre=helper.cadre)
        Pairing.objects.update(ends_on=days(-1))
        client = client_as(helper)
        assert client.get(reverse("visits:visit_detail", args=[visit.pk])).status_code == 404


class TestRules:
    def test_the_page_says_what_others_do_and_starts_with_none(self, official, client_as):
        html = client_as(official).get(reverse("visits:rule_list")).content.decode()
        for text in ("还没有走访要求", "没有全国统一规定", "重庆大足", "定一条要求"):
            assert text in html, text
        assert not VisitRule.objects.exists()

    def test_set_and_ended_by_page(self, official, client_as, land):
        client = client_as(official)
        data = {"region": land.township.pk, "capacity": "helper", "manner": "visit", "audience": "registered", "period": "quarter", "least": "1", "starts_on": TODAY.isoformat()}  # fmt: skip
        assert client.post(reverse("visits:rule_new"), data).url == reverse("visits:rule_list")
        rule = VisitRule.objects.get()
        assert (rule.region, rule.least, rule.period) == (land.township, 1, "quarter")
        assert (
            "帮扶责任人对建档立卡和监测户每季度至少入户走访 1 次"
            in client.get(reverse("visits:rule_list")).content.decode()
        )
        url = reverse("visits:rule_end", args=[rule.pk])
        assert client.post(url, {"ends_on": days(-1).isoformat()}).status_code == 422
        assert client.post(url, {"ends_on": days(3).isoformat()}).status_code == 302
        rule.refresh_from_db()
        assert rule.ends_on == days(3)

    @pytest.mark.parametrize(
        "more",
        [
            {"least": "0"},
            {"least": "x"},
            {"least": ""},
            {"region": "1"},
            {"capacity": "king"},
            {"period": "day"},
            {"starts_on": days(-1).isoformat()},
            {"starts_on": "bald"},
        ],
    )
    def test_what_cannot_be(self, official, client_as, land, more):
        data = {"region": land.county.pk, "capacity": "helper", "manner": "visit", "audience": "all", "period": "month", "least": "1", "starts_on": TODAY.isoformat()}  # fmt: skip
        response = client_as(official).post(reverse("visits:rule_new"), data | more)
        assert response.status_code == 422
        assert not VisitRule.objects.exists()


class TestApi:
    def test_visits_and_duties(self, clerk, client_as, land, household, helper):
        visit = VisitFactory(
            household=household, cadre=helper.cadre, visitor=helper, longitude="105.12", latitude="27.30"
        )
        VisitFactory(household=HouseholdFactory(village=land.far_village))
        duty = VisitDutyFactory(
            household=household, cadre=helper.cadre, starts_on=days(-9), ends_on=days(9), next_due_on=days(-2)
        )
        client = client_as(clerk)
        (row,) = client.get(reverse("api:visit-list")).json()["results"]
        assert (row["id"], row["visitor"], row["void"]) == (visit.pk, "帮扶人", None)
        assert {k: str(v) for k, v in row["place"].items()} == {"lon": "105.12", "lat": "27.3"}
        assert client.get(reverse("api:visit-list") + "?manner=call").json()["results"] == []
        assert (
            client.get(reverse("api:visit-detail", args=[visit.pk])).json()["household"]["number"] == household.number
        )
        (row,) = client.get(reverse("api:visit-duty-list") + "?state=overdue").json()["results"]
        assert (row["id"], row["cadre"], row["days_late"]) == (duty.pk, "帮扶人", 2)
        assert client.get(reverse("api:visit-duty-detail", args=[duty.pk])).status_code == 200

    @pytest.mark.parametrize("name", ["visit", "visit-duty"])
    def test_who_may(self, name, client_as, clerk, admin, stranger, post, land, household):
        rows = {"visit": VisitFactory, "visit-duty": VisitDutyFactory}
        url = reverse(f"api:{name}-detail", args=[rows[name](household=household).pk])
        assert client_as(clerk).get(url).status_code == 200
        assert client_as(post("village_clerk", land.far_village)).get(url).status_code == 404
        for user in (admin, stranger):
            assert client_as(user).get(url).status_code == 403
        assert client_as(clerk).post(url, {}).status_code in (403, 405)


def test_the_menu_has_two_entries(clerk_client):
    html = clerk_client.get("/").content.decode()
    assert reverse("visits:visit_list") in html
    assert reverse("visits:duty_list") in html
