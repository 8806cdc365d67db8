"""What lists of surveys can be filtered by."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from common.forms import LightSelect
from households.filters import RegionChoices, RegionFilter, choice
from regions.models import Region
from surveys import progress
from surveys.models import SurveyRound

MISSING, STANDING, OVERDUE = "missing", "standing", "overdue"


class HiddenFilter(django_filters.CharFilter):
    """Narrows the list by what a link brought; shown as a chip, not as a control."""

    def __init__(self, label: Any, method: str, **kwargs: Any) -> None:
        super().__init__(label=label, method=method, max_length=60, **kwargs)


class RoundFilter(django_filters.FilterSet):
    """Households of one round, by place, stage and person. `queryset` holds those the round asks for, `round` is that round."""

    round = django_filters.ChoiceFilter(label=_("调查任务"), method="as_it_is", widget=LightSelect, empty_label=None)
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    stage = choice(
        _("进度"),
        [
            *progress.STAGES.items(),
            (STANDING, _("已送达（待审核、已退回、已通过）")),
            (MISSING, _("还没有调查（未开始、填写中）")),
            (OVERDUE, _("逾期未调查")),
        ],
        method="in_stage",
    )
    place = HiddenFilter(_("地区"), "in_place")  # a region outside the own area, in which one helps households
    hamlet = HiddenFilter(_("组（自然村）"), "in_hamlet")
    who = HiddenFilter(_("调查人"), "of_person")

    def __init__(
        self, data: Any, queryset: Any, *, round: SurveyRound, rounds: list[SurveyRound], request: Any
    ) -> None:
        super().__init__(data, queryset, request=request)
        self.round = round
        self.filters["round"].extra["choices"] = [(str(r.pk), r.title) for r in rounds]

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(self.request.user, (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = [("", _("全部地区")), *self.regions.choices]
            form.fields["who"].chip = lambda key: progress.names_of([self._key(key)]).get(self._key(key), "")
            form.fields["place"].chip = lambda pk: getattr(self._place(pk), "full_name", "")
            form.fields["hamlet"].chip = lambda text: _("未分组") if text == progress.BLANK else text
        return self._form

    @staticmethod
    def _key(value: str) -> str:
        return "" if value == progress.BLANK else value

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return self.regions.rows_of(queryset)

    @staticmethod
    def _place(pk: str) -> Region | None:
        return Region.objects.filter(pk=int(pk)).first() if pk.isdecimal() and len(pk) < 19 else None

    def in_place(self, queryset: Any, name: str, value: str) -> Any:
        region = self._place(value)
        return progress.within(queryset, region) if region is not None else queryset.none()

    def in_hamlet(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(hamlet=self._key(value))

    def of_person(self, queryset: Any, name: str, value: str) -> Any:
        return progress.of_person(queryset, self.round.year, self._key(value))

    def in_stage(self, queryset: Any, name: str, value: str) -> Any:
        if value == STANDING:
            return progress.standing(queryset, self.round.year)
        if value == MISSING:
            return progress.missing(queryset, self.round.year)
        if value == OVERDUE:
            late = progress.is_overdue(self.round)
            return progress.missing(queryset, self.round.year) if late else queryset.none()
        return progress.in_stage(queryset, self.round.year, value)
