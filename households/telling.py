"""What is told of households: changes of status to who confirms and who proposed them, pairings to whose they are."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts import telling
from accounts.models import User
from accounts.roles import Permission
from common import notices, pages
from common.models import Notice
from common.notices import topic
from households.models import Household, Pairing, StatusChange

TASK, DECISION = Notice.Kind.TASK, Notice.Kind.DECISION


def about(household: Household) -> dict[str, Any]:
    """The household as lists name it, for sentences with "%(village)s%(name)s户"."""
    return {"village": household.village.name, "name": household.householder_name or str(_("（无户主）"))}


def _list(**query: str) -> Any:
    return lambda user: pages.address(reverse("households:household_list"), query)


def _home(user: Any) -> str:
    return reverse("home")


STATUS_PROPOSED = topic(
    "status.proposed", TASK, _("%(village)s%(name)s户的身份变更已提出，请您确认。"),
    ngettext_lazy("有 %(count)s 户的身份变更提交给您确认。", "有 %(count)s 户的身份变更提交给您确认。", "count"), _list(proposal="open"),
)  # fmt: skip
STATUS_CONFIRMED = topic(
    "status.confirmed", DECISION, _("%(village)s%(name)s户的身份变更已确认。"),
    ngettext_lazy("您提出的 %(count)s 项身份变更已确认。", "您提出的 %(count)s 项身份变更已确认。", "count"), _list(),
)  # fmt: skip
STATUS_REFUSED = topic(
    "status.refused", DECISION, _("%(village)s%(name)s户的身份变更被退回，请看意见。"),
    ngettext_lazy("您提出的 %(count)s 项身份变更被退回，请看意见。", "您提出的 %(count)s 项身份变更被退回，请看意见。", "count"), _list(),
)  # fmt: skip
PAIRING_GIVEN = topic(
    "pairing.given", TASK, _("您已与%(village)s%(name)s户结对，请开展帮扶。"),
    ngettext_lazy("您新结对 %(count)s 户，请开展帮扶。", "您新结对 %(count)s 户，请开展帮扶。", "count"), _list(),
)  # fmt: skip
PAIRING_ENDED = topic(
    "pairing.ended", DECISION, _("从%(day)s起，%(village)s%(name)s户不再由您帮扶。"),
    ngettext_lazy("有 %(count)s 户不再由您帮扶。", "有 %(count)s 户不再由您帮扶。", "count"), _home,
)  # fmt: skip


# -- status -------------------------------------------------------------------------------------------------------------------------------


def status_proposed(household: Household, by: Any) -> None:
    """Those who confirm."""
    deciders = telling.nearest(Permission.STATUS_CONFIRM, household.village, but={by.username})
    telling.tell_users(deciders, STATUS_PROPOSED, url=household.get_absolute_url(), by=by, values=about(household))


def status_decided(household: Household, change: StatusChange, by: Any) -> None:
    """Who proposed it, where somebody did."""
    if change.proposed_by is None:
        return
    what = STATUS_CONFIRMED if change.state == StatusChange.State.CONFIRMED else STATUS_REFUSED
    names, url = [change.proposed_by.username], household.get_absolute_url()
    telling.tell(names, what, row=household, url=url, by=by, values=about(household))


# -- pairing ------------------------------------------------------------------------------------------------------------------------------


def pairings_changed(all_hands: Iterable[Any], by: Any) -> None:
    """Helpers who are new to a household, and those who are none of it any more, of one household or of thousands (`Hands`, as written).
    Two queries and what the notices cost. A service of one request is told with the request."""
    given: dict[int, list[Pairing]] = defaultdict(list)
    ended: dict[int, list[Pairing]] = defaultdict(list)
    for hands in all_hands:
        before = {row.cadre_id for row in hands.rows if _ran(row, hands.ends)}
        begun = {row.cadre_id: row for row in hands.begins if _runs(row)}
        gone = {row.cadre_id: row for row, was in hands.ends.values() if _stops(row, was)}
        for cadre in begun.keys() - before:
            given[begun[cadre].cadre.user_id].append(begun[cadre])
        for cadre in gone.keys() - begun.keys():
            ended[gone[cadre].cadre.user_id].append(gone[cadre])
    accounts = User.objects.filter(pk__in={*given, *ended} - {None}, is_active=True).exclude(pk=getattr(by, "pk", None))
    names = dict(accounts.order_by().values_list("pk", "username"))
    drafts = [_given(names[user], rows) for user, rows in given.items() if user in names]
    notices.put([*drafts, *(_ended(names[user], rows) for user, rows in ended.items() if user in names)])


def _runs(row: Pairing) -> bool:
    return row.mode != Pairing.Mode.POINT_TO_POINT and _lasts(row.ends_on)


def _ran(row: Pairing, ends: dict[int, tuple[Pairing, dict[str, Any]]]) -> bool:
    """Whether it was a pairing in force before the verb."""
    was = ends[row.pk][1]["ends_on"] if row.pk in ends else row.ends_on
    return row.mode != Pairing.Mode.POINT_TO_POINT and _lasts(was)


def _lasts(ends_on: dt.date | None) -> bool:
    return ends_on is None or ends_on > timezone.localdate()


def _stops(row: Pairing, was: dict[str, Any]) -> bool:
    return row.mode != Pairing.Mode.POINT_TO_POINT and row.ends_on is not None and row.ends_on != was["ends_on"]


def _given(to: str, rows: list[Pairing]) -> notices.Draft:
    row = rows[-1]
    url = row.household.get_absolute_url() if row.starts_on <= timezone.localdate() else reverse("home")
    return notices.draft(to, PAIRING_GIVEN, url, about(row.household), len(rows))


def _ended(to: str, rows: list[Pairing]) -> notices.Draft:
    """They may see the household no more: the link leads to their own first page."""
    row = rows[-1]
    assert row.ends_on is not None
    values = {**about(row.household), "day": row.ends_on.isoformat()}
    return notices.draft(to, PAIRING_ENDED, reverse("home"), values, len(rows))
