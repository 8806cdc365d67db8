"""Verbs on money: funds with their ceilings, what moves between their accounts, what is paid to households and village projects, and back.

Every movement locks its funds in order of their keys before it looks at a balance, so that of two payers of the last yuan one is told what
is missing, and two who pay from the same two funds in opposite order wait for one another instead of for ever. What the verbs refuse in a
telling sentence the database refuses as well (migration 0003).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import allowed, require, require_in
from assistance.codelists import SOURCE
from assistance.departments import MINE, is_own
from assistance.models import Account, Delivery, Entry, Fund, Line, PayBatch, VillageProject
from assistance.services.base import refusals, save
from common import audit
from common.copying import copy_rows, fresh, reserve_keys
from common.money import format_money
from common.text import normalise_text
from households.services import LedgerError
from regions.models import Level, Region

EARLIEST = 2013  # targeted poverty alleviation began
MOST = Decimal("999999999999.99")
COPIED = 200  # lines from which on COPY is quicker
Paid = Sequence[tuple[Delivery, Sequence[tuple[Fund, Decimal]]]]
BALANCE_WRONG = "余额与分录合计不符"

Kind = Account.Kind
Stage = VillageProject.Stage
TAKES_MONEY = (Stage.APPROVED, Stage.BUILDING, Stage.FINISHED, Stage.ACCEPTED)
IS_PAID = (*TAKES_MONEY, Stage.HANDED_OVER)  # what is held back for a year is paid after the hand-over


# -- funds ----------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def open_fund(*, region: Region, source: str, year: int, title: str, ceiling: Decimal, by: Any, document: str = "") -> Fund:  # fmt: skip
    """A new fund of a county, empty. Permission FUND_EDIT there. Raises ValidationError by field, LedgerError for a second of the name."""
    require_in(by, Permission.FUND_EDIT, region)
    if region.level != Level.COUNTY:
        raise ValidationError({"region": [_("资金登记在县一级，请选择县。")]})
    if source not in dict(SOURCE.choices):
        raise ValidationError({"source": [_("请选择资金来源。")]})
    if not EARLIEST <= year <= timezone.localdate().year + 1:
        raise ValidationError({"year": [_("年度应在 2013 年到明年之间，请核对。")]})
    fund = Fund(region=region, source=source, year=year, opened_by=by.username)
    fund.title, fund.document, fund.ceiling = _title(title), _document(document), _sum(ceiling, "ceiling")
    save(fund)
    accounts = [Account(fund=fund, kind=kind) for kind in Kind if kind != Kind.RESERVED]
    Account.objects.bulk_create(accounts)
    _record("fund.opened", fund, by, changes=audit.changes_since({}, fund), rows=[fund, *accounts])
    return fund


@transaction.atomic
def change_fund(*, fund: Fund, title: str, document: str, ceiling: Decimal, by: Any) -> Fund:
    """Another name, document or ceiling; the ceiling stays at or above what the source has promised. Source and year stay."""
    book = _edited(fund, by)
    row, before = book.fund, audit.snapshot(book.fund)
    row.title, row.document, row.ceiling = _title(title), _document(document), _sum(ceiling, "ceiling")
    promised = -book.balance(Kind.SOURCE)
    if row.ceiling < promised:
        words = {"promised": format_money(promised), "excess": format_money(promised - row.ceiling)}
        raise ValidationError(
            {"ceiling": [_("已列入计划 %(promised)s 元，上限不能比它少（少了 %(excess)s 元）。请先调减计划。") % words]}
        )
    if changes := audit.changes_since(before, row):
        save(row)
        _record("fund.changed", row, by, changes=changes, rows=[row])
    return row


@transaction.atomic
def close_fund(*, fund: Fund, by: Any) -> Fund:
    """Close the books: nothing moves any more. Only what was promised and paid in full, or cut, can be closed."""
    book = _edited(fund, by)
    left = {kind: sum(book.balances(kind), Decimal(0)) for kind in (Kind.PLANNED, Kind.ALLOTTED, Kind.RESERVED)}
    if any(left.values()):
        stands = _("、").join(
            _("%(account)s %(amount)s 元") % {"account": kind.label, "amount": format_money(amount)}
            for kind, amount in left.items()
            if amount
        )
        raise LedgerError(
            _("这项资金还有余额（%(stands)s），不能关闭。请先支付，或者退回、收回、调减。") % {"stands": stands}
        )
    before = audit.snapshot(book.fund)
    book.fund.closed_at, book.fund.closed_by = timezone.now(), by.username
    save(book.fund)
    _record("fund.closed", book.fund, by, changes=audit.changes_since(before, book.fund), rows=[book.fund])
    return book.fund


@transaction.atomic
def reopen_fund(*, fund: Fund, by: Any) -> Fund:
    """Open closed books again, so that a mistaken payout can be taken back."""
    row = Fund._base_manager.select_for_update(of=("self",)).select_related("region").get(pk=fund.pk)
    require_in(by, Permission.FUND_EDIT, row.region)
    if row.closed_at is None:
        raise LedgerError(_("这项资金没有关闭。"))
    before = audit.snapshot(row)
    row.closed_at, row.closed_by = None, ""
    save(row)
    _record("fund.reopened", row, by, changes=audit.changes_since(before, row), rows=[row])
    return row


# -- movements ------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def plan(*, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str = "", note: str = "") -> Entry:
    """The source promises money (列入计划), up to the ceiling."""
    book = _edited(fund, by)
    amount = _sum(amount)
    promised = amount - book.balance(Kind.SOURCE)
    if promised > book.fund.ceiling:
        words = {
            "title": book.fund.title, "ceiling": format_money(book.fund.ceiling), "left": format_money(book.fund.ceiling + book.balance(Kind.SOURCE)),
            "excess": format_money(promised - book.fund.ceiling),
        }  # fmt: skip
        raise LedgerError(
            _("“%(title)s”的上限是 %(ceiling)s 元，还能列入 %(left)s 元，超出 %(excess)s 元。请先调整上限或金额。")
            % words
        )
    return _move(
        book, Entry.Kind.PLAN, (Kind.SOURCE, Kind.PLANNED), amount, on=on, by=by, reference=reference, note=note
    )


@transaction.atomic
def cut(*, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str = "", note: str = "") -> Entry:
    """The source promises less (调减计划)."""
    book = _edited(fund, by)
    return _move(
        book, Entry.Kind.CUT, (Kind.PLANNED, Kind.SOURCE), _sum(amount), on=on, by=by, reference=reference, note=note
    )


@transaction.atomic
def allot(*, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str = "", note: str = "") -> Entry:
    """下达: what was planned may be paid."""
    book = _edited(fund, by)
    return _move(
        book,
        Entry.Kind.ALLOT,
        (Kind.PLANNED, Kind.ALLOTTED),
        _sum(amount),
        on=on,
        by=by,
        reference=reference,
        note=note,
    )


@transaction.atomic
def recall(*, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str = "", note: str = "") -> Entry:
    """收回: what was allotted and not used goes back into the plan."""
    book = _edited(fund, by)
    return _move(
        book,
        Entry.Kind.RECALL,
        (Kind.ALLOTTED, Kind.PLANNED),
        _sum(amount),
        on=on,
        by=by,
        reference=reference,
        note=note,
    )


@transaction.atomic
def reserve(*, project: VillageProject, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str = "", note: str = "") -> Entry:  # fmt: skip
    """Set money of a fund aside for a village project that was approved; several funds may be bundled for one."""
    project = _locked_project(project)
    book = _edited(fund, by)
    _of_county(book.fund, project)
    if project.stage not in TAKES_MONEY:
        raise LedgerError(
            _("“%(title)s”现在是“%(stage)s”，不能安排资金。立项以后、移交以前才能安排。")
            % {"title": project.title, "stage": project.get_stage_display()}
        )
    return _move(
        book, Entry.Kind.RESERVE, (Kind.ALLOTTED, Kind.RESERVED), _sum(amount), on=on, by=by, reference=reference, note=note, project=project,
    )  # fmt: skip


@transaction.atomic
def release(*, project: VillageProject, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str = "", note: str = "") -> Entry:  # fmt: skip
    """What a project does not need goes back into its fund."""
    project = _locked_project(project)
    book = _edited(fund, by)
    return _move(
        book, Entry.Kind.RELEASE, (Kind.RESERVED, Kind.ALLOTTED), _sum(amount), on=on, by=by, reference=reference, note=note, project=project,
    )  # fmt: skip


@transaction.atomic
def pay_project(*, project: VillageProject, fund: Fund, amount: Decimal, on: dt.date, by: Any, reference: str, note: str = "") -> Entry:  # fmt: skip
    """Pay for a village project out of what was set aside for it. Permission FUND_PAY in its village; `reference` is the voucher."""
    project = _locked_project(project)
    require_in(by, Permission.FUND_PAY, project.village)
    (book,) = _books([fund])
    require(by, Permission.FUND_PAY, book.fund)
    book.refuse_closed()
    if project.stage not in IS_PAID:
        raise LedgerError(
            _("“%(title)s”现在是“%(stage)s”，不能支付。立项以后才能支付。")
            % {"title": project.title, "stage": project.get_stage_display()}
        )
    if not normalise_text(reference).strip():
        raise ValidationError({"reference": [_("请填写凭证号，以后好对账。")]})
    _payable(book.fund, on)
    return _move(
        book, Entry.Kind.PAY, (Kind.RESERVED, Kind.PAID), _sum(amount), on=on, by=by, reference=reference, note=note, project=project,
    )  # fmt: skip


@transaction.atomic
def unpay_project(*, entry: Entry, on: dt.date, by: Any, note: str) -> Entry:
    """Take back a payout for a village project: once (the database holds it), in full, with a reason; the money is set aside again."""
    paid = Entry._base_manager.select_related("fund").get(pk=entry.pk)
    line = paid.lines.filter(account__kind=Kind.PAID, account__project__isnull=False).select_related("account__project").first()  # fmt: skip
    if paid.kind != Entry.Kind.PAY or line is None or line.account.project is None:
        raise LedgerError(_("只有村级项目的支付能在这里冲回；发给农户的，请到那次落实中冲回。"))
    project = _locked_project(line.account.project)
    require_in(by, Permission.FUND_PAY, project.village)
    (book,) = _books([paid.fund])
    require(by, Permission.FUND_PAY, book.fund)
    book.refuse_closed()
    if Entry._base_manager.filter(reverses=paid).exists():
        raise LedgerError(_("这笔支付已经冲回过了。"))
    if not normalise_text(note).strip():
        raise ValidationError({"note": [_("请写明冲回的原因。")]})
    if on < paid.on:
        raise LedgerError(_("冲回的日期早于支付的日期（%(day)s），请核对。") % {"day": paid.on})
    return _move(
        book, Entry.Kind.REVERSE, (Kind.PAID, Kind.RESERVED), line.amount, on=on, by=by, reference=paid.reference, note=note, project=project, reverses=paid,
    )  # fmt: skip


# -- payouts to households -------------------------------------------------------------------------------------------------------


@dataclass
class Payout:
    """Payouts about to be written: an entry a fund (saved), and all their lines, which go into the database in one statement."""

    entries: list[Entry] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def of(self, entry: Entry) -> list[Line]:
        return [line for line in self.lines if line.entry_id == entry.pk]

    def write(self) -> None:
        _write(self.lines)

    def record(self, *, by: Any, action: str = "fund.paid", of_households: bool = False) -> None:
        """One event a fund, with its lines; those of households are left out where the events of these have them (`of_households`)."""
        for entry in self.entries:
            lines = self.of(entry)
            total = sum((line.amount for line in lines if line.amount > 0), Decimal(0))
            rows = [line for line in lines if not (of_households and line.delivery_id)]
            _record(action, entry.fund, by, target=entry, note=format_money(total), rows=[entry, *rows])


@transaction.atomic
def pay(paid: Paid, *, on: dt.date, by: Any, note: str = "", batch: PayBatch | None = None) -> list[Entry]:
    """Pay for deliveries that are saved, each from one or several funds (元, two decimals); an entry a fund.

    Permission FUND_PAY on every fund; a department pays for its own kinds. What the funds pay for a delivery must be its amount: the database compares. Raises LedgerError in
    one sentence, and nothing is paid.
    """
    payout = prepare(paid, on=on, by=by, note=note, reference=_("发放批次 %(pk)s") % {"pk": batch.pk} if batch else "")
    payout.write()
    payout.record(by=by)
    return payout.entries


def prepare(paid: Paid, *, on: dt.date, by: Any, note: str = "", reference: str = "") -> Payout:
    """The payouts of `pay` with all that it checks, not yet written: the deliveries need only their keys until then."""
    amounts: dict[int, Decimal] = defaultdict(Decimal)
    villages: dict[int, set[int]] = defaultdict(set)
    for delivery, parts in paid:
        for fund, amount in parts:
            amounts[fund.pk] += _sum(amount)
            villages[fund.pk].add(delivery.village_id)
    payout = Payout()
    if not amounts:
        return payout
    books = {book.fund.pk: book for book in _books(fund for _delivery, parts in paid for fund, _amount in parts)}
    for pk, book in books.items():
        _require_payer(by, book.fund, [delivery for delivery, _parts in paid])
        book.refuse_closed()
        _payable(book.fund, on)
        _reaches(book.fund, villages[pk])
        _enough(book, amounts[pk])
    entries = {
        pk: Entry(fund=book.fund, kind=Entry.Kind.PAY, on=on, reference=reference, note=note[:200], by=by.username)
        for pk, book in books.items()
    }
    payout.entries = Entry.objects.bulk_create(entries.values())
    moves: list[tuple[int, Account, Decimal, int | None]] = [
        (pk, book.account(Kind.ALLOTTED), -amounts[pk], None) for pk, book in books.items()
    ]
    moves += [
        (fund.pk, books[fund.pk].account(Kind.PAID), _sum(amount), delivery.pk)
        for delivery, parts in paid
        for fund, amount in parts
    ]
    payout.lines = [
        fresh(
            Line,
            {
                "id": key,
                "entry_id": entries[pk].pk,
                "account_id": account.pk,
                "amount": amount,
                "delivery_id": delivery,
            },
        )
        for key, (pk, account, amount, delivery) in zip(reserve_keys(Line, len(moves)), moves, strict=True)
    ]
    return payout


def _require_payer(by: Any, fund: Fund, deliveries: Iterable[Delivery]) -> None:
    """FUND_PAY on the fund; or a department's hold on it, when all that is paid for is of its own kinds. It has the fund for nothing else."""
    if allowed(by, Permission.FUND_PAY, fund):
        return
    if not (allowed(by, MINE, fund) and all(is_own(by, delivery) for delivery in deliveries)):
        raise PermissionDenied(Permission.FUND_PAY)


