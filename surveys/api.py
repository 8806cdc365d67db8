"""Surveys, rounds and verification for programs: read only, the filters and the order of the pages, numbers masked.

Who must not have seen a survey gets none here; a task never says what its two surveys answered.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.overviews import PLACE, REGION, Ask, Computed, Line, Overview, Table
from accounts.roles import Permission
from common.rest import Code, Listing, PlaceSerializer, Rows
from households.models import Household
from households.serializers import HouseholdRef
from regions.models import Level
from surveys import agreement, comparison, differences, effort, gaps, progress
from surveys.filters import GapFilter, RoundFilter, SurveyFilter, TaskFilter
from surveys.listing import (
    Row,
    draws_for,
    tasks_for,
    with_draw_facts,
    with_gap_facts,
    with_progress,
    with_row_facts,
    with_task_facts,
)
from surveys.models import Device, Difference, Survey, SurveyForm, SurveyRound, VerificationDraw, VerificationTask
from surveys.quarantined import Waiting, waiting_of
from surveys.services.forms import forms_for
from surveys.services.quarantine import waiting_for


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
    label = serializers.CharField()
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
        fields = (*SurveySerializer.Meta.fields, "form", "note", "reasons", "photos_missing", "answers")


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


# -- rounds and their households ------------------------------------------------------------------------------------------------


class SurveyRoundSerializer(serializers.ModelSerializer[SurveyRound]):
    """A round of surveys; `stage` says in a word how it stands today."""

    region = PlaceSerializer()
    audience = Code()
    stage = serializers.SerializerMethodField()

    class Meta:
        model = SurveyRound
        fields = ("id", "title", "region", "year", "audience", "starts_on", "due_on", "closed_at", "stage")

    def get_stage(self, row: SurveyRound) -> str:
        return progress.stage_of_round(row)[0]


class SurveyRoundViewSet(Rows):
    """调查任务 that ask for households one may see, newest year first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = SurveyRoundSerializer
    queryset = SurveyRound.objects.none()
    order = "-year"

    def get_queryset(self) -> QuerySet[SurveyRound]:
        return progress.rounds_for(self.request.user)

    def with_facts(self, found: QuerySet[SurveyRound]) -> QuerySet[SurveyRound]:
        return found.select_related("region")


class SurveyProgressSerializer(serializers.ModelSerializer[Household]):
    """A household of a round: how far its survey is, whose it is, and whether it is late."""

    householder = serializers.CharField(source="householder_name", allow_blank=True)
    township = PlaceSerializer()
    village = PlaceSerializer()
    stage = Code(progress.STAGES.__getitem__)
    surveyor = serializers.CharField(allow_blank=True)
    surveyed_on = serializers.DateField(allow_null=True)
    late = serializers.BooleanField()

    class Meta:
        model = Household
        fields = (
            "id",
            "number",
            "householder",
            "township",
            "village",
            "hamlet",
            "stage",
            "surveyor",
            "surveyed_on",
            "late",
        )


