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
from households.models import Household, Pairing
from households.services import LedgerError
from regions.models import Level, Region
from surveys.models import Survey, VerificationDraw, VerificationTask

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
