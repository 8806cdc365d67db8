"""Subsidy lists: what is read, what is refused and why, what is paid, and that nothing is paid twice or by halves."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
import python_calamine
import xlwt
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from accounts.roles import Role
from assistance.models import VOUCHED, Delivery, Entry, Measure, PayBatch, PayRow
from assistance.services import batches, funds
from assistance.services.deliveries import reverse_delivery
from common import audit, jobs
from common.models import AuditEvent, Job
from households.services import LedgerError
from tests.common.test_audit import close_chain
from tests.factories import (
    FundFactory,
    HouseholdFactory,
    MemberFactory,
    balances,
    invented_id_number,
    list_csv,
    list_xlsx,
)
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year
PERIOD = f"{YEAR}-01"  # a month that has begun on any day of the year
Why = PayRow.Why


@pytest.fixture
def kind(db):
    """An allowance of members, monthly, at most 500 元."""
    return KindFactory(of_member=True, monthly=True, title="高龄津贴", ceiling=Decimal(500))


@pytest.fixture
def person(land, kind):
    """`person(name, …)`: a member of a household of their own, with an approved measure unless `state` says otherwise (None: none)."""

    def make(name, *, village=None, state="approved", left=False, **household):
        number = invented_id_number()
        home = HouseholdFactory(village=village or land.village, **household)
        member = MemberFactory(household=home, name=name, id_text=number, left=left)
        member.number_text = number
        if state:
            MeasureFactory(household=home, member=member, kind=kind, approved=True, state=state)
        return member

    return make


@pytest.fixture
def upload(land, kind, fund, officer):
    """`upload(rows)`: the batch of a csv of these rows (name, number, amount), by the officer, for the township."""

    def make(rows, *, headings=("姓名", "身份证号", "金额"), **more):
        values = {
            "region": land.township,
            "kind": kind,
            "fund": fund,
            "period": PERIOD,
            "on": TODAY,
            "by": officer,
        } | more
        data = rows if isinstance(rows, bytes) else list_csv(rows, headings)
        return batches.upload_list(data=data, filename="清单.csv", **values)[0]

    return make


@pytest.fixture
def checked(upload, officer):
    """`checked(rows)`: the same, checked."""

    def make(rows, **more):
        return check(upload(rows, **more), officer)

    return make


def done(job):
    """Do a job's work now, and say how it ended."""
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def check(batch, by):
    assert done(batches.check_list(batch=batch, by=by)).state == Job.State.DONE
    batch.refresh_from_db()
    return batch


def pay(batch, by):
    job = done(batches.pay_list(batch=batch, by=by))
    assert job.state == Job.State.DONE, job.error
    batch.refresh_from_db()
    return batch


def told(batch):
    """`{place: (outcome, why, sentence)}`."""
    return {row.place: (row.outcome, row.why, row.say) for row in batch.rows.all()}


def only(batch):
    (row,) = batch.rows.all()
    return row


def row_of(member, amount=100):
    return (member.name, member.number_text, amount)


# -- the whole way ----------------------------------------------------------------------------------------------------------------


def test_a_list_is_checked_paid_and_on_record(checked, person, fund, officer, kind):
    people = [person("王芳"), person("李四"), person("赵六", state="proposed")]
    batch = checked([row_of(people[0], 120), row_of(people[1], "80.50"), row_of(people[2])])
    assert (batch.state, batch.read, batch.paid, batch.unchanged, batch.rejected) == ("checked", 3, 2, 0, 1)
    assert batch.total == Decimal("200.50")
    assert not Delivery.objects.exists()
    assert balances(fund)["paid"] == 0

    batch = pay(batch, officer)
    assert (batch.state, batch.read, batch.paid, batch.rejected, batch.paid_by) == ("paid", 3, 2, 1, officer.username)
    assert {d.member.name: (d.amount, d.period, d.batch_id) for d in Delivery.objects.all()} == {
        "王芳": (Decimal("120"), PERIOD, batch.pk), "李四": (Decimal("80.50"), PERIOD, batch.pk)
    }  # fmt: skip
    assert balances(fund)["paid"] == Decimal("200.50")
    assert sorted(Measure.objects.values_list("state", flat=True)) == ["delivered", "delivered", "proposed"]
    entry = Entry.objects.get(kind="pay")
    assert (entry.reference, entry.note, entry.lines.count()) == (f"发放批次 {batch.pk}", f"高龄津贴 {PERIOD}", 3)
    for member, amount in zip(people, ("120元", "80.50元"), strict=False):
        events = audit.trail_of(member.household.subject)
        assert [event.action for event in events] == ["delivery.listed"]
        assert f"王芳 {amount}" in events[0].body or f"李四 {amount}" in events[0].body


