"""The main job of help, from end to end: a cause in the ledger becomes a proposal, a plan the township approves, a measure, money paid from a
spreadsheet, the household's own confirmation, and all of it stands in the booklet."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
import xlsxwriter
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from assistance.models import Account, Confirmation, Delivery, Fund, Measure, PayBatch
from assistance.services import funds
from catalogue import standard
from catalogue.models import MeasureKind, ReliefCategory
from common import audit
from households import services as ledger
from households.models import Household
from plans.models import Plan
from tests.browser import follow
from tests.factories import invented_id_number

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
THIS = timezone.localdate().year
TARGETS = {
    "人均纯收入": "12,000 元",
    "安全住房": "有",
    "失学辍学学生": "无",
    "因病致贫返贫": "无",
    "参加居民医保": "全家",
    "参加居民养老": "全家",
}


@pytest.fixture
def home(officer, village):
    """王建国, 58, seriously ill, and what the ledger says of him this year."""
    standard.put_in(ReliefCategory, MeasureKind)  # an emptied database has no catalogue
    number = invented_id_number(dt.date(THIS - 58, 5, 1))
    made = ledger.register_household(
        village=village, by=officer, householder={"name": "王建国", "id_number": number}, facts={"hamlet": "5组"}
    )
    ledger.correct_year(household=made, year=THIS, by=officer, facts={"main_cause": "01", "check_medical": "yes"})
    ledger.set_income(household=made, year=THIS, by=officer, lines={"wage.other": 9000})
    head = made.members.get()
    ledger.correct_member_year(member=head, year=THIS, by=officer, facts={"health": ["03"], "medical_resident": True})
    return Household.objects.get(pk=made.pk)


@pytest.fixture
def fund(official, county):
    """100,000 元 of the province, allotted."""
    made = funds.open_fund(
        region=county, source="province", year=THIS, title="医疗救助资金", ceiling=Decimal(100000), by=official
    )
    today = timezone.localdate()
    funds.plan(fund=made, amount=Decimal(100000), on=today, by=official)
    funds.allot(fund=made, amount=Decimal(80000), on=today, by=official)
    return made


def workbook(*rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("发放")
        for n, row in enumerate([("姓名", "身份证号", "金额（元）"), *rows]):
            sheet.write_row(n, 0, row)
    return {"name": "医疗救助.xlsx", "mimeType": "application/octet-stream", "buffer": out.getvalue()}


def test_from_the_cause_to_the_booklet(home, fund, clerk, officer, sign_in, work, tmp_path):
    # The village: what the cause calls for, with its reasons, becomes a plan that the household agrees to.
    page = sign_in(clerk)
    page.goto(home.get_absolute_url())
    follow(page.get_by_role("link", name="制定计划").first)
    row = page.locator("tr", has_text="医疗救助").first
    assert "因病" in page.locator("main").inner_text()
    row.locator("input[name=take]").check()
    follow(page.locator("main form button").last)
    page.get_by_text("提交前还缺").wait_for()
    follow(page.get_by_role("link", name="修改任务").first)
    page.get_by_label("责任人").select_option(label="村信息员")
    page.get_by_label("完成期限").fill(f"{THIS}-12-31")
    follow(page.get_by_role("button", name="保存"))
    follow(page.get_by_role("link", name="填计划"))
    for label, target in TARGETS.items():
        page.get_by_label(label).fill(target)
    follow(page.get_by_role("button", name="保存"))
    follow(page.locator("#consent").get_by_role("link", name="登记"))
    page.get_by_text("口头同意", exact=True).click()
    page.get_by_label("谁同意的").select_option(index=1)
    page.get_by_label("说明").fill("当面说过，同意")
    follow(page.get_by_role("button", name="保存"))
    page.get_by_text("已登记农户意见").wait_for()
    follow(page.get_by_role("link", name="提交审批"))
    follow(page.get_by_role("button", name="确认提交"))
    page.get_by_text("已提交，等乡镇审批。").wait_for()
    plan = Plan.objects.get()

    # The township approves it.
    boss = sign_in(officer)
    boss.goto(reverse("plans:plan_decide", args=[plan.pk]))
    follow(boss.get_by_role("button", name="批准"))
    boss.get_by_text("已批准。").wait_for()

    # The village proposes the plan's measures; a list comes before their approval, and is not paid.
    page.goto(reverse("plans:plan_detail", args=[plan.pk]))
    follow(page.get_by_role("button", name="开始执行"))
    page.goto(reverse("assistance:measure_from_plan", args=[plan.pk]))
    follow(page.get_by_role("button", name="提出，报审批"))
    measure = Measure.objects.get()
    assert (measure.state, measure.kind.code) == ("proposed", "medical-aid")
    head = home.members.get()
    number = head.id_number.reveal()
    rows = [("王建国", number, 3000), ("李不在", invented_id_number(), 500)]
    batch = upload(boss, rows, fund, work)
    assert (batch.paid, batch.rejected) == (0, 2)
    assert Delivery.objects.count() == 0

    # Approved, the same list is checked again: the good row is paid, the other one goes back with its reason.
    boss.goto(reverse("assistance:measure_detail", args=[measure.pk]))
    follow(boss.get_by_role("button", name="批准", exact=True))
    boss.get_by_text("已批准").first.wait_for()
    boss.goto(reverse("assistance:batch_detail", args=[batch.pk]))
    follow(boss.get_by_role("button", name="重新核对"))
    work()
    follow(boss.get_by_role("link", name="发放", exact=True))
    follow(boss.locator("main form button").first)
    work()
    boss.get_by_text("已经发放").wait_for()
    assert "李不在" in boss.locator("#rows").inner_text()
    delivery = Delivery.objects.get()
    assert (delivery.amount, delivery.member) == (Decimal(3000), head)
    assert Account.objects.get(fund=fund, kind="paid").balance == 3000
    assert Account.objects.get(fund=fund, kind="allotted").balance == 77000
    assert number not in boss.content()

    # The household signs on the clerk's phone.
    phone = page
    phone.set_viewport_size({"width": 390, "height": 844})
    phone.goto(reverse("assistance:measure_detail", args=[measure.pk]))
    follow(phone.get_by_role("link", name="农户确认").first)
    phone.get_by_text("收到了", exact=True).click()
    box = phone.locator("canvas")
    box.scroll_into_view_if_needed()
    at = box.bounding_box()
    phone.mouse.move(at["x"] + 20, at["y"] + 30)
    phone.mouse.down()
    for step in range(1, 12):
        phone.mouse.move(at["x"] + 20 + 15 * step, at["y"] + 30 + (step % 3) * 12)
    phone.mouse.up()
    phone.get_by_text("已签字。").wait_for()
    follow(phone.get_by_role("button", name="登记确认"))
    phone.get_by_text("农户确认已登记").wait_for()
    assert Confirmation.objects.get().received
    measure.refresh_from_db()
    assert measure.state == "confirmed"

    page.set_viewport_size({"width": 1280, "height": 900})

    # The ledger says so, and the booklet shows all of it.
    page.goto(home.get_absolute_url())
    assert "农户确认 1 项" in page.locator("#assistance").inner_text()
    assert "3,000 元" in page.locator("#assistance").inner_text()
    follow(page.get_by_role("link", name="打印台账").first)
    follow(page.get_by_role("button", name="开始打印"))
    work()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载 PDF").click()
    target = tmp_path / "ledger.pdf"
    waiting.value.save_as(target)
    text = "".join(sheet.extract_text() for sheet in PdfReader(target).pages).replace("\n", "").replace(" ", "")
    for said in (
        f"{THIS}年帮扶计划",
        "看病负担减轻",
        "医疗救助",
        "12,000元",
        "口头同意",
        "3,000",
        "省级财政",
        "农户签字",
        "因病",
    ):
        assert said in text, said
    assert number not in text
    verdict = audit.verify(audit.vouched())
    assert verdict.ok, verdict.broken
    assert not list(funds.check())


def upload(page, rows, fund: Fund, work) -> PayBatch:
    page.goto(reverse("assistance:batch_new"))
    page.set_input_files("input[type=file]", workbook(*rows))
    page.get_by_label("帮扶措施").select_option(value=str(MeasureKind.objects.get(code="medical-aid").pk))
    page.get_by_label("所属期").fill(str(THIS))
    page.get_by_label("资金").select_option(value=str(fund.pk))
    follow(page.get_by_role("button", name="上传并核对"))
    work()
    page.get_by_text("没有可以发放的行").first.wait_for()  # the page asks for itself when the work is done
    return PayBatch.objects.get()
