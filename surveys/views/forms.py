"""Pages of survey forms: what the county surveys with, uploading a form of its own, looking it over, publishing and retiring it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_somewhere
from common.readonly import read_on_get, reads_only
from households.answering import attempt, form_status
from households.services import LedgerError
from regions.models import Region
from surveys import definitions, shell, spoken, xlsform
from surveys.models import SurveyForm
from surveys.services import forms as verbs

TONES = {"draft": "amber", "published": "green", "retired": "grey"}


class UploadForm(forms.Form):
    """A workbook, and for which county where there is a choice."""

    region = forms.TypedChoiceField(label=gettext_lazy("县"), coerce=int)
    file = forms.FileField(
        label=gettext_lazy("XLSForm 文件"),
        help_text=gettext_lazy("有 survey、choices、settings 工作表的 .xlsx 文件，最大 2 MB"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.xls"}),
        error_messages={
            "required": gettext_lazy("请选择 XLSForm 文件。"),
            "empty": gettext_lazy("文件是空的，请检查后重新上传。"),
            "invalid": gettext_lazy("文件没有传上来，请重新选择。"),
        },
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        counties = posted_regions(user, Permission.SURVEY_PUBLISH)
        self.fields["region"].choices = [(r.pk, r.full_name or r.name) for r in counties]  # type: ignore[attr-defined]
        if len(counties) == 1:
            self.fields["region"].initial = counties[0].pk
            self.fields["region"].widget = forms.HiddenInput()


def _may(request: HttpRequest) -> None:
    require_somewhere(request.user, Permission.SURVEY_PUBLISH)


def _form(request: HttpRequest, pk: int) -> SurveyForm:
    """A form that one may look at: the standard ones, and those of the own county."""
    _may(request)
    return get_object_or_404(verbs.forms_for(request.user), pk=pk)


@reads_only
def form_list(request: HttpRequest) -> HttpResponse:
    _may(request)
    rows = [(form, TONES[form.state]) for form in verbs.forms_for(request.user).defer("definition")]
    return render(request, "surveys/form_list.html", {"rows": rows})


@read_on_get
def form_upload(request: HttpRequest) -> HttpResponse:
    _may(request)
    form = UploadForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        region, upload = get_object_or_404(Region, pk=form.cleaned_data["region"]), form.cleaned_data["file"]
        done = attempt(
            form,
            lambda: verbs.upload_form(
                region=region, data=upload.read(xlsform.MOST_BYTES + 1), filename=upload.name, by=request.user
            ),
        )
        if done is not None:
            messages.success(request, _("已读入“%(title)s”。请逐步看过，没有问题再发布。") % {"title": done.title})
            return redirect("surveys:form_detail", done.pk)
    return render(request, "surveys/form_upload.html", {"form": form}, status=form_status(form))


@reads_only
def form_sample(request: HttpRequest) -> FileResponse:
    """A workbook to begin with."""
    _may(request)
    return FileResponse(io.BytesIO(xlsform.sample()), as_attachment=True, filename=_("调查表样例.xlsx"))


@reads_only
def form_detail(request: HttpRequest, pk: int) -> HttpResponse:
    form = _form(request, pk)
    read = definitions.read(form)
    own = form.region is not None and may_in(request.user, Permission.SURVEY_PUBLISH, form.region)
    context = {
        "survey_form": form, "tone": TONES[form.state], "own": own, "steps": [_step(step, read) for step in read.steps],
        "fields": len(read.asked), "written": len(read.writes),
    }  # fmt: skip
    return render(request, "surveys/form_detail.html", context)


@reads_only
def form_preview(request: HttpRequest, pk: int) -> HttpResponse:
    form = _form(request, pk)
    return render(
        request, "surveys/form_preview.html", {"survey_form": form, "steps": shell.steps_of(definitions.read(form))}
    )


def _step(step: definitions.Step, read: definitions.Definition) -> dict[str, Any]:
    show = spoken.rule(step.show, read) if step.show is not None else ""
    return {"step": step, "show": show, "fields": [_field(asked, read) for asked in step.fields]}


def _field(asked: definitions.Field, read: definitions.Definition) -> dict[str, Any]:
    options = asked.options if asked.type in ("choice", "choices") else []
    required = _("必填") if asked.required is True else spoken.rule(asked.required, read) if asked.required else ""
    return {
        "ruled": bool(asked.required or asked.show is not None or asked.hard or asked.soft), "asked": asked, "kind": spoken.kind(asked), "options": _("、").join(label for _code, label in options[:12]),
        "more": max(len(options) - 12, 0), "required": required, "always": asked.required is True,
        "show": spoken.rule(asked.show, read) if asked.show is not None else "", "where": spoken.where(asked),
        "hard": [(spoken.rule(one.rule, read), one.say) for one in asked.hard],
        "soft": [(spoken.rule(one.rule, read), one.say) for one in asked.soft],
    }  # fmt: skip


@read_on_get
def form_publish(request: HttpRequest, pk: int) -> HttpResponse:
    form = _form(request, pk)
    return _confirm(
        request, form, lambda: verbs.publish_form(form=form, by=request.user), _("发布调查表"), _("发布"),
        _("发布以后，本县新开始的调查都用这张表；表的内容不能再改，要改就上传新的版本。"), _("“%(title)s”已经发布。"),
    )  # fmt: skip


@read_on_get
def form_retire(request: HttpRequest, pk: int) -> HttpResponse:
    form = _form(request, pk)
    return _confirm(
        request, form, lambda: verbs.retire_form(form=form, by=request.user), _("停用调查表"), _("停用"),
        _("停用以后，新的调查不再用它；手机上正在填的照样可以送来。停用后不能恢复。"), _("“%(title)s”已经停用。"), danger=True,
    )  # fmt: skip


@read_on_get
def form_discard(request: HttpRequest, pk: int) -> HttpResponse:
    form = _form(request, pk)
    return _confirm(
        request, form, lambda: verbs.discard_form(form=form, by=request.user), _("删除待发布的调查表"), _("删除"),
        _("只删除这个还没有发布的版本，需要时可以再上传。"), _("“%(title)s”已经删除。"), danger=True, after="surveys:form_list",
    )  # fmt: skip


def _confirm(
    request: HttpRequest, form: SurveyForm, verb: Callable[[], Any], title: str, word: str, what: str, done: str, *, danger: bool = False,
    after: str = "",
) -> HttpResponse:  # fmt: skip
    here = reverse("surveys:form_detail", args=[form.pk])
    if request.method == "POST":
        named = {"title": form.title}
        try:
            verb()
            messages.success(request, done % named)
        except LedgerError as error:
            messages.error(request, str(error))
            return redirect(here)
        return redirect(after or here)
    context = {"survey_form": form, "title": title, "verb": word, "what": what, "cancel_url": here, "danger": danger}
    return render(request, "surveys/form_confirm.html", context)
