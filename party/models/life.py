"""组织生活: what branches did of 三会一课, 主题党日 and 两学一做; what they ought to do is data (`party.models.rules`)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from party.models.branch import Branch
from party.models.classroom import Session
from party.models.people import PartyPerson
from party.querysets import OfActivityQuerySet, OfBranchQuerySet


class Kind(models.TextChoices):
    ASSEMBLY = "assembly", _("支部党员大会")
    COMMITTEE = "committee", _("支部委员会")
    GROUP = "group", _("党小组会")
    LECTURE = "lecture", _("党课")
    THEME = "theme", _("主题党日")
    STUDY = "study", _("两学一做学习")


class Activity(models.Model):
    """Something a branch held. `guests` were there beside those named; a mistaken record is taken off with a reason, never deleted.

    `session` is the session of a classroom that counts as this 党课, so that nobody records it twice.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="activities", verbose_name=_("党支部"))
    kind = models.CharField(_("种类"), max_length=10, choices=Kind)
    held_on = models.DateField(_("日期"))
    title = models.CharField(_("主题"), max_length=80)
    text = models.TextField(_("内容"), max_length=2000, blank=True)
    place = models.CharField(_("地点"), max_length=80, blank=True)
    guests = models.PositiveIntegerField(_("列席人数"), default=0)
    session = models.OneToOneField(Session, models.PROTECT, null=True, blank=True, related_name="activity")
    recorded_by = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by = models.CharField(max_length=150, blank=True)
    removed_reason = models.CharField(_("作废理由"), max_length=200, blank=True)
    version = models.PositiveIntegerField(default=0)

    objects = OfBranchQuerySet.as_manager()

    class Meta:
        verbose_name = _("组织生活")
        ordering: ClassVar = ["-held_on", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by="", removed_reason="")
                | (Q(removed_at__isnull=False) & ~Q(removed_by="") & ~Q(removed_reason="")),
                name="activity_removed_for_a_reason",
            ),
            models.CheckConstraint(condition=Q(guests__lte=5000), name="activity_guests"),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["branch", "held_on"], condition=Q(removed_at=None), name="activity_of_branch")
        ]

    def __str__(self) -> str:
        return self.title


class Presence(models.Model):
    """Somebody of the branch was there."""

    activity = models.ForeignKey(Activity, models.PROTECT, related_name="presences")
    person = models.ForeignKey(PartyPerson, models.PROTECT, related_name="presences")

    objects = OfActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("到会")
        ordering: ClassVar = ["activity", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["activity", "person"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.person_id} at {self.activity_id}"
