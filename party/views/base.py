"""What the pages of party building share: the gate of a village, rows through the gate, a form on a page of its own, tabs, photos."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from accounts.models import User
from accounts.roles import Permission
from accounts.scoping import may_in, require, require_in, require_somewhere, visible_region_ids
from common import pages, pictures
from common.pages import Count
from common.readonly import reads_only
from common.refusal import RefusedError
from party import services
from party.models import PartyEvidence
from regions.models import Level, Region

VIEW, EDIT, CONFIRM = Permission.PARTY_VIEW, Permission.PARTY_EDIT, Permission.PARTY_CONFIRM
TABS = (
    ("village", gettext_lazy("支部和党员")),
    ("village_development", gettext_lazy("发展党员")),
    ("village_classroom", gettext_lazy("四大课堂")),
    ("village_life", gettext_lazy("组织生活")),
    ("village_facilities", gettext_lazy("阵地设施")),
)


def somebody(request: HttpRequest, permission: Permission = VIEW) -> User:
    """Who is there, holding the permission somewhere."""
    require_somewhere(request.user, permission)
    assert isinstance(request.user, User)
    return request.user


def village_or_404(request: HttpRequest, pk: int, permission: Permission | None = None) -> Region:
    """A village of the own area: 404 outside it, 403 where the permission is not held there."""
    if pk not in set(visible_region_ids(request.user, VIEW)):
        raise Http404
    village = get_object_or_404(Region.objects.select_related("parent__parent"), pk=pk, level=Level.VILLAGE)
    if permission is not None:
        require_in(request.user, permission, village)
    return village


def row_or_404(
    request: HttpRequest, model: Any, permission: Permission | None = None, *related: str, **lookup: Any
) -> Any:
    """A row that one sees (404), and on which one holds the permission (403)."""
    row = get_object_or_404(model.objects.for_user(request.user).select_related(*related), **lookup)
    if permission is not None:
        require(request.user, permission, row)
    return row


def may_edit(request: HttpRequest, village: Region) -> bool:
    return may_in(request.user, EDIT, village)


def may_confirm(request: HttpRequest, village: Region) -> bool:
    return may_in(request.user, CONFIRM, village)


# -- where one is -----------------------------------------------------------------------------------------------------------------------


def trail_of(village: Region, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """村党组织, township, village and `more` below them. `village` comes with `parent`."""
    listed = reverse("party:village_list")
    found = [(_("村党组织"), listed)]
    if village.parent is not None:
        found.append((village.parent.name, pages.address(listed, {"region": str(village.parent.pk)})))
    return [*found, (village.name, reverse("party:village", args=[village.pk])), *more]


def tabs_of(village: Region, current: str) -> list[tuple[Any, str, bool]]:
    return [(label, reverse(f"party:{name}", args=[village.pk]), name == current) for name, label in TABS]


def tab_page(
    request: HttpRequest, village: Region, current: str, template: str, context: dict[str, Any]
) -> HttpResponse:
    """One tab of a village."""
    own = {
        "village": village, "tabs": tabs_of(village, current), "trail": trail_of(village)[:-1] + [(village.name, "")],
        "may_edit": may_edit(request, village), "may_confirm": may_confirm(request, village),
    }  # fmt: skip
    return render(request, template, own | context)


# -- forms ------------------------------------------------------------------------------------------------------------------------------


def sent(request: HttpRequest) -> tuple[Any, ...]:
    """What a form with files is bound to."""
    return (request.POST, request.FILES) if request.method == "POST" else ()


def done(request: HttpRequest, said: str, name: str, *args: Any) -> HttpResponse:
    """The verb did it: say so and go to a page."""
    messages.success(request, said)
    return redirect(f"party:{name}", *args)


def act(request: HttpRequest, verb: Any, said: str, name: str, *args: Any) -> HttpResponse:
    """A button without a form: do it, say so or say why not, and go to a page."""
    try:
        verb()
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect(f"party:{name}", *args)


# -- lists that are worked out ------------------------------------------------------------------------------------------------------------


def computed(rows: Sequence[Any], request: HttpRequest, url: str, query: dict[str, str]) -> dict[str, Any]:
    """A page of rows that are no table: `rows`, `count` and the addresses beside it."""
    asked = request.GET.get("page", "")
    last = max((len(rows) - 1) // pages.SIZE, 0)
    page = min(int(asked), last) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 0
    first = page * pages.SIZE

    def at(number: int) -> str:
        return pages.address(url, query | ({"page": str(number)} if number else {}))

    return {
        "rows": rows[first : first + pages.SIZE], "count": len(rows), "previous_url": at(page - 1) if page else "",
        "next_url": at(page + 1) if page < last else "",
    }  # fmt: skip


def counted_people(count: Count) -> str:
    if count.capped:
        return _("一万人以上")
    return ngettext("共 %(count)s 人", "共 %(count)s 人", count.value) % {"count": f"{count.value:,}"}


def counted_times(count: Count) -> str:
    if count.capped:
        return _("一万次以上")
    return ngettext("共 %(count)s 次", "共 %(count)s 次", count.value) % {"count": f"{count.value:,}"}


def counted_things(count: Count) -> str:
    if count.capped:
        return _("一万个以上")
    return ngettext("共 %(count)s 个", "共 %(count)s 个", count.value) % {"count": f"{count.value:,}"}


# -- photos -----------------------------------------------------------------------------------------------------------------------------


def photos_of(row: Any) -> list[dict[str, Any]]:
    """Photos as templates show them, oldest first."""
    return [
        {"photo": photo, "url": (url := reverse("party:evidence", args=[photo.uid])), "thumb": f"{url}?size=small"}
        for photo in row.evidence.filter(removed_at=None).order_by("pk")
    ]


@reads_only
def evidence(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A photo, or its thumbnail (`?size=small`)."""
    photo = row_or_404(request, PartyEvidence, uid=uid, removed_at=None)
    return pictures.answer_kept(request, photo.file)


@require_POST
def photo_remove(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    photo = row_or_404(request, PartyEvidence, EDIT, uid=uid, removed_at=None)
    name, pk = ("session_detail", photo.session_id) if photo.session_id else ("activity_detail", photo.activity_id)
    return act(request, lambda: services.remove_photo(photo=photo, by=request.user), _("已删去照片。"), name, pk)
