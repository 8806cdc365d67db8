"""Verbs of the household file, called as pages call them. After each story the whole history must verify."""

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from common import audit
from common.models import AuditEvent
from households import codelists
from households import services as s
from households.models import AUDITED, Household, HouseholdYear, Member, Pairing, Status, StatusChange
from tests.factories import CadreFactory
from tests.factories.households import invented_id_number

DAY = dt.date(2026, 3, 1)


def verify():
    connection.check_constraints()  # closes the chain, as a commit does
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken
    return verdict


@pytest.fixture
def family(officer, village):
    """Householder 王建国, wife 李芳, son 王明: made by the verbs."""
    household = s.register_household(
        village=village,
        by=officer,
        householder={"name": "王建国", "sex": "1", "id_number": invented_id_number(dt.date(1968, 5, 1))},
    )
    wife = s.add_member(
        household=household,
        by=officer,
        facts={"name": "李芳", "relation": "02", "sex": "2"},
        joined_on=DAY,
        joined_reason="first",
    )
    son = s.add_member(
        household=household,
        by=officer,
        facts={"name": "王明", "relation": "03", "sex": "1"},
        joined_on=DAY,
        joined_reason="birth",
    )
    head = household.members.get(relation="01")
    household.refresh_from_db()
    return household, head, wife, son


def test_register_numbers_the_household_and_names_its_householder(family, village):
    household, head, *_ = family
    assert household.number == f"N{village.code}00001"
    assert (household.householder_name, household.member_count, household.township_id) == (
        "王建国",
        3,
        village.parent_id,
    )
    assert (head.birth_date, head.sex) == (dt.date(1968, 5, 1), "1")
    verify()


def test_id_number_is_stored_encrypted_and_shown_masked(family):
    _, head, *_ = family
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_number, id_masked FROM households_member WHERE id = %s", [head.pk])
        token, masked = cursor.fetchone()
    assert head.id_number.reveal() not in token
    assert masked == head.id_number.reveal()[:4] + "*" * 10 + head.id_number.reveal()[-4:]


def test_correction_records_old_and_new(family, officer):
    household, *_ = family
    s.correct_household(
        household=household,
        by=officer,
        facts={"address": "青石村 5 组 12 号", "phone": "199 0000 1234"},
        note="走访更正",
    )
    content = audit.content_of(audit.trail_of(household.subject).first())
    assert content["changes"]["address"] == ["", "青石村 5 组 12 号"]
    assert content["changes"]["phone_masked"] == ["", "199****1234"]
    assert "19900001234" not in AuditEvent.objects.latest("id").body
    verify()


def test_a_correction_that_changes_nothing_leaves_no_event(family, officer):
    household, *_ = family
    before = AuditEvent.objects.count()
    s.correct_household(household=household, by=officer, facts={"hamlet": ""})
    assert AuditEvent.objects.count() == before


def test_stale_form_is_refused(family, officer):
    household, *_ = family
    s.correct_household(household=household, by=officer, facts={"hamlet": "五组"}, version=household.version)
    with pytest.raises(s.LedgerError, match="被别人修改过"):
        s.correct_household(household=household, by=officer, facts={"hamlet": "六组"}, version=household.version)


def test_who_may_not_is_refused(family, auditor, stranger, clerk):
    household, *_ = family
    for user in (auditor, stranger):
        with pytest.raises(PermissionDenied):
            s.correct_household(household=household, by=user, facts={"hamlet": "五组"})
    with pytest.raises(PermissionDenied):
        s.close_household(household=household, by=clerk, on=DAY, reason="mistake")


def test_a_second_householder_is_refused(family, officer):
    household, *_ = family
    with pytest.raises(ValidationError, match="已经有户主"):
        s.add_member(
            household=household,
            by=officer,
            facts={"name": "王强", "relation": "01"},
            joined_on=DAY,
            joined_reason="other",
        )


def test_the_same_id_number_twice_is_refused_and_the_other_household_named(family, officer, village):
    household, head, *_ = family
    other = s.register_household(village=village, by=officer, householder={"name": "赵四"})
    with pytest.raises(ValidationError, match=household.number):
        s.add_member(
            household=other, by=officer, facts={"name": "王建国", "relation": "99", "id_number": head.id_number.reveal()}, joined_on=DAY,
            joined_reason="move_in",
        )  # fmt: skip


def test_householder_dies_and_the_wife_follows_in_one_step(family, officer):
    household, head, wife, son = family
    with pytest.raises(s.LedgerError, match="选定新户主"):
        s.remove_member(member=head, by=officer, left_on=DAY, left_reason="death")
    s.remove_member(
        member=head, by=officer, left_on=DAY, left_reason="death", new_householder=wife, relations={son.pk: "03"}
    )
    household.refresh_from_db()
    assert (household.householder_name, household.member_count) == ("李芳", 2)
    verify()
    s.return_member(member=head, by=officer)
    head.refresh_from_db()
    assert head.relation == "99"
    verify()


