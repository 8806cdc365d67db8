"""Idle houses on screen: the register, one house, its inspections and tenancies, and the matching from both sides."""

from __future__ import annotations

import datetime as dt
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
from accounts.scoping import allowed, may_in, require, require_somewhere
from assistance import housing, matching
from assistance.models import IdleHouse, Tenancy
from assistance.services import houses as verbs
from assistance.views.places import VillageField, asked_village, crumbs_of, photos_of
from assistance.village_filters import SOON, HouseFilter
from common import dates, pages
from common.answering import form_page
from common.forms import CountInput, DateInput, MoneyField
from common.readonly import read_on_get, reads_only
from households import codelists
from households.answering import attempt, form_status, posted
from households.forms import YesNoField
from households.models import Household
from households.services import LedgerError

State, Step = IdleHouse.State, Tenancy.State
TONES = {"free": "green", "repair": "red", "let": "blue", "withdrawn": "grey"}
STEP_TONES = {"offered": "amber", "accepted": "amber", "moved_in": "green", "refused": "grey", "ended": "grey"}
MOST = 60  # of a ranking that are shown
LOOKED_AT = 2000  # houses or households that are compared at once; a county has fewer free houses, a township fewer households without


def state_of(tenancy: Tenancy) -> tuple[str, str]:
    """(word, tone): what ended before anybody moved in was taken back."""
    if tenancy.state == Step.ENDED and tenancy.moved_in_on is None:
        return _("已取消"), "grey"
    return tenancy.get_state_display(), STEP_TONES[tenancy.state]


def due_of(house: IdleHouse, today: dt.date) -> tuple[str, str]:
    """(words, tone) of the next inspection; nothing of a house that was withdrawn."""
    if house.state == State.WITHDRAWN:
        return "", "grey"
    if house.next_inspection_on is None:
        return _("还没有检查"), "amber"
    days = (house.next_inspection_on - today).days
    if days < 0:
        return _("已过期 %(days)s 天") % {"days": -days}, "red"
    return (_("%(days)s 天后到期") % {"days": days}, "amber") if days <= SOON.days else ("", "grey")


# -- the register -------------------------------------------------------------------------------------------------------------------


def _counted(count: pages.Count) -> str:
    if count.capped:
        return _("一万处以上")
    return ngettext("共 %(count)s 处", "共 %(count)s 处", count.value) % {"count": f"{count.value:,}"}


@reads_only
def house_list(request: HttpRequest) -> HttpResponse:
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    today = timezone.localdate()
    filterset = HouseFilter(request.GET, IdleHouse.objects.for_user(request.user), request=request)

    def context(page: pages.Page) -> dict[str, Any]:
        return {
            "rows": [(house, TONES[house.state], due_of(house, today)) for house in page.rows],
            "may_edit": request.user.can(Permission.HOUSE_EDIT),  # type: ignore[union-attr]
        }

    return pages.list_page(
        request, template="assistance/house_list.html", url=reverse("assistance:house_list"), filterset=filterset, context=context,
        rows=lambda found: found.select_related("village__parent").defer("owner_phone"), counted=_counted,
    )  # fmt: skip


