"""The filters of the lists behind figures: a region, a year, and every dimension of the dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import django_filters
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.places import RegionChoices, RegionFilter, choice
from common.forms import LightSelect
from figures.datasets import Dataset
from regions.models import Level, Region


class RowFilter(django_filters.FilterSet):
    """Rows of a dataset. The queryset comes placed, through the gate."""

    dataset: Dataset
    today: dt.date
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    year = django_filters.NumberFilter(label=_("年度"), method="of_year", min_value=2000, max_value=2100)

    @cached_property
    def regions(self) -> RegionChoices:
        user = getattr(self.request, "user", None)
        return RegionChoices(user, (self.data or {}).get("region", ""), self.dataset.permission)

    @property
    def form(self) -> Any:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            if self.dataset.year is None:
                del form.fields["year"]
        return self._form

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        region = self.regions.chosen
        if region is None:
            return queryset.none()
        villages = Region.objects.within(region).filter(level=Level.VILLAGE).order_by().values_list("pk", flat=True)
        return self.dataset.chosen(queryset, self.today, villages=villages)

    def of_year(self, queryset: Any, name: str, value: Any) -> Any:
        return self.dataset.chosen(queryset, self.today, year=int(value))

    def in_dimension(self, queryset: Any, name: str, value: str) -> Any:
        return self.dataset.chosen(queryset, self.today, by={name: value})


def filter_for(dataset: Dataset, data: Mapping[str, Any], request: Any) -> RowFilter:
    """The bound filter of a dataset's list."""
    today = timezone.localdate()
    fields = {d.code: choice(d.label, d.options(), method="in_dimension") for d in dataset.dimensions}
    made: Any = type("RowFilterOf", (RowFilter,), {**fields, "dataset": dataset, "today": today})
    bound: RowFilter = made(data, dataset.rows_for(request.user, today), request=request)
    return bound
