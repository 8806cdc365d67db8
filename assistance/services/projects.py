"""Verbs of 区域攻坚: village projects from proposal to hand-over, who benefits, and the register of what a village lacks.

A project goes from stage to stage (`WAYS`), each time with a day, a name and a row in its history. Its money is moved by the verbs of
`assistance.services.funds`; here it only stands in the way of a cancellation.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import may_in, require, require_in
from assistance.codelists import BUILT, SECTOR
from assistance.models import Account, AssistanceEvidence, Beneficiary, Fund, ProjectStep, Shortfall, VillageProject
from assistance.services import funds
from assistance.services.base import save
from common import audit, dates
from common.money import format_money
from common.text import normalise_text
from households.models import Household
from households.services import LedgerError
from households.services.base import refuse_future
from households.services.evidence import put_evidence, with_pictures
from regions.models import Level, Region

Stage = VillageProject.Stage
FACTS = ("sector", "title", "year", "text", "quantity", "unit", "budget", "builder", "starts_on", "due_on")
# Which stage follows which, and the permission of the verb that leads there.
WAYS: dict[str, tuple[str, ...]] = {
    Stage.PROPOSED: (Stage.APPROVED, Stage.CANCELLED),
    Stage.APPROVED: (Stage.BUILDING, Stage.CANCELLED),
    Stage.BUILDING: (Stage.FINISHED, Stage.CANCELLED),
    Stage.FINISHED: (Stage.ACCEPTED, Stage.BUILDING),  # back, where the acceptance failed
    Stage.ACCEPTED: (Stage.HANDED_OVER,),
    Stage.HANDED_OVER: (),
    Stage.CANCELLED: (),
}
NEEDS: dict[str, Permission] = {
    Stage.APPROVED: Permission.PROJECT_APPROVE,
    Stage.ACCEPTED: Permission.PROJECT_APPROVE,
}
ENDED = (Stage.HANDED_OVER, Stage.CANCELLED)
UNFINISHED = (Stage.PROPOSED, Stage.APPROVED, Stage.BUILDING)
COMPLETE = (Stage.FINISHED, Stage.ACCEPTED, Stage.HANDED_OVER)
NOTE_LENGTH = ProjectStep._meta.get_field("note").max_length or 0
TEXT_LENGTH = VillageProject._meta.get_field("text").max_length or 0
EARLIEST = 2010
MOST_PHOTOS = 40  # of a project


# -- what every verb asks -----------------------------------------------------------------------------------------------------------


def _text(value: Any) -> str:
    return " ".join(normalise_text(str(value or "")).split())


def _locked(project: VillageProject, by: Any, permission: Permission, version: int | None = None) -> VillageProject:
    """The row, locked, for somebody who holds the permission in its village and looked at its newest version."""
    rows = VillageProject.objects.select_for_update(of=("self",)).select_related("village")
    row: VillageProject = rows.get(pk=project.pk)
    require(by, permission, row)
    if version is not None and version != row.version:
        raise LedgerError(_("这个项目在您填写期间被别人修改过，您的改动没有保存。请看过最新内容后再改。"))
    return row


def _put(row: VillageProject, facts: Mapping[str, Any]) -> None:
    """Assign what the form says. Raises `ValidationError` for what cannot be a project."""
    for name, value in facts.items():
        if name not in FACTS:
            raise FieldDoesNotExist(name)
        if name in ("title", "unit", "builder"):
            value = _text(value)
        elif name == "text":
            value = normalise_text(str(value or "")).strip()
        setattr(row, name, value)
    wrong: dict[str, list[str]] = {}
    if not row.title:
        wrong["title"] = [_("请写明项目名称，如：3组饮水管网改造。")]
    if len(row.text) > TEXT_LENGTH:
        wrong["text"] = [_("建设内容最多 %(most)s 个字。") % {"most": TEXT_LENGTH}]
    if row.sector not in BUILT:
        wrong["sector"] = [_("请选择项目类别。")]
    if not (isinstance(row.year, int) and EARLIEST <= row.year <= timezone.localdate().year + 2):
        wrong["year"] = [_("年度应在 2010 年到后年之间，请核对。")]
    if row.budget is not None and row.budget <= 0:
        wrong["budget"] = [_("估算投资要大于 0，不知道就留空。")]
    if row.quantity is not None and row.quantity <= 0:
        wrong["quantity"] = [_("规模要大于 0，不知道就留空。")]
    if row.starts_on and row.due_on and row.due_on < row.starts_on:
        wrong["due_on"] = [_("计划完工在计划开工之前，请核对。")]
    if wrong:
        raise ValidationError(wrong)


def _record(action: str, row: VillageProject, by: Any, before: dict[str, Any] | None, *rows: Any, note: str = "",
            changes: audit.Changes | None = None, gone: Iterable[str] = ()) -> None:  # fmt: skip
    told = (audit.changes_since(before, row) if before is not None else {}) | (changes or {})
    audit.record(
        action, by=by, target=row, region_path=row.village.path, changes=told, note=note or row.title, rows=[row, *rows], gone=list(gone)
    )  # fmt: skip


# -- the project --------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def propose_project(*, village: Region, facts: Mapping[str, Any], by: Any, on: dt.date | None = None) -> VillageProject:
    """申报: a project of a village, to be approved by somebody else. `facts` are of `FACTS`; `on` is today by default."""
    if village.level != Level.VILLAGE or not village.is_current:
        raise ValidationError({"village": [_("项目要登记在一个现有的村，请重新选择。")]})
    require_in(by, Permission.PROJECT_EDIT, village)
    now, on = timezone.now(), on or timezone.localdate()
    refuse_future(on, "on")
    row = VillageProject(village=village, proposed_by=by.username, proposed_at=now)
    _put(row, facts)
    save(row)
    step = ProjectStep.objects.create(project=row, stage=Stage.PROPOSED, on=on, by=by.username, at=now)
    _record("villageproject.proposed", row, by, {}, step)
    return row


@transaction.atomic
def change_project(*, project: VillageProject, facts: Mapping[str, Any], by: Any, version: int | None = None) -> VillageProject:  # fmt: skip
    """Correct what is known of a project. What was approved keeps sector, year and budget; what has ended keeps all."""
    row = _locked(project, by, Permission.PROJECT_EDIT, version)
    if row.stage in ENDED:
        raise LedgerError(_("项目已经%(stage)s，不能再改。") % {"stage": row.get_stage_display()})
    before = audit.snapshot(row)
    _put(row, facts)
    changes = audit.changes_since(before, row)
    if row.stage != Stage.PROPOSED and changes.keys() & {"sector", "year", "budget"}:
        raise LedgerError(_("立项以后，类别、年度和估算投资不能再改。确需调整的，请取消后重新申报。"))
    if changes:
        row.version += 1
        save(row)
        _record("villageproject.changed", row, by, before)
    return row


def _step(project: VillageProject, stage: str, on: dt.date, note: str, by: Any, version: int | None, action: str,
          permission: Permission = Permission.PROJECT_EDIT, reason: bool = False, came: str = "") -> VillageProject:  # fmt: skip
    """Lead a project to its next stage: order, day and note are checked, the step is written. `came`: from this stage alone."""
    row = _locked(project, by, permission, version)
    if stage not in WAYS[row.stage] or (came and row.stage != came):
        raise LedgerError(
            _("项目现在是“%(now)s”，不能改为“%(then)s”。")
            % {"now": row.get_stage_display(), "then": Stage(stage).label}
        )
    note = _text(note)
    if len(note) > NOTE_LENGTH:
        raise ValidationError({"note": [_("说明最多 %(most)s 个字。") % {"most": NOTE_LENGTH}]})
    if reason and len(note) < 4:
        raise ValidationError({"note": [_("请写明理由，至少四个字。")]})
    refuse_future(on, "on")
    last = row.steps.order_by("-id").first()
    if last is not None and on < last.on and stage != Stage.CANCELLED:
        raise ValidationError({"on": [_("日期早于上一步（%(day)s），请核对。") % {"day": dates.written(last.on)}]})
    _ask(row, stage, by)
    before = audit.snapshot(row)
    row.stage = stage
    row.version += 1
    save(row)
    step = ProjectStep.objects.create(project=row, stage=stage, on=on, note=note, by=by.username, at=timezone.now())
    _record(action, row, by, before, step, note=note)
    return row


def _ask(row: VillageProject, stage: str, by: Any) -> None:
    """What a stage asks for itself."""
    if stage == Stage.APPROVED and row.proposed_by == by.username:
        raise LedgerError(_("自己申报的项目不能由自己审批，请另一位审批人办理。"))
    if stage == Stage.ACCEPTED:
        finished = row.steps.filter(stage=Stage.FINISHED).order_by("-id").first()
        if finished is not None and finished.by == by.username:
            raise LedgerError(_("完工是您自己登记的，验收请另一位审批人办理。"))
        if not row.evidence.filter(stage=AssistanceEvidence.Stage.ACCEPTANCE, removed_at=None).exists():
            raise LedgerError(_("验收要有至少一张验收照片。请先上传时段为“验收”的照片。"))


@transaction.atomic
def approve_project(*, project: VillageProject, on: dt.date, by: Any, note: str = "", version: int | None = None) -> VillageProject:  # fmt: skip
    """立项. Never one's own proposal."""
    approve = Permission.PROJECT_APPROVE
    return _step(project, Stage.APPROVED, on, note, by, version, "villageproject.approved", approve)


