"""Pages of measures, deliveries, the household's word and requests: what they show to whom, and what a wrong form gets back."""

import datetime as dt
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from assistance.models import Confirmation, Delivery, Measure, ServiceRequest
from assistance.services.confirmations import confirm_delivery
from assistance.services.deliveries import deliver
from common.tiles import tiles_for
from plans.models import Goal, Plan, Task
from tests.factories import HouseholdFactory, MemberFactory
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory, ServiceRequestFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year
FIELDS = [
    {"id": "item", "type": "text", "label": "品目", "required": True},
    {"id": "area", "type": "decimal", "label": "面积", "unit": "亩",
     "hard": [{"if": {">": [{"var": "area"}, 200]}, "say": "面积不能超过 200 亩，请核对。"}]},
    {"id": "cows", "type": "integer", "label": "头数", "unit": "头"},
    {"id": "cost", "type": "money", "label": "投入"},
    {"id": "own", "type": "yesno", "label": "自主发展"},
    {"id": "since", "type": "date", "label": "开始日期"},
    {"id": "way", "type": "choice", "label": "方式", "choices": [["own", "自主"], ["lease", "流转"]]},
    {"id": "tools", "type": "choices", "label": "农具", "choices": [["a", "犁"], ["b", "锄"]]},
]  # fmt: skip


def at(name, *args, **query):
    address = reverse(f"assistance:{name}", args=args)
    return address + ("?" + "&".join(f"{key}={value}" for key, value in query.items()) if query else "")


def text(response):
    return response.content.decode()


# -- the list ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def four(household, land):
    """One measure of each standing that matters, of four kinds."""
    other = HouseholdFactory(village=land.near_village, with_householder=True, householder_name="李四")
    waiting = MeasureFactory(household=household, kind__title="待审的", kind__column="industry", proposed_by="clerk")
    own = MeasureFactory(
        household=household, kind__title="自己的", kind__column="health", proposed_by="officer", year=YEAR - 1
    )
    given = MeasureFactory(household=other, kind__title="未确认的", kind__in_kind=True, approved=True)
    DeliveryFactory(measure=given)
    denied = MeasureFactory(household=other, kind__title="未收到的", kind__in_kind=True, approved=True)
    word = DeliveryFactory(measure=denied)
    Confirmation.objects.create(
        delivery=word, way="visit", on=TODAY, by="x", at=timezone.now(), received=False, note="没见到"
    )
    Measure.objects.filter(pk__in=[given.pk, denied.pk]).update(state="delivered")
    return {"待审的": waiting, "自己的": own, "未确认的": given, "未收到的": denied}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"待审的", "自己的", "未确认的", "未收到的"}),
        ({"state": "mine"}, {"待审的"}),
        ({"state": "proposed"}, {"待审的", "自己的"}),
        ({"state": "unconfirmed"}, {"未确认的", "未收到的"}),
        ({"state": "denied"}, {"未收到的"}),
        ({"year": YEAR - 1}, {"自己的"}),
        ({"column": "health"}, {"自己的"}),
        ({"region": 3000}, {"未确认的", "未收到的"}),
        ({"region": 30, "state": "mine"}, {"待审的"}),
    ],
)
def test_the_list_finds_what_its_filters_say(query, found, four, officer, client_as):
    page = client_as(officer).get(at("measure_list", **query))
    assert {row.measure.kind.title for row in page.context["rows"]} == found


def test_the_list_narrows_to_a_household_a_member_and_a_kind(four, household, officer, client_as):
    member = household.members.get()
    own = MeasureFactory(household=household, member=member, kind__of_member=True, kind__title="个人的")
    client = client_as(officer)
    for query in ({"member": member.pk}, {"kind": own.kind_id}):
        assert [row.measure for row in client.get(at("measure_list", **query)).context["rows"]] == [own]
    page = client.get(at("measure_list", household=household.pk))
    assert len(page.context["rows"]) == 3
    assert str(household) in text(page)


@pytest.mark.parametrize(
    "query", [{"state": "x"}, {"year": "1800"}, {"region": 310}, {"household": "abc"}, {"kind": 0}]
)
def test_a_filter_that_cannot_be_lists_nothing_and_says_so(query, four, officer, client_as):
    page = client_as(officer).get(at("measure_list", **query))
    assert page.status_code == 200
    assert page.context["rows"] == []


def test_the_tiles_say_the_length_of_their_lists(four, officer, client_as):
    ServiceRequestFactory(household=four["待审的"].household)
    tiles = {str(tile.label): tile for tile in tiles_for(officer)}
    client = client_as(officer)
    for label, number in (
        ("待我审批的措施", 1),
        ("农户说未收到", 1),
        ("待农户确认", 2),
        ("待受理的诉求", 1),
        ("待办理的诉求", 0),
    ):
        assert tiles[label].count.value == number
        assert len(client.get(tiles[label].url).context["rows"]) == number


