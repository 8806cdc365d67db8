"""A job's row is the truth: leases, progress, cancelling, trying again, joining."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone

from common import jobs
from common.models import AuditEvent, Job
from tests.factories import JobFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def work(monkeypatch):
    """`work(function, **options)` registers it as the kind "tests.work" for one test."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    return lambda function, **options: jobs.kind("tests.work", **options)(function)


@pytest.fixture
def ask(stranger):
    """`ask(**options)`: a submitted job of that kind."""
    return lambda **options: jobs.submit("tests.work", by=stranger, title="测试", **options)


def expire(job):
    """Time passes: the lease of a worker that no longer renews it runs out."""
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))


def test_the_result_is_kept_and_the_lease_given_back(work, ask):
    def count(run):
        run.step(0, total=3)
        for n in range(1, 4):
            run.step(n, message=f"第 {n} 步")
        return {"rows": 3}

    work(count)
    job = jobs.run(ask(params={"village": 1}).pk)
    assert (job.state, job.result, job.done, job.total, job.percent) == ("done", {"rows": 3}, 3, 3, 100)
    assert (job.lease_by, job.lease_until) == ("", None)
    assert job.started_at <= job.finished_at


def test_submitting_is_recorded(work, ask):
    work(lambda run: None)
    job = ask(region_path="1/2/")
    event = AuditEvent.objects.get(target=f"common.job/{job.pk}")
    assert (event.action, event.actor, event.region_path) == ("job.queued", "stranger", "1/2/")


def test_the_message_goes_out_only_when_the_transaction_commits(work, ask, django_capture_on_commit_callbacks):
    work(lambda run: None)
    with django_capture_on_commit_callbacks() as sent:
        ask()
    assert len(sent) == 1
    with django_capture_on_commit_callbacks() as sent:
        ask(send=False)
    assert not sent


def test_progress_is_seen_while_the_work_is_under_way(work, ask):
    seen = []

    def watched(run):
        run.step(0, total=10)
        run.step(4, message="正在核对", force=True)
        seen.append(Job.objects.get(pk=run.job.pk))

    work(watched)
    jobs.run(ask().pk)
    assert (seen[0].state, seen[0].done, seen[0].total, seen[0].message) == ("running", 4, 10, "正在核对")
    assert seen[0].lease_by == jobs.me()
    assert seen[0].lease_until > timezone.now()


def test_a_held_job_is_left_alone(work, ask):
    ran = []
    work(lambda run: ran.append(1))
    job = ask()
    Job.objects.filter(pk=job.pk).update(
        state="running", lease_by="elsewhere:1", lease_until=timezone.now() + dt.timedelta(seconds=60)
    )
    assert jobs.run(job.pk) is None
    assert not ran


@pytest.mark.parametrize("state", [Job.State.DONE, Job.State.FAILED, Job.State.CANCELLED])
def test_a_job_that_is_over_is_left_alone(work, state):
    ran = []
    work(lambda run: ran.append(1))
    job = JobFactory(state=state, finished_at=timezone.now())
    assert jobs.run(job.pk) is None
    assert not ran


def test_a_message_for_a_job_that_is_not_there_does_no_harm(work):
    assert jobs.run(0) is None


def test_after_a_crash_the_sweeper_hands_the_job_on(work, ask, django_capture_on_commit_callbacks):
    work(lambda run: {"done": True})
    job = ask()
    Job.objects.filter(pk=job.pk).update(state="running", attempts=1, lease_by="dead:1", lease_until=timezone.now())
    expire(job)
    sent = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "_send", lambda job: sent.append(job.pk))
        assert jobs.sweep() == 1
    assert sent == [job.pk]
    finished = jobs.run(job.pk)
    assert (finished.state, finished.attempts) == ("done", 2)


def test_the_sweeper_leaves_young_and_living_jobs_alone(work, ask):
    work(lambda run: None)
    ask()  # queued just now
    held = ask()
    Job.objects.filter(pk=held.pk).update(
        state="running", lease_by="alive:1", lease_until=timezone.now() + dt.timedelta(seconds=60)
    )
    JobFactory(finished=True)
    assert jobs.sweep() == 0


def test_a_worker_that_dies_three_times_fails_the_job(work, ask):
    told = []
    work(lambda run: None, on_end=told.append)
    job = ask()
    Job.objects.filter(pk=job.pk).update(
        state="running", attempts=jobs.MAX_ATTEMPTS, lease_by="dead:1", lease_until=timezone.now()
    )
    expire(job)
    assert jobs.sweep() == 0
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.error.endswith("。")
    assert [j.pk for j in told] == [job.pk]


def test_an_unforeseen_error_is_tried_three_times_and_never_shown(work, ask, caplog):
    def broken(run):
        raise ValueError("199 0000 1111")

    work(broken)
    job = ask()
    states = [jobs.run(job.pk).state for _n in range(3)]
    assert states == ["queued", "queued", "failed"]
    job.refresh_from_db()
    assert "199" not in job.error
    assert job.error.endswith("。")


