"""An import from the file to the ledger: what goes in, what stays out, and that every row is accounted for."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import audit
from exchange.models import ImportBatch
from households.models import AUDITED, Household, Member
from tests.data import national

pytestmark = pytest.mark.django_db


def history_is_whole():
    """Every row is vouched for by the chain; the chain closes at commit, which a test's transaction never reaches by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    verdict = audit.verify(AUDITED)
    assert verdict.ok, verdict.broken
    return True


def test_national_list_goes_in_and_the_receipt_adds_up(bring_in, officer):
    batch = bring_in(national.workbook(40, quirks=True), officer)
    people = sum(len(family.members) for family in national.families_with_everything(40))
    assert batch.state == ImportBatch.State.APPLIED, batch.notes
    assert batch.counts("households") == {
        "read": 40,
        "created": 40,
        "updated": 0,
        "unchanged": 0,
        "held": 0,
        "rejected": 0,
    }
    assert batch.counts("members")["created"] == people == Member.objects.count()
    assert Household.objects.count() == 40
    assert batch.family == "A"
    assert history_is_whole()


def test_same_file_twice_changes_nothing(bring_in, officer):
    data = national.workbook(30, quirks=True)
    bring_in(data, officer)
    events = audit.AuditEvent.objects.count()
    again = bring_in(data, officer)
    assert again.counts("households") == {
        "read": 30,
        "created": 0,
        "updated": 0,
        "unchanged": 30,
        "held": 0,
        "rejected": 0,
    }, list(again.rows.exclude(outcome="unchanged").values_list("detail", flat=True)[:3])
    assert again.members_unchanged == again.members_read
    # uploaded and applied, nothing of any household
    assert audit.AuditEvent.objects.count() == events + 2


# -- rows of one's own ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def families():
    return national.families_with_everything(4)


def rows_of(families, place=national.Place()):  # noqa: B008  a constant
    return [
        dict(zip(national.FAMILY_A, national.cells_a(1, place, family, who), strict=True))
        for family in families
        for who in family.members
    ]


def problems(batch):
    return " ".join(
        [detail.get("problem", "") for detail in batch.rows.order_by("position").values_list("detail", flat=True)]
    )


def adds_up(batch):
    for prefix in ("households", "members"):
        counts = batch.counts(prefix)
        assert counts["read"] == sum(counts.values()) - counts["read"]
    return True


def test_facts_land_where_they_belong(bring_in, officer, land):
    family = national.families_with_everything(20)[8]
    bring_in(national.workbook(families=[family]), officer)
    household = Household.objects.get(number=family.number)
    year = household.years.get(year=2026)
    assert household.village == land.village
    assert household.township == land.township
    assert household.householder_name == family.householder.name
    assert household.member_count == len(family.members) == year.population
    assert household.phone.reveal() == family.phone
    assert family.phone not in (household.phone_masked, household.phone.token)
    assert household.get_status_display() == {"已脱贫": "脱贫户", "未脱贫": "建档立卡户"}[family.status]
    assert str(year.imported_per_head_income) == family.per_head
    member = household.members.get(relation="01")
    assert member.id_number.reveal() == family.householder.id_number
    assert member.birth_date == family.householder.birth_date
    assert member.sex == family.householder.sex
    assert member.joined_reason == "import"
    assert household.status_changes.get().source == "import"


def test_blank_keeps(bring_in, officer, sheet, families):
    bring_in(sheet(rows_of(families)), officer)
    before = state_of_everything()
    rows = rows_of(families)
    for row in rows:
        for heading in national.FAMILY_A:
            if heading not in ("户编号", "证件号码"):
                row[heading] = ""
    batch = bring_in(sheet(rows), officer)
    assert batch.households_unchanged == 4, problems(batch)
    assert state_of_everything() == before