class HouseForm(forms.Form):
    """What is known of a house. The village is asked once; a phone that is left empty stays."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    village = VillageField()
    hamlet = forms.CharField(label=gettext_lazy("组（自然村）"), max_length=40, required=False)
    address = forms.CharField(
        label=gettext_lazy("位置"), max_length=100, help_text=gettext_lazy("如：3组村小学旁，李老四家老屋")
    )
    ownership = forms.ChoiceField(
        label=gettext_lazy("产权"), choices=IdleHouse.Ownership.choices, widget=forms.RadioSelect
    )
    owner_name = forms.CharField(
        label=gettext_lazy("房主"), max_length=60, help_text=gettext_lazy("村集体或国有的房屋写单位名称。")
    )
    owner_phone = forms.CharField(label=gettext_lazy("房主电话"), max_length=20, required=False)
    area = forms.DecimalField(
        label=gettext_lazy("面积"), max_digits=7, decimal_places=2, widget=CountInput(unit="㎡", decimal=True)
    )
    rooms = forms.IntegerField(label=gettext_lazy("间数"), max_value=200, widget=CountInput(unit=gettext_lazy("间")))
    is_step_free = forms.BooleanField(label=gettext_lazy("平层，出入无台阶"), required=False)
    has_water = YesNoField(label=gettext_lazy("通自来水"), required=False)
    has_power = YesNoField(label=gettext_lazy("通电"), required=False)
    rent = MoneyField(label=gettext_lazy("月租金"), help_text=gettext_lazy("不收租金就填 0。"))
    note = forms.CharField(
        label=gettext_lazy("说明"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


@read_on_get
def house_new(request: HttpRequest) -> HttpResponse:
    user = request.user
    require_somewhere(user, Permission.HOUSE_EDIT)
    village = asked_village(request, Permission.HOUSE_EDIT)
    form = HouseForm(posted(request), initial={"village": village.pk if village else None, "rent": 0})
    form.fields["village"].offer(user, Permission.HOUSE_EDIT)  # type: ignore[attr-defined]
    if form.is_bound and form.is_valid():
        facts = dict(form.cleaned_data)
        chosen = facts.pop("village")
        facts.pop("version")
        row = attempt(form, lambda: verbs.register_house(village=chosen, facts=facts, by=user))
        if row is not None:
            messages.success(request, _("已登记闲置房“%(where)s”。检查为 A 级或 B 级后就能安排入住。") % {"where": row})
            return redirect("assistance:house_detail", row.pk)
    listed = reverse("assistance:house_list")
    return form_page(request, form, _("登记闲置房"), back=listed, trail=[(_("闲置房"), listed)], verb=_("登记"))


# -- one house ----------------------------------------------------------------------------------------------------------------------


def _house(request: HttpRequest, pk: int, permission: Permission | None = None) -> IdleHouse:
    rows = IdleHouse.objects.for_user(request.user).select_related("village__parent__parent")
    house: IdleHouse = get_object_or_404(rows, pk=pk)
    if permission is not None:
        require(request.user, permission, house)
    return house


def _trail(house: IdleHouse, *more: tuple[str, str]) -> list[tuple[str, str]]:
    return crumbs_of(house.village, (house.address, reverse("assistance:house_detail", args=[house.pk])), *more)


@reads_only
def house_detail(request: HttpRequest, pk: int) -> HttpResponse:
    house = _house(request, pk)
    user, today = request.user, timezone.localdate()
    tenancies = Tenancy.objects.for_user(user).filter(house=house).select_related("household").order_by("-pk")
    inspections = list(house.inspections.select_related("evidence").order_by("-on", "-id"))
    names = names_of({house.registered_by, *(i.by for i in inspections)})
    rows = [(t, *state_of(t)) for t in tenancies]
    live = next((t for t, _word, _tone in rows if t.state in housing.LIVE), None)
    context = {
        "house": house, "tone": TONES[house.state], "due": due_of(house, today), "trail": _trail(house)[:-1] + [(house.address, "")],
        "photos": photos_of(house.evidence), "tenancies": rows, "live": live,
        "lived_in_unsafe": bool(live and live.state == Step.MOVED_IN and house.grade in housing.UNSAFE_GRADES),
        "inspections": [
            {
                "title": i.get_grade_display(), "text": i.note, "meta": _("%(day)s %(who)s") % {"day": dates.written(i.on), "who": names.get(i.by, i.by)},
                "url": reverse("assistance:evidence", args=[i.evidence.uid]) if i.evidence and not i.evidence.removed_at else "",
            }
            for i in inspections
        ],
        "offers": live is None and house.state == State.FREE and house.grade in matching.SAFE,
        "may_edit": may_in(user, Permission.HOUSE_EDIT, house.village), "may_reveal": may_in(user, Permission.PII_REVEAL, house.village),
        "registered": names.get(house.registered_by, house.registered_by),
    }  # fmt: skip
    return render(request, "assistance/house_detail.html", context)


@read_on_get
def house_change(request: HttpRequest, pk: int) -> HttpResponse:
    house = _house(request, pk, Permission.HOUSE_EDIT)
    first = {name: getattr(house, name) for name in verbs.FACTS if name != "owner_phone"} | {"version": house.version}
    form = HouseForm(posted(request), initial=first)
    del form.fields["village"]
    if house.owner_phone_masked:
        form.fields["owner_phone"].help_text = _("现为 %(phone)s，不改就留空。") % {"phone": house.owner_phone_masked}
    if form.is_bound and form.is_valid():
        facts = dict(form.cleaned_data)
        version = facts.pop("version")
        if not facts["owner_phone"]:
            del facts["owner_phone"]
        done = attempt(form, lambda: verbs.change_house(house=house, facts=facts, by=request.user, version=version))
        if done is not None:
            messages.success(request, _("已保存闲置房“%(where)s”。") % {"where": done})
            return redirect("assistance:house_detail", pk)
    return form_page(
        request, form, _("修改闲置房"), back=reverse("assistance:house_detail", args=[pk]), trail=_trail(house)
    )


class InspectForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("检查日期"), widget=DateInput())
    grade = forms.ChoiceField(
        label=gettext_lazy("安全等级"), choices=codelists.DWELLING_GRADE.choices, widget=forms.RadioSelect,
        help_text=gettext_lazy("A 级安全，B 级基本安全；C 级、D 级是危房，不能住人。"),
    )  # fmt: skip
    note = forms.CharField(
        label=gettext_lazy("情况"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    next_on = forms.DateField(
        label=gettext_lazy("下次检查"), widget=DateInput(), required=False, help_text=gettext_lazy("不填就是一年以后。")
    )
    upload = forms.FileField(
        label=gettext_lazy("照片"), required=False, help_text=gettext_lazy("JPG 或 PNG，不超过 10 MB。拍摄地点等信息会自动去除。"),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )  # fmt: skip


@read_on_get
def house_inspect(request: HttpRequest, pk: int) -> HttpResponse:
    house = _house(request, pk, Permission.HOUSE_EDIT)
    form = InspectForm(posted(request), request.FILES or None, initial={"on": timezone.localdate()})
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: verbs.inspect_house(house=house, by=request.user, **form.cleaned_data))
        if row is not None:
            house.refresh_from_db()
            said = {"grade": row.get_grade_display(), "state": house.get_state_display()}
            messages.success(request, _("已登记检查：%(grade)s，房屋现在是“%(state)s”。") % said)
            return redirect("assistance:house_detail", pk)
    return form_page(
        request, form, _("登记检查"), back=reverse("assistance:house_detail", args=[pk]), trail=_trail(house), sub=house.address,
        pairs=[(_("现在的等级"), house.get_grade_display()), (_("状态"), house.get_state_display())],
    )  # fmt: skip


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"})
    )


@read_on_get
def house_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    house = _house(request, pk, Permission.HOUSE_EDIT)
    form = ReasonForm(posted(request))
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: verbs.withdraw_house(house=house, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(request, _("“%(where)s”不再提供。") % {"where": done})
            return redirect("assistance:house_detail", pk)
    return form_page(
        request, form, _("不再提供"), back=reverse("assistance:house_detail", args=[pk]), trail=_trail(house), sub=house.address, danger=True,
        verb=_("不再提供"), intro=_("房主收回、出售或房屋倒塌的，写明理由；以后可以重新提供。"),
    )  # fmt: skip


@require_POST
def house_restore(request: HttpRequest, pk: int) -> HttpResponse:
    house = _house(request, pk, Permission.HOUSE_EDIT)
    try:
        verbs.restore_house(house=house, by=request.user)
        messages.success(request, _("“%(where)s”重新提供。") % {"where": house})
    except LedgerError as error:
        messages.error(request, str(error))
    return redirect("assistance:house_detail", pk)


class PhotoForm(forms.Form):
    upload = forms.FileField(
        label=gettext_lazy("照片"), help_text=gettext_lazy("JPG 或 PNG，不超过 10 MB。拍摄地点等信息会自动去除。"),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )  # fmt: skip
    taken_on = forms.DateField(label=gettext_lazy("拍摄日期"), widget=DateInput(), required=False)


@read_on_get
def house_photo_add(request: HttpRequest, pk: int) -> HttpResponse:
    house = _house(request, pk, Permission.HOUSE_EDIT)
    form = PhotoForm(posted(request), request.FILES or None)
    if form.is_bound and form.is_valid():
        photo = attempt(form, lambda: verbs.add_house_photo(house=house, by=request.user, **form.cleaned_data))
        if photo is not None:
            messages.success(request, _("已上传照片。"))
            return redirect("assistance:house_detail", pk)
    return form_page(
        request, form, _("上传照片"), back=reverse("assistance:house_detail", args=[pk]), trail=_trail(house), verb=_("上传"), sub=house.address
    )  # fmt: skip


@require_POST
def house_photo_remove(request: HttpRequest, pk: int, photo_pk: int) -> HttpResponse:
    house = _house(request, pk, Permission.HOUSE_EDIT)
    photo = get_object_or_404(house.evidence, pk=photo_pk, removed_at=None)
    try:
        verbs.remove_house_photo(photo=photo, by=request.user)
        messages.success(request, _("已删去照片。"))
    except LedgerError as error:
        messages.error(request, str(error))
    return redirect("assistance:house_detail", pk)


@read_on_get
def house_reveal(request: HttpRequest, pk: int) -> HttpResponse:
    """The owner's phone, once, for a reason. Never stored by browser or proxy, never in an address."""
    house = _house(request, pk, Permission.PII_REVEAL)
    form = ReasonForm(posted(request))
    shown = None
    if form.is_bound and form.is_valid():
        shown = attempt(form, lambda: verbs.reveal_owner_phone(house=house, by=request.user, **form.cleaned_data))
    context = {
        "house": house, "form": form, "shown": shown, "trail": _trail(house, (_("查看房主电话"), "")),
        "back": reverse("assistance:house_detail", args=[pk]),
    }  # fmt: skip
    response = render(request, "assistance/house_reveal.html", context, status=form_status(form))
    response["Cache-Control"] = "no-store, private"
    return response


