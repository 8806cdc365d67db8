"""Pages of the region tree, and the picker that other pages use."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from common.readonly import read_on_get, reads_only
from regions import registry, services
from regions.forms import AddForm, CloseForm, MergeForm, PartFormSet, RecodeForm, RenameForm, SplitForm
from regions.models import Level, Region, Succession
from regions.picker import area_of, find, picker_for, region_for
from regions.registry import REGION_EDIT

MOST_FOUND = 50


def _posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: also an empty POST is one."""
    return request.POST if request.method == "POST" else None


def _safe_next(request: HttpRequest) -> str:
    target = request.GET.get("next", "")
    own = {request.get_host()}
    return target if url_has_allowed_host_and_scheme(target, own, require_https=request.is_secure()) else ""


@reads_only
def picker(request: HttpRequest) -> HttpResponse:
    """The picker's fragment for htmx, its page for everybody else; a pick on the page goes back to `next`."""
    ask = request.GET
    name = ask.get("name", "region")
    if not (name.isidentifier() and name.isascii() and len(name) <= 40):
        raise Http404
    leaf = ask.get("leaf", "")
    next_url = _safe_next(request)
    fragment = bool(request.htmx)  # type: ignore[attr-defined]
    found = picker_for(
        request.user,
        ask.get("permission") or "household.view",
        name=name,
        at=ask.get("at"),
        q=ask.get("q", ""),
        pick=ask.get("pick") or ask.get("keep"),
        leaf=int(leaf) if leaf in {str(level.value) for level in Level} else Level.VILLAGE,
        leaf_only=ask.get("leaf_only") == "1",
        page=not fragment,
        next_url=next_url,
    )
    if not fragment and next_url and found.chosen and ask.get("pick"):
        joint = "&" if "?" in next_url else "?"
        return redirect(f"{next_url}{joint}{urlencode({name: found.chosen.pk})}")
    return render(request, "regions/picker.html" + ("#fragment" if fragment else ""), {"picker": found})


# -- the tree, for those who keep it --------------------------------------------------------------------------------------------


def _region_or_404(request: HttpRequest, pk: int) -> Region:
    """A region in the own area, in force or not: its page says what became of it."""
    if not request.user.can(REGION_EDIT):  # type: ignore[union-attr]
        raise PermissionDenied(REGION_EDIT)
    area = area_of(request.user, REGION_EDIT)
    region = None if area is None else Region.objects.filter(area, pk=pk).select_related("parent").first()
    if region is None:
        raise Http404
    return region


def _trail(user: Any, region: Region) -> list[tuple[str, str]]:
    names = Region.objects.in_bulk(region.ancestor_ids)
    return [
        (names[pk].name, reverse("regions:region_detail", args=[pk]) if registry.may_edit(user, names[pk]) else "")
        for pk in region.ancestor_ids
    ]


@reads_only
def region_tree(request: HttpRequest) -> HttpResponse:
    """Where the own area begins; with `q` the hits in it, with one beginning only, that region."""
    if not request.user.can(REGION_EDIT):  # type: ignore[union-attr]
        raise PermissionDenied(REGION_EDIT)
    own = registry.own_regions(request.user, REGION_EDIT)
    q = request.GET.get("q", "").strip()[:60]
    found: list[Region] | None = None
    area = area_of(request.user, REGION_EDIT)
    if q and area is not None:
        hits = Region.objects.filter(area & find(q)).order_by("valid_to", "level", "code")
        found = list(hits[: MOST_FOUND + 1])
        former = Succession.objects.filter(old_name__contains=q, new__in=Region.objects.filter(area))
        known = {region.pk for region in found}
        found += [s.new for s in former.select_related("new")[:MOST_FOUND] if s.new_id not in known]
    elif len(own) == 1:
        return redirect("regions:region_detail", pk=own[0].pk)
    context = {"own": own, "q": q, "found": None if found is None else found[:MOST_FOUND], "most": MOST_FOUND}
    return render(request, "regions/region_tree.html", context | {"more": bool(found) and len(found) > MOST_FOUND})


