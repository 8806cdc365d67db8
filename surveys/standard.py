"""The forms that ship with the software: `surveys/data/*.json`. Every installation has them; none of them is ever changed, a new one is added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils import timezone

from surveys.definitions import digest_of
from surveys.models import SurveyForm

FOLDER = Path(__file__).parent / "data"
SYSTEM = "系统"  # who published them


def definitions() -> Iterator[tuple[str, dict[str, Any]]]:
    """(name of the file, definition) of every shipped form, oldest version first."""
    for path in sorted(FOLDER.glob("*.json")):
        yield path.name, json.loads(path.read_text(encoding="utf-8"))


def ensure_standard_forms(model: Any = None) -> int:
    """Publish the shipped forms that are not there yet; how many that were. A migration gives the table as it was at its time.

    No audit event: nobody did this, the software brings its forms as it brings its code lists.
    """
    made = 0
    for name, definition in definitions():
        _form, new = (model or SurveyForm).objects.get_or_create(
            code=definition["code"],
            version=definition["version"],
            defaults={
                "title": definition["title"], "definition": definition, "digest": digest_of(definition), "state": "published", "source": name,
                "created_by": SYSTEM, "published_at": timezone.now(), "published_by": SYSTEM,
            },
        )  # fmt: skip
        made += new
    return made
