"""Print paper survey sheets from a shell: one household or a village."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from common import jobs
from common.models import Job
from households.models import Household
from households.services import LedgerError
from regions.models import Region
from surveys.access import FILL
from surveys.services.paper import fetch_sheets, print_sheets


class Command(BaseCommand):
    help = "Print the paper survey sheets of a household or a village into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--household", metavar="NUMBER")
        what.add_argument("--village", metavar="CODE")
        parser.add_argument("--by", metavar="USERNAME", required=True)
        parser.add_argument("--out", metavar="DIR", type=Path, required=True)
        parser.add_argument("--blank", action="store_true", help="without what the ledger and last year have")

    def handle(self, *args: Any, household: str, village: str, by: str, out: Path, blank: bool, **options: Any) -> None:
        user = User.objects.filter(username=by, is_active=True).first()
        if user is None:
            raise CommandError(f"没有用户名为“{by}”的启用账号，请核对 --by。")
        started = time.perf_counter()
        try:
            run = print_sheets(by=user, blank=blank, send=False, **self.wanted(user, household, village))
        except PermissionDenied:
            raise CommandError(f"“{by}”不能调查这些农户。") from None
        except LedgerError as error:
            raise CommandError(str(error)) from None
        job = jobs.run(run.job_id)
        if job is None or job.state != Job.State.DONE:
            raise CommandError((job and job.error) or "打印没有完成。")
        run.refresh_from_db()
        out.mkdir(parents=True, exist_ok=True)
        target = out / f"{village or household}{'-blank' if blank else ''}.pdf"
        target.write_bytes(fetch_sheets(run=run, by=user))
        result, seconds = job.result, time.perf_counter() - started
        self.stdout.write(
            f"{target}: {result['printed']} 户，{result['pages']} 页，{target.stat().st_size / 1e6:.1f} MB，{seconds:.1f} 秒"
        )
        for pk, sentence in run.failed.items():
            number = Household.objects.for_user(user).filter(pk=int(pk)).values_list("number", flat=True).first()
            self.stderr.write(f"未打印 {number or pk}：{sentence}")

    def wanted(self, user: User, household: str, village: str) -> dict[str, Any]:
        if village:
            region = Region.objects.current().filter(code=village.ljust(12, "0")).first()
            if region is None:
                raise CommandError(f"没有代码为 {village} 的现行区划，请核对 --village。")
            return {"region": region}
        row = Household.objects.for_user(user, FILL).filter(number=household).first()
        if row is None:
            raise CommandError(f"您的范围内没有户编号为 {household} 的农户，请核对 --household。")
        return {"households": [row]}
