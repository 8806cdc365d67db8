"""A survey in quarantine, for whoever decides on it (`surveys.held`)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common import dates
from households.models import Household
from surveys import comparison, prefill, published, sent
from surveys.definitions import Field
from surveys.held import Held, Row, Told
from surveys.models import Survey
from surveys.services.submit import accept_survey


def tell(read: sent.Sent, household: Household) -> Told | None:
    """What was answered beside what the ledger holds; None where nothing of it can be shown. Secrets are masked."""
    form = published.named(read.code, read.version)
    if form is None:
        return None
    definition = published.definition_of(form)
    answers, _secrets = sent.seal(definition, read.answers, {})
    rows = prefill.rows_of([household], [read.year])
    now = rows.values(household.pk, read.year, definition)
    names = {str(member.uid): member.name for member in rows.members.get(household.pk, ())}
    groups: list[tuple[str, list[Row]]] = []
    titles = {step.id: step.title for step in definition.steps}
    for asked in definition.asked:
        for owner in answers["members"] if asked.member else [None]:
            uid, own = (owner["uid"], owner["values"]) if owner else ("", answers["values"])
            if asked.id not in own:
                continue
            title = (
                f"{titles[asked.step]} · {own.get(definition.id_of('member.name')) or names.get(uid) or _('新成员')}"
                if uid
                else titles[asked.step]
            )
            if title not in {heading for heading, _rows in groups}:
                groups.append((title, []))
            shown = next(own_rows for heading, own_rows in groups if heading == title)
            shown.append(
                (asked.label, _text(asked, own[asked.id]), _text(asked, now.get(prefill.path_of(asked.id, uid))))
            )
    if not groups:
        return None
    facts = [
        (_("类别"), str(Survey.Purpose(read.purpose).label)), (_("年度"), str(read.year)), (_("调查日期"), dates.written(read.surveyed_on)),
    ]  # fmt: skip
    return Told(facts, groups, sent.photos_of(definition, answers))


def _text(asked: Field, value: Any) -> str:
    """In words; what nobody has checked yet may be anything."""
    try:
        return comparison.in_words(asked, value)
    except (TypeError, ValueError, ArithmeticError, AttributeError, KeyError):
        return str(value)[:100]


SURVEY = Held(
    kind="survey.submit", record="survey", title=gettext_lazy("入户调查"), verb=gettext_lazy("采用，转入待审核"),
    done=gettext_lazy("已采用，这份调查现在待审核。"), read=sent.read, accept=accept_survey, tell=tell,
)  # fmt: skip
