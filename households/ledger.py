"""The one read model of a household: the ledger page, the API and the printed booklet all read it and nothing else.

The number of queries is fixed: for one household whatever its size, for a batch whatever its length. Whoever calls has passed the
row gate (`Household.objects.for_user`); what hangs off a household may be read where the household may.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.files.storage import default_storage
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.roles import GRANTS, Permission, Role
from accounts.scoping import may_in
from households import codelists, curtain, trail, values
from households.models import (
    Household,
    HouseholdYear,
    Member,
    MemberYear,
    Pairing,
    Photo,
    Status,
    StatusChange,
)
from households.models.annual import CHECKS, LAND
from households.models.status import MONITORED
from households.querysets import paired_household_ids

SHOWN_YEARS = 6  # columns of the income table and bars of the chart
RECENT = 5  # changes on the page; the rest is on the history page
KEPT_ROWS = 24  # an income table up to this long stays on one page
JUMP = 5  # times last year's amount: worth a question
SCHOOL_AGE = range(6, 16)  # compulsory education, full years on 1 September of the year
NOT_AT_SCHOOL = frozenset({"01", "00"})

TONES = {Status.UNSTABLE: "k1", Status.MARGINAL: "k2", Status.HARDSHIP: "k3", Status.OUT_OF_POVERTY: "green", Status.RETURNED: "red",
         Status.REGISTERED: "blue"}  # fmt: skip
GROUPS = (
    (codelists.WAGE, "wage_income"),
    (codelists.BUSINESS, "business_income"),
    (codelists.PROPERTY, "property_income"),
    (codelists.TRANSFER, "transfer_income"),
    (codelists.EXPENSE, "business_expense"),
)
DWELLING = ("dwelling_area", "dwelling_grade", "dwelling_unsafe", "has_toilet", "fuel", "has_power", "has_production_power", "has_broadcast",
            "road", "road_distance")  # fmt: skip
WATER = ("water_source", "water_safe", "water_scarce")
LED = ("in_cooperative", "led_by_company", "led_by_leader")
RELOCATION = ("is_relocated", "relocation_wanted", "relocation_way", "resettlement", "relocation_problem")
CHECK_TITLES = {
    "food": gettext_lazy("不愁吃"),
    "clothing": gettext_lazy("不愁穿"),
    "education": gettext_lazy("义务教育"),
    "medical": gettext_lazy("基本医疗"),
    "housing": gettext_lazy("住房安全"),
    "water": gettext_lazy("饮水安全"),
}
_INSURANCE = {
    "medical_resident": gettext_lazy("居民医保"),
    "medical_employee": gettext_lazy("职工医保"),
    "medical_serious": gettext_lazy("大病保险"),
    "pension_resident": gettext_lazy("居民养老"),
    "pension_employee": gettext_lazy("职工养老"),
    "low_income": gettext_lazy("低保"),
    "special_support": gettext_lazy("特困供养"),
}


@dataclass(slots=True)
class Fact:
    """A labelled value: `text` is ready to read, with its unit, "" when not known; `note` says what should be looked at."""

    name: str
    label: str
    text: str
    note: str = ""


@dataclass(slots=True)
class Section:
    """Facts of one topic. What is known stands in lines, what is not is only named."""

    code: str
    title: str
    facts: list[Fact]

    @property
    def known(self) -> list[Fact]:
        return [f for f in self.facts if f.text]

    @property
    def unknown(self) -> str:
        return _("、").join(f.label for f in self.facts if not f.text)


@dataclass(slots=True)
class MemberRow:
    """A member as of the ledger's year. Texts are "" where nothing is known."""

    member: Member
    record: MemberYear | None
    age: int | None
    relation: str
    sex: str
    birth: str
    ethnicity: str
    id_type: str
    health: str = ""
    schooling: str = ""
    labour: str = ""
    work: str = ""
    insurance: str = ""
    politics: str = ""

    @property
    def left(self) -> str:
        """死亡 2026年3月15日, or "" for a member who is there."""
        if self.member.left_on is None:
            return ""
        return f"{values.of(self.member, 'left_reason')} {values.day(self.member.left_on)}"


@dataclass(slots=True)
class Check:
    """One of the six checks: the stored answer, and what the other data says about it.

    `state` is "yes", "no" or "" (not verified); `doubt` when the data speaks against the answer, or against there being none.
    """

    code: str
    label: str
    state: str
    detail: str = ""
    doubt: bool = False

    @property
    def word(self) -> str:
        return {"yes": _("达标"), "no": _("未达标")}.get(self.state, _("未核实"))

    @property
    def tone(self) -> str:
        if self.state == "no":
            return "red"
        if self.doubt:
            return "amber"
        return "green" if self.state == "yes" else "grey"


