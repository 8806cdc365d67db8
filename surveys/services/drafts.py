"""Drafts of phones and browsers that can keep none themselves: kept on the server as they are typed, for their surveyor alone."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from common import audit
from common.sync import Refused
from surveys import access, published, sent
from surveys.answers import restore
from surveys.models import Survey, SurveyForm
from surveys.sent import forged
from surveys.services.submit import form_named, rework_of, secrets_of, write

OPEN = (Survey.State.DRAFT, Survey.State.RETURNED)


@transaction.atomic
def save_draft(*, body: Mapping[str, Any], by: Any) -> Survey:
    """Keep what is typed so far. Only its shape is asked for: a draft may be wrong in every answer.

    The first save is on record; those after it are not, or the history would be nothing else. Raises `Refused`.
    """
    read = sent.read(body)
    survey = (
        Survey.objects.select_for_update(of=("self",)).select_related("household__village").filter(uid=read.uid).first()
    )
    is_new = survey is None
    if survey is None:
        household = access.mine(by, read.household, lock=True)
        if household is None or household.is_closed:
            raise Refused("not_yours", _("这一户不归您调查，草稿没有保存。请核对是不是选错了户。"))
        survey = Survey(uid=read.uid, household=household, surveyor=by, purpose=read.purpose)
    if (survey.household.uid, survey.surveyor_id, survey.purpose) != (read.household, by.pk, read.purpose):
        raise forged(_("这个编号的调查是另一户或另一位调查人的，草稿没有保存。"))
    if survey.state not in OPEN:
        raise Refused("already", _("这份调查已经交上去了，草稿没有保存。要改，请让审核人先退回。"))
    form = form_named(read.code, read.version, survey.household)
    at = {"at": sent.place_of(body)}
    if survey.state == Survey.State.RETURNED:
        survey.rework = _typed(survey, read, form, at)
        survey.save(update_fields=["rework", "updated_at"])
        return survey
    survey.form = form
    write(survey, read, published.definition_of(form))
    survey.effort = survey.effort | at
    survey.save()
    if is_new:
        audit.record(
            "survey.begun",
            by=by,
            target=survey,
            subject=survey.household.subject,
            region_path=survey.household.village.path,
        )
    return survey


# What of a row a rework says, JSON as it is; the days and the form beside it.
REWORKED = ("answers", "base", "seals", "same", "kept", "effort", "channel")


def _typed(survey: Survey, read: sent.Sent, form: SurveyForm, at: dict[str, Any]) -> str:
    """What is typed in a returned survey, as JSON for its `rework`: the row keeps what was returned, which is on record."""
    typed = copy.copy(survey)
    write(typed, read, published.definition_of(form))
    typed.effort = typed.effort | at
    return audit.canonical(
        {name: getattr(typed, name) for name in REWORKED}
        | {"form": form.pk, "secrets": secrets_of(typed), "began_at": read.began_at.isoformat(), "surveyed_on": read.surveyed_on.isoformat()}
    )  # fmt: skip


def as_typed(survey: Survey) -> Survey:
    """A returned survey as its surveyor has typed it since. For reading: it is never saved."""
    rework = rework_of(survey)
    if not rework:
        return survey
    typed = copy.copy(survey)
    for name in REWORKED:
        setattr(typed, name, rework[name])
    typed.secrets = audit.canonical(rework["secrets"]) if rework["secrets"] else ""
    typed.began_at = dt.datetime.fromisoformat(rework["began_at"])
    typed.surveyed_on = dt.date.fromisoformat(rework["surveyed_on"])
    if rework["form"] != survey.form_id:
        typed.form = SurveyForm.objects.get(pk=rework["form"])
    return typed


def record_of(survey: Survey) -> dict[str, Any]:
    """The draft as it was sent, for the one who typed it: whole numbers stand where they were typed."""
    survey = as_typed(survey)
    answers = restore(published.definition_of(survey.form), survey.answers, secrets_of(survey))
    effort = dict(survey.effort)
    at = effort.pop("at", {})
    return {
        "uid": str(survey.uid), "household": str(survey.household.uid), "form": str(survey.form), "year": survey.year,
        "purpose": survey.purpose, "channel": survey.channel, "revision": survey.revision, "began_at": survey.began_at.isoformat(),
        "surveyed_on": survey.surveyed_on.isoformat(), "answers": answers, "base": survey.base, "seals": survey.seals, "same": survey.same, "kept": survey.kept,
        "effort": effort, "at": at, "reasons": survey.reasons if survey.state == Survey.State.RETURNED else {},
    }  # fmt: skip
