"""The row gate of surveys: where the household may be seen, except what somebody must not have seen before looking for themselves."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Exists, OuterRef, Q

from accounts.postings import accounts_for
from accounts.roles import Permission
from accounts.scoping import ScopedQuerySet, posted_regions
from households.models import Household
from surveys import claims


def _households(user: Any, permission: Permission) -> Any:
    return Household.objects.for_user(user, permission).order_by()


def _blind(user: Any, survey: str = "") -> Q:
    """Surveys of others of a household and year that this user still has to verify: the second look does not see the first."""
    from surveys.models import VerificationTask

    waiting = VerificationTask._base_manager.filter(
        assignee_id=user.pk,
        state="open",
        household_id=OuterRef(f"{survey}household_id"),
        year=OuterRef(f"{survey}year"),
    )
    return Exists(waiting) & ~Q(**{f"{survey}surveyor_id": user.pk})


class SurveyQuerySet(ScopedQuerySet):
    """Surveys of households one may see. A draft is its surveyor's alone."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        mine = Q(surveyor_id=user.pk)
        return Q(household__in=_households(user, permission)) & (mine | ~Q(state="draft")) & ~_blind(user)

    def waiting_for(self, user: Any) -> SurveyQuerySet:
        """What waits for this reviewer. The area is asked by path, which the postings bring along: one query, because a badge asks it on
        every page. Who may review is never a matter of pairing."""
        area = Q()
        for region in posted_regions(user, Permission.SURVEY_REVIEW):
            area |= Q(household__village__path__startswith=region.path)
        if not area:
            return self.none()
        rows = self.filter(area, ~_blind(user), state="submitted", purpose="survey")
        return rows.exclude(surveyor=user.pk).order_by()

    def counted(self) -> SurveyQuerySet:
        """Surveys that stand: sent, and not withdrawn."""
        return self.exclude(state__in=["draft", "withdrawn"])


class SurveyFileQuerySet(ScopedQuerySet):
    """What hangs off a survey."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        from surveys.models import Survey

        return Q(survey__in=Survey.objects.for_user(user, permission).order_by())


class SurveyPhotoQuerySet(SurveyFileQuerySet):
    """Photos of surveys, and of records of upper floors, that one may see, and one's own that still wait for theirs."""

    def scope(self, user: Any, permission: Permission) -> Q:
        loose = Q(uploader_id=user.pk, survey=None) & ~claims.claimed()
        return super().scope(user, permission) | claims.seen(user, permission) | loose

    def loose(self) -> Self:
        """Photos that belong to nothing yet."""
        return self.filter(~claims.claimed(), survey=None)


class SurveyTaskQuerySet(ScopedQuerySet):
    """Verification tasks of households one may see, and those that wait for oneself."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        return Q(household__in=_households(user, permission))


class TaskFileQuerySet(ScopedQuerySet):
    """What hangs off a verification task."""

    view_permission = Permission.HOUSEHOLD_VIEW

    def scope(self, user: Any, permission: Permission) -> Q:
        from surveys.models import VerificationTask

        return Q(task__in=VerificationTask.objects.for_user(user, permission).order_by())


class DeviceQuerySet(ScopedQuerySet):
    """One's own phones, and those of the accounts one looks after."""

    def for_user(self, user: Any, permission: Permission | None = None) -> Self:
        if not getattr(user, "is_active", False):
            return self.none()
        return self.filter(Q(user_id=user.pk) | Q(user__in=accounts_for(user).order_by().values("pk")))
