"""纸质调查表: what stands on the sheet and what never does, from asking to the file, with permissions asked twice."""

import base64
import datetime as dt
import io
import json

import pikepdf
import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pypdf import PdfReader

from common import files, jobs, pdf, qr, vault
from common.models import AuditEvent, Job
from households.services import LedgerError
from reports import services as printing
from reports.models import PrintRun
from surveys import paper, published, shell
from surveys.models import PaperRun, SurveyForm
from surveys.services.paper import fetch_sheets
from tests.factories import (
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    JobFactory,
    MemberFactory,
    MemberYearFactory,
    invented_id_number,
)
from tests.factories.surveys import RoundFactory, VerificationTaskFactory

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year
ID_NUMBER = invented_id_number(dt.date(1980, 6, 30))
PHONE = "19900001234"


@pytest.fixture
def form(db):
    return SurveyForm.objects.get(code="household", version="2026.1")


@pytest.fixture
def house(land):
    """Two years, a grown-up and a child; the income of this year is not known yet."""
    made = HouseholdFactory(
        village=land.village,
        number="8800012345",
        householder_name="覃顺强",
        hamlet="8组",
        phone_number=PHONE,
        address="青石村8组4号",
    )
    grown = MemberFactory(
        household=made,
        householder=True,
        name="覃顺强",
        id_text=ID_NUMBER,
        birth_date=dt.date(1980, 6, 30),
        phone_text=PHONE,
    )
    child = MemberFactory(household=made, name="覃小丹", sex="2", birth_date=dt.date(YEAR - 8, 1, 31), relation="04")
    HouseholdYearFactory(household=made, year=YEAR, dwelling_area="92.50", water_source="well")
    last = HouseholdYearFactory(household=made, year=YEAR - 1, dwelling_area="80", fuel="01", has_toilet=True)
    IncomeLineFactory(household_year=last, item="business.crop", amount=4321)
    MemberYearFactory(member=grown, year=YEAR - 1, education="03", labour="01")
    MemberYearFactory(member=child, year=YEAR - 1, school="03")
    return made


def model_of(household, form, **more):
    (model,) = paper.sheets([household], {household.pk: form}, YEAR, **more)
    return model


def cells(model):
    """[(number, label, known, answer)] of the household's fields and of the first card of each step of members."""
    found = []
    for section in model["sections"]:
        fields = section.get("fields") or (section.get("cards") or [{"fields": []}])[0]["fields"]
        found += [(f["number"], f["label"], f["known"], f["answer"]) for f in fields]
    return found


def by_label(model):
    return {label.split("（")[0].rstrip(" *※"): (known, answer) for _number, label, known, answer in cells(model)}


def text_of(content):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_fields_stand_in_the_order_of_the_form_with_its_numbers(house, form):
    definition = published.definition_of(form)
    numbers = shell.numbers_of(definition)
    assert numbers["address"] == "1.1"
    assert list(numbers) == [field.id for field in definition.asked]
    shown = {
        control.id: control.place for step in shell.steps_of(definition) for control in step.controls if control.place
    }
    assert shown == numbers  # keyboard entry shows the same
    printed = [number for number, *_rest in cells(model_of(house, form, blank={house.pk})) if number]
    young = {numbers[name] for name in ("school",) if name not in definition.names.household}
    assert printed == sorted(printed, key=lambda n: [int(part) for part in n.split(".")])
    assert set(numbers.values()) - set(printed) <= young  # what a grown-up is never asked


def test_what_is_known_stands_to_be_ticked(house, form):
    found = by_label(model_of(house, form))
    assert found["住房面积"][0] == "□同 92.5（去年 80）"
    assert found["饮水来源"] == ("□同 井水", "1□自来水　2□井水　3□水窖水　4□其他")
    assert found["主要燃料"][0] == "□同 去年 柴草"
    assert found["有卫生厕所"] == ("□同 去年 是", "1□是　2□否")
    assert found["种植业收入"][0] == "□同 去年 4321"
    assert found["养殖业收入"][0] == ""
    assert found["文化程度"] == ("□同 去年 初中", paper.CODE)


def test_a_blank_sheet_has_names_and_nothing_that_is_known(house, form):
    model = model_of(house, form, blank={house.pk})
    assert {known for _n, _l, known, _a in cells(model)} == {""}
    text = json.dumps(model, ensure_ascii=False)
    assert "覃顺强" in text
    assert "92.5" not in text
    assert "4321" not in text


