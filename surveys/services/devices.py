"""Phones that keep drafts: registered by their user, the key of their drafts in trust, revoked when they are lost."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common import audit
from common.sync import Refused
from surveys.models import Device

KEY_BYTES = 32
MOST_DEVICES = 10  # in use by one user
MINUTE = dt.timedelta(minutes=1)
FRESH = 15 * MINUTE  # after a log-in


@transaction.atomic
def register_device(*, uid: uuid.UUID, label: str, key: str, by: Any) -> Device:
    """Take a phone into use. `key` is base64 of 32 bytes. The same phone again with the same key changes nothing.

    Raises `Refused`: `device_revoked`, `other_device` (somebody else's, or with another key: its drafts would be lost), `malformed`.
    """
    try:
        sound = len(base64.b64decode(key, validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError, TypeError):
        sound = False
    if not sound:
        raise Refused("malformed", _("手机的密钥格式不对。请更新页面后再登记。"))
    device, is_new = Device.objects.select_for_update().get_or_create(
        uid=uid, defaults={"user": by, "label": str(label)[:80], "draft_key": key, "seen_at": timezone.now()}
    )
    if device.user_id != by.pk:
        raise Refused("other_device", _("这台手机登记在另一个账号名下。请用那个账号登录，或清空浏览器数据后重新登记。"))
    refuse_revoked(device)
    if is_new:
        if Device.objects.filter(user=by, revoked_at=None).count() > MOST_DEVICES:
            raise Refused("too_many", _("您登记的手机已有 %(count)s 台，请先停用不再用的。") % {"count": MOST_DEVICES})
        audit.record("device.registered", by=by, target=device, note=device.label, rows=[device])
    elif device.draft_key.reveal() != key:
        raise Refused("other_device", _("这台手机已经登记过，密钥不一样。请先用原来的密钥打开草稿。"))
    return device


def refuse_revoked(device: Device) -> None:
    if device.revoked_at is not None:
        raise Refused(
            "device_revoked", _("这台手机已被停用，不能再同步。没有上传的草稿仍在手机里；要继续使用，请找乡镇管理员。")
        )


@transaction.atomic
def revoke_device(*, device: Device, by: Any) -> Device:
    """A phone that was lost or handed on: it gets no pack and no key any more. Its user may, and who manages the user's account."""
    row = Device.objects.for_user(by).select_for_update(of=("self",)).filter(pk=device.pk).first()
    if row is None:
        raise PermissionDenied
    if row.revoked_at is None:
        before = audit.snapshot(row)
        row.revoked_at = timezone.now()
        row.save(update_fields=["revoked_at"])
        changes = audit.changes_since(before, row)
        audit.record("device.revoked", by=by, target=row, changes=changes, note=row.label, rows=[row])
    return row


@transaction.atomic
def hand_back_key(*, device: Device, by: Any, signed_in_at: dt.datetime | None) -> str:
    """The key of the drafts, to the phone's own user after a log-in: a forgotten PIN loses nothing.

    `signed_in_at` is when this session's password was asked for. Whoever finds a phone finds its session open for half a day, too: the
    cookie alone is worth no key. Raises `Refused`: `log_in`, `device_revoked`.
    """
    if device.user_id != by.pk:
        raise PermissionDenied
    refuse_revoked(device)
    if signed_in_at is None or not -MINUTE <= timezone.now() - signed_in_at <= FRESH:
        raise Refused("log_in", _("请重新登录，登录后自动取回密钥，已填的内容都在。"))
    audit.record("device.key_returned", by=by, target=device, note=device.label)
    return device.draft_key.reveal()


@transaction.atomic
def pack_taken(*, device: Device, count: int, by: Any) -> None:
    """A pack went to a phone: which one, and of how many households."""
    saw(device)
    audit.record("pack.issued", by=by, target=device, note=_("%(count)s 户") % {"count": count})


def device_of(uid: uuid.UUID, by: Any) -> Device | None:
    """One's own phone of that number."""
    return Device.objects.filter(uid=uid, user_id=by.pk).order_by("pk").first()


def saw(device: Device, waiting: Any = None, sent: int = 0) -> None:
    """When a phone was last heard of, to the minute, and how many records it says it still holds. No fact worth a record."""
    now, left = timezone.now(), device.waiting
    if isinstance(waiting, int) and not isinstance(waiting, bool):
        left = min(max(waiting - sent, 0), 32767)
    if left == device.waiting and device.seen_at and now - device.seen_at < MINUTE:
        return
    Device.objects.filter(pk=device.pk).update(seen_at=now, waiting=left)
