"""The catalogue that ships with the software, `catalogue/data/kinds.json`: what a county finds and makes its own."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "data" / "kinds.json"
SINCE = dt.date(2021, 1, 1)  # the national columns of help are those of the exports since 2021


def put_in(category_model: Any, kind_model: Any) -> int:
    """Put in what is not there yet, by code; how many kinds that were. What a county changed stays as it is.

    No audit event: nobody did this, the software brings its catalogue as it brings its code lists. A migration gives the tables as they
    were at its time.
    """
    shipped = json.loads(FILE.read_text(encoding="utf-8"))
    categories = {}
    for place, each in enumerate(shipped["categories"], 1):
        row, _new = category_model.objects.get_or_create(
            code=each["code"], defaults={"name": each["name"], "place": place}
        )
        categories[each["code"]] = row
    made = 0
    for each in shipped["kinds"]:
        facts = {name: value for name, value in each.items() if name not in ("code", "category", "ceiling")}
        facts["category"] = categories.get(each.get("category", ""))
        facts["ceiling"] = Decimal(each["ceiling"]) if "ceiling" in each else None
        _row, new = kind_model.objects.get_or_create(code=each["code"], defaults=facts | {"valid_from": SINCE})
        made += new
    return made
