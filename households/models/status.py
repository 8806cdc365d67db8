"""What a household is in the register, and how it came to be that."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from households.querysets import HouseholdFileQuerySet


class Status(models.TextChoices):
    """The history of a household covers the years of 建档立卡 and, since 2021, those of 防返贫监测."""

    ORDINARY = "ordinary", _("一般农户")
    REGISTERED = "registered", _("建档立卡户")
    OUT_OF_POVERTY = "out_of_poverty", _("脱贫户")
    UNSTABLE = "unstable", _("脱贫不稳定户")
    MARGINAL = "marginal", _("边缘易致贫户")
    HARDSHIP = "hardship", _("突发严重困难户")
    RISK_REMOVED = "risk_removed", _("风险已消除")
    RETURNED = "returned", _("返贫户")
    STRUCK_OFF = "struck_off", _("清退")


MONITORED = (Status.UNSTABLE, Status.MARGINAL, Status.HARDSHIP)

# From which state which other may follow. The legal procedures stand on a floor above and call the verb downwards.
NEXT: dict[Status, frozenset[Status]] = {
    Status.ORDINARY: frozenset({Status.REGISTERED, Status.MARGINAL, Status.HARDSHIP}),
    Status.REGISTERED: frozenset({Status.OUT_OF_POVERTY, Status.STRUCK_OFF}),
    Status.OUT_OF_POVERTY: frozenset({Status.UNSTABLE, Status.HARDSHIP, Status.RETURNED, Status.STRUCK_OFF}),
    Status.UNSTABLE: frozenset({Status.RISK_REMOVED, Status.HARDSHIP, Status.RETURNED}),
    Status.MARGINAL: frozenset({Status.RISK_REMOVED, Status.HARDSHIP, Status.REGISTERED, Status.STRUCK_OFF}),
    Status.HARDSHIP: frozenset({Status.RISK_REMOVED, Status.REGISTERED, Status.RETURNED, Status.STRUCK_OFF}),
    Status.RISK_REMOVED: frozenset(
        {Status.UNSTABLE, Status.MARGINAL, Status.HARDSHIP, Status.RETURNED, Status.STRUCK_OFF}
    ),
    Status.RETURNED: frozenset({Status.OUT_OF_POVERTY, Status.STRUCK_OFF}),
    Status.STRUCK_OFF: frozenset({Status.REGISTERED, Status.MARGINAL, Status.HARDSHIP}),
}


class StatusChange(models.Model):
    """One step of the status history: proposed by the township, confirmed or refused by the county."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待县级确认")
        CONFIRMED = "confirmed", _("已确认")
        REFUSED = "refused", _("已退回")
        WITHDRAWN = "withdrawn", _("已撤回")

    household = models.ForeignKey("households.Household", models.PROTECT, related_name="status_changes")
    from_status = models.CharField(max_length=24, choices=Status)
    to_status = models.CharField(_("变更为"), max_length=24, choices=Status)
    effective_on = models.DateField(_("生效日期"))
    reason = models.CharField(_("理由"), max_length=500)
    evidence = models.CharField(_("依据"), max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.PROPOSED)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(_("审核意见"), max_length=500, blank=True)
    source = models.CharField(max_length=12, default="page")  # page | import | procedure

    objects = HouseholdFileQuerySet.as_manager()

    class Meta:
        verbose_name = _("身份变更")
        ordering: ClassVar = ["-effective_on", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["household"], condition=Q(state="proposed"), name="status_one_open_proposal"
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at=None, decided_by=None)
                | (~Q(state="proposed") & Q(decided_at__isnull=False)),
                name="status_decided_iff_stamped",
            ),
            models.CheckConstraint(
                condition=~Q(from_status=F("to_status")) | Q(source="import"), name="status_changes_something"
            ),
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(source="import") | ~Q(decided_by=F("proposed_by")),
                name="status_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="status_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_from_status_display()} → {self.get_to_status_display()}"
