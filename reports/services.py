"""Verbs of the print centre: ask for booklets, fetch the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from common import audit, jobs, vault
from common.models import Job
from households.models import Household
from regions.models import Region
from reports.models import Booklet, PrintItem, PrintRun

MOST = 20_000  # booklets in one run: a township; a county is printed township by township


class PrintRefused(Exception):  # noqa: N818  a refusal with a sentence, not a fault
    """The print cannot be made or fetched; the message is one sentence for the user."""


def households_of(region: Region, user: Any, permission: Permission = Permission.LEDGER_PRINT) -> Any:
    """The households of a village or township that the user may print, in the order of the paper: village, hamlet, householder."""
    within = Region.objects.within(region).values("pk")
    return Household.objects.for_user(user, permission).active().filter(village__in=within)


@transaction.atomic
def print_ledgers(*, by: Any, households: Any = None, region: Region | None = None, year: int | None = None, full: bool = False, reason: str = "",
                  output: str = PrintRun.Output.MERGED, send: bool = True) -> PrintRun:  # fmt: skip
    """Queue the booklets of some households or of a region. Full ID numbers need their own permission and a reason.

    `households` is a queryset or a sequence of rows; each of them must be printable by `by`.
    """
    permission = Permission.LEDGER_PRINT_FULL if full else Permission.LEDGER_PRINT
    if full and len(reason.strip()) < 4:
        raise ValidationError({"reason": [_("打印完整证件号请写明理由，至少四个字。")]})
    if region is not None:
        wanted = households_of(region, by, permission)
    else:
        asked = {h.pk for h in households or ()}
        wanted = Household.objects.for_user(by, permission).filter(pk__in=asked)
        if wanted.count() != len(asked):
            raise PermissionDenied(permission)
    ordered = list(
        wanted.order_by("village__code", "hamlet", "sort_key", "id").values_list("pk", "householder_name")[: MOST + 1]
    )
    if not ordered:
        raise PrintRefused(_("所选范围内没有可以打印的农户。"))
    if len(ordered) > MOST:
        raise PrintRefused(_("一次最多打印 %(most)s 户，请缩小范围。") % {"most": MOST})
    title = _title(region, [name for _pk, name in ordered])
    job = jobs.submit("ledgers.print", by=by, title=title, region_path=region.path if region else "", send=False)
    run = PrintRun.objects.create(
        owner=by, job=job, title=title, region=region, year=year, is_full=full, reason=reason.strip() if full else "", output=output,
        total=len(ordered),
    )  # fmt: skip
    PrintItem.objects.bulk_create(
        [PrintItem(run=run, household_id=pk, place=place) for place, (pk, _name) in enumerate(ordered, 1)],
        batch_size=2000,
    )
    Job.objects.filter(pk=job.pk).update(total=len(ordered))
    if full:
        audit.record(
            "ledgers.printed_full", by=by, target=run, region_path=region.path if region else "", note=reason.strip()
        )
    if send:
        jobs.send_on_commit(job)
    return run


def _title(region: Region | None, names: Sequence[str]) -> str:
    if region is not None:
        title = ngettext("%(place)s台账 %(count)s 户", "%(place)s台账 %(count)s 户", len(names))
        return title % {"place": region.name, "count": len(names)}
    if len(names) == 1:
        return _("%(name)s户台账") % {"name": names[0]}
    return _("%(name)s等 %(count)s 户台账") % {"name": names[0], "count": len(names)}


@transaction.atomic
def fetch_run(*, run: PrintRun, by: Any) -> bytes:
    """The file of a finished run. The permission is asked again for every household in it: postings end, households move."""
    permission = Permission.LEDGER_PRINT_FULL if run.is_full else Permission.LEDGER_PRINT
    may = Household.objects.for_user(by, permission).filter(pk__in=run.items.values("household")).count()
    if run.owner_id != by.pk or may != run.total:
        raise PermissionDenied(permission)
    if run.job.state != Job.State.DONE:
        raise PrintRefused(_("这项打印还没有完成，请稍后再取。"))
    if not run.file:
        raise PrintRefused(_("文件已过保存期，已经删除。请重新打印；没有改动的台账会很快。"))
    data = vault.get(run.file)
    audit.record("ledgers.downloaded", by=by, target=run, region_path=run.job.region_path, note=run.title)
    return data


def standing_of(token: str) -> tuple[Booklet | None, str]:
    """What a scanned code says: the booklet and "genuine", "changed" since, "superseded" by a newer printing, or "unknown"."""
    booklet = Booklet.objects.select_related("household").filter(token=token).first()
    if booklet is None:
        return None, "unknown"
    same_paper = Booklet.objects.filter(household_id=booklet.household_id, year=booklet.year, is_full=booklet.is_full)
    if same_paper.filter(pk__gt=booklet.pk).exists():
        return booklet, "superseded"
    if booklet.household.version != booklet.household_version:
        return booklet, "changed"
    return booklet, "genuine"
