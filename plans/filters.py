"""What plans and their tasks can be filtered by, and the columns of the board."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from common.forms import LightSelect
from common.lookups import among
from households.filters import RegionChoices, RegionFilter, choice
from households.querysets import paired_household_ids
from plans.models import Plan, Task
from regions.models import Level, Region

State = Plan.State
YEARS = 6
SOON = 30  # days
WAITING, YES, ALL, OVERDUE = "waiting", "yes", "all", "overdue"
# The columns of the board: {key: (title, states)}.
GROUPS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "drafting": (_("起草中"), (State.DRAFT.value, State.RETURNED.value)),
    "submitted": (State.SUBMITTED.label, (State.SUBMITTED.value,)),
    "approved": (State.APPROVED.label, (State.APPROVED.value,)),
    "in_progress": (State.IN_PROGRESS.label, (State.IN_PROGRESS.value,)),
    "finished": (_("已总结、已结束"), (State.REVIEWED.value, State.CLOSED.value)),
}


def in_region(queryset: Any, region: Region | None, village: str = "village") -> Any:
    """Rows of a region by the village they carry."""
    if region is None:
        return queryset.none()
    if region.level == Level.VILLAGE:
        return queryset.filter(**{village: region})
    villages = Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
    return queryset.filter(among(f"{village}_id", villages))


def mine(user: Any) -> Q:
    """Plans of the households one helps, that one drafted or submitted, or of which one has a task."""
    own = Q(drafted_by=user.username) | Q(submitted_by=user.username)
    own |= Exists(Task._base_manager.filter(goal__plan=OuterRef("pk"), owner=user.pk).exclude(state="dropped"))
    paired = paired_household_ids(user)
    return own | among("household_id", paired) if paired else own


class _InRegion(django_filters.FilterSet):
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    village = "village"

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            self.prepare(form)
        return self._form

    def prepare(self, form: forms.Form) -> None:
        """Choices that depend on the day or the user."""

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region(queryset, self.regions.chosen, self.village)


def years() -> list[tuple[str, Any]]:
    this = timezone.localdate().year
    return [(str(year), _("%(year)s年") % {"year": year}) for year in range(this + 1, this - YEARS, -1)]


class PlanFilter(_InRegion):
    """Plans. `queryset` comes through the row gate."""

    year = choice(_("年度"), [], method="of_year")
    state = choice(
        _("状态"),
        [("drafting", _("起草中（草稿、已退回）")), *State.choices, ("finished", GROUPS["finished"][0])],
        method="of_state",
    )
    overdue = choice(_("逾期"), [(YES, _("有逾期任务"))], method="is_overdue")
    mine = choice(_("范围"), [(YES, _("与我有关的"))], method="is_mine", empty=_("全部"))
    copied = choice(_("复制"), [(YES, _("由别户计划复制的")), ("no", _("不是复制的"))], method="is_copied")

    def prepare(self, form: forms.Form) -> None:
        form.fields["year"].choices = [("", _("不限")), *years()]
        if self._user and self._user.can(Permission.PLAN_APPROVE):
            form.fields["state"].choices = [*form.fields["state"].choices, (WAITING, _("待我审批"))]

    @property
    def _user(self) -> Any:
        return getattr(self.request, "user", None)

    def of_year(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(year=int(value))

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        if value == WAITING:
            return queryset.waiting_for(self._user)
        return queryset.filter(state__in=GROUPS[value][1]) if value in GROUPS else queryset.filter(state=value)

    def is_overdue(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.overdue()

    def is_mine(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(mine(self._user))

    def is_copied(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(copied_from__isnull=value != YES)


class TaskFilter(_InRegion):
    """Open tasks of plans that are carried out; nothing chosen means: one's own."""

    village = "goal__plan__village"
    who = choice(_("责任人"), [(ALL, _("全部责任人"))], method="as_it_is", empty=_("我的任务"))
    due = choice(_("期限"), [(OVERDUE, _("已逾期")), ("soon", _("30 天内到期"))], method="when")

    def filter_queryset(self, queryset: Any) -> Any:
        if self.form.cleaned_data["who"] != ALL:
            queryset = queryset.filter(owner=self.request.user.pk)
        return super().filter_queryset(queryset)

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def when(self, queryset: Any, name: str, value: str) -> Any:
        today = timezone.localdate()
        if value == OVERDUE:
            return queryset.filter(due_on__lt=today)
        return queryset.filter(due_on__gte=today, due_on__lte=today + dt.timedelta(days=SOON))
