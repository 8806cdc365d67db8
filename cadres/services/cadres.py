"""Verbs of 干部: opening, changing, moving to another unit, leaving."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import services as accounts
from accounts.models import User
from accounts.postings import accounts_for
from accounts.scoping import require_in
from cadres import codelists, holdings
from cadres.models import Cadre, Rank, Unit
from cadres.services.base import (
    EDIT,
    CadreError,
    check,
    codes_of,
    lock,
    past_day,
    require_keeping,
    save,
    sentence_of,
    text_of,
)
from cadres.services.units import require_open
from common import audit, identity
from common.copying import copy_rows, reserve_keys
from common.pii import seal_id_number, seal_phone
from common.text import normalise_name

PARTY = ("01", "02")  # 政治面貌 of members of the party, probationary ones among them
FACTS = frozenset(
    ["name", "title", "number", "rank", "sex", "phone", "id_number", "politics", "is_party_member", "cannot_help", "languages", "skills"]
)  # fmt: skip


@transaction.atomic
def open_cadre(*, name: str, unit: Unit, by: Any, user: User | None = None, **facts: Any) -> Cadre:
    """A cadre of a unit, with the account they log in with where there is one. `facts` are those of `FACTS`, as typed: the ID number and
    the phone in full, languages and skills as codes."""
    unit = lock(Unit, unit, "region")
    require_keeping(by, unit.region, *([user.home] if user and user.home else []))
    require_open(unit)
    if user and Cadre.objects.filter(user=user).exists():
        raise CadreError(_("账号“%(name)s”已经属于另一位干部。") % {"name": user.username})
    cadre = Cadre(unit=unit, user=user)
    _put(cadre, {"name": name} | facts)
    save(cadre)
    audit.record("cadre.opened", by=by, target=cadre, region_path=unit.region.path, note=unit.name, rows=[cadre])
    return cadre


@transaction.atomic
def open_cadres(*, people: Sequence[tuple[Unit, Mapping[str, Any]]], by: Any) -> list[Cadre]:
    """Many at once, as a sheet brings them: the unit and the facts of each, the name among them. Rows by COPY, one event each."""
    for unit in {unit.pk: unit for unit, _facts in people}.values():
        require_keeping(by, unit.region)
        require_open(unit)
    cadres = []
    for (unit, facts), key in zip(people, reserve_keys(Cadre, len(people)), strict=True):
        cadre = Cadre(pk=key, unit=unit)
        _put(cadre, facts)
        check(cadre)
        cadres.append(cadre)
    if not cadres:
        return []
    events = [
        audit.Event(
            "cadre.opened", audit.row_key(cadre), by, region_path=cadre.unit.region.path, note=cadre.unit.name, rows=[cadre]
        )
        for cadre in cadres
    ]  # fmt: skip
    try:
        with audit.recording(events):
            copy_rows(Cadre, cadres)
    except IntegrityError as error:
        raise CadreError(sentence_of(error, cadres[0])) from error
    for cadre in cadres:
        cadre._state.adding = False
    return cadres


def _locked(cadre: Cadre, by: Any) -> Cadre:
    found: Cadre = lock(Cadre, cadre, "unit__region", "user")
    require_in(by, EDIT, found.unit.region)
    return found


def require_serving(cadre: Cadre) -> None:
    if cadre.left_on is not None:
        raise CadreError(_("%(name)s已经离岗，不能再修改或安排。如属误登，请先恢复在岗。") % {"name": cadre.name})


@transaction.atomic
def change_cadre(*, cadre: Cadre, by: Any, facts: Mapping[str, Any]) -> Cadre:
    """Facts of `FACTS`; what is not told stays."""
    cadre = _locked(cadre, by)
    require_serving(cadre)
    before = audit.snapshot(cadre)
    _put(cadre, facts)
    if changes := audit.changes_since(before, cadre):
        save(cadre)
        audit.record(
            "cadre.changed", by=by, target=cadre, region_path=cadre.unit.region.path, changes=changes, rows=[cadre]
        )
    return cadre


@transaction.atomic
def move_cadre(*, cadre: Cadre, unit: Unit, by: Any) -> Cadre:
    """To another unit: kept in both places by whoever moves. Pairings and places in teams stay as they are."""
    cadre = _locked(cadre, by)
    require_serving(cadre)
    unit = lock(Unit, unit, "region")
    require_in(by, EDIT, unit.region)
    require_open(unit)
    if unit.pk == cadre.unit_id:
        raise CadreError(_("%(name)s已经在这个单位。") % {"name": cadre.name})
    old = cadre.unit
    cadre.unit = unit
    save(cadre)
    audit.record(
        "cadre.moved", by=by, target=cadre, region_path=unit.region.path, changes={"unit": [old.name, unit.name]}, rows=[cadre]
    )  # fmt: skip
    return cadre


@transaction.atomic
def link_account(*, cadre: Cadre, user: User | None, by: Any) -> Cadre:
    """Say which account is the cadre's own; None takes it away again (whoever logs in is no helper any more)."""
    cadre = _locked(cadre, by)
    require_serving(cadre)
    if user is not None and not accounts_for(by).filter(pk=user.pk).exists():
        raise ValidationError({"username": [_("您管理的账号里没有这个用户名，请核对。")]})
    if user is not None and Cadre.objects.filter(user=user).exclude(pk=cadre.pk).exists():
        raise CadreError(_("账号“%(name)s”已经属于另一位干部。") % {"name": user.username})
    was = cadre.user.username if cadre.user else None
    cadre.user = user
    save(cadre)
    audit.record(
        "cadre.account_linked", by=by, target=cadre, region_path=cadre.unit.region.path,
        changes={"user": [was, user.username if user else None]}, rows=[cadre],
    )  # fmt: skip
    return cadre


