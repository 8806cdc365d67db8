"""村统计表: what a village's households add up to, as tables of one sheet. A table is a `Block`; whoever has another registers it.

Counted in the database from the records of the year asked for, or of each household's newest. Sums name nobody, so the years hidden from
who looks a second time are in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Avg, Case, CharField, Count, Exists, F, OuterRef, Q, Sum, Value, When
from django.utils import timezone

from accounts.roles import Permission
from assistance.models import Delivery
from catalogue.codelists import COLUMN
from common.money import format_money
from households import codelists, values
from households.models import Household, HouseholdYear, Member, MemberYear, Pairing, Status
from households.models.annual import CHECKS
from regions.models import Region
from reports.kinds import Ask, Draft
from reports.papers import base


class Scope(NamedTuple):
    """What a block counts: the households of a village that the user may print, and the year (None = each one's newest)."""

    village: Region
    households: Any  # queryset
    year: int | None
    user: Any

    @property
    def of_year(self) -> Q:
        return Q(year=self.year) if self.year else Q(year=F("household__latest_year"))

    @property
    def of_member_year(self) -> Q:
        return Q(year=self.year) if self.year else Q(year=F("member__household__latest_year"))


Block = Callable[[Scope], Sequence[base.Section]]
BLOCKS: list[Block] = []


def register(block: Block) -> Block:
    """`block(scope)` gives sections of a print model in a fixed number of queries, not more as the village grows."""
    BLOCKS.append(block)
    return block


def models(villages: Sequence[Region], ask: Ask) -> Mapping[int, Draft | str]:
    return {village.pk: _sheet(village, ask) for village in villages}


def _sheet(village: Region, ask: Ask) -> Draft:
    mine = Household.objects.for_user(ask.user, Permission.LEDGER_PRINT).active().filter(village=village)
    scope = Scope(village, mine.order_by(), ask.year, ask.user)
    sections = [section for block in BLOCKS for section in block(scope)]
    model = base.model(
        "村统计表", owner=base.name_of(village), outline=village.name, sheet=ask.sheet, look="figures", sections=sections,
        period=base.period_of(ask.year) or "各户最新年度",
    )  # fmt: skip
    return Draft(model, ask.year or timezone.localdate().year)


def counted(title: str, labels: Sequence[str], lines: Iterable[tuple[str, Sequence[Any]]], *, total: bool = False, unit: str = "",
            notes: Sequence[str] = ()) -> base.Section:  # fmt: skip
    """A table of whole numbers: a label and as many figures as `labels` after the first, summed below where `total`."""
    rows: list[Any] = []
    sums = [Decimal(0)] * (len(labels) - 1)
    for label, figures in lines:
        sums = [a + Decimal(b or 0) for a, b in zip(sums, figures, strict=True)]
        rows.append([label, *(f"{values.number(Decimal(f))}" if f else "0" for f in figures)])
    if total and rows:
        rows.append({"role": "total", "cells": ["合计", *(values.number(one) or "0" for one in sums)]})
    columns = base.columns((labels[0], 30, "start"), *((label, 14) for label in labels[1:]))
    return {
        "kind": "table",
        "title": title,
        "unit": unit,
        "columns": columns,
        "rows": rows,
        "empty": "无数据",
        "notes": list(notes),
    }


@register
def households_and_people(scope: Scope) -> Sequence[base.Section]:
    rows = {
        row["status"]: row
        for row in scope.households.values("status").annotate(n=Count("pk"), people=Sum("member_count"))
    }
    lines = [(str(status.label), (rows[status]["n"], rows[status]["people"])) for status in Status if status in rows]
    return [counted("户数和人口", ("身份状态", "户数", "人口"), lines, total=True)]


SIZES = ((1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 99))


@register
def sizes_and_causes(scope: Scope) -> Sequence[base.Section]:
    filters = {f"s{low}": Count("pk", filter=Q(member_count__gte=low, member_count__lte=high)) for low, high in SIZES}
    found = scope.households.aggregate(none=Count("pk", filter=Q(member_count=0)), **filters)
    lines = [(f"{low} 人" if low == high else f"{low} 人及以上", (found[f"s{low}"],)) for low, high in SIZES]
    if found["none"]:
        lines.append(("没有登记成员", (found["none"],)))
    causes = (
        _annual(scope).exclude(main_cause="").values("main_cause").annotate(n=Count("pk")).order_by("-n", "main_cause")
    )
    named = [(codelists.CAUSE.label(row["main_cause"]), (row["n"],)) for row in causes]
    return [
        counted("家庭规模", ("家庭人口", "户数"), lines, total=True),
        counted("主要致贫原因（风险）", ("原因", "户数"), named, total=True),
    ]


def _annual(scope: Scope) -> Any:
    return HouseholdYear.objects.filter(scope.of_year, household__in=scope.households).order_by()


BANDS = ((None, 5000), (5000, 7000), (7000, 10000), (10000, 15000), (15000, 20000), (20000, None))  # 元 a head


@register
def income(scope: Scope) -> Sequence[base.Section]:
    """Per head: how many households in each band, and the average over households."""
    filters = {}
    for place, (low, high) in enumerate(BANDS):
        band = Q(per_head_income__isnull=False)
        band &= Q() if low is None else Q(per_head_income__gte=low)
        band &= Q() if high is None else Q(per_head_income__lt=high)
        filters[f"b{place}"] = Count("pk", filter=band)
    found = _annual(scope).aggregate(
        none=Count("pk", filter=Q(per_head_income=None)), average=Avg("per_head_income"), **filters
    )
    lines = [(_band(low, high), (found[f"b{place}"],)) for place, (low, high) in enumerate(BANDS)]
    if found["none"]:
        lines.append(("没有登记收入", (found["none"],)))
    average = found["average"]
    notes = [f"各户人均纯收入的平均数：{format_money(Decimal(average))} 元。"] if average is not None else []
    return [counted("人均纯收入", ("人均纯收入", "户数"), lines, total=True, notes=notes)]


def _band(low: int | None, high: int | None) -> str:
    if low is None:
        return f"{high:,} 元以下"
    return f"{low:,} 元及以上" if high is None else f"{low:,}—{high:,} 元"


@register
def checks(scope: Scope) -> Sequence[base.Section]:
    found = _annual(scope).aggregate(
        **{
            f"{name}_{state}": Count("pk", filter=Q(**{f"check_{name}": state}))
            for name in CHECKS
            for state in ("yes", "no", "")
        }
    )
    lines = [
        (values.label(HouseholdYear, f"check_{name}"), [found[f"{name}_{state}"] for state in ("yes", "no", "")])
        for name in CHECKS
    ]
    return [counted("两不愁三保障和饮水安全", ("项目", "达标", "未达标", "未核实"), lines, unit="单位：户")]


AGES = ((0, 5), (6, 15), (16, 59), (60, 79), (80, 200))


@register
def people(scope: Scope) -> Sequence[base.Section]:
    """By age (on today's day) and sex; by health and labour in the year."""
    today = timezone.localdate()
    present = Member.objects.present().filter(household__in=scope.households)
    whens = [
        When(birth_date__lte=_years_ago(today, low), birth_date__gt=_years_ago(today, high + 1), then=Value(str(place)))
        for place, (low, high) in enumerate(AGES)
    ]
    group = Case(*whens, default=Value(""), output_field=CharField())
    rows = present.order_by().annotate(group=group).values("group", "sex").annotate(n=Count("pk"))
    by_age: dict[str, list[int]] = {}
    for row in rows:
        figures = by_age.setdefault(row["group"], [0, 0, 0])
        figures[{"1": 0, "2": 1}.get(row["sex"], 2)] += row["n"]
    names = {
        str(place): f"{low}—{high} 岁" if high < 200 else f"{low} 岁及以上" for place, (low, high) in enumerate(AGES)
    }
    lines = [(names.get(key, "未登记生日"), by_age[key]) for key in [*names, ""] if key in by_age]
    records = MemberYear.objects.filter(
        scope.of_member_year, member__household__in=scope.households, member__left_on=None
    ).order_by()
    healthy = {code: Count("pk", filter=Q(health__contains=[code])) for code, _label in _codes(codelists.HEALTH)}
    health = records.aggregate(**{f"h{code}": count for code, count in healthy.items()})
    labour = dict(records.exclude(labour="").values_list("labour").annotate(n=Count("pk")))
    return [
        counted("年龄和性别", ("年龄", "男", "女", "未登记"), lines, total=True, unit="单位：人"),
        counted("健康状况", ("健康状况", "人数"), [(label, (health[f"h{code}"],)) for code, label in _codes(codelists.HEALTH)],
                notes=["一人可以有多项。"]),
        counted("劳动技能", ("劳动技能", "人数"), [(label, (labour.get(code, 0),)) for code, label in _codes(codelists.LABOUR)]),
    ]  # fmt: skip


def _codes(codes: Any) -> list[tuple[str, str]]:
    return [(code, str(label)) for code, label in codes.choices]


def _years_ago(day: Any, years: int) -> Any:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)


