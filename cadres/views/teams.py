"""驻村工作队 on screen: villages side by side, a village with its team and the teams before it, and every form of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.places import RegionChoices
from accounts.roles import Permission
from accounts.scoping import may_in, require_somewhere
from cadres import codelists, forms, services, teams, trail
from cadres.filters import TeamFilter, serving_by_name
from cadres.models import Cadre, ResidentTeam, TeamMember, TeamRule, UnitVillage, VillageProfile
from cadres.services import access
from cadres.views.base import (
    VIEW,
    answer_or_404,
    may_keep,
    place_or_404,
    region_or_404,
    said,
    team_or_404,
    village_or_404,
)
from common import pages
from common.answering import attempt, form_page, posted
from common.dates import written
from common.readonly import read_on_get, reads_only
from regions.models import Level, Region

MOST_FOUND = 20


def _listed() -> tuple[str, str]:
    return _("驻村工作队"), reverse("cadres:team_list")


def crumbs_of(village: Region, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """驻村工作队, township and village, and `more` below them. `village` comes with `parent`."""
    name, listed = _listed()
    found = [(name, listed)]
    if village.parent is not None:
        found.append((village.parent.name, pages.address(listed, {"region": str(village.parent.pk)})))
    return [*found, (village.name, reverse("cadres:village_page", args=[village.pk])), *more]


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万个村以上")
    return ngettext("共 %(count)s 个村", "共 %(count)s 个村", count.value) % {"count": f"{count.value:,}"}


# -- side by side -------------------------------------------------------------------------------------------------------------------


@reads_only
def team_list(request: HttpRequest) -> HttpResponse:
    """The villages of the area with their teams; a tile for each way in which teams fall short, which is the filter of the list."""
    require_somewhere(request.user, VIEW)
    rows = teams.with_state(teams.villages_of(request.user))
    filterset = TeamFilter(request.GET, rows, request=request)
    regions = filterset.regions
    if len(regions.tops) == 1 and regions.tops[0].level == Level.VILLAGE:  # one village is no list
        return redirect("cadres:village_page", regions.tops[0].pk)
    url = reverse("cadres:team_list")

    def context(page: pages.Page) -> dict[str, Any]:
        query = pages.query_of(filterset)
        found: dict[str, Any] = {
            "lines": teams.lines_of(page.rows),
            "region_key": query.get("region", ""),
            "fields": [filterset.form["state"]],
        }
        if not filterset.is_valid():
            return found
        at = regions.chosen or (regions.tops[0] if len(regions.tops) == 1 else None)
        rule, whose = teams.rule_for(at) if at else (teams.default_rule(), None)
        return found | {
            "tiles": _tiles(request.user, regions, url), "rule_said": teams.said(rule, whose), "at": at, "now": timezone.localdate(),
            "may_rule": at is not None and may_in(request.user, Permission.RULE_EDIT, at), "problems": list(teams.PROBLEMS.values()),
        }  # fmt: skip

    return pages.list_page(
        request, template="cadres/team_list.html", url=url, filterset=filterset, context=context, counted=_counted, order="code",
        rows=lambda found: teams.with_state(found.select_related("parent")),
    )  # fmt: skip


def _tiles(user: Any, regions: RegionChoices, url: str) -> list[dict[str, Any]]:
    """Each figure is the number of villages in the list it opens."""
    villages = teams.villages_of(user)
    here: dict[str, str] = {}
    if regions.chosen is not None:
        villages, here = villages.filter(path__startswith=regions.chosen.path), {"region": str(regions.chosen.pk)}
    counts = teams.counts_of(villages)
    found = [{"label": _("村"), "value": counts["all"], "url": pages.address(url, here), "tone": ""}]
    for code in (teams.MANNED, *teams.PROBLEMS):
        tone = teams.PROBLEMS[code].tone if code in teams.PROBLEMS and counts[code] else ""
        found.append(
            {
                "label": teams.LABELS[code],
                "value": counts[code],
                "url": pages.address(url, here | {"state": code}),
                "tone": tone,
            }
        )
    return found


# -- one village --------------------------------------------------------------------------------------------------------------------


@reads_only
def village_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The team of today against its rule, the teams before it, who answers for the village and what it is like."""
    village, user = village_or_404(request, pk), request.user
    seen = teams.with_state(Region.objects.filter(pk=village.pk).select_related("parent"))
    (line,) = teams.lines_of(seen)
    rule, whose = teams.rule_for(village)
    may_edit = may_keep(user, village)
    members = TeamMember.objects.for_user(user).select_related("cadre__unit").order_by("-starts_on", "-pk")
    all_teams = list(
        ResidentTeam.objects.for_user(user)
        .filter(village=village)
        .select_related("unit")
        .prefetch_related(Prefetch("members", members, to_attr="everybody"))
    )
    profile = VillageProfile.objects.for_user(user).filter(village=village).first()
    context = {
        "village": village, "line": line, "rule_said": teams.said(rule, whose), "may_edit": may_edit, "trail": crumbs_of(village)[:-1] + [(village.name, "")],
        "places": [_place(place, line.village, user, may_edit) for place in line.places],
        "before": [(team, [(place, teams.duties(place)) for place in team.everybody]) for team in all_teams],
        "answers": UnitVillage.objects.for_user(user).filter(village=village).current().select_related("unit").order_by("starts_on", "pk"),
        "profile": profile, "languages": codelists.LANGUAGES.labels(profile.languages) if profile else [],
        "industries": codelists.SKILLS.labels(profile.industries) if profile else [],
        "history": trail.lines_of(*all_teams, *(place for team in all_teams for place in team.everybody), *([profile] if profile else [])),
        "today": timezone.localdate(),
    }  # fmt: skip
    return render(request, "cadres/village_page.html", context)


