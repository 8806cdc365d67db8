"""What stands in the file: which rows in which order, the control line, what changed since."""

from __future__ import annotations

import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.roles import Permission, Role
from common import jobs, vault
from common.audit import AuditEvent
from exchange.outgoing import kinds, making, presets, services
from exchange.outgoing.fields import columns_for
from exchange.outgoing.models import ExportMark, ExportRun
from households import curtain
from households.filters import HouseholdFilter
from households.listing import with_row_facts
from households.models import Household, HouseholdYear, Member
from households.services import correct_year
from tests.exchange.outgoing.conftest import YEAR, content, full, page, rows, sheets

pytestmark = pytest.mark.django_db

FILTERS = st.fixed_dictionaries({}, optional={
    "region": st.sampled_from(["11", "30", "300", "3000", "310"]), "status": st.sampled_from(["monitored", "registered", "out_of_poverty"]),
    "category": st.sampled_from(["01", "02", "07"]), "cause": st.sampled_from(["01", "02", "08"]), "helper": st.sampled_from(["none", "some"]),
    "phone": st.sampled_from(["none", "some"]), "closed": st.sampled_from(["with", "only"]),
})  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(query=FILTERS)
def test_any_filters_find_what_the_page_finds_in_its_order(ledger, official, query):
    Household.objects.filter(pk__in=Household.objects.order_by("pk").values("pk")[:2]).update(
        closed_on="2026-01-05", closed_reason="moved"
    )
    asked = ExportRun(query=query, row_kind="household")
    keys, left_out = kinds.of(asked.row_kind).keys(asked, official)
    data = QueryDict(mutable=True)
    data.update(query)
    seen = Household.objects.for_user(official)
    shown = HouseholdFilter(data, seen, request=SimpleNamespace(user=official)).qs
    assert keys == [h.pk for h in with_row_facts(shown).order_by("-pk")]
    assert left_out == 0


def test_the_file_has_the_rows_of_the_page_in_its_order(ledger, export, official, client_as):
    shown = [row["pk"] for row in page(client_as(official), region="30").context["rows"]]
    run = export(official, "I", query={"region": "30"})
    numbers = dict(Household.objects.values_list("pk", "number"))
    assert [row["家庭编号"] for row in rows(run)] == [numbers[pk] for pk in shown]


def test_nobody_gets_rows_from_outside(ledger, export, officer, official, auditor, post, land):
    mine = export(officer, "A")
    assert {row["行政村"] for row in rows(mine)} == {"青石村", "白石村"}
    assert mine.households == Household.objects.filter(township=land.township).count()
    assert export(auditor, "A").households == 14
    with pytest.raises(services.PermissionDenied):
        services.request_export(by=auditor, mapping=presets.preset("A"), year=YEAR, **full())
    for role in (Role.VILLAGE_CLERK, Role.RESIDENT_TEAM):
        with pytest.raises(services.PermissionDenied):
            services.request_export(by=post(role, land.village), mapping=presets.preset("A"), year=YEAR)
    assert "360" not in str(official.postings_now)


def test_a_helper_elsewhere_gets_only_the_own_area(ledger, export, officer, land):
    """The list shows the households one helps, too; a file is of the area in which one may export."""
    from tests.factories import CadreFactory, PairingFactory

    far = Household.objects.filter(village=land.far_village).first()
    PairingFactory(household=far, cadre=CadreFactory(user=officer, unit__region=land.township))
    run = export(officer, "A")
    assert run.left_out == 1
    assert far.number not in {row["户编号"] for row in rows(run)}


def test_the_control_line_adds_up(ledger, export, official):
    run = export(official, "G", **full())
    line = sheets(run)[f"{YEAR}年数据"][-1][0]
    found = re.match(
        r"合计：行数 (\d+)，户数 (\d+)，人数 (\d+)，金额合计 ([\d,.]+) 元，生成时间 \S+ \S+，格式“(.*)”$", line
    )
    people = Member.objects.count()
    assert [int(found[n]) for n in (1, 2, 3)] == [people, 14, people] == [run.rows_written, run.households, run.people]
    money = [
        c["heading"] for c in run.columns if c["field"].startswith(("income.", "total.", "year.imported", "year.gross"))
    ]
    once = {row["户编号"]: sum(Decimal(row[name] or 0) for name in money) for row in rows(run)}
    assert Decimal(found[4].replace(",", "")) == sum(once.values()) == run.amount
    assert run.amount > 0
    assert found[5] == "2021 年以后“全字段”导出表"


