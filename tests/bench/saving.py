"""What saving a form costs: permission, lock, check, audit event with its link, against the bare admin's save of the same household."""

from __future__ import annotations

import re
import time

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html

from accounts.models import User
from households.models import Household
from tests.bench.frame import Table, by_turns, median
from tests.bench.seed import OFFICIAL

MEMBERS = 4
TIMES = 40


def run(table: Table, households: int) -> None:
    client = Client(HTTP_HOST="127.0.0.1")
    official = User.objects.get(username=OFFICIAL)
    client.force_login(official, backend="accounts.backends.AccountBackend")
    four = Household.objects.for_user(official).filter(member_count=MEMBERS, closed_on=None).order_by("-pk")
    house = next(h for h in four[:100] if h.members.count() == MEMBERS)
    ours, bare = (
        reverse("households:household_edit", args=[house.pk]),
        f"/baseline-form/households/household/{house.pk}/change/",
    )
    filled = {address: form_of(client, address) for address in (ours, bare)}
    rows = sum(1 for name in filled[bare] if re.fullmatch(r"members-\d+-name", name))
    assert rows == MEMBERS, "the admin's form holds the members too"

    def save(address: str) -> None:
        send(client, address, filled[address])
        if address == ours:
            filled[ours]["version"] = str(int(filled[ours]["version"]) + 1)  # as the page opened next would say

    with CaptureQueriesContext(connection) as captured:
        save(ours)
    statements = [query["sql"] for query in captured]
    saved, admin = by_turns(lambda: save(ours), lambda: save(bare), times=TIMES)
    house.refresh_from_db()
    assert house.version > TIMES, "every save of ours changed something"
    table.add("save", "a household with four members, audit chain on / bare admin", median(saved), median(admin), 1.0)
    table.most("save", "queries of the save", sum(not _frames(sql) for sql in statements), 25)
    table.most("save", "commits of the save, the session's own aside", commits(statements), 1)


def form_of(client: Client, address: str) -> dict[str, str]:
    """What a browser would send back of a page's own form."""
    document = html.fromstring(client.get(address).content.decode())
    form = max(document.forms, key=lambda one: len(one.fields))
    return {name: "" if value == "on" else value for name, value in form.form_values()}


def send(client: Client, address: str, filled: dict[str, str]) -> None:
    response = client.post(address, filled | {"address": f"示范路 {time.perf_counter_ns()} 号"})
    assert response.status_code == 302, (address, response.status_code)


def _frames(sql: str) -> bool:
    return sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))


def commits(statements: list[str]) -> int:
    """Transactions that write more than the session, plus writes outside of any: what has to reach the disk for one save."""
    found, inside, writes = 0, False, False
    for sql in statements:
        if sql == "BEGIN":
            inside, writes = True, False
        elif sql == "COMMIT":
            found, inside = found + writes, False
        elif sql.startswith(("INSERT", "UPDATE", "DELETE")) and '"django_session"' not in sql:
            writes = True
            found += not inside
    return found
