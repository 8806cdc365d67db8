"""Users and their postings."""

import datetime as dt

import factory
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import ApiToken, Posting, User
from accounts.roles import Role
from tests.factories.regions import RegionFactory

PASSWORD = "correct horse battery"


class UserFactory(factory.django.DjangoModelFactory):
    """Somebody with a password (`PASSWORD`) and no posting."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    name = factory.Sequence(lambda n: f"用户{n}")
    password = factory.LazyFunction(lambda: make_password(PASSWORD))

    class Params:
        first_password = factory.Trait(must_change_password=True)


class PostingFactory(factory.django.DjangoModelFactory):
    """A village clerk of a village, from long ago until further notice."""

    class Meta:
        model = Posting

    user = factory.SubFactory(UserFactory)
    role = Role.VILLAGE_CLERK
    region = factory.SubFactory(RegionFactory)
    starts_on = "2020-01-01"

    class Params:
        ended = factory.Trait(ends_on="2021-01-01")


class ApiTokenFactory(factory.django.DjangoModelFactory):
    """A token in force; nobody knows its text."""

    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = "每日取数"
    digest = factory.Sequence(lambda n: f"{n:064x}")
    hint = "yihu_test"
    permissions = factory.LazyFunction(lambda: ["household.view"])
    expires_on = factory.LazyFunction(lambda: timezone.localdate() + dt.timedelta(days=30))
