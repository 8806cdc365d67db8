"""The pages of exports, as people use and misuse them."""

from __future__ import annotations

import io
from urllib.parse import parse_qs, urlsplit

import msoffcrypto
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common import jobs
from common.audit import AuditEvent
from exchange.outgoing import presets
from exchange.outgoing.models import ExportMapping, ExportRun
from households.models import Household
from tests.data import national
from tests.exchange.outgoing.conftest import content, full, page, rows

pytestmark = pytest.mark.django_db
WANTED = {"x-mapping": "preset:A", "x-year": "2026", "x-numbers": "masked", "x-output": "xlsx"}


def new(client, **data):
    return client.post(reverse("exchange:export_new"), WANTED | data)


def text_of(answer):
    return answer.content.decode()


@pytest.fixture
def client(client_as, official):
    return client_as(official)


@pytest.fixture
def made(ledger, export, official):
    return export(official, "A", **full())


def save(client, mapping, columns, **more):
    data = {"name": mapping.name, "count": len(columns), "version": mapping.version}
    for at, (heading, field) in enumerate(columns):
        data |= {f"heading-{at}": heading, f"field-{at}": field, f"form-{at}": "label", f"place-{at}": at + 1}
    return client.post(reverse("exchange:mapping_detail", args=[mapping.pk]), data | more)


def headings(mapping):
    mapping.refresh_from_db()
    return [column["heading"] for column in mapping.columns]


def test_the_list_carries_its_filters_into_the_export(ledger, client):
    shown = text_of(page(client, region="30", phone="some"))
    address = reverse("exchange:export_new") + "?region=30&amp;phone=some"
    assert address in shown
    asked = client.get(reverse("exchange:export_new"), {"region": "30", "phone": "some"})
    assert "石门乡" in text_of(asked)
    answer = new(client, region="30", phone="some")
    run = ExportRun.objects.get()
    assert answer["Location"] == reverse("exchange:export_detail", args=[run.pk])
    assert "取消导出" in text_of(client.get(answer["Location"]))
    jobs.run(run.job_id)
    done = text_of(client.get(answer["Location"]))
    assert "下载表格" in done
    assert "完整" not in done
    file = client.post(reverse("exchange:export_file", args=[run.pk]))
    assert b"".join(file.streaming_content)[:4] == b"PK\x03\x04"
    assert AuditEvent.objects.filter(action="households.export_fetched").count() == 1


def test_a_search_is_exported_without_its_words_in_the_row(ledger, client):
    name = ledger[1].householder.name
    listed = client.post(reverse("households:household_find"), {"q": name})
    (sealed,) = parse_qs(urlsplit(listed["Location"]).query)["q"]
    answer = new(client, q=sealed)
    run = ExportRun.objects.get()
    assert answer.status_code == 302
    assert name not in str(run.query)
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.households == 1


def test_ticked_households_are_exported(ledger, client):
    picked = list(Household.objects.order_by("-pk").values_list("pk", flat=True)[:3])
    asked = client.post(reverse("exchange:export_chosen"), {"pk": picked})
    assert "共 3 户" in text_of(asked)
    token = asked.context["hidden"]["chosen"]
    client.post(reverse("exchange:export_chosen"), WANTED | {"chosen": token, "x-mapping": "preset:I"})
    run = ExportRun.objects.get()
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert [row["家庭编号"] for row in rows(run)] == list(Household.objects.filter(pk__in=picked).order_by("-pk").values_list("number", flat=True))  # fmt: skip
    assert client.post(reverse("exchange:export_chosen"))["Location"] == reverse("households:household_list")


