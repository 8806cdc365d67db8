"""Photos arrive piece by piece: whatever the network does, one whole photo or none."""

from __future__ import annotations

import hashlib
import io
import random
import struct
import uuid
import zlib
from functools import cache

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from common import audit, vault
from common.models import AuditEvent
from surveys.models import SurveyPhoto
from surveys.services import put_piece
from surveys.services.photos import MOST_BYTES, MOST_PHOTOS, MOST_PIECE
from tests.factories import SurveyFactory, SurveyPhotoFactory, UserFactory

pytestmark = pytest.mark.django_db
KB64 = 64 * 1024


@cache
def noise(width=640, height=480, kind="JPEG"):
    """A picture of more than three pieces."""
    picture = Image.frombytes("RGB", (width, height), random.Random(3).randbytes(width * height * 3))
    out = io.BytesIO()
    picture.save(out, kind, quality=82)
    return out.getvalue()


class Phone:
    """Sends a photo as a phone does: asks nothing, goes on where the server says."""

    def __init__(self, client, data, *, uid=None, survey=None, path="house_photo", **claims):
        self.client, self.data, self.uid, self.survey = client, data, uid or uuid.uuid4(), survey or uuid.uuid4()
        self.address = reverse("collect:api_photo", args=[self.uid])
        self.claims = {
            "Length": len(data),
            "Sha256": hashlib.sha256(data).hexdigest(),
            "Survey": self.survey,
            "Path": path,
        } | claims
        self.at = 0

    def put(self, offset, piece, **extra):
        headers = {
            f"HTTP_UPLOAD_{name.upper()}": str(value) for name, value in {"Offset": offset, **self.claims}.items()
        }
        return self.client.generic(
            "PUT", self.address, piece, content_type="application/octet-stream", **headers, **extra
        )

    def send(self, end):
        """From where it stands up to `end`; the answer."""
        response = self.put(self.at, self.data[self.at : end])
        if "received" in response.json():
            self.at = response.json()["received"]
        return response

    def send_all(self):
        while self.at < len(self.data):
            response = self.send(self.at + KB64)
            if response.status_code != 200:
                break
        return response


@pytest.fixture
def client(client_as, stranger):
    return client_as(stranger)


def the_photo(phone):
    return SurveyPhoto.objects.get(uid=phone.uid)


def is_whole(phone):
    photo = the_photo(phone)
    with Image.open(io.BytesIO(vault.get(photo.file))) as picture:
        picture.load()
        assert (picture.format, picture.width, picture.height) == ("JPEG", photo.width, photo.height)
    return photo.state == "complete" and photo.received == photo.size == len(phone.data)


# -- whole, whatever the network does -----------------------------------------------------------------------------------------------


def test_a_photo_in_pieces(client, stranger, media_files):
    phone = Phone(client, noise())
    assert 3 * KB64 + 1 < len(phone.data) < 4 * KB64
    assert phone.send(KB64).json() == {"received": KB64, "state": "arriving"}
    assert client.get(phone.address).json() == {"received": KB64, "size": len(phone.data), "state": "arriving"}
    assert phone.send_all().json() == {"received": len(phone.data), "state": "complete"}
    assert is_whole(phone)
    photo = the_photo(phone)
    assert (photo.uploader, photo.path, photo.survey_uid, photo.survey) == (stranger, "house_photo", phone.survey, None)
    assert (photo.width, photo.height) == (640, 480)
    assert noise()[:100] not in media_files()[photo.file]
    event = audit.content_of(AuditEvent.objects.get())
    assert (event["action"], list(event["rows"])) == ("surveyphoto.arrived", [f"surveys.surveyphoto/{photo.pk}"])


@pytest.fixture
def media_files(settings, django_capture_on_commit_callbacks):
    """`media_files()`: {name: bytes} of what lies in the vault for surveys."""
    from pathlib import Path

    def read():
        root = Path(settings.MEDIA_ROOT)
        return {str(p.relative_to(root)): p.read_bytes() for p in (root / "surveys").rglob("*.enc")}

    return read


