"""Verbs on the catalogue. It belongs to the installation: whoever may edit it anywhere edits it for everybody."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions, require_somewhere
from catalogue import eligibility, spoken, usage
from catalogue.models import SHIPPED, MeasureKind, ReliefCategory
from catalogue.standard import FILE
from common import audit, dates
from households import codelists
from households.models.annual import CHECKS
from households.services import LedgerError
from households.services import base as rows
from surveys import definitions

EDIT = Permission.CATALOGUE_EDIT
KIND_FACTS = frozenset(
    ["title", "column", "category", "whose", "unit", "has_money", "period", "ceiling", "fields", "eligible", "eligible_say", "causes", "checks",
     "entitles", "department", "valid_from", "valid_to"]
)  # fmt: skip
FIXED_BY_USE = ("whose", "unit", "period")  # what was given is counted in them
RESERVED = frozenset(["add", "categories"])  # addresses of the catalogue's own pages
MOST_FIELDS = 20
_ORDER = {"causes": [code.code for code in codelists.CAUSE.codes], "checks": list(CHECKS)}
SAID = 200  # characters of `eligible_say`


@transaction.atomic
def add_kind(*, by: Any, code: str, facts: Mapping[str, Any]) -> MeasureKind:
    """A kind of one's own. `facts` by name (`KIND_FACTS`). Permission CATALOGUE_EDIT somewhere. ValidationError by field."""
    require_somewhere(by, EDIT)
    kind = MeasureKind(code=code.strip().lower(), version=SHIPPED + 1)
    _put(kind, facts)
    if kind.code in RESERVED:
        raise ValidationError({"code": [_("“%(code)s”不能作代码，请换一个。") % {"code": kind.code}]})
    if MeasureKind.objects.filter(code=kind.code).exists():
        raise ValidationError({"code": [_("代码“%(code)s”已经有一项措施在用，请换一个。") % {"code": kind.code}]})
    _check_kind(kind)
    rows.save(kind)
    _record("measurekind.added", kind, by, {})
    return kind


@transaction.atomic
def change_kind(*, kind: MeasureKind, by: Any, facts: Mapping[str, Any], version: int | None = None) -> MeasureKind:
    """Change facts of a kind; those not named stay. `whose`, `unit`, `period`, and the fields there are, stay once it has been used."""
    row = _locked(MeasureKind, kind, by, version)
    before, fields = audit.snapshot(row), row.fields
    _put(row, facts)
    changed = [name for name in FIXED_BY_USE if name in audit.changes_since(before, row)]
    lost = _lost(fields, row.fields)
    if (changed or lost) and usage.is_used(row):
        raise ValidationError(
            {name: [_("这项措施已经用过，“%(name)s”不能再改；要改就停用它，另加一项。") % {"name": MeasureKind._meta.get_field(name).verbose_name}] for name in changed}  # type: ignore[union-attr]
            | ({"fields": [_("这项措施已经用过，填写项“%(names)s”不能再删除或改类型。") % {"names": _("、").join(lost)}]} if lost else {})
        )  # fmt: skip
    _check_kind(row)
    return _write("measurekind.changed", row, by, before)


@transaction.atomic
def retire_kind(*, kind: MeasureKind, by: Any, on: dt.date, version: int | None = None) -> MeasureKind:
    """From `on` nobody begins to receive it; what was given stays."""
    row = _locked(MeasureKind, kind, by, version)
    if row.valid_to is not None:
        raise LedgerError(
            _("“%(title)s”已经从%(day)s起停用。") % {"title": row.title, "day": dates.written(row.valid_to)}
        )
    before = audit.snapshot(row)
    row.valid_to = on
    _check_days(row)
    return _write("measurekind.retired", row, by, before)


@transaction.atomic
def restore_kind(*, kind: MeasureKind, by: Any, version: int | None = None) -> MeasureKind:
    """Take a retirement back."""
    row = _locked(MeasureKind, kind, by, version)
    if row.valid_to is None:
        raise LedgerError(_("“%(title)s”没有停用。") % {"title": row.title})
    before = audit.snapshot(row)
    row.valid_to = None
    return _write("measurekind.restored", row, by, before)


