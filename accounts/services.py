"""Every change of an account: opening, posting, passwords, second step, blocking. Nobody grants what they do not hold."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

import pyotp
from axes.models import AccessAttempt
from axes.utils import reset
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher, get_hasher, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import departing
from accounts.departments import cleaned
from accounts.keeping import AccountError, locked, record, require_managed, require_take_over
from accounts.models import Posting, User
from accounts.postings import MANAGE, may_grant
from accounts.roles import POSTED_AT, Role
from accounts.scoping import require_in
from common import audit, phones
from common.pii import decrypt, encrypt, lookup_hash, seal_phone
from common.text import normalise_name
from regions.models import Level, Region

CONSOLE = "console"
ISSUER = "一户一账"
# First passwords: twelve characters nobody confuses on paper, in three groups; 31**12 is beyond guessing.
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
FIRST_PASSWORD_ROUNDS = (
    20_000  # enough for a random password that is good for one log-in; Django raises it at the next one
)
TOTP_STEP = 30  # seconds (RFC 6238)
TOTP_DRIFT = 1  # steps to either side, for clocks that are off
RECOVERY_CODES = 8
LANGUAGES = {code for code, _name in settings.LANGUAGES}


# -- small parts ----------------------------------------------------------------------------------------------------------------


def _random_text(groups: int, size: int = 4) -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _n in range(size)) for _g in range(groups))


def _first_password() -> tuple[str, str]:
    """A one-time password and its hash, quick to make because a sheet may ask for hundreds."""
    plain = _random_text(3)
    hasher = get_hasher()
    if isinstance(hasher, PBKDF2PasswordHasher):
        return plain, hasher.encode(plain, hasher.salt(), iterations=FIRST_PASSWORD_ROUNDS)
    return plain, make_password(plain)


def clean_username(username: str) -> str:
    """Letters, digits, . _ - (also Chinese), 3 to 60 characters; the case does not make two accounts."""
    username = username.strip()
    try:
        User._meta.get_field("username").run_validators(username)
    except ValidationError:
        raise ValidationError({"username": [_("用户名只能用字母、数字和 . _ - @ +，最长 60 个字符。")]}) from None
    if len(username) < 3:
        raise ValidationError({"username": [_("用户名至少 3 个字符。")]})
    return username


def clean_phone(phone: str) -> str:
    if not phone.strip():
        return ""
    try:
        return phones.parse(phone)
    except phones.PhoneError as error:
        raise ValidationError({"phone": [f"{error}。"]}) from None


def _clean_name(name: str) -> str:
    name = normalise_name(name)
    if not name:
        raise ValidationError({"name": [_("请填写姓名。")]})
    if len(name) > 60:
        raise ValidationError({"name": [_("姓名最长 60 个字。")]})
    return name


def _set_phone(user: User, phone: str) -> None:
    user.phone, user.phone_hash, user.phone_masked = seal_phone(clean_phone(phone))


# -- opening --------------------------------------------------------------------------------------------------------------------


def _open(
    *, username: str, name: str, phone: str, home: Region, role: Role | None, department: str, starts_on: dt.date | None, by: Any
) -> tuple[User, str]:  # fmt: skip
    username, name = clean_username(username), _clean_name(name)
    if User.objects.filter(username__iexact=username).exists():
        raise ValidationError({"username": [_("用户名“%(name)s”已经有人用了，请换一个。") % {"name": username}]})
    department = cleaned(role, department)
    plain, hashed = _first_password()
    user = User(username=username, name=name, password=hashed, must_change_password=True, home=home)
    _set_phone(user, phone)
    user.save()
    posting = None
    if role:
        posting = Posting.objects.create(
            user=user, role=role, region=home, department=department,
            starts_on=starts_on or timezone.localdate(), granted_by=getattr(by, "username", str(by)),
        )  # fmt: skip
    note = f"{Role(role).label} · {home.full_name}" if role else home.full_name
    record("account.opened", user, by, note=note, more_rows=[posting] if posting else [])
    return user, plain


@transaction.atomic
def open_account(*, username: str, name: str, region: Region, by: Any, role: Role | None = None, phone: str = "",
                 department: str = "", starts_on: dt.date | None = None) -> tuple[User, str]:  # fmt: skip
    """A new account posted in `region`; without a `role` one that waits for a pairing (帮扶责任人).

    Returns the user and the one-time first password, which is shown once and stored nowhere.
    """
    require_in(by, MANAGE, region)
    _check_region(region)
    if role:
        _check_role(role, region, by)
    return _open(
        username=username, name=name, phone=phone, home=region, role=role, department=department, starts_on=starts_on, by=by
    )  # fmt: skip


@transaction.atomic
def open_account_from_console(*, username: str, name: str, role: Role, region: Region, department: str = "") -> tuple[User, str]:  # fmt: skip
    """The first account of an installation has nobody above it: whoever may run commands on the server opens it."""
    if region.level not in POSTED_AT[role]:
        raise AccountError(_wrong_level(role))
    return _open(
        username=username, name=name, phone="", home=region, role=role, department=department, starts_on=None, by=CONSOLE
    )  # fmt: skip


def _check_region(region: Region) -> None:
    if not region.is_current:
        raise AccountError(_("%(region)s已经停用，请选择现在的区划。") % {"region": region.full_name})


def _wrong_level(role: Role) -> str:
    levels = _("、").join(str(Level(level).label) for level in sorted(POSTED_AT[role]))
    if not levels:
        return _("“%(role)s”由结对帮扶产生，不用任职。") % {"role": role.label}
    return _("“%(role)s”只能安排在%(levels)s一级，请改选区划或角色。") % {"role": role.label, "levels": levels}


def _check_role(role: Role, region: Region, by: Any) -> None:
    if region.level not in POSTED_AT[role]:
        raise AccountError(_wrong_level(role))
    if not may_grant(by, role, region):
        raise PermissionDenied(MANAGE)


# -- postings -------------------------------------------------------------------------------------------------------------------


@transaction.atomic
def post_user(*, user: User, role: Role, region: Region, by: Any, starts_on: dt.date | None = None,
              ends_on: dt.date | None = None, department: str = "") -> Posting:  # fmt: skip
    """Give a user a role in a region for a period; `ends_on` is the first day without it."""
    user = locked(user)
    require_managed(user, by)
    _check_region(region)
    _check_role(role, region, by)
    posting = Posting(
        user=user, role=role, region=region, department=cleaned(role, department),
        starts_on=starts_on or timezone.localdate(), ends_on=ends_on, granted_by=by.username,
    )  # fmt: skip
    if ends_on and ends_on <= posting.starts_on:
        raise ValidationError({"ends_on": [_("截止日期应晚于起始日期。")]})
    try:
        with transaction.atomic():
            posting.save(force_insert=True)
    except IntegrityError:
        raise AccountError(_("这个人在同一时间已经有相同的任职，请先看一下已有的任职。")) from None
    user.home = region
    user.save(update_fields=["home"])
    record("account.posted", user, by, note=f"{role.label} · {region.full_name}", more_rows=[posting])
    return posting


@transaction.atomic
def end_posting(*, posting: Posting, by: Any, ends_on: dt.date | None = None) -> Posting:
    """End a posting; `ends_on` is the first day without it (today)."""
    user = locked(posting.user)
    require_managed(user, by)
    posting = Posting.objects.select_for_update(of=("self",)).select_related("region").get(pk=posting.pk)
    ends_on = ends_on or timezone.localdate()
    if posting.ends_on and posting.ends_on <= timezone.localdate():
        raise AccountError(_("这个任职已经结束了。"))
    before = audit.snapshot(posting)
    posting.ends_on = max(ends_on, posting.starts_on)
    posting.save(update_fields=["ends_on"])
    if user.home is None:
        user.home = posting.region
        user.save(update_fields=["home"])
    note = f"{Role(posting.role).label} · {posting.region.full_name}"
    changes = audit.changes_since(before, posting)
    record("account.posting_ended", user, by, changes=changes, note=note, more_rows=[posting])
    return posting


# -- looking after --------------------------------------------------------------------------------------------------------------


@transaction.atomic
def correct_account(*, user: User, by: Any, name: str, phone: str | None = None) -> User:
    """Name and phone; `phone` None leaves it as it is."""
    user = locked(user)
    require_managed(user, by)
    before = audit.snapshot(user)
    user.name = _clean_name(name)
    if phone is not None:
        _set_phone(user, phone)
    user.save(update_fields=["name", "phone", "phone_hash", "phone_masked"])
    if changes := audit.changes_since(before, user):
        record("account.corrected", user, by, changes=changes)
    return user


@transaction.atomic
def reset_password(*, user: User, by: Any) -> str:
    """A new one-time password, shown once; every session of the account ends, and a lock-out too."""
    user = locked(user)
    require_take_over(user, by)
    if not user.is_active:
        raise AccountError(_("账号已经停用，请先启用再重置密码。"))
    plain, user.password = _first_password()
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    reset(username=user.username)
    record("account.password_reset", user, by)
    return plain


@transaction.atomic
def deactivate(*, user: User, by: Any, note: str = "") -> User:
    """Block an account; its sessions end at once, its history stays. Refused while the person still has something to hand over
    (`accounts.departing`)."""
    user = locked(user)
    require_managed(user, by)
    if not user.is_active:
        raise AccountError(_("账号已经停用了。"))
    if held := departing.held_by(user):
        raise AccountError(
            _("%(name)s还有%(held)s，请先移交，再停用账号。") % {"name": user.name, "held": _("、").join(held)}
        )
    user.is_active = False
    user.save(update_fields=["is_active"])
    record("account.deactivated", user, by, note=note)
    return user


@transaction.atomic
def reactivate(*, user: User, by: Any) -> User:
    user = locked(user)
    require_take_over(user, by)
    if user.is_active:
        raise AccountError(_("账号本来就是启用的。"))
    user.is_active = True
    user.save(update_fields=["is_active"])
    record("account.reactivated", user, by)
    return user


@transaction.atomic
def unlock_account(*, user: User, by: Any) -> User:
    """Forget the failed log-ins, so that the account can be tried again before the waiting time is over."""
    user = locked(user)
    require_managed(user, by)
    if not locked_until(user.username):
        raise AccountError(_("账号没有被锁定。"))
    reset(username=user.username)
    record("account.unlocked", user, by)
    return user


def locked_until(username: str) -> dt.datetime | None:
    """When failed log-ins will be forgotten again, None while the account is not locked anywhere."""
    last = (
        AccessAttempt.objects.filter(username=username, failures_since_start__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("-attempt_time")
        .first()
    )
    if last is None:
        return None
    until: dt.datetime = last.attempt_time + dt.timedelta(hours=settings.AXES_COOLOFF_TIME)
    return until if until > timezone.now() else None


# -- one's own account ----------------------------------------------------------------------------------------------------------


@transaction.atomic
def record_log_in(*, user: User, note: str = "") -> None:
    """`note` says from where: address and kind of device."""
    record("account.logged_in", user, user, note=note[:200])


@transaction.atomic
def change_password(*, user: User, new_password: str, by: Any) -> User:
    """One's own; the caller has asked for the old one, or the user has just come in with a first password."""
    user = locked(user)
    if by.pk != user.pk:
        raise PermissionDenied
    validate_password(new_password, user)
    if user.check_password(new_password):
        raise ValidationError([_("新密码不能和现在的一样，请换一个。")])
    user.set_password(new_password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    record("account.password_changed", user, by)
    return user


@transaction.atomic
def set_preferences(*, user: User, by: Any, language: str, large_text: bool, digest: bool) -> User:
    """Language of the pages and size of the text, for a new device of this user; whether they want to be told every morning what waits."""
    user = locked(user)
    if by.pk != user.pk:
        raise PermissionDenied
    if language and language not in LANGUAGES:
        raise ValidationError({"language": [_("没有这种语言。")]})
    before = audit.snapshot(user)
    user.language, user.large_text, user.digest_off = language, large_text, not digest
    user.save(update_fields=["language", "large_text", "digest_off"])
    if changes := audit.changes_since(before, user):
        record("account.preferences_set", user, by, changes=changes)
    return user


# -- second step ----------------------------------------------------------------------------------------------------------------


def new_totp_secret(user: User) -> tuple[str, str]:
    """A secret not yet in force: (sealed for the form, provisioning address for the QR code)."""
    secret = pyotp.random_base32()
    return encrypt(f"{user.pk}:{secret}"), pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)


