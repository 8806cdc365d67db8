"""A survey arrives: from a phone, a page or paper, by one verb. It is whole and compared with the ledger, or it is not there at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit, pii, sync
from common.sync import Quarantined, Refused
from households.models import Household, Member
from households.services import LedgerError
from surveys import access, comparison, prefill, published, sent
from surveys.answers import Checked, check
from surveys.definitions import Definition
from surveys.models import Survey, SurveyConflict, SurveyForm, SurveyPhoto
from surveys.sent import Sent, forged
from surveys.services.photos import MOST_PHOTOS, meet
from surveys.services.verification import complete

WITHDRAWABLE = (Survey.State.SUBMITTED, Survey.State.RETURNED)
EARLIEST = 2  # years before this one that may still be surveyed


@sync.kind("survey.submit")
def _submit(op: sync.Op) -> Mapping[str, Any]:
    survey, missing = _arrive(op.body, op.by)
    return {"survey": str(survey.uid), "revision": survey.revision, "missing": missing}


def submit_survey(*, body: Mapping[str, Any], by: Any) -> Survey:
    """Take a survey from its surveyor. Raises `sync.Refused` and `sync.Quarantined` as docs/surveys.md says; then nothing is written."""
    return _arrive(body, by)[0]


@transaction.atomic(savepoint=False)
def _arrive(body: Mapping[str, Any], by: Any) -> tuple[Survey, list[str]]:
    """The survey, and the photos that have not arrived."""
    read = sent.read(body)
    return _take(read, _whose(read, by), surveyor=by, by=by)


def accept_survey(*, body: Mapping[str, Any], owner: Any, by: Any) -> Survey:
    """Take a survey that waited in quarantine, for its surveyor: whose household it is has been decided, the rest is asked as ever."""
    read = sent.read(body)
    household = (
        Household.objects.select_related("village").select_for_update(of=("self",), no_key=True).get(uid=read.household)
    )
    return _take(read, household, surveyor=owner, by=by)[0]


# -- whose --------------------------------------------------------------------------------------------------------------------------


def _whose(read: Sent, by: Any) -> Household:
    """The household, locked. Raises `Refused` and `Quarantined`."""
    extra = {"survey": str(read.uid)}
    household = access.mine(by, read.household, lock=True)
    if household is None:
        other = Household.objects.select_related("village").filter(uid=read.household).first()
        if other is None or not access.once_mine(by, other):
            raise Refused(
                "not_yours", _("这一户不归您调查，服务器没有收下。如果应当归您，请让乡镇先安排结对，再重新上传。"),
                region_path=other.village.path if other else "", subject=other.subject if other else "",
            )  # fmt: skip
        raise Quarantined(
            _("这一户已经不归您调查。您填的内容已完整保存，由乡镇审核人决定是否采用。"),
            other.village.path,
            subject=other.subject,
            **extra,
        )
    where = {"region_path": household.village.path, "subject": household.subject}
    if household.is_closed:
        raise Quarantined(_("这一户已经销户或并户。您填的内容已完整保存，由乡镇审核人决定是否采用。"), **where, **extra)
    if read.purpose != Survey.Purpose.VERIFICATION:
        return household
    if access.open_task(by, household, read.year) is not None:
        return household
    if access.had_task(by, household, read.year):
        raise Quarantined(
            _("这一户的复核已经办结或取消。您填的内容已完整保存，由乡镇审核人决定是否采用。"), **where, **extra
        )
    raise Refused("not_assigned", _("没有派您复核这一户，服务器没有收下。请让乡镇先派给您。"), **where)


# -- taking -------------------------------------------------------------------------------------------------------------------------


def _take(read: Sent, household: Household, *, surveyor: Any, by: Any) -> tuple[Survey, list[str]]:
    try:
        form = form_named(read.code, read.version, household)
        definition = published.definition_of(form)
        survey = _row(read, household, form, surveyor)
        _plausible(read)
        rows = prefill.rows_of([household], [read.year, read.year - 1])
        checked = _check(read, definition, household, rows)
        named, here = _photos(read, definition, surveyor)
    except Refused as refusal:
        refusal.region_path, refusal.subject = household.village.path, household.subject
        raise
    write(survey, read, definition)
    survey.questions, survey.photos_expected = len(checked.questions), len(named)
    missing = [uid for uid in named if uid not in here or here[uid].state != SurveyPhoto.State.COMPLETE]
    survey.photos_missing = len(missing)
    survey.state, survey.revision, survey.submitted_at = Survey.State.SUBMITTED, read.revision + 1, timezone.now()
    survey.rework = ""
    survey.save()
    conflicts, gone = _conflicts(survey, read, definition, rows) if read.purpose == Survey.Purpose.SURVEY else ([], [])
    claimed = [photo for photo in here.values() if photo.survey_id is None]
    if claimed:
        SurveyPhoto.objects.filter(pk__in=[photo.pk for photo in claimed]).update(survey=survey)
        for photo in claimed:
            photo.survey = survey
    # The others are recorded when they have arrived.
    arrived = [photo for photo in claimed if photo.state != SurveyPhoto.State.ARRIVING]
    audit.record(
        "survey.submitted", by=by, target=survey, region_path=household.village.path, subject=household.subject, rows=[survey, *conflicts, *arrived], gone=gone,
        note=_("%(year)s年%(purpose)s，调查人 %(name)s") % {"year": survey.year, "purpose": survey.get_purpose_display(), "name": surveyor.name},
    )  # fmt: skip
    if read.purpose == Survey.Purpose.VERIFICATION:
        complete(survey=survey, by=by)
    return survey, missing


def form_named(code: str, version: str, household: Household) -> SurveyForm:
    """The published form, retired or not, if it is one of this household's county. Raises `Refused("unknown_form")`."""
    form = published.named(code, version)
    if form is None or (form.region is not None and not household.village.path.startswith(form.region.path)):
        raise Refused(
            "unknown_form",
            _("服务器没有这份调查表（%(form)s）。请更新页面后重填。") % {"form": f"{code}@{version}"[:60]},
        )
    return form


