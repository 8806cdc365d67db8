"""Households for programs: read only, the filters and the order of the page, numbers masked."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.names import names_of
from accounts.overviews import Line, Overview, Table
from accounts.roles import Permission
from cadres.models import Cadre, Unit
from common.pages import address, query_of
from common.rest import Code, Guarded, Listing, PlaceSerializer, Rows, refuse_unknown
from common.tiles import TONES
from households import codelists, coverage, proposed
from households.filters import HelperFilter, HouseholdFilter, MatchingRowFilter, UnitFilter
from households.first_page import Todo, first_page_of
from households.ledger import load
from households.listing import STATUS_LABELS, with_row_facts
from households.models import HandOver, Household, MatchingRow, MatchingRun, SavedView
from households.search import SEALED, seal
from households.serializers import Fact, HouseholdRef
from households.services.helping import loads_of
from households.services.matching import scope_name

# -- the first page ---------------------------------------------------------------------------------------------------------------


class WaitingSerializer(serializers.Serializer[Any]):
    """What waits: as many as the list on `page` has rows, more than `number` where `capped`. `tone` red is late, amber asks for an answer."""

    label = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    tone = serializers.ChoiceField([*filter(None, TONES)], allow_blank=True)
    number = serializers.IntegerField(source="count.value")
    capped = serializers.BooleanField(source="count.capped")
    page = serializers.CharField(source="url")


class FigureSerializer(serializers.Serializer[Any]):
    """Households and their people, as many as the list on `page` shows."""

    label = serializers.CharField()
    households = serializers.IntegerField()
    people = serializers.IntegerField()
    page = serializers.CharField(source="url")


class TodoSerializer(FigureSerializer):
    tone = serializers.ChoiceField([*filter(None, TONES)], allow_blank=True)

    def to_representation(self, instance: Todo) -> dict[str, Any]:
        return FigureSerializer(instance.figure).data | {"tone": instance.tone}


class AreaSerializer(serializers.Serializer[Any]):
    """Households of the own area that are not closed."""

    as_of = serializers.DateTimeField(source="at")
    total = FigureSerializer()
    by_status = FigureSerializer(many=True)


class NewsSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()
    number = serializers.IntegerField()
    unit = serializers.CharField()
    page = serializers.CharField(source="url")


class FirstPageSerializer(serializers.Serializer[Any]):
    """The first page: what waits (late first; what is at 0 last), what is to be done in the ledgers, what happened in the area this month, and how it
    stands (null for whoever may see no household)."""

    waiting = WaitingSerializer(many=True, source="tiles")
    todo = TodoSerializer(many=True)
    news = NewsSerializer(many=True)
    area = AreaSerializer(source="figures", allow_null=True)


class FirstPageView(Guarded, APIView):
    """首页: what waits for the account, what is late, what changed in its area. A token sees what it was opened for."""

    permission_classes = (IsAuthenticated,)

    @extend_schema(operation_id="first_page", responses=FirstPageSerializer)
    def get(self, request: Request) -> Response:
        refuse_unknown(request, {"format"})
        return Response(FirstPageSerializer(first_page_of(request.user)).data)


# -- households -----------------------------------------------------------------------------------------------------------------


class HouseholdSerializer(serializers.ModelSerializer[Household]):
    """A household as lists show it."""

    householder = serializers.CharField(source="householder_name", allow_blank=True)
    township = PlaceSerializer()
    village = PlaceSerializer()
    members = serializers.IntegerField(source="member_count")
    status = Code(lambda status: STATUS_LABELS[status])
    category = Code(codelists.CATEGORY.label)
    main_cause = Code(codelists.CAUSE.label)
    helper = serializers.CharField(source="helper_name", allow_null=True)
    phone = serializers.CharField(source="phone_masked", allow_blank=True)

    class Meta:
        model = Household
        fields = (
            "id", "number", "householder", "township", "village", "hamlet", "members", "status", "category", "main_cause", "open_checks",
            "latest_year", "helper", "phone", "closed_on",
        )  # fmt: skip


class LedgerMember(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    relation = Code()
    sex = serializers.CharField(allow_blank=True)
    birth_date = serializers.DateField(allow_null=True)
    age = serializers.IntegerField(allow_null=True)
    id_number = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    ethnicity = serializers.CharField(allow_blank=True)
    health = serializers.CharField(allow_blank=True)
    schooling = serializers.CharField(allow_blank=True)
    labour = serializers.CharField(allow_blank=True)
    work = serializers.CharField(allow_blank=True)
    insurance = serializers.CharField(allow_blank=True)
    left = serializers.CharField(allow_blank=True)


class LedgerCheck(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()
    state = serializers.ChoiceField(["yes", "no", ""])
    text = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    doubt = serializers.BooleanField()


class LedgerIncomeRow(serializers.Serializer[Any]):
    code = serializers.CharField(allow_blank=True)
    label = serializers.CharField()
    role = serializers.CharField()
    amounts = serializers.ListField(child=serializers.CharField(allow_null=True))


class LedgerIncome(serializers.Serializer[Any]):
    years = serializers.ListField(child=serializers.IntegerField())
    rows = LedgerIncomeRow(many=True)
    notes = serializers.ListField(child=serializers.CharField())


class LedgerHelper(serializers.Serializer[Any]):
    name = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    title = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    mode = serializers.CharField(allow_blank=True)
    lead = serializers.BooleanField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    current = serializers.BooleanField()


class LedgerStatus(serializers.Serializer[Any]):
    to = serializers.CharField()
    effective_on = serializers.DateField()
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        return {"from": serializers.CharField(allow_blank=True), **super().get_fields()}  # a word of Python


class LedgerSerializer(serializers.Serializer[Any]):
    """The ledger of a household, as `households.ledger.Ledger` tells it."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    householder = serializers.CharField(allow_blank=True)
    village = PlaceSerializer()
    hamlet = serializers.CharField(allow_blank=True)
    status = Code()
    closed_on = serializers.DateField(allow_null=True)
    phone = serializers.CharField(allow_blank=True)
    bank_account = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    year = serializers.IntegerField()
    years = serializers.ListField(child=serializers.IntegerField())
    identity = Fact(many=True)
    members = LedgerMember(many=True)
    members_left = LedgerMember(many=True)
    checks = LedgerCheck(many=True)
    income = LedgerIncome()
    causes = Fact(many=True)
    dwelling = Fact(many=True)
    water = Fact(many=True)
    land = Fact(many=True)
    relocation = Fact(many=True)
    helpers = LedgerHelper(many=True)
    status_history = LedgerStatus(many=True)
    population_note = serializers.CharField(allow_blank=True)


