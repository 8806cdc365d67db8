"""A visit in quarantine, for whoever decides on it (`surveys.held`)."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import dates
from households.models import Household
from surveys.held import Held, Told
from visits import sent
from visits.codelists import MET, SEEN
from visits.models import Manner
from visits.services.record import KIND, accept_visit


def tell(read: sent.Sent, household: Household) -> Told:
    facts = [
        (_("方式"), str(Manner(read.manner).label)), (_("走访日期"), dates.written(read.on)), (_("见到谁"), "、".join(MET.labels(read.met))),
        (_("看到什么"), "、".join(SEEN.labels(read.seen))), (_("一句话记录"), read.text), (_("农户诉求"), read.asked),
        (_("下次走访"), dates.written(read.next_on) if read.next_on else ""),
    ]  # fmt: skip
    return Told([fact for fact in facts if fact[1]], photos=[str(uid) for uid in read.photos])


VISIT = Held(
    kind=KIND, record="visit", title=gettext_lazy("走访"), verb=gettext_lazy("采用，记为走访"), done=gettext_lazy("已采用，记为一次走访。"),
    read=sent.read, accept=accept_visit, tell=tell,
)  # fmt: skip
