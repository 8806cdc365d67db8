"""落实 and 农户确认: one delivery, a village's table, taking back, the household's word, and the sheet it signs."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere, visible_region_ids
from assistance import forms
from assistance.departments import MINE, own_kinds, with_numbers
from assistance.filters import in_region_of
from assistance.listing import DepartmentRow, Line, Row, lines_of
from assistance.models import Delivery, Measure
from assistance.services import deliveries as verbs
from assistance.services.acts import RowsError
from assistance.services.confirmations import confirm_delivery, confirm_many
from assistance.services.deliveries import Given
from assistance.views.base import OFFICE, Desk, delivery_or_404, measure_or_404
from catalogue.codelists import Period
from catalogue.models import MeasureKind
from common import pages
from common.forms import plain_number
from common.readonly import read_on_get, reads_only
from households.answering import INVALID, attempt, form_status, posted
from households.filters import RegionChoices
from households.models import Household
from households.services import LedgerError
from regions.models import Level, Region

MOST = 500  # lines of a village's table
State = Measure.State


@read_on_get
def delivery_new(request: HttpRequest, pk: int) -> HttpResponse:
    """登记落实 of one measure."""
    return record(request, measure_or_404(request, pk, Permission.DELIVERY_RECORD), OFFICE)


def record(request: HttpRequest, measure: Measure, desk: Desk) -> HttpResponse:
    """The form of one delivery; the caller has asked whether the measure is seen."""
    kind, back = measure.kind, desk.measure_url(measure.pk)
    pays = request.user.can(desk.to_pay)  # type: ignore[union-attr]
    funds = (
        forms.funds_for(request.user, [measure.household], measure.year, desk.to_pay) if kind.has_money and pays else []
    )
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
        "trail": [(desk.title, desk.list_url), (kind.title, back), (_("登记落实"), "")],
    }  # fmt: skip
    return render(request, "assistance/delivery_form.html", context, status=form_status(form))


def _once(measure: Measure) -> Decimal | None:
    """What of the planned sum one delivery is likely to be."""
    if measure.amount is None or measure.kind.period != Period.MONTH:
        return measure.amount
    return (measure.amount / 12).quantize(Decimal("0.01"))


@read_on_get
def delivery_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    return take_back(request, delivery_or_404(request, pk, Permission.DELIVERY_RECORD), OFFICE)


def take_back(request: HttpRequest, delivery: Delivery, desk: Desk) -> HttpResponse:
    back = desk.measure_url(delivery.measure_id)
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
    """A village, a kind and a year, as the address names them; None where one is missing. `townships` are to be chosen first, where there
    are several in reach."""

    village: Region | None
    kind: MeasureKind | None
    year: int
    regions: list[tuple[str, str]]
    region: Region | None
    kinds: list[MeasureKind]
    years: list[int]
    townships: list[Region] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        return self.village is not None and self.kind is not None

    @property
    def query(self) -> dict[str, str]:
        region, kind = str(self.region.pk) if self.region else "", self.kind.code if self.kind else ""
        return {"region": region, "kind": kind, "year": str(self.year)}


def _chosen(request: HttpRequest, permission: Permission) -> Chosen:
    asked, user = request.GET, request.user
    this = timezone.localdate().year
    years = [this, this - 1]
    year = int(asked["year"]) if asked.get("year", "") in map(str, years) else this
    kinds = own_kinds(user) if permission == MINE else list(MeasureKind.objects.order_by("column", "code"))
    kind = next((kind for kind in kinds if kind.code == asked.get("kind")), None)
    reach = visible_region_ids(user, permission)
    if not reach:  # a helper has households, not villages: the villages of these
        rows = _villages_of_households(user, permission)
        region = next((row for row in rows if str(row.pk) == asked.get("region")), None)
        region = region or (rows[0] if len(rows) == 1 else None)
        return Chosen(region, kind, year, [(str(row.pk), row.name) for row in rows], region, kinds, years)
    regions = RegionChoices(user, asked.get("region") or (str(reach[0]) if len(reach) == 1 else ""), permission)
    region = regions.chosen
    village = region if region is not None and region.level == Level.VILLAGE else None
    wide = (
        region.level < Level.TOWNSHIP if region is not None else any(top.level < Level.TOWNSHIP for top in regions.tops)
    )
    below = [row for row in regions.rows if region is None or row.parent_id == region.pk]
    return Chosen(village, kind, year, regions.choices, region, kinds, years, below if wide else [])


def _villages_of_households(user: Any, permission: Permission) -> list[Region]:
    """Where the households of a helper are; none for who helps nobody."""
    if permission == MINE:
        return []
    homes = Household.objects.for_user(user, permission).order_by()
    return list(Region.objects.filter(pk__in=homes.values("village")).order_by("code", "pk"))


@dataclass(frozen=True)
class Waiting:
    """What waits of a kind in a village, with the address that lists it: `count` is the length of that list."""

    village: str
    kind: str
    count: int
    url: str


def _waiting(chosen: Chosen, rows: Any, url: str) -> list[Waiting]:
    """Rows of the year (`village`, `kind`) village by village and kind by kind. Two queries; none where a township is still to be chosen."""
    if chosen.townships:
        return []
    if chosen.region is not None:
        rows = in_region_of(rows, chosen.region)
    kinds = {kind.pk: (place, kind) for place, kind in enumerate(chosen.kinds) if chosen.kind in (None, kind)}
    counts = [
        (village, kind, count)
        for village, kind, count in rows.order_by().values_list("village", "kind").annotate(count=Count("pk"))
        if kind in kinds
    ]
    villages = {row.pk: row for row in Region.objects.filter(pk__in={village for village, _kind, _count in counts})}
    counts.sort(key=lambda each: (villages[each[0]].code, each[0], kinds[each[1]][0]))
    return [
        Waiting(
            villages[village].name, kinds[kind][1].title, count,
            pages.address(url, chosen.query | {"region": str(village), "kind": kinds[kind][1].code}),
        )
        for village, kind, count in counts
    ]  # fmt: skip


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
    return batch(request, OFFICE)


def _to_deliver(user: Any, year: int, desk: Desk) -> Any:
    """What can be delivered in a year; what is given monthly can be delivered every month."""
    monthly = Q(kind__period=Period.MONTH, state__in=verbs.DELIVERABLE)
    rows = Measure.objects.for_user(user, desk.to_record).filter(year=year, household__closed_on=None)
    return rows.filter(Q(state=State.APPROVED) | monthly)


def batch(request: HttpRequest, desk: Desk) -> HttpResponse:
    require_somewhere(request.user, desk.to_record)
    chosen, url = _chosen(request, desk.to_record), desk.batch_url
    to_deliver = _to_deliver(request.user, chosen.year, desk)
    context: dict[str, Any] = {"chosen": chosen, "url": url, "desk": desk}
    if chosen.village is None or chosen.kind is None:
        context["waiting"] = _waiting(chosen, to_deliver, url)
        return render(request, "assistance/delivery_batch.html", context)
    kind = chosen.kind
    if desk.is_department:  # it knows people by name and masked number alone
        to_deliver = with_numbers(to_deliver)
    rows = list(
        to_deliver.filter(village=chosen.village, kind=kind)
        .select_related("household__village", "household__township", "member", "kind")
        .order_by("household__sort_key", "household", "pk")[: MOST + 1]
    )
    context["more"], rows = len(rows) > MOST, rows[:MOST]
    entries = [Entry(DepartmentRow(measure) if desk.is_department else Row(measure)) for measure in rows]
    pays = request.user.can(desk.to_pay)  # type: ignore[union-attr]
    households = [entry.row.measure.household for entry in entries[:1]]
    funds = forms.funds_for(request.user, households, chosen.year, desk.to_pay) if kind.has_money and pays else []
    form = forms.BatchForm(
        posted(request), kind=kind, year=chosen.year, funds=funds, initial={"on": timezone.localdate()}
    )
    if form.is_bound:
        _read(request, entries, kind)
        if (
            form.is_valid()
            and not any(entry.problem for entry in entries)
            and _save(request, form, entries, kind, desk)
        ):
            after = url if desk.is_department else reverse("assistance:delivery_sign")
            return redirect(pages.address(after, chosen.query))
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


def _save(request: HttpRequest, form: forms.BatchForm, entries: list[Entry], kind: MeasureKind, desk: Desk) -> bool:
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
        (
            _("已登记 %(count)s 户次“%(kind)s”，请村里让农户签字。")
            if desk.is_department
            else _("已登记 %(count)s 户次“%(kind)s”，请打印签收表让农户签字。")
        )
        % {"count": len(made), "kind": kind.title},
    )
    return True


# -- signing ----------------------------------------------------------------------------------------------------------------------


def _unsigned(user: Any, year: int) -> Any:
    """What stands of a year's measures and was not confirmed yet."""
    rows = Delivery.objects.for_user(user, Permission.DELIVERY_CONFIRM)
    return rows.standing().filter(measure__year=year, confirmation=None)


