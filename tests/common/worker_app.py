"""The Celery application with kinds of work that a test can hold up: started as a real worker by test_jobs_worker."""

import os
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from common import jobs  # noqa: E402
from config.celery import app  # noqa: E402, F401

TOTAL = 1000


@jobs.kind("tests.gated")
def gated(run: jobs.Run) -> dict:
    """Reports progress until the file `gate` is there: as long as the test wants it to last."""
    done = 0
    gate = Path(run.params["gate"])
    while not gate.exists():
        done = min(done + 1, TOTAL)
        run.step(done, total=TOTAL)
    return {"pid": os.getpid()}
