"""Status and helpers through the pages: the township proposes, the county decides; who helps, from when to when."""

import datetime as dt

import pytest

from households.models import Pairing, Status, StatusChange
from tests.factories import CadreFactory, PairingFactory, StatusChangeFactory, UnitFactory

pytestmark = pytest.mark.django_db


def url(household, rest=""):
    return f"/households/{household.pk}/{rest}"


def test_township_proposes_and_county_confirms(household, officer, official, client_as):
    answer = client_as(officer).post(
        url(household, "status/propose/"),
        {
            "version": 1,
            "to_status": "unstable",
            "effective_on": "2026-03-01",
            "reason": "户主患大病",
            "evidence": "乡党委会纪要",
        },
    )
    assert answer.status_code == 302
    household.refresh_from_db()
    assert household.status == Status.OUT_OF_POVERTY
    change = household.status_changes.get()
    client = client_as(official)
    assert "身份变更待县级确认" in client.get(url(household)).content.decode()
    assert "户主患大病" in client.get(url(household, f"status/{change.pk}/decide/")).content.decode()
    client.post(url(household, f"status/{change.pk}/decide/"), {"decision": "confirm", "note": ""})
    household.refresh_from_db()
    assert household.status == Status.UNSTABLE


def test_only_steps_that_may_follow_are_offered(household, officer, client_as):
    form = client_as(officer).get(url(household, "status/propose/")).content.decode()
    assert "脱贫不稳定户" in form
    assert "边缘易致贫户" not in form


def test_sending_back_needs_a_reason(household, official, client_as):
    change = StatusChangeFactory(household=household)
    client = client_as(official)
    answer = client.post(url(household, f"status/{change.pk}/decide/"), {"decision": "refuse", "note": ""})
    assert answer.status_code == 422
    assert "退回时请写明意见" in answer.content.decode()
    client.post(url(household, f"status/{change.pk}/decide/"), {"decision": "refuse", "note": "材料不全"})
    change.refresh_from_db()
    assert change.state == StatusChange.State.REFUSED


def test_nobody_confirms_his_own_proposal(household, official, client_as):
    change = StatusChangeFactory(household=household, proposed_by=official)
    answer = client_as(official).post(url(household, f"status/{change.pk}/decide/"), {"decision": "confirm"})
    assert answer.status_code == 422
    assert "不能由自己确认" in answer.content.decode()


def test_township_may_not_decide_and_county_sees_a_decided_one_as_done(household, officer, official, client_as):
    change = StatusChangeFactory(household=household, confirmed=True)
    assert client_as(officer).get(url(household, f"status/{change.pk}/decide/")).status_code == 403
    assert "已经办结" in client_as(official).get(url(household, f"status/{change.pk}/decide/")).content.decode()


def test_proposer_takes_a_proposal_back(household, officer, client_as):
    change = StatusChangeFactory(household=household, proposed_by=officer)
    client = client_as(officer)
    assert f"status/{change.pk}/withdraw/" in client.get(url(household)).content.decode()
    client.post(url(household, f"status/{change.pk}/withdraw/"))
    change.refresh_from_db()
    assert change.state == StatusChange.State.WITHDRAWN


def test_a_second_proposal_waits(household, officer, client_as):
    StatusChangeFactory(household=household)
    assert "办结后才能再提" in client_as(officer).get(url(household, "status/propose/")).content.decode()


# -- helpers --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def unit(land):
    return UnitFactory(region=land.county, name="示范县水利局")


def test_cadre_is_found_by_name_and_paired(household, unit, land, officer, client_as):
    cadre = CadreFactory(name="张伟", unit=unit)
    abroad = CadreFactory(name="张伟", unit=UnitFactory(region=land.other_county))
    client = client_as(officer)
    found = client.get(url(household, "helpers/?q=张")).content.decode()
    assert f"?cadre={cadre.pk}" in found
    assert f"?cadre={abroad.pk}" not in found
    assert client.get(url(household, f"helpers/?cadre={abroad.pk}")).status_code == 404
    client.post(
        url(household, f"helpers/?cadre={cadre.pk}"),
        {"starts_on": "2026-02-01", "mode": "one_to_one", "is_lead": "on", "goal": "稳定增收"},
    )
    pairing = household.pairings.get()
    assert (pairing.cadre, pairing.is_lead, pairing.starts_on) == (cadre, True, dt.date(2026, 2, 1))
    page = client.get(url(household)).content.decode()
    assert "帮扶责任人 张伟" in page
    assert "示范县水利局" in page


def test_lead_is_replaced_without_a_gap(household, unit, officer, client_as):
    old = PairingFactory(household=household, cadre__unit=unit, cadre__name="李敏")
    cadre = CadreFactory(name="张伟", unit=unit)
    client_as(officer).post(url(household, f"helpers/?replace=1&cadre={cadre.pk}"), {"starts_on": "2026-02-01"})
    old.refresh_from_db()
    assert old.ends_on == dt.date(2026, 2, 1)
    assert Pairing.objects.current().get(household=household).cadre == cadre
    assert "以前的帮扶责任人（1 次）" in client_as(officer).get(url(household)).content.decode()


def test_pairing_ends_with_a_reason(household, unit, officer, client_as):
    pairing = PairingFactory(household=household, cadre__unit=unit)
    client = client_as(officer)
    refused = client.post(url(household, f"helpers/{pairing.pk}/end/"), {"ends_on": "2019-01-01", "reason": "调动"})
    assert refused.status_code == 422
    assert "早于开始日期" in refused.content.decode()
    client.post(url(household, f"helpers/{pairing.pk}/end/"), {"ends_on": "2026-02-01", "reason": "调动"})
    pairing.refresh_from_db()
    assert (pairing.ends_on, pairing.end_reason) == (dt.date(2026, 2, 1), "调动")
