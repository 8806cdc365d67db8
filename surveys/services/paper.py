"""The file of survey sheets that were asked for before the print centre made them (`reports.papers.sheets`)."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit, vault
from common.models import Job
from households.models import Household
from households.services import LedgerError
from surveys.models import PaperRun


@transaction.atomic
def fetch_sheets(*, run: PaperRun, by: Any) -> bytes:
    """The file of a finished run. The permission is asked again for every household in it: postings end, households move."""
    may = Household.objects.for_user(by, Permission.SURVEY_FILL).filter(pk__in=run.households).count()
    if run.owner_id != by.pk or may != run.total:
        raise PermissionDenied(Permission.SURVEY_FILL)
    if run.job.state != Job.State.DONE:
        raise LedgerError(_("这些调查表还没有打印完，请稍后再取。"))
    if not run.file:
        raise LedgerError(_("文件已过保存期，已经删除。请重新打印。"))
    data = vault.get(run.file)
    audit.record("sheets.downloaded", by=by, target=run, region_path=run.job.region_path, note=run.title)
    return data
