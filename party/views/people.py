"""党员和培养对象: who they are, and every step of 发展党员."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.scoping import may_in
from cadres.models import Cadre
from common import dates, pages
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get, reads_only
from common.refusal import RefusedError
from party import development, forms, services
from party.filters import PersonFilter
from party.models import COMING, CONFIRMED, MEMBERS, Branch, PartyPerson, Stage, StageProposal
from party.rules import Rules, rule_of, rules_above
from party.scope import Scope
from party.services.steps import earliest, next_stage, warning_of
from party.views.base import (
    CONFIRM,
    EDIT,
    act,
    computed,
    counted_people,
    done,
    may_confirm,
    may_edit,
    row_or_404,
    somebody,
    tab_page,
    trail_of,
    village_or_404,
)

OPEN = StageProposal.State.OPEN
TONES = {"": "amber", Stage.APPLICANT: "grey", Stage.ACTIVIST: "grey", Stage.TARGET: "blue", Stage.PROBATIONARY: "blue", Stage.FULL: "green"}  # fmt: skip


# -- lists ------------------------------------------------------------------------------------------------------------------------------


@reads_only
def person_list(request: HttpRequest) -> HttpResponse:
    """The people behind a figure."""
    user = somebody(request)
    filterset = PersonFilter(request.GET, PartyPerson.objects.for_user(user), request=request)
    return pages.list_page(
        request, template="party/person_list.html", url=reverse("party:person_list"), filterset=filterset, counted=counted_people,
        context=lambda page: {"rows": [(row, TONES[row.stage]) for row in page.rows]},
        rows=lambda found: found.select_related("branch__village__parent"),
    )  # fmt: skip


@reads_only
def development_list(request: HttpRequest) -> HttpResponse:
    """每村每两年至少发展一名年轻党员, a sentence a village."""
    user = somebody(request)
    scope = Scope.asked(user, request.GET.get("region", ""))
    found = development.look(scope.villages, Rules.load(activities=False))
    state = request.GET.get("state", "")
    known = {**{s.value: label for s, label in development.LABELS.items()}, "open": _("还要发展的")}
    if state in known:
        wanted = set(development.villages_in(found, state))
        shown = [o for o in found if o.village.pk in wanted]
    else:
        state, shown = "", found
    query = {"region": str(scope.choices.chosen.pk)} if scope.choices.chosen else {}
    query |= {"state": state} if state else {}
    context = {
        "regions": scope.choices.choices, "chosen": scope.choices.chosen, "state": state, "states": known.items(),
        "now": timezone.now(), **computed(shown, request, reverse("party:development_list"), query),
    }  # fmt: skip
    return render(request, "party/development_list.html", context)


@reads_only
def village_development(request: HttpRequest, pk: int) -> HttpResponse:
    """发展党员 of a village: the rule in a sentence, who is on the way and what may come next, what waits."""
    place = village_or_404(request, pk)
    rules = rules_above([place])
    outlook = development.look([place], rules)[0]
    user = request.user
    people = PartyPerson.objects.for_user(user).filter(
        branch__village=place, left_on=None, stage__in=(*COMING, Stage.PROBATIONARY)
    )
    waiting = StageProposal.objects.for_user(user).filter(person__branch__village=place, state=OPEN)
    open_by = {p.person_id: p for p in waiting.select_related("person").order_by("pk")}
    stages: list[tuple[Any, list[dict[str, Any]]]] = []
    rows = list(people.order_by("stage_since", "pk"))
    for stage in (Stage.PROBATIONARY, *reversed(COMING)):
        here = [_next(row, outlook.rule, open_by.get(row.pk)) for row in rows if row.stage == stage]
        stages.append((stage.label, here))
    context = {
        "outlook": outlook, "stages": stages, "any": bool(rows), "waiting": list(open_by.values()),
        "branches": list(Branch.objects.for_user(user).open().filter(village=place).order_by("name", "pk")),
        "developed": sorted(outlook.developed, key=lambda p: p.joined_on or timezone.localdate(), reverse=True),
    }  # fmt: skip
    return tab_page(request, place, "village_development", "party/village_development.html", context)


def _next(row: PartyPerson, rule: Any, proposal: StageProposal | None) -> dict[str, Any]:
    """A person on the way, and the next step with its first day."""
    following, first = next_stage(row), earliest(row, rule)
    return {
        "person": row, "next": following.label if following else "", "from": first, "ready": first is not None and first <= timezone.localdate(),
        "proposal": proposal, "age": development.age_on(row.birth_date, timezone.localdate()),
    }  # fmt: skip


# -- one person -------------------------------------------------------------------------------------------------------------------------


def _person(request: HttpRequest, pk: int, permission: Any = None) -> PartyPerson:
    found: PartyPerson = row_or_404(request, PartyPerson, permission, "branch__village__parent", "cadre", pk=pk)
    return found


def _trail(person: PartyPerson) -> list[tuple[str, str]]:
    return trail_of(person.branch.village, (person.name, reverse("party:person_detail", args=[person.pk])))


def _names(usernames: set[str]) -> dict[str, str]:
    return dict(User.objects.filter(username__in=usernames).values_list("username", "name"))


@reads_only
def person_detail(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk)
    place = person.branch.village
    steps = list(person.steps.select_related("undoes").order_by("-id"))
    proposal = person.proposals.filter(state=OPEN).first()
    names = _names(
        {name for s in steps for name in (s.recorded_by, s.confirmed_by) if name}
        | ({proposal.proposed_by} if proposal else set())
    )
    rule = rule_of(place)
    edits, confirms = may_edit(request, place), may_confirm(request, place)
    last = next((s for s in steps if s.undoes_id is None and not any(u.undoes_id == s.pk for u in steps)), None)
    present = person.left_on is None
    following = next_stage(person) if present and not proposal else None
    context = {
        "person": person, "village": place, "trail": trail_of(place, (person.name, "")), "tone": TONES[person.stage],
        "age": development.age_on(person.birth_date, timezone.localdate()), "timeline": [_told(step, names) for step in steps],
        "posts": list(person.posts.order_by("-starts_on", "pk")), "proposal": proposal,
        "proposer": names.get(proposal.proposed_by, proposal.proposed_by) if proposal else "", "own": bool(proposal and proposal.proposed_by == request.user.get_username()),
        "next": following, "from": earliest(person, rule) if following else None, "may_edit": edits, "may_confirm": confirms,
        "may_undo": present and not proposal and last is not None and bool(last.from_stage) and (confirms if last.to_stage in CONFIRMED else edits),
        "may_able": confirms and present and person.stage in MEMBERS,
    }  # fmt: skip
    return render(request, "party/person_detail.html", context)


def _told(step: Any, names: dict[str, str]) -> dict[str, str]:
    """A step for `{% timeline %}`."""
    if step.undoes_id is not None:
        title = _("撤回：%(stage)s") % {"stage": step.get_from_stage_display()}
    elif not step.from_stage and step.to_stage in MEMBERS:
        title = _("登记为%(stage)s") % {"stage": step.get_to_stage_display()}
    else:
        title = step.get_to_stage_display()
    who = names.get(step.recorded_by, step.recorded_by)
    if step.confirmed_by:
        who = _("%(who)s 提出，%(other)s 确认") % {"who": who, "other": names.get(step.confirmed_by, step.confirmed_by)}
    return {"title": title, "meta": f"{dates.written(step.on)} · {who}", "text": step.note}


def _branch(request: HttpRequest, pk: int) -> Branch:
    found: Branch = row_or_404(request, Branch, EDIT, "village__parent", pk=pk)
    return found


@read_on_get
def person_apply(request: HttpRequest, pk: int) -> HttpResponse:
    """入党申请."""
    branch = _branch(request, pk)
    form = forms.ApplyForm(posted(request), initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        row = attempt(
            form,
            lambda: services.register_person(
                branch=branch, facts=form.who(), on=form.cleaned_data["on"], by=request.user
            ),
        )
        if row is not None:
            return done(request, _("已登记入党申请人。"), "village_development", branch.village_id)
    back = reverse("party:village_development", args=[branch.village_id])
    return form_page(
        request, form, _("登记入党申请人"), back=back, trail=trail_of(branch.village), sub=branch.name, verb=_("登记")
    )


@read_on_get
def member_new(request: HttpRequest, pk: int) -> HttpResponse:
    """登记已有党员, to be confirmed by somebody else."""
    branch = _branch(request, pk)
    form = forms.MemberForm(posted(request))
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        row = attempt(
            form,
            lambda: services.register_member(
                branch=branch, facts=form.who(), stage=data["stage"], joined_on=data["joined_on"], full_on=data["full_on"],
                developed_here=data["came"] == "here", by=request.user,
            ),
        )  # fmt: skip
        if row is not None:
            return done(request, _("已登记，等乡镇或县里另一位同志确认后计入党员。"), "village", branch.village_id)
    return form_page(
        request, form, _("登记党员"), back=reverse("party:village", args=[branch.village_id]), trail=trail_of(branch.village), sub=branch.name,
        verb=_("登记，等确认"), intro=_("登记入党在先的党员，或转来的党员。新发展的党员从入党申请开始，一步一步登记。"),
    )  # fmt: skip


@read_on_get
def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk, EDIT)
    first = {name: getattr(person, name) for name in ("name", "sex", "birth_date", "schooling", "version")}
    form = forms.CorrectForm(posted(request), initial=first, phone=person.phone_masked)
    if form.is_bound and form.is_valid():
        version = form.cleaned_data["version"]
        row = attempt(
            form, lambda: services.change_person(person=person, facts=form.who(), version=version, by=request.user)
        )
        if row is not None:
            return done(request, _("已保存。"), "person_detail", person.pk)
    return form_page(
        request,
        form,
        _("修改"),
        back=reverse("party:person_detail", args=[person.pk]),
        trail=_trail(person),
        sub=person.name,
    )


@read_on_get
def person_leave(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk, EDIT)
    form = forms.LeaveForm(posted(request), initial={"on": timezone.localdate(), "version": person.version})
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        row = attempt(
            form,
            lambda: services.remove_person(
                person=person, reason=data["reason"], on=data["on"], version=data["version"], by=request.user
            ),
        )
        if row is not None:
            return done(request, _("已登记离开。"), "person_detail", person.pk)
    return form_page(
        request, form, _("登记离开"), back=reverse("party:person_detail", args=[person.pk]), trail=_trail(person), sub=person.name,
        verb=_("登记离开"), danger=True,
    )  # fmt: skip


@require_POST
def person_return(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk, EDIT)
    return act(
        request, lambda: services.return_person(person=person, by=request.user), _("已恢复在册。"), "person_detail", pk
    )


@read_on_get
def person_able(request: HttpRequest, pk: int) -> HttpResponse:
    """有帮带能力: say so, by an entry in the register of cadres that is there or is opened now."""
    person = _person(request, pk, CONFIRM)
    form = forms.AbleForm(posted(request))
    entries = Cadre.objects.for_user(request.user).serving().filter(name=person.name, party_person=None)
    form.fields["cadre"].offer(  # type: ignore[attr-defined]
        entries.select_related("unit").order_by("pk")[:20],
        lambda c: f"{c.name}（{c.unit.name}）",
        _("不在名册里，新登记"),
    )
    if form.is_bound and form.is_valid():
        row = attempt(
            form, lambda: services.mark_able(person=person, cadre=form.cleaned_data["cadre"], by=request.user)
        )
        if row is not None:
            return done(request, _("已登记，可以安排结对帮扶。"), "person_detail", person.pk)
    return form_page(
        request, form, _("登记为有帮带能力"), back=reverse("party:person_detail", args=[person.pk]), trail=_trail(person), sub=person.name,
        verb=_("登记"), intro=_("登记后进入干部名册，可以和农户结对。同一个人只登记一次，已经是村干部或队员的，请在下面选本人。"),
    )  # fmt: skip


@require_POST
def person_unable(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk, CONFIRM)
    return act(
        request,
        lambda: services.unmark_able(person=person, by=request.user),
        _("已取消，不再安排新的结对。"),
        "person_detail",
        pk,
    )


# -- steps ------------------------------------------------------------------------------------------------------------------------------


@read_on_get
def step_new(request: HttpRequest, pk: int) -> HttpResponse:
    """The next step: taken at once, or proposed to somebody else."""
    person = _person(request, pk, EDIT)
    following = next_stage(person)
    if following is None:
        messages.error(request, _("没有下一步可以登记。"))
        return redirect("party:person_detail", pk)
    form = forms.StepForm(posted(request), initial={"on": timezone.localdate()})
    waits = following in CONFIRMED
    if form.is_bound and form.is_valid():
        verb = services.propose_step if waits else services.take_step
        row = attempt(form, lambda: verb(person=person, to=following, by=request.user, **form.cleaned_data))
        if row is not None:
            early = warning_of(person, form.cleaned_data["on"], rule_of(person.branch.village))
            if early:
                messages.warning(request, early)
            said = _("已提出，等另一位同志确认。") if waits else _("已登记为%(stage)s。") % {"stage": following.label}
            return done(request, said, "person_detail", person.pk)
    rule = rule_of(person.branch.village)
    first = earliest(person, rule)
    pairs = [
        (_("姓名"), person.name),
        (_("现在"), person.get_stage_display()),
        (_("自"), dates.written(person.stage_since)),
    ]  # type: ignore[arg-type]
    if first is not None:
        pairs.append((_("最早可登记"), dates.written(first)))
    return form_page(
        request, form, _("列为%(stage)s") % {"stage": following.label}, back=reverse("party:person_detail", args=[pk]), trail=_trail(person),
        pairs=pairs, verb=_("提出，等确认") if waits else _("登记"),
        warning=warning_of(person, timezone.localdate(), rule),
        intro=_("这一步要由有确认权限的另一位同志确认。") if waits else "",
    )  # fmt: skip


@read_on_get
def step_undo(request: HttpRequest, pk: int) -> HttpResponse:
    person = _person(request, pk, EDIT)
    form = forms.ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        row = attempt(
            form, lambda: services.undo_step(person=person, reason=form.cleaned_data["reason"], by=request.user)
        )
        if row is not None:
            return done(request, _("已撤回这一步。"), "person_detail", person.pk)
    return form_page(
        request, form, _("撤回这一步"), back=reverse("party:person_detail", args=[pk]), trail=_trail(person), verb=_("撤回"), danger=True,
        pairs=[(_("姓名"), person.name), (_("现在"), person.get_stage_display())],
        intro=_("只用于登记错了。撤回后回到上一个阶段，两次登记都留在记录里。"),
    )  # fmt: skip


# -- what waits for confirmation ------------------------------------------------------------------------------------------------------------


@reads_only
def proposal_list(request: HttpRequest) -> HttpResponse:
    """Steps and registrations that wait, for who may confirm them; one's own cannot be ticked."""
    user = somebody(request)
    rows = StageProposal.objects.for_user(user).filter(state=OPEN)
    found = list(
        rows.select_related("person__branch__village__parent").order_by("person__branch__village__code", "pk")[:300]
    )
    names = _names({row.proposed_by for row in found})
    shown = [
        {
            "row": row, "who": names.get(row.proposed_by, row.proposed_by),
            "mine": row.proposed_by == user.username, "may": may_in(user, CONFIRM, row.person.branch.village),
        }
        for row in found
    ]  # fmt: skip
    if request.GET.get("of") == "me":
        shown = [each for each in shown if each["may"] and not each["mine"]]
    context = {
        "rows": shown, "count": len(shown), "any": any(each["may"] and not each["mine"] for each in shown),
        "of_me": request.GET.get("of") == "me",
    }  # fmt: skip
    return render(request, "party/proposal_list.html", context)


