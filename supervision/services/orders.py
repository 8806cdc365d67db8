"""Verbs on 工作部署: issued, amended, received below, acted on, withdrawn, closed."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require, require_in
from common import audit, dates, jobs
from common.models import Job
from households.models import Household
from households.services import LedgerError
from regions.models import Level, Region
from supervision import steps, telling
from supervision.models import Order, OrderAction, OrderReceipt, OrderRevision, OrderVillage
from supervision.services.base import record, save, text_of

RECOUNT = "order.recount"
State, Kind = Order.State, Order.Kind
FACTS = ("title", "text", "due_on", "kind", "audience", "survey_round", "visit_rule", "measure_kind")
TITLE_LENGTH, TEXT_LENGTH, NOTE_LENGTH = 100, 2000, 200
LONGEST, PAST = 730, 366  # days an order may run; how long ago one may have been issued on paper
MOST = 1000  # households of one act


# -- what every verb asks -----------------------------------------------------------------------------------------------------------------


def _locked(order: Order, by: Any, permission: Permission, version: int | None = None) -> Order:
    """The row, locked, of an order that runs, for somebody who holds the permission on it."""
    rows = Order.objects.select_for_update(of=("self",)).select_related("region", "survey_round", "visit_rule")
    row: Order = rows.get(pk=order.pk)
    require(by, permission, row)
    if version is not None and version != row.version:
        raise LedgerError(_("这件工作部署在您填写期间被修改过，没有保存。请看过最新内容再办。"))
    if not row.is_open:
        raise LedgerError(_("这件工作部署%(state)s，不能再办。") % {"state": row.get_state_display()})
    return row


def _words(title: str, text: str, issued_on: dt.date, due_on: dt.date) -> tuple[str, str]:
    """Title and text as kept. Raises ValidationError."""
    title = " ".join(text_of(title, "title", TITLE_LENGTH, needed=_("请写标题，如：雨季住房安全排查。")).split())
    text = text_of(text, "text", TEXT_LENGTH, needed=_("请写明要做什么、怎样算做到。"))
    if due_on < issued_on:
        raise ValidationError({"due_on": [_("完成期限在下达日期之前，请核对。")]})
    if (due_on - issued_on).days > LONGEST:
        raise ValidationError({"due_on": [_("完成期限最长两年，请核对。")]})
    return title, text


def _link(facts: Mapping[str, Any], region: Region) -> dict[str, Any]:
    """Kind, link and audience, consistent with one another. Raises ValidationError."""
    kind, audience = facts.get("kind", Kind.MANUAL), facts.get("audience", Order.Audience.REGISTERED)
    found: dict[str, Any] = {"kind": kind, "audience": audience, "survey_round": None, "visit_rule": None, "measure_kind": None}  # fmt: skip
    needed = {
        Kind.SURVEY: ("survey_round", _("请选择这件部署对应的调查任务。")),
        Kind.VISIT: ("visit_rule", _("请选择这件部署对应的走访要求。")),
        Kind.MEASURE: ("measure_kind", _("请选择这件部署对应的帮扶措施。")),
    }
    if kind not in Kind.values:
        raise ValidationError({"kind": [_("请选择怎样算落实。")]})
    if audience not in Order.Audience.values:
        raise ValidationError({"audience": [_("请选择对象。")]})
    if kind == Kind.MANUAL:
        return found
    name, sentence = needed[kind]
    link = facts.get(name)
    if link is None:
        raise ValidationError({name: [sentence]})
    if kind != Kind.MEASURE:
        if not (region.path.startswith(link.region.path) or link.region.path.startswith(region.path)):
            raise ValidationError({name: [_("选的任务不在下达单位的范围内，请重新选择。")]})
        found["audience"] = link.audience
    found[name] = link
    return found


# -- from above ---------------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def issue(*, region: Region, villages: Iterable[Region], facts: Mapping[str, Any], by: Any, issued_on: dt.date | None = None) -> Order:  # fmt: skip
    """下达: give an order to villages below a county or township. `facts` are of `FACTS`; `issued_on` is today where not said."""
    require_in(by, Permission.ORDER_ISSUE, region)
    if region.level not in (Level.COUNTY, Level.TOWNSHIP) or not region.is_current:
        raise ValidationError({"region": [_("工作部署由县或乡镇下达，请重新选择。")]})
    if unknown := facts.keys() - set(FACTS):
        raise TypeError(f"not of an order: {', '.join(sorted(unknown))}")
    today = timezone.localdate()
    issued_on = issued_on or today
    if issued_on > today:
        raise ValidationError({"issued_on": [_("下达日期在今天之后，请核对。")]})
    if (today - issued_on).days > PAST:
        raise ValidationError({"issued_on": [_("下达日期最早在一年以内，请核对。")]})
    title, text = _words(facts.get("title", ""), facts.get("text", ""), issued_on, facts["due_on"])
    chosen = _villages(region, villages)
    now = timezone.now()
    row = Order(
        region=region, title=title, text=text, issued_on=issued_on, due_on=facts["due_on"], issued_by=by.username, issued_at=now,
        **_link(facts, region),
    )  # fmt: skip
    save(row)
    given = OrderVillage.objects.bulk_create(OrderVillage(order=row, village=village) for village in chosen)
    revision = _revise(row, by, now)
    record("order.issued", row, by, region, before={}, note=title, rows=[*given, revision])
    telling.order_changed(row, receivers_of(row).values(), telling.ISSUED, by)
    steps.recount(row, [village.pk for village in chosen])
    return row


def _villages(region: Region, villages: Iterable[Region]) -> list[Region]:
    """The villages, each once, in order of code. Raises ValidationError where one is not below the region, or there is none."""
    found = sorted({village.pk: village for village in villages}.values(), key=lambda v: (v.code, v.pk))
    if not found:
        raise ValidationError({"villages": [_("请至少选择一个村。")]})
    if any(v.level != Level.VILLAGE or not v.is_current or not v.path.startswith(region.path) for v in found):
        raise ValidationError({"villages": [_("选的村不在下达单位的范围内，请重新选择。")]})
    return found


def _revise(row: Order, by: Any, now: dt.datetime) -> OrderRevision:
    revision = OrderRevision(
        order=row, version=row.version, title=row.title, text=row.text, due_on=row.due_on, by=by.username, at=now
    )
    save(revision)
    return revision


@transaction.atomic
def amend(*, order: Order, title: str, text: str, due_on: dt.date, by: Any, version: int | None = None) -> Order:
    """Say it anew: another version, which everybody receives again. Kind, audience and villages stay."""
    row = _locked(order, by, Permission.ORDER_ISSUE, version)
    title, text = _words(title, text, row.issued_on, due_on)
    before = audit.snapshot(row)
    row.title, row.text, row.due_on = title, text, due_on
    if not audit.changes_since(before, row):
        return row
    row.version += 1
    save(row)
    record("order.amended", row, by, row.region, before=before, note=title, rows=[_revise(row, by, timezone.now())])
    telling.order_changed(row, receivers_of(row).values(), telling.AMENDED, by)
    return row


@transaction.atomic
def withdraw(*, order: Order, reason: str, by: Any) -> Order:
    """撤回, with the reason: it is asked of nobody any more."""
    row = _locked(order, by, Permission.ORDER_ISSUE)
    reason = text_of(reason, "reason", NOTE_LENGTH, needed=_("请写明为什么撤回。"))
    telling.order_changed(row, receivers_of(row).values(), telling.WITHDRAWN, by)
    return _end(row, State.WITHDRAWN, "order.withdrawn", reason, by)


@transaction.atomic
def close(*, order: Order, by: Any, note: str = "") -> Order:
    """办结: nothing that happens later counts."""
    row = _locked(order, by, Permission.ORDER_ISSUE)
    return _end(row, State.CLOSED, "order.closed", text_of(note, "note", NOTE_LENGTH), by)


def _end(row: Order, state: str, action: str, note: str, by: Any) -> Order:
    before = audit.snapshot(row)
    row.state, row.ended_by, row.ended_at, row.end_note = state, by.username, timezone.now(), note
    save(row)
    record(action, row, by, row.region, before=before, note=note)
    steps.recount(row, steps.villages_of(row))
    return row


@transaction.atomic
def ask_recount(*, order: Order, by: Any) -> Job:
    """Count how far an order is, as a job: who may see it may ask."""
    require(by, Permission.ORDER_VIEW, order)
    return jobs.submit(
        RECOUNT, by=by, title=_("统计 %(order)s") % {"order": order.title}, params={"order": order.pk}, key=f"order/{order.pk}",
        region_path=order.region.path,
    )  # fmt: skip


# -- from below ---------------------------------------------------------------------------------------------------------------------------


def receivers_of(order: Order) -> dict[int, Region]:
    """Who is to receive an order: its villages, and the townships between them and whoever issued it."""
    rows = OrderVillage._base_manager.filter(order=order).select_related("village__parent")
    found: dict[int, Region] = {}
    for row in rows:
        found[row.village_id] = row.village
        township = row.village.parent
        if township is not None and township.pk != order.region_id:
            found[township.pk] = township
    return found


def stands_for(user: Any, region: Region) -> bool:
    """Whether the user's own post is in the region itself: what reaches it reaches them."""
    return any(own.pk == region.pk for own in posted_regions(user, Permission.ORDER_ACT))


