"""Verbs of 闲置房: the register with its inspections, and a household's way into a house and out of it.

The household is locked before the house, the house before its tenancy. A house found unsafe is offered to nobody; who lives in one stays
on the list until they have moved out.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import require, require_in
from assistance.housing import LIVE, UNSAFE_GRADES, is_unsafe
from assistance.models import AssistanceEvidence, IdleHouse, Inspection, Tenancy
from assistance.services.base import save
from common import audit, dates
from common.dates import later
from common.text import normalise_text
from households import codelists
from households.models import Household
from households.services import LedgerError
from households.services.base import refuse_future, seal_phone
from households.services.evidence import put_evidence, with_pictures
from regions.models import Level, Region

State, Step = IdleHouse.State, Tenancy.State
FACTS = (
    "hamlet", "address", "ownership", "owner_name", "owner_phone", "area", "rooms", "is_step_free", "has_water", "has_power", "rent", "note",
)  # fmt: skip
AGAIN = 12  # months to the next inspection, unless somebody says otherwise
LONGEST = 36  # months that may lie between two inspections
MOST_PHOTOS = 20
REASON_LENGTH = Tenancy._meta.get_field("reason").max_length or 0


# -- what every verb asks -----------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return " ".join(normalise_text(str(value or "")).split())


def _reason(text: str, field: str = "reason") -> str:
    text = _text(text)
    if len(text) < 4:
        raise ValidationError({field: [_("请写明理由，至少四个字。")]})
    if len(text) > REASON_LENGTH:
        raise ValidationError({field: [_("理由最多 %(most)s 个字。") % {"most": REASON_LENGTH}]})
    return text


def _locked(house: IdleHouse, by: Any, version: int | None = None) -> IdleHouse:
    row: IdleHouse = IdleHouse.objects.select_for_update(of=("self",)).select_related("village").get(pk=house.pk)
    require(by, Permission.HOUSE_EDIT, row)
    if version is not None and version != row.version:
        raise LedgerError(_("这处房屋在您填写期间被别人修改过，您的改动没有保存。请看过最新内容后再改。"))
    return row


def _put(row: IdleHouse, facts: Mapping[str, Any]) -> None:
    """Assign what the form says. Raises `ValidationError` for what cannot be a house."""
    for name, value in facts.items():
        match name:
            case "owner_phone":
                try:
                    row.owner_phone, row.owner_phone_hash, row.owner_phone_masked = seal_phone(value)
                except ValidationError as error:
                    raise ValidationError({"owner_phone": error.messages}) from error
            case "hamlet" | "address" | "owner_name" | "note":
                setattr(row, name, _text(value))
            case _ if name in FACTS:
                setattr(row, name, value)
            case _:
                raise FieldDoesNotExist(name)
    wrong: dict[str, list[str]] = {}
    if not row.address:
        wrong["address"] = [_("请写明房屋位置，如：3组村小学旁。")]
    if not row.owner_name:
        wrong["owner_name"] = [_("请写明房主姓名；村集体或国有的房屋写单位名称。")]
    if row.ownership not in IdleHouse.Ownership:
        wrong["ownership"] = [_("请选择产权。")]
    if not row.area or row.area <= 0:
        wrong["area"] = [_("面积要大于 0，请核对。")]
    if not row.rooms or row.rooms <= 0:
        wrong["rooms"] = [_("间数要大于 0，请核对。")]
    if row.rent is None or row.rent < 0:
        wrong["rent"] = [_("月租金不能小于 0，不收租金就填 0。")]
    if wrong:
        raise ValidationError(wrong)


def _record(action: str, row: IdleHouse, by: Any, before: dict[str, Any], *rows: Any, note: str = "") -> None:
    changes = audit.changes_since(before, row)
    audit.record(
        action, by=by, target=row, region_path=row.village.path, changes=changes, note=note or row.address, rows=[row, *rows]
    )  # fmt: skip


# -- the register -------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def register_house(*, village: Region, facts: Mapping[str, Any], by: Any) -> IdleHouse:
    """A house that stands empty. It is offered to nobody before an inspection has graded it A or B."""
    if village.level != Level.VILLAGE or not village.is_current:
        raise ValidationError({"village": [_("房屋要登记在一个现有的村，请重新选择。")]})
    require_in(by, Permission.HOUSE_EDIT, village)
    row = IdleHouse(village=village, registered_by=by.username, registered_at=timezone.now(), state=State.FREE)
    _put(row, facts)
    save(row)
    _record("idlehouse.registered", row, by, {})
    return row


@transaction.atomic
def change_house(*, house: IdleHouse, facts: Mapping[str, Any], by: Any, version: int | None = None) -> IdleHouse:
    """Correct what is known of a house; its grade comes from inspections alone."""
    row = _locked(house, by, version)
    before = audit.snapshot(row)
    _put(row, facts)
    if audit.changes_since(before, row):
        row.version += 1
        save(row)
        _record("idlehouse.changed", row, by, before)
    return row


@with_pictures()
def inspect_house(*, house: IdleHouse, on: dt.date, grade: str, by: Any, note: str = "", next_on: dt.date | None = None,
                  upload: Any = None) -> Inspection:  # fmt: skip
    """Somebody looked at it. C or D takes it off the offer (待修缮); A or B gives it back. `next_on` is a year later by default."""
    row = _locked(house, by)
    if row.state == State.WITHDRAWN:
        raise LedgerError(_("这处房屋已经不再提供，不用检查。重新提供后再登记检查。"))
    if grade not in codelists.DWELLING_GRADE:
        raise ValidationError({"grade": [_("请选择安全等级。")]})
    refuse_future(on, "on")
    last = row.inspections.order_by("-on", "-id").first()
    if last is not None and on < last.on:
        raise ValidationError(
            {"on": [_("检查日期早于上一次检查（%(day)s），请核对。") % {"day": dates.written(last.on)}]}
        )
    next_on = next_on or later(on, AGAIN)
    if not on < next_on <= later(on, LONGEST):
        raise ValidationError({"next_on": [_("下次检查应在这次检查之后的三年以内，请核对。")]})
    before = audit.snapshot(row)
    row.grade, row.next_inspection_on = grade, next_on
    lived_in = row.tenancies.filter(state=Step.MOVED_IN).exists()
    row.state = State.REPAIR if grade in UNSAFE_GRADES else State.LET if lived_in else State.FREE
    row.version += 1
    save(row)
    found = Inspection(house=row, on=on, grade=grade, by=by.username, at=timezone.now(), note=_text(note))
    rows: list[Any] = [found]
    if upload is not None:
        found.evidence = AssistanceEvidence(house=row)
        put_evidence(found.evidence, upload, by=by, taken_on=on)
        save(found.evidence)
        rows.append(found.evidence)
    save(found)
    _record("idlehouse.inspected", row, by, before, *rows, note=found.note)
    return found


@transaction.atomic
def withdraw_house(*, house: IdleHouse, reason: str, by: Any) -> IdleHouse:
    """不再提供: the owner wants it back, it was sold, it fell down. Refused while somebody has been offered it or lives in it."""
    row = _locked(house, by)
    if row.state == State.WITHDRAWN:
        raise LedgerError(_("这处房屋已经不再提供。"))
    if row.tenancies.filter(state__in=LIVE).exists():
        raise LedgerError(_("这处房屋已经安排给一户，请先结束入住安排。"))
    reason = _reason(reason)
    before = audit.snapshot(row)
    row.state = State.WITHDRAWN
    row.version += 1
    save(row)
    _record("idlehouse.withdrawn", row, by, before, note=reason)
    return row


@transaction.atomic
def restore_house(*, house: IdleHouse, by: Any) -> IdleHouse:
    """重新提供 a house that was withdrawn."""
    row = _locked(house, by)
    if row.state != State.WITHDRAWN:
        raise LedgerError(_("这处房屋没有停止提供。"))
    before = audit.snapshot(row)
    row.state = State.REPAIR if row.grade in UNSAFE_GRADES else State.FREE
    row.version += 1
    save(row)
    _record("idlehouse.restored", row, by, before)
    return row


@with_pictures()
def add_house_photo(*, house: IdleHouse, upload: Any, by: Any, stage: str = "", taken_on: dt.date | None = None) -> AssistanceEvidence:  # fmt: skip
    """A photo of the house. Raises ValidationError for what is no photo."""
    row = _locked(house, by)
    if stage and stage not in AssistanceEvidence.Stage:
        raise ValidationError({"stage": [_("请选择照片的时段。")]})
    if taken_on:
        refuse_future(taken_on, "taken_on")
    if row.evidence.filter(removed_at=None).count() >= MOST_PHOTOS:
        raise LedgerError(_("一处房屋最多 %(most)s 张照片，请先删去不用的。") % {"most": MOST_PHOTOS})
    photo = AssistanceEvidence(house=row, stage=stage)
    put_evidence(photo, upload, by=by, taken_on=taken_on)
    save(photo)
    _record("idlehouse.photo_added", row, by, audit.snapshot(row), photo)
    return photo


@transaction.atomic
def remove_house_photo(*, photo: AssistanceEvidence, by: Any) -> AssistanceEvidence:
    """Hide a photo of a house."""
    if photo.house is None:
        raise LedgerError(_("这张照片不是闲置房的照片。"))
    row = _locked(photo.house, by)
    mine: AssistanceEvidence = row.evidence.select_for_update(of=("self",)).get(pk=photo.pk)
    if mine.removed_at is not None:
        raise LedgerError(_("这张照片已经删去。"))
    mine.removed_at = timezone.now()
    save(mine)
    _record("idlehouse.photo_removed", row, by, audit.snapshot(row), mine)
    return mine


@transaction.atomic
def reveal_owner_phone(*, house: IdleHouse, reason: str, by: Any) -> str:
    """The owner's phone in full, once, with a reason that stays in the trail."""
    row = IdleHouse.objects.select_related("village").get(pk=house.pk)
    require(by, Permission.PII_REVEAL, row)
    reason = _reason(reason)
    audit.record("pii.revealed", by=by, target=row, region_path=row.village.path, note=f"phone: {reason}")
    return row.owner_phone.reveal() if row.owner_phone else ""