def test_the_trail_vouches_for_everything_a_list_wrote(checked, person, officer):
    pay(checked([row_of(person("王芳")), row_of(person("李四"))]), officer)
    close_chain()
    found = audit.verify([model for model in VOUCHED if model is not Measure])  # whose rows the factories wrote
    assert found.ok, found.broken
    for measure in Measure.objects.all():
        event = AuditEvent.objects.get(subject=measure.household.subject)
        assert audit.content_of(event)["rows"][audit.row_key(measure)] == audit.row_digest(measure)


def test_several_members_of_a_household_are_one_event(checked, person, officer, kind):
    one = person("王芳")
    other = MemberFactory(household=one.household, name="王兰", id_text=(number := invented_id_number()))
    other.number_text = number
    MeasureFactory(household=one.household, member=other, kind=kind, approved=True)
    pay(checked([row_of(one), row_of(other, 50)]), officer)
    (event,) = audit.trail_of(one.household.subject)
    assert audit.content_of(event)["note"].endswith("王芳 100元、王兰 50元")


def test_the_same_file_again_is_the_earlier_list(upload, checked, person, officer, land, fund, kind):
    rows = [row_of(person("王芳"))]
    first = pay(checked(rows), officer)
    again, is_new = batches.upload_list(
        data=list_csv(rows, ("姓名", "身份证号", "金额")), filename="改了名.csv", region=land.township, kind=kind, fund=fund, period=PERIOD, on=TODAY, by=officer,
    )  # fmt: skip
    assert (again.pk, is_new, PayBatch.objects.count()) == (first.pk, False, 1)


def test_what_was_paid_is_not_paid_again_by_another_file(checked, person, officer, fund):
    one, other = person("王芳"), person("李四")
    pay(checked([row_of(one), row_of(other, 60)]), officer)
    second = checked([row_of(one), row_of(other, 70), row_of(person("赵六"))])
    day = f"{TODAY.year}年{TODAY.month}月{TODAY.day}日"
    assert told(second) == {
        2: ("unchanged", "", f"已于 {day} 发过，不再发。"),
        3: ("rejected", "paid", f"已于 {day} 发过 60 元，金额不同。要改请先冲回那一笔。"),
        4: ("ready", "", ""),
    }
    second = pay(second, officer)
    assert (second.read, second.paid, second.unchanged, second.rejected) == (3, 1, 1, 1)
    assert balances(fund)["paid"] == Decimal(260)


def test_a_reversed_payout_can_be_paid_again(checked, person, officer, fund):
    one = person("王芳")
    pay(checked([row_of(one)]), officer)
    reverse_delivery(delivery=Delivery.objects.get(), by=officer, on=TODAY, reason="发错金额")
    pay(checked([row_of(one, 90)]), officer)
    assert balances(fund)["paid"] == Decimal(90)


def test_lists_without_money_and_for_households(land, upload, officer):
    kind = KindFactory(in_kind=True, title="送种子", unit="公斤")
    home = HouseholdFactory(village=land.village, with_householder=True, householder_name="王建国")
    measure = MeasureFactory(household=home, kind=kind, approved=True)
    batch = check(
        upload(
            [("王建国", home.number, 25)], headings=("户主", "户编号", "数量"), kind=kind, fund=None, period=str(YEAR)
        ),
        officer,
    )
    assert pay(batch, officer).paid == 1
    delivery = Delivery.objects.get()
    assert (delivery.measure, delivery.member, delivery.quantity, delivery.amount) == (measure, None, Decimal(25), 0)
    assert not Entry.objects.filter(kind="pay").exists()


def test_one_who_moved_is_not_paid_twice(checked, person, officer, land, kind):
    """Another household, another row of the ledger, the same person."""
    one = person("王芳")
    pay(checked([row_of(one)]), officer)
    one.left_on, one.left_reason = TODAY, "moved"
    one.save()
    there = MemberFactory(household=HouseholdFactory(village=land.near_village), name="王芳", id_text=one.number_text)
    MeasureFactory(household=there.household, member=there, kind=kind, approved=True)
    assert (
        only(checked([("王芳", one.number_text, 100)], headings=("姓名", "身份证号", "补贴金额"))).outcome
        == "unchanged"
    )


# -- what is refused, row by row ----------------------------------------------------------------------------------------------------


