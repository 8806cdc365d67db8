"""What a phone takes along: own households with what the ledger holds of them, for 72 hours. The shape is in docs/surveys.md.

However many households, the number of queries is fixed. No whole ID number, phone or account number is in it, and of a household
that is to be looked at a second time nothing that was found at the first: neither answers nor ledger.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.scoping import posted_regions
from households.models import Household
from households.querysets import paired_household_ids
from regions.models import Level
from surveys import access, prefill, published
from surveys.models import Survey, SurveyForm, SurveyRound, VerificationTask
from surveys.progress import NOT_REGISTERED, missing
from surveys.services.drafts import as_typed

HOURS = 72
MOST = 300  # households of a village

Entry = dict[str, Any]
Facts = Callable[[Any, Sequence[Household]], Mapping[int, Any]]
Also = Callable[[Any, int], Sequence[Household]]


@dataclass(frozen=True)
class Part:
    """What a floor above the surveys puts into the pack. `facts(user, households)` gives {household pk: JSON}, which stands under `name` in the
    entry of that household; `also(user, most)` the households, with their villages, that a phone takes along for its sake. Few queries,
    however many households. `words()` are the sentences in which 我的调查 tells it."""

    name: str
    facts: Facts
    also: Also | None = None
    words: Callable[[], Mapping[str, Any]] = dict


_parts: list[Part] = []


def register(part: Part) -> None:
    """Called in `AppConfig.ready`."""
    if part not in _parts:
        _parts.append(part)


@dataclass
class Want:
    """A household to be surveyed. `returned` is one's own survey that came back, `task` the second look it is for; `bare`: it goes along for
    something else than a survey, and without answers."""

    household: Household
    year: int
    returned: Survey | None = None
    task: VerificationTask | None = None
    bare: bool = False

    @property
    def is_blind(self) -> bool:
        return self.task is not None


def pack_for(user: Any, device: uuid.UUID | None = None) -> dict[str, Any]:
    """The pack of a phone: paired households, those of one's village that a round asks for and nobody has surveyed, what came back,
    what is to be looked at a second time; and those that floors above ask for."""
    today = timezone.localdate()
    rounds = _rounds(today)
    villages = [region for region in posted_regions(user, access.FILL) if region.level == Level.VILLAGE]
    households = Household.objects.for_user(user, access.FILL).select_related("village").filter(closed_on=None)
    paired = list(households.filter(pk__in=paired_household_ids(user)).order_by("hamlet", "sort_key", "pk"))
    asked = [each for each in rounds if _covers(each, [*villages, *(h.village for h in paired)])]
    year = max((each.year for each in asked), default=today.year)
    wants = {household.pk: Want(household, year) for household in paired}
    for household in _unsurveyed(households, villages, [each for each in asked if each.year == year], year):
        wants.setdefault(household.pk, Want(household, year))
    _add_returned(wants, user, households)
    _add_tasks(wants, user, households)
    for part in _parts:
        for household in part.also(user, MOST) if part.also else ():
            wants.setdefault(household.pk, Want(household, year, bare=True))
    return _pack(list(wants.values()), user, year, rounds, device, today)


def pack_of_one(user: Any, household: Household) -> dict[str, Any]:
    """The pack of one household in which the user may fill surveys, whoever's it is: for the page and for paper."""
    today = timezone.localdate()
    rounds = _rounds(today)
    asked = [each for each in rounds if _covers(each, [household.village])]
    year = max((each.year for each in asked), default=today.year)
    wants = {household.pk: Want(household, year)}
    only = Household.objects.filter(pk=household.pk)
    _add_returned(wants, user, only)
    _add_tasks(wants, user, only)
    return _pack(list(wants.values()), user, year, rounds, None, today, drafts=True)


def words() -> dict[str, Any]:
    """The sentences of all parts, for the blank page."""
    return {key: text for part in _parts for key, text in part.words().items()}


# -- which households ---------------------------------------------------------------------------------------------------------------


def _rounds(today: dt.date) -> list[SurveyRound]:
    """Rounds that run."""
    return list(
        SurveyRound.objects.filter(closed_at=None, starts_on__lte=today)
        .select_related("region")
        .order_by("due_on", "pk")
    )


def _covers(asking: SurveyRound, villages: Iterable[Any]) -> bool:
    return any(village.path.startswith(asking.region.path) for village in villages)


def _asks_for(asking: SurveyRound, household: Household) -> bool:
    registered = asking.audience != SurveyRound.Audience.REGISTERED or household.status not in NOT_REGISTERED
    return registered and household.village.path.startswith(asking.region.path)


def _unsurveyed(households: Any, villages: Sequence[Any], rounds: Sequence[SurveyRound], year: int) -> list[Household]:
    """Households of these villages that a round asks for and of which nobody's survey of the year stands."""
    wanted = Q(pk__in=[])
    for asking in rounds:
        inside = Q(village__in=[v.pk for v in villages if v.path.startswith(asking.region.path)])
        wanted |= (
            inside & ~Q(status__in=NOT_REGISTERED) if asking.audience == SurveyRound.Audience.REGISTERED else inside
        )
    return list(missing(households.filter(wanted), year).order_by("hamlet", "sort_key", "pk")[:MOST])


