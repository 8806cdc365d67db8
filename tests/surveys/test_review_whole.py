"""The standard form from the ledger to the phone, back through the door, and into the ledger: nothing changes on the way by itself."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from common import audit, sync
from households import services as ledger
from households.models import AUDITED, Household
from surveys import comparison, prefill, published
from surveys.models import Survey, SurveyForm
from surveys.services.review import approve_survey
from surveys.standard import ensure_standard_forms
from tests.factories import survey_body, survey_op
from tests.factories.households import invented_id_number

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
OPEN = {
    "id_type": "id",
    "relation": "03",
    "health": ["02", "04"],
    "main_cause": "01",
    "other_causes": ["03"],
    "school": "16",
}


def sample(asked):
    """Something the column can hold."""
    if asked.column in OPEN:
        return OPEN[asked.column]
    match asked.type:
        case "choice":
            return asked.options[0][0]
        case "choices":
            return [asked.options[-1][0]]
        case "yesno":
            return True
        case "decimal":
            return Decimal("12.50")
        case "money":
            return Decimal("1200.40")
        case "integer":
            return 3
        case "date":
            return dt.date(1990, 5, 1)
        case "phone":
            return "19900001111"
    return f"文字{len(asked.id)}"


@pytest.fixture
def form(db):
    ensure_standard_forms()
    return SurveyForm.objects.get(code="household")


@pytest.fixture
def home(officer, village, form):
    """Every fact that the standard form can write is there, for two people and the household."""
    household = ledger.register_household(village=village, by=officer, householder={"name": "王建国", "id_number": invented_id_number(dt.date(1968, 5, 1))})  # fmt: skip
    son = uuid.uuid4()
    asked = published.definition_of(form).asked
    facts = {
        part: {a.column: sample(a) for a in asked if a.part == part}
        for part in ("household", "year", "income", "member", "myear")
    }
    own = facts["member"] | {"name": "王明", "sex": "1", "id_number": invented_id_number(dt.date(1990, 5, 1))}
    joining = {str(son): ledger.Joining(own, dt.date(2020, 1, 1), "other")}
    head = str(household.members.get().uid)
    record = ledger.Record(
        YEAR, facts["household"], facts["year"], facts["income"], {}, {head: facts["myear"], str(son): facts["myear"]}, joining
    )  # fmt: skip
    ledger.write_record(household=household, record=record, by=officer, action="household.surveyed")
    return Household.objects.get(pk=household.pk)


@pytest.fixture
def sent(home, form, clerk):
    """The phone sends back what it was given."""
    definition = published.definition_of(form)
    held = prefill.values_of([home], YEAR, definition)[home.pk]
    members = {
        member.uid: {path.partition("/")[2]: value for path, value in held.items() if path.startswith(str(member.uid))}
        for member in home.members.present()
    }
    return survey_body(home, form, values={p: v for p, v in held.items() if "/" not in p}, members=members, base=held)


EXTRA = ("respondent", "photo_dwelling", "signature")  # asked, and nothing the ledger holds


def test_what_nobody_touched_is_the_same_and_what_the_form_hides_is_emptied(sent, home, form, clerk, officer):
    respondent = published.definition_of(form).field("respondent").options[0][0]
    sent["answers"]["values"] |= {
        "respondent": respondent, "photo_dwelling": [str(uuid.uuid4())], "signature": str(uuid.uuid4()),
    }  # fmt: skip
    receipt = sync.receive([survey_op(sent)], by=clerk)[0]
    assert receipt["state"] == "applied", receipt
    survey = Survey.objects.get()
    compared = comparison.load(survey)
    assert not compared.to_choose
    by_state = {
        state: {row.path for row in compared.rows if row.state == state} for state in ("same", "changed", "new")
    }
    answered = {path for path, _asked, _value in published.definition_of(form).paths(survey.answers)} - set(EXTRA)
    assert by_state["same"] == answered
    assert len(answered) > 100
    assert by_state["new"] == set()
    assert by_state["changed"] == set(survey.base) - answered, "what the form did not ask has no answer"
    assert all(row.is_emptied for row in compared.rows if row.state == "changed")
    approve_survey(survey=survey, by=officer, without_photos=True, note="没有信号，照片后补")
    held = prefill.values_of([Household.objects.get(pk=home.pk)], YEAR, published.definition_of(form))[home.pk]
    assert held == {path: value for path, value in survey.base.items() if path in answered}
    connection.check_constraints()
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken
