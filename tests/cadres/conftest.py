"""People and days that tests of cadres share."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.roles import Role
from tests.factories import CadreFactory, UnitFactory


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def unit(land):
    """A unit of the county."""
    return UnitFactory(name="示范县水利局", region=land.county)


@pytest.fixture
def cadre(unit):
    return CadreFactory(name="李建国", unit=unit)


@pytest.fixture
def other_official(land, post):
    """A county official of the neighbouring county."""
    return post(Role.COUNTY_OFFICIAL, land.other_county)


@pytest.fixture
def day(today):
    """`day(-3)`: three days ago."""
    return lambda n: today + dt.timedelta(days=n)