class HouseholdViewSet(Rows):
    """`GET ?filters` lists, `GET <id>/` is a ledger, `POST find/` lists with a search text of any kind (`{"q": …}` and filters).

    In an address `q` may hold a name, initials or a few digits; whole numbers go by POST, so that no log keeps them.
    """

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = HouseholdSerializer
    filterset_class = HouseholdFilter
    queryset = Household.objects.none()

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        return found if self.detail else with_row_facts(found)

    @extend_schema(responses=LedgerSerializer)
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(load(self.get_object(), request.user).as_dict())

    @extend_schema(
        request={"application/json": {"type": "object", "properties": {n: {"type": "string"} for n in HouseholdFilter.base_filters}}},
        responses=HouseholdSerializer(many=True),
    )  # fmt: skip
    @action(detail=False, methods=["post"])
    def find(self, request: Request) -> Response:
        """The list for a search that must not stand in an address. Its `next` and `previous` carry the text sealed."""
        if not isinstance(request.data, dict):
            raise ValidationError({})
        asked = QueryDict(mutable=True)
        for name in HouseholdFilter.base_filters:
            value = str(request.data.get(name) or "")
            asked[name] = value if name != "q" or value.startswith(SEALED) else seal(value)
        filterset = HouseholdFilter(asked, self.get_queryset(), request=request)
        if not filterset.is_valid():
            raise ValidationError(filterset.errors)
        page = self.paginate_queryset(filterset.qs)
        self.paginator.base_url = request.build_absolute_uri(address(self.reverse_action("list"), query_of(filterset)))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


