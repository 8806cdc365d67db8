"""Verbs of paper sheets: ask for them, fetch the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit, jobs, vault
from common.models import Job
from households.models import Household
from households.services import LedgerError
from regions.models import Region
from surveys.models import PaperRun

MOST = 2000  # households in one run: the largest village


@transaction.atomic
def print_sheets(*, by: Any, households: Iterable[Household] | None = None, region: Region | None = None, blank: bool = False,
                 send: bool = True) -> PaperRun:  # fmt: skip
    """Queue sheets of some households or of a village; each of them must be one that `by` surveys. Blank ones have no values in them."""
    mine = Household.objects.for_user(by, Permission.SURVEY_FILL).active()
    if region is not None:
        wanted = mine.filter(village=region)
    else:
        asked = {household.pk for household in households or ()}
        wanted = mine.filter(pk__in=asked)
        if wanted.count() != len(asked):
            raise PermissionDenied(Permission.SURVEY_FILL)
    ordered = list(wanted.order_by("village__code", "hamlet", "sort_key", "id").values_list("pk", "householder_name")[: MOST + 1])  # fmt: skip
    if not ordered:
        raise LedgerError(_("所选范围内没有可以打印调查表的农户。"))
    if len(ordered) > MOST:
        raise LedgerError(_("一次最多打印 %(most)s 户的调查表，请缩小范围。") % {"most": f"{MOST:,}"})
    title = _title(region, [name for _pk, name in ordered], blank)
    job = jobs.submit("surveys.paper", by=by, title=title, region_path=region.path if region else "", send=False)
    run = PaperRun.objects.create(
        owner=by, job=job, title=title, region=region, year=timezone.localdate().year, is_blank=blank,
        households=[pk for pk, _name in ordered],
    )  # fmt: skip
    Job.objects.filter(pk=job.pk).update(total=len(ordered))
    if send:
        jobs.send_on_commit(job)
    return run


def _title(region: Region | None, names: list[str], blank: bool) -> str:
    what = _("空白调查表") if blank else _("调查表")
    if region is not None:
        return _("%(place)s%(what)s %(count)s 户") % {"place": region.name, "what": what, "count": len(names)}
    if len(names) == 1:
        return _("%(name)s户%(what)s") % {"name": names[0] or _("（无户主）"), "what": what}
    return _("%(name)s等 %(count)s 户%(what)s") % {"name": names[0], "what": what, "count": len(names)}


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
