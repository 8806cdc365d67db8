"""单位: opening, changing, closing, and the villages a unit answers for; what is refused, in a sentence."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from cadres import services
from cadres.models import VOUCHED, Unit, UnitVillage
from common import audit
from common.models import AuditEvent
from tests.factories import CadreFactory, RegionFactory, TeamFactory, UnitFactory, UnitVillageFactory

pytestmark = pytest.mark.django_db


def verify():
    """Every row of the package is as its last event says."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    verdict = audit.verify(VOUCHED)
    assert verdict.ok, verdict.broken


def test_a_unit_is_opened_changed_closed_and_opened_again(land, official):
    unit = services.open_unit(
        name=" 示范县 水利局 ", region=land.county, by=official, affiliation="province", number="D77"
    )
    assert (unit.name, unit.affiliation, unit.number) == ("示范县水利局", "province", "D77")
    assert services.open_unit(name="示范县水利局", region=land.county, by=official) == unit
    services.change_unit(unit=unit, by=official, name="示范县水务局", affiliation="county")
    services.close_unit(unit=unit, by=official)
    with pytest.raises(services.CadreError, match="已经停用"):
        services.open_unit(name="示范县水务局", region=land.county, by=official)
    back = services.reopen_unit(unit=unit, by=official)
    assert (back.name, back.number, back.closed_on) == ("示范县水务局", "", None)
    actions = AuditEvent.objects.filter(target=audit.row_key(unit)).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["unit.opened", "unit.changed", "unit.closed", "unit.reopened"]
    verify()


def test_the_affiliation_follows_the_region(land, officer):
    assert services.open_unit(name="石门乡人民政府", region=land.township, by=officer).affiliation == "township"


@pytest.mark.parametrize("name", ["", "局", "长" * 121, "\ue000局"])
def test_a_name_that_is_none_is_refused(name, land, official):
    with pytest.raises(ValidationError) as refused:
        services.open_unit(name=name, region=land.county, by=official)
    assert list(refused.value.error_dict) == ["name"]


@pytest.mark.parametrize("wrong", [{"affiliation": "moon"}, {"number": "9" * 31}])
def test_what_is_no_fact_of_a_unit_is_refused_at_its_field(wrong, unit, official):
    facts = {"name": unit.name, "affiliation": "county", "number": ""} | wrong
    with pytest.raises(ValidationError) as refused:
        services.change_unit(unit=unit, by=official, **facts)
    assert list(refused.value.error_dict) == list(wrong)


def test_two_units_of_a_region_do_not_share_a_name(unit, official):
    other = UnitFactory(region=unit.region)
    with pytest.raises(ValidationError, match="已经有一个单位叫"):
        services.change_unit(unit=other, by=official, name=unit.name, affiliation="county")


def test_units_are_kept_where_one_may(land, unit, officer, clerk, auditor, other_official):
    for who in (officer, clerk, auditor, other_official):
        with pytest.raises(PermissionDenied):
            services.open_unit(name="新单位", region=land.county, by=who)
        with pytest.raises(PermissionDenied):
            services.change_unit(unit=unit, by=who, name="新单位", affiliation="county")
        for verb in (services.close_unit, services.reopen_unit):
            with pytest.raises(PermissionDenied):
                verb(unit=unit, by=who)


def test_a_unit_in_use_is_not_closed(land, unit, official, today):
    cadre = CadreFactory(unit=unit)
    with pytest.raises(services.CadreError, match="1 位在岗干部"):
        services.close_unit(unit=unit, by=official)
    services.deactivate_cadre(cadre=cadre, by=official, reason="退休")
    row = UnitVillageFactory(unit=unit, village=land.village)
    with pytest.raises(services.CadreError, match="1 个村"):
        services.close_unit(unit=unit, by=official)
    services.stop_answering(answer=row, by=official)
    team = TeamFactory(unit=unit, village=land.village)
    with pytest.raises(services.CadreError, match="1 支驻村工作队"):
        services.close_unit(unit=unit, by=official)
    services.end_team(team=team, by=official)
    with pytest.raises(ValidationError, match="今天之后"):
        services.close_unit(unit=unit, by=official, on=today.replace(year=today.year + 1))
    assert services.close_unit(unit=unit, by=official).closed_on == today
    with pytest.raises(services.CadreError, match="已经停用"):
        services.open_cadre(name="王芳", unit=unit, by=official)


# -- 包村 --------------------------------------------------------------------------------------------------------------------------


def test_a_unit_answers_for_a_village(land, unit, officer, day):
    row = services.answer_for(unit=unit, village=land.village, by=officer, starts_on=day(-30))
    with pytest.raises(services.CadreError, match="已经联系这个村"):
        services.answer_for(unit=unit, village=land.village, by=officer)
    with pytest.raises(services.CadreError, match="已经联系这个村"):
        services.answer_for(unit=unit, village=land.village, by=officer, starts_on=day(-60))
    with pytest.raises(ValidationError, match="早于开始日期"):
        services.stop_answering(answer=row, by=officer, ends_on=day(-31))
    services.stop_answering(answer=row, by=officer, ends_on=day(-10))
    with pytest.raises(services.CadreError, match="不再联系"):
        services.stop_answering(answer=row, by=officer)
    again = services.answer_for(unit=unit, village=land.village, by=officer, starts_on=day(-10))
    assert list(UnitVillage.objects.current()) == [again]
    verify_rows = AuditEvent.objects.filter(action__startswith="unitvillage.")
    assert {event.region_path for event in verify_rows} == {land.village.path}


def test_a_unit_answers_for_villages_that_there_are(land, unit, officer, official, other_official, today, day):
    with pytest.raises(ValidationError, match="选到村"):
        services.answer_for(unit=unit, village=land.township, by=officer)
    gone = RegionFactory(parent=land.township, name="旧村", valid_to=today)
    with pytest.raises(services.CadreError, match="已经停用"):
        services.answer_for(unit=unit, village=gone, by=officer)
    with pytest.raises(ValidationError, match="今天之后"):
        services.answer_for(unit=unit, village=land.village, by=officer, starts_on=day(1))
    closed = UnitFactory(region=land.county, closed_on=today)
    with pytest.raises(services.CadreError, match="已经停用"):
        services.answer_for(unit=closed, village=land.village, by=officer)
    foreign = UnitFactory(region=land.other_county)
    with pytest.raises(ValidationError, match="不在您的管理范围"):
        services.answer_for(unit=foreign, village=land.village, by=officer)
    for who, village in ((officer, land.far_village), (other_official, land.village)):
        with pytest.raises(PermissionDenied):
            services.answer_for(unit=unit, village=village, by=who)
    assert not UnitVillage.objects.exists()


def test_the_database_refuses_an_overlap_past_the_verbs(land, unit, day):
    UnitVillageFactory(unit=unit, village=land.village)
    with pytest.raises(IntegrityError), transaction.atomic():
        UnitVillageFactory(unit=unit, village=land.village, starts_on=day(-5))
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.create(name=unit.name, region=unit.region)
