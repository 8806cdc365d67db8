"""What lists of orders, of their villages and households, and of appraisals can be filtered by. Nothing filters or orders by score."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.validators import RegexValidator
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.places import RegionChoices, RegionFilter, choice
from accounts.roles import Permission
from common import dates
from common.forms import LightSelect
from common.lookups import among
from regions.models import Level, Region
from supervision import activity, steps, waiting
from supervision.models import Appraisal, AppraisalRound, Order, OrderReceipt, OrderVillage

MONTHS = 13
RECEIVED, WAITED_FOR = "received", "waiting"


def months() -> list[tuple[str, str]]:
    """This month and those before it, ("2026-03", "2026年3月")."""
    found, month = [], timezone.localdate().replace(day=1)
    for _n in range(MONTHS):
        found.append((f"{month:%Y-%m}", dates.month(month)))
        month = activity.before(month)
    return found


class PlacedFilter(django_filters.FilterSet):
    """By a region of where the user sees orders."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)

    @cached_property
    def regions(self) -> RegionChoices:
        user = getattr(self.request, "user", None)
        return RegionChoices(user, (self.data or {}).get("region", ""), Permission.ORDER_VIEW)

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            super().form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
        return self._form

    @cached_property
    def inside(self) -> list[int]:
        """The villages of the chosen region."""
        if self.regions.chosen is None:
            return []
        rows = Region.objects.within(self.regions.chosen).filter(level=Level.VILLAGE).order_by()
        return list(rows.values_list("pk", flat=True))

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(among("village_id", self.inside))


class OrderFilter(PlacedFilter):
    """Orders. `queryset` comes through the row gate; nothing chosen lists those that were not withdrawn."""

    state = choice(
        _("状态"), [*Order.State.choices, (waiting.UNRECEIVED, _("待签收")), (waiting.LATE, _("超期"))], method="of_state", empty=_("全部，不含撤回")
    )  # fmt: skip
    level = choice(_("下达单位"), [("3", _("县")), ("4", _("乡镇"))], method="of_level")
    month = choice(_("下达月份"), [], method="of_month")

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["month"].choices = [("", _("不限")), *self._months()]
        return self._form

    def _months(self) -> list[tuple[str, str]]:
        """The last months, and one further back that a link asks for."""
        found = months()
        asked = (self.data or {}).get("month", "")
        month = activity.month_of(asked)
        if asked and f"{month:%Y-%m}" == asked and asked not in dict(found):
            found.append((asked, dates.month(month)))
        return found

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.exclude(state=Order.State.WITHDRAWN)

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(
            Exists(
                OrderVillage.objects.for_user(self.request.user).filter(
                    among("village_id", self.inside), order=OuterRef("pk")
                )
            )
        )

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        if value == waiting.UNRECEIVED:
            return waiting.unreceived(self.request.user, queryset)
        if value == waiting.LATE:
            return waiting.late(self.request.user, queryset)
        return queryset.filter(state=value)

    def of_level(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(region__level=int(value))

    def of_month(self, queryset: Any, name: str, value: str) -> Any:
        month = activity.month_of(value)
        return queryset.filter(issued_on__gte=month, issued_on__lt=activity.after(month))


class OrderHouseholdFilter(PlacedFilter):
    """Households of an order by the figure that opened the list."""

    of = choice(_("名单"), list(steps.LISTS.items()), method="as_it_is", empty=_("下达到户"))

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset


class OrderPlaceFilter(django_filters.FilterSet):
    """Townships or villages that are to receive an order."""

    state = choice(_("签收"), [(RECEIVED, _("已签收")), (WAITED_FOR, _("还没有签收"))], method="of_state")
    level = choice(_("级别"), [("4", _("乡镇")), ("5", _("村"))], method="of_level")
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)

    def __init__(self, data: Any, queryset: Any, *, order: Order, **kwargs: Any) -> None:
        super().__init__(data, queryset, **kwargs)
        self.of_order = order

    @cached_property
    def regions(self) -> RegionChoices:
        user = getattr(self.request, "user", None)
        return RegionChoices(user, (self.data or {}).get("region", ""), Permission.ORDER_VIEW)

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            super().form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
        return self._form

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        got = Exists(
            OrderReceipt.objects.filter(region=OuterRef("pk"), order=self.of_order, version=self.of_order.version)
        )
        return queryset.filter(got if value == RECEIVED else ~got)

    def of_level(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(level=int(value))

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        chosen = self.regions.chosen
        return queryset.filter(path__startswith=chosen.path) if chosen else queryset.none()


class ActivityFilter(PlacedFilter):
    """Rows of a month and region, for programs: the page is opened by a figure that says both. `queryset` is narrowed already."""

    month = django_filters.CharFilter(
        label=_("月份，如 2026-03"), method="as_it_is",
        validators=[RegexValidator(r"^20[0-9]{2}-(0[1-9]|1[0-2])\Z", _("月份应写成 2026-03 的样子。"))],
    )  # fmt: skip

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return queryset


class AppraisalFilter(django_filters.FilterSet):
    """Appraisals of others. `queryset` comes through the row gate; the list stands in order of unit and name, and in no other."""

    round = choice(_("考评"), [], method="of_round")
    state = choice(_("状态"), Appraisal.State.choices, method="of_state")
    unit = choice(_("单位"), [], method="of_unit")

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            user = self.request.user
            rounds = AppraisalRound.objects.for_user(user).exclude(state="discarded").select_related("region")
            form.fields["round"].choices = [("", _("全部")), *((str(r.pk), said_round(r)) for r in rounds.order_by("-starts_on", "-pk")[:60])]  # fmt: skip
            units = Appraisal.objects.for_user(user).order_by("cadre__unit__name", "cadre__unit_id").values_list("cadre__unit_id", "cadre__unit__name")  # fmt: skip
            form.fields["unit"].choices = lambda: [("", _("全部")), *((str(pk), name) for pk, name in units.distinct()[:200])]  # fmt: skip
        return self._form

    def of_round(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(round=int(value))

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(state=value)

    def of_unit(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(cadre__unit=int(value))


class OwnFilter(django_filters.FilterSet):
    """One's own appraisals."""

    state = choice(_("状态"), Appraisal.State.choices[1:])


def said_round(round: AppraisalRound) -> str:
    """石门乡 2026年1月1日至2026年3月31日"""
    days: dict[str, Any] = {"first": dates.written(round.starts_on), "last": dates.written(round.last_day)}
    return f"{round.region.name} {_('%(first)s至%(last)s') % days}"
