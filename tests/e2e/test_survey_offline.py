"""The phone without a network, and everything that can go wrong on the way back: nothing typed is lost, nothing arrives twice."""

from __future__ import annotations

import datetime as dt
import json
import re
import time

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from accounts.roles import Role
from common.models import AuditEvent, SyncOp
from households.models import Pairing
from surveys.models import Device, Survey, SurveyForm, SurveyPhoto
from tests.browser import AXE, OVERFLOW, RULES, follow, log_in
from tests.e2e.phone import PASSWORD, chip, choose_pin, photo, rows, saved, send, unlock, wait_sent, worker_ready
from tests.e2e.server import Wire
from tests.factories import HouseholdFactory, MemberFactory, PairingFactory, UserFactory
from tests.factories.surveys import SurveyFactory, SurveyFormFactory

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
WISH = "想学电焊，农闲时在县城找活"


@pytest.fixture
def form(land):
    """The county's own form: it goes before the standard one."""
    return SurveyFormFactory(version="1", region=land.county)


@pytest.fixture
def family(household, form):
    """Five members."""
    for relation, born in (("02", 1968), ("03", 1992), ("05", 1993), ("07", 2016)):
        MemberFactory(household=household, relation=relation, birth_date=dt.date(born, 5, 20))
    return household


@pytest.fixture
def phone(server, phones, family, helper):
    """The helper's phone, with the family on it and everything it needs without a network."""
    own = phones(server.url)
    page = own.log_in(helper)
    chip(page, "done")
    expect(page.locator("#mine")).to_contain_text(family.householder_name)
    worker_ready(page)
    own.close()  # a browser that is killed forgets cookies that are younger than half a minute
    own.open()
    chip(own.page, "done")
    return own


def open_form(page, name="王建国"):
    page.locator("#mine li", has_text=name).locator("[data-way=survey]").click()
    form_ready(page)


def form_ready(page):
    page.wait_for_selector("#survey:not([hidden])")


def open_draft(page):
    """Where a draft leads is looked up on the phone, a moment after the draft is shown."""
    follow(page.locator("#draft-list a[href]"))
    form_ready(page)


def to_step(page, name):
    """Forward to the step, as a surveyor goes."""
    while not page.locator(f"[data-step='{name}']").is_visible():
        page.locator("#next").click()


def finish(page):
    to_step(page, "")
    page.locator("#next").click()
    expect(page.locator("#gate-title")).to_contain_text("已完成")


def sent(household):
    return Survey.objects.get(household=household)


def test_a_survey_outlives_server_and_browser(phone, server, family):
    page = phone.page
    server.stop()
    open_form(page)
    page.locator("#f-dwelling_area").fill("92.5")
    page.locator("#f-wish").fill(WISH)
    to_step(page, "members")
    cards = page.locator("[data-step=members] .sv-one")
    expect(cards).to_have_count(5)
    for place in range(5):
        card = cards.nth(place)
        if card.locator("details").get_attribute("open") is None:
            card.locator("summary").click()
        card.locator("[data-f=work_months] input").fill(str(place + 1))
    to_step(page, "evidence")
    page.locator("[data-f=house_photo] input[type=file]").set_input_files([photo(tone=n) for n in (60, 80, 100)])
    expect(page.locator(".sv-photos li")).to_have_count(3)
    saved(page)
    phone.kill()

    page = phone.open()
    chip(page, "offline")
    open_draft(page)
    to_step(page, "evidence")
    expect(page.locator(".sv-photos li canvas")).to_have_count(3)
    pad = page.locator(".sv-pad").bounding_box()
    page.mouse.move(pad["x"] + 20, pad["y"] + 20)
    page.mouse.down()
    page.mouse.move(pad["x"] + 150, pad["y"] + 60, steps=5)
    page.mouse.up()
    expect(page.locator(".sv-padline")).to_contain_text("已签名")
    finish(page)
    phone.close()

    page = phone.open()
    expect(page.locator("#unsent-list li")).to_have_count(1)
    expect(page.locator("#unsent-list")).to_contain_text("待上传")
    expect(page.locator("#chip")).to_contain_text("1 条待上传")
    server.start()
    send(page)
    wait_sent(page)

    survey = sent(family)
    assert survey.state == Survey.State.SUBMITTED
    assert survey.answers["values"]["dwelling_area"] == "92.5"
    assert survey.answers["values"]["wish"] == WISH
    assert sorted(m["values"]["work_months"] for m in survey.answers["members"]) == [1, 2, 3, 4, 5]
    assert survey.photos.filter(state=SurveyPhoto.State.COMPLETE).count() == survey.photos_expected == 4
    assert all(p.size <= 300 * 1024 for p in survey.photos.all())
    assert SyncOp.objects.count() == 1
    assert rows(page, "photos", "d") == []


