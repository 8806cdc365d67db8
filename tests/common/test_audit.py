"""The history cannot be rewritten, and whatever is changed past the verbs is named."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import json
import re
import threading
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone, translation
from PIL import Image

from common import audit, identity
from common.models import AuditEvent, AuditLink
from households import services
from households.models import AUDITED, Household, Member, Status
from tests.factories import CadreFactory, invented_id_number

pytestmark = pytest.mark.django_db


def close_chain():
    """What a commit does: the deferred trigger links the events written so far."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def tamper(sql, *params):
    """What somebody with the database's own password could do: every trigger is passed by."""
    close_chain()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        changed = cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")
    assert changed, "the test changed nothing"


def verdict():
    close_chain()
    return audit.verify(AUDITED)


def picture():
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (90, 120, 90)).save(out, "JPEG")
    return SimpleUploadedFile("photo.jpg", out.getvalue(), "image/jpeg")


@pytest.fixture
def file(official, village):
    """A household made and kept by the verbs alone, with a row in every audited table."""
    household = services.register_household(
        village=village, by=official, number="9900000001",
        householder={"name": "王建国", "sex": "1", "id_number": invented_id_number(), "phone": "19900001111"},
        facts={"phone": "19900002222", "bank_name": "示范银行", "bank_account": "6200000000000001234"},
    )  # fmt: skip
    services.correct_year(
        household=household, year=2025, by=official, facts={"main_cause": "01", "dwelling_area": Decimal("80.5")}
    )
    services.set_income(
        household=household,
        year=2025,
        by=official,
        lines={"wage.other": Decimal("12000"), "expense.business": Decimal("300.5")},
    )
    services.correct_member_year(
        member=household.members.get(), year=2025, by=official, facts={"labour": "01", "health": ["02", "03"]}
    )
    cadre = CadreFactory()
    audit.record("cadre.opened", by=official, target=cadre, rows=[cadre, cadre.unit])
    services.pair(household=household, cadre=cadre, by=official, starts_on=dt.date(2024, 1, 1))
    services.propose_status(
        household=household,
        by=official,
        to_status=Status.REGISTERED,
        effective_on=dt.date(2025, 1, 1),
        reason="收入低于标准",
    )
    services.add_photo(household=household, by=official, kind="dwelling", upload=picture())
    others = CadreFactory.create_batch(3)
    audit.record(
        "cadre.opened", by=official, target=others[0], rows=[row for each in others for row in (each, each.unit)]
    )
    services.declare_kin(household=household, cadre=others[0], relation="collateral", by=official)
    services.hand_over(giver=cadre, receiver=others[1], on=timezone.localdate(), reason="工作调动", by=official)
    services.set_pairing_rule(region=household.township.parent, by=official, most_ordinary=9)
    services.propose_matching(region=household.village, by=official)
    return Household.objects.get(pk=household.pk)


def test_a_household_kept_by_the_verbs_is_clean(file):
    found = verdict()
    assert found.ok, found.broken
    assert found.events == AuditEvent.objects.count() > 6
    assert found.rows == sum(model.objects.count() for model in AUDITED)
    assert all(model.objects.exists() for model in AUDITED), "the fixture must reach every audited table"


def test_corrections_removals_and_deleted_lines_stay_clean(file, official):
    services.set_income(
        household=file, year=2025, by=official, lines={"wage.other": None, "transfer.pension": Decimal("1200")}
    )
    services.correct_household(household=file, by=official, facts={"number": "9900000077", "phone": "19900003333"})
    member = services.add_member(
        household=file,
        by=official,
        facts={"name": "李秀英", "relation": "02", "sex": "2"},
        joined_on=dt.date(2025, 2, 1),
        joined_reason="marriage",
    )
    services.remove_member(member=member, by=official, left_on=dt.date(2025, 3, 1), left_reason="move_out")
    assert verdict().ok


# -- append-only ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["common_auditevent", "common_auditlink"])
@pytest.mark.parametrize("statement", ["UPDATE {0} SET subject = 'x'", "DELETE FROM {0}", "TRUNCATE {0}"])
def test_the_database_refuses_to_rewrite_history(table, statement, file):
    close_chain()
    with connection.cursor() as cursor:  # the tests switch this one trigger off to be able to empty tables
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER audit_no_truncate")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table))
    assert verdict().ok


def test_the_orm_is_refused_too(file):
    close_chain()
    event = AuditEvent.objects.order_by("pk").first()
    event.note = "x"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        event.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEvent.objects.all().delete()


# -- one changed byte -------------------------------------------------------------------------------------------------------------

