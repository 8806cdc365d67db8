"""The catalogue for programs: which kinds of help there are. No people stand in it."""

from __future__ import annotations

from django.db.models import QuerySet
from rest_framework import serializers

from accounts.roles import Permission
from catalogue.filters import KindFilter
from catalogue.models import MeasureKind, ReliefCategory
from common.rest import Code, Rows


class ReliefCategorySerializer(serializers.ModelSerializer[ReliefCategory]):
    """A relief category."""

    class Meta:
        model = ReliefCategory
        fields = ("id", "code", "name", "place", "is_active")


class ReliefCategoryViewSet(Rows):
    """救助类别, in their order."""

    needs = Permission.CATALOGUE_EDIT
    serializer_class = ReliefCategorySerializer
    queryset = ReliefCategory.objects.none()
    order = "place"

    def get_queryset(self) -> QuerySet[ReliefCategory]:
        return ReliefCategory.objects.all()


class MeasureKindSerializer(serializers.ModelSerializer[MeasureKind]):
    """A kind of help: whose it is, how often it is given, at most how much in one period (元), and who may have it, in a sentence."""

    column = Code()
    category = serializers.CharField(source="category.name", allow_null=True, default=None)
    whose = Code()
    period = Code()
    causes = serializers.ListField(child=serializers.CharField())
    checks = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = MeasureKind
        fields = (
            "id", "code", "title", "column", "category", "whose", "unit", "has_money", "period", "ceiling", "eligible_say", "causes", "checks",
            "entitles", "department", "valid_from", "valid_to",
        )  # fmt: skip


class MeasureKindViewSet(Rows):
    """帮扶措施 of the catalogue, in order of their codes; read by everybody who sees a household."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = MeasureKindSerializer
    filterset_class = KindFilter
    queryset = MeasureKind.objects.none()
    order = "code"

    def get_queryset(self) -> QuerySet[MeasureKind]:
        return MeasureKind.objects.all()

    def with_facts(self, found: QuerySet[MeasureKind]) -> QuerySet[MeasureKind]:
        return found.select_related("category")