def test_a_kill_costs_at_most_a_second_of_typing(phone, server):
    server.stop()
    open_form(phone.page)
    kept = ""
    for seconds in (1.6, 2.4, 3.1):
        page, times = phone.page, [time.monotonic()] * len(kept)
        page.locator("#f-wish").focus()
        page.keyboard.press("Control+End")
        typed, began = kept, time.monotonic()
        while time.monotonic() - began < seconds:
            sign = "abcdefgh"[len(typed) % 8]
            page.keyboard.type(sign, delay=25)  # as fast as a good typist
            typed += sign
            times.append(time.monotonic())
            if len(typed) == len(kept) + 1:
                saved(page)
                took = time.monotonic() - times[-1]  # what a save costs: more where others keep the machine busy
        killed = time.monotonic()
        phone.kill()

        page = phone.open()
        open_draft(page)
        before, kept = len(kept), page.locator("#f-wish").input_value()
        assert typed.startswith(kept)
        assert len(kept) >= sum(1 for moment in times if moment < killed - 1 - took)
        assert len(kept) > before


# -- on the way -----------------------------------------------------------------------------------------------------------------


def queue_one(page, wish=WISH, photos=0):
    """A finished survey that waits, made without a server."""
    open_form(page)
    page.locator("#f-wish").fill(wish)
    if photos:
        to_step(page, "evidence")
        page.locator("[data-f=house_photo] input[type=file]").set_input_files(
            [photo(tone=60 + n) for n in range(photos)]
        )
        expect(page.locator(".sv-photos li")).to_have_count(photos)
    finish(page)
    page.goto("/collect/")
    expect(page.locator("#unsent-list li")).to_have_count(1)


def queued_behind_a_wire(server, phones, helper):
    """(wire, page) of a phone on which one finished survey with a photo waits; the server is down."""
    wire = Wire(server)
    phone = phones(wire.url)
    page = phone.log_in(helper)
    chip(page, "done")
    worker_ready(page)
    server.stop()
    queue_one(page, photos=1)
    return wire, page


def test_an_answer_that_is_lost_makes_no_second_survey(server, phones, family, helper):
    wire, page = queued_behind_a_wire(server, phones, helper)
    lost = {"ops": 2, "photos": 3}

    def cut(request):
        for what in lost:
            if (
                request.split(b" ", 2)[1].startswith(f"/collect/api/{what}/".encode())
                and request[:3] != b"GET"
                and lost[what]
            ):
                lost[what] -= 1
                return True
        return False

    wire.drop(cut)
    server.start()
    send(page)
    wait_sent(page)
    wire.close()

    assert lost == {"ops": 0, "photos": 0}
    survey = sent(family)
    assert survey.answers["values"]["wish"] == WISH
    assert survey.revision == 1
    assert SyncOp.objects.count() == 1
    assert survey.photos.filter(state=SurveyPhoto.State.COMPLETE).count() == 1


def test_two_windows_send_one_survey(phone, server, family):
    server.stop()
    queue_one(phone.page, photos=1)
    second = phone.tab()
    expect(second.locator("#unsent-list li")).to_have_count(1)
    server.start()
    for page in (phone.page, second):
        page.evaluate("for (let n = 0; n < 5; n++) document.getElementById('send').click()")
    for page in (phone.page, second):
        wait_sent(page)

    assert sent(family).revision == 1
    assert SyncOp.objects.count() == 1
    assert AuditEvent.objects.filter(action="survey.submitted").count() == 1


