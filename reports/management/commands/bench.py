"""`./run bench`: measures against the limits in a database of its own, beside the one in use."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Measure lists, import, export, audit and print against their baselines. Exit status 1 where a budget is broken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "names",
            nargs="*",
            metavar="NAME",
            help="lists load save audit import export surveys assist money matching visits supervision dashboards helpers sync print (default: all of these), growth",
        )
        parser.add_argument("--households", type=int, default=100_000)
        parser.add_argument("--json", action="store_true", help="one object a line instead of a table")

    def handle(self, *args: Any, names: list[str], households: int, **options: Any) -> None:
        server, _slash, tail = os.environ["DATABASE_URL"].rpartition("/")
        _name, mark, query = tail.partition("?")
        environ = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
            "BENCH_MAINTENANCE_URL": os.environ["DATABASE_URL"],
            "DATABASE_URL": f"{server}/bench{mark}{query}",
        }
        command = [sys.executable, "-m", "tests.bench", *names, "--households", str(households)]
        command += ["--json"] if options["json"] else []
        sys.exit(subprocess.run(command, env=environ, cwd=settings.BASE_DIR, check=False).returncode)
