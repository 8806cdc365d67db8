"""Editing the catalogue: what is refused, what use fixes, what the trail says, and the pages."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from catalogue import history, services, usage
from catalogue.models import VOUCHED, MeasureKind, ReliefCategory
from common import audit
from common.models import AuditEvent
from households.services import LedgerError
from plans.services import draft_plan
from tests.factories import HouseholdFactory, HouseholdYearFactory
from tests.factories.assistance import MeasureFactory

pytestmark = pytest.mark.django_db
FACTS = {
    "title": "养蜂奖补", "column": "industry", "whose": "household", "unit": "箱", "period": "year", "department": "农业农村局",
    "valid_from": dt.date(2026, 1, 1), "ceiling": Decimal(3000), "causes": ["09", "07"], "checks": [],
    "eligible": {">": [{"var": "farmland"}, 0]}, "fields": [{"id": "item", "type": "text", "label": "品种"}],
}  # fmt: skip


@pytest.fixture
def bees(official):
    return services.add_kind(by=official, code="bee-grant", facts=FACTS)


def use(kind, land, by):
    home = HouseholdFactory(village=land.village, with_householder=True)
    HouseholdYearFactory(household=home, year=timezone.localdate().year)
    draft_plan(
        household=home, year=timezone.localdate().year, by=by,
        proposals=[{"source": "own", "goal": "增收", "kind": kind, "member": None, "reasons": []}],
    )  # fmt: skip


def verdict():
    """The chain closes at commit: a test's transaction never reaches it by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return audit.verify(VOUCHED)


# -- verbs ----------------------------------------------------------------------------------------------------------------------


def test_a_kind_is_added_and_said(bees):
    bees.refresh_from_db()
    assert bees.eligible_say == "“耕地” > 0"
    assert bees.causes == ["07", "09"]
    assert AuditEvent.objects.get(action="measurekind.added").region_path
    assert verdict().ok


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"ceiling": Decimal(0)}, "ceiling", "大于 0"),
        ({"ceiling": Decimal(-5)}, "ceiling", "大于 0"),
        ({"has_money": False}, "ceiling", "没有上限"),
        ({"valid_to": dt.date(2025, 12, 31)}, "valid_to", "2026年1月1日）之后"),
        ({"valid_to": dt.date(2026, 1, 1)}, "valid_to", "之后"),
        ({"eligible": {"==": [{"var": "nowhere"}, True]}}, "eligible", "没有“nowhere”这个栏目。"),
        ({"eligible": {"==": [{"var": "low_income"}, True]}}, "eligible", "是成员的栏目"),
        ({"title": "  "}, "title", ""),
        ({"column": "nothing"}, "column", ""),
        ({"causes": ["77"]}, "causes", ""),
        ({"checks": ["sleep"]}, "checks", ""),
        (
            {"fields": [{"id": "a", "type": "text", "label": "甲"}, {"id": "a", "type": "text", "label": "乙"}]},
            "fields",
            "重复",
        ),
        ({"fields": [{"id": "a", "type": "choice", "label": "甲"}]}, "fields", "选项"),
        ({"fields": [{"id": "a", "type": "dream", "label": "甲"}]}, "fields", "没有“dream”"),
        ({"fields": [{"id": "a", "type": "yesno", "label": "甲", "writes": "year.has_toilet"}]}, "fields", "写入台账"),
        ({"fields": {}}, "fields", "列表"),
    ],
)
def test_what_is_not_sound_is_refused_at_its_field(official, change, field, said):
    with pytest.raises(ValidationError) as error:
        services.add_kind(by=official, code="bee-grant", facts=FACTS | change)
    assert field in error.value.message_dict
    assert said in "".join(error.value.message_dict[field])
    assert not MeasureKind.objects.filter(code="bee-grant").exists()
    assert not AuditEvent.objects.filter(action="measurekind.added").exists()


@pytest.mark.parametrize("code", ["dibao", "DIBAO", "add", "categories", "有字", ""])
def test_a_code_that_cannot_be_is_refused(official, code):
    with pytest.raises(ValidationError) as error:
        services.add_kind(by=official, code=code, facts=FACTS)
    assert "code" in error.value.message_dict


