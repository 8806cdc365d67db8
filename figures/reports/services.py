"""Verbs of reports: keep a question under a name, ask it by the calendar, have a file made, fetch it."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import audit, jobs, vault
from common.models import Job
from figures.reports import asking, telling
from figures.reports.asking import AskedError, Question
from figures.reports.models import Output, ReportFile, ReportSchedule, Rhythm, SavedReport, following

KIND = "figures.report"
SEE = Permission.FIGURES_VIEW
LONGEST_NAME = 40
MOST_SAVED, MOST_SCHEDULES = 50, 20
LONGEST = 2 * 366  # days a schedule may go on before somebody says that it is still wanted


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ValidationError({"name": [_("请给报表起个名称。")]})
    if len(name) > LONGEST_NAME:
        raise ValidationError({"name": [_("名称最多 %(most)s 个字，请写短一些。") % {"most": LONGEST_NAME}]})
    return name


def _said(question: Question) -> dict[str, list[Any]]:
    return {"code": [None, question.code], "query": [None, question.query], "place": [None, question.region.full_name]}


@transaction.atomic
def save_report(*, question: Question, name: str, by: Any, shared: bool = False) -> SavedReport:
    """Keep a question under a name, for oneself or for everybody who stands in the own area or below."""
    require_somewhere(by, SEE)
    if SavedReport.objects.for_user(by).filter(owner=by).count() >= MOST_SAVED:
        raise AskedError(_("最多保存 %(most)s 个报表，请先删掉不用的。") % {"most": MOST_SAVED})
    region = asking.tops(by)[0] if shared else None
    saved = SavedReport(
        owner=by, region=region, place=question.region, name=_clean_name(name), code=question.code, query=question.query
    )
    saved.validate_constraints()
    saved.save(force_insert=True)
    changes = {"name": [None, saved.name], "shared": [None, shared], **_said(question)}
    audit.record("report.saved", by=by, target=saved, region_path=question.region.path, changes=changes)
    return saved


@transaction.atomic
def delete_saved(*, saved: SavedReport, by: Any) -> None:
    """Its owner's alone, shared or not."""
    saved = SavedReport.objects.select_for_update().select_related("place").get(pk=saved.pk)
    if saved.owner_id != by.pk:
        raise PermissionDenied(SEE)
    audit.record(
        "report.deleted", by=by, target=saved, region_path=saved.place.path, changes={"name": [saved.name, None]}
    )
    saved.delete()


# -- by the calendar ----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def schedule_report(*, question: Question, name: str, rhythm: str, output: str, ends_on: dt.date | None, by: Any) -> ReportSchedule:  # fmt: skip
    """Ask a question again and again until a day. The first time is the next day of the rhythm."""
    require_somewhere(by, SEE)
    if rhythm not in Rhythm.values:
        raise ValidationError({"rhythm": [_("请选择多久做一次。")]})
    if output not in Output.values:
        raise ValidationError({"output": [_("请选择文件形式。")]})
    today = timezone.localdate()
    first = following(rhythm, today)
    if ends_on is None:
        raise ValidationError({"ends_on": [_("请填写做到哪天为止。")]})
    if ends_on < first:
        raise ValidationError({"ends_on": [_("第一次要到 %(day)s，结束日期不能更早。") % {"day": first.isoformat()}]})
    if (ends_on - today).days > LONGEST:
        raise ValidationError({"ends_on": [_("最多排到两年以后，请选早一些的日期。")]})
    if ReportSchedule.objects.for_user(by).filter(next_on__isnull=False).count() >= MOST_SCHEDULES:
        raise AskedError(_("定时报表最多 %(most)s 个，请先停掉不用的。") % {"most": MOST_SCHEDULES})
    schedule = ReportSchedule(
        owner=by, name=_clean_name(name), code=question.code, query=question.query, place=question.region, rhythm=rhythm, output=output,
        next_on=first, ends_on=ends_on,
    )  # fmt: skip
    schedule.validate_constraints()
    schedule.save(force_insert=True)
    changes = {
        "name": [None, schedule.name],
        "rhythm": [None, rhythm],
        "ends_on": [None, str(ends_on)],
        **_said(question),
    }
    audit.record("report.scheduled", by=by, target=schedule, region_path=question.region.path, changes=changes)
    return schedule


@transaction.atomic
def stop_schedule(*, schedule: ReportSchedule, by: Any) -> ReportSchedule:
    """It is asked no more; files that were made stay until their day."""
    schedule = (
        ReportSchedule.objects.for_user(by).select_for_update(of=("self",)).select_related("place").get(pk=schedule.pk)
    )
    if schedule.next_on is None:
        raise AskedError(_("这个定时报表已经停了。"))
    _stop(schedule, _("本人已停止。"), by)
    return schedule


