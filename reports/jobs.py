"""The work of the print centre: several workers share a run, ten papers at a time; a village whose last paper is there is bound by whoever
comes by, and who binds the last village ends the run.

A worker that dies loses nothing: what it had claimed is claimed again, what it had begun to bind is bound again, and a paper that was made
is found by its content. Nothing here grows with the run: ten papers in memory, counters per village instead of counting items.
"""

from __future__ import annotations

import datetime as dt
import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.scoping import visible_region_ids
from common import jobs, pdf, vault
from common.lookups import among
from common.pages import in_order
from households import ledger
from households.models import Household
from regions.models import Region
from reports import pace, parcels
from reports.kinds import KINDS, Ask, Draft, Kind
from reports.models import Booklet, PrintItem, PrintRun, PrintVolume

CLAIM = 10  # papers rendered at once
LOOK_UP = 50  # papers looked for at once, as long as each of them is there already
# Shorter than a job's lease: what a dead worker held is free when the job is sent again.
CLAIM_FOR = dt.timedelta(seconds=75)
BIND_FOR = dt.timedelta(minutes=5)
MERGE_FOR = dt.timedelta(minutes=30)


@jobs.kind("ledgers.print", workers=2)
def print_run(job: jobs.Run) -> dict[str, Any] | None:
    """Make what is waiting, then bind. None where another worker is still at it: it will end the run."""
    run = PrintRun.objects.select_related("owner", "region").get(job=job.job)
    kind = KINDS[run.kind]
    most = CLAIM
    while True:
        if volume := _take_volume(run):  # first: a village that is there can be fetched while the others are made
            _bind(run, kind, volume, job.beat)
        elif batch := _claim(run, kind, most):
            try:
                most = LOOK_UP if _make(run, kind, batch) else CLAIM
            except pdf.PrintError as error:
                raise jobs.JobError(str(error)) from error
        else:
            break
        _report(run, kind, job)
    if run.volumes.filter(bound_at=None).exists() or not _take_end(run):
        return None
    return _end(run, kind, job)


def _report(run: PrintRun, kind: Kind, job: jobs.Run) -> None:
    """How far and how fast; raises Cancelled where somebody stops it."""
    done = run.volumes.aggregate(n=Sum("finished"))["n"] or 0
    samples = PrintRun.objects.filter(pk=run.pk).values_list("pace", flat=True).get()
    fresh = pace.with_sample(samples, timezone.now().timestamp(), done)
    if fresh != samples:
        PrintRun.objects.filter(pk=run.pk).update(pace=fresh)
    message = (
        _("正在装订")
        if done >= run.total
        else _("已完成 %(done)s / %(total)s") % {"done": f"{done:,}", "total": kind.counted(run.total)}
    )
    job.step(done, total=run.total, message=message, force=True)


# --- Papers ---


def _claim(run: PrintRun, kind: Kind, most: int) -> list[PrintItem]:
    with transaction.atomic():
        free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
        items = list(
            PrintItem.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(free, run=run, state=PrintItem.State.WAITING)
            .select_related("volume")
            .order_by("place")[: most if most > CLAIM and kind.batch >= CLAIM else min(CLAIM, kind.batch)]
        )
        PrintItem.objects.filter(pk__in=[i.pk for i in items]).update(claimed_until=timezone.now() + CLAIM_FOR)
    return items


def _key(item: PrintItem) -> int:
    """Whose paper it is: a household, or the village of its volume."""
    return item.household_id or item.volume.village_id


def _make(run: PrintRun, kind: Kind, items: Sequence[PrintItem]) -> bool:
    """Some papers: what has the content of an earlier printing is taken from there, ten of the rest go into one file, and what is left is
    given back. Whether all of them were there."""
    subjects = _subjects(run, kind, [_key(item) for item in items])
    with translation.override("zh-hans"):  # paper is signed by people who read Chinese
        drafts = kind.maker(subjects, Ask(run.owner, run.year, run.is_full, run.sheet)) if subjects else {}
    owners = {one.pk: one for one in subjects}
    keys = {pk: pdf.content_key(draft.model, kind.template) for pk, draft in drafts.items() if isinstance(draft, Draft)}
    known = _known(kind, keys)
    failed: dict[PrintItem, str] = {}
    reused: list[tuple[PrintItem, Booklet]] = []
    new: list[_New] = []
    for item in items:
        draft = drafts.get(_key(item))
        if draft is None:
            failed[item] = _("您已不能打印这一份，或它已不在册。")
        elif not isinstance(draft, Draft):
            failed[item] = draft
        elif (booklet := known.get(keys[_key(item)])) and booklet.file:
            reused.append((item, booklet))
        elif lacking := pdf.uncovered(draft.model):
            failed[item] = str(pdf.MissingGlyph(sorted(lacking), draft.model["document"]["outline"]))
        else:
            new.append(_New(item, owners[_key(item)], draft, keys[_key(item)]))
    new, left = new[:CLAIM], new[CLAIM:]
    if left:
        PrintItem.objects.filter(pk__in=[one.item.pk for one in left]).update(claimed_until=None)
    made = _render(run, kind, new) if new else []
    _settle(run, made, reused, failed)
    return not new