@dataclass(slots=True)
class IncomeRow:
    """A line of the income table: amounts (元 or None) in the order of `Income.years`. `role` is item, group, total or head."""

    code: str
    label: str
    role: str
    amounts: list[Decimal | None]

    @property
    def texts(self) -> list[str]:
        return [values.money(a) for a in self.amounts]

    @property
    def newest_first(self) -> list[str]:
        """On screens the newest year stands next to the label; on paper years run as they went."""
        return self.texts[::-1]


@dataclass(slots=True)
class Income:
    """Items × years, oldest first; `rows` hold only items that some shown year has."""

    years: list[int]
    rows: list[IncomeRow]
    bars: list[dict[str, Any]]
    notes: list[str]

    @property
    def newest_first(self) -> list[int]:
        return self.years[::-1]


@dataclass(slots=True)
class Helper:
    """A pairing in words. `current` on the day of reading."""

    pairing: Pairing
    name: str
    unit: str
    title: str
    phone: str
    period: str
    mode: str
    current: bool


@dataclass(slots=True)
class StatusStep:
    """A step of the status history in words."""

    change: StatusChange
    text: str
    meta: str
    state: str
    tone: str
    open: bool


@dataclass
class Ledger:
    """Everything a household's ledger shows for one year, read with a fixed number of queries."""

    household: Household
    year: int
    years: list[int]
    annual: HouseholdYear | None
    previous: HouseholdYear | None
    members: list[MemberRow]
    left: list[MemberRow]
    income: Income
    checks: list[Check]
    causes: list[Fact]
    dwelling: list[Fact]
    water: list[Fact]
    land: list[Fact]
    led: list[Fact]
    relocation: list[Fact]
    identity: list[Fact]
    helpers: list[Helper]
    status: list[StatusStep]
    photos: list[Photo]
    changes: list[trail.Change] = field(default_factory=list)
    hidden: int | None = None  # first year that is kept from this reader (`households.curtain`)
    doubts: list[dict[str, str]] = field(default_factory=list)
    may: dict[str, bool] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.household)

    @property
    def living(self) -> list[Section]:
        """The wide sections of the page; the codes are topics of the annual form."""
        return [
            Section("dwelling", _("住房与饮水"), self.dwelling + self.water),
            Section("land", _("土地与产业"), self.land + self.led),
            Section("relocation", _("易地搬迁"), self.relocation),
        ]

    @property
    def about(self) -> Section:
        return Section("identity", _("基本信息"), self.identity)

    @property
    def why(self) -> Section:
        return Section("causes", _("致贫原因"), self.causes)

    @property
    def place(self) -> str:
        """示范县石门乡青石村 5组"""
        return f"{self.household.village.full_name} {self.household.hamlet}".strip()

    @property
    def category(self) -> str:
        return values.of(self.annual, "category") if self.annual else ""

    @property
    def status_tone(self) -> str:
        return TONES.get(Status(self.household.status), "grey")

    @property
    def is_monitored(self) -> bool:
        return self.household.status in MONITORED

    @property
    def current_helpers(self) -> list[Helper]:
        return [h for h in self.helpers if h.current]

    @property
    def lead(self) -> Helper | None:
        """The helper to call: the lead one of today, or any other of today."""
        return next(iter(self.current_helpers), None)

    @property
    def past_helpers(self) -> list[Helper]:
        return [h for h in self.helpers if not h.current]

    @property
    def open_proposal(self) -> StatusStep | None:
        return next((s for s in self.status if s.open), None)

    @property
    def population_note(self) -> str:
        """Said where the year's population and the members now are two numbers."""
        if (
            self.annual is None
            or self.annual.population is None
            or self.annual.population == self.household.member_count
        ):
            return ""
        return _("%(year)s年度登记人口 %(population)s 人，现有成员 %(members)s 人；人均按年度登记人口计算。") % {
            "year": self.year,
            "population": self.annual.population,
            "members": self.household.member_count,
        }

    def as_dict(self) -> dict[str, Any]:
        """For the API: codes and texts, secrets masked, money as strings in 元."""
        h = self.household
        return {
            "id": h.pk,
            "number": h.number,
            "householder": h.householder_name,
            "village": {"id": h.village_id, "code": h.village.code, "name": h.village.full_name},
            "hamlet": h.hamlet,
            "status": {"code": h.status, "text": h.get_status_display()},
            "closed_on": h.closed_on,
            "phone": h.phone_masked,
            "bank_account": h.bank_account_masked,
            "version": h.version,
            "year": self.year,
            "years": self.years,
            "identity": _plain_facts(self.identity),
            "members": [_plain_member(m) for m in self.members],
            "members_left": [_plain_member(m) for m in self.left],
            "checks": [{"code": c.code, "label": c.label, "state": c.state, "text": c.word, "detail": c.detail, "doubt": c.doubt} for c in self.checks],
            "income": {
                "years": self.income.years,
                "rows": [
                    {"code": r.code, "label": r.label, "role": r.role, "amounts": [None if a is None else str(a) for a in r.amounts]}
                    for r in self.income.rows
                ],
                "notes": self.income.notes,
            },
            "causes": _plain_facts(self.causes),
            "dwelling": _plain_facts(self.dwelling),
            "water": _plain_facts(self.water),
            "land": _plain_facts(self.land + self.led),
            "relocation": _plain_facts(self.relocation),
            "helpers": [
                {"name": p.name, "unit": p.unit, "title": p.title, "phone": p.phone, "mode": p.mode, "lead": p.pairing.is_lead,
                 "starts_on": p.pairing.starts_on, "ends_on": p.pairing.ends_on, "current": p.current}
                for p in self.helpers
            ],
            "status_history": [
                {"from": s.change.from_status, "to": s.change.to_status, "effective_on": s.change.effective_on, "state": s.change.state,
                 "reason": s.change.reason}
                for s in self.status
            ],
            "population_note": self.population_note,
        }  # fmt: skip


