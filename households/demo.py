"""Fills a county with invented households: the demonstration, and the same people by the hundred thousand for the bench.

Nobody here exists (see `households.people`) and no region is real (see `regions.demo`). Rows go in by COPY with their audit events,
so that `verify_history` is clean; what a visitor should find in the history (corrections, open proposals, a change of helper, photos)
is then done by the verbs themselves.
"""

from __future__ import annotations

import datetime as dt
import io
import random
import secrets
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models, transaction
from django.db.models import Count
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.demo import CONSOLE, LOCK, tell_once  # noqa: F401  the stories of the floors above find the last here
from accounts.models import Posting, User
from accounts.roles import Role
from cadres.demo import PEOPLE
from cadres.models import Affiliation, Cadre, Unit
from common import audit, pii
from common.copying import copy_rows, reserve_keys
from common.models import AuditEvent
from common.names import search_keys
from households import codelists, services
from households.models import (
    Household,
    HouseholdYear,
    IncomeLine,
    Member,
    MemberYear,
    Pairing,
    Photo,
    Status,
    StatusChange,
)
from households.people import Family, People, Person
from households.services.annual import put_totals
from households.services.base import count_open
from regions.demo import make_demo_county
from regions.models import Level, Region

DEMO = "demo/county"  # target of the event that says the demonstration is there

HOUSEHOLDS = 2000
SHOWN_VILLAGE = "青石村"
SHOWN_HOUSEHOLDS = 60  # of the village that the log-ins of the demonstration belong to
BATCH = 1000


# -- rows -------------------------------------------------------------------------------------------------------------------------


@dataclass
class Rows:
    """Rows to be written, by table, in the order their foreign keys ask for; `events` vouch for them."""

    households: list[Household] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    years: list[HouseholdYear] = field(default_factory=list)
    member_years: list[MemberYear] = field(default_factory=list)
    lines: list[IncomeLine] = field(default_factory=list)
    changes: list[StatusChange] = field(default_factory=list)
    pairings: list[Pairing] = field(default_factory=list)

    TABLES = (
        ("households", Household), ("members", Member), ("years", HouseholdYear), ("member_years", MemberYear), ("lines", IncomeLine),
        ("changes", StatusChange), ("pairings", Pairing),
    )  # fmt: skip

    def number(self) -> None:
        """Give every row its primary key and its children theirs."""
        for name, model in self.TABLES:
            rows = getattr(self, name)
            for row, key in zip(rows, reserve_keys(model, len(rows)), strict=True):
                row.pk = key
        # Past the descriptors, which would forget the related object and read it again.
        for row in (*self.members, *self.years, *self.changes, *self.pairings):
            row.__dict__["household_id"] = row.household.pk
        for record in self.member_years:
            record.__dict__["member_id"] = record.member.pk
        for line in self.lines:
            line.__dict__["household_year_id"] = line.household_year.pk

    def events(self) -> Iterable[audit.Event]:
        """One event a household, with the digests of all its rows."""
        own: dict[int, list[models.Model]] = {row.pk: [row] for row in self.households}
        for row in (*self.members, *self.years, *self.changes, *self.pairings):
            own[row.household_id].append(row)
        for record in self.member_years:
            own[record.member.household_id].append(record)
        for line in self.lines:
            own[line.household_year.household_id].append(line)
        for household in self.households:
            yield audit.Event(
                "household.imported", audit.row_key(household), CONSOLE, household.subject, household.village.path,
                note="demo", rows=own[household.pk],
            )  # fmt: skip

    def write(self, *, vouched: bool = True) -> None:
        self.number()
        for name, model in self.TABLES:
            copy_rows(model, getattr(self, name))
        if vouched:
            audit.record_many(self.events())


PENSION = 1680  # 元 a year: what a resident's pension is at least, in round figures


def _is_low(family: Family) -> bool:
    return family.category in ("低保脱贫户", "低保贫困户")


