"""Units and cadres."""

import factory

from cadres.models import Cadre, Unit
from regions.models import Level
from tests.factories.regions import RegionFactory


class UnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Unit

    name = factory.Sequence(lambda n: f"示范县第{n}单位")
    region = factory.SubFactory(RegionFactory, level=Level.COUNTY)


class CadreFactory(factory.django.DjangoModelFactory):
    """A cadre who cannot log in; give `user` for one who can."""

    class Meta:
        model = Cadre

    name = factory.Sequence(lambda n: f"干部{n}")
    unit = factory.SubFactory(UnitFactory)