def _plain_facts(facts: Iterable[Fact]) -> list[dict[str, str]]:
    return [{"name": f.name, "label": f.label, "text": f.text} for f in facts]


def _plain_member(row: MemberRow) -> dict[str, Any]:
    m = row.member
    return {
        "id": m.pk, "name": m.name, "relation": {"code": m.relation, "text": row.relation}, "sex": row.sex, "birth_date": m.birth_date,
        "age": row.age, "id_number": m.id_masked, "phone": m.phone_masked, "ethnicity": row.ethnicity, "health": row.health,
        "schooling": row.schooling, "labour": row.labour, "work": row.work, "insurance": row.insurance, "left": row.left,
    }  # fmt: skip


# -- loading --------------------------------------------------------------------------------------------------------------------


def load(household: Household, user: Any, year: int | None = None) -> Ledger:
    """The ledger of a household the user has been let through to. `year` None means the newest year that has a record."""
    ledger = load_many([household], user, year)[0]
    ledger.changes = trail.recent(household, RECENT, hidden=ledger.hidden)
    ledger.may = may_of(user, household)
    return ledger


def load_many(households: Sequence[Household], user: Any, year: int | None = None) -> list[Ledger]:
    """Ledgers in the order of `households`, without the trail and permissions: what printing needs, for about 50 at a time.

    `user` is who reads; the households have passed his row gate. `year` None means each household's own newest year.
    """
    households = list(households)
    members = Member.objects.order_by("relation", "birth_date", "pk")
    # Every year of a member is read, because which year is asked differs from household to household; a member has a handful.
    prefetch_related_objects(
        households,
        "village__parent__parent",
        Prefetch("years", HouseholdYear.objects.order_by("year").prefetch_related("lines")),
        Prefetch("members", members.prefetch_related("years")),
        Prefetch("pairings", Pairing.objects.select_related("cadre__unit").order_by("-starts_on", "-pk")),
        Prefetch("status_changes", StatusChange.objects.select_related("proposed_by", "decided_by")),
        Prefetch("photos", Photo.objects.filter(removed_at=None).order_by("kind", "-pk")),
    )
    hidden = curtain.hidden_from(user, [household.pk for household in households])
    return [_ledger(household, year, hidden.get(household.pk)) for household in households]


def may_of(user: Any, household: Household) -> dict[str, bool]:
    """What this user may do with this household, for showing buttons; the verbs ask again. No query: postings are in memory."""
    helper = household.pk in paired_household_ids(user)
    found = {
        permission: may_in(user, permission, household.village) or (helper and permission in GRANTS[Role.HELPER])
        for permission in Permission
    }
    open_ = not household.is_closed
    return {
        "edit": open_ and found[Permission.HOUSEHOLD_EDIT],
        "restructure": open_ and found[Permission.HOUSEHOLD_RESTRUCTURE],
        "reopen": household.is_closed and household.merged_into_id is None and found[Permission.HOUSEHOLD_RESTRUCTURE],
        "propose": open_ and found[Permission.STATUS_PROPOSE],
        "confirm": open_ and found[Permission.STATUS_CONFIRM],
        "pair": open_ and found[Permission.PAIRING_EDIT],
        "reveal": found[Permission.PII_REVEAL],
        "history": found[Permission.HISTORY_VIEW],
        "print": found[Permission.LEDGER_PRINT],
    }


def _ledger(household: Household, year: int | None, hidden: int | None = None) -> Ledger:
    records: dict[int, HouseholdYear] = {r.year: r for r in household.years.all() if hidden is None or r.year < hidden}
    years = sorted(records)
    newest = years[-1] if years else 0
    chosen = year or newest or timezone.localdate().year
    if hidden is not None:
        chosen = min(chosen, hidden - 1)
    annual = records.get(chosen)
    earlier = [y for y in years if y < chosen]
    previous = records[earlier[-1]] if earlier else None
    members, left = _members(household, chosen, newest)
    checks = _checks(annual, members, chosen)
    ledger = Ledger(
        household=household,
        year=chosen,
        years=years,
        annual=annual,
        previous=previous,
        members=members,
        left=left,
        income=_income(records, chosen),
        checks=checks,
        causes=_facts(annual, ("main_cause", "other_causes", "cause_note")),
        dwelling=_facts(annual, DWELLING),
        water=_facts(annual, WATER),
        land=_facts(annual, LAND),
        led=_facts(annual, LED),
        relocation=_facts(annual, RELOCATION),
        identity=_identity(household, annual),
        helpers=_helpers(household),
        status=_status(household),
        photos=[
            photo
            for photo in household.photos.all()
            if hidden is None or timezone.localtime(photo.uploaded_at).year < hidden
        ],
        hidden=hidden,
    )
    ledger.doubts = _doubts(ledger)
    return ledger


