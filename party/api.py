"""Party building for programs: read only, the filters and the rows of the pages. A helper, who sees no village, sees none of it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.overviews import PLACE, REGION, Ask, Computed, Line, Overview, Table
from accounts.roles import Permission
from common.rest import Code, PlaceSerializer, Rows
from party import coverage, development, due, periods, staffing
from party.filters import ActivityFilter, BranchFilter, FacilityFilter, PersonFilter, SessionFilter
from party.models import (
    Activity,
    Attendance,
    Branch,
    Classroom,
    Course,
    Facility,
    Kind,
    PartyPerson,
    Session,
    StageProposal,
)
from party.rules import Rules
from party.scope import Scope
from party.services import life
from party.themes import THEMES, Asked
from regions.models import Region


class OfParty(Rows):
    needs = Permission.PARTY_VIEW


class BranchRef(serializers.ModelSerializer[Branch]):
    """A branch with its village and township."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")

    class Meta:
        model = Branch
        fields = ("id", "name", "village", "township")


# -- people ---------------------------------------------------------------------------------------------------------------------


class PartyPersonSerializer(serializers.ModelSerializer[PartyPerson]):
    """Somebody of a branch; `stage` has no code where the registration still waits to be confirmed."""

    branch = BranchRef()
    sex = Code()
    age = serializers.SerializerMethodField()
    schooling = Code()
    phone = serializers.CharField(source="phone_masked", allow_blank=True)
    stage = Code()
    left_reason = Code()

    class Meta:
        model = PartyPerson
        fields = (
            "id", "name", "branch", "sex", "age", "schooling", "phone", "stage", "stage_since", "joined_on", "developed_here", "is_able",
            "left_on", "left_reason",
        )  # fmt: skip

    def get_age(self, person: PartyPerson) -> int:
        return development.age_on(person.birth_date, timezone.localdate())


class PartyPersonViewSet(OfParty):
    """党员和培养对象; without a filter everybody who is confirmed and has not left."""

    serializer_class = PartyPersonSerializer
    filterset_class = PersonFilter
    queryset = PartyPerson.objects.none()

    def with_facts(self, found: QuerySet[PartyPerson]) -> QuerySet[PartyPerson]:
        return found.select_related("branch__village__parent").defer("phone")


class StageProposalSerializer(serializers.ModelSerializer[StageProposal]):
    """A step that waits for somebody else to confirm it."""

    person = serializers.CharField(source="person.name")
    branch = BranchRef(source="person.branch")
    from_stage = Code()
    to_stage = Code()
    state = Code()

    class Meta:
        model = StageProposal
        fields = ("id", "person", "branch", "from_stage", "to_stage", "on", "note", "proposed_at", "state")


class StageProposalViewSet(OfParty):
    """发展党员 steps and registrations that wait to be confirmed, by village."""

    serializer_class = StageProposalSerializer
    queryset = StageProposal.objects.none()
    order = "person__branch__village__code"

    def get_queryset(self) -> QuerySet[StageProposal]:
        return super().get_queryset().filter(state=StageProposal.State.OPEN)

    def with_facts(self, found: QuerySet[StageProposal]) -> QuerySet[StageProposal]:
        return found.select_related("person__branch__village__parent").defer("person__phone")


# -- branches -------------------------------------------------------------------------------------------------------------------


class PartyBranchSerializer(serializers.Serializer[staffing.Facts]):
    """A branch as it stands today: its members, the posts nobody holds, what it lacks (in words)."""

    id = serializers.IntegerField(source="branch.pk")
    name = serializers.CharField(source="branch.name")
    village = PlaceSerializer(source="branch.village")
    township = PlaceSerializer(source="branch.village.parent")
    established_on = serializers.DateField(source="branch.established_on", allow_null=True)
    secretary = serializers.CharField(allow_blank=True)
    members = serializers.IntegerField()
    full_members = serializers.IntegerField(source="full")
    mean_age = serializers.FloatField(allow_null=True)
    vacant_posts = serializers.ListField(source="vacant_names", child=serializers.CharField())
    gaps = serializers.ListField(child=serializers.CharField())


class PartyBranchViewSet(OfParty):
    """党支部 that are open."""

    serializer_class = PartyBranchSerializer
    filterset_class = BranchFilter
    queryset = Branch.objects.none()

    def get_queryset(self) -> QuerySet[Branch]:
        return Branch.objects.for_user(self.request.user).open()

    def with_facts(self, found: QuerySet[Branch]) -> QuerySet[Branch]:
        return found.select_related("village__parent")

    def told(self, rows: list[Any]) -> list[staffing.Facts]:
        villages = {row.village_id: row.village for row in rows}
        rules, today = Rules.load(activities=False), timezone.localdate()
        facts = {each.branch.pk: each for each in staffing.look(villages.values(), rules)}
        return [facts.get(row.pk) or staffing.Facts(row, rules.of(row.village), today) for row in rows]


