"""`manage.py import_households FILE --by USERNAME`: what the import pages do, from a shell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from exchange import headings, services
from exchange.models import ImportBatch, Outcome
from exchange.services import ExchangeError


class Quiet:
    """Progress of a shell run: a line now and then on standard error, never cancelled from outside."""

    def __init__(self, command: BaseCommand | None) -> None:
        self.command = command
        self.total = 0
        self.shown = 0

    def step(
        self, done: int | None = None, *, total: int | None = None, message: str | None = None, force: bool = False
    ) -> None:
        self.total = total or self.total
        if self.command and done is not None and self.total and done - self.shown >= max(self.total // 10, 5000):
            self.shown = done
            self.command.stderr.write(f"{done:,} / {self.total:,}")


class Command(BaseCommand):
    help = "导入农户表格：--dry-run 只核对不写入，--json 输出回执"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--by", required=True, metavar="USERNAME", help="以谁的名义导入；范围按此人的任职")
        parser.add_argument("--year", type=int, help="数据所属年度，默认取文件中的年度，否则今年")
        parser.add_argument("--dry-run", action="store_true", help="只核对，不写入台账")
        parser.add_argument("--json", action="store_true", help="用 JSON 输出回执")
        parser.add_argument("--limit", type=int, default=20, help="最多列出几条未通过或暂缓的原因")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise CommandError(f"没有用户“{options['by']}”，或者已停用。")
        path: Path = options["file"]
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CommandError(f"读不到文件“{path}”：{error.strerror}。") from error
        try:
            batch = services.upload_batch(data=data, filename=path.name, by=user, year=options["year"])
            batch = self._map(batch, user, options)
            run = Quiet(None if options["json"] else self)
            batch = services.run_import(batch, by=user, write=not options["dry_run"], run=run)
            if batch.state == ImportBatch.State.MAPPING:
                batch = self._map(batch, user, options)
                batch = services.run_import(batch, by=user, write=not options["dry_run"], run=run)
        except ExchangeError as error:
            raise CommandError(str(error)) from error
        except PermissionDenied as error:
            raise CommandError(f"“{options['by']}”没有导入农户数据的权限。") from error
        self._tell(batch, options)

    def _map(self, batch: ImportBatch, user: User, options: dict[str, Any]) -> ImportBatch:
        """Unknown columns are left out; on the page they would be asked about."""
        if batch.state != ImportBatch.State.MAPPING:
            return batch
        unknown = [column.heading for table in services.tables_of(batch) for column in table.unknown]
        if not options["json"]:
            self.stderr.write(f"这些列不认识，没有导入：{'、'.join(unknown)}")
        return services.map_headings(batch=batch, choices={}, year=batch.year, by=user)

    def _tell(self, batch: ImportBatch, options: dict[str, Any]) -> None:
        problems = [
            {"number": number, "row": row_no, "outcome": outcome, "problem": detail.get("problem", "")}
            for number, row_no, outcome, detail in batch.rows.filter(outcome__in=[Outcome.HELD, Outcome.REJECTED])
            .order_by("position")
            .values_list("household_number", "row_no", "outcome", "detail")[: options["limit"]]
        ]
        if options["json"]:
            answer = {
                "batch": batch.pk, "file": batch.filename, "family": batch.family, "year": batch.year, "state": batch.state,
                **batch.receipt(), "notes": batch.notes, "problems": problems,
            }  # fmt: skip
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        self.stdout.write(
            f"{batch.filename}：{headings.family_name(batch.family)}，{batch.year} 年度，{batch.get_state_display()}"
        )
        for title, counts in (("户", batch.counts("households")), ("人", batch.counts("members"))):
            words = "，".join(f"{Outcome(name).label} {counts[name]:,}" for name in Outcome.values)
            self.stdout.write(f"{title}：读取 {counts['read']:,} = {words}")
        for note in batch.notes:
            self.stdout.write(note)
        for problem in problems:
            self.stdout.write(f"{Outcome(problem['outcome']).label} {problem['number']}：{problem['problem']}")
