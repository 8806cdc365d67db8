"""调查表 of a county: uploaded, looked over, published, retired; who may, what is refused, and what the trail keeps."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from common.models import AuditEvent
from households.services import LedgerError
from surveys import spoken, standard, xlsform
from surveys.definitions import Definition
from surveys.models import SurveyForm
from surveys.services.forms import discard_form, publish_form, retire_form, upload_form
from tests.factories.surveys import SMALL_FORM, SurveyFormFactory
from tests.surveys.sheets import asked, book, questions

pytestmark = pytest.mark.django_db


def uploaded(region, by, data=None, name="表.xlsx"):
    return upload_form(region=region, data=xlsform.sample() if data is None else data, filename=name, by=by)


@pytest.fixture
def standard_form():
    standard.ensure_standard_forms()
    return SurveyForm.objects.get(code="household", version="2026.1")


# -- verbs ----------------------------------------------------------------------------------------------------------------------


def test_a_form_goes_from_draft_to_published_to_retired_with_a_trail(land, official):
    form = uploaded(land.county, official)
    assert (str(form), form.title, form.state, form.region) == (
        "county-cattle@2026.1",
        "养殖户补充调查表",
        "draft",
        land.county,
    )
    form = publish_form(form=form, by=official)
    assert (form.state, form.published_by) == ("published", "official")
    retire_form(form=form, by=official)
    form.refresh_from_db()
    assert form.state == "retired"
    events = AuditEvent.objects.filter(target=f"surveys.surveyform/{form.pk}").order_by("pk")
    assert [e.action for e in events] == ["surveyform.uploaded", "surveyform.published", "surveyform.retired"]
    assert {e.region_path for e in events} == {land.county.path}
    assert "住房面积" not in "".join(e.body for e in events)  # the digest stands for the definition
    assert json.loads(events[1].body)["changes"]["state"] == ["draft", "published"]


def test_a_draft_is_replaced_by_another_upload_of_its_version(land, official):
    first = uploaded(land.county, official)
    again = uploaded(
        land.county,
        official,
        book(questions(asked()), settings=[["form_title", "form_id", "version"], ["改过", "county-cattle", "2026.1"]]),
    )
    assert again.pk == first.pk
    assert again.digest != first.digest
    assert SurveyForm.objects.get(pk=first.pk).title == "改过"


def test_a_published_version_is_not_uploaded_again(land, official):
    publish_form(form=uploaded(land.county, official), by=official)
    with pytest.raises(ValidationError, match="已经发布，发布后不能改"):
        uploaded(land.county, official)


def test_a_code_belongs_to_one_county(land, official, standard_form):
    taken = [["form_title", "form_id", "version"], ["我的", "household", "2027.1"]]
    with pytest.raises(ValidationError, match="已经是标准表或别的县的表"):
        uploaded(land.county, official, book(questions(asked()), settings=taken))
    SurveyFormFactory(code="county-cattle", region=land.other_county)
    with pytest.raises(ValidationError, match="已经是标准表或别的县的表"):
        uploaded(land.county, official)


def test_only_the_county_publishes(land, official, officer, clerk, auditor):
    form = uploaded(land.county, official)
    for who in (officer, clerk, auditor):
        for verb in (publish_form, retire_form, discard_form):
            with pytest.raises(PermissionDenied):
                verb(form=form, by=who)
        with pytest.raises(PermissionDenied):
            uploaded(land.county, who)
    with pytest.raises(PermissionDenied):
        uploaded(land.other_county, official)
    with pytest.raises(ValidationError, match="请选择县"):
        uploaded(land.township, official)


def test_states_that_do_not_allow_it(land, official, standard_form):
    form = uploaded(land.county, official)
    with pytest.raises(LedgerError, match="只有使用中的"):
        retire_form(form=form, by=official)
    publish_form(form=form, by=official)
    with pytest.raises(LedgerError, match="已经发布过"):
        publish_form(form=form, by=official)
    with pytest.raises(LedgerError, match="不能删除"):
        discard_form(form=form, by=official)
    for verb in (publish_form, retire_form, discard_form):
        with pytest.raises(LedgerError, match="标准表随软件提供"):
            verb(form=standard_form, by=official)


def test_a_draft_that_is_not_sound_any_more_is_not_published(land, official):
    form = uploaded(land.county, official)
    SurveyForm.objects.filter(pk=form.pk).update(definition=form.definition | {"steps": []})
    with pytest.raises(LedgerError, match="一张表应有 1 至 30 步"):
        publish_form(form=form, by=official)


def test_a_draft_can_be_thrown_away(land, official):
    form = uploaded(land.county, official)
    discard_form(form=form, by=official)
    assert not SurveyForm.objects.filter(code="county-cattle").exists()
    assert AuditEvent.objects.filter(action="surveyform.discarded").count() == 1


# -- pages ----------------------------------------------------------------------------------------------------------------------


def test_a_county_official_uploads_looks_and_publishes(land, official, client_as):
    client = client_as(official)
    file = SimpleUploadedFile("养殖.xlsx", xlsform.sample())
    answer = client.post(reverse("surveys:form_upload"), {"region": land.county.pk, "file": file})
    form = SurveyForm.objects.get(code="county-cattle")
    assert answer.url == reverse("surveys:form_detail", args=[form.pk])
    page = client.get(answer.url).content.decode()
    for shown in (
        "住房面积",
        "电焊、厨师、驾驶、其他",
        "只在这时问：“养牛” 是 是",
        "年度记录：住房面积",
        "每位家庭成员填一遍",
        "必填",
        "发布",
        "养殖.xlsx",
    ):
        assert shown in page, shown
    assert client.post(reverse("surveys:form_publish", args=[form.pk])).url == answer.url
    form.refresh_from_db()
    assert form.state == "published"
    assert "使用中" in client.get(reverse("surveys:form_list")).content.decode()


def test_every_sentence_about_a_workbook_stands_on_the_page_and_nothing_is_saved(land, official, client_as):
    data = book(questions(asked(type="geopoint"), asked(name="b", relevant="x")))
    answer = client_as(official).post(
        reverse("surveys:form_upload"), {"region": land.county.pk, "file": SimpleUploadedFile("x.xlsx", data)}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "survey 第 3 行：不支持类型“geopoint”。" in page
    assert "survey 第 4 行：relevant 看不懂表达式里的“x”。" in page
    assert not SurveyForm.objects.filter(region=land.county).exists()


@pytest.mark.parametrize(("data", "says"), [(b"", "文件是空的"), (b"not a workbook", "survey"), (b"\x89PNG\r\n", "。")])
def test_what_is_no_workbook_is_said_on_the_page(land, official, client_as, data, says):
    answer = client_as(official).post(
        reverse("surveys:form_upload"), {"region": land.county.pk, "file": SimpleUploadedFile("x.xlsx", data)}
    )
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_a_file_beyond_two_megabytes_is_refused(land, official, client_as):
    big = SimpleUploadedFile("x.xlsx", b"PK\x03\x04" + b"\0" * (xlsform.MOST_BYTES + 10))
    answer = client_as(official).post(reverse("surveys:form_upload"), {"region": land.county.pk, "file": big})
    assert answer.status_code == 422
    assert "文件超过 2 MB" in answer.content.decode()


def test_another_county_is_not_offered_and_not_taken(land, official, client_as):
    answer = client_as(official).post(
        reverse("surveys:form_upload"), {"region": land.other_county.pk, "file": SimpleUploadedFile("x.xlsx", xlsform.sample())}
    )  # fmt: skip
    assert answer.status_code == 422
    assert not SurveyForm.objects.filter(code="county-cattle").exists()


def test_the_standard_form_can_be_looked_at_and_not_touched(official, client_as, standard_form):
    client = client_as(official)
    page = client.get(reverse("surveys:form_detail", args=[standard_form.pk])).content.decode()
    assert "饮水来源" in page
    assert reverse("surveys:form_retire", args=[standard_form.pk]) not in page
    client.post(reverse("surveys:form_retire", args=[standard_form.pk]))
    standard_form.refresh_from_db()
    assert standard_form.state == "published"


def test_a_draft_is_seen_as_its_surveyors_will_see_it(land, official, client_as):
    form = uploaded(land.county, official)
    page = client_as(official).get(reverse("surveys:form_preview", args=[form.pk])).content.decode()
    for shown in (
        "<fieldset disabled>",
        "1 · 住房和产业",
        "2 · 家庭成员",
        "每位家庭成员填一遍。",
        "别的手艺",
        "电焊",
        "㎡",
    ):
        assert shown in page, shown


def test_a_draft_is_discarded_by_page(land, official, client_as):
    form = uploaded(land.county, official)
    assert (
        "还没有发布的版本" in client_as(official).get(reverse("surveys:form_discard", args=[form.pk])).content.decode()
    )
    answer = client_as(official).post(reverse("surveys:form_discard", args=[form.pk]))
    assert answer.url == reverse("surveys:form_list")
    assert not SurveyForm.objects.filter(pk=form.pk).exists()


def test_the_sample_is_a_workbook(official, client_as):
    answer = client_as(official).get(reverse("surveys:form_sample"))
    assert xlsform.read(b"".join(answer.streaming_content))["code"] == "county-cattle"


# -- rules in words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"==": [{"var": "dwelling_grade"}, "C"]}, "“房屋安全等级” 是 C 级（危房）"),
        ({"in": [{"var": "dwelling_grade"}, ["C", "D"]]}, "“房屋安全等级”是 C 级（危房）、D 级（危房） 之一"),
        ({"in": ["04", {"var": "health"}]}, "“健康状况”包含 残疾"),
        (
            {">": [{"var": "dwelling_area"}, {"*": [3, {"var": "last.dwelling_area"}]}]},
            "“住房面积” > （3 × 去年的“住房面积”）",
        ),
        (
            {"and": [{">=": [{"var": "age"}, 16]}, {"!": {"blank": {"var": "work_area"}}}]},
            "年龄 ≥ 16 且 填了“务工状况”",
        ),
        ({"or": [{"and": [True, False]}, {"blank": {"var": "wish"}}]}, "（是 且 否） 或 没有填“具体意愿”"),
        ({"!": {"==": [{"var": "is_relocated"}, True]}}, "不是（“搬迁户” 是 是）"),
        ({">": [{"count": {"==": [{"var": "low_income"}, True]}}, 0]}, "（“享受低保” 是 是）的人数 > 0"),
        ({"<": [{"var": "per_head"}, {"/": [{"var": "last.per_head"}, 2]}]}, "人均纯收入 < （去年的人均纯收入 ÷ 2）"),
        (
            {"if": [{"blank": {"var": "wish"}}, 0, {"sum": "work_months"}]},
            "（没有填“具体意愿” 时取 0，否则取 各成员“务工时间”之和）",
        ),
        ({"==": [{"var": "base.wish"}, None]}, "开始填写时台账的“具体意愿” 是 空白"),
        ({"-": [{"var": "members"}]}, "-成员人数"),
    ],
)
def test_a_rule_is_said_in_words(rule, words):
    form = Definition.of(dict(standard.definitions())["household-2026.1.json"])
    assert spoken.rule(rule, form) == words


def test_every_rule_and_place_of_the_shipped_form_can_be_said():
    for form in (Definition.of(dict(standard.definitions())["household-2026.1.json"]), Definition.of(SMALL_FORM)):
        for one in form.fields:
            assert spoken.kind(one)
            assert bool(spoken.where(one)) is bool(one.writes)
            for rule in (one.show, one.required, *(ask.rule for ask in (*one.hard, *one.soft))):
                said = spoken.rule(rule, form)
                assert said
                assert "{" not in said
