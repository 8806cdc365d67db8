"""Proves, or disproves, that the history and the rows and photos it vouches for are as the verbs left them."""

from __future__ import annotations

import itertools
import json
import re
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db.models import Model
from django.utils.translation import gettext as _

from common import audit
from common.models import AuditEvent


class Command(BaseCommand):
    help = "Recompute the audit chain, compare it with the live rows and read every photo. Exit status 1 names the first broken event."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help='print {"ok", "events", "rows", "files", "broken"} on one line'
        )
        parser.add_argument("--no-files", action="store_true", help="leave the photos' files unread")

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = audit.verify(audit.vouched())
        broken, files = verdict.broken or _figures(), 0
        if not broken and not options["no_files"]:
            broken, files = _files()
        if options["json"]:
            answer = {
                "ok": not broken,
                "events": verdict.events,
                "rows": verdict.rows,
                "files": files,
                "broken": broken,
            }
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        elif broken:
            self.stdout.write(_sentence(broken))
        else:
            self.stdout.write(
                _("已核对 %(events)s 条记录、%(rows)s 行数据、%(files)s 个照片文件，没有发现改动。")
                % {"events": verdict.events, "rows": verdict.rows, "files": files}
            )
        if broken:
            sys.exit(1)


def _files() -> tuple[dict[str, Any], int]:
    """What is wrong with the first photo that is not as it was recorded (as `audit.verify` says it), and how many were read."""
    files = 0
    for row, why in itertools.chain.from_iterable(check() for check in audit.FILES):
        files += 1
        if why:
            return _broken(row, why), files
    return {}, files


def _figures() -> dict[str, Any]:
    """The first figure that no longer follows from its rows, such as the balance of an account."""
    for row, why in itertools.chain.from_iterable(check() for check in audit.CHECKS):
        return _broken(row, why)
    return {}


def _broken(row: Model, why: str) -> dict[str, Any]:
    key = audit.row_key(row)
    last: AuditEvent | None = AuditEvent.objects.filter(target=key).order_by("-id").first()
    about = {k: str(getattr(last, k)) for k in ("action", "actor", "target", "at")} if last else {}
    return {"event": last.pk if last else 0, "seq": None, "row": key, "why": why, **about}


def _sentence(broken: dict[str, Any]) -> str:
    """Which event broke, what it was, why, and what to do."""
    what = _("第一处不符：第 %(event)s 号记录") % {"event": broken["event"] or "—"}
    about = [str(broken[k]) for k in ("action", "actor", "target", "at") if broken.get(k)]
    if about:
        what += _("（%(about)s）") % {"about": _("，").join(about)}
    if broken["row"]:
        what += _("，数据行 %(row)s") % {"row": broken["row"]}
    return _("%(what)s：%(why)s。请保留现场，与最近的备份对照后再处理。") % {
        "what": what,
        "why": _finding(broken["why"]),
    }


def _finding(why: str) -> str:
    """A finding of `audit.verify` in the reader's language; --json keeps its one spelling for programs."""
    if missing := re.fullmatch(r"第 (\d+) 号记录不见了", why):
        return _("第 %(number)s 号记录不见了") % {"number": missing[1]}
    if columns := re.fullmatch(r"列 (.+) 与正文不符", why):
        return _("列 %(columns)s 与正文不符") % {"columns": columns[1]}
    return {
        "记录本身已被删除": _("记录本身已被删除"),
        "内容与链上的摘要不符": _("内容与链上的摘要不符"),
        "记录不在链上": _("记录不在链上"),
        "当前数据与最后一次记录不符": _("当前数据与最后一次记录不符"),
        "当前数据没有任何记录": _("当前数据没有任何记录"),
        "加密的内容被改过，与检索码不符": _("加密的内容被改过，与检索码不符"),
        "数据行不见了，但没有删除记录": _("数据行不见了，但没有删除记录"),
        "照片文件不见了": _("照片文件不见了"),
        "照片文件被改过，与记录的摘要不符": _("照片文件被改过，与记录的摘要不符"),
        "余额与分录合计不符": _("余额与分录合计不符"),
    }.get(why, why)
