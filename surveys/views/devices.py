"""Phones in use: one's own, and for whoever looks after accounts those of their people. A lost one is revoked here."""

from __future__ import annotations

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from common.pages import keyset_page
from common.readonly import read_on_get, reads_only
from surveys.models import Device
from surveys.services import revoke_device

SIZE = 50


@reads_only
def device_list(request: HttpRequest) -> HttpResponse:
    phones = Device.objects.for_user(request.user)
    page = keyset_page(
        phones, request.GET.get("cursor", ""), SIZE, rows=lambda found: found.select_related("user").defer("draft_key")
    )

    def link(cursor: str) -> str:
        return f"{request.path}?{urlencode({'cursor': cursor})}" if cursor else ""

    return render(
        request,
        "surveys/device_list.html",
        {"page": page, "previous_url": link(page.previous), "next_url": link(page.next)},
    )


@read_on_get
def device_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    device = get_object_or_404(Device.objects.for_user(request.user).select_related("user").defer("draft_key"), pk=pk)
    if request.method == "POST":
        revoke_device(device=device, by=request.user)
        messages.success(request, _("已停用这台手机。它再联网时会删去农户数据，没有上传的草稿仍留在手机里。"))
        return redirect("surveys:device_list")
    context = {
        "device": device,
        "form": Form(),
        "verb": _("停用"),
        "danger": True,
        "cancel_url": reverse("surveys:device_list"),
    }
    return render(request, "surveys/device_revoke.html", context)
