"""Village projects on screen: the list, one project with its money, steps, photos and households, and the forms that lead it on."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.names import names_of
from accounts.roles import Permission
from accounts.scoping import may_in, require, require_somewhere
from assistance import villages
from assistance.codelists import BUILT, SECTOR
from assistance.models import AssistanceEvidence, VillageProject
from assistance.services import funds
from assistance.services import projects as verbs
from assistance.views.places import DayForm, StageForm, VillageField, asked_village, crumbs_of, photos_of
from assistance.village_filters import BeneficiaryFilter, ProjectFilter
from common import dates, pages
from common.answering import form_page
from common.forms import CountInput, DateInput, MoneyField
from common.readonly import read_on_get, reads_only
from households.answering import attempt, posted
from households.listing import Row, with_row_facts
from households.models import Household
from households.services import LedgerError

Stage = VillageProject.Stage
ORDER = [stage.value for stage in AssistanceEvidence.Stage]  # photos follow the work


class Act(NamedTuple):
    """A way from stage to stage, as a button and a form. `why`: the note has to be written."""

    stage: str
    verb: Any
    title: Any
    icon: str
    why: bool = False
    hint: Any = ""
    danger: bool = False


ACTS: dict[str, Act] = {
    "approve": Act(Stage.APPROVED, verbs.approve_project, gettext_lazy("批准立项"), "check"),
    "start": Act(Stage.BUILDING, verbs.start_building, gettext_lazy("登记开工"), "walk"),
    "finish": Act(Stage.FINISHED, verbs.finish, gettext_lazy("登记完工"), "check"),
    "accept": Act(Stage.ACCEPTED, verbs.accept, gettext_lazy("验收合格"), "check", hint=gettext_lazy("验收要有至少一张验收照片。")),
    "back": Act(Stage.BUILDING, verbs.send_back, gettext_lazy("验收不合格，退回整改"), "refresh", True, gettext_lazy("写清要整改什么、什么时候改完。")),
    "hand-over": Act(Stage.HANDED_OVER, verbs.hand_over, gettext_lazy("移交管护"), "right", True, gettext_lazy("写清移交给谁管护。")),
    "cancel": Act(Stage.CANCELLED, verbs.cancel, gettext_lazy("取消项目"), "cross", True, gettext_lazy("写清为什么取消。还没支付的资金退回原来的资金。"), True),
}  # fmt: skip


def acts_for(user: Any, project: VillageProject) -> list[tuple[str, Act]]:
    """The ways from here that this user may lead; the verbs ask again."""
    found = []
    for name, act in ACTS.items():
        came = {"start": Stage.APPROVED, "back": Stage.FINISHED}.get(name, project.stage)
        if project.stage == came and verbs.may_step(user, project, act.stage):
            found.append((name, act))
    return found


# -- the list -----------------------------------------------------------------------------------------------------------------------


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万个以上")
    return ngettext("共 %(count)s 个项目", "共 %(count)s 个项目", count.value) % {"count": f"{count.value:,}"}


@reads_only
def project_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    filterset = ProjectFilter(request.GET, VillageProject.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": [
                (p, villages.TONES[p.stage], villages.is_late(p), villages.Money.of(p)) for p in page.rows
            ],
            "may_edit": request.user.can(Permission.PROJECT_EDIT),  # type: ignore[union-attr]
        }  # fmt: skip

    return pages.list_page(
        request, template="assistance/project_list.html", url=reverse("assistance:project_list"), filterset=filterset, context=context,
        rows=lambda found: villages.with_money(found).select_related("village__parent"), counted=_counted,
    )  # fmt: skip


# -- one project --------------------------------------------------------------------------------------------------------------------


def _project(request: HttpRequest, pk: int, permission: Permission | None = None) -> VillageProject:
    rows = VillageProject.objects.for_user(request.user).select_related("village__parent__parent")
    project: VillageProject = get_object_or_404(rows, pk=pk)
    if permission is not None:
        require(request.user, permission, project)
    return project


def _trail(project: VillageProject, *more: tuple[str, str]) -> list[tuple[str, str]]:
    here = (project.title, reverse("assistance:project_detail", args=[project.pk]))
    return crumbs_of(project.village, here, *more)


@reads_only
def project_detail(request: HttpRequest, pk: int) -> HttpResponse:
    project = _project(request, pk)
    user = request.user
    steps = list(project.steps.order_by("-id"))
    names = names_of({project.proposed_by, *(s.by for s in steps)})
    photos = sorted(photos_of(project.evidence), key=lambda shot: ORDER.index(shot["photo"].stage or "during"))
    context = {
        "project": project, "tone": villages.TONES[project.stage], "late": villages.is_late(project), "money": villages.money_of(project, user),
        "trail": _trail(project)[:-1] + [(project.title, "")], "acts": acts_for(user, project), "may_fund": may_in(user, Permission.FUND_EDIT, project.village) and project.stage in funds.TAKES_MONEY,
        "may_edit": may_in(user, Permission.PROJECT_EDIT, project.village) and project.stage not in verbs.ENDED,
        "steps": [
            {"title": s.get_stage_display(), "meta": _("%(day)s %(who)s") % {"day": dates.written(s.on), "who": names.get(s.by, s.by)}, "text": s.note}
            for s in steps
        ],
        "photos": photos, "benefits": project.beneficiaries.count(),
        "shortfalls": project.shortfalls.order_by("pk"), "proposer": names.get(project.proposed_by, project.proposed_by),
    }  # fmt: skip
    return render(request, "assistance/project_detail.html", context)


class ProjectForm(forms.Form):
    """What is known of a project. The village is asked once."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    village = VillageField()
    sector = forms.ChoiceField(label=gettext_lazy("类别"), choices=[c for c in SECTOR.choices if c[0] in BUILT])
    title = forms.CharField(label=gettext_lazy("项目名称"), max_length=80)
    year = forms.IntegerField(
        label=gettext_lazy("年度"), min_value=2010, max_value=2100, widget=CountInput(unit=gettext_lazy("年"))
    )
    text = forms.CharField(
        label=gettext_lazy("建设内容"), max_length=600, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    quantity = forms.DecimalField(
        label=gettext_lazy("规模"), max_digits=10, decimal_places=2, required=False, widget=CountInput(decimal=True)
    )
    unit = forms.CharField(
        label=gettext_lazy("单位"), max_length=12, required=False, help_text=gettext_lazy("如：米、户、亩、座")
    )
    budget = MoneyField(label=gettext_lazy("估算投资"), required=False)
    builder = forms.CharField(label=gettext_lazy("实施单位"), max_length=80, required=False)
    on = forms.DateField(label=gettext_lazy("申报日期"), widget=DateInput())
    starts_on = forms.DateField(label=gettext_lazy("计划开工"), widget=DateInput(), required=False)
    due_on = forms.DateField(label=gettext_lazy("计划完工"), widget=DateInput(), required=False)


@read_on_get
def project_new(request: HttpRequest) -> HttpResponse:
    user = request.user
    require_somewhere(user, Permission.PROJECT_EDIT)
    village = asked_village(request, Permission.PROJECT_EDIT)
    today = timezone.localdate()
    first = {"year": today.year, "on": today, "village": village.pk if village else None, "sector": request.GET.get("sector", "")}  # fmt: skip
    form = ProjectForm(posted(request), initial=first)
    form.fields["village"].offer(user, Permission.PROJECT_EDIT)  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        facts = dict(form.cleaned_data)
        chosen, on = facts.pop("village"), facts.pop("on")
        facts.pop("version")
        row = attempt(form, lambda: verbs.propose_project(village=chosen, facts=facts, on=on, by=user))
        if row is not None:
            messages.success(request, _("已申报项目“%(title)s”，等待审批。") % {"title": row.title})
            return redirect("assistance:project_detail", row.pk)
    listed = reverse("assistance:project_list")
    return form_page(request, form, _("申报项目"), back=listed, trail=[(_("村级项目"), listed)], verb=_("申报"))


@read_on_get
def project_change(request: HttpRequest, pk: int) -> HttpResponse:
    project = _project(request, pk, Permission.PROJECT_EDIT)
    first = {name: getattr(project, name) for name in (*verbs.FACTS, "version")}
    form = ProjectForm(posted(request), initial=first)
    del form.fields["village"], form.fields["on"]
    if project.stage != Stage.PROPOSED:
        for name in ("sector", "year", "budget"):
            del form.fields[name]
    if form.is_bound and form.is_valid():
        facts = dict(form.cleaned_data)
        version = facts.pop("version")
        done = attempt(form, lambda: verbs.change_project(project=project, facts=facts, by=request.user, version=version))  # fmt: skip
        if done is not None:
            messages.success(request, _("已保存项目“%(title)s”。") % {"title": done.title})
            return redirect("assistance:project_detail", pk)
    intro = "" if project.stage == Stage.PROPOSED else _("立项以后，类别、年度和估算投资不能再改。")
    return form_page(
        request,
        form,
        _("修改项目"),
        back=reverse("assistance:project_detail", args=[pk]),
        trail=_trail(project),
        intro=intro,
    )


@read_on_get
def project_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """One step of the way, with its day and note."""
    if act not in ACTS:
        raise Http404
    way = ACTS[act]
    needs = verbs.NEEDS.get(way.stage, Permission.PROJECT_EDIT)
    project = _project(request, pk, Permission.PROJECT_APPROVE if act == "back" else needs)
    first = {"on": timezone.localdate(), "version": project.version}
    form = DayForm(posted(request), initial=first)
    form.fields["note"].required = way.why
    form.fields["note"].help_text = way.hint if way.why else ""
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: way.verb(project=project, by=request.user, **form.cleaned_data))
        if done is not None:
            said = {"title": done.title, "stage": done.get_stage_display()}
            messages.success(request, _("项目“%(title)s”现在是“%(stage)s”。") % said)
            return redirect("assistance:project_detail", pk)
    return form_page(
        request, form, str(way.title), back=reverse("assistance:project_detail", args=[pk]), trail=_trail(project), verb=way.title,
        danger=way.danger, intro="" if way.why else way.hint, sub=project.title,
        pairs=[(_("现在的阶段"), project.get_stage_display()), (_("申报人"), names_of({project.proposed_by}).get(project.proposed_by, project.proposed_by))],
    )  # fmt: skip