def test_codes_and_labels_blank_columns_and_own_headings(ledger, export, official, mapping):
    columns = [
        {"heading": "=户号", "field": "household.number", "form": "label"}, {"heading": "性别码", "field": "member.sex", "form": "code"},
        {"heading": "性别", "field": "member.sex", "form": "label"}, {"heading": "上级填写", "field": "", "form": "label"},
        {"heading": "健康", "field": "myear.health", "form": "code"},
    ]  # fmt: skip
    run = export(official, mapping(official, columns=columns))
    first = rows(run)[0]
    assert list(first) == ["=户号", "性别码", "性别", "上级填写", "健康"]
    assert {(row["性别码"], row["性别"]) for row in rows(run)} == {("1", "男"), ("2", "女")}
    assert first["上级填写"] == ""


def test_a_hidden_year_stays_hidden(ledger, export, official, monkeypatch):
    household = Household.objects.order_by("-pk").first()
    monkeypatch.setattr(curtain, "_askers", [lambda user, keys: {household.pk: YEAR}])
    own, others = [], []
    for row in rows(export(official, "A")):
        (own if row["户编号"] == household.number else others).append(
            (row["贫困户属性"], row["健康状况"], row["人均纯收入"])
        )
    assert set(own) == {("", "", "")}
    assert ("", "", "") not in others


# -- only what changed ----------------------------------------------------------------------------------------------------------------


def test_only_changed_rows_and_those_that_left(ledger, export, official):
    first = export(official, "A", only_changed=True)
    assert first.base is None
    assert first.rows_written == Member.objects.count()
    assert export(official, "A", only_changed=True, output="csv").rows_written == 0
    changed, closed, other = Household.objects.order_by("-pk")[:3]
    correct_year(household=changed, year=YEAR, by=official, facts={"main_cause": "03"})
    Household.objects.filter(pk=closed.pk).update(closed_on="2026-02-03", closed_reason="moved")
    gone = other.members.exclude(relation="01").first() or other.members.first()
    Member.objects.filter(pk=gone.pk).update(left_on="2026-02-04", left_reason="died")
    run = export(official, "A", only_changed=True)
    assert {row["户编号"] for row in rows(run)} == {changed.number}
    left = sheets(run)["不再包含的行"]
    assert left[0] == ["户编号", "姓名", "说明"]
    assert sorted(row[:2] for row in left[1:]) == sorted(
        [*([closed.number, m.name] for m in closed.members.all()), [other.number, gone.name]]
    )
    assert {row[2] for row in left[1:]} == {"已于 2026-02-03 销户", "已于 2026-02-04 减少"}
    assert run.rows_left == closed.members.count() + 1
    assert run.rows_found == run.rows_written + run.rows_same
    again = export(official, "A", only_changed=True, output="csv")
    assert (again.rows_written, again.rows_left) == (0, 0)
    assert ExportMark.objects.values("run").distinct().count() == 1  # only the last is kept


def test_what_is_kept_for_comparing_says_nothing(ledger, export, official):
    export(official, "A", **full())
    kept = b"".join(bytes(mark.rows) for mark in ExportMark.objects.all())
    for member in Member.objects.all():
        assert member.name.encode() not in kept
        assert member.id_number.reveal().encode() not in kept
    assert len(kept) == 16 * Member.objects.count()


def test_another_format_year_or_filter_is_compared_with_nothing(ledger, export, official, officer, mapping):
    export(official, "A")
    for more in ({"year": YEAR - 1}, {"query": {"region": "30"}}, full()):
        assert export(official, "A", only_changed=True, **more).base is None
    assert export(officer, "A", only_changed=True).base is None
    assert export(official, "B", only_changed=True).base is None
    own = mapping(official, columns=columns_for(["户编号", "姓名"], "member"))
    export(official, own)
    own = services.change_mapping(
        mapping=own, by=official, name=own.name, columns=columns_for(["户编号"], "member"), shared=False
    )
    assert export(official, own, only_changed=True).base is None


