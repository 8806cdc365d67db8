"""Plans, money, measures and requests of the demonstration county: what was given last year, and this year in every state it can be in.

This year is told by the verbs, as people do it. What was given last year could not be told by them, because nobody delivers before the day of
approval: those rows are put in with one event each household, and their money is paid from last year's fund all the same.
"""

from __future__ import annotations

import datetime as dt
import io
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from assistance import scans
from assistance.models import Delivery, Fund, Measure
from assistance.services import confirmations, deliveries, funds, measures, requests
from catalogue.eligibility import facts_of
from catalogue.models import MeasureKind
from common import audit
from households import demo as ledgers
from households.models import Household, Status
from households.services import LedgerError
from plans import drafting
from plans.models import Plan, Task
from plans.services import content, decision, tasks

DONE = "demo/assistance"  # target of the event that says it is there
PEOPLE = ("clerk", "team", "township", "county", "county2", "helper")
AMOUNTS = {  # 元 a period, where the catalogue has no ceiling
    "dibao": 420, "special-support": 980, "medical-premium": 280, "disability-living": 80, "disability-care": 100, "old-age-allowance": 100,
    "crop-grant": 1200, "livestock-grant": 1500, "public-post": 900, "vocational-grant": 3000, "high-school-grant": 1000, "boarding": 625,
    "industry-shares": 600, "work-transport": 500,
}  # fmt: skip
GIVEN = (
    "medical-premium",
    "crop-grant",
    "livestock-grant",
    "old-age-allowance",
    "vocational-grant",
    "industry-shares",
    "work-transport",
)
TARGETS = {
    "income": "比上年增长 10%",
    "housing": "有安全住房",
    "school": "无",
    "illness": "无",
    "medical": "全家参加",
    "pension": "应保尽保",
}


def fill() -> bool:
    """Tell it, once; whether it was told now. Nothing where there is no demonstration county."""
    return ledgers.tell_once(DONE, "demo.assisted", PEOPLE, lambda people: _Story(people).tell())