# -- classrooms -----------------------------------------------------------------------------------------------------------------


class PartyCourseSerializer(serializers.ModelSerializer[Course]):
    """A course that can be taught in a region and below it."""

    region = PlaceSerializer()
    classroom = Code()
    form = Code()

    class Meta:
        model = Course
        fields = ("id", "title", "region", "classroom", "form", "outline", "hours", "retired_on")


class PartyCourseViewSet(OfParty):
    """课程目录: the courses of the own area and of the regions above it, also those that were retired."""

    serializer_class = PartyCourseSerializer
    queryset = Course.objects.none()
    order = "title"

    def with_facts(self, found: QuerySet[Course]) -> QuerySet[Course]:
        return found.select_related("region")


class PartySessionSerializer(serializers.ModelSerializer[Session]):
    """A course held or planned in a village: `signed_in` people of the branch and cadres, `villagers` beside them."""

    course = serializers.CharField(source="course.title")
    classroom = Code(source="course.classroom")
    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    state = Code()
    signed_in = serializers.IntegerField()

    class Meta:
        model = Session
        fields = (
            "id", "course", "classroom", "village", "township", "held_on", "starts_at", "ends_at", "teacher", "place", "state", "signed_in",
            "villagers", "note",
        )  # fmt: skip


class PartySessionViewSet(OfParty):
    """四大课堂, newest first."""

    serializer_class = PartySessionSerializer
    filterset_class = SessionFilter
    queryset = Session.objects.none()
    order = "-held_on"

    def with_facts(self, found: QuerySet[Session]) -> QuerySet[Session]:
        return found.select_related("course", "village__parent").defer("token")

    def told(self, rows: list[Any]) -> list[Any]:
        came = Counter(
            Attendance._base_manager.filter(session__in=[row.pk for row in rows]).values_list("session_id", flat=True)
        )
        for row in rows:
            row.signed_in = came[row.pk]
        return rows


# -- what branches hold, facilities ---------------------------------------------------------------------------------------------


class PartyActivitySerializer(serializers.ModelSerializer[Activity]):
    """Something a branch held."""

    branch = BranchRef()
    kind = Code()

    class Meta:
        model = Activity
        fields = ("id", "branch", "kind", "held_on", "title", "text", "place", "guests", "recorded_at")


class PartyActivityViewSet(OfParty):
    """组织生活, newest first."""

    serializer_class = PartyActivitySerializer
    filterset_class = ActivityFilter
    queryset = Activity.objects.none()
    order = "-held_on"

    def get_queryset(self) -> QuerySet[Activity]:
        rows: QuerySet[Activity] = life.in_force(super().get_queryset())
        return rows

    def with_facts(self, found: QuerySet[Activity]) -> QuerySet[Activity]:
        return found.select_related("branch__village__parent")


class PartyFacilitySerializer(serializers.ModelSerializer[Facility]):
    """A public facility of a village."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    kind = Code()
    state = Code()

    class Meta:
        model = Facility
        fields = (
            "id", "name", "village", "township", "kind", "state", "installed_on", "checked_on", "checked_by", "next_check_on", "note",
        )  # fmt: skip


class PartyFacilityViewSet(OfParty):
    """阵地设施."""

    serializer_class = PartyFacilitySerializer
    filterset_class = FacilityFilter
    queryset = Facility.objects.none()

    def get_queryset(self) -> QuerySet[Facility]:
        return super().get_queryset().filter(removed_at=None)

    def with_facts(self, found: QuerySet[Facility]) -> QuerySet[Facility]:
        return found.select_related("village__parent")


# -- villages side by side, and what is worked out of them ------------------------------------------------------------------------

YEAR = Ask(_("年度；不写就是今年。"), known=lambda text: str(due.year_of(text)) == text)
SPAN = Ask(_("时间，如 2026、2026-Q4、2026-11；不写就是这个季度。"), known=lambda text: periods.parse(text) is not None)


def _span(asked: str) -> periods.Span:
    return periods.parse(asked) or periods.span_of("quarter", timezone.localdate())


class PartyOverviewViewSet(Overview):
    """党建情况: the regions below side by side under a theme, 班子和党员 where none is asked for."""

    needs = Permission.PARTY_VIEW
    asks = {REGION: PLACE, "theme": Ask(_("主题"), tuple(THEMES)), "span": SPAN, "year": YEAR}

    def table(self) -> Table:
        asked = self.asked
        scope = Scope.of(self.regions, self.request.user)
        _title, reading, _tab, _meaning = THEMES[asked["theme"] or "staffing"]
        cells = reading(scope, Asked(self.request.user, due.year_of(asked["year"]), _span(asked["span"])))
        whole = cells(scope.villages, {})

        def numbers(found: list[dict[str, Any]]) -> dict[str, Any]:
            return {cell["code"]: cell.get("number", cell["value"]) for cell in found}

        rows = [
            Line(region.name, numbers(cells(scope.inside(region), {})), {"region": str(region.pk)})
            for region in scope.below
        ]
        return Table({cell["code"]: cell["label"] for cell in whole}, rows, numbers(whole))


class OfVillages(Computed):
    needs = Permission.PARTY_VIEW

    @property
    def scope(self) -> Scope:
        return Scope.of(self.regions, self.request.user)


class VillageOutlookSerializer(serializers.Serializer[Any]):
    """A village under the rule of developing somebody young: how it stands, until when that holds, and what is to be done, in a sentence."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    state = Code(lambda state: development.LABELS[state])
    deadline = serializers.DateField(allow_null=True)
    sentence = serializers.CharField()


