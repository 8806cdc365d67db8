"""Visits and duties for programs: read only, the filters and the rows of the pages, no numbers of persons."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.overviews import PLACE, REGION, Ask, Line, Overview, Table
from accounts.roles import Permission
from common.rest import Code, PlaceSerializer, Rows
from households.models import Household
from households.serializers import HouseholdRef
from regions.models import Level
from visits import coverage
from visits.filters import DutyFilter, VisitedFilter, VisitFilter
from visits.listing import DUTY_FACTS, VISIT_FACTS, duty_rows, with_last_visits
from visits.models import Visit, VisitDuty, VisitRule
from visits.services.rules import told


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
    rule = serializers.CharField(source="shown.rule")
    capacity = Code(source="rule.capacity")
    manner = Code(source="rule.manner")
    cadre = serializers.CharField(source="cadre.name", allow_null=True, default=None)
    days_late = serializers.SerializerMethodField()

    class Meta:
        model = VisitDuty
        fields = (
            "id", "household", "rule", "capacity", "manner", "cadre", "starts_on", "ends_on", "needed", "made", "next_due_on", "days_late",
        )  # fmt: skip

    def get_days_late(self, duty: Any) -> int:
        return max(duty.shown.days_late, 0)


class DutyViewSet(Rows):
    """走访任务: what is asked for and what is late."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = DutySerializer
    filterset_class = DutyFilter
    queryset = VisitDuty.objects.none()

    def with_facts(self, found: QuerySet[VisitDuty]) -> QuerySet[VisitDuty]:
        return found.select_related(*DUTY_FACTS)

    def told(self, rows: list[Any]) -> list[Any]:
        for duty, shown in zip(rows, duty_rows(rows), strict=True):
            duty.shown = shown
        return rows


# -- who was not visited for long -----------------------------------------------------------------------------------------------


class VisitedHouseholdSerializer(serializers.ModelSerializer[Household]):
    """A household with the days of its last visit and call, and who leads in helping it."""

    householder = serializers.CharField(source="householder_name", allow_blank=True)
    township = PlaceSerializer()
    village = PlaceSerializer()
    lead = serializers.CharField(allow_null=True)
    visited_on = serializers.DateField(allow_null=True)
    called_on = serializers.DateField(allow_null=True)

    class Meta:
        model = Household
        fields = ("id", "number", "householder", "township", "village", "hamlet", "lead", "visited_on", "called_on")


class VisitedHouseholdViewSet(Rows):
    """多久没走访: 建档立卡 and monitored households with their last visit."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = VisitedHouseholdSerializer
    filterset_class = VisitedFilter
    queryset = Household.objects.none()

    def get_queryset(self) -> QuerySet[Household]:
        rows: QuerySet[Household] = coverage.households_for(self.request.user)
        return rows

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        rows: QuerySet[Household] = with_last_visits(found)
        return rows


class VisitRuleSerializer(serializers.ModelSerializer[VisitRule]):
    """How often somebody is to come; `text` says it in a sentence."""

    region = PlaceSerializer()
    capacity = Code()
    manner = Code()
    audience = Code()
    period = Code()
    text = serializers.SerializerMethodField()

    class Meta:
        model = VisitRule
        fields = ("id", "region", "capacity", "manner", "audience", "period", "least", "starts_on", "ends_on", "text")

    def get_text(self, rule: VisitRule) -> str:
        return told(rule)


class VisitRuleViewSet(Rows):
    """走访要求 of the own area and of the regions above it, also those that ended."""

    needs = Permission.CADRE_VIEW
    serializer_class = VisitRuleSerializer
    queryset = VisitRule.objects.none()
    order = "region__path"

    def with_facts(self, found: QuerySet[VisitRule]) -> QuerySet[VisitRule]:
        return found.select_related("region")


# -- figures --------------------------------------------------------------------------------------------------------------------


class VisitCoverageViewSet(Overview):
    """走访情况: what is asked for, done, due and overdue, place by place or (up to a township) helper by helper."""

    needs = Permission.HOUSEHOLD_VIEW
    asks = {REGION: PLACE, "by": Ask(_("按什么分"), ("helper",))}

    def table(self) -> Table:
        user, day, at = self.request.user, timezone.localdate(), self.place
        here = coverage.stand(user, self.regions.chosen)
        villages = coverage.by_village(here, day)
        people = bool(self.asked["by"]) or not self.regions.visible
        if people and at is not None and at.level < Level.TOWNSHIP:
            raise ValidationError({REGION: [_("按帮扶责任人只能看一个乡镇或一个村，请选择地区。")]})
        lines = coverage.by_helper(user, here, day) if people else coverage.by_place(villages, at)
        columns = {code: label for code, label in coverage.LABELS.items() if not (people and code == "unvisited")}
        rows = [Line(line.label, {code: line.counts[code] for code in columns}, line.query) for line in lines]
        whole = coverage.whole(here, villages, day)
        return Table(columns, rows, {code: whole[code] for code in coverage.LABELS})
