"""Phones: the key of their drafts in trust, to nobody but their user; a lost one is revoked."""

from __future__ import annotations

import base64
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import signed_in
from common.models import AuditEvent
from surveys.models import Device, Survey
from tests.factories import DeviceFactory, SurveyFormFactory, UserFactory, survey_body, survey_op

pytestmark = pytest.mark.django_db
KEY = base64.b64encode(b"k" * 32).decode()


def post(client, name, body, *args):
    return client.post(reverse(f"collect:{name}", args=args), body, content_type="application/json")


def register(client, uid=None, key=KEY, label="红米"):
    return post(client, "api_devices", {"device": str(uid or uuid.uuid4()), "label": label, "key": key})


def code(response):
    assert response.json()["say"].endswith("。")
    return response.status_code, response.json()["code"]


@pytest.fixture
def client(client_as, clerk):
    return client_as(clerk)


class TestRegister:
    def test_once_and_again(self, client, clerk):
        uid = uuid.uuid4()
        assert register(client, uid).json() == {"device": str(uid), "label": "红米"}
        assert register(client, uid).status_code == 200
        device = Device.objects.get()
        assert (device.user, device.label, device.revoked_at) == (clerk, "红米", None)
        assert KEY not in device.draft_key.token
        assert [e.action for e in AuditEvent.objects.all()] == ["device.registered"]
        assert KEY not in AuditEvent.objects.get().body

    def test_another_key_would_lose_its_drafts(self, client):
        uid = uuid.uuid4()
        register(client, uid)
        assert code(register(client, uid, base64.b64encode(b"x" * 32).decode())) == (422, "other_device")
        assert Device.objects.get().draft_key.reveal() == KEY

    def test_somebody_elses(self, client, client_as, resident):
        uid = uuid.uuid4()
        register(client, uid)
        assert code(register(client_as(resident), uid)) == (422, "other_device")

    @pytest.mark.parametrize("key", ["", "x", None, 5, base64.b64encode(b"short").decode(), KEY + "!"])
    def test_what_is_no_key(self, client, key):
        assert code(register(client, key=key)) == (400, "malformed")
        assert not Device.objects.exists()

    def test_not_more_than_somebody_has(self, client, clerk):
        DeviceFactory.create_batch(10, user=clerk)
        DeviceFactory(user=clerk, revoked=True)
        assert code(register(client)) == (413, "too_many")
        assert Device.objects.count() == 11


PASSWORD = "清明上河图第七卷"


@pytest.fixture
def log_in(clerk):
    """Through the form, as whoever knows the password does; so many minutes ago."""
    clerk.set_password(PASSWORD)
    clerk.save()

    def come_in(minutes=0):
        client = Client()
        answer = client.post(reverse("accounts:login"), {"username": clerk.username, "password": PASSWORD})
        assert answer.status_code == 302
        session = client.session
        session[signed_in.KEY] -= minutes * 60
        session.save()
        return client

    return come_in


class TestKey:
    def test_back_to_its_user_and_on_record(self, log_in):
        client, uid = log_in(), uuid.uuid4()
        register(client, uid)
        assert post(client, "api_device_key", {}, uid).json() == {"key": KEY}
        assert AuditEvent.objects.latest("pk").action == "device.key_returned"

    @pytest.mark.parametrize(("minutes", "status"), [(14, 200), (16, 422), (700, 422), (-5, 422)])
    def test_an_open_session_is_worth_no_key(self, log_in, minutes, status):
        uid = uuid.uuid4()
        register(log_in(), uid)  # a log-in elsewhere, now, opens nothing here
        client = log_in(minutes)
        log_in()
        answer = post(client, "api_device_key", {}, uid)
        assert answer.status_code == status
        if status != 200:
            assert code(answer) == (422, "log_in")
            event = AuditEvent.objects.latest("pk")
            assert (event.action, "log_in" in event.body) == ("sync.refused", True)
            assert KEY not in answer.content.decode() + event.body

    def test_not_to_a_session_of_which_nobody_knows_when_it_began(self, client):
        uid = uuid.uuid4()
        register(client, uid)
        assert code(post(client, "api_device_key", {}, uid)) == (422, "log_in")

    def test_to_nobody_else(self, client, client_as, officer, official):
        uid = uuid.uuid4()
        register(client, uid)
        for user in (officer, official):
            assert code(post(client_as(user), "api_device_key", {}, uid)) == (404, "not_found")

    def test_not_from_one_that_is_revoked(self, client, clerk):
        device = DeviceFactory(user=clerk, revoked=True)
        assert code(post(client, "api_device_key", {}, device.uid)) == (403, "device_revoked")


