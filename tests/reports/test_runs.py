"""Runs of the print centre: villages bound one by one, held and resumed, killed and shared, on two levels of outline, out in time."""

import datetime as dt
import io
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

import pikepdf
import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import default_storage
from django.db import connection, connections
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Posting
from common import files, jobs, vault
from common.models import Job
from households.models import Household
from reports import pace, services
from reports.models import Booklet, PrintItem, PrintRun
from tests.factories import HouseholdFactory

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]
CARD = {"kind": "clear_card", "sheet": "A5", "send": False}  # a page: quick


def work(run):
    job = jobs.run(run.job_id)
    run.refresh_from_db()
    return job


def fetched(run, by):
    return b"".join(services.fetch_run(run=run, by=by).pieces)


@pytest.fixture
def town(land):
    """Three households in one village, two in the next, none in the third."""
    made = [
        HouseholdFactory(village=land.village, with_householder=True, with_year=True, number=f"8801{n}")
        for n in range(3)
    ]
    return made + [
        HouseholdFactory(village=land.near_village, with_householder=True, with_year=True, number=f"8802{n}")
        for n in range(2)
    ]


def test_a_township_in_one_file_has_an_outline_of_two_levels(town, officer, land):
    run = services.print_papers(by=officer, region=land.township, **CARD)
    job = work(run)
    assert (job.state, job.result["printed"], run.total) == ("done", 5, 5)
    with pikepdf.open(io.BytesIO(fetched(run, officer))) as book, book.open_outline() as outline:
        assert len(book.pages) == 5
        assert [(item.title, [child.title.split()[0] for child in item.children]) for item in outline.root] == [
            ("青石村", ["88010", "88011", "88012"]),
            ("白石村", ["88020", "88021"]),
        ]
    assert not run.volumes.exclude(file="").exists()  # nothing lies there twice


def test_a_zip_of_villages_and_of_households(town, officer, land):
    run = services.print_papers(by=officer, region=land.township, output="villages", **CARD)
    work(run)
    with zipfile.ZipFile(io.BytesIO(fetched(run, officer))) as bundle:
        assert bundle.testzip() is None
        assert bundle.namelist() == ["001_青石村.pdf", "002_白石村.pdf"]
        with pikepdf.open(io.BytesIO(bundle.read("002_白石村.pdf"))) as book:
            assert len(book.pages) == 2
    each = services.print_papers(by=officer, region=land.township, output="zipped", **CARD)
    job = work(each)
    assert job.result["reused"] == 5
    with zipfile.ZipFile(io.BytesIO(fetched(each, officer))) as bundle:
        assert [name.split("/")[0] for name in bundle.namelist()] == ["001_青石村"] * 3 + ["002_白石村"] * 2
    one = services.fetch_volume(volume=run.volumes.get(village=land.near_village), by=officer)
    assert (one.name, b"".join(one.pieces)[:4]) == (f"{run.title}_白石村.pdf", b"%PDF")


def test_one_file_has_a_limit_and_villages_have_none(town, officer, land, monkeypatch):
    monkeypatch.setattr(services, "MOST_MERGED", 4)
    with pytest.raises(services.PrintRefused, match="每村一个文件"):
        services.print_papers(by=officer, region=land.township, **CARD)
    assert services.print_papers(by=officer, region=land.township, output="villages", **CARD).volumes.count() == 2


def test_a_kind_says_no_to_what_it_has_not(town, officer, land):
    with pytest.raises(ValidationError, match="不印完整号码"):
        services.print_papers(
            by=officer, kind="roster", region=land.village, full=True, reason="入户核对签字", send=False
        )
    with pytest.raises(ValidationError, match="没有这种纸张"):
        services.print_papers(by=officer, kind="roster", region=land.village, sheet="A5", send=False)
    with pytest.raises(services.PrintRefused, match="按村打印"):
        services.print_papers(by=officer, kind="roster", households=town[:1], send=False)
    assert not PrintRun.objects.exists()


def test_held_and_resumed(town, clerk, client_as, land):
    """What is made stays; the page says so; nothing is made twice."""
    run = services.print_papers(by=clerk, region=land.village, **CARD)
    run.items.filter(place__gt=1).update(
        claimed_until=timezone.now() + dt.timedelta(minutes=1)
    )  # the others are in other hands
    assert work(run).state == Job.State.RUNNING
    browser, address = client_as(clerk), reverse("reports:print_run", args=[run.pk])
    browser.post(reverse("reports:print_pause", args=[run.pk]))
    assert "正在停下" in browser.get(address).text
    with pytest.raises(services.PrintRefused, match="正在停下"):
        services.resume_run(run=run, by=clerk)
    run.items.filter(place=2).update(claimed_until=None)
    assert work(run).state == Job.State.CANCELLED
    page = browser.get(address).text
    assert "已暂停，做好的都留着：2 / 3 户" in page
    assert "接着打印" in page
    run.items.update(claimed_until=None)
    browser.post(reverse("reports:print_retry", args=[run.pk]))
    job = work(run)
    assert (job.state, job.result["printed"], Booklet.objects.count()) == ("done", 3, 3)
    assert "下载 PDF" in browser.get(address).text
    with pytest.raises(jobs.JobError, match="已经结束"):
        services.pause_run(run=run, by=clerk)