def _members(household: Household, year: int, newest: int) -> tuple[list[MemberRow], list[MemberRow]]:
    """Members of the year, and those who have left. In the newest year: who is there now. In an earlier one: who has a record of
    it, or had joined by its end and not left."""
    there: list[MemberRow] = []
    gone: list[MemberRow] = []
    end = dt.date(year, 12, 31)
    for member in household.members.all():
        record = next((r for r in member.years.all() if r.year == year), None)
        if year >= newest:
            belongs = member.left_on is None
        else:
            belongs = record is not None or (
                (member.joined_on is None or member.joined_on <= end)
                and (member.left_on is None or member.left_on > end)
            )
        row = _member(member, record, min(end, timezone.localdate()) if year >= newest else end)
        if belongs:
            there.append(row)
        elif member.left_on is not None:
            gone.append(row)
    there.sort(key=lambda r: not r.member.is_householder)  # stable: the rest keep the order of relation and age
    return there, gone


def _member(member: Member, record: MemberYear | None, day: dt.date) -> MemberRow:
    today = timezone.localdate()
    row = MemberRow(
        member=member,
        record=record,
        age=member.age_on(min(member.left_on or today, today))
        if day.year >= today.year or member.left_on
        else member.age_on(day),
        relation=values.of(member, "relation"),
        sex=values.of(member, "sex"),
        birth=values.day(member.birth_date),
        ethnicity=values.of(member, "ethnicity"),
        id_type=values.of(member, "id_type"),
    )
    if record is not None:
        row.health = _shown(record, "health")
        if record.disability_level and "04" in record.health:
            row.health += f"（{values.of(record, 'disability_kind')}{values.of(record, 'disability_level')}）"
        row.schooling = _schooling(record)
        row.labour = _shown(record, "labour")
        row.work = _work(record)
        row.insurance = _insurance(record)
        row.politics = _shown(record, "politics")
    return row


def _shown(record: Any, name: str) -> str:
    """The value's text; where the importer knew no code for a label, the label as it was written."""
    return values.of(record, name) or _as_written(record, name)


def _as_written(record: Any, name: str) -> str:
    written = (record.unmapped or {}).get(name, "")
    return _("%(label)s（原文）") % {"label": written} if written else ""


def _schooling(record: MemberYear) -> str:
    school = _shown(record, "school")
    if school and record.school != "01":
        return school
    return _shown(record, "education") or school


def _work(record: MemberYear) -> str:
    parts = [_shown(record, "work_area")]
    if record.work_months:
        parts.append(ngettext("%(count)s 个月", "%(count)s 个月", record.work_months) % {"count": record.work_months})
    if record.public_post:
        parts.append(record.public_post)
    return " ".join(p for p in parts if p)


def _insurance(record: MemberYear) -> str:
    return _("、").join(str(word) for name, word in _INSURANCE.items() if getattr(record, name))


def _facts(annual: HouseholdYear | None, names: Iterable[str]) -> list[Fact]:
    return [
        Fact(
            name,
            values.label(HouseholdYear, name),
            (values.with_unit(annual, name) or _as_written(annual, name)) if annual else "",
        )
        for name in names
    ]


def _identity(household: Household, annual: HouseholdYear | None) -> list[Fact]:
    def fact(name: str, text: str | None = None) -> Fact:
        return Fact(name, values.label(Household, name), values.of(household, name) if text is None else text)

    village = household.village
    facts = [
        fact("number"),
        Fact("place", _("所在村组"), f"{village.full_name or village.name} {household.hamlet}".strip()),
        fact("address"),
        Fact("phone", _("联系电话"), household.phone_masked),
        fact("bank_name"),
        Fact("bank_account", _("银行卡号"), household.bank_account_masked),
        fact("standard"),
        fact("identified_on"),
        *(fact(name) for name in ("is_military", "is_only_child", "is_two_daughters")),
    ]
    if annual is not None:
        facts += [
            Fact(name, values.label(HouseholdYear, name), values.with_unit(annual, name) or _as_written(annual, name))
            for name in ("population", "category", "exit_year", "surveyor", "surveyed_on")
        ]
    return facts


