"""What becomes of a submitted survey: into the ledger field by field, or back with reasons. Nobody decides on their own.

The comparison is made again under the household's lock: what somebody chose against a ledger that has moved since is refused, not
written over it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from common import audit, vault
from common.evidence import with_pictures
from households.models import Household, Photo
from households.services import (
    Joining,
    Leaving,
    LedgerError,
    Picture,
    Record,
    RecordError,
    room_for_photos,
    write_record,
)
from surveys import comparison, telling
from surveys.comparison import CHANGED, CONFLICT, GONE, JOINED, LEFT, NEW, Comparison, Row
from surveys.models import Survey, SurveyConflict

ANSWER, LEDGER = SurveyConflict.Choice.ANSWER.value, SurveyConflict.Choice.LEDGER.value
NOTE_LENGTH = Survey._meta.get_field("decision_note").max_length or 0
REASON_LENGTH = 200
SHORTEST = 4  # characters of a reason
CHUNK = 50  # surveys compared at once in a batch


class ReviewError(LedgerError):
    """The decision was not taken. `problems` is `{path: sentence}` of the places that stand in its way."""

    def __init__(self, message: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problems = dict(problems or {})


# -- what every decision asks -----------------------------------------------------------------------------------------------------


def _locked(survey: Survey, by: Any) -> tuple[Household, Survey]:
    """Household and survey, locked in this order, for somebody who may decide on it now."""
    household = Household.objects.select_for_update(of=("self",)).get(pk=survey.household_id)
    row = Survey.objects.select_for_update(of=("self",)).select_related("form", "surveyor").get(pk=survey.pk)
    row.household = household
    require(by, Permission.SURVEY_REVIEW, row)
    if why := why_not_mine(row, by):
        raise ReviewError(why)
    return household, row


def why_not_mine(survey: Survey, by: Any) -> str:
    """Why this reviewer cannot decide on this survey now, in one sentence; "" where they can."""
    if survey.purpose == Survey.Purpose.VERIFICATION:
        return _("复核调查不写入台账，只与初次调查比对。请在复核任务里看差异。")
    if survey.surveyor_id == by.pk:
        return _("自己填的调查不能由自己审核，请另一位审核人办理。")
    if survey.state != Survey.State.SUBMITTED:
        return _("这份调查现在是“%(state)s”，不在待审核之列。") % {"state": survey.get_state_display()}
    return ""


def _decide(survey: Survey, by: Any, state: Survey.State, note: str, reasons: Mapping[str, str]) -> None:
    if len(note) > NOTE_LENGTH:
        raise ValidationError({"note": [_("审核意见最多 %(most)s 个字。") % {"most": NOTE_LENGTH}]})
    survey.state, survey.decision_note, survey.reasons = state, note, dict(reasons)
    survey.decided_by, survey.decided_at = by, timezone.now()
    survey.save(update_fields=["state", "decision_note", "reasons", "decided_by", "decided_at", "updated_at"])


def _record(action: str, survey: Survey, household: Household, by: Any, note: str, rows: Iterable[Any] = ()) -> None:
    """One event on the household's chain. It names no answer: the history is read by who must not see a first survey, too."""
    audit.record(
        action, by=by, target=survey, subject=survey.subject, region_path=household.village.path, note=note, rows=[survey, *rows]
    )  # fmt: skip


# -- into the ledger --------------------------------------------------------------------------------------------------------------


@with_pictures()
def approve_survey(*, survey: Survey, by: Any, choices: Mapping[str, str] | None = None, why: Mapping[str, str] | None = None, note: str = "",
                   without_photos: bool = False, version: int | None = None) -> Survey:  # fmt: skip
    """Write a survey into the year's record. `choices` says for a path whether the answer or the ledger's value holds: for every conflict,
    and for any other field that is not to be written; `why` gives the reason of each choice. `version` is the household's when the reviewer looked. `without_photos` accepts it
    although pictures are missing; then `note` says why.

    Raises ReviewError where somebody has to look again: open conflicts, a ledger that moved, pictures on their way, a value that the
    ledger refuses.
    """
    household, row = _locked(survey, by)
    compared = comparison.load(row)
    note, chosen = note.strip(), dict(choices or {})
    told = {path: " ".join(said.split()) for path, said in (why or {}).items()}
    _ask_for_choices(compared, chosen, told, household, version)
    _ask_for_photos(compared, without_photos, note)
    return _approve(household, compared, chosen, by, note, told)


