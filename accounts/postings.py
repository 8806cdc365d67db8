"""Which accounts one may see and look after, which roles one may give, and what happens to postings when regions merge."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import Posting, User
from accounts.roles import GRANTS, POSTED_AT, Permission, Role, needed_to_give
from accounts.scoping import may_in, posted_regions
from common import audit
from regions.models import Region
from regions.picker import area_of

MANAGE = Permission.ACCOUNT_MANAGE


def subject_of(user: User) -> str:
    """The audit chain of one account."""
    return f"account/{user.pk}"


def regions_with(user: Any, permission: str) -> list[Region]:
    """Regions where a posting grants the permission as spelt by a lower floor; "" = where any posting stands."""
    if not getattr(user, "is_active", False):
        return []
    if not permission:
        return [posting.region for posting in user.postings_now]
    return posted_regions(user, Permission(permission)) if permission in set(Permission) else []


# -- which accounts -------------------------------------------------------------------------------------------------------------


def accounts_for(user: Any) -> QuerySet[User]:
    """Accounts this user may see on the pages of accounts: every posting in force or to come lies in the user's own area; without
    one, the account's home does. Nobody sees an account with a foot outside the own area."""
    area = area_of(user, MANAGE)
    if area is None:
        return User.objects.none()
    inside = Region.objects.filter(area).order_by().values("pk")
    living = Posting.objects.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()), user=OuterRef("pk"))
    return (
        User.objects.filter(~Exists(living.exclude(region__in=inside)))
        .filter(Exists(living) | Q(home__in=inside))
        .select_related("home")
    )


def living_postings(user: User) -> list[Posting]:
    """Postings in force today or to come."""
    rows = user.postings.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()))
    return list(rows.select_related("region").order_by("starts_on", "pk"))


# -- which roles ----------------------------------------------------------------------------------------------------------------


def may_grant(user: Any, role: Role, region: Region) -> bool:
    """Nobody grants what they do not hold: to give a role in a region one manages accounts there and holds there, by postings of
    one's own, every permission of the role, or what covers it. The region's level must be one the role is posted at."""
    if region.level not in POSTED_AT[role] or not may_in(user, MANAGE, region):
        return False
    return all(may_in(user, permission, region) for permission in needed_to_give(role))


def grantable_roles(user: Any, region: Region) -> list[Role]:
    """The roles this user may give in the region, in the order of `Role`."""
    return [role for role in Role if may_grant(user, role, region)]


def may_take_over(user: Any, target: User) -> bool:
    """Whether a one-time password for `target` would give its reader nothing new: every posting of the account could also have
    been granted by `user`. Else resetting a password would be a way to any role."""
    postings = living_postings(target)
    if not all(may_grant(user, Role(posting.role), posting.region) for posting in postings):
        return False
    if target.is_helper and target.home:
        return all(may_in(user, permission, target.home) for permission in GRANTS[Role.HELPER])
    return bool(postings) or (target.home is not None and may_in(user, MANAGE, target.home))


# -- when regions change --------------------------------------------------------------------------------------------------------


def follow_region(*, old: Region, new: Region, by: Any, on: dt.date) -> None:
    """Postings at a merged region end and go on at the new one; accounts at home there move with them."""
    if old.pk == new.pk:
        return
    today = timezone.localdate()
    living = Posting.objects.filter(Q(ends_on=None) | Q(ends_on__gt=today), region=old)
    for posting in living.select_related("user").select_for_update(of=("self",)).order_by("pk"):
        fresh = Posting(
            user=posting.user, role=posting.role, region=new, department=posting.department,
            starts_on=max(posting.starts_on, today), ends_on=posting.ends_on, granted_by=by.username,
        )  # fmt: skip
        posting.ends_on = fresh.starts_on
        posting.save(update_fields=["ends_on"])
        rows = [posting]
        same = Posting.objects.filter(user=posting.user, role=posting.role, region=new)
        if not same.filter(Q(ends_on=None) | Q(ends_on__gt=fresh.starts_on)).exists():
            fresh.save()
            rows.append(fresh)
        audit.record(
            "account.posting_moved", by=by, target=posting.user, subject=subject_of(posting.user), region_path=new.path,
            changes={"region": [old.full_name, new.full_name]}, rows=rows,
        )  # fmt: skip
    for user in User.objects.filter(home=old).order_by("pk"):
        user.home = new
        user.save(update_fields=["home"])
        audit.record(
            "account.moved", by=by, target=user, subject=subject_of(user), region_path=new.path,
            changes={"home": [old.full_name, new.full_name]}, rows=[user],
        )  # fmt: skip


def why_occupied(region: Region) -> str:
    """A region with people posted at it cannot be closed."""
    count = Posting.objects.filter(Q(ends_on=None) | Q(ends_on__gt=timezone.localdate()), region=region).count()
    if not count:
        return ""
    return ngettext("还有 %(count)s 个账号在这里任职", "还有 %(count)s 个账号在这里任职", count) % {"count": count}