def _income(records: dict[int, HouseholdYear], chosen: int) -> Income:
    every = sorted(records)
    upto = [y for y in every if y <= chosen]
    years = every[-SHOWN_YEARS:] if chosen in every[-SHOWN_YEARS:] or not upto else upto[-SHOWN_YEARS:]
    lines = {y: {line.item: Decimal(line.amount) for line in records[y].lines.all()} for y in years}
    present = {item for found in lines.values() for item in found}
    rows: list[IncomeRow] = []
    for group, total in GROUPS:
        items = [
            c.code for c in codelists.INCOME_ITEM.codes if c.code in present and codelists.income_group(c.code) == group
        ]
        rows.append(
            IncomeRow(group, codelists.INCOME_GROUP.label(group), "group", [getattr(records[y], total) for y in years])
        )
        if len(items) == 1 and items[0].endswith((".other", ".business")):
            continue  # the group says it all
        rows += [
            IncomeRow(item, codelists.INCOME_ITEM.label(item), "item", [lines[y].get(item) for y in years])
            for item in items
        ]
    for name, role in (("gross_income", "total"), ("net_income", "total"), ("per_head_income", "head")):
        rows.append(
            IncomeRow(name, values.label(HouseholdYear, name), role, [getattr(records[y], name) for y in years])
        )
    notes = [note for y in years if (note := _imported_note(records[y]))]
    bars = [
        {
            "label": values.year(y),
            "value": records[y].per_head_income or 0,
            "text": _("%(amount)s 元") % {"amount": values.money(records[y].per_head_income)}
            if records[y].per_head_income is not None
            else _("未填"),
        }
        for y in years
    ]
    return Income(years, rows, bars, notes)


def _imported_note(record: HouseholdYear) -> str:
    if not record.income_differs:
        if record.per_head_income is None and record.imported_per_head_income is not None:
            return _("%(year)s年：导入的人均纯收入 %(imported)s 元，没有收支明细，无法计算。") % {
                "year": record.year,
                "imported": values.money(record.imported_per_head_income),
            }
        return ""
    return _("%(year)s年：导入数 %(imported)s 元，与计算数 %(computed)s 元不符（人均纯收入）。") % {
        "year": record.year,
        "imported": values.money(record.imported_per_head_income),
        "computed": values.money(record.per_head_income),
    }


# -- the six checks -------------------------------------------------------------------------------------------------------------


def _checks(annual: HouseholdYear | None, members: Sequence[MemberRow], year: int) -> list[Check]:
    details = {
        "education": _education(members, year),
        "medical": _medical(members),
        "housing": _housing(annual),
        "water": _drinking(annual),
    }
    found = []
    for code in CHECKS:
        state = getattr(annual, f"check_{code}") if annual else ""
        detail, bad = details.get(code, ("", False))
        found.append(Check(code, str(CHECK_TITLES[code]), state, detail, doubt=bad and state != "no"))
    return found


def _education(members: Sequence[MemberRow], year: int) -> tuple[str, bool]:
    begin = dt.date(year, 9, 1)  # the school year
    children = [m for m in members if m.member.birth_date and m.member.age_on(begin) in SCHOOL_AGE]
    if not children:
        return (
            (_("无义务教育适龄儿童"), False) if all(m.member.birth_date for m in members) and members else ("", False)
        )
    out = [m for m in children if m.record and (m.record.school in NOT_AT_SCHOOL or m.record.dropout_reason)]
    unknown = [m for m in children if m not in out and not (m.record and m.record.school)]
    parts = [_("适龄 %(count)s 人") % {"count": len(children)}]
    if out:
        parts.append(_("未在校 %(count)s 人") % {"count": len(out)})
    if unknown:
        parts.append(_("未填在校情况 %(count)s 人") % {"count": len(unknown)})
    if not out and not unknown:
        parts.append(_("均在校"))
    return _("，").join(parts), bool(out)


def _medical(members: Sequence[MemberRow]) -> tuple[str, bool]:
    insured = uninsured = unknown = 0
    for row in members:
        answers = (row.record.medical_resident, row.record.medical_employee) if row.record else (None, None)
        if True in answers:
            insured += 1
        elif False in answers:
            uninsured += 1
        else:
            unknown += 1
    if not insured and not uninsured:
        return "", False
    parts = []
    if uninsured:
        parts.append(_("未参保 %(count)s 人") % {"count": uninsured})
    if unknown:
        parts.append(_("未填参保情况 %(count)s 人") % {"count": unknown})
    return (_("，").join(parts) or _("%(count)s 人均已参保") % {"count": insured}), bool(uninsured)


def _housing(annual: HouseholdYear | None) -> tuple[str, bool]:
    if annual is None:
        return "", False
    if annual.dwelling_grade:
        return _("房屋 %(grade)s") % {"grade": values.of(annual, "dwelling_grade")}, annual.dwelling_grade in ("C", "D")
    if annual.dwelling_unsafe is not None:
        return (_("危房") if annual.dwelling_unsafe else _("非危房")), annual.dwelling_unsafe
    return "", False


