"""What is due is written down: in the transaction of whatever changes it, and every night for periods that begin.

Rows of periods that run on the day are what `visits.dues` says, no more and no less. Rows of periods that are over stay as they were; only
what was made of them is counted again where a visit of theirs is recorded late or made void.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from common.copying import copy_values, fresh, rarely_collecting, update_rows
from common.lookups import among
from households.models import Household, Pairing
from visits.dues import OUTSIDE, Count, Duty, House, Lead, Made, Rule, due, due_on, period_of
from visits.models import LastVisit, Visit, VisitDuty, VisitRule

BATCH = 5000
FEW = 100  # rows that are changed without a temporary table
COLUMNS = (
    "rule_id",
    "household_id",
    "village_id",
    "cadre_id",
    "starts_on",
    "ends_on",
    "needed",
    "made",
    "next_due_on",
)  # of a `Duty`
Key = tuple[int, int, int | None, dt.date]  # rule, household, cadre, starts_on


def refresh(households: Iterable[int], *, on: dt.date | None = None) -> None:
    """Make the duties of these households what they are today; `on` is the day of a visit that came or went, for the periods that are over.

    Inside the transaction of the verb that changed something. The households are locked, in the order of their keys.
    """
    keys = sorted(set(households))
    day = timezone.localdate()
    for start in range(0, len(keys), BATCH):
        some = keys[start : start + BATCH]
        _lock(some)
        _write(some, rules_on(day), day)
    if on is not None and keys:
        recount(keys, on, day)


def refresh_all(
    scope: Q | None = None, *, day: dt.date | None = None, step: Callable[[int], None] = lambda done: None
) -> int:
    """The same for every household of a scope, or all; the number of households. Each batch is a transaction of its own where none is open:
    it may stop at any moment."""
    day = day or timezone.localdate()
    rows, last, done = Household.objects.filter(scope or Q()).order_by("pk"), 0, 0
    while True:
        with transaction.atomic(), rarely_collecting():
            keys = list(
                rows.select_for_update(of=("self",), no_key=True).filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]
            )  # fmt: skip
            if not keys:
                return done
            _write(keys, rules_on(day), day)
        last, done = keys[-1], done + len(keys)
        step(done)


def rules_on(day: dt.date) -> list[Rule]:
    """Rules that hold at some time in a period of theirs that runs on a day."""
    ends = period_of(VisitRule.Period.YEAR, day)
    rows = VisitRule.objects.filter(Q(ends_on=None) | Q(ends_on__gt=ends[0]), starts_on__lt=ends[1]).order_by("pk")
    found = rows.values_list(
        "pk", "region__path", "capacity", "manner", "audience", "period", "least", "starts_on", "ends_on"
    )
    return [Rule._make(row) for row in found]


def _lock(keys: Sequence[int]) -> None:
    rows = Household.objects.filter(among("pk", keys)).order_by("pk").select_for_update(of=("self",), no_key=True)
    list(rows.values_list("pk"))


def computed(keys: Sequence[int], rules: Sequence[Rule], day: dt.date) -> dict[Key, Duty]:
    """What `visits.dues` says of these households; four queries."""
    if not rules:
        return {}
    since = min(period_of(rule.period, day)[0] for rule in rules)
    leads = Pairing.objects.filter(among("household_id", keys), Q(ends_on=None) | Q(ends_on__gt=since), is_lead=True)
    visits = Visit.objects.counted().filter(among("household_id", keys), on__gte=since)
    houses = Household.objects.filter(among("pk", keys), closed_on=None)
    found = due(
        rules,
        map(Lead._make, leads.order_by().values_list("household_id", "cadre_id", "starts_on", "ends_on")),
        _made(visits),
        map(House._make, houses.order_by().values_list("pk", "village_id", "village__path", "status")),
        day,
    )
    return {(duty.rule, duty.household, duty.cadre, duty.starts_on): duty for duty in found}


def _made(visits: Any) -> Iterable[Made]:
    return map(Made._make, visits.order_by().values_list("household_id", "cadre_id", "capacities", "manner", "on"))


def stored(keys: Sequence[int], day: dt.date) -> dict[Key, tuple[int, Duty]]:
    """(primary key, row) of the duties of these households in periods that run on a day, parts that are over among them."""
    rows = VisitDuty.objects.filter(
        among("household_id", keys), starts_on__gte=period_of(VisitRule.Period.YEAR, day)[0]
    )
    found = rows.order_by().values_list("rule__period", "pk", *COLUMNS)
    return {
        (duty.rule, duty.household, duty.cadre, duty.starts_on): (pk, duty)
        for period, pk, *columns in found
        if (duty := Duty._make(columns)).starts_on >= period_of(period, day)[0]
    }


def note(keys: Sequence[int]) -> None:
    """Each of the households has its row of last visits, which says whether visits are for it. One statement; nothing is written where nothing
    changed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visits_lastvisit (household_id, village_id, asked) "
            "SELECT id, village_id, closed_on IS NULL AND status <> ALL(%s) FROM households_household WHERE id = ANY(%s) "
            "ON CONFLICT (household_id) DO UPDATE SET asked = excluded.asked WHERE visits_lastvisit.asked <> excluded.asked",
            [[status.value for status in OUTSIDE], list(keys)],
        )


