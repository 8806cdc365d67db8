"""Whether a page costs the same however many households there are: three databases, each ten times the one before, by turns.

Only when asked for by name: the largest database takes minutes to make and some gigabytes to keep.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.models import User
from households.models import Household, Member
from households.services import register_household
from households.views.list import FOUND
from regions.models import Level, Region
from tests.bench import seed
from tests.bench.frame import Table, median

SMALL, LARGE = "bench_small", "bench_large"
ROUNDS = 15
LISTS, SEARCH = 0.1, 0.25  # exponents
TENFOLD, TENFOLD_SEARCH = 1.3, 1.5  # ADR 7: a search meets ten times the namesakes


class Place:
    """One database: its connection, a signed-in client of its own, and what is measured there."""

    def __init__(self, name: str, searched: dict[str, str]) -> None:
        self.connection = seed.connect(name)
        self.enter()
        officer = User.objects.get(username=seed.OFFICER)
        self.official = User.objects.get(username=seed.OFFICIAL)
        self.village = Region.objects.filter(level=Level.VILLAGE).select_related("parent").order_by("code")[0]
        self.client = Client(HTTP_HOST="127.0.0.1")
        self.client.force_login(officer, backend="accounts.backends.AccountBackend")
        first = f"{reverse('households:household_list')}?status=out_of_poverty"
        own = Household.objects.for_user(officer).filter(status="out_of_poverty").order_by("pk")
        counted = re.search(r"cursor=a\d+(\.\w+)", self.client.get(first).content.decode())
        assert counted, "there is a next page"
        last = f"{first}&cursor=a{own[50].pk}{counted[1]}"
        self.actions: dict[str, Callable[[], Any]] = {
            "page 1": lambda: self.get(first),
            "deepest page": lambda: self.get(last),
            **{
                f"search by {what}": lambda text=text: self.search(text)  # type: ignore[misc]
                for what, text in searched.items()
            },
            "registering a household": self.register,
        }

    def enter(self) -> None:
        connections["default"] = self.connection

    def get(self, address: str) -> None:
        response = self.client.get(address)
        assert response.status_code == 200, (address, response.status_code)

    def search(self, text: str) -> None:
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://127.0.0.1{reverse('households:household_list')}"}
        response = self.client.post(reverse("households:household_find"), {"q": text}, headers=headers)
        assert response.status_code == 200, (text, response.status_code)

    def register(self) -> None:
        register_household(village=self.village, by=self.official, householder={"name": "王建国", "sex": "1"})


def run(table: Table, households: int) -> None:
    before = connections["default"]
    sizes = [households // seed.TIMES, households, households * seed.TIMES]
    seed.ready(sizes[0], SMALL)
    seed.ready(sizes[2], LARGE, like=seed.MAIN, make=seed.grow)
    searched = _searched()
    places = [Place(name, searched) for name in (SMALL, seed.MAIN, LARGE)]
    try:
        for what in places[0].actions:
            found = [median(times) for times in _by_turns(places, what)]
            tenfold, exponent = (TENFOLD_SEARCH, SEARCH) if what.startswith("search") else (TENFOLD, LISTS)
            if what != "registering a household":
                table.add("growth", f"{what}, {sizes[2]:,} / {sizes[1]:,} households", found[2], found[1], tenfold)
            table.most("growth", f"{what}, exponent of time against households", slope(sizes, found), exponent)
    finally:
        connections["default"] = before
        for place in places:
            place.connection.close()


def _searched() -> dict[str, str]:
    """Texts that just fill a page in the middle database, where the data have any: then the pages compared hold as many rows."""
    officer = User.objects.get(username=seed.OFFICER)
    members = Member.objects.filter(household__in=Household.objects.for_user(officer).active()).exclude(id_masked="")
    seen = list(members.values_list("name", "initials", "id_masked", "household__number"))

    def fitting(texts: list[str]) -> str:
        found = Counter(texts)
        return min(found, key=lambda text: (found[text] < FOUND, abs(found[text] - FOUND), text))

    return {
        "two characters of a name": fitting([name[:2] for name, *_rest in seen]),
        "pinyin initials": fitting([initials[:2] for _name, initials, *_rest in seen]),
        "last digits of the ID": fitting([masked[-4:] for _name, _initials, masked, _number in seen]),
        "household number": seen[100][3],
    }


def _by_turns(places: list[Place], what: str, warm: int = 2) -> list[list[float]]:
    """Milliseconds of the action in each place, the places by turns."""
    found: list[list[float]] = [[] for _p in places]
    for turn in range(ROUNDS + warm):
        for n, place in enumerate(places):
            place.enter()
            start = time.perf_counter()
            place.actions[what]()
            if turn >= warm:
                found[n].append((time.perf_counter() - start) * 1000)
    return found


def slope(sizes: list[int], times: list[float]) -> float:
    """The exponent of a power law through the points, by least squares over the logarithms."""
    x, y = [math.log(size) for size in sizes], [math.log(value) for value in times]
    middle = sum(x) / len(x)
    return sum((a - middle) * b for a, b in zip(x, y, strict=True)) / sum((a - middle) ** 2 for a in x)