class PartyDevelopmentViewSet(OfVillages):
    """两年发展一名年轻党员, a row for each village."""

    serializer_class = VillageOutlookSerializer
    asks = {REGION: PLACE, "state": Ask(_("情况"), (*(state.value for state in development.LABELS), "open"))}

    def rows(self) -> list[development.Outlook]:
        found = development.look(self.scope.villages, Rules.load(activities=False))
        if not self.asked["state"]:
            return found
        wanted = set(development.villages_in(found, self.asked["state"]))
        return [outlook for outlook in found if outlook.village.pk in wanted]


class UnreachedVillageSerializer(serializers.Serializer[Any]):
    """A village in which nothing was held; `missing` names the classrooms that were not."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    missing = serializers.ListField(child=serializers.CharField())


class PartyUnreachedViewSet(OfVillages):
    """没有开课的村: nothing was held in a time, or nothing of a classroom."""

    serializer_class = UnreachedVillageSerializer
    asks = {REGION: PLACE, "span": SPAN, "classroom": Ask(_("课堂"), tuple(Classroom.values))}

    def rows(self) -> list[dict[str, Any]]:
        villages = self.scope.villages
        found = coverage.look(villages, _span(self.asked["span"]))
        wanted = set(coverage.unreached(found, self.asked["classroom"]))
        return [{"village": each, "missing": found[each.pk].missing} for each in villages if each.pk in wanted]


class DueActivitySerializer(serializers.Serializer[due.Item]):
    """A branch, a kind and a month or quarter: how often it was asked for, how often it was held. `state` is met, missing or now."""

    branch = BranchRef()
    kind = Code(lambda kind: Kind(kind).label)
    span = serializers.CharField(source="span.code")
    least = serializers.IntegerField()
    held = serializers.IntegerField()
    state = serializers.CharField()


class PartyDueViewSet(OfVillages):
    """应开的组织生活 of a year by what became of it; what was not held where `state` is left out."""

    serializer_class = DueActivitySerializer
    asks = {
        REGION: PLACE, "state": Ask(_("情况"), tuple(due.STATES)), "kind": Ask(_("种类"), tuple(Kind.values)), "year": YEAR,
    }  # fmt: skip

    def rows(self) -> list[due.Item]:
        asked = self.asked
        items = due.look(self.scope.villages, Rules.load(), due.year_of(asked["year"]))
        state = asked["state"] or "missing"
        return [item for item in items if state in item.lists and asked["kind"] in ("", item.kind)]


class BranchOfVillageSerializer(serializers.Serializer[staffing.Facts]):
    id = serializers.IntegerField(source="branch.pk")
    name = serializers.CharField(source="branch.name")
    members = serializers.IntegerField()
    secretary = serializers.CharField(allow_blank=True)


class PartyVillageSerializer(serializers.Serializer[Any]):
    """A village with its branches, and how it stands in developing somebody young."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    branches = BranchOfVillageSerializer(many=True)
    development = Code(lambda state: development.LABELS[state])


class PartyVillageViewSet(OfVillages):
    """村党组织: the villages of a region; with `lack=branch` those without any branch."""

    serializer_class = PartyVillageSerializer
    asks = {REGION: PLACE, "lack": Ask(_("缺"), ("branch",))}

    def rows(self) -> list[Region]:
        villages = self.scope.villages
        if not self.asked["lack"]:
            return villages
        return staffing.without_branch(villages, staffing.look(villages, Rules.load(activities=False)))

    def told(self, rows: list[Any]) -> list[dict[str, Any]]:
        rules = Rules.load(activities=False)
        of: dict[int, list[staffing.Facts]] = {}
        for each in staffing.look(rows, rules):
            of.setdefault(each.branch.village_id, []).append(each)
        states = {outlook.village.pk: outlook.state for outlook in development.look(rows, rules)}
        return [{"village": each, "branches": of.get(each.pk, []), "development": states[each.pk]} for each in rows]
