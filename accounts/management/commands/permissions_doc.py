"""Writes docs/permissions.md from the decisions in `accounts.roles`, so that what is read is what is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation

from accounts.roles import GRANTS, PERMISSION_TITLES, POSTED_AT, Permission, Role
from regions.models import Level

PATH = Path(settings.BASE_DIR) / "docs" / "permissions.md"


class Command(BaseCommand):
    help = "Write docs/permissions.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--print", action="store_true", dest="shown", help="print it instead")

    def handle(self, *args: Any, shown: bool, **options: Any) -> None:
        if shown:
            self.stdout.write(text(), ending="")
        else:
            PATH.write_text(text())


def text() -> str:
    """The whole page, in the project's language whatever the caller's is."""
    with translation.override("zh-hans"):
        roles = list(Role)
        lines = [
            "# Who may what",
            "",
            "Written by `./run manage permissions_doc` from `accounts/roles.py` and compared by a test. A role holds where its",
            "posting stands and everywhere below; a helper's holds for the households they are paired with. Nobody gives a role",
            "whose permissions they do not hold themselves. What each address needs is in `doors.md`.",
            "",
            "| permission | | " + " | ".join(str(r.label) for r in roles) + " |",
            "|---|---|" + "---|" * len(roles),
        ]
        for permission in Permission:
            marks = " | ".join("●" if permission in GRANTS[role] else "" for role in roles)
            lines.append(f"| `{permission}` | {PERMISSION_TITLES[permission]} | {marks} |")
        lines += ["", "| role | code | posted at |", "|---|---|---|"]
        for role in roles:
            levels = "、".join(str(Level(n).label) for n in sorted(POSTED_AT[role])) or "结对（不任职）"
            lines.append(f"| {role.label} | `{role.value}` | {levels} |")
    return "\n".join(lines) + "\n"