def _drinking(annual: HouseholdYear | None) -> tuple[str, bool]:
    if annual is None:
        return "", False
    parts = [values.of(annual, "water_source")]
    if annual.water_safe is False:
        parts.append(_("水质不安全"))
    if annual.water_scarce:
        parts.append(_("饮水困难"))
    return _("，").join(p for p in parts if p), annual.water_safe is False or bool(annual.water_scarce)


# -- people and steps -----------------------------------------------------------------------------------------------------------


def _helpers(household: Household) -> list[Helper]:
    today = timezone.localdate()
    found = [
        Helper(
            pairing=p,
            name=p.cadre.name,
            unit=p.cadre.unit.name,
            title=p.cadre.title,
            phone=p.cadre.phone_masked,
            period=values.period(p.starts_on, p.ends_on),
            mode=p.get_mode_display(),
            current=p.starts_on <= today and (p.ends_on is None or p.ends_on > today),
        )
        for p in household.pairings.all()
    ]
    found.sort(key=lambda h: (not h.current, not (h.current and h.pairing.is_lead)))
    return found


def _status(household: Household) -> list[StatusStep]:
    tones = {"proposed": "amber", "confirmed": "green", "refused": "red", "withdrawn": "grey"}
    steps = []
    for change in household.status_changes.all():
        people = [
            _("%(name)s 提出") % {"name": change.proposed_by.name} if change.proposed_by else "",
            _("%(name)s 办理") % {"name": change.decided_by.name} if change.decided_by else "",
        ]
        steps.append(
            StatusStep(
                change=change,
                text=f"{change.get_from_status_display()} → {change.get_to_status_display()}",
                meta=" · ".join([values.day(change.effective_on), *(p for p in people if p)]),
                state=change.get_state_display(),
                tone=tones[change.state],
                open=change.state == StatusChange.State.PROPOSED,
            )
        )
    return steps


def _doubts(ledger: Ledger) -> list[dict[str, str]]:
    """What on this page should be looked at again: `{"text", "topic"}`; topic names the form that corrects it."""
    found: list[dict[str, str]] = []
    if ledger.annual and ledger.previous:
        for group, name in GROUPS:
            now, before = getattr(ledger.annual, name), getattr(ledger.previous, name)
            if now and before and now >= before * JUMP:
                found.append(
                    {
                        "topic": "income",
                        "text": _("%(label)s %(now)s 元，是 %(year)s年的 %(times)s 倍。")
                        % {
                            "label": codelists.INCOME_GROUP.label(group),
                            "now": values.money(now),
                            "year": ledger.previous.year,
                            "times": values.number((now / before).quantize(Decimal("0.1"))),
                        },
                    }
                )
    if ledger.annual and ledger.annual.income_differs:
        found.append({"topic": "income", "text": _imported_note(ledger.annual)})
    found += [
        {
            "topic": "checks",
            "text": (
                _("%(label)s：登记为达标，但%(detail)s。")
                if c.state
                else _("%(label)s：还没有核实，数据显示%(detail)s。")
            )
            % {"label": c.label, "detail": c.detail},
        }
        for c in ledger.checks
        if c.doubt
    ]
    if (
        ledger.household.member_count
        and not any(m.member.is_householder for m in ledger.members)
        and not ledger.household.is_closed
    ):
        found.append({"topic": "householder", "text": _("这一户没有户主。")})
    return found


# -- paper ----------------------------------------------------------------------------------------------------------------------


def media(ident: str) -> tuple[bytes, str]:
    """The bytes and type of a photo named in a print model, whose ledger was read through the row gate."""
    photo = Photo.objects.only("file").get(uid=ident)
    with default_storage.open(photo.file.name) as opened:
        return opened.read(), "image/jpeg"


