"""A ledger that came in by imports, and exports of it without a worker."""

from __future__ import annotations

import pytest
from django.urls import reverse

from common import jobs, vault
from common.spreadsheets import open_workbook
from exchange.outgoing import presets, services
from exchange.outgoing.models import ExportRun
from tests.data import national

YEAR = 2026
PLACES = [national.Place("石门乡", "青石村"), national.Place("石门乡", "白石村"), national.Place("柳河镇", "柳树村")]


@pytest.fixture
def ledger(bring_in, official):
    """Fourteen households in three villages, known from three families of files."""
    families = national.families_with_everything(14, villages=len(PLACES))
    for frame in ("A", "G", "D"):
        bring_in(national.workbook(frame=frame, families=families, places=PLACES), official)
    return families


@pytest.fixture
def export():
    """`export(by, what="A", **request)`: the finished run of a preset, or of a mapping."""

    def make(by, what="A", **request):
        mapping = presets.preset(what) if isinstance(what, str) else what
        run = services.request_export(by=by, mapping=mapping, **({"year": YEAR} | request))
        jobs.run(run.job_id)
        return ExportRun.objects.get(pk=run.pk)

    return make


def content(run):
    return vault.get(run.file)


def sheets(run):
    """{sheet: rows of texts} of a finished file, as our importer reads it."""
    book = open_workbook(content(run))
    return {sheet: [list(cells) for _number, cells in book.rows(sheet)] for sheet in book.sheet_names}


def rows(run):
    """The data rows of a finished file as {heading: text}, control line and other sheets left out."""
    (first, *lines), *_others = sheets(run).values()
    return [dict(zip(first, line, strict=False)) for line in lines if not line[0].startswith(("合计", "不再包含"))]


def full(**more):
    return {"full": True, "reason": "上报省级系统比对"} | more


def page(client, **query):
    return client.get(reverse("households:household_list"), query)


@pytest.fixture
def mapping():
    """`mapping(by, columns=…, row_kind="member", shared=False)`: a kept format."""

    def make(by, *, columns, row_kind="member", shared=False, name="省厅比对表"):
        return services.create_mapping(by=by, name=name, row_kind=row_kind, columns=columns, shared=shared)

    return make
