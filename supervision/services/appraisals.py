"""Verbs on appraisal rounds and on one cadre's appraisal: computed, shown, commented, answered, final.

Nobody decides or answers their own; nothing becomes final before the cadre has spoken or had the time to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require, require_in
from common import audit, dates, jobs
from common.models import Job
from households.services import LedgerError
from regions.models import Level, Region
from supervision import computing, items
from supervision.models import Appraisal, AppraisalRound, AppraisalScheme, AppraisalWord
from supervision.services.base import record, save, text_of

COMPUTE, CHECK = "appraisal.compute", "appraisal.check"
State, Stage = Appraisal.State, AppraisalRound.State
LONGEST = 400  # days; a round over more than a year has a wrong date
WORD_LENGTH, REASON_LENGTH = 600, 200
STEP = 500  # appraisals between two reports of progress


def _locked_round(round: AppraisalRound, by: Any, *states: str) -> AppraisalRound:
    rows = AppraisalRound.objects.select_for_update(of=("self",)).select_related("region", "scheme")
    row: AppraisalRound = rows.get(pk=round.pk)
    require(by, Permission.APPRAISAL_EDIT, row)
    if row.state not in states:
        raise LedgerError(_("这次考评现在是“%(state)s”，不能这样办。") % {"state": row.get_state_display()})
    return row


def scheme_for(region: Region) -> AppraisalScheme | None:
    """The scheme in force for a region: its county's."""
    rows = AppraisalScheme.objects.filter(region__in=region.ancestor_ids, state=AppraisalScheme.State.IN_FORCE)
    return rows.order_by("-region__level").first()


# -- the round --------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_round(*, region: Region, starts_on: dt.date, last_day: dt.date, by: Any) -> AppraisalRound:
    """Appraise who helps in a county or township, for a period that is over (both days included). A job computes it."""
    require_in(by, Permission.APPRAISAL_EDIT, region)
    if region.level not in (Level.COUNTY, Level.TOWNSHIP) or not region.is_current:
        raise ValidationError({"region": [_("考评以县或乡镇为单位，请重新选择地区。")]})
    if last_day < starts_on:
        raise ValidationError({"last_day": [_("截止日期在起始日期之前，请核对。")]})
    if last_day >= timezone.localdate():
        raise ValidationError({"last_day": [_("考评的时间段还没有过完，截止日期最晚是昨天。请核对。")]})
    if (last_day - starts_on).days > LONGEST:
        raise ValidationError({"last_day": [_("一次考评最长 400 天，请核对起止日期。")]})
    scheme = scheme_for(region)
    if scheme is None:
        raise LedgerError(_("本县还没有施行考评办法，不能考评。请先由县里制定并施行考评办法。"))
    row = AppraisalRound(
        region=region, starts_on=starts_on, ends_on=last_day + dt.timedelta(days=1), scheme=scheme, opened_by=by.username,
        opened_at=timezone.now(),
    )  # fmt: skip
    save(row)
    record("appraisalround.opened", row, by, region, before={}, note=_said(row))
    _submit(COMPUTE, row, by, _("计算考评 %(round)s"))
    return row


def _said(row: AppraisalRound) -> str:
    return f"{row.region.name} {dates.written(row.starts_on)}—{dates.written(row.last_day)}"


def _submit(kind: str, row: AppraisalRound, by: Any, title: str) -> Job:
    return jobs.submit(
        kind, by=by, title=title % {"round": _said(row)}, params={"round": row.pk, "user": by.pk}, key=f"appraisal/{row.pk}",
        region_path=row.region.path,
    )  # fmt: skip


@transaction.atomic
def ask_computing(*, round: AppraisalRound, by: Any) -> Job:
    """Compute a round (again) as a job."""
    row = _locked_round(round, by, Stage.COMPUTING, Stage.OPEN)
    return _submit(COMPUTE, row, by, _("计算考评 %(round)s"))


@transaction.atomic
def ask_checking(*, round: AppraisalRound, by: Any) -> Job:
    """Compare a round with its records of today as a job; nothing of it changes."""
    row = _locked_round(round, by, Stage.OPEN, Stage.CLOSED)
    return _submit(CHECK, row, by, _("核对考评 %(round)s"))