def open_totp_secret(user: User, sealed: str) -> str:
    """The secret of a form; raises `AccountError` for a seal that is broken or another user's."""
    try:
        owner, secret = decrypt(sealed).split(":")
    except (InvalidToken, ValueError):
        owner, secret = "", ""
    if owner != str(user.pk):
        raise AccountError(_("这个页面已过期，请重新开始。"))
    return secret


def totp_address(user: User, sealed: str) -> str:
    secret = open_totp_secret(user, sealed)
    return pyotp.TOTP(secret).provisioning_uri(name=user.username, issuer_name=ISSUER)


def _fitting_step(secret: str, code: str, after: int) -> int | None:
    """The time step whose code this is, among those later than `after` (a code is good once)."""
    totp = pyotp.TOTP(secret)
    now = int(timezone.now().timestamp()) // TOTP_STEP
    for step in range(now - TOTP_DRIFT, now + TOTP_DRIFT + 1):
        if step > after and secrets.compare_digest(totp.generate_otp(step), code):
            return step
    return None


def _plain_code(code: str) -> str:
    return "".join(c for c in code.lower() if c.isalnum() and c.isascii())


@transaction.atomic
def enable_totp(*, user: User, sealed: str, code: str, by: Any) -> list[str]:
    """Put the second step in force once the user's device shows the right code; returns the recovery codes, shown once."""
    user = locked(user)
    if by.pk != user.pk:
        raise PermissionDenied
    if user.has_totp:
        raise AccountError(_("两步验证已经开启。"))
    secret = open_totp_secret(user, sealed)
    step = _fitting_step(secret, _plain_code(code), 0)
    if step is None:
        raise ValidationError({"code": [_("验证码不对，请看手机上现在显示的 6 位数字；手机时间不准也会出错。")]})
    codes = [_random_text(2, 5) for _n in range(RECOVERY_CODES)]
    user.totp_secret, user.totp_last_step = secret, step
    user.totp_recovery = [lookup_hash(f"recovery:{user.pk}", _plain_code(code)) for code in codes]
    user.save(update_fields=["totp_secret", "totp_last_step", "totp_recovery"])
    record("account.totp_enabled", user, by)
    return codes