def test_bad_requests_are_answered_with_a_sentence(ledger, client, client_as, auditor):
    assert "请选择导出格式" in text_of(new(client, **{"x-mapping": ""}))
    assert new(client, **{"x-mapping": "mapping:999"}).status_code == 422
    answer = new(client, **{"x-numbers": "full"})
    assert answer.status_code == 422
    assert "请写明理由" in text_of(answer)
    assert "没有符合条件的农户" in text_of(client.get(reverse("exchange:export_new"), {"category": "13"}))
    assert new(client, category="13").status_code == 200
    assert client.get(reverse("exchange:export_new"), {"q": "~old"})["Location"] == reverse("households:household_list")
    assert "x-numbers" not in text_of(client_as(auditor).get(reverse("exchange:export_new")))
    assert new(client_as(auditor), **{"x-numbers": "full", "x-reason": "想要完整的"}).status_code == 302
    assert not ExportRun.objects.filter(is_full=True).exists()
    blank = ExportMapping.objects.create(owner=client.get("/").wsgi_request.user, name="空的")
    assert "还没有列" in text_of(new(client, **{"x-mapping": f"mapping:{blank.pk}"}))


def test_a_password_locks_the_file_and_is_kept_nowhere(made, client):
    address = reverse("exchange:export_file", args=[made.pk])
    answer = client.post(address, {"password": "1234567"})
    assert answer.status_code == 422
    assert "打开密码太短" in text_of(answer)
    assert "请填写打开密码" in text_of(client.post(address, {"password": ""}))
    locked = io.BytesIO(b"".join(client.post(address, {"password": "正确的马 4242"}).streaming_content))
    file = msoffcrypto.OfficeFile(locked)
    file.load_key(password="正确的马 4242")
    out = io.BytesIO()
    file.decrypt(out)
    assert out.getvalue() == content(made)
    kept = [str(event.__dict__) for event in AuditEvent.objects.all()] + [str(made.job.params), str(made.__dict__)]
    assert not any("正确的马" in each for each in kept)


def test_a_csv_takes_no_password(ledger, export, official, client):
    run = export(official, "A", output="csv")
    answer = client.post(reverse("exchange:export_file", args=[run.pk]), {"password": "12345678"})
    assert "不能设打开密码" in text_of(answer)
    assert (
        b"".join(client.post(reverse("exchange:export_file", args=[run.pk])).streaming_content)[:3] == b"\xef\xbb\xbf"
    )


def test_an_expired_file_and_a_posting_that_ended(made, client, official):
    ExportRun.objects.filter(pk=made.pk).update(file="")
    assert "已过保存期" in text_of(client.get(reverse("exchange:export_detail", args=[made.pk])))
    assert "文件已过期" in text_of(client.get(reverse("exchange:export_list")))
    answer = client.post(reverse("exchange:export_file", args=[made.pk]), follow=True)
    assert "已过保存期" in text_of(answer)
    official.postings.update(ends_on="2020-01-02", starts_on="2020-01-01")
    assert client.post(reverse("exchange:export_file", args=[made.pk])).status_code == 404


def test_nobody_else_finds_a_file(made, client_as, officer):
    for name in ("export_detail", "export_progress"):
        assert client_as(officer).get(reverse(f"exchange:{name}", args=[made.pk])).status_code == 404


def test_cancel_and_try_again(ledger, client):
    new(client)
    run = ExportRun.objects.get()
    client.post(reverse("exchange:export_cancel", args=[run.pk]))
    assert "重新导出" in text_of(client.get(reverse("exchange:export_detail", args=[run.pk])))
    client.post(reverse("exchange:export_retry", args=[run.pk]))
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.rows_written


# -- formats ------------------------------------------------------------------------------------------------------------------------


def test_a_format_begins_with_the_superiors_sheet(client, land):
    out = io.BytesIO()
    texts = ["序号", "户编号", "劳动能力\n页面（劳动技能）", "姓名", "与户主关系", "证件号码", "上级核实结果", "=危险"]
    national.write_xlsx(out, texts, [["1"] * len(texts)], title_rows=2)
    answer = client.post(
        reverse("exchange:mapping_new"), {"name": "省厅表", "file": SimpleUploadedFile("表.xlsx", out.getvalue())}
    )
    mapping = ExportMapping.objects.get()
    assert answer["Location"] == reverse("exchange:mapping_detail", args=[mapping.pk])
    assert mapping.row_kind == "member"
    assert headings(mapping) == texts
    assert [column["field"] for column in mapping.columns] == [
        "row.sequence", "household.number", "myear.labour", "member.name", "member.relation", "member.id_number", "", "",
    ]  # fmt: skip
    shown = text_of(client.get(answer["Location"]))
    assert "<textarea" in shown
    assert "留空的列" in shown