# -- proposing --------------------------------------------------------------------------------------------------------------------


def test_a_measure_is_proposed_from_the_ledger_kind_by_kind(household, clerk, client_as):
    good = KindFactory(title="能要的", fields=FIELDS)
    bad = KindFactory(title="不能要的", eligible={"==": [1, 2]}, eligible_say="谁也不符合")
    client = client_as(clerk)
    page = text(client.get(at("measure_propose", household.pk)))
    assert f"kind={good.code}" in page
    assert "谁也不符合" in page
    assert f"kind={bad.code}" not in page
    form = at("measure_propose", household.pk, kind=good.code, year=YEAR)
    assert "这项措施没有限定享受条件。" in text(client.get(form))
    typed = {
        "value_item": "花椒", "value_area": "12.50", "value_cows": "3", "value_cost": "1,200", "value_own": "no", "value_since": "2026-03-01",
        "value_way": "lease", "value_tools": ["b", "a"], "quantity": "2", "amount": "８００", "note": "",
    }  # fmt: skip
    answer = client.post(form, typed)
    row = Measure.objects.get(kind=good)
    assert answer.url == at("measure_detail", row.pk)
    assert row.values == {
        "item": "花椒", "area": "12.5", "cows": 3, "cost": "1200", "own": False, "since": "2026-03-01", "way": "lease", "tools": ["a", "b"],
    }  # fmt: skip
    assert (row.amount, row.quantity) == (Decimal(800), Decimal(2))
    shown = text(client.get(answer.url))
    for word in ("花椒", "12.5 亩", "3 头", "流转", "犁、锄", "800"):
        assert word in shown


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "请填写这一项"),
        ({"value_item": "x", "value_area": "300"}, "面积不能超过 200 亩，请核对。"),
        ({"value_item": "x", "value_cows": "1.5"}, "小数"),
        ({"value_item": "x", "amount": "-5"}, "要大于零"),
        ({"value_item": "x", "amount": "abc"}, "请写成数字"),
        ({"value_item": "x", "amount": "501"}, "超过了"),
    ],
)
def test_a_wrong_form_comes_back_with_its_sentence(typed, says, household, clerk, client_as):
    kind = KindFactory(fields=FIELDS, ceiling=Decimal(500))
    answer = client_as(clerk).post(at("measure_propose", household.pk, kind=kind.code), typed)
    assert answer.status_code == 422
    errors = " ".join(e for said in answer.context["form"].errors.values() for e in said)
    assert says in errors
    assert not Measure.objects.exists()


def test_the_beneficiary_is_chosen_among_who_may_have_it(household, clerk, client_as):
    kind = KindFactory(of_member=True, eligible={"==": [{"var": "sex"}, "2"]}, eligible_say="妇女")
    MemberFactory(household=household, name="王秀英", sex="2", relation="02")
    client = client_as(clerk)
    page = client.get(at("measure_propose", household.pk, kind=kind.code))
    assert [(m.name, e["tone"]) for m, e, _url in page.context["people"]] == [("王建国", "err"), ("王秀英", "ok")]
    woman = household.members.get(sex="2")
    assert client.post(at("measure_propose", household.pk, kind=kind.code, member=woman.pk), {}).status_code == 302
    assert Measure.objects.get().member == woman


def test_the_tasks_of_a_plan_are_proposed_in_one_act(household, clerk, client_as):
    now = timezone.now()
    plan = Plan.objects.create(
        household=household, year=YEAR, state="approved", revision=1, drafted_by="a", drafted_at=now, submitted_by="a", submitted_at=now,
        decided_by="b", decided_at=now,
    )  # fmt: skip
    goal = Goal.objects.create(plan=plan, text="增收")
    tasks = [Task.objects.create(goal=goal, text=f"任务{n}", kind=KindFactory()) for n in range(3)]
    client = client_as(clerk)
    assert client.post(at("measure_from_plan", plan.pk), {}).status_code == 200
    answer = client.post(at("measure_from_plan", plan.pk), {"task": [t.pk for t in tasks[:2]]})
    assert answer.url == at("household_measures", household.pk)
    assert set(Measure.objects.values_list("task", flat=True)) == {t.pk for t in tasks[:2]}
    assert [t.text for t in client.get(at("measure_from_plan", plan.pk)).context["tasks"]] == ["任务2"]


# -- deciding ---------------------------------------------------------------------------------------------------------------------


