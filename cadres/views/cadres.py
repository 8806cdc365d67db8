"""干部 on screen: the list, one cadre with what they hold, their forms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.postings import MANAGE, accounts_for
from accounts.scoping import require_somewhere
from cadres import codelists, forms, holdings, services, teams, trail
from cadres.filters import CadreFilter
from cadres.models import Cadre, ResidentTeam
from cadres.views.base import EDIT, VIEW, cadre_or_404, may_keep, said
from common import pages, tabs
from common.answering import attempt, form_page, posted
from common.readonly import read_on_get, reads_only

LABEL = "cadres.Cadre"


def _listed() -> tuple[str, str]:
    return _("干部"), reverse("cadres:cadre_list")


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万人以上")
    return ngettext("共 %(count)s 人", "共 %(count)s 人", count.value) % {"count": f"{count.value:,}"}


@reads_only
def cadre_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, VIEW)
    filterset = CadreFilter(request.GET, Cadre.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        return {
            "rows": [(cadre, codelists.LANGUAGES.labels(cadre.languages) + codelists.SKILLS.labels(cadre.skills)) for cadre in page.rows],
            "fields": [filterset.form[name] for name in ("rank", "party", "login", "place", "language", "skill", "state")],
            "kept": {name: query[name] for name in ("unit",) if name in query}, "may_edit": request.user.can(EDIT),  # type: ignore[union-attr]
        }  # fmt: skip

    return pages.list_page(
        request, template="cadres/cadre_list.html", url=reverse("cadres:cadre_list"), filterset=filterset, context=context,
        rows=lambda found: found.select_related("unit__region", "user"), counted=_counted, order="name",
    )  # fmt: skip


@reads_only
def cadre_detail(request: HttpRequest, pk: int) -> HttpResponse:
    cadre, user = cadre_or_404(request, pk), request.user
    places = (
        cadre.team_places.filter(team__in=ResidentTeam.objects.for_user(user))
        .select_related("team__village__parent")
        .order_by("-starts_on", "-pk")
    )
    context = {
        "cadre": cadre, "places": [(place, teams.duties(place)) for place in places], "held": holdings.of(cadre) if cadre.left_on is None else [],
        "languages": codelists.LANGUAGES.labels(cadre.languages), "skills": codelists.SKILLS.labels(cadre.skills),
        "account_url": _account_url(user, cadre.user), "history": trail.lines_of(cadre), "may_edit": may_keep(user, cadre.unit.region),
        "tabs": [(_("基本情况"), "", True), *((t.label, reverse(t.url_name, args=[pk]), False) for t in tabs.tabs_for(LABEL, user))],
        "actions": [(a, reverse(a.url_name, args=[pk])) for a in tabs.actions_for(LABEL, user)], "trail": [_listed(), (cadre.name, "")],
    }  # fmt: skip
    return render(request, "cadres/cadre_detail.html", context)


def _account_url(user: Any, account: User | None) -> str:
    """The page of the account, for who looks after it."""
    if account is None or not user.can(MANAGE) or not accounts_for(user).filter(pk=account.pk).exists():
        return ""
    return reverse("accounts:account_detail", args=[account.pk])


@read_on_get
def cadre_new(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, EDIT)
    form = forms.NewCadreForm(posted(request), user=request.user, initial={"unit": request.GET.get("unit", "")})
    if form.is_bound and form.is_valid():
        cadre = attempt(
            form, lambda: services.open_cadre(by=request.user, unit=form.cleaned_data["unit"], **form.facts())
        )
        if cadre is not None:
            messages.success(request, _("已登记干部“%(name)s”。") % {"name": cadre.name})
            return redirect("cadres:cadre_detail", cadre.pk)
    return form_page(request, form, _("登记干部"), back=_listed()[1], trail=[_listed()], verb=_("登记"))


@read_on_get
def cadre_edit(request: HttpRequest, pk: int) -> HttpResponse:
    cadre = cadre_or_404(request, pk, act=True)
    form = forms.CadreForm(posted(request), cadre=cadre)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.change_cadre(cadre=cadre, by=request.user, facts=form.facts()))
    ):
        messages.success(request, _("已保存。"))
        return redirect("cadres:cadre_detail", pk)
    return form_page(request, form, _("修改干部信息"), **_at(cadre))


@read_on_get
def cadre_move(request: HttpRequest, pk: int) -> HttpResponse:
    cadre = cadre_or_404(request, pk, act=True)
    form = forms.MoveForm(posted(request), user=request.user)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.move_cadre(cadre=cadre, unit=form.cleaned_data["unit"], by=request.user))
    ):
        messages.success(request, _("已调到“%(unit)s”。") % {"unit": form.cleaned_data["unit"].name})
        return redirect("cadres:cadre_detail", pk)
    intro = _("现在的单位：%(unit)s。结对农户和工作队任职不变。") % {"unit": cadre.unit.name}
    return form_page(request, form, _("调到另一个单位"), intro=intro, **_at(cadre))


@read_on_get
def cadre_account(request: HttpRequest, pk: int) -> HttpResponse:
    """Which account the cadre logs in with."""
    cadre = cadre_or_404(request, pk, act=True)
    form = forms.AccountForm(posted(request), initial={"username": cadre.user.username if cadre.user else ""})
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: _link(request, cadre, form.cleaned_data["username"]))
    ):
        messages.success(request, _("已保存。"))
        return redirect("cadres:cadre_detail", pk)
    intro = _("关联以后，本人登录就能看到结对的农户。账号要先在“账号管理”里开通。")
    return form_page(request, form, _("关联登录账号"), intro=intro, **_at(cadre))


def _link(request: HttpRequest, cadre: Cadre, username: str) -> Cadre:
    if not username:
        return services.link_account(cadre=cadre, user=None, by=request.user)
    found = accounts_for(request.user).filter(username__iexact=username).first() if request.user.can(MANAGE) else None  # type: ignore[union-attr]
    if found is None:
        raise services.CadreError(_("您管理的账号里没有“%(name)s”，请核对用户名。") % {"name": username})
    return services.link_account(cadre=cadre, user=found, by=request.user)


@read_on_get
def cadre_leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what is to be handed over first, with the page where that is done."""
    cadre = cadre_or_404(request, pk, act=True)
    account = cadre.user is not None and cadre.user.is_active and bool(_account_url(request.user, cadre.user))
    form = forms.LeaveForm(posted(request), account=account)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.deactivate_cadre(cadre=cadre, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("%(name)s已登记离岗。") % {"name": cadre.name})
        return redirect("cadres:cadre_detail", pk)
    held = holdings.of(cadre)
    at = _at(cadre)
    context = at | {
        "form": form,
        "cadre": cadre,
        "held": held,
        "trail": [*at["trail"], (_("登记离岗"), "")],
        "left_account": _left_account(cadre, account),
    }
    return render(request, "cadres/cadre_leave.html", context, status=422 if form.errors else 200)


def _left_account(cadre: Cadre, closable: bool) -> str:
    """The user name of an account that stays open because somebody else looks after it."""
    return cadre.user.username if cadre.user is not None and cadre.user.is_active and not closable else ""


@require_POST
def cadre_restore(request: HttpRequest, pk: int) -> HttpResponse:
    cadre = cadre_or_404(request, pk, act=True)
    try:
        services.restore_cadre(cadre=cadre, by=request.user)
    except (services.CadreError, ValidationError) as error:
        messages.error(request, said(error))
    else:
        messages.success(request, _("已恢复在岗。"))
    return redirect("cadres:cadre_detail", pk)


def _at(cadre: Cadre) -> dict[str, Any]:
    """Where a form of a cadre stands."""
    url = reverse("cadres:cadre_detail", args=[cadre.pk])
    return {"sub": f"{cadre.name} · {cadre.unit.name}", "back": url, "trail": [_listed(), (cadre.name, url)]}
