"""What was changed in the catalogue, by whom and when, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.names import names_of
from catalogue import spoken
from catalogue.forms import TYPES
from catalogue.models import MeasureKind, ReliefCategory
from common import audit
from common.models import AuditEvent, AuditLink
from households import codelists, values
from households.ledger import CHECK_TITLES
from households.trail import Change, Line

ACTIONS = {
    "measurekind.added": gettext_lazy("新增措施"),
    "measurekind.changed": gettext_lazy("修改措施"),
    "measurekind.retired": gettext_lazy("停用措施"),
    "measurekind.restored": gettext_lazy("恢复措施"),
    "reliefcategory.added": gettext_lazy("新增救助类别"),
    "reliefcategory.changed": gettext_lazy("修改救助类别"),
    "reliefcategory.retired": gettext_lazy("停用救助类别"),
    "reliefcategory.restored": gettext_lazy("恢复救助类别"),
}
QUIET = frozenset(["id", "version"])
MOST = 100  # events of one row


def of(row: models.Model) -> list[Change]:
    """The changes of a kind or a category, newest first; three queries."""
    events = list(AuditEvent.objects.filter(target=audit.row_key(row)).order_by("-id")[:MOST])
    names = names_of(event.actor for event in events)
    seqs = dict(AuditLink.objects.filter(event_id__in=[event.pk for event in events]).values_list("event_id", "seq"))
    categories = dict(ReliefCategory.objects.values_list("pk", "name"))
    return [
        Change(
            action=event.action,
            title=str(ACTIONS.get(event.action, event.action)),
            who=names.get(event.actor) or event.actor,
            at=event.at,
            lines=list(_lines(type(row), audit.content_of(event)["changes"], categories)),
            event_id=event.pk,
            seq=seqs.get(event.pk),
        )
        for event in events
    ]


def _lines(model: type[models.Model], changes: audit.Changes, categories: dict[int, str]) -> Iterable[Line]:
    for name, (old, new) in changes.items():
        if name not in QUIET:
            label = str(model._meta.get_field(name.removesuffix("_id")).verbose_name)  # type: ignore[union-attr]
            yield Line(label, _said(model, name, old, categories), _said(model, name, new, categories))


def _said(model: type[models.Model], name: str, value: Any, categories: dict[int, str]) -> str:
    """A value as the trail kept it, in words; "" for none."""
    if value in (None, "", [], {}):
        return ""
    match name:
        case "category_id":
            return categories.get(int(value), str(value))
        case "causes":
            return _("、").join(codelists.CAUSE.labels(value))
        case "checks":
            return _("、").join(str(CHECK_TITLES.get(each, each)) for each in value)
        case "eligible":
            return spoken.rule(value)
        case "fields":
            return _("、").join(
                f"{each.get('label')}（{TYPES.get(each.get('type'), each.get('type'))}）" for each in value
            )
        case "ceiling":
            return values.money(value)
    return values.text(model, name, value) if hasattr(model, "_meta") else str(value)


__all__ = ["ACTIONS", "MeasureKind", "of"]
