"""What a file of villages can be asked about: a region, and nothing of households."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.places import RegionChoices, RegionFilter
from accounts.roles import Permission
from common.forms import LightSelect


class VillageFilter(django_filters.FilterSet):
    """Villages. `queryset` comes through the gate; `request.user` decides which regions there are."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)

    @cached_property
    def regions(self) -> RegionChoices:
        user = getattr(self.request, "user", None)
        return RegionChoices(user, (self.data or {}).get("region", ""), Permission.HOUSEHOLD_EXPORT)

    @property
    def form(self) -> Any:
        if not hasattr(self, "_form"):
            super().form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
        return self._form

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        region = self.regions.chosen
        return queryset.within(region) if region is not None else queryset.none()
