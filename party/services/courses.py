"""Verbs of the course catalogue of the four classrooms, kept by townships and counties for the villages below them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.scoping import require_in
from common import audit
from party.models import Classroom, Course, Form
from party.services.base import CONFIRM, PartyError, locked, put, record, save
from regions.models import Level, Region

FACTS = ("classroom", "form", "title", "outline", "hours")
MOST_HOURS = 100


def _check(row: Course) -> None:
    wrong: dict[str, list[str]] = {}
    if len(row.title) < 2:
        wrong["title"] = [_("请写课程名称，如：防返贫政策怎么用。")]
    if row.classroom not in Classroom:
        wrong["classroom"] = [_("请选择课堂。")]
    if row.form not in Form:
        wrong["form"] = [_("请选择形式。")]
    if row.hours is None or not 0 < row.hours <= MOST_HOURS:
        wrong["hours"] = [_("学时应大于 0，不超过 100。")]
    if wrong:
        raise ValidationError(wrong)


@transaction.atomic
def open_course(*, region: Region, facts: Mapping[str, Any], by: Any) -> Course:
    """A course of a township or county. `facts` are of `FACTS`."""
    if region.level not in (Level.TOWNSHIP, Level.COUNTY) or not region.is_current:
        raise ValidationError({"region": [_("课程由乡镇或县里开设，请选择乡镇或县。")]})
    require_in(by, CONFIRM, region)
    row = Course(region=region)
    put(row, facts, FACTS)
    _check(row)
    save(row)
    record("course.opened", row, by, region, before={})
    return row


@transaction.atomic
def change_course(*, course: Course, facts: Mapping[str, Any], by: Any, version: int | None = None) -> Course:
    row: Course = locked(Course, course, by, CONFIRM, "region", version=version)
    if row.retired_on is not None:
        raise PartyError(_("课程“%(title)s”已经停用，不能再改。") % {"title": row.title})
    before = audit.snapshot(row)
    put(row, facts, FACTS)
    _check(row)
    if audit.changes_since(before, row):
        row.version += 1
        save(row)
        record("course.changed", row, by, row.region, before=before)
    return row


@transaction.atomic
def retire_course(*, course: Course, by: Any) -> Course:
    """停用: sessions that were held or planned keep it, new ones cannot choose it."""
    row: Course = locked(Course, course, by, CONFIRM, "region")
    if row.retired_on is not None:
        raise PartyError(_("课程“%(title)s”已经停用。") % {"title": row.title})
    before = audit.snapshot(row)
    row.retired_on = timezone.localdate()
    row.version += 1
    save(row)
    record("course.retired", row, by, row.region, before=before)
    return row
