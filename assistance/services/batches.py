"""Verbs on subsidy lists: a list is uploaded, checked against the ledger, and paid; what cannot be paid goes back with its reasons.

What is right is paid in one transaction, or nothing is: deliveries, the lines of the money, the measures' states and the events of every
household. A row is decided twice, at the check and again under locks at the payout, by the same rules (`_decide`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, F, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require, require_in
from assistance import paylists
from assistance.models import Delivery, Fund, Measure, PayBatch, PayRow
from assistance.models.measure import LIVE
from assistance.paylists import Listed, ListError
from assistance.services import acts, funds
from assistance.services.base import refusals
from assistance.services.deliveries import DELIVERABLE, said_period
from assistance.services.measures import above_ceiling, most_of, unknown_of, why_not_eligible, why_not_in_force
from catalogue.codelists import Period, Whose
from catalogue.eligibility import Facts, facts_of
from catalogue.models import MeasureKind
from common import audit, dates, files, jobs, vault, xlsx
from common.copying import copy_rows, fresh, rarely_collecting, reserve_keys
from common.lookups import among
from common.models import Job
from common.money import format_money
from common.spreadsheets import WorkbookError, open_workbook
from households.models import Household, Member
from households.services import LedgerError
from regions.models import Region

CHECK, PAY, PROPOSE = "paybatch.check", "paybatch.pay", "paybatch.propose"
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])\Z")
CHUNK = 500  # households whose facts are read at once
State = PayBatch.State
Result = PayRow.Outcome
Why = PayRow.Why
BUSY = (State.CHECKING, State.PAYING)


class _Still:
    """Whoever calls without a job: nobody watches and nobody cancels."""

    def step(self, done: int | None = None, **_more: Any) -> None:
        pass


# -- uploading ------------------------------------------------------------------------------------------------------------------


def upload_list(*, data: bytes, filename: str, region: Region, kind: MeasureKind, on: dt.date, by: Any, period: str = "",
                fund: Fund | None = None) -> tuple[PayBatch, bool]:  # fmt: skip
    """Keep a list and look at its headings. The batch, and whether it is new: the same file for the same choices is the earlier batch.

    Permissions FUND_PAY and DELIVERY_RECORD in the region. Raises ValidationError by field.
    """
    require_in(by, Permission.FUND_PAY, region)
    require_in(by, Permission.DELIVERY_RECORD, region)
    period = _period_of(kind, period, on)
    if say := why_not_in_force(kind, on, on):
        raise ValidationError({"kind": [say]})
    _refuse_fund(kind, fund, region, on)
    if len(data) > settings.UPLOAD_MAX_BYTES:
        words = {"size": settings.UPLOAD_MAX_BYTES // (1024 * 1024)}
        raise ValidationError({"file": [_("文件超过 %(size)s MB，请删去无关的工作表和图片，或者按乡镇拆成几个文件再上传。") % words]})  # fmt: skip
    digest = hashlib.sha256(data).hexdigest()
    same = PayBatch._base_manager.filter(sha256=digest, region=region, kind=kind, period=period, fund=fund)
    earlier = same.exclude(state=State.DISCARDED).order_by("-pk").first()
    if earlier is not None:
        return earlier, False
    try:
        paylists.find(open_workbook(data), kind)
    except (ListError, WorkbookError) as error:
        raise ValidationError({"file": [_sentence(error)]})
    batch = PayBatch(
        region=region, kind=kind, fund=fund, year=int(period[:4] or on.year), period=period, on=on, filename=_short_name(filename), sha256=digest,
        uploaded_by=by.username, uploaded_at=timezone.now(),
    )  # fmt: skip
    batch.file = vault.put(f"paylists/{timezone.localdate():%Y/%m}/{secrets.token_hex(16)}", data)
    with transaction.atomic():
        batch.save(force_insert=True)
        _record(
            "paybatch.uploaded",
            batch,
            by,
            note=_("%(size)s 字节，摘要 %(digest)s") % {"size": len(data), "digest": digest[:16]},
        )
    return batch, True


def _period_of(kind: MeasureKind, asked: str, on: dt.date) -> str:
    """The period of a list: "2026-03", "2026", or "". Raises ValidationError for one that has not begun, and for a day to come."""
    acts.past_day(on, "on")
    if kind.period == Period.ONCE:
        return ""
    if kind.period == Period.YEAR:
        if not re.fullmatch(r"20\d\d", asked):
            raise ValidationError({"period": [_("请写所属年度，如 2026。")]})
        if int(asked) > on.year:
            raise ValidationError(
                {"period": [_("%(period)s 年还没有开始，不能发放。请核对所属年度。") % {"period": asked}]}
            )
        return asked
    if not MONTH.match(asked):
        raise ValidationError({"period": [_("请写所属月份，如 2026-03。")]})
    if asked > f"{on:%Y-%m}":
        raise ValidationError({"period": [_("所属月份在发放日期之后，请核对。")]})
    return asked


def _refuse_fund(kind: MeasureKind, fund: Fund | None, region: Region, on: dt.date) -> None:
    if not kind.has_money:
        if fund is not None:
            raise ValidationError({"fund": [_("“%(kind)s”不发放资金，请不要选择资金。") % {"kind": kind.title}]})
        return
    if fund is None:
        raise ValidationError({"fund": [_("请选择从哪项资金发放。")]})
    if not region.path.startswith(fund.region.path):
        raise ValidationError({"fund": [_("这项资金管不到所选的范围，请换一项资金。")]})
    if fund.closed_at is not None:
        raise ValidationError({"fund": [_("“%(title)s”已经关闭，不能再有变动。") % {"title": fund.title}]})
    if on.year < fund.year:
        words = {"title": fund.title, "year": fund.year, "day": on}
        raise ValidationError({"fund": [_("“%(title)s”是 %(year)s 年的资金，不能在 %(day)s 支付。请核对日期或改用别的资金。") % words]})  # fmt: skip


def _short_name(filename: str) -> str:
    name = "".join(c for c in filename.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable()).strip() or _("清单")
    if len(name) <= 120:
        return name
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:100]}…{dot}{ending[:10]}" if dot else name[:120]


def _sentence(error: Exception) -> str:
    text = str(error)
    return text if text.endswith(("。", "！", "？")) else text + "。"


# -- starting the work ----------------------------------------------------------------------------------------------------------


def _locked(batch: PayBatch, by: Any) -> PayBatch:
    require(by, Permission.FUND_PAY, batch)
    return _read_again(batch)


def _read_again(batch: PayBatch) -> PayBatch:
    rows = PayBatch._base_manager.select_for_update(of=("self",)).select_related("region", "kind", "fund__region")
    found: PayBatch = rows.get(pk=batch.pk)
    return found


@transaction.atomic
def check_list(*, batch: PayBatch, by: Any) -> Job:
    """Compare the list with the ledger, as a job; nothing is paid. A paid list may be checked again for the rows it left."""
    batch = _locked(batch, by)
    if batch.state not in (State.UPLOADED, State.CHECKED, State.PAID):
        raise LedgerError(_("这批清单正在处理，或者已经放弃，不能核对。"))
    return _start(batch, CHECK, State.CHECKING, _("核对 %(file)s"), by)


@transaction.atomic
def pay_list(*, batch: PayBatch, by: Any) -> Job:
    """Pay what the check found payable, as a job: all of it in one transaction, or nothing."""
    batch = _locked(batch, by)
    if batch.state != State.CHECKED:
        raise LedgerError(_("这批清单还没有核对，或者已经发放。请先核对。"))
    ready = ready_of(batch)
    if not ready.count:
        raise LedgerError(_("这批清单没有可以发放的行。请看各行的原因，改好后重新上传。"))
    _refuse_short(batch, ready.amount)
    return _start(batch, PAY, State.PAYING, _("发放 %(file)s"), by)


@transaction.atomic
def propose_list(*, batch: PayBatch, by: Any) -> Job:
    """Propose measures for the rows that only lack one, as a job. Permission MEASURE_EDIT in the batch's region."""
    batch = _locked(batch, by)
    require_in(by, Permission.MEASURE_EDIT, batch.region)
    if batch.state in BUSY or batch.state == State.DISCARDED:
        raise LedgerError(_("这批清单正在处理，或者已经放弃，不能提出措施。"))
    if not batch.rows.filter(why=Why.MEASURE).exists():
        raise LedgerError(_("没有只差措施的行，不用提出。"))
    return jobs.submit(
        PROPOSE, by=by, title=_("按 %(file)s 提出措施") % {"file": batch.filename}, params={"batch": batch.pk, "user": by.pk},
        key=f"paybatch/{batch.pk}", region_path=batch.region.path,
    )  # fmt: skip


