"""Measures, requests, money, village projects and houses for programs: read only, the filters and the rows of the pages, numbers masked.

Amounts are 元 in text with two decimals, so that nothing is rounded on the way.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import get_object_or_404

from accounts.names import names_of
from accounts.overviews import PLACE, REGION, Ask, Computed, Line, Overview, Table
from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from assistance import effects, entitlement, finance, marginal, villages
from assistance.departments import with_numbers
from assistance.filters import DepartmentFilter, FundFilter, MeasureFilter, PayRowFilter, RequestFilter
from assistance.listing import DepartmentRow, RequestRow, with_row_facts
from assistance.models import (
    Delivery,
    Entry,
    Fund,
    IdleHouse,
    Measure,
    PayBatch,
    PayRow,
    ServiceRequest,
    Shortfall,
    Tenancy,
    VillageProject,
)
from assistance.models import Line as MoneyLine
from assistance.scans import entitled, sums_of
from assistance.services import projects
from assistance.village_filters import (
    BeneficiaryFilter,
    FigureFilter,
    HouseFilter,
    ProjectFilter,
    ShortfallFilter,
    years,
)
from catalogue.models import MeasureKind
from common.lookups import among
from common.rest import Code, Listing, PlaceSerializer, Rows
from households.listing import with_row_facts as with_household_facts
from households.models import Household
from households.serializers import HouseholdRef, MemberRef
from regions.models import Level, Region
from surveys import progress


def money(**more: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=16, decimal_places=2, **more)


class MeasureKindRef(serializers.ModelSerializer[MeasureKind]):
    column = Code()

    class Meta:
        model = MeasureKind
        fields = ("id", "code", "title", "column")


# -- measures -------------------------------------------------------------------------------------------------------------------


class HouseholdMeasureSerializer(serializers.ModelSerializer[Measure]):
    """A measure for a household, or for one of its members: what was planned, what of it stands as delivered (null for nothing), and
    whether the household said that something did not arrive."""

    household = HouseholdRef()
    member = MemberRef(allow_null=True)
    kind = MeasureKindRef()
    state = Code()
    given = money(allow_null=True)
    denied = serializers.BooleanField()

    class Meta:
        model = Measure
        fields = (
            "id", "household", "member", "kind", "year", "plan", "task", "state", "quantity", "amount", "given", "denied", "note",
            "proposed_at", "decided_at", "effect", "effect_on",
        )  # fmt: skip


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """What was delivered on a day, for a period. `reversed`: it was taken back, or takes another back. `received`: the household's word,
    null while it has not spoken."""

    reversed = serializers.SerializerMethodField()
    received = serializers.SerializerMethodField()

    class Meta:
        model = Delivery
        fields = ("id", "on", "period", "quantity", "amount", "note", "reversed", "received")

    def get_reversed(self, row: Delivery) -> bool:
        return not row.stands

    def get_received(self, row: Delivery) -> bool | None:
        word = getattr(row, "confirmation", None)
        return None if word is None else word.received


class HouseholdMeasureDetailSerializer(HouseholdMeasureSerializer):
    """A measure with what was delivered of it, newest first."""

    deliveries = serializers.SerializerMethodField()

    class Meta(HouseholdMeasureSerializer.Meta):
        fields = (*HouseholdMeasureSerializer.Meta.fields, "deliveries")

    @extend_schema_field(DeliverySerializer(many=True))
    def get_deliveries(self, measure: Measure) -> Any:
        view: Any = self.context["view"]
        rows = Delivery.objects.for_user(view.request.user, view.sight).filter(measure=measure)
        return DeliverySerializer(rows.select_related("confirmation").order_by("-pk"), many=True).data


class MeasureViewSet(Rows):
    """帮扶措施 of households, newest first; one of them with its deliveries."""

    needs = Permission.HOUSEHOLD_VIEW
    sight = Permission.HOUSEHOLD_VIEW
    filterset_class = MeasureFilter
    queryset = Measure.objects.none()

    def get_serializer_class(self) -> Any:
        return HouseholdMeasureDetailSerializer if self.detail else HouseholdMeasureSerializer

    def with_facts(self, found: QuerySet[Measure]) -> QuerySet[Measure]:
        return with_row_facts(found)


class DepartmentMeasureSerializer(serializers.ModelSerializer[Measure]):
    """A measure as a department sees it: of the household its village, who benefits and their masked number, and nothing else."""

    beneficiary = serializers.SerializerMethodField()
    whole_household = serializers.SerializerMethodField()
    id_number = serializers.SerializerMethodField()
    village = PlaceSerializer(source="household.village")
    township = PlaceSerializer(source="household.township")
    kind = MeasureKindRef()
    state = Code()
    given = money(allow_null=True)
    denied = serializers.BooleanField()

    class Meta:
        model = Measure
        fields = (
            "id", "beneficiary", "whole_household", "id_number", "village", "township", "kind", "year", "state", "quantity", "amount", "given",
            "denied",
        )  # fmt: skip

    def get_beneficiary(self, measure: Measure) -> str:
        return DepartmentRow(measure).who

    def get_whole_household(self, measure: Measure) -> bool:
        return measure.member_id is None

    def get_id_number(self, measure: Measure) -> str:
        return DepartmentRow(measure).number


class DepartmentDetailSerializer(DepartmentMeasureSerializer):
    """The same with what was delivered, newest first."""

    deliveries = serializers.SerializerMethodField()

    class Meta(DepartmentMeasureSerializer.Meta):
        fields = (*DepartmentMeasureSerializer.Meta.fields, "deliveries")

    get_deliveries = HouseholdMeasureDetailSerializer.get_deliveries


class DepartmentMeasureViewSet(Rows):
    """本部门措施: measures of the kinds one's department answers for, newest first."""

    needs = Permission.MEASURE_DEPARTMENT
    sight = Permission.MEASURE_DEPARTMENT
    filterset_class = DepartmentFilter
    queryset = Measure.objects.none()

    def get_serializer_class(self) -> Any:
        return DepartmentDetailSerializer if self.detail else DepartmentMeasureSerializer

    def get_queryset(self) -> QuerySet[Measure]:
        return Measure.objects.for_user(self.request.user, self.sight)

    def with_facts(self, found: QuerySet[Measure]) -> QuerySet[Measure]:
        return with_numbers(with_row_facts(found))


