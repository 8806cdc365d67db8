"""A survey: one surveyor's dated observation of one household in one year, and where it met a ledger that had moved."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.pii import SecretField
from households.models import Household
from surveys.models.form import SurveyForm
from surveys.querysets import SurveyFileQuerySet, SurveyQuerySet


class Survey(models.Model):
    """入户调查. `uid` is made where the survey begins, on the phone or the page.

    `answers`, `base`, `same`, `kept`, `effort` have the shapes of docs/surveys.md. Whole ID numbers and phone numbers never stand in
    `answers`: there they are masked, and `secrets` holds `{path: plain text}` as encrypted JSON.
    """

    class Purpose(models.TextChoices):
        SURVEY = "survey", _("入户调查")
        VERIFICATION = "verification", _("复核调查")

    class Channel(models.TextChoices):
        PHONE = "phone", _("手机")
        PAGE = "page", _("网页")
        PAPER = "paper", _("纸质补录")

    class State(models.TextChoices):
        DRAFT = "draft", _("填写中")
        SUBMITTED = "submitted", _("待审核")
        RETURNED = "returned", _("已退回")
        APPROVED = "approved", _("已通过")
        WITHDRAWN = "withdrawn", _("已作废")

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    form = models.ForeignKey(SurveyForm, models.PROTECT, related_name="surveys", verbose_name=_("调查表"))
    household = models.ForeignKey(Household, models.PROTECT, related_name="surveys", verbose_name=_("农户"))
    year = models.PositiveSmallIntegerField(_("年度"))
    purpose = models.CharField(_("类别"), max_length=12, choices=Purpose, default=Purpose.SURVEY)
    channel = models.CharField(_("填写方式"), max_length=8, choices=Channel, default=Channel.PHONE)
    surveyor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="surveys", verbose_name=_("调查人")
    )
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.DRAFT)
    revision = models.PositiveSmallIntegerField(
        default=0
    )  # submissions so far; a returned survey comes back with the next
    answers = models.JSONField(default=dict)
    secrets = SecretField(blank=True, default="")
    secrets_hash = models.CharField(max_length=22, blank=True)
    base = models.JSONField(default=dict)
    seals = models.JSONField(default=dict)  # of the numbers in `base`, which are masked
    same = models.JSONField(default=list)
    kept = models.JSONField(default=dict)
    effort = models.JSONField(default=dict)
    questions = models.PositiveSmallIntegerField(
        default=0
    )  # amber questions the answers raise; such a survey is read one by one
    photos_expected = models.PositiveSmallIntegerField(default=0)  # submitted is complete when as many have arrived
    photos_missing = models.PositiveSmallIntegerField(default=0)  # of them; refused ones are missing, too
    began_at = models.DateTimeField(_("开始填写"))  # by the phone's clock
    surveyed_on = models.DateField(_("调查日期"))
    submitted_at = models.DateTimeField(
        _("送达时间"), null=True, blank=True
    )  # by the server's clock, newest submission
    updated_at = models.DateTimeField(auto_now=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("审核意见"), max_length=500, blank=True)
    reasons = models.JSONField(default=dict)  # {path: why it comes back}; "" stands for the survey as a whole
    # What its surveyor has typed on the server since it came back, as JSON (surveys.services.drafts): what was returned stays as it was.
    rework = SecretField(blank=True, default="")

    objects = SurveyQuerySet.as_manager()
    audit_skip = ("updated_at", "effort", "photos_expected", "photos_missing", "questions")
    audit_rows: ClassVar = ~Q(state="draft")

    class Meta:
        verbose_name = _("入户调查")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(year__gte=2010, year__lte=2100), name="survey_year_plausible"),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "withdrawn"]) | Q(submitted_at__isnull=False, revision__gte=1),
                name="survey_submitted_iff_stamped",
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by=None) | Q(decided_at__isnull=False, decided_by__isnull=False),
                name="survey_decided_both",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "returned"]) | Q(decided_at__isnull=False),
                name="survey_decision_is_stamped",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=models.F("surveyor")),
                name="survey_nobody_decides_their_own",
                violation_error_message=_("自己填的调查不能由自己审核，请另一位审核人办理。"),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["household", "year", "-id"], name="survey_household"),
            models.Index(fields=["state", "-id"], name="survey_state"),
            models.Index(fields=["surveyor", "year", "state"], name="survey_surveyor"),
            models.Index(fields=["year", "household"], name="survey_without_photos", condition=Q(photos_missing__gt=0)),
            # Progress asks of a hundred thousand households in which stage they are: from the index alone.
            models.Index(
                fields=["year", "purpose", "state", "household"],
                include=["surveyor", "id", "surveyed_on"],
                name="survey_stage",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.year} {self.get_purpose_display()}"

    @property
    def subject(self) -> str:
        """The audit chain a survey belongs to: its household's."""
        return f"household/{self.household_id}"

    @property
    def is_open(self) -> bool:
        """Whether its surveyor may still write it."""
        return self.state in (self.State.DRAFT, self.State.RETURNED)


class SurveyConflict(models.Model):
    """A field where the ledger had moved since the draft began: all three values are kept until a reviewer has chosen, and said why.

    `base` is what the ledger held when the draft began, `answer` what was typed, `ledger` what it held when the two met.
    """

    class Choice(models.TextChoices):
        ANSWER = "answer", _("用调查值")
        LEDGER = "ledger", _("保留台账值")

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="conflicts")
    path = models.CharField(max_length=120)
    base = models.JSONField(null=True)
    answer = models.JSONField(null=True)
    ledger = models.JSONField(null=True)
    found_at = models.DateTimeField(auto_now_add=True)
    choice = models.CharField(max_length=8, choices=Choice, blank=True)
    reason = models.CharField(_("理由"), max_length=200, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=150, blank=True)

    objects = SurveyFileQuerySet.as_manager()
    audit_skip = ("found_at",)

    class Meta:
        verbose_name = _("调查冲突")
        ordering: ClassVar = ["survey", "path"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["survey", "path"], condition=Q(choice=""), name="surveyconflict_once_open"),
            models.CheckConstraint(
                condition=Q(choice="", resolved_at=None, resolved_by="")
                | (~Q(choice="") & Q(resolved_at__isnull=False) & ~Q(resolved_by="")),
                name="surveyconflict_resolved_iff_stamped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.path}"
