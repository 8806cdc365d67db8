"""Celery tasks: every morning everybody hears what waits, some hundred accounts at a time, so that other work comes in between."""

from celery import shared_task

from households import digest


@shared_task(ignore_result=True)
def tell_what_waits(after: int = 0) -> int:
    """`after` is the key of the last account that was looked at."""
    told, last = digest.tell_what_waits(after=after)
    if last is not None:
        tell_what_waits.delay(last)
    return told
