"""Pages of subsidy lists: upload, what became of every row, paying, what goes back, and measures proposed for those who lack one."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_somewhere
from assistance.finance import figures_of
from assistance.models import Fund, PayBatch, PayRow
from assistance.services import batches, funds
from assistance.services.deliveries import said_period
from catalogue.codelists import COLUMN
from catalogue.models import MeasureKind
from common import jobs, pages
from common.forms import DateInput
from common.money import format_money
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from households.services import LedgerError
from regions.models import Region

ROWS = 50
BATCHES = 30
YEARS_BACK = 3  # funds that are offered
TONES = {"ready": "blue", "paid": "green", "unchanged": "grey", "rejected": "red"}
State = PayBatch.State
Result = PayRow.Outcome


def _may(request: HttpRequest) -> None:
    require_somewhere(request.user, Permission.FUND_PAY)


def _batch(request: HttpRequest, pk: int) -> PayBatch:
    _may(request)
    rows = PayBatch.objects.for_user(request.user).select_related("region", "kind", "fund", "job")
    batch: PayBatch = get_object_or_404(rows, pk=pk)
    return batch


@reads_only
def batch_list(request: HttpRequest) -> HttpResponse:
    """Lists of the own area, newest first."""
    _may(request)
    page = pages.keyset_page(
        PayBatch.objects.for_user(request.user), request.GET.get("cursor", ""), BATCHES,
        rows=lambda found: found.select_related("region", "kind", "fund"),
    )  # fmt: skip
    url = reverse("assistance:batch_list")
    context = {
        "rows": [(batch, said_period(batch.period)) for batch in page.rows],
        "previous_url": page.previous and f"{url}?cursor={page.previous}", "next_url": page.next and f"{url}?cursor={page.next}",
    }  # fmt: skip
    return render(request, "assistance/batch_list.html", context)


class ListForm(forms.Form):
    """A subsidy list and what it is for."""

    file = forms.FileField(
        label=gettext_lazy("清单文件"),
        help_text=gettext_lazy("可以是 .xlsx、.xls 或 .csv；要有“姓名”“身份证号”“金额”，没有身份证号的填“户编号”和“姓名”"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls,.csv"}),
        error_messages={"required": gettext_lazy("请选择清单文件。"), "empty": gettext_lazy("文件是空的，请检查后重新上传。"),
                        "invalid": gettext_lazy("文件没有传上来，请重新选择。")},
    )  # fmt: skip
    kind = forms.TypedChoiceField(label=gettext_lazy("帮扶措施"), coerce=int)
    period = forms.CharField(
        label=gettext_lazy("所属期"), max_length=7, required=False, help_text=gettext_lazy("每月发的写 2026-03，每年发的写 2026，只发一次的空着")
    )  # fmt: skip
    fund = forms.TypedChoiceField(
        label=gettext_lazy("资金"),
        coerce=int,
        empty_value=None,
        required=False,
        help_text=gettext_lazy("括号中是现在可用的余额"),
    )
    on = forms.DateField(label=gettext_lazy("发放日期"), widget=DateInput())
    region = forms.TypedChoiceField(
        label=gettext_lazy("范围"), coerce=int, help_text=gettext_lazy("清单里的人都应在这个范围内")
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        kinds: dict[str, list[tuple[int, str]]] = {}
        for kind in MeasureKind.objects.in_force(today).order_by("column", "title"):
            words = _("%(title)s（%(period)s）") % {"title": kind.title, "period": kind.get_period_display()}
            kinds.setdefault(kind.column, []).append((kind.pk, words))
        self.fields["kind"].choices = [
            ("", _("请选择")),
            *((label, kinds[code]) for code, label in COLUMN.choices if code in kinds),
        ]  # type: ignore[attr-defined]
        rows = Fund.objects.for_user(user, Permission.FUND_PAY).filter(closed_at=None, year__gt=today.year - YEARS_BACK)
        found = list(rows.order_by("-year", "source", "pk"))
        figures = figures_of(found)
        self.fields["fund"].choices = [  # type: ignore[attr-defined]
            ("", _("不发放资金")),
            *((fund.pk, _("%(year)s %(title)s（%(left)s 元）") % {"year": fund.year, "title": fund.title, "left": format_money(figures[fund.pk].left)}) for fund in found),
        ]  # fmt: skip
        tops = posted_regions(user, Permission.FUND_PAY)
        below = Region.objects.current().filter(parent__in=tops).order_by("code")
        self.fields["region"].choices = [(r.pk, r.full_name or r.name) for r in [*tops, *below]]  # type: ignore[attr-defined]

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > settings.UPLOAD_MAX_BYTES:
            words = {"size": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
            raise ValidationError(
                _("文件超过 %(size)s MB，请删去无关的工作表和图片，或者按乡镇拆成几个文件再上传。") % words
            )
        return upload


@read_on_get
def batch_new(request: HttpRequest) -> HttpResponse:
    """Upload a list; it is checked at once."""
    _may(request)
    form = ListForm(
        request.POST or None, request.FILES or None, user=request.user, initial={"on": timezone.localdate()}
    )
    if form.is_bound and form.is_valid():
        data = dict(form.cleaned_data)
        upload, fund = data.pop("file"), data.pop("fund")
        choices = {
            "region": Region.objects.get(pk=data["region"]), "kind": MeasureKind.objects.get(pk=data["kind"]), "period": data["period"].strip(),
            "fund": Fund.objects.for_user(request.user, Permission.FUND_PAY).select_related("region").get(pk=fund) if fund else None, "on": data["on"],
        }  # fmt: skip
        found = attempt(
            form, lambda: batches.upload_list(data=upload.read(), filename=upload.name, by=request.user, **choices)
        )
        if found is not None:
            batch, is_new = found
            if not is_new:
                messages.info(request, _("这个文件已经上传过，就是这一批。没有再发一次。"))
            elif (say := _try(lambda: batches.check_list(batch=batch, by=request.user))) is not None:
                messages.error(request, say)
            return redirect("assistance:batch_detail", batch.pk)
    return render(request, "assistance/batch_new.html", {"form": form}, status=form_status(form))


def _try(verb: Any) -> str | None:
    """What stood in the way, as a sentence."""
    try:
        verb()
    except (LedgerError, jobs.JobError) as error:
        return str(error)
    return None


@reads_only
def batch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The receipt, what can be done next, and the rows with their reasons."""
    batch = _batch(request, pk)
    outcome, why = request.GET.get("outcome", ""), request.GET.get("why", "")
    rows = batch.rows.all()
    query = {}
    if outcome in Result.values:
        rows, query["outcome"] = rows.filter(outcome=outcome), outcome
    if why in PayRow.Why.values:
        rows, query["why"] = rows.filter(why=why), why
    page = pages.keyset_page(
        rows, request.GET.get("cursor", ""), ROWS, "place", rows=lambda found: found.select_related("household")
    )
    url = reverse("assistance:batch_detail", args=[pk])
    counts = dict.fromkeys(Result.values, 0) | dict(
        batch.rows.order_by().values("outcome").annotate(n=Count("pk")).values_list("outcome", "n")
    )
    reasons = dict(
        batch.rows.filter(outcome=Result.REJECTED)
        .order_by()
        .values("why")
        .annotate(n=Count("pk"))
        .values_list("why", "n")
    )
    ready = batches.ready_of(batch)
    short = funds.short_of(batch.fund, ready.amount) if batch.fund and ready.count else 0
    busy = batch.state in batches.BUSY
    filters = [
        (_("全部"), "", batch.read),
        *((Result(name).label, name, counts[name]) for name in Result.values if counts[name]),
    ]
    context = {
        "batch": batch, "period": said_period(batch.period), "busy": busy, "counts": counts, "ready": ready, "short": short,
        "rows": [(row, TONES[row.outcome]) for row in page.rows],
        "filters": [(f"{label} {count:,}", pages.address(url, {"outcome": name} if name else {}), name == outcome and not why) for label, name, count in filters],
        "reasons": [
            {"label": PayRow.Why(name).label, "value": count, "text": f"{count:,}", "url": pages.address(url, {"why": name})}
            for name, count in sorted(reasons.items(), key=lambda each: -each[1]) if name
        ],
        "lacking": reasons.get(PayRow.Why.MEASURE, 0), "may_propose": may_in(request.user, Permission.MEASURE_EDIT, batch.region),
        "failed": batch.job.error if batch.job and not busy and batch.job.state == "failed" else "",
        "mine": bool(batch.job and batch.job.owner == request.user.username),  # type: ignore[union-attr]
        "previous_url": pages.address(url, query | {"cursor": page.previous}) if page.previous else "",
        "next_url": pages.address(url, query | {"cursor": page.next}) if page.next else "",
        "discardable": batch.state in (State.UPLOADED, State.CHECKED) and batch.paid_at is None,
        "trail": [(_("补贴发放"), reverse("assistance:batch_list")), (batch.filename, "")],
    }  # fmt: skip
    return render(request, "assistance/batch_detail.html", context)


