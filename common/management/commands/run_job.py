"""Work on one job in this process: what a Celery worker does with the job's id."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from common import jobs


class Command(BaseCommand):
    help = "Work on a queued job by its number."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("job", type=int)

    def handle(self, *args: Any, job: int, **options: Any) -> None:
        done = jobs.run(job)
        self.stdout.write(done.state if done else "nothing to do")
