"""反复核对: draw or pick households, send somebody else, compare what two people found, say which is right.

The draw can be repeated by anybody: the numbers drawn from, the seed and the rule are kept with it, and the rule is one line.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Posting, User
from accounts.roles import GRANTS, Permission, Role
from accounts.scoping import allowed, require, require_in
from common import audit
from common.evidence import with_pictures
from households.models import Household, Pairing
from households.services import LedgerError, RecordError, write_record
from regions.models import Level, Region
from surveys import agreement, comparison
from surveys.comparison import JOINED
from surveys.models import Difference, Survey, VerificationDraw, VerificationTask
from surveys.services.review import record_of

MOST = 2000  # of one draw
SEED_LENGTH = VerificationDraw._meta.get_field("seed").max_length or 0
REASON_LENGTH = VerificationDraw._meta.get_field("reason").max_length or 0


# -- the draw -------------------------------------------------------------------------------------------------------------------


def place_of(seed: str, number: str) -> str:
    """Where a household stands in a draw: the SHA-256 of seed and household number written one after the other, hexadecimal."""
    return hashlib.sha256(f"{seed}{number}".encode()).hexdigest()


def order_of(seed: str, numbers: Iterable[str]) -> list[str]:
    """Household numbers in the order of a seed; drawn are the first of them."""
    return sorted(numbers, key=lambda number: (place_of(seed, number), number))


def digest_of(numbers: Iterable[str]) -> str:
    """SHA-256 of the sorted numbers, one a line."""
    return hashlib.sha256("\n".join(sorted(numbers)).encode()).hexdigest()


def surveyed(year: int) -> Any:
    """Condition on households: somebody's survey of that year stands."""
    first = Survey._base_manager.filter(
        household=OuterRef("pk"), year=year, purpose=Survey.Purpose.SURVEY, state__in=["submitted", "approved"]
    )
    return Exists(first)


def verified(year: int) -> Any:
    """Condition on households: a second look is on its way or was taken."""
    tasks = VerificationTask._base_manager.filter(household=OuterRef("pk"), year=year, state__in=["open", "done"])
    return Exists(tasks)


def population(region: Region, year: int) -> Any:
    """The households that can be drawn: in the region, not closed, surveyed in that year, not looked at a second time yet."""
    villages = Region.objects.within(region).filter(level=Level.VILLAGE).values("pk")
    return Household.objects.filter(surveyed(year), ~verified(year), village__in=villages).active().order_by()


@transaction.atomic
def draw_random(*, region: Region, year: int, size: int, seed: str, by: Any) -> VerificationDraw:
    """Draw `size` households of a region by a published seed. Raises ValidationError where fewer can be drawn."""
    require_in(by, Permission.SURVEY_SAMPLE, region)
    seed = " ".join(seed.split())
    if not seed:
        raise ValidationError({"seed": [_("请写抽样种子，例如当天公布的开奖号码。")]})
    if len(seed) > SEED_LENGTH:
        raise ValidationError({"seed": [_("抽样种子最多 %(most)s 个字。") % {"most": SEED_LENGTH}]})
    if not 1 <= size <= MOST:
        raise ValidationError({"size": [_("户数应在 1 到 %(most)s 之间。") % {"most": f"{MOST:,}"}]})
    keys = dict(population(region, year).values_list("number", "pk"))
    if size > len(keys):
        raise ValidationError(
            {"size": [_("能抽的只有 %(count)s 户：本年度已经调查、还没有复核过的农户。") % {"count": len(keys)}]}
        )
    draw = VerificationDraw(
        region=region, year=year, method=VerificationDraw.Method.RANDOM, seed=seed, size=size, population=len(keys),
        population_digest=digest_of(keys), numbers="\n".join(sorted(keys)), drawn_by=by.username,
    )  # fmt: skip
    return _keep(draw, [keys[number] for number in order_of(seed, keys)[:size]], by)


