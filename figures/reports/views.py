"""Pages of the report centre: the list of tables, a table, tables put together by hand, what is kept, what the calendar made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.scoping import require_somewhere
from common.answering import INVALID, attempt, form_page, posted, sent_file
from common.pages import address
from common.pdf import PrintError
from common.readonly import read_on_get, reads_only
from figures import datasets
from figures.board import SEE
from figures.reports import asking, definitions, paper, services
from figures.reports.asking import PIVOT, AskedError, Question
from figures.reports.forms import AskForm, PivotForm, SaveForm, ScheduleForm
from figures.reports.models import Output, ReportFile, ReportSchedule, SavedReport
from figures.reports.tables import Grid, answer

AT_ONCE = 800  # cells of a PDF that somebody waits for: about two seconds
FILES, SCHEDULES = 20, 30  # shown of those that were made, of those that are or were asked by the calendar


def _trail(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("报表"), reverse("figures:reports")), *more]


@reads_only
def reports(request: HttpRequest) -> HttpResponse:
    """All tables one may see, what is kept, what the calendar does and made."""
    user: Any = request.user
    require_somewhere(user, SEE)
    groups = [
        (heading, [table for table in tables if (found := datasets.get(table.dataset)) and asking.may_see(user, found)])
        for heading, tables in definitions.grouped()
    ]
    since = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    made = ReportFile.objects.for_user(user).filter(created_at__gt=since).select_related("job").order_by("-pk")[:FILES]
    context = {
        "groups": [(heading, tables) for heading, tables in groups if tables],
        "saved": [(each, _title(each.code)) for each in SavedReport.objects.for_user(user).select_related("owner", "region", "place")],
        "schedules": ReportSchedule.objects.for_user(user).select_related("place").order_by("stopped", "next_on", "name")[:SCHEDULES],
        "files": made, "days": settings.DOCUMENT_DAYS,
    }  # fmt: skip
    return render(request, "figures/reports/centre.html", context)


def _title(code: str) -> str:
    table = definitions.BY_CODE.get(code)
    return str(table.title) if table else _("自定义报表")


def _asked(request: HttpRequest, code: str) -> Question:
    require_somewhere(request.user, SEE)
    return asking.parse(code, request.GET.dict(), request.user)


def _dataset(code: str, data: Mapping[str, str], user: Any) -> datasets.Dataset:
    """Of which the form of a page speaks, also where the question is wrong."""
    table = definitions.BY_CODE.get(code)
    found = datasets.get(table.dataset if table else data.get("dataset", ""))
    if found is None or not asking.may_see(user, found):
        found = datasets.get("households")
    assert found is not None  # noqa: S101  it is shipped
    return found


@reads_only
def report(request: HttpRequest, code: str) -> HttpResponse:
    """A table of the list, or one put together by hand (`asking.PIVOT`)."""
    require_somewhere(request.user, SEE)
    data = request.GET.dict()
    if code == PIVOT:
        data = {"dataset": "households", "across": "status"} | data if "dataset" not in data else data
        data = _fitting(data)
    question, error = None, ""
    try:
        question = asking.parse(code, data, request.user)
    except AskedError as refused:
        error = str(refused)
    return _page(request, code, data, question, error)


def _fitting(data: Mapping[str, str]) -> dict[str, str]:
    """What was chosen for another dataset is let go: the page sends all its fields when what is counted changes."""
    dataset = datasets.get(data.get("dataset", ""))
    if dataset is None or data.get("was", dataset.code) == dataset.code:
        return dict(data)
    return {name: value for name, value in data.items() if name in ("dataset", "region", "year")}


def _page(
    request: HttpRequest, code: str, data: Mapping[str, str], question: Question | None, error: str
) -> HttpResponse:
    dataset = question.dataset if question else _dataset(code, data, request.user)
    axes = (*question.rows, question.column) if question else ()
    region = str(question.region.pk if question else data.get("region", "") or asking.tops(request.user)[0].pk)
    form = (PivotForm if code == PIVOT else AskForm)(data, request.user, dataset, axes, region)
    title = _title(code)
    grid = answer(question) if question else None
    context = {
        "grid": grid, "question": question, "error": error, "form": form, "title": title, "trail": _trail((title, "")), "dataset": dataset,
        "is_pivot": code == PIVOT, "groups": _spans(grid) if grid else [], "at_once": grid is not None and not _is_long(grid, "pdf"),
        "clear_url": reverse("figures:report", args=[code]), "scope": _scope(grid) if grid else "",
    } | (_ways(question) if question else {})  # fmt: skip
    return render(request, "figures/reports/report.html", context, status=INVALID if error else 200)


def _scope(grid: Grid) -> str:
    """What the numbers are of, under the title."""
    question = grid.question
    unit = [_("单位：%(unit)s") % {"unit": grid.unit}] if grid.unit else []
    return " · ".join([*([question.title] if question.code == PIVOT else []), question.scope, *unit])


def _ways(question: Question) -> dict[str, Any]:
    """Where to go on from a table."""
    return {
        "xlsx_url": _file_url(question, "xlsx"), "pdf_url": _file_url(question, "pdf"), "ask_url": question.url("figures:report_ask"),
        "save_url": question.url("figures:report_save"), "schedule_url": question.url("figures:schedule_new"),
        "pivot_url": _pivot_url(question) if question.code != PIVOT else "",
    }  # fmt: skip


def _file_url(question: Question, output: str) -> str:
    return address(
        reverse("figures:report_file", args=[question.code, output]),
        question.query | {"region": str(question.region.pk)},
    )


def _pivot_url(question: Question) -> str:
    """The same table as one put together by hand, to go on from."""
    axes = {
        "dataset": question.dataset.code,
        "row": question.rows[0],
        "across": question.column,
        "value": question.measures[0].code,
    }
    found = {**question.query, **axes, "region": str(question.region.pk)}
    return address(reverse("figures:report", args=[PIVOT]), {name: value for name, value in found.items() if value})


def _spans(grid: Grid) -> list[tuple[Any, list[tuple[str, str, int]]]]:
    """(line, its heads with how many lines each goes down; a head that goes on is left out)."""
    found: list[tuple[Any, list[tuple[str, str, int]]]] = []
    lines = grid.lines
    for place, line in enumerate(lines):
        heads = []
        for n, (text, url) in enumerate(line.heads):
            if n == len(line.heads) - 1:
                heads.append((text, url, 1))
            elif place == 0 or lines[place - 1].heads[: n + 1] != line.heads[: n + 1]:
                same = 1
                while place + same < len(lines) and lines[place + same].heads[: n + 1] == line.heads[: n + 1]:
                    same += 1
                heads.append((text, url, same))
        found.append((line, heads))
    return found


def _is_long(grid: Grid, output: str) -> bool:
    return output == "pdf" and grid.size > AT_ONCE


@reads_only
def report_file(request: HttpRequest, code: str, output: str) -> HttpResponse:
    """The table as a file. A long PDF is a worker's: the page offers that."""
    if output not in paper.OUTPUTS:
        raise Http404
    try:
        _asked(request, code)  # what is wrong with it is said in the language of the page
        with translation.override("zh-hans"):  # as every paper
            grid = answer(_asked(request, code))
            content = b"" if _is_long(grid, output) else paper.made(grid, output)
            name = paper.file_name(grid, output)
    except (AskedError, PrintError) as error:
        return _page(request, code, request.GET.dict(), None, str(error))
    if not content:
        return _page(request, code, request.GET.dict(), None, _("这张表太长，PDF 要在后台生成。请点“后台生成 PDF”。"))
    return sent_file(name, paper.OUTPUTS[output], content)