@transaction.atomic
def unpay(delivery: Delivery, reversal: Delivery, *, by: Any, on: dt.date) -> list[Entry]:
    """What was paid for a delivery goes back into its funds; `reversal` is saved, with the amount that comes back. Permission FUND_PAY, or
    a department's.

    The delivery may name its reversal before or after. A closed fund has to be opened again first.
    """
    taken_back = Delivery._base_manager.select_for_update(of=("self",)).values_list("reversed_by", flat=True)
    if taken_back.get(pk=delivery.pk) not in (None, reversal.pk):
        raise LedgerError(_("这次落实已经冲回过了。"))
    came = list(Line._base_manager.filter(delivery=delivery).select_related("account__fund").order_by("pk"))
    payout = Payout()
    if not came:
        return payout.entries
    books = {book.fund.pk: book for book in _books(line.account.fund for line in came)}
    for book in books.values():
        _require_payer(by, book.fund, [delivery])
        book.refuse_closed()
        _not_future(on)
    entries = {
        pk: Entry(fund=book.fund, kind=Entry.Kind.REVERSE, on=on, note=reversal.note[:200], by=by.username)
        for pk, book in books.items()
    }
    payout.entries = Entry.objects.bulk_create(entries.values())
    back: dict[int, Decimal] = defaultdict(Decimal)
    for line in came:
        pk = line.account.fund_id
        back[pk] += line.amount
        payout.lines.append(Line(entry=entries[pk], account=line.account, amount=-line.amount, delivery=reversal))
    for pk, amount in back.items():
        payout.lines.append(Line(entry=entries[pk], account=books[pk].account(Kind.ALLOTTED), amount=amount))
    payout.write()
    payout.record(by=by, action="fund.payout_reversed")
    return payout.entries