@transaction.atomic
def check_second_step(*, user: User, code: str) -> bool:
    """Whether `code` is the device's code of this half minute, not used before, or an unused recovery code. Uses it up."""
    user = locked(user)
    plain = _plain_code(code)
    if not user.has_totp or not user.is_active or not plain:
        return False
    step = _fitting_step(user.totp_secret.reveal(), plain, user.totp_last_step)
    if step is not None:
        user.totp_last_step = step
        user.save(update_fields=["totp_last_step"])
        return True
    hashed = lookup_hash(f"recovery:{user.pk}", plain)
    if hashed not in user.totp_recovery:
        return False
    user.totp_recovery = [other for other in user.totp_recovery if other != hashed]
    user.save(update_fields=["totp_recovery"])
    record("account.recovery_code_used", user, user, note=str(len(user.totp_recovery)))
    return True


@transaction.atomic
def disable_totp(*, user: User, by: Any) -> User:
    """Switch the second step off: one's own (the caller has asked for the password), or that of somebody who lost the device."""
    user = locked(user)
    if by.pk != user.pk:
        require_take_over(user, by)
    if not user.has_totp:
        raise AccountError(_("两步验证没有开启。"))
    user.totp_secret, user.totp_last_step, user.totp_recovery = "", 0, []
    user.save(update_fields=["totp_secret", "totp_last_step", "totp_recovery"])
    record("account.totp_disabled", user, by)
    return user
