"""Measures proposed for tasks, as pages of plans show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from assistance.listing import TONES
from assistance.models import Measure
from assistance.services.acts import named
from plans.beside import Beside


def measures_of_tasks(user: Any, tasks: Sequence[int]) -> dict[int, list[Beside]]:
    """What was proposed for each task and not taken back, newest first. One query."""
    rows = Measure.objects.for_user(user).filter(task__in=tasks).exclude(state=Measure.State.WITHDRAWN)
    found: dict[int, list[Beside]] = {}
    for row in rows.select_related("kind", "member").order_by("-pk"):
        url = reverse("assistance:measure_detail", args=[row.pk])
        shown = Beside(named(row.kind, row.member), row.get_state_display(), TONES[row.state], url)
        found.setdefault(row.task_id, []).append(shown)
    return found
