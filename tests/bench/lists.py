"""Lists, searches and the ledger page against the bare admin on the same tables, and against themselves."""

from __future__ import annotations

import re

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from households.models import Household, HouseholdYear, Member
from tests.bench.frame import Table, by_turns, median, p95
from tests.bench.seed import OFFICER


def run(table: Table, households: int) -> None:
    officer = User.objects.get(username=OFFICER)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(officer, backend="accounts.backends.AccountBackend")

    def get(address: str, **headers: str) -> None:
        response = client.get(address, **headers)
        assert response.status_code == 200, (address, response.status_code)

    def queries(address: str) -> int:
        get(address)
        with CaptureQueriesContext(connection) as captured:
            get(address)
        return len(captured)

    listed = reverse("households:household_list")
    admin = reverse("baseline:households_household_changelist")
    first = f"{listed}?status=out_of_poverty"
    ours, bare = by_turns(lambda: get(first), lambda: get(f"{admin}?status__exact=out_of_poverty"))
    table.add("lists", "page 1 of 50, filtered, masked / bare admin changelist", median(ours), median(bare), 0.4)
    table.most("lists", "queries of page 1", queries(first), 9)  # with the badge of who reviews: ADR 15

    own = Household.objects.for_user(officer).filter(status="out_of_poverty").order_by("pk")
    counted = re.search(r"cursor=a\d+(\.\w+)", client.get(first).content.decode())
    assert counted, "there is a next page, and its link knows the count"
    last = f"{first}&cursor=a{own[50].pk}{counted[1]}"  # the page whose rows are the fifty oldest, as the link to it would say
    page_one, deepest = by_turns(lambda: get(first), lambda: get(last))
    table.add("lists", "deepest page / page 1", median(deepest), median(page_one), 1.15)

    someone = Member.objects.filter(household__in=own).exclude(id_masked="").order_by("pk")[100]
    find = reverse("households:household_find")

    def search(text: str) -> None:
        # As htmx asks while somebody types on the list page.
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://127.0.0.1{listed}"}
        response = client.post(find, {"q": text}, headers=headers)
        assert response.status_code == 200, (text, response.status_code)

    asked = {
        "two characters of a name": someone.name[:2],
        "pinyin initials": someone.initials.split(" ")[0],
        "last digits of the ID": someone.id_masked[-4:],
        "household number": someone.household.number,
    }
    for what, text in asked.items():
        page_one, found = by_turns(lambda: get(first), lambda text=text: search(text), times=40)
        table.add("lists", f"search by {what}, p95 / list page 1", p95(found), median(page_one), 1.5)
        found, bare = by_turns(
            lambda text=text: search(text), lambda text=text: get(f"{admin}?q={text}"), times=7, warm=1
        )
        table.add("lists", f"search by {what} / bare admin's search", median(found), median(bare), 0.04)

    years = Household.objects.filter(pk__in=HouseholdYear.objects.filter(year=2023).values("household"))
    shown = years.order_by("-pk").first() or own[0]
    official = Client(HTTP_HOST="127.0.0.1")
    official.force_login(User.objects.get(username="bench-official"), backend="accounts.backends.AccountBackend")
    client = official
    ledger = reverse("households:household_detail", args=[shown.pk])
    change = reverse("baseline:households_household_change", args=[shown.pk])
    ours, bare = by_turns(lambda: get(ledger), lambda: get(change))
    table.add("lists", "ledger page, five years / bare admin change form", median(ours), median(bare), 1.0)
    table.most("lists", "queries of the ledger page", queries(ledger), 16)
