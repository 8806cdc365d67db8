"""What the demonstration has of helpers: relatives who stand aside, a household with two helpers, a hand-over of the spring, and a proposal for the
township that waits to be looked at."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from accounts.demo import tell_once
from accounts.models import User
from cadres.models import Cadre
from common.lookups import among
from households import services
from households.models import Household, Pairing
from households.services.hand_overs import preview
from households.services.helping import loads_of

DONE = "demo/pairing"
PEOPLE = ("clerk", "township", "county")
MOST = 3  # households of whoever hands over


def fill() -> bool:
    """Told once; nothing where there is no demonstration county."""
    return tell_once(DONE, "demo.paired", PEOPLE, _tell)


def _tell(people: dict[str, User]) -> None:
    clerk, township, county = (people[name] for name in PEOPLE)
    today = timezone.localdate()
    own = list(Household.objects.for_user(clerk).active().order_by("number")[10:40])
    cadres = list(
        Cadre.objects.for_user(township).serving().filter(user=None).select_related("unit__region").order_by("pk")
    )
    loads = loads_of(c.pk for c in cadres)
    free = sorted(cadres, key=lambda c: (loads[c.pk], c.pk))
    for household, relation, note in zip(
        own, ("collateral", "in_law"), ("户主的堂弟", "干部的姐夫住在这一户"), strict=False
    ):
        helps = set(household.pairings.current().values_list("cadre", flat=True))
        cadre = next((c for c in reversed(free) if c.pk not in helps), None)
        if cadre is not None:
            services.declare_kin(household=household, cadre=cadre, relation=relation, note=note, by=clerk)
    for household in own[3:]:
        helpers = set(household.pairings.current().ordinary().values_list("cadre", flat=True))
        if len(helpers) == 1 and household.pairings.current().filter(is_lead=True).exists():
            second = next(c for c in free if c.pk not in helpers)
            services.pair(household=household, cadre=second, by=township, starts_on=today - dt.timedelta(days=20), is_lead=False, goal="帮孩子联系助学金")  # fmt: skip
            break
    _hand_over(free, county, today - dt.timedelta(days=75))
    services.propose_matching(by=township, region=own[0].township, at_once=True)


def _hand_over(cadres: list[Cadre], county: User, on: dt.date) -> None:
    """One with few households gave them to a colleague of the same unit."""
    held = Pairing.objects.current().filter(among("cadre_id", [c.pk for c in cadres]), starts_on__lt=on)
    counts: dict[int, int] = {}
    for cadre in held.values_list("cadre_id", flat=True):
        counts[cadre] = counts.get(cadre, 0) + 1
    for giver in cadres:
        if not 0 < counts.get(giver.pk, 0) <= MOST:
            continue
        for receiver in cadres:
            if receiver.unit_id != giver.unit_id or receiver.pk == giver.pk:
                continue
            able = [
                line.pairing.household_id for line in preview(giver=giver, receiver=receiver, on=on, by=county).able
            ]
            later = Pairing.objects.current().filter(among("household_id", able), starts_on__gt=on)
            keys = sorted(set(able) - set(later.values_list("household_id", flat=True)))
            if keys:
                services.hand_over(
                    giver=giver, receiver=receiver, on=on, reason="借调到州里工作", by=county, households=keys
                )
                return