@transaction.atomic
def start_building(*, project: VillageProject, on: dt.date, by: Any, note: str = "", version: int | None = None) -> VillageProject:  # fmt: skip
    """开工."""
    return _step(project, Stage.BUILDING, on, note, by, version, "villageproject.started", came=Stage.APPROVED)


@transaction.atomic
def finish(*, project: VillageProject, on: dt.date, by: Any, note: str = "", version: int | None = None) -> VillageProject:  # fmt: skip
    """完工; whoever says so does not accept it."""
    return _step(project, Stage.FINISHED, on, note, by, version, "villageproject.finished")


@transaction.atomic
def accept(*, project: VillageProject, on: dt.date, by: Any, note: str = "", version: int | None = None) -> VillageProject:  # fmt: skip
    """验收合格: with a day and at least one photo of the acceptance, by somebody who has not declared it finished."""
    approve = Permission.PROJECT_APPROVE
    return _step(project, Stage.ACCEPTED, on, note, by, version, "villageproject.accepted", approve)


@transaction.atomic
def send_back(*, project: VillageProject, on: dt.date, note: str, by: Any, version: int | None = None) -> VillageProject:  # fmt: skip
    """验收不合格: back to building, with what is to be put right."""
    approve = Permission.PROJECT_APPROVE
    return _step(
        project, Stage.BUILDING, on, note, by, version, "villageproject.sent_back", approve, reason=True, came=Stage.FINISHED
    )  # fmt: skip


