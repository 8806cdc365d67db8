"""Verbs of exports: keep a format, ask for a file, fetch it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from msoffcrypto.format.ooxml import OOXMLFile

from accounts.roles import Permission
from accounts.scoping import may_in, posted_regions, require_somewhere
from common import audit, jobs, pii, vault
from common.models import Job
from common.refusal import RefusedError
from exchange.outgoing import fields, kinds, making
from exchange.outgoing.models import ExportMapping, ExportRun, RowKind
from exchange.outgoing.presets import Preset
from households.search import unseal
from households.services.saved_views import SEARCH
from regions.models import Level, Region

MOST_COLUMNS = 200
LONGEST_HEADING = 80  # of an import, too
SHORTEST_PASSWORD, LONGEST_PASSWORD = 8, 64
MOST_PROTECTED = 100 * 1024 * 1024  # bytes: putting a password on a file takes several times its size in memory
LEAST_REASON = 4
KIND = "households.export"


class ExportRefusedError(RefusedError):
    """The export cannot be made, fetched or described so; the message is one sentence for the user."""


# -- formats ------------------------------------------------------------------------------------------------------------------------


def counties_to_share(user: Any) -> list[Region]:
    """The counties for all of which a user may say what a spreadsheet looks like: where they export and import."""
    both = (Permission.HOUSEHOLD_EXPORT, Permission.HOUSEHOLD_IMPORT)
    regions = posted_regions(user, both[0])
    return [region for region in regions if region.level == Level.COUNTY and may_in(user, both[1], region)]


def may_change(user: Any, mapping: ExportMapping) -> bool:
    """Whoever made it, while it is their own; a shared one whoever may share in its county."""
    if mapping.region_id is None:
        return mapping.owner_id == user.pk
    return any(region.pk == mapping.region_id for region in counties_to_share(user))


def _require_change(user: Any, mapping: ExportMapping) -> None:
    require_somewhere(user, Permission.HOUSEHOLD_EXPORT)
    if not may_change(user, mapping):
        raise PermissionDenied(Permission.HOUSEHOLD_EXPORT)


def _clean_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ValidationError({"name": [_("请给导出格式起个名称。")]})
    if len(name) > 40:
        raise ValidationError({"name": [_("名称最多 40 个字，请写短一些。")]})
    return name


def _clean_columns(columns: Sequence[Mapping[str, str]], row_kind: str) -> list[dict[str, str]]:
    """Columns as they are kept. Raises ExportRefusedError with what is wrong with which."""
    if len(columns) > MOST_COLUMNS:
        raise ExportRefusedError(_("一个格式最多 %(most)s 列，请删去用不到的列。") % {"most": MOST_COLUMNS})
    found: list[dict[str, str]] = []
    first: dict[str, int] = {}
    for number, column in enumerate(columns, 1):
        heading = str(column["heading"]).strip().replace("\r\n", "\n")
        key = column.get("field", "")
        field = fields.BY_KEY.get(key) if key else None
        if not heading:
            raise ExportRefusedError(_("第 %(number)s 列没有表头，请补上或删去这一列。") % {"number": number})
        if len(heading) > LONGEST_HEADING:
            raise ExportRefusedError(
                _("第 %(number)s 列的表头有 %(length)s 个字，最多 %(most)s 个字，请写短一些。")
                % {"number": number, "length": len(heading), "most": LONGEST_HEADING}
            )
        if key and (field is None or not fields.fits(field, row_kind)):
            raise ExportRefusedError(
                _("第 %(number)s 列“%(heading)s”的内容不能放在这种格式里，请删去这一列。")
                % {"number": number, "heading": heading}
            )
        if key and heading in first:
            raise ExportRefusedError(
                _("第 %(first)s 列和第 %(number)s 列的表头都是“%(heading)s”，导入时分不清，请改一个。")
                % {"first": first[heading], "number": number, "heading": heading}
            )
        if key:
            first[heading] = number
        form = fields.CODE if field is not None and field.has_codes and column.get("form") == fields.CODE else fields.LABEL  # fmt: skip
        found.append({"heading": heading, "field": key, "form": form})
    return found


def _region(by: Any, shared: bool) -> Region | None:
    if not shared:
        return None
    counties = counties_to_share(by)
    if not counties:
        raise PermissionDenied(Permission.HOUSEHOLD_IMPORT)
    return counties[0]


def _save(mapping: ExportMapping) -> None:
    mapping.validate_constraints()
    mapping.save()


def _describe(mapping: ExportMapping) -> dict[str, Any]:
    return {
        "name": mapping.name, "shared": mapping.region_id is not None, "row_kind": str(mapping.row_kind),
        "columns": [[column["heading"], column["field"], column["form"]] for column in mapping.columns],
    }  # fmt: skip


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    return {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}


@transaction.atomic
def create_mapping(*, by: Any, name: str, row_kind: str, columns: Sequence[Mapping[str, str]] = (), shared: bool = False) -> ExportMapping:  # fmt: skip
    """Keep a format under a name; its columns may follow later."""
    require_somewhere(by, Permission.HOUSEHOLD_EXPORT)
    if row_kind not in RowKind.values:
        raise ValidationError({"row_kind": [_("请选择一行是什么。")]})
    mapping = ExportMapping(owner=by, region=_region(by, shared), name=_clean_name(name), row_kind=row_kind)
    mapping.columns = _clean_columns(columns, row_kind)
    _save(mapping)
    audit.record(
        "export_mapping.created", by=by, target=mapping, region_path=making.path_of(by),
        changes=_changes({}, _describe(mapping)),
    )  # fmt: skip
    return mapping


@transaction.atomic
def change_mapping(*, mapping: ExportMapping, by: Any, name: str, columns: Sequence[Mapping[str, str]], shared: bool, version: int | None = None) -> ExportMapping:  # fmt: skip
    """Give a format other columns, another name or another reach. `version` is the one that the form began with."""
    _require_change(by, mapping)
    mapping = ExportMapping.objects.for_user(by).select_for_update(of=("self",)).get(pk=mapping.pk)
    if version is not None and version != mapping.version:
        raise ExportRefusedError(_("这个格式刚被改过，页面上的内容已经不是最新的。请重新打开再改。"))
    before = _describe(mapping)
    mapping.name = _clean_name(name)
    mapping.columns = _clean_columns(columns, mapping.row_kind)
    if shared != (mapping.region_id is not None):
        mapping.region = _region(by, shared)
        mapping.owner = by
    changes = _changes(before, _describe(mapping))
    if changes:
        mapping.version += 1
        _save(mapping)
        audit.record("export_mapping.changed", by=by, target=mapping, region_path=making.path_of(by), changes=changes)
    return mapping


@transaction.atomic
def delete_mapping(*, mapping: ExportMapping, by: Any) -> None:
    """Throw a format away. Files made in it stay."""
    _require_change(by, mapping)
    audit.record(
        "export_mapping.deleted", by=by, target=mapping, region_path=making.path_of(by),
        changes={name: [value, None] for name, value in _describe(mapping).items()},
    )  # fmt: skip
    mapping.delete()


# -- files --------------------------------------------------------------------------------------------------------------------------


def _scope(export: ExportRun, source: str) -> str:
    """What two requests have in common whose rows can be compared."""
    query = {name: value for name, value in export.query.items() if name != SEARCH}
    facts = [
        export.owner_id, source, export.row_kind, export.columns, export.year, query, _searched(export), export.chosen, export.is_full,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def _searched(export: ExportRun) -> str:
    """The words that were searched for, as a keyed hash: sealed they are others each time. "" for none, and for those past their day."""
    try:
        return pii.lookup_hash("export", unseal(export.query.get(SEARCH, ""))) if SEARCH in export.query else ""
    except ValidationError:
        return ""


def _check_kind(row_kind: str, query: Mapping[str, str], chosen: Any, full: bool) -> None:
    """Raises ExportRefusedError for what rows of this kind cannot be chosen by."""
    kind = kinds.of(row_kind)
    if said := kind.strange(query):
        raise ExportRefusedError(said)
    if chosen is not None and not kind.takes_chosen:
        raise ExportRefusedError(_("一村一行的表按地区导出，不能只导出勾选的农户。请改选一户一行或一人一行的格式。"))
    if full and not kind.has_numbers:
        raise ExportRefusedError(_("一村一行的表里没有证件号、电话和账号，不用导出完整号码，请改为“遮盖”。"))


@transaction.atomic
def request_export(
    *, by: Any, mapping: ExportMapping | Preset, year: int, query: Mapping[str, str] | None = None, chosen: Iterable[int] | None = None,
    full: bool = False, reason: str = "", output: str = ExportRun.Output.XLSX, only_changed: bool = False, send: bool = True,
) -> ExportRun:  # fmt: skip
    """Queue a file in a format: of the households that the list's filters `query` find, or of those `chosen`. Where rows are villages,
    `query` may name a region, and nothing else chooses.

    Full numbers need their own permission and a reason. The same request while one is open is that one.
    """
    require_somewhere(by, Permission.HOUSEHOLD_EXPORT)
    if full:
        require_somewhere(by, Permission.PII_REVEAL)
        if len(reason.strip()) < LEAST_REASON:
            raise ValidationError({"reason": [_("导出完整号码请写明理由，至少四个字。")]})
    if output not in ExportRun.Output.values:
        raise ValidationError({"output": [_("请选择文件形式。")]})
    if not mapping.columns:
        raise ExportRefusedError(_("“%(name)s”还没有列，请先给它加上要导出的列。") % {"name": mapping.name})
    _check_kind(mapping.row_kind, query or {}, chosen, full)
    saved = mapping if isinstance(mapping, ExportMapping) else None
    export = ExportRun(
        owner=by, mapping=saved, name=mapping.name[:40], row_kind=mapping.row_kind, columns=mapping.columns, year=year,
        query=dict(query or {}), chosen=None if chosen is None else sorted(set(chosen)), is_full=full, reason=reason.strip() if full else "",
        output=output, only_changed=only_changed,
    )  # fmt: skip
    export.scope = _scope(export, f"mapping/{saved.pk}" if saved else f"preset/{mapping.code}")  # type: ignore[union-attr]
    if only_changed:
        export.base = ExportRun.objects.for_user(by).filter(scope=export.scope, has_marks=True).order_by("-pk").first()
    title = _("导出 %(name)s（%(year)s 年度）") % {"name": export.name, "year": year}
    job = jobs.submit(
        KIND, by=by, title=title, params={"user": by.pk}, key=f"export/{export.scope}/{output}/{only_changed:d}",
        region_path=making.path_of(by), send=False,
    )  # fmt: skip
    running = ExportRun.objects.for_user(by).filter(job=job).first()
    if running is not None:
        return running
    export.job = job
    export.save(force_insert=True)
    if send:
        jobs.send_on_commit(job)
    return export


def check_password(password: str, export: ExportRun) -> None:
    """Raises ExportRefusedError for a password that cannot be put on the file."""
    if export.output != ExportRun.Output.XLSX:
        raise ExportRefusedError(_("文本表格（.csv）不能设打开密码，请改为导出 Excel 表格。"))
    if len(password) < SHORTEST_PASSWORD:
        raise ExportRefusedError(_("打开密码太短，至少 %(least)s 个字符。") % {"least": SHORTEST_PASSWORD})
    if len(password) > LONGEST_PASSWORD:
        raise ExportRefusedError(_("打开密码太长，最多 %(most)s 个字符。") % {"most": LONGEST_PASSWORD})
    if export.size > MOST_PROTECTED:
        raise ExportRefusedError(_("文件太大，设不了打开密码。请缩小范围，分几次导出。"))


@transaction.atomic
def fetch_export(*, export: ExportRun, by: Any, password: str = "") -> Iterable[bytes]:
    """The finished file in pieces; with a password, locked by it. The password is used here and kept nowhere.

    Whether one may have the rows is asked again: postings end.
    """
    if export.owner_id != by.pk or not by.can(Permission.HOUSEHOLD_EXPORT):
        raise PermissionDenied(Permission.HOUSEHOLD_EXPORT)
    if export.job.state != Job.State.DONE:
        raise ExportRefusedError(_("这次导出还没有完成，请稍后再取。"))
    needed = [Permission.HOUSEHOLD_EXPORT, *([Permission.PII_REVEAL] if export.is_full else [])]
    for permission in needed:
        if not _reaches(by, permission, export):
            raise PermissionDenied(permission)
    if password:
        check_password(password, export)
    try:
        pieces: Iterator[bytes] = vault.stream(export.file)
    except FileNotFoundError as error:
        raise ExportRefusedError(_("文件已过保存期，已经删除，请重新导出。")) from error
    if password:
        pieces = iter([_locked(b"".join(pieces), password)])
    audit.record(
        "households.export_fetched_full" if export.is_full else "households.export_fetched", by=by, target=export,
        region_path=making.path_of(by), note=export.reason or export.name, changes={"locked": [None, bool(password)]},
    )  # fmt: skip
    return pieces


def _reaches(by: Any, permission: Permission, export: ExportRun) -> bool:
    """Whether the villages of a file are all within what a user may see now."""
    probe = Region(path="")
    paths = Region.objects.filter(pk__in=export.villages).values_list("path", flat=True)
    for path in paths:
        probe.path = path
        if not may_in(by, permission, probe):
            return False
    return True


def _locked(data: bytes, password: str) -> bytes:
    """An .xlsx that opens with a password only (ECMA-376 agile encryption: AES-256, SHA-512)."""
    out = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, out)
    return out.getvalue()
