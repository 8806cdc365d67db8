"""What is counted of plans, measures, money, requests, village projects and shortfalls."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Cast, Coalesce, ExtractYear
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from assistance.codelists import SECTOR, SOURCE
from assistance.models import Account, Delivery, Line, Measure, ServiceRequest, Shortfall, VillageProject
from assistance.services.projects import UNFINISHED
from catalogue.codelists import COLUMN
from common import dates
from common.money import format_money
from figures import datasets
from figures.datasets import ROWS, Dataset, Dimension, Told, column
from figures.shipped.ledgers import month_of
from plans.models import Plan, Task
from supervision.counted import whose

PLACE = ("household__village", "household__township")
ITEMS = datasets.Measure(ROWS, gettext_lazy("条数"), gettext_lazy("条"))


def by_day(field: str, late: Any, ahead: Any, while_: Q | None = None) -> Dimension:
    """A day that something is due by, while it is still to be done: gone by, or not. Rows of no such day are neither."""
    still = while_ if while_ is not None else Q()
    raw = Case(
        When(still & Q(**{f"{field}__isnull": False}), then=Cast(field, CharField())),
        default=Value(""),
        output_field=CharField(),
    )
    words = {"late": late, "ahead": ahead}

    def key(raw: str, today: dt.date) -> str:
        return "" if not raw else "late" if raw < today.isoformat() else "ahead"

    def condition(key: str, today: dt.date) -> Q:
        return still & Q(**{f"{field}__lt" if key == "late" else f"{field}__gte": today})

    return Dimension("due", gettext_lazy("期限"), lambda: words, raw=raw, key=key, condition=condition)


def _money(text: str, amount: Any) -> str:
    return text if amount is None else f"{text} · {format_money(amount)} " + _("元")


def tell_plan(row: Plan) -> Told:
    meta = _("%(year)s 年度") % {"year": row.year} + f" · {row.get_state_display()}"
    return Told(whose(row), meta, reverse("plans:plan_detail", args=[row.pk]))


def tell_task(row: Task) -> Told:
    plan = row.goal.plan
    meta = f"{whose(plan)} · " + _("%(day)s前完成") % {"day": dates.written(row.due_on)}
    return Told(row.text, meta, reverse("plans:task_detail", args=[plan.pk, row.pk]))


def tell_measure(row: Measure) -> Told:
    meta = _money(f"{row.kind.title} · {row.get_state_display()}", row.amount)
    return Told(whose(row), meta, reverse("assistance:measure_detail", args=[row.pk]))


def tell_delivery(row: Delivery) -> Told:
    meta = _money(f"{row.kind.title} · {dates.written(row.on)}", row.amount)
    return Told(whose(row), meta, reverse("assistance:measure_detail", args=[row.measure_id]))


def tell_line(row: Line) -> Told:
    delivery, project = row.delivery, row.account.project
    what = (
        whose(delivery)
        if delivery is not None
        else project.title
        if project is not None
        else row.entry.get_kind_display()
    )
    meta = f"{row.entry.fund.title} · {dates.written(row.entry.on)} · {format_money(row.amount)} " + _("元")
    return Told(what, meta, reverse("assistance:fund_entry", args=[row.entry_id]))


def tell_request(row: ServiceRequest) -> Told:
    return Told(
        row.text, f"{whose(row)} · {row.get_state_display()}", reverse("assistance:request_detail", args=[row.pk])
    )


def tell_project(row: VillageProject) -> Told:
    meta = _money(f"{row.village.full_name} · {row.get_stage_display()}", row.budget)
    return Told(row.title, meta, reverse("assistance:project_detail", args=[row.pk]))


def tell_shortfall(row: Shortfall) -> Told:
    meta = f"{row.village.full_name} · {row.get_sector_display()} · {dates.written(row.found_on)}"
    return Told(row.text, meta, reverse("assistance:village_page", args=[row.village_id]))


plans = Dataset(
    "plans", gettext_lazy("帮扶计划"), gettext_lazy("这一年度的帮扶计划，每户一份"), Plan, lambda rows, today: rows,
    (datasets.Measure(ROWS, gettext_lazy("份数"), gettext_lazy("份")),),
    (column("state", gettext_lazy("状态"), "state", Plan.State.choices),), (("state",),), ("plans_plan",), tell_plan,
    year=F("year"), related=PLACE, weight=20,
)  # fmt: skip

tasks = Dataset(
    "tasks", gettext_lazy("计划任务"), gettext_lazy("执行中的计划里没有完成的任务"), Task,
    lambda rows, today: rows.filter(state=Task.State.OPEN, goal__plan__state=Plan.State.IN_PROGRESS), (ITEMS,),
    (by_day("due_on", gettext_lazy("已超期"), gettext_lazy("没到期")),), (("due",),), ("plans_task", "plans_plan"), tell_task,
    village="goal__plan__village_id", related=("goal__plan__household__village", "goal__plan__household__township"), weight=21,
)  # fmt: skip

measures = Dataset(
    "measures", gettext_lazy("帮扶措施"), gettext_lazy("这一年度的帮扶措施，金额是计划金额"), Measure, lambda rows, today: rows,
    (ITEMS, datasets.Measure("amount", gettext_lazy("计划金额"), gettext_lazy("元"), F("amount"), 100)),
    (
        column("state", gettext_lazy("状态"), "state", Measure.State.choices),
        column("column", gettext_lazy("措施类别"), "kind__column", COLUMN.choices),
    ),
    (("state", "column"),), ("assistance_measure", "catalogue_measurekind"), tell_measure,
    year=F("year"), related=(*PLACE, "kind"), weight=22,
)  # fmt: skip

deliveries = Dataset(
    "deliveries", gettext_lazy("措施落实"), gettext_lazy("这一年落实、没有冲销的帮扶措施"), Delivery,
    lambda rows, today: rows.filter(is_reversal=False, reversed_by=None),
    (
        datasets.Measure(ROWS, gettext_lazy("次数"), gettext_lazy("次")),
        datasets.Measure("amount", gettext_lazy("金额"), gettext_lazy("元"), F("amount"), 100),
    ),
    (column("column", gettext_lazy("措施类别"), "kind__column", COLUMN.choices), month_of("on")), (("column", "month"),),
    ("assistance_delivery", "catalogue_measurekind"), tell_delivery, year=ExtractYear("on"), related=(*PLACE, "kind"), weight=23,
)  # fmt: skip

SPENT = Q(delivery__isnull=False) | Q(account__project__isnull=False)
WHEELS = {"household": gettext_lazy("到户"), "village": gettext_lazy("村级项目")}
payments = Dataset(
    "payments", gettext_lazy("支付资金"), gettext_lazy("这一年支付到户和支付给村级项目的资金，冲回的减去"), Line,
    lambda rows, today: rows.filter(SPENT, account__kind=Account.Kind.PAID),
    (
        datasets.Measure(ROWS, gettext_lazy("笔数"), gettext_lazy("笔")),
        datasets.Measure("amount", gettext_lazy("金额"), gettext_lazy("元"), F("amount"), 100),
    ),
    (
        column("source", gettext_lazy("资金来源"), "entry__fund__source", SOURCE.choices),
        Dimension(
            "wheel", gettext_lazy("用到哪里"), lambda: WHEELS,
            raw=Case(When(delivery=None, then=Value("village")), default=Value("household"), output_field=CharField()),
            condition=lambda key, today: Q(delivery__isnull=key == "village"),
        ),
    ),
    (("source", "wheel"),), ("assistance_line", "assistance_delivery", "assistance_fund"), tell_line,
    village=Coalesce("delivery__village_id", "account__project__village_id"), year=ExtractYear("entry__on"),
    related=("entry__fund", "account__project", "delivery__household__village", "delivery__household__township"),
    permission=Permission.FUND_VIEW, weight=24,
)  # fmt: skip

WAITING = ("asked", "taken")
requests = Dataset(
    "requests", gettext_lazy("服务诉求"), gettext_lazy("农户提出的诉求，按现在的办理状态"), ServiceRequest, lambda rows, today: rows,
    (ITEMS,),
    (
        column("state", gettext_lazy("状态"), "state", ServiceRequest.State.choices),
        by_day("due_on", gettext_lazy("已超期"), gettext_lazy("没到期"), Q(state__in=WAITING)),
    ),
    (("state",), ("due",)), ("assistance_servicerequest",), tell_request, related=PLACE, weight=25,
)  # fmt: skip

projects = Dataset(
    "projects", gettext_lazy("村级项目"), gettext_lazy("这一年度的村级项目"), VillageProject, lambda rows, today: rows,
    (
        datasets.Measure(ROWS, gettext_lazy("个数"), gettext_lazy("个")),
        datasets.Measure("budget", gettext_lazy("估算投资"), gettext_lazy("元"), F("budget"), 100),
    ),
    (
        column("stage", gettext_lazy("阶段"), "stage", VillageProject.Stage.choices),
        column("sector", gettext_lazy("类别"), "sector", SECTOR.choices),
        by_day("due_on", gettext_lazy("超过计划完工"), gettext_lazy("按计划"), Q(stage__in=UNFINISHED)),
    ),
    (("stage",), ("sector",), ("due",)), ("assistance_villageproject",), tell_project, year=F("year"), related=("village",), weight=26,
)  # fmt: skip

shortfalls = Dataset(
    "shortfalls", gettext_lazy("村级短板"), gettext_lazy("登记了、还没有补齐的村级短板"), Shortfall,
    lambda rows, today: rows.filter(resolved_on=None), (ITEMS,),
    (column("sector", gettext_lazy("类别"), "sector", SECTOR.choices),), (("sector",),), ("assistance_shortfall",), tell_shortfall,
    related=("village",), weight=27,
)  # fmt: skip

DATASETS = (plans, tasks, measures, deliveries, payments, requests, projects, shortfalls)