@require_POST
def report_ask(request: HttpRequest, code: str) -> HttpResponse:
    """A file from a worker; what is asked stands in the address."""
    try:
        made = services.request_file(
            question=_asked(request, code), output=request.POST.get("output", ""), by=request.user
        )
    except AskedError as error:
        messages.error(request, str(error))
        return redirect("figures:reports")
    messages.success(request, _("已排队生成“%(name)s”，做好后在这里下载。") % {"name": made.name})
    return redirect(reverse("figures:reports") + "#files")


def _pairs(question: Question) -> list[tuple[str, str]]:
    return [(_("报表"), question.title), (_("范围"), question.scope)]


def _question_or_page(request: HttpRequest, code: str) -> Question | HttpResponse:
    try:
        return _asked(request, code)
    except AskedError as error:
        return _page(request, code, request.GET.dict(), None, str(error))


@read_on_get
def report_save(request: HttpRequest, code: str) -> HttpResponse:
    """A name for the question in the address."""
    question = _question_or_page(request, code)
    if isinstance(question, HttpResponse):
        return question
    form = SaveForm(posted(request), initial={"name": question.title[: services.LONGEST_NAME]})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        saved = attempt(
            form,
            lambda: services.save_report(question=question, name=data["name"], shared=data["shared"], by=request.user),
        )
        if saved is not None:
            messages.success(request, _("已保存报表“%(name)s”。") % {"name": saved.name})
            return redirect(reverse("figures:reports") + "#saved")
    back = question.url()
    return form_page(
        request, form, _("保存报表"), back=back, trail=_trail((question.title, back)), pairs=_pairs(question)
    )


