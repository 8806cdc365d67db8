"""Verbs of 单位: opening, changing, closing, and the villages a unit answers for."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from cadres.models import Affiliation, Unit, UnitVillage
from cadres.querysets import in_force
from cadres.services.base import EDIT, CadreError, lock, past_day, require_keeping, require_village, save, text_of
from common import audit
from common.text import normalise_text
from regions.models import Level, Region

AFFILIATION_AT = {
    Level.PROVINCE: Affiliation.PROVINCE,
    Level.CITY: Affiliation.CITY,
    Level.COUNTY: Affiliation.COUNTY,
    Level.TOWNSHIP: Affiliation.TOWNSHIP,
    Level.VILLAGE: Affiliation.VILLAGE,
}


def _clean_name(name: str) -> str:
    try:
        name = "".join(normalise_text(name).split())
    except ValidationError as error:
        raise ValidationError({"name": error.messages}) from error
    if not 1 < len(name) <= 120:
        raise ValidationError({"name": [_("单位名称应为 2 至 120 个字。")]})
    return name


@transaction.atomic
def open_unit(*, name: str, region: Region, by: Any, affiliation: str = "", number: str = "") -> Unit:
    """A helping unit; found again where the region has one of that name. The affiliation follows the region's level by default: a unit of
    the province that helps one county is registered in this county, with its own affiliation."""
    require_keeping(by, region)
    if not region.is_current:
        raise CadreError(_("%(region)s已经停用，请选择现在的区划。") % {"region": region.full_name})
    name = _clean_name(name)
    there = Unit.objects.filter(name=name, region=region).first()
    if there is not None:
        if there.closed_on is not None:
            raise CadreError(
                _("%(region)s的单位“%(name)s”已经停用，请先恢复它。") % {"region": region.name, "name": name}
            )
        return there
    unit = Unit(name=name, region=region, affiliation=affiliation or AFFILIATION_AT[Level(region.level)])
    unit.number = text_of(number, "number", 30)
    save(unit)
    audit.record("unit.opened", by=by, target=unit, region_path=region.path, note=name, rows=[unit])
    return unit


def _locked(unit: Unit, by: Any) -> Unit:
    found: Unit = lock(Unit, unit, "region")
    require_in(by, EDIT, found.region)
    return found


def require_open(unit: Unit) -> None:
    if unit.closed_on is not None:
        raise CadreError(_("单位“%(name)s”已经停用，请先恢复它，或选择另一个单位。") % {"name": unit.name})


@transaction.atomic
def change_unit(*, unit: Unit, by: Any, name: str, affiliation: str, number: str = "") -> Unit:
    unit = _locked(unit, by)
    require_open(unit)
    before = audit.snapshot(unit)
    unit.name, unit.affiliation, unit.number = _clean_name(name), affiliation, text_of(number, "number", 30)
    if Unit.objects.filter(name=unit.name, region=unit.region_id).exclude(pk=unit.pk).exists():
        raise ValidationError(
            {
                "name": [
                    _("%(region)s已经有一个单位叫“%(name)s”，请换一个名称。")
                    % {"region": unit.region.name, "name": unit.name}
                ]
            }
        )
    save(unit)
    if changes := audit.changes_since(before, unit):
        audit.record(
            "unit.changed",
            by=by,
            target=unit,
            region_path=unit.region.path,
            changes=changes,
            note=unit.name,
            rows=[unit],
        )
    return unit


@transaction.atomic
def close_unit(*, unit: Unit, by: Any, on: dt.date | None = None) -> Unit:
    """`on` is the first day without it (today). Whoever serves in it, and whatever it answers for, goes elsewhere first."""
    unit = _locked(unit, by)
    require_open(unit)
    serving = unit.cadres.serving().count()
    if serving:
        raise CadreError(_("这个单位还有 %(count)s 位在岗干部，请先调到别的单位或登记离岗。") % {"count": serving})
    if villages := unit.villages.current().count():
        raise CadreError(_("这个单位还联系着 %(count)s 个村，请先结束包村。") % {"count": villages})
    if teams := unit.teams.current().count():
        raise CadreError(_("这个单位还派出着 %(count)s 支驻村工作队，请先改派出单位或登记撤出。") % {"count": teams})
    before = audit.snapshot(unit)
    unit.closed_on = past_day(on, "on")
    save(unit)
    changes = audit.changes_since(before, unit)
    audit.record(
        "unit.closed", by=by, target=unit, region_path=unit.region.path, changes=changes, note=unit.name, rows=[unit]
    )
    return unit


@transaction.atomic
def reopen_unit(*, unit: Unit, by: Any) -> Unit:
    unit = _locked(unit, by)
    if unit.closed_on is None:
        raise CadreError(_("这个单位没有停用。"))
    before = audit.snapshot(unit)
    unit.closed_on = None
    save(unit)
    changes = audit.changes_since(before, unit)
    audit.record(
        "unit.reopened", by=by, target=unit, region_path=unit.region.path, changes=changes, note=unit.name, rows=[unit]
    )
    return unit


# -- 包村 ------------------------------------------------------------------------------------------------------------------------


def fitting_unit(unit: Unit, by: Any) -> Unit:
    """A unit that `by` sees and that works; locked, so that it is not closed meanwhile."""
    found: Unit = lock(Unit, unit, "region")
    if not Unit.objects.for_user(by, Permission.CADRE_VIEW).filter(pk=unit.pk).exists():
        raise ValidationError({"unit": [_("这个单位不在您的管理范围内，请重新选择。")]})
    require_open(found)
    return found


@transaction.atomic
def answer_for(*, unit: Unit, village: Region, by: Any, starts_on: dt.date | None = None) -> UnitVillage:
    """包村: the unit answers for the village from a day on (today). A village may have several units."""
    require_in(by, EDIT, village)
    require_village(village)
    unit = fitting_unit(unit, by)
    row = UnitVillage(unit=unit, village=village, starts_on=past_day(starts_on, "starts_on"))
    later = UnitVillage.objects.filter(unit=unit, village=village, starts_on__gt=row.starts_on)
    if later.exists() or UnitVillage.objects.filter(in_force(row.starts_on), unit=unit, village=village).exists():
        raise CadreError(_("这个单位在同一时间已经联系这个村。"))
    save(row)
    audit.record("unitvillage.started", by=by, target=row, region_path=village.path, note=unit.name, rows=[row])
    return row


@transaction.atomic
def stop_answering(*, answer: UnitVillage, by: Any, ends_on: dt.date | None = None) -> UnitVillage:
    """`ends_on` is the first day without it (today)."""
    row: UnitVillage = lock(UnitVillage, answer, "village", "unit")
    require_in(by, EDIT, row.village)
    if row.ends_on is not None:
        raise CadreError(_("这个单位已经不再联系这个村。"))
    before = audit.snapshot(row)
    row.ends_on = past_day(
        ends_on, "ends_on", after=row.starts_on, since=_("结束日期早于开始日期（%(first)s），请核对。")
    )
    save(row)
    audit.record(
        "unitvillage.ended", by=by, target=row, region_path=row.village.path, changes=audit.changes_since(before, row), note=row.unit.name,
        rows=[row],
    )  # fmt: skip
    return row
