"""All or nothing: what a cancel, a failure and a dead worker leave behind."""

from __future__ import annotations

import pytest

from common import jobs
from common.audit import AuditEvent
from common.models import Job
from exchange import services
from exchange.models import ImportBatch
from households.models import Household, Member
from tests.data import national

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def previewed(officer, land):
    batch = services.upload_batch(data=national.workbook(23), filename="名单.xlsx", by=officer, year=2026)
    jobs.run(services.preview_batch(batch=batch, by=officer).pk)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.PREVIEWED
    return batch


class EndsAfterTheSecondChunk:
    """Hears at the second chunk that the work must stop, however that comes about."""

    def __init__(self, error):
        self.error = error
        self.members = []

    def step(self, done=None, *, total=None, message=None, force=False):
        if done:
            self.members.append(Member.objects.count())
            if len(self.members) == 2:
                raise self.error


@pytest.mark.parametrize("error", [jobs.Cancelled(), RuntimeError("out of memory")])
def test_work_that_ends_between_two_chunks_leaves_nothing(previewed, officer, error):
    events = AuditEvent.objects.count()
    run = EndsAfterTheSecondChunk(error)
    with pytest.raises(type(error)):
        services.run_import(previewed, by=officer, write=True, run=run, chunk=5)
    assert run.members[0] > 0  # there was something to take back
    previewed.refresh_from_db()
    assert previewed.state == ImportBatch.State.PREVIEWED
    assert not Household.objects.exists()
    assert AuditEvent.objects.count() == events
    assert previewed.rows.count() == 23  # the preview is still there
    jobs.run(services.apply_batch(batch=previewed, by=officer).pk)
    assert Household.objects.count() == 23


def test_cancelled_before_it_began_can_be_started_again(previewed, officer):
    jobs.cancel_job(job=services.apply_batch(batch=previewed, by=officer), by=officer)
    previewed.refresh_from_db()
    assert previewed.state == ImportBatch.State.PREVIEWED
    jobs.run(services.apply_batch(batch=previewed, by=officer).pk)
    previewed.refresh_from_db()
    assert previewed.state == ImportBatch.State.APPLIED


def test_a_job_delivered_twice_writes_once(previewed, officer):
    job = services.apply_batch(batch=previewed, by=officer)
    jobs.run(job.pk)
    events = AuditEvent.objects.count()
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.QUEUED, finished_at=None
    )  # the worker died just after its commit
    jobs.run(job.pk)
    previewed.refresh_from_db()
    assert previewed.households_created == 23
    assert Household.objects.count() == 23
    assert AuditEvent.objects.count() == events


def test_a_file_that_turns_out_wrong_in_the_job_says_why(officer, land, settings):
    settings.IMPORT_MAX_ROWS = 10
    batch = services.upload_batch(data=national.workbook(23), filename="名单.xlsx", by=officer, year=2026)
    jobs.run(services.preview_batch(batch=batch, by=officer).pk)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.FAILED
    assert "超过 10 行" in batch.error


def test_apply_needs_a_preview(officer, land):
    batch = services.upload_batch(data=national.workbook(3), filename="名单.xlsx", by=officer, year=2026)
    with pytest.raises(services.ExchangeError, match="还没有核对"):
        services.apply_batch(batch=batch, by=officer)


def test_undo_of_a_large_batch_is_a_job(previewed, officer):
    jobs.run(services.apply_batch(batch=previewed, by=officer).pk)
    previewed.refresh_from_db()
    job = services.start_undo(batch=previewed, by=officer, at_once=10)
    assert Household.objects.count() == 23
    jobs.run(job.pk)
    job.refresh_from_db()
    previewed.refresh_from_db()
    assert job.state == Job.State.DONE
    assert previewed.state == ImportBatch.State.UNDONE
    assert not Household.objects.exists()