@register
def help_of_the_year(scope: Scope) -> Sequence[base.Section]:
    """Households with a helper today; what stands as delivered in the year, by column of the catalogue."""
    paired = Pairing.objects.current().ordinary().filter(household=OuterRef("pk"))
    found = scope.households.aggregate(every=Count("pk"), paired=Count("pk", filter=Q(Exists(paired))))
    year = scope.year or timezone.localdate().year
    rows = (
        Delivery.objects.standing().filter(household__in=scope.households, measure__year=year)
        .order_by().values("kind__column").annotate(households=Count("household", distinct=True), amount=Sum("amount"))
    )  # fmt: skip
    lines: list[Any] = [
        [COLUMN.label(row["kind__column"]), str(row["households"]), format_money(row["amount"] or Decimal(0))]
        for row in sorted(rows, key=lambda row: row["kind__column"])
    ]
    if lines:
        total = sum((row["amount"] or Decimal(0) for row in rows), Decimal(0))
        lines.append({"role": "total", "cells": ["合计", None, format_money(total)]})
    pairing = [("有帮扶责任人", (found["paired"],)), ("没有帮扶责任人", (found["every"] - found["paired"],))]
    return [
        counted("结对帮扶", ("结对情况", "户数"), pairing, total=True),
        {
            "kind": "table", "title": f"帮扶措施和资金（{year}年已落实）", "unit": "单位：元",
            "columns": base.columns(("类别", 30, "start"), ("受益户数", 14), ("金额", 20, "end")), "rows": lines,
            "empty": f"{year}年没有登记落实到户的帮扶",
        },
    ]  # fmt: skip