def test_each_member_has_a_card_and_two_are_blank(house, form):
    steps = [s for s in model_of(house, form)["sections"] if s["kind"] == "cards"]
    assert len(steps) == 4
    for step in steps:
        assert [card["band"].split("　")[:2] for card in step["cards"][:2]] == [
            ["成员 1", "覃顺强"],
            ["成员 2", "覃小丹"],
        ]
        assert [card["band"].split("　")[0] for card in step["cards"][2:]] == ["新增成员 ①", "新增成员 ②"]
    grown, child = ({f["label"] for f in card["fields"]} for card in steps[1]["cards"][:2])
    assert "在校生状况 ※" in child
    assert not any("劳动技能" in f["label"] for f in steps[2]["cards"][1]["fields"])  # a child of eight is not asked
    assert any("劳动技能" in f["label"] for f in steps[2]["cards"][0]["fields"])
    assert grown - child == set()


def test_long_lists_are_printed_once_and_why_people_come_and_go(house, form):
    lists = {
        one["title"]: one["text"]
        for s in model_of(house, form)["sections"]
        if s["kind"] == "codes"
        for one in s["lists"]
    }
    assert lists["与户主关系"].startswith("1 户主　2 配偶")
    assert lists["主要致贫原因、其他致贫原因"].startswith("1 因病")
    assert lists["减少原因"].startswith("1 死亡")
    assert "饮水来源" not in lists


def test_no_number_of_anybody_in_the_code_and_none_in_full_on_paper(house, form, settings):
    settings.PUBLIC_URL = "https://example.test"
    model = model_of(house, form)
    code = model["issue"]["qr"]
    assert code == f"https://example.test/collect/forms/household/2026.1/#household={house.uid}"
    assert base64.b64decode(qr.data_uri(code).split(",")[1]).startswith(b"\x89PNG")
    text = json.dumps(model, ensure_ascii=False)
    assert ID_NUMBER not in text
    assert PHONE not in text
    assert "199****1234" in text


def test_queries_do_not_grow_with_the_households(house, land, form, count_queries):
    more = HouseholdFactory.create_batch(5, village=land.village, with_householder=True, with_year=True)
    published.definition_of(form)

    def ask(households):
        return list(paper.sheets(households, dict.fromkeys([h.pk for h in households], form), YEAR))

    assert count_queries(lambda: ask([house])) == count_queries(lambda: ask([house, *more]))


# -- the file, which the print centre makes -------------------------------------------------------------------------------------------

FILLED = {"kind": "survey_filled", "send": False}


def work(run):
    job = jobs.run(run.job_id)
    run.refresh_from_db()
    return job


def fetched(run, by):
    return b"".join(printing.fetch_run(run=run, by=by).pieces)


@pytest.mark.slow
@pytest.mark.parametrize("blank", [False, True])
def test_a_village_in_one_file_each_page_naming_its_household(blank, house, land, clerk):
    rare = HouseholdFactory(village=land.village, with_householder=True, householder_name="𬱖㛃")
    kind = "survey_blank" if blank else "survey_filled"
    run = printing.print_papers(by=clerk, kind=kind, region=land.village, send=False)
    job = work(run)
    assert (job.state, job.result["printed"], job.result["failed"]) == ("done", 2, 0)
    content = fetched(run, clerk)
    assert not pdf.scan_glyphs(content)
    pages = [page.extract_text() for page in PdfReader(io.BytesIO(content)).pages]
    assert len(pages) == job.result["pages"]
    own = [text for text in pages if "覃顺强户" in text]
    other = [text for text in pages if f"{rare.householder_name}户" in text]
    assert len(own) + len(other) == len(pages)
    for sheet in (own, other):
        for place, text in enumerate(sheet, 1):
            assert f"第 {place} 页 / 共 {len(sheet)} 页" in text
            assert "household@2026.1" in text
    whole = "".join(own)
    for words in ("二、家庭成员", "新增成员", "编号表", "调查人签名", "12.3 被访人签名"):
        assert words in whole
    assert ("92.5" in whole) is not blank
    assert ID_NUMBER not in whole
    with pikepdf.open(io.BytesIO(content)) as book, book.open_outline() as outline:
        assert {item.title for item in outline.root} == {f"{rare.number} 𬱖㛃", "8800012345 覃顺强"}


