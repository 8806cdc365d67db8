"""The browser of the tests: Debian's Chromium, quiet and without a sandbox, and what is asked of every page."""

import os
from pathlib import Path

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
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def axe(page) -> list[str]:
    """What axe finds wrong with the page that is open."""
    page.evaluate(AXE.read_text())
    report = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:150]}" for v in report["violations"]]


def go(page, section: str, entry: str) -> None:
    """Take an entry of the menu, as one does on a wide screen: unfold its section where it is folded, and click."""
    menu = page.locator("#menu")
    link = menu.get_by_role("link", name=entry)
    if not link.first.is_visible():
        menu.locator("summary", has_text=section).click()
    link.first.click()


def follow(link) -> None:
    """Click what leads to another page and wait until that page stands: without waiting, what is asked next may be asked of a page half gone."""
    with link.page.expect_event("load"):
        link.click()


def too_wide(page) -> list[str]:
    """Whether the page that is open must be pushed sideways, by how much."""
    over = page.evaluate(OVERFLOW)
    return [f"{over} px too wide"] if over > 0 else []


def wrong_with(page, addresses, ask, prepare=lambda page: None) -> dict[str, list[str]]:
    """`{name: faults}` of the pages (`{name: address}`) where `ask` (`axe` or `too_wide`) finds any."""
    wrong = {}
    for name, address in addresses.items():
        page.goto(address)
        prepare(page)
        if faults := ask(page):
            wrong[name] = faults
    return wrong
