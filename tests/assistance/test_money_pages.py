"""Pages of money: sums equal rows, forms move what they say, lists are uploaded, checked, paid and handed back, files equal pages."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from assistance import finance
from assistance.models import Delivery, Entry, Fund, PayBatch
from assistance.services import batches, books, funds
from common import jobs
from common.models import AuditEvent, Job
from tests.factories import (
    FundFactory,
    HouseholdFactory,
    MemberFactory,
    balances,
    invented_id_number,
    list_csv,
    list_xlsx,
)
from tests.factories.assistance import KindFactory, MeasureFactory
from tests.factories.villages import ProjectFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year


@pytest.fixture
def kind(db):
    return KindFactory(of_member=True, title="雨露补助")


@pytest.fixture
def person(kind):
    """`person(village, name)`: a member with a number and an approved measure."""

    def make(village, name="王芳"):
        number = invented_id_number()
        member = MemberFactory(household=HouseholdFactory(village=village), name=name, id_text=number)
        member.number_text = number
        MeasureFactory(household=member.household, member=member, kind=kind, approved=True)
        return member

    return make


@pytest.fixture
def paid(land, kind, fund, official, person):
    """`paid({village: amounts})`: a list over the county, paid."""

    def make(amounts):
        rows = [
            (who.name, who.number_text, amount)
            for village, own in amounts.items()
            for amount in own
            for who in [person(village)]
        ]
        batch, _new = batches.upload_list(
            data=list_csv(rows, ("姓名", "身份证号", "金额")), filename="发放.csv", region=land.county, kind=kind, fund=fund, period=str(YEAR), on=TODAY, by=official,
        )  # fmt: skip
        jobs.run(batches.check_list(batch=batch, by=official).pk)
        jobs.run(batches.pay_list(batch=PayBatch.objects.get(pk=batch.pk), by=official).pk)
        return PayBatch.objects.get(pk=batch.pk)

    return make


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def cells(response, row=r"<tfoot>.*?</tfoot>"):
    """The cells of a row of the page's table, as texts."""
    found = re.search(row, response.content.decode(), re.DOTALL)[0]
    return [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", found, re.DOTALL)]


# -- funds --------------------------------------------------------------------------------------------------------------------------


def test_the_sums_of_the_list_are_those_of_its_rows(land, county, official, client_as):
    for source, allotted, planned in (("central", 300, 50), ("central", 200, 0), ("unit", 75, 25)):
        FundFactory(region=county, source=source, allotted=allotted, planned=planned, ceiling=1000)
    FundFactory(region=land.other_county)
    FundFactory(region=county, year=YEAR - 1, allotted=999)
    client = client_as(official)
    page = client.get(reverse("assistance:fund_list"))
    assert cells(page) == ["合计", "3,000", "650", "575", "0", "0", "575"]
    assert "中央财政小计" in text_of(page)
    assert "邻县" not in text_of(page)
    assert cells(client.get(reverse("assistance:fund_list") + f"?year={YEAR - 1}"))[-1] == "999"


def test_a_fund_from_the_first_form_to_the_last(county, official, client_as, village):
    client = client_as(official)
    new = {
        "region": county.pk,
        "source": "central",
        "year": YEAR,
        "title": "衔接资金",
        "document": "财农1号",
        "ceiling": "50,000",
    }
    assert client.post(reverse("assistance:fund_new"), new | {"title": ""}).status_code == 422
    assert client.post(reverse("assistance:fund_new"), new).status_code == 302
    fund = Fund.objects.get()

    def move(act, amount, **more):
        data = {"amount": amount, "on": TODAY.isoformat(), "reference": "文1", "note": ""} | more
        return client.post(reverse("assistance:fund_move", args=[fund.pk, act]), data)

    assert move("plan", "60000").status_code == 422
    assert move("plan", "4万").status_code == 422
    assert move("plan", "40,000").status_code == 302
    assert move("allot", "30000").status_code == 302
    project = ProjectFactory(village=village, stage="approved")
    assert move("reserve", "10000", project=project.pk).status_code == 302
    assert move("release", "1000", project=project.pk).status_code == 302
    assert move("pay", "2000", project=project.pk, reference="").status_code == 422
    assert move("pay", "2000", project=project.pk, reference="凭证9").status_code == 302
    assert balances(fund) == {"source": -40000, "planned": 10000, "allotted": 21000, "reserved": 7000, "paid": 2000}
    page = text_of(client.get(reverse("assistance:fund_page", args=[fund.pk])))
    for said in ("支付 ", "凭证9", "9,000" if "9,000" in page else "10,000", project.title):
        assert said in page
    entry = Entry.objects.get(kind="pay")
    assert (
        client.post(
            reverse("assistance:fund_entry_reverse", args=[entry.pk]), {"on": TODAY.isoformat(), "note": "付错"}
        ).status_code
        == 302
    )
    assert "付错" in text_of(client.get(reverse("assistance:fund_entry", args=[entry.pk])))
    assert cells(client.get(reverse("assistance:fund_projects", args=[fund.pk])))[3:5] == ["9,000", "0"]
    assert client.post(reverse("assistance:fund_close", args=[fund.pk])).status_code == 302
    assert "还有余额" in text_of(client.get(reverse("assistance:fund_page", args=[fund.pk])))
    assert client.get(reverse("assistance:fund_move", args=[fund.pk, "steal"])).status_code == 404


def test_movements_show_what_they_moved(land, official, fund, paid, client_as):
    paid({land.village: [100, 20.5], land.far_village: [60]})
    page = client_as(official).get(reverse("assistance:fund_page", args=[fund.pk]))
    assert [row["amount"] for row in page.context["rows"]] == [Decimal("180.50"), Decimal(10_000), Decimal(10_000)]


def test_where_it_went_adds_up(land, official, fund, paid, client_as):
    paid({land.village: [100, 20.5], land.far_village: [60]})
    client = client_as(official)
    for by in ("", "?by=village"):
        page = client.get(reverse("assistance:fund_paid", args=[fund.pk]) + by)
        assert cells(page)[1] == "3"
        assert cells(page)[3] == "180.50"
    assert [share.label[-3:] for share in page.context["shares"]] == ["青石村", "柳树村"]


def test_who_is_paid_is_named_in_the_own_area_only(land, official, officer, fund, paid, client_as):
    paid({land.village: [100], land.far_village: [60]})
    entry = Entry.objects.get(kind="pay")
    own, far = (Delivery.objects.get(village=village).household.number for village in (land.village, land.far_village))
    seen = text_of(client_as(officer).get(reverse("assistance:fund_entry", args=[entry.pk])))
    assert own in seen
    assert far not in seen
    assert "您管辖范围以外的农户" in seen
    assert far in text_of(client_as(official).get(reverse("assistance:fund_entry", args=[entry.pk])))


def test_whether_money_is_spread_thin(land, official, fund, paid, client_as):
    paid({land.village: [100, 499.99, 500], land.far_village: [2000]})
    project = ProjectFactory(village=land.village, stage="building")
    funds.reserve(project=project, fund=fund, amount=Decimal(1000), on=TODAY, by=official)
    funds.pay_project(project=project, fund=fund, amount=Decimal(1000), on=TODAY, by=official, reference="1")
    (row,), whole = finance.spread_of([fund])
    assert (row.payouts, row.small, row.households, row.small_share) == (4, 2, 4, 50)
    assert (row.small_amount, row.projects, row.project_share) == (Decimal("599.99"), 1, 24)
    assert (whole.payouts, whole.households, whole.mean) == (4, 4, Decimal("775.00"))
    page = text_of(client_as(official).get(reverse("assistance:fund_spread")))
    assert "50% 的笔数不到 500 元" in page
    assert f"截至 {YEAR}年{TODAY.month}月{TODAY.day}日" in page


# -- for the finance office -----------------------------------------------------------------------------------------------------------


def sheets(data):
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return [book.get_sheet_by_index(n).to_python() for n in range(2)]


def test_the_books_equal_the_page(land, official, fund, paid, client_as):
    paid({land.village: [100, 20.5], land.far_village: [60]})
    client = client_as(official)
    response = client.post(reverse("assistance:fund_export", args=[fund.pk]), {})
    cover, lines = sheets(b"".join(response.streaming_content))
    told = {row[0]: row[1] for row in cover if len(row) > 1}
    page = client.get(reverse("assistance:fund_page", args=[fund.pk])).context["figures"]
    assert (told["已支付"], told["可用余额"], told["已下达"]) == (page.paid, page.left, page.allotted)
    households = [row for row in lines[1:-1] if row[10]]
    assert sum(row[7] for row in households) == 180.5
    assert lines[-1][7] == 0  # what every account gave, another took
    for row in households:
        assert re.fullmatch(r"\d{4}\*+\w{4}", row[13])
        assert row[6:8] == ["已支付", row[7]]
    assert AuditEvent.objects.filter(action="fund.exported").count() == 1


def test_the_books_of_a_period(land, official, fund, paid):
    paid({land.village: [100]})
    first = dt.date(YEAR, 1, 1)
    assert finance.Books(fund, first, first).sums() == {"source": -10_000, "planned": 0, "allotted": 10_000}
    assert finance.Books(fund, TODAY, None).sums().get("paid", 0) == 100


def test_long_books_are_a_job_and_its_file_is_fetched_once_more(land, official, officer, fund, paid, client_as):
    paid({land.village: [100]})
    job = books.export_books(fund=fund, by=official, at_once=2)
    assert isinstance(job, Job)
    jobs.run(job.pk)
    client = client_as(official)
    url = reverse("assistance:fund_file", args=[job.pk])
    assert "下载明细" in client.get(url).content.decode()
    _cover, lines = sheets(b"".join(client.post(url).streaming_content))
    assert len(lines) == 8
    assert client_as(officer).get(url).status_code == 404
    Job.objects.update(created_at=timezone.now() - dt.timedelta(days=400))
    assert books.expire_exports() == 1
    assert "没有可以下载的文件" in client.get(url).content.decode()


def test_a_period_the_wrong_way_round(official, fund, client_as):
    page = client_as(official).post(
        reverse("assistance:fund_export", args=[fund.pk]), {"first": "2026-03-01", "last": "2026-02-01"}, follow=True
    )
    assert "结束日期在开始日期之前" in text_of(page)


# -- subsidy lists --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def choices(land, kind, fund):
    return {"kind": kind.pk, "period": str(YEAR), "fund": fund.pk, "on": TODAY.isoformat(), "region": land.township.pk}


def upload(client, choices, rows, name="发放.xlsx"):
    data = list_xlsx(rows, ("姓名", "身份证号", "金额"))
    return client.post(reverse("assistance:batch_new"), choices | {"file": SimpleUploadedFile(name, data)})


def work():
    for job in Job.objects.filter(state=Job.State.QUEUED).order_by("pk"):
        jobs.run(job.pk)


def test_a_list_from_upload_to_payout(land, officer, choices, person, client_as, fund):
    client = client_as(officer)
    one, other = person(land.village), person(land.near_village, "李四")
    response = upload(
        client, choices, [(one.name, one.number_text, 100), (other.name, other.number_text, -1), ("没有", "1", 2)]
    )
    batch = PayBatch.objects.get()
    detail = reverse("assistance:batch_detail", args=[batch.pk])
    assert (response.status_code, response["Location"]) == (302, detail)
    assert "核对中" in text_of(client.get(detail))
    assert client.get(reverse("assistance:batch_progress", args=[batch.pk])).status_code == 200
    work()
    assert client.get(reverse("assistance:batch_progress", args=[batch.pk])).headers["HX-Refresh"] == "true"
    page = text_of(client.get(detail))
    assert "可以发放 1 行，共 100 元" in page
    assert "读到 3 行 = 已发放 0 + 可以发放 1 + 以前已发过 0 + 未通过 2" in page
    assert "金额是负数" in page
    assert one.number_text not in page
    confirm = text_of(client.get(reverse("assistance:batch_pay", args=[batch.pk])))
    assert "总额 100 元" in confirm
    assert "现在可用 10,000 元" in confirm
    assert client.post(reverse("assistance:batch_pay", args=[batch.pk])).status_code == 302
    work()
    page = text_of(client.get(detail))
    assert "已经发放" in page
    assert "读到 3 行 = 已发放 1 + 可以发放 0 + 以前已发过 0 + 未通过 2" in page
    assert balances(fund)["paid"] == 100
    back = client.post(reverse("assistance:batch_return", args=[batch.pk]))
    assert (
        "发放-需改正.xlsx" in back["Content-Disposition"].encode("latin-1").decode()
        or "filename*" in back["Content-Disposition"]
    )
    # the same file again leads to the same list, and nothing is paid
    again = upload(
        client, choices, [(one.name, one.number_text, 100), (other.name, other.number_text, -1), ("没有", "1", 2)]
    )
    assert again["Location"] == detail
    assert "已经上传过" in text_of(client.get(detail))
    assert PayBatch.objects.count() == 1


def test_rows_by_outcome_and_reason(land, officer, choices, person, client_as):
    client = client_as(officer)
    one = person(land.village)
    upload(
        client,
        choices,
        [(one.name, one.number_text, 100), ("甲", "1", 2), ("乙", "2", 2), (one.name, one.number_text, 100)],
    )
    work()
    detail = reverse("assistance:batch_detail", args=[PayBatch.objects.get().pk])
    assert len(client.get(detail + "?outcome=ready").context["rows"]) == 1
    assert len(client.get(detail + "?why=person").context["rows"]) == 2
    assert [(each["label"], each["value"]) for each in client.get(detail).context["reasons"]] == [
        ("台账中找不到人", 2),
        ("清单中重复", 1),
    ]


def test_a_file_that_is_no_list_is_refused_on_the_form(officer, choices, client_as):
    client = client_as(officer)
    response = client.post(reverse("assistance:batch_new"), choices | {"file": SimpleUploadedFile("a.xlsx", b"no")})
    assert response.status_code == 422
    assert client.post(reverse("assistance:batch_new"), choices).status_code == 422
    response = upload(client, choices | {"period": ""}, [("王芳", "1", 2)])
    assert response.status_code == 422
    assert "请写所属年度" in text_of(response)


def test_money_that_does_not_reach_is_said_before_it_is_tried(land, officer, choices, person, client_as):
    client = client_as(officer)
    one = person(land.village)
    upload(client, choices, [(one.name, one.number_text, 10_500)])
    work()
    batch = PayBatch.objects.get()
    page = text_of(client.get(reverse("assistance:batch_detail", args=[batch.pk])))
    assert "还差 500 元，现在一行也不能发" in page
    client.post(reverse("assistance:batch_pay", args=[batch.pk]))
    assert not Delivery.objects.exists()


def test_a_list_is_stopped_and_discarded(land, officer, choices, person, client_as):
    client = client_as(officer)
    one = person(land.village)
    upload(client, choices, [(one.name, one.number_text, 100)])
    batch = PayBatch.objects.get()
    client.post(reverse("assistance:batch_cancel", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.state == "uploaded"
    client.post(reverse("assistance:batch_check", args=[batch.pk]))
    work()
    assert client.post(reverse("assistance:batch_discard", args=[batch.pk]))["Location"] == reverse(
        "assistance:batch_list"
    )
    batch.refresh_from_db()
    assert batch.state == "discarded"


def test_missing_measures_are_proposed_by_a_button(land, officer, choices, client_as, kind):
    client = client_as(officer)
    number = invented_id_number()
    member = MemberFactory(household=HouseholdFactory(village=land.village), name="李四", id_text=number)
    upload(client, choices, [("李四", number, 100)])
    work()
    batch = PayBatch.objects.get()
    assert "给只差措施的 1 行提出措施" in text_of(client.get(reverse("assistance:batch_detail", args=[batch.pk])))
    assert client.post(reverse("assistance:batch_propose", args=[batch.pk])).status_code == 302
    work()
    assert member.measures.get().state == "proposed"


def test_lists_of_elsewhere_are_not_seen(land, post, officer, choices, person, client_as):
    one = person(land.village)
    upload(client_as(officer), choices, [(one.name, one.number_text, 100)])
    neighbour = client_as(post(Role.TOWNSHIP_OFFICER, land.next_township))
    assert "发放.xlsx" not in text_of(neighbour.get(reverse("assistance:batch_list")))
    assert neighbour.get(reverse("assistance:batch_detail", args=[PayBatch.objects.get().pk])).status_code == 404
