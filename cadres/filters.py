"""What lists of units, cadres and teams can be filtered by. `queryset` comes through the row gate; `request.user` decides which regions there are."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.places import RegionChoices, RegionFilter, choice
from accounts.roles import Permission
from cadres import codelists, teams
from cadres.models import Affiliation, Cadre, Rank, TeamMember, Unit
from cadres.querysets import in_force
from common.forms import LightSelect


class NameFilter(django_filters.CharFilter):
    """A part of a name."""

    def __init__(self, label: Any, **options: Any) -> None:
        attrs = {"type": "search", "autocomplete": "off", "spellcheck": "false", "enterkeyhint": "search"}
        super().__init__(
            label=label,
            field_name="name",
            lookup_expr="contains",
            max_length=40,
            widget=forms.TextInput(attrs=attrs),
            **options,
        )


class UnitFilter(django_filters.Filter):
    """Narrows the list to one unit that a link brought; shown as a chip, not as a control."""

    class Field(forms.IntegerField):
        widget = forms.HiddenInput
        user: Any = None

        def chip(self, value: str) -> str:
            units = (
                Unit.objects.for_user(self.user)
                if self.user and value.isdecimal() and len(value) < 19
                else Unit.objects.none()
            )
            return units.filter(pk=value).values_list("name", flat=True).first() or value

    field_class = Field


class InArea(django_filters.FilterSet):
    """A list narrowed to a region of one's own area."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)

    @cached_property
    def regions(self) -> RegionChoices:
        user = getattr(self.request, "user", None)
        return RegionChoices(user, (self.data or {}).get("region", ""), Permission.CADRE_VIEW)

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = lambda: [("", _("全部地区")), *self.regions.choices]
        return self._form

    region_path = "region__path"

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        chosen = self.regions.chosen
        return queryset.filter(**{f"{self.region_path}__startswith": chosen.path}) if chosen else queryset.none()


class UnitListFilter(InArea):
    q = NameFilter(_("单位名称"))
    affiliation = choice(_("隶属关系"), Affiliation.choices)
    state = choice(_("状态"), [("closed", _("只列停用"))], method="in_state", empty=_("在用"))

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.open()

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(closed_on__lte=timezone.localdate())


class CadreFilter(InArea):
    q = NameFilter(_("姓名"))
    unit = UnitFilter(label=_("单位"), field_name="unit")
    rank = choice(
        _("职级"), [("plain", Rank.ORDINARY.label), *((r.value, r.label) for r in Rank if r.value)], method="of_rank"
    )
    party = choice(_("党员"), [("yes", _("是")), ("no", _("不是"))], method="of_party")
    login = choice(_("登录账号"), [("yes", _("有")), ("no", _("没有"))], method="with_login")
    place = choice(_("驻村"), [("yes", _("在工作队")), ("no", _("不在工作队"))], method="in_team")
    language = choice(_("会说"), codelists.LANGUAGES.choices, method="speaking")
    skill = choice(_("专长"), codelists.SKILLS.choices, method="skilled")
    state = choice(_("在岗"), [("left", _("只列离岗"))], method="in_state", empty=_("在岗"))

    region_path = "unit__region__path"

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            super().form.fields["unit"].user = getattr(self.request, "user", None)  # type: ignore[attr-defined]
        return self._form

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["state"] else queryset.serving()

    def of_rank(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(rank="" if value == "plain" else value)

    def of_party(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(is_party_member=value == "yes")

    def with_login(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(user__isnull=value == "no")

    def in_team(self, queryset: Any, name: str, value: str) -> Any:
        now = Exists(TeamMember.objects.filter(in_force(), cadre=OuterRef("pk")))
        return queryset.filter(now if value == "yes" else ~now)

    def speaking(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(languages__contains=[value])

    def skilled(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(skills__contains=[value])

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(left_on__lte=timezone.localdate())


class TeamFilter(InArea):
    """Over villages that `teams.with_state` has looked at."""

    state = choice(_("情况"), list(teams.LABELS.items()), method="in_state")

    region_path = "path"

    def in_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(teams.WHERE[value])


def serving_by_name(user: Any, q: str) -> Any:
    """Serving cadres that the user sees, whose name has `q` in it."""
    return Cadre.objects.for_user(user).serving().filter(name__contains=q).select_related("unit").order_by("name", "pk")


__all__ = ["CadreFilter", "InArea", "TeamFilter", "UnitListFilter", "serving_by_name"]
