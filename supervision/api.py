"""Orders and appraisals for programs: read only, the filters and the rows of the pages. Nothing lists or orders by score."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404

from accounts.names import names_of
from accounts.overviews import PLACE, REGION, Ask, Line, Overview, Table
from accounts.places import RegionChoices
from accounts.roles import Permission
from common.rest import Code, PlaceSerializer, Rows
from households.listing import with_row_facts
from households.models import Household
from regions.models import Region
from supervision import activity, listing, steps
from supervision.filters import (
    ActivityFilter,
    AppraisalFilter,
    OrderFilter,
    OrderHouseholdFilter,
    OrderPlaceFilter,
    OwnFilter,
)
from supervision.models import Appraisal, AppraisalRound, Order, OrderReceipt
from supervision.querysets import own
from visits.models import Visit

# -- orders ---------------------------------------------------------------------------------------------------------------------


class OrderSerializer(serializers.Serializer[listing.OrderRow]):
    """An order and how far it has come in the villages one sees: villages, those that received it, households that are meant, that were
    acted on, that saw something of it."""

    id = serializers.IntegerField(source="order.pk")
    title = serializers.CharField(source="order.title")
    text = serializers.CharField(source="order.text")
    region = PlaceSerializer(source="order.region")
    issued_on = serializers.DateField(source="order.issued_on")
    due_on = serializers.DateField(source="order.due_on")
    kind = Code(source="order.kind")
    audience = Code(source="order.audience")
    state = Code(source="order.state")
    version = serializers.IntegerField(source="order.version")
    late = serializers.BooleanField(source="order.is_late")
    villages = serializers.IntegerField(source="line.villages")
    villages_received = serializers.IntegerField(source="line.villages_received")
    households = serializers.IntegerField(source="line.asked")
    households_acted = serializers.IntegerField(source="line.acted")
    households_seen = serializers.IntegerField(source="line.seen")


class OrderViewSet(Rows):
    """工作部署, newest first; without a filter those that were not withdrawn."""

    needs = Permission.ORDER_VIEW
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    queryset = Order.objects.none()
    order = "-issued_on"

    def with_facts(self, found: QuerySet[Order]) -> QuerySet[Order]:
        return found.select_related("region")

    def told(self, rows: list[Any]) -> list[listing.OrderRow]:
        return listing.order_rows(self.request.user, rows)


OF_ORDER = extend_schema(
    parameters=[OpenApiParameter("order_pk", int, OpenApiParameter.PATH, description=_("工作部署的 id"))]
)


class OfOrder(Rows):
    """Lists of one order, by its key in the address: 404 where one does not see it."""

    needs = Permission.ORDER_VIEW

    @cached_property
    def of(self) -> Order:
        rows = Order.objects.for_user(self.request.user).select_related(
            "region", "survey_round", "visit_rule", "measure_kind"
        )
        found: Order = get_object_or_404(rows, pk=self.kwargs["order_pk"])
        return found


class OrderReceiptSerializer(serializers.ModelSerializer[OrderReceipt]):
    by = serializers.CharField(source="by_name")

    class Meta:
        model = OrderReceipt
        fields = ("by", "at", "note")


class OrderPlaceSerializer(serializers.ModelSerializer[Region]):
    """A township or village that is to receive the order as it stands now; `receipt` is null until it has."""

    parent = PlaceSerializer(allow_null=True)
    receipt = OrderReceiptSerializer(allow_null=True)

    class Meta:
        model = Region
        fields = ("id", "code", "name", "level", "parent", "receipt")


@OF_ORDER
class OrderPlaceViewSet(OfOrder):
    """签收情况: who is to receive an order, and who has."""

    serializer_class = OrderPlaceSerializer
    filterset_class = OrderPlaceFilter
    queryset = Region.objects.none()
    order = "path"

    def get_queryset(self) -> QuerySet[Region]:
        rows: QuerySet[Region] = listing.places_of(self.request.user, self.of)
        return rows

    def filter_facts(self) -> dict[str, Any]:
        return {"order": self.of}

    def with_facts(self, found: QuerySet[Region]) -> QuerySet[Region]:
        return found.select_related("parent")

    def told(self, rows: list[Any]) -> list[Any]:
        seen = OrderReceipt.objects.for_user(self.request.user).filter(order=self.of, version=self.of.version)
        receipts = {row.region_id: row for row in seen.filter(region__in=[row.pk for row in rows])}
        names = names_of({row.by for row in receipts.values()})
        for receipt in receipts.values():
            receipt.by_name = names.get(receipt.by, receipt.by)  # type: ignore[attr-defined]
        for row in rows:
            row.receipt = receipts.get(row.pk)
        return rows


class OrderHouseholdSerializer(serializers.ModelSerializer[Household]):
    """A household that an order means: when it was acted on, and when the household saw something of it."""

    householder = serializers.CharField(source="householder_name", allow_blank=True)
    township = PlaceSerializer()
    village = PlaceSerializer()
    acted_on = serializers.DateField(allow_null=True)
    seen_on = serializers.DateField(allow_null=True)

    class Meta:
        model = Household
        fields = ("id", "number", "householder", "township", "village", "hamlet", "acted_on", "seen_on")


@OF_ORDER
class OrderHouseholdViewSet(OfOrder):
    """The households behind a figure of an order (`of`), all that it means where it is left out."""

    serializer_class = OrderHouseholdSerializer
    filterset_class = OrderHouseholdFilter
    queryset = Household.objects.none()
    order = "pk"

    def get_queryset(self) -> QuerySet[Household]:
        return steps.seen_in(self.of, self.request.user, self.request.query_params.get("of", ""))

    def with_facts(self, found: QuerySet[Household]) -> QuerySet[Household]:
        return steps.with_steps(self.of, with_row_facts(found))


# -- what each level did --------------------------------------------------------------------------------------------------------


class ActivitySerializer(serializers.Serializer[Any]):
    """A row behind a figure, in words."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    meta = serializers.CharField(allow_blank=True)


