"""四大课堂: the catalogue of courses, sessions in villages, and who was there."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cadres.models import Cadre
from party.models.people import PartyPerson
from party.querysets import OfRegionQuerySet, OfSessionQuerySet, OfVillageQuerySet
from regions.models import Region


class Classroom(models.TextChoices):
    PARTY = "party", _("党政课堂")
    VIRTUE = "virtue", _("厚德课堂")
    LAW = "law", _("司法课堂")
    CLEAN = "clean", _("廉政课堂")


class Form(models.TextChoices):
    LECTURE = "lecture", _("集中授课")
    MICRO = "micro", _("微党课")
    FILM = "film", _("观看教育片")
    ON_SITE = "site", _("现场教学")
    TALK = "talk", _("座谈讨论")


class Course(models.Model):
    """What can be taught in the region and below it. Retired, never deleted: past sessions keep theirs."""

    region = models.ForeignKey(Region, models.PROTECT, related_name="courses", verbose_name=_("地区"))
    classroom = models.CharField(_("课堂"), max_length=8, choices=Classroom)
    form = models.CharField(_("形式"), max_length=8, choices=Form, default=Form.LECTURE)
    title = models.CharField(_("课程名称"), max_length=80)
    outline = models.TextField(_("提纲"), max_length=2000, blank=True)
    hours = models.DecimalField(_("学时"), max_digits=4, decimal_places=1, default=1)
    retired_on = models.DateField(_("停用日期"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfRegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("课程")
        ordering: ClassVar = ["classroom", "title", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["region", "classroom", "title"], condition=Q(retired_on=None), name="course_once_a_region",
                violation_error_message=_("这个课堂已经有同名的课程。"),
            ),
            models.CheckConstraint(condition=Q(hours__gt=0, hours__lte=100), name="course_hours"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


def new_token() -> str:
    """What an address to sign in by is made of: 128 random bits."""
    return secrets.token_urlsafe(16)


class Session(models.Model):
    """A course held, or planned, in a village. `villagers` are those who came beside the people of the branch.

    `token` is the address of signing in by QR: good on the day alone, until `closed_at`.
    """

    class State(models.TextChoices):
        PLANNED = "planned", _("待开课")
        HELD = "held", _("已开课")
        CANCELLED = "cancelled", _("已取消")

    course = models.ForeignKey(Course, models.PROTECT, related_name="sessions", verbose_name=_("课程"))
    village = models.ForeignKey(Region, models.PROTECT, related_name="sessions", verbose_name=_("村"))
    held_on = models.DateField(_("日期"))
    starts_at = models.TimeField(_("开始时间"), null=True, blank=True)
    ends_at = models.TimeField(_("结束时间"), null=True, blank=True)
    teacher = models.CharField(_("授课人"), max_length=60)
    place = models.CharField(_("地点"), max_length=80, blank=True)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PLANNED)
    villagers = models.PositiveIntegerField(_("到场群众"), default=0)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    token = models.CharField(max_length=22, unique=True, default=new_token, editable=False)
    closed_at = models.DateTimeField(_("签到结束"), null=True, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfVillageQuerySet.as_manager()
    audit_skip: ClassVar[tuple[str, ...]] = ("token",)

    class Meta:
        verbose_name = _("课堂")
        ordering: ClassVar = ["-held_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(starts_at=None) | Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="session_ends_after_start",
                violation_error_message=_("结束时间要晚于开始时间，请核对。"),
            ),
            models.CheckConstraint(condition=Q(villagers__lte=5000), name="session_villagers"),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["village", "held_on"], name="session_of_village")]

    def __str__(self) -> str:
        return f"{self.course_id} in {self.village_id} on {self.held_on}"


class Attendance(models.Model):
    """A person of a branch, or a cadre, was there: once each."""

    class How(models.TextChoices):
        LIST = "list", _("名单")
        QR = "qr", _("扫码")

    session = models.ForeignKey(Session, models.PROTECT, related_name="attendances")
    person = models.ForeignKey(PartyPerson, models.PROTECT, null=True, blank=True, related_name="attendances")
    cadre = models.ForeignKey(Cadre, models.PROTECT, null=True, blank=True, related_name="attendances")
    how = models.CharField(_("方式"), max_length=4, choices=How)
    at = models.DateTimeField(_("签到时间"))
    recorded_by = models.CharField(max_length=150)

    objects = OfSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("签到")
        ordering: ClassVar = ["session", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, cadre=None) | Q(person=None, cadre__isnull=False), name="attendance_of_one"
            ),
            models.UniqueConstraint(fields=["session", "person"], name="attendance_once_a_person"),
            models.UniqueConstraint(fields=["session", "cadre"], name="attendance_once_a_cadre"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.person_id or self.cadre_id} at {self.session_id}"


class SignInFailure(models.Model):
    """Somebody did not match at the public page of a session: what it is throttled by. Keyed hashes only; gone the day after."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="failures")
    name_hash = models.CharField(max_length=22)
    address_hash = models.CharField(max_length=22)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("未对上的签到")
        indexes: ClassVar = [models.Index(fields=["at"], name="signinfailure_at")]

    def __str__(self) -> str:
        return f"{self.session_id} at {self.at}"