# -- the matching -------------------------------------------------------------------------------------------------------------------


def _household(request: HttpRequest, pk: int, permission: Permission | None = None) -> Household:
    rows = Household.objects.for_user(request.user).select_related("village__parent__parent")
    household: Household = get_object_or_404(rows, pk=pk)
    if permission is not None:
        require(request.user, permission, household)
    return household


@reads_only
def household_houses(request: HttpRequest, pk: int) -> HttpResponse:
    """The houses that suit a household, the best first; what it lives in now, and what was arranged before."""
    household = _household(request, pk, Permission.HOUSE_EDIT)
    user, today = request.user, timezone.localdate()
    tenancies = [
        (t, *state_of(t)) for t in Tenancy.objects.for_user(user).filter(household=household).select_related("house").order_by("-pk")
    ]  # fmt: skip
    live = next((t for t, _word, _tone in tenancies if t.state in housing.LIVE), None)
    unsafe = housing.is_unsafe(household)
    need, matches, rows = None, [], {}
    if unsafe and live is None and not household.is_closed:
        (need,) = housing.needs_of([household], today)
        own = IdleHouse.objects.for_user(user, Permission.HOUSE_EDIT)
        free = housing.free_houses(own).select_related("village__parent").defer("owner_phone").order_by("pk")
        rows = {house.pk: house for house in free[:LOOKED_AT]}
        matches = matching.houses_for(need, (housing.house_of(house, today) for house in rows.values()))
    context = {
        "household": household, "unsafe": unsafe, "live": live, "tenancies": tenancies, "need": need, "found": len(matches),
        "matches": [(rows[m.house.key], m) for m in matches[:MOST]], "most": MOST,
        "trail": [(_("闲置房"), reverse("assistance:house_list")), (str(household), household.get_absolute_url()), (_("找房"), "")],
    }  # fmt: skip
    return render(request, "assistance/house_match_household.html", context)


