"""Plans and tasks as lists show them: whose, where it stands, what is late, what should be looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from common.pages import CappedCount
from common.pages import Count as Counted
from households import values
from plans import versions
from plans.beside import Beside
from plans.filters import GROUPS
from plans.models import Plan, Task

TONES = {
    "draft": "grey", "submitted": "blue", "returned": "red", "approved": "green", "in_progress": "blue", "reviewed": "green", "closed": "grey",
}  # fmt: skip
TASK_TONES = {"open": "blue", "done": "green", "dropped": "grey"}
GOAL_TONES = {"open": "blue", "reached": "green", "missed": "red"}


def _number(condition: Q) -> Any:
    tasks = Task._base_manager.filter(condition, goal__plan=OuterRef("pk")).order_by().values("goal__plan")
    return Coalesce(Subquery(tasks.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def with_row_facts(plans: QuerySet[Plan]) -> QuerySet[Plan]:
    """Bring along what a row shows."""
    today = timezone.localdate()
    return plans.select_related("household__village", "household__township").annotate(
        task_count=_number(~Q(state="dropped")), done_count=_number(Q(state="done")), late_count=_number(Q(state="open", due_on__lt=today))
    )  # fmt: skip


@dataclass(slots=True)
class Row:
    """One plan in a list. `marks` are for whoever approves."""

    plan: Plan
    marks: Sequence[tuple[str, str]] = field(default_factory=tuple)

    @property
    def name(self) -> str:
        return self.plan.household.householder_name or _("（无户主）")

    @property
    def choose(self) -> str:
        return _("选择%(name)s") % {"name": self.plan.household}

    @property
    def place(self) -> str:
        h = self.plan.household
        return f"{h.township.name}{h.village.name} {h.hamlet}".strip()

    @property
    def state(self) -> str:
        return str(self.plan.get_state_display())

    @property
    def tone(self) -> str:
        return TONES[self.plan.state]

    @property
    def late(self) -> int:
        """Tasks whose day has gone by, while the plan is carried out."""
        return self.plan.late_count if self.plan.state == Plan.State.IN_PROGRESS else 0  # type: ignore[attr-defined]

    @property
    def done(self) -> str:
        """2 / 5 tasks."""
        plan: Any = self.plan
        return f"{plan.done_count} / {plan.task_count}" if plan.task_count else ""


def rows_of(plans: Sequence[Plan], *, marked: bool = False) -> list[Row]:
    """Rows for plans read by `with_row_facts`. `marked`: with the marks of those that wait for approval."""
    marks: Mapping[int, Sequence[tuple[str, str]]] = {}
    if marked:
        marks = versions.marks_of([plan for plan in plans if plan.state == Plan.State.SUBMITTED])
    return [Row(plan, marks.get(plan.pk, ())) for plan in plans]


def with_task_facts(tasks: QuerySet[Task]) -> QuerySet[Task]:
    return tasks.select_related("goal__plan__household__village", "goal__plan__household__township", "owner", "member")


@dataclass(slots=True)
class TaskRow:
    """One task in a list or on its plan's page."""

    task: Task
    running: bool = True  # its plan is carried out: only then it can be late
    beside: Sequence[Beside] = ()  # what came of it

    @property
    def late(self) -> int:
        """Days since its day."""
        due = self.task.due_on
        if not self.running or self.task.state != Task.State.OPEN or due is None:
            return 0
        return max((timezone.localdate() - due).days, 0)

    @property
    def due(self) -> str:
        return values.day(self.task.due_on)

    @property
    def state(self) -> str:
        return str(self.task.get_state_display())

    @property
    def tone(self) -> str:
        return TASK_TONES[self.task.state]

    @property
    def overdue(self) -> str:
        return _("逾期 %(days)s 天") % {"days": self.late} if self.late else ""

    @property
    def photos(self) -> int:
        return len(getattr(self.task, "shots", ()))


def on_board(found: QuerySet[Plan]) -> tuple[dict[str, Counted], Counted]:
    """How many plans stand in each column of the board, and how many have a task whose day has gone by; one query."""
    groups = [found.filter(state__in=states) for _title, states in GROUPS.values()]
    counts = [CappedCount(rows) for rows in (*groups, found.overdue())]
    *numbers, late = User.objects.order_by()[:1].values_list(*counts)[0]
    return {key: Counted.of(number) for key, number in zip(GROUPS, numbers, strict=True)}, Counted.of(late)