# -- relief categories ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_category(*, by: Any, name: str) -> ReliefCategory:
    """A relief category, behind those there are."""
    require_somewhere(by, EDIT)
    last = ReliefCategory.objects.select_for_update().order_by("-place").first()
    numbers = ReliefCategory.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    row = ReliefCategory(
        code=f"own-{numbers + 1}", name=name.strip(), place=(last.place if last else 0) + 1, version=SHIPPED + 1
    )
    _check_category(row)
    rows.save(row)
    _record("reliefcategory.added", row, by, {})
    return row


@transaction.atomic
def change_category(*, category: ReliefCategory, by: Any, name: str | None = None, place: int | None = None,
                    version: int | None = None) -> ReliefCategory:  # fmt: skip
    """Rename it, or give it another place."""
    row = _locked(ReliefCategory, category, by, version)
    before = audit.snapshot(row)
    row.name = row.name if name is None else name.strip()
    row.place = row.place if place is None else place
    _check_category(row)
    return _write("reliefcategory.changed", row, by, before)


@transaction.atomic
def retire_category(*, category: ReliefCategory, by: Any, active: bool = False, version: int | None = None) -> ReliefCategory:  # fmt: skip
    """No kind is put into it any more (`active=True`: again); the kinds that stand in it stay."""
    row = _locked(ReliefCategory, category, by, version)
    before = audit.snapshot(row)
    row.is_active = active
    _check_category(row)
    return _write("reliefcategory.restored" if active else "reliefcategory.retired", row, by, before)


# -- common ---------------------------------------------------------------------------------------------------------------------


def _locked(model: type[models.Model], row: models.Model, by: Any, version: int | None) -> Any:
    require_somewhere(by, EDIT)
    found: Any = model._base_manager.select_for_update().get(pk=row.pk)
    if version is not None and version != found.version:
        raise LedgerError(
            _("“%(name)s”在您填写期间被别人改过，您的改动没有保存。请看过最新内容后再改。") % {"name": found}
        )
    return found


def _write(action: str, row: Any, by: Any, before: dict[str, Any]) -> Any:
    """Save and record, where anything changed."""
    if audit.changes_since(before, row):
        row.version += 1
        rows.save(row)
        _record(action, row, by, before)
    return row


def _record(action: str, row: Any, by: Any, before: dict[str, Any]) -> None:
    region = posted_regions(by, EDIT)[0]
    changes = {name: change for name, change in audit.changes_since(before, row).items() if name != "version"}
    audit.record(action, by=by, target=row, region_path=region.path, changes=changes, note=str(row), rows=[row])


def _sorted(name: str, value: Iterable[str]) -> list[str]:
    order = _ORDER[name]
    return sorted(set(value), key=lambda code: order.index(code) if code in order else len(order))


def _put(kind: MeasureKind, facts: Mapping[str, Any]) -> None:
    if unknown := set(facts) - KIND_FACTS:
        raise ValueError(sorted(unknown))
    for name, value in facts.items():
        if name in _ORDER:  # the same ones in another order are no change
            value = getattr(kind, name) if set(value) == set(getattr(kind, name)) else _sorted(name, value)
        setattr(kind, name, value.strip() if isinstance(value, str) else value)
    if kind.eligible is None:
        kind.eligible_say = ""


def _check_kind(kind: MeasureKind) -> None:
    """Every reason why a kind is not sound, by field; what the columns cannot hold, then what contradicts."""
    rows.check(kind)
    problems: dict[str, list[str]] = {}
    if not kind.title:
        problems["title"] = [_("请填名称。")]
    if kind.ceiling is not None and kind.ceiling <= 0:
        problems["ceiling"] = [_("每期上限应大于 0；没有上限就不填。")]
    elif kind.ceiling is not None and not kind.has_money:
        problems["ceiling"] = [_("不发放资金的措施没有上限，请删去上限。")]
    if kind.category_id and not kind.category.is_active and not _has_category(kind):  # type: ignore[union-attr]
        problems["category"] = [_("救助类别“%(name)s”已经停用，请另选一个。") % {"name": kind.category}]
    if kind.eligible is not None:
        said = eligibility.problem(kind.eligible, kind.whose)
        if said:
            problems["eligible"] = [f"{said}。"]
        elif not kind.eligible_say:
            kind.eligible_say = spoken.rule(kind.eligible)[:SAID]
    if wrong := field_problems(kind.fields):
        problems["fields"] = wrong
    if problems:
        raise ValidationError(problems)
    _check_days(kind)