def _row(read: Sent, household: Household, form: SurveyForm, surveyor: Any) -> Survey:
    """The survey's row, locked, a fresh one where there is none; refused where it may not be written any more."""
    survey = Survey.objects.select_for_update().filter(uid=read.uid).first()
    if survey is None:
        survey = Survey(uid=read.uid, household=household, surveyor=surveyor, year=read.year)
    elif (survey.household_id, survey.surveyor_id, survey.purpose) != (household.pk, surveyor.pk, read.purpose):
        raise forged(_("这个编号的调查是另一户或另一位调查人的，服务器没有收下。"))
    survey.household, survey.form = household, form
    match survey.state:
        case Survey.State.SUBMITTED:
            raise Refused("already", _("这份调查已经送达，正在等待审核。要改，请让审核人先退回。"))
        case Survey.State.APPROVED:
            raise Refused("approved", _("这份调查已经审核通过，不能再改。内容有变化，请另填一份。"))
        case Survey.State.WITHDRAWN:
            raise Refused("withdrawn", _("这份调查已经作废，不能再交。请另填一份。"))
    if read.revision != survey.revision:
        raise Refused("revision", _("这份调查在别处已经交过一次，这一份不是最新的。请打开退回的那一份再改。"))
    return survey


def _check(read: Sent, definition: Definition, household: Household, rows: prefill.Rows) -> Checked:
    """What is wrong with the answers, and what they ask; `read` has them in their one spelling afterwards. Raises `Refused`."""
    cards = [prefill.card(member) for member in rows.members.get(household.pk, ())]
    cards += _no_longer_there(read, household, {card["uid"] for card in cards})
    last = {} if read.purpose == Survey.Purpose.VERIFICATION else rows.values(household.pk, read.year - 1, definition)
    checked = check(
        definition, read.answers, members=cards, last=last, base=read.base, year=read.year, today=min(read.surveyed_on, timezone.localdate())
    )  # fmt: skip
    by_hand = next((problem for problem in checked.problems if problem.code.startswith("unknown_")), None)
    if by_hand is not None:
        raise forged(by_hand.say)
    if checked.problems:
        raise invalid([{"path": problem.path, "say": problem.say} for problem in checked.problems])
    read.answers = checked.clean
    return checked


