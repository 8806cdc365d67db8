"""What becomes of orders and rounds where the tree of regions changes, and what keeps a region open."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from common import audit
from regions.models import Region
from supervision import steps
from supervision.models import AppraisalRound, Order, OrderReceipt, OrderVillage


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """What stood at a region that was merged stands at the one that took it in. Called inside the change, whose permission was asked for.

    An order that addressed both villages addresses the new one once; who had received it has received it. Acts move with their households.
    Rounds of a township go along where no other round of the new one is in their way; else they stay on record where they were made.
    """
    if old.pk == new.pk:
        return
    for row in OrderVillage.objects.select_for_update(of=("self",)).select_related("order").filter(village=old).order_by("pk"):  # fmt: skip
        _address(row, new, by)
    for receipt in OrderReceipt.objects.select_for_update(of=("self",)).filter(region=old).order_by("pk"):
        _hand_on(receipt, new, by)
    for order in Order.objects.select_for_update(of=("self",)).filter(region=old).order_by("pk"):
        order.region = new
        order.save(update_fields=["region"])
        audit.record("order.followed", by=by, target=order, region_path=new.path, note=new.name, rows=[order])
    live = Q(state=AppraisalRound.State.COMPUTING) | Q(state=AppraisalRound.State.OPEN)
    for round in AppraisalRound.objects.select_for_update(of=("self",)).filter(live, region=old).order_by("pk"):
        others = AppraisalRound.objects.filter(region=new).exclude(state=AppraisalRound.State.DISCARDED)
        if not others.filter(starts_on__lt=round.ends_on, ends_on__gt=round.starts_on).exists():
            round.region = new
            round.save(update_fields=["region"])
            audit.record("appraisalround.followed", by=by, target=round, region_path=new.path, note=new.name, rows=[round])  # fmt: skip


def _address(row: OrderVillage, new: Region, by: Any) -> None:
    key, order = audit.row_key(row), row.order
    there = OrderVillage.objects.filter(order=order, village=new).first()
    if there is not None:
        row.delete()
        audit.record("ordervillage.merged", by=by, target=key, region_path=new.path, note=new.name, gone=[key])
    else:
        row.village = new
        row.save(update_fields=["village"])
        audit.record("ordervillage.followed", by=by, target=row, region_path=new.path, note=new.name, rows=[row])
    if order.is_open:
        steps.recount(order, [new.pk])


def _hand_on(receipt: OrderReceipt, new: Region, by: Any) -> None:
    key = audit.row_key(receipt)
    if OrderReceipt.objects.filter(order=receipt.order_id, region=new, version=receipt.version).exists():
        receipt.delete()
        audit.record("orderreceipt.merged", by=by, target=key, region_path=new.path, note=new.name, gone=[key])
        return
    receipt.region = new
    receipt.save(update_fields=["region"])
    audit.record("orderreceipt.followed", by=by, target=receipt, region_path=new.path, note=new.name, rows=[receipt])


def why_occupied(region: Region) -> str:
    """Why a region cannot be closed: an order that runs asks something of it."""
    open_ones = Order.objects.filter(state=Order.State.ISSUED)
    here = open_ones.filter(Q(villages__village=region) | Q(region=region)).order_by("pk").distinct().count()
    return _("还有 %(count)s 件没有办结的工作部署。请先办结或撤回。") % {"count": here} if here else ""
