"""What happened to units, cadres, teams and villages, as lines people read."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.names import names_of
from common import audit
from common.dates import written
from common.models import AuditEvent

SHOWN = 30
ACTIONS: dict[str, Any] = {
    "unit.opened": _("登记单位"),
    "unit.changed": _("修改单位"),
    "unit.closed": _("停用单位"),
    "unit.reopened": _("恢复单位"),
    "unit.followed": _("单位随区划合并转移"),
    "unitvillage.started": _("开始包村"),
    "unitvillage.ended": _("结束包村"),
    "unitvillage.followed": _("包村随区划合并转移"),
    "cadre.opened": _("登记干部"),
    "cadre.changed": _("修改干部信息"),
    "cadre.moved": _("调到另一个单位"),
    "cadre.account_linked": _("关联登录账号"),
    "cadre.left": _("离岗"),
    "cadre.restored": _("恢复在岗"),
    "team.begun": _("工作队进驻"),
    "team.changed": _("修改派出单位"),
    "team.ended": _("工作队撤出"),
    "team.followed": _("工作队随区划合并转移"),
    "teammember.joined": _("到任"),
    "teammember.term_changed": _("修改任期"),
    "teammember.duty_changed": _("改任职责"),
    "teammember.left": _("离任"),
    "teammember.access_opened": _("开通驻村权限"),
    "teammember.followed": _("随区划合并转到新村工作队"),
    "villageprofile.put": _("登记村情"),
    "villageprofile.followed": _("村情随区划合并转移"),
    "teamrule.put": _("制定工作队要求"),
    "teamrule.dropped": _("取消工作队要求"),
    "teamrule.followed": _("工作队要求随区划合并转移"),
    "people.recorded": _("登记入册"),
}


def lines_of(*rows: Model) -> list[dict[str, Any]]:
    """The newest events of rows, for `{% timeline %}`: what, who and when, what it was about. Two queries."""
    keys = [audit.row_key(row) for row in rows]
    events = list(AuditEvent.objects.filter(target__in=keys).order_by("-id")[:SHOWN])
    names = names_of({event.actor for event in events})
    return [
        {
            "title": ACTIONS.get(event.action, event.action), "text": audit.content_of(event)["note"],
            "meta": f"{names.get(event.actor, event.actor)} · {written(timezone.localtime(event.at).date())}",
        }
        for event in events
    ]  # fmt: skip