class ServiceRequestSerializer(serializers.ModelSerializer[ServiceRequest]):
    """What a household asked for, who took it, what came of it."""

    household = HouseholdRef()
    member = MemberRef(allow_null=True)
    column = Code()
    state = Code()
    taker = serializers.CharField(source="taker.name", allow_null=True, default=None)
    late = serializers.SerializerMethodField()

    class Meta:
        model = ServiceRequest
        fields = (
            "id", "household", "member", "column", "text", "state", "asked_at", "due_on", "taker", "taken_at", "answer", "answered_at",
            "confirmed_at", "satisfied", "closing_note", "measure", "late",
        )  # fmt: skip

    def get_late(self, row: ServiceRequest) -> bool:
        return RequestRow(row).late


class ServiceRequestViewSet(Rows):
    """服务诉求, newest first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = ServiceRequestSerializer
    filterset_class = RequestFilter
    queryset = ServiceRequest.objects.none()

    def with_facts(self, found: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
        return found.select_related("household__village", "taker", "member").defer(
            "household__phone", "household__bank_account", "member__phone", "member__id_number"
        )


# -- villages -------------------------------------------------------------------------------------------------------------------


class VillageProjectSerializer(serializers.ModelSerializer[VillageProject]):
    """A village project: what is set aside for it and not paid yet, what was paid, how many households benefit."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    sector = Code()
    stage = Code()
    reserved = money()
    paid = money()
    households = serializers.IntegerField(source="benefits")
    late = serializers.SerializerMethodField()

    class Meta:
        model = VillageProject
        fields = (
            "id", "title", "village", "township", "sector", "year", "stage", "text", "quantity", "unit", "budget", "reserved", "paid",
            "households", "builder", "starts_on", "due_on", "late",
        )  # fmt: skip

    def get_late(self, project: VillageProject) -> bool:
        return villages.is_late(project)