def _is_old(member: Member, year: int) -> bool:
    """Whether somebody draws a resident's pension all that year."""
    return member.birth_date is not None and year - member.birth_date.year > 60


def _cause(family: Family) -> str:
    """The invented cause, unless nobody in the family is what it says; one in five is left for whoever looks for contradictions."""
    cause = codelists.CAUSE.find(family.cause) or "99"
    fits = {
        "01": any({"02", "03"} & _health(person) for person in family.members),
        "02": any("04" in _health(person) for person in family.members),
        "03": any(person.school and "非在校" not in person.school for person in family.members),
    }
    return cause if fits.get(cause, True) or int(family.number[-2:]) % 5 == 0 else "07"


def _health(person: Person) -> set[str]:
    return {codelists.HEALTH.find(label) or "" for label in person.health.split(",")}


class Builder:
    """Turns invented families into rows of several years."""

    def __init__(self, *, villages: Sequence[Region], cadres: Sequence[Cadre] = (), seed: int = 2026, years: int = 5, member_years: int = 2,
                 today: dt.date | None = None, first: int = 0) -> None:  # fmt: skip
        self.villages = villages
        self.townships = {r.pk: r for r in Region.objects.filter(pk__in={v.parent_id for v in villages})}
        self.cadres: dict[int, list[Cadre]] = {}  # by township: who works near helps near
        for cadre in cadres:
            self.cadres.setdefault(cadre.unit.region_id, []).append(cadre)
        self.everywhere = [c for c in cadres if c.unit.region_id not in self.townships]
        self.today = today or timezone.localdate()
        self.now = timezone.now()
        self.people = People(seed, today=self.today, first=first)
        self.pick = random.Random(seed + 1)
        self.years = range(self.today.year - years + 1, self.today.year + 1)
        self.member_years = self.years[-member_years:] if member_years else range(0)

    def rows(self, families: Iterable[Family]) -> Rows:
        rows = Rows()
        for family in families:
            self._add(rows, family)
        return rows

    def _add(self, rows: Rows, family: Family) -> None:
        pick, village = self.pick, self.villages[family.village]
        household = Household(
            number=family.number, village=village, township=self.townships[village.parent_id], hamlet=family.hamlet,
            address=f"{village.full_name}{family.hamlet}", bank_name="示范农村信用社", standard="01", identified_on=dt.date(2014, 4, pick.randint(1, 28)),
            householder_name=family.householder.name, sort_key=search_keys(family.householder.name).sort_key,
            is_military=pick.random() < 0.03, created_at=self.now, updated_at=self.now,
        )  # fmt: skip
        household.phone, household.phone_hash, household.phone_masked = pii.seal_phone(family.phone)
        household.bank_account, household.bank_account_hash, household.bank_account_masked = pii.seal_account(
            family.bank_account
        )
        rows.households.append(household)
        members = [self._member(household, person) for person in family.members]
        self._one_who_left(members)
        rows.members += members
        present = [m for m in members if m.left_on is None]
        household.member_count = len(present)
        newest = None
        for year in self.years:
            newest = self._year(rows, household, family, members, year)
        assert newest is not None
        household.latest_year, household.category, household.main_cause = (
            newest.year,
            newest.category,
            newest.main_cause,
        )
        household.open_checks = count_open(newest)
        for year in self.member_years:
            rows.member_years += [
                self._member_year(member, person, year, _is_low(family))
                for member, person in zip(members, family.members, strict=True)
                if (member.joined_on is None or member.joined_on.year <= year)
                and (member.left_on is None or member.left_on.year > year)
            ]
        self._status(rows, household, family)
        if self.everywhere:
            self._helpers(rows, household)

    def _member(self, household: Household, person: Person) -> Member:
        keys = search_keys(person.name)
        born_here = person.birth_date.year >= self.years[0]
        member = Member(
            household=household, village_id=household.village_id, number=person.number, name=person.name, name_grams=keys.grams, pinyin=keys.pinyin, initials=keys.initials,
            relation=codelists.RELATION.find(person.relation) or "99", sex=person.sex, birth_date=person.birth_date,
            ethnicity=codelists.ETHNICITY.find(person.ethnicity) or "", joined_on=person.birth_date if born_here else dt.date(2014, 4, 1),
            joined_reason="birth" if born_here else "first", created_at=self.now, updated_at=self.now,
        )  # fmt: skip
        member.set_id_number(pii.seal_id_number(person.id_number))
        if person.phone:
            member.set_phone(pii.seal_phone(person.phone))
        return member

    def _one_who_left(self, members: list[Member]) -> None:
        """Now and then somebody died or married out, never the householder."""
        if len(members) < 4 or self.pick.random() > 0.05:
            return
        member = members[-1]
        if member.joined_reason == "birth":
            return
        member.left_on = dt.date(self.pick.choice(self.years[:-1] or self.years), 9, 12)
        member.left_reason = "death" if member.birth_date and member.birth_date.year < 1960 else "marriage"
        if member.left_on > self.today:
            member.left_on, member.left_reason = None, ""

    def _year(
        self, rows: Rows, household: Household, family: Family, members: list[Member], year: int
    ) -> HouseholdYear:
        pick, back = self.pick, self.years[-1] - year
        there = [
            m
            for m in members
            if (m.joined_on is None or m.joined_on.year <= year) and (m.left_on is None or m.left_on.year > year)
        ]
        cause = _cause(family)
        land = random.Random(family.number)  # what does not move from year to year  # noqa: S311
        poor = family.status == "未脱贫" and back > 1
        unsafe = family.unsafe == "是"
        record = HouseholdYear(
            household=household, year=year, population=len(there), category=codelists.CATEGORY.find(family.category) or "",
            exit_year=family.exit_year, main_cause=cause, other_causes=[c for c in ("07", "09") if c != cause][: pick.choice((0, 0, 1, 2))],
            dwelling_area=Decimal(family.dwelling_area), dwelling_unsafe=unsafe, dwelling_grade="C" if unsafe else pick.choice("AAB"),
            has_toilet=pick.random() > 0.1 * back, fuel=pick.choice(("01", "04", "04")), road=pick.choice(("02", "03", "03")),
            road_distance=Decimal(land.randint(0, 30)) / 10, has_power=True, has_production_power=pick.random() > 0.1, has_broadcast=True,
            water_source=pick.choice(("tap", "tap", "well")), water_safe=family.water_safe == "是", water_scarce=family.water_scarce == "是",
            farmland=Decimal(family.farmland), woodland=Decimal(land.randint(0, 60)) / 10, in_cooperative=pick.random() < 0.4,
            led_by_company=pick.random() < 0.2, led_by_leader=pick.random() < 0.2, is_relocated=False,
            check_food="yes", check_clothing="yes", check_education="no" if pick.random() < 0.01 else "yes",
            check_medical="no" if pick.random() < 0.02 else "yes", check_housing="no" if unsafe or (poor and pick.random() < 0.2) else "yes",
            check_water="yes" if family.water_safe == "是" else "no", surveyor="", updated_at=self.now,
        )  # fmt: skip
        grown = Decimal(100 - 7 * back) / 100
        lines = [
            (item, (Decimal(amount) * grown * Decimal(pick.randint(92, 108)) / 100).quantize(Decimal("1")))
            for item, amount in self._items(family, sum(_is_old(member, year) for member in there))
            if amount
        ]
        put_totals(record, lines)
        if back == 0:  # what the last file said, now and then not what the items add up to
            record.imported_per_head_income = record.per_head_income
            if record.per_head_income is not None and pick.random() < 0.03:
                record.imported_per_head_income = record.per_head_income + 365
        rows.years.append(record)
        rows.lines += [
            IncomeLine(household_year=record, item=item, amount=amount, source="import") for item, amount in lines
        ]
        return record

    def _items(self, family: Family, old: int) -> list[tuple[str, int]]:
        """`old`: how many draw a pension."""
        pension = PENSION * old
        return [
            ("wage.other", family.wage),
            ("business.crop", family.business * 6 // 10),
            ("business.livestock", family.business * 4 // 10),
            ("property.dividend", family.assets),
            (
                "transfer.low_income" if _is_low(family) else "transfer.other",
                max(family.transfer - pension, family.transfer // 3),
            ),
            ("transfer.pension", pension),
            ("expense.business", family.expense),
        ]

    def _member_year(self, member: Member, person: Person, year: int, low: bool) -> MemberYear:
        pick = self.pick
        record = MemberYear(
            member=member, year=year, education=codelists.EDUCATION.find(person.education) or "", school=codelists.SCHOOL.find(person.school) or "",
            health=[codelists.HEALTH.find(label) or "" for label in person.health.split(",")], labour=codelists.LABOUR.find(person.labour) or "",
            work_area=codelists.WORK_AREA.find(person.work_area) or "" if person.work_area else "", work_months=person.work_months,
            politics="01" if person.education and pick.random() < 0.05 else "13" if person.education else "", medical_resident=True,
            medical_serious=person.medical_serious == "是", pension_resident=bool(person.education) or _is_old(member, year), low_income=low, speaks_mandarin=pick.random() < 0.8,
            updated_at=self.now,
        )  # fmt: skip
        if person.disability:
            record.disability_kind = codelists.DISABILITY_KIND.find(person.disability[0]) or ""
            record.disability_level = codelists.DISABILITY_LEVEL.find(person.disability[1]) or ""
        return record

    def _status(self, rows: Rows, household: Household, family: Family) -> None:
        """The steps that led to today's status, each as a file of the national system would have brought it."""
        chance, this_year = self.pick.random(), self.now.year
        steps: list[tuple[Status, dt.date, str]] = []
        if chance < 0.06:
            steps.append((Status.MARGINAL, self._day(2023, this_year), "收入略高于监测范围，支出不稳"))
        else:
            steps.append((Status.REGISTERED, dt.date(2014, 4, 28), "建档立卡"))
            if family.exit_year:
                steps.append((Status.OUT_OF_POVERTY, dt.date(family.exit_year, 12, 20), "达到脱贫标准"))
                if chance > 0.94:
                    last = this_year if chance <= 0.97 else this_year - 2
                    steps.append((Status.UNSTABLE, self._day(2022, last), "家中有人患病，收入下降"))
                if chance > 0.97:
                    steps.append((Status.RISK_REMOVED, self._day(this_year - 1, this_year), "帮扶后收入稳定"))
                if 0.06 <= chance < 0.07:
                    steps.append((Status.HARDSHIP, self._day(2024, this_year), "遭遇意外，支出骤增"))
                elif 0.07 <= chance < 0.072:
                    steps.append((Status.RETURNED, self._day(this_year, this_year), "收入连续下降，重新认定为返贫"))
        status = Status.ORDINARY
        for new, day, reason in steps:
            rows.changes.append(
                StatusChange(
                    household=household,
                    from_status=status,
                    to_status=new,
                    effective_on=day,
                    reason=reason,
                    state=StatusChange.State.CONFIRMED,
                    proposed_at=self.now,
                    decided_at=self.now,
                    source="import",
                )  # fmt: skip
            )
            status = new
        household.status = status

    def _day(self, first: int, last: int) -> dt.date:
        """A day of these years that has been: of the last year's, one still to come is taken a year earlier."""
        day = dt.date(self.pick.randint(first, last), self.pick.randint(1, 12), self.pick.randint(1, 28))
        return day if day < self.now.date() else day.replace(year=day.year - 1)

    def _helpers(self, rows: Rows, household: Household) -> None:
        """Most have a lead helper, some had another one before, a few have a team; one in twelve has nobody."""
        if self.pick.random() < 0.08:
            return
        near = self.cadres.get(household.township_id) or self.everywhere
        lead, before, more = self.pick.sample(self.everywhere + near, 3)
        changed_on = dt.date(self.pick.randint(2021, 2023), self.pick.randint(1, 12), 1)
        former = self.pick.random() < 0.3
        team = self.pick.random() < 0.1 and more.pk != lead.pk
        mode = Pairing.Mode.MANY_TO_ONE if team else Pairing.Mode.ONE_TO_ONE
        if former and before.pk != lead.pk:
            rows.pairings.append(
                Pairing(
                    household=household,
                    cadre=before,
                    starts_on=dt.date(2018, 3, 1),
                    ends_on=changed_on,
                    end_reason="工作调动",
                )
            )
        rows.pairings.append(
            Pairing(
                household=household,
                cadre=lead,
                mode=mode,
                starts_on=changed_on if former else dt.date(2018, 3, 1),
                goal="稳定增收，不返贫",
            )
        )
        if team:
            rows.pairings.append(
                Pairing(household=household, cadre=more, mode=mode, is_lead=False, starts_on=changed_on)
            )


def fill(*, households: int, villages: Sequence[Region], cadres: Sequence[Cadre] = (), seed: int = 2026, years: int = 5, member_years: int = 2,
         first: int = 0, vouched: bool = True, spread: Callable[[int], int] | None = None,
         progress: Callable[[int], None] = lambda done: None) -> int:  # fmt: skip
    """Write `households` invented households spread evenly over `villages` (or by `spread(n) -> position`), in batches.

    `vouched` writes one audit event a household; without it the rows are for measuring only. Returns the number of households.
    """
    builder = Builder(villages=villages, cadres=cadres, seed=seed, years=years, member_years=member_years, first=first)
    place = spread or (lambda n: n * len(villages) // households)
    for start in range(0, households, BATCH):
        stop = min(start + BATCH, households)
        builder.rows(builder.people.family(place(n)) for n in range(start, stop)).write(vouched=vouched)
        progress(stop)
    return households


# -- the demonstration --------------------------------------------------------------------------------------------------------------

LOGINS = (
    ("clerk", "石小梅", Role.VILLAGE_CLERK, Level.VILLAGE),
    ("team", "郑驻村", Role.RESIDENT_TEAM, Level.VILLAGE),
    ("township", "方乡镇", Role.TOWNSHIP_OFFICER, Level.TOWNSHIP),
    ("county", "高县级", Role.COUNTY_OFFICIAL, Level.COUNTY),
    ("county2", "卢复核", Role.COUNTY_OFFICIAL, Level.COUNTY),
    ("helper", "何帮扶", Role.HELPER, Level.COUNTY),
    ("department", "陶农业", Role.DEPARTMENT_USER, Level.COUNTY),
    ("auditor", "严审计", Role.AUDITOR, Level.COUNTY),
    ("admin", "管理员", Role.SYSTEM_ADMIN, Level.COUNTY),
)
UNITS = (
    "示范县水利局",
    "示范县教育局",
    "示范县卫生健康局",
    "示范县交通运输局",
    "示范县农业农村局",
    "示范县税务局",
    "示范县人民医院",
    "示范县第一中学",
)

Login = dict[str, str]


def is_seeded() -> bool:
    return AuditEvent.objects.filter(target=DEMO).exists()


def seed(*, households: int = HOUSEHOLDS) -> list[Login] | None:
    """Make the demonstration county with people, helpers and log-ins, in one transaction; None where it is there already.

    Returns the log-ins: username, password (random), role, place.
    """
    passwords = {username: secrets.token_urlsafe(9) for username, *_rest in LOGINS}
    with ThreadPoolExecutor(1) as hasher:  # hashing takes as long as everything else; it runs beside it
        hashes = {username: hasher.submit(make_password, password) for username, password in passwords.items()}
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            if is_seeded():
                return None
            county = make_demo_county()
            cadres = _make_cadres(county)
            villages = list(Region.objects.within(county).filter(level=Level.VILLAGE).order_by("code"))
            shown = next(n for n, v in enumerate(villages) if v.name == SHOWN_VILLAGE)
            own = min(SHOWN_HOUSEHOLDS, households)
            fill(
                households=households, villages=villages, cadres=cadres,
                spread=lambda n: shown if n < own else (n * 37) % len(villages),
            )  # fmt: skip
            users = _make_users(villages[shown], county, hashes)
            _live_a_little(villages[shown], users, cadres)
            audit.record(
                "people.recorded", by=CONSOLE, target=PEOPLE, region_path=county.path, note="demo",
                rows=[*{cadre.unit_id: cadre.unit for cadre in cadres}.values(), *cadres],
            )  # fmt: skip
            audit.record("demo.seeded", by=CONSOLE, target=DEMO, region_path=county.path)
    return [
        {"username": u.username, "password": passwords[u.username], "role": str(Role(role).label), "place": place.name}
        for u, role, place in (
            (users[n], r, _place_of(level, villages[shown], county)) for n, _name, r, level in LOGINS
        )
    ]


def renew_passwords() -> list[Login]:
    """New random passwords for the log-ins of the demonstration (the file with the old ones was lost)."""
    found = []
    for username, _name, role, _level in LOGINS:
        user = User.objects.filter(username=username).first()
        if user is None:
            continue
        password = secrets.token_urlsafe(9)
        user.set_password(password)
        user.save(update_fields=["password"])
        audit.record("account.password_reset", by=CONSOLE, target=user, note="demo")
        found.append(
            {"username": username, "password": password, "role": str(Role(role).label), "place": user.place_name}
        )
    return found


def _place_of(level: Level, village: Region, county: Region) -> Region:
    assert village.parent is not None
    return {Level.VILLAGE: village, Level.TOWNSHIP: village.parent, Level.COUNTY: county}[level]


def _make_cadres(county: Region) -> list[Cadre]:
    """Twenty cadres of each county unit and three of each township's government: about ten households each, here and there more than the rule of pairing allows."""
    people = People(77)
    units = [Unit(name=name, region=county) for name in UNITS]
    units += [
        Unit(name=f"{t.name}人民政府", affiliation=Affiliation.TOWNSHIP, region=t)
        for t in Region.objects.within(county).filter(level=Level.TOWNSHIP).order_by("code")
    ]
    Unit.objects.bulk_create(units)
    cadres = []
    for unit in units:
        for n in range(20 if unit.region_id == county.pk else 3):
            phone = pii.seal_phone(people.phone())
            cadres.append(
                Cadre(
                    name=people.name("12"[n % 2]),
                    unit=unit,
                    title=("科长", "副科长", "科员", "科员")[n % 4],
                    is_party_member=n % 2 == 0,
                    phone=phone.secret,
                    phone_hash=phone.hash,
                    phone_masked=phone.masked,
                )  # fmt: skip
            )
    return Cadre.objects.bulk_create(cadres)


def _make_users(village: Region, county: Region, hashes: dict[str, Future[str]]) -> dict[str, User]:
    users: dict[str, User] = {}
    for username, name, role, level in LOGINS:
        place = _place_of(level, village, county)
        user = users[username] = User(username=username, name=name, password=hashes[username].result(), home=place)
        user.save(force_insert=True)
        if role != Role.HELPER:  # held by a pairing
            Posting.objects.create(
                user=user, role=role, region=place, department="农业农村局" if role == Role.DEPARTMENT_USER else "",
                starts_on=dt.date(2024, 1, 1), granted_by=CONSOLE,
            )  # fmt: skip
        audit.record("account.opened", by=CONSOLE, target=user, region_path=place.path, note="demo")
    return users


def _live_a_little(village: Region, users: dict[str, User], cadres: Sequence[Cadre]) -> None:
    """What was done in the village lately, by the verbs: so pages have a history, proposals to decide on and photos to show."""
    clerk, township, county = users["clerk"], users["township"], users["county"]
    today = timezone.localdate()
    own = list(Household.objects.for_user(clerk).order_by("number")[:20])
    for household in own[:4]:
        record = household.years.get(year=today.year)
        wage = record.lines.filter(item="wage.other").first()
        services.set_income(
            household=household, year=today.year, by=clerk,
            lines={"wage.other": (wage.amount if wage else Decimal(0)) + 1200, "wage.post": Decimal(6000)},
            note="核实公益性岗位工资",
        )  # fmt: skip
    for household in own[2:5]:
        services.correct_household(
            household=household, by=township, facts={"address": f"{household.address}{household.pk % 40 + 1}号"}
        )
    proposed = 0
    for household in own[5:]:
        if household.status == Status.OUT_OF_POVERTY and proposed < 3:
            services.propose_status(
                household=household, by=township, to_status=Status.UNSTABLE, effective_on=today, reason="户主患大病住院，自付费用较多，收入不稳",
                evidence="住院费用清单、村级评议记录",
            )  # fmt: skip
            proposed += 1
    helps = dict(Pairing.objects.current().order_by().values_list("cadre").annotate(n=Count("pk")))
    helper = min(
        (c for c in cadres if c.unit.name == UNITS[0]), key=lambda c: (helps.get(c.pk, 0), c.pk)
    )  # has room for six more
    helper.user, helper.name = users["helper"], users["helper"].name
    helper.save()
    for household in own[:6]:
        current = household.pairings.current().filter(is_lead=True).first()
        if current is None:
            services.pair(
                household=household,
                cadre=helper,
                by=township,
                starts_on=today - dt.timedelta(days=30),
                goal="稳定增收，不返贫",
            )
        elif current.cadre_id != helper.pk:
            already = household.pairings.current().filter(cadre=helper).exists()
            if not already:
                services.replace_helper(household=household, cadre=helper, by=county, on=today, reason="工作调整")
    for n, household in enumerate(own[:8]):
        services.add_photo(
            household=household, by=clerk, kind=Photo.Kind.DWELLING, upload=_picture(n, dwelling=True), taken_on=today
        )
        if n < 4:
            services.add_photo(
                household=household,
                by=clerk,
                kind=Photo.Kind.HOUSEHOLDER,
                upload=_picture(n, dwelling=False),
                taken_on=today,
            )


def _picture(n: int, *, dwelling: bool) -> SimpleUploadedFile:
    """A drawing in place of a photo: nobody's house and nobody's face."""
    image = Image.new("RGB", (960, 720) if dwelling else (600, 720), (196, 216, 232))
    draw = ImageDraw.Draw(image)
    width, height = image.size
    shade = 20 * (n % 5)
    draw.rectangle((0, height * 2 // 3, width, height), fill=(128, 152 - shade // 2, 96))
    if dwelling:
        left, top = 180 + 12 * n, 300
        draw.rectangle((left, top, left + 560, 600), fill=(222, 214 - shade, 196 - shade))
        draw.polygon(((left - 50, top), (left + 280, top - 150), (left + 610, top)), fill=(120 + shade, 72, 60))
        draw.rectangle((left + 230, 420, left + 330, 600), fill=(96, 68, 48))
        for x in (left + 60, left + 400):
            draw.rectangle((x, 400, x + 100, 490), fill=(150, 180, 200), outline=(90, 90, 90), width=6)
    else:
        draw.ellipse((200, 150, 400, 380), fill=(232, 196 - shade // 2, 160))
        draw.pieslice((190, 130, 410, 350), 180, 360, fill=(50, 44, 40))
        draw.rounded_rectangle((130, 390, 470, 760), 90, fill=(70 + shade, 92, 130))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return SimpleUploadedFile(f"{n}.jpg", out.getvalue(), "image/jpeg")
