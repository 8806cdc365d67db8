"""区域攻坚 on screen: the villages side by side, one village with both wheels, the households behind a figure, its shortfalls."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import Permission
from accounts.scoping import may_in, require, require_somewhere
from assistance import entitlement, villages
from assistance.codelists import SECTOR
from assistance.models import Shortfall, VillageProject
from assistance.services import projects as verbs
from assistance.views.places import VillageField, asked_village, crumbs_of, village_or_404
from assistance.village_filters import ANY, LATE, FigureFilter, ShortfallFilter, years
from common import pages
from common.answering import form_page
from common.forms import DateInput
from common.money import format_money
from common.readonly import read_on_get, reads_only
from households.answering import attempt, posted
from households.filters import RegionChoices
from households.ledger import CHECK_TITLES
from households.listing import Row, counted, with_row_facts
from households.models import Household
from regions.models import Level

Stage = VillageProject.Stage


def _year(request: HttpRequest) -> int:
    """`?year=`, this year where it is none of those that can be chosen."""
    asked = request.GET.get("year", "")
    return int(asked) if asked in dict(years()) else timezone.localdate().year


# -- side by side -------------------------------------------------------------------------------------------------------------------


@reads_only
def village_list(request: HttpRequest) -> HttpResponse:
    """A line for each township or village below where one stands."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    year = _year(request)
    regions = RegionChoices(request.user, request.GET.get("region", ""))
    if len(regions.tops) == 1 and regions.tops[0].level == Level.VILLAGE:  # one village is no list
        return redirect("assistance:village_page", regions.tops[0].pk)
    at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
    below = [row for row in regions.rows if at is not None and row.parent_id == at.pk]
    lines, since = villages.lines_of(request.user, at, below, year)
    here = {"year": str(year)} if year != timezone.localdate().year else {}
    context = {
        "year": year, "years": years(), "regions": regions.choices, "chosen": regions.chosen, "at": at,
        "rows": [_line(line, here) for line in lines], "whole": _line(villages.total(lines), here, at.pk if at else None), "now": timezone.now(), "since": since,
        "head": _("村") if at and at.level >= Level.TOWNSHIP else _("乡镇"), "trail": _trail(regions, here),
    }  # fmt: skip
    return render(request, "assistance/village_list.html", context)


def _trail(regions: RegionChoices, here: dict[str, str]) -> list[tuple[str, str]]:
    chosen = regions.chosen
    if chosen is None:
        return []
    listed = reverse("assistance:village_list")
    above = [row for row in regions.rows if row.pk == chosen.parent_id]
    between = [(row.name, pages.address(listed, here | {"region": str(row.pk)})) for row in above]
    return [(_("全部地区"), pages.address(listed, here)), *between, (chosen.name, "")]


def _line(line: villages.Line, here: dict[str, str], top: int | None = None) -> dict[str, Any]:
    """A line as the table shows it; each figure with the list behind it."""
    region = line.region
    key = region.pk or top
    inside = {"region": str(key)} if key else {}
    projects, listed = reverse("assistance:project_list"), reverse("households:household_list")
    if region.pk and region.level == Level.VILLAGE:
        url = pages.address(reverse("assistance:village_page", args=[region.pk]), here)
    else:
        url = pages.address(reverse("assistance:village_list"), here | inside)
    return {
        "label": region.name, "url": url if region.pk else "",
        "cells": [
            {"label": _("农户"), "value": line.households, "url": pages.address(listed, inside)},
            {"label": _("有措施户"), "value": line.helped, "url": _helped(region, here)},
            {"label": _("没补短板"), "value": line.shortfalls, "url": pages.address(reverse("assistance:shortfall_list"), inside)},
            {"label": _("在办项目"), "value": line.projects(*verbs.UNFINISHED), "url": pages.address(projects, inside | {"stage": "open"})},
            {"label": _("完工项目"), "value": line.projects(*verbs.COMPLETE), "url": pages.address(projects, inside | {"stage": "done"})},
        ],
        "arranged": line.arranged, "paid": line.paid,
    }  # fmt: skip


def _helped(region: Any, here: dict[str, str]) -> str:
    if not region.pk or region.level != Level.VILLAGE:
        return ""
    return pages.address(reverse("assistance:village_households", args=[region.pk]), here | {"of": "with"})


# -- one village --------------------------------------------------------------------------------------------------------------------


