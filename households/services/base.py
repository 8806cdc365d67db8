"""What every verb on a household shares: lock, permission, stale forms, one audit event, the columns lists read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import require
from common import audit, identity, phones, pii
from common.names import search_keys
from common.refusal import RefusedError
from common.text import normalise_name
from households import codelists, followers
from households.models import Household, HouseholdYear, IncomeLine, Member, MemberYear, Pairing
from households.models.annual import CHECKS


class LedgerError(RefusedError):
    """The household is not in a state that allows this; the message is one sentence for the user."""


class Edit:
    """One change of one household, written as one audit event.

    Opening it locks the household, asks for the permission, refuses a form that began on an older version, and refuses a closed
    household. `write` and `delete` gather what happened; `finish` refreshes the columns that lists read and records the event.
    """

    def __init__(
        self, household: Household, *, by: Any, permission: Permission, version: int | None = None, closed: bool = False
    ) -> None:
        self.by = by
        self.household = (
            Household.objects.select_for_update(of=("self",)).select_related("village").get(pk=household.pk)
        )
        require(by, permission, self.household)
        if version is not None and version != self.household.version:
            raise LedgerError(_("这一户在您填写期间被别人修改过，您的改动没有保存。请看过最新内容后再改。"))
        if self.household.is_closed and not closed:
            raise LedgerError(_("这一户已经销户，不能再修改。如属误销，请先恢复。"))
        self._before = audit.snapshot(self.household)
        self.changes: audit.Changes = {}
        self.rows: list[models.Model] = []
        self.gone: list[str] = []

    def write(self, row: models.Model, before: Mapping[str, Any] | None = None) -> None:
        """Check and save a row; `before` is its `audit.snapshot`, None for a new row."""
        check(row)
        save(row)
        self.changes |= audit.changes_since(dict(before or {}), row, prefix=label_of(row))
        self.rows.append(row)

    def delete(self, row: models.Model) -> None:
        self.gone.append(audit.row_key(row))
        self.changes |= {f"{label_of(row)}amount": [str(getattr(row, "amount", "")), None]}
        row.delete()

    def finish(
        self, action: str, *, target: models.Model | None = None, note: str = "", always: bool = False
    ) -> Household:
        """Record what changed; nothing is written where nothing changed (unless `always`)."""
        household = self.household
        refresh_lists(household)
        own = audit.changes_since(self._before, household)
        if not (own or self.changes or self.gone or always):
            return household
        household.version += 1
        check(household)
        save(household)
        audit.record(
            action, by=self.by, target=target or household, subject=household.subject, region_path=household.village.path,
            changes=own | self.changes, note=note, rows=[household, *self.rows], gone=self.gone,
        )  # fmt: skip
        if always or own.keys() & followers.WATCHED or any(isinstance(row, Pairing) for row in self.rows):
            followers.changed([household.pk])
        return household


def label_of(row: models.Model) -> str:
    """How a change's field names are prefixed, readable without the row: "member:王芳:", "incomeline:2026 wage.other:"."""
    match row:
        case Member():
            name = row.name
        case HouseholdYear():
            name = str(row.year)
        case MemberYear():
            name = f"{row.member.name} {row.year}"
        case IncomeLine():
            name = f"{row.household_year.year} {row.item}"
        case Household():
            return ""
        case _:
            name = str(row.pk or "")
    return f"{row._meta.model_name}:{name}:"


def check(row: models.Model) -> None:
    """Field by field, in the user's words; relations are held by foreign keys and need no query here."""
    row.clean_fields(
        exclude={f.name for f in row._meta.concrete_fields if f.is_relation} | {"phone", "id_number", "bank_account"}
    )


def save(row: models.Model) -> None:
    """Save; what the database refuses becomes the sentence of the constraint it broke."""
    try:
        row.save()
    except IntegrityError as error:
        raise LedgerError(sentence_of(error, row)) from error


# What the triggers of migration 0012 refuse, by the name they give it: mostly because somebody else was quicker.
SENTENCES: dict[str, Any] = {
    "pairing_kin": gettext_lazy("这位干部与这一户有回避关系，不能当帮扶责任人，请换一位。"),
    "pairing_point_leads": gettext_lazy("点对点服务只办一件诉求，不能当牵头人。"),
    "kinship_of_helper": gettext_lazy("这位干部正在帮扶这一户，请先更换或结束结对，再登记回避关系。"),
    "handover_is_fixed": gettext_lazy("移交记录不能修改。如有差错，请再移交一次。"),
}


def sentence_of(error: IntegrityError, row: models.Model) -> str:
    name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
    if name in SENTENCES:
        return str(SENTENCES[name])
    models_asked: set[type[models.Model]] = {type(row), Household, Member}
    for model in models_asked:
        for constraint in model._meta.constraints:
            if constraint.name == name and constraint.violation_error_message:
                return str(constraint.violation_error_message)
    if "number" in name:
        return _("这个户编号已经有一户在用，请核对后重填。")
    return _("数据之间有矛盾，没有保存。请核对后再试。")


def refresh_lists(household: Household) -> None:
    """The columns that repeat what stands elsewhere, from where it stands; two queries, nothing saved."""
    members = list(household.members.filter(left_on=None).values_list("relation", "name"))
    household.member_count = len(members)
    household.householder_name = next((name for relation, name in members if relation == codelists.HOUSEHOLDER), "")
    household.sort_key = search_keys(household.householder_name).sort_key if household.householder_name else ""
    newest = household.years.order_by("-year").first()
    household.latest_year = newest.year if newest else 0
    household.category = newest.category if newest else ""
    household.main_cause = newest.main_cause if newest else ""
    household.open_checks = count_open(newest) if newest else 0


