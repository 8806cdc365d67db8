"""考评 on screen: rounds of an office, one cadre's figures with the list behind each, one's own with the right of reply.

Nothing on these pages sorts by score, and nobody reads there how another cadre fared.
"""

from __future__ import annotations

import io
from typing import Any

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import allowed, require, require_somewhere
from common import dates, jobs, pages
from common.answering import attempt, form_page, form_status, posted
from common.models import Job
from common.pdf import PrintError
from common.readonly import read_on_get, reads_only
from common.refusal import RefusedError
from supervision import computing, items, listing
from supervision.filters import AppraisalFilter, OwnFilter, said_round
from supervision.forms import RoundForm, TextForm
from supervision.models import Appraisal, AppraisalRound
from supervision.querysets import own
from supervision.services import appraisals as verbs
from supervision.services import printing

SHOWN = 50
ANSWER = "id_answer_%s"  # of the answer form: a comment with a field of the same name may stand beside it
State, Stage = Appraisal.State, AppraisalRound.State


def round_or_404(request: HttpRequest, pk: int, act: Permission | None = None) -> AppraisalRound:
    """A round that one sees (404), and in which one holds the permission (403)."""
    require_somewhere(request.user, act or Permission.APPRAISAL_VIEW)
    rows = AppraisalRound.objects.for_user(request.user).select_related("region", "scheme")
    row: AppraisalRound = get_object_or_404(rows, pk=pk)
    if act is not None:
        require(request.user, act, row)
    return row


def appraisal_or_404(request: HttpRequest, pk: int) -> Appraisal:
    """One's own once it was shown, or of the area; of any other nobody is told."""
    rows = Appraisal.objects.for_user(request.user).select_related("round__region", "round__scheme", "cadre__unit")
    found: Appraisal = get_object_or_404(rows, pk=pk)
    return found


def _rounds() -> str:
    return reverse("supervision:round_list")


def _trail(round: AppraisalRound, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [
        (_("考评"), _rounds()),
        (said_round(round), reverse("supervision:round_detail", args=[round.pk]) if more else ""),
        *more,
    ]


# -- rounds ---------------------------------------------------------------------------------------------------------------------------------


@reads_only
def round_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.APPRAISAL_VIEW)
    rows = AppraisalRound.objects.for_user(request.user).select_related("region", "scheme").order_by("-starts_on", "-pk")  # fmt: skip
    found = list(rows[:SHOWN])
    seen = Appraisal.objects.for_user(request.user, Permission.APPRAISAL_VIEW).filter(round__in=[r.pk for r in found])
    counts: dict[int, dict[str, int]] = {}
    for pk, state, number in seen.order_by().values_list("round_id", "state").annotate(n=Count("pk")):
        counts.setdefault(pk, {})[state] = number
    context = {
        "rows": [
            {"round": r, "said": said_round(r), "tone": listing.ROUND_TONES[r.state], "people": sum(counts.get(r.pk, {}).values()), "final": counts.get(r.pk, {}).get("final", 0)}
            for r in found
        ],
        "may_open": request.user.can(Permission.APPRAISAL_EDIT), "more": len(found) == SHOWN,
    }  # fmt: skip
    return render(request, "supervision/round_list.html", context)


@read_on_get
def round_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.APPRAISAL_EDIT)
    form = RoundForm(posted(request), user=request.user)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        region = form.places[data["region"]]
        row = attempt(
            form,
            lambda: verbs.open_round(
                region=region, starts_on=data["starts_on"], last_day=data["last_day"], by=request.user
            ),
        )
        if row is not None:
            messages.success(request, _("已发起考评，正在计算。"))
            return redirect("supervision:round_detail", row.pk)
    return form_page(
        request, form, _("发起考评"), back=_rounds(), trail=[(_("考评"), _rounds()), (_("发起考评"), "")], verb=_("发起并计算"),
        intro=_("按这段时间里登记的工作计算：在这个地区结对帮扶过的干部、驻村工作队员每人一份。计算以后先送本人阅，再审定。"),
    )  # fmt: skip


