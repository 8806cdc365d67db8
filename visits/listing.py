"""Visits and duties as lists and pages show them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common import dates
from households.listing import with_row_facts
from visits import coverage
from visits.codelists import MET, SEEN
from visits.models import Capacity, LastVisit, Visit, VisitDuty
from visits.services.rules import told

VISIT_FACTS = ("household__village", "household__township", "visitor", "request")
DUTY_FACTS = ("household__village", "household__township", "cadre", "rule__region")


def place_of(household: Any) -> str:
    return f"{household.township.name}{household.village.name} {household.hamlet}".strip()


@dataclass(slots=True)
class VisitRow:
    """One visit or call."""

    visit: Visit

    @property
    def url(self) -> str:
        return reverse("visits:visit_detail", args=[self.visit.pk])

    @property
    def who(self) -> str:
        return self.visit.visitor.name or self.visit.visitor.username

    @property
    def capacities(self) -> str:
        return "、".join(str(Capacity(each).label) for each in self.visit.capacities)

    @property
    def met(self) -> str:
        return "、".join(MET.labels(self.visit.met))

    @property
    def seen(self) -> str:
        return "、".join(SEEN.labels(self.visit.seen))

    @property
    def worries(self) -> bool:
        """Whether something was seen that somebody should look after."""
        return bool(set(self.visit.seen) - {"well"})

    @property
    def place(self) -> str:
        return place_of(self.visit.household)


@dataclass(slots=True)
class DutyRow:
    """What one household is to be visited for in a period. `today` decides how late it is."""

    duty: VisitDuty
    today: dt.date
    rule: str  # what it asks for, in words

    @property
    def place(self) -> str:
        return place_of(self.duty.household)

    @property
    def who(self) -> str:
        """Whose it is: the helper, else anybody of the capacity."""
        return self.duty.cadre.name if self.duty.cadre else str(Capacity(self.duty.rule.capacity).label)

    @property
    def period(self) -> str:
        last = self.duty.ends_on - dt.timedelta(days=1)
        return f"{dates.written(self.duty.starts_on)} – {dates.written(last)}"

    @property
    def progress(self) -> str:
        return _("已完成 %(made)s / %(needed)s 次") % {"made": self.duty.made, "needed": self.duty.needed}

    @property
    def days_late(self) -> int:
        due = self.duty.next_due_on
        return (self.today - due).days if due is not None and self.duty.ends_on > self.today else 0

    @property
    def word(self) -> str:
        """How it stands, in words."""
        due = self.duty.next_due_on
        if due is None:
            return _("已完成")
        if self.duty.ends_on <= self.today:
            return _("没有完成")
        late = (self.today - due).days
        if late > 0:
            return ngettext("逾期 %(count)s 天", "逾期 %(count)s 天", late) % {"count": late}
        if not late:
            return _("今天到期")
        return ngettext("还有 %(count)s 天", "还有 %(count)s 天", -late) % {"count": -late}

    @property
    def tone(self) -> str:
        due = self.duty.next_due_on
        if due is None:
            return "green"
        if self.duty.ends_on <= self.today:
            return "grey"
        left = (due - self.today).days
        return "red" if left < 0 else "amber" if left <= SOON else "blue"


SOON = 7  # days


def duty_rows(rows: Iterable[VisitDuty]) -> list[DutyRow]:
    """Duties read with their rules; the same rule is put into words once."""
    today, words = timezone.localdate(), dict[int, str]()
    return [
        DutyRow(row, today, words.get(row.rule_id) or words.setdefault(row.rule_id, told(row.rule))) for row in rows
    ]


def with_last_visits(households: Any) -> Any:
    """Bring along what a row of 多久没走访 shows: the days of the last visit and call, and the lead helper."""
    last = LastVisit.objects.filter(household=OuterRef("pk"))
    lead = coverage.leads(OuterRef("pk")).values("cadre__name")
    return with_row_facts(households).annotate(
        visited_on=Subquery(last.values("visited_on")[:1]), called_on=Subquery(last.values("called_on")[:1]), lead=Subquery(lead[:1])
    )  # fmt: skip
