"""A real browser at a real server. Jobs are worked on in this process; that a worker does the same is shown by test_jobs_worker."""

from __future__ import annotations

import platform

import pytest
from django.db import connections
from django.utils import timezone
from playwright.sync_api import expect, sync_playwright

from common import jobs
from common.models import Job
from tests.browser import CHROMIUM, SWITCHES, at_rest, log_in
from tests.e2e.phone import Phone
from tests.e2e.server import Server

PASSWORD = "only-for-this-test-7"
OLDEST = platform.machine() in ("x86_64", "AMD64")  # the machines for which there is a Chromium 80
collect_ignore = [] if OLDEST else ["test_floor.py"]
expect.set_options(timeout=30_000)  # as patient as everything else of Playwright


def pytest_terminal_summary(terminalreporter):
    if not OLDEST:
        terminalreporter.write_line(
            f"The oldest browser was not asked: there is no Chromium 80 for {platform.machine()}."
        )


@pytest.fixture(autouse=True)
def _sync_calls(monkeypatch):
    """Playwright runs an event loop in this thread, which Django takes for asynchronous code."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def chromium(live_server):
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()
        connections.close_all()  # what was opened while the loop ran is known only while it runs
    at_rest(live_server.thread.port)


@pytest.fixture
def sign_in(live_server, chromium):
    """`sign_in(user, width=1280) -> page`: through the log-in form. What the console says against the page fails the test at its end."""
    contexts, said = [], []

    def enter(user, width=1280, **options):
        user.set_password(PASSWORD)
        user.save()
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN",
            base_url=live_server.url,
            accept_downloads=True,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/")
        log_in(page, user, PASSWORD)
        return page

    yield enter
    for context in contexts:
        context.close()
    assert [text for text in said if "status of 422" not in text] == [], "422 is how a refused form answers"


@pytest.fixture
def work():
    """`work()`: do every queued job now, as a worker would."""

    def run_all():
        for job in Job.objects.filter(state=Job.State.QUEUED).order_by("pk"):
            done = jobs.run(job.pk)
            assert done is not None
            assert done.state == Job.State.DONE, (done.kind, done.error)
        assert not Job.objects.filter(lease_until__gt=timezone.now()).exists()

    return run_all


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """One process for as many tests as leave it alive."""
    own = Server(tmp_path_factory.mktemp("server") / "log")
    yield own
    own.stop()


@pytest.fixture
def server(process, transactional_db):
    if process.process is None:
        process.start()
    yield process
    at_rest(process.port)


@pytest.fixture
def phones(tmp_path):
    """`phones(url, *switches) -> Phone`: another phone with each call. What its pages complain about fails the test at its end."""
    made = []
    with sync_playwright() as playwright:

        def make(url, *switches):
            made.append(Phone(playwright, tmp_path / f"phone-{len(made)}", url, *switches))
            return made[-1]

        yield make
        for phone in made:
            phone.close()
        connections.close_all()  # what was opened while the loop ran is known only while it runs
    assert [line for phone in made for line in phone.said] == []