class VillageProjectViewSet(Rows):
    """村级项目, newest first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = VillageProjectSerializer
    filterset_class = ProjectFilter
    queryset = VillageProject.objects.none()

    def with_facts(self, found: QuerySet[VillageProject]) -> QuerySet[VillageProject]:
        rows: QuerySet[VillageProject] = villages.with_money(found).select_related("village__parent")
        return rows


class OfVillageHousehold(serializers.ModelSerializer[Household]):
    """A household in a list of its village."""

    householder = serializers.CharField(source="householder_name", allow_blank=True)
    members = serializers.IntegerField(source="member_count")

    class Meta:
        model = Household
        fields: tuple[str, ...] = ("id", "number", "householder", "hamlet", "members")


class BeneficiarySerializer(OfVillageHousehold):
    """A household of a project's village, and whether it benefits."""

    benefits = serializers.BooleanField()

    class Meta(OfVillageHousehold.Meta):
        fields = (*OfVillageHousehold.Meta.fields, "benefits")


@extend_schema(parameters=[OpenApiParameter("project_pk", int, OpenApiParameter.PATH, description=_("村级项目的 id"))])
class ProjectHouseholdViewSet(Rows):
    """Households of a project's village, those that benefit marked."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = BeneficiarySerializer
    filterset_class = BeneficiaryFilter
    queryset = Household.objects.none()

    @cached_property
    def project(self) -> VillageProject:
        found: VillageProject = get_object_or_404(
            VillageProject.objects.for_user(self.request.user), pk=self.kwargs["project_pk"]
        )
        return found

    def get_queryset(self) -> QuerySet[Household]:
        return Household.objects.for_user(self.request.user).active().filter(village=self.project.village_id)

    def filter_facts(self) -> dict[str, Any]:
        names = self.get_queryset().order_by().values_list("hamlet", flat=True).distinct()
        return {"project": self.project, "hamlets": sorted({name for name in names if name})}

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        return with_household_facts(found)

    def told(self, rows: list[Any]) -> list[Any]:
        there = self.project.beneficiaries.filter(household__in=[row.pk for row in rows])
        keys = set(there.values_list("household_id", flat=True))
        for row in rows:
            row.benefits = row.pk in keys
        return rows


@extend_schema(parameters=[OpenApiParameter("village_pk", int, OpenApiParameter.PATH, description=_("村的 id"))])
class VillageHouseholdViewSet(Rows):
    """The households behind a figure of a village's page (`of`); measures are those of `year`, this year where it is left out."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = OfVillageHousehold
    filterset_class = FigureFilter
    queryset = Household.objects.none()

    @cached_property
    def village(self) -> Region:
        seen = set(visible_region_ids(self.request.user, Permission.HOUSEHOLD_VIEW))
        found: Region = get_object_or_404(
            Region.objects.filter(level=Level.VILLAGE, pk__in=seen), pk=self.kwargs["village_pk"]
        )
        return found

    def get_queryset(self) -> QuerySet[Household]:
        return Household.objects.for_user(self.request.user).active().filter(village=self.village)

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        return with_household_facts(found)


class ProjectRef(serializers.ModelSerializer[VillageProject]):
    class Meta:
        model = VillageProject
        fields = ("id", "title")


class ShortfallSerializer(serializers.ModelSerializer[Shortfall]):
    """Something a village lacks, and the project that mends it."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    sector = Code()
    project = ProjectRef(allow_null=True)

    class Meta:
        model = Shortfall
        fields = ("id", "village", "township", "sector", "text", "found_on", "project", "resolved_on", "resolved_note")


class ShortfallViewSet(Rows):
    """村级短板; without a filter what is still lacking."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = ShortfallSerializer
    filterset_class = ShortfallFilter
    queryset = Shortfall.objects.none()

    def with_facts(self, found: QuerySet[Shortfall]) -> QuerySet[Shortfall]:
        return found.select_related("village__parent", "project")