@reads_only
def village_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Both wheels of a village, what is missing of each, every figure with its list."""
    village = village_or_404(request, pk)
    year = _year(request)
    wheels = villages.wheels_of(request.user, village, year)
    context = {
        "village": village, "wheels": wheels, "year": year, "years": years(), "trail": crumbs_of(village)[:-1] + [(village.name, "")],
        "kpis": _kpis(wheels), "due": wheels.scan.states.get(entitlement.MISSING, 0) if wheels.scan else None, "first": _households_get(wheels), "missing": _missing(wheels), "stages": _stages(wheels),
        "projects": [
            (p, villages.TONES[p.stage], villages.is_late(p), villages.Money.of(p))
            for _code, _label, rows in wheels.by_sector for p in rows
        ],
        "lacks": [(lack, _url(wheels, lack.code), _register_url(village.pk, lack)) for lack in wheels.lacks],
        "may_edit": may_in(request.user, Permission.PROJECT_EDIT, village), "may_house": may_in(request.user, Permission.HOUSE_EDIT, village),
    }  # fmt: skip
    return render(request, "assistance/village_page.html", context)


def _url(wheels: villages.Wheels, code: str) -> str:
    """The households behind a figure."""
    query = {"of": code} if code != "all" else {}
    if wheels.year != timezone.localdate().year:
        query["year"] = str(wheels.year)
    return pages.address(reverse("assistance:village_households", args=[wheels.village.pk]), query)


def _register_url(pk: int, lack: villages.Lack) -> str:
    return pages.address(
        reverse("assistance:shortfall_new"), {"village": str(pk), "sector": lack.sector, "text": lack.text}
    )


def _list(name: str, wheels: villages.Wheels, **query: str) -> str:
    return pages.address(reverse(f"assistance:{name}"), {"region": str(wheels.village.pk)} | query)


def _kpis(wheels: villages.Wheels) -> list[dict[str, Any]]:
    counts, house, each, yuan = wheels.counts, _("户"), _("个"), _("元")
    money = _("项目资金：已安排 %(arranged)s，已支付 %(paid)s") % {
        "arranged": format_money(wheels.reserved + wheels.paid), "paid": format_money(wheels.paid),
    }  # fmt: skip
    return [
        {"label": _("农户"), "value": f"{counts['all']:,}", "unit": house, "url": _url(wheels, "all")},
        {"label": _("有帮扶措施"), "value": f"{counts['with']:,}", "unit": house, "url": _url(wheels, "with")},
        {"label": _("到户金额"), "value": format_money(wheels.received), "unit": yuan, "url": _url(wheels, "with")},
        {"label": _("村级项目"), "value": f"{len(wheels.projects):,}", "unit": each, "url": _list("project_list", wheels), "note": money},
        {"label": _("没有补齐的短板"), "value": f"{len(wheels.shortfalls):,}", "unit": each, "url": _list("shortfall_list", wheels)},
    ]  # fmt: skip


def _households_get(wheels: villages.Wheels) -> list[tuple[villages.Column, str]]:
    return [(column, _url(wheels, f"column-{column.code}")) for column in wheels.columns]


def _stages(wheels: villages.Wheels) -> list[dict[str, Any]]:
    found = [
        {"label": label, "value": number, "url": _list("project_list", wheels, stage=code)}
        for code, label, number in wheels.by_stage
    ]
    if wheels.late:
        found.append({"label": _("逾期没有完工"), "value": len(wheels.late), "url": _list("project_list", wheels, stage=LATE)})  # fmt: skip
    return found


def _missing(wheels: villages.Wheels) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What is missing of each wheel: of households, of the village."""
    counts = wheels.counts
    households = [
        {"label": title, "value": counts[f"check-{name}"], "url": _url(wheels, f"check-{name}")}
        for name, title in CHECK_TITLES.items()
    ]
    households += [
        {"label": villages.label_of(code), "value": counts[code], "url": _url(wheels, code)}
        for code in ("without", "unconfirmed", "unsafe", "waiting")
    ]
    own = [
        {"label": _("没有补齐的短板"), "value": len(wheels.shortfalls), "url": _list("shortfall_list", wheels)},
        {
            "label": _("其中还没有项目"), "value": sum(s.project_id is None for s in wheels.shortfalls),
            "url": _list("shortfall_list", wheels, state="untied"),
        },
        {"label": _("逾期没有完工的项目"), "value": len(wheels.late), "url": _list("project_list", wheels, stage=LATE)},
        {"label": _("待验收的项目"), "value": sum(p.stage == Stage.FINISHED for p in wheels.projects), "url": _list("project_list", wheels, stage=Stage.FINISHED)},
        {"label": _("可安排的闲置房"), "value": wheels.houses.get("free", 0), "url": _list("house_list", wheels, state="free")},
    ]  # fmt: skip
    return households, own


@reads_only
def village_households(request: HttpRequest, pk: int) -> HttpResponse:
    """The households behind a figure of the village's page, with what each has of it."""
    village = village_or_404(request, pk)
    rows = Household.objects.for_user(request.user).active().filter(village=village)
    filterset = FigureFilter(request.GET, rows, request=request)
    year, code = _year(request), request.GET.get("of", "")

    def shown(found: Any) -> Any:
        return villages.with_sums(with_row_facts(found), year, code)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "village": village, "year": year, "rows": [(Row(h), h) for h in page.rows],
            "title": villages.label_of(code) if code in villages.OF else _("全部农户"),
            "trail": crumbs_of(village, (_("农户名单"), "")), "of_column": code.startswith("column-"),
        }  # fmt: skip

    url = reverse("assistance:village_households", args=[pk])
    return pages.list_page(
        request, template="assistance/village_households.html", url=url, filterset=filterset, rows=shown, context=context, counted=counted,
    )  # fmt: skip