def _subjects(run: PrintRun, kind: Kind, keys: Sequence[int]) -> list[Any]:
    """The households or villages that the owner may still print, in order."""
    permission = kind.permission_for(full=run.is_full)
    if kind.of_village:
        mine = Region.objects.filter(among("pk", visible_region_ids(run.owner, permission)))
        return in_order(mine.select_related("parent"), keys)
    return in_order(Household.objects.for_user(run.owner, permission).select_related("village"), keys)


def _known(kind: Kind, keys: Mapping[int, str]) -> dict[str, Booklet]:
    whose = "village" if kind.of_village else "household"
    return {b.key: b for b in Booklet.objects.filter(**{f"{whose}__in": list(keys)}, key__in=list(keys.values()))}


class _New(NamedTuple):
    item: PrintItem
    owner: Any
    draft: Draft
    key: str


def _render(run: PrintRun, kind: Kind, new: Sequence[_New]) -> list[tuple[PrintItem, Booklet]]:
    """Number, render and keep. A paper whose file expired keeps its number and time, and so prints the same again."""
    booklets, models = [], []
    for _item, owner, draft, key in new:
        whose = {"village": owner} if kind.of_village else {"household": owner}
        booklet, _created = Booklet.objects.get_or_create(
            **whose, key=key,
            defaults={"kind": kind.code, "year": draft.year, "is_full": run.is_full, "household_version": getattr(owner, "version", 0),
                      "issued_at": timezone.now(), "issued_by": run.owner.username},
        )  # fmt: skip
        booklets.append(booklet)
        issue = {
            "number": booklet.number,
            "as_of": f"{timezone.localtime(booklet.issued_at):%Y年%m月%d日 %H:%M}",
            "qr": draft.model["issue"].get("qr")
            or f"{settings.PUBLIC_URL}{reverse('reports:booklet_verify', args=[booklet.token])}",
        }
        models.append(draft.model | {"issue": issue})
    content, counts = pdf.render_batch(models, kind.template, media=ledger.media)
    name = vault.put(f"booklets/{timezone.now():%Y%m}/{booklets[0].token}", content)
    if not _keep(booklets, counts, name):
        vault.remove(name)
    return [(one.item, booklet) for one, booklet in zip(new, booklets, strict=True)]


def _keep(booklets: Sequence[Booklet], counts: Sequence[int], name: str) -> bool:
    """Say where the pages lie, unless another worker that had the same papers was faster; whether any of them lies in this file."""
    first, kept = 0, 0
    with transaction.atomic():
        mine = set(
            Booklet.objects.select_for_update().filter(pk__in=[b.pk for b in booklets], file="")
            .order_by("pk").values_list("pk", flat=True)
        )  # fmt: skip
        for booklet, pages in zip(booklets, counts, strict=True):
            if booklet.pk in mine:
                booklet.file, booklet.first_page, booklet.pages, booklet.used_at = name, first, pages, timezone.now()
                booklet.save(update_fields=["file", "first_page", "pages", "used_at"])
                kept += 1
            first += pages
    return kept > 0


def _settle(
    run: PrintRun, made: Sequence[tuple[PrintItem, Booklet]], reused: Sequence[tuple[PrintItem, Booklet]], failed: Mapping[PrintItem, str]
) -> None:  # fmt: skip
    """Write what became of the items and count them in their volumes, in one transaction: a second worker that had them counts nothing."""
    with transaction.atomic():
        pks = [item.pk for item, _b in (*made, *reused)] + [item.pk for item in failed]
        rows = PrintItem.objects.select_for_update().filter(pk__in=pks, state=PrintItem.State.WAITING).order_by("pk")
        mine = set(rows.values_list("pk", flat=True))
        counts: dict[int, Counter[str]] = {}
        settled = []
        for item, booklet, is_reused in [*((i, b, False) for i, b in made), *((i, b, True) for i, b in reused)]:
            item.state, item.booklet, item.is_reused = PrintItem.State.DONE, booklet, is_reused
            settled.append(item)
            if item.pk in mine:
                counts.setdefault(item.volume_id, Counter()).update(finished=1, reused=int(is_reused))
        for item, sentence in failed.items():
            item.state, item.error = PrintItem.State.FAILED, sentence[:300]
            settled.append(item)
            if item.pk in mine:
                counts.setdefault(item.volume_id, Counter()).update(finished=1, failed=1)
        fields = ["state", "booklet", "is_reused", "error"]
        PrintItem.objects.bulk_update([item for item in settled if item.pk in mine], fields)
        for volume, n in sorted(counts.items()):
            PrintVolume.objects.filter(pk=volume).update(
                finished=F("finished") + n["finished"],
                failed=F("failed") + n["failed"],
                reused=F("reused") + n["reused"],
            )
        names = {booklet.file for _item, booklet in reused}
        if names:  # a file that several papers share ends for all at once
            Booklet.objects.filter(file__in=names).update(used_at=timezone.now())


