"""Importing without a worker: the verbs and the work itself, in the test's own transaction."""

from __future__ import annotations

import pytest

from exchange import services
from exchange.models import ImportBatch
from tests.data import national

PLACE = national.Place("石门乡", "青石村")


class Steps:
    """Progress told, as a job hears it."""

    def __init__(self) -> None:
        self.done: list[int] = []

    def step(self, done=None, *, total=None, message=None, force=False):
        if done is not None:
            self.done.append(done)


@pytest.fixture
def bring_in(land):
    """`bring_in(data, by, write=True)`: upload, leave unknown columns out, preview or apply; the batch."""

    def make(data, by, *, write=True, year=2026, filename="名单.xlsx"):
        batch = services.upload_batch(data=data, filename=filename, by=by, year=year)
        if batch.state == ImportBatch.State.MAPPING:
            batch = services.map_headings(batch=batch, choices={}, year=year, by=by)
        return services.run_import(batch, by=by, write=write, run=Steps())

    return make


@pytest.fixture
def sheet():
    """`sheet([{heading: value}, …])`: an .xlsx of family A rows that are sound but for what is given."""

    def make(rows, *, headings=None, **layout):
        import io

        names = headings or list(dict.fromkeys(name for row in rows for name in row))
        out = io.BytesIO()
        national.write_xlsx(out, names, [[row.get(name, "") for name in names] for row in rows], **layout)
        return out.getvalue()

    return make
