"""The bench's database: made once for a number of households and a state of the schema, used again while both are the same."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import environ
import psycopg2
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.models import Posting, User
from accounts.roles import Role
from cadres.models import Cadre, Unit
from households import demo
from households.models import Household, Pairing
from regions.demo import make_demo_county
from regions.models import Level, Region

OFFICER = "bench-officer"
VERSION = "1"  # of what is seeded here


def say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")


def ready(households: int, name: str = "bench") -> None:
    """Connect to a bench database of that size, making it where there is none."""
    mark = f"{households} {_schema()} {VERSION}"
    given = environ.Env.db_url_config(os.environ["BENCH_MAINTENANCE_URL"])
    parts = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    server = psycopg2.connect(
        **{key: given[part] for key, part in parts.items() if given.get(part)}, **given.get("OPTIONS", {})
    )
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [name])
        found = cursor.fetchone()
        if found and found[0] == mark:
            server.close()
            say(f"database with {households:,} households is there")
            return
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}"')
        started = time.perf_counter()
        with connected_to(name):
            call_command("migrate", verbosity=0)
            _fill(households)
        cursor.execute(f'COMMENT ON DATABASE "{name}" IS %s', [mark])
    server.close()
    say(f"seeded in {time.perf_counter() - started:.0f} s")


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """What is asked of the database goes to the one of that name."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before


def _schema() -> str:
    names = sorted(str(key) for key in MigrationLoader(None).disk_migrations)
    return hashlib.sha256(" ".join(names).encode()).hexdigest()[:12]


def _fill(households: int) -> None:
    county = make_demo_county()
    villages = list(Region.objects.within(county).filter(level=Level.VILLAGE).order_by("code"))
    with transaction.atomic():
        cadres = demo._make_cadres(county)
    say(f"{households:,} households …")
    demo.fill(
        households=households, villages=villages, cadres=cadres, years=1, member_years=1, vouched=False,
        spread=lambda n: (n * 37) % len(villages),
        progress=lambda done: say(f"{done:,}") if done % 20_000 == 0 else None,
    )  # fmt: skip
    # One household with five years, for the ledger page; vouched for, so that its history has something to show.
    demo.fill(
        households=1, villages=villages[:1], cadres=cadres, years=5, member_years=5, seed=5, first=households + 10
    )
    _people(county, villages)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _people(county: Region, villages: list[Region]) -> None:
    """A township officer who also helps some households elsewhere."""
    officer = User.objects.create_user(OFFICER, None, name="乡镇专干")
    township = villages[0].parent
    Posting.objects.create(user=officer, role=Role.TOWNSHIP_OFFICER, region=township, starts_on="2020-01-01")
    official = User.objects.create_user("bench-official", None, name="县级")
    Posting.objects.create(user=official, role=Role.COUNTY_OFFICIAL, region=county, starts_on="2020-01-01")
    cadre = Cadre.objects.create(
        name="乡镇专干", unit=Unit.objects.create(name="石门乡政府", region=township), user=officer
    )
    for household in Household.objects.exclude(township=township).order_by("pk")[:12]:
        Pairing.objects.create(household=household, cadre=cadre, is_lead=False, starts_on="2022-01-01")