@pytest.mark.slow
def test_who_looks_a_second_time_gets_nothing_of_the_first(house, land, clerk):
    VerificationTaskFactory(household=house, year=YEAR, assignee=clerk)
    run = printing.print_papers(by=clerk, households=[house], **FILLED)
    work(run)
    text = text_of(fetched(run, clerk))
    assert "覃顺强" in text
    assert "92.5" not in text


def test_permissions_are_asked_while_printing_and_when_fetching(house, land, clerk, officer, auditor):
    gone = HouseholdFactory(village=land.village, with_householder=True)
    with pytest.raises(PermissionDenied):
        printing.print_papers(by=auditor, households=[house], **FILLED)
    run = printing.print_papers(by=clerk, region=land.village, **FILLED)
    gone.village = land.near_village
    gone.save()
    assert work(run).result["printed"] == 1
    assert "已不能打印" in run.items.get(household=gone).error
    with pytest.raises(PermissionDenied):
        fetched(run, clerk)


def test_from_the_list_and_from_a_household_to_the_form_with_the_kind_chosen(house, clerk, auditor, client_as):
    """Whoever asks for survey sheets finds them chosen; blank ones are a click away, on the way the ticked households come along."""
    RoundFactory(region=house.village, audience="all")
    client = client_as(clerk)
    text = client.get("/surveys/progress/households/?stage=missing").content.decode()
    assert "/reports/print/chosen/sheets/" in text
    assert f'value="{house.pk}"' in text
    assert "print/chosen" not in client_as(auditor).get("/surveys/progress/households/").content.decode()
    assert "/reports/print/chosen/sheets/" in client.get("/households/").content.decode()
    one = f"/reports/print/household/{house.pk}/sheet/"
    assert one in client.get(f"/households/{house.pk}/").content.decode()
    assert client.get(one).context["kind"].code == "survey_filled"
    chosen = client.post("/reports/print/chosen/sheets/", {"pk": house.pk})
    assert chosen.context["kind"].code == "survey_filled"
    token = chosen.context["hidden"]["chosen"]
    blank = client.post("/reports/print/chosen/sheets/", {"chosen": token, "kind": "survey_blank"})
    assert blank.context["kind"].code == "survey_blank"
    client.post("/reports/print/chosen/sheets/", {"chosen": token, "kind": "survey_blank", "output": "merged"})
    assert PrintRun.objects.values_list("kind", "total").get() == ("survey_blank", 1)


# -- files of before the print centre made them ---------------------------------------------------------------------------------------


@pytest.fixture
def earlier(house, clerk):
    job = JobFactory(owner=clerk.username, kind="surveys.paper")
    return PaperRun.objects.create(owner=clerk, job=job, title="青石村调查表 1 户", year=YEAR, households=[house.pk])


@pytest.mark.slow
def test_what_was_asked_for_earlier_is_still_made_and_fetched(earlier, clerk, officer, client_as):
    client, address = client_as(clerk), f"/surveys/paper/{earlier.pk}/"
    assert work(earlier).state == "done"
    assert "下载 PDF" in client.get(address).content.decode()
    assert client.post(f"{address}file/").content.startswith(b"%PDF")
    assert AuditEvent.objects.filter(action="sheets.downloaded", target=f"surveys.paperrun/{earlier.pk}").exists()
    assert client.get(f"{address}progress/")["HX-Refresh"] == "true"
    assert client_as(officer).get(address).status_code == 404
    with pytest.raises(PermissionDenied):
        fetch_sheets(run=earlier, by=officer)


def test_files_of_earlier_end_and_the_run_stays(earlier, clerk, settings):
    PaperRun.objects.update(
        file=vault.put("sheets/1", b"%PDF"), created_at=timezone.now() - dt.timedelta(days=settings.DOCUMENT_DAYS + 1)
    )
    name = PaperRun.objects.get().file
    files.expire()
    earlier.refresh_from_db()
    assert earlier.file == ""
    with pytest.raises(FileNotFoundError):
        vault.get(name)
    Job.objects.update(state="done", finished_at=timezone.now())
    earlier.job.refresh_from_db()
    with pytest.raises(LedgerError, match="已过保存期"):
        fetch_sheets(run=earlier, by=clerk)
