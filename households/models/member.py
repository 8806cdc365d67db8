"""A member of a household: identity only. What is true in a year stands in `MemberYear`."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Left, Right
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.pii import ID_LENGTH, Sealed, SecretField
from households import codelists
from households.querysets import MemberQuerySet


def id_tail() -> models.Func:
    """The last four characters of the ID number, also where the row holds a certificate that begins with it."""
    return Right(Left("id_masked", ID_LENGTH), 4)


def second_reading(column: str) -> models.Func:
    """The second of two readings that a search column holds, separated by a blank; "" where there is one."""
    return models.Func(
        F(column), models.Value(" "), models.Value(2), function="SPLIT_PART", output_field=models.TextField()
    )


class Member(models.Model):
    """家庭成员. `number` is the 人编号 where there is one. A member who left stays, with day and reason."""

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # One key of the database over both columns says that the household exists and that this is its village, and carries a household's
    # move along (migration 0010). The village stands here so that a search reads only the area of who searches (ADR 0007).
    household = models.ForeignKey("households.Household", models.PROTECT, related_name="members", db_constraint=False)
    village = models.ForeignKey(
        "regions.Region", models.PROTECT, related_name="+", editable=False, db_constraint=False, db_index=False
    )
    number = models.CharField(_("人编号"), max_length=40, blank=True)
    name = models.CharField(_("姓名"), max_length=60)
    name_grams = ArrayField(models.CharField(max_length=4), default=list, blank=True)
    pinyin = models.CharField(max_length=200, blank=True)
    initials = models.CharField(max_length=60, blank=True)
    relation = models.CharField(_("与户主关系"), max_length=4, choices=codelists.RELATION.choices)
    sex = models.CharField(_("性别"), max_length=1, blank=True, choices=codelists.SEX.choices)
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    id_type = models.CharField(_("证件类型"), max_length=12, default="id", choices=codelists.ID_TYPE.choices)
    id_number = SecretField(_("证件号码"), blank=True, default="")
    id_hash = models.CharField(max_length=22, blank=True)
    id_masked = models.CharField(max_length=22, blank=True)
    ethnicity = models.CharField(_("民族"), max_length=4, blank=True, choices=codelists.ETHNICITY.choices)
    phone = SecretField(_("联系电话"), blank=True, default="")
    phone_hash = models.CharField(max_length=22, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    joined_on = models.DateField(_("增加日期"), null=True, blank=True)
    joined_reason = models.CharField(_("增加原因"), max_length=12, blank=True, choices=codelists.JOIN_REASON.choices)
    left_on = models.DateField(_("减少日期"), null=True, blank=True)
    left_reason = models.CharField(_("减少原因"), max_length=12, blank=True, choices=codelists.LEAVE_REASON.choices)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = MemberQuerySet.as_manager()
    audit_skip = ("uid", "village", "name_grams", "pinyin", "initials", "created_at")

    class Meta:
        verbose_name = _("家庭成员")
        ordering: ClassVar = ["household", "relation", "birth_date", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household"],
                condition=Q(relation="01", left_on=None),
                name="member_one_householder",
                violation_error_message=_("这一户已经有户主，一户只能有一位户主。"),
            ),
            models.UniqueConstraint(
                fields=["id_hash"],
                condition=Q(left_on=None) & ~Q(id_hash=""),
                name="member_one_living_place_per_id",
                violation_error_message=_("这个证件号码已经登记在另一位家庭成员名下。"),
            ),
            models.CheckConstraint(
                condition=Q(left_on=None, left_reason="") | (Q(left_on__isnull=False) & ~Q(left_reason="")),
                name="member_left_iff_reason",
            ),
            models.CheckConstraint(
                condition=Q(left_on=None) | Q(joined_on=None) | Q(left_on__gte=F("joined_on")),
                name="member_left_after_joined",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="member_has_name"),
        ]
        indexes: ClassVar = [
            # New grams wait in a list of at most 256 KB and are sorted in together, which halves what an import pays for the
            # index; a search reads the list, 0.1 ms when it is full (ADR 0012).
            GinIndex(fields=["name_grams"], name="member_name_grams", fastupdate=True, gin_pending_list_limit=256),
            models.Index(
                fields=["village", "pinyin"], name="member_pinyin", opclasses=["int8_ops", "text_pattern_ops"]
            ),
            models.Index(
                fields=["village", "initials"], name="member_initials", opclasses=["int8_ops", "text_pattern_ops"]
            ),
            models.Index(fields=["id_hash"], name="member_id_hash", condition=~Q(id_hash="")),
            # The second of two readings of a name (覃 is Qin or Tan): few names have one, so the index holds only those.
            models.Index(
                OpClass(second_reading("pinyin"), "text_pattern_ops"),
                name="member_pinyin_second",
                condition=Q(pinyin__contains=" "),
            ),
            models.Index(
                OpClass(second_reading("initials"), "text_pattern_ops"),
                name="member_initials_second",
                condition=Q(initials__contains=" "),
            ),
            models.Index(id_tail(), name="member_id_tail", condition=~Q(id_masked="")),
            models.Index(Right("phone_masked", 4), name="member_phone_tail", condition=~Q(phone_masked="")),
            models.Index(fields=["phone_hash"], name="member_phone", condition=~Q(phone_hash="")),
            models.Index(fields=["number"], name="member_number", condition=~Q(number="")),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding or "household" in self._state.fields_cache:
            self.village_id = self.household.village_id
        super().save(*args, **kwargs)

    @property
    def is_householder(self) -> bool:
        return self.relation == codelists.HOUSEHOLDER

    def age_on(self, day: dt.date) -> int | None:
        """Full years on a day; None without a birth date."""
        if self.birth_date is None:
            return None
        before_birthday = (day.month, day.day) < (self.birth_date.month, self.birth_date.day)
        return day.year - self.birth_date.year - before_birthday

    @property
    def age(self) -> int | None:
        return self.age_on(self.left_on or timezone.localdate())

    def set_id_number(self, sealed: Sealed) -> None:
        self.id_number, self.id_hash, self.id_masked = sealed

    def set_phone(self, sealed: Sealed) -> None:
        self.phone, self.phone_hash, self.phone_masked = sealed