# -- photos -------------------------------------------------------------------------------------------------------------------------


@read_on_get
def project_photo_add(request: HttpRequest, pk: int) -> HttpResponse:
    project = _project(request, pk, Permission.PROJECT_EDIT)
    likely = {"building": "during", "finished": "acceptance", "accepted": "after", "handed_over": "after"}
    form = StageForm(posted(request), request.FILES or None, initial={"stage": likely.get(project.stage, "before")})
    if form.is_bound and form.is_valid():
        photo = attempt(form, lambda: verbs.add_photo(project=project, by=request.user, **form.cleaned_data))
        if photo is not None:
            messages.success(request, _("已上传照片（%(stage)s）。") % {"stage": photo.get_stage_display()})
            return redirect("assistance:project_detail", pk)
    return form_page(
        request, form, _("上传照片"), back=reverse("assistance:project_detail", args=[pk]), trail=_trail(project), verb=_("上传"),
        sub=project.title,
    )  # fmt: skip


@require_POST
def project_photo_remove(request: HttpRequest, pk: int, photo_pk: int) -> HttpResponse:
    project = _project(request, pk, Permission.PROJECT_EDIT)
    photo = get_object_or_404(project.evidence, pk=photo_pk, removed_at=None)
    try:
        verbs.remove_photo(photo=photo, by=request.user)
        messages.success(request, _("已删去照片。"))
    except LedgerError as error:
        messages.error(request, str(error))
    return redirect("assistance:project_detail", pk)