@transaction.atomic
def hand_over(*, project: VillageProject, on: dt.date, note: str, by: Any, version: int | None = None) -> VillageProject:  # fmt: skip
    """移交管护: the note says to whom."""
    return _step(project, Stage.HANDED_OVER, on, note, by, version, "villageproject.handed_over", reason=True)


@transaction.atomic
def cancel(*, project: VillageProject, on: dt.date, note: str, by: Any, version: int | None = None) -> VillageProject:  # fmt: skip
    """取消, with the reason. What was only proposed by whoever may edit; what was approved by whoever may approve.

    Money that was set aside and not paid goes back to its funds in the same act, where `by` may move it; else it is refused.
    """
    row = _locked(project, by, Permission.PROJECT_EDIT, version)
    approve = Permission.PROJECT_EDIT if row.stage == Stage.PROPOSED else Permission.PROJECT_APPROVE
    row = _step(row, Stage.CANCELLED, on, note, by, None, "villageproject.cancelled", approve, reason=True)
    _give_back(row, on, note, by)
    return row


def _give_back(row: VillageProject, on: dt.date, note: str, by: Any) -> None:
    held = money_held(row)
    if held and not may_in(by, Permission.FUND_EDIT, row.village):
        total = format_money(sum(held.values(), Decimal(0)))
        raise LedgerError(
            _("还有 %(sum)s 元资金安排在这个项目上。请先由县里退回资金，或由县级管理人员来取消。") % {"sum": total}
        )
    for fund, amount in held.items():
        funds.release(project=row, fund=fund, amount=amount, on=on, by=by, note=_("项目取消：%(why)s") % {"why": note})


def money_held(project: VillageProject) -> dict[Fund, Decimal]:
    """{fund: 元 set aside for the project and not paid}, in order of their keys."""
    reserved = Account.objects.filter(project=project, kind=Account.Kind.RESERVED, balance__gt=0)
    return {account.fund: account.balance for account in reserved.select_related("fund").order_by("fund_id")}


# -- who benefits -------------------------------------------------------------------------------------------------------------------


def _open(project: VillageProject, by: Any) -> VillageProject:
    row = _locked(project, by, Permission.PROJECT_EDIT)
    if row.stage == Stage.CANCELLED:
        raise LedgerError(_("项目已经取消，不能再改受益户。"))
    return row


