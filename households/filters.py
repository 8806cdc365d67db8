"""What households can be filtered by: one declaration for the page, the API and the export."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import places
from accounts.places import RegionFilter, choice
from accounts.roles import Permission
from cadres.models import Cadre, Unit
from common.forms import LightSelect
from households import codelists, coverage
from households.ledger import CHECK_TITLES
from households.models import HouseholdYear, MatchingRow, Member, Pairing, Status, StatusChange
from households.models.status import MONITORED
from households.search import Search, SearchField
from regions.models import Level, Region

MONITORED_ALL = "monitored"
KEYS = ("cadre", "unit")  # filters that only links set


def every(codes: Any) -> list[tuple[str, Any]]:
    """All codes of a list, those of earlier eras too: old records must be findable."""
    return [(code.code, code.label) for code in codes.codes]


class RegionChoices(places.RegionChoices):
    """The regions one can choose from where households may be seen, and the households of the chosen one."""

    def __init__(self, user: Any, chosen: str, permission: Permission = Permission.HOUSEHOLD_VIEW) -> None:
        super().__init__(user, chosen, permission)

    def rows_of(self, households: Any) -> Any:
        """The households of the chosen region. By its level, because each level has a column or a list of its own to look in."""
        region = self.chosen
        if region is None:
            return households.none()
        if region.level == Level.VILLAGE:
            return households.filter(village=region)
        if region.level == Level.TOWNSHIP:
            return households.filter(township=region)
        villages = Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
        return households.filter(village__in=list(villages))


class SearchFilter(django_filters.Filter):
    field_class = SearchField

    def filter(self, qs: Any, value: Search | None) -> Any:
        return qs if value is None else value.restrict(qs)


class KeyField(forms.IntegerField):
    """The key of a row that the page names in its links; the chip says its name to whoever may see it."""

    widget = forms.HiddenInput
    user: Any = None

    def __init__(self, *, model: Any, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=2**31 - 1, **kwargs)
        self.model = model

    def chip(self, value: str) -> str:
        found = self.model.objects.for_user(self.user).filter(pk=int(value)).first() if value.isdecimal() else None
        return str(found) if found is not None else "—"


class KeyFilter(django_filters.Filter):
    field_class = KeyField


class HouseholdFilter(django_filters.FilterSet):
    """Filters of households. `queryset` comes through the row gate; `request.user` decides which regions there are."""

    q = SearchFilter(
        label=_("查找"),
        widget=forms.TextInput(
            attrs={
                "type": "search",
                "autocomplete": "off",
                "spellcheck": "false",
                "enterkeyhint": "search",
                "maxlength": "40",
            }
        ),
    )
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    status = choice(_("身份"), [(MONITORED_ALL, _("三类监测对象")), *Status.choices], method="of_status")
    category = choice(_("户属性"), every(codelists.CATEGORY))
    cause = choice(_("主要致贫原因"), every(codelists.CAUSE), field_name="main_cause")
    check = choice(_("两不愁三保障"), [("any", _("有未达标项")), *CHECK_TITLES.items()], method="unmet")
    helper = choice(
        _("帮扶责任人"),
        [
            ("none", _("没有")),
            ("some", _("有")),
            *((code, label) for code, label in coverage.HOUSEHOLDS.items() if code != "none"),
        ],
        method="with_helper",
    )
    cadre = KeyFilter(label=_("帮扶责任人是"), method="helped_by", model=Cadre)
    unit = KeyFilter(label=_("帮扶单位"), method="helped_from", model=Unit)
    phone = choice(_("联系电话"), [("none", _("没有")), ("some", _("有"))], method="with_phone")
    proposal = choice(_("身份变更"), [("open", _("待县级确认"))], method="with_proposal")
    closed = choice(
        _("已销户"), [("with", _("也列出")), ("only", _("只列已销户"))], method="with_closed", empty=_("不列")
    )

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            # Read when they are drawn or a region is asked for: a search of the whole area that swaps only its results needs none.
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            for name in KEYS:
                form.fields[name].user = getattr(self.request, "user", None)
        return self._form

    @property
    def search(self) -> Search | None:
        """What is searched for, once the filter is valid."""
        return self.form.cleaned_data.get("q") if self.is_valid() else None

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["closed"] else queryset.active()

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return self.regions.rows_of(queryset)

    def of_status(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(status__in=MONITORED) if value == MONITORED_ALL else queryset.filter(status=value)

    def unmet(self, queryset: Any, name: str, value: str) -> Any:
        queryset = queryset.filter(open_checks__gt=0)
        if value == "any":
            return queryset
        newest = HouseholdYear.objects.filter(household=OuterRef("pk"), year=OuterRef("latest_year"))
        return queryset.filter(Exists(newest.filter(**{f"check_{value}": "no"})))

    def with_helper(self, queryset: Any, name: str, value: str) -> Any:
        return coverage.narrowed(queryset, value)

    def helped_by(self, queryset: Any, name: str, value: int) -> Any:
        helps = Pairing.objects.current().ordinary().filter(household=OuterRef("pk"), cadre=value)
        return queryset.filter(Exists(helps))

    def helped_from(self, queryset: Any, name: str, value: int) -> Any:
        helps = Pairing.objects.current().ordinary().filter(household=OuterRef("pk"), cadre__unit=value)
        return queryset.filter(Exists(helps))

    def with_phone(self, queryset: Any, name: str, value: str) -> Any:
        reachable = ~Q(phone_hash="") | Q(
            Exists(Member.objects.present().filter(~Q(phone_hash=""), household=OuterRef("pk")))
        )
        return queryset.filter(reachable) if value == "some" else queryset.exclude(reachable)

    def with_proposal(self, queryset: Any, name: str, value: str) -> Any:
        waiting = StatusChange.objects.filter(state=StatusChange.State.PROPOSED, household=OuterRef("pk"))
        return queryset.filter(Exists(waiting))

    def with_closed(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.exclude(closed_on=None) if value == "only" else queryset


class AreaFilter(django_filters.FilterSet):
    """Lists of who helps, for who may see cadres; without a region chosen those of the own area."""

    region = RegionFilter(label=_("地区"), method="as_it_is", widget=LightSelect)

    @cached_property
    def regions(self) -> places.RegionChoices:
        user = getattr(self.request, "user", None)
        return places.RegionChoices(user, (self.data or {}).get("region", ""), Permission.CADRE_VIEW)

    @property
    def at(self) -> Region | None:
        """The region chosen, or the one the user is posted in."""
        tops = self.regions.tops
        return self.regions.chosen or (tops[0] if len(tops) == 1 else None)

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            if "unit" in form.fields:
                form.fields["unit"].user = getattr(self.request, "user", None)
        return self._form

    def as_it_is(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset


class HelperFilter(AreaFilter):
    """Cadres by the figure that opened the list."""

    of = choice(
        _("名单"), [(code, label) for code, label in coverage.CADRES.items() if code != "helpers"], method="as_it_is",
        empty=coverage.CADRES["helpers"],
    )  # fmt: skip
    name = django_filters.CharFilter(label=_("姓名"), method="as_it_is", max_length=20)
    unit = KeyFilter(label=_("单位"), method="as_it_is", model=Unit)

    def filter_queryset(self, queryset: Any) -> Any:
        own = self.form.cleaned_data
        found = coverage.cadres_of(self.request.user, own["of"] or "helpers", self.at)
        if own["unit"]:
            found = found.filter(unit=own["unit"])
        return found.filter(name__contains=own["name"]) if own["name"] else found


class UnitFilter(AreaFilter):
    """Units by whether anybody of them helps."""

    of = choice(_("名单"), list(coverage.UNITS.items()), method="as_it_is", empty=_("全部单位"))

    def filter_queryset(self, queryset: Any) -> Any:
        return coverage.units_of(self.request.user, self.form.cleaned_data["of"], self.at)


class MatchingRowFilter(django_filters.FilterSet):
    """Households of a proposal. `queryset` comes through the row gate."""

    of = choice(_("结果"), MatchingRow.Outcome.choices, field_name="outcome", empty=_("全部"))
    name = django_filters.CharFilter(label=_("帮扶责任人姓名"), method="of_helper", max_length=20)

    def of_helper(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(proposed__name__contains=value) | queryset.filter(now__name__contains=value)


def also(name: str, filter: django_filters.Filter) -> None:
    """A filter of an upper floor among those of households: on the page, in the API, in saved views. Its `method` is a function of
    (queryset, name, value). Called in `AppConfig.ready`."""
    HouseholdFilter.base_filters[name] = filter
