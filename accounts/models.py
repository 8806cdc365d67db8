"""Who may: people who log in, and their postings."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.roles import GRANTS, Permission, Role
from common.pii import SecretField
from regions.models import Region


class DateRange(Func):
    """daterange(start, end): from the first day up to, not including, the end."""

    function = "DATERANGE"
    output_field = DateRangeField()


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A log-in. There is no superuser: what somebody may do comes from postings and pairings alone."""

    username = models.CharField(_("用户名"), max_length=60, unique=True, validators=[UnicodeUsernameValidator()])
    name = models.CharField(_("姓名"), max_length=60)
    phone = SecretField(_("手机"), blank=True, default="")
    phone_hash = models.CharField(max_length=22, blank=True)
    phone_masked = models.CharField(max_length=20, blank=True)
    is_active = models.BooleanField(_("启用"), default=True)
    must_change_password = models.BooleanField(default=False)
    totp_secret = SecretField(blank=True, default="")
    totp_last_step = models.BigIntegerField(default=0)  # a code is good once
    totp_recovery = models.JSONField(default=list, blank=True)  # keyed hashes of codes that are good once
    # Who looks after the account while it has no posting in force (a helper never has one): the last posting's region.
    home = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, related_name="+")
    large_text = models.BooleanField(_("大字"), default=False)
    digest_off = models.BooleanField(_("不要每日提醒"), default=False)
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # What a request that came with a token may use of what its account holds; None: all of it. Never stored.
    only: frozenset[Permission] | None = None

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar = ["name"]
    audit_skip = ("last_login", "password", "totp_last_step", "totp_recovery")
    unread = 0  # notices; whoever comes by a session brings the number along (`accounts.backends.AccountBackend`)

    class Meta:
        verbose_name = _("账号")

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @property
    def place_name(self) -> str:
        """Where this user works, for the page header: the first posting's region."""
        return self.postings_now[0].region.name if self.postings_now else ""

    @property
    def has_totp(self) -> bool:
        return bool(self.totp_secret)

    @cached_property
    def postings_now(self) -> list[Posting]:
        """Postings in force today. Lives as long as this object: a request or a job."""
        return list(self.postings.current().select_related("region"))

    @cached_property
    def held(self) -> frozenset[Permission]:
        """Permissions held somewhere: by a posting, or as a helper by a pairing."""
        found: set[Permission] = set()
        for posting in self.postings_now:
            found |= GRANTS[Role(posting.role)]
        if self.is_helper:
            found |= GRANTS[Role.HELPER]
        return frozenset(found if self.only is None else found & self.only)

    @cached_property
    def is_helper(self) -> bool:
        from accounts import scoping

        return scoping.is_paired(self)

    def can(self, permission: Permission) -> bool:
        """Somewhere at least: for menus. Whether here is a question for `scoping.allowed`."""
        return permission in self.held


class PostingQuerySet(models.QuerySet["Posting"]):
    def current(self, day: dt.date | None = None) -> PostingQuerySet:
        day = day or timezone.localdate()
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


class Posting(models.Model):
    """A user holds a role in a region for a period. `ends_on` is the first day without it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="postings")
    role = models.CharField(_("角色"), max_length=20, choices=Role)
    region = models.ForeignKey(Region, models.PROTECT, related_name="postings")
    department = models.CharField(_("部门"), max_length=60, blank=True)
    starts_on = models.DateField(_("起始日期"), default=timezone.localdate)
    ends_on = models.DateField(_("截止日期"), null=True, blank=True)
    granted_by = models.CharField(max_length=60, blank=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        verbose_name = _("任职")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(role="helper"), name="posting_helper_comes_from_pairing"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="posting_ends_after_start"
            ),
            ExclusionConstraint(
                name="posting_no_overlap",
                expressions=[
                    (DateRange("starts_on", "ends_on", RangeBoundary()), RangeOperators.OVERLAPS),
                    ("user", RangeOperators.EQUAL),
                    ("role", RangeOperators.EQUAL),
                    ("region", RangeOperators.EQUAL),
                ],
                violation_error_message=_("这个人在同一时间已经有相同的任职。"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.region}"

    @property
    def is_over(self) -> bool:
        return self.ends_on is not None and self.ends_on <= timezone.localdate()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def living(self) -> ApiTokenQuerySet:
        return self.filter(revoked_at=None, expires_on__gt=timezone.localdate())


class ApiToken(models.Model):
    """One program's way into the API: it acts as its account, within `permissions`, until `expires_on` (the first day without it).

    The token itself is shown once and stored nowhere; `digest` recognises it and `hint` (its first characters) tells people which it is.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    name = models.CharField(_("用途"), max_length=60)
    digest = models.CharField(
        max_length=64, unique=True
    )  # SHA-256 of 256 random bits: nothing to guess, nothing to slow down
    hint = models.CharField(_("开头"), max_length=12)
    permissions = models.JSONField(_("可用权限"), default=list)
    created_at = models.DateTimeField(_("开通时间"), auto_now_add=True)
    expires_on = models.DateField(_("截止日期"))
    last_used_at = models.DateTimeField(_("上次使用"), null=True, blank=True)  # to some minutes: see `accounts.tokens`
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()
    audit_skip = ("digest", "last_used_at")

    class Meta:
        verbose_name = _("接口令牌")

    def __str__(self) -> str:
        return f"{self.name} {self.hint}…"

    @property
    def is_living(self) -> bool:
        return self.revoked_at is None and self.expires_on > timezone.localdate()

    @property
    def allowed(self) -> frozenset[Permission]:
        """What it asks for, without what is no permission any more."""
        return frozenset(Permission(code) for code in self.permissions if code in set(Permission))
