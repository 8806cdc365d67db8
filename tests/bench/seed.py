"""The benches' databases: each made once for a number of households and a state of the schema, used again while both are the same."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import environ
import psycopg2
from django.core.management import call_command
from django.db import connection, connections, models, transaction
from django.db.migrations.loader import MigrationLoader

from accounts.models import Posting, User
from accounts.roles import Role
from cadres.models import Cadre, Unit
from households import demo
from households.models import Household, Member, Pairing
from regions.demo import make_demo_county
from regions.models import Level, Region

OFFICER = "bench-officer"
OFFICIAL = "bench-official"
MAIN = "bench"
VERSION = "1"  # of what is seeded here
TIMES = 10  # how many times as many households `grow` makes
STEP = 10_000_000  # what it adds to a primary key with each copy
GROWN = (Household, Member, Pairing)  # what lists and searches read


def say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Django's connection is one to another database of the same server inside the block."""
    before = connections["default"]
    connections["default"] = connect(name)
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = before


def connect(name: str) -> Any:
    made: Any = connections.create_connection("default")
    made.settings_dict = made.settings_dict | {"NAME": name}  # its own: Django gives every connection the same
    return made


def ready(households: int, name: str = MAIN, *, like: str = "", make: Callable[[int], None] | None = None) -> None:
    """A database `name` of that size, made by `make` where there is none; `like` names the database that it begins as a copy of."""
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
        started = time.perf_counter()
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.close()  # nobody may look at a database while it is copied
        cursor.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
        with connected_to(name):
            if not like:
                call_command("migrate", verbosity=0)
            (make or _fill)(households)
            with connection.cursor() as own:
                own.execute("VACUUM ANALYZE")
        cursor.execute(f'COMMENT ON DATABASE "{name}" IS %s', [mark])
    server.close()
    say(f"{households:,} households seeded in {time.perf_counter() - started:.0f} s")


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


def _people(county: Region, villages: list[Region]) -> None:
    """A township officer who also helps some households elsewhere."""
    officer = User.objects.create_user(OFFICER, None, name="乡镇专干")
    township = villages[0].parent
    Posting.objects.create(user=officer, role=Role.TOWNSHIP_OFFICER, region=township, starts_on="2020-01-01")
    official = User.objects.create_user(OFFICIAL, None, name="县级")
    Posting.objects.create(user=official, role=Role.COUNTY_OFFICIAL, region=county, starts_on="2020-01-01")
    cadre = Cadre.objects.create(
        name="乡镇专干", unit=Unit.objects.create(name="石门乡政府", region=township), user=officer
    )
    for household in Household.objects.exclude(township=township).order_by("pk")[:12]:
        Pairing.objects.create(household=household, cadre=cadre, is_lead=False, starts_on="2022-01-01")


# -- ten times as many ------------------------------------------------------------------------------------------------------------


def grow(households: int) -> None:
    """Nine copies of every household in the same villages, by the database itself. Indexes are left out meanwhile and made again.

    The copies have numbers, keyed hashes and public ids of their own and the names of their originals. Yearly records and changes of
    status, which no list reads, are not copied.
    """
    say(f"{households:,} households by copying …")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL session_replication_role = replica"
        )  # the copies' keys are sound: no trigger has to look
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = ANY(%s::regclass[])"
            " AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)",
            [[model._meta.db_table for model in GROWN]],
        )
        indexes = cursor.fetchall()
        for index, _definition in indexes:
            cursor.execute(f"DROP INDEX {index}")
        for model in GROWN:
            columns = {field.column: _copied(field) for field in model._meta.concrete_fields}
            table = model._meta.db_table
            names = ", ".join(f'"{name}"' for name in columns)
            cursor.execute(
                f"INSERT INTO {table} ({names}) SELECT {', '.join(columns.values())}"  # noqa: S608
                f" FROM {table}, generate_series(1, {TIMES - 1}) n WHERE {table}.id < {STEP}"
            )
            say(f"{model._meta.verbose_name}: {cursor.rowcount:,}")
        for _index, definition in indexes:
            cursor.execute(definition)
        for model in GROWN:
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, STEP * (TIMES + 1)]
            )


def _copied(field: models.Field[Any, Any]) -> str:
    """The column of a copy, in SQL; `n` is the copy's number."""
    if field.primary_key or field.related_model in GROWN:
        return f'"{field.column}" + n * {STEP}'
    match field.name:
        case "uid":
            return "gen_random_uuid()"
        case "number":
            return (
                f'CASE WHEN "number" ~ \'^[0-9]+$\' THEN ("number"::bigint + n * {STEP})::text ELSE "number" || n END'
            )
        case "id_hash":
            return "CASE WHEN id_hash = '' THEN '' ELSE left(encode(sha256(convert_to(id_hash || n, 'UTF8')), 'base64'), 22) END"
    return f'"{field.column}"'
