"""组织生活: a village's calendar of what is due, what was held with its photos, what is missing."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common import pages
from common.answering import attempt, form_page, posted
from common.evidence import with_pictures
from common.readonly import read_on_get, reads_only
from party import due, forms, services
from party.filters import ActivityFilter
from party.models import Activity, Branch, Kind
from party.rules import Rules, rules_above
from party.scope import Scope
from party.services import life
from party.views.base import (
    EDIT,
    computed,
    counted_times,
    done,
    may_edit,
    photos_of,
    row_or_404,
    sent,
    somebody,
    tab_page,
    trail_of,
    village_or_404,
)

SHOWN = 10


def asked_year(request: HttpRequest) -> int:
    """`?year=`, this year where it is none that can be chosen."""
    return due.year_of(request.GET.get("year", ""))


def years() -> list[int]:
    this = timezone.localdate().year
    return list(range(this, this - 4, -1))


@reads_only
def village_life(request: HttpRequest, pk: int) -> HttpResponse:
    """A branch after the other: what this month and quarter ask for, the year at a glance; then what was held last."""
    place = village_or_404(request, pk)
    year = asked_year(request)
    items = due.look([place], rules_above([place]), year)
    calendars: dict[int, dict[str, Any]] = {}
    for item in items:
        shown = calendars.setdefault(item.branch.pk, {"branch": item.branch, "now": [], "kinds": {}})
        if item.state == "now":
            shown["now"].append(item)
        shown["kinds"].setdefault(item.label, []).append((item, _item_url(item)))
    held = life.in_force(Activity.objects.for_user(request.user).filter(branch__village=place))
    context = {
        "year": year, "years": years(), "calendars": list(calendars.values()), "counts": due.counts(items), "links": _links({"region": str(pk), "year": str(year)}),
        "held": list(held.select_related("branch").order_by("-held_on", "-pk")[:SHOWN]),
        "all_url": pages.address(reverse("party:activity_list"), {"region": str(pk)}),
        "branches": list(Branch.objects.for_user(request.user).open().filter(village=place).order_by("name", "pk")),
    }  # fmt: skip
    return tab_page(request, place, "village_life", "party/village_life.html", context)


def _item_url(item: due.Item) -> str:
    """What was held of an item."""
    query = {"region": str(item.branch.village_id), "kind": item.kind, "span": item.span.code}
    return pages.address(reverse("party:activity_list"), query) if item.held else ""


def _links(query: dict[str, str]) -> dict[str, str]:
    """{state: address of the list}"""
    return {state: pages.address(reverse("party:due_list"), query | {"state": state}) for state in due.STATES}


@reads_only
def due_list(request: HttpRequest) -> HttpResponse:
    """What was asked for, by what became of it."""
    user = somebody(request)
    scope = Scope.asked(user, request.GET.get("region", ""))
    year, kind, state = asked_year(request), request.GET.get("kind", ""), request.GET.get("state", "")
    state = state if state in due.STATES else "missing"
    kind = kind if kind in Kind else ""
    items = due.look(scope.villages, Rules.load(), year)
    shown = [(item, _item_url(item)) for item in items if state in item.lists and kind in ("", item.kind)]
    query = {"region": str(scope.choices.chosen.pk)} if scope.choices.chosen else {}
    query |= {"state": state, "year": str(year)} | ({"kind": kind} if kind else {})
    context = {
        "regions": scope.choices.choices, "chosen": scope.choices.chosen, "year": year, "years": years(), "kind": kind,
        "kinds": Kind.choices, "state": state, "states": due.STATES.items(), "may_edit": user.can(EDIT),
        **computed(shown, request, reverse("party:due_list"), query),
    }  # fmt: skip
    return render(request, "party/due_list.html", context)


@reads_only
def activity_list(request: HttpRequest) -> HttpResponse:
    user = somebody(request)
    filterset = ActivityFilter(request.GET, life.in_force(Activity.objects.for_user(user)), request=request)
    return pages.list_page(
        request, template="party/activity_list.html", url=reverse("party:activity_list"), filterset=filterset, order="-held_on",
        context=lambda page: {"rows": page.rows}, counted=counted_times, rows=lambda found: found.select_related("branch__village__parent"),
    )  # fmt: skip


# -- one activity -------------------------------------------------------------------------------------------------------------------------


def _activity(request: HttpRequest, pk: int, permission: Any = None) -> Activity:
    found: Activity = row_or_404(request, Activity, permission, "branch__village__parent", "session__course", pk=pk)
    return found


def _trail(row: Activity) -> list[tuple[str, str]]:
    tab = (_("组织生活"), reverse("party:village_life", args=[row.branch.village_id]))
    return trail_of(row.branch.village, tab, (row.title, reverse("party:activity_detail", args=[row.pk])))


@reads_only
def activity_detail(request: HttpRequest, pk: int) -> HttpResponse:
    row = _activity(request, pk)
    present = list(row.presences.select_related("person").order_by("person__name", "pk"))
    edits = may_edit(request, row.branch.village) and row.removed_at is None
    context = {
        "row": row, "village": row.branch.village, "trail": _trail(row)[:-1] + [(row.title, "")], "present": present,
        "of": life.people_of(row.branch, row.held_on).count(), "photos": photos_of(row), "may_edit": edits,
    }  # fmt: skip
    return render(request, "party/activity_detail.html", context)


@read_on_get
def activity_new(request: HttpRequest, pk: int) -> HttpResponse:
    """Register what a branch held, with a photo where there is one, in one go."""
    branch: Branch = row_or_404(request, Branch, EDIT, "village__parent", pk=pk)
    asked = request.GET.get("kind", "")
    first = {"held_on": timezone.localdate(), "kind": asked if asked in Kind else Kind.THEME}
    form = forms.NewActivityForm(*sent(request), initial=first)
    form.fields["people"].offer(life.people_of(branch, timezone.localdate()))  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: _hold(branch, form, request.user))
        if row is not None:
            return done(request, _("已登记。"), "activity_detail", row.pk)
    back = reverse("party:village_life", args=[branch.village_id])
    return form_page(
        request, form, _("登记组织生活"), back=back, trail=trail_of(branch.village), sub=branch.name, verb=_("登记")
    )


def _hold(branch: Branch, form: forms.NewActivityForm, by: Any) -> Activity:
    """The activity and its photo, or neither."""
    data = form.cleaned_data
    with with_pictures():
        row = services.hold_activity(branch=branch, facts=form.facts(), people=data["people"], by=by)
        if data["upload"]:
            services.add_activity_photo(activity=row, upload=data["upload"], by=by)
    return row


@read_on_get
def activity_change(request: HttpRequest, pk: int) -> HttpResponse:
    row = _activity(request, pk, EDIT)
    first = {name: getattr(row, name) for name in (*forms.ActivityForm.FACTS, "version")}
    first["people"] = [p.person_id for p in row.presences.order_by("pk")]
    form = forms.ActivityForm(posted(request), initial=first)
    form.fields["people"].offer(life.people_of(row.branch, row.held_on))  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        saved = attempt(
            form,
            lambda: services.change_activity(
                activity=row, facts=form.facts(), people=data["people"], version=data["version"], by=request.user
            ),
        )
        if saved is not None:
            return done(request, _("已保存。"), "activity_detail", pk)
    return form_page(request, form, _("修改"), back=reverse("party:activity_detail", args=[pk]), trail=_trail(row))


@read_on_get
def activity_remove(request: HttpRequest, pk: int) -> HttpResponse:
    row = _activity(request, pk, EDIT)
    form = forms.ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        saved = attempt(
            form, lambda: services.remove_activity(activity=row, reason=form.cleaned_data["reason"], by=request.user)
        )
        if saved is not None:
            return done(request, _("已作废，不再计数。"), "village_life", row.branch.village_id)
    return form_page(
        request, form, _("作废"), back=reverse("party:activity_detail", args=[pk]), trail=_trail(row), sub=row.title, verb=_("作废"), danger=True,
        intro=_("登记错了才作废。记录和理由留着，不再计数。"),
    )  # fmt: skip


@read_on_get
def activity_photo(request: HttpRequest, pk: int) -> HttpResponse:
    row = _activity(request, pk, EDIT)
    form = forms.PhotoForm(*sent(request))
    if form.is_bound and form.is_valid():
        saved = attempt(
            form, lambda: services.add_activity_photo(activity=row, upload=form.cleaned_data["upload"], by=request.user)
        )
        if saved is not None:
            return done(request, _("照片已上传。"), "activity_detail", pk)
    return form_page(
        request,
        form,
        _("上传照片"),
        back=reverse("party:activity_detail", args=[pk]),
        trail=_trail(row),
        verb=_("上传"),
    )