def wrong_digit(number):
    return number[:17] + ("0" if number[17] != "0" else "1")


def test_numbers_that_mean_nobody(checked, person):
    known = person("王芳")
    spoilt = [
        ("王芳", wrong_digit(known.number_text), 100), ("王芳", invented_id_number(), 100), ("王芳", "12345", 100), ("王芳", "", 100),
        ("李芳", known.number_text, 100),
    ]  # fmt: skip
    found = told(checked(spoilt))
    assert [why for _outcome, why, _say in found.values()] == ["person", "person", "person", "row", "person"]
    says = [say for _outcome, _why, say in found.values()]
    assert "最后一位校验不符" in says[0]
    assert "台账中没有这个证件号码" in says[1]
    assert "证件号码有 5 位" in says[2]
    assert "请填写证件号码，或者填写户编号和姓名" in says[3]
    assert says[4] == "这个证件号码是“王芳”的，清单上写的是“李芳”。请核对。"


def test_without_a_number_household_and_name_say_who(checked, person, land, kind):
    one = person("王芳")
    MemberFactory(household=one.household, name="王兰")
    MemberFactory(household=one.household, name="王兰")
    number = one.household.number
    found = told(
        checked(
            [("王芳", number, 10), ("王兰", number, 10), ("张三", number, 10), ("王芳", "404", 10)],
            headings=("姓名", "户编号", "金额"),
        )
    )
    assert [outcome for outcome, _why, _say in found.values()] == ["ready", "rejected", "rejected", "rejected"]
    assert "有几位成员叫“王兰”" in found[3][2]
    assert "没有叫“张三”的成员" in found[4][2]
    assert "没有户编号 404" in found[5][2]


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "没有填金额"), ("abc", "不是数字"), ("-5", "是负数"), ("0", "是 0"), ("1.005", "超过两位小数"), ("500.01", "超过了“高龄津贴”的上限 500 元"),
        ("NaN", "不是数字"), ("1e99", "太大"), ("=1+1", "没有结果的公式"),
    ],
)  # fmt: skip
def test_amounts(checked, person, amount, says):
    row = only(checked([row_of(person("王芳"), amount)]))
    assert row.outcome == "rejected"
    assert says in row.say


def test_amounts_as_people_write_them(checked, person):
    batch = checked([row_of(person("王芳"), "１２０元"), row_of(person("李四"), '"1,20.5"')])
    assert [row.amount for row in batch.rows.order_by("place")] == [Decimal(120), Decimal("120.50")]


def test_who_cannot_receive(checked, person, land, kind):
    gone = person("王芳", left=True)
    closed = person("李四", closed=True)
    far = person("赵六", village=land.far_village)
    foreign = person("孙七", village=land.other_village)
    none, waiting = person("周八", state=None), person("吴九", state="proposed")
    refused, withdrawn = person("郑十", state="refused"), person("冯二", state="withdrawn")
    found = told(checked([row_of(who) for who in (gone, closed, far, foreign, none, waiting, refused, withdrawn)]))
    assert {outcome for outcome, _why, _say in found.values()} == {"rejected"}
    assert [why for _outcome, why, _say in found.values()] == [
        "gone", "gone", "area", "area", "measure", "pending", "measure", "measure"
    ]  # fmt: skip
    says = [say for _outcome, _why, say in found.values()]
    assert "王芳已于 2025年1月1日 减少" in says[0]
    assert "已于 2024年1月1日 销户" in says[1]
    assert says[2] == says[3] == "这个人登记在石门乡以外的村，不能在这一批发放。"
    assert "还没有提出“高龄津贴”" in says[4]
    assert "还没有批准" in says[5]


def test_a_row_names_another_village_month_or_household(checked, person):
    one, other, third, fourth = person("王芳"), person("李四"), person("赵六"), person("孙七")
    headings = ("姓名", "身份证号", "金额", "村", "月份", "户编号")
    found = told(
        checked(
            [
                (*row_of(one), "青石村委会", f"{YEAR}年1月", one.household.number), (*row_of(other), "白石村", "1", ""), (*row_of(third), "", f"{YEAR}-02", ""),
                (*row_of(fourth), "", "", "88"),
            ],
            headings=headings,
        )
    )  # fmt: skip
    assert found[2][0] == "ready"
    assert found[3][1:] == ("area", "这一户在青石村，清单上写的是“白石村”。请核对。")
    assert "请放到另一批" in found[4][2]
    assert "清单上写的是 88" in found[5][2]