class SurveyProgressViewSet(Rows):
    """The households a round asks for, by how far their surveys are. `round` is the round, the one that runs where it is left out."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = SurveyProgressSerializer
    filterset_class = RoundFilter
    queryset = Household.objects.none()

    @cached_property
    def rounds(self) -> list[SurveyRound]:
        return list(progress.rounds_for(self.request.user)[:50])

    @cached_property
    def round(self) -> SurveyRound | None:
        return progress.chosen_round(self.rounds, self.request.query_params.get("round", ""))

    def get_queryset(self) -> QuerySet[Household]:
        return Household.objects.none() if self.round is None else progress.expected(self.request.user, self.round)

    def filter_facts(self) -> dict[str, Any]:
        # Where there is no round there is no row either; what is asked beside it is refused all the same.
        return {"round": self.round or SurveyRound(year=timezone.localdate().year), "rounds": self.rounds}

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        rows: QuerySet[Household] = found
        if self.round is not None:
            rows = with_progress(found, self.round.year, self.request.user)
        return rows

    def told(self, rows: list[Any]) -> list[Any]:
        names = progress.names_of(row.person for row in rows)
        late = self.round is not None and progress.is_overdue(self.round)
        for row in rows:
            row.surveyor, row.late = names.get(row.person, ""), late and row.stage in progress.MISSING
        return rows


class GapSerializer(serializers.Serializer[gaps.Item]):
    kind = Code(gaps.KINDS.__getitem__)
    text = serializers.CharField()


class GapHouseholdSerializer(serializers.Serializer[Any]):
    """A household with what is missing or doubtful in its ledger, looked through anew."""

    household = HouseholdRef()
    gaps = GapSerializer(many=True)


class SurveyGapViewSet(Rows):
    """查缺补漏: the households of this year's rounds that lack something."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = GapHouseholdSerializer
    filterset_class = GapFilter
    queryset = Household.objects.none()
    most = 50  # each is looked through anew

    @cached_property
    def year(self) -> int:
        return timezone.localdate().year

    def get_queryset(self) -> QuerySet[Household]:
        rows: QuerySet[Household] = gaps.asked(self.request.user, self.year)
        return rows

    def filter_facts(self) -> dict[str, Any]:
        return {"year": self.year}

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        rows: QuerySet[Household] = with_gap_facts(found, self.year)
        return rows

    def told(self, rows: list[Any]) -> list[dict[str, Any]]:
        kind = self.request.query_params.get("kind", "")
        return [
            {"household": each.household, "gaps": [item for item, _url in each.items if not kind or item.kind == kind]}
            for each in gaps.rows_of(rows, self.year, self.request.user)
        ]


# -- verification ---------------------------------------------------------------------------------------------------------------


class VerificationTaskSerializer(serializers.ModelSerializer[VerificationTask]):
    """A household to be surveyed a second time: by whom, and how many differences wait for a verdict. Not what anybody answered."""

    household = HouseholdRef()
    method = Code(source="draw.method")
    assignee = serializers.CharField(source="assignee.name", allow_null=True, default=None)
    state = Code()
    open_differences = serializers.IntegerField(source="open_count")

    class Meta:
        model = VerificationTask
        fields = (
            "id",
            "household",
            "year",
            "draw",
            "method",
            "assignee",
            "state",
            "done_at",
            "open_differences",
            "note",
        )


class VerificationTaskViewSet(Rows):
    """复核任务: all of the area for who draws or reviews, one's own for who is sent; without a filter what waits."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = VerificationTaskSerializer
    filterset_class = TaskFilter
    queryset = VerificationTask.objects.none()

    def get_queryset(self) -> QuerySet[VerificationTask]:
        return tasks_for(self.request.user)

    def with_facts(self, found: QuerySet[VerificationTask]) -> QuerySet[VerificationTask]:
        return with_task_facts(found)


class VerificationDrawSerializer(serializers.ModelSerializer[VerificationDraw]):
    """How a sample came about, and what became of it."""

    region = PlaceSerializer()
    method = Code()
    done = serializers.IntegerField()
    cancelled = serializers.IntegerField()

    class Meta:
        model = VerificationDraw
        fields = (
            "id",
            "region",
            "year",
            "method",
            "seed",
            "size",
            "population",
            "population_digest",
            "reason",
            "drawn_at",
            "done",
            "cancelled",
        )


class VerificationDrawViewSet(Rows):
    """核对抽样: every draw of the area, newest first."""

    needs = Permission.SURVEY_SAMPLE
    serializer_class = VerificationDrawSerializer
    queryset = VerificationDraw.objects.none()

    def get_queryset(self) -> QuerySet[VerificationDraw]:
        return draws_for(self.request.user)

    def with_facts(self, found: QuerySet[VerificationDraw]) -> QuerySet[VerificationDraw]:
        return with_draw_facts(found)


# -- phones ---------------------------------------------------------------------------------------------------------------------


class SurveyPhoneSerializer(serializers.ModelSerializer[Device]):
    """A phone in use: whose, when it last spoke to the server, and how much it said it still holds."""

    user = serializers.CharField(source="user.name")

    class Meta:
        model = Device
        fields = ("id", "user", "label", "created_at", "seen_at", "waiting", "revoked_at")


class SurveyPhoneViewSet(Rows):
    """手机: one's own, and those of the accounts one looks after."""

    serializer_class = SurveyPhoneSerializer
    queryset = Device.objects.none()

    def with_facts(self, found: QuerySet[Device]) -> QuerySet[Device]:
        return found.select_related("user").defer("draft_key")