class _Story:
    def __init__(self, people: dict[str, User]) -> None:
        self.people = people
        self.pick = random.Random(2027)
        self.today = timezone.localdate()
        self.year = self.today.year
        self.county = people["county"].postings_now[0].region
        self.village = people["clerk"].postings_now[0].region
        own = Household.objects.for_user(people["clerk"]).active()
        own = own.exclude(status__in=[Status.ORDINARY, Status.STRUCK_OFF]).select_related("village")
        self.own = list(own.order_by("number"))
        self.kinds = {kind.code: kind for kind in MeasureKind.objects.all()}

    def tell(self) -> None:
        before = self._fund("central", "中央财政衔接推进乡村振兴补助资金", self.year - 1, 600_000)
        self.money = [
            self._fund("central", "中央财政衔接推进乡村振兴补助资金", self.year, 900_000),
            self._fund("county", "县级财政帮扶资金", self.year, 300_000),
            self._fund("unit", "县水利局帮扶资金", self.year, 60_000),
        ]
        self._last_year(before)
        self._plans()
        self._measures()
        self._requests()
        scans.scan([self.village], self.year)

    def _fund(self, source: str, title: str, year: int, amount: int) -> Fund:
        """Opened, promised in full, three quarters allotted."""
        by, on = self.people["county"], min(dt.date(year, 3, 1), self.today)
        document = f"示财农〔{year}〕{self.pick.randint(3, 60)}号"
        fund = funds.open_fund(
            region=self.county, source=source, year=year, title=title, ceiling=Decimal(amount), document=document, by=by
        )
        funds.plan(fund=fund, amount=Decimal(amount), on=on, by=by, reference=document, note="列入年度计划")
        funds.allot(fund=fund, amount=Decimal(amount * 3 // 4), on=on, by=by, reference=document, note="第一批下达")
        return fund

    # -- last year --------------------------------------------------------------------------------------------------------------------

    def _last_year(self, fund: Fund) -> None:
        """What half of the village received, with the money."""
        year, by = self.year - 1, self.people["township"]
        facts = facts_of(self.own, year, today=dt.date(year, 12, 1))
        paid = []
        for household in self.own[::2]:
            rows: list[Any] = []
            for code in GIVEN:
                kind = self.kinds.get(code)
                may = [v for v in facts[household.pk].verdicts(kind) if v.may] if kind else []
                for verdict in may[:2]:
                    if self.pick.random() < 0.4:
                        continue
                    measure, delivery = self._given(kind, household, verdict.member, year)
                    rows += [measure, delivery]
                    if delivery.amount:
                        paid.append((delivery, [(fund, delivery.amount)]))
            if rows:
                audit.record(
                    "demo.given",
                    by=ledgers.CONSOLE,
                    target=household,
                    subject=household.subject,
                    region_path=self.village.path,
                    rows=rows,
                )
        funds.pay(paid, on=dt.date(year, 11, 20), by=by, note="上年度发放")

    def _given(self, kind: Any, household: Household, member: Any, year: int) -> tuple[Measure, Delivery]:
        at = dt.datetime(year, 6, 1, 9, tzinfo=timezone.get_current_timezone())
        whose = {"household": household, "member": member, "kind": kind}
        stamps = {"proposed_by": "clerk", "proposed_at": at, "decided_by": "township", "decided_at": at}
        measure = Measure.objects.create(**whose, year=year, state=Measure.State.DELIVERED, **stamps)
        period = {"year": str(year), "month": f"{year}-11", "once": ""}[kind.period]
        amount = self._amount(kind) if kind.has_money else Decimal(0)
        delivery = Delivery.objects.create(
            **whose, measure=measure, village_id=household.village_id, person=member.id_hash if member else "", period=period,
            on=dt.date(year, 11, 20), amount=amount, by="township", at=at,
        )  # fmt: skip
        return measure, delivery

    def _amount(self, kind: MeasureKind) -> Decimal:
        amount = Decimal(AMOUNTS.get(kind.code, 500))
        return min(amount, kind.ceiling) if kind.ceiling else amount

    # -- this year --------------------------------------------------------------------------------------------------------------------

    def _plans(self) -> None:
        """Sixteen plans, in every state a plan can be in before the year is over."""
        clerk, team, township = (self.people[name] for name in ("clerk", "team", "township"))
        wanted = [h for h in self.own if h.main_cause][:16]
        drafted = [plan for n, h in enumerate(wanted) if (plan := self._draft(h, clerk if n % 3 else team))]
        for plan in drafted[:2]:  # drafts stay drafts
            content.edit_plan(plan=plan, by=clerk, summary="先与农户商量，再定措施。")
        for n, plan in enumerate(drafted[2:]):
            self._complete(plan, clerk)
            submitted = decision.submit_plan(plan=plan, by=clerk)
            if n < 3:
                continue
            if n == 3:
                decision.return_plan(plan=submitted, by=township, note="任务的期限太笼统，请落实到月。")
                continue
            approved = decision.approve_plan(plan=submitted, by=township, note="同意。")
            if n > 4:
                self._run(decision.start_plan(plan=approved, by=township), clerk)

    def _draft(self, household: Household, by: User) -> Plan | None:
        found = drafting.drafting_of(household, self.year, user=by, today=self.today).found.proposals
        sound = [each for each in found if not each.missing][:3]
        if not sound:
            return None
        taken = [drafting.taken_over(each) for each in sound]
        return content.draft_plan(household=household, year=self.year, by=by, proposals=taken)

    def _complete(self, plan: Plan, by: User) -> None:
        content.edit_plan(plan=plan, by=by, summary="对准致贫原因，先把保障补齐，再帮助稳定增收。")
        content.set_indicators(plan=plan, by=by, targets=TARGETS)
        owners = content.candidates(plan.household)
        for n, task in enumerate(Task.objects.filter(goal__plan=plan).select_related("goal__plan").order_by("pk")):
            month = min(12, max(1, self.today.month - 1 + n))
            content.put_task(
                goal=task.goal, task=task, text=task.text, kind=task.kind, member=task.member, owner=owners[n % len(owners)],
                due_on=dt.date(self.year, month, 28), by=by,
            )  # fmt: skip
        fresh = Plan.objects.get(pk=plan.pk)
        head = fresh.household.members.filter(left_on=None).order_by("relation", "pk").first()
        if self.pick.random() < 0.5:
            decision.record_consent(
                plan=fresh, by=by, consent="signature", member=head, on=self.today, upload=self._signature()
            )
        else:
            decision.record_consent(
                plan=fresh, by=by, consent="spoken", member=head, on=self.today, note="入户时口头同意"
            )

    def _run(self, plan: Plan, by: User) -> None:
        """A plan in progress: its first task is done where the pick says so."""
        first = Task.objects.filter(goal__plan=plan).select_related("goal__plan").order_by("pk").first()
        if first is not None and self.pick.random() < 0.6:
            tasks.complete_task(task=first, by=by, on=self.today, note="已经办好，农户知道。")

    def _measures(self) -> None:
        clerk, team, township = (self.people[name] for name in ("clerk", "team", "township"))
        running = Task.objects.filter(
            goal__plan__village=self.village, goal__plan__state=Plan.State.IN_PROGRESS, kind__isnull=False
        ).exclude(state=Task.State.DROPPED)
        made = measures.propose_many(tasks=running.order_by("pk"), by=clerk).done
        for code in ("crop-grant", "medical-premium", "old-age-allowance"):
            made += self._propose(code, clerk)
        measures.approve_many(measures=made[: len(made) * 2 // 3], by=township, note="符合条件。")
        approved = list(
            Measure.objects.filter(village=self.village, year=self.year, state=Measure.State.APPROVED)
            .select_related("kind", "household", "member")
            .order_by("pk")
        )
        given = [got for n, row in enumerate(approved[: len(approved) * 3 // 4]) if (got := self._deliver(row, n))]
        for n, delivery in enumerate(given):
            match n % 4:
                case 0:
                    confirmations.confirm_delivery(
                        delivery=delivery, way="signature", by=clerk, satisfied=True, signature=self._signature()
                    )
                case 1:
                    confirmations.confirm_delivery(
                        delivery=delivery, way="visit", by=team, satisfied=True, note="钱收到了。"
                    )
        if len(given) > 6:
            confirmations.confirm_delivery(
                delivery=given[6], way="visit", by=team, received=False, note="卡号换了，钱还没有到账。"
            )
            deliveries.reverse_delivery(delivery=given[3], reason="金额登记错，冲回重发。", by=township)

    def _propose(self, code: str, by: User) -> list[Measure]:
        kind, found = self.kinds[code], []
        facts = facts_of(self.own, self.year, today=self.today)
        for household in self.own[:24]:
            for verdict in [v for v in facts[household.pk].verdicts(kind) if v.may][:2]:
                with suppress(LedgerError, ValidationError):  # what comes from a plan already
                    found.append(
                        measures.propose_measure(
                            household=household, kind=kind, member=verdict.member, year=self.year, by=by,
                            amount=self._amount(kind) if kind.has_money else None,
                        )
                    )  # fmt: skip
        return found

    def _deliver(self, measure: Measure, n: int) -> Delivery | None:
        kind = measure.kind
        amount = self._amount(kind)
        shares: list[tuple[Fund, Decimal]] = []
        if kind.has_money:
            shares = [(self.money[n % 2], amount)]
            if n % 7 == 0 and amount >= 100:  # two sources for one payment
                shares = [(self.money[0], amount - 50), (self.money[2], Decimal(50))]
        period = f"{self.today:%Y-%m}" if kind.period == "month" else ""
        with suppress(LedgerError, ValidationError):
            return deliveries.deliver(
                measure=measure, on=self.today, by=self.people["township"], shares=shares, period=period
            )
        return None

    def _requests(self) -> None:
        clerk, township, helper = (self.people[name] for name in ("clerk", "township", "helper"))
        texts = [
            "想申请危房改造，屋顶漏雨。",
            "想学养蜂技术。",
            "孩子上中职，想问助学金。",
            "自来水断了三天。",
            "想在家附近找活干。",
        ]
        made = [
            requests.ask(household=household, text=text, by=clerk)
            for household, text in zip(self.own[3:8], texts, strict=False)
        ]
        for request in made[1:]:
            requests.take(request=request, by=township)
        for request in made[2:]:
            requests.answer(request=request, text="已经联系主管部门，本周内上门办理。", by=township)
        for request in made[4:]:
            requests.confirm(request=request, satisfied=True, by=clerk, note="办好了，满意。")

    def _signature(self) -> SimpleUploadedFile:
        """A scribble."""
        image = Image.new("RGB", (480, 180), (255, 255, 255))
        points = [(30 + 28 * n, 90 + self.pick.randint(-45, 45)) for n in range(15)]
        ImageDraw.Draw(image).line(points, fill=(20, 30, 60), width=5, joint="curve")
        out = io.BytesIO()
        image.save(out, "JPEG", quality=70)
        return SimpleUploadedFile("signature.jpg", out.getvalue(), "image/jpeg")
