"""The demonstration of teams: told once, vouched for, believable; also in a demonstration from before units and cadres left events."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.urls import reverse

from accounts.models import User
from cadres import demo, needs, teams
from cadres.models import VOUCHED, Cadre, ResidentTeam, Unit
from common import audit
from common.models import AuditEvent
from tests.cadres.test_pages import text_of
from tests.factories import CadreFactory, PostingFactory, RegionFactory, UnitFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def verify():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    verdict = audit.verify(VOUCHED)
    assert verdict.ok, verdict.broken


def test_a_fresh_demonstration_has_teams_with_their_troubles(settings, tmp_path, client_as):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "60", verbosity=0)
    verify()
    official, clerk = (User.objects.get(username=name) for name in ("county", "clerk"))
    counts = teams.counts_of(teams.villages_of(official))
    assert counts["manned"] > counts["all"] * 0.9
    assert all(counts[code] for code in ("vacant", "headless", "few", "apart", "short", "ending", "over"))
    (balance,) = needs.balances_of(teams.with_state(teams.villages_of(clerk)))
    assert "彝语" in {ask.label for ask in balance.lacks_of("language")}
    assert needs.suggestions_for(balance, official)
    assert ResidentTeam.objects.filter(village=balance.village).count() == 2
    page = client_as(clerk).get(reverse("cadres:village_page", args=[balance.village.pk]))
    assert "石文斌" in text_of(page)
    before = Cadre.objects.count()
    call_command("seed_demo", verbosity=0)
    assert Cadre.objects.count() == before


@pytest.fixture
def old_demonstration():
    """A county, its people who log in, a unit and a cadre that nobody vouched for."""
    village = RegionFactory(name="青石村")
    county = village.parent.parent
    for name, role, place in (
        ("county", "county_official", county), ("township", "township_officer", village.parent), ("team", "resident_team", village),
    ):  # fmt: skip
        user = UserFactory(username=name, name=f"{name}某", home=place)
        PostingFactory(user=user, role=role, region=place)
    return CadreFactory(unit=UnitFactory(region=county))


def test_an_old_demonstration_is_vouched_for_once(old_demonstration):
    assert demo.fill()
    verify()
    (event,) = AuditEvent.objects.filter(target=demo.PEOPLE)
    assert set(audit.content_of(event)["rows"]) == {
        audit.row_key(old_demonstration),
        audit.row_key(old_demonstration.unit),
    }
    assert not demo.fill()


def test_where_there_is_no_demonstration_nothing_is_told(db):
    assert not demo.fill()
    assert not Unit.objects.exists()