def test_only_its_owner_holds_a_run(town, clerk, officer, land):
    run = services.print_papers(by=clerk, region=land.village, **CARD)
    for verb in (services.pause_run, services.resume_run, services.print_failed_again):
        with pytest.raises(PermissionDenied):
            verb(run=run, by=officer)


def test_what_expired_while_a_run_was_held_is_made_again(town, clerk, land, settings):
    run = services.print_papers(by=clerk, region=land.village, **CARD)
    run.items.filter(place=3).update(claimed_until=timezone.now() + dt.timedelta(minutes=1))
    work(run)
    Booklet.objects.update(used_at=timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1))
    assert files.expire() == 2
    run.items.update(claimed_until=None)
    job = work(run)
    assert (job.state, job.result["printed"], Booklet.objects.count()) == ("done", 3, 3)
    assert len(fetched(run, clerk)) > 1000


def test_what_a_killed_worker_wrote_and_nobody_names_goes_after_a_day(town, officer, land, settings, tmp_path):
    """A paper and a volume, each written beside those that stand; what is written now may still be named."""
    settings.MEDIA_ROOT = tmp_path
    run = services.print_papers(by=officer, region=land.township, output="villages", **CARD)
    work(run)
    month = Booklet.objects.first().file.rpartition("/")[0]
    stray = [vault.put(f"{folder}/stray", b"%PDF") for folder in (month, f"runs/{run.pk}") for _n in range(2)]
    old, two_days_ago = stray[::2], time.time() - 2 * 24 * 3600
    standing = [*Booklet.objects.values_list("file", flat=True), *run.volumes.values_list("file", flat=True)]
    for name in {*old, *standing}:
        os.utime(default_storage.path(name), (two_days_ago, two_days_ago))
    assert files.expire() == len(old)
    assert [default_storage.exists(name) for name in stray] == [False, True, False, True]
    assert all(default_storage.exists(name) for name in standing)


def test_a_paper_that_is_used_again_is_kept_with_all_that_share_its_file(town, clerk, land, settings):
    work(services.print_papers(by=clerk, region=land.village, **CARD))
    Booklet.objects.update(used_at=timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1))
    work(services.print_papers(by=clerk, households=town[:1], **CARD))
    files.expire()
    assert Booklet.objects.exclude(file="").count() == 3


def test_what_failed_is_printed_alone_once_it_is_right(town, clerk, client_as, land):
    Household.objects.filter(pk=town[0].pk).update(hamlet="\ue000组")
    run = services.print_papers(by=clerk, region=land.village, **CARD)
    assert work(run).result["failed"] == 1
    browser = client_as(clerk)
    assert "只重打这些" in browser.get(reverse("reports:print_run", args=[run.pk])).text
    Household.objects.filter(pk=town[0].pk).update(hamlet="1组")
    browser.post(reverse("reports:print_again", args=[run.pk]))
    again = PrintRun.objects.first()
    assert (again.total, again.kind, again.sheet) == (1, "clear_card", "A5")
    assert work(again).result["printed"] == 1


def test_a_run_of_which_nothing_could_be_printed_is_tried_again(town, clerk, land):
    Household.objects.filter(pk=town[0].pk).update(hamlet="\ue000组")
    run = services.print_papers(by=clerk, households=town[:1], **CARD)
    job = work(run)
    assert (job.state, "U+E000" in job.error) == ("failed", True)
    Household.objects.filter(pk=town[0].pk).update(hamlet="1组")
    services.resume_run(run=run, by=clerk)
    assert work(run).result["printed"] == 1


def test_the_permission_is_asked_again_for_papers_of_villages(town, officer, land):
    run = services.print_papers(by=officer, kind="notice_households", region=land.township, send=False)
    work(run)
    Posting.objects.filter(user=officer).update(starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2021, 1, 1))
    officer.__dict__.clear()
    officer = type(officer).objects.get(username=run.owner.username)
    with pytest.raises(PermissionDenied):
        services.fetch_run(run=run, by=officer)


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 50)), max_size=40))
def test_pace_is_never_negative_and_small(steps):
    """Whatever the workers report, and in whatever order."""
    samples, now, done = [], 1_000_000.0, 0
    for wait, made in steps:
        now, done = now + wait, done + made
        samples = pace.with_sample(samples, now, done)
        rate, left = pace.per_minute(samples), pace.minutes_left(samples, done, done + 100)
        assert rate is None or rate > 0
        assert left is None or left >= 0
    assert len(samples) <= pace.KEPT


