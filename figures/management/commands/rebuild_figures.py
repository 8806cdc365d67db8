"""Count all figures anew from the ledgers, and say whether what was kept was true."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from figures import rollup


class Command(BaseCommand):
    help = (
        "Count the figures of every region anew. Exit status 0; it says how many regions' figures had been out of date."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.perf_counter()
        wrong = rollup.rebuild()
        seconds = time.perf_counter() - began
        self.stdout.write(f"已按台账重新汇总，用时 {seconds:.1f} 秒；其中 {wrong} 个地区的数字原来还没有汇总到最新。")