def test_twice_in_the_list(checked, person):
    one = person("王芳")
    found = told(checked([row_of(one), row_of(person("李四")), row_of(one, 50)]))
    assert found[4] == ("rejected", "twice", "与第 2 行重复，同一期只能发一次。")


def test_approved_later_than_the_day_of_the_list(checked, person, kind):
    one = person("王芳")
    Measure.objects.update(decided_at=timezone.now())
    row = only(checked([row_of(one)], on=dt.date(YEAR, 1, 1)))
    assert "早于措施的批准日期" in row.say or dt.date(YEAR, 1, 1) == TODAY


def test_old_workbooks_are_read_too(checked, person):
    one = person("王芳")
    out, book = io.BytesIO(), xlwt.Workbook()
    sheet = book.add_sheet("名单")
    for line, row in enumerate(
        (("2026年补贴名单",), ("姓 名", "公民身份号码", "发放金额(元)", "联系电话"), (*row_of(one, 80.25), 19900001111))
    ):
        for column, cell in enumerate(row):
            sheet.write(line, column, cell)
    book.save(out)
    batch = checked(out.getvalue())
    assert told(batch) == {3: ("ready", "", "")}
    assert only(batch).amount == Decimal("80.25")


# -- what is refused as a whole -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "says"),
    [
        (("甲", "乙", "丙"), "没有在前 15 行找到认得的表头"),
        (("姓名", "金额", "备注"), "也没有“户编号”和“姓名”"),
        (("姓名", "身份证号", "备注"), "没有“金额”这一列"),
        (("姓名", "身份证号", "金额", "发放金额"), "“金额”有两列"),
        (("姓名", "身份证号", "金额", "幸运数字"), "“幸运数字”这样的列不认得"),
    ],
)
def test_lists_nobody_can_read(upload, headings, says):
    with pytest.raises(ValidationError) as refused:
        upload([["1"] * len(headings)], headings=headings)
    assert says in refused.value.message_dict["file"][0]
    assert not PayBatch.objects.exists()


def test_files_that_are_no_list(upload):
    for data in (b"", b"\x00\x01\x02", b"%PDF-1.7 nothing", b"PK\x03\x04broken"):
        with pytest.raises(ValidationError) as refused:
            upload(data)
        assert refused.value.message_dict["file"][0].endswith("。")


def test_choices_that_do_not_fit(upload, kind, fund, land, county):
    row = [("王芳", "1", 1)]
    cases = [
        ({"on": TODAY + dt.timedelta(days=1)}, "on", "今天之后"),
        ({"period": "2026-13"}, "period", "请写所属月份"),
        ({"period": str(YEAR)}, "period", "请写所属月份"),
        ({"period": f"{YEAR + 1}-01"}, "period", "发放日期之后"),
        ({"fund": None}, "fund", "请选择从哪项资金发放"),
        ({"fund": FundFactory(region=land.other_county)}, "fund", "管不到"),
        ({"fund": FundFactory(region=county, closed=True)}, "fund", "已经关闭"),
        ({"fund": FundFactory(region=county, year=YEAR + 1)}, "fund", "年的资金"),
        ({"kind": KindFactory(valid_to=dt.date(2020, 1, 1)), "period": str(YEAR)}, "kind", "停用"),
        ({"kind": KindFactory(), "period": str(YEAR + 1)}, "period", "还没有开始"),
        ({"kind": KindFactory(in_kind=True), "period": str(YEAR)}, "fund", "不发放资金"),
    ]
    for wrong, name, says in cases:
        with pytest.raises(ValidationError) as refused:
            upload(row, **wrong)
        assert says in refused.value.message_dict[name][0]
    assert not PayBatch.objects.exists()


def test_who_may(upload, checked, person, clerk, auditor, post, land, officer):
    row = [row_of(person("王芳"))]
    neighbour = post(Role.TOWNSHIP_OFFICER, land.next_township)
    for user in (clerk, auditor, neighbour):
        with pytest.raises(PermissionDenied):
            upload(row, by=user)
    batch = checked(row)
    for verb in (
        batches.check_list,
        batches.pay_list,
        batches.propose_list,
        batches.discard_list,
        batches.fetch_returns,
    ):
        with pytest.raises(PermissionDenied):
            verb(batch=batch, by=neighbour)


