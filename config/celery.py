"""The Celery application: workers run `common.jobs`, beat sweeps what a dead worker left."""

import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

from config import bootstrap  # noqa: E402

NICE = (
    10  # whoever waits for a page comes before a job: on two cores a long import would take half of both from the pages
)

bootstrap.ensure()

app = Celery("yihu")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def prepare_worker(**kwargs):
    """A worker gives way to pages. Fonts and style sheets are parsed once per process, after the fork (a shared one prints empty boxes)."""
    from common import pdf

    os.nice(NICE)
    pdf.warm_up()
