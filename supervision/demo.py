"""Appraisal and orders of the demonstration: an order that goes cold in one township, one that reached everybody, a round that is over with
a comment in it, and one in which a cadre's word is waited for."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.demo import tell_once
from accounts.models import User
from households.models import Household
from regions.models import Level, Region
from supervision import activity, steps
from supervision.models import Appraisal, Order, OrderReceipt
from supervision.services import appraisals, orders, schemes
from supervision.services.base import record, save

DONE = "demo/supervision"  # target of the event that says it is there
PEOPLE = ("clerk", "team", "township", "county", "county2", "helper")
WEIGHTS = {"visits": 30, "calls": 10, "tasks": 20, "measures": 20, "requests": 10, "surveys": 10}
COLD = 3  # townships from the last of which nothing came back


def fill() -> bool:
    """Tell it, once; whether it was told now. Nothing where there is no demonstration county."""
    return tell_once(DONE, "demo.supervised", PEOPLE, lambda people: _Story(people).tell())


class _Story:
    def __init__(self, people: dict[str, User]) -> None:
        self.people = people
        self.today = timezone.localdate()
        self.village = people["clerk"].postings_now[0].region
        self.township = people["township"].postings_now[0].region
        self.county = people["county"].postings_now[0].region

    def tell(self) -> None:
        self._orders()
        self._appraisals()
        activity.recount_lately()

    # -- orders -----------------------------------------------------------------------------------------------------------------------

    def _orders(self) -> None:
        county, clerk = self.people["county"], self.people["clerk"]
        townships = list(Region.objects.current().filter(parent=self.county).order_by("code"))
        near = [self.township, *[t for t in townships if t.pk != self.township.pk][: COLD - 1]]
        villages = list(
            Region.objects.current()
            .filter(parent__in=near, level=Level.VILLAGE)
            .order_by("code")
            .select_related("parent")
        )
        order = orders.issue(
            region=self.county, villages=villages, by=county, issued_on=self._ago(24),
            facts={
                "title": "雨季农村住房安全排查", "text": "逐户看房：墙体、屋面、地基、排水。有隐患的当天登记，先搬人再修房。排查结果要让农户本人知道。",
                "due_on": self.today + dt.timedelta(days=6), "audience": "monitored",
            },
        )  # fmt: skip
        self._received(order, [*near[:-1], *[v for v in villages if v.parent_id != near[-1].pk][1:]])
        orders.receive(order=order, region=self.village, by=clerk)
        here = list(steps.in_order(order, Household.objects.all(), [self.village.pk]).order_by("pk")[:6])
        if here:
            orders.record_action(order=order, village=self.village, households=here, text="入户看过住房，讲了避险路线", on=self._ago(15), by=clerk)  # fmt: skip
        late = orders.issue(
            region=self.township, villages=[v for v in villages if v.parent_id == self.township.pk], by=self.people["township"],
            issued_on=self._ago(40),
            facts={
                "title": "医保参保扫尾", "text": "还没有参保的逐人联系，说明补贴政策，月底前全部参保。", "due_on": self._ago(5), "audience": "monitored",
            },
        )  # fmt: skip
        orders.receive(order=late, region=self.village, by=clerk, note="已在村里会上传达")
        fresh = orders.issue(
            region=self.county, villages=villages, by=county,
            facts={"title": "冬季取暖走访", "text": "走访独居老人和重病户，看取暖和防煤气措施。", "due_on": self.today + dt.timedelta(days=20), "audience": "monitored"},
        )  # fmt: skip
        assert fresh.is_open
        steps.recount_open()

    def _received(self, order: Order, regions: list[Region]) -> None:
        """Receipts of townships and villages that have no log-in in the demonstration: put in as their offices would have."""
        at = timezone.now() - dt.timedelta(days=21)
        for region in regions:
            if region.pk == self.village.pk:
                continue
            receipt = OrderReceipt(order=order, region=region, version=order.version, by="office", at=at)
            save(receipt)
            record("order.received", receipt, self.people["county"], region, note=f"{order.title} · {region.name}")

    def _ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    # -- appraisals -------------------------------------------------------------------------------------------------------------------

    def _appraisals(self) -> None:
        county, office = self.people["county"], self.people["township"]
        scheme = schemes.draft_scheme(
            region=self.county, name="帮扶干部和驻村工作队考评办法", weights=WEIGHTS, by=county
        )
        schemes.put_in_force(scheme=scheme, by=county)
        this = self.today.replace(day=1)
        before = (this - dt.timedelta(days=1)).replace(day=1)
        earlier = (before - dt.timedelta(days=80)).replace(day=1)
        over = appraisals.open_round(region=self.township, starts_on=earlier, last_day=before - dt.timedelta(days=1), by=office)  # fmt: skip
        appraisals.recompute(round=over, by=office)
        if not over.appraisals.exists():
            return
        appraisals.show_round(round=over, by=office)
        own = over.appraisals.filter(cadre__user=self.people["helper"]).first()
        if own is not None:
            appraisals.comment(
                appraisal=own, text="有两次走访当时没有网络，后来才补传，请核对。", by=self.people["helper"]
            )
            appraisals.answer(appraisal=own, text="已经核对，补传的走访都计入了。", by=office)
        self._time_goes_by(over)
        appraisals.finalise_all(round=over, by=self.people["county2"])
        appraisals.close_round(round=over, by=self.people["county2"])
        now = appraisals.open_round(region=self.township, starts_on=before, last_day=self._ago(1), by=office)
        appraisals.recompute(round=now, by=office)
        appraisals.show_round(round=now, by=office)

    def _time_goes_by(self, round: object) -> None:
        """The days in which cadres might have commented are over; with an event, as everything that changes a row."""
        rows = list(Appraisal.objects.filter(round=round).exclude(state=Appraisal.State.FINAL).order_by("pk"))
        for row in rows:
            row.shown_at = timezone.now() - dt.timedelta(days=20)
        Appraisal.objects.bulk_update(rows, ["shown_at"], batch_size=500)
        record("demo.shown", round, self.people["county"], self.township, rows=list(rows))
