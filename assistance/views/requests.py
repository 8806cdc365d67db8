"""点对点服务: what households ask for, from asking to their own word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from accounts.scoping import allowed, require_somewhere
from assistance import forms
from assistance.filters import RequestFilter
from assistance.listing import RequestRow
from assistance.models import Measure, ServiceRequest
from assistance.services import requests as verbs
from assistance.views.base import history_of, household_or_404, request_or_404
from common import pages
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status, posted
from households.bulk_pairing import cadres_for
from households.services import LedgerError
from households.services.helping import Helping

State = ServiceRequest.State
MOST_FOUND = 20


def _url() -> str:
    return reverse("assistance:request_list")


@reads_only
def request_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = RequestFilter(request.GET, ServiceRequest.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        return {
            "rows": [RequestRow(row) for row in page.rows],
            "fields": [filterset.form[name] for name in ("state", "column")],
            "kept": {name: query[name] for name in ("household",) if name in query},
        }

    return pages.list_page(
        request, template="assistance/request_list.html", url=_url(), filterset=filterset, context=context, counted=_counted,
        rows=lambda found: found.select_related("household__village", "household__township", "taker", "member"),
    )  # fmt: skip


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万件以上")
    return _("共 %(count)s 件") % {"count": f"{count.value:,}"}


@read_on_get
def request_new(request: HttpRequest, pk: int) -> HttpResponse:
    """登记诉求 of a household."""
    household = household_or_404(request, pk, Permission.MEASURE_EDIT)
    form = forms.AskForm(posted(request), members=list(household.members.present().order_by("relation", "pk")))
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: verbs.ask(household=household, by=request.user, **form.facts()))
        if row is not None:
            messages.success(request, _("已登记诉求，等待受理。"))
            return redirect("assistance:request_detail", row.pk)
    context = {
        "form": form, "household": household, "back": household.get_absolute_url(),
        "trail": [(str(household), household.get_absolute_url()), (_("登记诉求"), "")],
    }  # fmt: skip
    return render(request, "assistance/request_form.html", context, status=form_status(form))


@reads_only
def request_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, request_or_404(request, pk))


def _detail(
    request: HttpRequest, row: ServiceRequest, form: Any = None, which: str = "", status: int = 200
) -> HttpResponse:
    user = request.user
    edits, confirms = allowed(user, Permission.MEASURE_EDIT, row), allowed(user, Permission.DELIVERY_CONFIRM, row)
    answers = edits and row.state == State.TAKEN and row.taker_id == user.pk
    context = {
        "row": RequestRow(row), "request_row": row, "household": row.household, "history": history_of(row),
        "may_take": edits and row.state == State.ASKED,
        "may_assign": row.state in (State.ASKED, State.TAKEN) and allowed(user, Permission.PAIRING_EDIT, row),
        "answer_form": (form if which == "answer" else _answer_form(user, row)) if answers else None,
        "word_form": (form if which == "word" else forms.WordForm())
        if confirms and row.state == State.ANSWERED and row.answered_by != user.username else None,
        "own_answer": confirms and row.state == State.ANSWERED and row.answered_by == user.username,
        "close_form": (form if which == "close" else forms.CloseForm()) if edits and row.state in (State.ASKED, State.TAKEN) else None,
        "trail": [(_("服务诉求"), _url()), (str(row.household), row.household.get_absolute_url()), (row.text[:20], "")],
    }  # fmt: skip
    return render(request, "assistance/request_detail.html", context, status=status)


def _answer_form(user: Any, row: ServiceRequest, data: Any = None) -> forms.AnswerForm:
    measures = (
        Measure.objects.for_user(user)
        .filter(household=row.household_id)
        .select_related("kind")
        .order_by("-year", "-pk")[:50]
    )
    return forms.AnswerForm(data, measures=list(measures))


@require_POST
def request_take(request: HttpRequest, pk: int) -> HttpResponse:
    row = request_or_404(request, pk, Permission.MEASURE_EDIT)
    try:
        verbs.take(request=row, by=request.user)
    except (LedgerError, ValidationError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("已由您受理，请按期答复。"))
    return redirect("assistance:request_detail", pk)


@read_on_get
def request_assign(request: HttpRequest, pk: int) -> HttpResponse:
    """点对点: first a name, then the cadre who sees to it."""
    row = request_or_404(request, pk, Permission.PAIRING_EDIT)
    cadres = cadres_for(request.user).serving().select_related("unit__region", "user")
    if request.method == "POST":
        asked = request.POST.get("cadre", "")
        cadre = cadres.filter(pk=int(asked) if asked.isdecimal() and len(asked) < 19 else 0).distinct().first()
        if (
            cadre is not None
            and (say := _refused(lambda: verbs.assign(request=row, cadre=cadre, by=request.user))) is None
        ):
            messages.success(request, _("已指定%(name)s办理。") % {"name": cadre.name})
            return redirect("assistance:request_detail", pk)
        messages.error(request, say if cadre is not None else _("没有找到这位干部，请重新查找。"))
    q = request.GET.get("q", "").strip()
    found = list(cadres.filter(name__contains=q).order_by("name", "pk").distinct()[:MOST_FOUND]) if q else []
    helping = Helping.of(found, [row.household_id])
    offered = [(c, helping.why_not(c, row.household_id, timezone.localdate(), point=True)) for c in found]
    context = {
        "row": row, "household": row.household, "q": q, "found": offered, "back": reverse("assistance:request_detail", args=[pk]),
        "trail": [(_("服务诉求"), _url()), (row.text[:20], reverse("assistance:request_detail", args=[pk])), (_("指定办理人"), "")],
    }  # fmt: skip
    return render(request, "assistance/request_assign.html", context, status=422 if request.method == "POST" else 200)


def _refused(verb: Callable[[], Any]) -> str | None:
    """What a verb says where it refuses, None where it was done."""
    try:
        verb()
    except LedgerError as error:
        return str(error)
    except ValidationError as error:
        return str(error.messages[0])
    return None


@require_POST
def request_answer(request: HttpRequest, pk: int) -> HttpResponse:
    row = request_or_404(request, pk, Permission.MEASURE_EDIT)
    form = _answer_form(request.user, row, request.POST)

    def act() -> ServiceRequest:
        data = form.cleaned_data
        return verbs.answer(request=row, by=request.user, text=data["text"], measure=form.measures.get(data["measure"]))

    return _done(request, pk, form, "answer", act, _("已答复，请让另一位同志回访农户。"))


@require_POST
def request_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    row = request_or_404(request, pk, Permission.DELIVERY_CONFIRM)
    form = forms.WordForm(request.POST)

    def act() -> ServiceRequest:
        data = form.cleaned_data
        return verbs.confirm(request=row, by=request.user, satisfied=data["satisfied"] == "yes", note=data["note"])

    return _done(request, pk, form, "word", act, _("农户的意见已登记。"))


@require_POST
def request_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    row = request_or_404(request, pk, Permission.MEASURE_EDIT)
    form = forms.CloseForm(request.POST)
    return _done(
        request, pk, form, "close", lambda: verbs.withdraw(request=row, by=request.user, note=form.cleaned_data["note"]), _("诉求已撤销。")
    )  # fmt: skip


def _done(request: HttpRequest, pk: int, form: Any, which: str, act: Any, said: str) -> HttpResponse:
    if form.is_valid() and attempt(form, act) is not None:
        messages.success(request, said)
        return redirect("assistance:request_detail", pk)
    row = request_or_404(request, pk)
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return _detail(request, row, form, which, status=422)
