"""Proves, or disproves, that the history and the rows it vouches for are as the verbs left them."""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from common import audit
from households.models import AUDITED


class Command(BaseCommand):
    help = "Recompute the audit chain and compare it with the live rows. Exit status 1 names the first broken event."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help='print {"ok", "events", "rows", "broken"} on one line')

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify(AUDITED)
        if options["json"]:
            answer = {"ok": verdict.ok, "events": verdict.events, "rows": verdict.rows, "broken": verdict.broken}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif verdict.ok:
            self.stdout.write(
                _("已核对 %(events)s 条记录、%(rows)s 行数据，没有发现改动。")
                % {"events": verdict.events, "rows": verdict.rows}
            )
        else:
            self.stdout.write(_sentence(verdict.broken))
        if not verdict.ok:
            sys.exit(1)


def _sentence(broken: dict[str, Any]) -> str:
    """Which event broke, what it was, why, and what to do."""
    what = _("第一处不符：第 %(event)s 号记录") % {"event": broken["event"] or "—"}
    about = [str(broken[k]) for k in ("action", "actor", "target", "at") if broken.get(k)]
    if about:
        what += "（" + "，".join(about) + "）"
    if broken["row"]:
        what += _("，数据行 %(row)s") % {"row": broken["row"]}
    return _("%(what)s：%(why)s。请保留现场，与最近的备份对照后再处理。") % {"what": what, "why": broken["why"]}
