"""Verbs on survey forms: a county uploads its own, looks at it, publishes it, retires it. The standard form belongs to the software."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.roles import Permission
from accounts.scoping import posted_regions, require_in
from common import audit
from households.services import LedgerError
from regions.models import Level, Region
from surveys import definitions, xlsform
from surveys.models import SurveyForm

State = SurveyForm.State


def forms_for(user: Any) -> QuerySet[SurveyForm]:
    """The standard forms and those of the counties where this user publishes."""
    counties = posted_regions(user, Permission.SURVEY_PUBLISH)
    return SurveyForm.objects.filter(Q(region=None) | Q(region__in=counties)).select_related("region")


@transaction.atomic
def upload_form(*, region: Region, data: bytes, filename: str, by: Any) -> SurveyForm:
    """A draft from an XLSForm workbook, instead of an earlier draft of the same version. Permission SURVEY_PUBLISH in the county.

    Raises ValidationError at `file` with every sentence about the workbook.
    """
    require_in(by, Permission.SURVEY_PUBLISH, region)
    if region.level != Level.COUNTY:
        raise ValidationError({"region": [_("调查表由县里发布，请选择县。")]})
    try:
        definition = xlsform.read(data)
    except xlsform.XlsFormError as error:
        raise ValidationError({"file": error.sentences}) from error
    code, version = definition["code"], definition["version"]
    # Versions of one code are those of one county: whoever reads code@version knows whose form it is.
    if SurveyForm.objects.filter(code=code).exclude(region=region).exists():
        raise ValidationError(
            {"file": [_("表号“%(code)s”已经是标准表或别的县的表，请在 settings 表换一个 form_id。") % {"code": code}]}
        )
    there = SurveyForm.objects.select_for_update().filter(code=code, version=version).first()
    if there is not None and there.state != State.DRAFT:
        raise ValidationError(
            {"file": [_("%(form)s 已经发布，发布后不能改。请在 settings 表换一个 version。") % {"form": there}]}
        )
    form = there or SurveyForm(code=code, version=version, region=region)
    before = audit.snapshot(form) if there else {}
    form.title, form.definition, form.digest = definition["title"], definition, definitions.digest_of(definition)
    form.source, form.created_by = filename[-120:], by.username
    form.save()
    _record("surveyform.uploaded", form, by, before)
    return form


@transaction.atomic
def publish_form(*, form: SurveyForm, by: Any) -> SurveyForm:
    """From now on the county's households are surveyed with it; nothing in it changes any more."""
    row = _locked(form, by)
    if row.state != State.DRAFT:
        raise LedgerError(_("这张调查表已经发布过了。"))
    if wrong := definitions.problems(row.definition):  # a draft may be older than the rules of today
        raise LedgerError(wrong[0])
    before = audit.snapshot(row)
    row.state, row.published_at, row.published_by = State.PUBLISHED, timezone.now(), by.username
    row.save()
    _record("surveyform.published", row, by, before)
    return row


@transaction.atomic
def retire_form(*, form: SurveyForm, by: Any) -> SurveyForm:
    """No new survey begins with it; what is being filled in is still accepted."""
    row = _locked(form, by)
    if row.state != State.PUBLISHED:
        raise LedgerError(_("只有使用中的调查表才能停用。"))
    before = audit.snapshot(row)
    row.state = State.RETIRED
    row.save()
    _record("surveyform.retired", row, by, before)
    return row


@transaction.atomic
def discard_form(*, form: SurveyForm, by: Any) -> None:
    """Throw a draft away."""
    row = _locked(form, by)
    if row.state != State.DRAFT:
        raise LedgerError(_("已经发布的调查表不能删除，只能停用。"))
    _record("surveyform.discarded", row, by, audit.snapshot(row))
    row.delete()


def _locked(form: SurveyForm, by: Any) -> SurveyForm:
    """The row, locked, of a county where `by` publishes. The standard form is nobody's."""
    row = SurveyForm.objects.select_for_update(of=("self",)).select_related("region").get(pk=form.pk)
    if row.region is None:
        raise LedgerError(_("标准表随软件提供，不能改动。县里发布自己的表以后，就用县里的。"))
    require_in(by, Permission.SURVEY_PUBLISH, row.region)
    return row


def _record(action: str, row: SurveyForm, by: Any, before: dict[str, Any]) -> None:
    changes = audit.changes_since(before, row)
    path = row.region.path if row.region else ""
    audit.record(action, by=by, target=row, region_path=path, changes=changes, note=f"{row} {row.title}")