def _start(batch: PayBatch, kind: str, state: str, title: str, by: Any) -> Job:
    if not batch.file:
        raise LedgerError(_("上传的文件已过保存期，请重新上传。"))
    before = audit.snapshot(batch)
    batch.job = jobs.submit(
        kind, by=by, title=title % {"file": batch.filename}, params={"batch": batch.pk, "user": by.pk}, key=f"paybatch/{batch.pk}",
        region_path=batch.region.path,
    )  # fmt: skip
    batch.state = state
    batch.save()
    _record(f"{kind}_started", batch, by, before=before)
    return batch.job


@transaction.atomic
def stopped(*, batch: PayBatch, by: Any) -> None:
    """A job was cancelled or failed: nothing was paid, and the list is where it was."""
    batch = _read_again(batch)
    if batch.state not in BUSY:
        return
    before = audit.snapshot(batch)
    if batch.state == State.PAYING:
        batch.state = State.CHECKED
    else:
        batch.state = State.PAID if batch.paid_at else State.UPLOADED
    batch.save()
    _record("paybatch.stopped", batch, by, before=before)


@transaction.atomic
def discard_list(*, batch: PayBatch, by: Any) -> None:
    """Throw away a list of which nothing was paid, with its file and its rows."""
    batch = _locked(batch, by)
    if batch.state not in (State.UPLOADED, State.CHECKED) or batch.paid_at is not None:
        raise LedgerError(_("正在处理或已经发放的清单不能放弃。"))
    before = audit.snapshot(batch)
    _forget(batch)
    batch.rows.all()._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    batch.state = State.DISCARDED
    batch.save()
    _record("paybatch.discarded", batch, by, before=before)


