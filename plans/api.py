"""Plans and their tasks for programs: read only, the filters and the rows of the pages."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.roles import Permission
from common.pages import Count
from common.rest import Code, Listing, Rows
from households.serializers import HouseholdRef, MemberRef
from plans.filters import GROUPS, PlanFilter, TaskFilter
from plans.listing import Row, TaskRow, on_board, rows_of, with_row_facts, with_task_facts
from plans.models import Plan, Task


class PlanSerializer(serializers.Serializer[Row]):
    """A plan: where it stands, how many of its tasks are done and late; `marks` say what whoever approves should look at."""

    id = serializers.IntegerField(source="plan.pk")
    household = HouseholdRef(source="plan.household")
    year = serializers.IntegerField(source="plan.year")
    state = Code(source="plan.state")
    summary = serializers.CharField(source="plan.summary", allow_blank=True)
    revision = serializers.IntegerField(source="plan.revision")
    copied_from = serializers.IntegerField(source="plan.copied_from_id", allow_null=True)
    submitted_at = serializers.DateTimeField(source="plan.submitted_at", allow_null=True)
    decided_at = serializers.DateTimeField(source="plan.decided_at", allow_null=True)
    next_due_on = serializers.DateField(source="plan.next_due_on", allow_null=True)
    tasks = serializers.IntegerField(source="plan.task_count")
    tasks_done = serializers.IntegerField(source="plan.done_count")
    tasks_late = serializers.IntegerField(source="late")
    marks = serializers.SerializerMethodField()

    def get_marks(self, row: Row) -> list[str]:
        return [str(words) for words, _tone in row.marks]


class PlanViewSet(Rows):
    """帮扶计划, newest first."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = PlanSerializer
    filterset_class = PlanFilter
    queryset = Plan.objects.none()

    def with_facts(self, found: QuerySet[Plan]) -> QuerySet[Plan]:
        return with_row_facts(found).defer("household__phone", "household__bank_account")

    def told(self, rows: list[Any]) -> list[Row]:
        return rows_of(rows, marked=True)


class PlanTaskSerializer(serializers.ModelSerializer[Task]):
    """A task of a plan: who does what until when."""

    plan = serializers.IntegerField(source="goal.plan_id")
    household = HouseholdRef(source="goal.plan.household")
    member = MemberRef(allow_null=True)
    owner = serializers.CharField(source="owner.name", allow_null=True, default=None)
    state = Code()
    days_late = serializers.SerializerMethodField()

    class Meta:
        model = Task
        fields = ("id", "plan", "household", "text", "member", "owner", "due_on", "state", "note", "days_late")

    def get_days_late(self, task: Task) -> int:
        return TaskRow(task).late


class PlanTaskViewSet(Rows):
    """Open tasks of plans that are carried out, the day that comes or went by first; without a filter one's own."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = PlanTaskSerializer
    filterset_class = TaskFilter
    queryset = Task.objects.none()
    order = "due_on"

    def get_queryset(self) -> QuerySet[Task]:
        return Task.objects.for_user(self.request.user).to_do()

    def with_facts(self, found: QuerySet[Task]) -> QuerySet[Task]:
        return with_task_facts(found).defer(
            "goal__plan__household__phone", "goal__plan__household__bank_account", "member__phone", "member__id_number"
        )


# -- the board ------------------------------------------------------------------------------------------------------------------


class CountSerializer(serializers.Serializer[Count]):
    """How many plans; `capped` where there are more than that."""

    value = serializers.IntegerField()
    capped = serializers.BooleanField()


class BoardColumnSerializer(serializers.Serializer[Any]):
    state = Code(lambda key: GROUPS[key][0])
    plans = CountSerializer()


@extend_schema_serializer(many=False)
class PlanBoardSerializer(serializers.Serializer[Any]):
    """`state` is what the list of plans is asked for a column; `overdue` counts plans with a task whose day has gone by."""

    columns = BoardColumnSerializer(many=True)
    overdue = CountSerializer()


class PlanBoardViewSet(Listing):
    """计划看板: how many plans stand in each stage, under the filters of the list; of this year where none is asked for."""

    needs = Permission.HOUSEHOLD_VIEW
    serializer_class = PlanBoardSerializer
    filterset_class = PlanFilter
    pagination_class = None
    queryset = Plan.objects.none()

    def bound_filter(self, queryset: QuerySet[Plan], made: Any) -> PlanFilter:
        data = self.request.query_params.copy()
        data.setdefault("year", str(timezone.localdate().year))
        return PlanFilter(data, queryset, request=self.request)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        counts, late = on_board(self.filter_queryset(self.get_queryset()).order_by())
        columns = [{"state": key, "plans": count} for key, count in counts.items()]
        return Response(PlanBoardSerializer({"columns": columns, "overdue": late}).data)