def test_the_session_ends_in_mid_form(phone, server, family, helper):
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    Session.objects.all().delete()
    finish(page)
    chip(page, "signed_out")
    expect(page.locator("#chip")).to_have_text("请重新登录后上传")
    page.goto("/collect/")
    expect(page.locator("#unsent-list li")).to_have_count(1)
    page.locator("#trouble a", has_text="重新登录").click()
    log_in(page, helper, PASSWORD)
    wait_sent(page)

    assert sent(family).answers["values"]["wish"] == WISH


def test_the_form_changes_while_a_draft_lives(phone, server, family, form, land):
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    saved(page)
    SurveyForm.objects.filter(pk=form.pk).update(state=SurveyForm.State.RETIRED)
    newer = SurveyFormFactory(version="2", region=land.county)
    page.goto("/collect/")

    # Another worker waits; the old one goes on, without a network too, until somebody asks for the new one.
    expect(page.locator("#update")).to_be_visible()
    server.stop()
    page.reload()
    expect(page.locator("#draft-list li")).to_have_count(1)
    expect(page.locator("#update")).to_be_visible()
    follow(page.locator("#update button"))
    expect(page.locator("#update")).to_be_hidden()
    assert page.evaluate("caches.keys().then((names) => names.length)") == 1

    page.goto(f"/collect/forms/{newer.code}/{newer.version}/")
    expect(page.locator("#gate-title")).to_have_text(newer.title)
    page.goto("/collect/")
    open_draft(page)
    assert f"/{form.code}/{form.version}/" in page.url
    assert page.locator("#f-wish").input_value() == WISH
    finish(page)
    server.start()
    page.goto("/collect/")
    wait_sent(page)

    assert sent(family).form == form
    page.locator("#refresh").click()
    expect(page.locator("#mine [data-way=survey]").first).to_have_attribute(
        "href", re.compile(f"/{newer.code}/{newer.version}/")
    )


@pytest.fixture
def other_household(land, helper):
    """Another household of the same helper."""
    household = HouseholdFactory(village=land.village, with_householder=True, householder_name="赵大山")
    PairingFactory(household=household, cadre=helper.cadre)
    return household


def test_a_household_that_is_no_longer_mine(other_household, phone, server, family):
    page = phone.page
    expect(page.locator("#mine li")).to_have_count(2)
    server.stop()
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    saved(page)
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    Pairing.objects.filter(household=family).update(ends_on=yesterday, end_reason="调整")
    server.start()
    page.goto("/collect/")
    page.locator("#refresh").click()
    expect(page.locator("#mine li")).to_have_count(1)

    open_draft(page)
    assert page.locator("#f-wish").input_value() == WISH
    finish(page)
    page.goto("/collect/")
    wait_sent(page)
    expect(page.locator("#sent-list")).to_contain_text("由乡镇审核人决定")

    assert not Survey.objects.filter(household=family).exists()
    kept = SyncOp.objects.get()
    assert kept.state == SyncOp.State.QUARANTINED
    assert json.loads(kept.body.reveal())["answers"]["values"]["wish"] == WISH