@transaction.atomic
def add_beneficiaries(*, project: VillageProject, by: Any, households: Iterable[Household] | None = None) -> int:
    """Households of the village that have something of the project, None for every household in it. The number added; those that stand
    there already are left alone. Refused as a whole where one is of another village or closed."""
    row = _open(project, by)
    here = Household.objects.active().filter(village=row.village)
    if households is not None:
        keys = {h.pk for h in households}
        here = here.filter(pk__in=keys)
        if here.count() != len(keys):
            raise LedgerError(_("有农户不在本村，或者已经销户，受益户没有保存。请重新选择本村的农户。"))
    there = set(row.beneficiaries.values_list("household_id", flat=True))
    new = [
        Beneficiary(project=row, household_id=pk)
        for pk in here.order_by("pk").values_list("pk", flat=True)
        if pk not in there
    ]
    Beneficiary.objects.bulk_create(new, batch_size=1000)
    if new:
        _record(
            "villageproject.beneficiaries_added", row, by, None, *new,
            changes={"beneficiaries": [len(there), len(there) + len(new)]},
        )  # fmt: skip
    return len(new)


@transaction.atomic
def remove_beneficiaries(*, project: VillageProject, by: Any, households: Iterable[Household] | None = None) -> int:
    """Take households off the list, None for all; the number taken off."""
    row = _open(project, by)
    rows = row.beneficiaries.order_by("pk")
    before = rows.count()
    if households is not None:
        rows = rows.filter(household__in=[h.pk for h in households])
    gone = list(rows)
    if gone:
        keys = [audit.row_key(each) for each in gone]
        row.beneficiaries.filter(pk__in=[each.pk for each in gone]).delete()
        told = {"beneficiaries": [before, before - len(gone)]}
        _record("villageproject.beneficiaries_removed", row, by, None, changes=told, gone=keys)
    return len(gone)


# -- photos -------------------------------------------------------------------------------------------------------------------------


@with_pictures()
def add_photo(*, project: VillageProject, stage: str, upload: Any, by: Any, taken_on: dt.date | None = None) -> AssistanceEvidence:  # fmt: skip
    """A photo of the project before, during, after, or at the acceptance. Raises ValidationError for what is no photo."""
    row = _locked(project, by, Permission.PROJECT_EDIT)
    if row.stage == Stage.CANCELLED:
        raise LedgerError(_("项目已经取消，不能再上传照片。"))
    if stage not in AssistanceEvidence.Stage:
        raise ValidationError({"stage": [_("请选择照片的时段。")]})
    if taken_on:
        refuse_future(taken_on, "taken_on")
    if row.evidence.filter(removed_at=None).count() >= MOST_PHOTOS:
        raise LedgerError(_("一个项目最多 %(most)s 张照片，请先删去不用的。") % {"most": MOST_PHOTOS})
    photo = AssistanceEvidence(project=row, stage=stage)
    put_evidence(photo, upload, by=by, taken_on=taken_on)
    save(photo)
    _record("villageproject.photo_added", row, by, None, photo, note=str(AssistanceEvidence.Stage(stage).label))
    return photo


@transaction.atomic
def remove_photo(*, photo: AssistanceEvidence, by: Any) -> AssistanceEvidence:
    """Hide a photo of a project. The last one of an acceptance that was passed stays."""
    if photo.project is None:
        raise LedgerError(_("这张照片不是村级项目的照片。"))
    row = _locked(photo.project, by, Permission.PROJECT_EDIT)
    mine: AssistanceEvidence = row.evidence.select_for_update(of=("self",)).get(pk=photo.pk)
    if mine.removed_at is not None:
        raise LedgerError(_("这张照片已经删去。"))
    if mine.stage == AssistanceEvidence.Stage.ACCEPTANCE and row.stage in (Stage.ACCEPTED, Stage.HANDED_OVER):
        raise LedgerError(_("已经验收的项目，验收照片不能删去。"))
    mine.removed_at = timezone.now()
    save(mine)
    _record("villageproject.photo_removed", row, by, None, mine)
    return mine


# -- shortfalls ---------------------------------------------------------------------------------------------------------------------


def _shortfall(shortfall: Shortfall, by: Any) -> Shortfall:
    rows = Shortfall.objects.select_for_update(of=("self",)).select_related("village")
    row: Shortfall = rows.get(pk=shortfall.pk)
    require(by, Permission.PROJECT_EDIT, row)
    if row.resolved_on is not None:
        raise LedgerError(_("这项短板已经补齐，不能再改。"))
    return row