def _place(place: TeamMember, village: Any, user: Any, may_edit: bool) -> dict[str, Any]:
    """A member as the page shows it: duties, what the term falls short of, and whether the posting is there."""
    today = timezone.localdate()
    ends, tags = place.term_ends_on, []
    if ends is None:
        tags.append((_("没有登记任期"), "grey"))
    elif ends < today:
        tags.append((_("任期已满"), "red"))
    elif (ends - today).days <= village.warn_days:
        tags.append((_("任期将满"), "amber"))
    shown: dict[str, Any] = {
        "place": place,
        "duties": teams.duties(place),
        "tags": tags,
        "posting": None,
        "may_post": False,
    }
    if may_edit and place.cadre.user_id:
        shown["posting"] = access.posting_of(place.cadre.user, village)
        shown["may_post"] = not access.why_not(place.cadre, village, user)
    return shown


# -- forms of a team ----------------------------------------------------------------------------------------------------------------


def _back(village: Region) -> HttpResponse:
    return redirect("cadres:village_page", village.pk)


def _at(village: Region) -> dict[str, Any]:
    """Where a form of a village stands."""
    return {
        "sub": village.full_name,
        "back": reverse("cadres:village_page", args=[village.pk]),
        "trail": crumbs_of(village),
    }


@read_on_get
def team_new(request: HttpRequest, pk: int) -> HttpResponse:
    village = village_or_404(request, pk, act=True)
    form = forms.NewTeamForm(posted(request), user=request.user, village=village)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.begin_team(village=village, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("工作队已登记进驻，请安排队员。"))
        return _back(village)
    return form_page(request, form, _("登记工作队进驻"), verb=_("登记"), **_at(village))


