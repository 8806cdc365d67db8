"""Visits and duties for programs: read only, the filters and the rows of the pages, no numbers of persons."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.roles import Permission
from common.rest import Code, Rows
from households.serializers import HouseholdRef
from visits.filters import DutyFilter, VisitFilter
from visits.listing import DUTY_FACTS, VISIT_FACTS, duty_rows
from visits.models import Visit, VisitDuty


class PointSerializer(serializers.Serializer[Any]):
    lon = serializers.FloatField()
    lat = serializers.FloatField()


class VoidSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    reason = serializers.CharField()


class VisitSerializer(serializers.ModelSerializer[Visit]):
    """A visit or call, with where it was recorded."""

    household = HouseholdRef()
    manner = Code()
    visitor = serializers.CharField(source="visitor.name")
    place = serializers.SerializerMethodField()
    void = serializers.SerializerMethodField()

    class Meta:
        model = Visit
        fields = (
            "id", "uid", "household", "manner", "on", "met", "seen", "text", "next_on", "visitor", "capacities", "request", "photos",
            "recorded_at", "place", "void",
        )  # fmt: skip

    @extend_schema_field(PointSerializer(allow_null=True))
    def get_place(self, visit: Visit) -> dict[str, Any] | None:
        return None if visit.longitude is None else {"lon": visit.longitude, "lat": visit.latitude}

    @extend_schema_field(VoidSerializer(allow_null=True))
    def get_void(self, visit: Visit) -> dict[str, Any] | None:
        return {"at": visit.voided_at, "reason": visit.void_reason} if visit.is_void else None


class VisitViewSet(Rows):
    """走访记录, newest first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = VisitSerializer
    filterset_class = VisitFilter
    queryset = Visit.objects.none()
    order = "-on"

    def with_facts(self, found: QuerySet[Visit]) -> QuerySet[Visit]:
        return found.select_related(*VISIT_FACTS)


class DutySerializer(serializers.ModelSerializer[VisitDuty]):
    """What a rule asks for at a household in a period, and how far it is."""

    household = HouseholdRef()
    rule = serializers.SerializerMethodField()
    capacity = Code(source="rule.capacity")
    manner = Code(source="rule.manner")
    cadre = serializers.CharField(source="cadre.name", allow_null=True, default=None)
    days_late = serializers.SerializerMethodField()

    class Meta:
        model = VisitDuty
        fields = (
            "id", "household", "rule", "capacity", "manner", "cadre", "starts_on", "ends_on", "needed", "made", "next_due_on", "days_late",
        )  # fmt: skip

    def get_rule(self, duty: VisitDuty) -> str:
        return duty_rows([duty])[0].rule

    def get_days_late(self, duty: VisitDuty) -> int:
        return max(duty_rows([duty])[0].days_late, 0)


class DutyViewSet(Rows):
    """走访任务: what is asked for and what is late."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = DutySerializer
    filterset_class = DutyFilter
    queryset = VisitDuty.objects.none()

    def with_facts(self, found: QuerySet[VisitDuty]) -> QuerySet[VisitDuty]:
        return found.select_related(*DUTY_FACTS)
