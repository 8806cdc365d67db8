"""The photos of visits, which arrive and lie with those of surveys (`surveys.claims`)."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, Q

from surveys.claims import Claimant, Home
from visits.models import Visit
from visits.sent import MOST_PHOTOS


def home(uid: uuid.UUID) -> Home | None:
    visit = Visit.objects.select_related("household__village").filter(uid=uid).first()
    if visit is None:
        return None
    household = visit.household
    return Home(visit.visitor_id, household.subject, household.village.path, MOST_PHOTOS)


def _naming(visits: Any) -> Q:
    """Photos that one of these visits names."""
    return Q(Exists(visits.filter(uid=OuterRef("survey_uid"), photos__contains=[OuterRef("uid")])))


def claimed() -> Q:
    return _naming(Visit.objects.order_by())


def seen(user: Any, permission: Any) -> Q:
    return _naming(Visit.objects.for_user(user, permission).order_by())


CLAIMANT = Claimant(home, claimed, seen)