def _ask_for_choices(
    compared: Comparison, chosen: Mapping[str, str], why: Mapping[str, str], household: Household, version: int | None
) -> None:
    if unknown := set(chosen.values()) - {ANSWER, LEDGER}:
        raise ValueError(unknown)
    open_ones = [row for row in compared.to_choose if row.path not in chosen]
    if open_ones:
        raise ReviewError(
            _("有 %(count)s 处台账在填表之后改过，请逐项选择用调查值还是保留台账值：%(names)s。")
            % {"count": len(open_ones), "names": _("、").join(row.where for row in open_ones[:5])},
            {row.path: _("请选择用哪一个。") for row in open_ones},
        )
    names = {row.path: row.where for row in compared.rows}
    silent = [path for path in chosen if len(why.get(path, "")) < SHORTEST]
    if silent:
        raise ReviewError(
            _("请写明选择的理由，每处至少四个字：%(names)s。")
            % {"names": _("、").join(names.get(path, path) for path in silent[:5])},
            dict.fromkeys(silent, _("请写明为什么选这一个，至少四个字。")),
        )
    if long := [path for path, said in why.items() if len(said) > REASON_LENGTH]:
        raise ReviewError(
            _("选择的理由每处最多 %(most)s 个字。") % {"most": REASON_LENGTH},
            dict.fromkeys(long, _("写得太长，请缩短。")),
        )
    if compared.to_choose and version is not None and version != household.version:
        raise ReviewError(
            _("您看的时候台账又有改动，选择没有保存。请看过最新的台账值，再选一次。"),
            {row.path: _("台账刚才又有改动，请再看一次。") for row in compared.to_choose},
        )


def _ask_for_photos(compared: Comparison, without_photos: bool, note: str) -> None:
    if not compared.photos_missing:
        return
    if not without_photos:
        raise ReviewError(
            _("还有 %(count)s 张照片没有到。请等照片上传，或勾选“不等照片”并写明理由。")
            % {"count": compared.photos_missing}
        )
    if len(note) < 4:
        raise ValidationError({"note": [_("不等照片就通过，请在审核意见里写明理由，至少四个字。")]})


def _approve(household: Household, compared: Comparison, chosen: Mapping[str, str], by: Any, note: str, why: Mapping[str, str]) -> Survey:  # fmt: skip
    survey = compared.survey
    record = record_of(compared, chosen)
    record.annual |= {"surveyor": survey.surveyor.name, "surveyed_on": survey.surveyed_on}
    record.pictures = _pictures(compared, household)
    about = _("%(who)s %(day)s 调查") % {"who": survey.surveyor.name, "day": survey.surveyed_on}
    try:
        written = write_record(
            household=household, record=record, by=by, action="household.surveyed", source="survey", note=about
        )
    except RecordError as error:
        path = path_of_error(compared, error)
        row = compared.row(path)
        raise ReviewError(
            _("%(where)s：%(why)s整份调查没有写入。")
            % {"where": row.where if row else _("台账"), "why": _ended(str(error))},
            {path: str(error)} if path else None,
        ) from error
    conflicts = _resolve(compared, chosen, why, by)
    _decide(survey, by, Survey.State.APPROVED, note, {})
    survey.household = written
    _record("survey.approved", survey, written, by, note, conflicts)
    return survey


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith(("。", "！", "？")) else f"{sentence}。"