# -- the work -----------------------------------------------------------------------------------------------------------------------


class Stops:
    """Hears at the first lot that the work must stop."""

    def step(self, done=None, *, total=None, message=None, force=False):
        if done:
            raise jobs.Cancelled


def test_work_that_ends_halfway_leaves_nothing(ledger, official):
    run = services.request_export(by=official, mapping=presets.preset("A"), year=YEAR, send=False)
    with pytest.raises(jobs.Cancelled):
        making.make(run, by=official, run=Stops(), lot=4)
    assert not ExportMark.objects.exists()
    run.refresh_from_db()
    assert not run.file
    orphan = vault.put(f"exports/{run.created_at:%Y/%m}/{run.token}", b"of a worker killed just before its commit")
    jobs.run(run.job_id)
    run.refresh_from_db()
    assert run.file == orphan
    assert vault.get(run.file)[:2] == b"PK"
    assert run.rows_written == Member.objects.count()
    events = AuditEvent.objects.count()
    making.make(run, by=official, run=Stops())  # the worker died after its commit: done is done
    assert AuditEvent.objects.count() == events


def test_the_same_request_twice_is_one(ledger, official):
    ask = {"by": official, "mapping": presets.preset("A"), "year": YEAR, "send": False}
    assert services.request_export(**ask).pk == services.request_export(**ask).pk
    assert services.request_export(**ask | {"output": "csv"}).pk != services.request_export(**ask).pk


def test_nothing_found_is_said(ledger, official):
    run = services.request_export(
        by=official, mapping=presets.preset("A"), year=YEAR, query={"category": "13"}, send=False
    )
    job = jobs.run(run.job_id)
    assert job.state == "failed"
    assert "没有符合条件" in job.error


def test_questions_do_not_grow_with_the_rows(ledger, official, count_queries):
    from exchange.outgoing.rows import Reader

    columns = presets.preset("G").columns + columns_for(["帮扶责任人", "风险是否已消除"], "member")
    keys = list(Household.objects.order_by("-pk").values_list("pk", flat=True))

    def ask(some):
        reader = Reader(columns, "member", year=YEAR, full=True, by=official)
        return sum(len(one.rows) for lot in reader.lots(some) for one in lot)

    ask(keys)  # what is remembered of the user is asked once
    assert count_queries(lambda: ask(keys)) == count_queries(lambda: ask(keys[:2])) <= 11


def test_full_numbers_leave_two_events(ledger, export, official):
    run = export(official, "A", **full())
    b"".join(services.fetch_export(export=run, by=official))
    events = AuditEvent.objects.filter(action__startswith="households.export")
    assert list(events.order_by("pk").values_list("action", flat=True)) == [
        "households.exported_full",
        "households.export_fetched_full",
    ]
    assert Household.objects.for_user(official, Permission.PII_REVEAL).count() == 14


def test_files_end_and_are_encrypted(ledger, export, official, settings):
    run = export(official, "A", **full())
    name = ledger[0].householder.name
    with vault.default_storage.open(run.file) as file:
        assert name.encode() not in file.read()
    ExportRun.objects.filter(pk=run.pk).update(
        created_at=timezone.now() - timezone.timedelta(days=settings.DOCUMENT_DAYS + 1)
    )
    from exchange.outgoing.jobs import expire_exports

    assert expire_exports() == 1
    with pytest.raises(FileNotFoundError):
        content(run)
    run.refresh_from_db()
    with pytest.raises(services.ExportRefusedError, match="已过保存期"):
        services.fetch_export(export=run, by=official)
    assert ExportMark.objects.exists()  # still there to compare with


def test_an_own_year_without_a_record_is_blank(ledger, export, official):
    assert not HouseholdYear.objects.filter(year=2020).exists()
    assert {row["贫困户属性"] for row in rows(export(official, "A", year=2020))} == {""}
