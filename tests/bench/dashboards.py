"""The board of a county from its roll-up, against an empty page of the same layout and against the same figures counted live; at a tenfold county;
and what keeping the roll-up costs whoever writes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from figures import rollup
from figures.datasets import every
from figures.models import RegionFigures
from households.models import Household
from households.services import correct_year
from regions.models import Level, Region
from tests.bench import seed, supervision
from tests.bench.frame import Table, by_turns, median
from tests.bench.growth import slope

EXPONENT = 0.25  # of pages that add up a county
NAME, LARGE = "bench_dashboards", "bench_dashboards_large"
HEAVY = ("households_household", "households_householdyear")


def _fill(households: int) -> None:
    supervision._fill(households)
    rollup.rebuild()


def _grow(households: int) -> None:
    """Ten times the households, with their yearly records: what figures read most of."""
    seed.grow(households)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "INSERT INTO households_householdyear (household_id, year, population, category, main_cause, other_causes, cause_note, dwelling_grade, fuel, road,"
            " water_source, relocation_way, resettlement, relocation_problem, check_food, check_clothing, check_education, check_medical, check_housing,"
            " check_water, net_income, per_head_income, surveyor, unmapped, updated_at, dwelling_unsafe) SELECT y.household_id + n * %(step)s, y.year, population,"
            " category, main_cause, other_causes, cause_note, dwelling_grade, fuel, road, water_source, relocation_way, resettlement, relocation_problem,"
            " check_food, check_clothing, check_education, check_medical, check_housing, check_water, net_income, per_head_income, surveyor, unmapped,"
            " updated_at, dwelling_unsafe FROM households_householdyear y, generate_series(1, %(times)s) n WHERE y.household_id < %(step)s",
            {"step": seed.STEP, "times": seed.TIMES - 1},
        )
        seed.say(f"yearly records: {cursor.rowcount:,}")
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")
    start = time.perf_counter()
    rollup.rebuild()
    seed.say(f"rolled up in {time.perf_counter() - start:.0f} s")


def signed_in() -> tuple[Client, User]:
    client = Client(HTTP_HOST="127.0.0.1")
    official = User.objects.get(username=seed.OFFICIAL)
    client.force_login(official, backend="accounts.backends.AccountBackend")
    return client, official


def run(table: Table, households: int) -> None:
    seed.ready(households, NAME, like=seed.MAIN, make=_fill)
    with seed.connected_to(NAME):
        _county(table, households)
        _writing(table)
    _tenfold(table, households)


def _county(table: Table, households: int) -> None:
    client, official = signed_in()
    county = official.postings.get().region
    page, empty = reverse("figures:board", args=[county.pk]), reverse("empty")
    rollup.fold()

    def get(address: str) -> Callable[[], Any]:
        def ask() -> None:
            response = client.get(address)
            assert response.status_code == 200, (address, response.status_code)

        return ask

    ours, bare = by_turns(get(page), get(empty))
    table.add("dash", "county page / empty page of the same layout", median(ours), median(bare), 2.0)
    with CaptureQueriesContext(connection) as captured:
        get(page)()
    table.most("dash", "queries of it", len(captured), 15)
    today = timezone.localdate()

    def live() -> None:
        for dataset in every():
            dataset.counted(today)

    regions = [county, *Region.objects.filter(parent=county)]
    (counted,) = by_turns(live, times=3, warm=1)
    (read,) = by_turns(lambda: rollup.read(regions, [today.year]), times=15)
    least = 60 if households < 500_000 else 150
    table.add(
        "dash", "figures of a county live / read from the roll-up", median(counted), median(read), least, at_least=True
    )
    (rebuilt,) = by_turns(rollup.rebuild, times=1, warm=0)
    table.most("dash", "everything rolled up anew", median(rebuilt) / 1000, 30 * max(households / 100_000, 1), "s")


def _writing(table: Table) -> None:
    """The same write with the marks of the roll-up and without; and the page right after it."""
    client, official = signed_in()
    county = official.postings.get().region
    household = Household.objects.filter(closed_on=None).order_by("pk")[0]
    year = timezone.localdate().year
    turn = iter(range(10_000_000))

    def write() -> None:
        correct_year(household=household, year=year, by=official, facts={"population": next(turn) % 9 + 1})

    def quietly() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            for name in HEAVY:
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER figures_changed")
        try:
            start = time.perf_counter()
            write()
            quiet.append((time.perf_counter() - start) * 1000)
        finally:
            with transaction.atomic(), connection.cursor() as cursor:
                for name in HEAVY:
                    cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER figures_changed")

    quiet: list[float] = []
    loud, _both = by_turns(write, quietly, times=25)
    table.add("dash", "a write with marks / without", median(loud), median(quiet[2:]), 1.5)
    rollup.fold()
    correct_year(household=household, year=year, by=official, facts={"main_cause": "01"})
    start = time.perf_counter()
    response = client.get(reverse("figures:board", args=[county.pk]))
    table.most("dash", "from a write to a page that shows it", time.perf_counter() - start, 2.0, "s")
    assert "保存一户就更新" in response.content.decode()
    (folded,) = by_turns(lambda: (write(), rollup.fold()), times=5, warm=1)
    table.most("dash", "one village counted anew and taken up to the county", median(folded) / 1000, 1.0, "s")


def _tenfold(table: Table, households: int) -> None:
    """The same page of a county with ten times the households."""
    seed.ready(households * seed.TIMES, LARGE, like=NAME, make=_grow)
    before = connections["default"]
    places = []
    try:
        for name in (NAME, LARGE):
            own = connections["default"] = seed.connect(name)
            client, official = signed_in()
            page = reverse("figures:board", args=[official.postings.get().region.pk])
            rollup.fold()
            places.append((own, client, page))

        def ask(place: Any) -> Callable[[], None]:
            def get() -> None:
                connections["default"] = place[0]
                assert place[1].get(place[2]).status_code == 200

            return get

        small, large = by_turns(*(ask(place) for place in places))
        table.add(
            "dash",
            f"county page at {households * seed.TIMES:,} / {households:,} households",
            median(large),
            median(small),
            1.5,
        )
        exponent = slope([households, households * seed.TIMES], [median(small), median(large)])
        table.most("dash", "county page, exponent of time against households", exponent, EXPONENT)
        connections["default"] = places[1][0]
        county = User.objects.get(username=seed.OFFICIAL).postings.get().region
        whole = RegionFigures.objects.get(region=county, year=0)
        assert whole.numbers
        regions, today = [county, *Region.objects.filter(parent=county)], timezone.localdate()

        def live() -> None:
            for dataset in every():
                dataset.counted(today)

        (counted,) = by_turns(live, times=1, warm=0)
        (read,) = by_turns(lambda: rollup.read(regions, [today.year]), times=9)
        table.add(
            "dash",
            f"figures live / from the roll-up, {households * seed.TIMES:,} households",
            median(counted),
            median(read),
            150,
            at_least=True,
        )
        assert Region.objects.filter(level=Level.VILLAGE).exists()
    finally:
        connections["default"] = before
        for own, _client, _page in places:
            own.close()
