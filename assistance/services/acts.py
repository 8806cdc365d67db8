"""What every verb on a household's measures, deliveries and requests shares: locks, who is there, the words of the trail."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from assistance.models import Measure
from catalogue.models import MeasureKind
from common import audit, dates
from common.money import format_money
from common.text import normalise_text
from households import codelists
from households.models import Household, Member
from households.services import LedgerError


class RowsError(LedgerError):
    """An act on many rows in which some cannot be done; nothing was. `problems` is `{primary key: sentence}`."""

    def __init__(self, message: str, problems: Mapping[int, str]) -> None:
        super().__init__(message)
        self.problems = dict(problems)


# -- locks ------------------------------------------------------------------------------------------------------------------------


def lock_household(household: Household) -> Household:
    """The household, locked, with its village."""
    found: Household = Household.objects.select_for_update(of=("self",)).select_related("village").get(pk=household.pk)
    return found


Needs = Permission | tuple[Permission, ...]  # one of several is enough


def lock_many(model: Any, rows: Iterable[models.Model], by: Any, permission: Needs, *related: str) -> list[Any]:
    """The rows locked, in order of their keys, behind their households, which are locked in the order of theirs; `household` is the locked
    one. Raises PermissionDenied where the user does not hold the permission, or one of them, on every one of them. Three queries."""
    keys = sorted({row.pk for row in rows})
    enough = permission if isinstance(permission, tuple) else (permission,)
    may: dict[int, int] = {}
    for each in enough:
        if len(may) < len(keys):
            held = model.objects.for_user(by, each).filter(pk__in=keys)
            may |= dict(held.order_by().values_list("pk", "household_id"))
    if len(may) < len(keys):
        raise PermissionDenied(enough[0])
    locked = Household.objects.select_for_update(of=("self",)).select_related("village")
    households = {h.pk: h for h in locked.filter(pk__in=set(may.values())).order_by("pk")}
    found = list(
        model.objects.select_for_update(of=("self",)).select_related(*related).filter(pk__in=keys).order_by("pk")
    )
    for row in found:
        row.household = households[row.household_id]
    return found


def lock(model: Any, row: models.Model, by: Any, permission: Needs, *related: str) -> Any:
    """One row of `lock_many`."""
    return lock_many(model, [row], by, permission, *related)[0]


def refuse_stale(row: Any, version: int | None) -> None:
    if version is not None and version != row.version:
        raise LedgerError(_("这项内容在您填写期间被别人修改过，您的改动没有保存。请看过最新内容后再改。"))


# -- who is there -----------------------------------------------------------------------------------------------------------------


def why_closed(household: Household) -> str:
    """Why nothing new may be given to a household, "" where it may."""
    if household.is_closed:
        return _("%(household)s已经销户，不能再办。如属误销，请先恢复。") % {"household": household}
    return ""


def why_absent(member: Member | None, on: dt.date) -> str:
    """Why a member cannot receive anything on a day, "" where it can."""
    if member is None or member.left_on is None or member.left_on > on:
        return ""
    return _("%(name)s已于 %(day)s 减少（%(reason)s），不能再享受。请核对受益人。") % {
        "name": member.name, "day": dates.written(member.left_on), "reason": codelists.LEAVE_REASON.label(member.left_reason),
    }  # fmt: skip


def refuse(say: str) -> None:
    if say:
        raise LedgerError(say)


def past_day(day: dt.date, field: str) -> None:
    """Raises ValidationError for a day that has not been."""
    if day > timezone.localdate():
        raise ValidationError({field: [_("日期在今天之后，请核对。")]})


def text_of(said: str, field: str, most: int, *, needed: str = "") -> str:
    """Typed text as it is kept. `needed` is the sentence where there is none. Raises ValidationError at `field`."""
    text = normalise_text(said).strip()
    if not text and needed:
        raise ValidationError({field: [needed]})
    if len(text) > most:
        raise ValidationError({field: [_("最多 %(most)s 个字，请写短一些。") % {"most": most}]})
    return text


# -- the trail --------------------------------------------------------------------------------------------------------------------


def named(kind: MeasureKind, member: Member | None) -> str:
    """雨露计划（王芳）."""
    return _("%(kind)s（%(name)s）") % {"kind": kind.title, "name": member.name} if member else kind.title


def told(measure: Measure, *more: str, period: str = "") -> str:
    """雨露计划（王芳），2026年，3,000元: what the trail says of a measure; `period` stands for its year."""
    parts = [named(measure.kind, measure.member), period or _("%(year)s年") % {"year": measure.year}, *more]
    return "，".join(part for part in parts if part)


def yuan(amount: Any) -> str:
    """3,000元, "" where there is none."""
    return _("%(amount)s元") % {"amount": format_money(amount)} if amount else ""


def event(action: str, row: Any, by: Any, note: str, rows: Sequence[models.Model] = ()) -> audit.Event:
    """An event on the chain of the row's household."""
    household = row.household
    return audit.Event(
        action, audit.row_key(row), by, household.subject, household.village.path, note=note, rows=[row, *rows]
    )


def record(action: str, row: Any, by: Any, note: str, rows: Sequence[models.Model] = ()) -> None:
    household = row.household
    audit.record(
        action, by=by, target=row, subject=household.subject, region_path=household.village.path, note=note, rows=[row, *rows]
    )  # fmt: skip