# -- who benefits -------------------------------------------------------------------------------------------------------------------


def _households(request: HttpRequest, project: VillageProject) -> Any:
    return Household.objects.for_user(request.user).active().filter(village=project.village)


def _beneficiary_filter(request: HttpRequest, data: Any, project: VillageProject) -> BeneficiaryFilter:
    rows = _households(request, project)
    hamlets = sorted({name for name in rows.order_by().values_list("hamlet", flat=True).distinct() if name})
    return BeneficiaryFilter(data, rows, project=project, hamlets=hamlets, request=request)


@reads_only
def project_households(request: HttpRequest, pk: int) -> HttpResponse:
    """Households of the village, those that benefit marked; ticked or all that the filter finds are put on the list or taken off it."""
    project = _project(request, pk)
    filterset = _beneficiary_filter(request, request.GET, project)

    def context(page: pages.Page) -> dict[str, Any]:
        found = project.beneficiaries.filter(household__in=[h.pk for h in page.rows])
        there = set(found.values_list("household_id", flat=True))
        return {
            "project": project, "rows": [(Row(h), h.pk in there) for h in page.rows], "trail": _trail(project, (_("受益户"), "")),
            "may_edit": may_in(request.user, Permission.PROJECT_EDIT, project.village) and project.stage != Stage.CANCELLED,
            "benefits": project.beneficiaries.count(),
        }  # fmt: skip

    def said(count: pages.Count) -> str:
        return ngettext("共 %(count)s 户", "共 %(count)s 户", count.value) % {"count": f"{count.value:,}"}

    return pages.list_page(
        request, template="assistance/project_households.html", url=reverse("assistance:project_households", args=[pk]), filterset=filterset,
        rows=with_row_facts, context=context, counted=said,
    )  # fmt: skip


@require_POST
def project_households_change(request: HttpRequest, pk: int, how: str) -> HttpResponse:
    """Ticked households, or with `all` those that the filter finds."""
    project = _project(request, pk, Permission.PROJECT_EDIT)
    if how not in ("add", "remove"):
        raise Http404
    filterset = _beneficiary_filter(request, request.POST, project)
    back = pages.address(reverse("assistance:project_households", args=[pk]), pages.query_of(filterset))
    if request.POST.get("all"):
        chosen = filterset.qs.order_by("pk") if filterset.is_valid() else Household.objects.none()
    else:
        ticked = [int(key) for key in request.POST.getlist("pk") if key.isdecimal() and len(key) < 19]
        chosen = _households(request, project).filter(pk__in=ticked).order_by("pk")
    rows = list(chosen)
    if not rows:
        messages.error(request, _("还没有选择农户。请勾选农户，或点“全部”。"))
        return redirect(back)
    act = verbs.add_beneficiaries if how == "add" else verbs.remove_beneficiaries
    try:
        count = act(project=project, households=rows, by=request.user)
        words = _("已加入 %(count)s 户受益户。") if how == "add" else _("已移出 %(count)s 户。")
        messages.success(request, words % {"count": count})
    except LedgerError as error:
        messages.error(request, str(error))
    return redirect(back)
