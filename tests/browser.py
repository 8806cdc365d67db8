"""The browser of the tests: Debian's Chromium, quiet and without a sandbox, and what is asked of every page."""

import contextlib
import os
import time
from pathlib import Path

import psutil
from django.conf import settings

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
AXE = Path(settings.BASE_DIR) / "ui" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LYING = [
    "color-contrast",
    "target-size",
    "scrollable-region-focusable",
    "link-in-text-block",
]  # rules that look at the layout
WIDE, NARROW = 1280, (390, 320)
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def axe(page, rules: list[str] = RULES) -> list[str]:
    """What axe finds wrong with the page that is open; by all rules, or by those named."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    report = page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)
    return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:150]}" for v in report["violations"]]


def go(page, section: str, entry: str) -> None:
    """Take an entry of the menu, as one does on a wide screen: unfold its section where it is folded, and follow it."""
    menu = page.locator("#menu")
    link = menu.get_by_role("link", name=entry)
    if not link.first.is_visible():
        menu.locator("summary", has_text=section).click()
    follow(link.first)


@contextlib.contextmanager
def leaving(page):
    """What is done inside leads to another page; afterwards that page stands: without waiting, what is asked next may be asked of one half gone.

    The page left is marked, and the one waited for is whole and bears no mark: its address may be the same, and a `load` that comes late
    may be that of the page before.
    """
    page.locator("html").evaluate("root => root.toggleAttribute('data-left', true)")
    yield
    page.wait_for_selector("html:not([data-left])", state="attached")
    page.wait_for_load_state()


def follow(link) -> None:
    """Click what leads to another page, a link or the button of a form, and wait until that page stands."""
    link.wait_for()
    with leaving(link.page):
        link.click()


def log_in(page, user, password: str) -> None:
    """Through the log-in form that is open, to the page behind it."""
    page.get_by_label("用户名").fill(user.username)
    page.get_by_label("密码", exact=True).fill(password)
    follow(page.locator("main form button").first)
    assert "/accounts/login/" not in page.url


def at_rest(port: int) -> None:
    """Wait until nobody talks to the server at a port: what a closed browser asked last is done, and writes nothing into the next test."""
    deadline = time.monotonic() + 60
    talking = (psutil.CONN_ESTABLISHED, psutil.CONN_CLOSE_WAIT)
    while any(c.laddr.port == port and c.status in talking for c in psutil.net_connections("tcp4")):
        assert time.monotonic() < deadline, f"somebody still talks to port {port}"


def too_wide(page) -> list[str]:
    """Whether the page that is open must be pushed sideways, by how much."""
    page.wait_for_load_state()
    over = page.evaluate(OVERFLOW)
    return [f"{over} px too wide"] if over > 0 else []


def wrong_with(page, addresses, prepare=lambda page: None) -> dict[str, list[str]]:
    """`{name: faults}` of the pages (`{name: address}`) that axe finds fault with, or that must be pushed sideways, at any of three widths.

    Each is loaded once, wide: what is on it is the same at every width, so narrow only those rules are asked again that look at how it lies.
    """
    wrong = {}
    for name, address in addresses.items():
        page.set_viewport_size({"width": WIDE, "height": 900})
        page.goto(address)
        prepare(page)
        faults = axe(page) + too_wide(page)
        for width in NARROW:
            page.set_viewport_size({"width": width, "height": 844})
            faults += [f"{width} px: {fault}" for fault in axe(page, LYING) + too_wide(page)]
        if faults:
            wrong[name] = faults
    return wrong