def test_what_came_back_is_finished_again_once(phone, server, family, form, helper, land):
    """Finished again it is offered as returned no more: neither while it waits, nor when the list on the phone still says so."""
    people = [
        {"uid": str(m.uid), "values": {"name": m.name, "relation": m.relation}} for m in family.members.order_by("pk")
    ]
    survey = SurveyFactory(
        household=family, form=form, year=timezone.localdate().year, surveyor=helper, returned=True, reasons={"wish": "请写清楚"},
        answers={"values": {"wish": "找活"}, "members": people},
    )  # fmt: skip
    page = phone.page
    page.locator("#refresh").click()
    expect(page.locator("#returned-list")).to_contain_text("请写清楚")
    server.stop()
    page.locator("#returned-list [data-way=survey]").click()
    form_ready(page)
    address = page.url
    page.locator("#f-wish").fill(WISH)
    finish(page)
    page.goto("/collect/")
    expect(page.locator("#unsent-list li")).to_have_count(1)
    expect(page.locator("#returned")).to_be_hidden()
    page.goto(address)
    expect(page.locator("#gate-text")).to_contain_text("这一户的调查已经填完")
    assert rows(page, "drafts") == []

    yesterday = timezone.localdate() - dt.timedelta(days=1)
    Pairing.objects.filter(household=family).update(ends_on=yesterday, end_reason="调整")
    server.start()
    page.goto("/collect/")
    wait_sent(page)
    expect(page.locator("#sent-list")).to_contain_text("由乡镇审核人决定")
    expect(page.locator("#mine li")).to_have_count(1)
    expect(page.locator("#returned")).to_be_hidden()
    page.goto(address)
    form_ready(page)
    begun = page.evaluate("[self.survey.board.on.state.draft.uid, self.survey.board.on.state.draft.revision]")
    assert begun[0] != str(survey.uid)
    assert begun[1] == 0


def test_what_the_server_refuses_stays_and_can_be_mended(other_household, phone, server, family, helper):
    page = phone.page
    server.stop()
    queue_one(page, photos=1)
    pairings = list(Pairing.objects.filter(household=family).values())
    Pairing._base_manager.filter(household=family)._raw_delete("default")
    server.start()
    send(page)
    item = page.locator("#unsent-list li")
    expect(item).to_contain_text("未收下")
    expect(item).to_contain_text("不归您调查")

    with page.expect_download() as exported:
        item.get_by_role("button", name=re.compile("^导出")).click()
    record = json.loads(exported.value.path().read_text())
    assert record["body"]["answers"]["values"]["wish"] == WISH
    assert len(record["photos"]) == 1
    assert len(record["photos"][0]["jpeg"]) > 1000

    item.get_by_role("button", name=re.compile("^看")).click()
    expect(item).to_contain_text(WISH)
    expect(item.locator("img")).to_have_count(1)

    item.get_by_role("button", name=re.compile("^丢弃")).click()
    expect(item.get_by_role("alertdialog")).to_contain_text("找不回来")
    item.get_by_role("button", name="不丢弃").click()
    expect(item).to_be_visible()

    item.get_by_role("button", name=re.compile("^改")).click()
    form_ready(page)
    page.locator("#f-wish").fill(WISH + "。")
    Pairing.objects.bulk_create([Pairing(**row) for row in pairings])
    finish(page)
    page.goto("/collect/")
    wait_sent(page)

    survey = sent(family)
    assert survey.answers["values"]["wish"] == WISH + "。"
    assert survey.photos.filter(state=SurveyPhoto.State.COMPLETE).count() == 1
    assert sorted(SyncOp.objects.values_list("state", flat=True)) == ["applied", "refused"]


def test_discarded_is_gone_only_after_a_second_question(phone, server, family):
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    saved(page)
    page.goto("/collect/")
    item = page.locator("#draft-list li")
    item.get_by_role("button", name=re.compile("^丢弃")).click()
    item.get_by_role("button", name="丢弃", exact=True).click()
    expect(page.locator("#drafts")).to_be_hidden()
    assert rows(page, "drafts") == []


# -- room -----------------------------------------------------------------------------------------------------------------------


