"""A row a village (family C): what stands in it is what the lists of households and the lists behind figures count."""

from __future__ import annotations

import io
import json
import re
from types import SimpleNamespace

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.roles import Role
from common import jobs
from common.audit import AuditEvent
from exchange.outgoing import counts, presets, services
from exchange.outgoing.fields import columns_for
from exchange.outgoing.models import ExportMapping, ExportRun
from exchange.outgoing.villages import Reader
from figures import datasets
from figures.filters import filter_for
from households.models import Household, Member, MemberYear, Status
from tests.data import national
from tests.exchange.outgoing.conftest import YEAR, content, full, rows, sheets
from tests.factories import HouseholdFactory, HouseholdYearFactory, MemberFactory, MemberYearFactory

pytestmark = pytest.mark.django_db
C = """序号 行政区划编码 县 乡（镇） 村 负责人 村办公电话 村属性 是否出列 总户数 总人口数 自然村数 贫困户数 贫困人口数 低保人口数 低保户数 五保人口数 五保户数
少数民族人口数 妇女人口数 残疾人口数 劳动力人数 外出务工人数 省 市（州）"""
NOT_KEPT = {"负责人", "村办公电话", "村属性", "是否出列", "总户数", "总人口数", "自然村数"}
API = reverse("api:export-list")
PAGE = reverse("exchange:export_villages")


def home(village, status, people, *, category="", closed=False, year=YEAR):
    """A household; `people` are dicts: what is said of each person, of the year's record where the name is one of its columns."""
    household = HouseholdFactory(
        village=village, status=status, member_count=len(people), latest_year=year, closed=closed
    )
    HouseholdYearFactory(household=household, year=year, category=category)
    for facts in people:
        own = {name: value for name, value in facts.items() if name not in ("sex", "ethnicity")}
        member = MemberFactory(household=household, sex=facts.get("sex", "1"), ethnicity=facts.get("ethnicity", "01"))
        MemberYearFactory(member=member, year=year, **own)
    return household


@pytest.fixture
def homes(land):
    """Two villages with different contents; nobody in a third, somebody in another county."""
    woman = {"sex": "2", "labour": "01", "work_area": "04"}
    home(land.village, Status.REGISTERED, [woman, {"ethnicity": "07", "labour": "04"}], category="04")
    home(land.village, Status.UNSTABLE, [{"low_income": True, "health": ["02", "04"]}], category="08")
    home(land.village, Status.ORDINARY, [woman, woman | {"work_area": "01"}, {"labour": "05", "work_area": "99"}])
    home(land.village, Status.REGISTERED, [woman], closed=True)
    home(land.near_village, Status.OUT_OF_POVERTY, [{"special_support": True, "ethnicity": "98"}], category="09")
    home(land.near_village, Status.STRUCK_OFF, [woman, {"labour": "02", "work_area": "02"}], year=YEAR - 1)
    home(land.other_village, Status.REGISTERED, [woman])


def table(run):
    return {row["村"]: row for row in rows(run)}


def test_the_preset_has_the_headings_of_the_superior_and_says_only_what_is_kept():
    found = presets.preset("C")
    assert [column["heading"] for column in found.columns] == C.split()
    assert {column["heading"] for column in found.columns if not column["field"]} == NOT_KEPT


def test_each_village_says_what_is_counted_in_it(homes, export, official):
    run = export(official, "C")
    lines = sheets(run)[f"{YEAR}年数据"]
    assert lines[0] == C.split()
    told = {row["行政区划编码"]: " ".join(row[name] for name in C.split()[12:23]) for row in rows(run)}
    assert list(told.items()) == [
        # 贫困户, 人口, 低保人口, 户, 五保人口, 户, 少数民族, 妇女, 残疾, 劳动力, 外出务工
        ("000000000300", "2 3 1 2 0 0 1 3 1 4 2"),
        ("000000000310", "0 0 0 0 0 0 0 0 0 0 0"),
        ("000000000311", "0 0 0 0 0 0 0 0 0 0 0"),
        ("000000003000", "1 1 0 0 1 1 0 0 0 0 0"),  # one of its households has no record of the year
    ]
    assert [row["序号"] for row in rows(run)] == list("1234")
    place = table(run)["白石村"]
    assert [place[name] for name in ("省", "市（州）", "县", "乡（镇）")] == ["示范省", "示范市", "示范县", "石门乡"]
    assert all(row[name] == "" for row in rows(run) for name in NOT_KEPT)
    assert (run.rows_written, run.households, run.people, run.amount) == (4, 5, 9, 0)
    before = table(export(official, "C", year=YEAR - 1))["白石村"]
    assert [before[name] for name in ("贫困户数", "妇女人口数", "劳动力人数", "外出务工人数")] == ["1", "1", "2", "2"]


