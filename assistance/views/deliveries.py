"""落实 and 农户确认: one delivery, a village's table, taking back, the household's word, and the sheet it signs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from assistance import forms
from assistance.listing import Line, Row, lines_of
from assistance.models import Delivery, Measure
from assistance.services import deliveries as verbs
from assistance.services.acts import RowsError
from assistance.services.confirmations import confirm_delivery, confirm_many
from assistance.services.deliveries import Given
from assistance.views.base import INVALID, attempt, delivery_or_404, form_status, measure_or_404, posted
from catalogue.codelists import Period
from catalogue.models import MeasureKind
from common import pages
from common.forms import plain_number
from common.readonly import read_on_get, reads_only
from households.filters import RegionChoices
from households.services import LedgerError
from regions.models import Level, Region

MOST = 500  # lines of a village's table
State = Measure.State


@read_on_get
def delivery_new(request: HttpRequest, pk: int) -> HttpResponse:
    """登记落实 of one measure."""
    measure = measure_or_404(request, pk, Permission.DELIVERY_RECORD)
    kind, back = measure.kind, reverse("assistance:measure_detail", args=[pk])
    pays = request.user.can(Permission.FUND_PAY)  # type: ignore[union-attr]
    funds = forms.funds_for(request.user, [measure.household], measure.year) if kind.has_money and pays else []
    form = forms.DeliveryForm(
        posted(request), request.FILES or None, kind=kind, year=measure.year, funds=funds,
        initial={"on": timezone.localdate(), "quantity": measure.quantity, "amount_1": _once(measure)},
    )  # fmt: skip
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: verbs.deliver(measure=measure, by=request.user, **form.facts()))
        if row is not None:
            messages.success(request, _("已登记落实，请让农户确认。"))
            return redirect(back)
    context = {
        "form": form, "measure": measure, "row": Row(measure), "household": measure.household, "back": back,
        "no_pay": kind.has_money and not pays, "no_funds": kind.has_money and pays and not funds,
        "trail": [(_("帮扶措施"), reverse("assistance:measure_list")), (kind.title, back), (_("登记落实"), "")],
    }  # fmt: skip
    return render(request, "assistance/delivery_form.html", context, status=form_status(form))


def _once(measure: Measure) -> Decimal | None:
    """What of the planned sum one delivery is likely to be."""
    if measure.amount is None or measure.kind.period != Period.MONTH:
        return measure.amount
    return (measure.amount / 12).quantize(Decimal("0.01"))


@read_on_get
def delivery_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    delivery = delivery_or_404(request, pk, Permission.DELIVERY_RECORD)
    back = reverse("assistance:measure_detail", args=[delivery.measure_id])
    form = forms.ReverseForm(posted(request), initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.reverse_delivery(delivery=delivery, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("已冲回，资金退回原来的来源，措施可以重新落实。"))
            return redirect(back)
    context = {
        "form": form, "line": lines_of([delivery])[0], "measure": delivery.measure, "household": delivery.household, "cancel_url": back,
        "verb": _("冲回"), "danger": True,
    }  # fmt: skip
    return render(request, "assistance/delivery_reverse.html", context, status=form_status(form))


@read_on_get
def delivery_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """The household's word, on the phone: it signs on the screen, or a photo of its signature is taken."""
    delivery = delivery_or_404(request, pk, Permission.DELIVERY_CONFIRM)
    back = reverse("assistance:measure_detail", args=[delivery.measure_id])
    form = forms.ConfirmForm(
        posted(request), request.FILES or None, initial={"on": timezone.localdate(), "way": "signature"}
    )
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: confirm_delivery(delivery=delivery, by=request.user, **form.facts()))
        if done is not None:
            said = _("农户确认已登记。") if done.received else _("已登记：农户说没有收到。请乡镇核实。")
            (messages.success if done.received else messages.warning)(request, said)
            return redirect(back)
    context = {
        "form": form, "line": lines_of([delivery])[0], "measure": delivery.measure, "household": delivery.household, "back": back,
        "trail": [(_("帮扶措施"), reverse("assistance:measure_list")), (delivery.kind.title, back), (_("农户确认"), "")],
    }  # fmt: skip
    return render(request, "assistance/delivery_confirm.html", context, status=form_status(form))


# -- a whole village --------------------------------------------------------------------------------------------------------------


