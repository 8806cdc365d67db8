"""Surveys of the demonstration: every state is there, made by the verbs, once."""

from collections import Counter

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts.models import User
from common import audit
from common.models import SyncOp
from households.models import Household
from surveys import demo, gap_jobs
from surveys.models import (
    Device,
    Difference,
    GapScan,
    Survey,
    SurveyConflict,
    SurveyPhoto,
    SurveyRound,
    VerificationTask,
)

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "120", verbosity=0)


def test_everything_that_can_happen_to_a_survey_has_happened(seeded, client_as):
    states = Counter(Survey.objects.filter(purpose="survey").values_list("state", flat=True))
    assert states["approved"] >= 7
    assert states["submitted"] >= 5
    assert states["returned"] == states["draft"] == 2
    assert all(survey.reasons for survey in Survey.objects.filter(state="returned"))
    assert Survey.objects.filter(state="submitted", questions__gt=0).exists()
    assert SurveyConflict.objects.filter(choice="").exists()
    assert SurveyPhoto.objects.filter(state="complete").count() > 20
    tasks = Counter(VerificationTask.objects.values_list("state", flat=True))
    assert tasks["done"] == 1
    assert tasks["open"] >= 1
    assert Difference.objects.filter(verdict="").exists()
    assert Difference.objects.exclude(verdict="").exists()
    assert SyncOp.objects.filter(state="quarantined").exists()
    assert Device.objects.get().waiting == 2
    assert GapScan.objects.filter(household__village__name="青石村").exists()

    with connection.cursor() as cursor:  # the chain is closed as a commit would
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = audit.verify(audit.vouched())
    assert found.ok, found.broken

    for username in ("clerk", "township", "county", "helper", "auditor"):
        client = client_as(User.objects.get(username=username))
        for name in (
            "home",
            "surveys:progress",
            "surveys:gaps",
            "surveys:effort",
            "surveys:survey_list",
            "surveys:task_list",
        ):
            assert client.get(reverse(name)).status_code == 200, (username, name)


def test_a_second_start_changes_nothing(seeded):
    before = Survey.objects.count(), SurveyRound.objects.count()
    assert demo.fill() is False
    call_command("seed_demo", verbosity=0)
    assert (Survey.objects.count(), SurveyRound.objects.count()) == before


def test_without_a_demonstration_there_are_no_surveys(household):
    assert demo.fill() is False
    assert not Survey.objects.exists()
    assert Household.objects.count() == 1


def test_contradictions_are_findings_and_not_noise(seeded):
    """A list that names every household is read by nobody."""
    gap_jobs.look_through_all()
    scans = GapScan.objects.order_by("pk")
    doubtful = scans.filter(doubt_count__gt=0).count()
    assert 0.05 < doubtful / scans.count() < 0.3
    said = Counter(say for look in scans for say in {say for _path, say in look.doubts})
    assert max(said.values()) < 0.1 * scans.count(), said.most_common(3)
