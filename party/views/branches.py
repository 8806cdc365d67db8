"""支部和党员: the first tab of a village, branches and posts, the lists of branches and villages."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from common import pages
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get, reads_only
from party import development, forms, services, staffing
from party.filters import BranchFilter
from party.models import MEMBERS, Branch, BranchPost, PartyPerson
from party.rules import Rules, rules_above
from party.scope import Scope
from party.views.base import (
    EDIT,
    computed,
    counted_things,
    done,
    row_or_404,
    somebody,
    tab_page,
    trail_of,
    village_or_404,
)
from regions.models import Region


@reads_only
def village_list(request: HttpRequest) -> HttpResponse:
    """村党组织: one's own village, or the villages of a region with what matters most of each; `?lack=branch` those without any branch."""
    user = somebody(request)
    scope = Scope.asked(user, request.GET.get("region", ""))
    if scope.is_village and scope.at is not None and scope.choices.chosen is None:  # one village is no list
        return redirect("party:village", scope.at.pk)
    rules = Rules.load(activities=False)
    facts = staffing.look(scope.villages, rules)
    villages, lack = scope.villages, request.GET.get("lack") == "branch"
    if lack:
        villages = staffing.without_branch(villages, facts)
    outlooks = {o.village.pk: o for o in development.look(villages, rules)}
    of: dict[int, list[staffing.Facts]] = {}
    for each in facts:
        of.setdefault(each.branch.village_id, []).append(each)
    rows = [(village, of.get(village.pk, []), outlooks[village.pk]) for village in villages]
    query = {"region": request.GET["region"]} if scope.choices.chosen else {}
    url, listed = reverse("party:village_list"), query | ({"lack": "branch"} if lack else {})
    context = {
        "regions": scope.choices.choices, "chosen": scope.choices.chosen, "lack": lack, "plain_url": pages.address(url, query),
        **computed(rows, request, url, listed),
    }  # fmt: skip
    return render(request, "party/village_list.html", context)


@reads_only
def village(request: HttpRequest, pk: int) -> HttpResponse:
    """Branches of a village with their posts, and its members."""
    place = village_or_404(request, pk)
    facts = staffing.look([place], rules_above([place]))
    today = timezone.localdate()
    people = PartyPerson.objects.for_user(request.user).filter(branch__village=place, left_on=None)
    shown = list(people.filter(Q(stage__in=MEMBERS) | Q(stage="")).order_by("name", "pk"))
    posts: dict[int, list[BranchPost]] = {}
    running = BranchPost.objects.for_user(request.user).filter(branch__village=place, starts_on__lte=today)
    for held in (
        running.filter(Q(ends_on=None) | Q(ends_on__gt=today)).select_related("person").order_by("starts_on", "pk")
    ):
        posts.setdefault(held.branch_id, []).append(held)
    names: dict[int, str] = {}
    for rows in posts.values():
        for held in rows:
            names[held.person_id] = "、".join(filter(None, (names.get(held.person_id), held.get_post_display())))
    branches = [
        (
            each,
            posts.get(each.branch.pk, []),
            [(p, names.get(p.pk, "")) for p in shown if p.branch_id == each.branch.pk],
        )
        for each in facts
    ]
    closed = Branch.objects.for_user(request.user).filter(village=place).exclude(closed_on=None).order_by("name", "pk")
    return tab_page(request, place, "village", "party/village.html", {"branches": branches, "closed": list(closed)})


