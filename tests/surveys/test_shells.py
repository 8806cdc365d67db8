"""Blank pages for the phone and the worker that keeps them: nobody's data in them, nothing missing, another version when anything changes."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from surveys import shells
from surveys.models import SurveyForm
from surveys.standard import ensure_standard_forms
from tests.factories import SurveyFormFactory

pytestmark = pytest.mark.django_db
HOME, WORKER, PING = reverse("collect:home"), reverse("collect:worker"), reverse("collect:api_ping")


@pytest.fixture
def form(land):
    return SurveyFormFactory(region=land.county)


def kept(client):
    """{"version", "files"} that the worker is given."""
    text = client.get(WORKER).content.decode()
    return json.loads(re.match(r"self\.SHELL=(\{.*?\});\n", text)[1])


def test_a_shell_is_the_same_for_everybody(form, clerk, helper, client_as):
    for url in (HOME, shells.url_of(form)):
        first, second = (client_as(user).get(url).content for user in (clerk, helper))
        assert first == second
        for word in (clerk.username, clerk.name, helper.name, "csrf"):
            assert word.encode() not in first


def test_the_worker_is_told_every_page_and_whatever_it_loads(form, clerk, client_as):
    client = client_as(clerk)
    files = kept(client)["files"]
    assert {HOME, shells.url_of(form)} <= set(files)
    for url in files:
        if url.startswith("/static/"):
            assert finders.find(url.removeprefix("/static/")), url
        else:
            loaded = shells.FILES.findall(client.get(url).content.decode())
            assert loaded
            assert set(loaded) <= set(files)
    assert {shell.url for shell in shells.starts()} <= set(files), "what may be begun on the phone opens there"
    # What the form fetches only when it is needed must be there without a network, too.
    assert {"/static/survey.js", "/static/survey-more.js"} <= set(files)


def test_the_worker_is_a_script_of_its_own_folder_and_never_stale(form, clerk, client_as):
    response = client_as(clerk).get(WORKER)
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert "no-cache" in response["Cache-Control"]
    assert "worker-src 'self'" in client_as(clerk).get(HOME)["Content-Security-Policy"]


def test_another_form_is_another_version_and_a_retired_one_stays(form, clerk, land, client_as):
    client = client_as(clerk)
    before = kept(client)
    assert kept(client) == before
    newer = SurveyFormFactory(region=land.county)
    SurveyForm.objects.filter(pk=form.pk).update(state=SurveyForm.State.RETIRED)
    after = kept(client)
    assert after["version"] != before["version"]
    assert {shells.url_of(form), shells.url_of(newer)} <= set(after["files"])


def test_another_language_is_another_version(form, clerk, client_as):
    client = client_as(clerk)
    before = kept(client)["version"]
    client.cookies["django_language"] = "en"
    assert kept(client)["version"] != before


def test_forms_of_other_counties_are_not_offered(form, clerk, helper, land, client_as):
    foreign = SurveyFormFactory(region=land.other_county)
    draft = SurveyFormFactory(region=land.county, state=SurveyForm.State.DRAFT, published_at=None, published_by="")
    for user in (clerk, helper):
        found = {(f["code"], f["version"]) for f in client_as(user).get(PING).json()["forms"]}
        assert (form.code, form.version) in found
        assert (foreign.code, foreign.version) not in found
        assert (draft.code, draft.version) not in found


def test_ping_says_who_it_is(form, clerk, auditor, client, client_as):
    seen = client_as(clerk, enforce_csrf_checks=True).get(PING).json()
    assert seen["user"] == {"username": clerk.username, "name": clerk.name}
    assert len(seen["csrf"]) == 64
    assert HOME in seen["shells"]
    seen = client_as(auditor).get(PING).json()
    assert (seen["user"]["username"], seen["forms"], seen["shells"]) == (auditor.username, [], [])
    response = client.get(PING)
    assert (response.status_code, response.json()["code"]) == (401, "signed_out")


def test_the_token_of_a_ping_opens_what_writes(form, clerk, client_as):
    client = client_as(clerk, enforce_csrf_checks=True)
    stale = client.post(reverse("collect:api_ops"), {"ops": []}, content_type="application/json")
    assert (stale.status_code, stale.json()["code"]) == (403, "csrf")
    token = client.get(PING).json()["csrf"]
    fresh = client.post(
        reverse("collect:api_ops"), {"ops": []}, content_type="application/json", headers={"X-CSRFToken": token}
    )
    assert fresh.json() == {"receipts": []}


@pytest.mark.parametrize("which", ["home", "form"])
def test_the_first_view_of_a_page_is_small(which, clerk, client_as):
    """What a phone fetches once, packed as the server packs it."""
    ensure_standard_forms()
    url = HOME if which == "home" else "/collect/forms/household/2026.1/"
    response = client_as(clerk).get(url, headers={"Accept-Encoding": "gzip"})
    assert response["Content-Encoding"] == "gzip"
    names = shells.FILES.findall(gzip.decompress(response.content).decode())
    files = [Path(finders.find(name.removeprefix("/static/"))).read_bytes() for name in names]
    assert len(response.content) + sum(len(gzip.compress(data, 6)) for data in files) <= 150 * 1024
