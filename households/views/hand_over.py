"""移交 on screen: to whom, what goes and what cannot, then the deed; what was handed over, with a list to sign."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import require_somewhere
from cadres.models import Cadre
from common import pages, pdf
from common.forms import DateInput
from common.readonly import read_on_get, reads_only
from households import packs
from households.answering import attempt, form_status, posted
from households.bulk_pairing import cadres_for
from households.forms import TextField
from households.models import HandOver
from households.services import hand_over as hand_over_verb
from households.services.hand_overs import pairings_of, preview
from households.services.helping import Helping
from households.views.coverage import crumbs

MOST_FOUND = 20


class HandOverForm(forms.Form):
    on = forms.DateField(
        label=gettext_lazy("移交日期"), widget=DateInput(), help_text=gettext_lazy("从这一天起由接收人负责。")
    )
    reason = TextField(
        label=gettext_lazy("移交原因"), max_length=200, help_text=gettext_lazy("例如：工作调动、退休、驻村轮换。")
    )


def _cadre(request: HttpRequest, pk: int) -> Cadre:
    require_somewhere(request.user, Permission.PAIRING_EDIT)
    cadre: Cadre = get_object_or_404(Cadre.objects.for_user(request.user).select_related("unit__region"), pk=pk)
    return cadre


def _receiver(request: HttpRequest, giver: Cadre) -> Cadre | None:
    asked = request.GET.get("to", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return None
    rows = cadres_for(request.user).serving().exclude(pk=giver.pk).select_related("unit__region").distinct()
    cadre: Cadre = get_object_or_404(rows, pk=int(asked))
    return cadre


@read_on_get
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """First who takes over, then which households go and which cannot, then the deed."""
    giver = _cadre(request, pk)
    receiver = _receiver(request, giver)
    trail = crumbs((_("移交记录"), reverse("households:hand_over_list")), (giver.name, ""))
    back = reverse("households:cadre_households", args=[pk])
    if receiver is None:
        q = request.GET.get("q", "").strip()
        found = _found(request, giver, q)
        helping = Helping.of(found, [])
        offered = [
            (c, helping.why_not_at_all(c, timezone.localdate()) or helping.why_full(c)) for c in found[:MOST_FOUND]
        ]
        held = pairings_of(giver).count()
        context = {
            "giver": giver,
            "q": q,
            "found": offered,
            "more": len(found) > MOST_FOUND,
            "held": held,
            "trail": trail,
            "back": back,
        }
        return render(request, "households/hand_over_find.html", context)
    form = HandOverForm(posted(request), initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        chosen = [int(key) for key in request.POST.getlist("pk") if key.isdecimal() and len(key) < 19]
        if not chosen:
            form.add_error(None, _("还没有选择农户，请勾选要移交的农户。"))
        else:
            own = form.cleaned_data
            made = attempt(
                form,
                lambda: hand_over_verb(
                    giver=giver,
                    receiver=receiver,
                    on=own["on"],
                    reason=own["reason"],
                    by=request.user,
                    households=chosen,
                ),
            )
            if made is not None:
                messages.success(
                    request, _("已移交 %(count)s 户。请打印清单，由双方签字。") % {"count": made.households}
                )
                return redirect("households:hand_over_detail", made.pk)
    shown = preview(giver=giver, receiver=receiver, on=timezone.localdate(), by=request.user)
    context = {
        "giver": giver, "receiver": receiver, "form": form, "shown": shown, "trail": trail, "back": reverse("households:hand_over", args=[pk]),
    }  # fmt: skip
    return render(request, "households/hand_over.html", context, status=form_status(form))


def _found(request: HttpRequest, giver: Cadre, q: str) -> list[Cadre]:
    if not q:
        return []
    rows = cadres_for(request.user).serving().exclude(pk=giver.pk).filter(name__contains=q)
    return list(rows.select_related("unit__region").order_by("name", "pk").distinct()[: MOST_FOUND + 1])


# -- what was handed over -----------------------------------------------------------------------------------------------------------


def _counted(count: pages.Count) -> str:
    return ngettext("共 %(count)s 次", "共 %(count)s 次", count.value) % {"count": f"{count.value:,}"}


@reads_only
def hand_over_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.CADRE_VIEW)
    found = HandOver.objects.for_user(request.user)
    page = pages.keyset_page(
        found, request.GET.get(pages.CURSOR, ""), rows=lambda rows: rows.select_related("from_cadre__unit", "to_cadre")
    )
    url = reverse("households:hand_over_list")
    context = {
        "page": page, "rows": page.rows, "count_text": _counted(page.count), "trail": crumbs((_("移交记录"), "")),
        "previous_url": pages.address(url, {pages.CURSOR: page.previous}) if page.previous else "",
        "next_url": pages.address(url, {pages.CURSOR: page.next}) if page.next else "",
    }  # fmt: skip
    return render(request, "households/hand_over_list.html", context)


def _made(request: HttpRequest, pk: int) -> HandOver:
    require_somewhere(request.user, Permission.CADRE_VIEW)
    rows = HandOver.objects.for_user(request.user).select_related("from_cadre__unit", "to_cadre__unit", "proposal")
    made: HandOver = get_object_or_404(rows, pk=pk)
    return made


@reads_only
def hand_over_detail(request: HttpRequest, pk: int) -> HttpResponse:
    made = _made(request, pk)
    entries = packs.entries_of(made, request.user)
    context = {
        "who": names_of([made.by]).get(made.by, made.by), "made": made, "entries": entries, "hidden": made.households - len({e.household.pk for e in entries}),
        "trail": crumbs((_("移交记录"), reverse("households:hand_over_list")), (made.from_cadre.name, "")),
        "held": pairings_of(made.from_cadre).count(), "may_edit": request.user.can(Permission.PAIRING_EDIT),
    }  # fmt: skip
    return render(request, "households/hand_over_detail.html", context)


@reads_only
def hand_over_pack(request: HttpRequest, pk: int) -> HttpResponse:
    """The list to sign, as A4."""
    made = _made(request, pk)
    try:
        with translation.override("zh-hans"):  # a paper to be signed is Chinese
            content = pdf.render([packs.paper(made, packs.entries_of(made, request.user))])
    except pdf.PrintError as error:
        messages.error(request, str(error))
        return redirect("households:hand_over_detail", pk)
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="hand-over-{made.pk}.pdf"'
    response["Cache-Control"] = "no-store, private"
    return response