def test_a_change_is_shown_cell_by_cell_and_written(bring_in, officer, sheet, families):
    bring_in(sheet(rows_of(families)), officer)
    rows = rows_of(families)
    rows[0]["联系电话"], rows[0]["主要致贫原因"], rows[0]["文化程度"] = "19900001111", "缺土地", "高中"
    for row in rows[1 : len(families[0].members)]:
        row["联系电话"], row["主要致贫原因"] = "19900001111", "缺土地"
    preview = bring_in(sheet(rows), officer, write=False)
    shown = preview.rows.get(outcome="updated").detail
    assert ["联系电话", f"{families[0].phone[:3]}****{families[0].phone[-4:]}", "199****1111"] in shown["changes"]
    assert ["主要致贫原因", families[0].cause, "缺土地"] in shown["changes"]
    assert Household.objects.get(number=families[0].number).main_cause != "05"
    batch = bring_in(sheet(rows), officer)
    assert batch.households_updated == 1
    household = Household.objects.get(number=families[0].number)
    assert household.phone.reveal() == "19900001111"
    assert household.main_cause == "05"
    event = audit.trail_of(household.subject).first()
    assert event.action == "household.imported"
    assert "19900001111" not in event.body
    assert history_is_whole()


def test_never_matched_by_name(bring_in, officer, sheet, families):
    bring_in(sheet(rows_of(families)), officer)
    other = national.People(99, first=500).family()
    other.householder.name = families[0].householder.name
    batch = bring_in(sheet(rows_of([other])), officer)
    assert batch.households_created == 1
    assert Household.objects.count() == 5


def spoil_id(row):
    row["证件号码"] = row["证件号码"][:-1] + ("1" if row["证件号码"][-1] != "1" else "2")


def test_one_wrong_member_keeps_the_household_out_and_names_the_row(bring_in, officer, sheet):
    families = [family for family in national.families_with_everything(20) if len(family.members) > 2][:2]
    rows = rows_of(families)
    spoil_id(rows[1])
    batch = bring_in(sheet(rows), officer)
    assert batch.households_rejected == 1
    assert batch.households_created == 1
    assert batch.members_rejected == 1
    assert batch.members_held == len(families[0].members) - 1
    row = batch.rows.get(outcome="rejected")
    assert "第 3 行" in row.detail["problem"]
    assert all("第 3 行" in member["problem"] for member in row.detail["members"])
    assert adds_up(batch)


def second_householder(rows, families):
    rows[1]["与户主关系"] = "户主"
    return "2 位户主"


def same_id_twice(rows, families):
    rows[1]["证件号码"] = rows[0]["证件号码"]
    return "相同"


def same_id_in_two_households(rows, families):
    rows[len(families[0].members)]["证件号码"] = rows[0]["证件号码"]
    return "相同"


def older_than_130(rows, families):
    from common.identity import check_digit

    body = "99901218900105123"
    rows[0]["证件号码"] = body + check_digit(body)
    return "超过 130 岁"


def spoilt_by_the_spreadsheet(rows, families):
    rows[0]["证件号码"] = float(rows[0]["证件号码"][:17] + "0")
    return "科学计数法"


def no_number(rows, families):
    rows[0]["户编号"] = ""
    return "没有户编号"


def formula(rows, families):
    rows[0]["姓名"] = "=HYPERLINK(1)"
    return "数字或符号"


def no_householder(rows, families):
    for row in rows[: len(families[0].members)]:
        row["与户主关系"] = "其他"
    return "没有户主"


def unknown_village(rows, families):
    for row in rows[: len(families[0].members)]:
        row["行政村"] = "没有村"
    return "区划表中没有"


def village_of_others(rows, families):
    for row in rows[: len(families[0].members)]:
        row["乡(镇)"], row["行政村"] = "柳河镇", "柳树村"
    return "不在您可以导入的范围内"


def other_county(rows, families):
    for row in rows[: len(families[0].members)]:
        row["县(市、区、旗)"] = "别的县"
    return "不是您所在的县"


@pytest.mark.parametrize(
    "spoil",
    [second_householder, same_id_twice, same_id_in_two_households, older_than_130, spoilt_by_the_spreadsheet, no_number, formula,
     no_householder, unknown_village, village_of_others, other_county],
)  # fmt: skip
def test_bad_input_is_said_and_nothing_is_half_imported(bring_in, officer, sheet, spoil):
    families = [family for family in national.families_with_everything(20) if len(family.members) > 2][:3]
    rows = rows_of(families)
    words = spoil(rows, families)
    batch = bring_in(sheet(rows), officer)
    assert words in problems(batch)
    assert problems(batch).strip().endswith("。")
    assert adds_up(batch)
    written = set(Household.objects.values_list("number", flat=True))
    assert families[0].number not in written
    assert families[2].number in written
    for household in Household.objects.all():
        family = next(f for f in families if f.number == household.number)
        assert household.members.count() == len(family.members)
    assert history_is_whole()


