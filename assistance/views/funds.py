"""Pages of 资金: what there is and where it stands, one fund with its movements, the forms that move money, and whether it is spread thin."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Sum
from django.db.models.functions import Abs
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_in, require_somewhere
from assistance import finance
from assistance.codelists import SOURCE
from assistance.models import Account, Delivery, Entry, Fund, Line, VillageProject
from assistance.services import books, funds
from common import jobs, pages
from common.forms import DateInput, MoneyField
from common.lookups import among
from common.models import Job
from common.money import format_money
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from households.services import LedgerError
from regions.models import Level, Region

ENTRIES = 30  # a page of movements
LINES = 50  # of one movement
MOST_FUNDS = 300  # of a year


# -- what there is ------------------------------------------------------------------------------------------------------------------


def _funds(request: HttpRequest) -> Any:
    require_somewhere(request.user, Permission.FUND_VIEW)
    return Fund.objects.for_user(request.user).select_related("region")


def _year(request: HttpRequest) -> tuple[int, list[int]]:
    """The year asked for, else the newest that has begun; and those there are."""
    years = sorted(set(_funds(request).order_by().values_list("year", flat=True)), reverse=True)
    this_year = timezone.localdate().year
    asked = request.GET.get("year", "")
    if asked.isdigit() and int(asked) in years:
        return int(asked), years
    return next((year for year in years if year <= this_year), years[0] if years else this_year), years


def _year_tabs(request: HttpRequest, name: str, year: int, years: list[int]) -> list[tuple[str, str, bool]]:
    return [
        (_("%(year)s 年") % {"year": one}, pages.address(reverse(name), {"year": str(one)}), one == year)
        for one in years[:6]
    ]


def _of_year(request: HttpRequest, year: int) -> list[Fund]:
    rows = list(_funds(request).filter(year=year).order_by("source", "pk")[:MOST_FUNDS])
    order = {code: place for place, (code, _label) in enumerate(SOURCE.choices)}
    return sorted(rows, key=lambda fund: (fund.region_id, order.get(fund.source, 99), fund.pk))


@reads_only
def fund_list(request: HttpRequest) -> HttpResponse:
    """The funds of a year by source, with sums that are those of the rows."""
    year, years = _year(request)
    rows = _of_year(request, year)
    figures = finance.figures_of(rows)
    groups = []
    for source in dict.fromkeys(fund.source for fund in rows):
        own = [(fund, figures[fund.pk]) for fund in rows if fund.source == source]
        groups.append(
            {
                "label": own[0][0].get_source_display(),
                "rows": own,
                "whole": finance.together(own_figures for _fund, own_figures in own),
            }
        )
    context = {
        "groups": groups, "whole": finance.together(figures.values()), "year": year, "tabs": _year_tabs(request, "assistance:fund_list", year, years),
        "may_open": request.user.can(Permission.FUND_EDIT), "may_pay": request.user.can(Permission.FUND_PAY),  # type: ignore[union-attr]
        "counties": len({fund.region_id for fund in rows}) > 1, "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "assistance/fund_list.html", context)


@reads_only
def fund_spread(request: HttpRequest) -> HttpResponse:
    """资金是否撒胡椒面: how many payouts, how small, and how much was put together into projects."""
    year, years = _year(request)
    rows, whole = finance.spread_of(_of_year(request, year))
    context = {
        "rows": rows, "whole": whole, "year": year, "tabs": _year_tabs(request, "assistance:fund_spread", year, years),
        "small": settings.FUND_SMALL, "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "assistance/fund_spread.html", context)


# -- one fund -----------------------------------------------------------------------------------------------------------------------


def _fund(request: HttpRequest, pk: int) -> Fund:
    fund: Fund = get_object_or_404(_funds(request), pk=pk)
    return fund


def _edited(request: HttpRequest, pk: int) -> Fund:
    fund = _fund(request, pk)
    require_in(request.user, Permission.FUND_EDIT, fund.region)
    return fund


def _frame(request: HttpRequest, fund: Fund, at: str) -> dict[str, Any]:
    """What the pages of a fund have in common."""
    figures = finance.figures_of([fund])[fund.pk]
    tabs = [
        (word, reverse(f"assistance:{name}", args=[fund.pk]), name == at)
        for name, word in (("fund_page", _("变动")), ("fund_paid", _("发到哪里")), ("fund_projects", _("村级项目")))
    ]
    edits = may_in(request.user, Permission.FUND_EDIT, fund.region)
    return {
        "fund": fund, "figures": figures, "tabs": tabs, "edits": edits, "whole_county": may_in(request.user, Permission.FUND_VIEW, fund.region),
        "acts": [(name, ACTS[name].verb) for name in MOVES] if edits and fund.closed_at is None else [],
        "trail": [(_("资金"), pages.address(reverse("assistance:fund_list"), {"year": str(fund.year)})), (fund.title, "")],
    }  # fmt: skip


@reads_only
def fund_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Balances and movements, newest first."""
    fund = _fund(request, pk)
    page = pages.keyset_page(Entry._base_manager.filter(fund=fund), request.GET.get("cursor", ""), ENTRIES)
    keys = [entry.pk for entry in page.rows]
    moved = Line._base_manager.filter(entry__in=keys, delivery=None).order_by()
    amounts = dict(moved.values("entry").annotate(sum=Sum(Abs("amount"))).values_list("entry", "sum"))
    lines = dict(moved.values("entry").annotate(sum=Sum("amount")).values_list("entry", "sum"))
    projects = dict(moved.filter(account__project__isnull=False).values_list("entry", "account__project__title"))
    told = finance.told_of([entry.pk for entry in page.rows if not entry.note])
    names = names_of(entry.by for entry in page.rows)
    rows = [
        # Two lines of one entry are the same sum twice; where households were paid only the other side stands here.
        {"entry": entry, "amount": amounts.get(entry.pk, 0) / (1 if lines.get(entry.pk) else 2), "what": projects.get(entry.pk) or entry.note or told.get(entry.pk, ""), "by": names.get(entry.by, entry.by)}
        for entry in page.rows
    ]  # fmt: skip
    url = reverse("assistance:fund_page", args=[pk])
    context = _frame(request, fund, "fund_page") | {
        "rows": rows, "previous_url": page.previous and f"{url}?cursor={page.previous}", "next_url": page.next and f"{url}?cursor={page.next}",
        "export": ExportForm(),
    }  # fmt: skip
    return render(request, "assistance/fund_page.html", context)