@extend_schema(
    parameters=[
        OpenApiParameter(
            "code", str, OpenApiParameter.PATH, enum=["receipts", *activity.KINDS], description=_("哪一个数字")
        )
    ]
)
class ActivityViewSet(Rows):
    """各级工作量: the rows behind a figure of a month (this month where it is left out), newest first."""

    needs = Permission.ORDER_VIEW
    serializer_class = ActivitySerializer
    filterset_class = ActivityFilter
    queryset = Visit.objects.none()

    @cached_property
    def kind(self) -> activity.Kind | None:
        found = activity.KINDS.get(self.kwargs["code"])
        if found is None and self.kwargs["code"] != "receipts":
            raise Http404
        return found

    def get_queryset(self) -> QuerySet[Any]:
        user, asked = self.request.user, self.request.query_params
        month = activity.month_of(asked.get("month", ""))
        regions = RegionChoices(user, asked.get("region", ""), Permission.ORDER_VIEW)
        rows: QuerySet[Any]
        if self.kind is None:
            rows = activity.receipts(user, month, regions.chosen, regions.visible)
        else:
            rows = activity.listed(user, self.kind, month, regions.chosen)
        return rows

    def with_facts(self, found: QuerySet[Any]) -> QuerySet[Any]:
        return found.select_related(*(self.kind.related if self.kind else ("order", "region")))

    def told(self, rows: list[Any]) -> list[dict[str, Any]]:
        tell = self.kind.tell if self.kind else activity.tell_receipt
        return [{"id": row.pk, "text": line.text, "meta": line.meta} for row in rows for line in (tell(row),)]


# -- appraisals -----------------------------------------------------------------------------------------------------------------


class PeopleSerializer(serializers.Serializer[Any]):
    state = Code(lambda state: Appraisal.State(state).label)
    people = serializers.IntegerField()


class AppraisalRoundSerializer(serializers.ModelSerializer[AppraisalRound]):
    """One round of appraisal of a region; `last_day` is its last day, `people` how many of those one sees stand in each state."""

    region = PlaceSerializer()
    last_day = serializers.DateField()
    scheme = serializers.CharField(source="scheme.name")
    state = Code()
    people = PeopleSerializer(many=True)

    class Meta:
        model = AppraisalRound
        fields = (
            "id", "region", "starts_on", "last_day", "scheme", "state", "opened_at", "computed_at", "closed_at", "people",
        )  # fmt: skip


