"""Pages of exports: formats, a request, the file."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from common import jobs, pages
from common.answering import attempt, form_status, posted, sent_file
from common.models import Job
from common.readonly import read_on_get, reads_only
from exchange.outgoing import fields, kinds, reading, services
from exchange.outgoing.forms import MAPPING, ColumnsForm, ExportForm, MappingNewForm, PasswordForm, VillagesForm
from exchange.outgoing.models import ExportMapping, ExportRun, RowKind
from exchange.outgoing.services import ExportRefusedError
from households import selection
from households.filters import HouseholdFilter
from households.listing import counted
from households.models import Household
from households.services import LedgerError

ROWS = 20
PREFIX = "x"  # of the form's names: the filters of the list stand beside them
LOCKED = "application/octet-stream"


def _may(request: HttpRequest) -> None:
    require_somewhere(request.user, Permission.HOUSEHOLD_EXPORT)


def _tabs(request: HttpRequest) -> list[tuple[str, str, bool]]:
    found = [(_("导出记录"), reverse("exchange:export_list")), (_("导出格式"), reverse("exchange:mapping_list"))]
    return [(label, address, request.path == address) for label, address in found]


def _trail(above: str, name: str, here: str) -> list[tuple[str, str]]:
    return [(name, reverse(above)), (here, "")]


# -- files --------------------------------------------------------------------------------------------------------------------------


@reads_only
def export_list(request: HttpRequest) -> HttpResponse:
    """What I asked for lately."""
    _may(request)
    page = pages.keyset_page(
        ExportRun.objects.for_user(request.user), request.GET.get("cursor", ""), ROWS,
        rows=lambda found: found.select_related("job").defer("columns", "chosen", "villages"),
    )  # fmt: skip
    for export in page.rows:
        export.has_numbers = kinds.of(export.row_kind).has_numbers
    address = reverse("exchange:export_list")
    context = {
        "page": page, "tabs": _tabs(request),
        "previous_url": pages.address(address, {"cursor": page.previous}) if page.previous else "",
        "next_url": pages.address(address, {"cursor": page.next}) if page.next else "",
    }  # fmt: skip
    return render(request, "exchange/export_list.html", context)


def _newest_year(user: Any) -> int:
    newest = Household.objects.for_user(user).order_by("-latest_year").values_list("latest_year", flat=True).first()
    return newest or timezone.localdate().year


@read_on_get
def export_new(request: HttpRequest) -> HttpResponse:
    """Everything that the list's filters find; they come along in the address, and in hidden fields of the form."""
    _may(request)
    seen = Household.objects.for_user(request.user)
    filterset = HouseholdFilter(request.POST if request.method == "POST" else request.GET, seen, request=request)
    back = reverse("households:household_list")
    if not filterset.is_valid():
        messages.error(request, _("筛选条件已经过期或有误，请在这里重新筛选后再导出。"))
        return redirect(back)
    query = pages.query_of(filterset)
    found = pages.Count.of(filterset.qs.order_by().values("pk")[: pages.CAP + 1].count())
    chips = [text for text, _without in pages.active_filters(filterset, back)]
    return _ask(request, {"query": query}, count=found, chips=chips, hidden=query, back=pages.address(back, query))


@require_POST
def export_chosen(request: HttpRequest) -> HttpResponse:
    """The households ticked in the list; the first POST brings them, the second, with the form, queues them."""
    _may(request)
    back = pages.address(reverse("households:household_list"), selection.list_query(request))
    try:
        chosen = selection.read(request, Permission.HOUSEHOLD_EXPORT)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(back)
    if not chosen.pks:
        messages.error(request, _("所选农户不在您能导出的范围内。"))
        return redirect(back)
    return _ask(
        request, {"chosen": chosen.pks}, count=pages.Count(len(chosen)), hidden={"chosen": chosen.token}, back=back,
        left_out=chosen.left_out,
    )  # fmt: skip


def _ask(request: HttpRequest, wanted: dict[str, Any], *, count: pages.Count, hidden: dict[str, str], back: str, chips: Any = (),
         left_out: int = 0) -> HttpResponse:  # fmt: skip
    """In which format; with the form filled in, queue it."""
    submitted = request.POST if f"{PREFIX}-output" in request.POST else None
    initial = {"year": _newest_year(request.user), "mapping": request.GET.get("mapping", "")}
    form = ExportForm(submitted, user=request.user, prefix=PREFIX, initial=initial)
    if submitted is not None and count.value and form.is_valid():
        data = form.cleaned_data
        export = attempt(form, lambda: services.request_export(
            by=request.user, mapping=data["mapping"], year=data["year"], full=data["full"], reason=data.get("reason", ""),
            output=data["output"], only_changed=data["only_changed"], **wanted,
        ))  # fmt: skip
        if export is not None:
            return redirect("exchange:export_detail", export.pk)
    context = {
        "form": form, "count": count.value, "count_text": counted(count), "hidden": hidden, "chips": chips, "back": back,
        "left_out": left_out, "trail": _trail("exchange:export_list", _("导出数据"), _("导出")),
    }  # fmt: skip
    return render(request, "exchange/export_new.html", context, status=form_status(form))


