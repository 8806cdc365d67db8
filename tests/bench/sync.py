"""Surveys a second into PostgreSQL: twenty phones at once, over HTTP, into two workers of the web server, the audit chain on.

What is sent are whole surveys of the standard form without the bytes of their photos. The phones are threads of this process that send
bodies made beforehand, so that what is measured is the server; it shares the machine with them.
"""

from __future__ import annotations

import datetime as dt
import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection
from django.utils import timezone

from accounts.models import Posting, User
from accounts.roles import Role
from households.models import Household
from regions.models import Region
from surveys import answers, prefill, published
from surveys.models import Device, Survey
from surveys.standard import ensure_standard_forms
from tests.bench.frame import Table

PHONES = 20
EACH = 30  # surveys of a phone in one run
BATCH = 10
AT_LEAST = 50  # surveys a second
TOKEN = "b" * 32


def run(table: Table, households: int) -> None:
    ensure_standard_forms()
    phones = [_Phone(n, village) for n, village in enumerate(_villages())]
    with _server() as port:
        _send(phones, port, 1, EACH // 5)  # the workers read their form, the database its tables
        for batch, what in ((1, "one a request"), (BATCH, f"{BATCH} a request")):
            rate = _send(phones, port, batch, EACH)
            table.add(
                "sync", f"text surveys a second, {PHONES} phones, {what}, chain on", rate, AT_LEAST, 1.0, unit="/s", at_least=True
            )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM common_auditevent e LEFT JOIN common_auditlink l ON l.event_id = e.id WHERE l.event_id IS NULL"
        )
        table.most("sync", "surveys that are not in the chain", float(cursor.fetchone()[0]), 0.5)


def _villages() -> list[Region]:
    """Villages with households, as many as there are phones; again the same ones where there are fewer."""
    found = list(
        Region.objects.filter(households__closed_on=None, households__isnull=False).distinct().order_by("pk")[:PHONES]
    )
    return [found[n % len(found)] for n in range(PHONES)]


class _Phone:
    """A village clerk with a session and a registered phone, and the households of the village to survey."""

    def __init__(self, n: int, village: Region) -> None:
        self.random = random.Random(n)
        self.user, _new = User.objects.get_or_create(username=f"bench-clerk-{n}", defaults={"name": f"信息员{n}"})
        Posting.objects.filter(user=self.user).exclude(region=village).delete()
        Posting.objects.get_or_create(
            user=self.user, role=Role.VILLAGE_CLERK, region=village, defaults={"starts_on": "2020-01-01"}
        )
        self.device = str(Device.objects.get_or_create(uid=uuid.UUID(int=n), defaults={"user": self.user})[0].uid)
        store = import_module(settings.SESSION_ENGINE).SessionStore()
        store[SESSION_KEY], store[HASH_SESSION_KEY] = str(self.user.pk), self.user.get_session_auth_hash()
        store[BACKEND_SESSION_KEY] = "accounts.backends.AccountBackend"
        store.create()
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={store.session_key}; {settings.CSRF_COOKIE_NAME}={TOKEN}"
        households = list(
            Household.objects.filter(village=village, closed_on=None, member_count__gt=0).order_by("pk")[:10]
        )
        self.bodies = [whole_survey(household, self.random) for household in households]

    def request(self, count: int) -> bytes:
        """The body of one request with so many new surveys; photos get numbers of their own."""
        ops = []
        for _n in range(count):
            body = json.loads(json.dumps(self.random.choice(self.bodies)))
            for name, value in body["answers"]["values"].items():
                if name.startswith("photo_"):
                    body["answers"]["values"][name] = [str(uuid.uuid4()) for _v in value]
                elif name == "signature":
                    body["answers"]["values"][name] = str(uuid.uuid4())
            body["uid"] = str(uuid.uuid4())
            body["answers"]["values"]["dwelling_area"] = str(self.random.randint(40, 160))
            ops.append(
                {"uid": str(uuid.uuid4()), "kind": "survey.submit", "made_at": timezone.now().isoformat(), "body": body}
            )
        return json.dumps({"device": self.device, "waiting": count, "ops": ops}, ensure_ascii=False).encode()


