"""Tiles of the first page: what waits for each role, and that a number is as long as the list behind it."""

import pytest

from households.models import Household
from surveys import waiting
from surveys.models import Survey
from tests import first_page
from tests.factories import HouseholdFactory, PairingFactory
from tests.factories.surveys import RoundFactory, SurveyFactory, SurveyFormFactory, VerificationTaskFactory

pytestmark = pytest.mark.django_db
YEAR = 2026


def tiles(client):
    return {str(tile.label): tile for tile in first_page.tiles(client)}


@pytest.fixture
def area(land, household, clerk, helper):
    """Surveys in every state, own and others', in four villages; a round that is over and one that runs."""
    form = SurveyFormFactory()
    RoundFactory(region=land.county, year=YEAR, overdue=True, title="已过期")
    for village in (land.village, land.near_village, land.far_village, land.other_village):
        for surveyor in (clerk, helper):
            for state in ({"returned": True}, {}, {"draft": True}, {"approved": True}, {"purpose": "verification"}):
                house = HouseholdFactory(village=village)
                SurveyFactory(household=house, form=form, year=YEAR, surveyor=surveyor, **state)
        HouseholdFactory(village=village)
    for house in Household.objects.filter(village=land.village).exclude(pk=household.pk)[:3]:
        PairingFactory(household=house, cadre=helper.cadre, is_lead=False)
    for user in (clerk, helper):
        VerificationTaskFactory(household=HouseholdFactory(village=land.village), year=YEAR, assignee=user)
    return land


def of_surveys(client):
    """Labels of the tiles that lead to surveys, in order."""
    return [label for label, tile in tiles(client).items() if tile.url.startswith("/surveys/")]


@pytest.mark.parametrize("who", ["clerk", "resident", "helper", "officer", "official"])
def test_every_tile_is_as_long_as_its_list(who, area, client_as, request):
    client = client_as(request.getfixturevalue(who))
    found = tiles(client)
    assert "退回要改" in found
    for label in of_surveys(client):
        tile = found[label]
        context = client.get(tile.url).context
        listed = context["count"] if label == "待处理的上传" else context["page"].count.value
        assert listed == tile.count.value, label


def test_what_each_role_is_shown(area, client_as, clerk, helper, officer, auditor, admin):
    assert of_surveys(client_as(clerk)) == ["逾期未调查", "退回要改", "待我复核"]
    assert of_surveys(client_as(officer)) == ["逾期未调查", "待我审核", "待处理的上传", "退回要改"]
    assert of_surveys(client_as(auditor)) == []
    assert of_surveys(client_as(admin)) == []
    own = tiles(client_as(clerk))
    assert own["退回要改"].count.value == 1
    assert own["待我复核"].count.value == 1
    assert own["逾期未调查"].tone == "red"
    assert "今天要办" in client_as(clerk).get("/").content.decode()


def test_before_the_day_the_tile_says_until_when(land, household, clerk, client_as):
    RoundFactory(region=land.village, year=YEAR)
    (tile,) = [tile for label, tile in tiles(client_as(clerk)).items() if label == "还没有调查"]
    assert (tile.count.value, tile.tone) == (1, "")
    assert "截止" in tile.note
    SurveyFactory(household=household, year=YEAR)
    assert tiles(client_as(clerk))["还没有调查"].count.value == 0


def test_without_a_round_nothing_is_expected(household, clerk, client_as):
    RoundFactory(region=household.village, closed=True)
    assert "还没有调查" not in tiles(client_as(clerk))
    assert not Survey.objects.exists()


def test_of_no_household_no_year_is_hidden(clerk):
    assert waiting.hidden_years(clerk, []) == {}
