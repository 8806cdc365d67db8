"""Which rule holds where: that of the nearest region above, the defaults where there is none.

Defaults of organised activities: 中国共产党支部工作条例（试行）2018, articles on 三会一课 and 主题党日 (党员大会 and 党课 as a rule once a quarter, 支委会 and
党小组会 as a rule once a month, 主题党日 once a month). 两学一做 once a quarter is ours: the notices give no number.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from party.models import ActivityRule, Kind, PartyRule, Period
from party.periods import Span, span_of
from regions.models import Region

DEFAULTS: dict[str, tuple[str, int]] = {
    Kind.ASSEMBLY: (Period.QUARTER, 1),
    Kind.COMMITTEE: (Period.MONTH, 1),
    Kind.GROUP: (Period.MONTH, 1),
    Kind.LECTURE: (Period.QUARTER, 1),
    Kind.THEME: (Period.MONTH, 1),
    Kind.STUDY: (Period.QUARTER, 1),
}
COMMITTEE_FROM = 7  # full members from which a branch has a committee (支部工作条例)
LEAST_FULL = 3  # full members a branch needs to be set up (支部工作条例)


@dataclass
class Rules:
    """All rules there are, read in two queries: a county has a handful."""

    party: list[PartyRule] = field(default_factory=list)
    activity: list[ActivityRule] = field(default_factory=list)
    _spans: dict[tuple[str, int, tuple[int, ...]], list[tuple[Span, int]]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, *, activities: bool = True) -> Rules:
        party = list(PartyRule.objects.select_related("region").order_by("pk"))
        return cls(
            party, list(ActivityRule.objects.select_related("region").order_by("starts_on", "pk")) if activities else []
        )

    def of(self, village: Region) -> PartyRule:
        """The rule of a village."""
        return self.at(village.path)

    def asked(self, path: str, kind: str, day: dt.date) -> tuple[str, int]:
        """(period, least) of a kind for a village's path on a day."""
        above = [r for r in self.activity if r.kind == kind and r.starts_on <= day and path.startswith(r.region.path)]
        if not above:
            return DEFAULTS[kind]
        nearest = max(above, key=lambda r: (len(r.region.path), r.starts_on, r.pk))
        return nearest.period, nearest.least

    def areas(self, kind: str | None = None) -> list[tuple[str, list[str]]]:
        """Where one rule holds throughout: (path, the paths below it with a rule of their own). Of a kind of activity, or of developing members."""
        rules = self.party if kind is None else [rule for rule in self.activity if rule.kind == kind]
        paths = sorted({"", *(rule.region.path for rule in rules)})
        return [(path, [p for p in paths if p != path and p.startswith(path)]) for path in paths]

    def at(self, path: str) -> PartyRule:
        """The rule of developing members at a path; one that was never stored where the defaults hold."""
        above = [rule for rule in self.party if path.startswith(rule.region.path)]
        return max(above, key=lambda rule: len(rule.region.path)) if above else PartyRule()

    def spans(self, path: str, kind: str, year: int) -> list[tuple[Span, int]]:
        """The periods of a year with what each asks for: the rule on a period's first day decides. Worked out once for all villages that
        stand under the same rules."""
        key = (kind, year, tuple(r.pk for r in self.activity if r.kind == kind and path.startswith(r.region.path)))
        if key not in self._spans:
            self._spans[key] = self._spans_of(path, kind, year)
        return self._spans[key]

    def _spans_of(self, path: str, kind: str, year: int) -> list[tuple[Span, int]]:
        found: list[tuple[Span, int]] = []
        day = dt.date(year, 1, 1)
        while day.year == year:
            period, least = self.asked(path, kind, day)
            span = span_of(period, day)
            if span.first == day:  # a longer period that began under another rule is asked for by neither
                found.append((span, least))
            day = span.end
        return found


def rule_of(village: Region) -> PartyRule:
    return Rules.load(activities=False).of(village)


def rules_above(regions: Iterable[Region]) -> Rules:
    """Only for pages of one village: the same, from the rules that stand above it."""
    keys = {pk for region in regions for pk in region.ancestor_ids}
    return Rules(
        list(PartyRule.objects.filter(region__in=keys).select_related("region").order_by("pk")),
        list(ActivityRule.objects.filter(region__in=keys).select_related("region").order_by("starts_on", "pk")),
    )