@reads_only
def round_detail(request: HttpRequest, pk: int) -> HttpResponse:
    round = round_or_404(request, pk)
    user = request.user
    seen = Appraisal.objects.for_user(user, Permission.APPRAISAL_VIEW).filter(round=round).order_by()
    counts = dict(seen.values_list("state").annotate(n=Count("pk")))
    edits = allowed(user, Permission.APPRAISAL_EDIT, round)
    listed = reverse("supervision:appraisal_list")
    work = Job.objects.filter(key=f"appraisal/{pk}").order_by("-pk")[:1]
    job = work[0] if work else None
    context = {
        "round": round, "said": said_round(round), "tone": listing.ROUND_TONES[round.state], "edits": edits, "job": job, "trail": _trail(round),
        "note": (job.result or {}).get("note", "") if job is not None and job.state == Job.State.DONE else "",
        "states": [
            {"label": label, "value": counts.get(code, 0), "url": pages.address(listed, {"round": str(pk), "state": code}), "unit": _("人")}
            for code, label in State.choices
        ],
        "total": sum(counts.values()), "all_url": pages.address(listed, {"round": str(pk)}), "weights": _weights(round),
        "open": round.state == Stage.OPEN, "live": round.state in (Stage.COMPUTING, Stage.OPEN), "may_check": round.state in (Stage.OPEN, Stage.CLOSED),
        "to_show": counts.get(State.COMPUTED, 0), "all_final": bool(counts) and set(counts) == {State.FINAL}, "any_final": bool(counts.get(State.FINAL)),
    }  # fmt: skip
    return render(request, "supervision/round_detail.html", context)


def _weights(round: AppraisalRound) -> list[tuple[Any, int]]:
    return [
        (item.title, round.scheme.weights[item.code]) for item in items.every() if item.code in round.scheme.weights
    ]


@require_POST
def round_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """What an office does with a whole round: compute, check, show, finalise, close, print."""
    round = round_or_404(request, pk, Permission.APPRAISAL_EDIT)
    user = request.user
    try:
        match act:
            case "compute":
                return redirect("jobs:job_detail", verbs.ask_computing(round=round, by=user).pk)
            case "check":
                return redirect("jobs:job_detail", verbs.ask_checking(round=round, by=user).pk)
            case "print":
                return redirect("jobs:job_detail", printing.ask_printing(round=round, by=user).pk)
            case "show":
                said = _("已送 %(count)s 位干部阅。") % {"count": verbs.show_round(round=round, by=user)}
            case "finalise":
                said = _("已审定 %(count)s 人。") % {"count": verbs.finalise_all(round=round, by=user)}
            case "close":
                verbs.close_round(round=round, by=user)
                said = _("考评已结束，各项数不再变动。")
            case _other:
                raise Http404
        messages.success(request, said)
    except RefusedError as error:
        messages.error(request, str(error))
    return redirect("supervision:round_detail", pk)


@read_on_get
def round_discard(request: HttpRequest, pk: int) -> HttpResponse:
    round = round_or_404(request, pk, Permission.APPRAISAL_EDIT)
    form = TextForm(posted(request), label=_("为什么撤销"), most=200)
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.discard_round(round=round, reason=form.said, by=request.user))
        if done is not None:
            messages.success(request, _("考评已撤销。"))
            return redirect(_rounds())
    return form_page(
        request, form, _("撤销考评"), sub=said_round(round), trail=_trail(round, (_("撤销"), "")), verb=_("撤销"), danger=True,
        back=reverse("supervision:round_detail", args=[pk]),
    )  # fmt: skip


@read_on_get
def round_file(request: HttpRequest, pk: int) -> HttpResponse:
    """What a job of the user's own has printed: fetched by a button, because every file handed out is recorded."""
    job = get_object_or_404(jobs.jobs_of(request.user), pk=pk, kind=printing.PRINT)
    if request.method == "POST":
        try:
            data, round = printing.fetch_file(job=job, by=request.user)
        except RefusedError as error:
            messages.error(request, str(error))
        else:
            return _pdf(data, f"{_('考评')}-{round.region.name}-{round.starts_on}")
    return render(request, "supervision/round_file.html", {"job": job})