@dataclass
class Chosen:
    """A village, a kind and a year, as the address names them; None where one is missing."""

    village: Region | None
    kind: MeasureKind | None
    year: int
    regions: list[tuple[str, str]]
    region: Region | None
    kinds: list[MeasureKind]
    years: list[int]

    @property
    def is_whole(self) -> bool:
        return self.village is not None and self.kind is not None

    @property
    def query(self) -> dict[str, str]:
        region, kind = str(self.region.pk) if self.region else "", self.kind.code if self.kind else ""
        return {"region": region, "kind": kind, "year": str(self.year)}


def _chosen(request: HttpRequest) -> Chosen:
    asked = request.GET
    regions = RegionChoices(request.user, asked.get("region", ""))
    region = regions.chosen
    this = timezone.localdate().year
    years = [this, this - 1]
    year = int(asked["year"]) if asked.get("year", "") in map(str, years) else this
    kinds = list(MeasureKind.objects.order_by("column", "code"))
    kind = next((kind for kind in kinds if kind.code == asked.get("kind")), None)
    village = region if region is not None and region.level == Level.VILLAGE else None
    return Chosen(village, kind, year, regions.choices, region, kinds, years)


@dataclass
class Entry:
    """A line of the table: the measure, what was typed, what is wrong with it."""

    row: Row
    amount: str = ""
    quantity: str = ""
    problem: str = ""


@read_on_get
def delivery_batch(request: HttpRequest) -> HttpResponse:
    """批量登记落实: the approved measures of a kind in a village on one page, amounts typed in."""
    require_somewhere(request.user, Permission.DELIVERY_RECORD)
    chosen = _chosen(request)
    context: dict[str, Any] = {"chosen": chosen, "url": reverse("assistance:delivery_batch")}
    if chosen.village is None or chosen.kind is None:
        return render(request, "assistance/delivery_batch.html", context)
    kind = chosen.kind
    states = [State.APPROVED] if kind.period != Period.MONTH else [State.APPROVED, State.DELIVERED, State.CONFIRMED]
    rows = (
        Measure.objects.for_user(request.user, Permission.DELIVERY_RECORD)
        .filter(village=chosen.village, kind=kind, year=chosen.year, state__in=states, household__closed_on=None)
        .select_related("household__village", "household__township", "member", "kind")
        .order_by("household__sort_key", "household", "pk")[:MOST]
    )
    entries = [Entry(Row(measure)) for measure in rows]
    pays = request.user.can(Permission.FUND_PAY)  # type: ignore[union-attr]
    households = [entry.row.measure.household for entry in entries[:1]]
    funds = forms.funds_for(request.user, households, chosen.year) if kind.has_money and pays else []
    form = forms.BatchForm(
        posted(request), kind=kind, year=chosen.year, funds=funds, initial={"on": timezone.localdate()}
    )
    if form.is_bound:
        _read(request, entries, kind)
        if form.is_valid() and not any(entry.problem for entry in entries) and _save(request, form, entries, kind):
            return redirect(pages.address(reverse("assistance:delivery_sign"), chosen.query))
    context |= {
        "form": form, "entries": entries, "no_pay": kind.has_money and not pays, "no_funds": kind.has_money and pays and not funds,
        "kind": kind, "wrong": [entry for entry in entries if entry.problem],
    }  # fmt: skip
    wrong = form.is_bound
    return render(request, "assistance/delivery_batch.html", context, status=INVALID if wrong else 200)


def _read(request: HttpRequest, entries: list[Entry], kind: MeasureKind) -> None:
    for entry in entries:
        key = entry.row.measure.pk
        entry.amount, entry.quantity = (
            request.POST.get(f"{name}-{key}", "").strip()[:20] for name in ("amount", "quantity")
        )
        for text in (entry.amount, entry.quantity):
            if text and _decimal(text) is None:
                entry.problem = _("“%(text)s”不是金额或数量，请写成数字，最多两位小数。") % {"text": text}
        if not entry.problem and kind.has_money and entry.quantity and not entry.amount:
            entry.problem = _("填了数量，请也填金额。")


def _decimal(text: str) -> Decimal | None:
    try:
        value = Decimal(plain_number(text))
    except InvalidOperation:
        return None
    exponent = value.as_tuple().exponent
    small = isinstance(exponent, int) and exponent >= -2 and abs(value) < Decimal(10) ** 10
    return value if value.is_finite() and small else None


