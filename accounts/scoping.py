"""The gate for rows: `Model.objects.for_user(user, permission)` answers both "which rows" and "may I".

No posting and no pairing means no rows. The area part is a literal list of region ids and the pairing part a literal list of household
ids: as an OR of subqueries PostgreSQL would read the whole table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self

from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Q

from accounts.roles import GRANTS, Permission, Role
from regions.models import Region

# Who is paired with what is known two floors up; households puts its two questions here when it is loaded.
paired_household_ids: Callable[[Any], list[int]] = lambda user: []  # noqa: E731
is_paired: Callable[[Any], bool] = lambda user: False  # noqa: E731


def posted_regions(user: Any, permission: Permission) -> list[Region]:
    """The regions where a posting of this user grants the permission."""
    if user.only is not None and permission not in user.only:
        return []
    return [p.region for p in user.postings_now if permission in GRANTS[Role(p.role)]]


def visible_region_ids(user: Any, permission: Permission) -> list[int]:
    """Ids of the regions with the permission and of everything below them. One query a request for each set of posted regions: most of
    what somebody may do, they may do in the same places."""
    if not hasattr(user, "_region_ids"):  # by attribute: the `__dict__` of the lazy `request.user` is not the user's
        user._region_ids = {}
    cache: dict[tuple[str, ...], list[int]] = user._region_ids
    paths = tuple(sorted({region.path for region in posted_regions(user, permission)}))
    if paths not in cache:
        area = Q()
        for path in paths:
            area |= Q(path__startswith=path)
        cache[paths] = list(Region.objects.filter(area).order_by().values_list("pk", flat=True)) if area else []
    return cache[paths]


def may_in(user: Any, permission: Permission, region: Region) -> bool:
    """Whether a posting grants the permission in this region."""
    return any(region.path.startswith(own.path) for own in posted_regions(user, permission))


class ScopedQuerySet(models.QuerySet[Any]):
    """Base of every table with people in it. Subclasses say which permission reading needs and what the rows' scope is."""

    view_permission: ClassVar[Permission]

    def scope(self, user: Any, permission: Permission) -> Q:
        raise NotImplementedError

    def for_user(self, user: Any, permission: Permission | None = None) -> Self:
        """The rows on which the user holds the permission (to read, by default)."""
        if not getattr(user, "is_active", False):
            return self.none()
        permission = permission or self.view_permission
        if not user.can(permission):
            return self.none()
        return self.filter(self.scope(user, permission))


def allowed(user: Any, permission: Permission, row: models.Model) -> bool:
    """May I? is the same question as Which ones?, asked about one row."""
    manager: Any = type(row)._default_manager
    return bool(manager.for_user(user, permission).filter(pk=row.pk).exists())


def require(user: Any, permission: Permission, row: models.Model) -> None:
    """Raise `PermissionDenied` unless the user holds the permission on the row."""
    if not allowed(user, permission, row):
        raise PermissionDenied(permission)


def require_in(user: Any, permission: Permission, region: Region) -> None:
    """Raise `PermissionDenied` unless a posting grants the permission in the region (rows that do not exist yet)."""
    if not may_in(user, permission, region):
        raise PermissionDenied(permission)


def require_somewhere(user: Any, permission: Permission) -> None:
    """Raise `PermissionDenied` unless the user holds the permission somewhere (pages about no row in particular)."""
    if not user.can(permission):
        raise PermissionDenied(permission)