def _pdf(data: bytes, name: str) -> FileResponse:
    return FileResponse(io.BytesIO(data), as_attachment=True, filename=f"{name}.pdf", content_type="application/pdf")


# -- one cadre ------------------------------------------------------------------------------------------------------------------------------


@reads_only
def appraisal_list(request: HttpRequest) -> HttpResponse:
    """Appraisals of the area in order of unit and name."""
    require_somewhere(request.user, Permission.APPRAISAL_VIEW)
    rows = Appraisal.objects.for_user(request.user, Permission.APPRAISAL_VIEW).standing()
    filterset = AppraisalFilter(request.GET, rows, request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": listing.appraisal_rows(page.rows), "fields": [filterset.form[name] for name in ("round", "state", "unit")],
            "trail": [(_("考评"), _rounds()), (_("干部名单"), "")],
        }  # fmt: skip

    return pages.list_page(
        request, template="supervision/appraisal_list.html", url=reverse("supervision:appraisal_list"), filterset=filterset, context=context,
        counted=listing.counted_people, order="cadre__unit__name", few=True,
        rows=lambda found: found.select_related("cadre__unit", "round__region").defer("items"),
    )  # fmt: skip


@reads_only
def mine(request: HttpRequest) -> HttpResponse:
    """One's own appraisals, newest first."""
    rows = Appraisal.objects.for_user(request.user).filter(own(request.user))
    filterset = OwnFilter(request.GET, rows, request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {"rows": listing.appraisal_rows(page.rows), "fields": [filterset.form["state"]]}

    return pages.list_page(
        request, template="supervision/mine.html", url=reverse("supervision:mine"), filterset=filterset, context=context, few=True,
        counted=lambda count: _("共 %(count)s 份") % {"count": f"{count.value:,}"},
        rows=lambda found: found.select_related("cadre__unit", "round__region", "round__scheme"),
    )  # fmt: skip


@reads_only
def appraisal_detail(request: HttpRequest, pk: int) -> HttpResponse:
    return _detail(request, appraisal_or_404(request, pk))


def _detail(request: HttpRequest, row: Appraisal, form: Any = None, which: str = "", status: int = 200) -> HttpResponse:
    user, round = request.user, row.round
    is_own = row.cadre.user_id == user.pk
    edits = not is_own and allowed(user, Permission.APPRAISAL_EDIT, row)
    is_open = round.state == Stage.OPEN
    speaks = is_open and row.state in (State.SHOWN, State.COMMENTED) and (is_own or (edits and row.cadre.user_id is None))  # fmt: skip
    answers = is_open and edits and row.state == State.COMMENTED
    now = computing.figures_of(computing.scope_of(round, [row.cadre_id])).get(row.cadre_id)
    until = verbs.reply_until(row)
    rows = listing.item_rows(
        row, lambda code, part: reverse("supervision:appraisal_rows", args=[row.pk, code, part]), now
    )
    context = {
        "appraisal": row, "round": round, "said": said_round(round), "tone": listing.APPRAISAL_TONES[row.state], "is_own": is_own,
        "rows": rows, "counted": listing.counted_items(rows),
        "words": _words(row), "until": until, "trail": _detail_trail(request, row),
        "comment_form": (form if which == "comment" else TextForm(label=_("您的意见") if is_own else _("本人在纸上写的意见"))) if speaks else None,
        "answer_form": (form if which == "answer" else TextForm(label=_("答复"), auto_id=ANSWER)) if answers else None,
        "may_finalise": edits and is_open and row.state != State.FINAL, "why_not": verbs.why_not_final(row),
        "drifted": now is not None and bool(computing.same(row.items, now)),
    }  # fmt: skip
    return render(request, "supervision/appraisal_detail.html", context, status=status)


def _detail_trail(request: HttpRequest, row: Appraisal, *more: tuple[str, str]) -> list[tuple[str, str]]:
    at = reverse("supervision:appraisal_detail", args=[row.pk]) if more else ""
    if row.cadre.user_id == request.user.pk and not request.user.can(Permission.APPRAISAL_VIEW):
        return [(_("我的考评"), reverse("supervision:mine")), (said_round(row.round), at), *more]
    return [*_trail(row.round, (row.cadre.name, at)), *more]


def _words(row: Appraisal) -> list[dict[str, str]]:
    words = list(row.words.order_by("-pk"))
    names = names_of({word.by for word in words})
    return [
        {"title": word.get_kind_display(), "meta": f"{names.get(word.by, word.by)} · {dates.written(word.at)}", "text": word.text}
        for word in words
    ]  # fmt: skip


@reads_only
def appraisal_rows(request: HttpRequest, pk: int, code: str, part: str) -> HttpResponse:
    """The rows behind a figure, as they are now, and how many of them lie outside what the user may see."""
    row = appraisal_or_404(request, pk)
    item = items.get(code)
    if item is None or part not in item.parts:
        raise Http404
    scope = computing.scope_of(row.round, [row.cadre_id])
    told: list[items.Told] = []
    total = seen = shown = 0
    for source in item.sources:
        if part not in source.parts:
            continue
        found = source.listed(scope, part)
        total += found.aggregate(n=Sum("adds"))["n"] or 0
        gated = found.filter(pk__in=source.model.objects.for_user(request.user).order_by().values("pk"))
        seen += gated.aggregate(n=Sum("adds"))["n"] or 0
        rows = gated.select_related(*source.related).order_by("-pk")[: SHOWN * 10]
        told += [source.tell(each) for each in rows]
        shown += len(rows)
    stored = row.items.get(code, {}).get(part, 0)
    context = {
        "title": f"{item.title} · {item.parts[part]}", "appraisal": row, "told": told, "total": total, "outside": total - seen, "stored": stored,
        "meaning": item.meaning, "drifted": total != stored, "trail": _detail_trail(request, row, (str(item.title), "")), "cut": len(told) >= SHOWN * 10,
    }  # fmt: skip
    return render(request, "supervision/appraisal_rows.html", context)


@require_POST
def appraisal_comment(request: HttpRequest, pk: int) -> HttpResponse:
    row = appraisal_or_404(request, pk)
    form = TextForm(request.POST)
    return _done(request, row, form, "comment", lambda: verbs.comment(appraisal=row, text=form.said, by=request.user), _("意见已提交，等待答复。"))  # fmt: skip


@require_POST
def appraisal_answer(request: HttpRequest, pk: int) -> HttpResponse:
    row = appraisal_or_404(request, pk)
    form = TextForm(request.POST, auto_id=ANSWER)
    return _done(request, row, form, "answer", lambda: verbs.answer(appraisal=row, text=form.said, by=request.user), _("已答复。"))  # fmt: skip


@require_POST
def appraisal_finalise(request: HttpRequest, pk: int) -> HttpResponse:
    row = appraisal_or_404(request, pk)
    form = TextForm(request.POST)
    return _done(request, row, form, "", lambda: verbs.finalise(appraisal=row, by=request.user), _("已审定。"))


def _done(request: HttpRequest, row: Appraisal, form: Any, which: str, act: Any, said: str) -> HttpResponse:
    if form.is_valid() and attempt(form, act) is not None:
        messages.success(request, said)
        return redirect("supervision:appraisal_detail", row.pk)
    for sentence in form.non_field_errors():
        messages.error(request, sentence)
    return _detail(request, appraisal_or_404(request, row.pk), form, which, status=form_status(form))


@require_POST
def appraisal_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """One page of paper; a button, because every paper handed out is recorded."""
    row = appraisal_or_404(request, pk)
    try:
        data = printing.print_one(appraisal=row, by=request.user)
    except PrintError as error:
        messages.error(request, str(error))
        return redirect("supervision:appraisal_detail", pk)
    return _pdf(data, f"{_('考评')}-{row.cadre.name}-{row.round.starts_on}")