class AppraisalRoundViewSet(Rows):
    """考评, newest first."""

    needs = Permission.APPRAISAL_VIEW
    serializer_class = AppraisalRoundSerializer
    queryset = AppraisalRound.objects.none()
    order = "-starts_on"

    def with_facts(self, found: QuerySet[AppraisalRound]) -> QuerySet[AppraisalRound]:
        return found.select_related("region", "scheme")

    def told(self, rows: list[Any]) -> list[Any]:
        seen = Appraisal.objects.for_user(self.request.user, Permission.APPRAISAL_VIEW).order_by()
        own = seen.filter(round__in=[row.pk for row in rows])
        counts = {(pk, state): n for pk, state, n in own.values_list("round_id", "state").annotate(n=Count("pk"))}
        for row in rows:
            row.people = [
                {"state": state, "people": counts.get((row.pk, state), 0)} for state in Appraisal.State.values
            ]
        return rows


class AppraisalSerializer(serializers.ModelSerializer[Appraisal]):
    """One cadre in one round; `score` is 0 to 100, null where nothing was due."""

    cadre = serializers.CharField(source="cadre.name")
    unit = serializers.CharField(source="cadre.unit.name")
    state = Code()

    class Meta:
        model = Appraisal
        fields = ("id", "round", "cadre", "unit", "score", "state", "computed_at", "shown_at", "decided_at")


class AppraisalViewSet(Rows):
    """Appraisals of the area, in order of unit and in no other."""

    needs = Permission.APPRAISAL_VIEW
    serializer_class = AppraisalSerializer
    filterset_class = AppraisalFilter
    queryset = Appraisal.objects.none()
    order = "cadre__unit__name"

    def get_queryset(self) -> QuerySet[Appraisal]:
        return Appraisal.objects.for_user(self.request.user, Permission.APPRAISAL_VIEW).standing()

    def with_facts(self, found: QuerySet[Appraisal]) -> QuerySet[Appraisal]:
        return found.select_related("cadre__unit").defer("items")


class OwnAppraisalViewSet(Rows):
    """我的考评: one's own once they were shown, newest first."""

    serializer_class = AppraisalSerializer
    filterset_class = OwnFilter
    queryset = Appraisal.objects.none()

    def get_queryset(self) -> QuerySet[Appraisal]:
        user = self.request.user
        return Appraisal.objects.for_user(user).filter(own(user))

    def with_facts(self, found: QuerySet[Appraisal]) -> QuerySet[Appraisal]:
        return found.select_related("cadre__unit").defer("items")


# -- what each level did, in figures ----------------------------------------------------------------------------------------------


class ActivityOverviewViewSet(Overview):
    """各级工作量 of a month (this month where none is asked for): what was ordered and what was done, place by place."""

    needs = Permission.ORDER_VIEW
    asks = {
        REGION: PLACE,
        "month": Ask(_("月份，如 2026-03"), known=lambda text: f"{activity.month_of(text):%Y-%m}" == text),
    }

    def table(self) -> Table:
        month = activity.month_of(self.asked["month"])
        found = activity.side_by_side(self.request.user, self.place, self.below, month)
        columns = {
            "county": _("县下达"), "township": _("乡镇下达"), "receipts": _("签收"), **{code: kind.title for code, kind in activity.KINDS.items()},
        }  # fmt: skip

        def numbers(line: activity.Line) -> dict[str, Any]:
            own = line.counts if line.counts is not None else dict.fromkeys(activity.KINDS)
            return {"county": line.county, "township": line.township, "receipts": line.receipts, **own}

        asked = {"month": f"{month:%Y-%m}"}
        rows = [
            Line(line.region.name, numbers(line), asked | {"region": str(line.region.pk)})
            for line in found.lines if line.region is not None
        ]  # fmt: skip
        return Table(columns, rows, numbers(found.whole), found.since)
