"""Many households at once: compares typed records with the ledger and writes what is new, for imports of any origin.

The verbs in `households.services` change one household for one person at a screen. A county's export brings a hundred thousand, so
this module asks a fixed number of questions a chunk, writes by COPY, and records one audit event a household. It follows the same
rules as the verbs and knows nothing of spreadsheets: where a record came from is a word in `where`.

What it never does: match people by name, wipe a value with a blank, move somebody between households, change the status of a
household that is already in the ledger. Those are held back with a sentence, for a person to decide.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from common import audit, names, pii
from common.codes import CodeList
from common.copying import copy_rows, fresh, reserve_keys, update_rows
from households import codelists, followers
from households.models import Household, HouseholdYear, IncomeLine, Member, MemberYear, Status, StatusChange
from households.services.annual import totals
from households.services.base import count_open
from households.services.base import label_of as prefix_of
from regions.models import Region

CREATED, UPDATED, UNCHANGED, HELD, REJECTED = OUTCOMES = ("created", "updated", "unchanged", "held", "rejected")

CODE_LISTS: dict[str, CodeList] = {
    "household.standard": codelists.STANDARD,
    "year.category": codelists.CATEGORY,
    "year.main_cause": codelists.CAUSE,
    "year.other_causes": codelists.CAUSE,
    "year.dwelling_grade": codelists.DWELLING_GRADE,
    "year.fuel": codelists.FUEL,
    "year.road": codelists.ROAD,
    "year.water_source": codelists.WATER_SOURCE,
    "year.relocation_way": codelists.RELOCATION_WAY,
    "year.resettlement": codelists.RESETTLEMENT,
    "member.sex": codelists.SEX,
    "member.id_type": codelists.ID_TYPE,
    "member.relation": codelists.RELATION,
    "member.ethnicity": codelists.ETHNICITY,
    "myear.education": codelists.EDUCATION,
    "myear.school": codelists.SCHOOL,
    "myear.health": codelists.HEALTH,
    "myear.disability_kind": codelists.DISABILITY_KIND,
    "myear.disability_level": codelists.DISABILITY_LEVEL,
    "myear.labour": codelists.LABOUR,
    "myear.work_area": codelists.WORK_AREA,
    "myear.politics": codelists.POLITICS,
}
TABLES: dict[str, type[models.Model]] = {
    "household": Household, "year": HouseholdYear, "line": IncomeLine, "member": Member, "myear": MemberYear, "status": StatusChange,
}  # fmt: skip
_SEALED: dict[str, tuple[str, Callable[[str], pii.Sealed]]] = {
    "phone": ("phone", pii.seal_phone),
    "bank_account": ("account", pii.seal_account),
}


# -- what comes in --------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class MemberRecord:
    """One person of a record. `facts` are `Member` fields (phone as plain text), `year` are `MemberYear` fields.

    `id_number` is plain text, `id_base` the part of it that makes two numbers the same person (see `common.identity`).
    """

    where: str
    id_number: str
    id_base: str
    facts: dict[str, Any] = field(default_factory=dict)
    year: dict[str, Any] = field(default_factory=dict)
    unmapped: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class HouseholdRecord:
    """One household of one year. `facts` are `Household` fields (phone and bank_account as plain text), `year` are `HouseholdYear`
    fields, `income` maps item codes to 元. `status` counts only for a household that is not in the ledger yet."""

    number: str
    village: Region | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    year: dict[str, Any] = field(default_factory=dict)
    unmapped: dict[str, str] = field(default_factory=dict)
    income: dict[str, Decimal] = field(default_factory=dict)
    rest: dict[str, Decimal] = field(
        default_factory=dict
    )  # items that stand for what a group's sum leaves: the sum they come from
    members: list[MemberRecord] = field(default_factory=list)
    status: str = ""
    status_on: dt.date | None = None


# -- what comes out -------------------------------------------------------------------------------------------------------------

Changed = dict[str, tuple[Any, Any]]


@dataclass(slots=True)
class MemberPlan:
    record: MemberRecord
    id_hash: str = ""
    outcome: str = UNCHANGED
    problem: str = ""
    member: Member | None = None
    myear: MemberYear | None = None
    changed: Changed = field(default_factory=dict)
    year_changed: Changed = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """What would happen, or has happened, to one household. `notes` tell without stopping anything."""

    record: HouseholdRecord
    outcome: str = UNCHANGED
    problem: str = ""
    notes: list[str] = field(default_factory=list)
    members: list[MemberPlan] = field(default_factory=list)
    household: Household | None = None
    hyear: HouseholdYear | None = None
    lines: dict[str, IncomeLine] = field(default_factory=dict)
    changed: Changed = field(default_factory=dict)
    year_changed: Changed = field(default_factory=dict)
    income_changed: Changed = field(default_factory=dict)
    present: list[Member] = field(default_factory=list)
    undo: dict[str, Any] = field(default_factory=dict)

    @property
    def blocked(self) -> bool:
        return self.outcome in (HELD, REJECTED)

    def block(self, outcome: str, problem: str, culprit: MemberPlan | None = None) -> None:
        """Keep the whole household out. The culprit carries the outcome, every other member is held because of it."""
        if self.outcome == REJECTED and outcome == HELD:
            outcome = REJECTED  # the worse one stays
        else:
            self.problem = problem
        self.outcome = outcome
        if culprit is not None:
            culprit.outcome, culprit.problem = (REJECTED if culprit.outcome == REJECTED else outcome), problem
        for member in self.members:
            if member.outcome not in (HELD, REJECTED):
                member.outcome = HELD
                member.problem = _("同一户的其他内容有问题，这一行一并暂缓：%(problem)s") % {"problem": problem}


# -- comparing ------------------------------------------------------------------------------------------------------------------


def compare(records: Sequence[HouseholdRecord], *, by: Any, year: int, lock: bool = False) -> list[Plan]:
    """What each record would change, in the records' order; nothing is written. Six queries whatever the number of records.

    Households outside the area in which `by` may import are held. With `lock` the households found are locked until the
    transaction ends.
    """
    allowed = _allowed_villages(by)
    plans = [
        Plan(record, members=[MemberPlan(member, pii.lookup_hash("id", member.id_base)) for member in record.members])
        for record in records
    ]
    hashes = [each.id_hash for plan in plans for each in plan.members]
    households = _by_number([record.number for record in records], lock=lock)
    ids = [household.pk for household in households.values()]
    members: dict[int, list[Member]] = {}
    for member in Member._base_manager.filter(household_id__in=ids):
        members.setdefault(member.household_id, []).append(member)
    hyears = {row.household_id: row for row in HouseholdYear._base_manager.filter(household_id__in=ids, year=year)}
    lines: dict[int, dict[str, IncomeLine]] = {}
    for line in IncomeLine._base_manager.filter(household_year_id__in=[row.pk for row in hyears.values()]):
        lines.setdefault(line.household_year_id, {})[line.item] = line
    known = [member.pk for group in members.values() for member in group]
    myears = {row.member_id: row for row in MemberYear._base_manager.filter(member_id__in=known, year=year)}
    # "not empty" is said aloud because PostgreSQL does not infer it from more than a hundred values, and without it may not use
    # the partial index: it would read the whole table for every chunk.
    living = Member._base_manager.filter(left_on=None).exclude(id_hash="")
    homes = dict(living.filter(id_hash__in=hashes).values_list("id_hash", "household_id"))
    for plan in plans:
        household = households.get(plan.record.number)
        plan.household = household
        if household is None:
            _plan_new(plan, allowed)
            own: list[Member] = []
        else:
            own = members.get(household.pk, [])
            plan.hyear = hyears.get(household.pk)
            plan.lines = lines.get(plan.hyear.pk, {}) if plan.hyear else {}
            _plan_existing(plan, allowed)
        plan.present = [member for member in own if member.left_on is None]
        _plan_members(plan, own, homes, myears)
        _plan_householder(plan)
        if not plan.blocked:
            _plan_year(plan, year)
            _conclude(plan)
    return plans


def _allowed_villages(by: Any) -> frozenset[int]:
    return frozenset(visible_region_ids(by, Permission.HOUSEHOLD_IMPORT))


def _by_number(numbers: Sequence[str], *, lock: bool) -> dict[str, Household]:
    # Not through the row gate: a number that exists elsewhere must be held, not created a second time.
    found = Household._base_manager.filter(number__in=numbers).select_related("village")
    if lock:
        found = found.select_for_update(of=("self",)).order_by("pk")
    return {household.number: household for household in found}


def _plan_new(plan: Plan, allowed: frozenset[int]) -> None:
    record = plan.record
    plan.outcome = CREATED
    if record.village is None:
        plan.block(HELD, _("没有写明所在的村，无法登记新户，请补上乡镇和行政村"))
    elif record.village.pk not in allowed:
        plan.block(
            REJECTED,
            _("“%(village)s”不在您可以导入的范围内，请交给管这个村的人导入")
            % {"village": record.village.full_name or record.village.name},
        )
    plan.changed = {name: (None, value) for name, value in record.facts.items()}


def _plan_existing(plan: Plan, allowed: frozenset[int]) -> None:
    household, record = plan.household, plan.record
    assert household is not None
    if household.village_id not in allowed:
        plan.block(REJECTED, _("户编号 %(number)s 不在您可以修改的范围内，请核对户编号") % {"number": record.number})
        return
    if household.is_closed:
        plan.block(
            HELD, _("这一户已于 %(day)s 销户，没有改动；如应恢复，请先在台账中恢复该户") % {"day": household.closed_on}
        )
        return
    if record.village is not None and record.village.pk != household.village_id:
        plan.block(
            HELD,
            _("台账中这一户在“%(old)s”，文件中在“%(new)s”；迁移请在台账中办理，或者改正文件")
            % {
                "old": household.village.full_name or household.village.name,
                "new": record.village.full_name or record.village.name,
            },
        )
        return
    if record.status and record.status != household.status:
        plan.notes.append(
            _("文件中的身份“%(new)s”与台账“%(old)s”不同，没有改动；身份须按程序变更")
            % {"new": Status(record.status).label, "old": household.get_status_display()}
        )
    plan.changed = _differences(household, record.facts)


def _differences(row: models.Model, facts: Mapping[str, Any]) -> Changed:
    """Facts that differ from the row; secrets are compared by hash and shown masked."""
    changed: Changed = {}
    for name, new in facts.items():
        sealing = _SEALED.get(name)
        if sealing is not None:
            if pii.lookup_hash(sealing[0], new) != getattr(row, name + "_hash"):
                changed[name] = (getattr(row, name + "_masked"), new)
            continue
        old = row.__dict__[name]
        if old.__class__ is list and new.__class__ is list and sorted(old) == sorted(new):
            continue  # several choices in another order are the same choices
        if old != new and not (old in (None, "") and new in (None, "")):
            changed[name] = (old, new)
    return changed


def _plan_members(
    plan: Plan, own: Sequence[Member], homes: Mapping[str, int], myears: Mapping[int, MemberYear]
) -> None:
    present = {member.id_hash: member for member in own if member.left_on is None and member.id_hash}
    left = {member.id_hash: member for member in own if member.left_on is not None and member.id_hash}
    by_number = {member.number: member for member in own if member.number and member.left_on is None}
    nameless = {member.name for member in own if member.left_on is None and not member.id_hash}
    seen: dict[str, MemberPlan] = {}
    for each in plan.members:
        record = each.record
        id_hash = each.id_hash
        if not id_hash:
            plan.block(HELD, _("%(where)s没有证件号码，无法确定是哪一个人") % {"where": record.where}, each)
            continue
        if id_hash in seen:
            plan.block(
                REJECTED,
                _("%(where)s与%(other)s证件号码相同，请删去重复的一行")
                % {"where": record.where, "other": seen[id_hash].record.where},
                each,
            )
            continue
        seen[id_hash] = each
        member = present.get(id_hash)
        if member is not None:
            each.member = member
            each.myear = myears.get(member.pk)
            each.changed = _differences(member, record.facts)
            if len(record.id_number) > 18 and member.id_type != "disability":
                each.changed["id_number"] = (member.id_masked, record.id_number)
            elif "id_type" in each.changed:
                del each.changed["id_type"]  # the longer number stays, and with it the kind of document
            each.outcome = UPDATED if each.changed else UNCHANGED
            continue
        home = homes.get(id_hash)
        if home is not None:
            plan.block(
                HELD,
                _("%(where)s的证件号码已登记在另一户名下；请先在台账中办理迁出，或者改正文件")
                % {"where": record.where},
                each,
            )
        elif id_hash in left:
            gone = left[id_hash]
            plan.block(
                HELD,
                _("%(where)s这个人已于 %(day)s 从这一户减少（%(reason)s），如属误登请先在台账中恢复")
                % {"where": record.where, "day": gone.left_on, "reason": gone.get_left_reason_display()},
                each,
            )
        elif record.facts.get("number") in by_number:
            plan.block(
                HELD,
                _("%(where)s的人编号在台账中属于另一个证件号码（%(masked)s），请核对是换证还是写错")
                % {"where": record.where, "masked": by_number[record.facts["number"]].id_masked or _("未填")},
                each,
            )
        elif record.facts.get("name") in nameless:
            plan.block(
                HELD,
                _("%(where)s在台账中有同名但没有证件号码的成员，请先在台账中给他补上证件号码，再重新导入")
                % {"where": record.where},
                each,
            )
        elif not record.facts.get("name"):
            plan.block(REJECTED, _("%(where)s没有姓名，无法登记新成员") % {"where": record.where}, each)
        else:
            each.outcome = CREATED
            each.changed = {name: (None, value) for name, value in record.facts.items()}
        if plan.blocked and each.outcome == CREATED:
            each.outcome, each.problem = (
                HELD,
                _("同一户的其他内容有问题，这一行一并暂缓：%(problem)s") % {"problem": plan.problem},
            )
    if plan.blocked:
        plan.block(plan.outcome, plan.problem)


def _plan_householder(plan: Plan) -> None:
    if plan.blocked:
        return
    relations: dict[int, str] = {member.pk: member.relation for member in plan.present}
    heads = []
    for each in plan.members:
        relation = each.record.facts.get("relation", "")
        if each.member is not None:
            relations[each.member.pk] = relation or each.member.relation
        if relation == codelists.HOUSEHOLDER:
            heads.append(each)
    if len(heads) > 1:
        where = "、".join(each.record.where for each in heads)
        for each in heads:
            each.outcome = REJECTED
        plan.block(
            REJECTED,
            _("这一户有 %(count)s 位户主（%(where)s），一户只能有一位，请改正") % {"count": len(heads), "where": where},
            heads[0],
        )
        for each in heads[1:]:
            each.problem = heads[0].problem
        return
    new_head = [each for each in heads if each.member is None]
    staying = [pk for pk, relation in relations.items() if relation == codelists.HOUSEHOLDER]
    if len(staying) + len(new_head) > 1:
        plan.block(
            HELD,
            _(
                "文件中的户主与台账中的户主不是同一人，而台账中的户主不在文件里；请先在台账中变更户主，或者在文件中写明原户主的关系"
            ),
            heads[0] if heads else None,
        )
    elif plan.household is None and not heads:
        plan.block(HELD, _("这一户没有户主，无法登记新户，请把其中一人的“与户主关系”填为“户主”"))


def _plan_year(plan: Plan, year: int) -> None:
    record = plan.record
    if plan.hyear is not None:
        plan.year_changed = _differences(plan.hyear, record.year)
        unmapped = _merged_unmapped(plan.hyear.unmapped, record.unmapped, record.year)
        if unmapped != plan.hyear.unmapped:
            plan.year_changed["unmapped"] = (plan.hyear.unmapped, unmapped)
    elif record.year or record.income or record.unmapped:
        facts = dict(record.year)
        facts.setdefault("population", len(plan.present) + sum(each.outcome == CREATED for each in plan.members))
        plan.year_changed = {name: (None, value) for name, value in facts.items()}
        if record.unmapped:
            plan.year_changed["unmapped"] = ({}, record.unmapped)
    for item, amount in record.income.items():
        if item in record.rest and _sums_to(plan, item):
            continue
        line = plan.lines.get(item)
        old = line.amount if line else None
        if old != amount and not (old is None and amount == 0 and plan.hyear is not None):
            plan.income_changed[item] = (old, amount)
    _drop_computed(plan)
    for each in plan.members:
        myear = each.myear
        if myear is not None:
            each.year_changed = _differences(myear, each.record.year)
            unmapped = _merged_unmapped(myear.unmapped, each.record.unmapped, each.record.year)
            if unmapped != myear.unmapped:
                each.year_changed["unmapped"] = (myear.unmapped, unmapped)
        else:
            each.year_changed = {name: (None, value) for name, value in each.record.year.items()}
            if each.record.unmapped:
                each.year_changed["unmapped"] = ({}, each.record.unmapped)
        if each.year_changed and each.outcome == UNCHANGED:
            each.outcome = UPDATED


def _sums_to(plan: Plan, item: str) -> bool:
    """Whether the ledger's own items of a group sum to what the file says of the group: then its sum is no news, however the ledger
    divides it."""
    group = codelists.income_group(item)
    lines = {line.item: line.amount for line in plan.lines.values() if codelists.income_group(line.item) == group}
    given = {name: amount for name, amount in plan.record.income.items() if name not in plan.record.rest}
    agrees = all(
        lines.get(name, Decimal(0)) == amount for name, amount in given.items() if codelists.income_group(name) == group
    )
    total = sum((-amount if name == "expense.subsidy" else amount for name, amount in lines.items()), Decimal(0))
    return bool(lines) and agrees and total == plan.record.rest[item]


def _drop_computed(plan: Plan) -> None:
    """A net income that the file took from the ledger's own sums is no figure to keep beside them."""
    if plan.hyear is None or plan.income_changed or "population" in plan.year_changed:
        return
    for name in ("net_income", "per_head_income"):
        told = plan.year_changed.get(f"imported_{name}")
        if told is not None and told[1] == getattr(plan.hyear, name):
            del plan.year_changed[f"imported_{name}"]


