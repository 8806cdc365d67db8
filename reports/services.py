"""Verbs of the print centre: ask for papers, pause and resume, fetch the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common import audit, copying, jobs, vault
from common.lookups import among
from common.models import Job
from common.refusal import RefusedError
from households.models import Household
from regions.models import Region
from reports import kinds, parcels, places
from reports.kinds import Kind
from reports.models import Booklet, PrintItem, PrintRun, PrintVolume
from reports.parcels import Fetched

MOST = 100_000  # papers in one run: a large county, a night and a day on two cores
MOST_MERGED = 5_000  # papers in one PDF of several villages: more than that no viewer opens and no printer takes
CHUNK = 5_000


class PrintRefused(RefusedError):  # noqa: N818  a refusal with a sentence, not a fault
    """The print cannot be made or fetched; the message is one sentence for the user."""


def households_of(region: Region, user: Any, permission: Permission = Permission.LEDGER_PRINT) -> Any:
    """The households of a village, township or county that the user may print, in the order of the paper: village, hamlet, householder."""
    within = Region.objects.within(region).values("pk")
    return Household.objects.for_user(user, permission).active().filter(village__in=within)


@transaction.atomic
def print_papers(*, by: Any, kind: str = kinds.LEDGER, households: Any = None, region: Region | None = None, year: int | None = None, full: bool = False,
                 reason: str = "", output: str = PrintRun.Output.MERGED, sheet: str = "", send: bool = True) -> PrintRun:  # fmt: skip
    """Queue papers of one kind: of some households, or of a region. Full ID numbers need their own permission and a reason.

    `households` is a queryset or a sequence of rows; each of them must be printable by `by`. A kind of villages needs a region.
    """
    wanted_kind = kinds.KINDS[kind]
    sheet = sheet or wanted_kind.sheets[0]
    permission = wanted_kind.permission_for(full=full)
    _require_possible(wanted_kind, full, reason, sheet, region)
    rows = _rows(wanted_kind, permission, by, households, region)
    if not rows:
        raise PrintRefused(
            _("所选范围内没有可以打印的农户。") if not wanted_kind.of_village else _("所选范围内没有可以打印的村。")
        )
    if len(rows) > MOST:
        raise PrintRefused(_("一次最多打印 %(most)s 份，请缩小范围。") % {"most": f"{MOST:,}"})
    volumes = Counter(village for _pk, village in rows)
    if output == PrintRun.Output.MERGED and len(volumes) > 1 and len(rows) > MOST_MERGED:
        raise PrintRefused(
            _("超过 %(most)s 份的不能合并成一个文件，请改选“每村一个文件”。") % {"most": f"{MOST_MERGED:,}"}
        )
    title = _title(wanted_kind, region, rows)
    region_path = region.path if region else ""
    job = jobs.submit("ledgers.print", by=by, title=title, region_path=region_path, send=False)
    run = PrintRun.objects.create(
        owner=by, job=job, kind=kind, sheet=sheet, title=title, region=region, year=year if wanted_kind.has_year else None,
        is_full=full, reason=reason.strip() if full else "", output=output, total=len(rows),
    )  # fmt: skip
    _put_items(run, rows, volumes, of_village=wanted_kind.of_village)
    Job.objects.filter(pk=job.pk).update(total=len(rows))
    if full:
        audit.record("ledgers.printed_full", by=by, target=run, region_path=region_path, note=reason.strip())
    if send:
        jobs.send_on_commit(job)
    return run


def _require_possible(kind: Kind, full: bool, reason: str, sheet: str, region: Region | None) -> None:
    if full and kind.full is None:
        raise ValidationError({"numbers": [_("%(kind)s不印完整号码。") % {"kind": kind.title}]})
    if full and len(reason.strip()) < 4:
        raise ValidationError({"reason": [_("打印完整证件号请写明理由，至少四个字。")]})
    if sheet not in kind.sheets:
        raise ValidationError({"sheet": [_("%(kind)s没有这种纸张，请另选。") % {"kind": kind.title}]})
    if kind.of_village and region is None:
        raise PrintRefused(_("%(kind)s按村打印，请先选一个村、乡镇或县。") % {"kind": kind.title})


def _rows(kind: Kind, permission: Permission, by: Any, households: Any, region: Region | None) -> list[tuple[int, int]]:
    """[(key of the household or village, its village)] in the order of the paper; one more than the most that is printed."""
    if kind.of_village and region is not None:
        villages = places.villages_of(region, by, permission)
        return [(pk, pk) for pk in villages.order_by("code").values_list("pk", flat=True)[: MOST + 1]]
    if region is not None:
        wanted = households_of(region, by, permission)
    else:
        asked = {h.pk for h in households or ()}
        wanted = Household.objects.for_user(by, permission).filter(pk__in=asked)
        if wanted.count() != len(asked):
            raise PermissionDenied(permission)
    ordered = wanted.order_by("village__code", "village", "hamlet", "sort_key", "id")
    return list(ordered.values_list("pk", "village_id")[: MOST + 1])


def _put_items(run: PrintRun, rows: Sequence[tuple[int, int]], volumes: Counter[int], *, of_village: bool) -> None:
    """A volume a village, an item a paper; by COPY, because a county has fifty thousand."""
    made = PrintVolume.objects.bulk_create(
        [
            PrintVolume(run=run, village_id=village, place=n, total=count)
            for n, (village, count) in enumerate(volumes.items(), 1)
        ]
    )
    by_village = {volume.village_id: volume.pk for volume in made}
    columns = ("run_id", "volume_id", "household_id", "place", "state", "is_reused", "error")
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        count = len(part)
        copying.copy_values(
            PrintItem._meta.db_table, columns,
            [
                [run.pk] * count, [by_village[village] for _pk, village in part], [None if of_village else pk for pk, _village in part],
                list(range(start + 1, start + 1 + count)), [PrintItem.State.WAITING.value] * count, [False] * count, [""] * count,
            ],
        )  # fmt: skip


def _title(kind: Kind, region: Region | None, rows: Sequence[tuple[int, int]]) -> str:
    count = len(rows)
    if region is not None:
        if kind.of_village and count == 1:
            return f"{region.name}{kind.title}"
        return f"{region.name}{kind.title} {kind.counted(count)}"
    name = Household.objects.filter(pk=rows[0][0]).values_list("householder_name", flat=True).get()
    if count == 1:
        return _("%(name)s户%(kind)s") % {"name": name or _("（无户主）"), "kind": kind.title}
    title = ngettext("%(name)s等 %(count)s 户%(kind)s", "%(name)s等 %(count)s 户%(kind)s", count)
    return title % {"name": name or _("（无户主）"), "count": count, "kind": kind.title}


# --- On its way ---


def _own(run: PrintRun, by: Any) -> PrintRun:
    locked = PrintRun.objects.select_for_update(of=("self",)).select_related("job").get(pk=run.pk)
    if locked.owner_id != by.pk:
        raise PermissionDenied
    return locked


@transaction.atomic
def pause_run(*, run: PrintRun, by: Any) -> PrintRun:
    """Stop after the papers at hand and keep everything; only its owner may. Raises JobError where it has ended already."""
    run = _own(run, by)
    jobs.cancel_job(job=run.job, by=by, action="print.paused")
    run.paused_at = timezone.now()
    run.save(update_fields=["paused_at"])
    return run


@transaction.atomic
def resume_run(*, run: PrintRun, by: Any) -> PrintRun:
    """Go on where a paused, cancelled or failed run stopped: what is made stays, what could not be made is tried again."""
    run = _own(run, by)
    run.job.refresh_from_db()
    if run.standing == "pausing":
        raise PrintRefused(_("正在停下手里的几份，请过几秒再继续。"))
    jobs.retry_job(job=run.job, by=by, action="print.resumed")
    again = Q(state=PrintItem.State.FAILED)
    reopened = run.items.filter(again).values("volume").annotate(n=Count("pk")).order_by("volume")
    stale = list(run.volumes.filter(failed__gt=0).exclude(file="").values_list("file", flat=True))
    for row in list(reopened):
        run.volumes.filter(pk=row["volume"]).update(
            finished=F("finished") - row["n"], failed=F("failed") - row["n"], bound_at=None, binding_until=None, file=""
        )
    run.items.filter(again).update(state=PrintItem.State.WAITING, error="", claimed_until=None)
    run.paused_at, run.pace, run.merging_until = None, [], None
    run.save(update_fields=["paused_at", "pace", "merging_until"])
    for name in stale:
        transaction.on_commit(partial(vault.remove, name))
    return run


@transaction.atomic
def print_failed_again(*, run: PrintRun, by: Any, send: bool = True) -> PrintRun:
    """A new run of the papers of a finished one that could not be made: the font is there now, the photo is right now."""
    run = _own(run, by)
    kind = kinds.KINDS[run.kind]
    failed = run.items.filter(state=PrintItem.State.FAILED, household__isnull=False)
    asked = Household.objects.for_user(by, kind.permission_for(full=run.is_full)).filter(
        pk__in=failed.values("household")
    )
    households = list(asked.only("pk"))
    if not households:
        raise PrintRefused(_("没有打印的这些农户您现在也不能打印。"))
    return print_papers(
        by=by, kind=run.kind, households=households, year=run.year, full=run.is_full, reason=run.reason, output=PrintRun.Output.MERGED,
        sheet=run.sheet, send=send,
    )  # fmt: skip


# --- What came out ---


@transaction.atomic
def fetch_run(*, run: PrintRun, by: Any) -> Fetched:
    """The result of a finished run. The permission is asked again for everything in it: postings end, households move."""
    _require_all(run, run.items.all(), run.total, by)
    if run.job.state != Job.State.DONE:
        raise PrintRefused(_("这项打印还没有完成，请稍后再取。"))
    volumes = list(run.volumes.exclude(file="").select_related("village").order_by("place"))
    if not run.file and not volumes:
        raise PrintRefused(_("文件已过保存期，已经删除。请重新打印；没有改动的会很快。"))
    fetched = _begun(lambda: parcels.of_run(run, volumes))
    audit.record("ledgers.downloaded", by=by, target=run, region_path=run.job.region_path, note=run.title)
    return fetched


@transaction.atomic
def fetch_volume(*, volume: PrintVolume, by: Any) -> Fetched:
    """The file of one village, as soon as it is bound."""
    run = volume.run
    _require_all(run, volume.items.all(), volume.total, by)
    if not volume.bound_at:
        raise PrintRefused(_("这个村还没有打印完，请稍后再取。"))
    if not volume.file:
        raise PrintRefused(_("文件已过保存期，已经删除。请重新打印；没有改动的会很快。"))
    fetched = _begun(lambda: parcels.of_volume(run, volume))
    audit.record(
        "ledgers.downloaded",
        by=by,
        target=run,
        region_path=volume.village.path,
        note=f"{run.title} {volume.village.name}",
    )
    return fetched


def _begun(open_it: Callable[[], Fetched]) -> Fetched:
    """With the first piece read, so that a file that is gone is said before the answer begins."""
    try:
        fetched = open_it()
        first = next(fetched.pieces, b"")
    except FileNotFoundError:
        raise PrintRefused(_("文件已不在服务器上，请重新打印；没有改动的会很快。")) from None
    return fetched._replace(pieces=chain([first], fetched.pieces))


def _require_all(run: PrintRun, items: Any, total: int, by: Any) -> None:
    kind = kinds.KINDS[run.kind]
    permission = kind.permission_for(full=run.is_full)
    if run.owner_id != by.pk or not by.is_active or not by.can(permission):
        raise PermissionDenied(permission)
    if kind.of_village:
        may = items.filter(among("volume__village_id", visible_region_ids(by, permission))).count()
    else:
        may = Household.objects.for_user(by, permission).filter(pk__in=items.values("household")).count()
    if may != total:
        raise PermissionDenied(permission)


def standing_of(token: str) -> tuple[Booklet | None, str]:
    """What a scanned code says: the paper and "genuine", "changed" since, "superseded" by a newer printing, "printed" (a village's paper,
    of which nothing says whether it changed), or "unknown"."""
    booklet = Booklet.objects.select_related("household").filter(token=token).first()
    if booklet is None:
        return None, "unknown"
    same_paper = Booklet.objects.filter(
        household_id=booklet.household_id, village_id=booklet.village_id, kind=booklet.kind, year=booklet.year, is_full=booklet.is_full
    )  # fmt: skip
    if same_paper.filter(pk__gt=booklet.pk).exists():
        return booklet, "superseded"
    if booklet.household is None:
        return booklet, "printed"
    if booklet.household.version != booklet.household_version:
        return booklet, "changed"
    return booklet, "genuine"
