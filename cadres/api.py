"""Units, cadres and resident teams for programs: read only, the filters and the rows of the pages, numbers of persons masked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.overviews import PLACE, REGION, Ask, Computed
from accounts.roles import Permission
from cadres import needs, teams
from cadres.filters import CadreFilter, TeamFilter, UnitListFilter
from cadres.listing import with_counts
from cadres.models import Cadre, ResidentTeam, TeamMember, Unit
from common.rest import Code, PlaceSerializer, Rows
from regions.models import Level, Region


class UnitSerializer(serializers.ModelSerializer[Unit]):
    """A unit, with how many cadres serve in it."""

    affiliation = Code()
    region = PlaceSerializer()
    cadres = serializers.IntegerField(source="cadre_count")

    class Meta:
        model = Unit
        fields = ("id", "name", "affiliation", "region", "number", "closed_on", "cadres")


class UnitViewSet(Rows):
    """单位, in order of their names."""

    needs = Permission.CADRE_VIEW
    serializer_class = UnitSerializer
    filterset_class = UnitListFilter
    queryset = Unit.objects.none()
    order = "name"

    def with_facts(self, found: QuerySet[Unit]) -> QuerySet[Unit]:
        return with_counts(found)


class UnitRef(serializers.ModelSerializer[Unit]):
    class Meta:
        model = Unit
        fields = ("id", "name")


class CadreSerializer(serializers.ModelSerializer[Cadre]):
    """A cadre; `languages` and `skills` are codes."""

    unit = UnitRef()
    rank = Code()
    phone = serializers.CharField(source="phone_masked", allow_blank=True)
    languages = serializers.ListField(child=serializers.CharField())
    skills = serializers.ListField(child=serializers.CharField())
    has_login = serializers.SerializerMethodField()

    class Meta:
        model = Cadre
        fields = (
            "id", "name", "unit", "number", "title", "rank", "phone", "is_party_member", "cannot_help", "languages", "skills", "has_login",
            "left_on",
        )  # fmt: skip

    def get_has_login(self, cadre: Cadre) -> bool:
        return cadre.user_id is not None


class CadreViewSet(Rows):
    """干部, in order of their names."""

    needs = Permission.CADRE_VIEW
    serializer_class = CadreSerializer
    filterset_class = CadreFilter
    queryset = Cadre.objects.none()
    order = "name"

    def with_facts(self, found: QuerySet[Cadre]) -> QuerySet[Cadre]:
        return found.select_related("unit").defer("phone", "id_number")


# -- resident teams -------------------------------------------------------------------------------------------------------------


class TeamMemberSerializer(serializers.ModelSerializer[TeamMember]):
    """A place in a team; `ends_on` of the term is the day it is planned to end."""

    cadre = serializers.CharField(source="cadre.name")
    unit = serializers.CharField(source="cadre.unit.name")

    class Meta:
        model = TeamMember
        fields = ("id", "cadre", "unit", "is_leader", "is_first_secretary", "is_full_time", "starts_on", "term_ends_on")


class TeamRef(serializers.ModelSerializer[ResidentTeam]):
    unit = UnitRef(allow_null=True)

    class Meta:
        model = ResidentTeam
        fields = ("id", "unit", "starts_on")


class TeamProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField(source="label")


class VillageTeamSerializer(serializers.Serializer[teams.Line]):
    """A village with its team of today (null where it has none), who is in it, and what it falls short of."""

    id = serializers.IntegerField(source="village.pk")
    code = serializers.CharField(source="village.code")
    name = serializers.CharField(source="village.name")
    township = PlaceSerializer(source="village.parent")
    team = TeamRef(allow_null=True)
    members = TeamMemberSerializer(source="places", many=True)
    problems = TeamProblemSerializer(many=True)


class ResidentTeamViewSet(Rows):
    """驻村工作队: the villages of the area with their teams of today, in order of their codes."""

    needs = Permission.CADRE_VIEW
    serializer_class = VillageTeamSerializer
    filterset_class = TeamFilter
    queryset = Region.objects.none()
    order = "code"

    def get_queryset(self) -> QuerySet[Region]:
        villages = teams.villages_of(self.request.user)
        return villages if self.detail else teams.with_state(villages)

    def with_facts(self, found: QuerySet[Region]) -> QuerySet[Region]:
        return teams.with_state(found.select_related("parent"))

    def told(self, rows: list[Any]) -> list[teams.Line]:
        return teams.lines_of(rows)


# -- what villages need ---------------------------------------------------------------------------------------------------------


class NeedSerializer(serializers.Serializer[needs.Ask]):
    """Something a village asks for, and whether somebody of its team brings it. `code` is that of a language or a skill."""

    kind = serializers.CharField()
    code = serializers.CharField(allow_blank=True)
    text = serializers.CharField(source="label")
    met = serializers.BooleanField(source="is_met")


class VillageNeedSerializer(serializers.Serializer[needs.Balance]):
    """A village with what it asks for. `known` is false where no 村情 is registered; `others` are needs that no skill answers."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    known = serializers.SerializerMethodField()
    needs = NeedSerializer(source="asks", many=True)
    others = serializers.SerializerMethodField()

    def get_known(self, balance: needs.Balance) -> bool:
        return balance.profile is not None

    def get_others(self, balance: needs.Balance) -> list[str]:
        return [str(need.label) for need in balance.others]


LACK = Ask(_("缺什么"), (teams.ANY, *needs.KINDS, needs.UNKNOWN))


class VillageNeedViewSet(Computed):
    """需求与力量: the villages of a county or township, those that lack the most first. Wider than a county it is not worked out."""

    needs = Permission.CADRE_VIEW
    serializer_class = VillageNeedSerializer
    asks = {REGION: PLACE, "lack": LACK}

    def rows(self) -> list[needs.Balance]:
        at = self.place
        if at is None or at.level < Level.COUNTY:
            raise ValidationError({REGION: [_("请选择一个县（市、区）或者乡镇。")]})
        villages = teams.villages_of(self.request.user).filter(path__startswith=at.path)
        found = needs.balances_of(teams.with_state(villages.select_related("parent")))
        return [balance for balance in found if balance.falls_under(self.asked["lack"])]