def short_of(fund: Fund, amount: Decimal) -> Decimal:
    """How much a fund lacks of an amount about to be paid, as it stands now; 0 where it is enough."""
    allotted = Account._base_manager.filter(fund=fund, kind=Kind.ALLOTTED).values_list("balance", flat=True).first()
    return max(amount - (allotted or Decimal(0)), Decimal(0))


# -- the books ------------------------------------------------------------------------------------------------------------------


class Book:
    """A locked fund and its accounts."""

    def __init__(self, fund: Fund, accounts: Iterable[Account]) -> None:
        self.fund = fund
        self.accounts = {(account.kind, account.project_id): account for account in accounts}
        self.new: list[Account] = []

    def account(self, kind: str, project: VillageProject | None = None) -> Account:
        key = (str(kind), project.pk if project else None)
        if key not in self.accounts:
            account = Account.objects.create(fund=self.fund, kind=kind, project=project)
            self.new.append(account)
            self.accounts[key] = account
        return self.accounts[key]

    def balance(self, kind: str, project: VillageProject | None = None) -> Decimal:
        account = self.accounts.get((str(kind), project.pk if project else None))
        return account.balance if account else Decimal(0)

    def balances(self, kind: str) -> list[Decimal]:
        return [account.balance for (own, _project), account in self.accounts.items() if own == kind]

    def refuse_closed(self) -> None:
        if self.fund.closed_at is not None:
            raise LedgerError(_("“%(title)s”已经关闭，不能再有变动。") % {"title": self.fund.title})