def _to_sign(request: HttpRequest, chosen: Chosen) -> list[Line]:
    rows = (
        _unsigned(request.user, chosen.year)
        .filter(village=chosen.village, kind=chosen.kind)
        .select_related("household__village", "household__township", "member", "kind", "measure", "confirmation")
        .order_by("household__sort_key", "household", "period", "pk")[:MOST]
    )  # fmt: skip
    return lines_of(list(rows))


@read_on_get
def delivery_sign(request: HttpRequest) -> HttpResponse:
    """签收: what a village has still to confirm of a kind; one photo of the signed sheet confirms those that are ticked."""
    require_somewhere(request.user, Permission.DELIVERY_CONFIRM)
    chosen = _chosen(request, Permission.DELIVERY_CONFIRM)
    url = reverse("assistance:delivery_sign")
    context: dict[str, Any] = {"chosen": chosen, "url": url}
    if not chosen.is_whole:
        context["waiting"] = _waiting(chosen, _unsigned(request.user, chosen.year), url)
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
    chosen = _chosen(request, Permission.DELIVERY_CONFIRM)
    if not chosen.is_whole:
        return redirect(pages.address(reverse("assistance:delivery_sign"), chosen.query))
    lines = _to_sign(request, chosen)
    total = sum((line.delivery.amount for line in lines), Decimal(0))
    context = {
        "chosen": chosen, "kind": chosen.kind, "lines": lines, "total": total, "now": timezone.localdate(),
        "back": pages.address(reverse("assistance:delivery_sign"), chosen.query),
    }  # fmt: skip
    return render(request, "assistance/delivery_sheet.html", context)
