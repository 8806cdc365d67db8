"""Runs the benches one after the other: `python -m tests.bench [NAME …] [--households N] [--json]`, by `manage.py bench`."""

from __future__ import annotations

import argparse
import importlib
import sys

import django

BENCHES = {
    "lists": "lists", "load": "load", "save": "saving", "audit": "audit", "import": "imports", "export": "exports", "surveys": "surveys", "assist": "assistance", "money": "money", "matching": "matching", "visits": "visits", "supervision": "supervision", "dashboards": "dashboards", "helpers": "helpers", "sync": "sync", "print": "printing", "growth": "growth",
}  # fmt: skip  # name: module
BY_NAME = {"growth"}  # only when asked for: it makes a database of a million households


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--households", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    django.setup()
    from tests.bench import seed
    from tests.bench.frame import Table

    unknown = set(options.names) - BENCHES.keys()
    if unknown:
        sys.exit(f"no bench {', '.join(sorted(unknown))}: choose of {', '.join(BENCHES)}")
    seed.ready(options.households)
    table = Table(as_json=options.json)
    for name in options.names or [name for name in BENCHES if name not in BY_NAME]:
        importlib.import_module(f"tests.bench.{BENCHES[name]}").run(table, options.households)
    return 0 if table.ok else 1


if __name__ == "__main__":
    sys.exit(main())