@transaction.atomic
def recompute(*, round: AppraisalRound, by: Any, run: Any = None) -> int:
    """Compute everybody's figures from scratch and keep them; the number of appraisals that changed. Doing it twice changes nothing.

    What is final stays. Figures that change after they were shown are shown anew: the cadre's time begins again.
    """
    row = _locked_round(round, by, Stage.COMPUTING, Stage.OPEN)
    _step(run, 0, message=_("正在统计各项记录"))
    figures = computing.figures_of(computing.scope_of(row))
    stored = {a.cadre_id: a for a in Appraisal.objects.select_for_update(of=("self",)).filter(round=row).order_by("pk")}
    now = timezone.now()
    _step(run, 0, total=len(figures), message=_("正在计算得分"))
    fresh = [
        Appraisal(
            round=row,
            cadre_id=cadre,
            items=figures[cadre],
            score=computing.score_of(figures[cadre], row),
            computed_at=now,
        )
        for cadre in computing.in_alphabet(figures.keys() - stored.keys())
    ]
    for start in range(0, len(fresh), STEP):
        Appraisal.objects.bulk_create(fresh[start : start + STEP])
        _step(run, start + STEP)
    changed: list[Appraisal] = []
    gone: list[str] = []
    for cadre, appraisal in stored.items():
        own = figures.get(cadre)
        if own is None and appraisal.state == State.COMPUTED:
            gone.append(audit.row_key(appraisal))
            appraisal.delete()
            continue
        if appraisal.state != State.FINAL and _renew(appraisal, own or items.nothing(), row, now):
            changed.append(appraisal)
    before = audit.snapshot(row)
    if row.state == Stage.COMPUTING or fresh or changed or gone:
        row.state, row.computed_at = Stage.OPEN, now
        save(row)
        record(
            "appraisalround.computed", row, by, row.region, before=before, note=_said(row), rows=[*fresh, *changed], gone=gone
        )  # fmt: skip
    return len(fresh) + len(changed) + len(gone)


def _renew(appraisal: Appraisal, figures: items.Figures, row: AppraisalRound, now: dt.datetime) -> bool:
    """Put new figures where they differ; whether they did."""
    score = computing.score_of(figures, row)
    if appraisal.items == figures and appraisal.score == score:
        return False
    appraisal.items, appraisal.score, appraisal.computed_at = figures, score, now
    if appraisal.state != State.COMPUTED:
        appraisal.shown_at = now
        if appraisal.state == State.ANSWERED:
            appraisal.state = State.SHOWN
    save(appraisal)
    return True


def _step(run: Any, done: int, **more: Any) -> None:
    if run is not None:
        run.step(done, **more)


@transaction.atomic
def show_round(*, round: AppraisalRound, by: Any) -> int:
    """送阅: every computed appraisal is on its cadre's first page from now on; how many. The time to comment begins."""
    row = _locked_round(round, by, Stage.OPEN)
    found = list(
        Appraisal.objects.select_for_update(of=("self",)).filter(round=row, state=State.COMPUTED).order_by("pk")
    )
    if not found:
        raise LedgerError(_("没有待送阅的考评。"))
    now = timezone.now()
    for appraisal in found:
        appraisal.state, appraisal.shown_at = State.SHOWN, now
    Appraisal.objects.bulk_update(found, ["state", "shown_at"], batch_size=STEP)
    record("appraisalround.shown", row, by, row.region, note=_said(row), rows=list(found))
    return len(found)


@transaction.atomic
def close_round(*, round: AppraisalRound, by: Any) -> AppraisalRound:
    """End a round in which everybody's is final. Its figures stay, whatever becomes of the records."""
    row = _locked_round(round, by, Stage.OPEN)
    left = Appraisal.objects.filter(round=row).exclude(state=State.FINAL).count()
    if left:
        raise LedgerError(_("还有 %(count)s 位干部的考评没有审定，不能结束。请先审定。") % {"count": left})
    return _end(row, Stage.CLOSED, "appraisalround.closed", by, _said(row))


@transaction.atomic
def discard_round(*, round: AppraisalRound, reason: str, by: Any) -> AppraisalRound:
    """Take back a round of which nothing is final, with the reason. What was said stays on record."""
    row = _locked_round(round, by, Stage.COMPUTING, Stage.OPEN)
    reason = text_of(reason, "reason", REASON_LENGTH, needed=_("请写明为什么撤销这次考评。"))
    if Appraisal.objects.filter(round=row, state=State.FINAL).exists():
        raise LedgerError(_("这次考评已经有人审定，不能撤销。"))
    return _end(row, Stage.DISCARDED, "appraisalround.discarded", by, reason)


def _end(row: AppraisalRound, state: str, action: str, by: Any, note: str) -> AppraisalRound:
    before = audit.snapshot(row)
    row.state, row.closed_by, row.closed_at = state, by.username, timezone.now()
    save(row)
    record(action, row, by, row.region, before=before, note=note)
    return row


# -- one cadre --------------------------------------------------------------------------------------------------------------------------


def _locked(appraisal: Appraisal) -> Appraisal:
    """The row with its round, which is locked first and must be open."""
    round = (
        AppraisalRound.objects.select_for_update(of=("self",))
        .select_related("region", "scheme")
        .get(pk=appraisal.round_id)
    )
    row: Appraisal = (
        Appraisal.objects.select_for_update(of=("self",)).select_related("cadre__unit").get(pk=appraisal.pk)
    )
    row.round = round
    return row