def test_nobody_without_the_permission_edits(clerk, bees):
    for act in (
        lambda: services.add_kind(by=clerk, code="x", facts=FACTS),
        lambda: services.change_kind(kind=bees, by=clerk, facts={"title": "x"}),
        lambda: services.retire_kind(kind=bees, by=clerk, on=dt.date(2027, 1, 1)),
        lambda: services.add_category(by=clerk, name="x"),
    ):
        with pytest.raises(PermissionDenied):
            act()


def test_a_stale_form_is_refused(official, bees):
    services.change_kind(kind=bees, by=official, facts={"title": "养蜂补助"}, version=bees.version)
    with pytest.raises(LedgerError, match="被别人改过"):
        services.change_kind(kind=bees, by=official, facts={"title": "别的"}, version=bees.version)


def test_use_fixes_what_was_counted_in(land, official, bees):
    changed = services.change_kind(kind=bees, by=official, facts={"whose": "member", "unit": "群", "eligible": None})
    changed = services.change_kind(kind=changed, by=official, facts={"whose": "household", "unit": "箱"})
    use(changed, land, official)
    for change, field in (
        ({"whose": "member"}, "whose"),
        ({"unit": "群"}, "unit"),
        ({"period": "month"}, "period"),
        ({"fields": []}, "fields"),
        ({"fields": [{"id": "item", "type": "integer", "label": "品种"}]}, "fields"),
    ):
        with pytest.raises(ValidationError) as error:
            services.change_kind(kind=changed, by=official, facts=change)
        assert "已经用过" in "".join(error.value.message_dict[field])
    more = [*FACTS["fields"], {"id": "own", "type": "yesno", "label": "自主发展"}]
    assert (
        services.change_kind(kind=changed, by=official, facts={"fields": more, "ceiling": Decimal(5000)}).ceiling
        == 5000
    )


def test_a_measure_is_a_use_too(bees):
    assert not usage.is_used(bees)
    MeasureFactory(kind=bees)
    assert usage.is_used(bees)


def test_a_kind_is_retired_once_and_comes_back(official, bees):
    with pytest.raises(ValidationError, match="之后"):
        services.retire_kind(kind=bees, by=official, on=dt.date(2026, 1, 1))
    retired = services.retire_kind(kind=bees, by=official, on=dt.date(2026, 7, 1))
    assert bees not in MeasureKind.objects.in_force(dt.date(2026, 7, 1))
    assert bees in MeasureKind.objects.in_force(dt.date(2026, 6, 30))
    with pytest.raises(LedgerError, match="已经从2026年7月1日起停用"):
        services.retire_kind(kind=retired, by=official, on=dt.date(2026, 8, 1))
    back = services.restore_kind(kind=retired, by=official)
    assert back.valid_to is None
    with pytest.raises(LedgerError, match="没有停用"):
        services.restore_kind(kind=back, by=official)


def test_a_change_that_changes_nothing_is_no_event(official, bees):
    services.change_kind(kind=bees, by=official, facts={"title": bees.title}, version=bees.version)
    assert not AuditEvent.objects.filter(action="measurekind.changed").exists()


def test_categories_are_added_renamed_retired(official, bees):
    own = services.add_category(by=official, name="产业救助")
    assert own.place == 11
    renamed = services.change_category(category=own, by=official, name="增收救助", version=own.version)
    with pytest.raises(LedgerError, match="被别人改过"):
        services.change_category(category=own, by=official, name="别的", version=own.version)
    for name, said in (("最低生活保障", "已经有"), (" ", "请填"), ("长" * 41, "40")):
        with pytest.raises(ValidationError, match=said):
            services.add_category(by=official, name=name)
    held = services.change_kind(kind=bees, by=official, facts={"category": renamed})
    services.retire_category(category=renamed, by=official)
    services.change_kind(kind=held, by=official, facts={"title": "养蜂"})  # what stands in it stays
    with pytest.raises(ValidationError, match="已经停用"):
        services.add_kind(
            by=official, code="bees-2", facts=FACTS | {"category": ReliefCategory.objects.get(pk=renamed.pk)}
        )
    assert services.retire_category(category=renamed, by=official, active=True).is_active
    assert verdict().ok


# -- the trail ------------------------------------------------------------------------------------------------------------------


