"""The main job: a national workbook goes in through the page, a ledger is read and corrected, the village comes out on paper."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader

from common import audit, pdf
from households.models import AUDITED, Household, HouseholdYear, Member
from reports.models import PrintRun
from tests.browser import follow, go
from tests.data import national

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
HOUSEHOLDS = 160


@pytest.fixture
def workbook(tmp_path):
    """The 28-column national frame: 160 households of two villages (a quarter in the one that is printed), rare and minority names, every quirk."""
    path = tmp_path / "national.xlsx"
    near = national.Place("石门乡", "白石村")
    places = (national.Place("石门乡", "青石村"), near, near, near)
    path.write_bytes(national.workbook(HOUSEHOLDS, places=places, quirks=True))
    return path


def test_households_in_on_screen_and_on_paper(officer, land, sign_in, work, workbook, tmp_path):
    page = sign_in(officer)

    # In: upload, look at what would happen, write it.
    follow(page.get_by_role("link", name="导入数据").first)
    follow(page.locator("main").get_by_role("link", name="上传").first)
    page.set_input_files("input[type=file]", workbook)
    follow(page.get_by_role("button", name="上传并核对"))
    work()
    page.get_by_text("还没有写入台账").wait_for()  # the page asks for itself when the work is done
    assert Household.objects.count() == 0
    follow(page.get_by_role("button", name="写入台账"))
    work()
    page.get_by_text("已经写入台账").wait_for()
    assert Household.objects.count() == HOUSEHOLDS

    # On screen: find a household by the initials of its householder, open the ledger.
    household = Household.objects.filter(village=land.village).exclude(householder_name="").order_by("pk")[12]
    head = Member.objects.get(household=household, relation="01")
    follow(page.get_by_role("link", name="农户台账").first)
    page.locator("main input[type=search], main input[name=q]").first.fill(head.initials.split()[0])
    page.wait_for_url("**q=**")  # what is typed is looked for by itself, and the list is another one then
    follow(page.locator(f"a[href='/households/{household.pk}/']").first)
    assert household.householder_name in page.locator("h1").inner_text()
    assert head.id_masked in page.content()
    assert head.id_number.reveal() not in page.content()

    # Correct an income: from the ledger in two clicks and a number.
    follow(page.locator(f"a[href$='/households/{household.pk}/years/2026/income/']").first)
    page.get_by_label("其他工资性收入").fill("18600")
    follow(page.get_by_role("button", name="保存"))
    assert "18,600" in page.content()
    record = HouseholdYear.objects.get(household=household, year=2026)
    assert record.wage_income == 18600

    # On paper: the whole village in one file.
    go(page, "分析与打印", "打印中心")
    follow(page.locator("main").get_by_role("link", name="青石村"))
    follow(page.get_by_role("link", name="打印青石村的一户一本台账"))
    follow(page.get_by_role("button", name="开始打印"))
    work()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载 PDF").click()
    target = tmp_path / "village.pdf"
    waiting.value.save_as(target)
    content = target.read_bytes()

    run = PrintRun.objects.get()
    book = PdfReader(io.BytesIO(content))
    assert run.total == Household.objects.filter(village=land.village).count()
    assert len(book.pages) == run.job.result["pages"] >= 3 * run.total
    assert len(book.outline) == run.total
    first = next(o for o in book.outline if household.number in o.title)
    start = book.get_destination_page_number(first)
    text = "".join(p.extract_text() for p in book.pages[start : start + 4])
    assert household.householder_name in text.replace(" ", "").replace("\n", "")
    assert "18,600" in text
    assert head.id_masked in text.replace("\n", "")
    assert head.id_number.reveal() not in text
    assert not pdf.scan_glyphs(content)

    # And all of it is in the history.
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken
