"""Imports that have been looked at."""

import datetime as dt

import factory

from exchange.models import PeopleBatch, PeopleRow
from tests.factories.accounts import UserFactory
from tests.factories.regions import RegionFactory


class PeopleBatchFactory(factory.django.DjangoModelFactory):
    """A previewed list of helpers without rows. The file is not there."""

    class Meta:
        model = PeopleBatch

    owner = factory.SubFactory(UserFactory)
    region = factory.SubFactory(RegionFactory)
    filename = "名单.xlsx"
    sha256 = "0" * 64
    size = 1
    family = "CH"
    on = dt.date(2026, 1, 1)
    state = PeopleBatch.State.PREVIEWED
    previewed_at = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)


class PeopleRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PeopleRow

    batch = factory.SubFactory(PeopleBatchFactory)
    position = factory.Sequence(lambda n: n)
    row_no = factory.Sequence(lambda n: n + 2)
    outcome = "held"
    name = factory.Sequence(lambda n: f"干部{n}")
    detail = factory.LazyFunction(
        lambda: {"parts": [{"kind": "pairings", "label": "张三", "outcome": "held", "problem": "分不清是哪一户。"}]}
    )
