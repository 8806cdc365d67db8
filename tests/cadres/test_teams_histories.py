"""Whatever is done with teams, in whatever order, through the verbs or past them: no cadre is in two full-time teams at a time, no team has two
leaders or two first secretaries, no village two teams, nobody two places in one team, nobody a place outside the team's stay or the own service.

A machine acts at random and keeps teams and places as plainly as it can: what they allow must be done, what they forbid refused.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from accounts.roles import Role
from cadres import services
from cadres.models import Cadre, ResidentTeam, TeamMember
from regions.models import Level
from tests.factories import CadreFactory, PostingFactory, RegionFactory, UnitFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
TODAY = timezone.localdate()
DAYS = st.integers(-6, 1).map(lambda n: TODAY + dt.timedelta(days=n))  # tomorrow has not happened
ENDS = st.one_of(st.none(), DAYS)
TERMS = st.one_of(st.none(), st.integers(-6, 20).map(lambda n: TODAY + dt.timedelta(days=n)))
ANY, FLAG = st.integers(0, 20), st.booleans()
REFUSED = (services.CadreError, ValidationError, DatabaseError)
INSERT = """
INSERT INTO cadres_teammember (team_id, cadre_id, is_leader, is_first_secretary, is_full_time, starts_on, ends_on, term_ends_on, end_reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, NULL, '')
"""


@dataclass
class Stay:
    village: int
    starts: dt.date
    ends: dt.date | None = None


@dataclass
class Place:
    team: int
    cadre: int
    leader: bool
    secretary: bool
    full: bool
    starts: dt.date
    ends: dt.date | None = None
    term: dt.date | None = None


def meet(one, other):
    """Whether two periods share a day; the end is the first day without."""
    last = dt.date.max
    starts, ends = max(one.starts, other.starts), min(one.ends or last, other.ends or last)
    return starts < ends


def clash(one, other):
    """Whether two places cannot both be."""
    same_team, same_cadre = one.team == other.team, one.cadre == other.cadre
    return meet(one, other) and (
        (same_team and same_cadre)
        or (same_cadre and one.full and other.full)
        or (same_team and one.leader and other.leader)
        or (same_team and one.secretary and other.secretary)
    )


class Teams(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        county = RegionFactory(level=Level.COUNTY)
        township = RegionFactory(level=Level.TOWNSHIP, parent=county)
        self.villages = [RegionFactory(parent=township) for _n in range(2)]
        self.by = UserFactory()
        PostingFactory(user=self.by, role=Role.COUNTY_OFFICIAL, region=county)
        unit = UnitFactory(region=county)
        self.cadres = [CadreFactory(unit=unit) for _n in range(3)]
        self.left: dict[int, dt.date | None] = {cadre.pk: None for cadre in self.cadres}
        self.stays: dict[int, Stay] = {}
        self.places: dict[int, Place] = {}

    def teardown(self):
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def do(self, act, may):
        """What it gave, which must be something exactly where the plain records allow it."""
        try:
            with transaction.atomic():
                answer = act()
        except REFUSED:
            assert not may, "refused although nothing forbids it"
            return None
        assert may, "done although something forbids it"
        return answer

    def chosen(self, rows, n):
        keys = sorted(rows)
        return keys[n % len(keys)]

    def fits(self, place, but=None):
        """Within the stay of its team and the service of its cadre, and beside every other place."""
        stay, left, last = self.stays[place.team], self.left[place.cadre], dt.date.max
        return (
            stay.starts <= place.starts
            and (place.ends is None or place.starts <= place.ends)
            and (place.ends or last) <= (stay.ends or last)
            and (place.ends or last) <= (left or last)
            and not any(clash(place, other) for key, other in self.places.items() if key != but)
        )

    # -- teams --------------------------------------------------------------------------------------------------------------------

    @rule(n=ANY, day=DAYS)
    def begin(self, n, day):
        village = self.villages[n % 2]
        own = [stay for stay in self.stays.values() if stay.village == village.pk]
        may = day <= TODAY and all(stay.ends is not None and stay.ends <= day for stay in own)
        team = self.do(lambda: services.begin_team(village=village, by=self.by, starts_on=day), may)
        if team is not None:
            self.stays[team.pk] = Stay(village.pk, day)

    @precondition(lambda self: self.stays)
    @rule(n=ANY, day=DAYS)
    def end(self, n, day):
        key = self.chosen(self.stays, n)
        stay = self.stays[key]
        own = [place for place in self.places.values() if place.team == key]
        may = (
            stay.ends is None
            and stay.starts <= day <= TODAY
            and all((place.ends or place.starts) <= day for place in own)
        )
        if self.do(lambda: services.end_team(team=ResidentTeam(pk=key), by=self.by, ends_on=day), may) is not None:
            stay.ends = day
            for place in own:
                place.ends = place.ends or day

    # -- places -------------------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.stays)
    @rule(n=ANY, m=ANY, day=DAYS, term=TERMS, leader=FLAG, secretary=FLAG, full=FLAG)
    def join(self, n, m, day, term, leader, secretary, full):
        key, cadre = self.chosen(self.stays, n), self.cadres[m % 3]
        place = Place(key, cadre.pk, leader, secretary, full, day, None, term)
        may = self.stays[key].ends is None and day <= TODAY and (term is None or term > day) and self.fits(place)
        row = self.do(
            lambda: services.join_team(
                team=ResidentTeam(pk=key), cadre=cadre, by=self.by, starts_on=day, term_ends_on=term, is_leader=leader,
                is_first_secretary=secretary, is_full_time=full,
            ),
            may,
        )  # fmt: skip
        if row is not None:
            self.places[row.pk] = place

    def row(self, key):
        return TeamMember.objects.get(pk=key)

    @precondition(lambda self: self.places)
    @rule(n=ANY, day=DAYS)
    def leave(self, n, day):
        key = self.chosen(self.places, n)
        place = self.places[key]
        may = place.ends is None and place.starts <= day <= TODAY
        if self.do(lambda: services.leave_team(place=self.row(key), by=self.by, ends_on=day), may) is not None:
            place.ends = day

    @precondition(lambda self: self.places)
    @rule(n=ANY, day=DAYS, term=TERMS)
    def change_term(self, n, day, term):
        key = self.chosen(self.places, n)
        place = self.places[key]
        fresh = replace(place, starts=day, term=term)
        may = place.ends is None and day <= TODAY and (term is None or term > day) and self.fits(fresh, key)
        if (
            self.do(
                lambda: services.change_term(place=self.row(key), by=self.by, starts_on=day, term_ends_on=term), may
            )
            is not None
        ):
            self.places[key] = fresh

    @precondition(lambda self: self.places)
    @rule(n=ANY, day=DAYS, leader=FLAG, secretary=FLAG, full=FLAG)
    def change_duty(self, n, day, leader, secretary, full):
        key = self.chosen(self.places, n)
        place = self.places[key]
        fresh = replace(place, starts=day, leader=leader, secretary=secretary, full=full)
        changed = (place.leader, place.secretary, place.full) != (leader, secretary, full)
        in_time = place.starts <= day <= TODAY and (day == place.starts or place.term is None or place.term > day)
        may = place.ends is None and changed and in_time and self.fits(fresh, key)
        duty = {"is_leader": leader, "is_first_secretary": secretary, "is_full_time": full}
        row = self.do(lambda: services.change_duty(place=self.row(key), by=self.by, on=day, **duty), may)
        if row is None:
            return
        if row.pk != key:
            place.ends = day
        self.places[row.pk] = fresh

    # -- cadres -------------------------------------------------------------------------------------------------------------------

    @rule(n=ANY, day=DAYS)
    def deactivate(self, n, day):
        cadre = self.cadres[n % 3]
        own = [place for place in self.places.values() if place.cadre == cadre.pk]
        may = (
            self.left[cadre.pk] is None
            and day <= TODAY
            and all(place.ends is not None and place.ends <= day for place in own)
        )
        if self.do(lambda: services.deactivate_cadre(cadre=cadre, by=self.by, on=day, reason="调动"), may) is not None:
            self.left[cadre.pk] = day

    @rule(n=ANY)
    def restore(self, n):
        cadre = self.cadres[n % 3]
        if (
            self.do(lambda: services.restore_cadre(cadre=cadre, by=self.by), self.left[cadre.pk] is not None)
            is not None
        ):
            self.left[cadre.pk] = None

    # -- past the verbs -----------------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.stays)
    @rule(n=ANY, m=ANY, day=DAYS, end=ENDS, leader=FLAG, secretary=FLAG, full=FLAG)
    def smuggle(self, n, m, day, end, leader, secretary, full):
        """SQL of somebody's own: the database lets in what may be, and nothing else."""
        key, cadre = self.chosen(self.stays, n), self.cadres[m % 3]
        place = Place(key, cadre.pk, leader, secretary, full, day, end)

        def act():
            with connection.cursor() as cursor:
                cursor.execute(INSERT + "RETURNING id", [key, cadre.pk, leader, secretary, full, day, end])
                return cursor.fetchone()[0]

        made = self.do(act, self.fits(place))
        if made is not None:
            self.places[made] = place

    @precondition(lambda self: self.places)
    @rule(n=ANY, day=DAYS)
    def cut_short(self, n, day):
        """A team or a service that ends under a place, by SQL: refused, or undone here."""
        place = self.places[self.chosen(self.places, n)]
        over = place.ends is None or place.ends > day
        for table, column, key in (
            ("cadres_residentteam", "ends_on", place.team),
            ("cadres_cadre", "left_on", place.cadre),
        ):
            try:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [day, key])  # noqa: S608
                    assert not over, f"{table} was cut short under a place"
                    transaction.set_rollback(True)
            except DatabaseError:
                pass

    # -- what must hold -----------------------------------------------------------------------------------------------------------

    @invariant()
    def the_rows_are_the_plain_ones(self):
        rows = {
            row.pk: Place(
                row.team_id,
                row.cadre_id,
                row.is_leader,
                row.is_first_secretary,
                row.is_full_time,
                row.starts_on,
                row.ends_on,
                row.term_ends_on,
            )
            for row in TeamMember.objects.order_by("pk")
        }
        assert rows == self.places
        stays = {
            row.pk: Stay(row.village_id, row.starts_on, row.ends_on) for row in ResidentTeam.objects.order_by("pk")
        }
        assert stays == self.stays
        assert dict(Cadre.objects.order_by("pk").values_list("pk", "left_on")) == self.left

    @invariant()
    def nothing_is_double(self):
        for one, other in combinations(self.stays.values(), 2):
            assert one.village != other.village or not meet(one, other)
        for one, other in combinations(self.places.values(), 2):
            assert not clash(one, other)


def test_no_history_puts_anybody_in_two_places():
    run_state_machine_as_test(
        Teams,
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip


@pytest.mark.nightly
def test_no_long_history_puts_anybody_in_two_places():
    run_state_machine_as_test(
        Teams,
        settings=settings(
            max_examples=1500, stateful_step_count=60, deadline=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
        ),
    )  # fmt: skip