# -- tenancies ----------------------------------------------------------------------------------------------------------------------


def _household(household: Household, by: Any, closed: bool = False) -> Household:
    rows = Household.objects.select_for_update(of=("self",)).select_related("village")
    row: Household = rows.get(pk=household.pk)
    require(by, Permission.HOUSE_EDIT, row)
    if row.is_closed and not closed:
        raise LedgerError(_("这一户已经销户，不能安排入住。"))
    return row


def _tenancy(tenancy: Tenancy, by: Any, version: int | None, closed: bool = False) -> Tenancy:
    """The row with its house, all locked, for somebody who may arrange it where the household is."""
    household = _household(Household(pk=tenancy.household_id), by, closed)
    house = IdleHouse.objects.select_for_update(of=("self",)).select_related("village").get(pk=tenancy.house_id)
    row: Tenancy = Tenancy.objects.select_for_update(of=("self",)).get(pk=tenancy.pk)
    row.household, row.house = household, house
    if version is not None and version != row.version:
        raise LedgerError(_("这项入住安排刚才被别人改过，您的操作没有保存。请看过最新内容后再办。"))
    return row


def _told(action: str, row: Tenancy, by: Any, before: dict[str, Any], *rows: Any, note: str = "") -> None:
    audit.record(
        action, by=by, target=row, subject=row.household.subject, region_path=row.household.village.path,
        changes=audit.changes_since(before, row), note=note or row.house.address, rows=[row, *rows],
    )  # fmt: skip


