"""帮扶措施 of a household, what of it was delivered, and the household's own word that it arrived; requests for a service."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from assistance.models.evidence import AssistanceEvidence
from assistance.models.fund import MONEY
from assistance.querysets import DeliveryFileQuerySet, DeliveryQuerySet, OfKindQuerySet
from catalogue.codelists import COLUMN
from catalogue.models import MeasureKind
from households.models import Member, OfHousehold, Pairing
from households.querysets import OfHouseholdQuerySet
from plans.models import Plan, Task

LIVE = ("proposed", "approved", "delivered", "confirmed")


class Measure(OfHousehold):
    """One kind of help for a household or one of its members in a year. `values` are the kind's own fields; `amount` what is planned (元).

    `delivered` from the first delivery on, `confirmed` when the household has confirmed every delivery that stands.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待审批")
        APPROVED = "approved", _("已批准")
        REFUSED = "refused", _("未批准")
        DELIVERED = "delivered", _("已落实")
        CONFIRMED = "confirmed", _("农户已确认")
        WITHDRAWN = "withdrawn", _("已撤回")

    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="measures", verbose_name=_("受益人")
    )
    kind = models.ForeignKey(MeasureKind, models.PROTECT, related_name="measures", verbose_name=_("帮扶措施"))
    year = models.PositiveSmallIntegerField(_("年度"))
    plan = models.ForeignKey(Plan, models.PROTECT, null=True, blank=True, related_name="measures")
    task = models.ForeignKey(Task, models.PROTECT, null=True, blank=True, related_name="measures")
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.PROPOSED)
    values = models.JSONField(_("填写项"), default=dict, blank=True)
    quantity = models.DecimalField(_("数量"), max_digits=10, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(_("计划金额（元）"), null=True, blank=True, **MONEY)
    note = models.CharField(_("说明"), max_length=300, blank=True)
    proposed_by = models.CharField(_("提出人"), max_length=150)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(_("审批人"), max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("审批意见"), max_length=300, blank=True)
    effect = models.TextField(_("成效"), max_length=600, blank=True)
    effect_on = models.DateField(_("成效日期"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = OfKindQuerySet.as_manager()
    audit_skip = ("village", "version")

    class Meta:
        verbose_name = _("帮扶措施")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household", "kind", "year"],
                condition=Q(member=None, state__in=LIVE),
                name="measure_once_a_household",
                violation_error_message=_("这一户这一年度已经有这项措施。"),
            ),
            models.UniqueConstraint(
                fields=["member", "kind", "year"],
                condition=Q(state__in=LIVE),
                name="measure_once_a_member",
                violation_error_message=_("这位成员这一年度已经有这项措施。"),
            ),
            models.CheckConstraint(
                condition=Q(decided_at=None, decided_by="") | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
                name="measure_decided_both",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "withdrawn"]) | Q(decided_at__isnull=False),
                name="measure_was_decided",
            ),
            models.CheckConstraint(
                condition=(Q(amount=None) | Q(amount__gt=0)) & (Q(quantity=None) | Q(quantity__gt=0)),
                name="measure_amounts_positive",
            ),
            models.CheckConstraint(condition=Q(effect="") | Q(effect_on__isnull=False), name="measure_effect_has_day"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["village", "year", "state", "-id"], name="measure_of_village"),
            models.Index(fields=["state", "-id"], name="measure_state"),
            models.Index(fields=["kind", "year", "-id"], name="measure_of_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.household_id} {self.kind_id} {self.year}"


class Delivery(OfHousehold):
    """落实: what a household or member received on a day, for a period ("2026", "2026-03", "" for once).

    A delivery is never changed or deleted. A mistake is taken back by a second row (`is_reversal`, amounts negative) that the first names
    in `reversed_by`. While it stands nobody receives the same kind for the same period again: `person` is the keyed hash of the member's
    ID number, so that one who has moved to another household is the same person. Where money was paid, `amount` is the sum of its lines
    on `paid` accounts (migration 0003).
    """

    measure = models.ForeignKey(Measure, models.PROTECT, related_name="deliveries")
    member = models.ForeignKey(Member, models.PROTECT, null=True, blank=True, related_name="deliveries")
    kind = models.ForeignKey(MeasureKind, models.PROTECT, related_name="+", db_index=False)
    person = models.CharField(max_length=22, blank=True)
    period = models.CharField(_("所属期"), max_length=7, blank=True)
    on = models.DateField(_("落实日期"))
    quantity = models.DecimalField(_("数量"), max_digits=10, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(_("金额（元）"), default=0, **MONEY)
    note = models.CharField(_("说明"), max_length=200, blank=True)
    by = models.CharField(_("经办"), max_length=150)
    at = models.DateTimeField()
    batch = models.ForeignKey("assistance.PayBatch", models.PROTECT, null=True, blank=True, related_name="deliveries")
    is_reversal = models.BooleanField(default=False)
    reversed_by = models.OneToOneField("self", models.PROTECT, null=True, blank=True, related_name="reverses")

    objects = DeliveryQuerySet.as_manager()
    audit_skip = ("village",)

    class Meta:
        verbose_name = _("落实")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "member", "period"],
                condition=Q(is_reversal=False, reversed_by=None, member__isnull=False),
                name="delivery_once_a_member",
                violation_error_message=_("这位成员这一期已经发过这项措施。"),
            ),
            models.UniqueConstraint(
                fields=["kind", "person", "period"],
                condition=Q(is_reversal=False, reversed_by=None) & ~Q(person=""),
                name="delivery_once_a_person",
                violation_error_message=_("这个人这一期已经发过这项措施。"),
            ),
            models.UniqueConstraint(
                fields=["kind", "household", "period"],
                condition=Q(is_reversal=False, reversed_by=None, member=None),
                name="delivery_once_a_household",
                violation_error_message=_("这一户这一期已经发过这项措施。"),
            ),
            models.CheckConstraint(
                condition=Q(is_reversal=False, amount__gte=0) | Q(is_reversal=True, amount__lte=0),
                name="delivery_sign",
            ),
            models.CheckConstraint(
                condition=Q(is_reversal=False) | Q(reversed_by=None), name="delivery_reversal_stands"
            ),
            models.CheckConstraint(
                condition=Q(period="") | Q(period__regex=r"^[0-9]{4}(-(0[1-9]|1[0-2]))?$"), name="delivery_period"
            ),
            models.CheckConstraint(condition=Q(member__isnull=False) | Q(person=""), name="delivery_person_is_member"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["village", "-id"], name="delivery_of_village"),
            models.Index(fields=["household", "-id"], name="delivery_of_household"),
        ]

    def __str__(self) -> str:
        return f"{self.measure_id} {self.period}"

    @property
    def stands(self) -> bool:
        return not self.is_reversal and self.reversed_by_id is None