@read_on_get
def export_villages(request: HttpRequest) -> HttpResponse:
    """A row a village, of a region; the filters of the households' list choose nothing here, and are refused."""
    _may(request)
    kind = kinds.of(RowKind.VILLAGE)
    refused = kind.strange(set(request.GET) - {"mapping"})
    region = (request.POST if request.method == "POST" else request.GET).get("region", "")
    filterset = kind.bound({"region": region}, request.user)
    initial = {"year": _newest_year(request.user), "region": region}
    if request.GET.get("mapping"):
        initial["mapping"] = request.GET["mapping"]
    form = VillagesForm(posted(request), user=request.user, filterset=filterset, initial=initial)
    if request.method == "POST" and not refused and form.is_valid():
        data = form.cleaned_data
        export = attempt(form, lambda: services.request_export(
            by=request.user, mapping=data["mapping"], year=data["year"], query=pages.query_of(filterset), output=data["output"],
            only_changed=data["only_changed"],
        ))  # fmt: skip
        if export is not None:
            return redirect("exchange:export_detail", export.pk)
    status = 422 if refused else form_status(form)
    trail = _trail("exchange:export_list", _("导出数据"), _("导出村名单"))
    context = {"form": form, "refused": refused, "trail": trail}
    return render(request, "exchange/export_villages.html", context, status=status)


def _run(request: HttpRequest, pk: int) -> ExportRun:
    return get_object_or_404(ExportRun.objects.for_user(request.user).select_related("job", "base"), pk=pk)


def _progress(export: ExportRun) -> dict[str, Any]:
    job = export.job
    detail = "" if job.state == Job.State.DONE else job.error or job.message or _("排队中，轮到后自动开始")
    return {"export": export, "job": job, "detail": detail, "text": _("导出")}


def _shown(request: HttpRequest, export: ExportRun, form: PasswordForm | None = None) -> HttpResponse:
    keep_until = timezone.localtime(export.created_at) + dt.timedelta(days=settings.DOCUMENT_DAYS)
    kind = kinds.of(export.row_kind)
    context = {
        "sub": _("%(year)s 年度") % {"year": export.year} + f" · {export.get_row_kind_display()}", "keep_until": keep_until, "form": form or PasswordForm(), "can_lock": export.output == ExportRun.Output.XLSX,
        "told": kind.told(export), "closing": kind.closing, "has_numbers": kind.has_numbers, "no_base": export.only_changed and export.base_id is None,
    }  # fmt: skip
    return render(request, "exchange/export_detail.html", _progress(export) | context, status=form_status(form))


@reads_only
def export_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: how far, what came out, the file."""
    return _shown(request, _run(request, pk))


@reads_only
def export_progress(request: HttpRequest, pk: int) -> HttpResponse:
    export = _run(request, pk)
    if not export.job.is_open:
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "exchange/export_detail.html#progress", _progress(export))


@sensitive_post_parameters("password")
@sensitive_variables()
@require_POST
def export_file(request: HttpRequest, pk: int) -> Any:
    """The file, locked by a password where one is given. A POST, because fetching it is written into the history."""
    export = _run(request, pk)
    form = PasswordForm(request.POST) if "password" in request.POST else None
    if form is not None and not form.is_valid():
        return _shown(request, export, form)
    password = form.cleaned_data["password"] if form else ""
    try:
        pieces = services.fetch_export(export=export, by=request.user, password=password)
    except ExportRefusedError as error:
        if form is not None:
            form.add_error("password", str(error))
            return _shown(request, export, form)
        messages.error(request, str(error))
        return redirect("exchange:export_detail", export.pk)
    return sent_file(export.file_name, LOCKED if password else export.media_type, pieces)


def _act(request: HttpRequest, pk: int, act: Any, said: str = "") -> HttpResponse:
    export = _run(request, pk)
    try:
        act(job=export.job, by=request.user)
    except jobs.JobError as error:
        messages.error(request, str(error))
    else:
        if said:
            messages.success(request, said)
    return redirect("exchange:export_detail", export.pk)


@require_POST
def export_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, jobs.cancel_job, _("已要求停止，没有做完的文件不保留。"))


@require_POST
def export_retry(request: HttpRequest, pk: int) -> HttpResponse:
    return _act(request, pk, jobs.retry_job)


# -- formats ------------------------------------------------------------------------------------------------------------------------


@reads_only
def mapping_list(request: HttpRequest) -> HttpResponse:
    """One's own formats and those of the county."""
    _may(request)
    mappings = list(
        ExportMapping.objects.for_user(request.user).select_related("owner", "region").order_by("name", "pk")
    )
    for one in mappings:
        one.width = len(one.columns)
    return render(request, "exchange/mapping_list.html", {"mappings": mappings, "tabs": _tabs(request)})