@transaction.atomic
def pick_by_hand(*, households: Sequence[Household], year: int, reason: str, by: Any) -> VerificationDraw:
    """Choose households for a second look, with the reason why these."""
    reason = reason.strip()
    if len(reason) < 4:
        raise ValidationError({"reason": [_("请写明为什么指定这些户，至少四个字。")]})
    if len(reason) > REASON_LENGTH:
        raise ValidationError({"reason": [_("理由最多 %(most)s 个字。") % {"most": REASON_LENGTH}]})
    pks = {household.pk for household in households}
    if not 1 <= len(pks) <= MOST:
        raise ValidationError(_("一次请指定 1 到 %(most)s 户。") % {"most": f"{MOST:,}"})
    rows = Household.objects.for_user(by, Permission.SURVEY_SAMPLE).filter(pk__in=pks).select_related("village")
    if len(rows) < len(pks):
        raise PermissionDenied(Permission.SURVEY_SAMPLE)
    fit = set(
        Household.objects.filter(surveyed(year), ~verified(year), pk__in=pks).active().values_list("pk", flat=True)
    )
    unfit = [row for row in rows if row.pk not in fit]
    if unfit:
        names = _("、").join(f"{row}（{row.number}）" for row in unfit[:5])
        raise LedgerError(
            _("%(names)s：已销户，本年度还没有调查，或者已经安排复核，不能指定。请去掉后再试。") % {"names": names}
        )
    draw = VerificationDraw(
        region=common_region([row.village for row in rows]), year=year, method=VerificationDraw.Method.HAND, size=len(pks), reason=reason,
        drawn_by=by.username,
    )  # fmt: skip
    return _keep(draw, sorted(pks), by)


def common_region(regions: Sequence[Region]) -> Region:
    """The lowest region that holds all of them."""
    paths = [region.path.strip("/").split("/") for region in regions]
    shared = [pks[0] for pks in zip(*paths, strict=False) if len(set(pks)) == 1]
    return Region.objects.get(pk=int(shared[-1]))


def _keep(draw: VerificationDraw, pks: Sequence[int], by: Any) -> VerificationDraw:
    draw.save()
    tasks = [VerificationTask(draw=draw, household_id=pk, year=draw.year) for pk in pks]
    try:
        with transaction.atomic():
            VerificationTask.objects.bulk_create(tasks)
    except IntegrityError as error:
        raise LedgerError(_("刚才有人安排了其中几户的复核，请再试一次。")) from error
    audit.record(
        "verification.drawn", by=by, target=draw, region_path=draw.region.path, rows=[draw, *tasks],
        note=draw.reason or _("种子 %(seed)s，%(population)s 户中抽 %(size)s 户") % {"seed": draw.seed, "population": draw.population, "size": draw.size},
    )  # fmt: skip
    return draw


# -- who goes -------------------------------------------------------------------------------------------------------------------


def _locked(task: VerificationTask, by: Any, permission: Permission) -> VerificationTask:
    row = VerificationTask.objects.select_for_update(of=("self",)).select_related("household__village").get(pk=task.pk)
    require(by, permission, row.household)
    if row.state != VerificationTask.State.OPEN:
        raise LedgerError(_("这一户的复核已经办结或取消，不能再改。"))
    return row


def have_seen(household_id: int, year: int) -> set[int]:
    """Users who surveyed a household that year or decided on a survey of it: their second look would not be an independent one."""
    rows = Survey._base_manager.filter(household_id=household_id, year=year).values_list("surveyor_id", "decided_by_id")
    return {pk for row in rows for pk in row if pk is not None}


