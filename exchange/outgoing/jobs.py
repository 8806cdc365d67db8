"""The kind of long work an export is, and what becomes of its files."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common import files, jobs
from exchange.outgoing import making
from exchange.outgoing.models import ExportMark, ExportRun
from exchange.outgoing.services import KIND

MARK_DAYS = 400  # how long a file can be compared with: a year and a month


@jobs.kind(KIND)
def export(run: jobs.Run) -> dict[str, Any]:
    asked = ExportRun._base_manager.get(job=run.job)
    try:
        made = making.make(asked, by=User.objects.get(pk=run.params["user"]), run=run)
    except making.StaleError as error:
        raise jobs.JobError(str(error)) from error
    except ExportRun.DoesNotExist as error:  # the posting ended meanwhile
        raise jobs.JobError(_("您已没有导出农户数据的权限，请联系管理员。")) from error
    return {"url_name": "exchange:export_detail", "args": [made.pk], "receipt": making.receipt(made)}


@files.expires
def expire_exports() -> int:
    """Files past their day go; what was asked for stays. Digests that nobody compared with for long go, too."""
    gone = files.expire_rows(ExportRun)
    old = ExportRun._base_manager.filter(has_marks=True, created_at__lt=timezone.now() - dt.timedelta(days=MARK_DAYS))
    ExportMark._base_manager.filter(run__in=old)._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    old.update(has_marks=False)
    return gone
