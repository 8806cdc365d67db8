"""Photos of visits travel and lie with those of surveys: named by a visit they are kept, seen with it, and wait for nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from common import audit, sync, vault
from common.models import AuditEvent
from households.models import Pairing
from surveys.jobs import expire_photos
from surveys.models import SurveyPhoto
from surveys.services import put_piece
from surveys.services.photos import MOST_PIECE
from tests.factories import SurveyPhotoFactory, VisitFactory, visit_body, visit_op
from visits.models import Visit
from visits.services.record import record_visit, record_with_photos

pytestmark = pytest.mark.django_db


def jpeg(width=400, height=300, **info):
    out = io.BytesIO()
    Image.new("RGB", (width, height), (90, 140, 120)).save(out, "JPEG", **info)
    return out.getvalue()


def put(body, uid, by, data=None):
    """A photo of a visit, whole in one piece."""
    data = data or jpeg()
    assert len(data) < MOST_PIECE
    return put_piece(
        uid=uid, survey=uuid.UUID(body["uid"]), path="visit_photo", offset=0, size=len(data), sha256=hashlib.sha256(data).hexdigest(), data=data, by=by,
    )  # fmt: skip


def upload(data, name="a.jpg"):
    return SimpleUploadedFile(name, data, "image/jpeg")


def sees(user):
    return set(SurveyPhoto.objects.for_user(user).values_list("uid", flat=True))


class TestOnTheWay:
    def test_before_the_visit_and_after_it(self, helper, household):
        first, second = uuid.uuid4(), uuid.uuid4()
        body = visit_body(household, photos=[str(first), str(second)])
        assert put(body, first, helper).state == "complete"
        (receipt,) = sync.receive([visit_op(body)], by=helper)
        assert receipt["missing"] == [str(second)]
        assert put(body, second, helper).state == "complete"
        events = AuditEvent.objects.filter(action="surveyphoto.arrived").order_by("pk")
        assert [audit.content_of(event)["subject"] for event in events] == ["", household.subject]

    def test_one_more_than_a_visit_may_have(self, helper, household):
        body = visit_body(household)
        record_visit(body=body, by=helper)
        for _n in range(5):
            put(body, uuid.uuid4(), helper)
        with pytest.raises(sync.Refused, match="最多 5 张"):
            put(body, uuid.uuid4(), helper)

    def test_nobody_adds_to_the_visit_of_another(self, helper, clerk, household):
        body = visit_body(household)
        record_visit(body=body, by=helper)
        with pytest.raises(sync.Refused, match="另一位"):
            put(body, uuid.uuid4(), clerk)

    def test_what_is_no_picture_is_refused_and_the_visit_stays(self, helper, household):
        uid = uuid.uuid4()
        body = visit_body(household, photos=[str(uid)])
        record_visit(body=body, by=helper)
        assert put(body, uid, helper, b"<svg/>").state == "refused"
        assert Visit.objects.get().photos == [uid]


class TestClaimed:
    @pytest.fixture
    def photos(self, helper, household):
        """(named by a visit, sent for it and not named)"""
        visit = VisitFactory(household=household, visitor=helper, photos=[uuid.uuid4()])
        more = {"survey": None, "survey_uid": visit.uid, "uploader": helper}
        return SurveyPhotoFactory(uid=visit.photos[0], **more), SurveyPhotoFactory(**more)

    def test_who_sees_the_household_sees_them(self, photos, helper, clerk, officer, auditor, stranger, land, post):
        named, loose = (photo.uid for photo in photos)
        assert sees(helper) == {named, loose}, "what still waits for its record is its sender's"
        for user in (clerk, officer, auditor):
            assert sees(user) == {named}
        for user in (stranger, post("village_clerk", land.far_village)):
            assert sees(user) == set()

    def test_who_lost_the_household_lost_the_photos(self, photos, helper):
        Pairing.objects.update(ends_on=timezone.localdate() - dt.timedelta(days=1))
        helper = type(helper).objects.get(pk=helper.pk)
        assert sees(helper) == set()

    def test_they_do_not_end(self, photos, settings):
        SurveyPhoto.objects.update(created_at=timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1))
        assert expire_photos() == 1
        assert SurveyPhoto.objects.get() == photos[0]

    def test_nor_do_those_of_a_visit_that_waits(self, helper, household, settings):
        Pairing.objects.update(ends_on=timezone.localdate() - dt.timedelta(days=1))
        photo = SurveyPhotoFactory(survey=None, uploader=helper)
        body = visit_body(household, photos=[str(photo.uid)]) | {"uid": str(photo.survey_uid)}
        (receipt,) = sync.receive([visit_op(body)], by=helper)
        assert receipt["state"] == "quarantined"
        SurveyPhoto.objects.update(created_at=timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1))
        assert expire_photos() == 0

    def test_they_do_not_count_as_loose(self, photos, helper):
        assert list(SurveyPhoto.objects.loose()) == [photos[1]]


class TestFromAPage:
    def test_with_its_photos(self, helper, household):
        visit = record_with_photos(
            body=visit_body(household), uploads=[upload(jpeg()), upload(jpeg(800, 600))], by=helper
        )
        photos = {photo.uid: photo for photo in SurveyPhoto.objects.all()}
        assert set(visit.photos) == set(photos)
        for photo in photos.values():
            assert (photo.state, photo.survey_uid) == ("complete", visit.uid)
            with Image.open(io.BytesIO(vault.get(photo.file))) as picture:
                assert picture.format == "JPEG"

    @pytest.mark.parametrize(
        ("data", "match"), [(b"no picture", "不是照片"), (b"\xff\xd8" + bytes(30 * 1024 * 1024), "10 MB")]
    )
    def test_a_bad_photo_and_nothing_is_kept(self, helper, household, data, match, media_names):
        before = media_names()
        with pytest.raises(ValidationError, match=match):
            record_with_photos(body=visit_body(household), uploads=[upload(jpeg()), upload(data)], by=helper)
        assert not Visit.objects.exists()
        assert not SurveyPhoto.objects.exists()
        assert media_names() == before

    def test_six_photos(self, helper, household):
        with pytest.raises(sync.Refused, match="最多 5 张"):
            record_with_photos(body=visit_body(household), uploads=[upload(jpeg())] * 6, by=helper)

    def test_a_visit_that_cannot_be_takes_no_photo(self, helper, household, media_names):
        before = media_names()
        with pytest.raises(sync.Refused, match="今天之后"):
            record_with_photos(body=visit_body(household, on="2099-01-01"), uploads=[upload(jpeg())], by=helper)
        assert media_names() == before


@pytest.fixture
def media_names(settings):
    from pathlib import Path

    return lambda: {str(path) for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()}
