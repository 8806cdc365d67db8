"""The people of a household: births, marriages, deaths, corrections, another householder, and households that part or join."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.roles import Permission
from common.readonly import read_on_get
from households import codelists, values
from households.answering import attempt, form_status
from households.forms import (
    MEMBER_TOPICS,
    HouseholderChoiceForm,
    LeaveAsHouseholderForm,
    LeaveForm,
    MemberAddForm,
    MemberForm,
    MergeForm,
    RelationsForm,
    SplitChoiceForm,
    SplitForm,
    member_year_form,
    today,
)
from households.models import Household, Member
from households.services import (
    LedgerError,
    add_member,
    change_householder,
    correct_member,
    correct_member_year,
    merge_households,
    remove_member,
    return_member,
    split_household,
)
from households.views.base import FORM, done, page, say, stale
from households.views.edit import editable

MOST_FOUND = 20


def _present(household: Household) -> list[Member]:
    """Members in the book, householder first."""
    members = list(household.members.present().order_by("relation", "birth_date", "pk"))
    return sorted(members, key=lambda m: not m.is_householder)


def _member(household: Household, member_pk: int, *, present: bool = True) -> Member:
    rows = household.members.present() if present else household.members.all()
    member: Member = get_object_or_404(rows, pk=member_pk)
    member.household = household
    return member


@read_on_get
def member_add(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk)
    alone = not household.members.present().filter(relation=codelists.HOUSEHOLDER).exists()
    form = MemberAddForm(
        request.POST or None, householder=alone, version=household.version, initial={"joined_on": today()}
    )
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        facts = ({"relation": codelists.HOUSEHOLDER} if alone else {}) | form.facts()
        if attempt(
            form,
            lambda: add_member(
                household=household, by=request.user, facts=facts, joined_on=own["joined_on"], joined_reason=own["joined_reason"],
                version=own["version"],
            ),
        ):  # fmt: skip
            return done(request, household)
    intro = _("这一户现在没有户主，这位成员将登记为户主。") if alone else ""
    return page(
        request, FORM, household, _("增加成员"), status=form_status(form), form=form, intro=intro, verb=_("登记")
    )


@read_on_get
def member_edit(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    household = editable(request, pk)
    member = _member(household, member_pk)
    form = MemberForm(request.POST or None, row=member, householder=member.is_householder, version=household.version)
    conflict = None
    if request.method == "POST" and form.is_valid():
        conflict = stale(form, household, lambda name: _now(member, name))
        own = form.cleaned_data
        if not conflict and attempt(
            form,
            lambda: correct_member(
                member=member, by=request.user, facts=form.facts(), version=own["version"], note=own["note"]
            ),
        ):
            return done(request, household)
    title = _("修改成员：%(name)s") % {"name": member.name}
    links = [
        (
            _("上学、健康、务工、保险"),
            reverse(
                "households:member_year_edit", args=[pk, member.pk, household.latest_year or timezone.localdate().year]
            ),
        )
    ]
    links += [(_("成员减少（死亡、嫁出、迁出……）"), reverse("households:member_leave", args=[pk, member.pk]))]
    return page(
        request, FORM, household, title, status=form_status(form, conflict), form=form, conflict=conflict, links=links,
        intro=_("要换户主，请回到台账用“更换户主”。") if member.is_householder else "",
    )  # fmt: skip


def _now(member: Member, name: str) -> str:
    if name in ("id_number", "phone") or name.startswith("drop_"):
        return ""
    return values.of(member, name)


@read_on_get
def member_year_edit(request: HttpRequest, pk: int, member_pk: int, year: int) -> HttpResponse:
    """What is true of a member in a year."""
    household = editable(request, pk)
    member = _member(household, member_pk, present=False)
    if not 2010 <= year <= max(timezone.localdate().year, household.latest_year):
        return redirect(household)
    rows = list(member.years.filter(year__lte=year).order_by("-year")[:2])
    row = next((r for r in rows if r.year == year), None)
    last = next((r for r in rows if r.year < year), None)
    form = member_year_form(request.POST or None, row=row, last=last, version=household.version)
    conflict = None
    if request.method == "POST" and form.is_valid():
        conflict = stale(form, household, lambda name: values.of(row, name) if row else "")
        own = form.cleaned_data
        if not conflict and attempt(
            form,
            lambda: correct_member_year(
                member=member, year=year, by=request.user, facts=form.facts(), version=own["version"], note=own["note"]
            ),
        ):
            return done(request, household)
    groups = [{"label": title, "fields": [form[name] for name in names]} for title, names in MEMBER_TOPICS]
    title = _("%(name)s（%(year)s年）") % {"name": member.name, "year": year}
    return page(
        request, FORM, household, title, status=form_status(form, conflict), form=form, conflict=conflict, groups=groups
    )


@read_on_get
def member_leave(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    """A member leaves. A householder who leaves others behind is followed by another one in the same step."""
    household = editable(request, pk)
    member = _member(household, member_pk)
    others = [m for m in _present(household) if m.pk != member.pk]
    title = _("成员减少：%(name)s") % {"name": member.name}
    heir = None
    if member.is_householder and others:
        choose = HouseholderChoiceForm(request.GET if "householder" in request.GET else None, members=others)
        if not (choose.is_bound and choose.is_valid()):
            intro = _("%(name)s 是户主。请先选定由谁接任，下一步再填减少原因和各人与新户主的关系。") % {
                "name": member.name
            }
            return page(request, FORM, household, title, form=choose, intro=intro, method="get", verb=_("下一步"))
        heir = next(m for m in others if str(m.pk) == choose.cleaned_data["householder"])
    initial = {"left_on": today()}
    form: Any
    if heir is None:
        form = LeaveForm(request.POST or None, version=household.version, initial=initial)
    else:
        rest = [m for m in others if m.pk != heir.pk]
        form = LeaveAsHouseholderForm(
            request.POST or None, version=household.version, initial=initial, members=rest, householder_name=heir.name
        )  # fmt: skip
        form.order_fields(["left_reason", "left_on"])
    if request.method == "POST" and form.is_valid():
        own = form.cleaned_data
        if attempt(
            form,
            lambda: remove_member(
                member=member, by=request.user, left_on=own["left_on"], left_reason=own["left_reason"], new_householder=heir,
                relations=form.relations() if heir else None, version=own["version"],
            ),
        ):  # fmt: skip
            return done(request, household)
    intro = _("%(name)s 离开后，%(heir)s 成为户主。") % {"name": member.name, "heir": heir.name} if heir else ""
    return page(
        request, FORM, household, title, status=form_status(form), form=form, intro=intro, verb=_("确认减少"), danger=True
    )  # fmt: skip


@require_POST
def member_return(request: HttpRequest, pk: int, member_pk: int) -> HttpResponse:
    """Undo a leaving entered by mistake."""
    household = editable(request, pk)
    member = _member(household, member_pk, present=False)
    try:
        return_member(member=member, by=request.user)
    except LedgerError as error:
        messages.error(request, str(error))
        return redirect(household)
    return done(request, household)


# -- in two steps: who, then what each is to the new householder ----------------------------------------------------------------


@read_on_get
def householder_change(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.HOUSEHOLD_RESTRUCTURE)
    members = _present(household)
    title = _("更换户主")
    candidates = [m for m in members if not m.is_householder]
    if not candidates:
        intro = _("这一户没有别的成员可以做户主。请先增加成员。")
        return page(request, FORM, household, title, intro=intro)
    choose = HouseholderChoiceForm(request.GET if "householder" in request.GET else None, members=candidates)
    if not (choose.is_bound and choose.is_valid()):
        return page(request, FORM, household, title, form=choose, method="get", verb=_("下一步"))
    chosen = next(m for m in candidates if str(m.pk) == choose.cleaned_data["householder"])
    rest = [m for m in members if m.pk != chosen.pk]
    form = RelationsForm(request.POST or None, members=rest, householder_name=chosen.name, version=household.version)
    if request.method == "POST" and form.is_valid() and attempt(
        form,
        lambda: change_householder(
            household=household, by=request.user, new_householder=chosen, relations=form.relations(), version=form.cleaned_data["version"]
        ),
    ):  # fmt: skip
        household.refresh_from_db()
        return done(request, household)
    intro = _("新户主是 %(name)s。请逐人选择与新户主的关系，一步改完。") % {"name": chosen.name}
    return page(request, FORM, household, title, status=form_status(form), form=form, intro=intro, verb=_("确认更换"))


@read_on_get
def household_split(request: HttpRequest, pk: int) -> HttpResponse:
    household = editable(request, pk, Permission.HOUSEHOLD_RESTRUCTURE)
    candidates = [m for m in _present(household) if not m.is_householder]
    title = _("拆户")
    if not candidates:
        return page(request, FORM, household, title, intro=_("这一户除户主外没有别的成员，不能拆户。"))
    asked = "members" in request.GET or "householder" in request.GET
    choose = SplitChoiceForm(request.GET if asked else None, members=candidates)
    if not (choose.is_bound and choose.is_valid()):
        intro = _("拆出的成员另立一户，登记在同一个村组，身份状态相同；各人的年度记录随人走。原户主不能拆出。")
        return page(request, FORM, household, title, form=choose, intro=intro, method="get", verb=_("下一步"))
    going = [m for m in candidates if str(m.pk) in choose.cleaned_data["members"]]
    head = next(m for m in going if str(m.pk) == choose.cleaned_data["householder"])
    rest = [m for m in going if m.pk != head.pk]
    form = SplitForm(
        request.POST or None,
        members=rest,
        householder_name=head.name,
        version=household.version,
        initial={"on": today()},
    )
    if request.method == "POST" and form.is_valid():
        new = attempt(
            form,
            lambda: split_household(
                household=household, by=request.user, members=going, new_householder=head, relations=form.relations(),
                on=form.cleaned_data["on"], number=form.cleaned_data["number"],
            ),
        )  # fmt: skip
        if new:
            say(request, household, new)
            return redirect(new)
    intro = _("新户：%(names)s，户主 %(head)s。") % {"names": _("、").join(m.name for m in going), "head": head.name}
    return page(request, FORM, household, title, status=form_status(form), form=form, intro=intro, verb=_("确认拆户"))


@read_on_get
def household_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """This household goes into another one, found by number or householder within the user's area."""
    household = editable(request, pk, Permission.HOUSEHOLD_RESTRUCTURE)
    title = _("并入另一户")
    into_pk, q = request.GET.get("into", ""), request.GET.get("q", "").strip()
    others = (
        Household.objects.for_user(request.user, Permission.HOUSEHOLD_RESTRUCTURE).active().exclude(pk=pk).select_related("village")
    )  # fmt: skip
    if not (into_pk.isascii() and into_pk.isdigit()):
        found = (
            list(others.filter(Q(number=q) | Q(householder_name=q)).order_by("village__path", "pk")[: MOST_FOUND + 1])
            if q
            else []
        )
        return page(
            request, "households/household_merge.html", household, title, q=q, found=found[:MOST_FOUND], more=len(found) > MOST_FOUND
        )  # fmt: skip
    into = get_object_or_404(others, pk=int(into_pk))
    head = into.members.present().filter(relation=codelists.HOUSEHOLDER).first()
    if head is None:
        return page(request, FORM, household, title, intro=_("要并入的那一户没有户主，请先在那一户确定户主。"))
    members = _present(household)
    form = MergeForm(
        request.POST or None,
        members=members,
        householder_name=head.name,
        version=household.version,
        initial={"on": today()},
    )
    if request.method == "POST" and form.is_valid():
        merged = attempt(
            form,
            lambda: merge_households(
                household=household, into=into, by=request.user, relations=form.relations(), on=form.cleaned_data["on"]
            ),
        )
        if merged:
            say(request, household, into)
            return redirect(into)
    intro = _("%(household)s（%(count)s 人）并入 %(into)s（户编号 %(number)s，%(place)s）。并入后本户销户，结对结束。") % {
        "household": household, "count": len(members), "into": into, "number": into.number, "place": into.village.full_name,
    }  # fmt: skip
    return page(
        request, FORM, household, title, status=form_status(form), form=form, intro=intro, verb=_("确认并户"), danger=True
    )  # fmt: skip