class IdleHouseSerializer(serializers.ModelSerializer[IdleHouse]):
    """A house that stands empty, or was let."""

    village = PlaceSerializer()
    township = PlaceSerializer(source="village.parent")
    ownership = Code()
    owner_phone = serializers.CharField(source="owner_phone_masked", allow_blank=True)
    grade = Code()
    state = Code()

    class Meta:
        model = IdleHouse
        fields = (
            "id", "village", "township", "hamlet", "address", "ownership", "owner_name", "owner_phone", "area", "rooms", "is_step_free",
            "has_water", "has_power", "grade", "rent", "state", "next_inspection_on", "note",
        )  # fmt: skip


class TenancySerializer(serializers.ModelSerializer[Tenancy]):
    """A household in an idle house, from the offer to moving out."""

    household = HouseholdRef()
    state = Code()

    class Meta:
        model = Tenancy
        fields = (
            "id", "house", "household", "state", "offered_on", "accepted_on", "moved_in_on", "ended_on", "rent", "subsidy", "reason",
        )  # fmt: skip


class IdleHouseDetailSerializer(IdleHouseSerializer):
    """A house with the households that were offered it, newest first: those one may see."""

    tenancies = serializers.SerializerMethodField()

    class Meta(IdleHouseSerializer.Meta):
        fields = (*IdleHouseSerializer.Meta.fields, "tenancies")

    @extend_schema_field(TenancySerializer(many=True))
    def get_tenancies(self, house: IdleHouse) -> Any:
        rows = Tenancy.objects.for_user(self.context["request"].user).filter(house=house)
        return TenancySerializer(rows.select_related("household__village").order_by("-pk"), many=True).data


class IdleHouseViewSet(Rows):
    """闲置房, newest first; without a filter those that were not withdrawn. One of them with who lives or lived there."""

    needs = Permission.HOUSEHOLD_VIEW
    filterset_class = HouseFilter
    queryset = IdleHouse.objects.none()

    def get_serializer_class(self) -> Any:
        return IdleHouseDetailSerializer if self.detail else IdleHouseSerializer

    def with_facts(self, found: QuerySet[IdleHouse]) -> QuerySet[IdleHouse]:
        return found.select_related("village__parent").defer("owner_phone")


class TenancyViewSet(Rows):
    """Who was offered an idle house, and moved in or not; newest first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = TenancySerializer
    queryset = Tenancy.objects.none()

    def with_facts(self, found: QuerySet[Tenancy]) -> QuerySet[Tenancy]:
        return found.select_related("household__village").defer("household__phone", "household__bank_account")


# -- money ----------------------------------------------------------------------------------------------------------------------


class FundSerializer(serializers.ModelSerializer[Fund]):
    """A fund and how it stands: `allotted` = `reserved` + `paid` + `left`, `promised` = `planned` + `allotted`."""

    region = PlaceSerializer()
    source = Code()
    planned = money(source="figures.planned")
    promised = money(source="figures.promised")
    allotted = money(source="figures.allotted")
    reserved = money(source="figures.reserved")
    paid = money(source="figures.paid")
    left = money(source="figures.left")

    class Meta:
        model = Fund
        fields = (
            "id", "title", "region", "source", "year", "document", "ceiling", "planned", "promised", "allotted", "reserved", "paid", "left",
            "closed_at",
        )  # fmt: skip


class FundViewSet(Rows):
    """资金 one may spend from, newest year first."""

    needs = Permission.FUND_VIEW
    serializer_class = FundSerializer
    filterset_class = FundFilter
    queryset = Fund.objects.none()
    order = "-year"

    def with_facts(self, found: QuerySet[Fund]) -> QuerySet[Fund]:
        return found.select_related("region")

    def told(self, rows: list[Any]) -> list[Any]:
        figures = finance.figures_of(rows)
        for fund in rows:
            fund.figures = figures[fund.pk]
        return rows


class EntrySerializer(serializers.ModelSerializer[Entry]):
    """One movement of a fund's money. `reverses` is the payout that it takes back."""

    kind = Code()
    by = serializers.CharField(source="by_name")

    class Meta:
        model = Entry
        fields = ("id", "kind", "on", "reference", "note", "by", "at", "reverses")