def test_a_fund_that_does_not_reach_pays_nobody(checked, person, officer, county):
    fund = FundFactory(region=county, title="小资金", allotted=Decimal(150))
    batch = checked([row_of(person("王芳")), row_of(person("李四"))], fund=fund)
    with pytest.raises(LedgerError, match="“小资金”不够发这一批：要发 200 元，还差 50 元，一行也没有发"):
        batches.pay_list(batch=batch, by=officer)
    assert not Delivery.objects.exists()


def test_money_that_went_meanwhile_stops_the_payout(checked, person, officer, official, county):
    fund = FundFactory(region=county, title="小资金", allotted=Decimal(200))
    batch = checked([row_of(person("王芳")), row_of(person("李四"))], fund=fund)
    job = batches.pay_list(batch=batch, by=officer)
    funds.recall(fund=fund, amount=Decimal(50), on=TODAY, by=official)
    job = done(job)
    batch.refresh_from_db()
    assert (job.state, batch.state) == ("failed", "checked")
    assert "可用 150 元，这次要发 200 元，还差 50 元" in job.error
    assert not Delivery.objects.exists()
    assert balances(fund)["paid"] == 0


def test_what_changed_since_the_check(checked, person, officer, fund):
    """Who has gone is left out; who has become payable waits for another look at the sum."""
    one, other, third = person("王芳"), person("李四"), person("赵六", state="proposed")
    batch = checked([row_of(one), row_of(other), row_of(third)])
    other.left_on, other.left_reason = TODAY, "death"
    other.save()
    Measure.objects.filter(member=third).update(state="approved")
    job = done(batches.pay_list(batch=batch, by=officer))
    assert "核对以后又有 1 行可以发放了" in job.error
    batch = pay(check(PayBatch.objects.get(pk=batch.pk), officer), officer)
    assert [outcome for outcome, _why, _say in told(batch).values()] == ["paid", "rejected", "paid"]
    assert balances(fund)["paid"] == Decimal(200)


# -- measures that are missing ------------------------------------------------------------------------------------------------------


def test_missing_measures_are_proposed_approved_and_paid_by_the_same_list(
    checked, person, officer, second_officer, kind, fund
):
    from assistance.services.measures import approve_many

    one, other = person("王芳"), person("李四", state=None)
    too_young = person("赵六", state=None)
    type(too_young).objects.filter(pk=too_young.pk).update(birth_date=TODAY - dt.timedelta(days=4000))
    kind.eligible, kind.eligible_say = {">=": [{"var": "age"}, 30]}, "30 岁以上"
    kind.save()
    batch = pay(checked([row_of(one), row_of(other), row_of(too_young)]), officer)
    assert (batch.paid, batch.rejected) == (1, 2)
    assert done(batches.propose_list(batch=batch, by=officer)).state == Job.State.DONE
    found = told(batch)
    assert found[3][1] == "pending"
    assert found[4][1] == "eligible"
    assert "30 岁以上" in found[4][2]
    measure = Measure.objects.get(member=other)
    assert (measure.state, measure.amount, measure.year, measure.proposed_by) == (
        "proposed",
        Decimal(100),
        YEAR,
        officer.username,
    )
    assert [event.action for event in audit.trail_of(other.household.subject)] == ["measure.proposed"]
    with pytest.raises(LedgerError, match="没有只差措施的行"):
        batches.propose_list(batch=batch, by=officer)

    batch.refresh_from_db()
    assert (check(batch, officer).state, batch.paid) == ("paid", 1)  # nothing new to pay yet
    Measure.objects.filter(pk=measure.pk).update(proposed_at=timezone.now() - dt.timedelta(days=1))
    assert approve_many(measures=[measure], by=second_officer).done
    batch = check(batch, officer)
    assert (batch.state, batch.paid, batches.ready_of(batch).count) == ("checked", 2, 1)
    batch = pay(batch, officer)
    assert [outcome for outcome, _why, _say in told(batch).values()] == ["paid", "paid", "rejected"]
    assert (batch.read, batch.paid, batch.unchanged, batch.rejected) == (3, 2, 0, 1)
    assert balances(fund)["paid"] == Decimal(200)


# -- jobs, files --------------------------------------------------------------------------------------------------------------------


class Stops:
    """Progress that is cancelled at its nth step."""

    def __init__(self, at):
        self.left = at

    def step(self, *_args, **_more):
        self.left -= 1
        if self.left < 0:
            raise jobs.Cancelled


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4])
def test_a_payout_stopped_anywhere_has_paid_nobody(checked, person, officer, fund, at):
    batch = checked([row_of(person("王芳")), row_of(person("李四"))])
    batches.pay_list(batch=batch, by=officer)
    with pytest.raises(jobs.Cancelled):
        batches.run_pay(batch, by=officer, run=Stops(at))
    batches.stopped(batch=batch, by=officer)
    batch.refresh_from_db()
    assert batch.state == "checked"
    assert not Delivery.objects.exists()
    assert balances(fund)["paid"] == 0
    assert set(batch.rows.values_list("outcome", flat=True)) == {"ready"}