def test_member_who_lives_in_another_household_is_held(bring_in, officer, sheet, families):
    bring_in(sheet(rows_of(families)), officer)
    stranger = rows_of(families[:1])[0]
    rows = rows_of(families[1:2])
    rows.append(
        {**rows[0], "姓名": stranger["姓名"], "证件号码": stranger["证件号码"], "人编号": "9909", "与户主关系": "其他"}
    )
    batch = bring_in(sheet(rows), officer)
    assert batch.households_held == 1
    assert "已登记在另一户名下" in problems(batch)
    assert adds_up(batch)


def test_householder_may_change_when_the_old_one_is_told(bring_in, officer, sheet):
    family = next(f for f in national.families_with_everything(20) if len(f.members) > 1)
    bring_in(sheet(rows_of([family])), officer)
    rows = rows_of([family])
    rows[0]["与户主关系"], rows[1]["与户主关系"] = "配偶", "户主"
    batch = bring_in(sheet(rows), officer)
    assert batch.households_updated == 1, problems(batch)
    household = Household.objects.get()
    assert household.householder_name == family.members[1].name
    assert history_is_whole()


def test_householder_who_is_not_in_the_file_stays(bring_in, officer, sheet):
    family = next(f for f in national.families_with_everything(20) if len(f.members) > 1)
    bring_in(sheet(rows_of([family])), officer)
    rows = rows_of([family])[1:2]
    rows[0]["与户主关系"] = "户主"
    batch = bring_in(sheet(rows), officer)
    assert batch.households_held == 1
    assert "变更户主" in problems(batch)


def test_status_in_the_file_never_changes_a_known_household(bring_in, officer, sheet, families):
    bring_in(sheet(rows_of(families)), officer)
    before = dict(Household.objects.values_list("pk", "status"))
    rows = rows_of(families)
    for row in rows:
        row["脱贫属性"] = "返贫"
    batch = bring_in(sheet(rows), officer)
    assert dict(Household.objects.values_list("pk", "status")) == before
    assert "按程序变更" in str(list(batch.rows.values_list("detail", flat=True)))


def test_rows_of_a_household_need_not_stand_together(bring_in, officer, sheet, families):
    rows = rows_of(families)
    rows.sort(key=lambda row: row["人编号"][::-1])
    batch = bring_in(sheet(rows), officer)
    assert batch.households_created == 4
    assert batch.members_created == len(rows)


def test_every_line_below_the_headings_is_accounted_for(bring_in, officer):
    families = national.families_with_everything(120)
    batch = bring_in(national.workbook(families=families, quirks=True), officer)
    people = sum(len(family.members) for family in families)
    assert batch.lines_data == people
    assert batch.lines_total == 1
    assert batch.lines_heading == (people - 1) // 100
    assert batch.lines_blank == 5
    assert batch.households_created == 120
    assert any("填表说明" in note for note in batch.notes)


@pytest.mark.parametrize("frame", ["B", "D", "F", "G", "I"])
def test_other_frames(bring_in, officer, frame, land):
    families = national.families_with_everything(8)
    batch = bring_in(national.workbook(frame=frame, families=families), officer, year=2021)
    assert batch.family == frame
    assert batch.households_created == 8, problems(batch)
    again = bring_in(national.workbook(frame=frame, families=families), officer, year=2021)
    assert again.households_unchanged == 8, [d for d in again.rows.values_list("detail", flat=True) if d][:2]
    if frame == "G":
        year = Household.objects.get(number=families[7].number).years.get()
        assert year.wage_income == families[7].wage
        assert year.net_income == year.imported_net_income
        assert abs(year.per_head_income - year.imported_per_head_income) < 1
    assert history_is_whole()


def test_two_frames_of_the_same_households_complete_each_other(bring_in, officer, land):
    families = national.families_with_everything(6)
    bring_in(national.workbook(frame="A", families=families), officer)
    batch = bring_in(national.workbook(frame="G", families=families), officer)
    assert batch.households_updated == 6, problems(batch)
    year = Household.objects.get(number=families[5].number).years.get(year=2026)
    assert year.dwelling_area == families[5].dwelling_area
    assert year.main_cause != ""