class DifferenceSerializer(serializers.Serializer[Any]):
    """A field on which two surveys of a household disagree, in words, and who asked each time."""

    id = serializers.IntegerField(source="row.pk")
    task = serializers.IntegerField(source="row.task_id")
    household = HouseholdRef(source="row.task.household")
    year = serializers.IntegerField(source="row.task.year")
    label = serializers.CharField(source="words.label")
    first = serializers.CharField(source="words.first", allow_blank=True)
    first_by = serializers.CharField(source="row.task.first.surveyor.name")
    second = serializers.CharField(source="words.second", allow_blank=True)
    second_by = serializers.CharField(source="row.task.survey.surveyor.name")


class VerificationDifferenceViewSet(Listing):
    """复核差异 that wait for a verdict, oldest first: for who may say which is right."""

    needs = Permission.SURVEY_REVIEW
    serializer_class = DifferenceSerializer
    queryset = Difference.objects.none()
    order = "pk"

    def get_queryset(self) -> QuerySet[Difference]:
        return differences.open_for(self.request.user)

    def with_facts(self, found: QuerySet[Difference]) -> QuerySet[Difference]:
        return differences.with_facts(found)

    def told(self, rows: list[Any]) -> list[dict[str, Any]]:
        return [{"row": row, "words": words} for row, words in differences.in_words(rows, self.request.user)]


# -- what waits in quarantine, and the forms --------------------------------------------------------------------------------------


class QuarantinedSerializer(serializers.Serializer[Waiting]):
    """A record that came in after its household had gone to somebody else; `household` is null where it cannot be read. Not what it says."""

    id = serializers.UUIDField(source="op.pk")
    household = HouseholdRef(allow_null=True)
    record = serializers.CharField(source="held.title")
    sender = serializers.CharField(source="owner")
    received_at = serializers.DateTimeField(source="op.received_at")
    why = serializers.SerializerMethodField()

    def get_why(self, waiting: Waiting) -> str:
        return str(waiting.op.receipt.get("say", ""))


class SurveyQuarantineViewSet(Computed):
    """待处理的上传 of where one reviews, newest first; never one's own."""

    needs = Permission.SURVEY_REVIEW
    serializer_class = QuarantinedSerializer
    asks: dict[str, Ask] = {}

    def rows(self) -> Any:
        return waiting_for(self.request.user).order_by("-received_at", "uid")

    def told(self, rows: list[Any]) -> list[Waiting]:
        return waiting_of(rows, self.request.user)


class SurveyFormSerializer(serializers.ModelSerializer[SurveyForm]):
    """A version of a form; `region` is null for the standard form."""

    region = PlaceSerializer(allow_null=True)
    state = Code()

    class Meta:
        model = SurveyForm
        fields = ("id", "code", "version", "title", "region", "state", "digest", "source", "created_at", "published_at")


class SurveyFormViewSet(Computed):
    """调查表: the standard ones and those of the own county, the newest version of each first."""

    needs = Permission.SURVEY_PUBLISH
    serializer_class = SurveyFormSerializer
    asks: dict[str, Ask] = {}

    def rows(self) -> Any:
        return forms_for(self.request.user).defer("definition")


# -- figures ----------------------------------------------------------------------------------------------------------------------

PERSON = Ask(_("按什么分"), ("person",))


class SurveyProgressOverviewViewSet(Overview):
    """调查进度 of a round, place by place or surveyor by surveyor; the round that runs where none is asked for."""

    needs = Permission.HOUSEHOLD_VIEW
    asks = {REGION: PLACE, "round": Ask(_("调查任务的 id"), known=str.isdecimal), "by": PERSON}

    def table(self) -> Table:
        user, asked = self.request.user, self.asked["round"]
        rounds = list(progress.rounds_for(user)[:50])
        round = progress.chosen_round(rounds, asked)
        if asked and (round is None or str(round.pk) != asked):
            raise ValidationError({"round": [_("没有这个调查任务，或者它不在您的管理范围内。请重新选择。")]})
        columns = {"expected": _("应调查"), **progress.STAGES, "missing": _("没有送来")}
        if round is None:
            return Table(columns)
        households = progress.expected(user, round)
        chosen = self.regions.chosen
        if chosen is not None:
            households = progress.within(households, chosen)
        at = chosen or progress.top_of(user, round)
        if self.asked["by"]:
            lines = progress.by_person(households, round.year)
        else:
            lines = progress.by_place(households, round.year, at, self.regions.visible)

        def numbers(line: progress.Line) -> dict[str, int]:
            return {"expected": line.expected, **line.counts, "missing": line.missing}

        own = {"round": str(round.pk)}
        rows = [Line(line.label, numbers(line), own | dict(line.query)) for line in lines]
        return Table(columns, rows, numbers(progress.total(lines)))


