"""The visit log on a phone: five taps and a sentence, without a network, sent once; what is refused says why and loses nothing."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from assistance.models import ServiceRequest
from common.models import AuditEvent, SyncOp
from households.models import Household, Pairing
from surveys.models import SurveyPhoto
from tests.browser import axe, follow, too_wide
from tests.e2e.phone import chip, choose_pin, photo, rows, send, unlock, wait_sent, worker_ready
from tests.e2e.server import Wire
from tests.factories import HouseholdFactory, PairingFactory, VisitDutyFactory, VisitFactory, VisitRuleFactory
from visits.models import Visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
SAID = "老人腿疼，说医保报销还没到账"


@pytest.fixture
def due(household, helper, land):
    """A visit of the household that is overdue since three days, by a rule of two a month."""
    today = timezone.localdate()
    rule = VisitRuleFactory(region=land.county, least=2)
    return VisitDutyFactory(
        rule=rule, household=household, cadre=helper.cadre, needed=2, next_due_on=today - dt.timedelta(days=3)
    )


@pytest.fixture
def phone(server, phones, due, helper):
    """The helper's phone with everything it needs without a network."""
    own = phones(server.url)
    page = own.log_in(helper)
    chip(page, "done")
    expect(page.locator("#mine")).to_contain_text("王建国")
    worker_ready(page)
    own.close()
    own.open()
    chip(own.page, "done")
    return own