def _put(told: dict[str, Any], path: str, value: Any) -> None:
    uid, slash, name = path.rpartition("/")
    own = next(member["values"] for member in told["members"] if member["uid"] == uid) if slash else told["values"]
    own[name] = value


def whole_survey(household: Household, random: random.Random) -> dict[str, Any]:
    """The body of a survey without a fault: what the ledger holds, and for what the form still asks an answer that fits."""
    today = timezone.localdate()
    form = published.current(household.village)
    assert form is not None
    definition = published.definition_of(form)
    rows = prefill.rows_of([household], [today.year, today.year - 1])
    base, last = (rows.values(household.pk, year, definition) for year in (today.year, today.year - 1))
    cards = [prefill.card(member) for member in rows.members[household.pk]]
    told: dict[str, Any] = {"values": {}, "members": [{"uid": card["uid"], "values": {}} for card in cards]}
    for path, value in base.items():
        _put(told, path, value)
    for _try in range(8):
        found = answers.check(definition, told, members=cards, last=last, base=base, year=today.year, today=today)
        if not found.problems:
            break
        for problem in found.problems:
            asked = definition.field(problem.path)
            assert asked is not None, problem
            _put(told, problem.path, _answer(asked, random))
    assert not found.problems, found.problems
    return {
        "household": str(household.uid), "form": str(form), "year": today.year, "purpose": "survey", "channel": "phone", "revision": 0,
        "began_at": (timezone.now() - dt.timedelta(hours=1)).isoformat(), "surveyed_on": today.isoformat(), "answers": found.clean,
        "base": base, "same": [path for path in base if "/" in path][:20], "kept": {}, "photos": [],
        "effort": {"keystrokes": 140, "typed": 23, "same": 20, "retyped": 1, "seconds": 900},
    }  # fmt: skip


def _answer(asked: Any, random: random.Random) -> Any:
    match asked.type:
        case "choice":
            return random.choice(asked.options)[0]
        case "choices":
            return [asked.options[0][0]]
        case "yesno":
            return random.random() < 0.5
        case "integer":
            return 2
        case "decimal" | "money":
            return str(random.randint(1, 90))
        case "date":
            return "1980-05-01"
        case "photo":
            return [str(uuid.uuid4())]
        case "signature":
            return str(uuid.uuid4())
        case "id_number":
            return "5301**********0021"
        case "phone":
            return "139****0000"
    return "如实填写"


# -- server and phones ----------------------------------------------------------------------------------------------------------------


@contextmanager
def _server() -> Iterator[int]:
    """The web server as `./run serve` starts it: two workers of four threads, on this machine only."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "config.wsgi",
        "-b",
        f"127.0.0.1:{port}",
        "-k",
        "gthread",
        "-w",
        "2",
        "--threads",
        "4",
    ]
    process = subprocess.Popen(
        [*command, "--timeout", "60", "--log-level", "warning"], env=os.environ.copy(), cwd=settings.BASE_DIR
    )
    try:
        for _n in range(300):
            try:
                with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as asked:
                    asked.request("GET", "/healthz")
                    if asked.getresponse().status == 200:
                        break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the web server did not start")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _send(phones: list[_Phone], port: int, batch: int, each: int) -> float:
    """Surveys a second while all phones send `each` surveys, `batch` a request. Raises where one was not taken."""
    work = [[phone.request(batch) for _n in range(each // batch)] for phone in phones]
    before, gate, faults = Survey.objects.count(), threading.Barrier(len(phones) + 1), []

    def phone(n: int) -> None:
        headers = {"Cookie": phones[n].cookie, "X-CSRFToken": TOKEN, "Content-Type": "application/json"}
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        gate.wait()
        for body in work[n]:
            line.request("POST", "/collect/api/ops/", body, headers)
            answer = line.getresponse()
            data = answer.read()
            if answer.status != 200 or data.count(b'"state": "applied"') != batch:
                faults.append((answer.status, data[:500]))
        line.close()

    threads = [threading.Thread(target=phone, args=(n,)) for n in range(len(phones))]
    for thread in threads:
        thread.start()
    gate.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    if faults:
        raise RuntimeError(f"{len(faults)} requests failed, the first: {faults[0]}")
    sent = sum(len(requests) for requests in work) * batch
    assert Survey.objects.count() - before == sent
    return sent / seconds