@require_POST
def proposals_confirm(request: HttpRequest) -> HttpResponse:
    """Confirm what was ticked, all or nothing."""
    user = somebody(request, CONFIRM)
    keys = [int(key) for key in request.POST.getlist("chosen") if key.isascii() and key.isdecimal() and len(key) < 19][
        :300
    ]
    rows = list(
        StageProposal.objects.for_user(user, CONFIRM).filter(pk__in=keys).select_related("person").order_by("pk")
    )
    if not rows:
        messages.error(request, _("请先选择要确认的人。"))
        return redirect("party:proposal_list")
    try:
        steps = services.confirm_steps(proposals=rows, by=user)
    except (RefusedError, ValidationError) as error:
        said = "".join(error.messages) if isinstance(error, ValidationError) else str(error)
        messages.error(request, _("一个都没有确认。%(error)s") % {"error": said})
    else:
        said = ngettext("已确认 %(count)s 人。", "已确认 %(count)s 人。", len(steps))
        messages.success(request, said % {"count": len(steps)})
    return redirect("party:proposal_list")


def _proposal(request: HttpRequest, pk: int, permission: Any) -> StageProposal:
    found: StageProposal = row_or_404(request, StageProposal, permission, "person__branch__village__parent", pk=pk)
    return found


@read_on_get
def proposal_refuse(request: HttpRequest, pk: int) -> HttpResponse:
    row = _proposal(request, pk, CONFIRM)
    form = forms.ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        refused = attempt(
            form, lambda: services.refuse_step(proposal=row, reason=form.cleaned_data["reason"], by=request.user)
        )
        if refused is not None:
            return done(request, _("已退回。"), "proposal_list")
    return form_page(
        request, form, _("不同意，退回"), back=reverse("party:proposal_list"), trail=_trail(row.person), verb=_("退回"), danger=True,
        pairs=[(_("姓名"), row.person.name), (_("提出"), row.get_to_stage_display()), (_("日期"), dates.written(row.on))],
    )  # fmt: skip


@require_POST
def proposal_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    row = _proposal(request, pk, EDIT)
    return act(
        request,
        lambda: services.withdraw_step(proposal=row, by=request.user),
        _("已撤回。"),
        "person_detail",
        row.person_id,
    )