def _open(row: Appraisal, *states: str) -> None:
    """Raises LedgerError unless the round runs and the appraisal is in one of the states."""
    if row.round.state != Stage.OPEN or row.state not in states:
        state = row.get_state_display() if row.round.state == Stage.OPEN else row.round.get_state_display()
        raise LedgerError(_("这份考评现在是“%(state)s”，不能这样办。") % {"state": state})


def _office(row: Appraisal, by: Any) -> None:
    """Raises unless `by` decides appraisals there, and not their own."""
    require(by, Permission.APPRAISAL_EDIT, row)
    if row.cadre.user_id == by.pk:
        raise LedgerError(_("自己的考评不能由自己答复或审定，请另一位同志办理。"))


@transaction.atomic
def comment(*, appraisal: Appraisal, text: str, by: Any) -> Appraisal:
    """The cadre's own word. Where the cadre has no account, whoever decides writes down what was said on paper."""
    row = _locked(appraisal)
    if row.cadre.user_id is not None and row.cadre.user_id != by.pk:
        raise PermissionDenied(Permission.APPRAISAL_EDIT)
    if row.cadre.user_id is None:
        _office(row, by)
    _open(row, State.SHOWN, State.COMMENTED)
    said = text_of(text, "text", WORD_LENGTH, needed=_("请写下对考评的意见；没有不同意见，可以写“无异议”。"))
    return _say(row, AppraisalWord.Kind.COMMENT, said, State.COMMENTED, "appraisal.commented", by)


@transaction.atomic
def answer(*, appraisal: Appraisal, text: str, by: Any) -> Appraisal:
    """What the office says to a comment."""
    row = _locked(appraisal)
    _office(row, by)
    _open(row, State.COMMENTED)
    said = text_of(text, "text", WORD_LENGTH, needed=_("请写明对本人意见的答复。"))
    return _say(row, AppraisalWord.Kind.ANSWER, said, State.ANSWERED, "appraisal.answered", by)


def _say(row: Appraisal, kind: str, said: str, state: str, action: str, by: Any) -> Appraisal:
    before = audit.snapshot(row)
    word = AppraisalWord(appraisal=row, kind=kind, text=said, by=by.username, at=timezone.now())
    save(word)
    row.state = state
    save(row)
    record(action, row, by, row.round.region, before=before, note=said, rows=[word])
    return row


def reply_until(row: Appraisal) -> dt.datetime | None:
    """Until when the cadre may wait with a comment; None before it was shown. `row` comes with its round's scheme."""
    return row.shown_at + dt.timedelta(days=row.round.scheme.reply_days) if row.shown_at else None


def why_not_final(row: Appraisal) -> str:
    """Why it cannot become final yet, "" where it can."""
    until = reply_until(row)
    match row.state:
        case State.ANSWERED:
            return ""
        case State.SHOWN if until is not None:
            if timezone.now() >= until:
                return ""
            return _("本人还没有意见，申辩期限到 %(day)s，到期才能审定。") % {
                "day": dates.written(timezone.localtime(until).date())
            }
        case State.COMMENTED:
            return _("本人提了意见，请先答复再审定。")
        case State.COMPUTED:
            return _("还没有送本人阅，不能审定。")
    return _("这份考评已经审定。")


@transaction.atomic
def finalise(*, appraisal: Appraisal, by: Any) -> Appraisal:
    """审定: after the comment was answered, or after the time to comment has gone by."""
    row = _locked(appraisal)
    _office(row, by)
    _open(row, State.SHOWN, State.COMMENTED, State.ANSWERED, State.COMPUTED)
    if why := why_not_final(row):
        raise LedgerError(why)
    before = audit.snapshot(row)
    _decide([row], by)
    save(row)
    record("appraisal.finalised", row, by, row.round.region, before=before)
    return row


@transaction.atomic
def finalise_all(*, round: AppraisalRound, by: Any) -> int:
    """审定 of everybody's that may become final, except one's own; how many."""
    row = _locked_round(round, by, Stage.OPEN)
    rows = Appraisal.objects.select_for_update(of=("self",)).filter(round=row).exclude(cadre__user=by.pk)
    found = []
    for appraisal in rows.exclude(state=State.FINAL).order_by("pk"):
        appraisal.round = row
        if not why_not_final(appraisal):
            found.append(appraisal)
    if not found:
        raise LedgerError(_("现在没有可以审定的考评：要等本人意见答复过，或者申辩期限已过。"))
    _decide(found, by)
    Appraisal.objects.bulk_update(found, ["state", "decided_by", "decided_at"], batch_size=STEP)
    record("appraisalround.finalised", row, by, row.region, note=_said(row), rows=list(found))
    return len(found)


def _decide(rows: Iterable[Appraisal], by: Any) -> None:
    now = timezone.now()
    for row in rows:
        row.state, row.decided_by, row.decided_at = State.FINAL, by.username, now
