"""What lists of visits, duties and visited households can be filtered by; every figure is a link into one of these lists."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.places import RegionFilter, choice
from common import dates
from common.forms import DateInput, LightSelect
from households.filters import RegionChoices
from households.models import Household
from regions.models import Level, Region
from visits import coverage
from visits.codelists import SEEN
from visits.models import Capacity, Manner

VOID, ANY = "void", "any"
DUE, OVERDUE, DONE, ALL, MISSED = "due", "overdue", "done", "running", "missed"
STATES = {
    DUE: _("待走访"),
    OVERDUE: _("逾期"),
    DONE: _("已完成"),
    ALL: _("本期全部"),
    MISSED: _("往期未完成"),
}
NEVER = "never"
SINCE = {
    "90": _("三个月以上没有走访"),
    "180": _("半年以上没有走访"),
    "365": _("一年内未走访"),
    NEVER: _("从来没有走访记录"),
}


def in_region(queryset: Any, region: Region | None) -> Any:
    """Rows that carry their household's village, of a region."""
    if region is None:
        return queryset.none()
    if region.level == Level.VILLAGE:
        return queryset.filter(village=region)
    villages = Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
    return queryset.filter(village__in=list(villages))


class KeyFilter(django_filters.NumberFilter):
    """Narrows the list to one row that a link brought; shown as a chip, not as a control."""

    def __init__(self, label: Any, field_name: str) -> None:
        super().__init__(label=label, field_name=field_name, min_value=1, max_value=10**18)


class DayField(forms.DateField):
    """A day that is written on its chip as people write days."""

    widget = DateInput

    @staticmethod
    def chip(value: str) -> str:
        try:
            return dates.written(dt.date.fromisoformat(value))
        except ValueError:
            return value


class DayFilter(django_filters.DateFilter):
    field_class = DayField


class PlaceFilter(django_filters.FilterSet):
    """By region and by what a link brought."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    household = KeyFilter(_("农户"), "household")
    cadre = KeyFilter(_("干部"), "cadre")

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            form.fields["household"].chip = lambda pk: self._named(Household.objects.for_user(self.request.user), pk)
            form.fields["cadre"].chip = lambda pk: coverage.cadre_named(self.request.user, pk)
        return self._form

    def _named(self, rows: Any, pk: str) -> str:
        """The name of a row, else its key."""
        found = rows.filter(pk=pk).first() if pk.isdecimal() else None
        return str(found or pk)

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region(queryset, self.regions.chosen)


class VisitFilter(PlaceFilter):
    """Visits; those made void only where they are asked for."""

    manner = choice(_("方式"), Manner.choices)
    capacity = choice(_("以什么身份"), Capacity.choices, method="of_capacity")
    seen = choice(_("看到什么"), SEEN.choices, method="of_seen")
    asked = choice(_("农户诉求"), [("yes", _("提出了诉求"))], method="of_asked")
    since = DayFilter(label=_("从"), field_name="on", lookup_expr="gte")
    until = DayFilter(label=_("到"), field_name="on", lookup_expr="lte")
    state = choice(_("作废"), [(VOID, _("只列已作废")), (ANY, _("也列出"))], method="of_state", empty=_("不列"))
    visitor = KeyFilter(_("走访人"), "visitor")
    planned = DayFilter(label=_("约定走访日期"), field_name="next_on")

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["visitor"].chip = lambda pk: self._named(User.objects.all(), pk)
        return self._form

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.standing()

    def of_capacity(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(capacities__contains=[value])

    def of_seen(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(seen__contains=[value])

    def of_asked(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(request__isnull=False)

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.exclude(voided_at=None) if value == VOID else queryset


class DutyFilter(PlaceFilter):
    """What is missing in the periods that run; all of them, and what was missed before, where it is asked for."""

    state = choice(_("进度"), list(STATES.items()), method="of_state", empty=_("未完成"))
    rule = choice(_("走访要求"), [], method="of_rule")
    last = DayFilter(label=_("最迟日期"), field_name="next_due_on")

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["rule"].choices = [("", _("不限")), *coverage.rules_to_choose(self.request.user)]
        return self._form

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.missing()

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        return getattr(queryset, value)()

    def of_rule(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(rule=int(value))

    @property
    def order(self) -> str:
        """The latest first, where something is missing; of what was missed the newest; else the newest rows."""
        return {DONE: "-pk", ALL: "-pk", MISSED: "-next_due_on"}.get(self.data.get("state", ""), "next_due_on")


def _since(value: str) -> dt.date | None:
    return None if value == NEVER else timezone.localdate() - dt.timedelta(days=int(value))


def not_visited(queryset: Any, name: str, value: str) -> Any:
    """Households that nobody visited for so many days, or ever: any household, for the list of all."""
    since, ever = _since(value), coverage.visited(OuterRef("pk"))
    return queryset.filter(~Exists(ever if since is None else ever.filter(visited_on__gte=since)))


class VisitedFilter(django_filters.FilterSet):
    """Households by how long nobody has been there. `queryset` comes through the row gate."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    since = choice(_("多久没走访"), list(SINCE.items()), method="of_since")
    helper = django_filters.NumberFilter(label=_("牵头帮扶责任人"), method="of_helper", min_value=1, max_value=10**18)

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            form.fields["helper"].chip = lambda pk: coverage.cadre_named(self.request.user, pk)
        return self._form

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return self.regions.rows_of(queryset)

    def of_since(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(pk__in=coverage.long_ago(_since(value)).order_by().values("household"))

    def of_helper(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(Exists(coverage.leads(OuterRef("pk")).filter(cadre=int(value))))
