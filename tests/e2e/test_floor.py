"""The oldest browser that is supported, a real one: Chromium 80. It runs on x86-64 only; elsewhere conftest leaves this file out and says so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from surveys.models import Survey, SurveyPhoto
from tests.e2e.phone import PASSWORD, photo
from tests.e2e.server import Server
from tests.factories.surveys import SurveyFormFactory
from visits.models import Visit

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, databases=["default", "outside"]),
]
FOLDER = Path(settings.BASE_DIR) / "ui" / "floor"
QUIET = "Failed to load resource"  # what the browser itself says about a network that is away


@pytest.fixture
def server(tmp_path, transactional_db):
    own = Server(tmp_path / "server.log")
    own.start()
    yield own
    own.stop()


def test_a_survey_without_a_network_in_the_oldest_browser(server, household, helper, land, tmp_path):
    assert (FOLDER / "node_modules").is_dir(), "./run test fetches the oldest browser"
    SurveyFormFactory(version="1", region=land.county)
    helper.set_password(PASSWORD)
    helper.save()
    picture = tmp_path / "IMG_1.jpg"
    picture.write_bytes(photo(orientation=6)["buffer"])

    def visit(name, *more):
        done = subprocess.run(
            [shutil.which("node"), "phone.mjs", name, server.url, str(tmp_path / "profile"), *more],
            cwd=FOLDER, env=os.environ | {"PHOTO": str(picture)}, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        seen = json.loads(done.stdout)
        assert seen["version"].startswith("HeadlessChrome/80.")
        assert [line for line in seen["said"] if QUIET not in line] == []
        return seen

    known = visit("register", helper.username, PASSWORD)
    assert known["households"] == [household.householder_name]
    server.stop()
    seen = visit("fill")
    assert seen["kept"] == "旧手机也能填"
    assert seen["unsent"] == [household.householder_name, f"走访 {household.householder_name}户 · 今天"]
    assert "2 条待上传" in seen["chip"]
    server.start()
    assert len(visit("send", json.dumps(known["cookies"]))["sent"]) == 2

    survey = Survey.objects.get(household=household)
    assert survey.answers["values"]["wish"] == "旧手机也能填"
    logged = Visit.objects.get(household=household)
    assert (logged.met, logged.text) == (["elder"], "旧手机也能记走访")
    assert SurveyPhoto.objects.get(uid=logged.photos[0]).state == SurveyPhoto.State.COMPLETE
    arrived = survey.photos.get()
    assert arrived.state == SurveyPhoto.State.COMPLETE
    assert arrived.height > arrived.width  # upright, although this engine knows nothing of EXIF