def count_open(record: HouseholdYear) -> int:
    """How many of the six checks are known not to be met. An unanswered check is unknown, not unmet."""
    return sum(getattr(record, f"check_{name}") == "no" for name in CHECKS)


# -- facts ----------------------------------------------------------------------------------------------------------------------

HOUSEHOLD_FACTS = frozenset(
    [
        "number",
        "hamlet",
        "address",
        "phone",
        "bank_name",
        "bank_account",
        "standard",
        "identified_on",
        "is_military",
        "is_only_child",
        "is_two_daughters",
    ]
)
MEMBER_FACTS = frozenset(
    ["name", "relation", "sex", "birth_date", "id_type", "id_number", "ethnicity", "phone", "number"]
)
YEAR_FACTS = frozenset(
    f.name
    for f in HouseholdYear._meta.concrete_fields
    if f.name not in ("id", "household", "year", "updated_at", "unmapped") and not f.name.endswith("_income") and f.name != "business_expense"
)  # fmt: skip
MEMBER_YEAR_FACTS = frozenset(
    f.name for f in MemberYear._meta.concrete_fields if f.name not in ("id", "member", "year", "updated_at", "unmapped")
)


def put(row: models.Model, facts: Mapping[str, Any], known: frozenset[str]) -> None:
    """Assign facts to a row. Secrets come as plain text and are sealed; a name brings its search columns."""
    for name, value in sorted(facts.items(), key=lambda fact: fact[0] == "id_number"):  # the kind of paper comes first
        if name not in known:
            raise FieldDoesNotExist(name)
        if name in getattr(row, "unmapped", {}):  # what a file had written there is answered now
            row.unmapped = {field: label for field, label in row.unmapped.items() if field != name}  # type: ignore[attr-defined]
        match name:
            case "phone":
                row.phone, row.phone_hash, row.phone_masked = seal_phone(value)  # type: ignore[attr-defined]
            case "bank_account":
                account = "".join(str(value or "").split())
                row.bank_account, row.bank_account_hash, row.bank_account_masked = pii.seal_account(account)  # type: ignore[attr-defined]
            case "id_number":
                put_id_number(row, value)  # type: ignore[arg-type]
            case "name":
                put_name(row, value)  # type: ignore[arg-type]
            case _:
                setattr(row, name, value)


def seal_phone(text: str | None) -> pii.Sealed:
    try:
        return pii.seal_phone(phones.parse(text) if text else "")
    except phones.PhoneError as error:
        raise ValidationError({"phone": [f"{error}。"]}) from error


def put_name(member: Member, text: str) -> None:
    try:
        member.name = normalise_name(text)
    except ValidationError as error:
        raise ValidationError({"name": error.messages}) from error
    keys = search_keys(member.name)
    member.name_grams, member.pinyin, member.initials = keys.grams, keys.pinyin, keys.initials


def put_id_number(member: Member, text: str | None) -> None:
    """A number brings birthday, sex and kind of paper where they are still empty."""
    if not text:
        member.id_number, member.id_hash, member.id_masked = pii.seal_id_number("")
        return
    if member.id_type == "other":  # military and foreign papers have rules of their own, which are not ours to check
        number = identity.clean(text)
        member.id_number, member.id_hash, member.id_masked = pii.seal_id_number(number)
        return
    try:
        found = identity.parse(text)
    except identity.IdentityError as error:
        raise ValidationError({"id_number": [f"{error}。"]}) from error
    member.id_number, member.id_hash, member.id_masked = pii.seal_id_number(found.number, found.base)
    member.id_type = {"resident": "id", "disability": "disability", "none": "none"}[found.kind]
    member.birth_date = member.birth_date or found.birth_date
    member.sex = member.sex or found.sex


def refuse_known_id(member: Member, household: Household) -> None:
    """One person has one place. Where the other place is in this household it is named; elsewhere only that it exists."""
    if not member.id_hash:
        return
    other = (
        Member.objects.filter(id_hash=member.id_hash, left_on=None)
        .exclude(pk=member.pk)
        .select_related("household")
        .first()
    )
    if other is None:
        return
    if other.household_id == household.pk:
        sentence = _("这个证件号码已经是本户成员“%(name)s”的，请核对。") % {"name": other.name}
    else:
        sentence = _(
            "这个证件号码已经登记在另一户（户编号 %(number)s）名下，请先在那一户办理迁出，再登记到这一户。"
        ) % {"number": other.household.number}
    raise ValidationError({"id_number": [sentence]})


def refuse_future(day: dt.date, field: str) -> None:
    if day > timezone.localdate():
        raise ValidationError({field: [_("日期在今天之后，请核对。")]})


def put_relations(edit: Edit, members: Iterable[Member], relations: Mapping[int, str], householder: Member) -> None:
    """Give each member its relation to `householder`; relations that are not told stay, except a second 户主."""
    others = [m for m in members if m.pk != householder.pk]
    for member in others:
        relation = relations.get(member.pk, member.relation)
        if relation == codelists.HOUSEHOLDER or relation not in codelists.RELATION:
            raise LedgerError(_("请为“%(name)s”选择与新户主的关系。") % {"name": member.name})
        if relation != member.relation:
            before = audit.snapshot(member)
            member.relation = relation
            edit.write(member, before)
    if householder.relation != codelists.HOUSEHOLDER:
        before = audit.snapshot(householder)
        householder.relation = codelists.HOUSEHOLDER
        edit.write(householder, before)