def test_csv_and_xls_bring_the_same(bring_in, officer, land):
    import io

    families = national.families_with_everything(5)
    old = io.BytesIO()
    national.write_xls(old, national.FAMILY_A, national.rows_of("A", families, [national.Place()]))
    assert bring_in(old.getvalue(), officer, filename="名单.xls").households_created == 5
    text = national.csv_bytes(national.FAMILY_A, national.rows_of("A", families, [national.Place()]))
    assert bring_in(text, officer, filename="名单.csv").households_unchanged == 5


def test_member_without_document_is_taken_with_a_note(bring_in, officer, sheet, families):
    rows = rows_of(families[:1])
    rows[-1]["证件号码"] = "999999000000000123"
    batch = bring_in(sheet(rows), officer)
    assert batch.households_created == 1, problems(batch)
    member = Member.objects.get(id_type="none")
    assert member.birth_date is None


# -- undo -----------------------------------------------------------------------------------------------------------------------


def state_of_everything():
    from households.models import HouseholdYear, IncomeLine, MemberYear

    skip = {"version", "updated_at"}
    return {
        model.__name__: sorted(
            str({k: str(v) for k, v in row.items() if k not in skip}) for row in model.objects.order_by().values()
        )
        for model in (Household, Member, HouseholdYear, MemberYear, IncomeLine)
    }


def test_undo_puts_everything_back(bring_in, officer, sheet):
    from exchange.services import undo_batch

    families = [family for family in national.families_with_everything(30) if len(family.members) > 1][:4]
    bring_in(sheet(rows_of(families[:2])), officer)
    before = state_of_everything()
    rows = rows_of(families)
    for row in rows:
        row["主要致贫原因"], row["联系电话"], row["健康状况"] = "缺土地", "19900001111", "长期慢性病"
        row["民族"] = "彝族"
    rows[0]["姓名"] = "改名人"
    rows[0]["与户主关系"], rows[1]["与户主关系"] = "配偶", "户主"
    batch = bring_in(sheet(rows), officer)
    assert (batch.households_created, batch.households_updated) == (2, 2), problems(batch)
    assert state_of_everything() != before
    undo_batch(batch=batch, by=officer)
    assert state_of_everything() == before
    assert history_is_whole()


def test_undo_refuses_once_somebody_has_worked_on_a_household(bring_in, officer, sheet, families):
    from exchange.services import ExchangeError, undo_batch
    from households.services import correct_household

    batch = bring_in(sheet(rows_of(families)), officer)
    correct_household(
        household=Household.objects.get(number=families[2].number), by=officer, facts={"address": "村东头"}
    )
    with pytest.raises(ExchangeError, match=families[2].number):
        undo_batch(batch=batch, by=officer)
    assert Household.objects.count() == 4


def test_undo_refuses_when_something_hangs_on_a_new_household(bring_in, officer, sheet, families):
    from exchange.services import ExchangeError, undo_batch
    from tests.factories import PairingFactory

    batch = bring_in(sheet(rows_of(families)), officer)
    PairingFactory(household=Household.objects.get(number=families[0].number))
    with pytest.raises(ExchangeError, match=families[0].number):
        undo_batch(batch=batch, by=officer)


# -- steady costs ---------------------------------------------------------------------------------------------------------------


def test_number_of_queries_does_not_follow_the_number_of_households(bring_in, officer, count_queries, land):
    def queries(count, seed):
        data = national.workbook(families=national.People(seed, first=seed * 1000).families(count))
        found = []
        sent = count_queries(lambda: found.append(bring_in(data, officer)))
        assert found[0].households_created == count
        return sent

    queries(2, 1)  # what is asked once a session
    assert queries(4, 2) == queries(40, 3)


def test_known_id_numbers_are_found_by_index(bring_in, officer):
    """More than a hundred values make PostgreSQL forget that none is empty; a whole table would be read for every chunk."""
    with CaptureQueriesContext(connection) as queries:
        bring_in(national.workbook(80), officer, write=False)
    asked = [query["sql"] for query in queries if "id_hash" in query["sql"] and '"left_on" IS NULL' in query["sql"]]
    assert asked
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for sql in asked:
            cursor.execute(f"EXPLAIN {sql}")
            plan = " ".join(row[0] for row in cursor.fetchall())
            assert "member_one_living_place_per_id" in plan or "member_id_hash" in plan, plan
