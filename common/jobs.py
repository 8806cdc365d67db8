"""Long work: a row in `common.Job` is the truth, Celery only carries its id, and killing a worker loses nothing.

A kind of job is a function registered with `@kind(...)`. It receives a `Run`, reports progress with `run.step()`, and is cancelled
between two steps. A worker holds a lease on the job and renews it with each step; when the worker dies the lease runs out and
`sweep()` hands the job to another worker, which starts it anew: so the function must either work in one transaction or skip what
is done already.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy
from kombu.exceptions import OperationalError

from common import audit, notices
from common.models import Job, Notice
from common.refusal import RefusedError

logger = logging.getLogger(__name__)

LEASE = dt.timedelta(seconds=90)  # a stale heartbeat is noticed within two minutes: this plus one sweep of 30 seconds
MAX_ATTEMPTS = 3
PROGRESS_EVERY = dt.timedelta(seconds=0.7)


def _list(user: Any) -> str:
    return reverse("jobs:job_list")


# What its owner hears when a job has ended.
TOLD = {
    Job.State.DONE: notices.topic(
        "job.done", Notice.Kind.JOB, gettext_lazy("“%(title)s”已完成，请查看结果。"),
        ngettext_lazy("%(count)s 项后台任务已完成，请查看结果。", "%(count)s 项后台任务已完成，请查看结果。", "count"), _list,
    ),
    Job.State.FAILED: notices.topic(
        "job.failed", Notice.Kind.JOB, gettext_lazy("“%(title)s”没有完成，请看原因。"),
        ngettext_lazy("%(count)s 项后台任务没有完成，请看原因。", "%(count)s 项后台任务没有完成，请看原因。", "count"), _list,
    ),
}  # fmt: skip


class JobError(RefusedError):
    """The work cannot be done; the message is one sentence for the user."""


class Cancelled(Exception):  # noqa: N818  not an error: somebody pressed the button
    """Raised inside a job when its owner cancelled it."""


@dataclass(frozen=True)
class Kind:
    name: str
    work: Callable[[Run], Mapping[str, Any] | None]
    workers: int = 1  # above one: several workers run the same job at once and share its parts among themselves
    on_end: Callable[[Job], None] | None = None  # told when the job failed or was cancelled, to tidy up


KINDS: dict[str, Kind] = {}


def kind(name: str, *, workers: int = 1, on_end: Callable[[Job], None] | None = None):
    """Register a kind of job. The function's returned mapping becomes `Job.result`."""

    def register(work: Callable[[Run], Mapping[str, Any] | None]):
        KINDS[name] = Kind(name, work, workers, on_end)
        return work

    return register


def me() -> str:
    """This process, as written into leases: host and process id."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}"


class Run:
    """A job at work in this process. Progress goes through a second connection, so it is seen while the work's transaction is open."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.params = job.params
        self._written_at = timezone.now()

    def step(
        self, done: int | None = None, *, total: int | None = None, message: str | None = None, force: bool = False
    ) -> None:
        """Report progress (at most every 0.7 s unless `force`), renew the lease, raise `Cancelled` when asked to stop."""
        changed: dict[str, Any] = {}
        for name, value in (("done", done), ("total", total), ("message", message)):
            if value is not None and getattr(self.job, name) != value:
                setattr(self.job, name, value)
                changed[name] = value
        now = timezone.now()
        if not force and total is None and now - self._written_at < PROGRESS_EVERY:
            return
        self._written_at = now
        self.write(**{"done": self.job.done, "total": self.job.total, "message": self.job.message[:200], **changed})
        self.check()

    def beat(self) -> None:
        """Renew the lease, at most every 0.7 s: for loops of short steps without a progress of their own."""
        if timezone.now() - self._written_at >= PROGRESS_EVERY:
            self._written_at = timezone.now()
            self.write()

    def write(self, **values: Any) -> None:
        """Renew the lease and write, unless the job is over: another worker of it may have ended it and given the lease back."""
        Job.objects.using("outside").filter(pk=self.job.pk, state__in=Job.OPEN).update(
            lease_by=me(), lease_until=timezone.now() + LEASE, **values
        )

    def check(self) -> None:
        """Raise `Cancelled` if the owner asked for it or the job is over (another worker ended it)."""
        row = Job.objects.using("outside").filter(pk=self.job.pk).values_list("cancel_requested", "state").first()
        if row is None or row[0] or row[1] not in Job.OPEN:
            raise Cancelled


def submit(kind_name: str, *, by: Any, title: str, params: Mapping[str, Any] | None = None, key: str = "",
           region_path: str = "", send: bool = True) -> Job:  # fmt: skip
    """Queue a job once the transaction commits. With a `key`, the same request while one is open joins that one.

    The caller has checked the permission. `params` hold ids and choices, never personal data. With `send=False` the caller calls
    `send_on_commit` once the rows that the job works on are there, or runs the job itself.
    """
    if key:
        running = Job.objects.filter(kind=kind_name, key=key, state__in=Job.OPEN).first()
        if running:
            return running
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind_name,
                owner=by.username,
                title=title[:200],
                params=dict(params or {}),
                key=key,
                region_path=region_path,
            )
            audit.record("job.queued", by=by, target=job, region_path=region_path, note=title)
    except IntegrityError:  # somebody else asked for the same at the same moment
        return Job.objects.get(kind=kind_name, key=key, state__in=Job.OPEN)
    if send:
        send_on_commit(job)
    return job


def send_on_commit(job: Job) -> None:
    """Hand the job to the workers when the transaction commits."""
    transaction.on_commit(partial(_send, job))