CHANGES = {
    "household": "UPDATE households_household SET address = address || 'x'",
    "member": "UPDATE households_member SET name = '王建囯'",
    "member's relation": "UPDATE households_member SET relation = '02'",
    "annual record": "UPDATE households_householdyear SET dwelling_area = 80.51",
    "member's year": "UPDATE households_memberyear SET health = '{02}'",
    "income line": "UPDATE households_incomeline SET amount = 12000.01 WHERE item = 'wage.other'",
    "status": "UPDATE households_household SET status = 'registered'",
    "status change": "UPDATE households_statuschange SET effective_on = '2025-01-02'",
    "pairing": "UPDATE households_pairing SET goal = '.'",
    "photo": "UPDATE households_photo SET sha256 = reverse(sha256)",
    "encrypted number": "UPDATE households_member SET id_number = overlay(id_number placing CASE substr(id_number, 40, 1) WHEN 'A' THEN 'B' ELSE 'A' END from 40)",
    "encrypted account": "UPDATE households_household SET bank_account = phone",
    "emptied secret": "UPDATE households_member SET phone = ''",
}


@pytest.mark.parametrize("what", CHANGES)
def test_one_changed_byte_in_a_row_is_found(what, file):
    tamper(CHANGES[what])
    broken = verdict().broken
    assert broken
    event = AuditEvent.objects.get(pk=broken["event"])
    assert broken["row"] in json.loads(event.body)["rows"]
    later = AuditEvent.objects.filter(pk__gt=event.pk)
    assert not any(broken["row"] in json.loads(e.body)["rows"] for e in later), "the last event of the row is named"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE common_auditevent SET body = replace(body, '12000', '12001') WHERE id = %s",
        "UPDATE common_auditevent SET actor = 'nobody' WHERE id = %s",
        "UPDATE common_auditevent SET action = 'x' WHERE id = %s",
        "UPDATE common_auditevent SET subject = 'household/0' WHERE id = %s",
        "UPDATE common_auditevent SET region_path = '' WHERE id = %s",
        "UPDATE common_auditevent SET at = at + interval '1 microsecond' WHERE id = %s",
        "DELETE FROM common_auditevent WHERE id = %s",
        "UPDATE common_auditlink SET hash = sha256(hash) WHERE event_id = %s",
        "UPDATE common_auditlink SET previous = sha256(previous) WHERE event_id = %s",
        "UPDATE common_auditlink SET subject_previous = sha256(subject_previous) WHERE event_id = %s",
        "UPDATE common_auditlink SET subject = '' WHERE event_id = %s",
    ],
)
def test_one_changed_byte_in_the_trail_names_that_event(sql, file):
    close_chain()
    target = AuditEvent.objects.get(action="income.corrected").pk
    tamper(sql, target)
    assert verdict().broken["event"] == target


def test_a_link_cut_out_is_noticed_at_the_next_one(file):
    close_chain()
    gone = AuditEvent.objects.get(action="income.corrected").pk
    tamper("DELETE FROM common_auditlink WHERE event_id = %s", gone)
    broken = verdict().broken
    assert broken["event"] == AuditEvent.objects.filter(pk__gt=gone).order_by("pk").first().pk
    assert broken["why"]


def test_an_event_slipped_in_without_a_link_is_found(file):
    tamper(
        "INSERT INTO common_auditevent (action, actor, target, subject, region_path, at, request_id, body)"
        " SELECT action, actor, target, subject, region_path, at, request_id, body FROM common_auditevent LIMIT 1"
    )
    assert verdict().broken["event"] == AuditEvent.objects.order_by("-pk").first().pk


def test_cutting_off_the_newest_events_leaves_rows_without_record(file):
    newest = AuditEvent.objects.order_by("-pk").first().pk
    tamper("DELETE FROM common_auditlink WHERE event_id = %s", newest)
    tamper("DELETE FROM common_auditevent WHERE id = %s", newest)
    assert not verdict().ok


def test_the_first_of_two_broken_events_is_named(file):
    close_chain()
    first, second = AuditEvent.objects.filter(action__in=["income.corrected", "photo.added"]).order_by("pk")
    for pk in (second.pk, first.pk):
        tamper("UPDATE common_auditevent SET body = body || ' ' WHERE id = %s", pk)
    assert verdict().broken["event"] == first.pk


def test_a_row_deleted_or_added_past_the_verbs_is_found(file):
    line = file.years.get().lines.get(item="wage.other")
    tamper("DELETE FROM households_incomeline WHERE id = %s", line.pk)
    assert verdict().broken["row"] == audit.row_key(line)


def test_a_row_added_past_the_verbs_is_found(file):
    tamper(
        "INSERT INTO households_incomeline (household_year_id, item, amount, note, source)"
        " SELECT household_year_id, 'wage.post', 1, '', 'page' FROM households_incomeline LIMIT 1"
    )
    assert verdict().broken["row"].startswith("households.incomeline/")


