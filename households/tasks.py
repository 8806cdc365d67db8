"""Celery tasks: every morning everybody hears what waits."""

from celery import shared_task

from households import digest


@shared_task(ignore_result=True)
def tell_what_waits() -> int:
    return digest.tell_what_waits()