@read_on_get
def team_edit(request: HttpRequest, pk: int) -> HttpResponse:
    team = team_or_404(request, pk, act=True)
    form = forms.TeamForm(posted(request), user=request.user, village=team.village, initial={"unit": team.unit_id})
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.change_team(team=team, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已保存。"))
        return _back(team.village)
    return form_page(request, form, _("修改派出单位"), **_at(team.village))


@read_on_get
def team_end(request: HttpRequest, pk: int) -> HttpResponse:
    team = team_or_404(request, pk, act=True)
    form = forms.EndForm(posted(request), label=_("撤出日期"))
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.end_team(team=team, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("工作队已登记撤出，队员一并离任。"))
        return _back(team.village)
    intro = _("还在任的队员同日离任，在本村的驻村工作队权限一并结束。撤出日期是没有工作队的第一天。")
    return form_page(
        request, form, _("登记工作队撤出"), intro=intro, verb=_("登记撤出"), danger=True, **_at(team.village)
    )


# -- forms of a place ---------------------------------------------------------------------------------------------------------------


@read_on_get
def place_new(request: HttpRequest, pk: int) -> HttpResponse:
    """First a name, then a cadre, then duty and term. `?cadre=` is the one chosen."""
    team = team_or_404(request, pk, act=True)
    at = _at(team.village)
    chosen, q = request.GET.get("cadre", ""), request.GET.get("q", "").strip()[:40]
    if not (chosen.isascii() and chosen.isdecimal() and len(chosen) < 19):
        found = list(serving_by_name(request.user, q)[: MOST_FOUND + 1]) if q else []
        context = at | {
            "q": q, "found": found[:MOST_FOUND], "more": len(found) > MOST_FOUND, "team": team, "trail": [*at["trail"], (_("安排队员"), "")],
        }  # fmt: skip
        return render(request, "cadres/place_new.html", context)
    cadre = get_object_or_404(
        Cadre.objects.for_user(request.user).serving().select_related("unit", "user"), pk=int(chosen)
    )
    why = access.why_not(cadre, team.village, request.user)
    form = forms.PlaceForm(posted(request), access=not why)
    if form.is_bound and form.is_valid():
        place = attempt(form, lambda: services.join_team(team=team, cadre=cadre, by=request.user, **form.cleaned_data))
        if place is not None:
            messages.success(
                request, _("%(name)s已到任。%(access)s") % {"name": cadre.name, "access": _access_said(place)}
            )
            return _back(team.village)
    intro = _("%(name)s，%(unit)s %(title)s") % {"name": cadre.name, "unit": cadre.unit.name, "title": cadre.title}
    return form_page(
        request,
        form,
        _("安排队员"),
        intro=intro,
        verb=_("确认到任"),
        pairs=[(_("登录权限"), why)] if why else None,
        **at,
    )


def _access_said(place: TeamMember) -> str:
    if access.posting_of(place.cadre.user, place.team.village) is not None:
        return _("在本村的驻村工作队权限已开通。")
    return _("没有开通登录权限。") if place.cadre.user_id else ""


@read_on_get
def place_term(request: HttpRequest, pk: int) -> HttpResponse:
    place = place_or_404(request, pk, act=True)
    form = forms.TermFields(posted(request), initial={"starts_on": place.starts_on, "term_ends_on": place.term_ends_on})
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.change_term(place=place, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已保存。"))
        return _back(place.team.village)
    return form_page(request, form, _("修改任期"), intro=place.cadre.name, **_at(place.team.village))


@read_on_get
def place_duty(request: HttpRequest, pk: int) -> HttpResponse:
    place = place_or_404(request, pk, act=True)
    first = {name: getattr(place, name) for name in ("is_leader", "is_first_secretary", "is_full_time")}
    form = forms.DutyForm(posted(request), initial=first)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.change_duty(place=place, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已保存。"))
        return _back(place.team.village)
    return form_page(request, form, _("改任职责"), intro=place.cadre.name, **_at(place.team.village))


@read_on_get
def place_leave(request: HttpRequest, pk: int) -> HttpResponse:
    place = place_or_404(request, pk, act=True)
    form = forms.EndForm(posted(request), label=_("离任日期"))
    if form.is_bound and form.is_valid():
        gone = attempt(form, lambda: services.leave_team(place=place, by=request.user, **form.cleaned_data))
        if gone is not None:
            messages.success(request, _("%(name)s已离任。") % {"name": place.cadre.name})
            if access.left_open(gone):
                messages.warning(
                    request, _("这个账号在本村的权限还在，且不归您管理，请县级管理人员在“账号管理”里结束。")
                )
            return _back(place.team.village)
    intro = _("%(name)s，%(day)s到任。离任日期是不在任的第一天；在本村的驻村工作队权限一并结束。") % {
        "name": place.cadre.name, "day": written(place.starts_on),
    }  # fmt: skip
    return form_page(
        request, form, _("登记离任"), intro=intro, verb=_("登记离任"), danger=True, **_at(place.team.village)
    )


@require_POST
def place_access(request: HttpRequest, pk: int) -> HttpResponse:
    """Post the member in the village."""
    place = place_or_404(request, pk, act=True)
    try:
        services.open_access(place=place, by=request.user)
    except services.CadreError as error:
        messages.error(request, said(error))
    else:
        messages.success(request, _("在本村的驻村工作队权限已开通。"))
    return _back(place.team.village)


# -- rules and villages -------------------------------------------------------------------------------------------------------------


@read_on_get
def rule_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """What teams of a region must be. A region without a rule of its own begins with the one that holds there."""
    region = region_or_404(request, pk, Permission.RULE_EDIT, valid_to=None)
    rule, whose = teams.rule_for(region)
    form = forms.RuleForm(posted(request), initial={name: getattr(rule, name) for name in teams.RULE_FIELDS})
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.put_rule(region=region, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已保存。"))
        return redirect(pages.address(reverse("cadres:team_list"), {"region": str(region.pk)}))
    own = rule if whose is not None and whose.pk == region.pk else None
    context = {
        "form": form, "region": region, "own": own, "standing": _standing(own, whose), "back": reverse("cadres:team_list"),
        "trail": [_listed(), (_("工作队要求"), "")],
    }  # fmt: skip
    return render(request, "cadres/rule_edit.html", context, status=422 if form.errors else 200)


def _standing(own: TeamRule | None, whose: Region | None) -> str:
    """Whose rule holds in a region now, and what saving does."""
    if own is not None:
        return _("这里有自己的要求，管到所有下级；下级另定的，按下级的办。")
    if whose is not None:
        return _("现在按%(region)s的要求办。保存后，这里有自己的要求。") % {"region": whose.name}
    return _("现在按常用要求办：每队至少三人，任期至少两年，队长由第一书记担任。保存后，按这里的要求办。")


@require_POST
def rule_drop(request: HttpRequest, pk: int) -> HttpResponse:
    """The rule of the region above holds again."""
    region = region_or_404(request, pk, Permission.RULE_EDIT, valid_to=None)
    rule = get_object_or_404(TeamRule.objects.for_user(request.user), region=region)
    services.drop_rule(rule=rule, by=request.user)
    messages.success(request, _("已取消，按上级的要求办。"))
    return redirect("cadres:rule_edit", pk)


@read_on_get
def profile_edit(request: HttpRequest, pk: int) -> HttpResponse:
    village = village_or_404(request, pk, act=True)
    profile = VillageProfile.objects.for_user(request.user).filter(village=village).first()
    names = ("languages", "industries", "longitude", "latitude", "note")
    form = forms.ProfileForm(
        posted(request), initial={name: getattr(profile, name) for name in names} if profile else None
    )
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.put_profile(village=village, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已保存。"))
        return _back(village)
    return form_page(request, form, _("登记村情"), **_at(village))


@read_on_get
def answer_new(request: HttpRequest, pk: int) -> HttpResponse:
    village = village_or_404(request, pk, act=True)
    form = forms.AnswerForm(posted(request), user=request.user, village=village)
    if (
        form.is_bound
        and form.is_valid()
        and attempt(form, lambda: services.answer_for(village=village, by=request.user, **form.cleaned_data))
    ):
        messages.success(request, _("已登记包村单位。"))
        return _back(village)
    return form_page(request, form, _("登记包村单位"), verb=_("登记"), **_at(village))


@read_on_get
def answer_end(request: HttpRequest, pk: int) -> HttpResponse:
    answer = answer_or_404(request, pk, act=True)
    form = forms.DayForm(posted(request), label=_("结束日期"))
    if form.is_bound and form.is_valid():
        day = form.cleaned_data["on"]
        if attempt(form, lambda: services.stop_answering(answer=answer, by=request.user, ends_on=day)):
            messages.success(request, _("已结束包村。"))
            return _back(answer.village)
    return form_page(
        request, form, _("结束包村"), intro=answer.unit.name, verb=_("结束"), danger=True, **_at(answer.village)
    )
