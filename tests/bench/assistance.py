"""Plans, measures, money and villages of a whole county: board, lists, village page and fund page against the bare admin and the list page 1.

Seeded beside the 100,000 households: a plan for most of them with two tasks each, five measures for every household, a delivery for four of
them with its money from three funds, projects, shortfalls and idle houses in every village.
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
from assistance.models import Delivery, Fund, Measure
from plans.models import Plan
from regions.models import Region
from tests.bench.frame import Table, by_turns, p95
from tests.bench.seed import OFFICER, OFFICIAL, say

# `n` is the household's key. Triggers are asleep meanwhile: what is written is what they would let pass.
PLANS = """
INSERT INTO plans_plan (household_id, village_id, year, state, summary, revision, version, drafted_by, drafted_at, submitted_by, submitted_at,
    decided_by, decided_at, decision_note, reviewed_by, reviewed_at, review_note, closed_by, closed_at, consent, consent_on, consent_note,
    consent_revision)
SELECT h.id, h.village_id, %(year)s, s.state, '', 1, 1, 'bench', now(), CASE WHEN s.state = 'draft' THEN '' ELSE 'bench' END,
    CASE WHEN s.state <> 'draft' THEN now() END, CASE WHEN s.state IN ('draft', 'submitted') THEN '' ELSE 'other' END,
    CASE WHEN s.state NOT IN ('draft', 'submitted') THEN now() END, '', '', NULL, '', '', NULL, '', NULL, '', 0
FROM households_household h
CROSS JOIN LATERAL (SELECT (ARRAY['draft', 'submitted', 'returned', 'approved', 'in_progress', 'in_progress', 'in_progress', 'in_progress',
    'in_progress'])[h.id %% 9 + 1] AS state) s
WHERE h.id %% 10 < 8
"""
GOALS = "INSERT INTO plans_goal (plan_id, source, text, place, state) SELECT id, 'cause:01', '看病负担减轻', 0, 'open' FROM plans_plan"
TASKS = """
INSERT INTO plans_task (goal_id, text, kind_id, member_id, reasons, owner_id, due_on, state, done_on, done_by, note, place)
SELECT g.id, '医疗救助', %(kind)s, NULL, '[]', %(owner)s, current_date + (g.id %% 90)::int - 30 + t.n, CASE WHEN g.id %% 3 = 0 THEN 'done' ELSE 'open' END,
    CASE WHEN g.id %% 3 = 0 THEN current_date END, CASE WHEN g.id %% 3 = 0 THEN 'bench' ELSE '' END, '', t.n
FROM plans_goal g CROSS JOIN (VALUES (0), (1)) t(n)
"""
MEASURES = """
INSERT INTO assistance_measure (household_id, village_id, member_id, kind_id, year, plan_id, task_id, state, values, quantity, amount, note, proposed_by,
    proposed_at, decided_by, decided_at, decision_note, effect, effect_on, version)
SELECT h.id, h.village_id, NULL, k.id, %(year)s, NULL, NULL, s.state, '{}', NULL, 100 + h.id %% 900, '', 'bench', now(),
    CASE WHEN s.state = 'proposed' THEN '' ELSE 'other' END, CASE WHEN s.state <> 'proposed' THEN now() END, '', '', NULL, 1
FROM households_household h
CROSS JOIN (SELECT id, row_number() OVER (ORDER BY id) AS place FROM catalogue_measurekind WHERE whose = 'household' AND has_money ORDER BY id LIMIT 5) k
CROSS JOIN LATERAL (SELECT CASE WHEN k.place = 5 THEN (ARRAY['proposed', 'approved'])[h.id %% 2 + 1] WHEN (h.id + k.place) %% 3 = 0 THEN 'confirmed'
    ELSE 'delivered' END AS state) s
"""
DELIVERIES = """
INSERT INTO assistance_delivery (measure_id, household_id, village_id, member_id, kind_id, person, period, "on", quantity, amount, note, by, at,
    batch_id, is_reversal, reversed_by_id)
SELECT m.id, m.household_id, m.village_id, NULL, m.kind_id, '', %(year)s::text, current_date - (m.id %% 200)::int, NULL, m.amount, '', 'bench', now(), NULL,
    false, NULL
FROM assistance_measure m WHERE m.state IN ('delivered', 'confirmed')
"""
FUNDS = """
INSERT INTO assistance_fund (region_id, source, year, title, document, ceiling, opened_by, opened_at, closed_by, closed_at)
SELECT %(county)s, s.source, %(year)s, '衔接资金 ' || s.source, '', 900000000, 'bench', now(), '', NULL
FROM (VALUES ('central'), ('province'), ('county')) s(source)
"""
ACCOUNTS = """
INSERT INTO assistance_account (fund_id, kind, project_id, balance)
SELECT f.id, k.kind, NULL, 0 FROM assistance_fund f CROSS JOIN (VALUES ('source'), ('planned'), ('allotted'), ('paid')) k(kind)
"""
# One movement for every 200 payments, as a subsidy list makes them.
ENTRIES = """
INSERT INTO assistance_entry (fund_id, kind, "on", reference, note, by, at, reverses_id)
SELECT f.id, 'pay', current_date, '', 'bench ' || b.n, 'bench', now(), NULL
FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM assistance_fund) f
JOIN (SELECT DISTINCT id / 200 AS n FROM assistance_delivery) b ON b.n %% 3 = f.place
"""
LINES = """
INSERT INTO assistance_line (entry_id, account_id, amount, delivery_id)
SELECT e.id, a.id, d.amount, d.id FROM assistance_delivery d JOIN assistance_entry e ON e.note = 'bench ' || d.id / 200
JOIN assistance_account a ON a.fund_id = e.fund_id AND a.kind = 'paid'
UNION ALL
SELECT e.id, a.id, -sum(d.amount), NULL FROM assistance_delivery d JOIN assistance_entry e ON e.note = 'bench ' || d.id / 200
JOIN assistance_account a ON a.fund_id = e.fund_id AND a.kind = 'source' GROUP BY e.id, a.id
"""
BALANCES = """
UPDATE assistance_account a SET balance = s.amount
FROM (SELECT account_id, sum(amount) AS amount FROM assistance_line GROUP BY account_id) s WHERE s.account_id = a.id
"""
PROJECTS = """
INSERT INTO assistance_villageproject (village_id, sector, title, year, stage, text, quantity, unit, budget, builder, starts_on, due_on, proposed_by,
    proposed_at, version)
