"""Verbs on the annual record of a household, and the sums of its income."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from common import audit
from households import codelists
from households.models import Household, HouseholdYear, IncomeLine, MemberYear
from households.services.base import YEAR_FACTS, Edit, LedgerError, put

CENT = Decimal("0.01")
MOST = Decimal("9999999999.99")

# What a new year takes over from the year before: what changes slowly. Income and the six checks are asked anew every year.
SLOW_FACTS = sorted(
    YEAR_FACTS - {"population", "surveyor", "surveyed_on", "imported_net_income", "imported_per_head_income"}
    - {f"check_{name}" for name in ("food", "clothing", "education", "medical", "housing", "water")}
)  # fmt: skip
SLOW_MEMBER_FACTS = (
    "education",
    "school",
    "health",
    "disability_kind",
    "disability_level",
    "labour",
    "politics",
    "speaks_mandarin",
)


def totals(lines: Iterable[tuple[str, Decimal]], population: int | None) -> dict[str, Decimal | None]:
    """The national totals of a year's lines: {field of HouseholdYear: 元, or None where no line exists}.

    gross = wage + business + property + transfer; net = gross - expense (a subsidy for expenses lowers them);
    per head = net / population of the year, half up to the cent; None while the population is unknown.
    """
    lines = list(lines)
    if not lines:
        return dict.fromkeys(
            ("wage_income", "business_income", "property_income", "transfer_income", "business_expense", "gross_income", "net_income",
             "per_head_income")
        )  # fmt: skip
    groups = {name: Decimal(0) for name in ("wage", "business", "property", "transfer", "expense")}
    for item, amount in lines:
        groups[codelists.income_group(item)] += -amount if item == "expense.subsidy" else amount
    gross = groups["wage"] + groups["business"] + groups["property"] + groups["transfer"]
    net = gross - groups["expense"]
    return {
        "wage_income": groups["wage"], "business_income": groups["business"], "property_income": groups["property"],
        "transfer_income": groups["transfer"], "business_expense": groups["expense"], "gross_income": gross, "net_income": net,
        "per_head_income": (net / population).quantize(CENT, ROUND_HALF_UP) if population else None,
    }  # fmt: skip


def put_totals(record: HouseholdYear, lines: Iterable[tuple[str, Decimal]]) -> None:
    for name, amount in totals(lines, record.population).items():
        setattr(record, name, amount)


def record_of(edit: Edit, year: int) -> tuple[HouseholdYear, dict[str, Any] | None]:
    """The year's record, locked, and its snapshot; an unsaved one and None where there is none."""
    record = HouseholdYear.objects.select_for_update().filter(household=edit.household, year=year).first()
    if record:
        return record, audit.snapshot(record)
    return HouseholdYear(household=edit.household, year=year, population=edit.household.members.present().count()), None


@transaction.atomic
def correct_year(*, household: Household, year: int, by: Any, facts: Mapping[str, Any], version: int | None = None,
                 note: str = "") -> HouseholdYear:  # fmt: skip
    """Correct facts of a year (`YEAR_FACTS`); the year is opened when there is none. A new population changes the income per head."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    record, before = record_of(edit, year)
    put_year(edit, record, before, facts)
    edit.finish("householdyear.corrected", target=record, note=note)
    return record


def put_year(edit: Edit, record: HouseholdYear, before: dict[str, Any] | None, facts: Mapping[str, Any]) -> None:
    """Write facts of a year, `before` its snapshot, None where it is opened by this."""
    put(record, facts, YEAR_FACTS)
    causes = record.other_causes or []
    if record.main_cause and record.main_cause in causes:
        raise ValidationError({"other_causes": [_("其他致贫原因不能与主要致贫原因重复。")]})
    if len(causes) > 2:
        raise ValidationError({"other_causes": [_("其他致贫原因最多选两项。")]})
    if "population" in facts and record.pk:
        put_totals(record, record.lines.values_list("item", "amount"))
    edit.write(record, before)


@transaction.atomic
def set_income(*, household: Household, year: int, by: Any, lines: Mapping[str, Decimal | None], version: int | None = None,
               note: str = "", source: str = "page") -> HouseholdYear:  # fmt: skip
    """Set items of a year's income; None removes an item, items not named stay. The totals are summed again."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT, version=version)
    record, before = record_of(edit, year)
    put_income(edit, record, before, lines, source)
    edit.finish("income.corrected", target=record, note=note)
    return record


def put_income(
    edit: Edit, record: HouseholdYear, before: dict[str, Any] | None, lines: Mapping[str, Decimal | None], source: str
) -> None:
    """Write items of a year's income and the totals they make."""
    if before is None:
        edit.write(record)
        before = audit.snapshot(record)
    present = {line.item: line for line in record.lines.select_for_update()}
    for item, amount in lines.items():
        if item not in codelists.INCOME_ITEM:
            raise LedgerError(_("没有这个收支项目：%(item)s") % {"item": item})
        if amount is not None and not 0 <= amount <= MOST:
            raise ValidationError({item: [_("金额应在 0 到 99 亿元之间。")]})
        line = present.get(item)
        if amount is None:
            if line:
                edit.delete(present.pop(item))
        elif line is None:
            line = present[item] = IncomeLine(household_year=record, item=item, amount=amount, source=source)
            edit.write(line)
        elif line.amount != amount:
            line_before = audit.snapshot(line)
            line.amount, line.source = amount, source
            edit.write(line, line_before)
    put_totals(record, [(line.item, Decimal(line.amount)) for line in present.values()])
    edit.write(record, before)


@transaction.atomic
def open_year(*, household: Household, year: int, by: Any, copy_from: int | None = None) -> HouseholdYear:
    """Begin a year. `copy_from` takes over what changes slowly, of household and members; never income, never the six checks."""
    edit = Edit(household, by=by, permission=Permission.HOUSEHOLD_EDIT)
    record, before = record_of(edit, year)
    if before is not None:
        raise LedgerError(_("%(year)s 年度的记录已经有了。") % {"year": year})
    if copy_from is not None:
        old = HouseholdYear.objects.filter(household=edit.household, year=copy_from).first()
        if old is None:
            raise LedgerError(_("没有 %(year)s 年度的记录，不能照抄。") % {"year": copy_from})
        for name in SLOW_FACTS:
            setattr(record, name, getattr(old, name))
    edit.write(record)
    if copy_from is not None:
        earlier = MemberYear.objects.filter(member__household=edit.household, member__left_on=None, year=copy_from)
        have = set(
            MemberYear.objects.filter(member__household=edit.household, year=year).values_list("member_id", flat=True)
        )
        for member_year in earlier.select_related("member"):
            if member_year.member_id not in have:
                copy = MemberYear(member=member_year.member, year=year)
                for name in SLOW_MEMBER_FACTS:
                    setattr(copy, name, getattr(member_year, name))
                edit.write(copy)
    edit.finish("householdyear.opened", target=record)
    return record
