"""四大课堂: a village's tab, the course catalogue, sessions, who was there, and signing in by QR."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.forms import Form as Plain
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.scoping import may_in, posted_regions
from cadres.models import Cadre
from common import pages, qr
from common.answering import attempt, form_page, form_status, posted
from common.readonly import read_on_get, reads_only
from party import coverage, forms, periods, services
from party.filters import SessionFilter, span_choices
from party.models import Activity, Attendance, Branch, Classroom, Course, Session
from party.scope import Scope
from party.services import sessions
from party.services.signing_in import NoMatchError, TooManyError, open_session
from party.views.base import (
    CONFIRM,
    EDIT,
    act,
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
from regions.models import Level

State = Session.State
SHOWN = 10  # sessions on the tab of a village
TONES = {State.PLANNED: "blue", State.HELD: "green", State.CANCELLED: "grey"}


# -- a village, and lists -----------------------------------------------------------------------------------------------------------------


@reads_only
def village_classroom(request: HttpRequest, pk: int) -> HttpResponse:
    """What was held this quarter and this year, what is planned, what was last."""
    place = village_or_404(request, pk)
    today = timezone.localdate()
    spans = [periods.span_of("quarter", today), periods.span_of("year", today)]
    rows = Session.objects.for_user(request.user).filter(village=place)
    context = {
        "figures": [_figures(place.pk, span, coverage.look([place], span)[place.pk]) for span in spans],
        "planned": [(s, TONES[s.state]) for s in rows.filter(state=State.PLANNED).select_related("course").order_by("held_on", "pk")],
        "held": [(s, TONES[s.state]) for s in rows.exclude(state=State.PLANNED).select_related("course").order_by("-held_on", "-pk")[:SHOWN]],
        "all_url": pages.address(reverse("party:session_list"), {"region": str(pk)}),
    }  # fmt: skip
    return tab_page(request, place, "village_classroom", "party/village_classroom.html", context)


def _figures(pk: int, span: periods.Span, found: coverage.Coverage) -> dict[str, Any]:
    """A period of a village: sessions by classroom, people who came of how many, villagers; each with its list."""
    inside = {"region": str(pk), "span": span.code}
    held = {"state": str(State.HELD)}
    listed, people = reverse("party:session_list"), reverse("party:person_list")
    return {
        "label": span.label,
        "cells": [
            {"label": label, "value": found.sessions[code], "url": pages.address(listed, inside | held | {"classroom": code})}
            for code, label in Classroom.choices
        ],
        "attended": found.attended, "people": found.people, "villagers": found.villagers,
        "came_url": pages.address(people, inside | {"attended": "yes"}), "missed_url": pages.address(people, inside | {"attended": "no"}),
        "people_url": pages.address(people, {"region": str(pk)}), "missed": found.people - found.attended, "missing": found.missing,
    }  # fmt: skip


@reads_only
def session_list(request: HttpRequest) -> HttpResponse:
    user = somebody(request)
    filterset = SessionFilter(request.GET, Session.objects.for_user(user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        came = Counter(row.pk for row in page.rows for _attendance in row.came)
        return {"rows": [(row, TONES[row.state], came[row.pk]) for row in page.rows]}

    return pages.list_page(
        request, template="party/session_list.html", url=reverse("party:session_list"), filterset=filterset, order="-held_on",
        context=context, counted=counted_times, rows=_with_attendances,
    )  # fmt: skip


def _with_attendances(rows: Any) -> Any:
    return rows.select_related("course", "village__parent").prefetch_related(
        Prefetch("attendances", Attendance._base_manager.order_by("pk"), to_attr="came")
    )


@reads_only
def unreached_list(request: HttpRequest) -> HttpResponse:
    """Villages in which nothing was held in a period, or nothing of a classroom."""
    user = somebody(request)
    scope = Scope.asked(user, request.GET.get("region", ""))
    span = periods.parse(request.GET.get("span", "")) or periods.span_of("quarter", timezone.localdate())
    classroom = request.GET.get("classroom", "")
    classroom = classroom if classroom in Classroom else ""
    found = coverage.look(scope.villages, span)
    wanted = set(coverage.unreached(found, classroom))
    query = {"region": str(scope.choices.chosen.pk)} if scope.choices.chosen else {}
    query |= {"span": span.code} | ({"classroom": classroom} if classroom else {})
    shown = [(village, found[village.pk]) for village in scope.villages if village.pk in wanted]
    context = {
        "regions": scope.choices.choices, "chosen": scope.choices.chosen, "span": span, "spans": span_choices(),
        "classroom": classroom, "classrooms": Classroom.choices, **computed(shown, request, reverse("party:unreached_list"), query),
    }  # fmt: skip
    return render(request, "party/unreached_list.html", context)


# -- courses ----------------------------------------------------------------------------------------------------------------------------


@reads_only
def course_list(request: HttpRequest) -> HttpResponse:
    user = somebody(request)
    rows = Course.objects.for_user(user).filter(retired_on=None).select_related("region")
    groups = []
    for code, label in Classroom.choices:
        here = [(row, may_in(user, CONFIRM, row.region)) for row in rows if row.classroom == code]
        groups.append((label, sorted(here, key=lambda pair: (pair[0].region.level, pair[0].title, pair[0].pk))))
    retired = (
        Course.objects.for_user(user).exclude(retired_on=None).select_related("region").order_by("-retired_on", "pk")
    )
    context = {"groups": groups, "retired": list(retired[:50]), "may": user.can(CONFIRM)}
    return render(request, "party/course_list.html", context)


def _course_trail() -> list[tuple[str, str]]:
    return [(_("课程目录"), reverse("party:course_list"))]


@read_on_get
def course_new(request: HttpRequest) -> HttpResponse:
    user = somebody(request, CONFIRM)
    form = forms.NewCourseForm(posted(request))
    tops = [region for region in posted_regions(user, CONFIRM) if region.level in (Level.TOWNSHIP, Level.COUNTY)]
    form.fields["region"].offer(tops)  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        facts = {name: data[name] for name in forms.CourseForm.FACTS}
        if attempt(form, lambda: services.open_course(region=data["region"], facts=facts, by=user)) is not None:
            return done(request, _("已登记课程。"), "course_list")
    return form_page(
        request, form, _("登记课程"), back=reverse("party:course_list"), trail=_course_trail(), verb=_("登记")
    )


@read_on_get
def course_change(request: HttpRequest, pk: int) -> HttpResponse:
    row: Course = row_or_404(request, Course, CONFIRM, "region", pk=pk)
    first = {name: getattr(row, name) for name in (*forms.CourseForm.FACTS, "version")}
    form = forms.CourseForm(posted(request), initial=first)
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        facts = {name: data[name] for name in forms.CourseForm.FACTS}
        saved = attempt(
            form, lambda: services.change_course(course=row, facts=facts, version=data["version"], by=request.user)
        )
        if saved is not None:
            return done(request, _("已保存。"), "course_list")
    return form_page(
        request,
        form,
        _("修改课程"),
        back=reverse("party:course_list"),
        trail=_course_trail(),
        sub=row.region.full_name or row.region.name,
        beside=(_("不再开这门课了：停用"), reverse("party:course_retire", args=[pk])),
    )


@read_on_get
def course_retire(request: HttpRequest, pk: int) -> HttpResponse:
    row: Course = row_or_404(request, Course, CONFIRM, "region", pk=pk)
    form = Plain(posted(request))
    if form.is_bound and form.is_valid() and attempt(form, lambda: services.retire_course(course=row, by=request.user)):
        return done(request, _("已停用，以前的课堂不变。"), "course_list")
    return form_page(
        request, form, _("停用课程"), back=reverse("party:course_list"), trail=_course_trail(), sub=row.title, verb=_("停用"), danger=True,
        intro=_("停用后不能再选这门课，开过的课堂不变。"),
    )  # fmt: skip


# -- one session ------------------------------------------------------------------------------------------------------------------------


def _session(request: HttpRequest, pk: int, permission: Any = None) -> Session:
    found: Session = row_or_404(request, Session, permission, "course", "village__parent", pk=pk)
    return found


def _trail(row: Session) -> list[tuple[str, str]]:
    tab = (_("四大课堂"), reverse("party:village_classroom", args=[row.village_id]))
    return trail_of(row.village, tab, (row.course.title, reverse("party:session_detail", args=[row.pk])))


@reads_only
def session_detail(request: HttpRequest, pk: int) -> HttpResponse:
    row = _session(request, pk)
    edits, today = may_edit(request, row.village), timezone.localdate()
    came = list(row.attendances.select_related("person__branch", "cadre__unit").order_by("pk"))
    lecture = Activity.objects.for_user(request.user).filter(session=row).select_related("branch").first()
    held = row.state == State.HELD
    context = {
        "row": row, "village": row.village, "trail": _trail(row)[:-1] + [(row.course.title, "")], "tone": TONES[row.state],
        "came": came, "people": sessions.people_of(row).count(), "photos": photos_of(row), "lecture": lecture,
        "may_edit": edits and row.state != State.CANCELLED, "may_hold": edits and row.state == State.PLANNED and row.held_on <= today,
        "may_list": edits and row.state != State.CANCELLED and row.held_on <= today, "may_qr": edits and open_session(row.token) is not None,
        "may_cancel": edits and row.state == State.PLANNED and not came, "may_lecture": edits and held and lecture is None,
    }  # fmt: skip
    return render(request, "party/session_detail.html", context)


@read_on_get
def session_new(request: HttpRequest, pk: int) -> HttpResponse:
    place = village_or_404(request, pk, EDIT)
    form = forms.NewSessionForm(posted(request), initial={"held_on": timezone.localdate()})
    form.fields["course"].offer(sessions.courses_for(place), forms.course_label)  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        row = attempt(
            form,
            lambda: services.plan_session(
                village=place, course=data["course"], facts=form.facts(), held=data["held"] == "held", villagers=data["villagers"] or 0,
                by=request.user,
            ),
        )  # fmt: skip
        if row is not None:
            return done(request, _("已登记。下面可以签到、传照片。"), "session_detail", row.pk)
    back = reverse("party:village_classroom", args=[pk])
    return form_page(request, form, _("登记课堂"), back=back, trail=trail_of(place), verb=_("登记"))


@read_on_get
def session_change(request: HttpRequest, pk: int) -> HttpResponse:
    row = _session(request, pk, EDIT)
    names = (*forms.SessionForm.FACTS, "villagers", "version")
    form = forms.ChangeSessionForm(
        posted(request), initial={n: getattr(row, n) for n in names} | {"course": row.course_id}
    )
    offered = [row.course, *sessions.courses_for(row.village).exclude(pk=row.course_id)]
    form.fields["course"].offer(offered, forms.course_label)  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        saved = attempt(
            form,
            lambda: services.change_session(
                session=row, course=data["course"], facts=form.facts(), villagers=data["villagers"], version=data["version"], by=request.user
            ),
        )  # fmt: skip
        if saved is not None:
            return done(request, _("已保存。"), "session_detail", pk)
    return form_page(request, form, _("修改课堂"), back=reverse("party:session_detail", args=[pk]), trail=_trail(row))


@read_on_get
def session_hold(request: HttpRequest, pk: int) -> HttpResponse:
    """已开课."""
    row = _session(request, pk, EDIT)
    form = forms.HoldForm(posted(request), initial={"villagers": row.villagers, "version": row.version})
    if form.is_bound and form.is_valid():
        saved = attempt(form, lambda: services.hold_session(session=row, by=request.user, **form.cleaned_data))
        if saved is not None:
            return done(request, _("已登记为已开课。"), "session_detail", pk)
    return form_page(
        request,
        form,
        _("登记已开课"),
        back=reverse("party:session_detail", args=[pk]),
        trail=_trail(row),
        sub=row.course.title,
        verb=_("登记"),
    )


@require_POST
def session_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    row = _session(request, pk, EDIT)
    return act(
        request, lambda: services.cancel_session(session=row, by=request.user), _("已取消。"), "session_detail", pk
    )


@read_on_get
def session_attendance(request: HttpRequest, pk: int) -> HttpResponse:
    """按名单签到: everybody on one page, whoever was there is ticked."""
    row = _session(request, pk, EDIT)
    came = list(row.attendances.order_by("pk"))
    form = forms.AttendanceForm(
        posted(request),
        initial={
            "people": [a.person_id for a in came if a.person_id], "cadres": [a.cadre_id for a in came if a.cadre_id],
        },
    )  # fmt: skip
    form.fields["people"].offer(  # type: ignore[attr-defined]
        sessions.people_of(row), lambda p: p.name
    )
    form.fields["cadres"].offer(sessions.cadres_of(row))  # type: ignore[attr-defined]
    if not form.fields["cadres"].rows:  # type: ignore[attr-defined]
        del form.fields["cadres"]
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        saved = attempt(
            form,
            lambda: services.set_attendance(
                session=row, people=data["people"], cadres=data.get("cadres", []), by=request.user
            ),
        )
        if saved is not None:
            return done(request, _("签到名单已保存。"), "session_detail", pk)
    return form_page(
        request, form, _("按名单签到"), back=reverse("party:session_detail", args=[pk]), trail=_trail(row), sub=row.course.title,
        verb=_("保存名单"), intro=_("勾选到场的人。村里还没有登记党员的，先到“支部和党员”登记。") if not form.fields["people"].rows else _("勾选到场的人。"),  # type: ignore[attr-defined]
    )  # fmt: skip


@read_on_get
def session_lecture(request: HttpRequest, pk: int) -> HttpResponse:
    """记为党课 of a branch."""
    row = _session(request, pk, EDIT)
    form = forms.LectureForm(posted(request))
    branches = Branch.objects.for_user(request.user).open().filter(village=row.village_id)
    form.fields["branch"].offer(branches.order_by("name", "pk"))  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        saved = attempt(
            form, lambda: services.count_as_lecture(session=row, branch=form.cleaned_data["branch"], by=request.user)
        )
        if saved is not None:
            return done(request, _("已记为支部的党课，签到的人算到会。"), "session_detail", pk)
    return form_page(
        request, form, _("记为党课"), back=reverse("party:session_detail", args=[pk]), trail=_trail(row), sub=row.course.title, verb=_("记为党课"),
        intro=_("这次课堂同时算支部的一次党课（三会一课），不用再登记一遍。"),
    )  # fmt: skip


@read_on_get
def session_photo(request: HttpRequest, pk: int) -> HttpResponse:
    row = _session(request, pk, EDIT)
    form = forms.PhotoForm(*sent(request))
    if form.is_bound and form.is_valid():
        saved = attempt(
            form, lambda: services.add_session_photo(session=row, upload=form.cleaned_data["upload"], by=request.user)
        )
        if saved is not None:
            return done(request, _("照片已上传。"), "session_detail", pk)
    return form_page(
        request, form, _("上传照片"), back=reverse("party:session_detail", args=[pk]), trail=_trail(row), verb=_("上传")
    )


# -- signing in by QR -----------------------------------------------------------------------------------------------------------------------


@reads_only
def session_qr(request: HttpRequest, pk: int) -> HttpResponse:
    """The code to hold up, or to print and hang at the door."""
    row = _session(request, pk, EDIT)
    address = request.build_absolute_uri(reverse("party:sign_in", args=[row.token]))
    context = {
        "row": row, "village": row.village, "trail": [*_trail(row), (_("扫码签到"), "")], "open": open_session(row.token) is not None,
        "address": address, "qr": qr.data_uri(address), "came": row.attendances.count(),
    }  # fmt: skip
    return render(request, "party/session_qr.html", context)


@require_POST
def session_qr_close(request: HttpRequest, pk: int) -> HttpResponse:
    row = _session(request, pk, EDIT)
    return act(
        request,
        lambda: services.close_sign_in(session=row, by=request.user),
        _("扫码签到已结束。"),
        "session_detail",
        pk,
    )


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Open to whoever holds the address on the day. An address that is not, not yet or no longer good answers the same: 404."""
    row = open_session(token)
    if row is None:
        return render(request, "party/sign_in_closed.html", status=404)
    cadre = _own(request.user) if isinstance(request.user, User) else None
    context: dict[str, Any] = {"row": row, "cadre": cadre, "form": forms.SignInForm()}
    if request.method != "POST":
        return render(request, "party/sign_in.html", context)
    if cadre is not None and "own" in request.POST:
        return _signed(request, row, services.sign_in_cadre(session=row, by=request.user))
    form = forms.SignInForm(request.POST)
    status = 200
    if form.is_valid():
        status = 422
        try:
            new = services.sign_in(session=row, address=request.META.get("REMOTE_ADDR", ""), **form.cleaned_data)
            return _signed(request, row, new)
        except ValidationError as error:
            for name, errors in error.error_dict.items():
                form.add_error(name, errors)
        except NoMatchError as error:
            form.add_error(None, str(error))
        except TooManyError as error:
            form.add_error(None, str(error))
            status = 429
    return render(request, "party/sign_in.html", context | {"form": form}, status=max(status, form_status(form)))


def _own(user: User) -> Cadre | None:
    """One's own entry in the register, which a helper may sign in with although they see no register."""
    return Cadre._base_manager.filter(user=user, left_on=None).first()


def _signed(request: HttpRequest, row: Session, new: bool) -> HttpResponse:
    return render(request, "party/signed_in.html", {"row": row, "new": new})
