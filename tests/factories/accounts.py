"""Users and their postings."""

import factory
from django.contrib.auth.hashers import make_password

from accounts.models import Posting, User
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
