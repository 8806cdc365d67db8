"""A phone: a browser whose storage outlives it, at a server that may be away."""

from __future__ import annotations

import contextlib
import io
import os
import signal
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from PIL import Image
from playwright.sync_api import Error, Page, Playwright, expect

from tests.browser import CHROMIUM, SWITCHES, log_in

PASSWORD = "only-for-this-test-7"
PIN = "280916"
# What the browser itself says about a network that is away, and about plain HTTP.
QUIET = ("Failed to load resource", "The Cross-Origin-Opener-Policy header has been ignored")


class Phone:
    """`open` starts the browser, `close` ends it, `kill` ends it as a flat battery would."""

    def __init__(self, playwright: Playwright, folder: Path, url: str, *switches: str) -> None:
        self.playwright, self.folder, self.url, self.switches = playwright, folder, url, switches
        self.context: Any = None
        self.said: list[str] = []

    def open(self, path: str = "/collect/") -> Page:
        self.context = self.playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=CHROMIUM,
            args=[*SWITCHES, "--hide-crash-restore-bubble", *self.switches],
            viewport={"width": 390, "height": 844},
            locale="zh-CN",
            timezone_id=settings.TIME_ZONE,
            base_url=self.url,
            accept_downloads=True,
        )
        self.context.on("weberror", lambda error: self.said.append(f"{error.error}\n{error.error.stack}"))
        self.context.on("console", lambda message: self._hear(message))
        page = self.context.pages[0]
        page.goto(path)
        return page

    @property
    def page(self) -> Page:
        return self.context.pages[0]

    def _hear(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(QUIET):
            self.said.append(message.text)

    def tab(self, path: str = "/collect/") -> Page:
        page = self.context.new_page()
        page.goto(path)
        return page

    def close(self) -> None:
        if self.context is not None:
            self.context.close()
            self.context = None

    def kill(self) -> None:
        """No last word for any page, no time to write anything."""
        mine = [
            p for p in psutil.process_iter(["cmdline"]) if f"--user-data-dir={self.folder}" in (p.info["cmdline"] or [])
        ]
        assert mine
        for process in mine:
            os.kill(process.pid, signal.SIGKILL)
        psutil.wait_procs(mine, timeout=60)
        with contextlib.suppress(Error):  # it may have noticed already
            self.context.close()
        self.context = None

    def log_in(self, user: Any, path: str = "/collect/") -> Page:
        user.set_password(PASSWORD)
        user.save()
        page = self.open(path) if self.context is None else self.context.pages[0]
        log_in(page, user, PASSWORD)
        return page


def chip(page: Page, state: str) -> None:
    """Wait until the chip says how far it is; "done" is a round that went through and left nothing waiting."""
    look = "[data-look=ok]" if state == "done" else ""
    expect(page.locator(f"#chip[data-state={state}]{look}")).to_be_attached(timeout=60_000)


def saved(page: Page, where: str = "") -> None:
    """Save now, and wait: nothing that was typed is only on the screen any more."""
    page.evaluate("self.survey.keeping.save().then(() => null)")
    expect(page.locator("#saved")).to_contain_text(f"已存{where}")


def worker_ready(page: Page) -> None:
    page.evaluate(
        """Promise.race([
            navigator.serviceWorker.ready,
            new Promise((done, fail) => setTimeout(() => fail(new Error("no service worker")), 60000)),
          ]).then(() => true)"""
    )


def choose_pin(page: Page, pin: str = PIN) -> None:
    page.locator("#pin-change").click()
    page.locator("#pin-new").fill(pin)
    page.locator("#pin-again").fill(pin)
    page.get_by_role("button", name="保存 PIN").click()
    expect(page.locator("#device-say")).to_contain_text("PIN 已设置")


def unlock(page: Page, pin: str = PIN) -> None:
    page.locator("#pin").fill(pin)
    page.get_by_role("button", name="解锁").click()


def rows(page: Page, store: str, prefix: str = "") -> list[Any]:
    """What stands in a store of the phone's database, as it lies there."""
    return page.evaluate(
        """([store, prefix]) => new Promise((done, fail) => {
            const request = indexedDB.open("yihu");
            request.onerror = () => fail(request.error);
            request.onsuccess = () => {
              const rows = request.result.transaction(store).objectStore(store);
              const keys = rows.getAllKeys();
              const values = rows.getAll();
              values.onsuccess = () => {
                request.result.close();
                const whole = values.result.map((row, at) => ({ key: keys.result[at], row }));
                done(whole.filter(({ key }) => String(key).startsWith(prefix)).map(({ key, row }) =>
                  row && typeof row === "object" ? { ...row, key } : { key, row }));
              };
            };
          })""",
        [store, prefix],
    )


def send(page):
    """Press the button, whether or not a round that began by itself was quicker and has hidden it."""
    page.locator("#send").evaluate("button => button.click()")


def wait_sent(page):
    expect(page.locator("#unsent")).to_be_hidden(timeout=120_000)
    chip(page, "done")


def photo(width=1600, height=1200, tone=90, orientation=0):
    """A picture as a camera makes it: too large, with EXIF."""
    out = io.BytesIO()
    noise = Image.effect_noise((width, height), tone).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Redmi"
    if orientation:
        exif[0x0112] = orientation
    noise.save(out, "JPEG", quality=95, exif=exif)
    return {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}