class TestRevoked:
    def test_no_pack_and_no_upload(self, client, clerk, household):
        device = DeviceFactory(user=clerk, revoked=True)
        assert code(post(client, "api_pack", {"device": str(device.uid)})) == (403, "device_revoked")
        body = survey_body(
            household, SurveyFormFactory(), members={household.members.get().uid: {"name": "王", "relation": "01"}}
        )
        sent = {"device": str(device.uid), "waiting": 1, "ops": [survey_op(body)]}
        assert code(post(client, "api_ops", sent)) == (403, "device_revoked")
        assert not Survey.objects.exists()
        assert code(register(client, device.uid, device.draft_key)) == (403, "device_revoked")

    def test_one_that_is_not_known_or_somebody_elses(self, client):
        for uid in (uuid.uuid4(), DeviceFactory().uid):
            assert code(post(client, "api_pack", {"device": str(uid)})) == (403, "device_unknown")
        assert code(post(client, "api_pack", {})) == (400, "malformed")

    def test_what_a_phone_still_holds(self, client, clerk, household):
        device = DeviceFactory(user=clerk)
        body = survey_body(
            household, SurveyFormFactory(), members={household.members.get().uid: {"name": "王", "relation": "01"}}
        )
        assert (
            post(client, "api_ops", {"device": str(device.uid), "waiting": 3, "ops": [survey_op(body)]}).status_code
            == 200
        )
        device.refresh_from_db()
        assert device.waiting == 2
        assert (timezone.now() - device.seen_at).total_seconds() < 60


class TestPages:
    def test_one_sees_ones_own_and_an_officer_those_of_the_area(
        self, client_as, land, clerk, officer, official, resident
    ):
        mine, other, far = (
            DeviceFactory(user=clerk, label="我的手机"),
            DeviceFactory(user=resident),
            DeviceFactory(user=UserFactory(home=land.other_village)),
        )
        for user, seen in ((clerk, {mine}), (resident, {other}), (officer, {mine, other}), (official, {mine, other})):
            assert set(Device.objects.for_user(user)) == seen
            page = client_as(user).get(reverse("surveys:device_list")).content.decode()
            assert ("我的手机" in page) == (mine in seen)
            assert page.count("停用</a>") == len(seen)
        assert not Device.objects.for_user(UserFactory(is_active=False)).exists()
        assert far not in Device.objects.for_user(official)

    def test_revoking(self, client_as, officer, clerk):
        device = DeviceFactory(user=clerk, waiting=3)
        address = reverse("surveys:device_revoke", args=[device.pk])
        client = client_as(officer)
        assert "3 条没有上传" in client.get(address).content.decode()
        page = client.post(address, follow=True).content.decode()
        assert "已停用" in page
        device.refresh_from_db()
        assert device.revoked_at is not None
        event = AuditEvent.objects.get(action="device.revoked")
        assert event.actor == "officer"
        client.post(address)
        assert AuditEvent.objects.filter(action="device.revoked").count() == 1

    def test_the_key_is_on_no_page(self, client_as, clerk):
        device = DeviceFactory(user=clerk, draft_key=KEY)
        client = client_as(clerk)
        for name, args in (("surveys:device_list", []), ("surveys:device_revoke", [device.pk])):
            assert KEY not in client.get(reverse(name, args=args)).content.decode()
