"""A survey as lists show it, in a page and in the API: who, where, when, and what somebody should look at. No answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from surveys.filters import LATE
from surveys.models import Survey, SurveyConflict, SurveyPhoto

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