def _send(job: Job) -> None:
    from common.tasks import run_job

    for _n in range(KINDS[job.kind].workers):
        try:
            run_job.delay(job.pk)
        except (OSError, OperationalError):  # the broker is away: the sweeper sends it again
            logger.warning("job %s could not be handed to the broker; the sweeper will", job.pk)


@transaction.atomic
def cancel_job(*, job: Job, by: Any, action: str = "job.cancelled") -> Job:
    """Ask a job to stop; a queued one stops at once. Only its owner may. `action` is what the trail calls it."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.owner != by.username:
        raise PermissionDenied
    if not job.is_open:
        raise JobError(_("这项任务已经结束，不能再取消。"))
    job.cancel_requested = True
    if job.state == Job.State.QUEUED:
        job.state, job.finished_at = Job.State.CANCELLED, timezone.now()
    job.save(update_fields=["cancel_requested", "state", "finished_at"])
    audit.record(action, by=by, target=job, region_path=job.region_path)
    if job.state == Job.State.CANCELLED:
        _tell_end(job)
    return job


@transaction.atomic
def retry_job(*, job: Job, by: Any, action: str = "job.retried") -> Job:
    """Start a failed or cancelled job once more. Only its owner may. `action` is what the trail calls it."""
    job = Job.objects.select_for_update().get(pk=job.pk)
    if job.owner != by.username:
        raise PermissionDenied
    if job.state not in (Job.State.FAILED, Job.State.CANCELLED):
        raise JobError(_("只有失败或已取消的任务才能重试。"))
    job.state, job.attempts, job.error, job.finished_at = Job.State.QUEUED, 0, "", None
    job.cancel_requested, job.lease_by, job.lease_until = False, "", None
    job.save()
    audit.record(action, by=by, target=job, region_path=job.region_path)
    send_on_commit(job)
    return job


def jobs_of(user: Any):
    """The jobs a user asked for: the row gate of this table."""
    return Job.objects.filter(owner=user.username)


def run(job_id: int) -> Job | None:
    """Do the work of a job in this process; None where another worker holds it or it is over. Called by the Celery task."""
    now = timezone.now()
    job = Job.objects.filter(pk=job_id).first()
    if job is None or not job.is_open:
        return None
    kind_of = KINDS[job.kind]
    shared = kind_of.workers > 1
    free = Q() if shared else Q(lease_until=None) | Q(lease_until__lt=now)
    taken = Job.objects.filter(free, pk=job_id, state__in=Job.OPEN).update(
        state=Job.State.RUNNING, lease_by=me(), lease_until=now + LEASE, attempts=F("attempts") + (0 if shared and job.lease_by else 1),
        started_at=job.started_at or now,
    )  # fmt: skip
    if not taken:
        return None
    job.refresh_from_db()
    try:
        result = kind_of.work(Run(job))
    except Cancelled:
        return _finish(job, Job.State.CANCELLED)
    except JobError as error:
        return _finish(job, Job.State.FAILED, error=str(error))
    except Exception:
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        if job.attempts < MAX_ATTEMPTS:
            Job.objects.filter(pk=job.pk, state__in=Job.OPEN).update(
                lease_until=None, lease_by="", state=Job.State.QUEUED
            )
            return Job.objects.get(pk=job.pk)  # the sweeper sends it again
        return _finish(
            job,
            Job.State.FAILED,
            error=_("程序出错，任务没有完成，数据没有改动。请重试；再失败请把任务编号告诉管理员。"),
        )
    if result is None and shared:
        return Job.objects.get(pk=job.pk)  # a part of a shared job is done; whoever does the last part gives the result
    return _finish(job, Job.State.DONE, result=dict(result or {}))


def _finish(job: Job, state: Job.State, *, error: str = "", result: dict[str, Any] | None = None) -> Job:
    values: dict[str, Any] = {
        "state": state,
        "error": error,
        "finished_at": timezone.now(),
        "lease_until": None,
        "lease_by": "",
    }
    if result is not None:
        values["result"] = result
        values["done"] = F("total")
    with transaction.atomic():
        ended = Job.objects.filter(pk=job.pk, state__in=Job.OPEN).update(**values)
        if ended and state != Job.State.CANCELLED:  # who cancels knows
            about, url = TOLD[state], reverse("jobs:job_detail", args=[job.pk])
            notices.put([notices.draft(job.owner, about, url, {"title": job.title})])
    job.refresh_from_db()
    if state != Job.State.DONE:
        _tell_end(job)
    return job


def _tell_end(job: Job) -> None:
    on_end = KINDS[job.kind].on_end
    if on_end:
        on_end(job)


def sweep() -> int:
    """Send again what a dead worker or a lost message left: queued for 30 s or running on an expired lease. The number sent."""
    now = timezone.now()
    stale = Job.objects.filter(
        Q(state=Job.State.QUEUED, created_at__lt=now - dt.timedelta(seconds=30))
        | Q(state=Job.State.RUNNING, lease_until__lt=now)
        | Q(state=Job.State.RUNNING, lease_until=None)
    )
    sent = 0
    for job in stale:
        if job.attempts >= MAX_ATTEMPTS:
            _finish(
                job, Job.State.FAILED, error=_("处理这项任务的程序多次中断，任务没有完成。请重试；再失败请告诉管理员。")
            )
        else:
            _send(job)
            sent += 1
    return sent


def recover_after_crash() -> None:
    """At the start of a single-machine installation: leases of this machine belong to dead processes, free them now."""
    host = me().split(":")[0]
    Job.objects.filter(state=Job.State.RUNNING, lease_by__startswith=f"{host}:").update(lease_until=None, lease_by="")
    sweep()
