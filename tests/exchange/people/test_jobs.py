"""All or nothing: what a cancel, a failure and a dead worker leave behind."""

from __future__ import annotations

import pytest

from cadres.models import Cadre
from common import jobs
from common.audit import AuditEvent
from common.models import Job
from exchange.flow import ExchangeError
from exchange.models import PeopleBatch
from exchange.people import services
from households.models import Pairing
from tests.data import helpers as data
from tests.exchange.people.conftest import ON, came, everything

pytestmark = pytest.mark.django_db
ROLE, NAMED = "队长/队员/结对帮扶责任人", "户主姓名（组别）"
COUNT = 60


@pytest.fixture
def previewed(official, home):
    names = [f"户主{chr(0x4E00 + n)}" for n in range(COUNT)]
    for name in names:
        home(name)
    rows = [{"姓名": f"干部{chr(0x4E00 + n)}", "手机": "", NAMED: name} for n, name in enumerate(names)]
    batch = services.upload_people(data=data.helpers(*rows), filename="名单.xlsx", by=official, on=ON)
    jobs.run(services.preview_people(batch=batch, by=official).pk)
    batch.refresh_from_db()
    assert batch.state == PeopleBatch.State.PREVIEWED
    assert batch.to_write == 1 + 2 * COUNT
    return batch


class EndsWhileWriting:
    """Hears in the middle of the write that the work must stop, however that comes about."""

    def __init__(self, error):
        self.error = error
        self.people = []

    def step(self, done=None, *, total=None, message=None, force=False):
        self.people.append(Cadre.objects.count())
        if self.people[-1]:
            raise self.error


@pytest.mark.parametrize("error", [jobs.Cancelled(), RuntimeError("out of memory")])
def test_work_that_ends_in_the_middle_leaves_nothing(previewed, official, error):
    events, before = AuditEvent.objects.count(), everything()
    run = EndsWhileWriting(error)
    with pytest.raises(type(error)):
        services.run_people(previewed, by=official, write=True, run=run)
    assert run.people[-1] > 0  # there was something to take back
    previewed.refresh_from_db()
    assert previewed.state == PeopleBatch.State.PREVIEWED
    assert everything() == before
    assert AuditEvent.objects.count() == events
    assert previewed.rows.count() == COUNT
    jobs.run(services.apply_people(batch=previewed, by=official).pk)
    assert Pairing.objects.count() == COUNT


def test_cancelled_before_it_began_can_be_started_again(previewed, official):
    jobs.cancel_job(job=services.apply_people(batch=previewed, by=official), by=official)
    previewed.refresh_from_db()
    assert previewed.state == PeopleBatch.State.PREVIEWED
    jobs.run(services.apply_people(batch=previewed, by=official).pk)
    previewed.refresh_from_db()
    assert previewed.state == PeopleBatch.State.APPLIED


def test_a_job_delivered_twice_writes_once(previewed, official):
    job = services.apply_people(batch=previewed, by=official)
    jobs.run(job.pk)
    events = AuditEvent.objects.count()
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.QUEUED, finished_at=None
    )  # the worker died just after its commit
    jobs.run(job.pk)
    previewed.refresh_from_db()
    assert came(previewed, "pairings") == {"created": COUNT}
    assert AuditEvent.objects.count() == events


def test_what_was_decided_is_decided_again_at_the_write(previewed, official, land):
    """Between the check and the write somebody else was quicker."""
    from tests.factories import PairingFactory

    household = land.village.households.order_by("pk").first()
    PairingFactory(household=household, cadre__name="别人", starts_on=ON)
    jobs.run(services.apply_people(batch=previewed, by=official).pk)
    previewed.refresh_from_db()
    assert came(previewed, "pairings") == {"created": COUNT - 1, "held": 1}


def test_apply_needs_a_preview_and_something_to_write(official, land):
    batch = services.upload_people(data=data.helpers({"村": "无名村"}), filename="名单.xlsx", by=official)
    with pytest.raises(ExchangeError, match="还没有核对"):
        services.apply_people(batch=batch, by=official)
    jobs.run(services.preview_people(batch=batch, by=official).pk)
    batch.refresh_from_db()
    with pytest.raises(ExchangeError, match="没有可以写入的内容"):
        services.apply_people(batch=batch, by=official)


def test_a_file_with_too_many_rows_says_so_in_the_job(official, land, monkeypatch):
    monkeypatch.setattr(services, "MOST_ROWS", 2)
    batch = services.upload_people(data=data.helpers({}, {}, {}), filename="名单.xlsx", by=official)
    jobs.run(services.preview_people(batch=batch, by=official).pk)
    batch.refresh_from_db()
    assert batch.state == PeopleBatch.State.FAILED
    assert "超过 2 行" in batch.error
