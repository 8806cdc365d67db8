"""A measure on a phone: proposed, approved by somebody else, delivered, and signed for by the household on the screen."""

import pytest
from django.utils import timezone

from assistance.models import Confirmation, Measure
from common import vault
from tests.factories import HouseholdFactory
from tests.factories.assistance import KindFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def narrow(page):
    """Nothing stands out at the right."""
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_from_the_proposal_to_the_households_signature(sign_in, land, clerk, officer):
    home = HouseholdFactory(village=land.village, with_householder=True, with_year=True)
    kind = KindFactory(
        title="农具发放", in_kind=True, column="living", unit="件",
        fields=[{"id": "item", "type": "text", "label": "品名", "required": True}],
    )  # fmt: skip
    page = sign_in(clerk, width=390)
    page.goto(f"/households/{home.pk}/")
    page.goto(f"/assistance/households/{home.pk}/propose/")
    narrow(page)
    page.get_by_role("link", name="农具发放").click()
    page.get_by_role("button", name="提出，报审批").click()
    page.get_by_text("请填写这一项").first.wait_for()
    page.get_by_label("品名").fill("锄头")
    page.get_by_label("数量").fill("2")
    narrow(page)
    page.get_by_role("button", name="提出，报审批").click()
    page.get_by_text("已提出“农具发放”").wait_for()
    measure = Measure.objects.get()
    assert measure.values == {"item": "锄头"}

    office = sign_in(officer, width=390)
    office.get_by_role("link", name="待我审批的措施").first.or_(
        office.locator("a[href*='state=mine']").first
    ).first.click()
    office.get_by_role("link", name="农具发放").click()
    narrow(office)
    office.get_by_role("button", name="批准", exact=True).click()
    office.get_by_text("已批准").first.wait_for()

    page.goto(f"/assistance/measures/{measure.pk}/")
    page.get_by_role("link", name="登记落实").click()
    narrow(page)
    page.get_by_role("button", name="登记落实").click()
    page.get_by_text("已登记落实").wait_for()
    page.get_by_role("link", name="农户确认").first.click()
    narrow(page)
    page.get_by_text("收到了", exact=True).click()
    box = page.locator("canvas")
    box.scroll_into_view_if_needed()
    at = box.bounding_box()
    page.mouse.move(at["x"] + 20, at["y"] + 30)
    page.mouse.down()
    for step in range(1, 12):
        page.mouse.move(at["x"] + 20 + 15 * step, at["y"] + 30 + (step % 3) * 12)
    page.mouse.up()
    page.get_by_text("已签字。").wait_for()
    page.get_by_role("button", name="登记确认").click()
    page.get_by_text("农户确认已登记").wait_for()
    measure.refresh_from_db()
    assert measure.state == "confirmed"
    word = Confirmation.objects.get()
    assert (word.way, word.received, word.on) == ("signature", True, timezone.localdate())
    assert (word.evidence.width, word.evidence.height) == (640, 240)
    assert vault.get(word.evidence.file).startswith(b"\xff\xd8")
    assert kind.measures.count() == 1
