"""Party building theme by theme: the figures of regions set side by side, each as long as the list it opens. Read by the page and by programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import pages
from party import coverage, development, due, periods, staffing
from party.filters import check_due
from party.models import COMING, Classroom, Facility, Session
from party.rules import Rules
from party.scope import Scope
from regions.models import Region


@dataclass(frozen=True)
class Asked:
    """Who asks, for which year and time: a theme reads what it needs."""

    user: Any
    year: int
    span: periods.Span


Cells = list[dict[str, Any]]
# villages of a line, the query of its region: the cells of the line
Reading = Callable[[Sequence[Region], dict[str, str]], Cells]


# As a table of ten columns can hold them.
SHORT = {
    "secretary": gettext_lazy("无书记"), "posts": gettext_lazy("职务空缺"), "few": gettext_lazy("正式不足三人"), "young": gettext_lazy("无年轻党员"),
    "able": gettext_lazy("无人能帮带"), Classroom.PARTY: gettext_lazy("党政"), Classroom.VIRTUE: gettext_lazy("厚德"), Classroom.LAW: gettext_lazy("司法"),
    Classroom.CLEAN: gettext_lazy("廉政"),
}  # fmt: skip


def _cell(code: str, label: Any, value: int, name: str, query: dict[str, str]) -> dict[str, Any]:
    return {"code": code, "label": label, "value": value, "url": pages.address(reverse(f"party:{name}"), query)}


def _said(code: str, label: Any, value: float | None) -> dict[str, Any]:
    """A figure that is no number of rows: an average, a sum."""
    text = "—" if value is None else f"{value:.1f}" if isinstance(value, float) else value
    return {"code": code, "label": label, "value": 0, "url": "", "text": text, "number": value}


def staffing_theme(scope: Scope, asked: Asked) -> Reading:
    facts = staffing.look(scope.villages, Rules.load(activities=False))

    def cells(villages: Sequence[Region], inside: dict[str, str]) -> Cells:
        keys = {village.pk for village in villages}
        own = [each for each in facts if each.branch.village_id in keys]
        ages = [age for each in own for age in each.ages]
        mean = round(sum(ages) / len(ages), 1) if ages else None
        gaps = [
            _cell(gap, SHORT[gap], len(staffing.branches_with(own, gap)), "branch_list", inside | {"gap": gap})
            for gap in staffing.GAPS
        ]
        lacking = len(staffing.without_branch(villages, own))
        return [
            _cell("branches", _("党支部"), len(own), "branch_list", inside), _cell("members", _("党员"), len(ages), "person_list", inside | {"stage": "members"}),
            _said("mean_age", _("平均年龄"), mean), _cell("no_branch", _("无支部的村"), lacking, "village_list", inside | {"lack": "branch"}), *gaps,
        ]  # fmt: skip

    return cells


def development_theme(scope: Scope, asked: Asked) -> Reading:
    outlooks = {o.village.pk: o for o in development.look(scope.villages, Rules.load(activities=False))}

    def cells(villages: Sequence[Region], inside: dict[str, str]) -> Cells:
        own = [outlooks[village.pk] for village in villages]
        states = Counter(o.state for o in own)
        stages: Counter[str] = sum((o.stages for o in own), Counter())
        return [
            *(_cell(state.value, label, states[state], "development_list", inside | {"state": state.value})
              for state, label in development.LABELS.items()),
            _cell("developed", _("近年发展"), sum(len(o.developed) for o in own), "person_list", inside | {"trait": "developed"}),
            *(_cell(stage.value, stage.label, stages[stage], "person_list", inside | {"stage": stage.value}) for stage in reversed(COMING)),
        ]  # fmt: skip

    return cells


def classroom_theme(scope: Scope, asked: Asked) -> Reading:
    span = asked.span
    found = coverage.look(scope.villages, span)
    of_span = {"span": span.code}

    def cells(villages: Sequence[Region], inside: dict[str, str]) -> Cells:
        own: coverage.Coverage = sum((found[village.pk] for village in villages), coverage.Coverage())
        held = inside | of_span | {"state": Session.State.HELD.value}
        return [
            *(_cell(code.value, SHORT[code], own.sessions[code], "session_list", held | {"classroom": code.value}) for code in Classroom),
            _cell("unreached", _("没开课的村"), own.unreached, "unreached_list", inside | of_span),
            _cell("attended", _("来过的人"), own.attended, "person_list", inside | of_span | {"attended": "yes"}),
            _cell("absent", _("没来过"), own.people - own.attended, "person_list", inside | of_span | {"attended": "no"}),
            _said("villagers", _("群众人次"), own.villagers),
        ]  # fmt: skip

    return cells


def life_theme(scope: Scope, asked: Asked) -> Reading:
    year = asked.year
    of: dict[int, Counter[str]] = {}
    for item in due.look(scope.villages, Rules.load(), year):
        of.setdefault(item.branch.village_id, Counter()).update(item.lists)

    def cells(villages: Sequence[Region], inside: dict[str, str]) -> Cells:
        counts: Counter[str] = Counter()
        for village in villages:
            counts.update(of.get(village.pk, {}))
        query = inside | {"year": str(year)}
        return [
            _cell(state, due.STATES[state], counts[state], "due_list", query | {"state": state})
            for state in ("due", "met", "missing", "now")
        ]

    return cells


def facilities_theme(scope: Scope, asked: Asked) -> Reading:
    rows = Facility.objects.for_user(asked.user).filter(removed_at=None).order_by()
    states = {(key, state): n for key, state, n in rows.values_list("village_id", "state").annotate(Count("pk"))}
    late = dict(check_due(rows).order_by().values_list("village_id").annotate(Count("pk")))

    def cells(villages: Sequence[Region], inside: dict[str, str]) -> Cells:
        keys = [village.pk for village in villages]
        of = {state: sum(states.get((key, state), 0) for key in keys) for state in Facility.State}
        return [
            _cell("all", _("在册设施"), sum(of.values()), "facility_list", inside),
            *(_cell(state.value, state.label, of[state], "facility_list", inside | {"state": state.value}) for state in Facility.State),
            _cell("check_due", _("该检查了"), sum(late.get(key, 0) for key in keys), "facility_list", inside | {"check": "due"}),
        ]  # fmt: skip

    return cells


# code: (title, reading, tab of a village, definition)
THEMES: dict[str, tuple[Any, Callable[[Scope, Asked], Reading], str, Any]] = {
    "staffing": (
        gettext_lazy("班子和党员"), staffing_theme, "village",
        gettext_lazy("党员：预备党员和正式党员，登记并确认、没有离开的。职务空缺：没有书记，或正式党员七人以上、设委员会的支部缺组织、宣传、纪检委员。"),
    ),
    "development": (
        gettext_lazy("发展党员"), development_theme, "village_development",
        gettext_lazy("每村每两年至少发展一名年轻党员（年数、人数、年龄按本地要求）。发展：本村支部接收为预备党员。前四列数的是村。"),
    ),
    "classroom": (
        gettext_lazy("四大课堂"), classroom_theme, "village_classroom",
        gettext_lazy("课堂只数已开课的。来过、没来过：支部在册的党员和培养对象，这段时间里签到过没有。"),
    ),
    "life": (
        gettext_lazy("组织生活"), life_theme, "village_life",
        gettext_lazy("一项是一个支部、一种组织生活、一个月（季度）。应开、已开、没有开只数已经过完的月份和季度。依据：中国共产党支部工作条例（试行）；两学一做的次数为本系统默认。"),
    ),
    "facilities": (
        gettext_lazy("阵地设施"), facilities_theme, "village_facilities",
        gettext_lazy("该检查了：没有检查过，或者到了下次检查的日期。"),
    ),
}  # fmt: skip
