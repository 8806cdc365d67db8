"""The work of the print centre: several workers share a run, ten households at a time, and whoever does the last ten binds the file."""

from __future__ import annotations

import datetime as dt
import io
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from common import files, jobs, pdf, vault
from households import ledger, papers
from households.models import Household
from reports.models import Booklet, PrintItem, PrintRun

CLAIM = 10
CLAIM_FOR = dt.timedelta(
    seconds=75
)  # shorter than a job's lease: what a dead worker held is free when the job is sent again


@jobs.kind("ledgers.print", workers=2)
def print_run(job: jobs.Run) -> dict[str, Any] | None:
    """Render what is waiting, then bind. None where another worker still renders: it will bind."""
    run = PrintRun.objects.select_related("owner", "region").get(job=job.job)
    while batch := _claim(run):
        try:
            _render_batch(run, batch)
        except pdf.PrintError as error:
            raise jobs.JobError(str(error)) from error
        done = run.items.exclude(state=PrintItem.State.WAITING).count()
        job.step(
            done,
            total=run.total,
            message=ngettext("已完成 %(done)s / %(total)s 户", "已完成 %(done)s / %(total)s 户", run.total)
            % {"done": done, "total": run.total},
            force=True,
        )
    if run.items.filter(state=PrintItem.State.WAITING).exists() or not _take_binding(run):
        return None
    job.step(message=_("正在装订"), force=True)
    return _bind(run, job.write)


def _claim(run: PrintRun) -> list[PrintItem]:
    with transaction.atomic():
        free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
        items = list(
            PrintItem.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(free, run=run, state=PrintItem.State.WAITING)
            .order_by("place")[:CLAIM]
        )
        PrintItem.objects.filter(pk__in=[i.pk for i in items]).update(claimed_until=timezone.now() + CLAIM_FOR)
    return items


def _render_batch(run: PrintRun, items: Sequence[PrintItem]) -> None:
    """Booklets of ten households: what has the content of an earlier printing is taken from there, the rest goes into one file."""
    permission = Permission.LEDGER_PRINT_FULL if run.is_full else Permission.LEDGER_PRINT
    households = Household.objects.for_user(run.owner, permission).in_bulk([i.household_id for i in items])
    ledgers = ledger.load_many(list(households.values()), run.owner, year=run.year)
    more = papers.sections_of(ledgers, run.owner)
    drafts = {
        one.household.pk: _Draft(
            one, ledger.print_model(one, full=run.is_full, document={}, more=more.get(one.household.pk, ()))
        )
        for one in ledgers
    }
    known = {b.key: b for b in Booklet.objects.filter(household__in=drafts, key__in=[d.key for d in drafts.values()])}
    new: list[tuple[PrintItem, _Draft]] = []
    for item in items:
        draft = drafts.get(item.household_id)
        if draft is None:
            _fail(item, _("您已不能打印这一户，或这一户已不在册。"))
            continue
        booklet = known.get(draft.key)
        if booklet and booklet.file:
            _done(item, booklet, is_reused=True)
        elif lacking := pdf.uncovered(draft.model):
            _fail(item, str(pdf.MissingGlyph(sorted(lacking), draft.model["document"]["outline"])))
        else:
            new.append((item, draft))
    if new:
        _render(run, new)


class _Draft:
    """A household's print model and its content key, before it has a number."""

    def __init__(self, one: ledger.Ledger, model: dict[str, Any]) -> None:
        self.household, self.year, self.model = one.household, one.year, model
        self.key = pdf.content_key(model)


def _done(item: PrintItem, booklet: Booklet, *, is_reused: bool) -> None:
    item.state, item.booklet, item.is_reused = PrintItem.State.DONE, booklet, is_reused
    item.save(update_fields=["state", "booklet", "is_reused"])


def _fail(item: PrintItem, sentence: str) -> None:
    item.state, item.error = PrintItem.State.FAILED, sentence[:300]
    item.save(update_fields=["state", "error"])