def _record(action: str, batch: PayBatch, by: Any, *, before: dict[str, Any] | None = None, note: str = "") -> None:
    changes = audit.changes_since(before, batch) if before is not None else None
    audit.record(
        action, by=by, target=batch, region_path=batch.region.path, changes=changes, note=f"{batch.filename} {note}".strip(), rows=[batch],
    )  # fmt: skip


# -- figures --------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ready:
    """What of a list can be paid now: rows and 元."""

    count: int
    amount: Decimal


def ready_of(batch: PayBatch) -> Ready:
    found = batch.rows.filter(outcome=Result.READY).aggregate(
        count=Count("pk"), amount=Sum("amount", default=Decimal(0))
    )
    return Ready(found["count"], found["amount"])


def _refuse_short(batch: PayBatch, amount: Decimal) -> None:
    if batch.fund is None or not (missing := funds.short_of(batch.fund, amount)):
        return
    words = {"title": batch.fund.title, "amount": format_money(amount), "missing": format_money(missing)}
    raise LedgerError(
        _(
            "“%(title)s”不够发这一批：要发 %(amount)s 元，还差 %(missing)s 元，一行也没有发。请先下达资金，或者换一项资金重新上传。"
        )
        % words
    )


# -- what becomes of a row --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Decided:
    """A row with its outcome; `say` is one sentence."""

    listed: Listed
    outcome: str = Result.REJECTED
    say: str = ""
    why: str = ""
    household: int | None = None
    member: int | None = None
    measure: Measure | None = None
    delivery: int | None = None  # the one that stands, or is being made


@dataclass(slots=True)
class Person:
    pk: int
    household: int
    name: str
    hash: str
    id_type: str
    left_on: dt.date | None


@dataclass(slots=True)
class Home:
    """A household, as far as a list asks."""

    pk: int
    number: str
    village: int
    closed_on: dt.date | None

    @property
    def subject(self) -> str:
        return f"{audit.SUBJECT_HOUSEHOLD}/{self.pk}"


@dataclass(slots=True)
class Earlier:
    """A delivery of the kind that stands for the period."""

    pk: int
    amount: Decimal
    on: dt.date
    batch: int | None


@dataclass
class World:
    """What the ledger says about everybody on a list. With locks, nobody else changes it until the transaction ends."""

    households: dict[int, Home] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    by_hash: dict[str, list[Person]] = field(default_factory=lambda: defaultdict(list))
    present: dict[int, list[Person]] = field(default_factory=lambda: defaultdict(list))
    villages: dict[int, Region] = field(default_factory=dict)
    measures: dict[tuple[int, int | None], Measure] = field(default_factory=dict)
    by_person: dict[str, Earlier] = field(default_factory=dict)
    by_member: dict[int, Earlier] = field(default_factory=dict)
    by_household: dict[int, Earlier] = field(default_factory=dict)

    def person(self, hash: str) -> Person | None:
        """Whoever bears a number: present where there is such, else who left last."""
        found = self.by_hash.get(hash, [])
        return next(
            (p for p in found if p.left_on is None), max(found, key=lambda p: p.left_on or dt.date.min, default=None)
        )


_HOME = ("pk", "number", "village_id", "closed_on")
_PERSON = ("pk", "household_id", "name", "id_hash", "id_type", "left_on")