def print_model(
    ledger: Ledger, *, full: bool, document: dict[str, Any], more: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """The booklet of a household (一户一本台账) as JSON-able text: sections 一 to 七 as in the printed book, then ours, then `more`
    of upper floors (`households.papers`).

    `full` writes whole ID numbers, phones and accounts: the caller has asked for the permission and the reason and logged both.
    `document` brings what is not the household's: {"number", "as_of", "qr"} for `issue`, and may override keys of the cover.
    """
    issue = {key: document.get(key, "") for key in ("number", "as_of", "qr")}
    cover = {key: value for key, value in document.items() if key not in issue}
    return {
        "schema": 1,
        "document": _cover(ledger, full) | cover,
        "issue": issue,
        "sections": [
            _paper_identity(ledger, full),
            _paper_members(ledger, full),
            _paper_causes(ledger),
            _paper_income(ledger),
            _paper_living(ledger),
            _paper_relocation(ledger),
            _paper_helpers(ledger),
            _paper_checks(ledger),
            _paper_status(ledger),
            *more,
            *_paper_photos(ledger),
            _paper_signatures(ledger),
        ],
    }


def _secret(row: Any, name: str, full: bool) -> str:
    if not full:
        return str(getattr(row, f"{name.removesuffix('_number')}_masked"))
    secret = getattr(row, name)
    return secret.reveal() if secret else ""


def _lead(ledger: Ledger) -> str:
    return f"{ledger.lead.name}（{ledger.lead.unit}）" if ledger.lead else ""


def _cover(ledger: Ledger, full: bool) -> dict[str, Any]:
    h = ledger.household
    return {
        "title": _("一户一本台账"),
        "subtitle": _("巩固脱贫成果 · 防止返贫监测与帮扶"),
        "period": _("%(year)s 年度") % {"year": ledger.year},
        "owner": h.village.full_name or h.village.name,
        "outline": f"{h.number} {h.householder_name}".strip(),
        "language": "zh-CN",
        "pairs": [
            {"label": _("户编号"), "value": h.number},
            {"label": _("户主姓名"), "value": h.householder_name},
            {"label": _("家庭住址"), "value": h.address or ledger.place},
            {"label": _("农户状态"), "value": str(h.get_status_display()) + (_("（已销户）") if h.is_closed else "")},
            {"label": _("帮扶责任人"), "value": _lead(ledger)},
        ],
        "notes": [
            _("本台账由系统按已登记的数据生成；“—”表示未登记。"),
            _("含完整个人信息，请妥善保管，不得外传。") if full else _("证件号码、电话和账号已作遮盖。"),
        ],
    }


def _pairs(facts: Iterable[Fact], wide: Sequence[str] = ()) -> list[dict[str, Any]]:
    return [{"label": f.label, "value": f.text} | ({"wide": True} if f.name in wide else {}) for f in facts]


def _paper_identity(ledger: Ledger, full: bool) -> dict[str, Any]:
    h = ledger.household
    facts = [Fact("householder", _("户主姓名"), h.householder_name)]
    for fact in ledger.identity:
        if fact.name == "phone":
            facts.append(Fact("phone", fact.label, _secret(h, "phone", full)))
        elif fact.name == "bank_account":
            facts.append(Fact("bank_account", fact.label, _secret(h, "bank_account", full)))
        elif fact.name not in ("surveyor", "surveyed_on"):
            facts.append(fact)
    facts.append(Fact("status", _("身份状态"), str(h.get_status_display())))
    section: dict[str, Any] = {
        "kind": "pairs",
        "title": _("基本信息"),
        "columns": 2,
        "pairs": _pairs(facts, ("place", "address")),
        "notes": [ledger.population_note] if ledger.population_note else [],
    }
    portrait = next((p for p in ledger.photos if p.kind == Photo.Kind.HOUSEHOLDER), None)
    if portrait is not None:
        section["photos"] = [_paper_photo(portrait)]
    return section


def _paper_members(ledger: Ledger, full: bool) -> dict[str, Any]:
    columns = [(_("姓名"), 9, "start"), (_("关系"), 7, "center"), (_("性别"), 4, "center"), (_("民族"), 6, "center"), (_("年龄"), 4, "center"),
               (_("证件号码"), 17, "center"), (_("文化程度或在校"), 9, "center"), (_("健康状况"), 9, "center"), (_("劳动技能"), 9, "center"),
               (_("务工"), 9, "center"), (_("保障"), 14, "start")]  # fmt: skip
    rows: list[list[str]] = [
        [
            m.member.name, m.relation, m.sex, m.ethnicity, "" if m.age is None else str(m.age), _secret(m.member, "id_number", full),
            m.schooling, m.health, m.labour, m.work, m.insurance,
        ]
        for m in ledger.members
    ]  # fmt: skip
    gone = [
        _("%(name)s（%(relation)s）%(left)s") % {"name": m.member.name, "relation": m.relation, "left": m.left}
        for m in ledger.left
    ]
    return {
        "kind": "table",
        "title": _("家庭成员"),
        "columns": [{"label": label, "width": width, "align": align} for label, width, align in columns],
        "rows": rows,
        "empty": _("无家庭成员记录"),
        "notes": [_("已减少成员：%(names)s") % {"names": "；".join(gone)}] if gone else [],
    }


def _paper_causes(ledger: Ledger) -> dict[str, Any]:
    return {"kind": "pairs", "title": _("致贫原因"), "columns": 1, "pairs": _pairs(ledger.causes, ("cause_note",))}


def _paper_income(ledger: Ledger) -> dict[str, Any]:
    years, income = ledger.income.years, ledger.income
    roles = {"group": "sub", "total": "total", "head": "total"}
    rows: list[Any] = []
    for row in income.rows:
        if row.role == "group" and all(a is None for a in row.amounts):
            continue
        cells = [("　" if row.role == "item" else "") + row.label, *row.texts]
        rows.append({"role": roles[row.role], "cells": cells} if row.role in roles else cells)
    if all(a is None for row in income.rows for a in row.amounts):
        rows = []
    parts: list[dict[str, Any]] = [
        {
            "kind": "table",
            "title": _("逐年收支"),
            "unit": _("单位：元"),
            "columns": [{"label": _("项目"), "width": 16, "align": "start"}]
            + [{"label": values.year(y), "width": 9, "align": "end"} for y in years],
            "rows": rows,
            "keep": len(rows) <= KEPT_ROWS,
            "empty": _("无收支记录"),
            "notes": [_("人均纯收入 = 纯收入 ÷ 年度登记人口。"), *income.notes],
        }
    ]
    if any(bar["value"] for bar in income.bars):
        heads = {row.code: row for row in income.rows}["per_head_income"]
        parts.append(
            {
                "kind": "chart",
                "title": _("人均纯收入"),
                "unit": _("单位：元"),
                "desc": _("%(first)s—%(last)s 年逐年人均纯收入") % {"first": years[0], "last": years[-1]},
                "rows": [
                    {"label": values.year(y), "value": None if a is None else float(a), "text": values.money(a)}
                    for y, a in zip(years, heads.amounts, strict=True)
                ],
            }
        )
    return {"kind": "group", "title": _("收入情况"), "parts": parts}


def _paper_living(ledger: Ledger) -> dict[str, Any]:
    return {
        "kind": "group",
        "title": _("生产生活条件"),
        "parts": [
            {"kind": "pairs", "title": _("住房与生活"), "columns": 3, "pairs": _pairs(ledger.dwelling + ledger.water)},
            {"kind": "pairs", "title": _("土地与产业"), "columns": 3, "pairs": _pairs(ledger.land + ledger.led)},
        ],
    }


def _paper_checks(ledger: Ledger) -> dict[str, Any]:
    states = {"yes": "ok", "no": "bad", "": "unknown"}
    return {
        "kind": "checks",
        "title": _("两不愁三保障和饮水安全"),
        "items": [
            {"label": c.label, "state": states[c.state], "word": c.word, "note": c.detail} for c in ledger.checks
        ],
    }


def _paper_relocation(ledger: Ledger) -> dict[str, Any]:
    return {
        "kind": "pairs",
        "title": _("易地搬迁户需求"),
        "columns": 2,
        "pairs": _pairs(ledger.relocation, ("relocation_problem",)),
    }


def _paper_helpers(ledger: Ledger) -> dict[str, Any]:
    columns = [
        (_("姓名"), 8),
        (_("单位"), 16),
        (_("职务"), 8),
        (_("联系电话"), 11),
        (_("帮扶方式"), 8),
        (_("帮扶时间"), 20),
        (_("帮扶目标"), 14),
    ]
    return {
        "kind": "table",
        "title": _("帮扶责任人"),
        "columns": [{"label": label, "width": width} for label, width in columns],
        "rows": [
            [
                h.name + (_("（牵头）") if h.current and h.pairing.is_lead else ""),
                h.unit,
                h.title,
                h.phone,
                str(h.mode),
                h.period,
                h.pairing.goal,
            ]
            for h in ledger.helpers
        ],
        "empty": _("尚未安排帮扶责任人"),
    }


def _paper_status(ledger: Ledger) -> dict[str, Any]:
    return {
        "kind": "table",
        "title": _("身份变更"),
        "columns": [{"label": _("生效日期"), "width": 11}, {"label": _("变更"), "width": 22, "align": "start"},
                    {"label": _("理由"), "width": 24, "align": "start"}, {"label": _("审核"), "width": 9}],
        "rows": [[values.day(s.change.effective_on), s.text, s.change.reason, str(s.state)] for s in ledger.status],
        "empty": _("无身份变更记录"),
    }  # fmt: skip


def _paper_photos(ledger: Ledger) -> list[dict[str, Any]]:
    dwelling = [p for p in ledger.photos if p.kind == Photo.Kind.DWELLING][:4]
    if not dwelling:
        return []
    return [{"kind": "photos", "title": _("住房照片"), "columns": 2, "photos": [_paper_photo(p) for p in dwelling]}]


def _paper_photo(photo: Photo) -> dict[str, str]:
    label = str(photo.get_kind_display())
    return {
        "src": f"media:{photo.uid}",
        "caption": f"{label} {values.day(photo.taken_on)}".strip(),
        "alt": _("%(kind)s照片") % {"kind": label},
    }


def _paper_signatures(ledger: Ledger) -> dict[str, Any]:
    surveyor = ledger.annual.surveyor if ledger.annual else ""
    return {
        "kind": "signatures",
        "title": "",
        "statement": _("以上内容已向本户宣读，情况属实。"),
        "rows": [
            [{"label": _("填表人"), "value": surveyor}, {"label": _("联系电话"), "value": ""}],
            [{"label": _("户主签字"), "value": ""}, {"label": _("帮扶责任人签字"), "value": ""}],
            [
                {"label": _("填表日期"), "value": values.day(ledger.annual.surveyed_on) if ledger.annual else ""},
                {"label": _("签字日期"), "value": ""},
            ],
        ],
    }