@reads_only
def house_households(request: HttpRequest, pk: int) -> HttpResponse:
    """The households without safe housing that a house suits: of its township, the best first."""
    house = _house(request, pk, Permission.HOUSE_EDIT)
    user, today = request.user, timezone.localdate()
    taken = house.tenancies.filter(state__in=housing.LIVE).exists()
    seen = housing.house_of(house, today, taken)
    matches, rows = [], {}
    if matching.may_be_offered(seen):
        near = Household.objects.for_user(user, Permission.HOUSE_EDIT).filter(township=house.village.parent_id)
        waiting = housing.waiting(near).select_related("village__parent").order_by("pk")
        rows = {household.pk: household for household in waiting[:LOOKED_AT]}
        matches = matching.households_for(seen, housing.needs_of(list(rows.values()), today))
    context = {
        "house": house, "offers": matching.may_be_offered(seen), "found": len(matches), "most": MOST,
        "matches": [(rows[m.need.key], m) for m in matches[:MOST]], "trail": _trail(house, (_("找户"), "")),
    }  # fmt: skip
    return render(request, "assistance/house_match.html", context)


# -- tenancies ----------------------------------------------------------------------------------------------------------------------


class OfferForm(forms.Form):
    on = forms.DateField(label=gettext_lazy("推荐日期"), widget=DateInput())
    rent = MoneyField(label=gettext_lazy("月租金"), help_text=gettext_lazy("不收租金就填 0。"))
    subsidy = MoneyField(label=gettext_lazy("其中补助"), help_text=gettext_lazy("由财政或集体承担的部分，不能超过月租金。"))  # fmt: skip