@transaction.atomic
def deactivate_cadre(
    *, cadre: Cadre, by: Any, on: dt.date | None = None, reason: str, close_account: bool = False
) -> Cadre:
    """The cadre leaves: `on` is the first day without (today). Refused while they still hold something (`cadres.holdings`)."""
    cadre = _locked(cadre, by)
    require_serving(cadre)
    if held := holdings.of(cadre):
        raise CadreError(
            _("%(name)s还有%(held)s，请先移交或结束，再登记离岗。")
            % {"name": cadre.name, "held": holdings.in_words(held)}
        )
    last = cadre.team_places.order_by("-ends_on").values_list("ends_on", flat=True).first()
    before = audit.snapshot(cadre)
    cadre.left_on = past_day(on, "on", after=last, since=_("离岗日期早于工作队离任日期（%(first)s），请核对。"))
    cadre.left_reason = text_of(reason, "reason", 200, needed=_("请写明离岗原因，如：调往外县、退休。"))
    save(cadre)
    audit.record(
        "cadre.left", by=by, target=cadre, region_path=cadre.unit.region.path, changes=audit.changes_since(before, cadre), note=cadre.left_reason,
        rows=[cadre],
    )  # fmt: skip
    if close_account and cadre.user is not None and cadre.user.is_active:
        accounts.deactivate(user=cadre.user, by=by, note=cadre.left_reason)
    return cadre


@transaction.atomic
def restore_cadre(*, cadre: Cadre, by: Any) -> Cadre:
    """Back again, or entered by mistake."""
    cadre = _locked(cadre, by)
    if cadre.left_on is None:
        raise CadreError(_("%(name)s没有离岗。") % {"name": cadre.name})
    require_open(cadre.unit)
    before = audit.snapshot(cadre)
    cadre.left_on, cadre.left_reason = None, ""
    _refuse_known_id(cadre)
    save(cadre)
    changes = audit.changes_since(before, cadre)
    audit.record(
        "cadre.restored", by=by, target=cadre, region_path=cadre.unit.region.path, changes=changes, rows=[cadre]
    )
    return cadre


# -- facts ----------------------------------------------------------------------------------------------------------------------


def _put(cadre: Cadre, facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        if name not in FACTS:
            raise FieldDoesNotExist(name)
        match name:
            case "name":
                cadre.name = _clean_name(value)
            case "phone":
                cadre.phone, cadre.phone_hash, cadre.phone_masked = seal_phone(accounts.clean_phone(value or ""))
            case "id_number":
                _put_id_number(cadre, value or "")
            case "languages":
                cadre.languages = codes_of(value, codelists.LANGUAGES, "languages")
            case "skills":
                cadre.skills = codes_of(value, codelists.SKILLS, "skills")
            case "rank":
                if value not in Rank.values:
                    raise ValidationError({"rank": [_("选项里没有这种职级，请重选。")]})
                cadre.rank = value
            case "title":
                cadre.title = text_of(value, "title", 60)
            case "number":
                cadre.number = text_of(value, "number", 30)
            case _:
                setattr(cadre, name, value)
    if cadre.politics and ("politics" in facts or "is_party_member" in facts):
        cadre.is_party_member = cadre.politics in PARTY


def _clean_name(text: str) -> str:
    try:
        name = normalise_name(text or "")
    except ValidationError as error:
        raise ValidationError({"name": error.messages}) from error
    if not 1 <= len(name) <= 60:
        raise ValidationError({"name": [_("姓名应为 1 至 60 个字。")]})
    return name


def _put_id_number(cadre: Cadre, text: str) -> None:
    """A resident's number; it brings the sex where that is not told."""
    if not text.strip():
        cadre.id_number, cadre.id_hash, cadre.id_masked = seal_id_number("")
        return
    try:
        found = identity.parse(text)
    except identity.IdentityError as error:
        raise ValidationError({"id_number": [f"{error}。"]}) from error
    if found.kind == identity.Kind.NONE:
        raise ValidationError({"id_number": [_("干部要登记居民身份证号，不能用 999999 开头的编号。")]})
    cadre.id_number, cadre.id_hash, cadre.id_masked = seal_id_number(found.base)
    cadre.sex = cadre.sex or found.sex
    _refuse_known_id(cadre)


def _refuse_known_id(cadre: Cadre) -> None:
    """One person is one cadre. Only that the number is there is said: the other one may be of a place the reader does not see."""
    same = Cadre.objects.filter(id_hash=cadre.id_hash, left_on=None).exclude(pk=cadre.pk)
    if cadre.id_hash and same.exists():
        raise ValidationError({"id_number": [_("这个证件号码已经登记为另一位干部，请核对。")]})
