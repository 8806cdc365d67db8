"""Photos through the pages: made again by the server, shown only through the gate."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageFile

from tests.factories import PhotoFactory

pytestmark = pytest.mark.django_db


def url(household, rest=""):
    return f"/households/{household.pk}/{rest}"


def picture(size=(900, 600)):
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    out = io.BytesIO()
    Image.new("RGB", size, (90, 120, 60)).save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("house.jpg", out.getvalue(), "image/jpeg")


def test_photo_comes_in_without_exif_and_goes_out_through_the_gate(household, clerk, stranger, client_as):
    client = client_as(clerk)
    answer = client.post(
        url(household, "photos/add/"), {"kind": "dwelling", "upload": picture(), "taken_on": "2026-03-01"}
    )
    photo = household.photos.get()
    assert answer.url == url(household)
    shown = client.get(url(household, f"photos/{photo.pk}/"))
    assert b"secret place" not in shown.content
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "no-store" in shown["Cache-Control"]
    assert client_as(stranger).get(url(household, f"photos/{photo.pk}/")).status_code == 404


def test_thumbnail_is_small(household, clerk, client_as):
    client = client_as(clerk)
    client.post(url(household, "photos/add/"), {"kind": "dwelling", "upload": picture()})
    photo = household.photos.get()
    small = client.get(url(household, f"photos/{photo.pk}/?size=small"))
    assert max(Image.open(io.BytesIO(small.content)).size) == 320
    assert f"photos/{photo.pk}/?size=small" in client.get(url(household)).content.decode()


def test_what_is_no_picture_is_explained(household, clerk, client_as):
    upload = SimpleUploadedFile("house.jpg", b"<script>", "image/jpeg")
    answer = client_as(clerk).post(url(household, "photos/add/"), {"kind": "dwelling", "upload": upload})
    assert answer.status_code == 422
    assert "这个文件不是照片" in answer.content.decode()


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_cut_off_is_none_whatever_pillow_has_been_told(kind, household, clerk, client_as, monkeypatch):
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)  # WeasyPrint does, when it is loaded
    out = io.BytesIO()
    Image.new("RGB", (300, 200), "red").save(out, kind)
    upload = SimpleUploadedFile("house.jpg", out.getvalue()[:-30], "image/jpeg")
    answer = client_as(clerk).post(url(household, "photos/add/"), {"kind": "dwelling", "upload": upload})
    assert (answer.status_code, household.photos.count()) == (422, 0)


def test_removed_photo_is_not_shown_any_more(household, clerk, client_as):
    photo = PhotoFactory(household=household)
    client = client_as(clerk)
    assert client.get(url(household, f"photos/{photo.pk}/remove/")).status_code == 200
    client.post(url(household, f"photos/{photo.pk}/remove/"))
    assert client.get(url(household, f"photos/{photo.pk}/")).status_code == 404
    assert "还没有照片" in client.get(url(household)).content.decode()


def test_reader_may_look_and_not_upload(household, auditor, client_as):
    photo = PhotoFactory(household=household)
    client = client_as(auditor)
    assert client.get(url(household, f"photos/{photo.pk}/")).status_code == 200
    assert client.get(url(household, f"photos/{photo.pk}/remove/")).status_code == 403
