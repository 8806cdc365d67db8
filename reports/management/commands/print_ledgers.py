"""Print from a shell what the print centre prints: one household or a village, with as many processes as the machine has cores."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from common import jobs
from common.models import Job
from households.models import Household
from regions.models import Region
from reports import kinds, services
from reports.models import PrintRun


class Command(BaseCommand):
    help = "Print ledger booklets, or papers of another kind, of a household or an area into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--household", metavar="NUMBER")
        what.add_argument("--village", metavar="CODE")
        parser.add_argument(
            "--kind", default=kinds.LEDGER, metavar="CODE", help="a code of reports.kinds; ledger by default"
        )
        parser.add_argument("--sheet", default="", metavar="A3|A4|A5")
        parser.add_argument("--by", metavar="USERNAME", required=True)
        parser.add_argument("--out", metavar="DIR", type=Path, required=True)
        parser.add_argument("--year", type=int)
        parser.add_argument("--zip", action="store_true", help="one file a household in a zip")
        parser.add_argument("--full", action="store_true", help="whole ID numbers; needs --reason")
        parser.add_argument("--reason", default="")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)

    def handle(
        self, *args: Any, household: str, village: str, by: str, out: Path, workers: int, **options: Any
    ) -> None:
        user = User.objects.filter(username=by, is_active=True).first()
        if user is None:
            raise CommandError(f"没有用户名为“{by}”的启用账号，请核对 --by。")
        if options["kind"] not in kinds.KINDS:
            raise CommandError(f"没有“{options['kind']}”这种材料，请在这些里选：{'、'.join(kinds.KINDS)}。")
        started = time.perf_counter()
        try:
            run = services.print_papers(
                by=user, kind=options["kind"], sheet=options["sheet"], year=options["year"], full=options["full"], reason=options["reason"], send=False,
                output=PrintRun.Output.ZIPPED if options["zip"] else PrintRun.Output.MERGED, **self.wanted(user, household, village),
            )  # fmt: skip
        except PermissionDenied:
            raise CommandError(f"“{by}”没有打印这些台账的权限。") from None
        except ValidationError as error:
            raise CommandError("".join(error.messages)) from None
        except services.PrintRefused as error:
            raise CommandError(str(error)) from None
        job = self.work(run, max(1, min(workers, run.total // 10)))
        if job.state != Job.State.DONE:
            raise CommandError(job.error or "打印没有完成。")
        out.mkdir(parents=True, exist_ok=True)
        run.refresh_from_db()
        fetched = services.fetch_run(run=run, by=user)
        target = out / f"{village or household}{Path(fetched.name).suffix}"
        with target.open("wb") as file:
            file.writelines(fetched.pieces)
        self.report(run, job, target, time.perf_counter() - started)

    def wanted(self, user: User, household: str, village: str) -> dict[str, Any]:
        if village:
            region = Region.objects.current().filter(code=village.ljust(12, "0")).first()
            if region is None:
                raise CommandError(f"没有代码为 {village} 的现行区划，请核对 --village。")
            return {"region": region}
        row = Household.objects.for_user(user).filter(number=household).first()
        if row is None:
            raise CommandError(f"您的范围内没有户编号为 {household} 的农户，请核对 --household。")
        return {"households": [row]}

    def work(self, run: PrintRun, workers: int) -> Job:
        """This process and `workers - 1` more share the run as Celery's workers do."""
        command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_job", str(run.job_id)]
        others = [subprocess.Popen(command) for _n in range(workers - 1)]
        try:
            jobs.run(run.job_id)
        finally:
            for process in others:
                process.wait()
        job = Job.objects.get(pk=run.job_id)
        if job.is_open:  # the others took the last booklets but nobody has bound them yet
            jobs.run(run.job_id)
            job.refresh_from_db()
        return job

    def report(self, run: PrintRun, job: Job, target: Path, seconds: float) -> None:
        result = job.result
        self.stdout.write(
            f"{target}: {result['printed']} 份，{result['pages']} 页，{target.stat().st_size / 1e6:.1f} MB，{seconds:.1f} 秒"
            f"（每秒 {result['printed'] / seconds:.1f} 份，其中 {result['reused']} 份没有改动、直接取用）"
        )
        for item in run.items.filter(state="failed").select_related("household", "volume__village").order_by("place"):
            self.stderr.write(
                f"未打印 {item.household.number if item.household else item.volume.village.name}：{item.error}"
            )
