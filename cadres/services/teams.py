"""Verbs of 驻村工作队: a team begins in a village, cadres take places in it and leave them, the team ends. One event each."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from cadres.models import Cadre, ResidentTeam, TeamMember, TeamRule, Unit
from cadres.services import access
from cadres.services.base import EDIT, LONGEST_TERM, CadreError, lock, past_day, require_village, save, text_of
from cadres.services.cadres import require_serving
from cadres.services.units import fitting_unit
from common import audit
from common.dates import written
from regions.models import Region

# -- teams ----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin_team(*, village: Region, by: Any, starts_on: dt.date | None = None, unit: Unit | None = None) -> ResidentTeam:
    """A team comes to a village on a day (today), sent by `unit`; one team a village at a time. Its members are put in by `join_team`."""
    require_in(by, EDIT, village)
    require_village(village)
    Region.objects.select_for_update(of=("self",)).get(pk=village.pk)
    day = past_day(starts_on, "starts_on")
    unit = fitting_unit(unit, by) if unit is not None else None
    newest = village.resident_teams.order_by("-starts_on", "-pk").first()
    if newest is not None and newest.ends_on is None:
        raise CadreError(
            _("这个村已经有驻村工作队（%(day)s进驻），请先登记它撤出。") % {"day": written(newest.starts_on)}
        )
    if newest is not None and newest.ends_on is not None and day < newest.ends_on:
        raise ValidationError(
            {
                "starts_on": [
                    _("上一支工作队在 %(day)s 撤出，进驻日期不能早于这一天。") % {"day": written(newest.ends_on)}
                ]
            }
        )
    team = ResidentTeam(village=village, unit=unit, starts_on=day)
    save(team)
    audit.record(
        "team.begun", by=by, target=team, region_path=village.path, note=unit.name if unit else "", rows=[team]
    )
    return team


def _locked(team: ResidentTeam, by: Any) -> ResidentTeam:
    found: ResidentTeam = lock(ResidentTeam, team, "village", "unit")
    require_in(by, EDIT, found.village)
    if found.ends_on is not None:
        raise CadreError(_("这支工作队已经在 %(day)s 撤出，不能再改。") % {"day": written(found.ends_on)})
    return found


@transaction.atomic
def change_team(*, team: ResidentTeam, by: Any, unit: Unit | None) -> ResidentTeam:
    """Another unit sends it, or none is known."""
    team = _locked(team, by)
    was = team.unit.name if team.unit else None
    team.unit = fitting_unit(unit, by) if unit is not None else None
    now = team.unit.name if team.unit else None
    if was != now:
        save(team)
        audit.record(
            "team.changed", by=by, target=team, region_path=team.village.path, changes={"unit": [was, now]}, rows=[team]
        )
    return team


@transaction.atomic
def end_team(*, team: ResidentTeam, by: Any, ends_on: dt.date | None = None, reason: str = "") -> ResidentTeam:
    """`ends_on` is the first day without it (today). Whoever is still in it leaves with it."""
    team = _locked(team, by)
    day = past_day(ends_on, "ends_on", after=team.starts_on, since=_("撤出日期早于进驻日期（%(first)s），请核对。"))
    reason = text_of(reason, "reason", 200) or _("工作队撤出")
    places = list(team.members.select_for_update(of=("self",)).select_related("cadre__user").order_by("pk"))
    late = max((p.ends_on or p.starts_on for p in places), default=day)
    if late > day:
        raise ValidationError(
            {"ends_on": [_("%(day)s还有队员到任或离任，撤出日期不能早于这一天。") % {"day": written(late)}]}
        )
    rows: list[Any] = []
    for place in (p for p in places if p.ends_on is None):
        place.ends_on, place.end_reason = day, reason
        save(place)
        rows.append(place)
    before = audit.snapshot(team)
    team.ends_on = day
    save(team)
    changes = audit.changes_since(before, team)
    audit.record(
        "team.ended",
        by=by,
        target=team,
        region_path=team.village.path,
        changes=changes,
        note=reason,
        rows=[team, *rows],
    )
    for place in rows:
        access.take(place, by=by)
    return team


# -- places ---------------------------------------------------------------------------------------------------------------------


def _term(starts_on: dt.date, term_ends_on: dt.date | None) -> dt.date | None:
    if term_ends_on is None:
        return None
    if term_ends_on <= starts_on:
        raise ValidationError({"term_ends_on": [_("任期届满日期应晚于任期开始日期，请核对。")]})
    if (term_ends_on - starts_on).days > LONGEST_TERM:
        raise ValidationError({"term_ends_on": [_("任期超过十年，请核对届满日期。")]})
    return term_ends_on


def _refuse_clash(place: TeamMember) -> None:
    """What the database would refuse, with the name that helps."""
    others = TeamMember.objects.filter(ends_on=None).exclude(pk=place.pk)
    own = others.filter(team=place.team_id).select_related("cadre")
    if own.filter(cadre=place.cadre_id).exists():
        raise CadreError(_("%(name)s已经是这支工作队的队员。") % {"name": place.cadre.name})
    if place.is_leader and (other := own.filter(is_leader=True).first()):
        raise CadreError(_("%(name)s已经是这支工作队的队长，请先改原来的职责。") % {"name": other.cadre.name})
    if place.is_first_secretary and (other := own.filter(is_first_secretary=True).first()):
        raise CadreError(_("%(name)s已经是这个村的第一书记，请先改原来的职责。") % {"name": other.cadre.name})
    if place.is_full_time and others.filter(cadre=place.cadre_id, is_full_time=True).exists():
        raise CadreError(_("%(name)s已经是另一支工作队的全脱产队员，请先在那里登记离任。") % {"name": place.cadre.name})


@transaction.atomic
def join_team(*, team: ResidentTeam, cadre: Cadre, by: Any, starts_on: dt.date | None = None, term_ends_on: dt.date | None = None,
              is_leader: bool = False, is_first_secretary: bool = False, is_full_time: bool = True,
              give_access: bool = False) -> TeamMember:  # fmt: skip
    """A serving cadre takes a place in a team on a day (today), planned until `term_ends_on`. With `give_access` who has a log-in is posted
    in the village, where `by` may do that (`access.why_not` says whether)."""
    team = _locked(team, by)
    cadre = lock(Cadre, cadre, "unit", "user")
    if not Cadre.objects.for_user(by, Permission.CADRE_VIEW).filter(pk=cadre.pk).exists():
        raise ValidationError({"cadre": [_("这位干部不在您的管理范围内，请重新选择。")]})
    require_serving(cadre)
    first = _("到任日期早于工作队进驻日期（%(first)s），请核对。")
    day = past_day(starts_on, "starts_on", after=team.starts_on, since=first)
    place = TeamMember(
        team=team, cadre=cadre, starts_on=day, term_ends_on=_term(day, term_ends_on), is_leader=is_leader,
        is_first_secretary=is_first_secretary, is_full_time=is_full_time,
    )  # fmt: skip
    _refuse_clash(place)
    save(place)
    audit.record("teammember.joined", by=by, target=place, region_path=team.village.path, note=cadre.name, rows=[place])
    if give_access:
        access.give(place, by=by)
    return place


def _locked_place(place: TeamMember, by: Any) -> TeamMember:
    lock(ResidentTeam, place.team)
    found: TeamMember = lock(TeamMember, place, "team__village", "cadre__user")
    require_in(by, EDIT, found.team.village)
    if found.ends_on is not None:
        raise CadreError(
            _("%(name)s已经在 %(day)s 离任，不能再改。") % {"name": found.cadre.name, "day": written(found.ends_on)}
        )
    return found


def _record(action: str, place: TeamMember, by: Any, changes: Any, *rows: TeamMember) -> None:
    audit.record(
        action, by=by, target=place, region_path=place.team.village.path, changes=changes, note=place.cadre.name, rows=[place, *rows]
    )  # fmt: skip


@transaction.atomic
def change_term(*, place: TeamMember, by: Any, starts_on: dt.date, term_ends_on: dt.date | None) -> TeamMember:
    """Correct the day of coming, or plan another end."""
    place = _locked_place(place, by)
    before = audit.snapshot(place)
    first = _("到任日期早于工作队进驻日期（%(first)s），请核对。")
    place.starts_on = past_day(starts_on, "starts_on", after=place.team.starts_on, since=first)
    place.term_ends_on = _term(place.starts_on, term_ends_on)
    save(place)
    if changes := audit.changes_since(before, place):
        _record("teammember.term_changed", place, by, changes)
    return place


@transaction.atomic
def change_duty(*, place: TeamMember, by: Any, is_leader: bool, is_first_secretary: bool, is_full_time: bool,
                on: dt.date | None = None) -> TeamMember:  # fmt: skip
    """Another duty from a day on (today), in one step: the place until then stays in the history. On the day the place began it is put
    right instead. Returns the place that holds now."""
    place = _locked_place(place, by)
    duty = {"is_leader": is_leader, "is_first_secretary": is_first_secretary, "is_full_time": is_full_time}
    if all(getattr(place, name) == value for name, value in duty.items()):
        raise CadreError(_("职责没有变化，没有保存。"))
    first = _("日期早于到任日期（%(first)s），请核对。")
    day = past_day(on, "on", after=place.starts_on, since=first)
    before = audit.snapshot(place)
    if day == place.starts_on:
        for name, value in duty.items():
            setattr(place, name, value)
        _refuse_clash(place)
        save(place)
        _record("teammember.duty_changed", place, by, audit.changes_since(before, place))
        return place
    if place.term_ends_on is not None and place.term_ends_on <= day:
        raise CadreError(_("%(name)s的任期已经届满，请先改任期。") % {"name": place.cadre.name})
    now = TeamMember(team=place.team, cadre=place.cadre, starts_on=day, term_ends_on=place.term_ends_on, **duty)
    place.ends_on, place.end_reason = day, _("改任职责")
    save(place)
    _refuse_clash(now)
    save(now)
    _record("teammember.duty_changed", now, by, audit.changes_since(before, now), place)
    return now


@transaction.atomic
def leave_team(*, place: TeamMember, by: Any, ends_on: dt.date | None = None, reason: str = "") -> TeamMember:
    """`ends_on` is the first day without (today). The posting in the village ends with the place, where `by` may end it."""
    place = _locked_place(place, by)
    before = audit.snapshot(place)
    place.ends_on = past_day(
        ends_on, "ends_on", after=place.starts_on, since=_("离任日期早于到任日期（%(first)s），请核对。")
    )
    place.end_reason = text_of(reason, "reason", 200)
    save(place)
    _record("teammember.left", place, by, audit.changes_since(before, place))
    access.take(place, by=by)
    return place


@transaction.atomic
def open_access(*, place: TeamMember, by: Any) -> TeamMember:
    """Post the member, who has a log-in, as 驻村工作队 in the village."""
    place = _locked_place(place, by)
    if why := access.why_not(place.cadre, place.team.village, by):
        raise CadreError(why)
    access.give(place, by=by)
    _record("teammember.access_opened", place, by, {})
    return place


# -- what a team must be --------------------------------------------------------------------------------------------------------

RULE_FIELDS = ("least_people", "least_months", "leader_is_secretary", "warn_days")
BOUNDS = {"least_people": (1, 20), "least_months": (0, 120), "warn_days": (0, 730)}


@transaction.atomic
def put_rule(
    *, region: Region, by: Any, least_people: int, least_months: int, leader_is_secretary: bool, warn_days: int
) -> TeamRule:
    """What teams of a region and below it must be; a nearer region's rule goes before."""
    require_in(by, Permission.RULE_EDIT, region)
    Region.objects.select_for_update(of=("self",)).get(pk=region.pk)
    told = {"least_people": least_people, "least_months": least_months, "warn_days": warn_days}
    for name, value in told.items():
        low, high = BOUNDS[name]
        if not low <= value <= high:
            raise ValidationError({name: [_("应在 %(low)s 到 %(high)s 之间，请核对。") % {"low": low, "high": high}]})
    rule = TeamRule.objects.filter(region=region).first() or TeamRule(region=region)
    before = audit.snapshot(rule) if rule.pk else {}
    for name, value in (told | {"leader_is_secretary": leader_is_secretary}).items():
        setattr(rule, name, value)
    if changes := audit.changes_since(before, rule):
        save(rule)
        audit.record(
            "teamrule.put", by=by, target=rule, region_path=region.path, changes=changes, note=region.name, rows=[rule]
        )
    return rule


@transaction.atomic
def drop_rule(*, rule: TeamRule, by: Any) -> None:
    """The rule of the region above holds again, or the defaults do."""
    rule = lock(TeamRule, rule, "region")
    require_in(by, Permission.RULE_EDIT, rule.region)
    key = audit.row_key(rule)
    audit.record(
        "teamrule.dropped", by=by, target=rule, region_path=rule.region.path, note=rule.region.name, gone=[key]
    )
    rule.delete()
