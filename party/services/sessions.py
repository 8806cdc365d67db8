"""Verbs of sessions of the four classrooms: planned, held, cancelled; who was there by list; photos. Signing in by QR stands in `signing_in`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from cadres.models import Cadre
from common import audit
from common.evidence import with_pictures
from party.models import Activity, Attendance, Branch, Course, Kind, PartyEvidence, PartyPerson, Session
from party.services.base import (
    EDIT,
    PartyError,
    locked,
    open_branch_of,
    past_day,
    put,
    record,
    require_village,
    save,
    text_of,
)
from party.services.photos import put_photo
from regions.models import Region

State = Session.State
FACTS = ("held_on", "starts_at", "ends_at", "teacher", "place", "note")
AHEAD = dt.timedelta(days=366)  # how far a session is planned
MOST_VILLAGERS = 5000


def courses_for(village: Region) -> Any:
    """What can be taught in a village: courses of its own regions that were not retired."""
    return Course._base_manager.filter(region__in=village.ancestor_ids, retired_on=None).order_by(
        "classroom", "title", "pk"
    )


def _check(row: Session) -> None:
    wrong: dict[str, list[str]] = {}
    today = timezone.localdate()
    if row.held_on is None or not dt.date(2010, 1, 1) <= row.held_on <= today + AHEAD:
        wrong["held_on"] = [_("请填写日期，最多安排到一年以后。")]
    elif row.state == State.HELD and row.held_on > today:
        wrong["held_on"] = [_("日期在今天之后，还不能登记为已开课。")]
    elif row.state == State.PLANNED and row.held_on < today:
        wrong["held_on"] = [_("日期在今天之前，请登记为已开课。")]
    if not row.teacher:
        wrong["teacher"] = [_("请写授课人。")]
    if not 0 <= (row.villagers or 0) <= MOST_VILLAGERS:
        wrong["villagers"] = [_("到场群众应在 0 至 5000 人之间。")]
    if wrong:
        raise ValidationError(wrong)


def _course(course: Course, village: Region) -> Course:
    found: Course | None = courses_for(village).filter(pk=course.pk).first()
    if found is None:
        raise ValidationError({"course": [_("这门课程不在本村可选的目录里，或者已经停用，请重新选择。")]})
    return found


@transaction.atomic
def plan_session(
    *, village: Region, course: Course, facts: Mapping[str, Any], by: Any, held: bool = False, villagers: int = 0
) -> Session:
    """A session of a village; `held` for one that has been. `facts` are of `FACTS`."""
    require_village(village, by)
    row = Session(village=village, course=_course(course, village), state=State.HELD if held else State.PLANNED)
    row.villagers = villagers or 0
    put(row, facts, FACTS)
    _check(row)
    save(row)
    record("session.held" if held else "session.planned", row, by, village, before={}, note=row.course.title)
    return row


def _session(session: Session, by: Any, version: int | None = None) -> Session:
    row: Session = locked(Session, session, by, EDIT, "village", "course", version=version)
    if row.state == State.CANCELLED:
        raise PartyError(_("这次课堂已经取消，不能再办。"))
    return row


def _written(row: Session, by: Any, action: str, before: dict[str, Any], *rows: models.Model) -> Session:
    if audit.changes_since(before, row):
        row.version += 1
        save(row)
        record(action, row, by, row.village, *rows, before=before, note=row.course.title)
    return row


@transaction.atomic
def change_session(*, session: Session, course: Course, facts: Mapping[str, Any], by: Any, villagers: int | None = None,
                   version: int | None = None) -> Session:  # fmt: skip
    """Correct what is known of it; who has signed in stays."""
    row = _session(session, by, version)
    before = audit.snapshot(row)
    if course.pk != row.course_id:
        row.course = _course(course, row.village)
    put(row, facts, FACTS)
    if villagers is not None:
        row.villagers = villagers
    _check(row)
    signed = row.attendances.order_by("at").first()
    if signed is not None and row.held_on != before["held_on"]:
        raise ValidationError({"held_on": [_("已经有人签到，不能再改日期。")]})
    return _written(row, by, "session.changed", before)


@transaction.atomic
def hold_session(*, session: Session, villagers: int, by: Any, note: str = "", version: int | None = None) -> Session:
    """已开课: how many villagers came beside those of the branch, and that signing in is over."""
    row = _session(session, by, version)
    if row.state == State.HELD:
        raise PartyError(_("这次课堂已经登记为已开课，要改请用“修改”。"))
    before = audit.snapshot(row)
    row.state, row.villagers = State.HELD, villagers
    row.note = text_of(note, "note", 300) or row.note
    _check(row)
    return _written(row, by, "session.held", before)


@transaction.atomic
def cancel_session(*, session: Session, by: Any) -> Session:
    """取消: one that was planned and nobody attended."""
    row = _session(session, by)
    if row.state != State.PLANNED:
        raise PartyError(_("已经开课的不能取消，登记错了请改正内容。"))
    if row.attendances.exists():
        raise PartyError(_("已经有人签到，不能取消。请先在名单里改正。"))
    before = audit.snapshot(row)
    row.state = State.CANCELLED
    return _written(row, by, "session.cancelled", before)


@transaction.atomic
def close_sign_in(*, session: Session, by: Any) -> Session:
    """End signing in by QR before the day does."""
    row = _session(session, by)
    if row.closed_at is not None:
        raise PartyError(_("扫码签到已经结束。"))
    before = audit.snapshot(row)
    row.closed_at = timezone.now()
    return _written(row, by, "session.sign_in_closed", before)


# -- who was there ----------------------------------------------------------------------------------------------------------------------


def people_of(session: Session) -> Any:
    """Who can be ticked: the people of the village's branches, on the day."""
    there = PartyPerson._base_manager.filter(branch__village=session.village_id).exclude(stage="")
    return there.exclude(left_on__lte=session.held_on).order_by("branch", "name", "pk")


