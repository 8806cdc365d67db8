"""What lists of surveys can be filtered by."""

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
from accounts.roles import Permission
from common.forms import LightSelect
from households.filters import RegionChoices, RegionFilter, choice
from regions.models import Level, Region
from surveys import gaps, progress
from surveys.models import Difference, Survey, SurveyConflict, SurveyRound, VerificationTask

MISSING, STANDING, OVERDUE = "missing", "standing", "overdue"


class HiddenFilter(django_filters.CharFilter):
    """Narrows the list by what a link brought; shown as a chip, not as a control."""

    def __init__(self, label: Any, method: str, **kwargs: Any) -> None:
        super().__init__(label=label, method=method, max_length=60, **kwargs)


class PlaceFilter(django_filters.FilterSet):
    """Households by place and by who surveys them. `year` is that of the surveys."""

    year: int
    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    place = HiddenFilter(_("地区"), "in_place")  # a region outside the own area, in which one helps households
    hamlet = HiddenFilter(_("组（自然村）"), "in_hamlet")
    who = HiddenFilter(_("调查人"), "of_person")

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
        return progress.of_person(queryset, self.year, self._key(value))


class RoundFilter(PlaceFilter):
    """Households of one round, by place, stage and person. `queryset` holds those the round asks for, `round` is that round."""

    round = django_filters.ChoiceFilter(label=_("调查任务"), method="as_it_is", widget=LightSelect, empty_label=None)
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

    def __init__(
        self, data: Any, queryset: Any, *, round: SurveyRound, rounds: list[SurveyRound], request: Any
    ) -> None:
        super().__init__(data, queryset, request=request)
        self.round, self.year = round, round.year
        self.filters["round"].extra["choices"] = [(str(r.pk), r.title) for r in rounds]

    def as_it_is(self, queryset: Any, name: str, value: str) -> Any:
        return queryset

    def in_stage(self, queryset: Any, name: str, value: str) -> Any:
        if value == STANDING:
            return progress.standing(queryset, self.year)
        if value == MISSING:
            return progress.missing(queryset, self.year)
        if value == OVERDUE:
            late = progress.is_overdue(self.round)
            return progress.missing(queryset, self.year) if late else queryset.none()
        return progress.in_stage(queryset, self.year, value)


class GapFilter(PlaceFilter):
    """Households by the kind of gap they have."""

    kind = choice(_("缺漏"), [*gaps.KINDS.items()], method="of_kind", empty=_("任何一种"))

    def __init__(self, data: Any, queryset: Any, *, year: int, request: Any) -> None:
        super().__init__(data, queryset, request=request)
        self.year = year

    def filter_queryset(self, queryset: Any) -> Any:
        queryset = super().filter_queryset(queryset)
        return queryset if self.form.cleaned_data["kind"] else gaps.of_kind(queryset, self.year, "any")

    def of_kind(self, queryset: Any, name: str, value: str) -> Any:
        return gaps.of_kind(queryset, self.year, value)


# -- surveys --------------------------------------------------------------------------------------------------------------------

ANY = "any"
LATE = dt.timedelta(days=7)  # a survey that waits longer is pointed out
YEARS = 6


def in_region_of(queryset: Any, region: Region | None) -> Any:
    """Rows that hang off the households of a region, by its level."""
    if region is None:
        return queryset.none()
    if region.level == Level.VILLAGE:
        return queryset.filter(household__village=region)
    if region.level == Level.TOWNSHIP:
        return queryset.filter(household__township=region)
    villages = Region.objects.within(region).filter(level=Level.VILLAGE).values_list("pk", flat=True)
    return queryset.filter(household__village__in=list(villages))


