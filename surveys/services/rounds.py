"""Verbs on rounds of surveys: which households of a region are to be surveyed from when to when."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from common import audit
from common.text import normalise_text
from households.services import LedgerError
from regions.models import Region
from surveys.models import SurveyRound

EARLIEST = 2010
LONGEST = 400  # days; a round that runs longer than a year has a wrong date


def _checked(title: str, year: int, starts_on: dt.date, due_on: dt.date) -> str:
    """The title as kept. Raises `ValidationError` for what cannot be a round."""
    title = " ".join(normalise_text(title).split())
    if not title:
        raise ValidationError({"title": [_("请给调查任务起个名字，如：2026年入户调查。")]})
    if len(title) > 100:
        raise ValidationError({"title": [_("名称最多 100 个字，请写短一些。")]})
    if not EARLIEST <= year <= timezone.localdate().year + 1:
        raise ValidationError({"year": [_("年度应在 2010 年到明年之间，请核对。")]})
    if due_on < starts_on:
        raise ValidationError({"due_on": [_("截止日期在开始日期之前，请核对。")]})
    if (due_on - starts_on).days > LONGEST:
        raise ValidationError({"due_on": [_("调查任务最长 400 天，请核对截止日期。")]})
    return title


def _locked(round: SurveyRound, by: Any) -> SurveyRound:
    """The row, locked, of a round that is not closed and in whose region `by` may review."""
    row = SurveyRound.objects.select_for_update(of=("self",)).select_related("region").get(pk=round.pk)
    require_in(by, Permission.SURVEY_REVIEW, row.region)
    if row.closed_at is not None:
        raise LedgerError(_("这个调查任务已经结束，不能再改。"))
    return row


def _record(action: str, row: SurveyRound, by: Any, before: dict[str, Any]) -> None:
    changes = audit.changes_since(before, row)
    audit.record(action, by=by, target=row, region_path=row.region.path, changes=changes, note=row.title)


@transaction.atomic
def open_round(*, region: Region, year: int, title: str, audience: str, starts_on: dt.date, due_on: dt.date, by: Any) -> SurveyRound:  # fmt: skip
    """Ask for surveys of the households of a region. Permission SURVEY_REVIEW in the region."""
    require_in(by, Permission.SURVEY_REVIEW, region)
    title = _checked(title, year, starts_on, due_on)
    if audience not in SurveyRound.Audience:
        raise ValidationError({"audience": [_("请选择调查对象。")]})
    same = SurveyRound.objects.filter(region=region, year=year, title=title, closed_at=None)
    if same.exists():
        raise ValidationError({"title": [_("这个地区已经有同名的调查任务，请换个名称，或去改那一个。")]})
    row = SurveyRound.objects.create(
        region=region, year=year, title=title, audience=audience, starts_on=starts_on, due_on=due_on, created_by=by.username,
    )  # fmt: skip
    _record("surveyround.opened", row, by, {})
    return row


@transaction.atomic
def change_round(*, round: SurveyRound, title: str, audience: str, starts_on: dt.date, due_on: dt.date, by: Any) -> SurveyRound:  # fmt: skip
    """Another name, audience or period. Region and year stay: surveys were counted against them."""
    row = _locked(round, by)
    before = audit.snapshot(row)
    row.title = _checked(title, row.year, starts_on, due_on)
    if audience not in SurveyRound.Audience:
        raise ValidationError({"audience": [_("请选择调查对象。")]})
    row.audience, row.starts_on, row.due_on = audience, starts_on, due_on
    if audit.changes_since(before, row):
        row.save()
        _record("surveyround.changed", row, by, before)
    return row


@transaction.atomic
def close_round(*, round: SurveyRound, by: Any) -> SurveyRound:
    """End a round: nothing is expected any more. Surveys stay what they are."""
    row = _locked(round, by)
    before = audit.snapshot(row)
    row.closed_at, row.closed_by = timezone.now(), by.username
    row.save()
    _record("surveyround.closed", row, by, before)
    return row
