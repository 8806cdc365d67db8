"""What of pairings others have to know: what a cadre holds when they leave, and what becomes of rules and proposals when regions merge."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cadres.holdings import Holding
from cadres.models import Cadre
from common import audit
from households.models import MatchingRun, PairingRule
from households.services.hand_overs import pairings_of
from households.services.matching import OPEN, drop
from regions.models import Region


def holdings(cadre: Cadre) -> Iterator[Holding]:
    """结对农户 of a cadre: handed over before they leave."""
    yield Holding(_("结对农户"), pairings_of(cadre).count(), reverse("households:hand_over", args=[cadre.pk]))


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """A rule goes along where the new region has none, else the new one's holds; a proposal that waits is for an area that is no more."""
    if old.pk == new.pk:
        return
    rule = PairingRule.objects.select_for_update().filter(region=old).first()
    if rule is not None:
        _rule_follows(rule, old, new, by)
    for run in MatchingRun.objects.select_for_update().filter(region=old, state__in=OPEN):
        drop(run, by)


def _rule_follows(rule: PairingRule, old: Region, new: Region, by: Any) -> None:
    before = audit.snapshot(rule)
    if PairingRule.objects.filter(region=new).exists():
        key = audit.row_key(rule)
        rule.delete()
        audit.record("pairingrule.dropped", by=by, target=key, region_path=new.path, note=old.full_name, gone=[key])
        return
    rule.region = new
    rule.save()
    audit.record(
        "pairingrule.moved", by=by, target=rule, region_path=new.path, note=old.full_name, changes=audit.changes_since(before, rule), rows=[rule],
    )  # fmt: skip
