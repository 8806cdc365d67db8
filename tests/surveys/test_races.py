"""Several at once, with real threads and connections: one record, one receipt, one whole photo."""

from __future__ import annotations

import hashlib
import threading
import uuid

import pytest
from django.db import connections

from accounts.models import User
from accounts.roles import Role
from common import audit, sync
from common.models import AuditEvent, SyncOp
from surveys.models import VOUCHED, Survey, SurveyPhoto
from surveys.services import put_piece
from surveys.services.review import return_survey
from tests.factories import (
    HouseholdFactory,
    PostingFactory,
    RegionFactory,
    SurveyFormFactory,
    UserFactory,
    survey_body,
    survey_op,
)
from tests.surveys.test_photos import picture

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def place():
    village = RegionFactory()
    clerk = UserFactory()
    PostingFactory(user=clerk, region=village)
    household = HouseholdFactory(village=village, with_householder=True)
    return clerk, household, SurveyFormFactory()


def at_once(*works):
    """Run all at the same moment, each in a thread and connection of its own; what they answered, in order."""
    answers, gate = [None] * len(works), threading.Barrier(len(works))

    def run(n, work):
        gate.wait()
        try:
            answers[n] = work()
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n, work)) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def body_of(place, **more):
    clerk, household, form = place
    return survey_body(household, form, members={household.members.get().uid: {"name": "王", "relation": "01"}}, **more)


def send(clerk, op):
    return lambda: sync.receive([op], by=User.objects.get(pk=clerk.pk))[0]


def test_fifty_repeats_of_one_survey(place):
    clerk = place[0]
    op = survey_op(body_of(place))
    receipts = at_once(*[send(clerk, op)] * 50)
    assert receipts[0]["state"] == "applied"
    assert all(receipt == receipts[0] for receipt in receipts)
    assert Survey.objects.count() == SyncOp.objects.count() == 1
    assert AuditEvent.objects.filter(action="survey.submitted").count() == 1


def test_two_tabs_finish_the_same_draft(place):
    """Two operations with one survey's number: one is taken, the other hears that it is there."""
    clerk, body = place[0], body_of(place)
    receipts = at_once(
        *(send(clerk, survey_op(body | {"answers": body["answers"] | {"values": {"wish": str(n)}}})) for n in range(8))
    )
    assert sorted((r["state"], r["code"]) for r in receipts) == [("applied", "")] + [("refused", "already")] * 7
    taken = next(n for n, receipt in enumerate(receipts) if receipt["state"] == "applied")
    assert Survey.objects.get().answers["values"] == {"wish": str(taken)}


@pytest.mark.parametrize("turn", range(6))
def test_a_survey_and_its_photo_arrive_together(place, turn):
    """Whichever is first, the survey has its photo."""
    clerk, data, uid = place[0], picture("JPEG"), uuid.uuid4()
    body = body_of(place, values={"house_photo": [str(uid)]})

    def photo():
        return put_piece(
            uid=uid, survey=uuid.UUID(body["uid"]), path="house_photo", offset=0, size=len(data),
            sha256=hashlib.sha256(data).hexdigest(), data=data, by=User.objects.get(pk=clerk.pk),
        ).state  # fmt: skip

    works = [send(clerk, survey_op(body)), photo]
    at_once(*(works if turn % 2 else works[::-1]))
    assert SurveyPhoto.objects.get().survey == Survey.objects.get()
    assert SurveyPhoto.objects.get().state == "complete"


def test_one_photo_from_two_tabs(place):
    clerk, data, uid, survey = place[0], picture("PNG", (300, 200)), uuid.uuid4(), uuid.uuid4()
    user = User.objects.get(pk=clerk.pk)

    def photo():
        put_piece(
            uid=uid, survey=survey, path="house_photo", offset=0, size=len(data), sha256=hashlib.sha256(data).hexdigest(), data=data, by=user
        )  # fmt: skip

    at_once(*[photo] * 10)
    assert SurveyPhoto.objects.get().state == "complete"
    assert AuditEvent.objects.filter(action="surveyphoto.arrived").count() == 1


@pytest.mark.parametrize("turn", range(4))
def test_a_returned_survey_comes_again_while_its_photos_end(place, turn):
    """Nobody waits for the other for ever, no photo is counted twice or not at all, and the history vouches for what stands."""
    clerk, data, uids = place[0], picture("PNG", (300, 200)), [uuid.uuid4() for _n in range(3)]
    body = body_of(place, values={"house_photo": [str(uid) for uid in uids]})
    half, user = len(data) // 2, User.objects.get(pk=clerk.pk)

    def piece(uid, start, end):
        return lambda: put_piece(
            uid=uid, survey=uuid.UUID(body["uid"]), path="house_photo", offset=start, size=len(data),
            sha256=hashlib.sha256(data).hexdigest(), data=data[start:end], by=user,
        ).state  # fmt: skip

    assert send(clerk, survey_op(body))()["state"] == "applied"
    for uid in uids[1:]:
        piece(uid, 0, half)()
    reviewer = UserFactory()
    PostingFactory(user=reviewer, role=Role.TOWNSHIP_OFFICER, region=place[1].village)
    return_survey(survey=Survey.objects.get(), by=User.objects.get(pk=reviewer.pk), note="请再核对一次")
    works = [
        send(clerk, survey_op(body | {"revision": 1})),
        piece(uids[0], 0, len(data)),
        *(piece(uid, half, None) for uid in uids[1:]),
    ]
    answers = at_once(*(works if turn % 2 else works[::-1]))
    assert [a["state"] if isinstance(a, dict) else a for a in answers].count("applied") == 1
    survey = Survey.objects.get()
    assert (survey.state, survey.revision, survey.photos_missing) == ("submitted", 2, 0)
    assert survey.photos.filter(state="complete").count() == 3
    assert audit.verify(VOUCHED).ok
