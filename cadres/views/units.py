"""单位 on screen: the list, one unit with its cadres, villages and teams, its forms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.scoping import require_somewhere
from cadres import forms, services, trail
from cadres.filters import UnitListFilter
from cadres.listing import with_counts
from cadres.models import ResidentTeam, Unit, UnitVillage
from cadres.views.base import EDIT, VIEW, may_keep, unit_or_404
from common import pages
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get, reads_only

SHOWN = 50  # cadres on a unit's page; the list has the rest


def _listed() -> tuple[str, str]:
    return _("单位"), reverse("cadres:unit_list")


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万个以上")
    return ngettext("共 %(count)s 个单位", "共 %(count)s 个单位", count.value) % {"count": f"{count.value:,}"}


@reads_only
def unit_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, VIEW)
    filterset = UnitListFilter(request.GET, Unit.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        fields = [filterset.form[name] for name in ("affiliation", "state")]
        return {"rows": page.rows, "fields": fields, "may_edit": request.user.can(EDIT)}  # type: ignore[union-attr]

    return pages.list_page(
        request, template="cadres/unit_list.html", url=reverse("cadres:unit_list"), filterset=filterset, context=context, rows=with_counts,
        counted=_counted, order="name",
    )  # fmt: skip


@reads_only
def unit_detail(request: HttpRequest, pk: int) -> HttpResponse:
    unit = unit_or_404(request, pk)
    user = request.user
    serving = unit.cadres.serving().order_by("name", "pk")
    villages = (
        UnitVillage.objects.for_user(user)
        .filter(unit=unit)
        .current()
        .select_related("village__parent")
        .order_by("village__code", "pk")
    )
    teams = (
        ResidentTeam.objects.for_user(user)
        .filter(unit=unit)
        .current()
        .select_related("village__parent")
        .order_by("village__code", "pk")
    )
    teams = teams.annotate(people=Count("members", filter=Q(members__ends_on=None)))
    context = {
        "unit": unit, "cadres": serving[:SHOWN], "cadre_count": serving.count(), "villages": villages, "teams": teams, "history": trail.lines_of(unit),
        "cadres_url": pages.address(reverse("cadres:cadre_list"), {"unit": str(pk)}), "may_edit": may_keep(user, unit.region),
        "trail": [_listed(), (unit.name, "")],
    }  # fmt: skip
    return render(request, "cadres/unit_detail.html", context)


@read_on_get
def unit_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, EDIT)
    form = forms.NewUnitForm(posted(request), user=request.user)
    if form.is_bound and form.is_valid():
        unit = attempt(form, lambda: services.open_unit(by=request.user, **form.cleaned_data))
        if unit is not None:
            messages.success(request, _("已登记单位“%(name)s”。") % {"name": unit.name})
            return redirect("cadres:unit_detail", unit.pk)
    return form_page(request, form, _("登记单位"), back=_listed()[1], trail=[_listed()], verb=_("登记"))


@read_on_get
def unit_edit(request: HttpRequest, pk: int) -> HttpResponse:
    unit = unit_or_404(request, pk, act=True)
    first = {"name": unit.name, "affiliation": unit.affiliation, "number": unit.number}
    form = forms.UnitForm(posted(request), initial=first)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.change_unit(unit=unit, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已保存。"))
        return redirect("cadres:unit_detail", pk)
    return form_page(request, form, _("修改单位"), **_at(unit))


@read_on_get
def unit_close(request: HttpRequest, pk: int) -> HttpResponse:
    unit = unit_or_404(request, pk, act=True)
    form = forms.DayForm(posted(request), label=_("停用日期"))
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.close_unit(unit=unit, by=request.user, on=form.cleaned_data["on"]))
    ):
        messages.success(request, _("单位已停用。"))
        return redirect("cadres:unit_detail", pk)
    intro = _("停用后不能再登记干部、派工作队；历史记录都保留。")
    return form_page(request, form, _("停用单位"), intro=intro, verb=_("停用"), danger=True, **_at(unit))


@require_POST
def unit_reopen(request: HttpRequest, pk: int) -> HttpResponse:
    unit = unit_or_404(request, pk, act=True)
    try:
        services.reopen_unit(unit=unit, by=request.user)
    except services.CadreError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("单位已恢复。"))
    return redirect("cadres:unit_detail", pk)


def _at(unit: Unit) -> dict[str, Any]:
    """Where a form of a unit stands."""
    url = reverse("cadres:unit_detail", args=[unit.pk])
    return {"sub": unit.name, "back": url, "trail": [_listed(), (unit.name, url)]}