def _no_longer_there(read: Sent, household: Household, present: set[str]) -> list[dict[str, Any]]:
    """Cards of members who left the household after the draft had begun. Raises `Refused("forged")` for members of another household."""
    others = [member["uid"] for member in read.members if member["uid"] not in present]
    if not others:
        return []
    found = list(Member.objects.filter(uid__in=others))
    if any(member.household_id != household.pk for member in found):
        raise forged(_("调查里有一位成员不是这一户的，服务器没有收下。请更新数据后重填。"))
    return [prefill.card(member) for member in found]


def _photos(read: Sent, definition: Definition, surveyor: Any) -> tuple[list[str], dict[str, SurveyPhoto]]:
    """The uids of the photos that the answers name, each at most once, none of another survey; those that are here. Raises `Refused`."""
    named = sent.photos_of(definition, read.answers)
    if not named:
        return [], {}
    uids = set(named)
    if len(uids) != len(named):
        raise forged(_("同一张照片用了两次，服务器没有收下。请重新拍照。"))
    if len(named) > MOST_PHOTOS:
        raise Refused("too_many", _("一份调查最多 %(count)s 张照片，请删去几张再交。") % {"count": MOST_PHOTOS})
    meet(read.uid)
    here = {
        str(photo.uid): photo
        for photo in SurveyPhoto.objects.select_for_update(of=("self",)).filter(uid__in=uids).order_by("pk")
    }
    if any(photo.survey_uid != read.uid or photo.uploader_id != surveyor.pk for photo in here.values()):
        raise forged(_("有一张照片属于另一份调查，服务器没有收下。请重新拍照。"))
    return named, here


def _plausible(read: Sent) -> None:
    """A year and a day on which somebody can have surveyed. Raises `Refused("invalid")`."""
    today = timezone.localdate()
    if not today.year - EARLIEST <= read.year <= today.year:
        say = _("调查年度应在 %(first)s 年到 %(last)s 年之间，请核对。") % {
            "first": today.year - EARLIEST,
            "last": today.year,
        }
        raise invalid([{"path": "year", "say": say}])
    if read.surveyed_on > today + sent.CLOCK:
        raise invalid([{"path": "surveyed_on", "say": _("调查日期在今天之后。请核对手机的日期，改好再交。")}])
    if read.surveyed_on.year < read.year - 1:
        raise invalid([{"path": "surveyed_on", "say": _("调查日期比调查年度早得多。请核对手机的日期，改好再交。")}])


def invalid(problems: list[dict[str, Any]]) -> Refused:
    say = _("有 %(count)s 处不可能的内容，服务器没有收下：%(first)s") % {
        "count": len(problems),
        "first": problems[0]["say"],
    }
    return Refused("invalid", say, problems=problems)


def write(survey: Survey, read: Sent, definition: Definition) -> None:
    """Put what was sent into the row: answers without secrets, the secrets encrypted beside them."""
    earlier = secrets_of(survey) | rework_of(survey).get("secrets", {})
    survey.answers, secrets = sent.seal(definition, read.answers, earlier)
    plain = audit.canonical(secrets) if secrets else ""
    survey.secrets, survey.secrets_hash = plain, pii.lookup_hash("survey", plain)
    survey.base = sent.masked(definition, sent.only(definition, read.base))
    survey.seals = sent.only(definition, read.seals)
    survey.same = [path for path in read.same if definition.field(path) is not None]
    survey.kept = sent.only(definition, read.kept)
    survey.effort = read.effort
    survey.year, survey.purpose, survey.channel = read.year, read.purpose, read.channel
    survey.began_at, survey.surveyed_on = read.began_at, read.surveyed_on


