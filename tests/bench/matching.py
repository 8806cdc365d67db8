"""The assignment of helpers to a whole county: time and memory of the solver, whether a rule is broken, whether anybody moves without need; and how
long the proposal of the bench's own county takes to compute and to apply, as a remark.

The county of the solver is made up: 100,000 households in 600 villages of 25 townships, a tenth as many cadres of county, townships and
villages, most households with a helper, one in a hundred with kin among the cadres.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from dataclasses import replace

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from cadres.models import Cadre, Rank, Unit
from common import audit
from households.matching import Weights, solve
from households.models import MatchingRun
from households.questions import weights_at
from households.services import apply_matching
from households.services.helping import Rules
from households.services.matching import compute
from regions.models import Level, Region
from tests.bench.frame import Table
from tests.bench.seed import OFFICIAL, say
from tests.households.matching_cases import broken, county

SECONDS, MEGABYTES = 60, 4096  # on two cores


def run(table: Table, households: int) -> None:
    places, houses, helpers = county(households, households // 10, seed=5)
    started = time.perf_counter()
    first = solve(places, houses, helpers, Weights())
    table.add(
        "matching",
        f"{households:,} households, {len(helpers):,} cadres",
        time.perf_counter() - started,
        SECONDS,
        1.0,
        unit="s",
    )
    _memory(table, "memory of the solver")
    _none(table, "rules broken", len(broken(houses, helpers, first)))
    outcomes = Counter(match.outcome for match in first)
    say(", ".join(f"{outcome} {count:,}" for outcome, count in sorted(outcomes.items())))

    settled = [replace(match.house, now=match.helper.key if match.helper else None) for match in first]
    loads = Counter(house.now for house in settled if house.now is not None)
    gone = max(loads, key=lambda key: (loads[key], key))
    left = [helper for helper in helpers if helper.key != gone]
    started = time.perf_counter()
    second = solve(places, settled, left, Weights())
    table.add("matching", "again after one cadre has left", time.perf_counter() - started, SECONDS, 1.0, unit="s")
    _none(table, "rules broken", len(broken(settled, left, second)))
    _none(table, "households moved without need", sum(m.outcome == "move" and m.house.now != gone for m in second))
    _none(table, "households not moved that must be", sum(m.outcome != "move" for m in second if m.house.now == gone))
    _remark(households)
    _memory(table, "memory with computing and applying in the database")


def _none(table: Table, name: str, count: int) -> None:
    table.most("matching", name, count, 0.5)


def _memory(table: Table, name: str) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    table.add("matching", name, peak, MEGABYTES, 1.0, unit="MB")


def _remark(households: int) -> None:
    """The bench's county with a tenth as many cadres as households: everything is rolled back."""
    official = User.objects.get(username=OFFICIAL)
    top = official.postings.get().region
    with transaction.atomic():
        units = [
            Unit(name=f"bench {region.pk}", region=region)
            for region in Region.objects.within(top).filter(level__gte=Level.TOWNSHIP).order_by("pk")
        ]
        units = Unit.objects.bulk_create(units)
        ranks = (Rank.ORDINARY, Rank.VILLAGE, Rank.ORDINARY, Rank.SECTION)
        Cadre.objects.bulk_create(
            Cadre(name=f"bench {n}", unit=units[n % len(units)], rank=ranks[n % 4]) for n in range(households // 10)
        )
        run = MatchingRun.objects.create(
            region=top, weights=weights_at(Rules(), top.path), asked_by=OFFICIAL, asked_at=timezone.now()
        )
        started = time.perf_counter()
        run = compute(run, by=official, step=lambda done, message: None)
        computed = time.perf_counter()
        apply_matching(run=run, by=official)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the trail is chained as at a commit
        applied = time.perf_counter()
        changed = run.figures["new"] + run.figures["move"]
        say(
            f"remark: a proposal for the bench's county in {computed - started:.0f} s; applied, {changed:,} households changed, in "
            f"{applied - computed:.0f} s; {audit.AuditEvent.objects.filter(action='pairing.matched').count():,} events"
        )
        transaction.set_rollback(True)