def _books(funds: Iterable[Fund]) -> list[Book]:
    """The funds, locked in order of their keys, with their accounts as they are now: two queries."""
    keys = sorted({fund.pk for fund in funds})
    rows = list(Fund._base_manager.select_for_update(of=("self",)).select_related("region").filter(pk__in=keys).order_by("pk"))  # fmt: skip
    accounts: dict[int, list[Account]] = defaultdict(list)
    for account in Account._base_manager.filter(fund__in=keys).order_by("pk"):
        accounts[account.fund_id].append(account)
    return [Book(row, accounts[row.pk]) for row in rows]


def _edited(fund: Fund, by: Any) -> Book:
    """The book of a fund that is open and that `by` may edit."""
    (book,) = _books([fund])
    require_in(by, Permission.FUND_EDIT, book.fund.region)
    book.refuse_closed()
    return book


def _move(book: Book, kind: str, way: tuple[str, str], amount: Decimal, *, on: dt.date, by: Any, reference: str = "", note: str = "",
          project: VillageProject | None = None, reverses: Entry | None = None) -> Entry:  # fmt: skip
    """One entry of two lines, from one account to another; `project` belongs to `reserved` and, with it, to `paid`."""
    _not_future(on)
    if on.year < book.fund.year - 1:
        raise LedgerError(_("日期早于这项资金的年度（%(year)s 年），请核对。") % {"year": book.fund.year})
    source, target = (book.account(each, project if each in (Kind.RESERVED, Kind.PAID) else None) for each in way)
    if source.kind != Kind.SOURCE and source.balance < amount:
        words = {
            "title": book.fund.title, "account": source.get_kind_display(), "left": format_money(source.balance),
            "missing": format_money(amount - source.balance),
        }  # fmt: skip
        raise LedgerError(_("“%(title)s”的“%(account)s”只有 %(left)s 元，差 %(missing)s 元。请核对金额。") % words)
    entry = Entry(
        fund=book.fund, kind=kind, on=on, by=by.username, reverses=reverses, reference=_short(reference, "reference", 80), note=_short(note, "note", 200),
    )  # fmt: skip
    save(entry)
    lines = [Line(entry=entry, account=source, amount=-amount), Line(entry=entry, account=target, amount=amount)]
    _write(lines)
    about = f"{entry.get_kind_display()} {format_money(amount)}" + (f" {project.title}" if project else "")
    _record(f"fund.{_PAST[entry.kind]}", book.fund, by, target=entry, note=about, rows=[*book.new, entry, *lines])
    return entry


