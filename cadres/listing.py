"""Units as lists show them, in a page and in the API."""

from __future__ import annotations

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from cadres.models import Unit


def with_counts(units: QuerySet[Unit]) -> QuerySet[Unit]:
    """Bring along the region and `cadre_count`, who serves today."""
    serving = Q(cadres__left_on=None) | Q(cadres__left_on__gt=timezone.localdate())
    return units.select_related("region").annotate(
        cadre_count=Count("cadres", filter=serving & Q(cadres__isnull=False), distinct=True)
    )