def test_the_numbers_are_those_of_the_lists(homes, export, mapping, official, client_as, land):
    """The list of households, and for each column the list behind its figure."""
    client, texts = client_as(official), [each.headings[0] for each in counts.COUNTS]
    own = mapping(official, columns=columns_for(["村", *texts], "village"), row_kind="village")
    run = export(official, own)
    request = SimpleNamespace(user=official)
    for village in (land.village, land.near_village):
        row = table(run)[village.name]
        listed = client.get(reverse("api:household-list"), {"region": village.pk}).json()["results"]
        assert int(row["在册户数"]) == len(listed)
        register = [each for each in listed if each["status"]["code"] not in (Status.ORDINARY, Status.STRUCK_OFF)]
        assert int(row["贫困户数"]) == len(register)
        for count in counts.COUNTS:
            dataset = datasets.get(count.dataset)
            (code, choices), *_none = [*count.by.items(), ("", ("",))]
            asked = {"region": str(village.pk)} | ({"year": str(YEAR)} if dataset.year is not None else {})
            lists = [filter_for(dataset, asked | ({code: choice} if code else {}), request) for choice in choices]
            assert all(each.is_valid() for each in lists), count
            told = sum(each.qs.aggregate(n=dataset.measure(count.measure).sum())["n"] for each in lists)
            assert int(row[count.headings[0]]) == told, count


def test_only_villages_in_which_one_may_export(homes, export, officer, auditor, official, post, land):
    assert set(table(export(officer, "C"))) == {"青石村", "白石村"}
    assert set(table(export(auditor, "C", query={"region": str(land.next_township.pk)}))) == {"柳树村", "河湾村"}
    assert set(table(export(official, "C", query={"region": str(land.village.pk)}))) == {"青石村"}
    run = services.request_export(
        by=officer, mapping=presets.preset("C"), year=YEAR, query={"region": str(land.far_village.pk)}
    )
    job = jobs.run(run.job_id)
    assert (job.state, "不在您可以导出的范围内" in job.error) == ("failed", True)
    clerk = post(Role.VILLAGE_CLERK, land.village)
    with pytest.raises(services.PermissionDenied):
        services.request_export(by=clerk, mapping=presets.preset("C"), year=YEAR)
    mine = export(officer, "C")
    officer.postings.update(starts_on="2020-01-01", ends_on="2020-01-02")
    with pytest.raises(services.PermissionDenied):
        services.fetch_export(export=mine, by=type(officer).objects.get(pk=officer.pk))


def test_the_control_line_sums_the_columns(homes, export, official):
    run = export(official, "C")
    line = sheets(run)[f"{YEAR}年数据"][-1][0]
    said = dict(re.findall(r"(\w+) (\d+)(?=，)", line))
    assert line.startswith("合计：村数 4，贫困户数 3，贫困人口数 4，")
    assert line.endswith("格式“贫困村名单（25 列）”")
    assert set(said) == {"村数", *C.split()[12:23]}
    for name in set(said) - {"村数"}:
        assert int(said[name]) == sum(int(row[name]) for row in rows(run)), name


def test_only_villages_whose_numbers_changed(homes, export, official, land):
    export(official, "C")
    assert export(official, "C", only_changed=True).rows_written == 0
    member = Member.objects.filter(household__village=land.village, sex="1").first()
    MemberYear.objects.filter(member=member).update(low_income=True, special_support=True)
    land.last_village.valid_to = "2026-01-01"
    land.last_village.save()
    run = export(official, "C", only_changed=True)
    assert [row["村"] for row in rows(run)] == ["青石村"]
    assert (run.rows_same, run.rows_left) == (2, 1)
    assert sheets(run)["不再包含的行"] == [
        ["行政区划编码", "村", "说明"],
        ["000000000311", "河湾村", "已于 2026-01-01 停用"],
    ]
    assert export(official, "C", only_changed=True, output="csv").rows_written == 0
    assert AuditEvent.objects.filter(action="households.exported", actor=official.username).count() == 4


def test_codes_are_texts_and_numbers_numbers(homes, export, official):
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content(export(official, "C"))))
    cells = book.get_sheet_by_index(0).to_python()[1]
    assert (cells[1], cells[12], cells[9]) == ("000000000300", 2, "")
    lines = content(export(official, "C", output="csv")).decode("utf-8-sig").splitlines()
    assert '"=""000000000300"""' in lines[1]
    assert lines[-1].lstrip('"').startswith("合计：村数 4")


def test_questions_do_not_grow_with_the_villages(homes, official, land, count_queries):
    reader = Reader(presets.preset("C").columns, year=YEAR)
    few, many = [land.village.pk], [land.village.pk, land.near_village.pk, land.far_village.pk, land.last_village.pk]
    list(reader.lots(few))
    assert count_queries(lambda: list(reader.lots(few))) == count_queries(lambda: list(reader.lots(many))) == 5


