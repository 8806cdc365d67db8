"""The import pages, as a township officer uses them."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common import jobs, vault
from exchange.models import ImportBatch
from exchange.services import upload_batch
from households.models import Household
from tests.data import national
from tests.exchange.conftest import Steps

pytestmark = pytest.mark.django_db


def upload(client, data, name="名单.xlsx", **extra):
    return client.post(reverse("exchange:batch_new"), {"file": SimpleUploadedFile(name, data), **extra})


def work(batch):
    """What a worker does with the batch's job."""
    batch.refresh_from_db()
    jobs.run(batch.job_id)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def officer_client(client_as, officer):
    return client_as(officer)


def test_upload_preview_apply_undo(officer_client, land):
    answer = upload(officer_client, national.workbook(12))
    batch = ImportBatch.objects.get()
    assert answer["Location"] == reverse("exchange:batch_detail", args=[batch.pk])
    assert "停止" in officer_client.get(answer["Location"]).content.decode()
    assert work(batch).state == "previewed"
    assert not Household.objects.exists()
    page = officer_client.get(answer["Location"]).content.decode()
    assert "还没有写入台账" in page
    assert "写入台账</button>" in page
    officer_client.post(reverse("exchange:batch_apply", args=[batch.pk]))
    assert work(batch).state == "applied"
    assert Household.objects.count() == 12
    assert "撤销这次导入" in officer_client.get(answer["Location"]).content.decode()
    undo = reverse("exchange:batch_undo", args=[batch.pk])
    assert "12 户" in officer_client.get(undo).content.decode()
    officer_client.post(undo)
    batch.refresh_from_db()
    assert batch.state == "undone"
    assert not Household.objects.exists()


def test_unknown_column_is_asked_once_and_remembered(officer_client, land, sheet):
    family = national.families_with_everything(1)[0]
    row = dict(zip(national.FAMILY_A, national.cells_a(1, national.Place(), family, family.householder), strict=True))
    row["房子多大"] = 88
    answer = upload(officer_client, sheet([row]))
    batch = ImportBatch.objects.get()
    assert answer["Location"] == reverse("exchange:batch_map", args=[batch.pk])
    assert "房子多大" in officer_client.get(answer["Location"]).content.decode()
    position = next(i for i, c in enumerate(batch.tables[0]["columns"]) if c["heading"] == "房子多大")
    officer_client.post(answer["Location"], {"year": "2026", f"c-0-{position}": "year.dwelling_area"})
    assert work(batch).state == "previewed"
    officer_client.post(reverse("exchange:batch_apply", args=[batch.pk]))
    work(batch)
    assert Household.objects.get().years.get().dwelling_area == 88
    again = upload(officer_client, sheet([row]))
    assert again["Location"] == reverse("exchange:batch_detail", args=[ImportBatch.objects.order_by("-pk").first().pk])


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("照片.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, "不是表格文件"),
        ("名单.xlsx", b"", "文件是空的"),
        ("名单.xls", "<html><table><tr><td>户编号</td></tr></table></html>".encode(), "其实是网页"),
        ("名单.xlsx", b"PK\x03\x04" + b"0" * 500, "已损坏"),
        ("其他.csv", "甲,乙\n1,2\n3,4\n".encode(), "没有在前 30 行找到认得的表头"),
    ],
)
def test_wrong_file_is_refused_with_a_remedy(officer_client, land, name, data, words):
    answer = upload(officer_client, data, name)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not ImportBatch.objects.exists()


def test_file_over_the_limit_is_refused(officer_client, land, settings):
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    answer = upload(officer_client, b"0" * (1024 * 1024 + 1))
    assert answer.status_code == 422
    assert "文件超过 1 MB" in answer.content.decode()