@transaction.atomic
def receive(*, order: Order, region: Region, by: Any, note: str = "", version: int | None = None) -> OrderReceipt:
    """签收 by a township or village. A township may do so for a village that it told, and says how; the county never does for others."""
    row = _locked(order, by, Permission.ORDER_VIEW, version)
    if region.pk not in receivers_of(row):
        raise LedgerError(_("这件工作部署没有下达给%(name)s，不用签收。") % {"name": region.name})
    require_in(by, Permission.ORDER_ACT, region)
    note = text_of(note, "note", NOTE_LENGTH)
    if not stands_for(by, region):
        parent = region.parent
        if region.level != Level.VILLAGE or parent is None or not stands_for(by, parent):
            raise LedgerError(_("签收由%(name)s的同志自己办，不能由上级代签。") % {"name": region.name})
        if not note:
            raise ValidationError({"note": [_("代村里签收，请写明通知了谁、怎样通知的。")]})
    if OrderReceipt.objects.filter(order=row, region=region, version=row.version).exists():
        raise LedgerError(_("这件工作部署已经签收过了。"))
    receipt = OrderReceipt(order=row, region=region, version=row.version, by=by.username, at=timezone.now(), note=note)
    save(receipt)
    record("order.received", receipt, by, region, note=f"{row.title} · {region.name}")
    return receipt