def _merged_unmapped(old: Mapping[str, str], new: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, str]:
    return {name: text for name, text in {**old, **new}.items() if name not in known}


def _conclude(plan: Plan) -> None:
    if plan.outcome == CREATED:
        return
    # A household is updated when its own facts are, or when somebody joins it; its members have outcomes of their own.
    if (
        plan.changed
        or plan.year_changed
        or plan.income_changed
        or any(each.outcome != UNCHANGED for each in plan.members)
    ):
        plan.outcome = UPDATED
    absent = len(plan.present) - sum(each.member is not None for each in plan.members)
    if absent > 0:
        plan.notes.append(_("台账中这一户另有 %(count)s 人不在文件中，没有改动") % {"count": absent})


# -- showing --------------------------------------------------------------------------------------------------------------------


def show(key: str, value: Any) -> str:
    """A value as a person reads it; `key` is "<table>.<field>"."""
    if value is None or value == "" or value == []:
        return ""
    code_list = CODE_LISTS.get(key)
    if code_list is not None:
        return "、".join(code_list.labels(value)) if isinstance(value, list) else code_list.label(value)
    if value is True:
        return _("是")
    if value is False:
        return _("否")
    return str(value)


@cache
def label_of(key: str) -> str:
    """The field's name on screen; income items are "income.<code>"."""
    table, _dot, name = key.partition(".")
    if table == "income":
        return codelists.INCOME_ITEM.label(name)
    if name == "unmapped":
        return str(_("未识别的选项"))
    return str(TABLES[table]._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


_MASKS = {"phone": pii.mask_phone, "bank_account": pii.mask_account, "id_number": pii.mask_id}


def shown_changes(plan: Plan, each: MemberPlan | None = None) -> list[list[str]]:
    """`[label, old, new]` of a household, or of one of its members; secrets masked, values in words."""
    tables: list[tuple[str, Changed]]
    if each is None:
        tables = [("household", plan.changed), ("year", plan.year_changed), ("income", plan.income_changed)]
    else:
        tables = [("member", each.changed), ("myear", each.year_changed)]
    found = []
    for table, changed in tables:
        for name, (old, new) in changed.items():
            key = f"{table}.{name}"
            if name in _MASKS:
                found.append([label_of(key), str(old or ""), _MASKS[name](new)])
            elif name == "unmapped":
                for part, text in new.items():
                    if (old or {}).get(part) != text:
                        own = key if part not in ("relation", "sex", "ethnicity", "id_type") else "member.x"
                        part_key = f"{'member' if own == 'member.x' else table}.{part}"
                        found.append(
                            [_("%(label)s（未识别）") % {"label": label_of(part_key)}, (old or {}).get(part, ""), text]
                        )
            else:
                found.append([label_of(key), show(key, old), show(key, new)])
    return found


# -- writing --------------------------------------------------------------------------------------------------------------------


class Writer:
    """Writes plans inside the caller's transaction, chunk by chunk, one audit event a household that changes."""

    def __init__(self, *, by: Any, year: int, note: str = "", action: str = "household.imported") -> None:
        self.by = by
        self.year = year
        self.note = note
        self.action = action
        self.now = timezone.now()
        self.today = timezone.localdate()
        self._reason = _("导入时登记的身份")  # looked up once, not for each household
        self._new: dict[type[models.Model], list[models.Model]] = {}
        self._changed: dict[type[models.Model], list[models.Model]] = {}

    def write(self, plans: Iterable[Plan]) -> int:
        """Write what the plans say; blocked and unchanged ones are passed over. Sets `plan.undo`. The number of households written."""
        active = [plan for plan in plans if plan.outcome in (CREATED, UPDATED)]
        if not active:
            return 0
        self._new, self._changed = {}, {}
        keys = self._keys(active)
        events = [self._one(plan, keys) for plan in active]
        with audit.recording(events):
            for model in (Household, HouseholdYear, IncomeLine, StatusChange):
                copy_rows(model, self._new.get(model, []))
                update_rows(model, self._changed.get(model, []))
            changed = self._changed.get(Member, [])
            heads = [row for row in changed if row.relation == codelists.HOUSEHOLDER]  # type: ignore[attr-defined]
            # The rule "one living householder" is checked row by row: who stops being one goes first.
            update_rows(Member, [row for row in changed if row.relation != codelists.HOUSEHOLDER])  # type: ignore[attr-defined]
            update_rows(Member, heads)
            copy_rows(Member, self._new.get(Member, []))
            copy_rows(MemberYear, self._new.get(MemberYear, []))
            update_rows(MemberYear, self._changed.get(MemberYear, []))
        return len(active)

    def _keys(self, plans: Sequence[Plan]) -> dict[type[models.Model], Iterable[int]]:
        """Primary keys from the sequences, one query a table, so that rows can be linked before they are written."""
        wanted = {
            Household: sum(plan.household is None for plan in plans),
            HouseholdYear: sum(plan.hyear is None for plan in plans),
            IncomeLine: sum(len(plan.income_changed) for plan in plans),
            StatusChange: sum(plan.household is None for plan in plans),
            Member: sum(each.member is None for plan in plans for each in plan.members),
            MemberYear: sum(each.myear is None for plan in plans for each in plan.members),
        }
        return {model: iter(reserve_keys(model, count)) for model, count in wanted.items()}

    def _add(self, model: type[models.Model], keys: Mapping[type[models.Model], Any], **values: Any) -> Any:
        values["id"] = next(keys[model])
        row = fresh(model, values)
        self._new.setdefault(model, []).append(row)
        return row

    def _change(self, row: models.Model, changed: Changed, undo: dict[str, Any]) -> None:
        """Set the new values, remember the old ones for an undo, queue the row."""
        old = {}
        for name, (_before, after) in changed.items():
            if name in _SEALED or name == "id_number":
                columns = (name, name.replace("id_number", "id") + "_hash", name.replace("id_number", "id") + "_masked")
                for column in columns:
                    value = row.__dict__[column]
                    old[column] = value.token if isinstance(value, pii.Secret) else value
                for column, value in zip(columns, _seal(name, after), strict=True):
                    setattr(row, column, value)
            else:
                value = row.__dict__[name]
                old[name] = value if value is None or isinstance(value, str | int | bool | list | dict) else str(value)
                setattr(row, name, after)
        undo[audit.row_key(row)] = {**undo.get(audit.row_key(row), {}), **old}

    def _one(self, plan: Plan, keys: Mapping[type[models.Model], Any]) -> audit.Event:
        old: dict[str, Any] = {}
        created: list[str] = []
        rows: list[models.Model] = []
        changes: audit.Changes = {}
        household = plan.household
        if household is None:
            household = plan.household = self._new_household(plan, keys)
            created.append(audit.row_key(household))
            if plan.record.status and plan.record.status != Status.ORDINARY:
                status = self._new_status(plan, household, keys)
                created.append(audit.row_key(status))
                rows.append(status)
        else:
            _note(changes, "", plan.changed)
            self._change(household, plan.changed, old)
        before = dict(household.__dict__) if audit.row_key(household) not in created else {}
        if plan.year_changed or plan.income_changed:
            rows += self._year(plan, household, keys, old, created, changes)
        for each in plan.members:
            rows += self._member(plan, each, household, keys, old, created, changes)
        self._derive(plan, household)
        household.version += 1
        household.updated_at = self.now
        if before:
            derived = {
                name: (before[name], household.__dict__[name])
                for name in (
                    "householder_name",
                    "sort_key",
                    "member_count",
                    "category",
                    "main_cause",
                    "open_checks",
                    "latest_year",
                )
                if before[name] != household.__dict__[name]
            }
            key = audit.row_key(household)
            old[key] = {**{name: value[0] for name, value in derived.items()}, **old.get(key, {})}
            self._changed.setdefault(Household, []).append(household)
        rows.insert(0, household)
        plan.undo = {"version": household.version, "created": created, "old": old}
        return audit.Event(
            self.action, audit.row_key(household), self.by, subject=household.subject, region_path=household.village.path,
            changes=changes, note=self.note, rows=rows,
        )  # fmt: skip

    def _new_household(self, plan: Plan, keys: Mapping[type[models.Model], Any]) -> Household:
        record = plan.record
        village = record.village
        assert village is not None
        values: dict[str, Any] = {}
        for name, value in record.facts.items():
            if name in _SEALED:
                values[name], values[name + "_hash"], values[name + "_masked"] = _seal(name, value)
            else:
                values[name] = value
        household: Household = self._add(
            Household, keys, number=record.number, village_id=village.pk, township_id=village.parent_id, version=0,
            status=str(record.status or Status.ORDINARY), created_at=self.now, **values,
        )  # fmt: skip
        household.village = village
        return household

    def _new_status(self, plan: Plan, household: Household, keys: Mapping[type[models.Model], Any]) -> StatusChange:
        day = min(plan.record.status_on or self.today, self.today)
        change: StatusChange = self._add(
            StatusChange, keys, household_id=household.pk, from_status=str(Status.ORDINARY), to_status=str(plan.record.status), effective_on=day,
            reason=self._reason, evidence=self.note[:500], state=str(StatusChange.State.CONFIRMED), proposed_by_id=self.by.pk,
            proposed_at=self.now, decided_at=self.now, source="import",
        )  # fmt: skip
        return change

    def _year(self, plan: Plan, household: Household, keys: Any, old: dict[str, Any], created: list[str],
              changes: audit.Changes) -> list[models.Model]:  # fmt: skip
        hyear = plan.hyear
        rows: list[models.Model] = []
        if hyear is None:
            values = {name: after for name, (_old, after) in plan.year_changed.items()}
            hyear = plan.hyear = self._add(
                HouseholdYear, keys, household_id=household.pk, year=self.year, updated_at=self.now, **values
            )
            created.append(audit.row_key(hyear))
            is_new = True
        else:
            is_new = False
            _note(changes, prefix_of(hyear), plan.year_changed)
            self._change(hyear, plan.year_changed, old)
        for item, (before, amount) in plan.income_changed.items():
            line = plan.lines.get(item)
            if line is None:
                line = plan.lines[item] = self._add(
                    IncomeLine, keys, household_year_id=hyear.pk, item=item, amount=amount, source="import"
                )
                created.append(audit.row_key(line))
            else:
                self._change(line, {"amount": (before, amount), "source": (line.source, "import")}, old)
                self._changed.setdefault(IncomeLine, []).append(line)
                line.household_year = hyear
                changes[f"{prefix_of(line)}amount"] = [str(before), str(amount)]
            rows.append(line)
        if plan.income_changed or "population" in plan.year_changed:
            sums = totals([(line.item, line.amount) for line in plan.lines.values()], hyear.population)
            self._change(
                hyear, {n: (None, v) for n, v in sums.items() if getattr(hyear, n) != v}, {} if is_new else old
            )
        if not is_new:
            hyear.updated_at = self.now
            self._changed.setdefault(HouseholdYear, []).append(hyear)
        rows.append(hyear)
        return rows

    def _member(self, plan: Plan, each: MemberPlan, household: Household, keys: Any, old: dict[str, Any], created: list[str],
                changes: audit.Changes) -> list[models.Model]:  # fmt: skip
        rows: list[models.Model] = []
        member = each.member
        if member is None:
            facts = dict(each.record.facts)
            phone = facts.pop("phone", "")
            values: dict[str, Any] = {}
            if phone:
                values["phone"], values["phone_hash"], values["phone_masked"] = _seal("phone", phone)
            number = each.record.id_number
            values["id_number"], values["id_hash"] = pii.Secret(pii.encrypt(number)), each.id_hash
            values["id_masked"] = pii.mask_id(number)
            facts.setdefault("relation", "99")
            search = names.search_keys(facts["name"])
            member = each.member = self._add(
                Member, keys, household_id=household.pk, village_id=household.village_id, name_grams=search.grams, pinyin=search.pinyin,
                initials=search.initials, joined_on=None, joined_reason="import", created_at=self.now, updated_at=self.now,
                **facts, **values,
            )  # fmt: skip
            if facts["relation"] == codelists.HOUSEHOLDER:
                household.sort_key = search.sort_key
            plan.present.append(member)
            created.append(audit.row_key(member))
            rows.append(member)
        elif each.changed:
            _note(changes, prefix_of(member), each.changed)
            self._change(member, each.changed, old)
            if "name" in each.changed:
                search = names.search_keys(member.name)
                member.name_grams, member.pinyin, member.initials = search.grams, search.pinyin, search.initials
            member.updated_at = self.now
            self._changed.setdefault(Member, []).append(member)
            rows.append(member)
        if each.year_changed:
            if each.myear is None:
                values = {name: after for name, (_old, after) in each.year_changed.items()}
                each.myear = self._add(
                    MemberYear, keys, member_id=member.pk, year=self.year, updated_at=self.now, **values
                )
                created.append(audit.row_key(each.myear))
            else:
                each.myear.member = member  # for the prefix; no query
                _note(changes, prefix_of(each.myear), each.year_changed)
                self._change(each.myear, each.year_changed, old)
                each.myear.updated_at = self.now
                self._changed.setdefault(MemberYear, []).append(each.myear)
            rows.append(each.myear)
        return rows

    def _derive(self, plan: Plan, household: Household) -> None:
        """The columns of a household that repeat what stands elsewhere."""
        household.member_count = len(plan.present)
        head = next((member for member in plan.present if member.relation == codelists.HOUSEHOLDER), None)
        if head is not None and head.name != household.householder_name:
            household.householder_name = head.name
            household.sort_key = (
                names.search_keys(head.name).sort_key if plan.outcome == UPDATED else household.sort_key
            )
        hyear = plan.hyear
        if hyear is not None and hyear.year >= household.latest_year:
            household.latest_year = hyear.year
            household.category, household.main_cause = hyear.category, hyear.main_cause
            household.open_checks = count_open(hyear)


def _note(changes: audit.Changes, prefix: str, changed: Changed) -> None:
    """What the audit event says of changed values: secrets masked, plain types."""
    for name, (old, new) in changed.items():
        if name in _MASKS:
            changes[prefix + name] = [old or "", _MASKS[name](new)]
        else:
            changes[prefix + name] = [_plain(old), _plain(new)]


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | bool | list | dict) else str(value)