@read_on_get
def tenancy_offer(request: HttpRequest, pk: int, house_pk: int) -> HttpResponse:
    """Offer a house to a household."""
    household = _household(request, pk, Permission.HOUSE_EDIT)
    house = _house(request, house_pk, Permission.HOUSE_EDIT)
    today = timezone.localdate()
    form = OfferForm(posted(request), initial={"on": today, "rent": house.rent, "subsidy": 0})
    if form.is_bound and form.is_valid():
        row = attempt(form, lambda: verbs.offer(house=house, household=household, by=request.user, **form.cleaned_data))
        if row is not None:
            messages.success(request, _("已把“%(where)s”推荐给%(who)s。农户同意后再登记入住。") % {"where": house, "who": household})  # fmt: skip
            return redirect("assistance:tenancy_detail", row.pk)
    (need,) = housing.needs_of([household], today)
    match = matching.pair(housing.house_of(house, today), need)
    context = {
        "form": form, "house": house, "household": household, "match": match, "back": reverse("assistance:household_houses", args=[pk]),
        "trail": [(_("闲置房"), reverse("assistance:house_list")), (str(household), household.get_absolute_url()), (_("推荐闲置房"), "")],
    }  # fmt: skip
    return render(request, "assistance/tenancy_offer.html", context, status=form_status(form))


def _tenancy(request: HttpRequest, pk: int, permission: Permission | None = None) -> Tenancy:
    rows = Tenancy.objects.for_user(request.user).select_related("house__village", "household__village__parent__parent")
    tenancy: Tenancy = get_object_or_404(rows, pk=pk)
    if permission is not None:
        require(request.user, permission, tenancy)
    return tenancy


