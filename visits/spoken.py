"""Rules and what is due in sentences: on the desk, in the pack of a phone."""

from __future__ import annotations

from django.utils.translation import gettext as _

from visits.models import Manner, VisitDuty, VisitRule


def rule_in_words(rule: VisitRule) -> str:
    """帮扶责任人每月至少走访 1 次"""
    told = {"who": rule.get_capacity_display(), "period": rule.get_period_display(), "count": rule.least}
    if rule.manner == Manner.CALL:
        return _("%(who)s%(period)s至少打电话 %(count)s 次") % told
    return _("%(who)s%(period)s至少走访 %(count)s 次") % told


def why(duty: VisitDuty) -> str:
    """帮扶责任人每月至少走访 2 次，还差 1 次"""
    return _("%(rule)s，还差 %(left)s 次") % {"rule": rule_in_words(duty.rule), "left": duty.needed - duty.made}