def cadres_of(session: Session) -> Any:
    """The resident team of the village on the day, and cadres who have signed in."""
    here = models.Q(team_places__team__village=session.village_id, team_places__starts_on__lte=session.held_on) & (
        models.Q(team_places__ends_on=None) | models.Q(team_places__ends_on__gt=session.held_on)
    )
    came = models.Q(attendances__session=session.pk)
    return Cadre._base_manager.filter(here | came).distinct().order_by("name", "pk")


@transaction.atomic
def set_attendance(*, session: Session, people: Iterable[PartyPerson], cadres: Iterable[Cadre], by: Any) -> Session:
    """The whole list as it should be: who is new is entered, who was entered by mistake is taken off. Who stays keeps how and when."""
    row = _session(session, by)
    past_day(row.held_on, "people")
    keys = {("person_id", each.pk) for each in people} | {("cadre_id", each.pk) for each in cadres}
    known = {("person_id", pk) for pk in people_of(row).values_list("pk", flat=True)}
    known |= {("cadre_id", pk) for pk in cadres_of(row).values_list("pk", flat=True)}
    if keys - known:
        raise ValidationError({"people": [_("名单里有不是本村的人，没有保存。请重新打开名单。")]})
    there = {
        ("person_id", a.person_id) if a.person_id else ("cadre_id", a.cadre_id): a
        for a in row.attendances.order_by("pk")
    }
    gone = [attendance for key, attendance in there.items() if key not in keys and key in known]
    now = timezone.now()
    new = [
        Attendance(session=row, **{column: pk}, how=Attendance.How.LIST, at=now, recorded_by=by.username)  # type: ignore[arg-type]
        for column, pk in sorted(keys - set(there))
    ]
    for each in new:
        save(each)
    removed = [audit.row_key(each) for each in gone]
    row.attendances.filter(pk__in=[each.pk for each in gone]).delete()
    if new or gone:
        told = {"attendances": [len(there), len(there) + len(new) - len(gone)]}
        record("session.attended", row, by, row.village, *new, note=row.course.title, changes=told, gone=removed)
    return row


# -- photos, and the session as 党课 ------------------------------------------------------------------------------------------------------


@with_pictures()
def add_session_photo(*, session: Session, upload: Any, by: Any, taken_on: dt.date | None = None) -> PartyEvidence:
    row = _session(session, by)
    past_day(row.held_on, "upload")
    return put_photo(row, upload, by, row.village, taken_on)


@transaction.atomic
def count_as_lecture(*, session: Session, branch: Branch, by: Any) -> Activity:
    """Count a session that was held as the branch's 党课, with those of the branch who were there, so that nobody types it twice."""
    row = _session(session, by)
    branch = open_branch_of(branch, by)
    if row.state != State.HELD:
        raise PartyError(_("开课以后才能记为党课。"))
    if branch.village_id != row.village_id:
        raise ValidationError({"branch": [_("请选择本村的党支部。")]})
    if Activity._base_manager.filter(session=row).exists():
        raise PartyError(_("这次课堂已经记为党课。"))
    found = Activity(
        branch=branch, kind=Kind.LECTURE, held_on=row.held_on, title=row.course.title, place=row.place, guests=row.villagers, session=row,
        text=row.course.outline, recorded_by=by.username, recorded_at=timezone.now(),
    )  # fmt: skip
    save(found)
    rows = []
    for attendance in row.attendances.filter(person__branch=branch).order_by("pk"):
        rows.append(found.presences.create(person_id=attendance.person_id))
    record("activity.held", found, by, branch.village, *rows, before={})
    return found
