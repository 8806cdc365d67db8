"""How a stored value of the household file is written for people: one spelling for pages, messages, the trail and the paper.

Every function answers "" for what is not known; whoever shows it says 「未填」 in the way of his page. Nothing is ever guessed.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import dates
from common.codes import CodeList
from common.money import format_money
from households import codelists
from households.models import (
    Household,
    HouseholdYear,
    IncomeLine,
    Kinship,
    Member,
    MemberYear,
    Pairing,
    Photo,
    StatusChange,
)
from households.models.annual import CHECKS, TOTALS
from households.services.household import CLOSE_REASONS

# Lists of the fields whose choices leave out the codes of earlier eras: an old record must still read well.
CODES: dict[str, CodeList] = {
    "standard": codelists.STANDARD,
    "category": codelists.CATEGORY,
    "main_cause": codelists.CAUSE,
    "other_causes": codelists.CAUSE,
    "relation": codelists.RELATION,
    "sex": codelists.SEX,
    "id_type": codelists.ID_TYPE,
    "ethnicity": codelists.ETHNICITY,
    "education": codelists.EDUCATION,
    "school": codelists.SCHOOL,
    "health": codelists.HEALTH,
    "disability_kind": codelists.DISABILITY_KIND,
    "disability_level": codelists.DISABILITY_LEVEL,
    "labour": codelists.LABOUR,
    "work_area": codelists.WORK_AREA,
    "politics": codelists.POLITICS,
    "road": codelists.ROAD,
    "fuel": codelists.FUEL,
    "dwelling_grade": codelists.DWELLING_GRADE,
    "water_source": codelists.WATER_SOURCE,
    "relocation_way": codelists.RELOCATION_WAY,
    "resettlement": codelists.RESETTLEMENT,
    "item": codelists.INCOME_ITEM,
    "joined_reason": codelists.JOIN_REASON,
    "left_reason": codelists.LEAVE_REASON,
    **dict.fromkeys((f"check_{name}" for name in CHECKS), codelists.CHECK_STATE),
}
MONEY = frozenset({*TOTALS, "per_head_income", "imported_net_income", "imported_per_head_income", "amount"})
LABELS = {
    "id_masked": gettext_lazy("证件号码"),
    "phone_masked": gettext_lazy("联系电话"),
    "bank_account_masked": gettext_lazy("银行卡号"),
    "closed_on": gettext_lazy("销户日期"),
    "merged_into_id": gettext_lazy("并入户"),
    "from_status": gettext_lazy("原身份"),
    "to_status": gettext_lazy("身份状态"),
    "state": gettext_lazy("审核状态"),
    "decided_at": gettext_lazy("审核时间"),
    "removed_at": gettext_lazy("移除时间"),
}
# Columns that repeat what another line of the same sentence already says, or that mean nothing to a reader.
QUIET = frozenset(
    {
        "householder_name", "township_id", "latest_year", "unmapped", "village_path", "gross_income", "uploaded_by", "sha256", "width", "height",
        "file", "source", "proposed_by_id", "decided_by_id", "proposed_at", "household_id", "member_id", "household_year_id", "id", "year",
        "pinyin", "initials", "name_grams", "version", "member_count", "open_checks", "sort_key", "uid", "declared_by", "declared_at", "ended_by", "ended_at",
    }
)  # fmt: skip
MODELS: dict[str, type[models.Model]] = {
    m._meta.label_lower: m
    for m in (Household, Member, HouseholdYear, MemberYear, IncomeLine, StatusChange, Pairing, Photo, Kinship)
}
QUIET_ABOVE: set[tuple[str, str]] = set()


def register(model: type[models.Model], *quiet: str) -> None:
    """Let the trail write the columns of an upper floor's table in words; changes of it are recorded under "app.model:whose:column".
    `quiet` columns are left out, as those of QUIET are. Called in `AppConfig.ready`."""
    MODELS[model._meta.label_lower] = model
    QUIET_ABOVE.update((model._meta.label_lower, name) for name in quiet)


_UNIT = re.compile(r"（(㎡|亩|公里|月|元)）$")


def label(model: type[models.Model], name: str) -> str:
    """What a column is called on screen, its unit left off."""
    if name in LABELS:
        return str(LABELS[name])
    return _UNIT.sub("", str(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def unit(model: type[models.Model], name: str) -> str:
    """The unit of a column: 亩, ㎡, 公里, 月, 元 or ""."""
    found = _UNIT.search(str(model._meta.get_field(name).verbose_name))  # type: ignore[union-attr]
    return found[1] if found else ""


def text(model: type[models.Model], name: str, value: Any) -> str:
    """A value as people write it. `value` may be the column's own or what the audit trail kept of it (plain JSON)."""
    if value is None or value == "" or value == [] or value == {}:
        return ""
    if name in CODES:
        values = value if isinstance(value, list | tuple) else [value]
        return "、".join(CODES[name].labels(str(v) for v in values))
    if name == "closed_reason":
        return str(CLOSE_REASONS.get(str(value), value))
    field: Any = model._meta.get_field(name)
    if isinstance(field, models.BooleanField):
        return yes_no(value if isinstance(value, bool) else str(value).lower() in ("1", "true"))
    if isinstance(field, models.DecimalField):
        return money(value) if name in MONEY else number(value)
    if isinstance(field, models.DateTimeField):
        return moment(value)
    if isinstance(field, models.DateField):
        return day(value)
    if field.choices:
        return str(dict(field.flatchoices).get(value, value))
    if isinstance(value, list | tuple):
        return "、".join(str(v) for v in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def of(row: models.Model, name: str) -> str:
    """The text of a row's own value."""
    return text(type(row), name, getattr(row, name))


def with_unit(row: models.Model, name: str) -> str:
    """The text of a row's own value with its unit behind it: "12.5 亩"."""
    shown = of(row, name)
    return f"{shown} {unit(type(row), name)}".strip() if shown else ""


def yes_no(value: bool | None) -> str:
    return "" if value is None else _("是") if value else _("否")


def money(value: Any) -> str:
    """Yuan with separators; "" for None."""
    if value is None or value == "":
        return ""
    try:
        return format_money(Decimal(str(value)))
    except InvalidOperation:
        return str(value)


def number(value: Any) -> str:
    """A decimal without the zeros behind it: 12.50 -> "12.5"; "" for None."""
    if value is None or value == "":
        return ""
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)


def day(value: dt.date | str | None) -> str:
    """2026年3月15日 (15 Mar 2026); "" for None."""
    if not value:
        return ""
    if isinstance(value, str):
        value = dt.date.fromisoformat(value[:10])
    return dates.written(value)


def year(value: int) -> str:
    return _("%(year)s年") % {"year": value}


def period(start: dt.date, end: dt.date | None) -> str:
    """2022年7月1日 至 今."""
    return _("%(start)s 至 %(end)s") % {"start": day(start), "end": day(end) if end else _("今")}


def moment(value: dt.datetime | str | None) -> str:
    """2026年3月15日 10:32 in local time; "" for None."""
    if not value:
        return ""
    if isinstance(value, str):
        value = dt.datetime.fromisoformat(value)
    if timezone.is_aware(value):
        value = timezone.localtime(value)
    return f"{day(value)} {value:%H:%M}"