def test_a_cancelled_job_leaves_the_list_ready(checked, upload, person, officer):
    row = [row_of(person("王芳"))]
    fresh = upload(row, period=f"{YEAR}-01")
    jobs.cancel_job(job=batches.check_list(batch=fresh, by=officer), by=officer)
    fresh.refresh_from_db()
    assert fresh.state == "uploaded"
    batch = check(fresh, officer)
    jobs.cancel_job(job=batches.pay_list(batch=batch, by=officer), by=officer)
    batch.refresh_from_db()
    assert batch.state == "checked"
    assert pay(batch, officer).paid == 1


def test_work_done_twice_is_done_once(checked, person, officer, fund):
    """A worker that dies just after its commit: another starts the same job."""
    batch = checked([row_of(person("王芳"))])
    job = batches.pay_list(batch=batch, by=officer)
    batches.run_pay(batch, by=officer)
    assert done(job).state == Job.State.DONE
    assert Delivery.objects.count() == 1
    assert balances(fund)["paid"] == Decimal(100)
    with pytest.raises(LedgerError, match="已经发放"):
        batches.pay_list(batch=batch, by=officer)


def test_discarding(checked, person, officer):
    batch = checked([row_of(person("王芳"))])
    batches.discard_list(batch=batch, by=officer)
    batch.refresh_from_db()
    assert (batch.state, batch.file, batch.rows.count()) == ("discarded", "", 0)
    with pytest.raises(LedgerError, match="已经放弃"):
        batches.check_list(batch=batch, by=officer)
    paid = pay(checked([row_of(person("李四"))]), officer)
    with pytest.raises(LedgerError, match="已经发放的清单不能放弃"):
        batches.discard_list(batch=paid, by=officer)


def test_files_end_and_say_so(checked, person, officer):
    batch = checked([row_of(person("王芳"))])
    assert batches.expire_lists() == 0
    PayBatch.objects.update(uploaded_at=timezone.now() - dt.timedelta(days=400))
    assert batches.expire_lists() == 1
    batch.refresh_from_db()
    with pytest.raises(LedgerError, match="已过保存期"):
        batches.fetch_returns(batch=batch, by=officer)
    with pytest.raises(LedgerError, match="已过保存期"):
        batches.pay_list(batch=batch, by=officer)


def test_rejected_rows_go_back_as_they_were_written(land, checked, person, officer):
    one = person("王芳")
    evil = '=HYPERLINK("http://127.0.0.1")'
    data = list_xlsx(
        [
            (1, "青石村", one.name, one.number_text, 100.5, "好"), (2, "", evil, invented_id_number(), 7, ""), (3, "", "李四", "12", 5, ""),
            ("合计", "", "", "", 112.5, ""), ("制表人：王五", "", "", "", "", ""),
        ]
    )  # fmt: skip
    batch = checked(data)
    assert (batch.read, batch.paid, batch.rejected) == (3, 1, 2)
    back = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(batches.fetch_returns(batch=batch, by=officer)))
    rows = back.get_sheet_by_index(0).to_python()
    assert rows[0] == ["序号", "村", "姓名", "身份证号", "金额（元）", "备注", "原因"]
    assert [row[2] for row in rows[1:]] == ["'" + evil, "李四"]
    assert "证件号码有 2 位" in rows[2][6]
    assert AuditEvent.objects.filter(action="paybatch.returned").count() == 1


def test_no_full_number_is_kept_outside_the_file(checked, person):
    one = person("王芳")
    batch = checked([row_of(one), ("李四", "510000199001011234", 5)])
    for row in batch.rows.all():
        assert "*" in row.id_masked
        assert one.number_text not in row.say + row.name + row.id_masked
    bodies = " ".join(AuditEvent.objects.values_list("body", flat=True))
    assert one.number_text not in bodies
    assert "510000199001011234" not in bodies


def test_a_delivery_by_hand_counts(checked, person, officer, kind):
    one = person("王芳")
    DeliveryFactory(measure=one.measures.get(), period=PERIOD, amount=0)
    row = only(checked([row_of(one)]))
    assert (row.why, row.outcome) == ("paid", "rejected")