@extend_schema(parameters=[OpenApiParameter("fund_pk", int, OpenApiParameter.PATH, description=_("资金的 id"))])
class EntryViewSet(Rows):
    """The movements of a fund, newest first."""

    needs = Permission.FUND_VIEW
    serializer_class = EntrySerializer
    queryset = Entry.objects.none()

    @cached_property
    def fund(self) -> Fund:
        found: Fund = get_object_or_404(Fund.objects.for_user(self.request.user), pk=self.kwargs["fund_pk"])
        return found

    def get_queryset(self) -> QuerySet[Entry]:
        return Entry.objects.for_user(self.request.user).filter(fund=self.fund)

    def told(self, rows: list[Any]) -> list[Any]:
        names = names_of(row.by for row in rows)
        for row in rows:
            row.by_name = names.get(row.by, row.by)
        return rows


class PayBatchSerializer(serializers.ModelSerializer[PayBatch]):
    """A subsidy list as it was uploaded: rows that were read, paid, paid before, and refused."""

    region = PlaceSerializer()
    kind = MeasureKindRef()
    state = Code()

    class Meta:
        model = PayBatch
        fields = (
            "id", "filename", "region", "kind", "fund", "year", "period", "on", "state", "read", "paid", "unchanged", "rejected", "total",
            "uploaded_at", "paid_at",
        )  # fmt: skip


class PayBatchViewSet(Rows):
    """补贴发放: subsidy lists of the own area, newest first."""

    needs = Permission.FUND_PAY
    serializer_class = PayBatchSerializer
    queryset = PayBatch.objects.none()

    def with_facts(self, found: QuerySet[PayBatch]) -> QuerySet[PayBatch]:
        return found.select_related("region", "kind")


class PayRowSerializer(serializers.ModelSerializer[PayRow]):
    """A row of a subsidy list and what became of it, in a sentence where it was refused."""

    id_number = serializers.CharField(source="id_masked", allow_blank=True)
    outcome = Code()
    why = Code()

    class Meta:
        model = PayRow
        fields = ("id", "place", "name", "id_number", "amount", "quantity", "outcome", "why", "say", "household")


@extend_schema(parameters=[OpenApiParameter("batch_pk", int, OpenApiParameter.PATH, description=_("发放批次的 id"))])
class PayRowViewSet(Rows):
    """The rows of a subsidy list, in the order of the file."""

    needs = Permission.FUND_PAY
    serializer_class = PayRowSerializer
    filterset_class = PayRowFilter
    queryset = PayRow.objects.none()
    order = "place"

    @cached_property
    def batch(self) -> PayBatch:
        found: PayBatch = get_object_or_404(PayBatch.objects.for_user(self.request.user), pk=self.kwargs["batch_pk"])
        return found

    def get_queryset(self) -> QuerySet[PayRow]:
        return PayRow.objects.for_user(self.request.user).filter(batch=self.batch)


class PaidSerializer(serializers.ModelSerializer[Delivery]):
    """What a line paid for. Of a household that one does not see only the kind is told."""

    household = HouseholdRef(allow_null=True)
    member = serializers.CharField(source="member.name", allow_null=True, default=None)
    kind = MeasureKindRef()

    class Meta:
        model = Delivery
        fields = ("kind", "period", "household", "member")


