"""The work behind paper sheets: ten households at a time are laid out, and all are bound into one file with an outline."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from common import files, jobs, pdf, vault
from common.pages import in_order
from households.models import Household
from surveys import paper, published
from surveys.access import FILL
from surveys.models import PaperRun, VerificationTask

TEMPLATE = "pdf/sheet.html"


@jobs.kind("surveys.paper")
def print_paper(job: jobs.Run) -> dict[str, Any]:
    run = PaperRun.objects.select_related("owner", "region").get(job=job.job)
    failed: dict[str, str] = {}
    outlines: list[tuple[str, int]] = []
    parts: list[Path] = []
    page = done = 0
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, run.total, pdf.BATCH):
            batch = run.households[start : start + pdf.BATCH]
            models = _models(run, batch, failed)
            if models:
                content, counts = _render(models)
                parts.append(Path(folder) / f"{start}.pdf")
                parts[-1].write_bytes(content)
                for model, pages in zip(models, counts, strict=True):
                    outlines.append((model["document"]["outline"], page))
                    page += pages
            done += len(batch)
            message = _("已完成 %(done)s / %(total)s 户") % {"done": done, "total": run.total}
            job.step(done, total=run.total, message=message, force=True)
        if not parts:
            raise jobs.JobError(_("没有一户能够打印：%(why)s") % {"why": next(iter(failed.values()), "")})
        target = Path(folder) / "sheets.pdf"
        pdf.merge(parts, target, outlines=outlines, title=run.title)
        data = target.read_bytes()
    run.file, run.size, run.failed = vault.put(f"sheets/{run.pk}", data), len(data), failed
    run.save(update_fields=["file", "size", "failed"])
    return {
        "url_name": "surveys:paper_run", "args": [run.pk], "printed": len(outlines), "failed": len(failed), "pages": page,
    }  # fmt: skip


def _models(run: PaperRun, pks: list[int], failed: dict[str, str]) -> list[dict[str, Any]]:
    """Models of the households that can be printed; why the others cannot goes into `failed`."""
    found, why_not = sheets_of(run.owner, pks, run.year, blank=run.is_blank)
    failed |= {str(pk): why for pk, why in why_not.items()}
    models = []
    for pk, model in found.items():
        if lacking := pdf.uncovered(model):
            failed[str(pk)] = str(pdf.MissingGlyph(sorted(lacking), model["document"]["outline"]))
        else:
            models.append(model)
    return models


def sheets_of(
    user: Any, pks: Sequence[int], year: int, *, blank: bool
) -> tuple[dict[int, dict[str, Any]], dict[int, str]]:
    """({household: model} in the order of `pks`, {household: why there is none}) of what `user` surveys."""
    rows = Household.objects.for_user(user, FILL).active()
    households = in_order(rows.select_related("village__parent"), pks)
    why_not = {pk: _("您已不能调查这一户，或这一户已不在册。") for pk in set(pks) - {h.pk for h in households}}
    offered = published.offered(household.village for household in households)
    forms = {h.pk: form for h in households if (form := published.choose(offered, h.village)) is not None}
    for household in households:
        if household.pk not in forms:
            why_not[household.pk] = _("这一户所在的县没有在用的调查表，请联系县级管理人员。")
    wanted = [h for h in households if h.pk in forms]
    unseen = set(forms) if blank else _not_to_be_seen(user, forms)
    made = paper.sheets(wanted, forms, year, blank=unseen)
    return {h.pk: model for h, model in zip(wanted, made, strict=True)}, why_not


def _not_to_be_seen(user: Any, households: Iterable[int]) -> set[int]:
    """Households whose second look is this user's: it begins with nothing that is known."""
    waiting = VerificationTask.objects.filter(
        assignee=user, state=VerificationTask.State.OPEN, household__in=households
    )
    return set(waiting.values_list("household", flat=True))


def _render(models: list[dict[str, Any]]) -> tuple[bytes, list[int]]:
    try:
        return pdf.render_batch(models, TEMPLATE)
    except pdf.PrintError as error:
        raise jobs.JobError(str(error)) from error


@files.expires
def expire_sheets() -> int:
    """Delete files past their day; the runs stay."""
    return files.expire_rows(PaperRun)