def _world(batch: PayBatch, rows: Sequence[Listed], *, lock: bool) -> World:
    """Everything `_decide` asks, in a fixed number of queries. With `lock`, households and then measures in order of their keys."""
    world = World()
    hashes = list({row.hash for row in rows if row.hash})
    numbers = list({row.number for row in rows if row.number and not row.hash})
    own = set(Member._base_manager.filter(id_hash__in=hashes).order_by().values_list("household_id", flat=True))
    own |= set(Household._base_manager.filter(number__in=numbers).order_by().values_list("pk", flat=True))
    households = Household._base_manager.filter(among("pk", sorted(own)))
    if lock:
        households = households.select_for_update(of=("self",))
    world.households = {values[0]: Home(*values) for values in households.order_by("pk").values_list(*_HOME)}
    world.numbers = {household.number: pk for pk, household in world.households.items()}
    world.villages = Region.objects.in_bulk({household.village for household in world.households.values()})
    for values in Member._base_manager.filter(id_hash__in=hashes).order_by("pk").values_list(*_PERSON):
        world.by_hash[values[3]].append(Person(*values))
    if numbers:
        without = [pk for number, pk in world.numbers.items() if number in set(numbers)]
        for values in Member._base_manager.filter(among("household_id", without), left_on=None).order_by("pk").values_list(*_PERSON):  # fmt: skip
            world.present[values[1]].append(Person(*values))
    _read_measures(world, batch, lock=lock)
    _read_earlier(world, batch)
    return world


def _read_measures(world: World, batch: PayBatch, *, lock: bool) -> None:
    """Live measures of the kind: of the batch's year, or of any year where it is given once."""
    measures = Measure._base_manager.filter(among("household_id", world.households), kind=batch.kind, state__in=LIVE)
    if batch.kind.period != Period.ONCE:
        measures = measures.filter(year=batch.year)
    if lock:
        measures = measures.select_for_update(of=("self",))
    for measure in measures.order_by("pk"):
        key = (measure.household_id, measure.member_id)
        if key not in world.measures or measure.state in DELIVERABLE:
            world.measures[key] = measure


def _read_earlier(world: World, batch: PayBatch) -> None:
    stands = Delivery.objects.standing().filter(kind=batch.kind, period=batch.period).order_by()
    values = ("member_id", "person", "household_id", "pk", "amount", "on", "batch_id")
    of_people = stands.filter(person__in=list(world.by_hash)) if world.by_hash else stands.none()
    for found in (of_people, stands.filter(among("household_id", world.households))):
        for member, person, household, *rest in found.values_list(*values):
            earlier = Earlier(*rest)
            if member is None:
                world.by_household[household] = earlier
                continue
            world.by_member[member] = earlier
            if person:
                world.by_person[person] = earlier


def _decide(batch: PayBatch, rows: Iterable[Listed], world: World) -> Iterator[Decided]:
    seen: dict[tuple[str, int], int] = {}
    for listed in rows:
        row = Decided(listed)
        _judge(row, batch, world, seen)
        row.say = row.say[:300]
        yield row


def _judge(row: Decided, batch: PayBatch, world: World, seen: dict[tuple[str, int], int]) -> None:
    """Who is meant, whether this list may pay them, whether they have it already, and whether they should."""
    listed = row.listed
    if listed.wrong:
        row.why, row.say = Why.ROW, listed.wrong
        return
    person, row.say = _whom(listed, batch, world)
    if person is None:
        row.why = Why.PERSON
        return
    household = world.households.get(person.household)
    if household is None:
        row.why, row.say = Why.PERSON, _("这个人的户刚刚有变动，请重新核对。")
        return
    village = world.villages[household.village]
    if not village.path.startswith(batch.region.path):
        row.why, row.say = (
            Why.AREA,
            _("这个人登记在%(region)s以外的村，不能在这一批发放。") % {"region": batch.region.name},
        )
        return
    row.household = household.pk
    whole = batch.kind.whose == Whose.HOUSEHOLD
    row.member = None if whole else person.pk
    if say := _misnamed(listed, person, household, village):
        row.why, row.say = say
        return
    first = seen.setdefault(("household", household.pk) if whole else ("member", person.pk), listed.place)
    if first != listed.place:
        row.why, row.say = Why.TWICE, _("与第 %(place)s 行重复，同一期只能发一次。") % {"place": first}
        return
    earlier = (
        world.by_household.get(household.pk)
        if whole
        else world.by_member.get(person.pk) or world.by_person.get(person.hash)
    )
    if earlier is not None:
        _judge_again(row, batch, earlier)
        return
    row.why, row.say = _why_not(row, batch, person, household, world)
    if not row.why:
        row.outcome = Result.READY


