"""工作部署 on screen: the list with four numbers each, one order as a funnel, the places and households behind its figures, what villages do."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import allowed, may_in, posted_regions, require, require_somewhere
from common import pages
from common.answering import attempt, form_page, form_status, posted
from common.readonly import read_on_get, reads_only
from common.refusal import RefusedError
from households.listing import Row, counted, with_row_facts
from households.models import Household
from regions.models import Level, Region
from supervision import funnel, listing, steps, waiting
from supervision.filters import OrderFilter, OrderHouseholdFilter, OrderPlaceFilter
from supervision.forms import ActForm, AmendForm, IssueForm, ReceiveForm, TextForm
from supervision.models import Order, OrderAction, OrderReceipt, OrderVillage
from supervision.services import orders as verbs

RELATED = ("region", "survey_round", "visit_rule__region", "measure_kind")
SHOWN_ACTS = 30


def order_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> Order:
    """An order that one sees (404), and on which one holds the permission (403)."""
    row: Order = get_object_or_404(Order.objects.for_user(request.user).select_related(*RELATED), pk=pk)
    if act is not None:
        require(request.user, act, row)
    return row


def _list_url() -> str:
    return reverse("supervision:order_list")


def _trail(order: Order, *more: tuple[str, str]) -> list[tuple[str, str]]:
    own = reverse("supervision:order_detail", args=[order.pk])
    return [(_("工作部署"), _list_url()), (order.title[:20], own if more else ""), *more]


# -- the list -----------------------------------------------------------------------------------------------------------------------------


@reads_only
def order_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.ORDER_VIEW)
    filterset = OrderFilter(request.GET, Order.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": listing.order_rows(request.user, page.rows), "fields": [filterset.form[name] for name in ("state", "level", "month")],
            "may_issue": request.user.can(Permission.ORDER_ISSUE), "since": listing.counted_since(request.user) if page.rows else None,
        }  # fmt: skip

    return pages.list_page(
        request, template="supervision/order_list.html", url=_list_url(), filterset=filterset, context=context, few=True,
        counted=listing.counted_orders, order="-issued_on", rows=lambda found: found.select_related("region"),
    )  # fmt: skip


# -- one order ----------------------------------------------------------------------------------------------------------------------------


@reads_only
def order_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, order_or_404(request, pk))


def _detail(request: HttpRequest, order: Order, status: int = 200) -> HttpResponse:
    user = request.user
    regions = {r.pk: r for r in posted_regions(user, Permission.ORDER_VIEW)}
    at = _asked_place(request, user)
    made = funnel.funnel_of(user, order, at)
    villages = [line.region for line in made.lines if line.region is not None and line.region.level == Level.VILLAGE]
    acts = [v for v in villages if order.is_open and order.kind == Order.Kind.MANUAL and may_in(user, Permission.ORDER_ACT, v)]  # fmt: skip
    context = {
        "order": order, "funnel": made, "steps": [_step(order, step, made.whole, at) for step in made.steps], "at": at,
        "lines": [_line(order, line) for line in made.lines], "tone": "red" if order.is_late else listing.STATE_TONES[order.state],
        "acts": acts, "receivable": _receivable(user, order), "received": _received(user, order, regions),
        "may_issue": order.is_open and allowed(user, Permission.ORDER_ISSUE, order), "meanings": steps.MEANINGS[Order.Kind(order.kind)],
        "revisions": _revisions(order), "small": funnel.SMALL, "linked": _linked(order),
        "trail": _trail(order, *([(at.name, "")] if at else [])), "recent": _recent(user, order, villages),
    }  # fmt: skip
    return render(request, "supervision/order_detail.html", context, status=status)


def _asked_place(request: HttpRequest, user: Any) -> Region | None:
    asked = request.GET.get("region", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
        return None
    region = Region.objects.filter(pk=int(asked)).first()
    if region is None or not may_in(user, Permission.ORDER_VIEW, region):
        raise Http404
    return region


def _linked(order: Order) -> str:
    """What an order follows, in a word."""
    if order.survey_round is not None:
        return str(order.survey_round.title)
    if order.visit_rule is not None:
        rule = order.visit_rule
        return f"{rule.get_capacity_display()} · {rule.get_period_display()} {rule.least} · {rule.get_manner_display()}"
    return order.measure_kind.title if order.measure_kind is not None else ""


def _places(order: Order, **query: str) -> str:
    return pages.address(reverse("supervision:order_places", args=[order.pk]), query)


def _households(order: Order, **query: str) -> str:
    return pages.address(reverse("supervision:order_households", args=[order.pk]), query)


def _step(order: Order, step: funnel.Step, line: funnel.Line, at: Region | None) -> dict[str, Any]:
    """A step as the page draws it; its figure leads to exactly its list, and so does what is missing."""
    here = {"region": str(at.pk)} if at is not None else {}
    level = {"townships": "4", "villages": "5", "issued": "5"}.get(step.code)
    if level:
        received = {} if step.code == "issued" else {"state": "received"}
        url, lack = (
            _places(order, **here, level=level, **received),
            _places(order, **here, level=level, state="waiting"),
        )
    else:
        url = _households(order, **here, of=step.code)
        lack = _households(order, **here, of="idle" if step.code == "acted" else "unseen")
    missing = line.unseen if step.code == "seen" else step.missing
    return {
        "step": step, "url": url, "days": funnel.said_days(step.days), "lack_url": lack, "missing": missing, "width": f"{step.width:.2f}",
        "first": step.code == "issued",
    }  # fmt: skip


def _line(order: Order, line: funnel.Line) -> dict[str, Any]:
    region = line.region
    assert region is not None
    here = {"region": str(region.pk)}
    own = reverse("supervision:order_detail", args=[order.pk])
    return {
        "line": line, "label": region.name, "url": pages.address(own, here),
        "cells": [
            {"label": _("村签收"), "part": line.villages_received, "whole": line.villages, "url": _places(order, **here, level="5", state="received")},
            {"label": _("应办户"), "part": line.asked, "whole": None, "url": _households(order, **here)},
            {"label": _("办理"), "part": line.acted, "whole": line.asked, "url": _households(order, **here, of="acted")},
            {"label": _("农户见到"), "part": line.seen, "whole": line.asked, "url": _households(order, **here, of="seen")},
        ],
        "township": None if not line.townships else bool(line.townships_received), "cold": line.asked > 0 and line.acted == 0,
    }  # fmt: skip


def _receivable(user: Any, order: Order) -> list[Region]:
    """The township or village the user stands for and that has not received this version."""
    if not order.is_open or not user.can(Permission.ORDER_ACT):
        return []
    own = [r for r in waiting.own_regions(user) if r.level > order.region.level]
    asked = verbs.receivers_of(order) if own else {}
    wanted = [r for r in own if r.pk in asked]
    got = set(OrderReceipt.objects.for_user(user).filter(order=order, version=order.version, region__in=wanted).values_list("region_id", flat=True)) if wanted else set()  # fmt: skip
    return [r for r in wanted if r.pk not in got]


def _received(user: Any, order: Order, regions: dict[int, Region]) -> list[OrderReceipt]:
    """The receipts of the regions the user is posted in."""
    rows = OrderReceipt.objects.for_user(user).filter(order=order, region__in=list(regions)).select_related("region")
    return _named(list(rows.order_by("-version", "pk")))


def _named(receipts: list[OrderReceipt]) -> list[Any]:
    names = names_of({r.by for r in receipts})
    for receipt in receipts:
        receipt.by_name = names.get(receipt.by, receipt.by)  # type: ignore[attr-defined]
    return receipts


def _revisions(order: Order) -> list[dict[str, str]]:
    if order.version == 1:
        return []
    return [
        {"title": _("第 %(version)s 版：%(title)s") % {"version": r.version, "title": r.title}, "meta": f"{timezone.localtime(r.at):%Y-%m-%d %H:%M}", "text": r.text}
        for r in order.revisions.order_by("-version")
    ]  # fmt: skip


def _recent(user: Any, order: Order, villages: list[Region]) -> list[dict[str, Any]]:
    """The newest acts registered in one's villages: what, when, for how many households."""
    if order.kind != Order.Kind.MANUAL or len(villages) != 1:
        return []
    rows = OrderAction.objects.for_user(user).filter(order=order, village=villages[0], voided_at=None)
    acts: dict[Any, dict[str, Any]] = {}
    for row in rows.order_by("-pk")[:500]:
        own = acts.setdefault(row.act, {"act": row.act, "on": row.on, "text": row.text, "by": row.by, "count": 0})
        own["count"] += 1
    names = names_of({own["by"] for own in acts.values()})
    return [own | {"by": names.get(own["by"], own["by"])} for own in list(acts.values())[:SHOWN_ACTS]]


