"""The demonstration: made once, vouched for, its log-ins readable by nobody else."""

import json
import stat

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from accounts.roles import Role
from common import audit
from households import demo
from households.models import Household, StatusChange

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def seeded(settings, tmp_path):
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)
    return tmp_path / "demo-logins.json"


def test_the_demonstration(seeded):
    assert stat.S_IMODE(seeded.stat().st_mode) == 0o600
    logins = json.loads(seeded.read_text())
    assert {entry["role"] for entry in logins} == {str(role.label) for role in Role}
    assert len({entry["password"] for entry in logins}) == len(logins)
    for entry in logins:
        user = User.objects.get(username=entry["username"])
        assert user.check_password(entry["password"])
        assert not user.must_change_password

    assert Household.objects.count() == 90
    sees = {name: Household.objects.for_user(User.objects.get(username=name)).count() for name, *_rest in demo.LOGINS}
    assert sees["county"] == sees["auditor"] == 90
    assert 0 < sees["helper"] < 20
    assert sees["clerk"] == demo.SHOWN_HOUSEHOLDS
    assert sees["department"] == sees["admin"] == 0
    assert StatusChange.objects.filter(state=StatusChange.State.PROPOSED).exists()
    with connection.cursor() as cursor:  # the chain is closed as a commit would
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    found = audit.verify(audit.vouched())
    assert found.ok, found.broken

    # A second start changes nothing; a lost file is made again with new passwords.
    before = seeded.read_text()
    call_command("seed_demo", verbosity=0)
    assert seeded.read_text() == before
    assert Household.objects.count() == 90
    seeded.unlink()
    call_command("seed_demo", verbosity=0)
    again = json.loads(seeded.read_text())
    assert [e["username"] for e in again] == [e["username"] for e in logins]
    assert again[0]["password"] != logins[0]["password"]
    assert User.objects.get(username=again[0]["username"]).check_password(again[0]["password"])