# -- asking -----------------------------------------------------------------------------------------------------------------------------


def test_the_page_asks_for_region_and_year_and_refuses_filters(homes, client_as, official, land):
    client = client_as(official)
    shown = client.get(PAGE, {"region": land.township.pk}).content.decode()
    assert "只按地区和年度导出" in shown
    assert "x-numbers" not in shown
    assert "贫困户名单" not in shown  # formats of other rows are asked for elsewhere
    answer = client.get(PAGE, {"status": "monitored", "colour": "red"})
    assert answer.status_code == 422
    assert "不能再加这些条件：colour、身份" in answer.content.decode()
    wanted = {"region": land.township.pk, "mapping": "preset:C", "year": YEAR, "output": "xlsx"}
    assert client.post(f"{PAGE}?status=monitored", wanted).status_code == 422
    for more in ({"region": land.other_village.pk}, {"region": "x"}, {"mapping": "preset:A"}, {"year": "soon"}):
        assert client.post(PAGE, wanted | more).status_code == 422, more
    assert not ExportRun.objects.exists()
    assert client.post(reverse("exchange:export_new"), {"x-mapping": "preset:C", "x-year": YEAR, "x-output": "xlsx"}).status_code == 422  # fmt: skip
    client.post(PAGE, wanted)
    run = ExportRun.objects.get()
    assert run.query == {"region": str(land.township.pk)}
    jobs.run(run.job_id)
    done = client.get(reverse("exchange:export_detail", args=[run.pk])).content.decode()
    assert "2 个村" in done
    assert "不能再导入" in done
    assert "遮盖" not in done
    file = client.post(reverse("exchange:export_file", args=[run.pk]))
    assert b"".join(file.streaming_content)[:2] == b"PK"


def test_programs_ask_the_same(homes, client_as, official, land):
    def ask(**facts):
        wanted = {"format": "C", "year": YEAR} | facts
        return client_as(official).post(API, json.dumps(wanted), content_type="application/json")

    for filters in ({"status": "monitored"}, {"colour": "red"}, {"region": str(land.other_county.pk)}):
        answer = ask(filters=filters)
        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == ["filters"]
    assert not ExportRun.objects.exists()
    asked = ask(filters={"region": str(land.township.pk)})
    assert (asked.status_code, asked.json()["row_kind"]["code"]) == (201, "village")
    jobs.run(ExportRun.objects.get().job_id)
    told = client_as(official).get(f"{API}{asked.json()['id']}/").json()
    assert [told[name] for name in ("rows_written", "households", "people")] == [2, 5, 9]


def test_what_villages_have_not_is_refused(homes, official):
    for more in (full(), {"chosen": list(Household.objects.values_list("pk", flat=True))}, {"query": {"cause": "01"}}):
        with pytest.raises(services.ExportRefusedError, match="一村一行"):
            services.request_export(by=official, mapping=presets.preset("C"), year=YEAR, **more)


# -- formats ----------------------------------------------------------------------------------------------------------------------------


def test_a_sheet_of_villages_begins_a_format_of_villages(client_as, official, land, homes, export):
    client, out = client_as(official), io.BytesIO()
    texts = ["序号", "县", "乡", "村", "村编码", "监测户数", "外出务工人数", "核实结果"]
    national.write_xlsx(out, texts, [["1"] * len(texts)], title_rows=1)
    client.post(
        reverse("exchange:mapping_new"), {"name": "市里的表", "file": SimpleUploadedFile("表.xlsx", out.getvalue())}
    )
    mapping = ExportMapping.objects.get()
    assert mapping.row_kind == "village"
    assert [c["field"] for c in mapping.columns] == [
        "row.sequence", "area.county", "area.township", "area.village", "area.code", "village.monitored_homes", "village.away", "",
    ]  # fmt: skip
    shown = client.get(reverse("exchange:mapping_detail", args=[mapping.pk])).content.decode()
    assert "村的户数和人数" in shown
    assert "家庭成员" not in shown
    assert f"{PAGE}?mapping=mapping%3A{mapping.pk}" in shown
    assert table(export(official, mapping))["青石村"]["监测户数"] == "1"


def test_fields_of_people_do_not_stand_in_rows_of_villages(official, mapping):
    for row_kind, field in (("village", "member.name"), ("village", "household.number"), ("member", "village.women")):
        with pytest.raises(services.ExportRefusedError, match="不能放在这种格式里"):
            mapping(official, columns=[{"heading": "列", "field": field, "form": "label"}], row_kind=row_kind)
    assert columns_for(["总户数", "姓名", "负责人"], "village") == [
        {"heading": heading, "field": "", "form": "label"} for heading in ("总户数", "姓名", "负责人")
    ]