# -- behind the figures ---------------------------------------------------------------------------------------------------------------------


@reads_only
def order_places(request: HttpRequest, pk: int) -> HttpResponse:
    """Who is to receive an order, and who has."""
    order = order_or_404(request, pk)
    user = request.user
    filterset = OrderPlaceFilter(request.GET, listing.places_of(user, order), request=request, order=order)

    def context(page: pages.Page) -> dict[str, Any]:
        own = OrderReceipt.objects.for_user(user).filter(order=order, version=order.version)
        receipts = {r.region_id: r for r in _named(list(own.filter(region__in=[r.pk for r in page.rows]).order_by("pk")))}  # fmt: skip
        return {
            "order": order, "rows": [(region, receipts.get(region.pk)) for region in page.rows], "trail": _trail(order, (_("签收情况"), "")),
            "fields": [filterset.form[name] for name in ("level", "state")],
            "may": {r.pk for r in page.rows if order.is_open and r.parent_id and _may_for(user, r)},
        }  # fmt: skip

    return pages.list_page(
        request, template="supervision/order_places.html", url=reverse("supervision:order_places", args=[pk]), filterset=filterset,
        counted=_counted, context=context, order="path", few=True,
        rows=lambda found: found.select_related("parent"),
    )  # fmt: skip


def _counted(count: pages.Count) -> str:
    return ngettext("共 %(count)s 个", "共 %(count)s 个", count.value) % {"count": f"{count.value:,}"}