def test_a_full_phone_gives_up_the_list_and_no_draft(phone, server, family):
    """The browser itself refuses to write, as when the disk is full: first a photo, then what is typed."""
    used = phone.page.evaluate("navigator.storage.estimate().then(({ usage }) => usage)")
    phone.close()
    page = phone.open("about:blank")  # what is left is asked anew only while nobody has the database open
    browser = phone.context.new_cdp_session(page)

    def room(**size):
        browser.send("Storage.overrideQuotaForOrigin", {"origin": server.url, **size})

    room(quotaSize=used + 400 * 1024)
    page.goto("/collect/")
    chip(page, "done")
    open_form(page)
    page.locator("#f-wish").fill("第一句")
    saved(page)
    to_step(page, "evidence")
    place = page.locator("[data-f=house_photo]")
    place.locator("input[type=file]").set_input_files([photo()])
    expect(place.locator("li canvas")).to_have_count(1)
    place.locator("input[type=file]").set_input_files([photo(tone=60)])
    expect(place.locator(".err")).to_contain_text("存储空间满了")
    expect(place.locator("li")).to_have_count(1)
    assert len(rows(page, "photos", "d")) == 1
    assert rows(page, "keep", "pack:") == [], "the list of households is what the server has, too"

    room(quotaSize=1)
    while page.locator("#f-wish").is_hidden():
        page.locator("#back").click()
    page.locator("#f-wish").fill("第一句，第二句")
    for _ in range(60):
        page.locator("#f-wish").press_sequentially("。")
        page.evaluate("self.survey.keeping.save().then(() => null)")
        if "存储空间满了" in page.locator("#saved").inner_text():
            break
    expect(page.locator("#saved")).to_contain_text("存储空间满了")
    typed = page.locator("#f-wish").input_value()
    assert typed.startswith("第一句，第二句")
    assert len(rows(page, "drafts")) == 1

    room()
    expect(page.locator("#saved")).to_contain_text("已存")
    server.stop()
    phone.close()
    page = phone.open()
    open_draft(page)
    assert page.locator("#f-wish").input_value() == typed
    to_step(page, "evidence")
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)


# -- keys -----------------------------------------------------------------------------------------------------------------------


def test_the_pin_locks_and_a_log_in_recovers(phone, server, family, helper):
    page = phone.page
    choose_pin(page)
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    saved(page)
    assert page.locator("#lock").is_hidden()  # between two pages nobody is asked

    server.stop()
    phone.kill()
    page = phone.open()
    expect(page.locator("#lock-say")).to_contain_text("请输入 PIN")
    assert page.locator("#home").is_hidden()
    unlock(page)
    expect(page.locator("#draft-list li")).to_have_count(1)
    page.locator("#lock-now").click()
    expect(page.locator("#lock")).to_be_visible()
    for left in (4, 3, 2, 1):
        unlock(page, "000000")
        expect(page.locator("#lock-say")).to_contain_text(f"还可以试 {left} 次")
    unlock(page, "000000")
    expect(page.locator("#lock-say")).to_contain_text("已经错了五次")
    assert rows(page, "keep", "wrap:") == []

    # The session that is still open does not bring the key back.
    server.start()
    page.reload()
    expect(page.locator("#lock-login")).to_be_visible()
    assert page.locator("#home").is_hidden()
    assert rows(page, "keep", "key:") == []
    page.locator("#lock-login").click()
    log_in(page, helper, PASSWORD)
    open_draft(page)
    assert page.locator("#f-wish").input_value() == WISH
    assert AuditEvent.objects.filter(action="device.key_returned").count() == 1


def test_nothing_on_the_disk_can_be_read(other_household, phone, server, family):
    page = phone.page
    choose_pin(page)
    server.stop()
    queue_one(page, photos=1)
    open_form(page, "赵大山")
    page.locator("#f-wish").fill("看不见的话")
    saved(page)
    phone.close()
    database = b"".join(p.read_bytes() for p in phone.folder.glob("Default/IndexedDB/**/*") if p.is_file())
    caches = b"".join(p.read_bytes() for p in phone.folder.glob("Default/Service Worker/**/*") if p.is_file())
    assert b"y\x00i\x00h\x00u" in database or b"yihu" in database
    for text in (WISH, "看不见的话", family.householder_name, "JFIF"):
        for code in ("utf-8", "utf-16-le"):
            assert text.encode(code) not in database, text
            if text != "JFIF":
                assert text.encode(code) not in caches, text
    assert Device.objects.get().draft_key.reveal().encode() not in database


