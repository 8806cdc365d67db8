"""Places to choose from in filters: the regions of one's own area, and a list narrowed to one of them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from accounts.scoping import posted_regions, visible_region_ids
from common.forms import LightSelect
from regions.models import Level, Region


class RegionChoices:
    """The regions one can choose from where one stands: the way up and one level down, inside the own area, in one query."""

    def __init__(self, user: Any, chosen: str, permission: Permission) -> None:
        self.user, self.permission = user, permission
        self.visible = set(visible_region_ids(user, permission)) if user else set()
        self.pk = int(chosen) if chosen.isdecimal() and len(chosen) < 19 and int(chosen) in self.visible else None

    @cached_property
    def tops(self) -> list[Region]:
        return posted_regions(self.user, self.permission) if self.visible else []

    @cached_property
    def rows(self) -> list[Region]:
        """The region chosen, its parent and its brothers, its children; or, with none chosen, what is below the own posting."""
        if not self.visible:
            return []
        if self.pk is None:
            near = Q(parent=self.tops[0]) if len(self.tops) == 1 else Q(pk__in=[top.pk for top in self.tops])
        else:
            parent = Region.objects.filter(pk=self.pk).values("parent")
            near = Q(pk=self.pk) | Q(parent=self.pk) | Q(pk__in=parent) | Q(parent__in=parent)
        current = Q(valid_to=None) | Q(pk=self.pk)
        rows = Region.objects.filter(near, current).order_by("path", "code", "pk")
        return [row for row in rows if row.pk in self.visible]

    @cached_property
    def chosen(self) -> Region | None:
        return next((row for row in self.rows if row.pk == self.pk), None)

    @property
    def choices(self) -> list[tuple[str, str]]:
        chosen = self.chosen
        rows = sorted(self.rows, key=lambda r: (r.level, r.code, r.pk))
        if chosen is not None and chosen.level < Level.VILLAGE:  # below a township its villages, not its brothers
            rows = [r for r in rows if r.parent_id == chosen.pk or r.pk == chosen.pk or r.pk == chosen.parent_id]
        return [(str(r.pk), r.name) for r in rows]


class RegionField(forms.ChoiceField):
    default_error_messages = {
        "invalid_choice": _("这个地区不存在，或者不在您的管理范围内。请重新选择地区。"),
    }


class RegionFilter(django_filters.Filter):
    field_class = RegionField


def choice(label: Any, choices: Any, **options: Any) -> django_filters.ChoiceFilter:
    return django_filters.ChoiceFilter(
        label=label, choices=choices, empty_label=options.pop("empty", _("不限")), widget=LightSelect, **options
    )