SELECT r.id, (ARRAY['water', 'road', 'industry'])[n], '村级项目 ' || n, %(year)s, (ARRAY['proposed', 'building', 'accepted'])[n], '', 3, '公里', 500000, '',
    NULL, current_date - 20, 'bench', now(), 1
FROM regions_region r CROSS JOIN generate_series(1, 3) n WHERE r.level = 5
"""
SHORTFALLS = """
INSERT INTO assistance_shortfall (village_id, sector, text, found_on, found_by, project_id, resolved_on, resolved_by, resolved_note)
SELECT r.id, (ARRAY['water', 'road'])[n], '短板 ' || n, current_date - 60, 'bench', NULL, NULL, '', ''
FROM regions_region r CROSS JOIN generate_series(1, 2) n WHERE r.level = 5
"""
NEXT_DAYS = """
UPDATE plans_plan SET next_due_on = first.day FROM (
    SELECT g.plan_id, min(t.due_on) AS day FROM plans_task t JOIN plans_goal g ON g.id = t.goal_id WHERE t.state = 'open' GROUP BY g.plan_id
) first WHERE first.plan_id = plans_plan.id
"""
STEPS = (
    PLANS,
    GOALS,
    TASKS,
    NEXT_DAYS,
    MEASURES,
    DELIVERIES,
    FUNDS,
    ACCOUNTS,
    ENTRIES,
    LINES,
    BALANCES,
    PROJECTS,
    SHORTFALLS,
)


def ready() -> None:
    """All of it in the bench's database, made once."""
    if Plan.objects.exists():
        return
    today = timezone.localdate()
    official = User.objects.get(username=OFFICIAL)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM catalogue_measurekind WHERE code = 'medical-aid'")
        values = {
            "year": today.year, "county": official.postings.get().region_id, "owner": User.objects.get(username=OFFICER).pk, "kind": cursor.fetchone()[0],
        }  # fmt: skip
        cursor.execute("SET session_replication_role = replica")
        for step in STEPS:
            cursor.execute(step, values)
            say(f"{step.split()[2]}: {cursor.rowcount:,}")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def run(table: Table, households: int) -> None:
    ready()
    today = timezone.localdate()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username=OFFICIAL), backend="accounts.backends.AccountBackend")

    def get(address: str) -> Callable[[], None]:
        def ask() -> None:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)

        return ask

    def measure(what: str, address: str, limit: Callable[[], None], limit_name: str, budget: float, most: int) -> None:
        ours, base = by_turns(get(address), limit, times=30)
        table.add("assist", f"{what}, p95 / p95 of {limit_name}", p95(ours), p95(base), budget)
        with CaptureQueriesContext(connection) as captured:
            get(address)()
        table.most("assist", f"queries of {what}", len(captured), most)

    # A list at most 1.5 times the list of households and 0.4 of the bare admin on half a million rows, a page of figures at most twice
    # the list of households: ADR 22.
    bare = get(reverse("baseline:assistance_measure_changelist"))
    page_one = get(f"{reverse('households:household_list')}?status=out_of_poverty")
    village = Region.objects.filter(level=5).order_by("code")[3]
    fund = Fund.objects.order_by("pk")[0]
    listed = reverse("assistance:measure_list")
    measure("measure list", listed, bare, "bare admin changelist", 0.4, 12)
    measure("measure list, to be approved", f"{listed}?state=proposed", bare, "bare admin changelist", 0.4, 12)
    measure("plan list, overdue", f"{reverse('plans:plan_list')}?overdue=yes", page_one, "list page 1", 1.5, 12)
    measure("plan board", reverse("plans:board"), page_one, "list page 1", 2.0, 16)
    measure("village page", reverse("assistance:village_page", args=[village.pk]), page_one, "list page 1", 2.5, 20)
    measure("villages of the county", reverse("assistance:village_list"), page_one, "list page 1", 2.0, 16)
    measure("funds", reverse("assistance:fund_list"), page_one, "list page 1", 2.0, 16)
    measure("fund page", reverse("assistance:fund_page", args=[fund.pk]), page_one, "list page 1", 2.0, 20)
    assert Measure.objects.count() > 4 * households
    assert Delivery.objects.filter(on__gte=today - dt.timedelta(days=400)).exists()