def _has_category(kind: MeasureKind) -> bool:
    return MeasureKind.objects.filter(pk=kind.pk, category=kind.category_id).exists()


def _check_days(kind: MeasureKind) -> None:
    if kind.valid_to is not None and kind.valid_to <= kind.valid_from:
        raise ValidationError(
            {"valid_to": [_("停用日期应在启用日期（%(day)s）之后。") % {"day": dates.written(kind.valid_from)}]}
        )


def _check_category(row: ReliefCategory) -> None:
    if not row.name:
        raise ValidationError({"name": [_("请填救助类别的名称。")]})
    rows.check(row)
    if row.is_active and ReliefCategory.objects.filter(name=row.name, is_active=True).exclude(pk=row.pk).exists():
        raise ValidationError({"name": [_("已经有“%(name)s”这个救助类别。") % {"name": row.name}]})


def field_problems(fields: Any) -> list[str]:
    """What is wrong with a kind's own fields, in the sentences of survey forms; [] where they are sound."""
    if not isinstance(fields, list):
        return [_("填写项应是一个列表。")]
    if len(fields) > MOST_FIELDS:
        return [_("填写项最多 %(most)s 个。") % {"most": MOST_FIELDS}]
    if not fields:
        return []
    form = {
        "code": "kind",
        "version": "1",
        "title": "kind",
        "steps": [{"id": "kind", "title": _("填写项"), "fields": fields}],
    }
    found = [str(flaw) for flaw in definitions.flaws(form)]
    found += [_("填写项“%(label)s”不能写入台账。") % {"label": each.get("label")} for each in fields if isinstance(each, dict) and each.get("writes")]  # fmt: skip
    return found


def _lost(before: list[Any], after: Any) -> list[str]:
    """Labels of fields that are there no more, or are of another type."""
    now = (
        {each.get("id"): each.get("type") for each in after if isinstance(each, dict)}
        if isinstance(after, list)
        else {}
    )
    return [each["label"] for each in before if now.get(each["id"]) != each["type"]]


# -- what nobody touched --------------------------------------------------------------------------------------------------------


def check() -> Iterator[tuple[models.Model, str]]:
    """For `audit.CHECKS`: rows that claim to be as shipped and are not what the software ships."""
    shipped = json.loads(FILE.read_text(encoding="utf-8"))
    kinds = {each["code"]: each for each in shipped["kinds"]}
    for kind in MeasureKind.objects.filter(version=SHIPPED).select_related("category").order_by("pk"):
        if kind.code not in kinds or not _as_shipped(kind, kinds[kind.code]):
            yield kind, _("目录里的这项措施与软件自带的不同，也没有修改记录")
    names = {each["code"]: each["name"] for each in shipped["categories"]}
    for category in ReliefCategory.objects.filter(version=SHIPPED).order_by("pk"):
        if names.get(category.code) != category.name or not category.is_active:
            yield category, _("这个救助类别与软件自带的不同，也没有修改记录")


def _as_shipped(kind: MeasureKind, each: Mapping[str, Any]) -> bool:
    own = {name: getattr(kind, name) for name in KIND_FACTS - {"valid_from", "valid_to", "category", "ceiling"}}
    defaults = {name: MeasureKind._meta.get_field(name).get_default() for name in own}  # type: ignore[union-attr]
    ceiling = Decimal(each["ceiling"]) if "ceiling" in each else None
    return (
        own == {name: each.get(name, defaults[name]) for name in own}
        and kind.ceiling == ceiling
        and kind.valid_to is None
        and (kind.category.code if kind.category else "") == each.get("category", "")
    )


__all__ = [
    "add_category", "add_kind", "change_category", "change_kind", "check", "field_problems", "restore_kind", "retire_category", "retire_kind",
]  # fmt: skip