def test_an_office_approves_on_the_page_and_says_why_not(household, officer, client_as):
    row = MeasureFactory(household=household, proposed_by="clerk")
    client = client_as(officer)
    assert "审批意见" in text(client.get(at("measure_detail", row.pk)))
    bare = client.post(at("measure_refuse", row.pk), {"note": "", "version": 1})
    assert bare.status_code == 422
    assert "请写明不批准的理由" in text(bare)
    stale = client.post(at("measure_approve", row.pk), {"version": 7})
    assert "被别人修改过" in text(stale)
    assert client.post(at("measure_approve", row.pk), {"version": 1}).status_code == 302
    row.refresh_from_db()
    assert row.state == "approved"


def test_who_proposed_is_told_that_somebody_else_decides(household, officer, client_as):
    row = MeasureFactory(household=household, proposed_by="officer")
    page = client_as(officer).get(at("measure_detail", row.pk))
    assert not page.context["decides"]
    assert "自己提出的措施不能由自己审批" in text(page)


def test_many_are_approved_after_a_look(household, land, officer, client_as):
    rows = [MeasureFactory(household=HouseholdFactory(village=land.village), proposed_by="clerk") for _ in range(3)]
    own = MeasureFactory(household=household, proposed_by="officer")
    client = client_as(officer)
    page = client.post(at("measure_approve_bulk"), {"pk": [r.pk for r in [*rows, own]]})
    assert page.context["count"] == 3
    assert "自己提出的措施" in text(page)
    done = client.post(at("measure_approve_bulk"), {"chosen": page.context["chosen"].token, "confirmed": "1"})
    assert "1 项没有批准" in text(done)
    assert Measure.objects.filter(state="approved").count() == 3


# -- delivering and signing -------------------------------------------------------------------------------------------------------


def test_a_delivery_is_recorded_with_two_sources_and_shown_by_source(
    household, officer, official, fund, client_as, picture
):
    measure = MeasureFactory(household=household, approved=True)
    client = client_as(officer)
    form = at("delivery_new", measure.pk)
    wrong = client.post(form, {"on": TODAY, "amount_1": "5"})
    assert wrong.status_code == 422
    assert wrong.context["form"].errors["fund_1"]
    answer = client.post(
        form, {"on": TODAY, "fund_1": fund.pk, "amount_1": "250.50", "quantity": "2", "photo": picture()}
    )
    assert answer.status_code == 302
    page = text(client.get(answer.url))
    for word in ("县级财政", "250.50", "待农户确认", "落实照片"):
        assert word in page
    photo = Delivery.objects.get().evidence.get()
    assert client.get(at("evidence", photo.uid)).headers["Content-Type"] == "image/jpeg"


def test_who_may_not_pay_is_told_who_does(household, clerk, client_as):
    page = client_as(clerk).get(at("delivery_new", MeasureFactory(household=household, approved=True).pk))
    assert "由有权发放资金的人员登记" in text(page)


def test_a_village_is_entered_on_one_page_and_a_wrong_line_saves_nothing(land, officer, fund, client_as):
    kind = KindFactory(ceiling=Decimal(500))
    rows = [
        MeasureFactory(household=HouseholdFactory(village=land.village, householder_name=f"王{n}"), kind=kind, approved=True)
        for n in "甲乙丙"
    ]  # fmt: skip
    far = MeasureFactory(household=HouseholdFactory(village=land.near_village), kind=kind, approved=True)
    client = client_as(officer)
    page = at("delivery_batch", region=land.village.pk, kind=kind.code, year=YEAR)
    assert {e.row.measure.pk for e in client.get(page).context["entries"]} == {r.pk for r in rows}
    head = {"on": TODAY, "fund": fund.pk}
    first, second, third = (f"amount-{r.pk}" for r in rows)
    for typed, says in (
        ({first: "100", second: "多"}, "不是金额或数量"),
        ({first: "100", second: "501"}, "超过了"),
        ({first: "100", second: "-1"}, "要大于零"),
        ({first: "100", second: "1.234"}, "最多两位小数"),
        ({}, "还没有填写任何一行"),
        ({first: "100", f"amount-{far.pk}": "9", second: "NaN"}, "不是金额或数量"),
    ):
        answer = client.post(page, head | typed)
        assert answer.status_code == 422
        assert says in text(answer)
        assert not Delivery.objects.exists()
    assert client.post(page, head | {first: "100", second: "１２０", third: ""}).status_code == 302
    assert sorted(Delivery.objects.values_list("amount", flat=True)) == [Decimal(100), Decimal(120)]
    assert [e.row.measure for e in client.get(page).context["entries"]] == [rows[2]]