@reads_only
def region_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One region: its children, its past, what can be done with it."""
    region = _region_or_404(request, pk)
    below = Region.objects.filter(parent=region).order_by("code")
    context = {
        "region": region,
        "q": "",
        "trail": _trail(request.user, region),
        "children": below.filter(valid_to=None).annotate(below=Count("children", filter=Q(children__valid_to=None))),
        "closed": below.exclude(valid_to=None),
        "past": Succession.objects.filter(Q(old=region) | Q(new=region))
        .select_related("old", "new")
        .order_by("-on", "-pk"),
        "child_level": Level(region.level + 1).label if region.level < Level.VILLAGE else "",
        "can_merge": region.level in (Level.COUNTY, Level.TOWNSHIP),
        "can_split": region.level in (Level.TOWNSHIP, Level.VILLAGE),
    }
    return render(request, "regions/region_detail.html", context)


def _attempt(form: BaseForm, verb: Callable[[], Region]) -> Region | None:
    """Run a verb; its refusals become errors of the form."""
    try:
        return verb()
    except services.RegionError as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error(None, error)
    return None


def _form_page(request: HttpRequest, region: Region, form: BaseForm, title: str, **extra: Any) -> HttpResponse:
    context = {
        "form": form,
        "region": region,
        "title": title,
        "trail": [*_trail(request.user, region), (title, "")],
        "cancel_url": reverse("regions:region_detail", args=[region.pk]),
        "submit": _("保存"),
        **extra,
    }
    template = extra.get("template", "regions/region_form.html")
    return render(request, template, context, status=422 if form.errors else 200)


@read_on_get
def region_add(request: HttpRequest, pk: int) -> HttpResponse:
    parent = _region_or_404(request, pk)
    form = AddForm(_posted(request))
    if request.method == "POST" and form.is_valid():
        made = _attempt(form, lambda: services.add_region(parent=parent, by=request.user, **form.cleaned_data))
        if made:
            messages.success(request, _("已增加%(region)s。") % {"region": made.full_name})
            return redirect("regions:region_detail", pk=parent.pk)
    return _form_page(request, parent, form, _("增加下级区划"))


@read_on_get
def region_rename(request: HttpRequest, pk: int) -> HttpResponse:
    region = _region_or_404(request, pk)
    form = RenameForm(_posted(request), initial={"name": region.name})
    if request.method == "POST" and form.is_valid():
        old = region.name
        if _attempt(form, lambda: services.rename_region(region=region, by=request.user, **form.cleaned_data)):
            messages.success(request, _("已更名：%(old)s → %(new)s。") % {"old": old, "new": form.cleaned_data["name"]})
            return redirect("regions:region_detail", pk=region.pk)
    hint = _("旧名称会记下来，按旧名称也找得到。")
    return _form_page(request, region, form, _("更名"), hint=hint)


@read_on_get
def region_recode(request: HttpRequest, pk: int) -> HttpResponse:
    """Another code and, with `parent` picked, another place in the tree."""
    region = _region_or_404(request, pk)
    form = RecodeForm(_posted(request), initial={"code": region.code})
    picked = request.POST.get("parent") or request.GET.get("parent")
    choose = None
    if region.level in (Level.TOWNSHIP, Level.VILLAGE):
        choose = picker_for(
            request.user, REGION_EDIT, name="parent", leaf=region.level - 1, leaf_only=True,
            pick=picked or region.parent_id, next_url=request.path,
        )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        parent = region_for(request.user, REGION_EDIT, picked) if picked else None
        if picked and parent is None:
            form.add_error(None, _("所选的上级区划已不在您的管理范围，请重新选择。"))
        elif _attempt(
            form,
            lambda: services.recode_region(region=region, by=request.user, parent=parent, **form.cleaned_data),
        ):
            messages.success(request, _("已改代码。旧代码会记下来，按旧代码也找得到。"))
            return redirect("regions:region_detail", pk=region.pk)
    return _form_page(request, region, form, _("改代码或换上级"), picker=choose)


@read_on_get
def region_merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose, see what will happen, confirm: the second form carries the first one's fields."""
    parent = _region_or_404(request, pk)
    if parent.level not in (Level.COUNTY, Level.TOWNSHIP):
        raise Http404
    form = MergeForm(_posted(request), parent=parent)
    title = _("合并%(level)s") % {"level": Level(parent.level + 1).label}
    if request.method == "POST" and form.is_valid():
        facts = form.cleaned_data
        old, into = list(facts["old"]), facts["into"]
        ending = [region for region in old if region != into]
        if not ending or len({*old, into} - {None}) < 2:
            form.add_error("old", _("合并至少要选两个，请再选一个。"))
        elif "confirmed" not in request.POST:
            return _form_page(
                request, parent, form, title, template="regions/region_merge_confirm.html", verb=_("确认合并"), danger=True,
                ending=ending, into=into, new_name=into.name if into else facts["name"], facts=facts,
            )  # fmt: skip
        else:
            made = _attempt(
                form,
                lambda: services.merge_regions(
                    old=old,
                    into=into,
                    parent=parent,
                    name=facts["name"],
                    code=facts["code"],
                    on=facts["on"],
                    note=facts["note"],
                    by=request.user,
                ),  # fmt: skip
            )
            if made:
                messages.success(request, _("已合并为%(region)s。") % {"region": made.full_name})
                return redirect("regions:region_detail", pk=parent.pk)
    return _form_page(request, parent, form, title, submit=_("下一步：核对"))


@read_on_get
def region_split(request: HttpRequest, pk: int) -> HttpResponse:
    region = _region_or_404(request, pk)
    if region.level not in (Level.TOWNSHIP, Level.VILLAGE):
        raise Http404
    form, parts = SplitForm(_posted(request)), PartFormSet(_posted(request), prefix="part")
    if request.method == "POST" and form.is_valid() and parts.is_valid():
        wanted = [(p["name"], p["code"]) for p in parts.cleaned_data if p.get("name")]
        if _attempt(
            form,
            lambda: services.split_region(region=region, parts=wanted, by=request.user, **form.cleaned_data)[0],
        ):
            messages.success(request, _("已拆分。农户还在原来的村，请到农户台账逐户迁移。"))
            return redirect("regions:region_detail", pk=region.parent_id)
    hint = _("%(region)s保留，从中拆出下面几个。农户不会自动移动。") % {"region": region.name}
    return _form_page(request, region, form, _("拆分"), parts=parts, hint=hint)


@read_on_get
def region_close(request: HttpRequest, pk: int) -> HttpResponse:
    region = _region_or_404(request, pk)
    form = CloseForm(_posted(request))
    close = partial(services.close_region, region=region, by=request.user)
    if request.method == "POST" and form.is_valid() and _attempt(form, lambda: close(**form.cleaned_data)):
        messages.success(request, _("%(region)s已停用。") % {"region": region.full_name})
        return redirect("regions:region_detail", pk=region.parent_id or region.pk)
    return _form_page(
        request, region, form, _("停用"), template="regions/region_close.html", verb=_("确认停用"), danger=True
    )
