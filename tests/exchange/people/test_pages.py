"""The pages, as a county official uses them."""

from __future__ import annotations

import datetime as dt
import io

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import GRANTS, Permission, Role
from common import jobs
from common.audit import AuditEvent
from exchange.models import PeopleBatch
from households.models import Pairing
from tests.data import helpers as data
from tests.factories.households import invented_id_number

pytestmark = pytest.mark.django_db
ROLE, NAMED = "队长/队员/结对帮扶责任人", "户主姓名（组别）"


def upload(client, file, name="名单.xlsx", on="2024-03-01"):
    return client.post(reverse("exchange:people_new"), {"file": SimpleUploadedFile(name, file), "on": on})


def work(batch):
    batch.refresh_from_db()
    jobs.run(batch.job_id)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def client(client_as, official):
    return client_as(official)


def test_upload_preview_apply(client, home):
    home("张三")
    answer = upload(client, data.helpers({NAMED: "张三、李四", "户数": 2}))
    batch = PeopleBatch.objects.get()
    page = reverse("exchange:people_detail", args=[batch.pk])
    assert answer["Location"] == page
    assert "停止" in client.get(page).content.decode()
    assert work(batch).state == "previewed"
    shown = client.get(page).content.decode()
    assert "还没有写入" in shown
    assert "写入以后不能整批撤销" in shown
    assert "没有叫“李四”的户主" in shown
    assert "19900000001" not in shown
    assert not Pairing.objects.exists()
    client.post(reverse("exchange:people_apply", args=[batch.pk]))
    assert work(batch).state == "applied"
    assert Pairing.objects.count() == 1
    shown = client.get(page).content.decode()
    assert "不能整批撤销：写错的结对请到农户台账结束" in shown
    for query in ("?outcome=rejected", "?outcome=notes", "?name=王 伟", "?name=无人"):
        assert client.get(page + query).status_code == 200


def test_rows_that_stayed_out_come_back_in_their_own_layout(client, official, bring, home):
    home("张三")
    number = invented_id_number()
    rows = (
        {NAMED: "张三"},
        {"姓名": "李强", NAMED: "没有这人", "证件号码": number, "单位名称": "=cmd|' /C calc'!A0"},
        {"姓名": "赵敏", "村": "无名村"},
    )
    batch = bring(data.helpers(*rows, title_rows=2))
    answer = client.post(reverse("exchange:people_return", args=[batch.pk]))
    file = answer.getvalue()
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(file))
    back = book.get_sheet_by_index(0).to_python()
    assert back[0] == [*data.HELPERS, "证件号码", "结果", "原因"]
    assert [line[1] for line in back[1:]] == ["李强", "赵敏"]
    assert back[1][-3] == number
    assert back[1][0].startswith("'=")
    assert "没有叫“没有这人”的户主" in back[1][-1]
    assert "区划表中没有" in back[2][-1]
    assert AuditEvent.objects.filter(action="people_import.returned").count() == 1
    again = bring(file)  # corrected or not, it is a list of helpers again
    assert again.rows_kept_out == 2


def test_a_wrong_file_is_refused_with_a_remedy(client, land):
    for name, file, words in (
        ("照片.jpg", b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20, "不是表格文件"),
        ("名单.xlsx", b"", "文件是空的"),
        ("贫困村.xlsx", data.sheet([{"村": "青石村"}], data.VILLAGES), "这是“贫困村名单”"),
    ):
        answer = upload(client, file, name)
        assert answer.status_code == 422
        assert words in answer.content.decode()
    answer = upload(client, data.helpers({}), on="2999-01-01")
    assert "在今天之后" in answer.content.decode()
    assert not PeopleBatch.objects.exists()


def test_others_do_not_see_the_batch(client_as, bring, officer, official, clerk, post, land):
    batch = bring(data.helpers({"单位名称": "石门乡人民政府"}), officer)
    page = reverse("exchange:people_detail", args=[batch.pk])
    assert client_as(official).get(page).status_code == 200  # the county above
    assert client_as(post(Role.TOWNSHIP_OFFICER, land.next_township)).get(page).status_code == 404
    assert client_as(clerk).get(page).status_code == 403


def test_both_permissions_are_needed(client, bring, monkeypatch):
    batch = bring(data.helpers({}), write=False)
    monkeypatch.setitem(GRANTS, Role.COUNTY_OFFICIAL, GRANTS[Role.COUNTY_OFFICIAL] - {Permission.PAIRING_EDIT})
    assert client.get(reverse("exchange:people_new")).status_code == 403
    assert client.get(reverse("exchange:people_detail", args=[batch.pk])).status_code == 403
    assert "帮扶队伍和结对" not in client.get(reverse("exchange:batch_list")).content.decode()


def test_discarded_and_expired_files_are_gone(client, official, bring, settings):
    from django.utils import timezone

    from common import vault
    from exchange import files

    batch, other = bring(data.helpers({}), write=False), bring(data.helpers({}), write=False)
    name, later = batch.file, other.file
    client.post(reverse("exchange:people_discard", args=[batch.pk]))
    with pytest.raises(FileNotFoundError):
        vault.get(name)
    PeopleBatch.objects.update(uploaded_at=timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1))
    assert files.expire_uploads() == 1
    with pytest.raises(FileNotFoundError):
        vault.get(later)
    assert not other.rows.exists()