def _told(action: str, row: Shortfall, by: Any, before: dict[str, Any]) -> None:
    audit.record(
        action, by=by, target=row, region_path=row.village.path, changes=audit.changes_since(before, row), note=row.text, rows=[row]
    )  # fmt: skip


@transaction.atomic
def register_shortfall(*, village: Region, sector: str, text: str, found_on: dt.date, by: Any, project: VillageProject | None = None) -> Shortfall:  # fmt: skip
    """Something the village lacks. The same words twice while the first is open are refused."""
    if village.level != Level.VILLAGE or not village.is_current:
        raise ValidationError({"village": [_("短板要登记在一个现有的村，请重新选择。")]})
    require_in(by, Permission.PROJECT_EDIT, village)
    text = _text(text)
    if sector not in SECTOR:
        raise ValidationError({"sector": [_("请选择短板的类别。")]})
    if len(text) < 4:
        raise ValidationError({"text": [_("请写清缺什么，至少四个字，如：3组12户没有通自来水。")]})
    refuse_future(found_on, "found_on")
    if Shortfall.objects.filter(village=village, sector=sector, text=text, resolved_on=None).exists():
        raise ValidationError({"text": [_("这项短板已经登记过，还没有补齐。")]})
    row = Shortfall(village=village, sector=sector, text=text, found_on=found_on, found_by=by.username)
    if project is not None:
        row.project = _fitting(project, row)
    save(row)
    _told("shortfall.registered", row, by, {})
    return row


def _fitting(project: VillageProject, shortfall: Shortfall) -> VillageProject:
    if project.village_id != shortfall.village_id:
        raise ValidationError({"project": [_("这个项目不是本村的，请选择本村的项目。")]})
    if project.stage == Stage.CANCELLED:
        raise ValidationError({"project": [_("这个项目已经取消，请选择另一个。")]})
    return project


@transaction.atomic
def tie_shortfall(*, shortfall: Shortfall, project: VillageProject | None, by: Any) -> Shortfall:
    """Say which project mends it; None for none."""
    row = _shortfall(shortfall, by)
    before = audit.snapshot(row)
    row.project = _fitting(project, row) if project is not None else None
    if audit.changes_since(before, row):
        save(row)
        _told("shortfall.tied", row, by, before)
    return row


@transaction.atomic
def resolve_shortfall(*, shortfall: Shortfall, on: dt.date, note: str, by: Any) -> Shortfall:
    """补齐: from when, and how."""
    row = _shortfall(shortfall, by)
    note = _text(note)
    refuse_future(on, "on")
    if on < row.found_on:
        raise ValidationError(
            {"on": [_("补齐日期早于发现日期（%(day)s），请核对。") % {"day": dates.written(row.found_on)}]}
        )
    if len(note) < 4:
        raise ValidationError({"note": [_("请写明怎样补齐，至少四个字。")]})
    before = audit.snapshot(row)
    row.resolved_on, row.resolved_by, row.resolved_note = on, by.username, note
    save(row)
    _told("shortfall.resolved", row, by, before)
    return row


# -- when villages merge ------------------------------------------------------------------------------------------------------------


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """Projects, shortfalls and idle houses of a village that merged stand in the village that took it in.

    Called inside the change of regions, whose permission was asked for; what follows moves with the households.
    """
    from assistance.models import IdleHouse

    if old.pk == new.pk:
        return
    for model in (VillageProject, Shortfall, IdleHouse):
        for row in model.objects.select_for_update(of=("self",)).filter(village=old).order_by("pk"):
            before = audit.snapshot(row)
            row.village = new
            row.save(update_fields=["village"])
            told = audit.changes_since(before, row)
            audit.record(
                f"{row._meta.model_name}.followed", by=by, target=row, region_path=new.path, changes=told, note=new.name, rows=[row]
            )  # fmt: skip


def may_step(user: Any, project: VillageProject, stage: str) -> bool:
    """Whether to offer the way to a stage; the verbs ask again."""
    if stage not in WAYS[project.stage]:
        return False
    needs = NEEDS.get(stage, Permission.PROJECT_EDIT)
    if stage == Stage.CANCELLED and project.stage != Stage.PROPOSED:
        needs = Permission.PROJECT_APPROVE
    if stage == Stage.BUILDING and project.stage == Stage.FINISHED:
        needs = Permission.PROJECT_APPROVE
    if stage == Stage.APPROVED and project.proposed_by == user.username:
        return False
    return may_in(user, needs, project.village)
