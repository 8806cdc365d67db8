"""Verbs on visit rules. A rule is never changed: another one takes its place from a day on, so that what a past period asked for stays."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_in
from common import audit, dates
from households.services import LedgerError
from households.services.base import check, save
from regions.models import Region
from visits.models import Capacity, Manner, VisitRule
from visits.services.duties import refresh_all


@transaction.atomic
def set_rule(
    *, region: Region, capacity: str, audience: str, period: str, least: int, by: Any, manner: str = Manner.VISIT,
    starts_on: dt.date | None = None,
) -> VisitRule:  # fmt: skip
    """Ask for visits in a region from a day on; the rule for the same capacity, manner and audience that holds there then ends on that day.
    Permission RULE_EDIT. What is due follows at once."""
    region = Region.objects.select_for_update().get(pk=region.pk)
    require_in(by, Permission.RULE_EDIT, region)
    today = timezone.localdate()
    starts_on = starts_on or today
    if starts_on < today:
        raise ValidationError({"starts_on": [_("新的要求不能从过去开始，请从今天或以后的日子起。")]})
    if starts_on > today + dt.timedelta(days=366):
        raise ValidationError({"starts_on": [_("起始日期在一年以后，请核对。")]})
    rule = VisitRule(
        region=region, capacity=capacity, manner=manner, audience=audience, period=period, least=least, starts_on=starts_on, made_by=by.username,
    )  # fmt: skip
    check(rule)
    if not 1 <= least <= 31:
        raise ValidationError({"least": [_("次数应在 1 到 31 之间。")]})
    same = VisitRule.objects.select_for_update(of=("self",)).filter(
        region=region, capacity=capacity, manner=manner, audience=audience
    )
    for other in same.filter(Q(ends_on=None) | Q(ends_on__gt=starts_on)).order_by("pk"):
        if other.starts_on > starts_on:
            raise LedgerError(
                _("从 %(day)s 起已经有一条新的要求，请先停用它，再定这一条。") % {"day": dates.written(other.starts_on)}
            )
        if (other.period, other.least, other.ends_on) == (period, least, None):
            raise LedgerError(_("现在的要求就是这样，不用再定。"))
        _end(other, starts_on, by)
    save(rule)
    _record("visitrule.set", rule, by)
    refresh_all(within(region))
    return rule


@transaction.atomic
def end_rule(*, rule: VisitRule, by: Any, ends_on: dt.date | None = None) -> VisitRule:
    """Ask no more from a day on (`ends_on`, the first day without). Permission RULE_EDIT."""
    row = VisitRule.objects.select_for_update(of=("self",)).select_related("region").get(pk=rule.pk)
    require_in(by, Permission.RULE_EDIT, row.region)
    today = timezone.localdate()
    ends_on = ends_on or max(today, row.starts_on)
    if row.ends_on is not None:
        raise LedgerError(_("这条要求已经定了截止日期。"))
    if ends_on < today:
        raise ValidationError({"ends_on": [_("要求不能在过去截止，请从今天或以后的日子起。")]})
    if ends_on < row.starts_on:
        raise ValidationError({"ends_on": [_("截止日期早于起始日期（%(day)s），请核对。") % {"day": row.starts_on}]})
    _end(row, ends_on, by)
    refresh_all(within(row.region))
    return row


def _end(row: VisitRule, ends_on: dt.date, by: Any) -> None:
    row.ends_on = ends_on
    check(row)
    save(row)
    _record("visitrule.ended", row, by)


def _record(action: str, row: VisitRule, by: Any) -> None:
    audit.record(action, by=by, target=row, region_path=row.region.path, note=told(row), rows=[row])


def told(rule: VisitRule) -> str:
    """帮扶责任人对监测对象每月至少入户走访 1 次."""
    return _("%(who)s对%(audience)s%(period)s至少%(manner)s %(least)s 次") % {
        "who": Capacity(rule.capacity).label, "audience": rule.get_audience_display(), "period": rule.get_period_display(),
        "manner": rule.get_manner_display(), "least": rule.least,
    }  # fmt: skip


def within(region: Region) -> Q:
    """Households of a region and below it."""
    return Q(village__path__startswith=region.path)


# -- when regions merge ---------------------------------------------------------------------------------------------------------------


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """Rules of a region that merged end with it: what the region that took it in asks for holds there, too. Inside the change of regions,
    whose permission was asked for; households have moved already."""
    if old.pk != new.pk:
        standing = VisitRule.objects.select_for_update(of=("self",)).select_related("region").filter(region=old)
        for row in standing.filter(Q(ends_on=None) | Q(ends_on__gt=on)).order_by("pk"):
            _end(row, max(on, row.starts_on), by)
    refresh_all(within(new))


def why_occupied(region: Region) -> str:
    """A region that still asks for visits cannot be closed."""
    rules = VisitRule.objects.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()), region=region)
    return _("还有走访要求没有停用") if rules.exists() else ""