_PAST = {
    "plan": "planned", "cut": "cut", "allot": "allotted", "recall": "recalled", "reserve": "reserved", "release": "released",
    "pay": "paid_project", "reverse": "project_reversed",
}  # fmt: skip


def _write(lines: list[Line]) -> None:
    """All lines in one statement: the database adds each entry up when the statement is done."""
    with refusals():
        if len(lines) >= COPIED and all(line.pk for line in lines):
            copy_rows(Line, lines)
        else:
            Line.objects.bulk_create(lines)


def _record(action: str, fund: Fund, by: Any, *, target: models.Model | None = None, changes: audit.Changes | None = None, note: str = "",
            rows: Sequence[models.Model] = ()) -> None:  # fmt: skip
    audit.record(
        action, by=by, target=target or fund, region_path=fund.region.path, changes=changes, note=f"{fund.title} {note}".strip(), rows=rows,
    )  # fmt: skip


def check() -> Iterator[tuple[Account, str]]:
    """For `audit.CHECKS`: every account whose balance is not the sum of its lines."""
    accounts = Account._base_manager.annotate(moved=Sum("lines__amount", default=Decimal(0)))
    for account in accounts.exclude(balance=models.F("moved")).order_by("pk"):
        yield account, BALANCE_WRONG


# -- what is refused --------------------------------------------------------------------------------------------------------------


