"""Pages that open many accounts from one spreadsheet: upload, look, open."""

from __future__ import annotations

import json
from dataclasses import asdict

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import require_somewhere
from cadres import services, sheet
from cadres.forms import SheetForm
from common.pii import cipher
from common.readonly import read_on_get, reads_only

SEALED_SECONDS = 3600


def _by(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    require_somewhere(request.user, Permission.ACCOUNT_MANAGE)
    return request.user


def _file(name: str, data: bytes) -> HttpResponse:
    response = HttpResponse(data, content_type=sheet.XLSX)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@reads_only
def sheet_template(request: HttpRequest) -> HttpResponse:
    _by(request)
    return _file("accounts.xlsx", sheet.template())


@never_cache
@read_on_get
def sheet_upload(request: HttpRequest) -> HttpResponse:
    """Upload, then the same page shows every row with its errors. The rows travel on in the form, sealed with the keys of
    personal data and bound to the reader, so that nothing of them lies on the server."""
    by = _by(request)
    form = SheetForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    context = {"form": form, "most": sheet.MOST_ROWS}
    if request.method == "POST" and form.is_valid():
        try:
            rows = sheet.read_sheet(form.cleaned_data["file"])
        except services.CadreError as error:
            form.add_error("file", str(error))
        else:
            checked = services.check_sheet(rows=rows, by=by)
            wrong = [found for found in checked if found.errors]
            if not wrong:
                plain = json.dumps({"by": by.pk, "rows": [asdict(row) for row in rows]})
                context["sealed"] = cipher().encrypt(plain.encode()).decode()
            context |= {"checked": checked, "wrong": len(wrong)}
            return render(request, "cadres/sheet_preview.html", context)
    return render(request, "cadres/sheet_upload.html", context, status=422 if form.errors else 200)


@require_POST
def sheet_open(request: HttpRequest) -> HttpResponse:
    """Open them all and answer with the sheet of one-time passwords, once."""
    by = _by(request)
    try:
        sealed = json.loads(cipher().decrypt(request.POST.get("sealed", "").encode(), ttl=SEALED_SECONDS))
    except InvalidToken:
        sealed = {"by": None}
    if sealed["by"] != by.pk:
        messages.error(request, _("预览已经过期，请重新上传表格。"))
        return redirect("cadres:sheet_upload")
    rows = [services.SheetRow(**row) for row in sealed["rows"]]
    try:
        opened = services.open_accounts_from_sheet(rows=rows, by=by)
    except services.CadreError as error:
        messages.error(request, _("一个账号都没有开通。%(error)s") % {"error": error})
        return redirect("cadres:sheet_upload")
    return _file(f"first-passwords-{timezone.localdate():%Y%m%d}.xlsx", sheet.passwords(rows, opened))