@reads_only
def batch_progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The moving part alone; when the work is over the whole page is asked for."""
    batch = _batch(request, pk)
    if batch.state not in batches.BUSY:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "assistance/batch_detail.html#progress", {"batch": batch})


def _act(request: HttpRequest, pk: int, act: Any) -> HttpResponse:
    batch = _batch(request, pk)
    if (say := _try(lambda: act(batch))) is not None:
        messages.error(request, say)
    return redirect("assistance:batch_detail", pk)


@require_POST
def batch_check(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, lambda batch: batches.check_list(batch=batch, by=request.user))


@read_on_get
def batch_pay(request: HttpRequest, pk: int) -> HttpResponse:
    """How much goes to how many, from which fund; then the deed."""
    batch = _batch(request, pk)
    if request.method == "POST":
        return _act(request, pk, lambda own: batches.pay_list(batch=own, by=request.user))
    ready = batches.ready_of(batch)
    if batch.state != State.CHECKED or not ready.count:
        return redirect("assistance:batch_detail", pk)
    context = {
        "batch": batch, "ready": ready, "period": said_period(batch.period), "verb": _("确认发放"),
        "left": figures_of([batch.fund])[batch.fund.pk].left if batch.fund else None,
        "cancel_url": reverse("assistance:batch_detail", args=[pk]),
    }  # fmt: skip
    return render(request, "assistance/batch_pay.html", context)


@require_POST
def batch_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    def cancel(batch: PayBatch) -> None:
        if batch.job:
            jobs.cancel_job(job=batch.job, by=request.user)
            messages.success(request, _("已要求停止，做完手头的一步就停；钱不会只发一半。"))

    return _act(request, pk, cancel)


@require_POST
def batch_discard(request: HttpRequest, pk: int) -> HttpResponse:
    batch = _batch(request, pk)
    if (say := _try(lambda: batches.discard_list(batch=batch, by=request.user))) is not None:
        messages.error(request, say)
        return redirect("assistance:batch_detail", pk)
    messages.success(request, _("已放弃“%(file)s”，没有发放。") % {"file": batch.filename})
    return redirect("assistance:batch_list")


@require_POST
def batch_propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Measures for the rows that only lack one."""
    batch = _batch(request, pk)
    if not may_in(request.user, Permission.MEASURE_EDIT, batch.region):
        raise PermissionDenied(Permission.MEASURE_EDIT)
    try:
        job = batches.propose_list(batch=batch, by=request.user)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect("assistance:batch_detail", pk)
    return redirect("jobs:job_detail", job.pk)


@require_POST
def batch_return(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that were not paid, with reasons; they hold full ID numbers, so every download is recorded."""
    batch = _batch(request, pk)
    try:
        data = batches.fetch_returns(batch=batch, by=request.user)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect("assistance:batch_detail", pk)
    stem = batch.filename.rsplit(".", 1)[0]
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=_("%(name)s-需改正.xlsx") % {"name": stem})