def test_the_shipped_catalogue_is_as_shipped_and_stays_provable(official):
    assert verdict().ok
    assert list(services.check()) == []
    kind = MeasureKind.objects.get(code="dibao")
    services.change_kind(kind=kind, by=official, facts={"department": "县民政局"})
    assert verdict().ok
    assert list(services.check()) == []


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("dibao", {"eligible": None}),
        ("toilet", {"ceiling": 9000}),
        ("toilet", {"entitles": True}),
        ("boarding", {"valid_to": dt.date(2026, 1, 1)}),
        ("boarding", {"category": None}),
    ],
)
def test_a_shipped_kind_changed_past_the_verbs_is_found(code, change):
    MeasureKind.objects.filter(code=code).update(**change)
    assert [kind.code for kind, _why in services.check()] == [code]
    with pytest.raises(SystemExit):
        call_command("verify_history")


def test_what_people_changed_is_found_when_it_is_changed_past_the_verbs(bees):
    MeasureKind.objects.filter(pk=bees.pk).update(ceiling=90000)
    assert verdict().broken["row"] == f"catalogue.measurekind/{bees.pk}"


def test_a_changed_row_cannot_pass_as_shipped(official):
    kind = MeasureKind.objects.get(code="dibao")
    services.change_kind(kind=kind, by=official, facts={"department": "县民政局"})
    MeasureKind.objects.filter(pk=kind.pk).update(version=1)
    assert not verdict().ok


def test_the_history_of_a_kind_is_in_words(official, bees):
    category = ReliefCategory.objects.get(code="work")
    services.change_kind(
        kind=bees, by=official,
        facts={"ceiling": Decimal(5000), "eligible": {">=": [{"var": "farmland"}, 2]}, "eligible_say": "耕地 2 亩以上", "category": category},
    )  # fmt: skip
    change, added = history.of(bees)
    assert (change.title, added.title, change.who) == ("修改措施", "新增措施", "县级干部")
    lines = {line.field: (line.old, line.new) for line in change.lines}
    assert lines["享受条件（规则）"] == ("“耕地” > 0", "“耕地” ≥ 2")
    assert lines["每期上限（元）"] == ("3,000", "5,000")
    assert lines["救助类别"] == ("", "就业救助")


# -- pages ----------------------------------------------------------------------------------------------------------------------


def posted(**more):
    data = {
        "code": "bee-grant", "title": "养蜂奖补", "column": "industry", "category": "", "department": "农业农村局", "whose": "household",
        "unit": "箱", "period": "year", "has_money": "on", "ceiling": "3,000", "causes": ["09"], "valid_from": "2026-01-01", "valid_to": "",
        "condition": "rows", "joined": "and", "eligible_say": "",
        "rule-TOTAL_FORMS": "3", "rule-INITIAL_FORMS": "0", "field-TOTAL_FORMS": "3", "field-INITIAL_FORMS": "0",
        "rule-0-fact": "farmland", "rule-0-operator": ">=", "rule-0-text": "2", "rule-1-fact": "labour", "rule-1-operator": "in", "rule-1-text": "普通劳动力、技能劳动力",
        "field-0-label": "品种", "field-0-type": "text", "field-1-label": "带动方式", "field-1-type": "choice", "field-1-choices": "订单回收、入股分红",
    }  # fmt: skip
    return data | more