def _seal(name: str, text: str) -> pii.Sealed:
    if name == "id_number":
        return pii.seal_id_number(text, text[:18])  # a disability certificate begins with the ID number
    return _SEALED[name][1](text)


# -- undoing --------------------------------------------------------------------------------------------------------------------


def undo(entries: Sequence[tuple[int, Mapping[str, Any]]], *, by: Any, note: str) -> list[int]:
    """Put back what `Writer` changed: `entries` are (household key, `plan.undo`). Inside the caller's transaction.

    Returns the households that somebody has touched since; if there is one, nothing has been done.
    """
    households = {
        row.pk: row
        for row in Household._base_manager.select_for_update(of=("self",))
        .select_related("village")
        .filter(pk__in=[pk for pk, _undo in entries])
        .order_by("pk")
    }
    touched = [pk for pk, data in entries if pk not in households or households[pk].version != data["version"]]
    if touched:
        return touched
    wanted: dict[str, set[int]] = {}
    for _pk, data in entries:
        for key in (*data["created"], *data["old"]):
            label, _slash, pk = key.partition("/")
            wanted.setdefault(label, set()).add(int(pk))
    live: dict[str, models.Model] = {audit.row_key(row): row for row in households.values()}
    by_label = {model._meta.label_lower: model for model in TABLES.values()}
    for label, pks in wanted.items():
        if label != Household._meta.label_lower:
            for row in by_label[label]._base_manager.filter(pk__in=pks):
                live[audit.row_key(row)] = row
    created = {key for _pk, data in entries for key in data["created"]}
    touched = [pk for pk, data in entries if any(key not in live for key in (*data["created"], *data["old"]))]
    if touched:
        return touched
    new = [pk for pk, data in entries if f"{Household._meta.label_lower}/{pk}" in data["created"]]
    followers.leaving(new)
    touched = sorted(_hung_on_since(created, new))
    if touched:
        followers.changed(new)
        return touched
    now = timezone.now()
    changed: dict[type[models.Model], list[models.Model]] = {}
    events = []
    for pk, data in entries:
        household = households[pk]
        rows: list[models.Model] = []
        for key, values in data["old"].items():
            row = live[key]
            if key in created:
                continue
            for name, value in values.items():
                model_field: Any = row._meta.get_field(name)
                if isinstance(model_field, pii.SecretField):
                    setattr(row, name, pii.Secret(value or ""))
                else:
                    setattr(row, name, model_field.to_python(value))
            if isinstance(row, Member) and "name" in values:
                search = names.search_keys(row.name)
                row.name_grams, row.pinyin, row.initials = search.grams, search.pinyin, search.initials
            if row is not household:
                changed.setdefault(type(row), []).append(row)
                rows.append(row)
        own_created = audit.row_key(household) in created
        if not own_created:
            household.version += 1
            household.updated_at = now
            changed.setdefault(Household, []).append(household)
            rows.insert(0, household)
        events.append(
            audit.Event(
                "household.import_undone",
                audit.row_key(household),
                by,
                subject=household.subject,
                region_path=household.village.path,
                note=note,
                rows=rows,
                gone=data["created"],
            )  # fmt: skip
        )
    for model in (MemberYear, IncomeLine, StatusChange, HouseholdYear, Member, Household):
        label = model._meta.label_lower
        gone = [int(key.partition("/")[2]) for key in created if key.startswith(f"{label}/")]
        if gone:
            model._base_manager.filter(pk__in=gone)._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    for model in (Household, HouseholdYear, IncomeLine, MemberYear):
        update_rows(model, changed.get(model, []))
    members = changed.get(Member, [])
    update_rows(Member, [row for row in members if row.relation != codelists.HOUSEHOLDER])  # type: ignore[attr-defined]
    update_rows(Member, [row for row in members if row.relation == codelists.HOUSEHOLDER])  # type: ignore[attr-defined]
    audit.record_many(events)
    return []


def _hung_on_since(created: set[str], household_ids: Sequence[int]) -> set[int]:
    """Created households on which something hangs that the import did not make (a photo, a helper, a measure of an upper floor)."""
    found: set[int] = set()
    if not household_ids:
        return found
    hidden_too: Any = Household._meta.get_fields(include_hidden=True)
    for relation in hidden_too:
        if not relation.auto_created or relation.concrete:
            continue
        model: Any = relation.related_model
        column = relation.field.attname
        label = model._meta.label_lower
        for pk, household_id in model._base_manager.filter(**{f"{column}__in": household_ids}).values_list(
            "pk", column
        ):
            if f"{label}/{pk}" not in created:
                found.add(household_id)
    return found