@reads_only
def fund_paid(request: HttpRequest, pk: int) -> HttpResponse:
    """What households got of a fund, by kind of measure or by village."""
    fund = _fund(request, pk)
    by = "village" if request.GET.get("by") == "village" else "kind"
    shares = finance.by_village(fund) if by == "village" else finance.by_kind(fund)
    url = reverse("assistance:fund_paid", args=[pk])
    context = _frame(request, fund, "fund_paid") | {
        "shares": shares, "payouts": sum(share.payouts for share in shares), "amount": sum((share.amount for share in shares), Decimal(0)), "by": by,
        "ways": [(_("按措施"), url, by == "kind"), (_("按村"), f"{url}?by=village", by == "village")], "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "assistance/fund_paid.html", context)


@reads_only
def fund_projects(request: HttpRequest, pk: int) -> HttpResponse:
    """The village projects a fund takes part in."""
    fund = _fund(request, pk)
    rows = finance.projects_of(fund)
    context = _frame(request, fund, "fund_projects") | {
        "rows": rows, "reserved": sum((row.reserved for row in rows), Decimal(0)), "paid": sum((row.paid for row in rows), Decimal(0)),
        "may_pay": request.user.can(Permission.FUND_PAY) and fund.closed_at is None,  # type: ignore[union-attr]
    }  # fmt: skip
    return render(request, "assistance/fund_projects.html", context)


@reads_only
def fund_entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One movement with its lines; whom it paid is named where one may see the household."""
    require_somewhere(request.user, Permission.FUND_VIEW)
    rows = Entry.objects.for_user(request.user).select_related("fund__region", "reverses", "reversed_by")
    entry: Entry = get_object_or_404(rows, pk=pk)
    page = pages.keyset_page(
        Line._base_manager.filter(entry=entry), request.GET.get("cursor", ""), LINES, "pk",
        rows=lambda found: found.select_related("account__project", "delivery__household", "delivery__member", "delivery__kind"),
    )  # fmt: skip
    given = [line.delivery_id for line in page.rows if line.delivery_id]
    seen = (
        set(Delivery.objects.for_user(request.user).filter(among("pk", given)).order_by().values_list("pk", flat=True))
        if given
        else set()
    )
    url = reverse("assistance:fund_entry", args=[pk])
    paid_project = entry.kind == Entry.Kind.PAY and any(line.account.project_id for line in page.rows)
    context = {
        "entry": entry, "by": names_of([entry.by]).get(entry.by, entry.by), "fund": entry.fund, "lines": [(line, line.delivery_id in seen) for line in page.rows],
        "previous_url": page.previous and f"{url}?cursor={page.previous}", "next_url": page.next and f"{url}?cursor={page.next}",
        "reversed": hasattr(entry, "reversed_by"),
        "reversible": paid_project and not hasattr(entry, "reversed_by") and request.user.can(Permission.FUND_PAY),  # type: ignore[union-attr]
        "trail": [(_("资金"), reverse("assistance:fund_list")), (entry.fund.title, reverse("assistance:fund_page", args=[entry.fund_id])), (entry.get_kind_display(), "")],
    }  # fmt: skip
    return render(request, "assistance/fund_entry.html", context)


# -- opening, changing, closing -------------------------------------------------------------------------------------------------------


class FundForm(forms.Form):
    """A fund. Region, source and year are asked once, when it is opened."""

    region = forms.TypedChoiceField(label=gettext_lazy("所属县"), coerce=int)
    source = forms.ChoiceField(label=gettext_lazy("资金来源"), choices=SOURCE.choices)
    year = forms.TypedChoiceField(label=gettext_lazy("年度"), coerce=int)
    title = forms.CharField(
        label=gettext_lazy("资金名称"),
        max_length=80,
        help_text=gettext_lazy("与下达文件一致，如：中央财政衔接推进乡村振兴补助资金。"),
    )
    document = forms.CharField(label=gettext_lazy("文号"), max_length=80, required=False)
    ceiling = MoneyField(label=gettext_lazy("规模上限"), help_text=gettext_lazy("列入计划的钱不能超过这个数。"))

    def __init__(self, *args: Any, user: Any, fund: Fund | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if fund is not None:
            del self.fields["region"], self.fields["source"], self.fields["year"]
            return
        this_year = timezone.localdate().year
        counties = [region for region in posted_regions(user, Permission.FUND_EDIT) if region.level == Level.COUNTY]
        self.fields["region"].choices = [(region.pk, region.name) for region in counties]  # type: ignore[attr-defined]
        self.fields["year"].choices = [(year, str(year)) for year in range(this_year + 1, this_year - 4, -1)]  # type: ignore[attr-defined]


def _form(request: HttpRequest, form: forms.Form, title: str, verb: str, back: str, **more: Any) -> HttpResponse:
    context = {"form": form, "title": title, "verb": verb, "back": back, "sub": "", "facts": []} | more
    return render(request, "assistance/fund_form.html", context, status=form_status(form))


@read_on_get
def fund_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.FUND_EDIT)
    form = FundForm(request.POST or None, user=request.user, initial={"year": timezone.localdate().year})
    if form.is_bound and form.is_valid():
        data = dict(form.cleaned_data)
        region = get_object_or_404(Region, pk=data.pop("region"))
        fund = attempt(form, lambda: funds.open_fund(region=region, by=request.user, **data))
        if fund is not None:
            messages.success(
                request, _("已登记资金“%(title)s”，接下来把来源承诺的钱列入计划。") % {"title": fund.title}
            )
            return redirect("assistance:fund_page", fund.pk)
    return _form(request, form, _("登记资金"), _("登记"), reverse("assistance:fund_list"))


@read_on_get
def fund_change(request: HttpRequest, pk: int) -> HttpResponse:
    fund = _edited(request, pk)
    first = {name: getattr(fund, name) for name in ("title", "document", "ceiling")}
    form = FundForm(request.POST or None, user=request.user, fund=fund, initial=first)
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: funds.change_fund(fund=fund, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("已保存。"))
            return redirect("assistance:fund_page", pk)
    return _form(request, form, _("修改资金"), _("保存"), reverse("assistance:fund_page", args=[pk]), sub=fund.title)


@read_on_get
def fund_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Closes an open fund, opens a closed one."""
    fund = _edited(request, pk)
    is_open = fund.closed_at is None
    if request.method == "POST":
        try:
            (funds.close_fund if is_open else funds.reopen_fund)(fund=fund, by=request.user)
            messages.success(request, _("已关闭。") if is_open else _("已重新打开。"))
        except LedgerError as error:
            messages.error(request, str(error))
        return redirect("assistance:fund_page", pk)
    context = {
        "fund": fund, "figures": finance.figures_of([fund])[fund.pk], "danger": is_open, "cancel_url": reverse("assistance:fund_page", args=[pk]),
        "verb": _("关闭这项资金") if is_open else _("重新打开这项资金"),
    }  # fmt: skip
    return render(request, "assistance/fund_close.html", context)


# -- moving -------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """A movement as a form: what it is called, what it does, from which account it takes."""

    verb: Any
    hint: Any
    do: Callable[..., Entry]
    source: str
    needs_project: bool = False
    permission: Permission = Permission.FUND_EDIT


ACTS = {
    "plan": Act(gettext_lazy("列入计划"), gettext_lazy("来源承诺了多少钱，按文件登记。"), funds.plan, Account.Kind.SOURCE),
    "cut": Act(gettext_lazy("调减计划"), gettext_lazy("来源收回的承诺。只能调减还没有下达的。"), funds.cut, Account.Kind.PLANNED),
    "allot": Act(gettext_lazy("下达"), gettext_lazy("钱到账、可以发放了。"), funds.allot, Account.Kind.PLANNED),
    "recall": Act(gettext_lazy("收回"), gettext_lazy("已下达、没有用的钱退回计划。"), funds.recall, Account.Kind.ALLOTTED),
    "reserve": Act(gettext_lazy("安排项目"), gettext_lazy("从可用余额中拨给村级项目；几项资金可以捆起来办一个项目。"), funds.reserve, Account.Kind.ALLOTTED, True),
    "release": Act(gettext_lazy("退回未用项目资金"), gettext_lazy("项目用不完的钱退回可用余额。"), funds.release, Account.Kind.RESERVED, True),
    "pay": Act(gettext_lazy("支付项目"), gettext_lazy("从这个项目已安排的钱中支付，凭证号必填。"), funds.pay_project, Account.Kind.RESERVED, True, Permission.FUND_PAY),
}  # fmt: skip
MOVES = ("plan", "allot", "reserve", "cut", "recall", "release")


class MoveForm(forms.Form):
    project = forms.TypedChoiceField(label=gettext_lazy("村级项目"), coerce=int)
    amount = MoneyField(label=gettext_lazy("金额"))
    on = forms.DateField(label=gettext_lazy("日期"), widget=DateInput())
    reference = forms.CharField(label=gettext_lazy("凭证号或文号"), max_length=80, required=False)
    note = forms.CharField(label=gettext_lazy("摘要"), max_length=200, required=False)

    def __init__(self, *args: Any, projects: list[VillageProject] | None, needs_reference: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reference"].required = needs_reference
        if projects is None:
            del self.fields["project"]
            return
        self.fields["project"].choices = [("", _("请选择")), *((p.pk, f"{p.village.name} {p.title}") for p in projects)]  # type: ignore[attr-defined]


def _projects(request: HttpRequest, fund: Fund, act: Act) -> list[VillageProject] | None:
    """Projects that may be chosen; those with money of the fund where it is taken from them."""
    if not act.needs_project:
        return None
    rows = VillageProject.objects.for_user(request.user).filter(village__path__startswith=fund.region.path)
    if act.source == Account.Kind.RESERVED:
        rows = rows.filter(accounts__fund=fund, accounts__kind=Account.Kind.RESERVED, accounts__balance__gt=0)
    else:
        rows = rows.filter(stage__in=funds.TAKES_MONEY)
    return list(rows.select_related("village").order_by("-year", "-pk")[:MOST_FUNDS])


@read_on_get
def fund_move(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """A form for each movement."""
    if act not in ACTS:
        raise Http404
    own = ACTS[act]
    fund = _fund(request, pk)
    if own.permission == Permission.FUND_EDIT:
        require_in(request.user, Permission.FUND_EDIT, fund.region)
    else:
        require_somewhere(request.user, own.permission)
    projects = _projects(request, fund, own)
    first = {"on": timezone.localdate(), "project": request.GET.get("project", "")}
    form = MoveForm(request.POST or None, projects=projects, needs_reference=act == "pay", initial=first)
    if form.is_bound and form.is_valid():
        data = dict(form.cleaned_data)
        if projects is not None:
            data["project"] = next(p for p in projects if p.pk == data["project"])
        if attempt(form, lambda: own.do(fund=fund, by=request.user, **data)) is not None:
            messages.success(request, _("已登记：%(act)s。") % {"act": own.verb})
            return redirect("assistance:fund_page", pk)
    figures = finance.figures_of([fund])[fund.pk]
    left = {
        Account.Kind.SOURCE: (_("还能列入计划"), fund.ceiling - figures.promised), Account.Kind.PLANNED: (_("计划未下达"), figures.planned),
        Account.Kind.ALLOTTED: (_("可用余额"), figures.left), Account.Kind.RESERVED: (_("已安排项目"), figures.reserved),
    }[Account.Kind(own.source)]  # fmt: skip
    return _form(
        request, form, own.verb, own.verb, reverse("assistance:fund_page", args=[pk]), sub=own.hint,
        facts=[(_("资金"), fund.title, ""), (left[0], format_money(left[1]), _("元"))],
    )  # fmt: skip


class ReverseForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("日期"), widget=DateInput())
    note = forms.CharField(label=gettext_lazy("冲回的原因"), max_length=200)


@read_on_get
def fund_entry_reverse(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes back a payout for a village project."""
    require_somewhere(request.user, Permission.FUND_VIEW)
    entry: Entry = get_object_or_404(Entry.objects.for_user(request.user).select_related("fund"), pk=pk)
    require_somewhere(request.user, Permission.FUND_PAY)
    form = ReverseForm(request.POST or None, initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        back = attempt(form, lambda: funds.unpay_project(entry=entry, by=request.user, **form.cleaned_data))
        if back is not None:
            messages.success(request, _("已冲回，钱回到项目的已安排资金。"))
            return redirect("assistance:fund_entry", back.pk)
    return _form(
        request, form, _("冲回项目支付"), _("冲回"), reverse("assistance:fund_entry", args=[pk]), sub=_("全额冲回，原来的记录保留。"),
        facts=[(_("资金"), entry.fund.title, ""), (_("凭证号或文号"), entry.reference, "")],
    )  # fmt: skip


# -- for the finance office -----------------------------------------------------------------------------------------------------------


class ExportForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("从"), widget=DateInput(), required=False)
    last = forms.DateField(label=gettext_lazy("到"), widget=DateInput(), required=False)


@require_POST
def fund_export(request: HttpRequest, pk: int) -> HttpResponse:
    """The books of a period as a spreadsheet; a long one is made as a job."""
    fund = _fund(request, pk)
    form = ExportForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("日期看不懂，请重新选择。"))
        return redirect("assistance:fund_page", pk)
    data = attempt(form, lambda: books.export_books(fund=fund, by=request.user, **form.cleaned_data))
    if data is None:
        messages.error(request, next(iter(form.errors.values()))[0])
        return redirect("assistance:fund_page", pk)
    if isinstance(data, Job):
        return redirect("jobs:job_detail", data.pk)
    return _file(data, fund)


def _file(data: bytes, fund: Fund) -> FileResponse:
    name = _("%(title)s-明细.xlsx") % {"title": fund.title}
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=name)


@read_on_get
def fund_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What a job of the user's own has written: fetched by a button, because every file handed out is recorded."""
    job = get_object_or_404(jobs.jobs_of(request.user), pk=pk, kind=books.EXPORT)
    if request.method == "POST":
        try:
            return _file(*books.fetch_file(job=job, by=request.user))
        except LedgerError as error:
            messages.error(request, str(error))
    return render(request, "assistance/fund_file.html", {"job": job})
