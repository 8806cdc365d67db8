"""干部: what is stored of them and how, where they may be kept, and that nobody leaves with something in their hands."""

import pytest
from django.core.exceptions import FieldDoesNotExist, PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from accounts import services as accounts
from accounts.roles import Role
from accounts.services import AccountError
from cadres import holdings, services
from cadres.models import Cadre
from common import audit
from common.models import AuditEvent
from tests.cadres.test_units import verify
from tests.factories import (
    CadreFactory,
    TeamFactory,
    TeamMemberFactory,
    UnitFactory,
    UserFactory,
    invented_id_number,
)

pytestmark = pytest.mark.django_db


def opened(unit, by, **facts):
    return services.open_cadre(name="王芳", unit=unit, by=by, **facts)


def test_a_cadre_with_everything_that_is_known(land, official):
    unit = services.open_unit(name="示范县水利局", region=land.county, by=official)
    number = invented_id_number()
    cadre = opened(
        unit, official, title="科长", rank="section", phone="13812340000", id_number=f" {number[:6]} {number[6:]} ", politics="02",
        languages=["yi", "putonghua", "yi"], skills=["water"], number="P9",
    )  # fmt: skip
    assert cadre.is_party_member
    assert cadre.languages == ["putonghua", "yi"]
    assert cadre.id_masked == f"{number[:4]}**********{number[-4:]}"
    assert cadre.id_number.reveal() == number
    assert cadre.sex in ("1", "2")
    event = AuditEvent.objects.get(target=audit.row_key(cadre))
    assert number not in event.body
    assert "13812340000" not in event.body
    services.change_cadre(cadre=cadre, by=official, facts={"politics": "13", "title": "副局长", "cannot_help": True})
    cadre.refresh_from_db()
    assert (cadre.is_party_member, cadre.title, cadre.cannot_help, cadre.rank) == (False, "副局长", True, "section")
    verify()


def test_politics_say_who_is_of_the_party_where_they_are_known(unit, official):
    assert opened(unit, official, is_party_member=True).is_party_member
    assert not opened(unit, official, is_party_member=True, politics="03").is_party_member


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"), ({"name": "长" * 61}, "name"), ({"title": "长" * 61}, "title"), ({"phone": "12345"}, "phone"),
        ({"id_number": "530102199001011234"}, "id_number"), ({"id_number": "5.301E+17"}, "id_number"), ({"id_number": "9999990001"}, "id_number"),
        ({"politics": "99"}, "politics"), ({"rank": "king"}, "rank"), ({"sex": "7"}, "sex"), ({"languages": ["klingon"]}, "languages"),
        ({"skills": ["magic"]}, "skills"), ({"number": "9" * 31}, "number"),
    ],
)  # fmt: skip
def test_what_is_no_fact_of_a_cadre_is_refused_at_its_field(wrong, field, cadre, official):
    before = Cadre.objects.values().get(pk=cadre.pk)
    with pytest.raises(ValidationError) as refused:
        services.change_cadre(cadre=cadre, by=official, facts=wrong)
    assert list(refused.value.error_dict) == [field]
    assert Cadre.objects.values().get(pk=cadre.pk) | {"phone": "", "id_number": ""} == before | {
        "phone": "",
        "id_number": "",
    }


def test_an_unknown_fact_is_a_mistake_of_the_caller(cadre, official):
    with pytest.raises(FieldDoesNotExist):
        services.change_cadre(cadre=cadre, by=official, facts={"left_on": None})


def test_one_person_is_one_cadre(land, unit, official, other_official):
    number = invented_id_number()
    first = opened(unit, official, id_number=number)
    there = UnitFactory(region=land.other_county)
    with pytest.raises(ValidationError, match="已经登记为另一位干部") as refused:
        opened(there, other_official, id_number=number)
    assert first.name not in str(refused.value)  # it may be somebody of another county
    services.deactivate_cadre(cadre=first, by=official, reason="调往邻县")
    opened(there, other_official, id_number=number)
    with pytest.raises(ValidationError, match="已经登记为另一位干部"):
        services.restore_cadre(cadre=first, by=official)


def test_cadres_are_kept_where_their_unit_is(land, unit, cadre, officer, clerk, auditor, other_official):
    for who in (officer, clerk, auditor, other_official):
        with pytest.raises(PermissionDenied):
            opened(unit, who)
        with pytest.raises(PermissionDenied):
            services.change_cadre(cadre=cadre, by=who, facts={"title": "局长"})
        with pytest.raises(PermissionDenied):
            services.deactivate_cadre(cadre=cadre, by=who, reason="退休")


