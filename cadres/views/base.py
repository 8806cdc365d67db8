"""What the pages of units, cadres and teams share: rows through the gate with their sight and their act, a form on a page of its own."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from accounts.roles import Permission
from accounts.scoping import may_in, require, require_in, visible_region_ids
from cadres.models import Cadre, ResidentTeam, TeamMember, Unit, UnitVillage
from regions.models import Level, Region

VIEW, EDIT = Permission.CADRE_VIEW, Permission.CADRE_EDIT


def _row(model: Any, request: HttpRequest, pk: int, act: bool, *related: str) -> Any:
    """A row that one sees (404), and that one keeps (403)."""
    row = get_object_or_404(model.objects.for_user(request.user).select_related(*related), pk=pk)
    if act:
        require(request.user, EDIT, row)
    return row


def unit_or_404(request: HttpRequest, pk: int, *, act: bool = False) -> Unit:
    found: Unit = _row(Unit, request, pk, act, "region")
    return found


def cadre_or_404(request: HttpRequest, pk: int, *, act: bool = False) -> Cadre:
    found: Cadre = _row(Cadre, request, pk, act, "unit__region", "user")
    return found


def team_or_404(request: HttpRequest, pk: int, *, act: bool = False) -> ResidentTeam:
    found: ResidentTeam = _row(ResidentTeam, request, pk, act, "village__parent", "unit")
    return found


def place_or_404(request: HttpRequest, pk: int, *, act: bool = False) -> TeamMember:
    found: TeamMember = _row(TeamMember, request, pk, act, "team__village__parent", "cadre__unit", "cadre__user")
    return found


def answer_or_404(request: HttpRequest, pk: int, *, act: bool = False) -> UnitVillage:
    found: UnitVillage = _row(UnitVillage, request, pk, act, "village__parent", "unit")
    return found


def region_or_404(request: HttpRequest, pk: int, permission: Permission | None = None, **of: Any) -> Region:
    """A region of the own area: 404 outside it, 403 where `permission` is not held there."""
    if pk not in set(visible_region_ids(request.user, VIEW)):
        raise Http404
    region = get_object_or_404(Region.objects.select_related("parent__parent"), pk=pk, **of)
    if permission is not None:
        require_in(request.user, permission, region)
    return region


def village_or_404(request: HttpRequest, pk: int, *, act: bool = False) -> Region:
    return region_or_404(request, pk, EDIT if act else None, level=Level.VILLAGE)


def may_keep(user: Any, region: Region) -> bool:
    return may_in(user, EDIT, region)


def said(error: Exception) -> str:
    """What a verb refused, in one line."""
    return "".join(error.messages) if isinstance(error, ValidationError) else str(error)