def test_change_householder_asks_for_every_relation(family, officer):
    household, head, wife, son = family
    with pytest.raises(s.LedgerError, match="王建国"):
        s.change_householder(household=household, by=officer, new_householder=wife, relations={son.pk: "03"})
    s.change_householder(household=household, by=officer, new_householder=wife, relations={son.pk: "03", head.pk: "02"})
    assert Member.objects.get(household=household, relation="01").pk == wife.pk
    verify()


def test_split_and_merge_bring_everybody_home(family, officer):
    household, head, wife, son = family
    s.correct_member_year(member=son, year=2026, by=officer, facts={"health": ["01"], "work_months": 8})
    new = s.split_household(household=household, by=officer, members=[son], new_householder=son, relations={}, on=DAY)
    household.refresh_from_db()
    assert (household.member_count, new.member_count, new.householder_name) == (2, 1, "王明")
    moved = new.members.get(left_on=None)
    assert moved.years.get(year=2026).work_months == 8
    verify()
    s.merge_households(household=new, into=household, by=officer, relations={moved.pk: "03"}, on=DAY)
    new.refresh_from_db()
    household.refresh_from_db()
    assert (household.member_count, new.closed_reason, new.merged_into_id) == (3, "merged", household.pk)
    verify()


def test_close_and_reopen(family, officer):
    household, *_ = family
    pairing = s.pair(household=household, cadre=CadreFactory(), by=officer, starts_on=DAY)
    s.close_household(household=household, by=officer, on=dt.date(2026, 5, 1), reason="moved_out")
    pairing.refresh_from_db()
    assert pairing.ends_on == dt.date(2026, 5, 1)
    with pytest.raises(s.LedgerError, match="已经销户"):
        s.correct_household(household=household, by=officer, facts={"hamlet": "五组"})
    s.reopen_household(household=household, by=officer)
    household.refresh_from_db()
    assert (household.member_count, household.householder_name) == (3, "王建国")
    verify()


def test_move_needs_the_permission_in_both_places(family, officer, land):
    household, *_ = family
    with pytest.raises(PermissionDenied):
        s.move_household(household=household, by=officer, village=land.far_village, on=DAY)
    s.move_household(household=household, by=officer, village=land.near_village, on=DAY, hamlet="二组")
    household.refresh_from_db()
    assert household.village_id == land.near_village.pk
    verify()


def test_open_year_copies_what_is_slow_and_never_income_or_checks(family, officer):
    household, head, *_ = family
    s.correct_year(
        household=household,
        year=2025,
        by=officer,
        facts={"dwelling_area": Decimal("90.5"), "check_housing": "no", "main_cause": "01"},
    )
    s.set_income(household=household, year=2025, by=officer, lines={"wage.other": Decimal(20000)})
    s.correct_member_year(member=head, year=2025, by=officer, facts={"education": "03", "work_months": 6})
    record = s.open_year(household=household, year=2026, by=officer, copy_from=2025)
    assert (record.dwelling_area, record.check_housing, record.net_income, record.main_cause) == (
        Decimal("90.5"),
        "",
        None,
        "01",
    )
    copied = head.years.get(year=2026)
    assert (copied.education, copied.work_months) == ("03", None)
    household.refresh_from_db()
    assert (household.latest_year, household.open_checks) == (2026, 0)
    verify()


def test_causes_may_not_repeat(family, officer):
    with pytest.raises(ValidationError, match="不能与主要致贫原因重复"):
        s.correct_year(household=family[0], year=2026, by=officer, facts={"main_cause": "01", "other_causes": ["01"]})


def test_status_needs_township_and_county(family, officer, official):
    household, *_ = family
    with pytest.raises(s.LedgerError, match="不能直接变为"):
        s.propose_status(
            household=household, by=officer, to_status=Status.OUT_OF_POVERTY, effective_on=DAY, reason="收入稳定"
        )
    change = s.propose_status(
        household=household, by=officer, to_status=Status.REGISTERED, effective_on=DAY, reason="因病致贫"
    )
    with pytest.raises(s.LedgerError, match="已有一项"):
        s.propose_status(household=household, by=officer, to_status=Status.MARGINAL, effective_on=DAY, reason="重复")
    with pytest.raises(PermissionDenied):
        s.decide_status(change=change, by=officer, confirm=True)
    s.decide_status(change=change, by=official, confirm=True)
    household.refresh_from_db()
    assert household.status == Status.REGISTERED
    own = s.propose_status(
        household=household, by=official, to_status=Status.OUT_OF_POVERTY, effective_on=DAY, reason="达标"
    )
    with pytest.raises(s.LedgerError, match="自己提出"):
        s.decide_status(change=own, by=official, confirm=True)
    s.withdraw_status(change=own, by=official)
    verify()