class Thumb:
    """Counts what one taps on the way."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, target):
        target.click()
        self.taps += 1


def begin(page, name="王建国"):
    page.locator("#mine li", has_text=name).locator("[data-way=visit]").click()
    page.wait_for_selector("#visit:not([hidden])")


def write(page, said=SAID):
    page.get_by_label("户主", exact=True).check(force=True)
    page.locator("#text").fill(said)


def save(page):
    page.locator("#save").click()
    expect(page.locator("#gate-title")).to_contain_text("已记下")


def kept(page):
    """What is written lies on the phone, all of it."""
    expect(page.locator("#saved[data-waits=false]")).to_contain_text("已存手机")


def add_photos(page, *files):
    page.locator("#photos").set_input_files(list(files))


def queue_one(page, photos=0, **more):
    """A visit that waits."""
    begin(page)
    write(page, **more)
    if photos:
        add_photos(page, *(photo(tone=60 + n) for n in range(photos)))
        expect(page.locator(".sv-photos li canvas")).to_have_count(photos)
    save(page)
    page.goto("/collect/")
    expect(page.locator("#unsent-list li")).to_have_count(1)


def unsent(page):
    return page.locator("#unsent-list li")


def test_five_taps_and_a_sentence_without_a_network(phone, server, household, helper):
    page = phone.page
    phone.context.set_offline(True)
    server.stop()
    page.reload()
    row = page.locator("#mine li", has_text="王建国")
    expect(row).to_contain_text("已超期 3 天")
    expect(row).to_contain_text("帮扶责任人对全部农户每月至少入户走访 2 次，还差 2 次")
    expect(page.locator("#due-say")).to_contain_text("走访已超期 1 户")

    thumb = Thumb(page)
    thumb.tap(row.locator("[data-way=visit]"))
    expect(page.locator("#title")).to_have_text("走访 王建国户")
    expect(page.locator("#why")).to_contain_text("每月至少入户走访 2 次")
    thumb.tap(page.locator("label[for=met-householder]"))
    thumb.tap(page.locator("label[for=seen-ill]"))
    thumb.tap(page.locator("#text"))
    page.keyboard.type(SAID)
    add_photos(page, photo(3000, 1500, orientation=6))
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)
    thumb.tap(page.locator("#save"))
    expect(page.locator("#gate-title")).to_have_text("王建国户的走访已记下")
    assert thumb.taps == 5

    phone.close()
    page = phone.open()
    expect(unsent(page)).to_contain_text("走访 王建国户 · 今天")
    expect(unsent(page)).to_contain_text("待上传")
    expect(page.locator("#mine")).to_contain_text("这次走访已记在手机里")
    server.start()
    send(page)
    wait_sent(page)

    visit = Visit.objects.get()
    assert (visit.household, visit.visitor, visit.manner) == (household, helper, "visit")
    assert (visit.met, visit.seen, visit.text) == (["householder"], ["ill"], SAID)
    assert visit.on == timezone.localdate()
    assert visit.longitude is None
    picture = SurveyPhoto.objects.get(uid=visit.photos[0])
    assert (picture.state, picture.survey_uid) == (SurveyPhoto.State.COMPLETE, visit.uid)
    assert picture.height == 2 * picture.width
    assert SyncOp.objects.count() == 1
    assert AuditEvent.objects.filter(action="visit.recorded").count() == 1
    assert rows(page, "photos", "d") == []
    page.goto(household.get_absolute_url())
    expect(page.locator("main")).to_contain_text(SAID)


def test_everything_that_can_be_said(phone, server, household):
    """A call and a visit; a wish becomes a request; the place is asked for once and is coarse before it is kept."""
    page = phone.page
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"latitude": 27.123456, "longitude": 105.987654})
    begin(page)
    write(page)
    page.locator("label[for=next-month]").click()
    expect(page.locator("#next-day")).to_have_text(re.compile(r"\d+月\d+日"))
    page.locator("[data-do=ask]").click()
    page.keyboard.type("想申请临时救助")
    page.locator("#place-take").click()
    expect(page.locator("#place-say")).to_contain_text("已记下大概位置")
    kept(page)
    assert page.evaluate("document.documentElement.outerHTML").count("105.98") == 0
    save(page)
    expect(page.locator("#gate-text")).to_contain_text("登记为服务诉求")
    page.goto("/collect/")
    wait_sent(page)
    visit = Visit.objects.get()
    assert (str(visit.longitude), str(visit.latitude)) == ("105.99", "27.12")
    assert visit.next_on > timezone.localdate()
    assert visit.request == ServiceRequest.objects.get(household=household, text="想申请临时救助")

    begin(page)
    page.locator("label[for=manner-call]").click()
    expect(page.locator("#title")).to_have_text("电话联系 王建国户")
    expect(page.locator("label[for=met-nobody]")).to_have_text("没有接通")
    expect(page.locator("[data-f=place]")).to_be_hidden()
    page.locator("label[for=met-elder]").click()
    page.locator("label[for=met-nobody]").click()
    assert not page.locator("#met-elder").is_checked()
    page.locator("#text").fill("没有接通，明天再打")
    save(page)
    page.goto("/collect/")
    wait_sent(page)
    call = Visit.objects.get(manner="call")
    assert (call.met, call.longitude) == (["nobody"], None)


def test_a_denied_place_and_missing_answers_are_one_line_each(phone, server):
    page = phone.page
    begin(page)
    page.locator("#place-take").click()
    expect(page.locator("#place-say")).to_contain_text("没有取到位置，不影响保存")
    page.locator("#save").click()
    expect(page.locator("[data-f=met] .err")).to_contain_text("请点选见到了谁")
    expect(page.locator("[data-f=text] .err")).to_contain_text("请写一句话")
    expect(page.locator("#met-householder")).to_be_focused()
    page.locator("label[for=met-householder]").click()
    expect(page.locator("[data-f=met] .err")).to_be_hidden()
    assert rows(page, "ops") == []


def test_a_draft_outlives_the_tab_and_opens_in_one_window(phone, server):
    page = phone.page
    server.stop()
    begin(page)
    write(page)
    add_photos(page, photo())
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)
    kept(page)
    phone.kill()

    page = phone.open()
    expect(page.locator("#draft-list li")).to_contain_text("走访 王建国户")
    follow(page.locator("#draft-list a[href]"))
    expect(page.locator("#text")).to_have_value(SAID)
    expect(page.locator("#met-householder")).to_be_checked()
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)
    second = phone.tab("/collect/")
    begin(second)
    expect(second.locator("#note")).to_contain_text("另一个窗口")
    expect(second.locator("#text")).to_be_disabled()
    follow(second.locator("#note button"))
    expect(second.locator("#text")).to_be_enabled()
    second.locator("#text").fill(SAID + "。")
    expect(page.locator("#text")).to_be_disabled()
    save(second)
    second.goto("/collect/")
    expect(unsent(second)).to_have_count(1)
    assert rows(second, "drafts") == []


def test_it_is_changed_until_it_is_sent(phone, server):
    page = phone.page
    server.stop()
    queue_one(page, photos=1)
    item = unsent(page)
    item.get_by_role("button", name=re.compile("^看")).click()
    expect(item).to_contain_text("户主")
    expect(item).to_contain_text(SAID)
    expect(item.locator("img")).to_have_count(1)
    item.get_by_role("button", name=re.compile("^改")).click()
    expect(page.locator("#text")).to_have_value(SAID)
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)
    page.locator("#text").fill("改过的一句话")
    save(page)
    server.start()
    page.goto("/collect/")
    wait_sent(page)
    visit = Visit.objects.get()
    assert visit.text == "改过的一句话"
    assert SurveyPhoto.objects.get().uid == visit.photos[0]
    assert SyncOp.objects.count() == 1


def test_an_answer_that_is_lost_makes_no_second_visit(server, phones, due, helper):
    wire = Wire(server)
    phone = phones(wire.url)
    page = phone.log_in(helper)
    chip(page, "done")
    worker_ready(page)
    server.stop()
    queue_one(page, photos=1)
    lost = {"ops": 2, "photos": 2}

    def cut(request):
        path = request.split(b" ", 2)[1]
        for what in lost:
            if path.startswith(f"/collect/api/{what}/".encode()) and request[:3] != b"GET" and lost[what]:
                lost[what] -= 1
                return True
        return False

    wire.drop(cut)
    server.start()
    send(page)
    wait_sent(page)
    wire.close()
    assert lost == {"ops": 0, "photos": 0}
    assert Visit.objects.count() == SyncOp.objects.count() == 1
    assert SurveyPhoto.objects.get().state == SurveyPhoto.State.COMPLETE


def test_two_windows_send_one_visit(phone, server):
    server.stop()
    queue_one(phone.page, photos=1)
    second = phone.tab()
    expect(unsent(second)).to_have_count(1)
    server.start()
    for page in (phone.page, second):
        page.evaluate("for (let n = 0; n < 5; n++) document.getElementById('send').click()")
    for page in (phone.page, second):
        wait_sent(page)
    assert Visit.objects.count() == SyncOp.objects.count() == 1
    assert AuditEvent.objects.filter(action="visit.recorded").count() == 1


# -- refused ----------------------------------------------------------------------------------------------------------------------


def test_a_visit_in_the_future_is_refused_and_can_be_mended(phone, server):
    """The page itself lets no day after today be chosen; a phone whose clock runs ahead is told by the server."""
    page = phone.page
    page.clock.install(time=timezone.now() + dt.timedelta(days=2))  # the list lives for three
    page.goto("/collect/visit/")
    page.locator("#pick-list a").click()
    page.wait_for_selector("#visit:not([hidden])")
    write(page)
    add_photos(page, photo())
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)
    page.locator("#day").fill((timezone.localdate() + dt.timedelta(days=9)).isoformat())
    page.locator("#save").click()
    expect(page.locator("[data-f=on] .err")).to_contain_text("不能晚于今天")
    page.locator("#day").fill((timezone.localdate() + dt.timedelta(days=1)).isoformat())
    save(page)
    page.goto("/collect/")
    expect(unsent(page)).to_contain_text("未收下")
    expect(unsent(page)).to_contain_text("走访日期在今天之后")
    assert Visit.objects.count() == 0

    unsent(page).get_by_role("button", name=re.compile("^改")).click()
    expect(page.locator("#note")).to_contain_text("走访日期在今天之后")
    expect(page.locator("#text")).to_have_value(SAID)
    page.locator("#day").fill(timezone.localdate().isoformat())
    save(page)
    page.goto("/collect/")
    wait_sent(page)
    assert Visit.objects.get().text == SAID
    assert SurveyPhoto.objects.get().state == SurveyPhoto.State.COMPLETE


def test_a_visit_in_another_village_is_refused_and_nothing_is_lost(phone, server, household):
    """Never mine: the pairing was a mistake and is gone without a trace."""
    page = phone.page
    server.stop()
    queue_one(page, photos=1)
    pairings = list(Pairing.objects.values())
    Pairing._base_manager.all()._raw_delete("default")
    server.start()
    send(page)
    expect(unsent(page)).to_contain_text("不归您走访")
    with page.expect_download() as exported:
        unsent(page).get_by_role("button", name=re.compile("^导出")).click()
    record = json.loads(exported.value.path().read_text())
    assert (record["kind"], record["body"]["text"]) == ("visit.record", SAID)
    assert len(record["photos"]) == 1
    Pairing.objects.bulk_create([Pairing(**row) for row in pairings])
    unsent(page).get_by_role("button", name=re.compile("^重试")).click()
    wait_sent(page)
    assert Visit.objects.get().text == SAID


def test_a_household_that_left_is_kept_for_who_decides(phone, server, household):
    page = phone.page
    server.stop()
    queue_one(page)
    Household.objects.filter(pk=household.pk).update(closed_on=timezone.localdate(), closed_reason="moved")
    server.start()
    send(page)
    wait_sent(page)
    expect(page.locator("#sent-list")).to_contain_text("走访 王建国户")
    expect(page.locator("#sent-list")).to_contain_text("已经销户或并户")
    assert Visit.objects.count() == 0
    kept_ = SyncOp.objects.get()
    assert kept_.state == SyncOp.State.QUARANTINED
    assert json.loads(kept_.body.reveal())["text"] == SAID


def test_a_photo_of_30_mb_is_refused_and_the_rest_stays(phone, server):
    page = phone.page
    begin(page)
    write(page)
    large = {**photo(), "name": "IMG_30.jpg"}
    large["buffer"] += b"\0" * (30 * 1024 * 1024 - len(large["buffer"]))
    path = phone.folder / "IMG_30.jpg"
    path.write_bytes(large["buffer"])
    page.locator("#photos").set_input_files(path)
    expect(page.locator("[data-f=photos] .err")).to_contain_text("30 MB，太大")
    add_photos(page, *(photo(tone=60 + n) for n in range(6)))
    expect(page.locator("[data-f=photos] .err")).to_contain_text("最多 5 张")
    expect(page.locator(".sv-photos li canvas")).to_have_count(5)
    expect(page.locator("#text")).to_have_value(SAID)
    page.locator(".sv-drop").first.click()
    expect(page.locator(".sv-photos li")).to_have_count(4)
    save(page)
    page.goto("/collect/")
    wait_sent(page)
    assert len(Visit.objects.get().photos) == 4
    assert SurveyPhoto.objects.filter(state=SurveyPhoto.State.COMPLETE).count() == 4


# -- the pages --------------------------------------------------------------------------------------------------------------------


def test_a_household_that_is_not_on_the_phone(phone, server, land, helper):
    """Fetched alone while there is a network; without one a sentence."""
    other = HouseholdFactory(village=land.village, with_householder=True, householder_name="赵大山")
    page = phone.page
    address = f"/collect/visit/#household={other.uid}"
    page.goto(address)
    expect(page.locator("#gate-text")).to_contain_text("不在这部手机的名单里")
    PairingFactory(household=other, cadre=helper.cadre)
    page.goto("/collect/visit/")
    page.goto(address)
    expect(page.locator("#title")).to_have_text("走访 赵大山户")
    write(page)
    kept(page)
    server.stop()
    save(page)
    page.goto("/collect/")
    expect(unsent(page)).to_contain_text("走访 赵大山户")


def test_locked_it_shows_nothing(phone, server):
    page = phone.page
    choose_pin(page)
    queue = page.locator("#mine li", has_text="王建国").locator("[data-way=visit]").get_attribute("href")
    server.stop()
    phone.kill()
    page = phone.open(queue)
    expect(page.locator("#lock-say")).to_contain_text("请输入 PIN")
    assert page.locator("#visit").is_hidden()
    unlock(page)
    expect(page.locator("#title")).to_have_text("走访 王建国户")


@pytest.mark.parametrize("width", [320, 390])
def test_the_log_is_accessible_and_fits(width, phone, server, household, helper, land):
    VisitFactory(household=household, visitor=helper)
    page = phone.page
    page.set_viewport_size({"width": width, "height": 700})
    page.goto("/collect/visit/")
    expect(page.locator("#pick-list li")).to_have_count(1)
    faults = [*axe(page), *too_wide(page)]
    page.locator("#pick-list a").click()
    page.wait_for_selector("#visit:not([hidden])")
    page.locator("[data-do=ask]").click()
    page.locator("label[for=next-own]").click()
    page.locator("#save").click()
    page.locator("#big").click()
    faults += [*axe(page), *too_wide(page)]
    page.goto("/collect/")
    expect(page.locator("#mine li")).to_have_count(1)
    faults += [*axe(page), *too_wide(page)]
    assert faults == []