def _money(rent: Decimal, subsidy: Decimal) -> None:
    if rent < 0:
        raise ValidationError({"rent": [_("月租金不能小于 0，不收租金就填 0。")]})
    if subsidy < 0:
        raise ValidationError({"subsidy": [_("补助不能小于 0，没有补助就填 0。")]})
    if subsidy > rent:
        raise ValidationError({"subsidy": [_("补助不能超过月租金，请核对。")]})


def _offerable(house: IdleHouse) -> None:
    """Raise where the house may be offered to nobody."""
    if house.state != State.FREE:
        raise LedgerError(_("这处房屋现在是“%(state)s”，不能安排入住。") % {"state": house.get_state_display()})
    if not house.grade:
        raise LedgerError(_("这处房屋还没有做过安全检查，检查为 A 级或 B 级后才能安排入住。"))
    if house.grade in UNSAFE_GRADES:
        raise LedgerError(_("这处房屋是 %(grade)s 级危房，不能安排入住。") % {"grade": house.grade})


@transaction.atomic
def offer(*, house: IdleHouse, household: Household, on: dt.date, by: Any, rent: Decimal | None = None, subsidy: Decimal = Decimal(0)) -> Tenancy:  # fmt: skip
    """推荐: a safe, free house to a household that by its newest record has none. `rent` is the house's by default, in 元 a month."""
    home = _household(household, by)
    place = _locked(house, by)
    if place.village.ancestor_ids[:-2] != home.village.ancestor_ids[:-2]:
        raise LedgerError(_("这一户在另一个县，不能安排本县的房屋。"))
    _offerable(place)
    if not is_unsafe(home):
        raise LedgerError(_("按最新的年度记录，这一户的住房是安全的。情况有变的，请先更新年度记录里的住房。"))
    refuse_future(on, "on")
    if home_taken := home_of(home):
        raise LedgerError(_("这一户已经安排了一处房屋（%(house)s），请先结束那一项。") % {"house": home_taken.house})
    if place.tenancies.filter(state__in=LIVE).exists():
        raise LedgerError(_("这处房屋已经安排给一户。"))
    rent = place.rent if rent is None else rent
    _money(rent, subsidy)
    row = Tenancy(household=home, house=place, offered_on=on, offered_by=by.username, rent=rent, subsidy=subsidy)
    save(row)
    _told("tenancy.offered", row, by, {})
    return row


