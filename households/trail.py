"""The audit events of a household as sentences people read: who, when, what was there before and what is there now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, OuterRef, Subquery
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.names import names_of
from common import audit
from common.models import AuditEvent, AuditLink
from households import curtain, values
from households.models import Household, IncomeLine
from households.models.annual import TOTALS
from regions.models import Region

ACTIONS: dict[str, Any] = {
    "household.registered": gettext_lazy("登记建户"),
    "household.corrected": gettext_lazy("修改户信息"),
    "household.householder_changed": gettext_lazy("更换户主"),
    "household.split": gettext_lazy("拆户"),
    "household.merged": gettext_lazy("并入另一户"),
    "household.merged_in": gettext_lazy("另一户并入"),
    "household.moved": gettext_lazy("迁到另一村组"),
    "household.closed": gettext_lazy("销户"),
    "household.reopened": gettext_lazy("恢复户"),
    "household.imported": gettext_lazy("导入"),
    "member.added": gettext_lazy("增加成员"),
    "member.corrected": gettext_lazy("修改成员信息"),
    "member.left": gettext_lazy("减少成员"),
    "member.returned": gettext_lazy("恢复成员"),
    "memberyear.corrected": gettext_lazy("修改成员年度情况"),
    "householdyear.corrected": gettext_lazy("修改年度情况"),
    "householdyear.opened": gettext_lazy("开始新年度"),
    "income.corrected": gettext_lazy("修改收入"),
    "status.proposed": gettext_lazy("提出身份变更"),
    "status.confirmed": gettext_lazy("确认身份变更"),
    "status.refused": gettext_lazy("退回身份变更"),
    "status.withdrawn": gettext_lazy("撤回身份变更"),
    "status.changed": gettext_lazy("身份变更"),
    "pairing.started": gettext_lazy("安排帮扶责任人"),
    "pairing.ended": gettext_lazy("结束结对"),
    "pairing.replaced": gettext_lazy("更换帮扶责任人"),
    "pairing.imported": gettext_lazy("按名单登记结对"),
    "pairing.lead_changed": gettext_lazy("更换牵头人"),
    "pairing.point_started": gettext_lazy("开始点对点服务"),
    "pairing.handed_over": gettext_lazy("移交帮扶责任人"),
    "pairing.matched": gettext_lazy("按结对方案安排帮扶责任人"),
    "kinship.declared": gettext_lazy("登记回避关系"),
    "kinship.ended": gettext_lazy("解除回避关系"),
    "photo.added": gettext_lazy("上传照片"),
    "photo.removed": gettext_lazy("删去照片"),
    "pii.revealed": gettext_lazy("查看完整信息"),
    "household.import_undone": gettext_lazy("撤销导入"),
}


def register(titles: Mapping[str, Any]) -> None:
    """Say what the actions of an upper floor are called; called in `AppConfig.ready`."""
    ACTIONS.update(titles)


_REVEALED = {
    "id": gettext_lazy("证件号码"),
    "phone": gettext_lazy("联系电话"),
    "account": gettext_lazy("银行卡号"),
}
_SUMS = frozenset(TOTALS) - {"net_income"}
SHOWN = 4
CONSOLE = "console"  # what acts without a person: set-up and maintenance commands


@dataclass(frozen=True, slots=True)
class Line:
    """One field that changed. `old` and `new` are texts, "" where there was or is nothing; `whose` names a member or a year."""

    field: str
    old: str
    new: str
    whose: str = ""

    @property
    def label(self) -> str:
        return f"{self.whose} {self.field}".strip()

    @property
    def sentence(self) -> str:
        if not self.old:
            return f"{self.field} {self.new.rstrip('。')}"
        return f"{self.field} {self.old} → {self.new or _('（清空）')}"


@dataclass(slots=True)
class Change:
    """One event: what happened, by whom, when, and line by line."""

    action: str
    title: str
    who: str
    at: dt.datetime
    lines: list[Line]
    note: str = ""
    event_id: int = 0
    seq: int | None = None

    @property
    def is_new(self) -> bool:
        """Whether everything in it was written for the first time: then there is nothing to compare."""
        return bool(self.lines) and not any(line.old for line in self.lines)

    @property
    def meta(self) -> str:
        return f"{self.who} · {values.moment(self.at)}"

    @property
    def sentence(self) -> str:
        """The first lines in one sentence, and how many more there are."""
        groups: dict[str, list[str]] = {}
        for line in self.lines[:SHOWN]:
            groups.setdefault(line.whose, []).append(line.sentence)
        shown = "；".join((f"{whose} " if whose else "") + "，".join(parts) for whose, parts in groups.items())
        if len(self.lines) > SHOWN:
            shown += _("；另有 %(count)s 项") % {"count": len(self.lines) - SHOWN}
        if self.action.startswith(("pairing.", "kinship.")):  # the note names the cadre
            return f"{self.note} {shown}".strip()
        return shown or self.note

    def as_entry(self, url: str = "") -> dict[str, str]:
        """For `{% timeline %}`."""
        return {"title": self.title, "meta": self.meta, "text": self.sentence, "url": url}


def recent(household: Household, count: int, *, hidden: int | None = None) -> list[Change]:
    """The newest changes of a household whose row gate the caller has passed. Two queries at most.

    Who looked at a number changed nothing; that stands on the history page, for those who may read it.
    """
    events = curtain.before(audit.trail_of(household.subject).exclude(action="pii.revealed"), hidden)
    name = User.objects.filter(username=OuterRef("actor")).values("name")[:1]
    return read(events.annotate(actor_name=Subquery(name))[:count])


def of_request(household: Household) -> list[Change]:
    """What the verbs of this very request did to a household: for the line that says 「已修改：…」."""
    return read(audit.trail_of(household.subject).filter(request_id=audit.request_id.get())[:5])


def read(events: Iterable[AuditEvent], *, with_seq: bool = False) -> list[Change]:
    """Events as changes, in their order. One query for the names of the people (none where the events brought them along as `actor_name`),
    one for regions, one for places in the chain."""
    events = list(events)
    if not events:
        return []
    brought = {e.actor: e.actor_name for e in events if hasattr(e, "actor_name")}
    names = brought or names_of(e.actor for e in events)
    contents = [audit.content_of(e) for e in events]
    places = _places(contents)
    seqs = (
        dict(AuditLink.objects.filter(event_id__in=[e.pk for e in events]).values_list("event_id", "seq"))
        if with_seq
        else {}
    )
    return [
        Change(
            action=event.action,
            title=str(ACTIONS.get(event.action, event.action)),
            who=names.get(event.actor) or (_("系统命令") if event.actor == CONSOLE else event.actor),
            at=event.at,
            lines=lines_of(content["changes"], places, of=event.target.partition("/")[0]),
            note=_note(event.action, content.get("note", "")),
            event_id=event.pk,
            seq=seqs.get(event.pk),
        )
        for event, content in zip(events, contents, strict=True)
    ]


def _note(action: str, note: str) -> str:
    if action == "pii.revealed":
        what, _sep, reason = note.partition(": ")
        return _("查看%(what)s，理由：%(reason)s") % {"what": _REVEALED.get(what, what), "reason": reason}
    return note


def _places(contents: Sequence[dict[str, Any]]) -> dict[str, str]:
    ids = {
        str(v) for c in contents for key, pair in c["changes"].items() if key.endswith("village_id") for v in pair if v
    }
    if not ids:
        return {}
    return {str(pk): name for pk, name in Region.objects.filter(pk__in=ids).values_list("pk", "full_name")}


def lines_of(changes: audit.Changes, places: dict[str, str] | None = None, *, of: str = "") -> list[Line]:
    """The fields of an event worth a reader's time, in words. Sums that only follow from changed items are left out. `of` is the table of
    the event's row: columns without a table are its own where an upper floor has registered it, and the household's else."""
    places = places or {}
    from_items = any(key.startswith("incomeline:") for key in changes)
    above = of if of in values.MODELS and not of.startswith("households.") else ""
    found: list[Line] = []
    order: dict[int, tuple[int, str, int]] = {}
    for key, (old, new) in changes.items():
        prefix, _sep, name = key.rpartition(":")
        kind, _sep, whose = prefix.partition(":")
        kind = kind or above
        model = values.MODELS.get(f"households.{kind}" if kind else "households.household") or values.MODELS.get(kind)
        if model is None:
            found.append(Line(key, _plain(old), _plain(new)))
            continue
        if (
            name in values.QUIET
            or (kind, name) in values.QUIET_ABOVE
            or (from_items and kind == "householdyear" and name in _SUMS)
        ):
            continue
        if name in ("cadre_id", "merged_into_id"):  # the event's note names them
            continue
        if kind == "statuschange" and name in ("from_status", "state", "decided_at"):  # the event's title says it
            continue
        if model is IncomeLine and name != "amount":
            continue
        try:
            line = _line(model, kind, whose, name, old, new, places)
            rank = (_rank(kind), line.whose, _position(model, name, whose))
        except (FieldDoesNotExist, ValueError, TypeError):  # events outlive the columns they speak of
            line, rank = Line(name, _plain(old), _plain(new), _whose(kind, whose)), (9, whose, 0)
        if (line.old or line.new) and (line.old or line.new != line.whose):  # not: 王芳 姓名 王芳
            found.append(line)
            order[id(line)] = rank
    return sorted(found, key=lambda line: order.get(id(line), (9, "", 0)))


def _line(model: type[Model], kind: str, whose: str, name: str, old: Any, new: Any, places: dict[str, str]) -> Line:
    if model is IncomeLine:
        year, _sep, item = whose.partition(" ")
        return Line(
            values.CODES["item"].label(item), values.text(model, name, old), values.text(model, name, new), _year(year)
        )
    if name == "village_id":
        return Line(values.label(model, "village"), places.get(str(old), ""), places.get(str(new), ""))
    return Line(
        values.label(model, name), values.text(model, name, old), values.text(model, name, new), _whose(kind, whose)
    )


def _rank(kind: str) -> int:
    """Money first, then people, then the year, then the household: in the order readers ask for it."""
    ranks = {"incomeline": 0, "householdyear": 1, "member": 2, "memberyear": 3, "": 4}
    return ranks.get(kind, 5)


def _position(model: Any, name: str, whose: str) -> int:
    if model is IncomeLine:
        items = [code.code for code in values.CODES["item"].codes]
        item = whose.partition(" ")[2]
        return items.index(item) if item in items else len(items)
    return int(model._meta.get_field(name).creation_counter)


def _year(year: str) -> str:
    return values.year(year) if year else ""


def _whose(kind: str, whose: str) -> str:
    """王芳, 2026年, 王芳 2026年, or nothing for the household itself."""
    match kind:
        case "member":
            return whose
        case "memberyear":
            name, _sep, year = whose.rpartition(" ")
            return f"{name} {_year(year)}"
        case "householdyear":
            return _year(whose)
    return whose if "." in kind else ""  # a table of an upper floor says itself whose the line is


def _plain(value: Any) -> str:
    return "" if value is None else str(value)
