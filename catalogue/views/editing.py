"""Pages that change the catalogue: adding, changing, retiring a kind of help and a relief category; what was changed in one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require_somewhere
from catalogue import conditions, forms, history, services, usage
from catalogue.models import MeasureKind, ReliefCategory
from common.readonly import read_on_get, reads_only
from households.answering import INVALID, attempt
from households.services import LedgerError

FACTS = ("title", "column", "category", "whose", "unit", "has_money", "period", "ceiling", "eligible_say", "causes", "checks", "entitles",
         "department", "valid_from", "valid_to")  # fmt: skip


def _kind(request: HttpRequest, code: str) -> MeasureKind:
    require_somewhere(request.user, Permission.CATALOGUE_EDIT)
    return get_object_or_404(MeasureKind.objects.select_related("category"), code=code)


@read_on_get
def kind_add(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.CATALOGUE_EDIT)
    return _edit(request, None)


@read_on_get
def kind_edit(request: HttpRequest, code: str) -> HttpResponse:
    return _edit(request, _kind(request, code))


def _edit(request: HttpRequest, kind: MeasureKind | None) -> HttpResponse:
    """The form of a kind with the rows of its condition and of its own fields, in one."""
    data = request.POST if request.method == "POST" else None
    told = conditions.of_rule(kind.eligible, kind.whose) if kind else None
    fields = list(kind.fields) if kind else []
    form = forms.KindForm(data, kind=kind, initial=_initial(kind))
    rows = forms.ConditionSet(
        data, prefix="rule", initial=[forms.ConditionForm.initial_of(row) for row in told.rows] if told else []
    )
    own = forms.FieldSet(data, prefix="field", initial=[forms.FieldForm.initial_of(each) for each in fields])
    if data is not None and all([form.is_valid(), rows.is_valid(), own.is_valid()]):
        done = attempt(form, lambda: _save(request, form, rows, own, kind))
        if done is not None:
            messages.success(request, _("“%(title)s”已保存。") % {"title": done.title})
            return redirect("catalogue:kind_detail", done.code)
    context = {
        "form": form, "rows": rows, "own": own, "kind": kind, "used": kind is not None and usage.is_used(kind),
        "head": [form[name] for name in form.fields if name not in ("condition", "joined", "eligible_say", "version")],
        "types": forms.TYPES,
    }  # fmt: skip
    return render(request, "catalogue/kind_form.html", context, status=INVALID if data is not None else 200)


def _initial(kind: MeasureKind | None) -> dict[str, Any]:
    if kind is not None:
        return forms.KindForm.initial_of(kind)
    return {"valid_from": timezone.localdate(), "condition": forms.ROWS, "has_money": True}


def _save(request: HttpRequest, form: forms.KindForm, rows: Any, own: Any, kind: MeasureKind | None) -> MeasureKind:
    data = form.cleaned_data
    facts = {name: data[name] for name in FACTS} | {
        "eligible": forms.rule_of(form, rows, kind),
        "fields": forms.fields_of(own, kind.fields if kind else ()),
    }
    if kind is None:
        return services.add_kind(by=request.user, code=data["code"], facts=facts)
    return services.change_kind(kind=kind, by=request.user, facts=facts, version=data["version"])


@read_on_get
def kind_retire(request: HttpRequest, code: str) -> HttpResponse:
    """Retire a kind from a day on, or take that back where it is retired."""
    kind = _kind(request, code)
    form: Any = forms.RetireForm(
        request.POST if request.method == "POST" else None,
        initial={"on": timezone.localdate(), "version": kind.version},
    )
    if kind.valid_to is not None:
        del form.fields["on"]
    if request.method == "POST" and form.is_valid():
        version = form.cleaned_data["version"]
        done = attempt(
            form,
            lambda: (
                services.restore_kind(kind=kind, by=request.user, version=version)
                if kind.valid_to is not None
                else services.retire_kind(kind=kind, by=request.user, on=form.cleaned_data["on"], version=version)
            ),
        )
        if done is not None:
            messages.success(request, _("“%(title)s”已保存。") % {"title": done.title})
            return redirect("catalogue:kind_detail", done.code)
    status = INVALID if request.method == "POST" else 200
    return render(request, "catalogue/kind_retire.html", {"form": form, "kind": kind}, status=status)


@reads_only
def kind_history(request: HttpRequest, code: str) -> HttpResponse:
    require_somewhere(request.user, Permission.HISTORY_VIEW)
    kind = get_object_or_404(MeasureKind, code=code)
    return render(request, "catalogue/kind_history.html", {"kind": kind, "changes": history.of(kind)})


# -- relief categories ----------------------------------------------------------------------------------------------------------


@reads_only
def category_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.CATALOGUE_EDIT)
    return render(request, "catalogue/category_list.html", {"categories": ReliefCategory.objects.all()})


@read_on_get
def category_add(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.CATALOGUE_EDIT)
    form = forms.CategoryForm(request.POST if request.method == "POST" else None, new=True)
    return _category(
        request, form, None, lambda: services.add_category(by=request.user, name=form.cleaned_data["name"])
    )


@read_on_get
def category_edit(request: HttpRequest, pk: int) -> HttpResponse:
    require_somewhere(request.user, Permission.CATALOGUE_EDIT)
    category = get_object_or_404(ReliefCategory, pk=pk)
    initial = {"name": category.name, "place": category.place, "version": category.version}
    form = forms.CategoryForm(request.POST if request.method == "POST" else None, initial=initial)
    return _category(
        request,
        form,
        category,
        lambda: services.change_category(
            category=category, by=request.user, name=form.cleaned_data["name"], place=form.cleaned_data["place"],
            version=form.cleaned_data["version"],
        ),
    )  # fmt: skip


def _category(
    request: HttpRequest, form: Any, category: ReliefCategory | None, verb: Callable[[], ReliefCategory]
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        done = attempt(form, verb)
        if done is not None:
            messages.success(request, _("“%(title)s”已保存。") % {"title": done.name})
            return redirect("catalogue:category_list")
    status = INVALID if request.method == "POST" else 200
    return render(request, "catalogue/category_form.html", {"form": form, "category": category}, status=status)


@read_on_get
def category_retire(request: HttpRequest, pk: int) -> HttpResponse:
    """POST: retire a category, or take it into use again."""
    require_somewhere(request.user, Permission.CATALOGUE_EDIT)
    category = get_object_or_404(ReliefCategory, pk=pk)
    if request.method == "POST":
        version = request.POST.get("version", "")
        try:
            services.retire_category(
                category=category, by=request.user, active=not category.is_active, version=int(version) if version.isdecimal() else None
            )  # fmt: skip
        except LedgerError as error:
            messages.error(request, str(error))
        except ValidationError as error:
            messages.error(request, "".join(error.messages))
        else:
            messages.success(request, _("“%(title)s”已保存。") % {"title": category.name})
        return redirect("catalogue:category_list")
    return render(request, "catalogue/category_retire.html", {"category": category})
