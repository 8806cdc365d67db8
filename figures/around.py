"""A region whose figures are asked for, and what is near it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.scoping import visible_region_ids
from figures import board
from regions.models import Level, Region


class Around:
    """A region of one's own area with those below and above it, in one query; 404 outside."""

    def __init__(self, user: Any, pk: int) -> None:
        self.visible = set(visible_region_ids(user, board.SEE))
        if pk not in self.visible:
            raise Http404
        parent = Region.objects.filter(pk=pk).values("parent")
        near = (
            Q(pk=pk) | Q(parent=pk) | Q(pk__in=parent) | Q(pk__in=Region.objects.filter(pk__in=parent).values("parent"))
        )
        rows = {row.pk: row for row in Region.objects.filter(near).order_by("code")}
        self.region = rows[pk]
        self.below = [row for row in rows.values() if row.parent_id == pk and row.is_current]
        self.up = [rows[key] for key in self.region.ancestor_ids if key in rows and key != pk]

    @property
    def above(self) -> Region | None:
        """The region one level up, to compare with: never above the county."""
        return self.up[-1] if self.up and self.region.level > Level.COUNTY else None

    def trail(self, year: int) -> list[tuple[str, str]]:
        own = [(row.name, board.board_url(row, year)) for row in self.up if row.pk in self.visible]
        return [(_("看板"), reverse("figures:boards")), *own, (self.region.name, "")]