@reads_only
def branch_list(request: HttpRequest) -> HttpResponse:
    """Branches, by what they lack."""
    user = somebody(request)
    filterset = BranchFilter(request.GET, Branch.objects.for_user(user).open(), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        villages = {row.village_id: row.village for row in page.rows}
        facts = {each.branch.pk: each for each in staffing.look(villages.values(), Rules.load(activities=False))}
        return {"rows": [facts[row.pk] for row in page.rows if row.pk in facts]}

    return pages.list_page(
        request, template="party/branch_list.html", url=reverse("party:branch_list"), filterset=filterset, context=context,
        rows=lambda found: found.select_related("village__parent"), counted=counted_things,
    )  # fmt: skip


# -- branches and posts -------------------------------------------------------------------------------------------------------------------


def _back(place: Region) -> str:
    return reverse("party:village", args=[place.pk])


@read_on_get
def branch_new(request: HttpRequest, pk: int) -> HttpResponse:
    place = village_or_404(request, pk, EDIT)
    first = {"name": _("%(village)s党支部") % {"village": place.name}, "has_committee": True, "has_groups": True}
    form = forms.BranchForm(posted(request), initial=first)
    if form.is_bound and form.is_valid():
        facts = {name: form.cleaned_data[name] for name in ("name", "established_on", "has_committee", "has_groups")}
        if attempt(form, lambda: services.open_branch(village=place, facts=facts, by=request.user)) is not None:
            return done(request, _("已登记党支部。"), "village", place.pk)
    return form_page(request, form, _("登记党支部"), back=_back(place), trail=trail_of(place), verb=_("登记"))


def _branch(request: HttpRequest, pk: int) -> Branch:
    found: Branch = row_or_404(request, Branch, EDIT, "village__parent", pk=pk)
    return found


@read_on_get
def branch_change(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(request, pk)
    names = ("name", "established_on", "has_committee", "has_groups")
    first = {name: getattr(branch, name) for name in (*names, "version")}
    form = forms.BranchForm(posted(request), initial=first)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        facts = {name: data[name] for name in names}
        saved = attempt(
            form, lambda: services.change_branch(branch=branch, facts=facts, version=data["version"], by=request.user)
        )
        if saved is not None:
            return done(request, _("已保存。"), "village", branch.village_id)
    return form_page(
        request,
        form,
        _("修改党支部"),
        back=_back(branch.village),
        trail=trail_of(branch.village),
        beside=(_("支部撤销了：登记撤销"), reverse("party:branch_close", args=[pk])),
    )


@read_on_get
def branch_close(request: HttpRequest, pk: int) -> HttpResponse:
    branch = _branch(request, pk)
    form = forms.DayForm(posted(request), initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        closed = attempt(
            form, lambda: services.close_branch(branch=branch, on=form.cleaned_data["on"], by=request.user)
        )
        if closed is not None:
            return done(request, _("已登记撤销。"), "village", branch.village_id)
    return form_page(
        request, form, _("撤销%(branch)s") % {"branch": branch.name}, back=_back(branch.village), trail=trail_of(branch.village),
        verb=_("撤销"), danger=True, intro=_("支部里还有人的不能撤销。任职在同一天结束。"),
    )  # fmt: skip


@read_on_get
def post_new(request: HttpRequest, pk: int) -> HttpResponse:
    """任职."""
    branch = _branch(request, pk)
    form = forms.PostForm(posted(request), initial={"on": timezone.localdate(), "post": request.GET.get("post", "")})
    members = PartyPerson.objects.for_user(request.user).filter(branch=branch, left_on=None, stage__in=MEMBERS)
    form.fields["person"].offer(members.order_by("name", "pk"))  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        taken = attempt(
            form,
            lambda: services.take_post(
                branch=branch, person=data["person"], post=data["post"], on=data["on"], by=request.user
            ),
        )
        if taken is not None:
            return done(request, _("已登记任职。"), "village", branch.village_id)
    return form_page(
        request,
        form,
        _("登记任职"),
        back=_back(branch.village),
        trail=trail_of(branch.village),
        sub=branch.name,
        verb=_("登记"),
    )


@read_on_get
def post_end(request: HttpRequest, pk: int) -> HttpResponse:
    """离任."""
    held: BranchPost = row_or_404(request, BranchPost, EDIT, "branch__village__parent", "person", pk=pk)
    form = forms.DayForm(posted(request), initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        ended = attempt(form, lambda: services.end_post(post=held, on=form.cleaned_data["on"], by=request.user))
        if ended is not None:
            return done(request, _("已登记离任。"), "village", held.branch.village_id)
    place = held.branch.village
    return form_page(
        request, form, _("登记离任"), back=_back(place), trail=trail_of(place), verb=_("登记"),
        pairs=[(_("姓名"), held.person.name), (_("职务"), held.get_post_display())],
    )  # fmt: skip
