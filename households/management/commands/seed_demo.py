"""Makes the demonstration county, once, and keeps its log-ins in VAR/demo-logins.json."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from common import demonstration
from households import demo


class Command(BaseCommand):
    help = (
        "A made-up county with invented households, helpers and a log-in for every role. Does nothing the second time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--households", type=int, default=demo.HOUSEHOLDS)

    def handle(self, *args: Any, households: int, **options: Any) -> None:
        path = settings.VAR / "demo-logins.json"
        logins = None if demo.is_seeded() else demo.seed(households=households)
        if logins is None and not path.exists():
            logins = demo.renew_passwords()
        demonstration.tell()
        if logins is not None:
            _keep(path, logins)
            self.stdout.write(f"demonstration county ready, log-ins in {path}")


def _keep(path: Path, logins: list[demo.Login]) -> None:
    """Only the owner may read the file, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(logins, file, ensure_ascii=False, indent=2)
    fresh.replace(path)