def candidates(task: VerificationTask) -> list[User]:
    """Who may be sent: may fill surveys in this household and has not seen the first one. By name."""
    roles = [role for role, grants in GRANTS.items() if Permission.SURVEY_FILL in grants]
    posted = Posting.objects.current().filter(
        role__in=[role for role in roles if role != Role.HELPER], region__in=task.household.village.ancestor_ids
    )
    paired = Pairing.objects.current().filter(household=task.household_id).exclude(cadre__user=None)
    found = User.objects.filter(
        Q(pk__in=posted.values("user")) | Q(pk__in=paired.order_by().values("cadre__user")), is_active=True
    ).exclude(pk__in=have_seen(task.household_id, task.year))
    return list(found.order_by("name", "pk"))


@transaction.atomic
def assign(*, task: VerificationTask, assignee: User | None, by: Any) -> VerificationTask:
    """Send somebody, or take the task back from whoever has it. Never who has seen the first survey, never who may not fill there."""
    row = _locked(task, by, Permission.SURVEY_SAMPLE)
    if assignee is not None and assignee.pk in have_seen(row.household_id, row.year):
        raise LedgerError(
            _("%(name)s 本年度调查过或审核过这一户，不能再做复核。请另派一位没有看过初次调查的人。")
            % {"name": assignee.name}
        )
    if assignee is not None and not allowed(assignee, Permission.SURVEY_FILL, row.household):
        raise LedgerError(_("%(name)s 不能在这一户填写调查，请另派一位。") % {"name": assignee.name})
    before = audit.snapshot(row)
    row.assignee = assignee
    row.save(update_fields=["assignee"])
    _record("verification.assigned", row, by, note=assignee.name if assignee else "", before=before)
    return row


@transaction.atomic
def cancel_task(*, task: VerificationTask, reason: str, by: Any) -> VerificationTask:
    """No second look at this household; the draw keeps saying that it was drawn."""
    if len(reason.strip()) < 4:
        raise ValidationError({"reason": [_("请写明取消理由，至少四个字。")]})
    row = _locked(task, by, Permission.SURVEY_SAMPLE)
    before = audit.snapshot(row)
    row.state, row.note = VerificationTask.State.CANCELLED, reason.strip()[:REASON_LENGTH]
    row.save(update_fields=["state", "note"])
    _record("verification.cancelled", row, by, note=row.note, before=before)
    return row


def _record(action: str, task: VerificationTask, by: Any, *, note: str, before: dict[str, Any], rows: Iterable[Any] = ()) -> None:  # fmt: skip
    """One event on the chain of the household. It names no answer: whoever reads the history may have to look for themselves yet."""
    household = task.household
    audit.record(
        action, by=by, target=task, subject=household.subject, region_path=household.village.path, note=note, rows=[task, *rows]
    )  # fmt: skip


# -- what the second look found ---------------------------------------------------------------------------------------------------


def first_of(household_id: int, year: int) -> Survey | None:
    """The survey that a second look is compared with: an approved one before one that waits, the newest of them."""
    rows = Survey._base_manager.filter(
        household_id=household_id, year=year, purpose=Survey.Purpose.SURVEY, state__in=["approved", "submitted", "returned"]
    ).select_related("form")  # fmt: skip
    return min(rows, key=lambda row: (row.state != Survey.State.APPROVED, -row.pk), default=None)


@transaction.atomic
def complete(*, survey: Survey, by: Any = None) -> VerificationTask | None:
    """A verification survey has arrived: its task is done, and where it differs from the first survey stays open until somebody decides.

    Called by the verb that takes the survey in, in its transaction. None where no task of its surveyor waits for it; then nothing happens.
    """
    by = by or survey.surveyor
    row = (
        VerificationTask.objects.select_for_update(of=("self",))
        .select_related("household__village")
        .filter(household=survey.household_id, year=survey.year, assignee=survey.surveyor_id, state=VerificationTask.State.OPEN)
        .first()
    )  # fmt: skip
    if row is None or survey.purpose != Survey.Purpose.VERIFICATION:
        return None
    before = audit.snapshot(row)
    row.state, row.survey, row.first = VerificationTask.State.DONE, survey, first_of(row.household_id, row.year)
    row.done_at = timezone.now()
    found = agreement.two_surveys(row.first, survey) if row.first else None
    row.compared = found.counts if found else None
    row.save()
    differences = [
        Difference(task=row, path=pair.path, first=pair.first, second=pair.second) for pair in (found.differences if found else ())
    ]  # fmt: skip
    Difference.objects.bulk_create(differences)
    note = _("%(count)s 处与初次调查不同") % {"count": len(differences)}
    _record("verification.done", row, by, note=note, before=before, rows=differences)
    return row


