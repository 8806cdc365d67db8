"""`./run manage recompute_appraisals ROUND`: compare an appraisal round with its records of today. Writes nothing; exit status 1 where they differ."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from supervision import computing, items
from supervision.models import AppraisalRound


class Command(BaseCommand):
    help = (
        "Compute an appraisal round from scratch and list every figure that is not what was stored. Nothing is written."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("round", type=int, help="number of the round, as in its address")

    def handle(self, *args: Any, round: int, **options: Any) -> None:
        row = AppraisalRound._base_manager.select_related("region", "scheme").filter(pk=round).first()
        if row is None:
            raise CommandError(f"没有编号为 {round} 的考评。")
        found = computing.drift_of(row)
        for drift in found:
            item = items.get(drift.code)
            part = item.parts[drift.part] if item is not None else drift.part
            title = item.title if item is not None else drift.code
            self.stdout.write(f"干部 {drift.cadre} {title} {part}：{drift.stored} → {drift.now}")
        self.stdout.write(f"共 {len(found)} 处不同。" if found else "与现在的记录一致。")
        if found:
            sys.exit(1)