def test_refusing_a_status_needs_a_sentence(family, officer, official):
    change = s.propose_status(
        household=family[0], by=officer, to_status=Status.MARGINAL, effective_on=DAY, reason="支出骤增"
    )
    with pytest.raises(ValidationError, match="写明意见"):
        s.decide_status(change=change, by=official, confirm=False)
    s.decide_status(change=change, by=official, confirm=False, note="证明材料不全")
    assert StatusChange.objects.get().state == "refused"
    assert Household.objects.get().status == Status.ORDINARY


def test_pairings_never_overlap_and_one_leads(family, officer):
    household, *_ = family
    first, second = CadreFactory(), CadreFactory()
    s.pair(household=household, cadre=first, by=officer, starts_on=DAY)
    with pytest.raises(s.LedgerError, match="已经与这一户结对"):
        s.pair(household=household, cadre=first, by=officer, starts_on=DAY, is_lead=False)
    with pytest.raises(s.LedgerError, match="已经有牵头"):
        s.pair(household=household, cadre=second, by=officer, starts_on=DAY)
    s.replace_helper(household=household, cadre=second, by=officer, on=dt.date(2026, 6, 1))
    assert list(Pairing.objects.order_by("starts_on").values_list("ends_on", flat=True)) == [dt.date(2026, 6, 1), None]
    verify()


def test_reveal_asks_for_a_reason_and_leaves_a_trace(family, officer, clerk):
    household, head, *_ = family
    with pytest.raises(ValidationError, match="理由"):
        s.reveal(household=household, by=officer, what="id", reason="", member=head)
    with pytest.raises(PermissionDenied):
        s.reveal(household=household, by=clerk, what="id", reason="核对证件号码", member=head)
    assert (
        s.reveal(household=household, by=officer, what="id", reason="核对证件号码", member=head)
        == head.id_number.reveal()
    )
    assert audit.trail_of(household.subject).first().action == "pii.revealed"


MONEY = st.decimals(min_value=0, max_value=10**7, places=2)
LINES = st.dictionaries(st.sampled_from([c.code for c in codelists.INCOME_ITEM.codes]), MONEY, min_size=1, max_size=12)


@given(LINES, st.integers(min_value=1, max_value=12))
def test_totals_follow_the_national_formula(lines, population):
    found = s.totals(lines.items(), population)
    by_group = {
        g: sum((a for i, a in lines.items() if codelists.income_group(i) == g), Decimal(0))
        for g in ("wage", "business", "property", "transfer")
    }
    expense = lines.get("expense.business", Decimal(0)) - lines.get("expense.subsidy", Decimal(0))
    assert found["gross_income"] == sum(by_group.values())
    assert found["net_income"] == found["gross_income"] - expense
    assert abs(found["per_head_income"] * population - found["net_income"]) <= Decimal("0.005") * population


def test_no_lines_means_no_totals():
    assert set(s.totals([], 3).values()) == {None}


def test_income_lines_come_go_and_change(family, officer):
    household, *_ = family
    s.set_income(
        household=household,
        year=2026,
        by=officer,
        lines={"wage.other": Decimal("18000"), "expense.business": Decimal("3000")},
    )
    s.set_income(
        household=household, year=2026, by=officer, lines={"wage.other": Decimal("19000"), "expense.business": None}
    )
    record = HouseholdYear.objects.get()
    assert (record.net_income, record.per_head_income) == (Decimal(19000), Decimal("6333.33"))
    content = audit.content_of(audit.trail_of(household.subject).first())
    assert content["changes"]["incomeline:2026 wage.other:amount"] == ["18000.00", "19000.00"]
    assert content["changes"]["householdyear:2026:net_income"] == ["15000.00", "19000.00"]
    verify()


def test_a_new_population_changes_the_income_per_head(family, officer):
    household, *_ = family
    s.set_income(household=household, year=2026, by=officer, lines={"wage.other": Decimal("12000")})
    s.correct_year(household=household, year=2026, by=officer, facts={"population": 4})
    assert HouseholdYear.objects.get().per_head_income == Decimal("3000.00")
    verify()


def test_other_papers_are_stored_as_written(family, officer):
    _, _, wife, _ = family
    s.correct_member(member=wife, by=officer, facts={"id_number": "军字第 1234567 号", "id_type": "other"})
    wife.refresh_from_db()
    assert (wife.id_type, wife.id_number.reveal()) == ("other", "军字第1234567号")
    verify()


def test_a_corrected_field_forgets_the_label_a_file_had_there(family, officer):
    household, *_ = family
    record = s.correct_year(household=household, year=2026, by=officer, facts={"fuel": "01"})
    HouseholdYear.objects.filter(pk=record.pk).update(unmapped={"fuel": "牛粪饼", "road": "石板路"})
    s.correct_year(household=household, year=2026, by=officer, facts={"fuel": "02"})
    record.refresh_from_db()
    assert record.unmapped == {"road": "石板路"}