def record_of(compared: Comparison, chosen: Mapping[str, str], *, only: str = "") -> Record:
    """What of a survey goes into the ledger: every difference that is not decided for the ledger's value; `only` names the one path."""
    survey, secrets = compared.survey, compared.secrets
    record = Record(survey.year)
    people = {person.uid: person for person in compared.people}
    stay_away = {
        row.uid for row in compared.rows if row.path.endswith(f"/{LEFT}") and row.state == CONFLICT and chosen.get(row.path) == LEDGER
    }  # fmt: skip
    facts: dict[str, dict[str, Any]] = {}
    for row in compared.rows:
        if not _is_written(row, chosen, only) or row.uid in stay_away:
            continue
        if row.path.endswith(f"/{LEFT}") and row.raw:
            record.leaving[row.uid] = Leaving(dt.date.fromisoformat(row.raw["on"]), row.raw["reason"])
        elif row.path.endswith(f"/{LEFT}"):
            record.returning.add(row.uid)
        elif row.asked is not None:
            _put(record, facts, row, secrets.get(row.path, row.raw))
    refused = {row.uid for row in compared.rows if row.path.endswith(f"/{JOINED}") and chosen.get(row.path) == LEDGER}
    for uid, own in facts.items():
        joined = people[uid].joined
        if uid in refused:
            record.member_years.pop(uid, None)
        elif people[uid].there is None and joined is not None:
            record.joining[uid] = Joining(own, dt.date.fromisoformat(joined["on"]), joined["reason"])
        else:
            record.members[uid] = own
    for uid in refused:
        record.member_years.pop(uid, None)
    return record


def _is_written(row: Row, chosen: Mapping[str, str], only: str) -> bool:
    if only and row.path != only and not (only.endswith(f"/{JOINED}") and row.uid and only.startswith(row.uid)):
        return False
    if chosen.get(row.path) == LEDGER:
        return False
    return row.state in (NEW, CHANGED, CONFLICT, GONE)


def _put(record: Record, facts: dict[str, dict[str, Any]], row: Row, value: Any) -> None:
    asked = row.asked
    assert asked is not None
    fact = comparison.fact_of(asked, value)
    match asked.part:
        case "household":
            record.household[asked.column] = fact
        case "year":
            record.annual[asked.column] = fact
        case "income":
            record.income[asked.column] = fact
        case "member":
            facts.setdefault(row.uid, {})[asked.column] = fact
        case "myear":
            record.member_years.setdefault(row.uid, {})[asked.column] = fact


def _pictures(compared: Comparison, household: Household) -> list[Picture]:
    """Photos whose field says that the ledger takes them, as far as there is room; all of them stay with the survey."""
    wanted = [
        (row.asked.column, photo) for row in compared.rows if row.asked and row.asked.part == "photo" for photo in row.photos
    ]  # fmt: skip
    if not wanted:
        return []
    room = room_for_photos(household)
    there = set(household.photos.filter(removed_at=None).values_list("sha256", flat=True))
    found: list[Picture] = []
    for kind, photo in wanted:
        if kind not in Photo.Kind.values or room[kind] <= 0:
            continue
        try:
            data = vault.get(photo.file)
        except FileNotFoundError:  # it cannot be looked at in the survey either
            continue
        digest = hashlib.sha256(data).hexdigest()
        if digest in there:
            continue
        there.add(digest)
        room[kind] -= 1
        found.append(Picture(kind, data, photo.width, photo.height, compared.survey.surveyed_on))
    return found


def path_of_error(compared: Comparison, error: RecordError) -> str:
    """The path of the answer that a part of the ledger refused; "" where it was none of them."""
    parts = {
        "household": ("household",),
        "year": ("year",),
        "income": ("income",),
        "member": ("member",),
        "myear": ("myear",),
    }
    for row in compared.rows:
        asked = row.asked
        if asked and asked.part in parts.get(error.part, ()) and row.uid == error.key and asked.column == error.name:
            return row.path
    return next((row.path for row in compared.rows if row.uid and row.uid == error.key), "")


