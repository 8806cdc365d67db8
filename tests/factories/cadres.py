"""Units, cadres, resident teams and villages as rows: no verb made them."""

import datetime as dt

import factory

from cadres.models import Cadre, ResidentTeam, TeamMember, TeamRule, Unit, UnitVillage, VillageProfile
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


class TeamFactory(factory.django.DjangoModelFactory):
    """A team that came to a village on New Year's Day of 2024."""

    class Meta:
        model = ResidentTeam

    village = factory.SubFactory(RegionFactory)
    unit = factory.SubFactory(UnitFactory)
    starts_on = dt.date(2024, 1, 1)


class TeamMemberFactory(factory.django.DjangoModelFactory):
    """A full-time member since the team came, without a planned end. Trait `leads`: leader and first secretary."""

    class Meta:
        model = TeamMember

    team = factory.SubFactory(TeamFactory)
    cadre = factory.SubFactory(CadreFactory)
    starts_on = factory.SelfAttribute("team.starts_on")

    class Params:
        leads = factory.Trait(is_leader=True, is_first_secretary=True)


class UnitVillageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = UnitVillage

    unit = factory.SubFactory(UnitFactory)
    village = factory.SubFactory(RegionFactory)
    starts_on = dt.date(2024, 1, 1)


class VillageProfileFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VillageProfile

    village = factory.SubFactory(RegionFactory)
    languages = ("putonghua", "yi")
    industries = ("crops",)


class TeamRuleFactory(factory.django.DjangoModelFactory):
    """A rule of a region: two people, one year, the leader need not be the first secretary."""

    class Meta:
        model = TeamRule

    region = factory.SubFactory(RegionFactory)
    least_people = 2
    least_months = 12
    leader_is_secretary = False
    warn_days = 30
