"""Open tasks of plans, as what a cadre must hand over before leaving (`cadres.holdings`)."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from cadres.holdings import Holding
from cadres.models import Cadre
from plans.services.handing import open_tasks


def holdings(cadre: Cadre) -> list[Holding]:
    return [Holding(_("帮扶计划里的任务"), open_tasks(cadre).count(), reverse("plans:tasks_hand", args=[cadre.pk]))]
