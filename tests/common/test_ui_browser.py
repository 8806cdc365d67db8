"""The gallery in a real browser: no overflow on a small phone, nothing axe complains about, and the behaviours of our elements."""

import pytest
from django.conf import settings
from django.test import override_settings
from playwright.sync_api import sync_playwright

from tests.browser import AXE, CHROMIUM, OVERFLOW, RULES, SWITCHES, at_rest, follow

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _sync_calls(monkeypatch):
    """Playwright runs an event loop in this thread, which Django takes for asynchronous code."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def open_gallery(live_server, client, clerk):
    """`open_gallery(width, **context)`: the components page as the clerk sees it, and what the console said."""
    client.force_login(clerk)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": client.cookies[settings.SESSION_COOKIE_NAME].value}
    with override_settings(ROOT_URLCONF="tests.common.gallery_urls"), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)

        def visit(width, **options):
            context = browser.new_context(viewport={"width": width, "height": 844}, locale="zh-CN", **options)
            context.add_cookies([cookie | {"url": live_server.url}])
            page = context.new_page()
            said = []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.goto(f"{live_server.url}/dev/components/")
            return page, said

        yield visit
        browser.close()
    at_rest(live_server.thread.port)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_fits_and_is_accessible(open_gallery, width):
    page, said = open_gallery(width)
    assert page.evaluate(OVERFLOW) == 0
    assert said == []
    page, _ = open_gallery(width, bypass_csp=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []


def test_large_text_fits_a_small_phone(open_gallery):
    page, _ = open_gallery(320)
    page.context.add_cookies([{"name": "text", "value": "large", "url": page.url}])
    page.reload()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    assert page.evaluate(OVERFLOW) == 0


def test_a_sum_is_read_out_and_doubted(open_gallery):
    page, _ = open_gallery(390)
    wage = page.locator("#id_wage")
    wage.fill("１８００００")
    wage.blur()
    assert wage.input_value() == "180,000"
    assert page.locator("#id_wage_read").inner_text() == "读作：十八万元"
    assert "18,000 元相差很大" in page.locator("money-field .ask").inner_text()
    page.get_by_role("button", name="数字没错").click()
    wage.blur()
    assert page.locator("money-field .ask").count() == 0


def test_an_identity_number_fills_birthday_and_sex(open_gallery):
    page, _ = open_gallery(390)
    number = page.locator("#id_id_number")
    number.fill("11010519491231002x")
    number.blur()
    assert page.locator("#id_birthday").input_value() == "1949-12-31"
    assert page.locator("input[name=sex]:checked").input_value() == "female"
    number.fill("110105194912310021")
    number.blur()
    assert "最后一位对不上" in page.locator("id-card-field [data-say]").inner_text()


def test_ticked_rows_are_counted(open_gallery):
    page, _ = open_gallery(390)
    bar = page.locator("[data-bar]")
    assert bar.is_hidden()
    page.locator("input.pick[name=pk]").first.check()
    assert page.locator("[data-count]").inner_text() == "已选 1 人"
    page.locator("[data-all]").check()
    assert page.locator("[data-count]").inner_text() == "已选 2 人"


def test_lost_network_is_said(open_gallery):
    page, _ = open_gallery(390)
    page.context.set_offline(True)
    page.locator("#offline").wait_for(state="visible")
    page.context.set_offline(False)
    page.locator("#offline").wait_for(state="hidden")


def test_reads_without_script(open_gallery):
    page, _ = open_gallery(390, java_script_enabled=False)
    assert page.locator("[data-bar]").is_visible()
    page.locator(".top a[href='#menu']").click()
    page.locator("#menu").wait_for()
    follow(page.locator("#menu").get_by_role("button", name="大字"))
    assert page.locator("html").get_attribute("class") == "big"