def test_it_locks_when_it_was_away_for_five_minutes(phone, server):
    page = phone.page
    choose_pin(page)
    page.clock.install()
    page.reload()
    chip(page, "done")
    page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.clock.fast_forward(270_000)  # the clock goes on by itself beside that
    assert page.locator("#lock").is_hidden()
    page.clock.fast_forward(31_000)
    expect(page.locator("#lock")).to_be_visible()


def test_another_user_on_the_same_phone(phone, server, family, helper, land):
    page = phone.page
    server.stop()
    queue_one(page)
    Session.objects.all().delete()
    server.start()
    other = UserFactory(username="other", name="另一位")
    PairingFactory(
        household=HouseholdFactory(village=land.village, with_householder=True, householder_name="赵大山"),
        cadre__user=other,
    )
    other.set_password(PASSWORD)
    other.save()
    page.reload()
    page.locator("#trouble a", has_text="重新登录").click()
    log_in(page, other, PASSWORD)
    expect(page.locator("#who")).to_have_text("另一位")
    expect(page.locator("#mine")).to_contain_text("赵大山")
    expect(page.locator("#others")).to_contain_text("别人没有上传的 1 条")
    chip(page, "done")
    assert "王建国" not in page.locator("#home").inner_text()
    assert SyncOp.objects.count() == 0

    Session.objects.all().delete()
    page.reload()
    page.locator("#trouble a", has_text="重新登录").click()
    log_in(page, helper, PASSWORD)
    wait_sent(page)
    assert sent(family).surveyor == helper


def test_nothing_is_sent_in_the_name_of_who_signs_in_meanwhile(phone, server, family, helper, post, land):
    """Between the first word and the upload another window logs somebody else in."""
    other = post(Role.VILLAGE_CLERK, land.village)
    page = phone.page
    server.stop()
    queue_one(page)
    client = Client()
    client.force_login(other)
    client.get("/accounts/profile/")
    cookies = [{"name": name, "value": each.value, "url": server.url} for name, each in client.cookies.items()]
    assert {"sessionid", "csrftoken"} <= set(client.cookies)
    posts = []

    def swap(route):
        if not posts:
            phone.context.add_cookies(cookies)
        posts.append(route.request.post_data_json["ops"][0]["uid"])
        route.continue_()

    page.route("**/collect/api/ops/", swap)
    server.start()
    send(page)
    expect(page.locator("#who")).to_have_text(other.name)
    chip(page, "done")
    # The one try was refused for its stale token, and was not made again with the fresh token of the other one.
    assert len(posts) == 1
    assert SyncOp.objects.count() == 0
    assert [row["key"] for row in rows(page, "ops")] == posts


def test_log_out_warns_and_keeps_what_is_unsent(phone, server, family, helper):
    page = phone.page
    server.stop()
    queue_one(page)
    page.route("**/collect/api/ops/", lambda route: route.abort())
    server.start()
    page.goto("/")
    page.locator("a[href='#menu']").click()
    page.get_by_role("button", name="退出").locator("visible=true").click()
    expect(page.get_by_role("alertdialog")).to_contain_text("还有 1 条记录没有上传")
    follow(page.get_by_role("button", name="仍然退出"))
    assert [
        row["key"].split(":")[0]
        for row in rows(page, "keep")
        if row["key"].split(":")[0] in ("me", "key", "wrap", "pack")
    ] == []
    assert len(rows(page, "ops")) == 1

    page.unroute("**/collect/api/ops/")
    page.goto("/collect/")
    page.locator("#lock-login").click()
    log_in(page, helper, PASSWORD)
    wait_sent(page)
    assert sent(family).answers["values"]["wish"] == WISH


def test_a_phone_that_was_taken_back(phone, server, family):
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    saved(page)
    Device.objects.update(revoked_at=timezone.now())
    page.goto("/collect/")
    page.locator("#refresh").click()
    chip(page, "revoked")
    expect(page.locator("#trouble")).to_contain_text("已被停用")
    assert rows(page, "keep", "pack:") == []
    expect(page.locator("#draft-list li")).to_have_count(1)