def test_pace_of_a_steady_run():
    samples = []
    for second in range(0, 120, 5):
        samples = pace.with_sample(samples, 1_000_000.0 + second, second * 5)
    assert pace.per_minute(samples) == pytest.approx(300, rel=0.01)
    assert pace.minutes_left(samples, 500, 2000) == pytest.approx(5, rel=0.01)


def test_a_village_can_be_fetched_while_the_others_are_made(town, officer, client_as, land):
    run = services.print_papers(by=officer, region=land.township, output="villages", **CARD)
    others = run.items.filter(volume__village=land.near_village)
    others.update(claimed_until=timezone.now() + dt.timedelta(minutes=1))  # in other hands
    assert work(run).state == Job.State.RUNNING
    table = client_as(officer).get(reverse("reports:print_progress", args=[run.pk]), {"villages": ""}).text
    assert reverse("reports:print_volume", args=[run.pk, land.village.pk]) in table
    assert reverse("reports:print_volume", args=[run.pk, land.near_village.pk]) not in table
    assert "3 / 3" in table
    assert "0 / 2" in table


def test_the_file_of_a_village_goes_to_whoever_asked_for_the_run(town, officer, clerk, client_as, land):
    run = services.print_papers(by=officer, region=land.township, output="villages", **CARD)
    work(run)
    address = reverse("reports:print_volume", args=[run.pk, land.near_village.pk])
    assert client_as(officer).post(address).getvalue().startswith(b"%PDF")
    assert client_as(clerk).post(address).status_code == 404
    nowhere = reverse("reports:print_volume", args=[run.pk, land.far_village.pk])
    assert client_as(officer).post(nowhere).status_code == 404


# --- Real processes ---


def until(question, what, seconds=60):
    deadline, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        pause.wait(0.05)
    raise AssertionError(f"waited {seconds} s for {what}")


@pytest.mark.django_db(transaction=True, databases=["default", "outside"])
@pytest.mark.xdist_group("worker")
def test_killed_with_minus_nine_and_finished_by_two(post, land, settings):
    """A worker is killed in mid-run; two others share what is left: every paper is there once, and in one file."""
    from accounts.roles import Role

    clerk = post(Role.VILLAGE_CLERK, land.village)
    for n in range(30):
        HouseholdFactory(village=land.village, with_householder=True, with_year=True, number=f"88{n:03d}")
    run = services.print_papers(by=clerk, region=land.village, **CARD)
    head, _slash, tail = os.environ["DATABASE_URL"].rpartition("/")
    _name, _mark, query = tail.partition("?")
    environ = os.environ | {
        "DATABASE_URL": f"{head}/{connection.settings_dict['NAME']}" + (f"?{query}" if query else ""),
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
    }
    code = (
        "import django; django.setup(); from django.conf import settings; from common import jobs;"
        f"settings.MEDIA_ROOT = {str(settings.MEDIA_ROOT)!r}; jobs.run({run.job_id})"
    )

    def start():
        return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environ, stderr=subprocess.DEVNULL)

    first = start()
    try:
        until(lambda: run.items.exclude(state=PrintItem.State.WAITING).exists(), "the first ten")
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    made = run.items.filter(state=PrintItem.State.DONE).count()
    assert 0 < made < 30
    # What it held is held for a minute longer; here the minute is over.
    run.items.filter(state=PrintItem.State.WAITING).update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
    two = [start(), start()]
    for process in two:
        assert process.wait(120) == 0
    job = Job.objects.get(pk=run.job_id)
    assert job.state == Job.State.DONE, job.error
    assert job.result["printed"] == 30
    assert Booklet.objects.count() == Booklet.objects.values("household").distinct().count() == 30
    assert run.volumes.filter(finished=F("total"), bound_at__isnull=False).count() == 1
    run.refresh_from_db()
    with pikepdf.open(io.BytesIO(fetched(run, clerk))) as book, book.open_outline() as outline:
        assert [item.title.split()[0] for item in outline.root] == [f"88{n:03d}" for n in range(30)] or len(
            outline.root
        ) == 30
        assert len({item.title for item in outline.root}) == 30
        assert len(book.pages) == job.result["pages"]
    connections["outside"].close()


def test_what_is_there_is_looked_up_by_fifty_and_what_is_not_made_by_ten(land, officer):
    """Twelve were printed before; of the lot that is then looked up fifteen are new: ten are made, five given back and made next."""
    homes = [HouseholdFactory(village=land.village, with_householder=True, with_year=True) for _n in range(27)]
    work(services.print_papers(by=officer, households=homes[:12], **CARD))
    run = services.print_papers(by=officer, households=homes, **CARD)
    assert work(run).state == "done"
    assert run.items.filter(state=PrintItem.State.DONE).count() == 27
    assert run.items.filter(is_reused=True).count() == 12
    files = run.items.filter(is_reused=False).values_list("booklet__file", flat=True)
    assert sorted(Counter(files).values()) == [5, 10]
    with pikepdf.open(io.BytesIO(fetched(run, officer))) as book:
        assert len(book.pages) == 27
