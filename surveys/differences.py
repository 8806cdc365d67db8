"""Differences between two surveys of a household that wait for a verdict, in words: for who may say which is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.roles import Permission
from households import codelists
from households.models import Member
from surveys import comparison, published
from surveys.comparison import JOINED, LEFT
from surveys.definitions import Definition
from surveys.models import Difference, Survey, SurveyForm

# Answers are read of the form, not of whole surveys.
HEAVY = [
    f"task__{which}__{name}" for which in ("first", "survey") for name in ("answers", "secrets", "base", "kept", "same")
]
FACTS = ("task__household__village", "task__household__township", "task__survey__surveyor", "task__first__surveyor")


def open_for(user: Any) -> QuerySet[Difference]:
    """What waits where the user reviews, and of which they may read both surveys: who is still to look at the household themself may not."""
    seen = Survey.objects.for_user(user).order_by().values("pk")
    rows = Difference.objects.for_user(user, Permission.SURVEY_REVIEW).filter(verdict="")
    return with_facts(rows.filter(task__first__in=seen, task__survey__in=seen))


def with_facts(rows: QuerySet[Difference]) -> QuerySet[Difference]:
    """Bring along what a row shows."""
    return rows.select_related(*FACTS).defer(*HEAVY)


def in_words(rows: Sequence[Difference], user: Any) -> list[tuple[Difference, dict[str, str]]]:
    """Each with what was asked and what the first and the second survey said. Two queries."""
    forms_of = SurveyForm.objects.filter(pk__in={row.task.first.form_id for row in rows})
    read = {form.pk: published.definition_of(form) for form in forms_of}
    uids = {row.path.partition("/")[0] for row in rows if "/" in row.path}
    names = dict(Member.objects.for_user(user).filter(uid__in=uids).values_list("uid", "name"))
    people = {str(uid): name for uid, name in names.items()}
    return [(row, _in_words(row, read[row.task.first.form_id], people)) for row in rows]


def _in_words(row: Difference, form: Definition, people: dict[str, str]) -> dict[str, str]:
    asked, (uid, _slash, name) = form.field(row.path), row.path.rpartition("/")
    label = asked.label if asked else {JOINED: _("新增成员"), LEFT: _("减少成员")}.get(name, name)
    label = f"{people[uid]} · {label}" if uid in people else label
    return {"label": label, "first": said(asked, name, row.first), "second": said(asked, name, row.second)}


def said(asked: Any, name: str, value: Any) -> str:
    """An answer in words; `asked` is None for members who came or went."""
    if asked is not None:
        return comparison.in_words(asked, value)
    if name == LEFT:
        return (
            _("减少：%(why)s") % {"why": codelists.LEAVE_REASON.label(value["reason"])}
            if isinstance(value, dict)
            else _("在册")
        )
    return str(value) if isinstance(value, str) else _("有") if value else _("没有")