# -- who helps ------------------------------------------------------------------------------------------------------------------


class HelperSerializer(serializers.ModelSerializer[Cadre]):
    """Somebody who helps, by whom the list of helpers names them."""

    unit = serializers.CharField(source="unit.name")
    households = serializers.IntegerField(source="load", help_text=_("现在帮扶几户（各地合计）"))

    class Meta:
        model = Cadre
        fields = ("id", "name", "unit", "title", "households")


class HelperViewSet(Rows):
    """帮扶责任人 under the filters of their page."""

    needs = Permission.CADRE_VIEW
    serializer_class = HelperSerializer
    filterset_class = HelperFilter
    queryset = Cadre.objects.none()
    order = "name"

    def with_facts(self, found: QuerySet[Cadre]) -> QuerySet[Cadre]:
        return found.select_related("unit")

    def told(self, rows: list[Any]) -> list[Any]:
        loads = loads_of([cadre.pk for cadre in rows])
        for cadre in rows:
            cadre.load = loads[cadre.pk]
        return rows


class CadreRef(serializers.ModelSerializer[Cadre]):
    unit = serializers.CharField(source="unit.name")

    class Meta:
        model = Cadre
        fields = ("id", "name", "unit")


class UnitPairingSerializer(serializers.ModelSerializer[Unit]):
    """A unit: how many cadres serve, how many of them help, and how many households here."""

    region = PlaceSerializer()
    serving = serializers.IntegerField()
    helpers = serializers.SerializerMethodField()
    households = serializers.SerializerMethodField()

    class Meta:
        model = Unit
        fields = ("id", "name", "region", "serving", "helpers", "households")

    def get_helpers(self, unit: Any) -> int:
        return unit.helpers or 0

    def get_households(self, unit: Any) -> int:
        return unit.helped or 0


class UnitPairingViewSet(Rows):
    """各单位结对情况; with `region` households of that region alone are counted."""

    needs = Permission.CADRE_VIEW
    serializer_class = UnitPairingSerializer
    filterset_class = UnitFilter
    queryset = Unit.objects.none()
    order = "name"

    def with_facts(self, found: QuerySet[Unit]) -> QuerySet[Unit]:
        at = (
            None if self.detail else UnitFilter(self.request.query_params, Unit.objects.none(), request=self.request).at
        )
        rows: QuerySet[Unit] = coverage.with_unit_counts(self.request.user, found, at)
        return rows


class HandOverSerializer(serializers.ModelSerializer[HandOver]):
    """Households that went from one cadre to another, or to several by a proposal (`to_cadre` null)."""

    from_cadre = CadreRef()
    to_cadre = CadreRef(allow_null=True)

    class Meta:
        model = HandOver
        fields = ("id", "from_cadre", "to_cadre", "proposal", "on", "reason", "households", "at")


class HandOverViewSet(Rows):
    """移交记录, newest first."""

    needs = Permission.CADRE_VIEW
    serializer_class = HandOverSerializer
    queryset = HandOver.objects.none()

    def with_facts(self, found: QuerySet[HandOver]) -> QuerySet[HandOver]:
        return found.select_related("from_cadre__unit", "to_cadre__unit")


# -- proposals of who helps whom ------------------------------------------------------------------------------------------------


class MatchingRunSerializer(serializers.ModelSerializer[MatchingRun]):
    """A proposal; `figures` are numbers of households by outcome."""

    scope = serializers.SerializerMethodField()
    state = Code()
    asked_by = serializers.CharField(source="asked_by_name")
    figures = serializers.DictField(child=serializers.IntegerField())

    class Meta:
        model = MatchingRun
        fields = ("id", "scope", "anew", "state", "asked_by", "asked_at", "decided_at", "figures")

    def get_scope(self, run: MatchingRun) -> str:
        return scope_name(run)