# -- shortfalls ---------------------------------------------------------------------------------------------------------------------


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万项以上")
    return ngettext("共 %(count)s 项", "共 %(count)s 项", count.value) % {"count": f"{count.value:,}"}


@reads_only
def shortfall_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = ShortfallFilter(request.GET, Shortfall.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {"rows": page.rows, "may_edit": request.user.can(Permission.PROJECT_EDIT), "any": ANY}  # type: ignore[union-attr]

    return pages.list_page(
        request, template="assistance/shortfall_list.html", url=reverse("assistance:shortfall_list"), filterset=filterset, context=context,
        rows=lambda found: found.select_related("village__parent", "project"), counted=_counted,
    )  # fmt: skip


class ShortfallForm(forms.Form):
    village = VillageField()
    sector = forms.ChoiceField(label=gettext_lazy("类别"), choices=SECTOR.choices)
    text = forms.CharField(
        label=gettext_lazy("短板"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("写清在哪里、缺什么、影响多少户。"),
    )  # fmt: skip
    found_on = forms.DateField(label=gettext_lazy("发现日期"), widget=DateInput())


@read_on_get
def shortfall_new(request: HttpRequest) -> HttpResponse:
    """Registered by hand, or begun from what the records of the households point at."""
    user = request.user
    require_somewhere(user, Permission.PROJECT_EDIT)
    village = asked_village(request, Permission.PROJECT_EDIT)
    first: dict[str, Any] = {"found_on": timezone.localdate(), "village": village.pk if village else None}
    first |= {"sector": request.GET.get("sector", ""), "text": request.GET.get("text", "")[:200]}
    form = ShortfallForm(posted(request), initial=first)
    form.fields["village"].offer(user, Permission.PROJECT_EDIT)  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: verbs.register_shortfall(by=user, **form.cleaned_data))
        if row is not None:
            messages.success(request, _("已登记短板：%(text)s") % {"text": row.text})
            return redirect("assistance:village_page", row.village_id)
    listed = reverse("assistance:shortfall_list")
    return form_page(request, form, _("登记短板"), back=listed, trail=[(_("村级短板"), listed)], verb=_("登记"))


def _shortfall(request: HttpRequest, pk: int) -> Shortfall:
    rows = Shortfall.objects.for_user(request.user).select_related("village__parent")
    row: Shortfall = get_object_or_404(rows, pk=pk)
    require(request.user, Permission.PROJECT_EDIT, row)
    return row


class TieForm(forms.Form):
    project = forms.TypedChoiceField(label=gettext_lazy("补短板的项目"), coerce=int, required=False, empty_value=None)


@read_on_get
def shortfall_tie(request: HttpRequest, pk: int) -> HttpResponse:
    """Which project of the village mends it."""
    row = _shortfall(request, pk)
    here = VillageProject.objects.for_user(request.user).filter(village=row.village).exclude(stage=Stage.CANCELLED)
    found = {p.pk: p for p in here.order_by("-year", "-pk")}
    form = TieForm(posted(request), initial={"project": row.project_id})
    form.fields["project"].choices = [  # type: ignore[attr-defined]
        ("", _("没有项目")),
        *((str(p.pk), f"{p.title}（{p.get_stage_display()}）") for p in found.values()),
    ]
    if form.is_bound and form.is_valid():
        chosen = found.get(form.cleaned_data["project"])
        done = attempt(form, lambda: verbs.tie_shortfall(shortfall=row, project=chosen, by=request.user))
        if done is not None:
            messages.success(request, _("已保存。"))
            return redirect("assistance:village_page", row.village_id)
    return form_page(
        request, form, _("补短板的项目"), back=reverse("assistance:village_page", args=[row.village_id]), trail=crumbs_of(row.village), sub=row.text
    )  # fmt: skip


class ResolveForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("补齐日期"), widget=DateInput())
    note = forms.CharField(label=gettext_lazy("怎样补齐"), max_length=200, widget=forms.Textarea(attrs={"rows": 2}))


@read_on_get
def shortfall_resolve(request: HttpRequest, pk: int) -> HttpResponse:
    row = _shortfall(request, pk)
    form = ResolveForm(posted(request), initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.resolve_shortfall(shortfall=row, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("已登记补齐：%(text)s") % {"text": row.text})
            return redirect("assistance:village_page", row.village_id)
    return form_page(
        request, form, _("短板补齐"), back=reverse("assistance:village_page", args=[row.village_id]), trail=crumbs_of(row.village), sub=row.text
    )  # fmt: skip