# -- what an event holds ----------------------------------------------------------------------------------------------------------


def test_no_event_holds_a_full_number(file, official):
    for text in ("19900001111", "19900002222", "6200000000000001234", file.members.get().id_number.reveal()):
        assert not AuditEvent.objects.filter(body__contains=text).exists()
    services.correct_household(household=file, by=official, facts={"phone": "19900004444"})
    changes = audit.content_of(AuditEvent.objects.order_by("pk").last())["changes"]
    assert changes == {"phone_masked": ["199****2222", "199****4444"]}


def test_events_carry_the_request_and_the_actor(file, official, client_as):
    event = AuditEvent.objects.order_by("pk").first()
    assert (event.actor, event.target, event.subject) == ("official", f"households.household/{file.pk}", file.subject)
    assert event.region_path == "1/2/11/30/300/"
    token = audit.request_id.set("0123456789abcdef")
    try:
        services.correct_household(household=file, by=official, facts={"hamlet": "三组"})
    finally:
        audit.request_id.reset(token)
    assert AuditEvent.objects.order_by("pk").last().request_id == "0123456789abcdef"


def test_a_verb_that_changes_nothing_leaves_no_event(file, official):
    before = AuditEvent.objects.count()
    services.correct_household(household=file, by=official, facts={"bank_name": "示范银行"})
    assert AuditEvent.objects.count() == before


def test_a_failed_verb_leaves_no_event(file, official):
    before = AuditEvent.objects.count()
    with pytest.raises(services.LedgerError):
        services.propose_status(
            household=file, by=official, to_status=Status.MARGINAL, effective_on=dt.date(2025, 5, 1), reason="再次"
        )
    assert AuditEvent.objects.count() == before


def test_each_household_has_a_chain_of_its_own(file, official, village):
    other = services.register_household(village=village, by=official, householder={"name": "李四"})
    services.correct_household(household=file, by=official, facts={"hamlet": "一组"})
    services.correct_household(household=other, by=official, facts={"hamlet": "二组"})
    close_chain()
    for household in (file, other):
        links = list(AuditLink.objects.filter(subject=household.subject).order_by("seq"))
        assert len(links) > 1
        assert bytes(links[0].subject_previous) == b""
        for earlier, later in zip(links, links[1:], strict=False):
            assert bytes(later.subject_previous) == bytes(earlier.hash)


def test_a_digest_forgets_empty_values_and_nothing_else(file):
    digest = audit.row_digest(file)
    assert audit.row_digest(Household.objects.get(pk=file.pk)) == digest
    file.hamlet = ""
    file.is_military = None
    assert audit.row_digest(file) == digest
    file.is_military = True
    assert audit.row_digest(file) != digest