def home_of(household: Household) -> Tenancy | None:
    """The live tenancy of a household, with its house."""
    found: Tenancy | None = (
        Tenancy.objects.filter(household=household, state__in=LIVE)
        .select_related("house__village")
        .order_by("pk")
        .first()
    )
    return found


def _move(row: Tenancy, to: str, *, by: Any, before: dict[str, Any], action: str, rows: tuple[Any, ...] = (), note: str = "") -> Tenancy:  # fmt: skip
    row.state = to
    row.version += 1
    save(row)
    _told(action, row, by, before, *rows, note=note)
    return row


def _from(row: Tenancy, *states: str) -> None:
    if row.state not in states:
        raise LedgerError(_("这项入住安排现在是“%(state)s”，不能这样办理。") % {"state": row.get_state_display()})


def _not_before(on: dt.date, since: dt.date | None) -> None:
    refuse_future(on, "on")
    if since is not None and on < since:
        raise ValidationError({"on": [_("日期早于上一步（%(day)s），请核对。") % {"day": dates.written(since)}]})


@transaction.atomic
def accept(*, tenancy: Tenancy, on: dt.date, by: Any, version: int | None = None) -> Tenancy:
    """农户同意."""
    row = _tenancy(tenancy, by, version)
    _from(row, Step.OFFERED)
    _not_before(on, row.offered_on)
    before = audit.snapshot(row)
    row.accepted_on = on
    return _move(row, Step.ACCEPTED, by=by, before=before, action="tenancy.accepted")


@transaction.atomic
def refuse(*, tenancy: Tenancy, on: dt.date, reason: str, by: Any, version: int | None = None) -> Tenancy:
    """农户不同意, and why: the house is free for another household again."""
    row = _tenancy(tenancy, by, version, closed=True)
    _from(row, Step.OFFERED, Step.ACCEPTED)
    _not_before(on, row.accepted_on or row.offered_on)
    before = audit.snapshot(row)
    row.ended_on, row.reason = on, _reason(reason)
    return _move(row, Step.REFUSED, by=by, before=before, action="tenancy.refused", note=row.reason)


@transaction.atomic
def move_in(*, tenancy: Tenancy, on: dt.date, by: Any, version: int | None = None) -> Tenancy:
    """入住: into a house that is still safe. The dwelling in the annual record is then to be corrected by who knows it."""
    row = _tenancy(tenancy, by, version)
    _from(row, Step.ACCEPTED)
    _offerable(row.house)
    _not_before(on, row.accepted_on)
    before = audit.snapshot(row)
    row.moved_in_on = on
    row.house.state = State.LET
    row.house.version += 1
    save(row.house)
    return _move(row, Step.MOVED_IN, by=by, before=before, action="tenancy.moved_in", rows=(row.house,))


@transaction.atomic
def end(*, tenancy: Tenancy, on: dt.date, reason: str, by: Any, version: int | None = None) -> Tenancy:
    """结束: who lived there moved out, or the office takes its offer back. Also of a household that was closed meanwhile."""
    row = _tenancy(tenancy, by, version, closed=True)
    _from(row, *LIVE)
    _not_before(on, row.moved_in_on or row.accepted_on or row.offered_on)
    before = audit.snapshot(row)
    rows: tuple[Any, ...] = ()
    row.ended_on, row.reason = on, _reason(reason)
    if row.house.state == State.LET:
        row.house.state = State.FREE
        row.house.version += 1
        save(row.house)
        rows = (row.house,)
    return _move(row, Step.ENDED, by=by, before=before, action="tenancy.ended", rows=rows, note=row.reason)