class MatchingRunViewSet(Rows):
    """结对方案, newest first."""

    needs = Permission.PAIRING_EDIT
    serializer_class = MatchingRunSerializer
    queryset = MatchingRun.objects.none()

    def with_facts(self, found: QuerySet[MatchingRun]) -> QuerySet[MatchingRun]:
        return found.select_related("region", "unit__region", "leaving__unit")

    def told(self, rows: list[Any]) -> list[Any]:
        names = names_of(run.asked_by for run in rows)
        for run in rows:
            run.asked_by_name = names.get(run.asked_by, run.asked_by)
        return rows


class MatchingRowSerializer(serializers.ModelSerializer[MatchingRow]):
    """What a proposal says of one household: who helps now, who should, and why, in a sentence."""

    household = HouseholdRef()
    now = CadreRef(allow_null=True)
    proposed = CadreRef(allow_null=True)
    outcome = Code()
    sentence = serializers.SerializerMethodField()

    class Meta:
        model = MatchingRow
        fields = ("id", "household", "now", "proposed", "outcome", "sentence")

    def get_sentence(self, row: MatchingRow) -> str:
        return proposed.sentence(row)


@extend_schema(parameters=[OpenApiParameter("run_pk", int, OpenApiParameter.PATH, description=_("结对方案的 id"))])
class MatchingRowViewSet(Rows):
    """The households of a proposal."""

    needs = Permission.PAIRING_EDIT
    serializer_class = MatchingRowSerializer
    filterset_class = MatchingRowFilter
    queryset = MatchingRow.objects.none()

    @cached_property
    def run(self) -> MatchingRun:
        found: MatchingRun = get_object_or_404(
            MatchingRun.objects.for_user(self.request.user), pk=self.kwargs["run_pk"]
        )
        return found

    def get_queryset(self) -> QuerySet[MatchingRow]:
        return MatchingRow.objects.for_user(self.request.user).filter(run=self.run)

    def with_facts(self, found: QuerySet[MatchingRow]) -> QuerySet[MatchingRow]:
        return found.select_related("household__village", "now__unit", "proposed__unit").defer(
            "household__phone", "household__bank_account"
        )


# -- figures of pairing ---------------------------------------------------------------------------------------------------------


class PairingCoverageViewSet(Overview):
    """结对帮扶 both ways: households without a helper, helpers with too many, units without either, place by place."""

    needs = Permission.CADRE_VIEW

    def table(self) -> Table:
        at = self.place
        below = [row for row in self.regions.rows if at is None or row.parent_id == at.pk]
        whole, *lines = coverage.lines_of(self.request.user, [at, *below])
        columns = {"all": _("农户"), **coverage.HOUSEHOLDS, **coverage.CADRES, **coverage.UNITS}
        rows = [
            Line(region.name, _numbers(line), {"region": str(region.pk)})
            for region, line in zip(below, lines, strict=True)
        ]
        return Table(columns, rows, _numbers(whole) if at is not None else None)


def _numbers(line: coverage.Line) -> dict[str, int]:
    return {"all": line.all, **line.households, **line.cadres, **line.units}


# -- saved views ----------------------------------------------------------------------------------------------------------------


class SavedViewSerializer(serializers.ModelSerializer[SavedView]):
    """常用筛选: `query` is what the list of the page is asked."""

    page = Code()

    class Meta:
        model = SavedView
        fields = ("id", "page", "name", "query", "created_at")


class SavedViewViewSet(Listing):
    """One's own, by name."""

    serializer_class = SavedViewSerializer
    queryset = SavedView.objects.none()
    order = "name"

    def get_queryset(self) -> QuerySet[SavedView]:
        return SavedView.objects.filter(user=self.request.user.pk)
