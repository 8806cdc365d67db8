"""Celery tasks: what is marked is counted, every few seconds."""

from celery import shared_task

from figures import rollup


@shared_task(ignore_result=True)
def fold_figures() -> int:
    return rollup.fold()