class MoneyLineSerializer(serializers.ModelSerializer[MoneyLine]):
    """What an entry gives to (above 0) or takes from an account. `paid` is null where it went to nobody in particular."""

    account = Code(source="account.kind")
    project = ProjectRef(source="account.project", allow_null=True)
    paid = serializers.SerializerMethodField()

    class Meta:
        model = MoneyLine
        fields = ("id", "account", "amount", "project", "paid")

    @extend_schema_field(PaidSerializer(allow_null=True))
    def get_paid(self, line: Any) -> Any:
        if line.delivery is None:
            return None
        if line.seen:
            return PaidSerializer(line.delivery).data
        kind = MeasureKindRef(line.delivery.kind).data
        return {"kind": kind, "period": "", "household": None, "member": None}


@extend_schema(
    parameters=[
        OpenApiParameter("fund_pk", int, OpenApiParameter.PATH, description=_("资金的 id")),
        OpenApiParameter("entry_pk", int, OpenApiParameter.PATH, description=_("记录的 id")),
    ]
)
class MoneyLineViewSet(Listing):
    """The lines of one movement of a fund. Whom it paid is named where one may see the household."""

    needs = Permission.FUND_VIEW
    serializer_class = MoneyLineSerializer
    queryset = MoneyLine.objects.none()
    order = "pk"

    def get_queryset(self) -> QuerySet[MoneyLine]:
        rows = Entry.objects.for_user(self.request.user).filter(fund=self.kwargs["fund_pk"])
        entry: Entry = get_object_or_404(rows, pk=self.kwargs["entry_pk"])
        found: QuerySet[MoneyLine] = MoneyLine._base_manager.filter(entry=entry)
        return found

    def with_facts(self, found: QuerySet[MoneyLine]) -> QuerySet[MoneyLine]:
        return found.select_related(
            "account__project", "delivery__household__village", "delivery__member", "delivery__kind"
        ).defer(
            "delivery__household__phone", "delivery__household__bank_account", "delivery__member__phone", "delivery__member__id_number",
        )  # fmt: skip

    def told(self, rows: list[Any]) -> list[Any]:
        given = [line.delivery_id for line in rows if line.delivery_id]
        visible = Delivery.objects.for_user(self.request.user).filter(among("pk", given)).order_by()
        seen = set(visible.values_list("pk", flat=True)) if given else set()
        for line in rows:
            line.seen = line.delivery_id in seen
        return rows


# -- figures --------------------------------------------------------------------------------------------------------------------


class EntitlementViewSet(Overview):
    """应享与实享 of this year: above a village a row for each place, as of the last look; in a village a row for each kind, counted now. Those
    who surely lack something are in `total` there."""

    needs = Permission.HOUSEHOLD_VIEW

    def table(self) -> Table:
        at, today, user = self.place, timezone.localdate(), self.request.user
        lists = {code: title for code, (title, _meaning, _look) in entitlement.LISTS.items()}
        columns = {"households": _("户数"), "entitled": _("应享"), **entitlement.STATES, **lists}
        if at is not None and at.level == Level.VILLAGE:
            seen = Household.objects.for_user(user).active().filter(village=at)
            households = list(seen.order_by("sort_key", "pk")[: entitlement.MOST_HOUSEHOLDS])
            kinds = entitlement.entitling(today)
            dues = entitlement.dues_of(households, today.year, today=today, kinds=kinds)
            rows = [
                Line(
                    line.kind.title,
                    {"entitled": line.entitled, **{state: line.count(state) for state in entitlement.STATES}},
                    {"kind": line.kind.code},
                )
                for line in entitlement.by_kind(dues, kinds)
            ]
            lacking = entitlement.lacking(households, today.year, today)
            sure = {code: sum(each.sure for each in lacking[code]) for code in lists}
            return Table(columns, rows, {"households": len(households), **sure})
        found = sums_of(user, self.regions.visible, at, today.year)

        def numbers(line: Any) -> dict[str, int]:
            return {code: entitled(line) if code == "entitled" else line[code] for code in columns}

        rows = [Line(region.name, numbers(line), {"region": str(region.pk)}) for region, line in found.lines]
        return Table(columns, rows, numbers(found.whole), found.since)