def test_rows_that_stayed_out_come_back_with_reasons(officer_client, officer, bring_in, sheet, land):
    import python_calamine

    families = national.families_with_everything(3)
    rows = [
        dict(zip(national.FAMILY_A, national.cells_a(1, national.Place(), family, who), strict=True))
        for family in families
        for who in family.members
    ]
    rows[0]["证件号码"] = rows[0]["证件号码"][:-1] + ("1" if rows[0]["证件号码"][-1] != "1" else "2")
    rows[0]["自然村"] = "=cmd|' /C calc'!A0"
    batch = bring_in(sheet(rows), officer)
    assert batch.households_rejected == 1
    answer = officer_client.post(reverse("exchange:batch_return", args=[batch.pk]))
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue()))
    back = book.get_sheet_by_index(0).to_python()
    assert back[0][-2:] == ["结果", "原因"]
    assert len(back) == 1 + len(families[0].members)
    assert back[1][list(national.FAMILY_A).index("证件号码")] == rows[0]["证件号码"]
    assert back[1][list(national.FAMILY_A).index("自然村")].startswith("'=")
    assert "第 2 行" in back[1][-1]
    assert {line[-2] for line in back[1:]} <= {"未通过", "暂缓"}


def test_rows_of_a_large_file_are_collected_by_a_job(officer_client, officer, bring_in, sheet, land):
    import python_calamine

    from common.audit import AuditEvent
    from common.models import Job
    from exchange import services

    family = national.families_with_everything(1)[0]
    rows = [
        dict(zip(national.FAMILY_A, national.cells_a(1, national.Place(), family, who), strict=True))
        for who in family.members
    ]
    rows[0]["证件号码"] = "123"
    batch = bring_in(sheet(rows), officer, write=False)
    job = services.fetch_returns(batch=batch, by=officer, at_once=0)
    assert isinstance(job, Job)
    assert not AuditEvent.objects.filter(action="import.returned").exists()
    assert jobs.run(job.pk).state == Job.State.DONE
    assert isinstance(services.fetch_returns(batch=batch, by=officer, at_once=0), bytes)
    answer = officer_client.post(reverse("exchange:batch_return", args=[batch.pk]))
    back = (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue())).get_sheet_by_index(0).to_python()
    )
    assert len(back) == 1 + len(rows)
    assert AuditEvent.objects.filter(action="import.returned").count() == 2
    # Another preview puts other words beside the rows: what was made before is not handed out any more.
    services.run_import(batch, by=officer, write=False, run=Steps())
    batch.refresh_from_db()
    assert isinstance(services.fetch_returns(batch=batch, by=officer, at_once=0), Job)


def test_others_do_not_see_the_batch(client_as, bring_in, officer, official, clerk, post, land):
    from accounts.roles import Role

    batch = bring_in(national.workbook(3), officer)
    page = reverse("exchange:batch_detail", args=[batch.pk])
    assert client_as(official).get(page).status_code == 200  # the county above
    assert client_as(post(Role.TOWNSHIP_OFFICER, land.next_township)).get(page).status_code == 404
    assert client_as(clerk).get(page).status_code == 403
    assert client_as(clerk).get(reverse("exchange:batch_new")).status_code == 403


def test_preview_page_stays_small(officer_client, officer, bring_in, land):
    families = national.families_with_everything(60)
    bring_in(national.workbook(families=families), officer)
    for family in families:
        family.cause, family.unsafe, family.phone, family.hamlet = "缺土地", "是", "19901234567", "九组"
        for who in family.members:
            who.health, who.labour, who.education = "长期慢性病", "无劳动力", "高中"
    batch = bring_in(national.workbook(families=families), officer, write=False)
    assert batch.households_updated == 60
    answer = officer_client.get(reverse("exchange:batch_detail", args=[batch.pk]))
    assert len(answer.content) < 300_000
    assert "缺土地" in answer.content.decode()


def test_stored_upload_is_encrypted_and_expires(officer, land, settings):
    from datetime import timedelta

    from django.core.files.storage import default_storage
    from django.utils import timezone

    from exchange import files

    data = national.workbook(3)
    batch = upload_batch(data=data, filename="名单.xlsx", by=officer, year=2026)
    with default_storage.open(batch.file) as stored:
        assert not stored.read().startswith(b"PK")
    assert vault.get(batch.file) == data
    assert files.expire_uploads() == 0
    ImportBatch.objects.update(uploaded_at=timezone.now() - timedelta(days=settings.DOCUMENT_DAYS + 1))
    assert files.expire_uploads() == 1
    with pytest.raises(FileNotFoundError):
        vault.get(batch.file)