def secrets_of(survey: Survey) -> dict[str, str]:
    """`{path: plain text}` of the numbers typed in a survey. Never shown, never logged."""
    secrets: Any = survey.secrets
    if not secrets:
        return {}
    return dict(json.loads(secrets if isinstance(secrets, str) else secrets.reveal()))


def rework_of(survey: Survey) -> dict[str, Any]:
    """What was typed on the server since the survey came back (`surveys.services.drafts`); empty where nothing was."""
    typed: Any = survey.rework
    return dict(json.loads(typed if isinstance(typed, str) else typed.reveal())) if typed else {}


def _conflicts(
    survey: Survey, read: Sent, definition: Definition, rows: prefill.Rows
) -> tuple[list[SurveyConflict], list[str]]:
    """Where the ledger moved since the draft began and the answer is a third thing, all three are kept. (new ones, keys of those gone)

    Only what would be written into the ledger can meet it, and only of members whom the answers speak of.
    """
    old = (
        {c.path: c for c in SurveyConflict.objects.select_for_update().filter(survey=survey, choice="")}
        if survey.revision > 1
        else {}
    )
    answers, ledger = sent.by_path(survey.answers), rows.values(survey.household_id, survey.year, definition)
    seals, typed = rows.seals(survey.household_id, definition), secrets_of(survey)
    new = []
    for path in answers.keys() | survey.base.keys():
        asked = definition.field(path)
        if (
            asked is None
            or not asked.writes
            or asked.is_evidence
            or (path not in answers and not _speaks_of(read, path))
        ):
            continue
        base, answer, now = survey.base.get(path), answers.get(path), ledger.get(path)
        if answer in ("", []):
            answer = None
        if path in typed:  # masked like the others: whether it is the ledger's number its keyed hash tells
            differs = prefill.seal_of(comparison.hash_of(asked.writes, typed[path])) != seals.get(path)
        else:
            differs = answer not in (base, now)
        if differs and comparison.moved(path, base, now, survey.seals, seals):
            new.append(SurveyConflict(survey=survey, path=path, base=base, answer=answer, ledger=now))
    gone = [audit.row_key(conflict) for conflict in old.values()]
    if old:
        SurveyConflict.objects.filter(pk__in=[conflict.pk for conflict in old.values()]).delete()
    return SurveyConflict.objects.bulk_create(new), gone


def _speaks_of(read: Sent, path: str) -> bool:
    """Whether a blank at this path is an answer: of the household, or of a member who is in the answers and stays."""
    uid, slash, _name = path.partition("/")
    return not slash or any(member["uid"] == uid and not member.get("left") for member in read.members)


@transaction.atomic
def withdraw_survey(*, survey: Survey, by: Any) -> Survey:
    """Its surveyor takes a survey back that is not approved yet. Everything in it stays on record."""
    row = Survey.objects.select_for_update(of=("self",)).select_related("household__village").get(pk=survey.pk)
    if row.surveyor_id != by.pk:
        raise PermissionDenied(access.FILL)
    if row.purpose == Survey.Purpose.VERIFICATION:
        raise LedgerError(_("复核调查已经与初次调查比对，不能收回。有错请告诉审核人。"))
    if row.state not in WITHDRAWABLE:
        raise LedgerError(_("这份调查已经审核通过或已经作废，不能再收回。"))
    if row.purpose == Survey.Purpose.VERIFICATION and row.state == Survey.State.SUBMITTED:
        raise LedgerError(_("复核调查送达时已经与初次调查比对，不能再收回。"))
    before = audit.snapshot(row)
    row.state = Survey.State.WITHDRAWN
    row.save()
    audit.record(
        "survey.withdrawn", by=by, target=row, subject=row.household.subject, region_path=row.household.village.path,
        changes={"state": audit.changes_since(before, row)["state"]}, rows=[row],
    )  # fmt: skip
    return row