@transaction.atomic
def record_action(*, order: Order, village: Region, text: str, by: Any, on: dt.date | None = None, households: Iterable[Household] | None = None) -> int:  # fmt: skip
    """登记办理: what was done for households of a village, None for every one that nothing was registered for yet. The number of households.

    Only for orders that are followed by hand: the others count what is recorded anyway.
    """
    row = _locked(order, by, Permission.ORDER_VIEW)
    if row.kind != Kind.MANUAL:
        raise LedgerError(_("这件部署按%(kind)s记录自动统计，不用另外登记。") % {"kind": row.get_kind_display()})
    if not OrderVillage.objects.filter(order=row, village=village).exists():
        raise LedgerError(_("这件工作部署没有下达给%(name)s，不能登记。") % {"name": village.name})
    require_in(by, Permission.ORDER_ACT, village)
    on = on or timezone.localdate()
    if on > timezone.localdate():
        raise ValidationError({"on": [_("日期在今天之后，请核对。")]})
    if on < row.issued_on:
        raise ValidationError(
            {"on": [_("办理日期在下达（%(day)s）之前，请核对。") % {"day": dates.written(row.issued_on)}]}
        )
    text = text_of(text, "text", NOTE_LENGTH, needed=_("请写明办了什么，如：入户排查了住房。"))
    found = _asked_for(row, village, households)
    if not found:
        raise ValidationError({"households": [_("没有要登记的农户：都登记过了，或者没有选。")]})
    act, now = uuid.uuid4(), timezone.now()
    actions = [
        OrderAction(order=row, household=h, village_id=h.village_id, act=act, on=on, text=text, by=by.username, at=now)
        for h in found
    ]
    OrderAction.objects.bulk_create(actions, batch_size=500)
    audit.record(
        "order.acted", by=by, target=row, region_path=village.path, note=f"{text}（{len(actions)}）", rows=list(actions)
    )
    steps.recount(row, [village.pk])
    return len(actions)


def _asked_for(row: Order, village: Region, households: Iterable[Household] | None) -> list[Household]:
    """The households of an act, in order of their keys. Raises where one is not meant by the order or not of the village."""
    here = steps.in_order(row, Household.objects.all(), [village.pk])
    if households is None:
        return list(steps.listed(row, here, "idle").order_by("pk")[:MOST])
    keys = {h.pk for h in households}
    found = list(here.filter(pk__in=keys).order_by("pk"))
    if len(found) < len(keys):
        raise ValidationError({"households": [_("有农户不在这件部署的对象里，没有保存。请重新选择。")]})
    return found


@transaction.atomic
def void_act(*, order: Order, act: uuid.UUID, reason: str, by: Any) -> int:
    """Take back what was registered by mistake, with the reason: by whoever wrote it down, or the office that issued the order."""
    row = _locked(order, by, Permission.ORDER_VIEW)
    actions = list(
        OrderAction.objects.select_for_update(of=("self",))
        .select_related("village")
        .filter(order=row, act=act, voided_at=None)
        .order_by("pk")
    )
    if not actions:
        raise LedgerError(_("这次办理已经作废，或者不存在。请刷新页面。"))
    village = actions[0].village
    require_in(by, Permission.ORDER_ACT, village)
    if actions[0].by != by.username and not may_in(by, Permission.ORDER_ISSUE, village):
        raise LedgerError(_("这次办理是别人登记的，请由登记人或者乡镇、县里作废。"))
    reason = text_of(reason, "reason", NOTE_LENGTH, needed=_("请写明为什么作废。"))
    now = timezone.now()
    for action in actions:
        action.voided_at, action.voided_by, action.void_reason = now, by.username, reason
    OrderAction.objects.bulk_update(actions, ["voided_at", "voided_by", "void_reason"], batch_size=500)
    audit.record("order.act_voided", by=by, target=row, region_path=village.path, note=reason, rows=list(actions))
    steps.recount(row, sorted({action.village_id for action in actions}))
    return len(actions)
