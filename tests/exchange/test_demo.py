"""The demonstration's list of helpers: looked at, with something to write and something that stays out, told once."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import User
from exchange import demo
from exchange.models import PeopleBatch

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_a_list_waits_to_be_written(settings, tmp_path, client_as):
    assert not demo.fill(), "no demonstration county"
    settings.VAR = tmp_path
    call_command("seed_demo", "--households", "90", verbosity=0)
    batch = PeopleBatch.objects.get()
    assert batch.state == PeopleBatch.State.PREVIEWED
    assert batch.pairings_created
    assert batch.rows_held
    assert batch.rows_rejected
    assert not demo.fill(), "the second start tells nothing"
    client = client_as(User.objects.get(username="county"))
    assert client.get(reverse("exchange:people_detail", args=[batch.pk])).status_code == 200
