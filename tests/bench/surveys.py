"""Progress and gaps of a county: their pages against the list page 1, with a survey of this year for most households and one of last
year for all."""

from __future__ import annotations

import json

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from surveys.models import Survey, SurveyForm, SurveyRound
from tests.bench.frame import Table, by_turns, median

# Most are sent, some are still being written; a tenth has not begun. `n` is the household's key.
FILL = """
INSERT INTO surveys_survey (uid, form_id, household_id, year, purpose, channel, surveyor_id, state, revision, answers, secrets, secrets_hash,
    base, same, kept, effort, questions, photos_expected, photos_missing, began_at, surveyed_on, submitted_at, updated_at, decided_by_id, decided_at,
    decision_note, reasons, rework, seals)
SELECT gen_random_uuid(), %(form)s, h.id, y.year, 'survey', 'phone', %(surveyor)s, s.state, 1, %(answers)s, '', '', '{}', '[]', '{}',
    '{"keystrokes": 180, "typed": 12, "same": 30, "retyped": 1, "seconds": 900}', 0, 3, CASE WHEN h.id %% 20 = 0 THEN 1 ELSE 0 END, now(), current_date,
    CASE WHEN s.state = 'draft' THEN NULL ELSE now() END, now(),
    CASE WHEN s.state IN ('approved', 'returned') THEN %(decider)s END, CASE WHEN s.state IN ('approved', 'returned') THEN now() END, '', '{}', '', '{}'
FROM households_household h
CROSS JOIN (VALUES (%(year)s), (%(year)s - 1)) y(year)
CROSS JOIN LATERAL (SELECT CASE WHEN y.year < %(year)s OR h.id %% 10 < 5 THEN 'approved' WHEN h.id %% 10 < 7 THEN 'submitted'
    WHEN h.id %% 10 < 8 THEN 'returned' ELSE 'draft' END AS state) s
WHERE y.year < %(year)s OR h.id %% 10 < 9
"""


LOOKED = """
INSERT INTO surveys_gapscan (household_id, year, form_id, version, scanned_at, missing, stale, doubts, missing_count, stale_count, doubt_count)
SELECT h.id, %(year)s, %(form)s, h.version, now(), %(paths)s, '[]', '[]', CASE WHEN h.id %% 3 = 0 THEN 12 ELSE 0 END, h.id %% 2, h.id %% 4
FROM households_household h
"""


def ready() -> SurveyRound:
    """Surveys and a round in the bench's database, made once."""
    today = timezone.localdate()
    round = SurveyRound.objects.filter(title="bench").first()
    if round is not None:
        return round
    official = User.objects.get(username="bench-official")
    form = SurveyForm.objects.get(code="household", region=None)
    answers = json.dumps({"values": {f"field_{n}": str(n * 1000) for n in range(60)}, "members": []})
    with connection.cursor() as cursor:
        surveyor = User.objects.get(username="bench-officer")
        cursor.execute(
            FILL,
            {
                "form": form.pk,
                "surveyor": surveyor.pk,
                "decider": official.pk,
                "answers": answers,
                "year": today.year,
            },
        )
        paths = json.dumps([f"field_{n}" for n in range(12)])
        cursor.execute(LOOKED, {"form": form.pk, "year": today.year, "paths": paths})
        cursor.execute("VACUUM ANALYZE surveys_survey, surveys_gapscan")
    return SurveyRound.objects.create(
        region=official.postings.get().region, year=today.year, title="bench", audience=SurveyRound.Audience.ALL, starts_on=today,
        due_on=today, created_by="bench",
    )  # fmt: skip


def run(table: Table, households: int) -> None:
    round = ready()
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="bench-official"), backend="accounts.backends.AccountBackend")

    def get(address: str) -> None:
        response = client.get(address)
        assert response.status_code == 200, (address, response.status_code)

    first = f"{reverse('households:household_list')}?status=out_of_poverty"
    pages = {
        "progress of the county by township": (f"{reverse('surveys:progress')}?round={round.pk}", 10),
        "progress of the county by surveyor": (f"{reverse('surveys:progress')}?round={round.pk}&by=person", 20),
        "gaps of the county by township": (reverse("surveys:gaps"), 30),
        "list of any gap": (reverse("surveys:gap_households"), 30),
        "list of who is overdue": (f"{reverse('surveys:progress_households')}?round={round.pk}&stage=missing", 4),
    }
    for what, (address, budget) in pages.items():
        page_one, ours = by_turns(lambda: get(first), lambda address=address: get(address), times=5, warm=1)
        table.add("surveys", f"{what} / list page 1", median(ours), median(page_one), budget)
        with CaptureQueriesContext(connection) as captured:
            get(address)
        table.most("surveys", f"queries of {what}", len(captured), 30 if "gap" in what else 16)
    assert Survey.objects.for_user(User.objects.get(username="bench-official")).exists()
