"""A surveyor takes back a survey of their own that is not approved yet."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from common.readonly import read_on_get
from households.answering import attempt, form_status
from surveys.models import Survey
from surveys.services import withdraw_survey
from surveys.services.submit import WITHDRAWABLE


@read_on_get
def survey_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    mine = Survey.objects.for_user(request.user).filter(
        surveyor_id=request.user.pk, state__in=WITHDRAWABLE, purpose=Survey.Purpose.SURVEY
    )
    survey = get_object_or_404(mine.select_related("household__village"), pk=pk)
    form = Form(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and attempt(form, lambda: withdraw_survey(survey=survey, by=request.user)):
        messages.success(request, _("已收回，这份调查不再审核。内容仍留有记录。"))
        return redirect("surveys:survey_detail", pk)
    context = {
        "survey": survey, "form": form, "verb": _("收回"), "danger": True, "cancel_url": reverse("surveys:survey_detail", args=[pk]),
    }  # fmt: skip
    return render(request, "surveys/survey_withdraw.html", context, status=form_status(form))