@pytest.mark.parametrize("data", [b"", b"not a sheet", national.workbook(1)[:200]])
def test_a_sheet_that_is_none_is_refused_with_a_sentence(client, land, data):
    file = SimpleUploadedFile("表.xlsx", data)
    answer = client.post(reverse("exchange:mapping_new"), {"name": "省厅表", "file": file})
    assert answer.status_code == 422
    assert "。" in text_of(answer).split("err", 1)[1]
    assert not ExportMapping.objects.exists()


def test_columns_are_added_moved_renamed_and_struck_out(client, official, mapping):
    one = mapping(official, columns=presets.preset("B").columns[5:9])
    columns = [(c["heading"], c["field"]) for c in one.columns]
    assert headings(one) == ["户编号", "人编号", "姓名", "证件号码"]
    assert save(client, one, columns, move="up-2")["Location"].endswith("#column-1")
    assert headings(one) == ["户编号", "姓名", "人编号", "证件号码"]
    columns = [(c["heading"], c["field"]) for c in one.columns]
    save(
        client,
        one,
        columns,
        **{"place-3": 1, "heading-0": "家庭编号", "drop-2": 1, "add": ["year.farmland", "cadre.name"], "blank": "备注"},
    )
    assert headings(one) == ["证件号码", "家庭编号", "姓名", "耕地面积", "帮扶责任人", "备注"]
    assert one.version == 3
    stale = save(client, one, columns, version=1)
    assert stale.status_code == 422
    assert "刚被改过" in text_of(stale)
    assert AuditEvent.objects.filter(action="export_mapping.changed").count() == 2
    client.post(reverse("exchange:mapping_delete", args=[one.pk]))
    assert not ExportMapping.objects.exists()


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ([("姓名", "member.name"), ("姓名", "member.number")], "表头都是“姓名”"),
        ([("姓" * 300, "member.name")], "有 300 个字"),
        ([("", "member.name")], "没有表头"),
        ([("姓名", "member.nothing")], "不能放在这种格式里"),
        ([(f"列{n}", "") for n in range(201)], "最多 200 列"),
    ],
)
def test_columns_that_cannot_be_are_refused_with_their_number(client, official, mapping, columns, said):
    one = mapping(official, columns=[])
    answer = save(client, one, columns)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert headings(one) == []


def test_who_shares_a_format_and_who_only_uses_it(client, client_as, officer, auditor, official, mapping):
    shared = mapping(official, columns=presets.preset("B").columns, shared=True, name="县里的表")
    mapping(official, columns=[], name="自己的表")
    shown = text_of(client_as(officer).get(reverse("exchange:mapping_list")))
    assert "县里的表" in shown
    assert "自己的表" not in shown
    address = reverse("exchange:mapping_detail", args=[shared.pk])
    assert "复制成自己的格式" in text_of(client_as(officer).get(address))
    assert client_as(officer).post(address, {"name": "x"}).status_code == 403
    assert client_as(auditor).post(address, {"name": "x"}).status_code == 403
    client_as(officer).post(
        reverse("exchange:mapping_new"), {"name": "我的表", "begin": f"mapping:{shared.pk}", "shared": "1"}
    )
    copied = ExportMapping.objects.get(name="我的表")
    assert copied.region is None  # a township shares nothing for the county
    assert copied.columns == shared.columns
    twice = client_as(officer).post(reverse("exchange:mapping_new"), {"name": "我的表"})
    assert "同名的导出格式" in text_of(twice)
