"""Celery tasks: thin wrappers that take ids."""

from celery import shared_task

from common import files, jobs, nightly


@shared_task
def run_job(job_id: int) -> None:
    jobs.run(job_id)


@shared_task
def sweep_jobs() -> int:
    return jobs.sweep()


@shared_task
def expire_files() -> int:
    return files.expire()


@shared_task
def work_nightly() -> None:
    nightly.run()