# --- Volumes ---


def _take_volume(run: PrintRun) -> PrintVolume | None:
    """A village all of whose papers are there and that nobody binds."""
    now = timezone.now()
    with transaction.atomic():
        free = Q(binding_until=None) | Q(binding_until__lt=now)
        volume = (
            PrintVolume.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(free, run=run, bound_at=None, finished=F("total"))
            .select_related("village")
            .order_by("place")
            .first()
        )
        if volume is not None:
            PrintVolume.objects.filter(pk=volume.pk).update(binding_until=now + BIND_FOR)
    return volume


def _bind(run: PrintRun, kind: Kind, volume: PrintVolume, alive: Callable[[], None]) -> None:
    """One PDF with an outline entry a paper, or a zip; decrypted only in a private folder that goes with this call."""
    if _wait_for_expired(volume):
        return
    items = _done_items(volume)
    if not items:
        PrintVolume.objects.filter(pk=volume.pk).update(bound_at=timezone.now(), binding_until=None)
        return
    with tempfile.TemporaryDirectory(prefix="yihu-bind-") as folder:
        parts = _parts(items, volume, Path(folder), alive)
        target = Path(folder) / "volume"
        if run.output == PrintRun.Output.ZIPPED:
            pages = _zip(parts, target, alive, folded=_is_folded(run, kind))
        else:
            pages = _one_file(parts, target, run.title, folded=_is_folded(run, kind))
        alive()
        name, size = vault.put_file(f"runs/{run.pk}/{volume.place:04d}", target), target.stat().st_size
    if not PrintVolume.objects.filter(pk=volume.pk, bound_at=None, finished=F("total")).update(
        bound_at=timezone.now(), binding_until=None, file=name, size=size, pages=pages
    ):
        vault.remove(name)  # another worker thought this one dead and was faster


def _done_items(volume: PrintVolume) -> list[PrintItem]:
    done = volume.items.filter(state=PrintItem.State.DONE).select_related("booklet", "household")
    return list(done.defer("household__phone", "household__bank_account").order_by("place"))


def _wait_for_expired(volume: PrintVolume) -> bool:
    """Put back papers whose files ended while the run was held, so that they are made again; whether there are any."""
    with transaction.atomic():
        locked = PrintVolume.objects.select_for_update().get(pk=volume.pk)
        gone = locked.items.filter(state=PrintItem.State.DONE, booklet__file="")
        reused = gone.filter(is_reused=True).count()
        count = PrintItem.objects.filter(pk__in=gone.values("pk")).update(
            state=PrintItem.State.WAITING, booklet=None, claimed_until=None, is_reused=False
        )
        if count:
            PrintVolume.objects.filter(pk=locked.pk).update(
                finished=F("finished") - count, reused=F("reused") - reused, binding_until=None
            )
    return count > 0


class _Bound(NamedTuple):
    """A paper ready for binding: what the outline and its file are called, and its pages."""

    number: str
    name: str
    part: pdf.Part

    @property
    def label(self) -> str:
        return f"{self.number} {self.name}".strip()

    @property
    def pages(self) -> int:
        return self.part.pages or 0


def _parts(items: Sequence[PrintItem], volume: PrintVolume, folder: Path, alive: Callable[[], None]) -> list[_Bound]:
    paths: dict[str, Path] = {}
    bound = []
    for item in items:
        booklet, household = item.booklet, item.household
        assert booklet is not None  # noqa: S101  a constraint of the table
        if booklet.file not in paths:
            paths[booklet.file] = vault.take_out(booklet.file, folder / f"{len(paths)}.pdf")
            alive()
        part = pdf.Part(paths[booklet.file], booklet.first_page, booklet.pages)
        named = (household.number, household.householder_name) if household else ("", volume.village.name)
        bound.append(_Bound(*named, part))
    return bound


