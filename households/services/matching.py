"""Proposals of who should help whom: asked for, computed by a job, looked at, and applied in one act or discarded. Nothing is written to any
household before `apply_matching`, and that refuses when things have changed since."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.roles import Permission
from accounts.scoping import posted_regions, require, require_in
from cadres.models import Cadre, Unit
from common import audit, jobs
from common.copying import copy_rows, fresh, rarely_collecting, reserve_keys
from common.lookups import among
from common.models import Job
from households import questions
from households.matching import Match, solve
from households.models import HandOver, Household, MatchingRow, MatchingRun, Pairing
from households.services import hand_overs, many
from households.services.base import LedgerError
from households.services.helping import Helping, Rules
from households.services.many import Done
from households.services.pairing import Hands
from regions.models import Region

JOB, APPLY = "pairing.match", "pairing.apply"
AT_ONCE = 1000  # households that change while somebody waits for the page; more are done by a job
State, Outcome = MatchingRun.State, MatchingRow.Outcome
OPEN = (State.COMPUTING, State.PROPOSED)
CHANGED = (Outcome.NEW, Outcome.MOVE)
Step = Callable[[int], None]


def _record(action: str, run: MatchingRun, by: Any, note: str = "", before: dict[str, Any] | None = None) -> None:
    audit.record(
        action, by=by, target=run, region_path=scope_path(run), note=note or scope_name(run), rows=[run],
        changes=audit.changes_since(before, run) if before is not None else {},
    )  # fmt: skip


def scope_path(run: MatchingRun) -> str:
    """The path of the region in whose rules and trail a proposal stands."""
    if run.region is not None:
        return run.region.path
    unit = run.unit or run.leaving.unit  # type: ignore[union-attr]
    return unit.region.path


def scope_name(run: MatchingRun) -> str:
    """青石村, 县教育局包的村, 李敏的结对农户."""
    if run.region is not None:
        return run.region.full_name or run.region.name
    if run.unit is not None:
        return _("%(unit)s包的村") % {"unit": run.unit.name}
    return _("%(name)s的结对农户") % {"name": run.leaving.name}  # type: ignore[union-attr]


@transaction.atomic
def propose_matching(
    *,
    by: Any,
    region: Region | None = None,
    unit: Unit | None = None,
    leaving: Cadre | None = None,
    anew: bool = False,
    at_once: bool = False,
) -> MatchingRun:
    """Ask for a proposal for a region, for the villages of a unit, or for the households of a cadre who leaves; a job computes it, or this very call
    (`at_once`, for a small scope).

    Permission PAIRING_EDIT in the region; for a unit or a cadre, wherever the households lie: it is proposed for those of the user's area.
    """
    if region is not None:
        require_in(by, Permission.PAIRING_EDIT, region)
    elif not posted_regions(by, Permission.PAIRING_EDIT):
        raise PermissionDenied(Permission.PAIRING_EDIT)
    run = MatchingRun(
        region=region, unit=unit, leaving=leaving, anew=anew and leaving is None, asked_by=by.username, asked_at=timezone.now()
    )  # fmt: skip
    alike = MatchingRun.objects.select_for_update(of=("self",)).filter(
        region=region, unit=unit, leaving=leaving, state__in=OPEN
    )
    if region is None:  # of a unit or a cadre everybody sees their own area
        alike = alike.filter(asked_by=by.username)
    if alike.exists():
        raise LedgerError(_("%(scope)s已有一个没有处理的结对方案，请先执行或放弃它。") % {"scope": scope_name(run)})
    if not questions.households_of(run, by).exists():
        raise LedgerError(_("%(scope)s没有您能安排结对的农户。") % {"scope": scope_name(run)})
    run.weights = questions.weights_at(Rules(), scope_path(run))
    run.save()
    if at_once:
        _record("matching.asked", run, by)
        return compute(run, by=by, step=lambda done, message: None)
    run.job = jobs.submit(
        JOB, by=by, title=_("结对方案：%(scope)s") % {"scope": scope_name(run)}, params={"run": run.pk, "user": by.pk}, key=f"matching/{run.pk}",
        region_path=scope_path(run),
    )  # fmt: skip
    run.save(update_fields=["job"])
    _record("matching.asked", run, by)
    return run


def _locked(run: MatchingRun) -> MatchingRun:
    rows = MatchingRun.objects.select_for_update(of=("self",)).select_related(
        "region", "unit__region", "leaving__unit__region"
    )
    found: MatchingRun = rows.get(pk=run.pk)
    return found


# -- computing ----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def compute(run: MatchingRun, *, by: Any, step: Callable[[int, str], None]) -> MatchingRun:
    """The work of the job: the same rows again where it is done once more. `step(done of 4, what is being done)`."""
    run = _locked(run)
    if run.state not in (State.COMPUTING, State.FAILED):
        raise LedgerError(_("这个方案已经算过，不用再算。"))
    before = audit.snapshot(run)
    step(0, _("正在读取农户和干部"))
    question = questions.ask(run, by)
    stages = {"network": (1, _("正在准备计算")), "flow": (2, _("正在计算")), "answer": (3, _("正在整理结果"))}
    matches = solve(
        question.places, question.houses, question.helpers, question.weights, anew=run.anew, progress=lambda stage: step(*stages[stage]),
    )  # fmt: skip
    MatchingRow.objects.filter(run=run).delete()
    with rarely_collecting():
        rows = [
            fresh(MatchingRow, {"id": key, "run_id": run.pk, **_columns(match, question, run)})
            for key, match in zip(reserve_keys(MatchingRow, len(matches)), matches, strict=True)
        ]
        copy_rows(MatchingRow, rows)
    run.figures = _figures(rows, question)
    run.digest = digest_of((r.household_id, r.now_id, r.proposed_id) for r in rows)
    run.state = State.PROPOSED
    run.save()
    _record("matching.proposed", run, by, before=before)
    return run


def _columns(match: Match, question: questions.Question, run: MatchingRun) -> dict[str, Any]:
    house, parts = match.house, match.parts
    why = match.why
    if match.outcome == "move":
        why = question.unfit.get(house.now or 0) or (questions.KIN if house.now in house.kin else "")
        why = why or (questions.BETTER if run.anew else questions.FULL)
    told = {k: v for k, v in parts._asdict().items() if v} if parts is not None else {}
    if match.helper is not None:
        place = question.by_place[house.place]
        if match.helper.unit in place.units:
            told["answers"] = 1
        if place.languages & match.helper.languages:
            told["speaks"] = 1
    return {
        "household_id": house.key, "now_id": house.now, "proposed_id": match.helper.key if match.helper else None, "outcome": match.outcome,
        "difficulty": house.difficulty, "parts": told, "why": why,
    }  # fmt: skip


def _figures(rows: Iterable[MatchingRow], question: questions.Question) -> dict[str, int]:
    counts = Counter(row.outcome for row in rows)
    return {
        **{outcome.value: counts[outcome.value] for outcome in Outcome},
        "helpers": len(question.helpers), "used": len({row.proposed_id for row in rows if row.proposed_id}),
    }  # fmt: skip


def digest_of(rows: Iterable[tuple[int, int | None, int | None]]) -> str:
    """What stands for all rows of a proposal: (household, now, proposed) in the order of the households."""
    hashed = hashlib.sha256()
    for household, now, proposed in sorted(rows):
        hashed.update(f"{household}:{now or ''}:{proposed or ''}\n".encode())
    return hashed.hexdigest()


@transaction.atomic
def stopped(*, run: MatchingRun, by: Any) -> None:
    """The job was cancelled or failed: there is no proposal, until it is tried again."""
    run = _locked(run)
    if run.state != State.COMPUTING:
        return
    before = audit.snapshot(run)
    run.state = State.FAILED
    run.save()
    _record("matching.stopped", run, by, before=before)


@transaction.atomic
def retry_matching(*, run: MatchingRun, by: Any) -> MatchingRun:
    """Compute a proposal that failed once more; by who asked for it."""
    run = _locked(run)
    require(by, Permission.PAIRING_EDIT, run)
    if run.state != State.FAILED or run.job is None:
        raise LedgerError(_("只有没有算成的方案才能重算。"))
    before = audit.snapshot(run)
    jobs.retry_job(job=run.job, by=by)
    run.state = State.COMPUTING
    run.save()
    _record("matching.retried", run, by, before=before)
    return run


@transaction.atomic
def discard_matching(*, run: MatchingRun, by: Any) -> MatchingRun:
    """The proposal is not wanted. Its rows go, its figures stay."""
    run = _locked(run)
    require(by, Permission.PAIRING_EDIT, run)
    if run.state not in (State.PROPOSED, State.FAILED):
        raise LedgerError(
            _("这个方案现在是“%(state)s”，不能这样办。请看过最新情况再办。") % {"state": run.get_state_display()}
        )
    return drop(run, by)


def drop(run: MatchingRun, by: Any) -> MatchingRun:
    """Within the transaction of whoever discards a proposal."""
    before = audit.snapshot(run)
    MatchingRow.objects.filter(run=run).delete()
    run.state, run.decided_by, run.decided_at = State.DISCARDED, getattr(by, "username", str(by)), timezone.now()
    run.save()
    _record("matching.discarded", run, by, before=before)
    return run


@transaction.atomic
def start_applying(*, run: MatchingRun, by: Any) -> Job:
    """Apply a large proposal by a job, as `apply_matching` does."""
    run = _locked(run)
    require(by, Permission.PAIRING_EDIT, run)
    if run.state != State.PROPOSED:
        raise LedgerError(
            _("这个方案现在是“%(state)s”，不能执行。请看过最新情况再办。") % {"state": run.get_state_display()}
        )
    run.job = jobs.submit(
        APPLY, by=by, title=_("执行结对方案：%(scope)s") % {"scope": scope_name(run)}, params={"run": run.pk, "user": by.pk},
        key=f"matching/{run.pk}", region_path=scope_path(run),
    )  # fmt: skip
    run.save(update_fields=["job"])
    return run.job


# -- applying -----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def apply_matching(*, run: MatchingRun, by: Any, step: Step = lambda n: None) -> MatchingRun:
    """Do what the proposal says, all of it in one transaction: one event for the act, one on the chain of each household that changes.

    Permission PAIRING_EDIT on every household. Raises `LedgerError` where a household, its helper, or a cadre has changed since.
    """
    run = _locked(run)
    require(by, Permission.PAIRING_EDIT, run)
    if run.state != State.PROPOSED:
        raise LedgerError(
            _("这个方案现在是“%(state)s”，不能执行。请看过最新情况再办。") % {"state": run.get_state_display()}
        )
    rows = list(MatchingRow.objects.filter(run=run).order_by("household_id").values_list("household_id", "now_id", "proposed_id", "outcome"))  # fmt: skip
    if digest_of(row[:3] for row in rows) != run.digest:
        raise LedgerError(_("方案的内容与算出时不一致，不能执行，请放弃后重新计算，并告诉管理员。"))
    keys = [row[0] for row in rows]
    may = Household.objects.for_user(by, Permission.PAIRING_EDIT).active().filter(among("pk", keys)).count()
    today = timezone.localdate()
    changing = [row for row in rows if row[3] in CHANGED]
    if not changing:
        raise LedgerError(_("方案里没有要改动的农户，不用执行。"))
    held = many.lock((row[0] for row in changing), today)
    if may < len(keys):
        raise LedgerError(_stale(len(keys) - may, _("有的农户已经销户、迁走，或者不在您的管理范围。")))
    now = questions.present_helpers(run, keys)
    other = sum(now.get(household) != before for household, before, _to, _outcome in rows)
    if other:
        raise LedgerError(_stale(other, _("帮扶责任人已经变动。")))
    passed = _pass(run, changing, held)
    before = audit.snapshot(run)
    made: HandOver | None = None
    if run.leaving_id:
        made = hand_overs.by_proposal(run, passed, on=today, by=by)
    else:
        done = [Done(hands, new, _change_note(old, new)) for hands, old, new in passed]
        many.write(done, action="pairing.matched", by=by, step=step)
    run.state, run.decided_by, run.decided_at = State.APPLIED, by.username, timezone.now()
    run.save()
    note = ngettext("%(scope)s，改动 %(count)s 户", "%(scope)s，改动 %(count)s 户", len(changing)) % {
        "scope": scope_name(run), "count": len(changing),
    }  # fmt: skip
    _record("matching.applied", run, by, note=note, before=before)
    if made is not None:
        run.made = made  # type: ignore[attr-defined]
    return run


def _change_note(old: Pairing | None, new: Pairing) -> str:
    return _("%(old)s → %(new)s") % {"old": old.cadre.name, "new": new.cadre.name} if old else new.cadre.name


def _stale(count: int, why: str) -> str:
    return ngettext(
        "方案算出以后情况有变（%(count)s 户）：%(why)s请放弃这个方案，重新计算。",
        "方案算出以后情况有变（%(count)s 户）：%(why)s请放弃这个方案，重新计算。",
        count,
    ) % {"count": count, "why": why}


def _pass(
    run: MatchingRun, changing: list[tuple[int, int | None, int | None, str]], held: dict[int, Hands]
) -> list[Any]:
    """Each change in the household's hands: (hands, ended or None, began). Raises `LedgerError` where a cadre may not help any more."""
    today = timezone.localdate()
    wanted = {to for _household, _before, to, _outcome in changing if to}
    locked = Cadre.objects.select_for_update(of=("self",)).select_related("unit__region").filter(among("pk", wanted))
    cadres = {c.pk: c for c in locked.order_by("pk")}
    helping = Helping.of(list(cadres.values()), held)
    for _household, before, _to, _outcome in changing:
        if before is not None:
            helping.loads[before] -= 1
    passed: list[tuple[Hands, Pairing | None, Pairing]] = []
    problems: list[str] = []
    for household, before, to, _outcome in changing:
        hands, cadre = held[household], cadres[to or 0]
        own = hands.of(cadre.pk)
        counted = own is not None and own.mode != Pairing.Mode.POINT_TO_POINT
        why = helping.why_not(cadre, household, today, counted=counted)
        if why or (own is not None and not counted):
            problems.append(why or _("%(name)s 正在办理这一户的诉求，办结以后再安排。") % {"name": cadre.name})
            continue
        helping.loads[cadre.pk] += not counted
        old = next((p for p in hands.helpers if p.cadre_id == before), None)
        if run.leaving_id and old is not None:
            passed.append(hand_overs.pass_on(hands, old, cadre, today, _("按结对方案移交")))
        else:
            new = hands.replace_lead(cadre, today, _("按结对方案换人"), goal=old.goal if old else "")
            passed.append((hands, old, new))
    if problems:
        raise LedgerError(_stale(len(problems), problems[0]))
    return passed
