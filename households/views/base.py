"""What every page of one household shares: the gate, the way back, the answer to a form and what is said afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require
from households import trail
from households.models import Household

FORM = "households/form.html"


def household_or_404(request: HttpRequest, pk: int, permission: Permission | None = None) -> Household:
    """The household through the row gate: 404 where it may not be seen, 403 where it may not be acted on."""
    rows = Household.objects.for_user(request.user).select_related("village__parent__parent", "merged_into__village")
    household: Household = get_object_or_404(rows, pk=pk)
    if permission is not None:
        require(request.user, permission, household)
    return household


def crumbs_of(household: Household, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """County, township, village (each a link to its list), the household, and `more` below it."""
    village = household.village
    above = [village.parent.parent, village.parent, village] if village.parent else [village]
    listed = reverse("households:household_list")
    places = [(region.name, f"{listed}?region={region.pk}") for region in above if region is not None]
    if not more:
        return [*places, (household.hamlet or str(household), "")]
    return [*places, (str(household), household.get_absolute_url()), *more]


def page(
    request: HttpRequest, template: str, household: Household, title: str, status: int = 200, **context: Any
) -> HttpResponse:
    """A page below a household's ledger."""
    back = context.setdefault("back", household.get_absolute_url())
    form = context.get("form")
    own = {
        "cancel_url": back,
        "optional": bool(form and form.fields) and not any(field.required for field in form.fields.values()),
        "household": household, "title": title, "trail": crumbs_of(household, (title, "")), "back": household.get_absolute_url(), "verb": _("保存"),
        **dict.fromkeys(("form", "intro", "pairs", "groups", "links", "conflict", "danger", "multipart", "method")),
    }  # fmt: skip
    return render(request, template, own | context, status=status)


def stale(form: Any, household: Household, now: Callable[[str], str]) -> dict[str, Any] | None:
    """Whether somebody changed the household since the form was opened: both values of each field, and who it was.

    The form keeps what was typed and is moved to the newest version, so that sending it again means: I have seen it.
    """
    began = form.cleaned_data.get("version")
    if began is None or began == household.version:
        return None
    rows = []
    write_only = {name for name, _masked in getattr(form, "secrets", ())}
    for name, field in form.fields.items():
        if name in ("version", "note") or name.startswith("drop_"):
            continue
        here, typed = now(name), form.said(name)
        if here != typed and (typed or name not in write_only):  # a blank write-only field keeps what is there
            rows.append({"label": field.label, "old": here, "new": typed})
    last = next(iter(trail.recent(household, 1)), None)
    data = form.data.copy()
    data[form.add_prefix("version")] = str(household.version)
    form.data = data
    return {"rows": rows, "who": last.meta if last else ""}


def say(request: HttpRequest, *households: Household) -> None:
    """One line per event of this request: 「已修改：… 18,000 → 19,000」."""
    said = False
    for household in households:
        for change in reversed(trail.of_request(household)):
            said = True
            if change.action.endswith(".corrected"):
                messages.success(request, _("已修改：%(what)s") % {"what": change.sentence})
            else:
                what = f"{change.title}。{change.sentence}" if change.sentence else f"{change.title}。"
                messages.success(request, _("已完成：%(what)s") % {"what": what})
    if not said:
        messages.info(request, _("没有改动，什么也没有保存。"))


def done(request: HttpRequest, household: Household) -> HttpResponse:
    """Say what changed and go back to the ledger: to its top, where it is said."""
    say(request, household)
    return redirect(household)


def refuse_closed(household: Household) -> None:
    """A closed household has no forms: the ledger page says so and does not offer them."""
    if household.is_closed:
        raise PermissionDenied
