"""Numbers of people: masked where shown, encrypted where stored, found by a keyed hash, gone from every accident."""

from __future__ import annotations

import copy
import io
import logging
import pickle

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core import serializers
from django.core.management import CommandError, call_command

from common import pii
from common.models import AuditEvent
from households.models import Member
from tests.factories import MemberFactory, UserFactory, invented_id_number

NUMBER = "999012197001010013"


@pytest.mark.parametrize(
    ("mask", "plain", "shown"),
    [
        (pii.mask_id, "99901219700101002X", "9990**********002X"),
        (pii.mask_id, "99901219700101002X43", "9990**********002X**"),
        (pii.mask_id, "12345678", "********"),
        (pii.mask_id, "", ""),
        (pii.mask_phone, "19900001234", "199****1234"),
        (pii.mask_phone, "1234567", "*******"),
        (pii.mask_account, "6200123412341234567", "***************4567"),
        (pii.mask_account, "1234", "****"),
    ],
)
def test_masks(mask, plain, shown):
    assert mask(plain) == shown
    assert len(shown) == len(plain)


def test_two_tokens_of_one_text_differ_and_both_open():
    one, two = pii.encrypt(NUMBER), pii.encrypt(NUMBER)
    assert one != two
    assert NUMBER not in one
    assert pii.decrypt(one) == pii.decrypt(two) == NUMBER


def test_one_changed_character_does_not_open():
    token = pii.encrypt(NUMBER)
    spoilt = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]
    with pytest.raises(InvalidToken):
        pii.decrypt(spoilt)


def test_the_hash_is_keyed_and_of_one_kind(settings):
    own = pii.lookup_hash("id", NUMBER)
    assert own == pii.lookup_hash("id", NUMBER)
    assert own != pii.lookup_hash("phone", NUMBER)
    assert len(own) == 22
    assert pii.lookup_hash("id", "") == ""
    settings.LOOKUP_KEY = "another"
    assert pii.lookup_hash("id", NUMBER) != own


def test_a_sealed_number_has_its_three_columns():
    secret, found_by, shown = pii.seal_phone("19900001234")
    assert secret.reveal() == "19900001234"
    assert found_by == pii.lookup_hash("phone", "19900001234")
    assert shown == "199****1234"
    empty = pii.seal_account("")
    assert (bool(empty.secret), empty.hash, empty.masked) == (False, "", "")


def test_a_disability_certificate_is_the_same_person_as_the_id_number():
    assert pii.seal_id_number(NUMBER + "43", NUMBER).hash == pii.seal_id_number(NUMBER).hash


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        lambda s: f"{s!r:>10}",
        lambda s: "%s" % s,  # noqa: UP031
        lambda s: str([s]),
        lambda s: str({"id": s}),
        lambda s: str(vars(type("Row", (), {"secret": s}))),
        lambda s: str(copy.copy(s)),
    ],
)
def test_a_secret_never_prints(show):
    secret = pii.seal_id_number(NUMBER).secret
    text = show(secret)
    assert NUMBER not in text
    assert secret.token not in text


def test_a_secret_is_not_logged(caplog):
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").info("member %s", pii.seal_id_number(NUMBER).secret)
    assert NUMBER not in caplog.text


def test_a_pickled_secret_holds_no_plain_text():
    assert NUMBER.encode() not in pickle.dumps(pii.seal_id_number(NUMBER).secret)


@pytest.mark.django_db
def test_the_table_holds_no_plain_text():
    number = invented_id_number()
    member = MemberFactory(id_text=number, phone_text="19900001234")
    stored = str(list(Member.objects.extra(select={"raw": "id_number", "p": "phone"}).values_list("raw", "p")))  # noqa: S610
    assert number not in stored
    assert "19900001234" not in stored
    fresh = Member.objects.get(pk=member.pk)
    assert fresh.id_number.reveal() == number
    assert Member.objects.filter(id_hash=pii.lookup_hash("id", number)).get() == member
    assert number not in serializers.serialize("json", [fresh])


@pytest.mark.django_db
def test_saving_again_keeps_the_token():
    member = Member.objects.get(pk=MemberFactory().pk)
    token = member.id_number.token
    member.save()
    assert Member.objects.get(pk=member.pk).id_number.token == token


@pytest.mark.django_db
class TestRotation:
    def rotate(self):
        out = io.StringIO()
        call_command("rotate_keys", stdout=out)
        return out.getvalue()

    def test_every_secret_opens_with_the_new_key_alone(self, settings):
        members = MemberFactory.create_batch(3, phone_text="19900001234")
        UserFactory(phone="19900005678")
        before = {m.pk: m.id_number.reveal() for m in members}
        new = Fernet.generate_key().decode()
        settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
        assert " 7 " in self.rotate()
        settings.FIELD_KEYS = [new]
        assert {m.pk: m.id_number.reveal() for m in Member.objects.all()} == before
        assert AuditEvent.objects.filter(action="keys.rotated").count() == 3
        assert not AuditEvent.objects.filter(body__contains="19900001234").exists()

    def test_a_second_run_changes_nothing(self, settings):
        MemberFactory()
        settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
        self.rotate()
        token = Member.objects.get().id_number.token
        assert " 0 " in self.rotate()
        assert Member.objects.get().id_number.token == token

    def test_a_lost_key_is_named_with_the_row(self, settings):
        member = MemberFactory()
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(CommandError, match=f"households.member/{member.pk} "):
            self.rotate()
