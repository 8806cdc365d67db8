"""The blank form as the server draws it, the way to it from a ledger, and finding the household of a paper sheet."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import reverse

from accounts.roles import Role
from surveys import shell
from surveys.definitions import Definition
from surveys.models import SurveyForm
from surveys.standard import ensure_standard_forms
from surveys.views.shell import words
from tests.factories import HouseholdFactory, MemberFactory, SurveyFactory, SurveyFormFactory

pytestmark = pytest.mark.django_db
UI = Path(settings.BASE_DIR) / "ui" / "src"


@pytest.fixture
def standard():
    ensure_standard_forms()
    return SurveyForm.objects.get()


def page_of(client, form):
    return client.get(reverse("collect:form", args=[form.code, form.version]))


def test_a_shell_has_every_field_once_and_nobody_in_it(client_as, clerk, household, standard):
    html = page_of(client_as(clerk), standard).content.decode()
    form = Definition.of(standard.definition)
    for step in form.steps:
        part = html.partition(f'data-step="{step.id}"')[2].partition("</section>")[0]
        assert [f.id for f in step.fields] == re.findall(r'data-f="(\w+)"', part)
        assert ("<template>" in part) is step.repeat
    assert len(re.findall(r"<section[^>]*sv-step", html)) == len(form.steps) + 1
    for secret in (household.householder_name, household.number, str(household.uid), clerk.name, "csrfmiddlewaretoken"):
        assert secret not in html
    data = json.loads(re.search(r'<script id="definition"[^>]*>(.*?)</script>', html, re.S)[1])
    assert data == form.expanded()
    assert "<style" not in html
    assert not re.search(r"\sstyle=|\son\w+=", html)


def test_ids_are_given_once_and_what_they_name_is_there(client_as, clerk, standard):
    html = page_of(client_as(clerk), standard).content.decode()
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    named = re.findall(r'(?:aria-describedby|aria-labelledby|for)="([^"]+)"', html)
    assert {one for names in named for one in names.split()} <= set(ids)


def test_a_shell_is_the_same_for_everybody(client_as, clerk, helper, standard):
    assert page_of(client_as(clerk), standard).content == page_of(client_as(helper), standard).content


def test_a_draft_of_a_form_is_nobodys_and_a_retired_one_is_still_shown(client_as, clerk):
    draft = SurveyFormFactory(state="draft", published_at=None, published_by="")
    retired = SurveyFormFactory(state="retired")
    assert page_of(client_as(clerk), draft).status_code == 404
    assert page_of(client_as(clerk), retired).status_code == 200


def test_every_sentence_that_the_script_asks_for_is_there():
    text = "\n".join(path.read_text() for path in [*(UI / "survey").glob("*.js"), *UI.glob("survey*.js")])
    asked = set(re.findall(r'\bword\("(\w+)"', text)) | set(re.findall(r"\bwords\.([a-z_]+)\b", text))
    of_the_phone = {"locked", "lost", "home"}  # phone.js has its own, in _phone.html
    assert asked - set(words()) <= of_the_phone
    codes = {
        "list",
        "limit",
        "date",
        "phone",
        "relation",
        "same_id",
        "required",
        "type",
        "id_length",
        "id_chars",
        "id_day",
        "id_digit",
    }
    assert codes <= set(words())


def test_a_choice_has_the_number_that_is_typed_for_it():
    numbered = shell.numbered([("01", "小学"), ("99", "其他")])
    assert [(one.number, one.keys) for one in numbered] == [("1", "xx"), ("99", "qt")]
    assert [one.number for one in shell.numbered([("tap", "自来水"), ("well", "井水")])] == ["1", "2"]


def test_the_ledger_leads_to_the_form_of_its_county(client_as, clerk, household, standard, county):
    client = client_as(clerk)
    ledger = client.get(household.get_absolute_url()).content.decode()
    start = reverse("surveys:start", args=[household.pk])
    assert start in ledger
    expected = f"/collect/forms/household/{standard.version}/#household={household.uid}"
    assert client.get(start)["Location"] == expected
    own = SurveyFormFactory(region=county)
    assert client.get(start)["Location"] == f"/collect/forms/small/{own.version}/#household={household.uid}"


def test_what_cannot_be_surveyed_says_why(client_as, clerk, household, village):
    SurveyForm.objects.update(state="retired")
    answer = client_as(clerk).get(reverse("surveys:start", args=[household.pk]))
    assert "没有在用的调查表" in answer.content.decode()
    closed = HouseholdFactory(village=village, closed=True)
    answer = client_as(clerk).get(reverse("surveys:start", args=[closed.pk]))
    assert "已销户" in answer.content.decode()


# -- paper ---------------------------------------------------------------------------------------------------------------------------


def key_in(client, text):
    return client.post(reverse("surveys:key_in"), {"q": text})


@pytest.mark.parametrize("written", ["number", "uid", "qr"])
def test_a_sheet_is_found_by_its_number_and_by_its_code(client_as, clerk, household, standard, written):
    text = {
        "number": household.number,
        "uid": str(household.uid),
        "qr": f"https://ledger.example/collect/forms/household/{standard.version}/#household={household.uid}",
    }[written]
    answer = key_in(client_as(clerk), text)
    assert answer["Location"] == f"/collect/forms/household/{standard.version}/#household={household.uid}&channel=paper"


def test_of_several_one_is_chosen(client_as, clerk, village, standard):
    for name in ("王建国", "王建军"):
        MemberFactory(household=HouseholdFactory(village=village, householder_name=name), householder=True, name=name)
    html = key_in(client_as(clerk), "王建").content.decode()
    assert html.count("channel=paper") == 2


def test_a_household_elsewhere_is_not_found(client_as, clerk, land, standard):
    other = HouseholdFactory(village=land.far_village)
    for text in (other.number, str(other.uid), "没有这个人", "q"):
        answer = key_in(client_as(clerk), text)
        assert answer.status_code == 422
        assert "channel=paper" not in answer.content.decode()


def test_after_a_sheet_the_page_says_whose_it_was(client_as, clerk, post, village, household, standard):
    survey = SurveyFactory(household=household, form=standard, surveyor=clerk, channel="paper")
    address = reverse("surveys:key_in") + f"?done={survey.uid}"
    assert "王建国户的调查已录入" in client_as(clerk).get(address).content.decode()
    stranger = post(Role.VILLAGE_CLERK, HouseholdFactory().village)
    assert "已录入" not in client_as(stranger).get(address).content.decode()
    assert client_as(clerk).get(reverse("surveys:key_in") + "?done=1' or 1").status_code == 200
