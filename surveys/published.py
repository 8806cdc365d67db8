"""Which published form a household is surveyed with, and which ones are still taken."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from regions.models import Region
from surveys import definitions
from surveys.definitions import Definition
from surveys.models import SurveyForm

MOST = 64  # forms kept in memory; a county has a handful
_parsed: dict[str, Definition] = {}  # by digest

OFFERED = SurveyForm.State.PUBLISHED
ACCEPTED = (SurveyForm.State.PUBLISHED, SurveyForm.State.RETIRED)


def definition_of(form: SurveyForm) -> Definition:
    """The definition of a published form, parsed once in this process; its JSON is fetched only for that."""
    found = _parsed.get(form.digest)
    if found is None:
        while len(_parsed) >= MOST:
            _parsed.pop(next(iter(_parsed)))
        found = _parsed[form.digest] = definitions.read(form)
    return found


def named(code: str, version: str) -> SurveyForm | None:
    """A form by name, published or retired. Its definition is read from the database only where this process has not parsed it."""
    forms = SurveyForm.objects.defer("definition").select_related("region")
    return forms.filter(code=code, version=version, state__in=ACCEPTED).first()


def offered(regions: Iterable[Region] = ()) -> list[SurveyForm]:
    """The forms in use: the standard ones and those of the counties above (or at) these regions, newest first; one query."""
    above = {pk for region in regions for pk in region.ancestor_ids}
    forms = SurveyForm.objects.defer("definition").select_related("region")
    return list(forms.filter(Q(region=None) | Q(region__in=above), state=OFFERED).order_by("-published_at", "-pk"))


def choose(forms: Iterable[SurveyForm], village: Region) -> SurveyForm | None:
    """The form for a household of that village: its county's own, else the standard one; the newest."""
    fitting = [form for form in forms if form.region is None or village.path.startswith(form.region.path)]
    own = next((form for form in fitting if form.region is not None), None)
    return own or next(iter(fitting), None)


def current(village: Region) -> SurveyForm | None:
    """The form with which a household of that village is surveyed today."""
    return choose(offered([village]), village)
