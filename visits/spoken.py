"""What is due in a sentence: on the desk, in the pack of a phone."""

from __future__ import annotations

from django.utils.translation import gettext as _

from visits.models import VisitDuty
from visits.services.rules import told


def why(duty: VisitDuty) -> str:
    """帮扶责任人对监测对象每月至少入户走访 2 次，还差 1 次"""
    return _("%(rule)s，还差 %(left)s 次") % {"rule": told(duty.rule), "left": duty.needed - duty.made}
