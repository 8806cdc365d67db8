"""What the pages of villages, projects and idle houses share: the gate of a village, a form on a page of its own, photos."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_in, require_somewhere, visible_region_ids
from assistance.models import AssistanceEvidence
from common.forms import DateInput
from regions.models import Level, Region

SHOWN_VILLAGES = 400  # in a select; a county has about as many


def village_or_404(request: HttpRequest, pk: int, permission: Permission | None = None) -> Region:
    """A village of the own area: 404 outside it, 403 where the permission is not held there."""
    require_somewhere(request.user, Permission.HOUSEHOLD_VIEW)
    if pk not in set(visible_region_ids(request.user, Permission.HOUSEHOLD_VIEW)):
        raise Http404
    village = get_object_or_404(Region.objects.select_related("parent__parent"), pk=pk, level=Level.VILLAGE)
    if permission is not None:
        require_in(request.user, permission, village)
    return village


def crumbs_of(village: Region, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """区域攻坚, township and village, each a link to its figures, and `more` below them. `village` comes with `parent`."""
    listed = reverse("assistance:village_list")
    found = [(_("区域攻坚"), listed)]
    if village.parent is not None:
        found.append((village.parent.name, f"{listed}?region={village.parent.pk}"))
    return [*found, (village.name, reverse("assistance:village_page", args=[village.pk])), *more]


def asked_village(request: HttpRequest, permission: Permission) -> Region | None:
    """The village that `?village=` names, where the permission is held there."""
    asked = request.GET.get("village", "")
    if not (asked.isascii() and asked.isdecimal() and len(asked) < 19):
        return None
    village = Region.objects.filter(pk=int(asked), level=Level.VILLAGE, valid_to=None).first()
    return village if village is not None and may_in(request.user, permission, village) else None


class VillageField(forms.TypedChoiceField):
    """A village in which the user holds a permission. `cleaned_data` gets the Region."""

    default_error_messages = {"invalid_choice": gettext_lazy("这个村不在您的管理范围内，请重新选择。")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("村"))
        super().__init__(coerce=int, **kwargs)

    def offer(self, user: Any, permission: Permission) -> None:
        found: list[tuple[str, str]] = []
        for top in posted_regions(user, permission):
            rows = Region.objects.current().within(top).filter(level=Level.VILLAGE).order_by("path", "code")
            found += [(str(r.pk), r.full_name or r.name) for r in rows[:SHOWN_VILLAGES]]
        self.choices = [("", _("请选择")), *dict(found).items()] if len(found) != 1 else found

    def clean(self, value: Any) -> Any:
        key = super().clean(value)
        return Region.objects.get(pk=key) if key else None


class DayForm(forms.Form):
    """A day, and why or how: what most steps ask."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    on = forms.DateField(label=gettext_lazy("日期"), widget=DateInput())
    note = forms.CharField(
        label=gettext_lazy("说明"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class StageForm(forms.Form):
    """A photo with the stage in which it was taken."""

    stage = forms.ChoiceField(
        label=gettext_lazy("时段"), choices=AssistanceEvidence.Stage.choices, widget=forms.RadioSelect
    )
    upload = forms.FileField(
        label=gettext_lazy("照片"), help_text=gettext_lazy("JPG 或 PNG，不超过 10 MB。拍摄地点等信息会自动去除。"),
        widget=forms.FileInput(attrs={"accept": "image/*"}),
    )  # fmt: skip
    taken_on = forms.DateField(label=gettext_lazy("拍摄日期"), widget=DateInput(), required=False)


def photos_of(rows: Any) -> list[dict[str, Any]]:
    """Photos as templates show them, oldest first."""
    return [
        {
            "photo": photo, "url": (url := reverse("assistance:evidence", args=[photo.uid])), "thumb": f"{url}?size=small",
            "caption": photo.get_stage_display() or _("房屋"),
        }
        for photo in rows.filter(removed_at=None).order_by("pk")
    ]  # fmt: skip
