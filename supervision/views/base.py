"""What the pages of supervision share: a form on a page of its own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from common.answering import form_status


def form_page(request: HttpRequest, form: forms.Form, title: str, *, back: str, trail: list[tuple[str, str]], **more: Any) -> HttpResponse:  # fmt: skip
    """`more`: sub, verb, intro, pairs [(label, value)], danger."""
    context = {
        "form": form, "title": title, "back": back, "trail": trail, "verb": _("保存"), **dict.fromkeys(("sub", "intro", "pairs", "danger")),
    }  # fmt: skip
    return render(request, "supervision/form.html", context | more, status=form_status(form))