def _whom(listed: Listed, batch: PayBatch, world: World) -> tuple[Person | None, str]:
    """The member a row means, else why it cannot be told."""
    if listed.hash:
        person = world.person(listed.hash)
        if person is not None and (not listed.wrong_number or person.id_type == "other"):
            return person, ""
        return None, listed.wrong_number or _("台账中没有这个证件号码。请核对号码；新增的人请先登记到台账。")
    pk = world.numbers.get(listed.number)
    if pk is None:
        return None, _("台账中没有户编号 %(number)s。请核对。") % {"number": listed.number}
    named = [person for person in world.present.get(pk, []) if person.name == listed.name]
    if len(named) == 1:
        return named[0], ""
    if named:
        return None, _("户编号 %(number)s 有几位成员叫“%(name)s”，请填写证件号码。") % {
            "number": listed.number,
            "name": listed.name,
        }
    return None, _("户编号 %(number)s 没有叫“%(name)s”的成员。请核对。") % {
        "number": listed.number,
        "name": listed.name,
    }


def _misnamed(listed: Listed, person: Person, household: Home, village: Region) -> tuple[str, str] | None:
    if listed.name and listed.name != person.name:
        words = {"own": person.name, "listed": listed.name}
        return Why.PERSON, _("这个证件号码是“%(own)s”的，清单上写的是“%(listed)s”。请核对。") % words
    if listed.number and listed.number != household.number:
        words = {"own": household.number, "listed": listed.number}
        return Why.PERSON, _("这个人在户编号 %(own)s，清单上写的是 %(listed)s。请核对。") % words
    if (
        listed.village
        and (short := paylists.village_name(listed.village))
        and short not in (village.full_name or village.name)
    ):
        words = {"own": village.name, "listed": listed.village[:20]}
        return Why.AREA, _("这一户在%(own)s，清单上写的是“%(listed)s”。请核对。") % words
    return None


def _judge_again(row: Decided, batch: PayBatch, earlier: Earlier) -> None:
    """They have it for the period: the same is no news, another amount is."""
    row.delivery = earlier.pk
    if earlier.amount == (row.listed.amount or Decimal(0)):
        own = earlier.batch == batch.pk
        row.outcome = Result.PAID if own else Result.UNCHANGED
        row.say = "" if own else _("已于 %(day)s 发过，不再发。") % {"day": dates.written(earlier.on)}
        return
    words = {"day": dates.written(earlier.on), "amount": format_money(earlier.amount)}
    row.why, row.say = Why.PAID, _("已于 %(day)s 发过 %(amount)s 元，金额不同。要改请先冲回那一笔。") % words


def _why_not(row: Decided, batch: PayBatch, person: Person, household: Home, world: World) -> tuple[str, str]:
    if household.closed_on is not None:
        return Why.GONE, _("这一户已于 %(day)s 销户，不能发放。") % {"day": dates.written(household.closed_on)}
    if person.left_on is not None:
        return Why.GONE, _("%(name)s已于 %(day)s 减少（如去世、迁出），不能发放。") % {
            "name": person.name,
            "day": dates.written(person.left_on),
        }
    if say := above_ceiling(batch.kind, row.listed.amount, batch.kind.ceiling):
        return Why.CEILING, say
    row.measure = world.measures.get((household.pk, row.member))
    if row.measure is None:
        return Why.MEASURE, _("还没有提出“%(kind)s”这项措施。请先提出，批准后再核对。") % {"kind": batch.kind.title}
    if row.measure.state not in DELIVERABLE:
        return Why.PENDING, _("“%(kind)s”已经提出，还没有批准。批准后请重新核对。") % {"kind": batch.kind.title}
    decided = timezone.localdate(row.measure.decided_at) if row.measure.decided_at else batch.on
    if batch.on < decided:
        return Why.PENDING, _("发放日期早于措施的批准日期（%(day)s）。") % {"day": dates.written(decided)}
    return "", ""


# -- checking -------------------------------------------------------------------------------------------------------------------


