"""Visits of the demonstration county: rules since the beginning of the year, visits and calls of the last months, some void, some that waits.

The months before today could not be told by the verbs, which record what is fresh: those rows are put in with one event each household. What is
of the last days is told by the people who log in.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from contextlib import suppress
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.demo import CONSOLE, tell_once
from accounts.models import User
from cadres.models import Cadre
from common import audit
from common.copying import copy_rows, fresh, reserve_keys
from common.sync import Quarantined, Refused
from households.models import Household, Pairing
from households.services import LedgerError
from regions.models import Region
from visits.dues import OUTSIDE
from visits.models import LastVisit, Visit, VisitDuty, VisitRule
from visits.services import duties
from visits.services.record import record_visit, void_visit

DONE = "demo/visits"  # target of the event that says they are there
PEOPLE = ("clerk", "team", "township", "county", "helper")
MONTHS = 5  # before this one
SAID = (
    ("家里都好，猪养到了十二头，开春想再添两头。", ["well"]), ("核对了医保缴费，一家都交齐了。", ["well"]), ("玉米收完了，比去年多打了三百斤。", ["well"]),
    ("老人咳嗽了半个月，劝去乡卫生院看看。", ["ill"]), ("屋后的排水沟堵了，雨大时进水，已告诉村里。", ["house"]), ("大儿子从厂里回来了，想在附近找活。", ["work"]),
    ("水管接头漏水，约了管水员来修。", ["water"]), ("低保金这个月到账，农户拿存折看过。", ["well"]), ("孩子报到了，助学金的表还缺一个章。", ["policy"]),
    ("果树打过药，长势不错。", ["well"]), ("前几天冰雹打坏了一亩多烟叶，帮着算了算损失。", ["loss"]), ("奶奶腿脚不便，想要一副拐杖。", ["ill", "other"]),
)  # fmt: skip
CALLED = (
    ("电话问了冬天的衣服和被子，都够。", ["well"]),
    ("电话里说在县城打工，工资按月发。", ["well"]),
    ("电话问了吃药的事，慢病证还没办下来。", ["policy"]),
)


def fill() -> bool:
    """Tell it, once; whether it was told now. Nothing where there is no demonstration county."""
    return tell_once(DONE, "demo.visited", PEOPLE, lambda people: _Story(people).tell())


class _Story:
    def __init__(self, people: dict[str, User]) -> None:
        self.people = people
        self.pick = random.Random(2028)
        self.today = timezone.localdate()
        self.county: Region = people["county"].postings_now[0].region
        self.first = _months_before(self.today.replace(day=1), MONTHS)
        households = Household.objects.filter(village__path__startswith=self.county.path, closed_on=None).exclude(
            status__in=OUTSIDE
        )
        self.households = list(households.select_related("village").order_by("pk"))

    def tell(self) -> None:
        self._rules()
        self._accounts()
        self._months()
        for n in range(MONTHS, -1, -1):  # what each month asked for, as the nights of that time wrote it
            day = min(_months_before(self.today.replace(day=1), n) + dt.timedelta(days=27), self.today)
            duties.refresh_all(day=day)
        VisitDuty.objects.filter(ends_on__lte=self.today).update(over=True)
        self._lately()

    def _rules(self) -> None:
        """After 大足: visits each quarter and a call a month; the team once a month where a household is monitored."""
        asked = (
            ("helper", "visit", "registered", "quarter", 2), ("helper", "call", "monitored", "month", 1), ("team", "visit", "monitored", "quarter", 1),
        )  # fmt: skip
        for capacity, manner, audience, period, least in asked:
            rule = VisitRule.objects.create(
                region=self.county, capacity=capacity, manner=manner, audience=audience, period=period, least=least,
                starts_on=dt.date(self.first.year, 1, 1), made_by=CONSOLE,
            )  # fmt: skip
            audit.record(
                "visitrule.set", by=CONSOLE, target=rule, region_path=self.county.path, note="demo", rows=[rule]
            )

    def _accounts(self) -> None:
        """Who helps and has no account gets one that nobody can log in with: a visit is recorded by a user."""
        leads = Cadre.objects.filter(user=None, left_on=None, pairings__ends_on=None, pairings__is_lead=True)
        cadres = list(leads.select_related("unit__region").order_by("pk").distinct())
        closed = make_password(None)
        users = [
            User(username=f"helper{n:04d}", name=cadre.name, password=closed, home=cadre.unit.region, must_change_password=True)
            for n, cadre in enumerate(cadres, 1)
        ]  # fmt: skip
        User.objects.bulk_create(users)
        events = []
        for cadre, user in zip(cadres, users, strict=True):
            cadre.user = user
            path = cadre.unit.region.path
            events.append(audit.Event("account.opened", audit.row_key(user), CONSOLE, region_path=path, note="demo"))
            events.append(
                audit.Event(
                    "cadre.account_linked",
                    audit.row_key(cadre),
                    CONSOLE,
                    region_path=path,
                    note=user.username,
                    rows=[cadre],
                )
            )
        Cadre.objects.bulk_update(cadres, ["user"])
        audit.record_many(events)

    # -- the months before ------------------------------------------------------------------------------------------------------------

    def _months(self) -> None:
        leads = {
            pairing.household_id: pairing
            for pairing in Pairing.objects.current()
            .filter(is_lead=True, cadre__user__isnull=False)
            .select_related("cadre")
        }
        rows: list[Any] = []
        events, last = [], []
        for household in self.households:
            lead = leads.get(household.pk)
            if lead is None or (self.pick.random() < 0.04 and not self._logs_in(lead)):  # nobody came for a year
                continue
            own = self._of(household, lead)
            if not own:
                continue
            rows += own
            came, called = ([visit.on for visit in own if visit.manner == manner] for manner in ("visit", "call"))
            last.append(
                LastVisit(household=household, village_id=household.village_id, visited_on=max(came, default=None), called_on=max(called, default=None))
            )  # fmt: skip
            events.append((household, own))
        for row, pk in zip(rows, reserve_keys(Visit, len(rows)), strict=True):
            row.id = pk
        copy_rows(Visit, rows)
        LastVisit.objects.bulk_create(
            last, update_conflicts=True, unique_fields=["household"], update_fields=["visited_on", "called_on"]
        )
        audit.record_many(
            audit.Event("demo.visited", audit.row_key(household), CONSOLE, subject=household.subject, region_path=household.village.path, rows=own)
            for household, own in events
        )  # fmt: skip

    def _of(self, household: Household, lead: Pairing) -> list[Any]:
        """Every month or two a visit, now and then a call, the helper who logs in more often; none in the last week, which people tell
        themselves."""
        found = []
        often = 0.9 if self._logs_in(lead) else 0.5
        for n in range(MONTHS, -1, -1):
            start = _months_before(self.today.replace(day=1), n)
            for manner, chance, said in (("visit", often, SAID), ("call", 0.35, CALLED)):
                on = start + dt.timedelta(days=self.pick.randint(0, 27))
                if self.pick.random() < chance and max(start, lead.starts_on) <= on < self.today - dt.timedelta(days=7):
                    found.append(self._row(household, lead.cadre, manner, on, *self.pick.choice(said)))
        return found

    def _logs_in(self, lead: Pairing) -> bool:
        return lead.cadre.user_id == self.people["helper"].pk

    def _row(self, household: Household, cadre: Cadre, manner: str, on: dt.date, text: str, seen: list[str]) -> Any:
        at = dt.datetime(on.year, on.month, on.day, self.pick.randint(9, 17), tzinfo=timezone.get_current_timezone())
        met = [self.pick.choice(["householder", "householder", "spouse", "elder"])]
        return fresh(Visit, {
            "uid": uuid.UUID(int=self.pick.getrandbits(128), version=4), "household_id": household.pk, "village_id": household.village_id,
            "visitor_id": cadre.user_id, "cadre_id": cadre.pk, "capacities": ["helper"], "manner": manner, "on": on, "met": met, "seen": list(seen),
            "text": text, "recorded_at": at, "made_at": at, "photos": [],
        })  # fmt: skip

    # -- the last days ----------------------------------------------------------------------------------------------------------------

    def _lately(self) -> None:
        """By the people who log in: visits with a wish and a next day, a call, one of the wrong household."""
        helper, clerk, team = (self.people[name] for name in ("helper", "clerk", "team"))
        own = list(Household.objects.for_user(helper).active().order_by("number"))
        near = [household for household in self.households if household.village_id == clerk.postings_now[0].region_id]
        for n, household in enumerate(own[:4]):
            wish = "想申请一副拐杖，腿脚不便出门难。" if n == 1 else ""
            self._tell(helper, household, n, asked=wish, next_on=self.today + dt.timedelta(days=9 + 7 * n))
        for n, household in enumerate(near[:6]):
            self._tell(clerk, household, n + 4)
        for n, household in enumerate(near[6:12]):
            self._tell(team, household, n + 1, manner="call" if n % 3 == 2 else "visit")
        wrong = self._tell(clerk, near[12], 3) if len(near) > 12 else None
        if wrong is not None:
            void_visit(visit=wrong, by=clerk, reason="记错了户，应是隔壁一户")

    def _tell(self, by: User, household: Household, n: int, *, manner: str = "visit", asked: str = "", next_on: dt.date | None = None) -> Visit | None:  # fmt: skip
        text, seen = SAID[n % len(SAID)] if manner == "visit" else CALLED[n % len(CALLED)]
        body = {
            "uid": str(uuid.UUID(int=self.pick.getrandbits(128), version=4)), "household": str(household.uid), "manner": manner,
            "on": (self.today - dt.timedelta(days=0 if by == self.people["helper"] else n % 6)).isoformat(), "met": ["householder"], "seen": seen, "text": text, "asked": asked,
            "next_on": next_on.isoformat() if next_on else None, "place": None, "photos": [],
        }  # fmt: skip
        with suppress(Refused, Quarantined, LedgerError, ValidationError):
            return record_visit(body=body, by=by)
        return None


def _months_before(first: dt.date, count: int) -> dt.date:
    """The first of a month so many months before one."""
    for _n in range(count):
        first = (first - dt.timedelta(days=1)).replace(day=1)
    return first