class SurveyGapOverviewViewSet(Overview):
    """查缺补漏 of this year, place by place or (up to a township) surveyor by surveyor: how many households lack something of each kind."""

    needs = Permission.HOUSEHOLD_VIEW
    asks = {REGION: PLACE, "by": PERSON}

    def table(self) -> Table:
        user, at, year = self.request.user, self.place, timezone.localdate().year
        households = gaps.asked(user, year)
        if self.regions.chosen is not None:
            households = progress.within(households, self.regions.chosen)
        if self.asked["by"]:
            if at is not None and at.level < Level.TOWNSHIP:
                raise ValidationError({REGION: [_("按调查人只能看一个乡镇或一个村，请选择地区。")]})
            lines = gaps.by_person(households, year)
        else:
            lines = gaps.by_place(households, year, at, self.regions.visible)
        columns = {"households": _("应调查"), "any": _("有缺漏的户"), **gaps.KINDS}

        def numbers(line: gaps.Line) -> dict[str, int]:
            return {"households": line.households, **line.counts}

        rows = [Line(line.label, numbers(line), dict(line.query)) for line in lines]
        since = gaps.items_of(households, year)["since"]
        return Table(columns, rows, numbers(gaps.total(lines)), since)


BY = ("place", "person", "month", "channel")
EFFORT = {
    "households": _("统计户数"), "keys": _("按键次数"), "by_hand": _("手填项"), "taps": _("与去年相同"), "again": _("重复录入"), "minutes": _("填写时间"),
    "same_share": _("占比"),
}  # fmt: skip


class SurveyEffortViewSet(Overview):
    """填写负担 of a year (the newest with figures where none is asked for): what a survey costs who fills it in, a household each."""

    needs = Permission.HOUSEHOLD_VIEW
    asks = {
        REGION: PLACE, "year": Ask(_("年度"), known=lambda text: text.isdecimal() and len(text) == 4), "by": Ask(_("按什么分"), BY),
    }  # fmt: skip

    def table(self) -> Table:
        user, chosen, asked = self.request.user, self.regions.chosen, self.asked
        every = effort.surveys_of(user)
        if chosen is not None:
            every = progress.within(every, chosen, "household__")
        through = {one.label: one for one in effort.by_year(every)}
        year = asked["year"] or max(through, default="")
        if year not in through:
            return Table(EFFORT)
        lines = effort.chosen(every.filter(year=int(year)), asked["by"] or "place", self.place, user)
        return Table(EFFORT, [Line(str(line.label), _effort(line)) for line in lines], _effort(through[year]))


def _effort(line: effort.Effort) -> dict[str, Any]:
    return {name: getattr(line, name) for name in EFFORT}


class AgreementViewSet(Overview):
    """一致率: how often two surveys of a household said the same, of each field or, with `by=person`, of each two people."""

    needs = Permission.SURVEY_SAMPLE
    asks = {
        "year": Ask(_("年度；不写就是今年。"), known=lambda year: year.isdecimal() and len(year) == 4),
        "by": Ask(_("按什么分。"), ("field", "person")),
    }  # fmt: skip

    def table(self) -> Table:
        tasks = agreement.tasks_of(self.request.user, int(self.asked["year"] or timezone.localdate().year))
        shares = agreement.by_people(tasks) if self.asked["by"] == "person" else agreement.by_field(tasks)
        columns = {"compared": _("比对"), "agreed": _("一致"), "households": _("户数")}
        rows = [
            Line(share.label, {"compared": share.n, "agreed": share.agreed, "households": share.tasks})
            for share in shares
        ]
        return Table(columns, rows)