@pytest.mark.parametrize("near", [-1, 0, 1])
@pytest.mark.parametrize("boundary", range(0, 4 * KB64, KB64))
def test_cut_at_every_64_kb_and_resumed(client, boundary, near):
    """The network goes after some bytes of a request; the phone asks and goes on."""
    phone = Phone(client, noise())
    cut = min(max(boundary + near, 0), len(phone.data))
    while phone.at < cut:
        last = min(phone.at + KB64, len(phone.data))
        here = phone.data[phone.at : min(cut, last)]
        cut_short = {"wsgi.input": io.BytesIO(here), "CONTENT_LENGTH": str(last - phone.at)}
        phone.put(phone.at, b"", **cut_short)
        phone.at = client.get(phone.address).json()["received"]
    assert phone.at == cut
    assert phone.send_all().json()["state"] == "complete"
    assert is_whole(phone)


steps = st.lists(
    st.tuples(st.sampled_from(["on", "on", "on", "again", "ahead", "lost"]), st.integers(1, KB64)),
    min_size=1,
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_whatever_the_network_does_one_whole_photo(client, what_happens):
    """Pieces of any size, sent again, sent out of turn, answers lost: the bytes that stand are always a beginning of the photo."""
    phone = Phone(client, noise())
    for what, size in what_happens:
        before = phone.at
        match what:
            case "on":
                phone.send(before + size)
            case "again":
                response = phone.put(
                    max(before - size, 0), phone.data[max(before - size, 0) : before] or phone.data[:1]
                )
                phone.at = response.json()["received"]
            case "ahead" if before + 2 < len(phone.data):
                response = phone.put(before + 1, phone.data[before + 1 : before + 2])
                assert response.status_code == 409
                assert response.json()["received"] == before
            case "lost":  # the server has it, the phone does not know
                phone.put(before, phone.data[before : before + size])
        found = client.get(phone.address)
        phone.at = found.json()["received"] if found.status_code == 200 else 0
        if found.status_code == 200 and found.json()["state"] == "arriving" and phone.at:
            assert vault.get(the_photo(phone).file) == phone.data[: phone.at]
        if phone.at == len(phone.data):
            break
    if phone.at < len(phone.data):
        phone.send_all()
    assert is_whole(phone)
    assert phone.put(len(phone.data) - 5, phone.data[-5:]).json() == {"received": len(phone.data), "state": "complete"}
    assert is_whole(phone)
    assert SurveyPhoto.objects.filter(uid=phone.uid).count() == 1


def test_one_file_stays(client, media_files, django_capture_on_commit_callbacks):
    phone = Phone(client, noise())
    before = set(media_files())
    with django_capture_on_commit_callbacks(execute=True):
        phone.send_all()
    assert set(media_files()) - before == {the_photo(phone).file}


def test_a_piece_is_written_once(client):
    """What has been kept is not written again with each piece, however small they are."""
    phone = Phone(client, noise())
    phone.send(1000)
    name, step = the_photo(phone).file, 2000
    with vault.default_storage.open(name) as file:
        kept = file.read()
    for _n in range(20):
        phone.send(phone.at + step)
        assert the_photo(phone).file == name
        with vault.default_storage.open(name) as file:
            now = file.read()
        assert now.startswith(kept)
        assert len(now) - len(kept) < 1.5 * step
        kept = now
    assert phone.send_all().json()["state"] == "complete"
    assert is_whole(phone)


@pytest.mark.parametrize(
    "harm",
    ["rolled back", "torn", "torn in its first byte", "half of it lost", "all of it lost", "gone", "a byte changed"],
)
def test_a_crash_between_file_and_row(client, harm):
    """Pieces behind what the row says are written over; where fewer are there than it says, the phone begins anew."""
    phone = Phone(client, noise())
    phone.send(30_000)
    phone.send(60_000)
    storage, name = vault.default_storage, the_photo(phone).file
    with storage.open(name) as file:
        kept = file.read()
    first = kept.splitlines()[0]
    now = {
        "rolled back": kept + b"\n" + vault.cipher().encrypt(b"x" * 5000),
        "torn": kept + b"\n" + first[:500],
        "torn in its first byte": kept + b"\n",
        "half of it lost": first,
        "all of it lost": b"",
        "gone": None,
        "a byte changed": kept[:100] + b"A" + kept[101:] if kept[100:101] != b"A" else kept[:100] + b"B" + kept[101:],
    }[harm]
    storage.delete(name)
    if now is not None:
        storage.save(name, vault.ContentFile(now))
    response = phone.send(90_000)
    if harm in ("rolled back", "torn", "torn in its first byte"):
        assert (response.status_code, phone.at) == (200, 90_000)
    else:
        assert (response.status_code, response.json()["code"], phone.at) == (409, "damaged", 0)
    assert phone.send_all().json()["state"] == "complete"
    assert is_whole(phone)


def test_a_piece_whose_row_was_not_saved_is_sent_again(client, stranger):
    phone = Phone(client, noise())
    phone.send(30_000)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE surveys_surveyphoto ADD CONSTRAINT never CHECK (received < 50000) NOT VALID")
    with pytest.raises(IntegrityError), transaction.atomic():
        put_piece(
            uid=phone.uid, survey=phone.survey, path="house_photo", offset=30_000, size=len(phone.data), data=b"x" * 30_000,
            sha256=phone.claims["Sha256"], by=stranger,
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE surveys_surveyphoto DROP CONSTRAINT never")
    assert the_photo(phone).received == 30_000
    assert phone.send_all().json()["state"] == "complete"
    assert is_whole(phone)


def test_a_broken_save_leaves_no_file_behind(stranger, media_files):
    """The file is written before the row is saved; here the database refuses the row."""
    before, uid = set(media_files()), uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE surveys_surveyphoto ADD CONSTRAINT never CHECK (received = 0) NOT VALID")
    with pytest.raises(IntegrityError), transaction.atomic():
        put_piece(
            uid=uid, survey=uuid.uuid4(), path="house_photo", offset=0, size=2000, sha256="0" * 64, data=noise()[:1000], by=stranger
        )  # fmt: skip
    assert set(media_files()) == before
    assert not SurveyPhoto.objects.filter(uid=uid).exists()


def test_what_was_damaged_on_its_way_starts_again(client):
    phone = Phone(client, noise())
    phone.put(0, b"\0" * KB64)
    phone.at = KB64
    response = phone.send_all()
    assert (response.status_code, response.json()["code"], response.json()["received"]) == (409, "damaged", 0)
    assert phone.at == 0
    assert phone.send_all().json()["state"] == "complete"
    assert is_whole(phone)


# -- survey and photo meet ------------------------------------------------------------------------------------------------------------


def test_a_photo_of_a_survey_that_is_here(client, stranger, village):
    uid = uuid.uuid4()
    survey = SurveyFactory(
        surveyor=stranger, household__village=village, answers={"values": {"house_photo": [str(uid)]}, "members": []}
    )
    phone = Phone(client, noise(), uid=uid, survey=survey.uid)
    phone.send_all()
    assert the_photo(phone).survey == survey
    event = audit.content_of(AuditEvent.objects.get())
    assert (event["subject"], event["region_path"]) == (survey.subject, village.path)
    other = Phone(client, noise(), survey=survey.uid)  # one that the answers do not name
    other.send_all()
    assert the_photo(other).survey is None


# -- what is refused ------------------------------------------------------------------------------------------------------------------

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>"


def picture(kind, size=(40, 30)):
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind)
    return out.getvalue()


def png_bomb(side=30_000):
    """A small file that would be 2.7 GB of pixels."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        HTML,
        b"\xff\xd8\xff\xe0" + HTML,
        b"x",
        noise()[: len(noise()) // 2],
        picture("GIF"),
        picture("BMP"),
        picture("TIFF"),
        picture("WEBP"),
        png_bomb(),
        png_bomb(4100),
        picture("PNG")[:-30],
        b"%PDF-1.4 ...",
    ],
    ids=[
        "svg",
        "html",
        "html as jpeg",
        "x",
        "half",
        "gif",
        "bmp",
        "tiff",
        "webp",
        "bomb",
        "small bomb",
        "cut png",
        "pdf",
    ],
)
def test_what_is_no_photo(client, data, media_files, django_capture_on_commit_callbacks):
    before = set(media_files())
    phone = Phone(client, data)
    with django_capture_on_commit_callbacks(execute=True):
        response = phone.send_all()
    said = response.json()
    assert (response.status_code, said["state"], said["code"]) == (200, "refused", "not_a_photo")
    assert said["say"].endswith("。")
    photo = the_photo(phone)
    assert (photo.state, photo.file, photo.completed_at) == ("refused", "", None)
    assert set(media_files()) == before
    assert phone.put(0, data[:1]).json() == said | {"received": len(data)}
    assert audit.content_of(AuditEvent.objects.get())["action"] == "surveyphoto.refused"


def test_a_picture_that_is_one_and_a_page_at_once_is_only_the_picture(client):
    phone = Phone(client, picture("JPEG") + HTML)
    assert phone.send_all().json()["state"] == "complete"
    assert b"<script>" not in vault.get(the_photo(phone).file)


def test_a_signature_on_nothing_becomes_black_on_white(client):
    drawn = Image.new("RGBA", (60, 30), (0, 0, 0, 0))
    for x in range(10, 50):
        for y in range(12, 18):
            drawn.putpixel((x, y), (0, 0, 0, 255))
    out = io.BytesIO()
    drawn.save(out, "PNG")
    phone = Phone(client, out.getvalue(), path="signed")
    phone.send_all()
    with Image.open(io.BytesIO(vault.get(the_photo(phone).file))) as kept:
        assert min(kept.getpixel((2, 2))) > 240
        assert max(kept.getpixel((30, 15))) < 30


@pytest.mark.parametrize(
    ("claims", "piece", "status", "code"),
    [
        ({"Length": MOST_BYTES + 1}, b"x", 413, "too_large"),
        ({"Length": MOST_BYTES}, b"x" * (MOST_PIECE + 1), 413, "too_large"),
        ({"Length": 10}, b"x" * 11, 400, "malformed"),
        ({"Length": 10}, b"", 400, "malformed"),
        ({"Length": "ten"}, b"x", 400, "malformed"),
        ({"Length": -1}, b"x", 400, "malformed"),
        ({"Sha256": "xyz"}, b"x", 400, "malformed"),
        ({"Path": "../../etc"}, b"x", 400, "malformed"),
        ({"Path": ""}, b"x", 400, "malformed"),
        ({"Survey": "1"}, b"x", 400, "malformed"),
        ({"Length": "9" * 30}, b"x", 413, "too_large"),
        ({"Length": "1e3"}, b"x", 400, "malformed"),
        ({"Length": 0}, b"", 400, "malformed"),
        ({"Sha256": "0" * 63}, b"x", 400, "malformed"),
        ({"Path": "house_photo%00"}, b"x", 400, "malformed"),
        ({"Path": "%ed%a0%80"}, b"x", 400, "malformed"),
        ({"Path": "a/b/c"}, b"x", 400, "malformed"),
        ({"Path": "x" * 61}, b"x", 400, "malformed"),
    ],
)
def test_what_cannot_be_sent(client, claims, piece, status, code):
    response = Phone(client, noise(), **claims).put(0, piece)
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert response.json()["say"].endswith("。")
    assert not SurveyPhoto.objects.exists()
    assert audit.content_of(AuditEvent.objects.get())["note"].startswith(code)


@pytest.mark.parametrize(
    ("offset", "status", "code"),
    [(-1, 400, "malformed"), (1, 409, "offset"), ("9" * 30, 400, "malformed"), ("", 400, "malformed")],
)
def test_a_piece_that_belongs_elsewhere(client, offset, status, code):
    phone = Phone(client, noise())
    response = phone.put(offset, noise()[:100])
    assert (response.status_code, response.json()["code"]) == (status, code)
    if status == 409:
        assert response.json()["received"] == 0
    assert not SurveyPhoto.objects.filter(received__gt=0).exists()


@cache
def with_exif():
    """As a phone's camera writes it, with a place and a time; large enough that its EXIF is where bytes are changed."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = 6, "Xiaomi", 72.0
    exif[0x8825], exif[0x8769] = {1: "N", 2: (30.0, 20.0, 1.0)}, {0x9003: "2026:01:01 00:00:00"}
    out = io.BytesIO()
    Image.frombytes("RGB", (48, 32), random.Random(4).randbytes(48 * 32 * 3)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def test_a_camera_held_upright(client):
    phone = Phone(client, with_exif())
    assert phone.send_all().json()["state"] == "complete"
    assert (the_photo(phone).width, the_photo(phone).height) == (32, 48)
    assert b"Xiaomi" not in vault.get(the_photo(phone).file)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changed=st.dictionaries(st.integers(2, 330), st.integers(0, 255), min_size=1, max_size=12), cut=st.integers(0, 2000)
)
def test_bytes_that_a_camera_never_wrote(client, changed, cut):
    """A picture or none, said in a sentence: whatever Pillow raises on its way through the EXIF is not the phone's concern."""
    data = bytearray(with_exif())
    for place, byte in changed.items():
        data[place] = byte
    phone = Phone(client, bytes(data[: len(data) - cut]) or b"x")
    with transaction.atomic():
        response = phone.send_all()
        assert response.status_code == 200, response.content
        assert response.json()["state"] in ("complete", "refused")
        assert (response.json()["state"] == "complete") == bool(the_photo(phone).file)
        transaction.set_rollback(True)


def test_a_photo_of_somebody_else(client, client_as):
    mine = Phone(client, noise())
    mine.send(1000)
    other = Phone(client_as(UserFactory()), noise(), uid=mine.uid, survey=mine.survey)
    assert other.client.get(other.address).status_code == 404
    assert other.put(1000, noise()[1000:2000]).json()["code"] == "forged"
    assert the_photo(mine).received == 1000
    assert (
        Phone(client, noise(), uid=mine.uid).put(1000, noise()[1000:2000]).json()["code"] == "forged"
    )  # of another survey
    assert Phone(client, noise(), survey=SurveyFactory().uid).put(0, noise()[:10]).json()["code"] == "forged"


def test_the_same_number_for_another_photo(client):
    phone = Phone(client, noise())
    phone.send(1000)
    other = Phone(client, picture("JPEG"), uid=phone.uid, survey=phone.survey)
    response = other.put(0, other.data)
    assert (response.status_code, response.json()["code"]) == (422, "other_photo")


def test_no_more_than_a_survey_holds(client, stranger):
    survey = uuid.uuid4()
    SurveyPhotoFactory.create_batch(MOST_PHOTOS, survey=None, survey_uid=survey, uploader=stranger)
    response = Phone(client, noise(), survey=survey).send(100)
    assert (response.status_code, response.json()["code"]) == (413, "too_many")


def test_no_photo_yet(client):
    response = client.get(reverse("collect:api_photo", args=[uuid.uuid4()]))
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


def test_a_piece_costs_few_statements(client, count_queries):
    phone = Phone(client, noise())
    phone.send(1000)
    assert count_queries(lambda: phone.send(2000)) <= 6  # session, user, savepoint, row, update, release


def test_evidence_outlives_the_key_it_was_written_under(
    client, settings, media_files, django_capture_on_commit_callbacks
):
    phone = Phone(client, picture("JPEG"))
    phone.send_all()
    photo = the_photo(phone)
    before, kept = vault.get(photo.file), photo.file
    newest = Fernet.generate_key().decode()
    settings.FIELD_KEYS = [newest, *settings.FIELD_KEYS]
    for _n in range(2):  # a second run finds nothing to do
        with django_capture_on_commit_callbacks(execute=True):
            call_command("rotate_keys", stdout=io.StringIO())
    settings.FIELD_KEYS = [newest]
    photo.refresh_from_db()
    assert vault.get(photo.file) == before
    assert kept not in media_files()
    assert AuditEvent.objects.filter(action="keys.rotated", target=f"surveys.surveyphoto/{photo.pk}").count() == 1


def test_nobody_fills_the_disk_with_photos_of_no_survey(client, stranger, monkeypatch):
    monkeypatch.setattr("surveys.services.photos.MOST_LOOSE", 3)
    SurveyPhotoFactory.create_batch(3, survey=None, uploader=stranger)
    response = Phone(client, noise()).send(100)
    assert (response.status_code, response.json()["code"]) == (413, "too_many")
    survey = SurveyFactory(surveyor=stranger)
    assert Phone(client, noise(), survey=survey.uid).send(100).status_code == 200