def _sum(amount: Any, name: str = "amount") -> Decimal:
    """An amount of money. Raises ValidationError for what is none: not above 0, more than two decimals, too large."""
    try:
        found = Decimal(amount)
        if found.is_nan():
            raise ValueError
        exact = found == found.quantize(Decimal("0.01")) or found > MOST
    except (InvalidOperation, TypeError, ValueError):  # infinite, or no number at all
        raise ValidationError({name: [_("请写成数字，例如 12,000。")]})
    if not exact:
        raise ValidationError({name: [_("金额最多两位小数，请核对。")]})
    if found <= 0:
        raise ValidationError({name: [_("金额要大于 0，请核对。")]})
    if found > MOST:
        raise ValidationError({name: [_("金额太大，请核对有没有多写了零。")]})
    return found


def _short(text: str, name: str, most: int) -> str:
    text = " ".join(normalise_text(text).split())
    if len(text) > most:
        raise ValidationError({name: [_("最多 %(most)s 个字，请写短一些。") % {"most": most}]})
    return text


def _title(text: str) -> str:
    text = _short(text, "title", 80)
    if not text:
        raise ValidationError({"title": [_("请填写资金名称，与下达文件一致。")]})
    return text


def _document(text: str) -> str:
    return _short(text, "document", 80)


def _not_future(on: dt.date) -> None:
    if on > timezone.localdate():
        raise LedgerError(_("日期在今天之后（%(day)s），请核对。") % {"day": on})


def _payable(fund: Fund, on: dt.date) -> None:
    """Money is paid from the year on that it was meant for; what is carried over is paid later."""
    _not_future(on)
    if on.year < fund.year:
        words = {"title": fund.title, "year": fund.year, "day": on}
        raise LedgerError(_("“%(title)s”是 %(year)s 年的资金，不能在 %(day)s 支付。请核对日期或改用别的资金。") % words)


def _reaches(fund: Fund, villages: set[int]) -> None:
    outside = Region.objects.filter(pk__in=villages).exclude(path__startswith=fund.region.path).order_by("code").first()
    if outside is not None:
        words = {"title": fund.title, "village": outside.full_name or outside.name}
        raise LedgerError(_("“%(title)s”管不到%(village)s，不能发给那里的农户。请改用当地的资金。") % words)


def _of_county(fund: Fund, project: VillageProject) -> None:
    _reaches(fund, {project.village_id})


def _enough(book: Book, amount: Decimal) -> None:
    left = book.balance(Kind.ALLOTTED)
    if left < amount:
        words = {
            "title": book.fund.title, "left": format_money(left), "amount": format_money(amount), "missing": format_money(amount - left),
        }  # fmt: skip
        raise LedgerError(
            _(
                "“%(title)s”可用 %(left)s 元，这次要发 %(amount)s 元，还差 %(missing)s 元。请先下达资金，或者改用别的资金。"
            )
            % words
        )


def _locked_project(project: VillageProject) -> VillageProject:
    return VillageProject._base_manager.select_for_update(of=("self",)).select_related("village").get(pk=project.pk)


__all__ = [
    "Payout", "allot", "change_fund", "check", "close_fund", "cut", "open_fund", "pay", "pay_project", "plan", "prepare",
    "recall", "release", "reopen_fund", "reserve", "short_of", "unpay", "unpay_project",
]  # fmt: skip