def _is_folded(run: PrintRun, kind: Kind) -> bool:
    return kind.folded and run.sheet == "A3"


def _one_file(parts: Sequence[_Bound], target: Path, title: str, *, folded: bool) -> int:
    if not folded:
        return pdf.merge([p.part for p in parts], target, outlines=_outlines(parts), title=title)
    flat = target.with_suffix(".flat")
    pdf.merge([p.part for p in parts], flat, title=title)
    return pdf.fold(flat, target, [p.pages for p in parts], outlines=[p.label for p in parts])


def _outlines(parts: Sequence[_Bound]) -> list[tuple[str, int]]:
    page, found = 0, []
    for one in parts:
        found.append((one.label, page))
        page += one.pages
    return found


def _zip(parts: Sequence[_Bound], target: Path, alive: Callable[[], None], *, folded: bool) -> int:
    pages = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        for place, one in enumerate(parts, 1):
            out = io.BytesIO()
            if folded:
                pages += _one_file([one], target.with_suffix(".one"), one.label, folded=True)
                out.write(target.with_suffix(".one").read_bytes())
            else:
                pages += pdf.merge([one.part], out)
            bundle.writestr(f"{place:05d}_{parcels.safe(one.label.replace(' ', '_'))}.pdf", out.getvalue())
            alive()
    return pages


# --- The end ---


def _take_end(run: PrintRun) -> bool:
    """Whether this worker ends the run: one does, and another only when that one has gone."""
    now = timezone.now()
    return bool(
        PrintRun.objects.filter(Q(merging_until=None) | Q(merging_until__lt=now), pk=run.pk, file="").update(
            merging_until=now + MERGE_FOR
        )
    )


def _end(run: PrintRun, kind: Kind, job: jobs.Run) -> dict[str, Any]:
    volumes = list(run.volumes.exclude(file="").select_related("village").order_by("place"))
    if not volumes:
        why = run.items.filter(state=PrintItem.State.FAILED).order_by("place").values_list("error", flat=True).first()
        PrintRun.objects.filter(pk=run.pk).update(merging_until=None)
        raise jobs.JobError(_("没有一份能够打印：%(why)s") % {"why": why or ""})
    sums = run.volumes.aggregate(
        finished=Sum("finished"), failed=Sum("failed"), reused=Sum("reused"), pages=Sum("pages"), size=Sum("size")
    )
    values: dict[str, Any] = {"size": sums["size"], "merging_until": None}
    if run.output == PrintRun.Output.MERGED and len(volumes) > 1:
        job.step(message=_("正在合并各村"), force=True)
        values |= _merged(run, kind, volumes, job.beat)
    PrintRun.objects.filter(pk=run.pk).update(**values)
    return {
        "url_name": "reports:print_run", "args": [run.pk], "printed": sums["finished"] - sums["failed"], "reused": sums["reused"],
        "failed": sums["failed"], "pages": sums["pages"],
    }  # fmt: skip


def _merged(run: PrintRun, kind: Kind, volumes: Sequence[PrintVolume], alive: Callable[[], None]) -> dict[str, Any]:
    """One PDF of all villages with an outline of two levels; the villages' own files go, so that nothing lies there twice."""
    chapters: list[tuple[str, int]] = []
    outlines: list[tuple[str, int]] = []
    page = 0
    with tempfile.TemporaryDirectory(prefix="yihu-merge-") as folder:
        sources = []
        for volume in volumes:
            sources.append(vault.take_out(volume.file, Path(folder) / f"{volume.place}.pdf"))
            chapters.append((volume.village.name, page))
            if not kind.of_village:
                at = page
                for item in _done_items(volume):
                    assert item.booklet is not None and item.household is not None  # noqa: S101, PT018  constraints of the table
                    outlines.append((f"{item.household.number} {item.household.householder_name}".strip(), at))
                    at += _sides(item.booklet.pages) if _is_folded(run, kind) else item.booklet.pages
            page += volume.pages
            alive()
        target = Path(folder) / "run.pdf"
        if outlines:
            pdf.merge(sources, target, outlines=outlines, chapters=chapters, title=run.title)
        else:
            pdf.merge(sources, target, outlines=chapters, title=run.title)
        alive()
        name, size = vault.put_file(f"runs/{run.pk}/all", target), target.stat().st_size
    stale = [volume.file for volume in volumes]
    PrintVolume.objects.filter(pk__in=[volume.pk for volume in volumes]).update(file="")
    for old in stale:
        vault.remove(old)
    return {"file": name, "size": size}


def _sides(pages: int) -> int:
    return -(-pages // 4) * 2
