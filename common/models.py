"""Tables without domain words: the audit chain and the record of long work."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.pii import SecretField


class AuditEvent(models.Model):
    """One thing somebody did: append-only, text keys, no foreign keys, so that it never blocks or follows live rows.

    `body` is the canonical JSON that the chain is computed over; the other columns repeat parts of it for searching and are
    compared with it by `verify_history`. Rows are written by `common.audit` alone; the database refuses UPDATE and DELETE.
    """

    action = models.CharField(max_length=64)
    actor = models.CharField(max_length=150)
    target = models.CharField(max_length=128)
    subject = models.CharField(max_length=64, blank=True)
    region_path = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    request_id = models.CharField(max_length=36, blank=True)
    body = models.TextField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["subject", "-id"], name="auditevent_subject"),
            models.Index(fields=["target", "-id"], name="auditevent_target"),
            models.Index(fields=["actor", "-id"], name="auditevent_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target}"


class AuditLink(models.Model):
    """The chain over the events, one link an event, closed by the database at commit (see migration and ADR 0003)."""

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(unique=True)
    subject = models.CharField(max_length=64)
    previous = models.BinaryField()
    subject_previous = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["subject", "-seq"], name="auditlink_subject")]

    def __str__(self) -> str:
        return str(self.seq)


class Job(models.Model):
    """The one record of long work: who asked, how far it is, what came out. The broker only carries its id."""

    class State(models.TextChoices):
        QUEUED = "queued", _("排队中")
        RUNNING = "running", _("进行中")
        DONE = "done", _("已完成")
        FAILED = "failed", _("失败")
        CANCELLED = "cancelled", _("已取消")

    OPEN = (State.QUEUED, State.RUNNING)

    kind = models.CharField(max_length=64)
    title = models.CharField(max_length=200)
    owner = models.CharField(max_length=150, db_index=True)
    region_path = models.CharField(max_length=255, blank=True)
    key = models.CharField(max_length=128, blank=True)
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    result = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    cancel_requested = models.BooleanField(default=False)
    lease_by = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(state__in=["queued", "running"]) & ~Q(key=""),
                name="job_one_open_per_key",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at=None)
                | Q(state__in=["done", "failed", "cancelled"], finished_at__isnull=False),
                name="job_finished_iff_stamped",
            ),
            models.CheckConstraint(condition=Q(lease_until=None) | ~Q(lease_by=""), name="job_lease_has_a_holder"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    @property
    def percent(self) -> int:
        return min(100, self.done * 100 // self.total) if self.total else 0


class SyncOp(models.Model):
    """One operation that a phone sent, once: its id is the phone's, its receipt is what the phone is told every time it asks again.

    `body_sha256` is of the canonical body, so that the same id with another body is noticed. Only what could not be applied keeps its
    `body`, encrypted: in quarantine until somebody entitled has decided, so that nothing typed is ever dropped.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("已收下")
        REFUSED = "refused", _("未收下")
        QUARANTINED = "quarantined", _("待处理")
        ACCEPTED = "accepted", _("处理后收下")
        DISCARDED = "discarded", _("处理后作废")

    uid = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=40)
    owner = models.CharField(max_length=150)
    device = models.UUIDField(null=True, blank=True)
    body_sha256 = models.CharField(max_length=64)
    body = SecretField(blank=True, default="")
    state = models.CharField(max_length=12, choices=State)
    receipt = models.JSONField(default=dict)
    region_path = models.CharField(max_length=255, blank=True)
    made_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    note = models.CharField(max_length=300, blank=True)

    # What came of an operation is a fact of the row it wrote; what nobody could apply, and who decided on it, stands only here.
    audit_rows: ClassVar = Q(state__in=["quarantined", "accepted", "discarded"])

    class Meta:
        ordering: ClassVar = ["-received_at", "uid"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(state__in=["accepted", "discarded"], decided_at__isnull=False) & ~Q(decided_by="")
                | Q(state__in=["applied", "refused", "quarantined"], decided_at=None, decided_by=""),
                name="syncop_decided_iff_stamped",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["owner", "-received_at"], name="syncop_owner"),
            models.Index(fields=["region_path"], name="syncop_waiting", condition=Q(state="quarantined")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class Notice(models.Model):
    """通知: for one account, by username as in `Job.owner`, one matter or several of one topic (`common.notices`).

    `values` are the placeholders of the topic's sentence, `count` how many matters it stands for; `url` leads to the page of the last one.
    """

    class Kind(models.TextChoices):
        DECISION = "decision", _("办理结果")
        TASK = "task", _("交给我办的")
        JOB = "job", _("后台任务")
        DIGEST = "digest", _("每日提醒")

    to = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=Kind)
    topic = models.CharField(max_length=40)
    values = models.JSONField(default=dict)
    count = models.PositiveIntegerField(default=1)
    url = models.CharField(max_length=300)
    at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("通知")
        indexes: ClassVar = [
            models.Index(fields=["to", "-at"], name="notice_of_account"),
            models.Index(fields=["to", "topic"], condition=Q(read_at=None), name="notice_unread"),
            models.Index(fields=["at"], name="notice_age"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(to="") & ~Q(topic="") & Q(count__gt=0), name="notice_says_something"),
            # It leads to a page of this house.
            models.CheckConstraint(
                condition=Q(url__startswith="/") & ~Q(url__startswith="//"), name="notice_leads_home"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.to}"