class VillageWheelViewSet(Overview):
    """区域攻坚: households with a measure of the year, shortfalls and projects, and the money (元) arranged and paid, place by place."""

    needs = Permission.HOUSEHOLD_VIEW
    asks = {REGION: PLACE, "year": Ask(_("年度；不写就是今年。"), lambda: dict(years()))}

    def table(self) -> Table:
        year = int(self.asked["year"] or timezone.localdate().year)
        lines, since = villages.lines_of(self.request.user, self.place, self.below, year)
        columns = {
            "households": _("农户"), "helped": _("有措施户"), "shortfalls": _("没补短板"), "projects": _("在办项目"), "completed": _("完工项目"),
            "arranged": _("已安排（元）"), "paid": _("已支付（元）"),
        }  # fmt: skip
        rows = [Line(line.region.name, _wheels(line), {"region": str(line.region.pk)}) for line in lines]
        return Table(columns, rows, _wheels(villages.total(lines)), since)


def _wheels(line: villages.Line) -> dict[str, Any]:
    return {
        "households": line.households, "helped": line.helped, "shortfalls": line.shortfalls, "projects": line.projects(*projects.UNFINISHED),
        "completed": line.projects(*projects.COMPLETE), "arranged": line.arranged, "paid": line.paid,
    }  # fmt: skip


# -- comparing ------------------------------------------------------------------------------------------------------------------

YEARS = Ask(_("年度；不写就是今年。"), lambda: map(str, effects.years()))


class BesideSerializer(serializers.Serializer[marginal.Beside]):
    """A marginal household with its income per head (元) beside the median of the carded households of its village."""

    household = HouseholdRef()
    income = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    median = serializers.DecimalField(max_digits=14, decimal_places=2, allow_null=True)
    carded = serializers.IntegerField()
    deliveries = serializers.IntegerField(source="got")


class MarginalHouseholdViewSet(Computed):
    """边缘户比较: 边缘易致贫户, the poorest first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = BesideSerializer
    asks = {REGION: PLACE, "year": YEARS}

    @property
    def year(self) -> int:
        return int(self.asked["year"] or effects.years()[0])

    def rows(self) -> QuerySet[Household]:
        seen = Household.objects.for_user(self.request.user).active()
        if self.regions.chosen is not None:
            seen = progress.within(seen, self.regions.chosen)
        return marginal.poorest_first(seen, self.year)

    def told(self, rows: list[Household]) -> list[marginal.Beside]:
        return marginal.beside(self.request.user, rows, self.year)


class EffectViewSet(Overview):
    """帮扶前后: medians of income by source (元) before and after, of households that received help in between and, below them, of those that
    did not. It shows what changed, never that the help was the cause."""

    needs = Permission.HOUSEHOLD_VIEW
    asks = {
        REGION: PLACE,
        "before": YEARS,
        "after": YEARS,
        "kind": Ask(_("措施种类的代码；不写就是任何措施。"), known=lambda code: _kind(code) is not None),
    }

    def table(self) -> Table:
        after = int(self.asked["after"] or effects.years()[0])
        before = min(int(self.asked["before"] or after - 1), after - 1)
        seen = Household.objects.for_user(self.request.user).active()
        if self.place is not None:
            seen = progress.within(seen, self.place)
        rows = [
            Line(
                f"{group.title} · {change.label}",
                {"households": change.count, "before": change.before, "after": change.after, "difference": change.difference},
            )
            for group in effects.groups(seen, before, after, _kind(self.asked["kind"])) for change in group.changes
        ]  # fmt: skip
        return Table(
            {"households": _("户数"), "before": str(before), "after": str(after), "difference": _("变化")}, rows
        )


def _kind(code: str) -> MeasureKind | None:
    return MeasureKind.objects.filter(code=code[:60]).first() if code else None
