"""Appraisal of 3,000 cadres over a county's records against one raw counting pass, and pages of orders and appraisals against the list page 1.

In a database of its own, a copy of the bench's: its households are shared out among 3,000 cadres, with half a million duties, visits, deliveries
and confirmations, tasks, requests and verified surveys of the last three months. The pass alone takes a quarter of a second; the budgets keep
all work on a round within a second or two.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from regions.models import Level, Region
from supervision import activity, computing, items, steps
from supervision.models import Appraisal, AppraisalRound, Order
from supervision.services import appraisals
from tests.bench import seed
from tests.bench.frame import Table, by_turns, median, p95

NAME = "bench_supervision"
CADRES = 3000
ORDERS = 30
MONTHS = 3

# Triggers are asleep meanwhile: what is written is what they would let pass. Cadres have keys from 9,000,001 on, their accounts the same.
STEPS = (
    "INSERT INTO accounts_user (id, password, username, name, phone, phone_hash, phone_masked, is_active, must_change_password, totp_secret,"
    " totp_last_step, totp_recovery, large_text, digest_off, language, created_at) SELECT 9000000 + n, '', 'helper' || n, '干部' || n, '', '', '', true, false, '', 0,"
    " '[]', false, false, '', now() FROM generate_series(1, %(cadres)s) n",
    "INSERT INTO cadres_cadre (id, name, unit_id, number, title, rank, sex, phone, phone_hash, phone_masked, id_number, id_hash, id_masked, politics,"
    " is_party_member, cannot_help, languages, skills, user_id, left_on, left_reason) SELECT 9000000 + n, '干部' || n, (SELECT min(id) FROM cadres_unit) +"
    " n %% 8, '', '', '', '', '', '', '', '', '', '', '', false, false, '{}', '{}', 9000000 + n, NULL, '' FROM generate_series(1, %(cadres)s) n",
    "UPDATE households_pairing SET cadre_id = 9000001 + household_id %% %(cadres)s, mode = 'one_to_one'"
    " WHERE is_lead AND ends_on IS NULL",
    "INSERT INTO cadres_residentteam (village_id, unit_id, starts_on, ends_on) SELECT id, NULL, '2020-01-01', NULL FROM regions_region WHERE level = 5",
    "INSERT INTO cadres_teammember (team_id, cadre_id, is_leader, is_first_secretary, is_full_time, starts_on, term_ends_on, ends_on, end_reason)"
    " SELECT t.id, 9000001 + (t.id * 3 + n) %% %(cadres)s, n = 0, n = 0, true, '2020-01-01', NULL, NULL, '' FROM cadres_residentteam t,"
    " generate_series(0, 2) n",
    "INSERT INTO visits_visitrule (region_id, capacity, manner, audience, period, least, starts_on, ends_on, made_by, made_at) SELECT %(county)s,"
    " c.capacity, c.manner, 'all', 'month', 1, '2020-01-01', NULL, 'bench', now() FROM (VALUES ('helper', 'visit'), ('helper', 'call'), ('team', 'visit'))"
    " c(capacity, manner)",
    "INSERT INTO visits_visitduty (household_id, village_id, rule_id, cadre_id, starts_on, ends_on, needed, made, over, next_due_on) SELECT h.id, h.village_id,"
    " r.id, CASE WHEN r.capacity = 'helper' THEN 9000001 + h.id %% %(cadres)s END, %(first)s::date + 30 * (m - 1), %(first)s::date + 30 * m, 1, (h.id + m) %% 3,"
    " false, CASE WHEN (h.id + m) %% 3 = 0 THEN %(first)s::date + 30 * m END FROM households_household h, visits_visitrule r, generate_series(1, %(months)s) m"
    " WHERE h.closed_on IS NULL AND (r.manner = 'visit' AND r.capacity = 'helper' OR m = 1)",
    "INSERT INTO visits_visit (uid, household_id, village_id, visitor_id, cadre_id, capacities, manner, \"on\", met, seen, text, next_on, photos, recorded_at,"
    " voided_by, void_reason) SELECT gen_random_uuid(), h.id, h.village_id, 9000001 + h.id %% %(cadres)s, 9000001 + h.id %% %(cadres)s, '{helper}',"
    " 'visit', %(first)s::date + (h.id * n %% 90)::int, CASE WHEN h.id %% 3 = 0 THEN '{nobody}'::text[] ELSE '{householder}'::text[] END, '{}', '走访', NULL, '{}', now(), '', ''"
    " FROM households_household h, generate_series(1, 2) n",
    "INSERT INTO plans_plan (household_id, village_id, year, state, summary, revision, version, drafted_by, drafted_at, submitted_by, submitted_at,"
    " decided_by, decided_at, decision_note, reviewed_by, review_note, closed_by, consent, consent_note, consent_revision) SELECT h.id, h.village_id,"
    " %(year)s, 'in_progress', '', 1, 1, 'b', now(), 'b', now(), 'c', now(), '', '', '', '', '', '', 0 FROM households_household h WHERE h.id %% 2 = 0",
    "INSERT INTO plans_goal (plan_id, source, text, place, state) SELECT id, 'own', '增收', 0, 'open' FROM plans_plan",
    "INSERT INTO plans_task (goal_id, text, reasons, owner_id, due_on, state, done_on, done_by, note, place) SELECT g.id, '养蜂', '[]', 9000001 +"
    " p.household_id %% %(cadres)s, %(first)s::date + (g.id %% 90)::int, CASE WHEN g.id %% 2 = 0 THEN 'done' ELSE 'open' END, CASE WHEN g.id %% 2 = 0 THEN"
    " %(first)s::date + (g.id %% 100)::int END, '', '', n FROM plans_goal g JOIN plans_plan p ON p.id = g.plan_id, generate_series(0, 1) n",
    "INSERT INTO assistance_measure (household_id, village_id, kind_id, year, state, values, amount, note, proposed_by, proposed_at, decided_by, decided_at,"
    " decision_note, effect, version) SELECT h.id, h.village_id, k.id, %(year)s, 'delivered', '{}', 100, '', 'b', now(), 'c', now(), '', '', 1"
    " FROM households_household h, (SELECT id FROM catalogue_measurekind WHERE whose = 'household' ORDER BY id LIMIT 2) k",
    "INSERT INTO assistance_delivery (measure_id, household_id, village_id, kind_id, person, period, \"on\", amount, note, by, at, is_reversal) SELECT id,"
    " household_id, village_id, kind_id, '', '', %(first)s::date + (id %% 90)::int, 0, '', 'b', now(), false FROM assistance_measure",
    "INSERT INTO assistance_confirmation (delivery_id, way, \"on\", by, at, received, note) SELECT id, 'visit', \"on\", 'c', now(), id %% 20 > 0, 'x'"
    " FROM assistance_delivery WHERE id %% 3 > 0",
    "INSERT INTO assistance_servicerequest (household_id, village_id, \"column\", text, state, due_on, asked_by, asked_at, taker_id, taken_at, answer, answered_by,"
    " answered_at, confirmed_by, confirmed_at, satisfied, closing_note) SELECT h.id, h.village_id, '', '想养蜂', 'confirmed', %(first)s::date + 60, 'a', now(),"
    " 9000001 + h.id %% %(cadres)s, now(), '好', 'b', %(first)s::date + (h.id %% 80)::int, 'c', now(), true, '' FROM households_household h WHERE h.id %% 5 = 0",
)  # fmt: skip

# One raw pass over every table that counts, as short as it can be said: what an appraisal cannot be quicker than.
FLOOR = (
    "SELECT d.cadre_id, sum(d.needed), sum(least(d.made, d.needed)) FROM visits_visitduty d JOIN visits_visitrule r ON r.id = d.rule_id"
    " WHERE r.manner = 'visit' AND d.cadre_id IS NOT NULL AND d.ends_on > %(first)s AND d.ends_on <= %(after)s GROUP BY 1",
    "SELECT d.cadre_id, sum(d.needed), sum(least(d.made, d.needed)) FROM visits_visitduty d JOIN visits_visitrule r ON r.id = d.rule_id"
    " WHERE r.manner = 'call' AND d.cadre_id IS NOT NULL AND d.ends_on > %(first)s AND d.ends_on <= %(after)s GROUP BY 1",
    "SELECT m.cadre_id, sum(d.needed), sum(least(d.made, d.needed)) FROM visits_visitduty d JOIN visits_visitrule r ON r.id = d.rule_id"
    " JOIN cadres_residentteam t ON t.village_id = d.village_id JOIN cadres_teammember m ON m.team_id = t.id"
    " WHERE r.capacity = 'team' AND d.cadre_id IS NULL AND d.ends_on > %(first)s AND d.ends_on <= %(after)s GROUP BY 1",
    "SELECT owner_id, count(*), count(*) FILTER (WHERE state = 'done' AND done_on <= due_on) FROM plans_task WHERE due_on >= %(first)s AND due_on < %(after)s"
    " GROUP BY 1",
    "SELECT p.cadre_id, count(*), count(*) FILTER (WHERE c.received) FROM assistance_delivery d JOIN households_pairing p ON p.household_id = d.household_id"
    " AND p.starts_on <= d.on AND (p.ends_on IS NULL OR p.ends_on > d.on) LEFT JOIN assistance_confirmation c ON c.delivery_id = d.id"
    " WHERE d.on >= %(first)s AND d.on < %(after)s AND NOT d.is_reversal AND d.reversed_by_id IS NULL GROUP BY 1",
    "SELECT taker_id, count(*), count(*) FILTER (WHERE answered_at::date <= due_on AND satisfied) FROM assistance_servicerequest"
    " WHERE due_on >= %(first)s AND due_on < %(after)s GROUP BY 1",
    "SELECT DISTINCT cadre_id FROM households_pairing WHERE starts_on < %(after)s",
)  # fmt: skip


def first_day() -> dt.date:
    return timezone.localdate() - dt.timedelta(days=91)


def _fill(households: int) -> None:
    official = User.objects.get(username=seed.OFFICIAL)
    county = official.postings.get().region
    today = timezone.localdate()
    values = {"cadres": CADRES, "county": county.pk, "first": first_day(), "months": MONTHS, "year": today.year}
    with connection.cursor() as cursor:
        for table in (
            "assistance_line",
            "assistance_confirmation",
            "assistance_delivery",
            "assistance_measure",
            "plans_task",
            "plans_goal",
            "plans_plan",
            "visits_visit",
            "visits_visitrule",
        ):
            cursor.execute(f"TRUNCATE {table} CASCADE")  # what another bench put there
        cursor.execute("SET session_replication_role = replica")
        for step in STEPS:
            cursor.execute(step, values)
            seed.say(f"{' '.join(step.split()[:3])}: {cursor.rowcount:,}")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    _orders(official, county)
    activity.recount_lately()


def _orders(official: User, county: Region) -> None:
    from supervision.services import orders  # noqa: PLC0415  the verbs, as everybody issues them
    from visits.models import VisitRule  # noqa: PLC0415

    villages = list(Region.objects.within(county).filter(level=Level.VILLAGE).select_related("parent"))
    rule = VisitRule.objects.filter(capacity="helper", manner="visit").get()
    today = timezone.localdate()
    for n in range(ORDERS):
        facts = {"title": f"第{n}号部署", "text": "走访到户。", "due_on": today, "kind": "visit", "visit_rule": rule}
        order = orders.issue(
            region=county, villages=villages, facts=facts, by=official, issued_on=today - dt.timedelta(days=30 + n)
        )
        seed.say(f"order {n}: {order.villages.count()} villages")
    township = villages[0].parent
    assert township is not None
    from supervision.services import schemes  # noqa: PLC0415

    weights = {"visits": 30, "calls": 10, "tasks": 20, "measures": 20, "requests": 10, "surveys": 10}
    schemes.put_in_force(
        scheme=schemes.draft_scheme(region=county, name="考评办法", weights=weights, by=official), by=official
    )


def run(table: Table, households: int) -> None:
    seed.ready(households, NAME, like=seed.MAIN, make=_fill)
    with seed.connected_to(NAME):
        _computing(table)
        _pages(table)


def _computing(table: Table) -> None:
    official = User.objects.get(username=seed.OFFICIAL)
    county = official.postings.get().region
    period = items.Period(first_day(), timezone.localdate())
    scope = computing.Scope(period, computing.villages_of(county))
    values = {"first": period.starts_on, "after": period.ends_on}

    def floor() -> None:
        with connection.cursor() as cursor:
            for statement in FLOOR:
                cursor.execute(statement, values)
                cursor.fetchall()

    found = computing.figures_of(scope)
    assert len(found) >= CADRES
    raw, ours = by_turns(floor, lambda: computing.figures_of(scope), times=5, warm=1)
    table.add("super", f"figures of {len(found):,} cadres / one raw pass", median(ours), median(raw), 4.0)
    with CaptureQueriesContext(connection) as captured:
        computing.figures_of(scope)
    table.most("super", "queries of it", len(captured), 14)
    Appraisal.objects.filter(state="computed").delete()
    AppraisalRound.objects.all().delete()
    round = appraisals.open_round(
        region=county, starts_on=period.starts_on, last_day=period.ends_on - dt.timedelta(days=1), by=official
    )
    first, again = [], []
    (first,) = by_turns(lambda: appraisals.recompute(round=round, by=official), times=1, warm=0)
    (again,) = by_turns(lambda: appraisals.recompute(round=round, by=official), times=3, warm=0)
    table.add("super", "a round computed and written / one raw pass", median(first), median(raw), 6.0)
    table.add("super", "the same again, where nothing changed / one raw pass", median(again), median(raw), 5.0)
    assert computing.drift_of(round) == []
    order = Order.objects.select_related("visit_rule").order_by("pk")[0]
    villages = steps.villages_of(order)
    (counted,) = by_turns(lambda: steps.recount(order, villages), times=3, warm=1)
    table.add("super", "an order of the county counted anew / one raw pass", median(counted), median(raw), 4.0)


def _pages(table: Table) -> None:
    client = Client(HTTP_HOST="127.0.0.1")
    official = User.objects.get(username=seed.OFFICIAL)
    client.force_login(official, backend="accounts.backends.AccountBackend")

    def get(address: str) -> Callable[[], None]:
        def ask() -> None:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)

        return ask

    def measure(what: str, address: str, most: int, budget: float = 2.0) -> None:
        ours, base = by_turns(get(address), page_one, times=20)
        table.add("super", f"{what}, p95 / p95 of list page 1", p95(ours), p95(base), budget)
        with CaptureQueriesContext(connection) as captured:
            get(address)()
        table.most("super", f"queries of {what}", len(captured), most)

    page_one = get(f"{reverse('households:household_list')}?status=out_of_poverty")
    order = Order.objects.order_by("pk")[0]
    township = Region.objects.filter(level=Level.TOWNSHIP, path__startswith=order.region.path).order_by("code")[0]
    round = AppraisalRound.objects.get()
    appraisal = round.appraisals.order_by("pk")[7]
    detail = reverse("supervision:order_detail", args=[order.pk])
    measure("order list", reverse("supervision:order_list"), 14)
    measure("an order in the county", detail, 16)
    measure("an order in a township", f"{detail}?region={township.pk}", 16)
    measure(
        "its households acted on",
        reverse("supervision:order_households", args=[order.pk]) + f"?of=acted&region={township.pk}",
        14,
    )
    measure("its receipts", reverse("supervision:order_places", args=[order.pk]), 14)
    measure("levels side by side", reverse("supervision:activity"), 14)
    measure(
        "visits of a township in the month",
        reverse("supervision:activity_list", args=["visits"]) + f"?region={township.pk}",
        14,
    )
    measure("appraisal round", reverse("supervision:round_detail", args=[round.pk]), 14)
    measure("appraisals", reverse("supervision:appraisal_list"), 14)
    measure("an appraisal", reverse("supervision:appraisal_detail", args=[appraisal.pk]), 22)
    measure("rows behind a figure", reverse("supervision:appraisal_rows", args=[appraisal.pk, "measures", "due"]), 18)