def _write(keys: Sequence[int], rules: Sequence[Rule], day: dt.date) -> None:
    """Bring the stored rows of running periods to what they should be: three statements at most, none where nothing differs."""
    note(keys)
    wanted, there = computed(keys, rules, day), stored(keys, day)
    gone = [pk for key, (pk, _duty) in there.items() if key not in wanted]
    if gone:
        VisitDuty.objects.filter(among("pk", gone)).delete()
    changed = [(there[key][0], duty) for key, duty in wanted.items() if key in there and there[key][1] != duty]
    _update(changed, day)
    new = [duty for key, duty in wanted.items() if key not in there]
    if new:
        over = [duty.ends_on <= day for duty in new]
        copy_values(VisitDuty._meta.db_table, [*COLUMNS, "over"], [*zip(*new, strict=True), over])


def _update(changed: Sequence[tuple[int, Duty]], day: dt.date) -> None:
    rows = [
        fresh(VisitDuty, {"id": pk, "over": duty.ends_on <= day, **dict(zip(COLUMNS, duty, strict=True))}) for pk, duty in changed
    ]  # fmt: skip
    if len(rows) > FEW:
        update_rows(VisitDuty, rows)
    else:
        VisitDuty.objects.bulk_update(rows, ["ends_on", "needed", "made", "next_due_on", "over"])


def recount(keys: Sequence[int], on: dt.date, day: dt.date) -> None:
    """Count again what was made in the periods that are over and held `on`."""
    rows = VisitDuty.objects.select_related("rule").filter(
        among("household_id", keys), starts_on__lte=on, ends_on__gt=on, ends_on__lte=day
    )
    over = list(rows.order_by("pk"))
    if not over:
        return
    since, until = min(row.starts_on for row in over), max(row.ends_on for row in over)
    count = Count(_made(Visit.objects.counted().filter(among("household_id", keys), on__gte=since, on__lt=until)))
    for row in over:
        rule = row.rule
        row.made = count.made(rule.capacity, rule.manner, row.household_id, row.cadre_id, row.starts_on, row.ends_on)
        row.next_due_on = due_on(row.starts_on, row.ends_on, row.needed, row.made)
    VisitDuty.objects.bulk_update(over, ["made", "next_due_on"])


def nightly() -> int:
    """Put aside what is over, bring every household up to date, sum up the counts; the number of households."""
    VisitDuty.objects.filter(over=False, ends_on__lte=timezone.localdate()).update(over=True)
    done = refresh_all()
    sum_up()
    return done


def sum_up() -> None:
    """What many changes left behind in the counts becomes one row each. In one statement, so that whoever counts meanwhile sees the one or the
    other; what is added meanwhile stays."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM visits_tally RETURNING kind, village_id, day, ends_on, number) "
            "INSERT INTO visits_tally (kind, village_id, day, ends_on, number) "
            "SELECT kind, village_id, day, ends_on, sum(number) FROM gone GROUP BY 1, 2, 3, 4 HAVING sum(number) <> 0"
        )


def forget(households: Iterable[int]) -> None:
    """Duties of households that are about to be deleted: nothing but what was derived from them."""
    for model in (VisitDuty, LastVisit):
        model.objects.filter(among("household_id", households)).delete()
