"""The verbs behind appraisal on paper: who may have it, that it was handed out, a whole round as a job."""

from __future__ import annotations

import datetime as dt
import io
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from common import audit, dates, files, jobs, pdf, vault
from common.models import Job
from households.services import LedgerError
from supervision import paper
from supervision.models import Appraisal, AppraisalRound

PRINT = "appraisal.print"
BATCH = 10  # pages made between two reports of progress


def printed(rows: Any) -> Any:
    """Appraisals with everything that stands on their paper."""
    found = rows.select_related("cadre__unit", "round__region", "round__scheme").prefetch_related("words")
    return found.order_by("cadre__unit__name", "pk")


@transaction.atomic
def print_one(*, appraisal: Appraisal, by: Any) -> bytes:
    """One page, for whoever sees the appraisal: its cadre, or the office. Raises PrintError where nothing can be printed."""
    row = printed(Appraisal.objects.for_user(by)).get(pk=appraisal.pk)
    data = pdf.render([paper.model_of(row)], paper.TEMPLATE)
    audit.record("appraisal.printed", by=by, target=row, region_path=row.round.region.path)
    return data


@transaction.atomic
def ask_printing(*, round: AppraisalRound, by: Any) -> Job:
    """A page for everybody in a round, as a job. Permission APPRAISAL_EDIT."""
    require(by, Permission.APPRAISAL_EDIT, round)
    days = {"first": dates.written(round.starts_on), "last": dates.written(round.last_day)}
    title = _("打印考评 %(region)s %(first)s—%(last)s") % {"region": round.region.name, **days}
    return jobs.submit(
        PRINT, by=by, title=title, params={"round": round.pk, "user": by.pk}, key=f"print/{round.pk}/{by.pk}", region_path=round.region.path
    )  # fmt: skip


def write(round: AppraisalRound, by: Any, run: Any) -> str:
    """Make the file of a job; the name under which it lies."""
    require(by, Permission.APPRAISAL_EDIT, round)
    rows = list(printed(Appraisal.objects.for_user(by, Permission.APPRAISAL_EDIT).filter(round=round)))
    if not rows:
        raise LedgerError(_("这次考评还没有计算出结果，没有可以打印的。"))
    run.step(0, total=len(rows), message=_("正在打印"))
    parts, outlines, page = [], [], 0
    models = paper.models_of(rows)
    for start in range(0, len(models), BATCH):
        some = models[start : start + BATCH]
        content, counts = pdf.render_batch(some, paper.TEMPLATE)
        parts.append(content)
        for model, count in zip(some, counts, strict=True):
            outlines.append((model["document"]["outline"], page))
            page += count
        run.step(start + len(some))
    out = io.BytesIO()
    pdf.merge(parts, out, outlines=outlines)
    return vault.put(f"appraisal/{run.job.created_at:%Y/%m}/{run.job.pk}", out.getvalue())


@transaction.atomic
def fetch_file(*, job: Job, by: Any) -> tuple[bytes, AppraisalRound]:
    """The file that a job made, for its owner alone. Raises LedgerError where it is past its day."""
    rounds = AppraisalRound.objects.for_user(by, Permission.APPRAISAL_EDIT).select_related("region")
    round = rounds.filter(pk=job.params.get("round")).first()
    if round is None:
        raise LedgerError(_("这次考评已不在您的管理范围内，不能下载。"))
    try:
        data = vault.get((job.result or {}).get("file", ""))
    except FileNotFoundError as error:
        raise LedgerError(_("打印的文件已过保存期，请重新打印。")) from error
    audit.record("appraisalround.printed", by=by, target=round, region_path=round.region.path)
    return data, round


@files.expires
def expire_prints() -> int:
    """Files of jobs older than `settings.DOCUMENT_DAYS`."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    old = list(Job.objects.filter(kind=PRINT, created_at__lt=past, result__has_key="file"))
    for job in old:
        vault.remove(job.result.pop("file"))
        job.save(update_fields=["result"])
    return len(old)
