"""The opening of many accounts from one sheet: the lowest floor that knows both accounts and cadres."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import departments
from accounts import services as accounts
from accounts.models import User
from accounts.postings import MANAGE, may_grant
from accounts.roles import POSTED_AT, Role
from accounts.scoping import may_in
from cadres.models import Unit
from cadres.services.base import CadreError
from cadres.services.cadres import open_cadre
from cadres.services.units import open_unit
from common.text import normalise_name
from regions.models import Level, Region
from regions.picker import area_of
from regions.services import RegionError, look_up


class SheetError(CadreError):
    """A sheet with at least one wrong row: nothing of it was done."""


@dataclass
class SheetRow:
    """One row as typed. `number` is the row's number in the spreadsheet."""

    number: int
    username: str = ""
    name: str = ""
    role: str = ""
    code: str = ""
    township: str = ""
    village: str = ""
    phone: str = ""
    unit: str = ""
    title: str = ""


@dataclass
class Checked:
    """A row with what it means and what is wrong with it (sentences without the row number)."""

    row: SheetRow
    role: Role | None = None
    region: Region | None = None
    department: str = ""  # of who works in one
    errors: list[str] = field(default_factory=list)

    @property
    def role_label(self) -> str:
        return str((self.role or Role.HELPER).label)


def _sentences(error: ValidationError) -> list[str]:
    return [str(sentence) for sentence in error.messages]


def check_sheet(*, rows: Sequence[SheetRow], by: User) -> list[Checked]:
    """Every row with all its errors; an account may be opened only where the reader may open it on the page too."""
    roles = {str(role.label): role for role in Role} | {role.value: role for role in Role}
    names = [row.username.strip().lower() for row in rows]
    taken = {
        name.lower() for name in User.objects.filter(username__in=[row.username.strip() for row in rows])
        .values_list("username", flat=True)
    }  # fmt: skip
    places: dict[tuple[str, str, str], Region | str] = {}
    checked = []
    for row in rows:
        found = Checked(row)
        try:
            name = accounts.clean_username(row.username)
            if name.lower() in taken or User.objects.filter(username__iexact=name).exists():
                found.errors.append(_("用户名“%(name)s”已经有人用了，请换一个。") % {"name": name})
            elif names.count(name.lower()) > 1:
                found.errors.append(_("用户名“%(name)s”在表里出现了不止一次，请改成不同的。") % {"name": name})
        except ValidationError as error:
            found.errors += _sentences(error)
        try:
            if not normalise_name(row.name):
                found.errors.append(_("请填写姓名。"))
        except ValidationError as error:
            found.errors += _sentences(error)
        try:
            accounts.clean_phone(row.phone)
        except ValidationError as error:
            found.errors += _sentences(error)
        role = roles.get("".join(row.role.split()))
        if role is None:
            found.errors.append(
                _("角色“%(role)s”不认识，应为：%(roles)s。")
                % {"role": row.role, "roles": _("、").join(str(r.label) for r in Role)}
            )
        found.role = None if role == Role.HELPER else role
        place = (row.code.strip(), row.township.strip(), row.village.strip())
        if place not in places:
            places[place] = _place(*place, by=by)
        region = places[place]
        if isinstance(region, str):
            found.errors.append(region)
        else:
            found.region = region
            if role is not None:
                found.errors += _why_not(found.role, region, by)
        if role == Role.DEPARTMENT_USER:
            known = departments.names()
            found.department = departments.known_as(row.unit, known)
            if not found.department:
                found.errors.append(
                    _("角色是“行业部门”的，单位要写部门名称，应为：%(names)s。") % {"names": _("、").join(known)}
                )
        if row.title.strip() and not row.unit.strip():
            found.errors.append(_("填了职务就要填单位。"))
        checked.append(found)
    return checked


def _place(code: str, township: str, village: str, *, by: User) -> Region | str:
    """The region of a row, or a sentence that says why there is none."""
    area = area_of(by, MANAGE)
    if not (code or township or village):
        return _("请填写区划代码，或者填写乡镇和村。")
    try:
        found = look_up(code=code) if code else look_up(name=township or village)
    except RegionError as error:
        return str(error)
    if area is not None:
        inside = set(Region.objects.filter(area, pk__in=[r.pk for r in found]).values_list("pk", flat=True))
        found = [r for r in found if r.pk in inside]
    if not code and township and village:
        found = [hit for above in found for hit in look_up(name=village, within=above) if hit.level == Level.VILLAGE]
    shown = code or f"{township}{village}"
    if not found:
        return _("您管理的地区里没有“%(place)s”，请核对地名或代码。") % {"place": shown}
    if len(found) > 1:
        where = _("、").join(r.full_name for r in found[:3])
        return _("“%(place)s”不止一个（%(where)s），请填区划代码。") % {"place": shown, "where": where}
    return found[0]


def _why_not(role: Role | None, region: Region, by: User) -> list[str]:
    if not may_in(by, MANAGE, region):
        return [_("%(region)s不在您管理的地区。") % {"region": region.full_name}]
    if role is None or may_grant(by, role, region):
        return []
    if region.level not in POSTED_AT[role]:
        levels = _("、").join(str(Level(level).label) for level in sorted(POSTED_AT[role]))
        return [
            _("“%(role)s”只能安排在%(levels)s一级，“%(region)s”不是。")
            % {"role": role.label, "levels": levels, "region": region.full_name}
        ]
    return [_("您没有“%(role)s”的全部权限，不能授予别人。") % {"role": role.label}]


@transaction.atomic
def open_accounts_from_sheet(*, rows: Sequence[SheetRow], by: User) -> list[tuple[User, str]]:
    """Open all accounts of a sheet, or none: (user, one-time password) in the order of the rows.

    A row with a unit also makes the cadre who can be paired. Raises `SheetError` naming the first wrong row.
    """
    if not by.can(MANAGE):
        raise PermissionDenied(MANAGE)
    if not rows:
        raise SheetError(_("表里没有要开通的账号。"))
    opened = []
    for found in check_sheet(rows=rows, by=by):
        row = found.row
        if found.errors or found.region is None:
            raise SheetError(_("第 %(row)s 行：%(error)s") % {"row": row.number, "error": (found.errors or [""])[0]})
        user, password = accounts.open_account(
            username=row.username, name=row.name, region=found.region, role=found.role, phone=row.phone, by=by,
            department=found.department,
        )  # fmt: skip
        if row.unit.strip():
            unit = _unit_near(row.unit, found.region) or open_unit(
                name=row.unit, region=_unit_home(found.region, by), by=by
            )
            open_cadre(name=row.name, unit=unit, title=row.title, phone=row.phone, user=user, by=by)
        opened.append((user, password))
    return opened


def _unit_near(name: str, region: Region) -> Unit | None:
    """An open unit of that name at the region or above it."""
    return (
        Unit.objects.open()
        .filter(name="".join(name.split()), region__in=region.ancestor_ids)
        .order_by("-region__level")
        .first()
    )


def _unit_home(region: Region, by: User) -> Region:
    """Where a unit of unknown affiliation goes: as high above the region as the reader manages, the county at most."""
    above = Region.objects.filter(pk__in=region.ancestor_ids, level__gte=Level.COUNTY).order_by("level")
    return next((r for r in above if may_in(by, MANAGE, r)), region)
