"""What party building does when the tree of regions changes: branches, sessions and facilities follow their village."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import ngettext

from common import audit
from party.models import Branch, Course, Facility, Session
from party.services.base import record
from regions.models import Region


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """Called inside the change of regions, whose permission was asked for. Rules of a merged township end with it: those of the one that takes
    it in hold."""
    if old.pk == new.pk:
        return
    for model, column in ((Branch, "village"), (Session, "village"), (Facility, "village"), (Course, "region")):
        for row in model._base_manager.select_for_update(of=("self",)).filter(**{column: old}).order_by("pk"):
            before = audit.snapshot(row)
            setattr(row, column, new)
            _make_room(row, old, new)
            row.save()
            record(f"{row._meta.model_name}.followed", row, by, new, before=before, note=new.name)


def _make_room(row: Any, old: Region, new: Region) -> None:
    """A name that is taken where the row comes to is told apart by where it came from."""
    name = {Branch: "name", Course: "title"}.get(type(row), "")
    if not name:
        return
    where = (
        {"village": new} if isinstance(row, Branch) else {"region": new, "classroom": row.classroom, "retired_on": None}
    )
    if type(row)._base_manager.filter(**where, **{name: getattr(row, name)}).exclude(pk=row.pk).exists():
        most = row._meta.get_field(name).max_length
        setattr(row, name, f"{getattr(row, name)}（{old.name}）"[:most])


def why_occupied(region: Region) -> str:
    """A village with branches cannot be closed."""
    count = Branch._base_manager.filter(village=region, closed_on=None).count()
    if not count:
        return ""
    return ngettext("还有 %(count)s 个党支部在这里", "还有 %(count)s 个党支部在这里", count) % {"count": count}