@read_on_get
def mapping_new(request: HttpRequest) -> HttpResponse:
    """A format that begins with one that is there, with a sheet of the superior, or with nothing."""
    _may(request)
    may_share = bool(services.counties_to_share(request.user))
    form = MappingNewForm(posted(request), request.FILES or None, user=request.user, may_share=may_share)
    if request.method == "POST" and form.is_valid():
        mapping = attempt(form, lambda: _create(request, form))
        if mapping is not None:
            return redirect("exchange:mapping_detail", mapping.pk)
    context = {"form": form, "trail": _trail("exchange:mapping_list", _("导出格式"), _("新建导出格式"))}
    return render(request, "exchange/mapping_new.html", context, status=form_status(form))


def _create(request: HttpRequest, form: MappingNewForm) -> ExportMapping:
    data = form.cleaned_data
    upload, beginning = data["file"], form.beginning()
    row_kind, columns = data["row_kind"], []
    if upload is not None:
        texts = reading.heading_texts(upload.read())
        row_kind = row_kind or reading.kind_meant(texts)
        columns = fields.columns_for(texts, row_kind)
    elif beginning is not None:
        row_kind, columns = beginning.row_kind, beginning.columns
    return services.create_mapping(
        by=request.user, name=data["name"], row_kind=row_kind or "member", columns=columns, shared=data.get("shared", False),
    )  # fmt: skip


def _mapping(request: HttpRequest, pk: int) -> ExportMapping:
    _may(request)
    found = ExportMapping.objects.for_user(request.user).select_related("owner", "region")
    mapping: ExportMapping = get_object_or_404(found, pk=pk)
    return mapping


@read_on_get
def mapping_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The columns of a format: their headings, their order, what is added and struck out. Every button saves."""
    mapping = _mapping(request, pk)
    can_change = services.may_change(request.user, mapping)
    columns, error = mapping.columns, ""
    name, shared = mapping.name, mapping.region_id is not None
    if request.method == "POST":
        if not can_change:
            raise PermissionDenied(Permission.HOUSEHOLD_EXPORT)
        columns = ColumnsForm(request.POST, mapping.row_kind).columns()
        may_share = bool(services.counties_to_share(request.user))
        name, shared = request.POST.get("name", ""), bool(request.POST.get("shared")) if may_share else shared
        version = request.POST.get("version", "")
        try:
            services.change_mapping(
                mapping=mapping, by=request.user, name=name, columns=columns, shared=shared,
                version=int(version) if version.isdecimal() and len(version) < 9 else None,
            )  # fmt: skip
        except ExportRefusedError as refused:
            error = str(refused)
        except services.ValidationError as refused:
            error = refused.messages[0]
        else:
            messages.success(request, _("已保存。"))
            way, _dash, at = request.POST.get("move", "").partition("-")
            place = f"#column-{int(at) + (1 if way == 'down' else -1)}" if at.isdecimal() and len(at) < 5 else ""
            return redirect(reverse("exchange:mapping_detail", args=[pk]) + place)
    context = {
        "export_url": pages.address(reverse(kinds.of(mapping.row_kind).page), {"mapping": f"{MAPPING}:{mapping.pk}"}),
        "mapping": mapping, "name": name, "shared": shared, "error": error, "can_change": can_change,
        "may_share": bool(services.counties_to_share(request.user)), "rows": _column_rows(columns),
        "groups": _addable(columns, mapping.row_kind) if can_change else [], "version": mapping.version,
    }  # fmt: skip
    return render(request, "exchange/mapping_detail.html", context, status=422 if error else 200)


def _column_rows(columns: Any) -> list[dict[str, Any]]:
    last = len(columns) - 1
    found = []
    for at, column in enumerate(columns):
        field = fields.BY_KEY.get(column["field"]) if column["field"] else None
        found.append({
            **column, "at": at, "place": at + 1, "label": field.label if field else "", "has_codes": bool(field and field.has_codes),
            "is_code": column.get("form") == fields.CODE, "first": at == 0, "last": at == last, "long": "\n" in column["heading"],
        })  # fmt: skip
    return found


def _addable(columns: Any, row_kind: str) -> list[tuple[str, list[Any], int]]:
    """Fields that are not among the columns yet, by group."""
    taken = {column["field"] for column in columns}
    found = []
    for label, group in fields.choices(row_kind):
        left = [field for field in group if field.key not in taken]
        if left:
            found.append((label, left, len(left)))
    return found


@read_on_get
def mapping_delete(request: HttpRequest, pk: int) -> HttpResponse:
    mapping = _mapping(request, pk)
    if not services.may_change(request.user, mapping):
        raise PermissionDenied(Permission.HOUSEHOLD_EXPORT)
    if request.method == "POST":
        services.delete_mapping(mapping=mapping, by=request.user)
        messages.success(request, _("已删除导出格式“%(name)s”，用它导出过的文件还在。") % {"name": mapping.name})
        return redirect("exchange:mapping_list")
    context = {
        "title": _("删除导出格式"), "text": mapping.name, "verb": _("确认删除"), "danger": True,
        "cancel_url": reverse("exchange:mapping_detail", args=[pk]), "mapping": mapping,
    }  # fmt: skip
    return render(request, "exchange/mapping_delete.html", context)