def _stop(schedule: ReportSchedule, why: str, by: Any) -> None:
    schedule.next_on, schedule.stopped = None, why
    schedule.save(update_fields=["next_on", "stopped"])
    audit.record("report.schedule_stopped", by=by, target=schedule, region_path=schedule.place.path, note=why)
    telling.schedule_stopped(schedule, by)


@transaction.atomic
def run_schedule(*, schedule: ReportSchedule, by: str, today: dt.date | None = None) -> ReportFile | None:
    """Ask for the file that is due and put the next day down; None where it is not due, or its owner may no longer have it.

    `by` is who keeps the calendar. Days that were missed, because nothing ran, are not made up for.
    """
    today = today or timezone.localdate()
    found = ReportSchedule._base_manager.select_for_update(skip_locked=True, of=("self",)).select_related(
        "owner", "place"
    )
    row = found.filter(pk=schedule.pk, next_on__lte=today).first()
    if row is None:
        return None
    if why := _why_not(row):
        _stop(row, why, by)
        return None
    made = _ask(row.owner, row.code, row.query, row.place, f"{row.name} {today.isoformat()}", row.output, schedule=row)
    following_day = following(row.rhythm, today)
    row.next_on = following_day if following_day <= row.ends_on else None
    row.save(update_fields=["next_on"])
    audit.record("report.schedule_run", by=by, target=row, region_path=row.place.path, note=made.name)
    return made


def _why_not(schedule: ReportSchedule) -> str:
    """Why a schedule cannot go on, in a sentence; "" where it can."""
    owner = schedule.owner
    if not owner.is_active:
        return str(_("账号已停用，定时报表随之停止。"))
    try:
        asking.parse(schedule.code, _data(schedule.query, schedule.place_id), owner)
    except PermissionDenied:
        return str(_("账号已没有查看这张报表的权限，定时报表随之停止。"))
    except (AskedError, Http404) as error:
        return str(_("报表已不能再做：%(why)s") % {"why": str(error) or _("没有这张表了。")})[:200]
    return ""


# -- files --------------------------------------------------------------------------------------------------------------------------------


def _data(query: Mapping[str, str], place: int) -> dict[str, str]:
    return {**query, "region": str(place)}


@transaction.atomic
def request_file(*, question: Question, output: str, by: Any) -> ReportFile:
    """Have a worker make the file of a table that is too long to wait for. The same request while one is open is that one."""
    require_somewhere(by, SEE)
    if output not in Output.values:
        raise AskedError(_("请选择文件形式。"))
    name = f"{question.title} {question.region.name}"
    return _ask(by, question.code, question.query, question.region, name[:120], output)


def _ask(
    owner: Any,
    code: str,
    query: Mapping[str, str],
    place: Any,
    name: str,
    output: str,
    schedule: ReportSchedule | None = None,
) -> ReportFile:
    key = f"{owner.pk}/{code}/{output}/{place.pk}/{schedule.pk if schedule else ''}/{audit.canonical(dict(query))}"
    job = jobs.submit(
        KIND,
        by=owner,
        title=_("报表 %(name)s") % {"name": name},
        params={"user": owner.pk},
        key=_short(key),
        region_path=place.path,
        send=False,
    )
    running = ReportFile._base_manager.filter(job=job).first()
    if running is not None:
        return running
    made = ReportFile.objects.create(
        owner=owner, schedule=schedule, job=job, name=name, code=code, query=dict(query), place=place, output=output
    )
    jobs.send_on_commit(job)
    return made


def _short(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:40]


@transaction.atomic
def fetch_file(*, made: ReportFile, by: Any) -> bytes:
    """The finished file, for its owner alone, while they may still see the table."""
    if made.owner_id != by.pk:
        raise PermissionDenied(SEE)
    question_of(made, by)
    if made.job.state != Job.State.DONE:
        raise AskedError(_("这张报表还没有做好，请稍后再来。"))
    try:
        data = vault.get(made.file)
    except FileNotFoundError as error:
        raise AskedError(_("文件已过保存期，已经删除，请重新生成。")) from error
    audit.record("report.fetched", by=by, target=made, region_path=made.place.path, note=made.name)
    return data


def question_of(made: ReportFile, by: Any) -> Question:
    """What a file answers, asked again: PermissionDenied or AskedError where one may not have it any more."""
    return asking.parse(made.code, _data(made.query, made.place_id), by)