def test_a_foreseen_error_is_shown_and_not_tried_again(work, ask):
    def refused(run):
        raise jobs.JobError("第 3 行没有户编号，请补上后重新导入。")

    told = []
    work(refused, on_end=told.append)
    job = jobs.run(ask().pk)
    assert (job.state, job.error, job.attempts) == ("failed", "第 3 行没有户编号，请补上后重新导入。", 1)
    assert told


def test_failing_work_leaves_nothing_half_done(work, ask, stranger):
    def half(run):
        with transaction.atomic():
            JobFactory(title="半成品")
            raise jobs.JobError("不行。")

    work(half)
    jobs.run(ask().pk)
    assert not Job.objects.filter(title="半成品").exists()


# -- cancelling and trying again ----------------------------------------------------------------------------------------------------


def test_a_queued_job_is_cancelled_at_once(work, ask, stranger):
    told = []
    work(lambda run: None, on_end=told.append)
    job = jobs.cancel_job(job=ask(), by=stranger)
    assert (job.state, job.cancel_requested) == ("cancelled", True)
    assert told
    assert AuditEvent.objects.filter(action="job.cancelled").exists()
    assert jobs.run(job.pk) is None


def test_a_running_job_stops_at_its_next_step(work, ask, stranger):
    after = []

    def long(run):
        run.step(0, total=2)
        jobs.cancel_job(job=run.job, by=stranger)
        run.step(1, force=True)
        after.append("never")

    work(long)
    job = jobs.run(ask().pk)
    assert job.state == "cancelled"
    assert not after


def test_only_the_owner_cancels_or_tries_again(work, ask, officer):
    work(lambda run: None)
    with pytest.raises(PermissionDenied):
        jobs.cancel_job(job=ask(), by=officer)
    with pytest.raises(PermissionDenied):
        jobs.retry_job(job=JobFactory(failed=True), by=officer)
    assert not jobs.jobs_of(officer).exists()


def test_a_finished_job_is_neither_cancelled_nor_tried_again(work, stranger):
    done = JobFactory(finished=True, owner=stranger.username)
    for verb in (jobs.cancel_job, jobs.retry_job):
        with pytest.raises(jobs.JobError):
            verb(job=done, by=stranger)


def test_a_failed_job_starts_anew(work, stranger):
    work(lambda run: {"again": True})
    job = jobs.retry_job(job=JobFactory(failed=True, owner=stranger.username, attempts=3), by=stranger)
    assert (job.state, job.error, job.attempts, job.finished_at) == ("queued", "", 0, None)
    assert jobs.run(job.pk).result == {"again": True}
    assert AuditEvent.objects.filter(action="job.retried").exists()


# -- joining --------------------------------------------------------------------------------------------------------------------------


def test_the_same_request_joins_the_open_one(work, ask):
    work(lambda run: None)
    first = ask(key="village/300")
    assert ask(key="village/300") == first
    assert ask(key="village/301") != first
    jobs.run(first.pk)
    assert ask(key="village/300") != first


def test_without_a_key_nothing_joins(work, ask):
    work(lambda run: None)
    assert ask() != ask()


# -- a job shared by several workers ------------------------------------------------------------------------------------------------


def test_a_shared_job_ends_with_whoever_does_the_last_part(work, ask):
    parts = [1, 2]

    def share(run):
        parts.pop()
        return None if parts else {"parts": 2}

    work(share, workers=2)
    job = ask()
    assert jobs.run(job.pk).state == "running"
    finished = jobs.run(job.pk)
    assert (finished.state, finished.result) == ("done", {"parts": 2})


def test_leases_of_this_machine_are_freed_when_it_starts_again(work, ask, monkeypatch):
    work(lambda run: None)
    mine, other = ask(), ask()
    host = jobs.me().split(":")[0]
    later = timezone.now() + dt.timedelta(seconds=60)
    Job.objects.filter(pk=mine.pk).update(state="running", lease_by=f"{host}:1", lease_until=later)
    Job.objects.filter(pk=other.pk).update(state="running", lease_by="otherhost:1", lease_until=later)
    sent = []
    monkeypatch.setattr(jobs, "_send", lambda job: sent.append(job.pk))
    jobs.recover_after_crash()
    assert sent == [mine.pk]


# -- the second connection ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True, databases=["default", "outside"])
def test_progress_is_seen_before_the_work_commits(work, ask):
    """The work's own transaction is open all along; a reader outside sees how far it is, and nothing else of it."""
    seen = []

    def in_one_transaction(run):
        with transaction.atomic():
            JobFactory(title="还没有提交")
            run.step(7, total=9, message="正在写入")
            outside = Job.objects.using("outside")
            seen.append((outside.get(pk=run.job.pk).done, outside.filter(title="还没有提交").exists()))

    monkey = pytest.MonkeyPatch()
    monkey.setattr(jobs, "_send", lambda job: None)
    work(in_one_transaction)
    job = ask()
    monkey.undo()
    jobs.run(job.pk)
    assert seen == [(7, False)]
    assert connection.in_atomic_block is False