def test_a_signed_sheet_is_printed_masked_and_confirms_who_is_ticked(land, officer, client_as, picture):
    kind = KindFactory(of_member=True, in_kind=True)
    rows = []
    for n in "甲乙":
        home = HouseholdFactory(village=land.village, with_householder=True, householder_name=f"王{n}")
        rows.append(MeasureFactory(household=home, member=home.members.get(), kind=kind, approved=True))
    deliveries = [deliver(measure=row, on=TODAY, by=officer) for row in rows]
    client = client_as(officer)
    query = {"region": land.village.pk, "kind": kind.code, "year": YEAR}
    sheet = text(client.get(at("delivery_sheet", **query)))
    member = rows[0].member
    assert member.id_masked in sheet
    assert str(member.id_number) not in sheet
    assert "合计 2 项" in sheet
    page = at("delivery_sign", **query)
    assert len(client.get(page).context["lines"]) == 2
    assert client.post(page, {"on": TODAY, "delivery": [deliveries[0].pk]}).status_code == 422
    assert client.post(page, {"on": TODAY, "delivery": [deliveries[0].pk], "sheet": picture()}).status_code == 302
    assert list(Confirmation.objects.values_list("delivery", flat=True)) == [deliveries[0].pk]


def test_a_household_signs_and_what_it_denies_is_shown_in_red(household, clerk, resident, officer, client_as, picture):
    measure = MeasureFactory(household=household, approved=True, kind__in_kind=True)
    row = deliver(measure=measure, on=TODAY, by=clerk)
    client = client_as(clerk)
    page = at("delivery_confirm", row.pk)
    bare = client.post(page, {"on": TODAY, "received": "yes", "way": "signature"})
    assert bare.status_code == 422
    assert "签字" in text(bare)
    own = client.post(page, {"on": TODAY, "received": "yes", "way": "visit"})
    assert "登记落实以外的人" in text(own)
    denied = client_as(resident).post(page, {"on": TODAY, "received": "no", "way": "visit", "note": "没见到东西"})
    assert denied.status_code == 302
    shown = text(client_as(officer).get(at("measure_detail", measure.pk)))
    assert "没见到东西" in shown
    assert "note--err" in shown
    reversal = at("delivery_reverse", row.pk)
    assert client.post(reversal, {"reason": "", "on": TODAY}).status_code == 422
    assert client.post(reversal, {"reason": "农户没收到", "on": TODAY}).status_code == 302
    again = deliver(measure=measure, on=TODAY, by=clerk)
    signed = {"on": TODAY, "received": "yes", "way": "signature", "satisfied": "yes", "signature": picture()}
    assert client.post(at("delivery_confirm", again.pk), signed).status_code == 302
    measure.refresh_from_db()
    assert measure.state == "confirmed"


# -- the tab, the history, requests -----------------------------------------------------------------------------------------------


def test_the_tab_shows_years_with_sums_by_source_and_the_history_tells_it(
    household, officer, resident, fund, client_as
):
    measure = MeasureFactory(household=household, approved=True, kind__title="种植奖补")
    row = deliver(measure=measure, shares=[(fund, Decimal(300))], on=TODAY, by=officer)
    confirm_delivery(delivery=row, way="visit", by=resident)
    client = client_as(officer)
    (year,) = client.get(at("household_measures", household.pk)).context["years"]
    assert (year.year, year.total, year.sources) == (YEAR, Decimal(300), [("县级财政", Decimal(300))])
    history = text(client.get(reverse("households:household_history", args=[household.pk])))
    for word in ("落实帮扶措施", "农户确认收到", "种植奖补"):
        assert word in history


def test_a_request_is_asked_taken_answered_and_closed_on_its_page(household, helper, clerk, resident, client_as):
    page = client_as(helper).post(at("request_new", household.pk), {"text": "想学养蜂", "column": "industry"})
    row = ServiceRequest.objects.get()
    assert page.url == at("request_detail", row.pk)
    client = client_as(clerk)
    assert client.post(at("request_take", row.pk)).status_code == 302
    assert client.post(at("request_answer", row.pk), {"text": ""}).status_code == 422
    assert client.post(at("request_answer", row.pk), {"text": "已报名"}).status_code == 302
    own = client.post(at("request_confirm", row.pk), {"satisfied": "yes"})
    assert own.status_code == 422
    assert "自己答复的" in text(own)
    other = client_as(resident)
    assert other.post(at("request_confirm", row.pk), {"satisfied": "no", "note": ""}).status_code == 422
    assert other.post(at("request_confirm", row.pk), {"satisfied": "yes"}).status_code == 302
    row.refresh_from_db()
    assert row.state == "confirmed"


def test_late_requests_are_found(household, officer, client_as):
    late = ServiceRequestFactory(household=household, due_on=TODAY - dt.timedelta(days=1))
    ServiceRequestFactory(household=household)
    page = client_as(officer).get(at("request_list", state="late"))
    assert [row.request for row in page.context["rows"]] == [late]
    assert "超过期限" in text(page)
