"""What lists of measures and of requests can be filtered by."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import Permission
from assistance.codelists import SOURCE
from assistance.departments import own_kinds
from assistance.models import Confirmation, Fund, Measure, PayRow, ServiceRequest
from catalogue.codelists import COLUMN
from catalogue.models import MeasureKind, ReliefCategory
from common.forms import LightSelect
from households.filters import RegionChoices, RegionFilter, choice
from households.models import Household, Member
from regions.models import Level, Region

MINE, UNCONFIRMED, DENIED = "mine", "unconfirmed", "denied"
WAITING, DOING, LATE = "waiting", "doing", "late"
YEARS = 6


def years() -> list[tuple[str, Any]]:
    """Next year, this one and those before."""
    this = timezone.localdate().year
    found = [str(this + 1), *map(str, range(this, this - YEARS, -1))]
    return [("", _("不限")), *((y, _("%(year)s年") % {"year": y}) for y in found)]


def in_region_of(queryset: Any, region: Region | None) -> Any:
    """Rows that carry their household's village, of a region."""
    if region is None:
        return queryset.none()
    if region.level == Level.VILLAGE:
        return queryset.filter(village=region)
    villages = Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
    return queryset.filter(village__in=list(villages))


def waiting_for(user: Any) -> Any:
    """Measures that this user may decide on: proposed by somebody else."""
    rows = Measure.objects.for_user(user, Permission.MEASURE_APPROVE)
    return rows.filter(state=Measure.State.PROPOSED).exclude(proposed_by=user.username)


def denied(queryset: Any) -> Any:
    """Measures of which a household said that something did not arrive which still stands."""
    return queryset.filter(
        Exists(
            Confirmation.objects.filter(received=False, delivery__reversed_by=None, delivery__measure=OuterRef("pk"))
        )
    )


class KeyFilter(django_filters.NumberFilter):
    """Narrows the list to one household or member that a link brought; shown as a chip, not as a control."""

    def __init__(self, label: Any, method: str) -> None:
        super().__init__(label=label, method=method, min_value=1, max_value=10**18)


class DepartmentFilter(django_filters.FilterSet):
    """Measures of a department's own kinds. `queryset` comes through its row gate."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    kind = choice(_("措施"), [], method="of_kind")
    state = choice(_("状态"), [*Measure.State.choices, (DENIED, _("农户说未收到"))], method="of_state")
    year = choice(_("年度"), [], method="of_year")

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(
            getattr(self.request, "user", None), (self.data or {}).get("region", ""), Permission.MEASURE_DEPARTMENT
        )

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = [("", _("全部地区")), *self.regions.choices]
            form.fields["year"].choices = years()
            kinds = [(str(kind.pk), kind.title) for kind in own_kinds(self.request.user)]
            form.fields["kind"].choices = [("", _("不限")), *kinds]
        return self._form

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region_of(queryset, self.regions.chosen)

    def of_kind(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(kind=int(value))

    def of_year(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(year=int(value))

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        return denied(queryset) if value == DENIED else queryset.filter(state=value)


class PlaceFilter(django_filters.FilterSet):
    """By region and by what a link brought."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    household = KeyFilter(_("农户"), "of_household")

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = [("", _("全部地区")), *self.regions.choices]
            form.fields["household"].chip = lambda pk: self._named(Household, pk)
        return self._form

    def _named(self, model: Any, pk: str) -> str:
        """The name of a row that this user may see, else its key."""
        found = model.objects.for_user(self.request.user).filter(pk=pk).first() if pk.isdecimal() else None
        return str(found or pk)

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region_of(queryset, self.regions.chosen)

    def of_household(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(household=int(value))


class MeasureFilter(PlaceFilter):
    """Measures. `queryset` comes through the row gate."""

    state = choice(
        _("状态"),
        [*Measure.State.choices, (MINE, _("待我审批")), (UNCONFIRMED, _("未确认")), (DENIED, _("农户说未收到"))],
        method="of_state",
    )
    year = choice(_("年度"), [], method="of_year")
    kind = choice(_("措施"), [], method="of_kind")
    column = choice(_("类别"), COLUMN.choices, method="of_column")
    category = choice(_("救助类别"), [], method="of_category")
    member = KeyFilter(_("受益人"), "of_member")

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["year"].choices = years()
            kinds = MeasureKind.objects.order_by("column", "code").values_list("pk", "title")
            form.fields["kind"].choices = lambda: [("", _("不限")), *((str(pk), title) for pk, title in kinds)]
            rows = ReliefCategory.objects.order_by("place", "pk").values_list("pk", "name")
            form.fields["category"].choices = lambda: [("", _("不限")), *((str(pk), name) for pk, name in rows)]
            form.fields["member"].chip = lambda pk: self._named(Member, pk)
        return self._form

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        match value:
            case "mine":
                return queryset.filter(pk__in=waiting_for(self.request.user).order_by().values("pk"))
            case "unconfirmed":
                return queryset.filter(state=Measure.State.DELIVERED)
            case "denied":
                return denied(queryset)
        return queryset.filter(state=value)

    def of_year(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(year=int(value))

    def of_kind(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(kind=int(value))

    def of_column(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(kind__in=list(MeasureKind.objects.filter(column=value).values_list("pk", flat=True)))

    def of_category(self, queryset: Any, name: str, value: str) -> Any:
        kinds = MeasureKind.objects.filter(category=int(value)).values_list("pk", flat=True)
        return queryset.filter(kind__in=list(kinds))

    def of_member(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(member=int(value))


class RequestFilter(PlaceFilter):
    """Requests; nothing chosen means all of them."""

    state = choice(
        _("状态"),
        [*ServiceRequest.State.choices, (DOING, _("待我办理")), (LATE, _("超过答复期限"))],
        method="of_state",
    )
    column = choice(_("类别"), COLUMN.choices)

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        if value == DOING:
            return queryset.filter(state=ServiceRequest.State.TAKEN, taker=self.request.user.pk)
        if value == LATE:
            open_ones = [ServiceRequest.State.ASKED, ServiceRequest.State.TAKEN]
            return queryset.filter(state__in=open_ones, due_on__lt=timezone.localdate())
        return queryset.filter(state=value)


class FundFilter(django_filters.FilterSet):
    """Funds; the page shows one year, nothing chosen means all."""

    year = django_filters.NumberFilter(label=_("年度"), min_value=2000, max_value=2100)
    source = choice(_("资金来源"), SOURCE.choices)

    class Meta:
        model = Fund
        fields: tuple[str, ...] = ()


class PayRowFilter(django_filters.FilterSet):
    """Rows of a subsidy list by what became of them."""

    outcome = choice(_("结果"), PayRow.Outcome.choices)
    why = choice(_("原因种类"), PayRow.Why.choices)
