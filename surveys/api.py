"""Surveys for programs: read only, the filters and the order of the page, numbers masked. Who must not have seen a survey gets none here."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from common.rest import Code, Rows
from households.serializers import HouseholdRef
from surveys import comparison
from surveys.filters import SurveyFilter
from surveys.listing import Row, with_row_facts
from surveys.models import Survey


class PhotosSerializer(serializers.Serializer[Any]):
    expected = serializers.IntegerField()
    arrived = serializers.IntegerField()


class SurveySerializer(serializers.ModelSerializer[Survey]):
    """A survey as lists show it: who, where, when, and what somebody should look at."""

    household = HouseholdRef()
    purpose = Code()
    channel = Code()
    state = serializers.SerializerMethodField()
    surveyor = serializers.CharField(source="surveyor.name")
    conflicts = serializers.IntegerField(source="conflict_count")
    photos = serializers.SerializerMethodField()

    class Meta:
        model = Survey
        fields = (
            "id", "uid", "household", "year", "purpose", "channel", "state", "revision", "surveyor", "surveyed_on", "submitted_at",
            "decided_at", "conflicts", "questions", "photos",
        )  # fmt: skip

    @extend_schema_field(Code)
    def get_state(self, survey: Survey) -> dict[str, str]:
        return {"code": survey.state, "text": Row(survey).state}

    @extend_schema_field(PhotosSerializer)
    def get_photos(self, survey: Any) -> dict[str, int]:
        return {"expected": survey.photos_expected, "arrived": survey.photo_count}


class AnswerSerializer(serializers.Serializer[Any]):
    """One answered field beside the ledger and last year, in words."""

    path = serializers.CharField()
    step = serializers.CharField(allow_blank=True)
    member = serializers.CharField(allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]
    state = serializers.CharField()
    ledger = serializers.CharField(allow_blank=True)
    last = serializers.CharField(allow_blank=True)
    answer = serializers.CharField(allow_blank=True)
    as_last_year = serializers.BooleanField()
    questions = serializers.ListField(child=serializers.CharField())
    photos = serializers.ListField(child=serializers.UUIDField())


class ComparisonSerializer(SurveySerializer):
    """A survey with its answers."""

    form = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    reasons = serializers.DictField(child=serializers.CharField())
    photos_missing = serializers.IntegerField()
    answers = AnswerSerializer(many=True)

    class Meta(SurveySerializer.Meta):
        fields = (*SurveySerializer.Meta.fields, "form", "note", "reasons", "photos_missing", "answers")  # type: ignore[assignment]


class SurveyViewSet(Rows):
    """`GET ?filters` lists what waits (or what the filters ask for), `GET <id>/` compares one survey with the ledger and last year."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = SurveySerializer
    filterset_class = SurveyFilter
    queryset = Survey.objects.none()

    def with_facts(self, found: QuerySet[Survey]) -> QuerySet[Survey]:
        return with_row_facts(found).defer(None) if self.detail else with_row_facts(found)

    @extend_schema(responses=ComparisonSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        survey = self.get_object()
        told = comparison.load(survey).as_dict()
        return Response(SurveySerializer(survey).data | told)
