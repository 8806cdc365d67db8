"""Visits of a whole county: a million visits and calls of a year, 400,000 duties of the periods that run, the nightly work that keeps them.

Seeded beside the 100,000 households: ten visits each, four rules that mean everybody. The lists against the bare admin, pages of figures against
page 1 of the list of households, as those of measures are (ADR 22); what must look at every household, or prints eight hundred links, may cost
three times that. How long the night takes is said, not judged: nobody waits for it.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from regions.models import Region
from tests.bench.frame import Table, by_turns, p95
from tests.bench.seed import OFFICER, OFFICIAL, say
from visits.models import Visit, VisitDuty, VisitRule
from visits.services import duties

PER_HOUSEHOLD = 10
# `n` counts the visits of a household. Triggers are asleep meanwhile: what is written is what they would let pass.
VISITS = """
INSERT INTO visits_visit (uid, household_id, village_id, visitor_id, cadre_id, capacities, manner, "on", met, seen, text, next_on, photos, recorded_at,
    voided_at, voided_by, void_reason)
SELECT gen_random_uuid(), h.id, h.village_id, %(visitor)s, p.cadre_id, CASE WHEN p.cadre_id IS NULL OR n %% 4 = 0 THEN ARRAY['village', 'team'] ELSE ARRAY['helper'] END,
    CASE WHEN n %% 3 = 0 THEN 'call' ELSE 'visit' END, current_date - ((h.id * 7 + n * 36) %% 365)::int, ARRAY['householder'],
    CASE WHEN (h.id + n) %% 20 = 0 THEN ARRAY['ill', 'house'] ELSE ARRAY['well'] END, '家里一切都好，猪养到了十二头', NULL, '{}', now(),
    CASE WHEN (h.id + n) %% 97 = 0 THEN now() END, CASE WHEN (h.id + n) %% 97 = 0 THEN 'bench' ELSE '' END,
    CASE WHEN (h.id + n) %% 97 = 0 THEN '记错了户' ELSE '' END
FROM households_household h CROSS JOIN generate_series(1, %(each)s) n
LEFT JOIN LATERAL (
    SELECT cadre_id FROM households_pairing WHERE household_id = h.id AND is_lead AND ends_on IS NULL LIMIT 1
) p ON true
WHERE h.id %% 25 <> 0
"""
LAST = """
INSERT INTO visits_lastvisit (household_id, village_id, asked, visited_on, called_on)
SELECT household_id, village_id, false, max("on") FILTER (WHERE manner = 'visit'), max("on") FILTER (WHERE manner = 'call')
FROM visits_visit WHERE voided_at IS NULL GROUP BY household_id, village_id
"""
TALLY = """
INSERT INTO visits_tally (kind, village_id, day, ends_on, number)
SELECT manner, village_id, "on", NULL, count(*) FROM visits_visit WHERE voided_at IS NULL GROUP BY 1, 2, 3
"""
RULES = (
    ("helper", "visit", "quarter", 2),
    ("helper", "call", "month", 1),
    ("team", "visit", "half_year", 2),
    ("village", "visit", "quarter", 1),
)


def ready() -> None:
    """All of it in the bench's database, made once."""
    if Visit.objects.exists():
        return
    county = User.objects.get(username=OFFICIAL).postings.get().region
    for capacity, manner, period, least in RULES:
        VisitRule.objects.create(
            region=county, capacity=capacity, manner=manner, audience="all", period=period, least=least, starts_on="2020-01-01", made_by="bench"
        )  # fmt: skip
    values = {"visitor": User.objects.get(username=OFFICER).pk, "each": PER_HOUSEHOLD + 1}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for step in (VISITS, LAST):
            cursor.execute(step, values)
            say(f"{step.split()[2]}: {cursor.rowcount:,}")
        cursor.execute(TALLY)
        cursor.execute("SET session_replication_role = DEFAULT")
    began = time.perf_counter()
    duties.nightly()
    say(f"duties written for the first time: {VisitDuty.objects.count():,} in {time.perf_counter() - began:.1f} s")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def run(table: Table, households: int) -> None:
    ready()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username=OFFICIAL), backend="accounts.backends.AccountBackend")

    def get(address: str) -> Callable[[], None]:
        def ask() -> None:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)

        return ask

    def measure(what: str, address: str, limit: Callable[[], None], limit_name: str, budget: float, most: int) -> None:
        ours, base = by_turns(get(address), limit, times=30)
        table.add("visits", f"{what}, p95 / p95 of {limit_name}", p95(ours), p95(base), budget)
        with CaptureQueriesContext(connection) as captured:
            get(address)()
        table.most("visits", f"queries of {what}", len(captured), most)

    bare, bare_duties = (get(reverse(f"baseline:visits_{name}_changelist")) for name in ("visit", "visitduty"))
    page_one = get(f"{reverse('households:household_list')}?status=out_of_poverty")
    village = Region.objects.filter(level=5).order_by("code")[3]
    listed, owed = reverse("visits:visit_list"), reverse("visits:duty_list")
    measure("visit list", listed, bare, "bare admin changelist", 0.4, 12)
    measure("visit list, illness seen", f"{listed}?seen=ill", bare, "bare admin changelist", 0.4, 12)
    measure("visit list of a village", f"{listed}?region={village.pk}", bare, "bare admin changelist", 0.4, 13)
    measure("duties, the latest first", owed, bare_duties, "bare admin changelist", 0.4, 12)
    measure(
        "overdue duties of a village",
        f"{owed}?state=overdue&region={village.pk}",
        bare_duties,
        "bare admin changelist",
        0.4,
        13,
    )
    measure("coverage of the county", reverse("visits:coverage"), page_one, "list page 1", 2.0, 16)
    township = village.parent_id
    measure(
        "coverage by helper of a township",
        f"{reverse('visits:coverage')}?by=helper&region={township}",
        page_one,
        "list page 1",
        3.0,
        16,
    )
    measure(
        "not visited within a year", f"{reverse('visits:visited_list')}?since=365", page_one, "list page 1", 2.0, 12
    )
    measure(
        "households not visited for half a year",
        f"{reverse('households:household_list')}?visited=180",
        page_one,
        "list page 1",
        3.0,
        12,
    )
    measure("month", reverse("visits:month"), page_one, "list page 1", 2.0, 12)
    began = time.perf_counter()
    done = duties.nightly()
    say(
        f"a night in which nothing changed: {done:,} households in {time.perf_counter() - began:.1f} s, {timezone.localdate()}"
    )
    assert Visit.objects.count() > 9 * households
    assert VisitDuty.objects.count() > 3 * households
