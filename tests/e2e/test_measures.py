"""A measure on a phone: proposed, approved by somebody else, delivered, and signed for by the household on the screen."""

import pytest
from django.utils import timezone

from assistance.models import Confirmation, Measure
from common import vault
from tests.browser import follow, too_wide, wrong_with
from tests.factories import HouseholdFactory
from tests.factories.assistance import DeliveryFactory, KindFactory, MeasureFactory, ServiceRequestFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]


def narrow(page):
    """Nothing stands out at the right."""
    assert too_wide(page) == []


def test_the_pages_are_accessible_and_fit(sign_in, land, officer):
    home = HouseholdFactory(village=land.village, with_householder=True, with_year=True)
    kind = KindFactory(of_member=True, in_kind=True, fields=[{"id": "item", "type": "yesno", "label": "自主"}])
    waiting = MeasureFactory(household=home, kind__title="待审的", proposed_by="somebody")
    ready = MeasureFactory(household=home, member=home.members.get(), kind=kind, approved=True)
    delivery = DeliveryFactory(measure=ready)
    denied = DeliveryFactory(measure=MeasureFactory(household=home, approved=True, kind__in_kind=True))
    Confirmation.objects.create(
        delivery=denied, way="visit", on=timezone.localdate(), by="x", at=timezone.now(), received=False, note="没见到"
    )  # fmt: skip
    Measure.objects.filter(pk__in=[ready.pk, denied.measure_id]).update(state="delivered")
    request = ServiceRequestFactory(household=home, state="taken", taker=officer, taken_at=timezone.now())
    village = f"?region={land.village.pk}&kind={kind.code}"
    waiting_kind = f"?region={land.village.pk}&kind={waiting.kind.code}"
    pages = [
        "measures/", f"measures/{waiting.pk}/", f"measures/{denied.measure_id}/", f"measures/{waiting.pk}/change/",
        f"measures/{waiting.pk}/withdraw/", f"measures/{ready.pk}/effect/", f"measures/{ready.pk}/deliver/", f"households/{home.pk}/",
        f"households/{home.pk}/propose/", f"households/{home.pk}/propose/?kind={kind.code}", f"households/{home.pk}/ask/",
        f"deliveries/batch/{waiting_kind}", f"deliveries/sign/{village}", f"deliveries/sheet/{village}", f"deliveries/{delivery.pk}/reverse/",
        f"deliveries/{delivery.pk}/confirm/", "requests/", f"requests/{request.pk}/",
    ]  # fmt: skip
    addresses = {page: f"/assistance/{page}" for page in pages}
    assert wrong_with(sign_in(officer), addresses) == {}


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
    follow(page.get_by_role("link", name="农具发放"))
    follow(page.get_by_role("button", name="提出，报审批"))
    page.get_by_text("请填写这一项").first.wait_for()
    page.get_by_label("品名").fill("锄头")
    page.get_by_label("数量").fill("2")
    narrow(page)
    follow(page.get_by_role("button", name="提出，报审批"))
    page.get_by_text("已提出“农具发放”").wait_for()
    measure = Measure.objects.get()
    assert measure.values == {"item": "锄头"}

    office = sign_in(officer, width=390)
    follow(office.get_by_role("link", name="待我审批的措施").or_(office.locator("a[href*='state=mine']")).first)
    follow(office.get_by_role("link", name="农具发放"))
    narrow(office)
    follow(office.get_by_role("button", name="批准", exact=True))
    office.get_by_text("已批准").first.wait_for()

    page.goto(f"/assistance/measures/{measure.pk}/")
    follow(page.get_by_role("link", name="登记落实"))
    narrow(page)
    follow(page.get_by_role("button", name="登记落实"))
    page.get_by_text("已登记落实").wait_for()
    follow(page.get_by_role("link", name="农户确认").first)
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
    follow(page.get_by_role("button", name="登记确认"))
    page.get_by_text("农户确认已登记").wait_for()
    measure.refresh_from_db()
    assert measure.state == "confirmed"
    word = Confirmation.objects.get()
    assert (word.way, word.received, word.on) == ("signature", True, timezone.localdate())
    assert (word.evidence.width, word.evidence.height) == (640, 240)
    assert vault.get(word.evidence.file).startswith(b"\xff\xd8")
    assert kind.measures.count() == 1