class Confirmation(models.Model):
    """The household's word: its signature, or a visit by somebody other than whoever delivered (held by the database)."""

    class Way(models.TextChoices):
        SIGNATURE = "signature", _("农户签字")
        VISIT = "visit", _("入户核实")

    delivery = models.OneToOneField(Delivery, models.PROTECT, related_name="confirmation")
    way = models.CharField(_("确认方式"), max_length=10, choices=Way)
    on = models.DateField(_("确认日期"))
    by = models.CharField(_("登记人"), max_length=150)
    at = models.DateTimeField()
    received = models.BooleanField(_("确实收到"), default=True)
    satisfied = models.BooleanField(_("农户满意"), null=True, blank=True)
    note = models.CharField(_("农户的话"), max_length=300, blank=True)
    evidence = models.ForeignKey(
        AssistanceEvidence, models.PROTECT, null=True, blank=True, related_name="confirmations"
    )

    objects = DeliveryFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("农户确认")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(received=True) | ~Q(note=""), name="confirmation_denial_says_why"),
            models.CheckConstraint(
                condition=~Q(way="signature") | Q(evidence__isnull=False), name="confirmation_signature_is_kept"
            ),
        ]
        indexes: ClassVar = [
            # What a household denies is looked for on the first page of every office; there is little of it.
            models.Index(fields=["delivery"], condition=Q(received=False), name="confirmation_denied"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.way}"


class ServiceRequest(OfHousehold):
    """点对点服务: what a household asked for, who took it, what came of it, and whether the household says so too."""

    class State(models.TextChoices):
        ASKED = "asked", _("待受理")
        TAKEN = "taken", _("办理中")
        ANSWERED = "answered", _("待农户确认")
        CONFIRMED = "confirmed", _("已办结")
        WITHDRAWN = "withdrawn", _("已撤销")

    member = models.ForeignKey(
        Member, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("提出的成员")
    )
    column = models.CharField(_("类别"), max_length=12, choices=COLUMN.choices, blank=True)
    text = models.CharField(_("诉求"), max_length=300)
    state = models.CharField(_("状态"), max_length=10, choices=State, default=State.ASKED)
    due_on = models.DateField(_("答复期限"), null=True, blank=True)
    asked_by = models.CharField(_("登记人"), max_length=150)
    asked_at = models.DateTimeField()
    taker = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("受理人")
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(_("办理结果"), max_length=300, blank=True)
    answered_by = models.CharField(max_length=150, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    confirmed_by = models.CharField(max_length=150, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    satisfied = models.BooleanField(_("农户满意"), null=True, blank=True)
    closing_note = models.CharField(_("农户的话"), max_length=300, blank=True)
    measure = models.ForeignKey(Measure, models.PROTECT, null=True, blank=True, related_name="requests")
    # Who was asked to see to it: 点对点 until it is closed, or somebody who helps the household anyway.
    pairing = models.ForeignKey(
        Pairing, models.PROTECT, null=True, blank=True, related_name="requests", verbose_name=_("点对点帮扶人")
    )

    objects = OfHouseholdQuerySet.as_manager()

    class Meta:
        verbose_name = _("服务诉求")
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(taken_at=None, taker=None) | Q(taken_at__isnull=False, taker__isnull=False),
                name="servicerequest_taken_both",
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, answered_by="", answer="")
                | (Q(answered_at__isnull=False) & ~Q(answered_by="") & ~Q(answer="")),
                name="servicerequest_answered_both",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_at=None, confirmed_by="") | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by="")),
                name="servicerequest_confirmed_both",
            ),
            models.CheckConstraint(condition=~Q(state="answered") | ~Q(answer=""), name="servicerequest_answer_said"),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_at__isnull=False), name="servicerequest_confirmed"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["village", "state", "-id"], name="servicerequest_of_village"),
        ]

    def __str__(self) -> str:
        return self.text
