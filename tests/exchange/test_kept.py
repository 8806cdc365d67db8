"""What a preview has read is used by the write that follows, and never when anything it depended on is another."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone, translation

from common import audit, vault
from exchange import files, kept, services
from exchange.models import ImportBatch
from households.models import AUDITED, Household, Member
from regions.models import Region
from tests.data import national
from tests.exchange.conftest import Steps

pytestmark = pytest.mark.django_db


def run(batch, by, *, write=True):
    return services.run_import(batch, by=by, write=write, run=Steps())


@pytest.fixture
def previewed(bring_in, officer):
    return bring_in(national.workbook(23, quirks=True), officer, write=False)


def lose_the_upload(batch):
    """From here on only what is kept can be imported."""
    vault.remove(batch.file)


def everything():
    return [
        list(Household.objects.order_by("number").values_list("number", "householder_name", "village", "status", "phone_hash")),
        list(Member.objects.order_by("id_hash").values_list("name", "id_hash", "relation", "birth_date", "pinyin")),
    ]  # fmt: skip


def test_a_write_does_not_read_the_file_again(previewed, officer):
    lose_the_upload(previewed)
    batch = run(previewed, officer)
    assert batch.state == ImportBatch.State.APPLIED
    assert Household.objects.count() == batch.households_created == 23
    assert batch.lines_total == 1, "the counts of lines come with what was kept"
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert audit.verify(AUDITED).ok


def test_kept_and_read_anew_are_the_same_import(bring_in, officer, previewed, settings):
    receipt = run(previewed, officer).receipt()
    found = everything()
    services.undo_batch(batch=previewed, by=officer)
    assert not Household.objects.exists()
    again = bring_in(national.workbook(23, quirks=True), officer, write=False)
    kept.forget(again)
    assert run(again, officer).receipt() == receipt
    assert everything() == found


def test_a_missing_one_is_simply_read_again(previewed, officer):
    kept.forget(previewed)
    assert run(previewed, officer).households_created == 23


@pytest.mark.parametrize("change", ["file", "mapping", "year", "day", "language", "program"])
def test_one_of_anything_else_is_not_used(change, previewed, officer, monkeypatch, time_machine_day):
    assert kept.find(previewed) is not None
    if change == "file":
        previewed.sha256 = "0" * 64
    elif change == "mapping":
        previewed.tables[0]["columns"][9]["key"] = "-"
    elif change == "year":
        previewed.year += 1
    elif change == "day":
        time_machine_day(1)
    elif change == "program":
        monkeypatch.setattr(kept, "CODE", "another version")
    with translation.override("en" if change == "language" else "zh-hans"):
        assert kept.find(previewed) is None


@pytest.fixture
def time_machine_day(monkeypatch):
    """`time_machine_day(n)`: it is n days later."""

    def move(days):
        import datetime as dt

        later = timezone.localdate() + dt.timedelta(days=days)
        monkeypatch.setattr(timezone, "localdate", lambda *args, **kwargs: later)

    return move


def test_another_mapping_is_what_counts(bring_in, officer, sheet):
    family = national.families_with_everything(1)[0]
    rows = [
        dict(zip(national.FAMILY_A, national.cells_a(1, national.Place(), family, who), strict=True)) | {"房子多大": 88}
        for who in family.members
    ]
    batch = bring_in(sheet(rows), officer, write=False)  # the unknown column is left out
    at = next(n for n, column in enumerate(batch.tables[0]["columns"]) if column["heading"] == "房子多大")
    batch = services.map_headings(batch=batch, choices={(0, at): "year.dwelling_area"}, year=2026, by=officer)
    run(batch, officer, write=False)
    run(batch, officer)
    assert Household.objects.get().years.get().dwelling_area == 88


@pytest.mark.parametrize("damage", ["torn", "forged", "cut short"])
def test_a_damaged_one_is_read_again(damage, previewed, officer):
    name = kept._name(previewed) + ".enc"
    with default_storage.open(name) as stored:
        data = stored.read()
    vault.remove(name)
    wrong = {"torn": data[:-9], "forged": data[:200] + b"AAAA" + data[204:], "cut short": data.splitlines()[0]}[damage]
    default_storage.save(name, ContentFile(wrong))
    assert kept.find(previewed) is None
    assert run(previewed, officer).households_created == 23


def test_the_ledger_and_the_region_tree_are_asked_anew(previewed, officer, bring_in, land):
    families = national.families_with_everything(23)
    bring_in(national.workbook(families=families[:5]), officer)  # somebody was quicker
    Region.objects.filter(pk=land.village.pk).update(name="改了名的村")
    lose_the_upload(previewed)
    batch = run(previewed, officer)
    assert batch.households_created == 0
    assert batch.households_held == 23
    assert Household.objects.count() == 5
    assert "区划表中没有" in batch.rows.first().detail["problem"]


def test_it_is_encrypted_and_goes_when_its_batch_does(previewed, officer, django_capture_on_commit_callbacks):
    name = kept._name(previewed) + ".enc"
    with default_storage.open(name) as stored:
        assert stored.read(6) == b"gAAAAA"  # a Fernet token
    with django_capture_on_commit_callbacks(execute=True):
        run(previewed, officer)
    assert not default_storage.exists(name), "after the write nobody needs it"


def test_a_discarded_upload_takes_it_along(previewed, officer):
    name = kept._name(previewed) + ".enc"
    assert default_storage.exists(name)
    files.discard(previewed)
    assert not default_storage.exists(name)


def test_a_small_file_is_read_at_its_upload(officer, land):
    batch = services.upload_batch(data=national.workbook(7), filename="名单.xlsx", by=officer, year=2026)
    lose_the_upload(batch)
    batch = run(batch, officer, write=False)
    assert (batch.state, batch.households_created) == (ImportBatch.State.PREVIEWED, 7)