def _may_for(user: Any, region: Region) -> bool:
    """Whether the user may receive for a village as its township."""
    parent = region.parent
    return region.level == Level.VILLAGE and parent is not None and verbs.stands_for(user, parent)


@reads_only
def order_households(request: HttpRequest, pk: int) -> HttpResponse:
    """The households behind a figure, with the day of each step."""
    order = order_or_404(request, pk)
    user = request.user
    of = request.GET.get("of", "") if request.GET.get("of", "") in steps.LISTS else "asked"
    filterset = OrderHouseholdFilter(request.GET, steps.seen_in(order, user, of), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "order": order, "rows": [(Row(h), h) for h in page.rows], "title": steps.LISTS[of], "fields": [filterset.form["of"]],
            "meanings": steps.MEANINGS[Order.Kind(order.kind)], "trail": _trail(order, (str(steps.LISTS[of]), "")),
        }  # fmt: skip

    return pages.list_page(
        request, template="supervision/order_households.html", url=reverse("supervision:order_households", args=[pk]), filterset=filterset,
        counted=counted, context=context, order="pk", rows=lambda found: steps.with_steps(order, with_row_facts(found)),
    )  # fmt: skip


# -- from above -----------------------------------------------------------------------------------------------------------------------------


@read_on_get
def order_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.ORDER_ISSUE)
    form = IssueForm(posted(request), user=request.user)
    if form.is_bound and form.is_valid():
        order = attempt(
            form,
            lambda: verbs.issue(
                region=form.issuers[form.cleaned_data["region"]], villages=form.chosen(), facts=form.facts(), by=request.user,
                issued_on=form.cleaned_data["issued_on"],
            ),
        )  # fmt: skip
        if order is not None:
            messages.success(request, _("已下达到 %(count)s 个村，等待签收。") % {"count": order.villages.count()})
            return redirect("supervision:order_detail", order.pk)
    context = {"form": form, "trail": [(_("工作部署"), _list_url()), (_("下达工作部署"), "")], "back": _list_url()}
    return render(request, "supervision/order_form.html", context, status=form_status(form))


@read_on_get
def order_amend(request: HttpRequest, pk: int) -> HttpResponse:
    order = order_or_404(request, pk, Permission.ORDER_ISSUE)
    initial = {"version": order.version, "title": order.title, "text": order.text, "due_on": order.due_on}
    form = AmendForm(posted(request), initial=initial)
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.amend(order=order, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("已修改，各乡镇、村要重新签收。"))
            return redirect("supervision:order_detail", pk)
    return form_page(
        request, form, _("修改工作部署"), trail=_trail(order, (_("修改"), "")), back=reverse("supervision:order_detail", args=[pk]),
        intro=_("改过以后是新的一版，已经签收的要重新签收。怎样算落实、对象和下达的村不能改；要改的，请撤回后重新下达。"),
    )  # fmt: skip


@read_on_get
def order_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    order = order_or_404(request, pk, Permission.ORDER_ISSUE)
    form = TextForm(posted(request), label=_("为什么撤回"), most=200)

    def act() -> Order:
        return verbs.withdraw(order=order, reason=form.said, by=request.user)

    return _ended(request, order, form, act, _("撤回"), _("已撤回。"), danger=True)


@read_on_get
def order_close(request: HttpRequest, pk: int) -> HttpResponse:
    order = order_or_404(request, pk, Permission.ORDER_ISSUE)
    form = TextForm(posted(request), label=_("说明"), most=200, needed=False)

    def act() -> Order:
        return verbs.close(order=order, note=form.said, by=request.user)

    return _ended(request, order, form, act, _("办结"), _("已办结，以后的记录不再计入。"))


