"""What the lists of party building can be filtered by; the figures of the pages lead to these lists with the same words."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.places import RegionChoices, RegionFilter, choice
from accounts.roles import Permission
from common.forms import LightSelect
from common.lookups import among
from party import coverage, development, periods, staffing
from party.codelists import FACILITIES
from party.models import COMING, MEMBERS, Classroom, Facility, Kind, Session, Stage
from party.rules import Rules
from party.scope import in_region, villages_of


def span_choices() -> list[tuple[str, str]]:
    return [(span.code, span.label) for span in periods.offered()]


class SpanField(forms.CharField):
    """A month, quarter or year by its code; months and other years than those offered come from the pages."""

    default_error_messages = {"invalid": _("这个时间段不对，请重新选择。")}

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        span = periods.parse(text)
        if span is None:
            raise forms.ValidationError(self.default_error_messages["invalid"])
        return span

    def chip(self, value: str) -> str:
        span = periods.parse(value)
        return span.label if span else value


class SpanFilter(django_filters.Filter):
    field_class = SpanField

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label=_("时间"), widget=LightSelect, **kwargs)


class PlaceFilter(django_filters.FilterSet):
    """Rows of villages by place; `queryset` comes through the row gate."""

    column = "village_id"
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)

    @property
    def user(self) -> Any:
        return getattr(self.request, "user", None)

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(self.user, (self.data or {}).get("region", ""), Permission.PARTY_VIEW)

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
            if "span" in form.fields:
                chosen = periods.parse((self.data or {}).get("span", ""))
                offered = span_choices()
                if chosen and chosen.code not in dict(offered):
                    offered.append((chosen.code, chosen.label))
                form.fields["span"].widget.choices = [("", _("不限")), *offered]
            self._form = form
        return self._form

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region(queryset, self.user, self.regions.chosen, self.column)

    @cached_property
    def villages(self) -> list[Any]:
        """The villages the list can hold, for what is worked out village by village."""
        return villages_of(self.user, self.regions.chosen)


class PersonFilter(PlaceFilter):
    """Nothing chosen means: everybody confirmed who has not left."""

    column = "branch__village_id"
    stage = choice(
        _("阶段"),
        [
            ("members", _("党员")),
            ("coming", _("培养对象")),
            *Stage.choices,
            ("waiting", _("登记待确认")),
            ("left", _("已离开")),
        ],
        method="of_stage",
    )
    trait = choice(
        _("特点"),
        [
            ("able", _("有帮带能力")),
            ("developed", _("近年发展的年轻党员")),
            ("young", _("年轻党员")),
            ("next", _("年轻的培养对象")),
        ],
        method="of_trait",
    )
    attended = choice(_("课堂"), [("yes", _("来过")), ("no", _("没来过"))], method="as_it_is")
    span = SpanFilter(method="as_it_is")

    def as_it_is(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        own = self.form.cleaned_data
        if (
            not own["stage"] and own["trait"] != "developed"
        ):  # who was developed and moved away or died since was developed
            queryset = queryset.filter(coverage.people_there())
        if own["attended"]:
            span = own["span"] or periods.span_of("year", timezone.localdate())
            came = coverage.attended(span)
            queryset = queryset.filter(coverage.people_there(), came if own["attended"] == "yes" else ~came)
        return queryset

    def of_stage(self, queryset: Any, name: str, value: str) -> Any:
        match value:
            case "left":
                return queryset.exclude(left_on=None)
            case "waiting":
                return queryset.filter(left_on=None, stage="")
            case "members":
                return queryset.filter(left_on=None, stage__in=MEMBERS)
            case "coming":
                return queryset.filter(left_on=None, stage__in=COMING)
        return queryset.filter(left_on=None, stage=value)

    def of_trait(self, queryset: Any, name: str, value: str) -> Any:
        if value == "able":
            return queryset.filter(is_able=True)
        rules = Rules.load(activities=False)
        if value == "young":
            members = queryset.filter(left_on=None, stage__in=MEMBERS)
            today, of = timezone.localdate(), {village.pk: rules.of(village).young_age for village in self.villages}
            rows = members.values_list("pk", "birth_date", "branch__village_id")
            return members.filter(
                among(
                    "pk", [pk for pk, birth, village in rows if development.age_on(birth, today) <= of.get(village, 0)]
                )
            )
        outlooks = development.look(self.villages, rules)
        people = [p.pk for o in outlooks for p in (o.developed if value == "developed" else o.coming)]
        return queryset.filter(among("pk", people))


class BranchFilter(PlaceFilter):
    gap = choice(_("缺什么"), [("any", _("任何一项")), *staffing.GAPS.items()], method="with_gap")

    @cached_property
    def facts(self) -> list[staffing.Facts]:
        return staffing.look(self.villages, Rules.load(activities=False))

    def with_gap(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(among("pk", staffing.branches_with(self.facts, value)))


class SessionFilter(PlaceFilter):
    classroom = choice(_("课堂"), Classroom.choices, field_name="course__classroom")
    state = choice(_("状态"), Session.State.choices)
    span = SpanFilter(method="in_span")

    def in_span(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(held_on__gte=value.first, held_on__lt=value.end)


class ActivityFilter(PlaceFilter):
    column = "branch__village_id"
    kind = choice(_("种类"), Kind.choices)
    span = SpanFilter(method="in_span")

    def in_span(self, queryset: Any, name: str, value: Any) -> Any:
        return queryset.filter(held_on__gte=value.first, held_on__lt=value.end)


class FacilityFilter(PlaceFilter):
    kind = choice(_("种类"), FACILITIES.choices)
    state = choice(_("状态"), Facility.State.choices)
    check = choice(_("检查"), [("due", _("该检查了")), ("never", _("没有检查过"))], method="to_check")

    def to_check(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(next_check_on=None) if value == "never" else check_due(queryset)


def check_due(facilities: Any) -> Any:
    """Never checked, or to be checked by today."""
    return facilities.filter(next_check_on=None) | facilities.filter(next_check_on__lte=timezone.localdate())
