"""Every row is accounted for, whatever stands in it: the receipt adds up, the same file again changes nothing, and the rules hold."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction
from django.db.utils import IntegrityError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cadres.models import Cadre
from exchange.models import PeopleBatch
from households.models import Pairing
from tests.data import helpers as data
from tests.exchange.people.conftest import came, everything, said
from tests.factories import CadreFactory, PairingFactory, PeopleBatchFactory, UnitFactory

pytestmark = pytest.mark.django_db
ROLE, NAMED = "队长/队员/结对帮扶责任人", "户主姓名（组别）"
PEOPLE = ("王伟", "李强", "赵敏", "老周")


def mostly(*sound, but=()):
    """One of `sound`, and in one row of ten of what is wrong or doubtful."""
    return st.sampled_from(sound * max(9 * len(but) // len(sound), 1) + tuple(but))


helper = st.fixed_dictionaries(
    {
        "单位名称": mostly("县农业农村局", "石门乡人民政府", "县水务局", but=("",)), "姓名": mostly(*PEOPLE, but=("", "王2")),
        "手机": mostly("19900000001", "19900000002", "", but=("12",)),
        ROLE: mostly("队长", "队员", "第一书记", "结对帮扶责任人", "结对帮扶责任人", "队长、结对帮扶责任人", but=("书记", "")),
        "村": mostly("青石村", "青石村", "白石村", but=("柳树村", "邻村", "")), "乡镇": mostly("石门乡", but=("",)),
        "户数": mostly("", but=("1", "2", "两")), NAMED: st.lists(mostly("李四", "王五", but=("张三", "无人")), max_size=3).map("、".join),
        "证件号码": mostly("", but=("123",)), "是否牵头": st.sampled_from(("", "", "是", "否")),
    }
)  # fmt: skip
pairing = st.fixed_dictionaries(
    {
        "户编号": mostly("53001", "53002", "53003", but=("404", "")), "姓名": mostly(*PEOPLE), "户主姓名": mostly("", but=("张三",)),
        "帮扶责任人编号": st.sampled_from(("B1", "B2", "", "")), "联系人电话": st.sampled_from(("19900000001", "19900000002", "", "")),
        "单位名称": mostly("县农业农村局", "县水务局", but=("",)), "帮扶单位编号": mostly("", but=("D1",)),
        "帮扶开始时间": mostly("2018-01-01", "2020-03-01", "2022-05-05", "2023", but=("", "明天")),
        "帮扶结束时间": mostly("", "", "2020-03-01", "2022-05-05", but=("2018-01-01", "明天")), "是否牵头": st.sampled_from(("", "", "是", "否")),
    }
)  # fmt: skip
EVERY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def county(land, home):
    """Three households, one of them with a helper, and two namesakes in one unit."""
    for number, name in (("53001", "张三"), ("53002", "李四"), ("53003", "王五")):
        home(name, number=number)
    PairingFactory(household=home("张三", "二组"), cadre__name="旧人", starts_on=dt.date(2019, 1, 1))
    CadreFactory.create_batch(2, name="老周", unit=UnitFactory(name="县水务局", region=land.county))
    return land


def adds_up(batch, rows):
    assert (
        batch.lines_read == batch.lines_data + batch.lines_blank + batch.lines_heading + batch.lines_total == len(rows)
    )
    for prefix in ("rows", *PeopleBatch.COUNTED):
        counts = batch.counts(prefix)
        assert counts["read"] == sum(counts.values()) - counts["read"], prefix
    assert batch.rows.count() == batch.lines_data
    for row in batch.rows.filter(outcome__in=("held", "rejected")):
        assert row.detail["problem"].endswith("。"), row.detail
    return True


def one_lead_a_day():
    leads = list(Pairing.objects.filter(is_lead=True))
    for one in leads:
        for other in leads:
            if one.pk < other.pk and one.household_id == other.household_id:
                assert (one.ends_on or dt.date.max) <= other.starts_on or (
                    other.ends_on or dt.date.max
                ) <= one.starts_on


@EVERY
@given(rows=st.lists(helper, min_size=1, max_size=6))
def test_any_list_of_helpers(county, bring, rows):
    judge(bring, data.sheet([{"性别": "男"} | row for row in rows]), rows)


@EVERY
@given(rows=st.lists(pairing, min_size=1, max_size=6))
def test_any_list_of_pairings(county, bring, rows):
    judge(bring, data.sheet([{"隶属关系": "县直"} | row for row in rows], data.PAIRINGS), rows)


def judge(bring, file, rows):
    with transaction.atomic():
        preview = bring(file, write=False)
        shown = [(row.row_no, row.outcome, row.detail) for row in preview.rows.order_by("position")]
        assert adds_up(preview, rows)
        written = bring(file)
        assert adds_up(written, rows)
        assert [(row.row_no, row.outcome, row.detail) for row in written.rows.order_by("position")] == shown
        one_lead_a_day()
        before = everything()

        again = bring(file)
        assert adds_up(again, rows)
        assert not set(came(again, "pairings")) & {"created", "updated"}, said(again)
        assert not {name for prefix in ("units", "cadres", "places") for name in came(again, prefix)} & {
            "created",
            "updated",
        }
        assert everything() == before
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "column", ["rows_created", "units_read", "cadres_held", "places_updated", "pairings_rejected", "lines_blank"]
)
def test_the_database_refuses_a_receipt_that_does_not_add_up(column):
    batch = PeopleBatchFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        PeopleBatch.objects.filter(pk=batch.pk).update(**{column: 1})
    assert not Cadre.objects.exists()
