"""What becomes of units, teams and villages when regions merge, and what keeps a region open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cadres import codelists
from cadres.models import ResidentTeam, TeamMember, TeamRule, Unit, UnitVillage, VillageProfile
from cadres.querysets import in_force
from common import audit
from regions.models import Region


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """Units, the rule, who answers for a village, its team and its profile go on in the region that took it in; what was over stays where
    it was. Called inside the merger, whose permission was asked for."""
    if old.pk == new.pk:
        return
    _units(old, new, by)
    _rule(old, new, by)
    _answers(old, new, by)
    _profile(old, new, by)
    _team(old, new, by)


def _record(action: str, row: models.Model, new: Region, by: Any, before: dict[str, Any], *more: models.Model) -> None:
    audit.record(
        action, by=by, target=row, region_path=new.path, changes=audit.changes_since(before, row), note=new.name, rows=[row, *more]
    )  # fmt: skip


def _units(old: Region, new: Region, by: Any) -> None:
    """A unit whose name is taken there says where it came from."""
    for unit in Unit.objects.select_for_update().filter(region=old).order_by("pk"):
        before = audit.snapshot(unit)
        if Unit.objects.filter(region=new, name=unit.name).exists():
            unit.name = _("%(name)s（原%(place)s）") % {"name": unit.name[:80], "place": old.name[:30]}
        unit.region = new
        unit.save()
        _record("unit.followed", unit, new, by, before)


def _rule(old: Region, new: Region, by: Any) -> None:
    """The rule of the region that stays goes before."""
    rule = TeamRule.objects.select_for_update().filter(region=old).first()
    if rule is None or TeamRule.objects.filter(region=new).exists():
        return
    before = audit.snapshot(rule)
    rule.region = new
    rule.save()
    _record("teamrule.followed", rule, new, by, before)


def _answers(old: Region, new: Region, by: Any) -> None:
    today = timezone.localdate()
    there = set(UnitVillage.objects.filter(in_force(), village=new).values_list("unit_id", flat=True))
    rows = UnitVillage.objects.select_for_update(of=("self",)).filter(village=old, ends_on=None)
    for row in rows.order_by("pk"):
        before = audit.snapshot(row)
        row.ends_on = max(today, row.starts_on)
        row.save()
        fresh = (
            [UnitVillage(unit_id=row.unit_id, village=new, starts_on=row.ends_on)] if row.unit_id not in there else []
        )
        for each in fresh:
            each.save()
        _record("unitvillage.followed", row, new, by, before, *fresh)


def _profile(old: Region, new: Region, by: Any) -> None:
    """Languages and industries of both villages; the rest as it stands for the one that stays."""
    profile = VillageProfile.objects.select_for_update().filter(village=old).first()
    if profile is None:
        return
    kept = VillageProfile.objects.select_for_update().filter(village=new).first()
    row = kept or profile
    before = audit.snapshot(row)
    if kept is None:
        row.village = new
    else:
        kept.languages = [c.code for c in codelists.LANGUAGES.codes if c.code in {*kept.languages, *profile.languages}]
        kept.industries = [c.code for c in codelists.SKILLS.codes if c.code in {*kept.industries, *profile.industries}]
    row.save()
    _record("villageprofile.followed", row, new, by, before)


def _team(old: Region, new: Region, by: Any) -> None:
    """The team of today goes along whole; where the village has one already, or had one in the same time, its members join the one there."""
    today = timezone.localdate()
    team = ResidentTeam.objects.select_for_update(of=("self",)).filter(village=old, ends_on=None).first()
    if team is None:
        return
    before = audit.snapshot(team)
    there = ResidentTeam.objects.select_for_update(of=("self",)).filter(village=new)
    target = there.filter(ends_on=None).first()
    if target is None and not there.filter(Q(ends_on__gt=team.starts_on)).exists():
        team.village = new
        team.save()
        _record("team.followed", team, new, by, before)
        return
    if target is None:
        target = ResidentTeam.objects.create(village=new, unit_id=team.unit_id, starts_on=today)
    rows = [row for place in team.members.filter(ends_on=None).order_by("pk") for row in _joins(place, target, today)]
    team.ends_on = today
    team.save()
    _record("team.followed", team, new, by, before, target, *rows)


def _joins(place: TeamMember, target: ResidentTeam, today: dt.date) -> list[TeamMember]:
    """The place ends, and goes on in the other team: as leader or first secretary where it has none."""
    place.ends_on, place.end_reason = today, _("并村")
    place.save()
    own = target.members.filter(ends_on=None)
    if own.filter(cadre=place.cadre_id).exists():
        return [place]
    on = place.term_ends_on if place.term_ends_on and place.term_ends_on > today else None
    fresh = TeamMember.objects.create(
        team=target, cadre_id=place.cadre_id, starts_on=today, term_ends_on=on, is_full_time=place.is_full_time,
        is_leader=place.is_leader and not own.filter(is_leader=True).exists(),
        is_first_secretary=place.is_first_secretary and not own.filter(is_first_secretary=True).exists(),
    )  # fmt: skip
    return [place, fresh]


def why_occupied(region: Region) -> str:
    """A region with a unit at work or a team in it cannot be closed."""
    teams = ResidentTeam.objects.filter(village=region, ends_on=None).count()
    if teams:
        return _("还有驻村工作队在这里")
    units = Unit.objects.open().filter(region=region).count()
    if units:
        return ngettext("还有 %(count)s 个单位登记在这里", "还有 %(count)s 个单位登记在这里", units) % {"count": units}
    return ""