# -- two writers --------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_open_transactions_chain_in_the_order_they_commit(land):
    subject = "household/1"
    first_wrote, second_done, failures = threading.Event(), threading.Event(), []

    def slow_writer():
        try:
            with transaction.atomic():
                audit.record("test.first", by="a", target="x/1", subject=subject)
                first_wrote.set()
                assert second_done.wait(20)
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    assert first_wrote.wait(20)
    with transaction.atomic():  # does not wait for the other's work
        audit.record("test.second", by="b", target="x/2", subject=subject)
    second_done.set()
    thread.join(20)
    assert not failures
    assert audit.verify(()).ok
    actions = dict(AuditEvent.objects.values_list("pk", "action"))
    assert [actions[link.event_id] for link in AuditLink.objects.order_by("seq")] == ["test.second", "test.first"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_eight_writers_make_one_chain(land):
    failures = []

    def writer(n):
        try:
            for turn in range(10):
                with transaction.atomic():
                    audit.record(f"test.turn{turn}", by=f"w{n}", target=f"x/{n}", subject=f"household/{n % 3}")
        except BaseException as error:  # noqa: BLE001
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=writer, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    found = audit.verify(())
    assert found.ok, found.broken
    assert found.events == 80


# -- the command ------------------------------------------------------------------------------------------------------------------


def run(*options):
    out = io.StringIO()
    try:
        call_command("verify_history", *options, stdout=out, stderr=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_the_command_says_clean_in_words_and_in_json(file):
    close_chain()
    code, text = run()
    assert code == 0
    assert "没有发现" in text
    code, text = run("--json")
    assert code == 0
    assert json.loads(text) == {
        "ok": True,
        "events": AuditEvent.objects.count(),
        "rows": audit.verify(audit.vouched()).rows,
        "files": 1,
        "broken": {},
    }


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize(("harm", "why"), [("delete", "照片文件不见了"), ("alter", "照片文件被改过，与记录的摘要不符")])
def test_the_command_reads_every_photo(harm, why, removed, file, official):
    photo = file.photos.get()
    if removed:
        services.remove_photo(photo=photo, by=official)
    close_chain()
    storage, name = photo.file.storage, photo.file.name
    with storage.open(name) as stored:
        data = stored.read()
    storage.delete(name)
    if harm == "alter":
        storage.save(name, ContentFile(data[:-1] + b"x"))
    code, text = run("--json")
    assert code == 1
    broken = json.loads(text)["broken"]
    assert (broken["why"], broken["row"]) == (why, f"households.photo/{photo.pk}")
    assert broken["action"] == ("photo.removed" if removed else "photo.added")
    code, text = run()
    assert code == 1
    assert why in text
    assert f"households.photo/{photo.pk}" in text
    assert run("--no-files")[0] == 0


TAMPERINGS = {
    "an event's body": "UPDATE common_auditevent SET body = body || ' ' WHERE action = 'photo.added'",
    "an event's column": "UPDATE common_auditevent SET actor = 'nobody' WHERE action = 'photo.added'",
    "an event": "DELETE FROM common_auditevent WHERE action = 'photo.added'",
    "a link": "DELETE FROM common_auditlink WHERE seq = 2",
    "the last link": "DELETE FROM common_auditlink WHERE seq = (SELECT max(seq) FROM common_auditlink)",
    "a row": "UPDATE households_member SET name = '王建囯'",
    "a secret": "UPDATE households_member SET phone = ''",
    "a row gone": "DELETE FROM households_incomeline",
    "a row of nowhere": "INSERT INTO households_incomeline (household_year_id, item, amount, source, note)"
    " SELECT household_year_id, 'wage.local', 1, '', '' FROM households_incomeline LIMIT 1",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_every_finding_has_its_english(what, file):
    tamper(TAMPERINGS[what])
    with translation.override("en"):
        code, text = run()
    assert code == 1
    assert "First mismatch" in text
    assert not re.search("[\u3000-\uffef\u4e00-\u9fff]", text.replace("王建国", "")), text


def test_the_command_names_the_first_broken_event(file):
    tamper("UPDATE households_member SET name = '王建囯'")
    code, text = run()
    assert code == 1
    assert "household.registered" in text
    assert f"households.member/{file.members.get().pk}" in text
    code, text = run("--json")
    assert code == 1
    answer = json.loads(text)
    assert answer["ok"] is False
    assert answer["broken"]["row"] == f"households.member/{file.members.get().pk}"


def test_rotating_keys_leaves_the_history_clean(file, settings):
    from cryptography.fernet import Fernet

    settings.FIELD_KEYS = [Fernet.generate_key().decode(), *settings.FIELD_KEYS]
    call_command("rotate_keys", stdout=io.StringIO())
    assert verdict().ok
    settings.FIELD_KEYS = settings.FIELD_KEYS[:1]  # the old key is gone
    assert verdict().ok
    assert Member.objects.get().phone.reveal() == "19900001111"


def test_older_masks_of_certificates_are_made_again_with_an_event(file, official):
    """Rows of a version that masked a certificate by its own end; one of them was altered past the verbs and stays as it is."""
    body = "99901219700808901"
    numbers = [
        body + identity.check_digit(body) + "43",
        "99901219700808903" + identity.check_digit("99901219700808903") + "32",
    ]
    members = [
        services.add_member(
            household=file, by=official, joined_on=dt.date(2025, 2, 1), joined_reason="marriage",
            facts={"name": name, "relation": "99", "sex": "1", "id_number": number},
        )
        for name, number in zip(("李一", "李二"), numbers, strict=True)
    ]  # fmt: skip
    for member, number in zip(members, numbers, strict=True):
        member.id_masked = number[:4] + "*" * 12 + number[-4:]
        member.save(update_fields=["id_masked"])
        audit.record("member.corrected", by=official, target=member, subject=file.subject, rows=[member])
    assert verdict().ok
    tamper("UPDATE households_member SET name = '李三' WHERE id = %s", members[1].pk)
    migration = importlib.import_module("households.migrations.0006_certificates_masked_by_id_number")
    migration.mask_again(apps, None)
    masks = list(
        Member.objects.filter(pk__in=[m.pk for m in members]).order_by("pk").values_list("id_masked", flat=True)
    )
    assert masks == [numbers[0][:4] + "*" * 10 + numbers[0][14:18] + "**", members[1].id_masked]
    found = verdict()
    assert found.broken["row"] == f"households.member/{members[1].pk}"
    tamper("UPDATE households_member SET name = '李二' WHERE id = %s", members[1].pk)
    assert verdict().ok
