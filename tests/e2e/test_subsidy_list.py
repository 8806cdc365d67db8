"""A subsidy list in a real browser: from the menu to the upload, the check, the payout, and what goes back; the pages by axe and on a small phone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from assistance.models import Delivery, PayBatch
from tests.browser import axe, follow, go, too_wide
from tests.factories import FundFactory, HouseholdFactory, MemberFactory, balances, invented_id_number, list_xlsx
from tests.factories.assistance import KindFactory, MeasureFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]


def sound(page):
    """No fault that axe finds, and nothing wider than the smallest phone."""
    assert axe(page) == []
    page.set_viewport_size({"width": 320, "height": 700})
    assert too_wide(page) == [], page.url
    page.set_viewport_size({"width": 1280, "height": 900})


def test_a_list_is_uploaded_checked_and_paid(sign_in, work, officer, land, tmp_path):
    kind = KindFactory(of_member=True, title="雨露补助")
    fund = FundFactory(region=land.county, title="衔接资金", allotted=1000)
    rows = []
    for name, state in (("王芳", "approved"), ("李四", "proposed")):
        number = invented_id_number()
        home = HouseholdFactory(village=land.village, with_householder=True)
        member = MemberFactory(household=home, name=name, id_text=number)
        MeasureFactory(household=home, member=member, kind=kind, approved=True, state=state)
        rows.append((name, number, 120.5))
    file = tmp_path / "补助清单.xlsx"
    file.write_bytes(list_xlsx(rows, ("姓名", "身份证号", "金额")))

    page = sign_in(officer)
    go(page, "资金与村级项目", "补贴发放")
    follow(page.get_by_role("link", name="上传清单").first)
    sound(page)
    page.get_by_label("清单文件").set_input_files(file)
    page.get_by_label("帮扶措施").select_option(label="雨露补助（每年一次）")
    page.get_by_label("所属期").fill(str(timezone.localdate().year))
    page.get_by_label("资金").select_option(str(fund.pk))
    follow(page.get_by_role("button", name="上传并核对"))
    page.get_by_text("核对中").first.wait_for()
    work()
    page.get_by_text("可以发放 1 行，共 120.50 元").wait_for()  # the page asks for itself when the work is done
    assert page.get_by_text("已经提出，还没有批准").count() == 1
    sound(page)
    follow(page.get_by_role("link", name="发放", exact=True))
    assert page.get_by_text("120.50 元").count() == 1
    sound(page)
    follow(page.get_by_role("button", name="确认发放"))
    page.get_by_text("发放中").first.wait_for()
    work()
    page.get_by_text("已经发放").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="下载没有发的行").click()
    assert download.value.suggested_filename == "补助清单-需改正.xlsx"
    go(page, "资金与村级项目", "资金")
    sound(page)
    follow(page.get_by_role("link", name="衔接资金").first)
    assert page.get_by_text("879.50").first.is_visible()
    sound(page)
    assert Delivery.objects.get().batch == PayBatch.objects.get()
    assert balances(fund)["paid"] == 120.5
