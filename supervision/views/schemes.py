"""考评办法 on screen: versions of a county, a draft with its weights."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import posted_regions, require, require_somewhere
from common.answering import attempt, form_status, posted
from common.readonly import read_on_get, reads_only
from common.refusal import RefusedError
from regions.models import Level, Region
from supervision import items
from supervision.forms import SchemeForm
from supervision.models import AppraisalScheme
from supervision.services import schemes as verbs

TONES = {"draft": "amber", "in_force": "green", "retired": "grey"}


def scheme_or_404(request: HttpRequest, pk: int) -> AppraisalScheme:
    """A scheme that one sees (404) and may change (403)."""
    require_somewhere(request.user, Permission.APPRAISAL_VIEW)
    row: AppraisalScheme = get_object_or_404(
        AppraisalScheme.objects.for_user(request.user).select_related("region"), pk=pk
    )
    require(request.user, Permission.RULE_EDIT, row)
    return row


def _trail(*more: tuple[str, str]) -> list[tuple[str, str]]:
    listed = reverse("supervision:scheme_list")
    return [(_("考评"), reverse("supervision:round_list")), (_("考评办法"), listed if more else ""), *more]


@reads_only
def scheme_list(request: HttpRequest) -> HttpResponse:
    """Every version, the newest first, with its weights."""
    require_somewhere(request.user, Permission.APPRAISAL_VIEW)
    found = list(AppraisalScheme.objects.for_user(request.user).select_related("region").order_by("region__code", "-version"))  # fmt: skip
    names = names_of({row.made_by for row in found})
    edits = {r.pk for r in _counties(request.user)}
    context = {
        "rows": [
            {
                "scheme": row, "tone": TONES[row.state], "by": names.get(row.made_by, row.made_by), "edits": row.region_id in edits,
                "weights": [(item.title, row.weights[item.code]) for item in items.every() if item.code in row.weights],
            }
            for row in found
        ],
        "may_draft": bool(edits) and not any(row.state == "draft" and row.region_id in edits for row in found), "trail": _trail(),
    }  # fmt: skip
    return render(request, "supervision/scheme_list.html", context)


def _counties(user: Any) -> list[Region]:
    return [r for r in posted_regions(user, Permission.RULE_EDIT) if r.level == Level.COUNTY]


@read_on_get
def scheme_new(request: HttpRequest) -> HttpResponse:
    """The next version; it begins as a copy of the one in force."""
    require_somewhere(request.user, Permission.RULE_EDIT)
    county = _counties(request.user)[0]
    old = AppraisalScheme.objects.for_user(request.user).filter(region=county, state="in_force").first()
    form = SchemeForm(posted(request), scheme=old)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        row = attempt(
            form,
            lambda: verbs.draft_scheme(
                region=county, name=data["name"], weights=form.weights(), reply_days=data["reply_days"], by=request.user
            ),
        )
        if row is not None:
            messages.success(request, _("草稿已保存，施行后才用于考评。"))
            return redirect("supervision:scheme_list")
    return _page(request, form, _("新立一版考评办法"))


@read_on_get
def scheme_edit(request: HttpRequest, pk: int) -> HttpResponse:
    scheme = scheme_or_404(request, pk)
    form = SchemeForm(posted(request), scheme=scheme)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        row = attempt(
            form,
            lambda: verbs.change_scheme(
                scheme=scheme, name=data["name"], weights=form.weights(), reply_days=data["reply_days"], by=request.user
            ),
        )
        if row is not None:
            messages.success(request, _("草稿已保存，施行后才用于考评。"))
            return redirect("supervision:scheme_list")
    return _page(request, form, _("修改考评办法草稿"))


def _page(request: HttpRequest, form: Any, title: str) -> HttpResponse:
    context = {
        "form": form, "title": title, "trail": _trail((title, "")), "back": reverse("supervision:scheme_list"),
        "weights": [form[f"w_{item.code}"] for item in items.every()],
    }  # fmt: skip
    return render(request, "supervision/scheme_form.html", context, status=form_status(form))


@require_POST
def scheme_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """施行 or discard a draft."""
    scheme = scheme_or_404(request, pk)
    try:
        if act == "force":
            verbs.put_in_force(scheme=scheme, by=request.user)
            messages.success(request, _("已施行，以后发起的考评按这一版计算；以前的考评不变。"))
        elif act == "discard":
            verbs.discard_draft(scheme=scheme, by=request.user)
            messages.success(request, _("草稿已删除。"))
        else:
            raise Http404
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("supervision:scheme_list")
