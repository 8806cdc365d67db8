"""有帮带能力: a member who can help is a cadre of the branch's unit, so that pairing knows one register. Who judges it may keep cadres, too."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cadres import services as cadres
from cadres.models import Affiliation, Cadre, Rank, Unit
from common import audit
from party.models import MEMBERS, Branch, PartyPerson
from party.services.base import CONFIRM, PartyError, lock, locked, record, save

POLITICS = {"probationary": "02", "full": "01"}  # codes of 政治面貌


@transaction.atomic
def mark_able(*, person: PartyPerson, by: Any, cadre: Cadre | None = None) -> PartyPerson:
    """From now on they may be paired with households. `cadre` is their entry where they help already (a village cadre, say); otherwise one
    is opened in the branch's unit."""
    row: PartyPerson = locked(PartyPerson, person, by, CONFIRM, "branch__village", "cadre")
    if row.left_on is not None or row.stage not in MEMBERS:
        raise PartyError(_("只有在册的党员可以登记为有帮带能力。"))
    if row.is_able:
        raise PartyError(_("%(name)s已经登记为有帮带能力。") % {"name": row.name})
    before = audit.snapshot(row)
    row.cadre = _entry(row, by, cadre)
    row.is_able = True
    row.version += 1
    save(row)
    record("partyperson.able", row, by, row.branch.village, before=before)
    return row


def _entry(row: PartyPerson, by: Any, cadre: Cadre | None) -> Cadre:
    found = cadre or row.cadre
    if found is not None:
        if PartyPerson._base_manager.filter(cadre=found).exclude(pk=row.pk).exists():
            raise PartyError(_("这位干部已经对应另一位党员，请重新选择。"))
        if found.left_on is not None:
            raise PartyError(_("%(name)s在干部名册里已经离岗，请先恢复在岗。") % {"name": found.name})
        if found.cannot_help:
            return cadres.change_cadre(cadre=found, by=by, facts={"cannot_help": False})
        return found
    # The phone goes from one sealed column to another, where it is as masked as here.
    return cadres.open_cadre(
        name=row.name, unit=_unit(row.branch, by), by=by, sex=row.sex, phone=row.phone.reveal() if row.phone else "", rank=Rank.VILLAGE,
        is_party_member=True, politics=POLITICS[row.stage],
    )  # fmt: skip


def _unit(branch: Branch, by: Any) -> Unit:
    """The branch as a unit of its village, opened with the first who helps."""
    branch = lock(Branch, branch, "village", "unit")
    if branch.unit is None:
        before = audit.snapshot(branch)
        branch.unit = cadres.open_unit(name=branch.name, region=branch.village, by=by, affiliation=Affiliation.VILLAGE)
        if not branch.unit.villages.current().exists():
            cadres.answer_for(unit=branch.unit, village=branch.village, by=by)
        save(branch)
        record("branch.unit_opened", branch, by, branch.village, before=before)
    return branch.unit


@transaction.atomic
def unmark_able(*, person: PartyPerson, by: Any) -> PartyPerson:
    """Nobody new is paired with them; the pairings there are end by hand-over."""
    row: PartyPerson = locked(PartyPerson, person, by, CONFIRM, "branch__village", "cadre")
    if not row.is_able:
        raise PartyError(_("%(name)s没有登记为有帮带能力。") % {"name": row.name})
    before = audit.snapshot(row)
    stop_helping(row, by)
    row.version += 1
    save(row)
    record("partyperson.unable", row, by, row.branch.village, before=before)
    return row


def stop_helping(row: PartyPerson, by: Any) -> None:
    """For a locked row that the caller saves and records: its cadre takes no household any more."""
    if row.is_able and row.cadre is not None:
        cadres.change_cadre(cadre=row.cadre, by=by, facts={"cannot_help": True})
    row.is_able = False