def test_moving_asks_in_both_places(land, cadre, official, officer):
    township_unit = UnitFactory(region=land.township)
    services.move_cadre(cadre=cadre, unit=township_unit, by=official)
    foreign = UnitFactory(region=land.other_county)
    with pytest.raises(PermissionDenied):
        services.move_cadre(cadre=cadre, unit=foreign, by=officer)
    with pytest.raises(services.CadreError, match="已经在这个单位"):
        services.move_cadre(cadre=cadre, unit=township_unit, by=officer)
    closed = UnitFactory(region=land.township, closed_on="2025-01-01")
    with pytest.raises(services.CadreError, match="已经停用"):
        services.move_cadre(cadre=cadre, unit=closed, by=officer)
    (event,) = AuditEvent.objects.filter(action="cadre.moved")
    assert audit.content_of(event)["changes"] == {"unit": ["示范县水利局", township_unit.name]}


def test_an_account_belongs_to_one_cadre(land, cadre, official, officer, post):
    user = post(Role.RESIDENT_TEAM, land.village)
    services.link_account(cadre=cadre, user=user, by=official)
    with pytest.raises(services.CadreError, match="另一位干部"):
        services.link_account(cadre=CadreFactory(unit=cadre.unit), user=user, by=official)
    with pytest.raises(ValidationError, match="您管理的账号里没有"):
        services.link_account(cadre=cadre, user=post(Role.COUNTY_OFFICIAL, land.other_county), by=official)
    assert services.link_account(cadre=cadre, user=None, by=official).user is None


# -- leaving ------------------------------------------------------------------------------------------------------------------------


def test_who_still_has_a_place_in_a_team_does_not_leave(land, cadre, official, today, day):
    place = TeamMemberFactory(cadre=cadre, team__village=land.village)
    with pytest.raises(services.CadreError, match="李建国还有驻村工作队任职 1 项"):
        services.deactivate_cadre(cadre=cadre, by=official, reason="调动")
    assert [str(h) for h in holdings.of(cadre)] == ["驻村工作队任职 1 项"]
    services.leave_team(place=place, by=official)
    with pytest.raises(ValidationError, match="早于工作队离任日期"):
        services.deactivate_cadre(cadre=cadre, by=official, on=day(-1), reason="调动")
    gone = services.deactivate_cadre(cadre=cadre, by=official, reason="调动")
    assert (gone.left_on, gone.left_reason) == (today, "调动")
    for verb in (
        lambda: services.change_cadre(cadre=cadre, by=official, facts={"title": "局长"}),
        lambda: services.deactivate_cadre(cadre=cadre, by=official, reason="调动"),
        lambda: services.move_cadre(cadre=cadre, unit=UnitFactory(region=land.county), by=official),
        lambda: services.join_team(team=TeamFactory(village=land.far_village), cadre=cadre, by=official),
    ):
        with pytest.raises(services.CadreError, match="已经离岗"):
            verb()
    assert services.restore_cadre(cadre=cadre, by=official).left_on is None
    with pytest.raises(services.CadreError, match="没有离岗"):
        services.restore_cadre(cadre=cadre, by=official)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"reason": " "}, "reason"), ({"reason": "长" * 201}, "reason"), ({"on": 1}, "on"), ({"on": -20000}, "on")],
)
def test_leaving_needs_a_day_and_a_reason(wrong, field, cadre, official, day):
    facts = {"reason": "退休"} | ({"on": day(wrong["on"])} if "on" in wrong else wrong)
    with pytest.raises(ValidationError) as refused:
        services.deactivate_cadre(cadre=cadre, by=official, **facts)
    assert list(refused.value.error_dict) == [field]


def test_what_upper_floors_name_is_asked_for_too(cadre, official, monkeypatch):
    held = [holdings.Holding("结对农户", 12, "/"), holdings.Holding("任务", 0)]
    monkeypatch.setattr(holdings, "_makers", [lambda cadre: held])
    with pytest.raises(services.CadreError, match="李建国还有结对农户 12 项，请先移交"):
        services.deactivate_cadre(cadre=cadre, by=official, reason="退休")
    held.clear()
    services.deactivate_cadre(cadre=cadre, by=official, reason="退休")


def test_an_account_is_not_closed_while_its_cadre_holds_something(land, cadre, official):
    user = UserFactory(home=land.county, name="李建国")
    services.link_account(cadre=cadre, user=user, by=official)
    place = TeamMemberFactory(cadre=cadre, team__village=land.village)
    with pytest.raises(AccountError, match="李建国还有驻村工作队任职 1 项，请先移交，再停用账号"):
        accounts.deactivate(user=user, by=official)
    services.leave_team(place=place, by=official)
    services.deactivate_cadre(cadre=cadre, by=official, reason="退休", close_account=True)
    user.refresh_from_db()
    assert not user.is_active


def test_the_database_holds_it_past_the_verbs(land, cadre, today):
    TeamMemberFactory(cadre=cadre, team__village=land.village)
    with pytest.raises(IntegrityError), transaction.atomic():
        Cadre.objects.filter(pk=cadre.pk).update(left_on=today)
    gone = CadreFactory(left_on=today)
    with pytest.raises(IntegrityError), transaction.atomic():
        TeamMemberFactory(cadre=gone, team__village=land.far_village)