def _add_returned(wants: dict[int, Want], user: Any, households: Any) -> None:
    mine = Survey.objects.filter(
        surveyor_id=user.pk, state=Survey.State.RETURNED, household__in=households.order_by().values("pk")
    )
    mine = mine.select_related("form__region", "household__village").defer("form__definition")
    for survey in map(as_typed, mine.order_by("pk")):
        wants[survey.household_id] = Want(survey.household, survey.year, returned=survey)


def _add_tasks(wants: dict[int, Want], user: Any, households: Any) -> None:
    mine = VerificationTask.objects.filter(assignee_id=user.pk, state=VerificationTask.State.OPEN)
    mine = (
        mine.filter(household__in=households.order_by().values("pk"))
        .select_related("household__village")
        .order_by("pk")
    )
    for task in mine.select_related("household__village").order_by("pk"):
        found = wants.get(task.household_id)
        returned = found.returned if found else None
        if returned is not None and returned.purpose != Survey.Purpose.VERIFICATION:
            returned = None
        wants[task.household_id] = Want(task.household, task.year, returned=returned, task=task)


# -- what is in it ------------------------------------------------------------------------------------------------------------------


def _pack(wants: list[Want], user: Any, year: int, rounds: Sequence[SurveyRound], device: uuid.UUID | None, today: dt.date, *,
          drafts: bool = False) -> dict[str, Any]:  # fmt: skip
    now = timezone.now()
    forms = published.offered(want.household.village for want in wants)
    asked = [want for want in wants if not want.bare]
    rows = prefill.rows_of(
        [want.household for want in asked], sorted({y for want in asked for y in (want.year, want.year - 1)})
    )
    newest = _newest(wants, user, drafts)
    households = [want.household for want in wants]
    facts = {part.name: part.facts(user, households) for part in _parts}
    entries = [_entry(want, forms, rows, newest, rounds, facts) for want in wants]
    return {
        "issued_at": now.isoformat(),
        "expires_at": (now + dt.timedelta(hours=HOURS)).isoformat(),
        "year": year,
        "device": str(device) if device else None,
        "households": [entry for entry in entries if entry],
    }


def _newest(wants: Sequence[Want], user: Any, drafts: bool) -> dict[tuple[int, int, str], Survey]:
    """By household, year and purpose: the survey that stands, anybody's; before it, for `drafts`, one's own that is not sent."""
    found: dict[tuple[int, int, str], Survey] = {}
    standing = ~Q(state__in=[Survey.State.DRAFT, Survey.State.WITHDRAWN]) & Q(purpose=Survey.Purpose.SURVEY)
    mine = Q(surveyor_id=user.pk, state=Survey.State.DRAFT) if drafts else Q(pk__in=[])
    surveys = Survey.objects.filter(standing | mine, household__in=[want.household.pk for want in wants])
    for survey in surveys.only("uid", "state", "revision", "purpose", "household_id", "year").order_by("pk"):
        key = (survey.household_id, survey.year, survey.purpose)
        if key not in found or found[key].state != Survey.State.DRAFT:
            found[key] = survey
    return found


def _entry(want: Want, forms: Sequence[SurveyForm], rows: prefill.Rows, newest: dict[tuple[int, int, str], Survey],
           rounds: Sequence[SurveyRound], facts: Mapping[str, Mapping[int, Any]]) -> Entry | None:  # fmt: skip
    household, year, returned = want.household, want.year, want.returned
    form = None if want.bare else returned.form if returned else published.choose(forms, household.village)
    if form is None and not facts:  # no form is published yet: nothing to fill
        return None
    purpose = returned.purpose if returned else Survey.Purpose.VERIFICATION if want.task else Survey.Purpose.SURVEY
    survey = newest.get((household.pk, year, purpose))
    due = [each.due_on for each in rounds if each.year == year and _asks_for(each, household)]
    definition = (
        None if form is None or want.is_blind else published.definition_of(form)
    )  # what may be shown, in its shapes
    return {
        "uid": str(household.uid),
        "number": household.number,
        "householder": household.householder_name,
        "village": household.village.name,
        "hamlet": household.hamlet,
        "address": household.address,
        "phone": household.phone_masked,
        "version": household.version,
        "form": str(form) if form else "",  # "": not for a survey
        "year": year,
        "purpose": purpose,
        "due_on": min(due).isoformat() if due and form and not want.is_blind else None,
        "members": [prefill.card(member) for member in rows.members.get(household.pk, ())],
        "now": rows.values(household.pk, year, definition) if definition else {},
        "last": rows.values(household.pk, year - 1, definition) if definition else {},
        "seals": rows.seals(household.pk, definition) if definition else {},
        "returned": _returned(returned) if returned else None,
        "survey": {"uid": str(survey.uid), "state": survey.state, "revision": survey.revision} if survey else None,
        **{name: told.get(household.pk) for name, told in facts.items()},
    }  # fmt: skip


def _returned(survey: Survey) -> dict[str, Any]:
    """What came back, as it was sent: its secrets stay masked, and a masked value sent again means as it was."""
    return {
        "uid": str(survey.uid),
        "revision": survey.revision,
        "answers": survey.answers,
        "base": survey.base,
        "seals": survey.seals,
        "same": survey.same,
        "kept": survey.kept,
        "reasons": survey.reasons,
    }
