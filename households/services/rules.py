"""结对要求 of a region: how many households a rank may have, and what a proposal weighs. Every change is in the trail with what was before."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import transaction

from accounts.roles import Permission
from accounts.scoping import require_in
from common import audit
from households.models import PairingRule
from households.models.matching import WEIGHTS
from households.services.base import check
from regions.models import Region

NUMBERS = ("most_leader", "most_section", "most_ordinary", "most_village", "near_km", *WEIGHTS)


@transaction.atomic
def set_pairing_rule(*, region: Region, by: Any, **numbers: int) -> PairingRule:
    """What holds in a region and below, from now on. Permission RULE_EDIT in the region."""
    require_in(by, Permission.RULE_EDIT, region)
    if unknown := set(numbers) - set(NUMBERS):
        raise FieldDoesNotExist(", ".join(sorted(unknown)))
    rule = PairingRule.objects.select_for_update(of=("self",)).filter(region=region).first() or PairingRule(
        region=region
    )
    before = audit.snapshot(rule) if rule.pk else {}
    for name, value in numbers.items():
        setattr(rule, name, value)
    check(rule)
    changes = audit.changes_since(before, rule)
    if rule.pk and not changes:
        return rule
    rule.save()
    audit.record(
        "pairingrule.set",
        by=by,
        target=rule,
        region_path=region.path,
        note=region.full_name,
        changes=changes,
        rows=[rule],
    )
    return rule