def _resolve(compared: Comparison, chosen: Mapping[str, str], why: Mapping[str, str], by: Any) -> list[SurveyConflict]:
    """Close the conflicts found when the survey arrived, keep those found now, and every field that was left to the ledger."""
    now, rows = timezone.now(), []
    decided = {
        row.path: row for row in compared.rows if row.is_different and (row.state == CONFLICT or row.path in chosen)
    }
    for path, conflict in compared.conflicts.items():
        row = decided.pop(path, None)
        if row is not None:
            conflict.ledger = row.ledger_raw
        conflict.choice = chosen.get(path) or (ANSWER if compared.row(path) else LEDGER)
        rows.append(conflict)
    rows += [
        SurveyConflict(survey=compared.survey, path=path, base=row.base_raw, answer=row.raw, ledger=row.ledger_raw, choice=chosen[path])
        for path, row in decided.items()
    ]  # fmt: skip
    for conflict in rows:
        conflict.resolved_at, conflict.resolved_by, conflict.reason = now, by.username, why.get(conflict.path, "")
        conflict.save()
    return rows


# -- back -------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def return_survey(*, survey: Survey, by: Any, reasons: Mapping[str, str] | None = None, note: str = "") -> Survey:
    """Send a survey back to its surveyor with a sentence for each field that is wrong, or one for the whole."""
    household, row = _locked(survey, by)
    told = {path: " ".join(why.split()) for path, why in (reasons or {}).items() if why.strip()}
    note = note.strip()
    if not told and not note:
        raise ValidationError({"note": [_("请写明退回理由：在有问题的那一项下面写，或者写在审核意见里。")]})
    if long := [path for path, why in told.items() if len(why) > REASON_LENGTH]:
        raise ReviewError(
            _("退回理由每项最多 %(most)s 个字。") % {"most": REASON_LENGTH},
            dict.fromkeys(long, _("写得太长，请缩短。")),
        )
    known = {each.path for each in comparison.load(row).rows}
    if unknown := set(told) - known - {""}:
        raise ReviewError(_("调查里没有这一项：%(path)s。请刷新页面再试。") % {"path": sorted(unknown)[0]})
    _decide(row, by, Survey.State.RETURNED, note, told | ({"": note} if note else {}))
    telling.returned(row, household, by)
    _record("survey.returned", row, household, by, note or _("%(count)s 项有问题") % {"count": len(told)})
    return row


# -- many at once -----------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Batch:
    """What a batch did: how many were approved, which were left alone and why."""

    approved: list[Survey] = field(default_factory=list)
    skipped: list[tuple[Survey, str]] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """已通过 12 份；3 份没有动：王建国户有 1 处与台账不同……"""
        said = _("已通过 %(count)s 份，已写入台账。") % {"count": len(self.approved)}
        if not self.skipped:
            return said
        named = _("；").join(f"{survey.household}（{why.rstrip('。')}）" for survey, why in self.skipped[:5])
        more = "……" if len(self.skipped) > 5 else "。"
        return said + _("%(count)s 份没有动，要逐份看：%(named)s") % {"count": len(self.skipped), "named": named} + more


def sort_out(surveys: Sequence[Survey], by: Any) -> Batch:
    """Which of these surveys a batch would approve now, and why not the others. Writes nothing."""
    found = Batch()
    for start in range(0, len(surveys), CHUNK):
        for compared in comparison.load_many(surveys[start : start + CHUNK]):
            why = why_not_mine(compared.survey, by) or compared.why_not_in_batch
            if why:
                found.skipped.append((compared.survey, why))
            else:
                found.approved.append(compared.survey)
    return found


def approve_batch(*, surveys: Sequence[Survey], by: Any) -> Batch:
    """Approve those in which nothing differs from the ledger, no question was raised and no picture is missing; each by itself.

    The others are left alone and named with why. `surveys` have passed the gate for reviewing.
    """
    plan = sort_out(surveys, by)
    done = Batch(skipped=list(plan.skipped))
    for survey in plan.approved:
        try:
            done.approved.append(_approve_plain(survey, by))
        except (ReviewError, LedgerError) as error:
            done.skipped.append((survey, str(error)))
        except ValidationError as error:
            done.skipped.append((survey, "".join(error.messages)))
        except PermissionDenied:
            done.skipped.append((survey, _("不在您能审核的范围内")))
    return done


@with_pictures()
def _approve_plain(survey: Survey, by: Any) -> Survey:
    household, row = _locked(survey, by)
    compared = comparison.load(row)
    if why := compared.why_not_in_batch:
        raise ReviewError(why)
    return _approve(household, compared, {}, by, "", {})