def _save(request: HttpRequest, form: forms.BatchForm, entries: list[Entry], kind: MeasureKind) -> bool:
    data = form.cleaned_data
    fund = form.funds.get(data.get("fund", ""))
    given = []
    for entry in entries:
        if entry.amount or entry.quantity:
            amount = _decimal(entry.amount) if entry.amount else None
            shares = [(fund, amount)] if fund is not None and amount is not None else []
            given.append(Given(entry.row.measure, shares, _decimal(entry.quantity) if entry.quantity else None))
    try:
        made = verbs.deliver_many(
            given=given, on=data["on"], by=request.user, period=data.get("period", ""), note=data["note"]
        )
    except RowsError as error:
        form.add_error(None, str(error))
        for entry in entries:
            entry.problem = error.problems.get(entry.row.measure.pk, "")
        return False
    except ValidationError as error:
        for name, said in error.message_dict.items():
            form.add_error(name if name in form.fields else None, said)
        return False
    except LedgerError as error:
        form.add_error(None, str(error))
        return False
    messages.success(
        request,
        _("已登记 %(count)s 户次“%(kind)s”，请打印签收表让农户签字。") % {"count": len(made), "kind": kind.title},
    )
    return True


# -- signing ----------------------------------------------------------------------------------------------------------------------


def _to_sign(request: HttpRequest, chosen: Chosen) -> list[Line]:
    """What stands of a kind in a village and was not confirmed yet."""
    rows = (
        Delivery.objects.for_user(request.user, Permission.DELIVERY_CONFIRM)
        .filter(village=chosen.village, kind=chosen.kind, measure__year=chosen.year, is_reversal=False, reversed_by=None, confirmation=None)
        .select_related("household__village", "household__township", "member", "kind", "measure", "confirmation")
        .order_by("household__sort_key", "household", "period", "pk")[:MOST]
    )  # fmt: skip
    return lines_of(list(rows))


@read_on_get
def delivery_sign(request: HttpRequest) -> HttpResponse:
    """签收: what a village has still to confirm of a kind; one photo of the signed sheet confirms those that are ticked."""
    require_somewhere(request.user, Permission.DELIVERY_CONFIRM)
    chosen = _chosen(request)
    url = reverse("assistance:delivery_sign")
    context: dict[str, Any] = {"chosen": chosen, "url": url}
    if not chosen.is_whole:
        return render(request, "assistance/delivery_sign.html", context)
    lines = _to_sign(request, chosen)
    form = forms.SignedForm(posted(request), request.FILES or None, initial={"on": timezone.localdate()})
    ticked = set(request.POST.getlist("delivery")) if form.is_bound else {str(line.delivery.pk) for line in lines}
    problems: dict[int, str] = {}
    if form.is_bound and form.is_valid():
        some = [line.delivery for line in lines if str(line.delivery.pk) in ticked]
        try:
            made = confirm_many(deliveries=some, by=request.user, **form.cleaned_data)
        except PermissionDenied:
            raise
        except (LedgerError, ValidationError) as error:
            form.add_error(None, error.messages if isinstance(error, ValidationError) else str(error))
            problems = getattr(error, "problems", {})
        else:
            messages.success(request, _("已确认 %(count)s 项，签收表已保存。") % {"count": len(made)})
            return redirect(pages.address(url, chosen.query))
    context |= {
        "form": form, "lines": [(line, str(line.delivery.pk) in ticked, problems.get(line.delivery.pk, "")) for line in lines],
        "kind": chosen.kind, "sheet_url": pages.address(reverse("assistance:delivery_sheet"), chosen.query),
    }  # fmt: skip
    return render(request, "assistance/delivery_sign.html", context, status=form_status(form))


@reads_only
def delivery_sheet(request: HttpRequest) -> HttpResponse:
    """签收表: to be printed, signed and photographed. Numbers are masked."""
    require_somewhere(request.user, Permission.DELIVERY_CONFIRM)
    chosen = _chosen(request)
    if not chosen.is_whole:
        return redirect(pages.address(reverse("assistance:delivery_sign"), chosen.query))
    lines = _to_sign(request, chosen)
    total = sum((line.delivery.amount for line in lines), Decimal(0))
    context = {
        "chosen": chosen, "kind": chosen.kind, "lines": lines, "total": total, "now": timezone.localdate(),
        "back": pages.address(reverse("assistance:delivery_sign"), chosen.query),
    }  # fmt: skip
    return render(request, "assistance/delivery_sheet.html", context)
