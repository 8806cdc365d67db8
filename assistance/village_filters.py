"""What lists of village projects, shortfalls and idle houses can be filtered by, and the households of a village behind a figure."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from assistance import housing, villages
from assistance.codelists import BUILT, SECTOR
from assistance.filters import in_region_of
from assistance.models import Beneficiary, IdleHouse, Tenancy, VillageProject
from assistance.services.projects import COMPLETE, UNFINISHED
from common.forms import LightSelect
from households import codelists
from households.filters import RegionChoices, RegionFilter, choice

ANY, LATE, OPEN, DONE = "any", "late", "open", "done"
SOON = dt.timedelta(days=30)  # an inspection due within these days is pointed out
YEARS = 6


def years() -> list[tuple[str, Any]]:
    this = timezone.localdate().year
    return [(str(y), _("%(year)s年") % {"year": y}) for y in range(this + 1, this - YEARS, -1)]


class VillageFilter(django_filters.FilterSet):
    """Rows of villages by place; `queryset` comes through the row gate."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            if "year" in form.fields:
                form.fields["year"].choices = [("", _("不限")), *years()]
        return self._form

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region_of(queryset, self.regions.chosen)


class ProjectFilter(VillageFilter):
    stage = choice(
        _("阶段"),
        [(OPEN, _("没有完工")), (DONE, _("完工及以后")), (LATE, _("逾期没有完工")), *VillageProject.Stage.choices],
        method="in_stage",
    )
    sector = choice(_("类别"), [c for c in SECTOR.choices if c[0] in BUILT])
    year = choice(_("年度"), [], method="of_year")

    def in_stage(self, queryset: Any, name: str, value: str) -> Any:
        if value == OPEN:
            return queryset.filter(stage__in=UNFINISHED)
        if value == DONE:
            return queryset.filter(stage__in=COMPLETE)
        return villages.late(queryset) if value == LATE else queryset.filter(stage=value)

    def of_year(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(year=int(value))


class ShortfallFilter(VillageFilter):
    """Nothing chosen means: what is still lacking."""

    state = choice(
        _("状态"),
        [("untied", _("还没有项目")), ("resolved", _("已补齐")), (ANY, _("全部"))],
        method="of_state",
        empty=_("没有补齐"),
    )
    sector = choice(_("类别"), SECTOR.choices)

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.filter(resolved_on=None)

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        match value:
            case "untied":
                return queryset.filter(resolved_on=None, project=None)
            case "resolved":
                return queryset.exclude(resolved_on=None)
        return queryset


class HouseFilter(VillageFilter):
    """Nothing chosen means: every house that has not been withdrawn."""

    state = choice(
        _("状态"),
        [("offer", _("可以安排入住")), *IdleHouse.State.choices, ("unsafe_let", _("住着人的危房")), (ANY, _("全部"))],
        method="of_state",
        empty=_("在册"),
    )
    inspection = choice(
        _("安全检查"),
        [("none", _("还没有检查")), ("due", _("30 天内到期")), ("overdue", _("已过期")), ("todo", _("到期、过期或没有检查"))],
        method="of_inspection",
    )  # fmt: skip
    grade = choice(_("安全等级"), codelists.DWELLING_GRADE.choices)
    step_free = choice(_("出入"), [("yes", _("平层，无台阶"))], method="is_step_free")

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.exclude(state=IdleHouse.State.WITHDRAWN)

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        match value:
            case "offer":
                return housing.free_houses(queryset)
            case "unsafe_let":
                lived_in = Tenancy.objects.filter(house=OuterRef("pk"), state=Tenancy.State.MOVED_IN)
                return queryset.filter(Exists(lived_in), grade__in=housing.UNSAFE_GRADES)
            case "any":
                return queryset
        return queryset.filter(state=value)

    def of_inspection(self, queryset: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        match value:
            case "none":
                return queryset.filter(next_inspection_on=None)
            case "overdue":
                return queryset.filter(next_inspection_on__lt=today)
            case "due":
                return queryset.filter(next_inspection_on__gte=today, next_inspection_on__lte=today + SOON)
        return to_inspect(queryset)

    def is_step_free(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(is_step_free=True)


def to_inspect(houses: Any) -> Any:
    """Houses that were never looked at, or are to be looked at within a month; those withdrawn are nobody's worry."""
    soon = timezone.localdate() + SOON
    unseen = houses.exclude(state=IdleHouse.State.WITHDRAWN)
    return unseen.filter(next_inspection_on=None) | unseen.filter(next_inspection_on__lte=soon)


class FigureFilter(django_filters.FilterSet):
    """Households of one village by the figure that opened the list."""

    of = choice(_("名单"), [], method="as_it_is", empty=_("全部农户"))
    year = choice(_("措施年度"), [], method="as_it_is")

    def __init__(self, data: Any, queryset: Any, **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        self.filters["of"].extra["choices"] = [(code, villages.label_of(code)) for code in villages.OF if code != "all"]
        self.filters["year"].extra["choices"] = years()

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def filter_queryset(self, queryset: Any) -> Any:
        own = self.form.cleaned_data
        year = int(own["year"] or timezone.localdate().year)
        return villages.narrowed(queryset, own["of"] or "all", year)


class BeneficiaryFilter(django_filters.FilterSet):
    """Households of a project's village by whether they benefit, and by hamlet."""

    have = choice(_("受益"), [("yes", _("受益户")), ("no", _("还不是受益户"))], method="benefits")
    hamlet = choice(_("组（自然村）"), [], method="in_hamlet")

    def __init__(self, data: Any, queryset: Any, *, project: VillageProject, hamlets: list[str], **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        self.project = project
        self.filters["hamlet"].extra["choices"] = [(name, name) for name in hamlets]

    def benefits(self, queryset: Any, name: str, value: str) -> Any:
        rows = Exists(Beneficiary.objects.filter(project=self.project, household=OuterRef("pk")))
        return queryset.filter(rows if value == "yes" else ~rows)

    def in_hamlet(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(hamlet=value)
