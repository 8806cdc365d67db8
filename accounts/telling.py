"""Who hears of something: accounts in use that may see the row a notice leads to, and never whoever did it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import models

from accounts.models import Posting, User
from accounts.roles import GRANTS, Permission, Role
from common import notices
from regions.models import Region


def tell(
    to: Iterable[str], about: notices.Topic, *, row: models.Model, url: str, by: Any, values: dict[str, Any], count: int = 1
) -> None:  # fmt: skip
    """Tell these usernames of a row that `url` shows, as far as they may see it today. A few queries for each of them."""
    found = people(to, by)
    notices.put(notices.draft(user.username, about, url, values, count) for user in found if _sees(user, row))


def tell_users(to: Iterable[User], about: notices.Topic, *, url: str, by: Any, values: dict[str, Any]) -> None:
    """Tell accounts of whom the caller knows that they may open `url`."""
    notices.put(notices.draft(user.username, about, url, values) for user in to if user.username != _name(by))


def _sees(user: User, row: models.Model) -> bool:
    manager: Any = type(row)._default_manager
    return bool(manager.for_user(user).filter(pk=row.pk).exists())


def people(names: Iterable[str], by: Any) -> list[User]:
    """The accounts in use with these names, but for whoever acts."""
    wanted = {name for name in names if name} - {_name(by)}
    return list(User.objects.filter(username__in=wanted, is_active=True).order_by("pk")) if wanted else []


def _name(by: Any) -> str:
    return getattr(by, "username", None) or str(by)


def nearest(permission: Permission, region: Region, *, but: Collection[str] = ()) -> list[User]:
    """Who holds a permission by a posting in the region or above it, of the lowest level at which there is somebody: they are asked first.

    `but` are usernames that do not count: who has had a hand in it does not decide on it.
    """
    held = _postings(permission, Region.objects.filter(pk__in=region.ancestor_ids)).exclude(user__username__in=but)
    rows = list(held.order_by("-region__level", "user"))
    return list({row.user_id: row.user for row in rows if row.region.level == rows[0].region.level}.values())


def posted_in(permission: Permission, regions: Iterable[Region]) -> list[User]:
    """Who holds a permission by a posting in one of these very regions."""
    rows = _postings(permission, [region.pk for region in regions]).order_by("user")
    return list({row.user_id: row.user for row in rows}.values())


def _postings(permission: Permission, regions: Any) -> Any:
    roles = [role for role in Role if permission in GRANTS[role]]
    current = Posting.objects.current().filter(role__in=roles, region__in=regions, user__is_active=True)
    return current.select_related("user", "region")
