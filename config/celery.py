"""The Celery application: workers run `common.jobs`, beat sweeps what a dead worker left."""

import os

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.base")

from config import bootstrap  # noqa: E402

bootstrap.ensure()

app = Celery("yihu")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_process_init.connect
def prepare_worker(**kwargs):
    """Fonts and style sheets are parsed once per worker process, after the fork (a shared one prints empty boxes)."""
    from common import pdf

    pdf.warm_up()
