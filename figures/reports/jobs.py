"""The long work of reports: a file is made, what is due by the calendar is asked for, files end."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from common import files, jobs, vault
from common.pdf import PrintError
from figures.reports import paper, services
from figures.reports.models import ReportFile, ReportSchedule
from figures.reports.services import AskedError
from figures.reports.tables import answer

logger = logging.getLogger(__name__)
CALENDAR = "calendar"  # who asks for what is due


@jobs.kind(services.KIND)
def report(run: jobs.Run) -> dict[str, Any]:
    """As its owner, whose permission is asked for again. A second run writes the same file anew."""
    made = ReportFile._base_manager.select_related("place").get(job=run.job)
    owner = User.objects.get(pk=run.params["user"])
    if not owner.is_active:
        raise jobs.JobError(_("账号已停用，报表没有做。"))
    run.step(0, total=2, message=_("正在统计"), force=True)
    try:
        with translation.override("zh-hans"):
            grid = answer(services.question_of(made, owner))
            run.step(1, message=_("正在写文件"), force=True)
            data = paper.made(grid, made.output)
    except PermissionDenied as error:
        raise jobs.JobError(_("您已没有查看这张报表的权限，报表没有做。")) from error
    except Http404 as error:
        raise jobs.JobError(_("这张报表已经没有了，请重新选择。")) from error
    except (AskedError, PrintError) as error:
        raise jobs.JobError(str(error)) from error
    made.file, made.size, made.made_at = (
        vault.put(f"figures/{timezone.now():%Y/%m}/{run.job.pk}", data),
        len(data),
        timezone.now(),
    )
    made.save(update_fields=["file", "size", "made_at"])
    return {"url_name": "figures:reports", "args": []}


def run_due() -> int:
    """What the calendar asks for today; how many. What fails keeps nothing else from being asked for."""
    asked = 0
    for schedule in ReportSchedule._base_manager.filter(next_on__lte=timezone.localdate()).order_by("pk"):
        try:
            asked += services.run_schedule(schedule=schedule, by=CALENDAR) is not None
        except Exception:
            logger.exception("schedule %s could not be run", schedule.pk)
    return asked


@files.expires
def expire_reports() -> int:
    """Files past their day go; what was asked for stays."""
    return files.expire_rows(ReportFile)
