"""What of the surveys waits for somebody, as tiles of the first page: each is the length of the list it opens. Few queries for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.roles import Permission
from common import dates, navigation, pages
from common.pages import CappedCount
from common.tiles import Ask, Tile
from surveys import access, progress
from surveys.filters import ANY, MISSING, OVERDUE
from surveys.models import Survey, SurveyRound, VerificationTask
from surveys.services import quarantine


def tiles(user: Any) -> list[Ask]:
    """Returned to me, to be verified by me, to be reviewed, in quarantine, not surveyed yet."""
    fills, reviews = user.can(Permission.SURVEY_FILL), user.can(Permission.SURVEY_REVIEW)
    if not (fills or reviews):
        return []
    drafts = [*_own(user, fills, reviews), *(_office(user) if reviews else ()), *_round(user)]
    return [Ask(rows, tile) for rows, tile in drafts]


Draft = tuple[QuerySet[Any], Any]  # the rows of a list, and what makes a tile of their number


def _own(user: Any, fills: bool, reviews: bool) -> Iterator[Draft]:
    if not fills:
        return
    query = {"state": Survey.State.RETURNED.value, "who": str(user.pk), "purpose": ANY}
    url = pages.address(reverse("surveys:survey_list"), query)
    returned = Survey.objects.for_user(user).filter(state=Survey.State.RETURNED, surveyor=user.pk)
    yield returned, lambda n: Tile(_("退回要改"), n, url, _("我填的调查"), "amber", 10)
    if not reviews and not user.can(Permission.SURVEY_SAMPLE):  # who reviews has a list of everybody's
        mine = VerificationTask.objects.for_user(user).filter(assignee=user.pk, state=VerificationTask.State.OPEN)
        yield mine, lambda n: Tile(_("待我复核"), n, reverse("surveys:task_list"), _("第二次独立调查"), "amber", 15)


def _office(user: Any) -> Iterator[Draft]:
    waiting = Survey.objects.waiting_for(user)
    yield waiting, lambda n: Tile(_("待我审核"), n, reverse("surveys:survey_list"), _("别人填的调查"), "amber", 20)
    stuck = quarantine.waiting_for(user)
    yield (
        stuck,
        lambda n: Tile(_("待处理的上传"), n, reverse("surveys:quarantine_list"), _("已不归本人的户"), "red", 30),
    )


def _round(user: Any) -> Iterator[Draft]:
    """Households of the round that runs of which nobody has sent a survey."""
    rounds = progress.rounds_for(user).filter(closed_at=None, starts_on__lte=timezone.localdate())
    asking: SurveyRound | None = next(iter(rounds[:1]), None)
    if asking is None:
        return
    late = progress.is_overdue(asking)
    rows = progress.missing(progress.expected(user, asking), asking.year)
    query = {"round": str(asking.pk), "stage": OVERDUE if late else MISSING}
    url = pages.address(reverse("surveys:progress_households"), query)
    due = _("%(day)s 截止") % {"day": dates.written(asking.due_on)}
    yield rows, lambda n: Tile(_("逾期未调查") if late else _("还没有调查"), n, url, due, "red" if late else "", 12)


# -- the menu -----------------------------------------------------------------------------------------------------------------------

REVIEWS, QUARANTINE = 0, 1
CACHE = "_surveys_waiting"


def badge(which: int) -> Callable[[Any], int]:
    """The number in the menu: as many as the tile and the list behind it say, up to `navigation.MOST` + 1. One query for all of them, however many
    are asked for."""

    def count(user: Any) -> int:
        if not hasattr(user, CACHE):  # a user is read anew for each request
            setattr(user, CACHE, User.objects.filter(pk=user.pk).values_list(*_numbers(user))[0])
        return int(getattr(user, CACHE)[which] or 0)

    return count


_more: list[Callable[[Any], QuerySet[Any]]] = []


def badge_of(rows: Callable[[Any], QuerySet[Any]]) -> Callable[[Any], int]:
    """A badge of an upper floor, whose number comes with the same query: the length of the list `rows(user)`. Called in `AppConfig.ready`."""
    _more.append(rows)
    return badge(QUARANTINE + len(_more))


def _numbers(user: Any) -> list[CappedCount]:
    lists = [Survey.objects.waiting_for(user), quarantine.waiting_for(user), *(rows(user) for rows in _more)]
    return [CappedCount(rows, most=navigation.MOST) for rows in lists]


def hidden_years(user: Any, households: Iterable[int]) -> dict[int, int]:
    """`{household: year}` of the second looks that wait for this user: until then the ledger of the year is kept from them
    (`households.curtain`), because what was approved meanwhile has been written into it.

    Every ledger page asks; the query brings the numbers of the badges in the menu along.
    """
    keys = list(households)
    looks = access.second_looks(user, keys) if keys else None
    if looks is None:
        return {}
    if hasattr(user, CACHE):
        return dict(looks)
    columns = [*_numbers(user), ArraySubquery(looks.values("household_id")), ArraySubquery(looks.values("year"))]
    *numbers, hidden, years = User.objects.filter(pk=user.pk).values_list(*columns)[0]
    setattr(user, CACHE, numbers)
    return dict(zip(hidden, years, strict=True))
