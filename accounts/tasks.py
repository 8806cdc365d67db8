"""Celery tasks: thin wrappers."""

from celery import shared_task

from accounts import digest


@shared_task(ignore_result=True)
def tell_what_waits() -> int:
    return digest.tell_what_waits()