def test_a_kind_is_added_on_the_page_and_shown_in_words(official, client_as):
    client = client_as(official)
    assert client.get("/catalogue/add/").status_code == 200
    assert client.post("/catalogue/add/", posted()).status_code == 302
    kind = MeasureKind.objects.get(code="bee-grant")
    assert kind.eligible == {
        "and": [{">=": [{"var": "farmland"}, 2]}, {">=": [{"count": {"in": [{"var": "labour"}, ["01", "02"]]}}, 1]}]
    }
    assert kind.fields == [
        {"id": "f1", "type": "text", "label": "品种"},
        {"id": "f2", "type": "choice", "label": "带动方式", "choices": [["c1", "订单回收"], ["c2", "入股分红"]]},
    ]
    page = client.get("/catalogue/bee-grant/").content.decode()
    assert "“耕地” ≥ 2 且 家里有人（“劳动技能”是 普通劳动力、技能劳动力 之一）" in page
    assert "带动方式（单选：订单回收、入股分红）" in page
    assert "新增措施" in client.get("/catalogue/bee-grant/history/").content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"code": "dibao"}, "已经有一项措施在用"),
        ({"ceiling": "0"}, "大于 0"),
        ({"valid_to": "2025-01-01"}, "之后"),
        ({"rule-0-text": "两亩"}, "应是数字"),
        ({"rule-1-text": "超人"}, "里没有“超人”"),
        ({"rule-0-fact": "", "rule-0-text": "5"}, "请选一项情况"),
        ({"rule-0-fact": "", "rule-0-text": "", "rule-1-fact": "", "rule-1-text": ""}, "至少写一行"),
        ({"field-1-choices": ""}, "选项应有"),
        ({"rule-TOTAL_FORMS": "x"}, ""),
        ({"rule-0-fact": "nowhere"}, ""),
    ],
)
def test_bad_input_is_said_on_the_page_and_nothing_is_saved(official, client_as, change, said):
    answer = client_as(official).post("/catalogue/add/", posted(**change))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not MeasureKind.objects.filter(code="bee-grant").exists()


def values(page):
    """What a form page would send back unchanged."""
    form, rows, own = page.context["form"], page.context["rows"], page.context["own"]
    data = {}
    for part in (form, rows.management_form, own.management_form, *rows, *own):
        for field in part:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = value
    return data


@pytest.mark.parametrize(
    "code", ["crop-grant", "dibao", "medical-premium", "skill-training", "micro-loan", "temporary-aid", "rebuild-house"]
)
def test_a_form_sent_back_as_it_is_changes_nothing(official, client_as, code):
    client = client_as(official)
    data = values(client.get(f"/catalogue/{code}/edit/"))
    assert client.post(f"/catalogue/{code}/edit/", data).status_code == 302
    assert MeasureKind.objects.get(code=code).version == 1
    assert not AuditEvent.objects.exists()


def test_a_stale_page_is_refused(official, client_as):
    client = client_as(official)
    data = values(client.get("/catalogue/dibao/edit/")) | {"title": "城乡低保"}
    services.change_kind(kind=MeasureKind.objects.get(code="dibao"), by=official, facts={"department": "县民政局"})
    answer = client.post("/catalogue/dibao/edit/", data)
    assert answer.status_code == 422
    assert "被别人改过" in answer.content.decode()


def test_retired_kinds_are_listed_on_demand(official, client_as):
    client = client_as(official)
    page = client.get("/catalogue/toilet/retire/")
    version = page.context["form"]["version"].value()
    assert client.post("/catalogue/toilet/retire/", {"on": "2026-01-01", "version": version}).status_code == 302
    client.get("/catalogue/")  # says that it was saved
    assert "卫生厕所改造" not in client.get("/catalogue/").content.decode()
    listed = client.get("/catalogue/", {"retired": "1"}).content.decode()
    assert "卫生厕所改造" in listed
    assert "2026年1月1日停用" in listed
    assert client.post("/catalogue/toilet/retire/", {"version": version + 1}).status_code == 302
    assert MeasureKind.objects.get(code="toilet").valid_to is None


def test_categories_on_their_pages(official, client_as):
    client = client_as(official)
    assert client.post("/catalogue/categories/add/", {"name": "产业救助"}).status_code == 302
    row = ReliefCategory.objects.get(name="产业救助")
    assert client.post(f"/catalogue/categories/{row.pk}/", {"name": "", "place": "3"}).status_code == 422
    assert (
        client.post(
            f"/catalogue/categories/{row.pk}/", {"name": "增收救助", "place": "3", "version": row.version}
        ).status_code
        == 302
    )
    assert client.post(f"/catalogue/categories/{row.pk}/retire/", {"version": row.version + 1}).status_code == 302
    row.refresh_from_db()
    assert (row.name, row.place, row.is_active) == ("增收救助", 3, False)
    assert "已停用" in client.get("/catalogue/categories/").content.decode()


def test_who_only_reads_sees_no_buttons(clerk, client_as):
    page = client_as(clerk).get("/catalogue/dibao/").content.decode()
    assert "/catalogue/dibao/edit/" not in page
    assert client_as(clerk).get("/catalogue/dibao/edit/").status_code == 403