def renamed_of(task: VerificationTask) -> dict[str, str]:
    """By which uid the first survey knows somebody new in the second."""
    return agreement.two_surveys(task.first, task.survey).renamed if task.first and task.survey else {}


@with_pictures()
def resolve(*, difference: Difference, verdict: str, reason: str, by: Any, version: int | None = None) -> Difference:
    """Say which of the two surveys is right, and why. Where it is the second one the ledger is corrected; else it stays as it is.

    Neither surveyor decides. `version` is the household's when the reviewer looked.
    """
    if verdict not in Difference.Verdict.values:
        raise ValidationError({"verdict": [_("请选择以哪一次为准。")]})
    reason = reason.strip()
    if len(reason) < 4:
        raise ValidationError({"reason": [_("请写明理由，至少四个字。")]})
    if len(reason) > REASON_LENGTH:
        raise ValidationError({"reason": [_("理由最多 %(most)s 个字。") % {"most": REASON_LENGTH}]})
    task = VerificationTask.objects.select_related("first__form", "first__surveyor", "survey__form", "survey__surveyor").get(
        pk=difference.task_id
    )  # fmt: skip
    household = Household.objects.select_for_update(of=("self",)).select_related("village").get(pk=task.household_id)
    row = Difference.objects.select_for_update(of=("self",)).get(pk=difference.pk)
    task.household, row.task = household, task
    require(by, Permission.SURVEY_REVIEW, task)
    if by.pk in {survey.surveyor_id for survey in (task.first, task.survey) if survey}:
        raise LedgerError(_("您是其中一次的调查人，差异请由另一位审核人判定。"))
    if row.verdict:
        raise LedgerError(_("这一处差异已经有结论。"))
    if verdict == Difference.Verdict.SECOND:
        if version is not None and version != household.version:
            raise LedgerError(_("您看的时候台账又有改动，结论没有保存。请看过最新的台账值再定。"))
        _correct(task, row, by)
    row.verdict, row.reason = verdict, reason
    row.resolved_at, row.resolved_by = timezone.now(), by.username
    row.save()
    audit.record(
        "verification.resolved", by=by, target=row, subject=household.subject, region_path=household.village.path, rows=[row],
        note=f"{row.get_verdict_display()}：{reason}",
    )  # fmt: skip
    return row


def _correct(task: VerificationTask, difference: Difference, by: Any) -> None:
    """Write the second survey's answer of one path into the ledger, by the verb that writes surveys."""
    assert task.survey is not None
    second = task.survey
    second.household = task.household
    compared = comparison.load(second, renamed_of(task))
    row = compared.row(difference.path)
    if row is None:
        raise LedgerError(_("复核调查里没有这一项，台账不能照它改。请另行改正台账，再选“两者都不对”。"))
    person = next((p for p in compared.people if p.uid == row.uid), None)
    if person is not None and person.there is None and not difference.path.endswith(f"/{JOINED}"):
        raise LedgerError(_("%(name)s 还没有写入台账，请先审核初次调查。") % {"name": person.name})
    try:
        write_record(
            household=task.household, record=record_of(compared, {}, only=difference.path), by=by, action="household.verified",
            source="survey", note=_("%(who)s 复核") % {"who": second.surveyor.name},
        )  # fmt: skip
    except RecordError as error:
        raise LedgerError(_("%(where)s：%(why)s") % {"where": row.where, "why": str(error)}) from error