def _ended(request: HttpRequest, order: Order, form: Any, act: Any, title: str, said: str, danger: bool = False) -> HttpResponse:  # fmt: skip
    if form.is_bound and form.is_valid() and attempt(form, act) is not None:
        messages.success(request, said)
        return redirect("supervision:order_detail", order.pk)
    return form_page(
        request, form, title, sub=order.title, trail=_trail(order, (title, "")), back=reverse("supervision:order_detail", args=[order.pk]),
        verb=title, danger=danger,
    )  # fmt: skip


@require_POST
def order_recount(request: HttpRequest, pk: int) -> HttpResponse:
    """Count now, as a job."""
    job = verbs.ask_recount(order=order_or_404(request, pk), by=request.user)
    return redirect("jobs:job_detail", job.pk)


# -- from below -----------------------------------------------------------------------------------------------------------------------------


@require_POST
def order_receive(request: HttpRequest, pk: int) -> HttpResponse:
    order = order_or_404(request, pk)
    require_somewhere(request.user, Permission.ORDER_ACT)
    form = ReceiveForm(request.POST)
    region = Region.objects.select_related("parent").filter(pk=form.cleaned_data["region"]).first() if form.is_valid() else None  # fmt: skip
    back = _places(order) if request.POST.get("back") == "places" else reverse("supervision:order_detail", args=[pk])
    if region is None:
        messages.error(request, _("没有说明是哪个村或乡镇签收，请刷新页面再办。"))
        return redirect(back)
    try:
        data = form.cleaned_data
        verbs.receive(order=order, region=region, by=request.user, note=data["note"], version=data["version"])
    except RefusedError as error:
        messages.error(request, str(error))
    except verbs.ValidationError as error:
        messages.error(request, error.messages[0])
    else:
        messages.success(request, _("%(name)s已签收。") % {"name": region.name})
    return redirect(back)


@read_on_get
def order_act(request: HttpRequest, pk: int) -> HttpResponse:
    """登记办理 in a village: for the households that nothing was registered for yet."""
    order = order_or_404(request, pk)
    require_somewhere(request.user, Permission.ORDER_ACT)
    village = _village_of(request, order)
    here = steps.in_order(order, Household.objects.for_user(request.user, Permission.ORDER_ACT), [village.pk])
    idle = list(steps.listed(order, here, "idle").defer("phone", "bank_account").order_by("hamlet", "pk")[: verbs.MOST])  # fmt: skip
    form = ActForm(posted(request), households=idle)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        number = attempt(
            form,
            lambda: verbs.record_action(
                order=order,
                village=village,
                households=form.chosen(),
                text=data["text"],
                on=data["on"],
                by=request.user,
            ),
        )
        if number is not None:
            messages.success(request, _("已登记 %(count)s 户。") % {"count": number})
            return redirect("supervision:order_detail", pk)
    context = {
        "form": form, "order": order, "village": village, "idle": idle, "trail": _trail(order, (_("登记办理"), "")),
        "back": reverse("supervision:order_detail", args=[pk]),
    }  # fmt: skip
    return render(request, "supervision/order_act.html", context, status=form_status(form))


def _village_of(request: HttpRequest, order: Order) -> Region:
    """The village of `?village=`, or the only one of the order in which one acts."""
    own = OrderVillage.objects.for_user(request.user, Permission.ORDER_ACT).filter(order=order).select_related("village")  # fmt: skip
    asked = request.GET.get("village", "")
    if asked.isascii() and asked.isdecimal() and len(asked) < 19:
        own = own.filter(village=int(asked))
    row = own.order_by("village__code").first()
    if row is None:
        require(request.user, Permission.ORDER_ACT, order)  # one sees the order and acts in none of its villages
        raise Http404
    return row.village


@read_on_get
def order_void(request: HttpRequest, pk: int, act: uuid.UUID) -> HttpResponse:
    """作废 of an act that was registered by mistake."""
    order = order_or_404(request, pk)
    require_somewhere(request.user, Permission.ORDER_ACT)
    rows = OrderAction.objects.for_user(request.user).filter(order=order, act=act, voided_at=None)
    row = rows.order_by("pk").first()
    if row is None:
        raise Http404
    form = TextForm(posted(request), label=_("为什么作废"), most=200)
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.void_act(order=order, act=act, reason=form.said, by=request.user))
        if done is not None:
            messages.success(request, _("已作废。"))
            return redirect("supervision:order_detail", pk)
    pairs = [(_("办理日期"), row.on), (_("办了什么"), row.text), (_("户数"), rows.count())]
    return form_page(
        request, form, _("作废办理登记"), sub=order.title, pairs=pairs, trail=_trail(order, (_("作废"), "")),
        back=reverse("supervision:order_detail", args=[pk]), verb=_("作废"), danger=True,
    )  # fmt: skip