def _render(run: PrintRun, new: Sequence[tuple[PrintItem, _Draft]]) -> None:
    """Number, render and keep. A booklet whose file expired keeps its number and time, and so prints the same again."""
    booklets, models = [], []
    for _item, draft in new:
        booklet, _created = Booklet.objects.get_or_create(
            household=draft.household, key=draft.key,
            defaults={"year": draft.year, "is_full": run.is_full, "household_version": draft.household.version,
                      "issued_at": timezone.now(), "issued_by": run.owner.username},
        )  # fmt: skip
        booklets.append(booklet)
        issue = {
            "number": booklet.number,
            "as_of": f"{timezone.localtime(booklet.issued_at):%Y年%m月%d日 %H:%M}",
            "qr": f"{settings.PUBLIC_URL}{reverse('reports:booklet_verify', args=[booklet.token])}",
        }
        models.append(draft.model | {"issue": issue})
    content, counts = pdf.render_batch(models, media=ledger.media)
    name = vault.put(f"booklets/{timezone.now():%Y%m}/{booklets[0].token}", content)
    first = 0
    for (item, _draft), booklet, pages in zip(new, booklets, counts, strict=True):
        booklet.file, booklet.first_page, booklet.pages = name, first, pages
        booklet.save(update_fields=["file", "first_page", "pages"])
        _done(item, booklet, is_reused=False)
        first += pages


def _take_binding(run: PrintRun) -> bool:
    """Whether this worker binds the file: one does, and another only when that one has gone."""
    now = timezone.now()
    return bool(
        PrintRun.objects.filter(Q(merging_until=None) | Q(merging_until__lt=now), pk=run.pk, file="").update(
            merging_until=now + dt.timedelta(minutes=30)
        )
    )


def _bind(run: PrintRun, alive: Callable[[], None]) -> dict[str, Any]:
    """One merged file with an outline entry a household, or a zip; decrypted only in a private folder that goes with this call."""
    items = list(run.items.filter(state=PrintItem.State.DONE).select_related("booklet", "household").order_by("place"))
    failed = run.items.filter(state=PrintItem.State.FAILED)
    if not items:
        raise jobs.JobError(_("没有一户能够打印：%(why)s") % {"why": failed.values_list("error", flat=True).first()})
    with tempfile.TemporaryDirectory() as folder:
        parts = _parts(items, Path(folder), alive)
        target = Path(folder) / f"run.{run.extension}"
        if run.output == PrintRun.Output.MERGED:
            pages = pdf.merge([p.part for p in parts], target, outlines=_outlines(parts), title=run.title)
        else:
            pages = _zip(parts, target, alive)
        data = target.read_bytes()
    PrintRun.objects.filter(pk=run.pk).update(
        file=vault.put(f"runs/{run.pk}", data), size=len(data), merging_until=None
    )
    return {
        "url_name": "reports:print_run",
        "args": [run.pk],
        "printed": len(items),
        "reused": sum(item.is_reused for item in items),
        "failed": failed.count(),
        "pages": pages,
    }


class _Bound(NamedTuple):
    """A booklet ready for binding: its household's number and householder, and its pages."""

    number: str
    householder: str
    part: pdf.Part


def _parts(items: Sequence[PrintItem], folder: Path, alive: Callable[[], None]) -> list[_Bound]:
    paths: dict[str, Path] = {}
    bound = []
    for item in items:
        booklet = item.booklet
        assert booklet is not None  # noqa: S101  a constraint of the table
        if booklet.file not in paths:
            path = paths[booklet.file] = folder / f"{len(paths)}.pdf"
            path.write_bytes(vault.get(booklet.file))
            alive()
        part = pdf.Part(paths[booklet.file], booklet.first_page, booklet.pages)
        bound.append(_Bound(item.household.number, item.household.householder_name, part))
    return bound


def _outlines(parts: Sequence[_Bound]) -> list[tuple[str, int]]:
    page, found = 0, []
    for one in parts:
        found.append((f"{one.number} {one.householder}".strip(), page))
        page += one.part.pages or 0
    return found


def _zip(parts: Sequence[_Bound], target: Path, alive: Callable[[], None]) -> int:
    pages = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        for place, one in enumerate(parts, 1):
            out = io.BytesIO()
            pages += pdf.merge([one.part], out)
            bundle.writestr(f"{place:05d}_{one.number}_{one.householder}.pdf".replace("/", "_"), out.getvalue())
            alive()
    return pages


@files.expires
def expire_prints() -> int:
    """Delete result files and booklets past their day; numbers and history stay."""
    before = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    gone = 0
    for row in [
        *PrintRun.objects.filter(created_at__lt=before).exclude(file="").order_by("pk")[:1000],
        *Booklet.objects.filter(issued_at__lt=before).exclude(file="").order_by("pk")[:5000],
    ]:
        vault.remove(row.file)
        row.file = ""
        row.save(update_fields=["file"])
        gone += 1
    return gone
