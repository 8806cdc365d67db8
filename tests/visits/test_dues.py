"""What rules ask for: examples by hand, and day by day against a slow way of saying the same."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visits.dues import END, House, Lead, Made, Rule, due, due_on, means, parts_of, period_of, share

D = dt.date
TODAY = D(2026, 5, 20)
LONG_AGO = D(2020, 1, 1)
HOUSE = House(1, 300, "1/11/300/", "unstable")


def rule(
    pk=1,
    path="1/11/",
    capacity="team",
    manner="visit",
    audience="all",
    period="month",
    least=1,
    since=LONG_AGO,
    until=None,
):
    return Rule(pk, path, capacity, manner, audience, period, least, since, until)


def duties(rules, leads=(), visits=(), houses=(HOUSE,), day=TODAY):
    return [
        (d.rule, d.cadre, d.starts_on, d.ends_on, d.needed, d.made, d.next_due_on)
        for d in due(rules, leads, visits, houses, day)
    ]


def made(on, capacities=("team",), cadre=None, manner="visit"):
    return Made(1, cadre, list(capacities), manner, on)


@pytest.mark.parametrize(
    ("kind", "day", "start", "end"),
    [
        ("month", D(2026, 5, 20), D(2026, 5, 1), D(2026, 6, 1)),
        ("month", D(2026, 12, 31), D(2026, 12, 1), D(2027, 1, 1)),
        ("quarter", D(2026, 5, 20), D(2026, 4, 1), D(2026, 7, 1)),
        ("quarter", D(2026, 10, 1), D(2026, 10, 1), D(2027, 1, 1)),
        ("half_year", D(2026, 6, 30), D(2026, 1, 1), D(2026, 7, 1)),
        ("half_year", D(2026, 7, 1), D(2026, 7, 1), D(2027, 1, 1)),
        ("year", D(2026, 1, 1), D(2026, 1, 1), D(2027, 1, 1)),
    ],
)
def test_periods_are_those_of_the_calendar(kind, day, start, end):
    assert period_of(kind, day) == (start, end)


class TestWhatARuleAsks:
    def test_so_many_a_period_the_next_one_in_time(self):
        asks = [rule(least=3, period="month")]  # May has 31 days: by the 10th, the 20th, the 31st
        assert duties(asks) == [(1, None, D(2026, 5, 1), D(2026, 6, 1), 3, 0, D(2026, 5, 10))]
        one = [made(D(2026, 5, 2))]
        assert duties(asks, visits=one)[0][-2:] == (1, D(2026, 5, 20))
        assert duties(asks, visits=[*one, made(D(2026, 5, 3)), made(D(2026, 5, 4))])[0][-2:] == (3, None)

    def test_visits_of_a_day_are_one_and_only_those_of_the_period_and_manner_count(self):
        visits = [
            made(D(2026, 5, 2)), made(D(2026, 5, 2)), made(D(2026, 4, 30)), made(D(2026, 6, 1)), made(D(2026, 5, 4), manner="call"),
            made(D(2026, 5, 5), ("village", "county")),
        ]  # fmt: skip
        assert duties([rule(least=2)], visits=visits)[0][-2] == 1

    def test_a_first_secretary_counts_for_the_team_too(self):
        visits = [made(D(2026, 5, 2), ("secretary", "team"))]
        asks = [rule(1), rule(2, capacity="secretary")]
        assert [d[-2] for d in duties(asks, visits=visits)] == [1, 1]

    def test_the_audience(self):
        assert [means("monitored", s) for s in ("unstable", "marginal", "hardship", "out_of_poverty", "ordinary")] == [
            True
        ] * 3 + [False] * 2
        assert [means("registered", s) for s in ("registered", "risk_removed", "ordinary", "struck_off")] == [
            True,
            True,
            False,
            False,
        ]
        assert means("all", "ordinary")
        assert duties([rule(audience="monitored")], houses=[House(1, 300, "1/11/300/", "ordinary")]) == []

    def test_the_nearest_region_then_the_narrowest_audience(self):
        asks = [
            rule(1, "1/", least=9),
            rule(2, "1/11/", least=4),
            rule(3, "1/11/", audience="monitored", least=2),
            rule(4, "1/12/"),
        ]
        assert [d[0] for d in duties(asks)] == [3]
        assert [d[0] for d in duties(asks, houses=[HOUSE._replace(status="ordinary")])] == [2]
        near = [*asks, rule(5, "1/11/300/", audience="registered")]
        assert [d[0] for d in duties(near)] == [5]
        assert [d[0] for d in duties(near, houses=[HOUSE._replace(status="ordinary")])] == [2], (
            "whom the near rule does not mean"
        )
        both = [rule(1), rule(2, manner="call"), rule(3, capacity="village")]
        assert [d[0] for d in duties(both)] == [1, 2, 3], "of each capacity and manner its own"

    def test_a_part_of_a_period_asks_for_its_share(self):
        assert duties([rule(since=D(2026, 5, 17))]) == [], "less than one: nothing"
        assert duties([rule(least=4, since=D(2026, 5, 17))])[0][2:6] == (D(2026, 5, 17), D(2026, 6, 1), 1, 0)
        assert duties([rule(least=4, until=D(2026, 5, 17))])[0][2:6] == (D(2026, 5, 1), D(2026, 5, 17), 2, 0)

    def test_where_another_rule_holds_for_a_while(self):
        asks = [rule(1, least=6), rule(2, "1/11/300/", least=6, since=D(2026, 5, 11), until=D(2026, 5, 21))]
        assert [d[:5] for d in duties(asks)] == [
            (1, None, D(2026, 5, 1), D(2026, 5, 11), 1), (1, None, D(2026, 5, 21), D(2026, 6, 1), 2), (2, None, D(2026, 5, 11), D(2026, 5, 21), 1),
        ]  # fmt: skip


class TestHelpers:
    ASKS = (rule(capacity="helper", period="quarter", least=2),)

    def lead(self, cadre, since=LONG_AGO, until=None):
        return Lead(1, cadre, since, until)

    def test_the_lead_owes_it(self):
        assert [d[1] for d in duties(self.ASKS, [self.lead(7)])] == [7]
        assert duties(self.ASKS) == [], "nobody helps: nobody owes a visit; the coverage of pairing shows it"

    def test_only_their_own_visits_count(self):
        visits = [
            made(D(2026, 4, 2), ("helper",), 7),
            made(D(2026, 4, 3), ("helper",), 8),
            made(D(2026, 4, 4), ("village",), 7),
        ]
        assert duties(self.ASKS, [self.lead(7)], visits)[0][-2] == 1

    def test_between_two_helpers_no_household_is_forgotten(self):
        leads = [self.lead(7, until=D(2026, 6, 1)), self.lead(8, D(2026, 6, 1))]
        assert [d[1:6] for d in duties(self.ASKS, leads)] == [
            (7, D(2026, 4, 1), D(2026, 6, 1), 1, 0), (8, D(2026, 6, 1), D(2026, 7, 1), 2, 0),
        ]  # fmt: skip

    def test_and_nobody_makes_a_visit_twice(self):
        leads = [self.lead(7, until=D(2026, 6, 1)), self.lead(8, D(2026, 6, 1))]
        one, two = made(D(2026, 4, 2), ("helper",), 7), made(D(2026, 5, 2), ("helper",), 7)
        assert [d[1:6:3] for d in duties(self.ASKS, leads, [one])] == [(7, 1), (8, 1)]
        assert [d[1] for d in duties(self.ASKS, leads, [one, two])] == [7]

    def test_a_new_pairing_of_the_same_helper_goes_on(self):
        leads = [self.lead(7, until=D(2026, 6, 1)), self.lead(7, D(2026, 6, 1))]
        assert [d[1:5] for d in duties(self.ASKS, leads)] == [(7, D(2026, 4, 1), D(2026, 7, 1), 2)]

    def test_a_household_that_had_no_helper_for_a_while(self):
        assert [d[2:5] for d in duties(self.ASKS, [self.lead(7, D(2026, 5, 16))])] == [
            (D(2026, 5, 16), D(2026, 7, 1), 1)
        ]
        assert duties(self.ASKS, [self.lead(7, D(2026, 6, 16))]) == []


# -- against a slow way -----------------------------------------------------------------------------------------------------------------

days = st.dates(D(2026, 1, 1), D(2026, 12, 31))
spans = st.tuples(days, st.none() | days).filter(lambda s: s[1] is None or s[0] <= s[1])
PATHS = ("1/", "1/11/", "1/11/300/", "1/12/")


@st.composite
def some_rules(draw):
    count = draw(st.integers(1, 5))
    found = []
    for pk in range(1, count + 1):
        since, until = draw(spans)
        made_up = rule(
            pk, draw(st.sampled_from(PATHS)), draw(st.sampled_from(["team", "helper"])), "visit",
            draw(st.sampled_from(["monitored", "registered", "all"])), draw(st.sampled_from(["month", "quarter", "year"])), draw(st.integers(1, 31)),
            since, until,
        )  # fmt: skip
        clash = any(
            (o.path, o.capacity, o.audience) == (made_up.path, made_up.capacity, made_up.audience)
            and o.starts_on < (until or END)
            and since < (o.ends_on or END)
            for o in found
        )
        if not clash:
            found.append(made_up)
    return found


def holding(rules, status, capacity, day):
    """Which rule holds on a day, the plain way."""
    order = {"monitored": 2, "registered": 1, "all": 0}
    fitting = [
        r for r in rules
        if r.capacity == capacity and HOUSE.path.startswith(r.path) and means(r.audience, status) and r.starts_on <= day < (r.ends_on or END)
    ]  # fmt: skip
    return max(fitting, key=lambda r: (len(r.path), order[r.audience]), default=None)


@given(some_rules(), st.sampled_from(["unstable", "registered", "ordinary"]), days)
def test_one_rule_holds_at_a_time_and_it_is_the_one_day_by_day(rules, status, day):
    found = parts_of(rules, HOUSE.path, status, day)
    for capacity in ("team", "helper"):
        for r in (r for r in rules if r.capacity == capacity):
            whole = period_of(r.period, day)
            every = [whole[0] + dt.timedelta(days=n) for n in range((whole[1] - whole[0]).days)]
            runs = []
            for holds, run in itertools.groupby(every, key=lambda d: holding(rules, status, capacity, d) == r):  # noqa: B023
                run = list(run)  # noqa: PLW2901
                if holds:
                    runs.append((run[0], run[-1] + dt.timedelta(days=1)))
            wanted = [(a, b, share(r.least, (a, b), whole)) for a, b in runs]
            assert [p[1:] for p in found if p.rule == r] == [w for w in wanted if w[2]]


@given(days, st.integers(1, 366), st.integers(1, 31), st.integers(0, 40))
def test_the_last_days_of_what_is_missing(start, length, needed, made):
    end = start + dt.timedelta(days=length)
    last = due_on(start, end, needed, made)
    if made >= needed:
        assert last is None
    else:
        assert start - dt.timedelta(days=1) <= last < end
        assert made + 1 < needed or last == end - dt.timedelta(days=1), "the last one is due on the last day"
