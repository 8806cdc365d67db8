"""Surveys, households of a round and verification tasks as lists show them, in a page and in the API. No answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions
from households.listing import with_row_facts as with_household_facts
from surveys import progress
from surveys.filters import LATE
from surveys.models import Difference, Survey, SurveyConflict, SurveyPhoto, VerificationDraw, VerificationTask

TONES = {"submitted": "blue", "returned": "red", "approved": "green", "withdrawn": "grey", "draft": "amber"}


def _number(rows: Any) -> Any:
    counted = rows.order_by().values("survey").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def with_row_facts(surveys: QuerySet[Survey]) -> QuerySet[Survey]:
    """Bring along what a row shows; answers and secrets stay in the database."""
    conflicts = SurveyConflict.objects.filter(survey=OuterRef("pk"), choice="")
    photos = SurveyPhoto.objects.filter(survey=OuterRef("pk"), state=SurveyPhoto.State.COMPLETE)
    return (
        surveys.select_related("household__village", "household__township", "surveyor")
        .defer("answers", "secrets", "base", "same", "kept", "effort", "household__phone", "household__bank_account")
        .annotate(conflict_count=_number(conflicts), photo_count=_number(photos))
    )


@dataclass(slots=True)
class Row:
    """One line."""

    survey: Survey
    mine: bool = False

    @property
    def name(self) -> str:
        return self.survey.household.householder_name or _("（无户主）")

    @property
    def choose(self) -> str:
        return _("选择%(name)s") % {"name": self.survey.household}

    @property
    def place(self) -> str:
        h = self.survey.household
        return f"{h.township.name}{h.village.name} {h.hamlet}".strip()

    @property
    def state(self) -> str:
        if self.survey.purpose == Survey.Purpose.VERIFICATION and self.survey.state == Survey.State.SUBMITTED:
            return _("已比对")
        return str(self.survey.get_state_display())

    @property
    def tone(self) -> str:
        return TONES[self.survey.state]

    @property
    def waits(self) -> str:
        """已等 8 天, for what is waited for."""
        if self.survey.state != Survey.State.SUBMITTED or self.survey.submitted_at is None:
            return ""
        days = (timezone.now() - self.survey.submitted_at).days
        return _("已等 %(days)s 天") % {"days": days} if days else _("今天送达")

    @property
    def is_late(self) -> bool:
        at = self.survey.submitted_at
        return self.survey.state == Survey.State.SUBMITTED and at is not None and at < timezone.now() - LATE

    @property
    def missing(self) -> int:
        return max(self.survey.photos_expected - self.survey.photo_count, 0)  # type: ignore[attr-defined]

    @property
    def marks(self) -> list[tuple[str, str]]:
        """What should be looked at: [(words, tone)]."""
        found = []
        if self.survey.conflict_count:  # type: ignore[attr-defined]
            found.append((_("冲突 %(count)s") % {"count": self.survey.conflict_count}, "amber"))  # type: ignore[attr-defined]
        if self.survey.questions:
            found.append((_("疑问 %(count)s") % {"count": self.survey.questions}, "amber"))
        if self.missing:
            found.append((_("照片未到 %(count)s") % {"count": self.missing}, "grey"))
        if self.mine:
            found.append((_("自己填的"), "grey"))
        return found


def rows_of(surveys: Iterable[Survey], user: Any) -> list[Row]:
    """Rows for surveys read by `with_row_facts`."""
    return [Row(survey, survey.surveyor_id == user.pk) for survey in surveys]


# -- households of a round ------------------------------------------------------------------------------------------------------


def with_progress(households: Any, year: int, user: Any) -> Any:
    """Bring along `stage`, `person` (whose it is) and `surveyed_on` of the survey that decides, where the user may see it."""
    newest = Survey.objects.for_user(user).filter(pk=OuterRef("decisive"))
    found = progress.with_person(progress.with_stage(with_household_facts(households), year), year)
    return found.annotate(surveyed_on=Subquery(newest.values("surveyed_on")[:1]))


def with_gap_facts(households: Any, year: int) -> Any:
    """Whole rows with their `stage`: gaps are looked for in all of a row."""
    return progress.with_stage(with_household_facts(households).defer(None), year)


# -- verification ---------------------------------------------------------------------------------------------------------------


def tasks_for(user: Any) -> QuerySet[VerificationTask]:
    """The tasks that concern somebody: all of the area for who draws or reviews, their own for who is sent."""
    rows = VerificationTask.objects.for_user(user)
    if user.can(Permission.SURVEY_SAMPLE) or user.can(Permission.SURVEY_REVIEW):
        return rows
    return rows.filter(assignee=user.pk)


def with_task_facts(tasks: QuerySet[VerificationTask]) -> QuerySet[VerificationTask]:
    """Bring along what a row shows; `open_count` differences wait for a verdict."""
    open_ones = Difference.objects.filter(task=OuterRef("pk"), verdict="").order_by()
    counted = open_ones.values("task").annotate(n=Count("pk")).values("n")
    return tasks.select_related(
        "household__village", "household__township", "assignee", "draw"
    ).annotate(open_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))  # fmt: skip


def draws_for(user: Any) -> QuerySet[VerificationDraw]:
    """Draws inside the regions where the user may draw."""
    area = Q(pk__in=[])
    for region in posted_regions(user, Permission.SURVEY_SAMPLE):
        area |= Q(region__path__startswith=region.path)
    return VerificationDraw.objects.filter(area).select_related("region")


def with_draw_facts(draws: QuerySet[VerificationDraw]) -> QuerySet[VerificationDraw]:
    """Bring along how many of the households were looked at, and of how many that was given up; the population stays in the database."""
    done, cancelled = VerificationTask.State.DONE, VerificationTask.State.CANCELLED
    return draws.select_related("region").defer("numbers").annotate(
        done=Count("tasks", Q(tasks__state=done)), cancelled=Count("tasks", Q(tasks__state=cancelled))
    )  # fmt: skip
