"""Shipped conditions that turned on a fact nobody writes down for grown-ups or the healthy ask the age, or the illness, first."""

import json
from typing import Any

from django.db import migrations

from catalogue.standard import FILE

CODES = (
    "work-transport", "boarding", "preschool-aid", "high-school-grant", "vocational-grant", "college-loan", "skill-training", "labour-export",
    "pension-premium", "disability-care",
)  # fmt: skip


def put(apps: Any, schema_editor: Any) -> None:
    kinds = apps.get_model("catalogue", "MeasureKind").objects
    for each in json.loads(FILE.read_text(encoding="utf-8"))["kinds"]:
        if each["code"] in CODES:
            kinds.filter(code=each["code"], version=1).update(
                eligible=each["eligible"], eligible_say=each["eligible_say"]
            )


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0002_standard_kinds")]

    operations = [migrations.RunPython(put, migrations.RunPython.noop)]