@reads_only
def saved(request: HttpRequest, pk: int) -> HttpResponse:
    """A kept question: in the region it was asked for, or, somebody else's, in one's own."""
    require_somewhere(request.user, SEE)
    kept = get_object_or_404(SavedReport.objects.for_user(request.user), pk=pk)
    place = {"region": str(kept.place_id)} if kept.owner_id == request.user.pk else {}
    return redirect(address(reverse("figures:report", args=[kept.code]), kept.query | place))


@read_on_get
def saved_delete(request: HttpRequest, pk: int) -> HttpResponse:
    require_somewhere(request.user, SEE)
    kept = get_object_or_404(SavedReport.objects.for_user(request.user), pk=pk)
    if kept.owner_id != request.user.pk:
        raise PermissionDenied(SEE)
    if request.method == "POST":
        services.delete_saved(saved=kept, by=request.user)
        messages.success(request, _("已删除保存的报表“%(name)s”。") % {"name": kept.name})
        return redirect("figures:reports")
    shared = _("这个报表是共享的，别人也不能再用。") if kept.region_id else ""
    return form_page(
        request, forms.Form(), _("删除保存的报表"), back=reverse("figures:reports"), trail=_trail(), verb=_("确认删除"), danger=True,
        pairs=[(_("报表"), kept.name)], warning=shared,
    )  # fmt: skip


@read_on_get
def schedule_new(request: HttpRequest, code: str) -> HttpResponse:
    """The question in the address, by the calendar."""
    question = _question_or_page(request, code)
    if isinstance(question, HttpResponse):
        return question
    form = ScheduleForm(posted(request), initial={"name": question.title[: services.LONGEST_NAME]})
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: services.schedule_report(question=question, by=request.user, **form.cleaned_data))
        if made is not None:
            messages.success(request, _("已排好定时报表“%(name)s”，做好后在这里下载。") % {"name": made.name})
            return redirect(reverse("figures:reports") + "#schedules")
    back = question.url()
    return form_page(
        request, form, _("定时报表"), back=back, trail=_trail((question.title, back)), pairs=_pairs(question),
        sub=_("到日子由系统夜里自动做好，按您当时的权限。"),
    )  # fmt: skip


@require_POST
def schedule_stop(request: HttpRequest, pk: int) -> HttpResponse:
    require_somewhere(request.user, SEE)
    schedule = get_object_or_404(ReportSchedule.objects.for_user(request.user), pk=pk)
    try:
        services.stop_schedule(schedule=schedule, by=request.user)
    except AskedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已停止定时报表“%(name)s”，做好的文件还在。") % {"name": schedule.name})
    return redirect(reverse("figures:reports") + "#schedules")


@require_POST
def made_file(request: HttpRequest, pk: int) -> HttpResponse:
    """A file that a worker made. A POST, because fetching it is written into the history."""
    require_somewhere(request.user, SEE)
    made = get_object_or_404(ReportFile.objects.for_user(request.user).select_related("job", "place"), pk=pk)
    try:
        content = services.fetch_file(made=made, by=request.user)
    except AskedError as error:
        messages.error(request, str(error))
        return redirect(reverse("figures:reports") + "#files")
    name = f"{made.name}.{made.output}".replace("/", "-")
    return sent_file(name, paper.OUTPUTS[Output(made.output).value], content)