# -- windows and versions ---------------------------------------------------------------------------------------------------------


def test_a_second_window_reads_until_it_takes_over(phone, server, family):
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill("一")
    saved(page)
    second = phone.tab(page.url.replace(server.url, ""))
    expect(second.locator("#note")).to_contain_text("另一个窗口")
    expect(second.locator("#f-wish")).to_be_disabled()
    page.locator("#f-wish").press_sequentially("二三")
    follow(second.locator("#note button"))
    form_ready(second)
    expect(second.locator("#f-wish")).to_be_enabled()
    expect(second.locator("#f-wish")).to_have_value("一二三")
    expect(page.locator("#f-wish")).to_be_disabled()
    page.goto("/collect/")
    open_form(page)  # the same draft, not a second one
    expect(page.locator("#f-wish")).to_be_disabled()
    second.locator("#f-wish").fill("一二三四")
    saved(second)
    finish(second)
    second.goto("/collect/")
    wait_sent(second)
    assert sent(family).answers["values"]["wish"] == "一二三四"


def test_an_old_window_lets_a_newer_database_through(phone, server, family):
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    saved(page)
    second = phone.tab()
    version = second.evaluate(
        """() => new Promise((done, fail) => {
            const request = indexedDB.open("yihu", 2);
            request.onblocked = () => fail(new Error("blocked"));
            request.onerror = () => fail(request.error);
            request.onsuccess = () => { const { version } = request.result; request.result.close(); done(version); };
          })"""
    )
    assert version == 2
    expect(page.locator("#reload")).to_be_visible()
    assert len(rows(second, "drafts")) == 1


def test_a_part_that_cannot_be_fetched_says_so_and_comes_when_it_can(phone, server, family):
    """The browser has thrown away what the worker kept, and there is no network: what was typed stays, and nothing is stuck."""
    page = phone.page
    open_form(page)
    page.locator("#f-wish").fill(WISH)
    page.evaluate(
        """async () => {
            for (const name of await caches.keys()) {
              const cache = await caches.open(name);
              for (const request of await cache.keys()) if (/survey-more/.test(request.url)) await cache.delete(request);
            }
          }"""
    )
    phone.context.new_cdp_session(page).send("Network.clearBrowserCache")
    server.stop()
    to_step(page, "members")
    add = page.locator("[data-step=members] [data-do=add]")
    for _ in range(2):
        add.click()
        expect(page.locator("#note")).to_contain_text("这一步要用的程序没有取到")
        expect(page.locator("#note")).to_be_focused()
        expect(page.locator("[data-step=members] .sv-one")).to_have_count(5)
    server.start()
    page.get_by_role("button", name="再试一次").click()
    expect(page.locator("[data-step=members] .sv-one")).to_have_count(6)
    expect(page.locator("#note")).to_be_hidden()
    assert page.evaluate("document.activeElement.closest('[data-moved]').dataset.moved") == "joined"
    page.locator("#back").click()
    assert page.locator("#f-wish").input_value() == WISH


# -- photos -----------------------------------------------------------------------------------------------------------------------


