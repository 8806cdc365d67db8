"""移交任务: what a cadre has still to do in plans, and to whom it goes."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from cadres.filters import serving_by_name
from cadres.models import Cadre
from common.readonly import read_on_get
from households.services import LedgerError
from plans.listing import TaskRow, with_task_facts
from plans.models import Task
from plans.services import hand_tasks
from plans.services.handing import open_tasks

SHOWN, MOST_FOUND = 50, 20


@read_on_get
def tasks_hand(request: HttpRequest, pk: int) -> HttpResponse:
    """To each household's lead helper, or (`to`) to a cadre found by name."""
    cadre = get_object_or_404(Cadre.objects.for_user(request.user).select_related("unit", "user"), pk=pk)
    require(request.user, Permission.CADRE_EDIT, cadre)
    q = request.GET.get("q", "").strip()[:40]
    if request.method == "POST":
        return _hand(request, cadre)
    seen = Task.objects.for_user(request.user).filter(pk__in=open_tasks(cadre))
    found = serving_by_name(request.user, q).filter(user__is_active=True).exclude(pk=pk)[:MOST_FOUND] if q else []
    url = reverse("cadres:cadre_detail", args=[pk])
    context: dict[str, Any] = {
        "cadre": cadre, "rows": [TaskRow(row) for row in with_task_facts(seen).order_by("due_on", "pk")[:SHOWN]], "count": open_tasks(cadre).count(),
        "q": q, "found": found, "back": url,
        "trail": [(_("干部"), reverse("cadres:cadre_list")), (cadre.name, url), (_("移交任务"), "")],
    }  # fmt: skip
    return render(request, "plans/tasks_hand.html", context)


def _hand(request: HttpRequest, cadre: Cadre) -> HttpResponse:
    asked = request.POST.get("to", "")
    receiver = None
    if asked:
        others = Cadre.objects.for_user(request.user).serving().filter(user__is_active=True).select_related("user")
        receiver = get_object_or_404(
            others, pk=int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else 0
        ).user
    try:
        handed = hand_tasks(cadre=cadre, by=request.user, receiver=receiver)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    except LedgerError as error:
        messages.error(request, str(error))
    else:
        if handed.done:
            messages.success(request, _("已移交 %(count)s 项任务。") % {"count": handed.done})
        if handed.left:
            left = _("有 %(count)s 项没有移交：接手的人没有登录账号、看不到那一户，或者那一户不归您管理。")
            messages.warning(request, left % {"count": handed.left})
            return redirect("plans:tasks_hand", cadre.pk)
    return redirect("cadres:cadre_detail", cadre.pk)