def _no_limits() -> None:
    """A long list takes longer than a page may; pages keep their limit."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")


def _listed(batch: PayBatch) -> list[Listed]:
    """The rows of the file. Raises LedgerError where it is gone or unreadable."""
    try:
        book = open_workbook(vault.get(batch.file))
        return paylists.read(book, paylists.find(book, batch.kind), batch.kind, batch.period)
    except FileNotFoundError as error:
        raise LedgerError(_("上传的文件已过保存期，请重新上传。")) from error
    except (ListError, WorkbookError) as error:
        raise LedgerError(_sentence(error)) from error


def run_check(batch: PayBatch, *, by: Any, run: Any = None) -> PayBatch:
    """Decide every row and keep what became of it; the ledger and the money stay as they are."""
    run = run or _Still()
    with rarely_collecting(), transaction.atomic():
        _no_limits()
        batch = _read_again(batch)
        if batch.state != State.CHECKING:
            return batch  # a worker died after its commit; the work is done
        before = audit.snapshot(batch)
        run.step(0, message=_("正在读取清单"), force=True)
        rows = _listed(batch)
        run.step(0, total=2 * len(rows), message=_("正在与台账核对"))
        decided = list(_decide(batch, rows, _world(batch, rows, lock=False)))
        run.step(len(rows))
        _keep(batch, decided)
        left = any(row.outcome == Result.READY for row in decided)
        batch.state = State.CHECKED if left or batch.paid_at is None else State.PAID
        batch.save()
        _record("paybatch.checked", batch, by, before=before)
        run.step(2 * len(rows), message=_("正在保存"), force=True)
    return batch


def _keep(batch: PayBatch, decided: Sequence[Decided]) -> None:
    """The rows as they now stand, and the receipt over them."""
    batch.rows.all()._raw_delete(using=connection.alias)  # type: ignore[attr-defined]
    keys = reserve_keys(PayRow, len(decided))
    copy_rows(
        PayRow,
        [
            fresh(PayRow, {"id": pk, "batch_id": batch.pk} | _columns(row))
            for pk, row in zip(keys, decided, strict=True)
        ],
    )
    counts: dict[str, int] = defaultdict(int)
    for row in decided:
        counts[row.outcome] += 1
    batch.read, batch.paid = len(decided), counts[Result.READY] + counts[Result.PAID]
    batch.unchanged, batch.rejected = counts[Result.UNCHANGED], counts[Result.REJECTED]
    good = (Result.READY, Result.PAID)
    batch.total = sum((row.listed.amount or Decimal(0) for row in decided if row.outcome in good), Decimal(0))


def _columns(row: Decided) -> dict[str, Any]:
    listed = row.listed
    return {
        "place": listed.place, "name": listed.name, "id_masked": listed.masked, "amount": listed.amount, "quantity": listed.quantity,
        "outcome": str(row.outcome), "say": row.say, "why": str(row.why), "household_id": row.household, "member_id": row.member,
        "delivery_id": row.delivery,
    }  # fmt: skip


# -- paying ---------------------------------------------------------------------------------------------------------------------


def run_pay(batch: PayBatch, *, by: Any, run: Any = None) -> PayBatch:
    """Decide every row again under locks and pay what is right. Raises LedgerError, with nothing paid, where the money does not reach or
    more could be paid than the check has shown."""
    run = run or _Still()
    with rarely_collecting(), transaction.atomic():
        _no_limits()
        batch = _read_again(batch)
        if batch.state != State.PAYING:
            return batch  # a worker died after its commit; the work is done
        before = audit.snapshot(batch)
        run.step(0, message=_("正在读取清单"), force=True)
        rows = _listed(batch)
        run.step(0, total=3 * len(rows), message=_("正在与台账核对"))
        if say := why_not_in_force(batch.kind, batch.on, batch.on):
            raise LedgerError(say)
        world = _world(batch, rows, lock=True)
        decided = list(_decide(batch, rows, world))
        ready = [row for row in decided if row.outcome == Result.READY]
        _refuse_new(batch, ready)
        run.step(len(rows), message=_("正在登记落实和支付"), force=True)
        _write(batch, ready, world, by)
        run.step(2 * len(rows), message=_("正在保存"), force=True)
        for row in ready:
            row.outcome = Result.PAID
        _keep(batch, decided)
        batch.state, batch.paid_at, batch.paid_by = State.PAID, timezone.now(), by.username
        batch.save()
        _record("paybatch.paid", batch, by, before=before, note=_("%(count)s 行") % {"count": len(ready)})
        run.step(3 * len(rows), force=True)
    return batch


def _refuse_new(batch: PayBatch, ready: Sequence[Decided]) -> None:
    """Nobody is paid whom the check had not shown as payable: whoever pressed the button has seen another sum."""
    shown = set(batch.rows.filter(outcome=Result.READY).values_list("place", flat=True))
    new = sum(row.listed.place not in shown for row in ready)
    if new:
        raise LedgerError(
            _("核对以后又有 %(count)s 行可以发放了，这次没有发。请重新核对，看清总额再发。") % {"count": new}
        )
    if not ready:
        raise LedgerError(_("核对以后情况有变化，没有可以发放的行了。请重新核对。"))


def _write(batch: PayBatch, ready: Sequence[Decided], world: World, by: Any) -> None:
    """Deliveries, money, states of measures, and an event a household."""
    now = timezone.now()
    hashes = {
        person.pk: person.hash
        for found in (world.by_hash, world.present)
        for people in found.values()
        for person in people
    }
    note = _("发放批次 %(pk)s") % {"pk": batch.pk}
    deliveries: list[Delivery] = []
    for row, pk in zip(ready, reserve_keys(Delivery, len(ready)), strict=True):
        household = world.households[row.household or 0]
        row.delivery = pk
        deliveries.append(fresh(Delivery, {
            "id": pk, "household_id": household.pk, "village_id": household.village, "measure_id": row.measure.pk if row.measure else None,
            "member_id": row.member, "kind_id": batch.kind_id, "person": hashes.get(row.member or 0, ""), "period": batch.period, "on": batch.on,
            "quantity": row.listed.quantity, "amount": row.listed.amount or Decimal(0), "note": note, "by": by.username, "at": now, "batch_id": batch.pk,
        }))  # fmt: skip
    payout = funds.Payout()
    if batch.fund is not None:
        fund = batch.fund
        payout = funds.prepare([(d, [(fund, d.amount)]) for d in deliveries], on=batch.on, by=by, note=f"{batch.kind.title} {batch.period}".strip(), reference=note)  # fmt: skip
    changed = [row.measure for row in ready if row.measure and row.measure.state != Measure.State.DELIVERED]
    for measure in changed:
        measure.state = Measure.State.DELIVERED
    events = _events(batch, ready, deliveries, payout, set(changed), world, by)
    with refusals(), audit.recording(events):
        copy_rows(Delivery, deliveries)
        Measure._base_manager.filter(among("pk", [measure.pk for measure in changed])).update(
            state=Measure.State.DELIVERED, version=F("version") + 1
        )
        payout.write()
    payout.record(by=by, of_households=True)


def _events(batch: PayBatch, ready: Sequence[Decided], deliveries: Sequence[Delivery], payout: funds.Payout, changed: set[Measure],
            world: World, by: Any) -> list[audit.Event]:  # fmt: skip
    """One event a household: what it received, with the rows that say so."""
    lines = {line.delivery_id: line for line in payout.lines if line.delivery_id}
    of_household: dict[int, list[tuple[Decided, Delivery]]] = defaultdict(list)
    for row, delivery in zip(ready, deliveries, strict=True):
        of_household[delivery.household_id].append((row, delivery))
    about = "，".join(part for part in (batch.kind.title, said_period(batch.period)) if part)
    events = []
    for pk, given in of_household.items():
        household = world.households[pk]
        rows: list[Any] = []
        told = []
        for row, delivery in given:
            rows.append(delivery)
            if row.measure in changed:
                rows.append(row.measure)
            if delivery.pk in lines:
                rows.append(lines[delivery.pk])
            told.append(f"{row.listed.name} {acts.yuan(delivery.amount)}".strip())
        events.append(
            audit.Event(
                "delivery.listed", audit.row_key(given[0][1]), by, household.subject, world.villages[household.village].path,
                note=f"{about}：{'、'.join(told)}", rows=rows,
            )
        )  # fmt: skip
    return events


# -- proposing what is missing ------------------------------------------------------------------------------------------------------


def run_propose(batch: PayBatch, *, by: Any, run: Any = None) -> dict[str, int]:
    """A measure, proposed, for every row that only lacks one and whom the catalogue does not exclude. `{"proposed", "refused"}`."""
    run = run or _Still()
    with rarely_collecting(), transaction.atomic():
        _no_limits()
        batch = _read_again(batch)
        rows = list(batch.rows.filter(why=Why.MEASURE).select_related("member").order_by("place"))
        run.step(0, total=len(rows), message=_("正在提出措施"))
        found = Household.objects.for_user(by, Permission.MEASURE_EDIT).filter(
            among("pk", {row.household_id for row in rows}), closed_on=None
        )
        households = {h.pk: h for h in found.select_related("village").select_for_update(of=("self",)).order_by("pk")}
        taken: set[tuple[int, int | None]] = set(
            Measure._base_manager.filter(among("household_id", households), kind=batch.kind, year=batch.year, state__in=LIVE)
            .order_by().values_list("household_id", "member_id")
        )  # fmt: skip
        new: list[Measure] = []
        for start in range(0, len(rows), CHUNK):
            part = [row for row in rows[start : start + CHUNK] if row.household_id in households]
            facts = facts_of([households[row.household_id] for row in part], batch.year, today=timezone.localdate())
            new += [m for row in part if (m := _proposed(row, batch, households[row.household_id], facts, taken, by))]
            run.step(start + len(part))
        _save_proposed(batch, rows, new, by)
    return {"proposed": len(new), "refused": len(rows) - len(new)}


def _proposed(row: PayRow, batch: PayBatch, household: Household, facts: Mapping[int, Facts], taken: set[tuple[int, int | None]],
              by: Any) -> Measure | None:  # fmt: skip
    """The measure for a row; None, with the reason in the row, where there is none to propose."""
    kind = batch.kind
    verdict = next((v for v in facts[household.pk].verdicts(kind) if (v.member and v.member.pk) == row.member_id), None)
    if (household.pk, row.member_id) in taken:
        row.why, row.say = Why.PENDING, _("“%(kind)s”已经提出，还没有批准。批准后请重新核对。") % {"kind": kind.title}
        return None
    if verdict is None:
        row.why, row.say = Why.GONE, _("这个人刚刚有变动，请重新核对。")
        return None
    say = why_not_eligible(kind, row.member, household, verdict) or above_ceiling(kind, row.amount, most_of(kind))
    if say:
        row.why, row.say = Why.ELIGIBLE, say[:300]
        return None
    taken.add((household.pk, row.member_id))
    row.why, row.say = Why.PENDING, (_("已提出措施，等待审批。批准后请重新核对。") + unknown_of(verdict))[:300]
    return Measure(
        household=household, village_id=household.village_id, member=row.member, kind=kind, year=batch.year, quantity=row.quantity,
        amount=row.amount if kind.has_money else None, note=_("发放批次 %(pk)s") % {"pk": batch.pk}, proposed_by=by.username, proposed_at=timezone.now(),
    )  # fmt: skip


def _save_proposed(batch: PayBatch, rows: Sequence[PayRow], new: Sequence[Measure], by: Any) -> None:
    for measure, pk in zip(new, reserve_keys(Measure, len(new)), strict=True):
        measure.pk = pk
    events = [
        acts.event("measure.proposed", measure, by, acts.told(measure, acts.yuan(measure.amount), measure.note))
        for measure in new
    ]
    if new:
        with refusals(), audit.recording(events):
            copy_rows(Measure, new)
    PayRow.objects.bulk_update(rows, ["why", "say"], batch_size=1000)
    _record("paybatch.proposed", batch, by, note=_("提出 %(count)s 项措施") % {"count": len(new)})


# -- giving back ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def fetch_returns(*, batch: PayBatch, by: Any) -> bytes:
    """A workbook of the rows that were not paid, as their owner wrote them, the reason in the last column. It holds full ID numbers, so
    every fetch is recorded. Raises LedgerError where the upload is gone."""
    require(by, Permission.FUND_PAY, batch)
    reasons = dict(batch.rows.filter(outcome=Result.REJECTED).values_list("place", "say"))
    try:
        book = open_workbook(vault.get(batch.file))
    except FileNotFoundError as error:
        raise LedgerError(_("上传的文件已过保存期，请重新上传。")) from error
    layout = paylists.find(book, batch.kind)
    last = max((position for position, heading in enumerate(layout.headings) if heading.strip()), default=0) + 1
    told = next((n for n, heading in enumerate(layout.headings) if paylists.plain(heading) == "原因"), None)
    out = xlsx.Writer()
    out.sheet(layout.sheet, [16] * last + [60])
    out.heading([*(heading.strip() for heading in layout.headings[:last]), _("原因")])
    for place, cells in paylists.raw_rows(book, layout):
        if place in reasons:
            shown = [*cells[:last], *[""] * (last - len(cells))]
            if told is not None:
                shown[told] = ""  # of an earlier return
            out.row([*map(str, shown), reasons[place]], last=out.red)
    audit.record("paybatch.returned", by=by, target=batch, region_path=batch.region.path, note=batch.filename)
    return out.close()


# -- what ends ------------------------------------------------------------------------------------------------------------------


def _forget(batch: PayBatch) -> None:
    if batch.file:
        vault.remove(batch.file)
    batch.file = ""


@files.expires
def expire_lists() -> int:
    """Files of lists older than `settings.DOCUMENT_DAYS`; what became of their rows stays, with masked numbers."""
    past = timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS)
    old = list(PayBatch._base_manager.filter(~Q(file=""), uploaded_at__lt=past).exclude(state__in=BUSY))
    for batch in old:
        _forget(batch)
        batch.save(update_fields=["file"])
    return len(old)


__all__ = [
    "CHECK", "PAY", "PROPOSE", "check_list", "discard_list", "expire_lists", "fetch_returns", "pay_list", "propose_list", "ready_of", "run_check",
    "run_pay", "run_propose", "stopped", "upload_list",
]  # fmt: skip