def test_a_photo_arrives_small_upright_and_without_its_place(phone, server, family):
    page = phone.page
    open_form(page)
    to_step(page, "evidence")
    field = page.locator("[data-f=house_photo] input[type=file]")
    field.set_input_files([photo(3000, 1500, orientation=6)])
    expect(page.locator(".sv-photos li")).to_have_count(1)
    field.set_input_files(
        [{"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"<svg xmlns='http://www.w3.org/2000/svg'/>"}]
    )
    expect(page.get_by_text("这个文件不是")).to_be_visible()
    held = rows(page, "photos", "m")
    assert len(held) == 1
    assert held[0]["size"] <= 300 * 1024
    finish(page)
    page.goto("/collect/")
    wait_sent(page)
    arrived = SurveyPhoto.objects.get()
    assert arrived.state == SurveyPhoto.State.COMPLETE
    assert arrived.height == 2 * arrived.width


PIECE = 64 * 1024


def test_a_photo_whose_upload_breaks_off_at_every_edge_arrives_once_and_whole(server, phones, family, helper):
    """The connection ends at each edge of the pieces and a byte before and behind it; each time the rest goes on from there."""
    wire, page = queued_behind_a_wire(server, phones, helper)
    [held] = rows(page, "photos", "m")
    assert held["size"] > 2 * PIECE
    edges = [0, *range(PIECE, held["size"], PIECE), held["size"]]
    breaks = sorted({at for edge in edges for at in (edge - 1, edge, edge + 1) if 0 <= at <= held["size"]})
    # All are known before the server is there: the phone tries again by itself, too.
    broken = [wire.break_photo(at) for at in breaks]
    server.start()
    for at, happened in zip(breaks, broken, strict=True):
        send(page)
        assert happened.wait(60), (at, wire.pieces)
    send(page)
    wait_sent(page)
    wire.close()

    # Nothing that had arrived was sent again: what follows a break begins where it was.
    assert wire.pieces == sorted(wire.pieces)
    assert set(breaks) - {held["size"]} <= set(wire.pieces)
    photo = SurveyPhoto.objects.get()
    assert photo.state == SurveyPhoto.State.COMPLETE
    assert sent(family).photos.count() == 1
    assert rows(page, "photos", "d") == []


# -- the page ---------------------------------------------------------------------------------------------------------------------


def test_home_is_accessible_and_fits_a_small_phone(other_household, phone, server, family):
    page = phone.page
    server.stop()
    queue_one(page)
    open_form(page, "赵大山")
    page.locator("#f-wish").fill(WISH)
    saved(page)
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/collect/")
    expect(page.locator("#draft-list li")).to_have_count(1)
    page.locator("#unsent-list button", has_text="丢弃").first.click()
    page.locator("#pin-change").click()

    def faults():
        page.evaluate(AXE.read_text())
        report = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
        return [f"{v['id']}: {v['nodes'][0]['html'][:150]}" for v in report["violations"]]

    assert faults() == []
    assert page.evaluate(OVERFLOW) == 0
    page.locator("#q").fill("大山")
    expect(page.locator("#mine li")).to_have_count(1)
    page.locator("#pin-not").click()
    choose_pin(page)
    page.locator("#lock-now").click()
    expect(page.locator("#lock")).to_be_visible()
    assert faults() == []
    assert page.evaluate(OVERFLOW) == 0


def test_without_https_the_same_form_works_online_and_says_so(server, phones, family, helper):
    """A name that is not this machine's own, over plain HTTP: no service worker, no encryption, so nothing is kept on the phone."""
    phone = phones(f"http://testserver:{server.port}", "--host-resolver-rules=MAP testserver 127.0.0.1")
    page = phone.log_in(helper)
    assert page.evaluate("[isSecureContext, 'serviceWorker' in navigator, Boolean(crypto.subtle)]") == [
        False,
        False,
        False,
    ]
    expect(page.locator("#online-only")).to_be_visible()
    open_form(page)
    expect(page.locator("#mode")).to_be_visible()
    page.locator("#f-wish").fill(WISH)
    expect(page.locator("#saved")).to_contain_text("已存服务器")
    page.goto("/collect/")
    open_form(page)
    expect(page.locator("#f-wish")).to_have_value(WISH)
    to_step(page, "evidence")
    page.locator("[data-f=house_photo] input[type=file]").set_input_files([photo()])
    expect(page.locator(".sv-photos li canvas")).to_have_count(1)
    finish(page)

    survey = sent(family)
    assert survey.state == Survey.State.SUBMITTED
    assert survey.channel == Survey.Channel.PAGE
    assert survey.photos.get().state == SurveyPhoto.State.COMPLETE
    assert Device.objects.count() == 1
    assert [rows(page, store) for store in ("drafts", "ops", "photos")] == [[], [], []]