class Way(NamedTuple):
    """A step of a tenancy, as a button and a form."""

    verb: Any
    title: Any
    states: tuple[str, ...]
    icon: str
    why: bool = False
    hint: Any = ""


WAYS: dict[str, Way] = {
    "accept": Way(verbs.accept, gettext_lazy("农户同意"), (Step.OFFERED,), "check"),
    "move-in": Way(verbs.move_in, gettext_lazy("登记入住"), (Step.ACCEPTED,), "house", hint=gettext_lazy("入住以后，请把年度记录里的住房改过来。")),
    "refuse": Way(verbs.refuse, gettext_lazy("农户不同意"), (Step.OFFERED, Step.ACCEPTED), "cross", True, gettext_lazy("写农户自己的话，如：离地太远。")),
    "end": Way(verbs.end, gettext_lazy("退租或取消"), (Step.OFFERED, Step.ACCEPTED, Step.MOVED_IN), "cross", True, gettext_lazy("住着的写为什么搬出；还没入住的写为什么取消。")),
}  # fmt: skip


@reads_only
def tenancy_detail(request: HttpRequest, pk: int) -> HttpResponse:
    tenancy = _tenancy(request, pk)
    user = request.user
    word, tone = state_of(tenancy)
    may = allowed(user, Permission.HOUSE_EDIT, tenancy)
    household = tenancy.household
    year = household.latest_year or timezone.localdate().year
    context = {
        "tenancy": tenancy, "word": word, "tone": tone, "household": household, "house": tenancy.house,
        "acts": [(name, way) for name, way in WAYS.items() if tenancy.state in way.states] if may else [],
        "sees_house": may_in(user, Permission.HOUSEHOLD_VIEW, tenancy.house.village), "unsafe": tenancy.house.grade in housing.UNSAFE_GRADES,
        "correct_url": reverse("households:year_edit", args=[household.pk, year, "dwelling"])
        if tenancy.state == Step.MOVED_IN and housing.is_unsafe(household) and allowed(user, Permission.HOUSEHOLD_EDIT, household) else "",
        "trail": [(_("闲置房"), reverse("assistance:house_list")), (str(household), household.get_absolute_url()), (_("入住安排"), "")],
        "own": tenancy.rent - tenancy.subsidy, "year": year,
    }  # fmt: skip
    return render(request, "assistance/tenancy_detail.html", context)


class WayForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    on = forms.DateField(label=gettext_lazy("日期"), widget=DateInput())
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


@read_on_get
def tenancy_act(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    if act not in WAYS:
        raise Http404
    way = WAYS[act]
    tenancy = _tenancy(request, pk, Permission.HOUSE_EDIT)
    form = WayForm(posted(request), initial={"on": timezone.localdate(), "version": tenancy.version})
    if way.why:
        form.fields["reason"].help_text = way.hint
    else:
        del form.fields["reason"]
    if form.is_bound and form.is_valid():
        done = attempt(form, lambda: way.verb(tenancy=tenancy, by=request.user, **form.cleaned_data))
        if done is not None:
            messages.success(
                request, _("%(who)s：%(state)s。") % {"who": tenancy.household, "state": state_of(done)[0]}
            )
            return redirect("assistance:tenancy_detail", pk)
    household = tenancy.household
    return form_page(
        request, form, str(way.title), back=reverse("assistance:tenancy_detail", args=[pk]), verb=way.title, danger=act == "end",
        trail=[(_("闲置房"), reverse("assistance:house_list")), (str(household), reverse("assistance:tenancy_detail", args=[pk]))],
        intro="" if way.why else way.hint, pairs=[(_("农户"), household), (_("房屋"), tenancy.house), (_("状态"), state_of(tenancy)[0])],
    )  # fmt: skip