class SurveyFilter(django_filters.FilterSet):
    """Surveys by place, state and what should be looked at. `queryset` comes through the row gate; nothing chosen means: what waits (for oneself, if one reviews)."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    state = choice(
        _("状态"),
        [(s.value, s.label) for s in Survey.State if s != Survey.State.DRAFT] + [(ANY, _("全部状态"))],
        method="of_state",
        empty=_("待审核"),
    )  # fmt: skip
    who = choice(_("调查人"), [], method="of_surveyor")
    year = choice(_("年度"), [], method="of_year")
    channel = choice(_("填写方式"), Survey.Channel.choices)
    conflict = choice(_("冲突"), [("some", _("有冲突")), ("none", _("没有冲突"))], method="with_conflict")
    question = choice(_("疑问"), [("some", _("有疑问")), ("none", _("没有疑问"))], method="with_question")
    late = choice(_("等候"), [("yes", _("超过 7 天"))], method="is_late")
    purpose = choice(
        _("类别"),
        [(Survey.Purpose.VERIFICATION.value, Survey.Purpose.VERIFICATION.label), (ANY, _("全部类别"))],
        method="of_purpose",
        empty=Survey.Purpose.SURVEY.label,
    )

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(getattr(self.request, "user", None), (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = [("", _("全部地区")), *self.regions.choices]
            form.fields["who"].choices = [("", _("不限")), *self.surveyors]
            if self.reviews:
                own = {"": _("待我审核"), Survey.State.SUBMITTED.value: _("待审核（含自己填的）")}
                form.fields["state"].choices = list((dict(form.fields["state"].choices) | own).items())
            this = timezone.localdate().year
            form.fields["year"].choices = [
                ("", _("不限")),
                *((str(y), _("%(year)s年") % {"year": y}) for y in range(this, this - YEARS, -1)),
            ]
        return self._form

    @cached_property
    def reviews(self) -> bool:
        """Whether what waits is what waits for this user: the badge, the tile and this list then say the same number."""
        user = getattr(self.request, "user", None)
        return bool(user and user.can(Permission.SURVEY_REVIEW))

    @cached_property
    def surveyors(self) -> list[tuple[str, str]]:
        """Who has surveys waiting, and the one asked for: the whole list of those who ever surveyed would be too long to choose from."""
        if not self.queryset.query.is_empty():
            waiting = self.queryset.filter(state=Survey.State.SUBMITTED).order_by().values("surveyor")
            found = dict(User.objects.filter(pk__in=waiting).order_by("name", "pk").values_list("pk", "name"))
        else:
            found = {}
        asked = (self.data or {}).get("who", "")
        if asked.isdecimal() and len(asked) < 19 and int(asked) not in found:
            theirs = self.queryset.filter(surveyor=int(asked)).order_by().values("surveyor")[:1]
            found |= dict(User.objects.filter(pk__in=theirs).values_list("pk", "name"))
        return [(str(pk), name) for pk, name in found.items()]

    def filter_queryset(self, queryset: Any) -> Any:
        own = self.form.cleaned_data
        if not own["state"] and not own["purpose"] and self.reviews:
            queryset = queryset.waiting_for(self.request.user)
        elif not own["state"]:
            queryset = queryset.filter(state=Survey.State.SUBMITTED)
        if not own["purpose"]:
            queryset = queryset.filter(purpose=Survey.Purpose.SURVEY)
        return super().filter_queryset(queryset)

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region_of(queryset, self.regions.chosen)

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.exclude(state=Survey.State.DRAFT) if value == ANY else queryset.filter(state=value)

    def of_purpose(self, queryset: Any, name: str, value: str) -> Any:
        return queryset if value == ANY else queryset.filter(purpose=value)

    def of_surveyor(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(surveyor=int(value))

    def of_year(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(year=int(value))

    def with_conflict(self, queryset: Any, name: str, value: str) -> Any:
        open_ones = Exists(SurveyConflict.objects.filter(survey=OuterRef("pk"), choice=""))
        return queryset.filter(open_ones) if value == "some" else queryset.filter(~open_ones)

    def with_question(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(questions__gt=0) if value == "some" else queryset.filter(questions=0)

    def is_late(self, queryset: Any, name: str, value: str) -> Any:
        return queryset.filter(submitted_at__lt=timezone.now() - LATE)


class TaskFilter(django_filters.FilterSet):
    """Verification tasks; nothing chosen means: what waits to be done."""

    region = RegionFilter(label=_("地区"), method="in_region", widget=LightSelect)
    state = choice(
        _("状态"),
        [
            ("unassigned", _("待派人")),
            ("differ", _("已复核，有差异未判定")),
            (VerificationTask.State.DONE.value, VerificationTask.State.DONE.label),
            (VerificationTask.State.CANCELLED.value, VerificationTask.State.CANCELLED.label),
            (ANY, _("全部状态")),
        ],
        method="of_state",
        empty=VerificationTask.State.OPEN.label,
    )

    @cached_property
    def regions(self) -> RegionChoices:
        return RegionChoices(self.request.user, (self.data or {}).get("region", ""))

    @property
    def form(self) -> forms.Form:
        if not hasattr(self, "_form"):
            form = super().form
            form.fields["region"].choices = [("", _("全部地区")), *self.regions.choices]
        return self._form

    def filter_queryset(self, queryset: Any) -> Any:
        if not self.form.cleaned_data["state"]:
            queryset = queryset.filter(state=VerificationTask.State.OPEN)
        return super().filter_queryset(queryset)

    def in_region(self, queryset: Any, name: str, value: str) -> Any:
        return in_region_of(queryset, self.regions.chosen)

    def of_state(self, queryset: Any, name: str, value: str) -> Any:
        match value:
            case "unassigned":
                return queryset.filter(state=VerificationTask.State.OPEN, assignee=None)
            case "differ":
                return queryset.filter(Exists(Difference.objects.filter(task=OuterRef("pk"), verdict="")))
            case "any":
                return queryset
        return queryset.filter(state=value)
