"""Village projects, shortfalls, idle houses and tenancies. Rows are written raw, like those of households."""

import datetime as dt

import factory
from django.utils import timezone

from assistance import models
from common import pii, vault
from tests.factories.households import HouseholdFactory, _jpeg
from tests.factories.regions import RegionFactory

DAY = dt.date(2026, 3, 1)


class ProjectFactory(factory.django.DjangoModelFactory):
    """A water project that was proposed; `stage="building"` writes no steps before it."""

    class Meta:
        model = models.VillageProject
        skip_postgeneration_save = True

    village = factory.SubFactory(RegionFactory)
    sector = "water"
    title = factory.Sequence(lambda n: f"{n + 1}组饮水管网改造")
    year = 2026
    budget = 200000
    proposed_by = "proposer"
    proposed_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def step(self, create, extracted, **kwargs):
        models.ProjectStep.objects.create(project=self, stage=self.stage, on=DAY, by="proposer", at=timezone.now())


class ShortfallFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Shortfall

    village = factory.SubFactory(RegionFactory)
    sector = "water"
    text = factory.Sequence(lambda n: f"{n + 1}组没有通自来水")
    found_on = DAY
    found_by = "clerk"


class IdleHouseFactory(factory.django.DjangoModelFactory):
    """A free house, inspected and safe; `bare=True` for one nobody has looked at."""

    class Meta:
        model = models.IdleHouse

    village = factory.SubFactory(RegionFactory)
    hamlet = "3组"
    address = factory.Sequence(lambda n: f"3组{n + 1}号")
    ownership = "private"
    owner_name = "李老四"
    phone_text = "19900003333"
    area = 80
    rooms = 3
    grade = "B"
    rent = 100
    next_inspection_on = dt.date(2027, 3, 1)
    registered_by = "clerk"
    registered_at = factory.LazyFunction(timezone.now)

    class Params:
        bare = factory.Trait(grade="", next_inspection_on=None)

    @classmethod
    def _create(cls, model_class, *args, phone_text, **kwargs):
        house = model_class(*args, **kwargs)
        house.owner_phone, house.owner_phone_hash, house.owner_phone_masked = pii.seal_phone(phone_text)
        house.save(force_insert=True)
        return house


class TenancyFactory(factory.django.DjangoModelFactory):
    """A house offered to a household of its village."""

    class Meta:
        model = models.Tenancy

    house = factory.SubFactory(IdleHouseFactory)
    household = factory.SubFactory(HouseholdFactory, village=factory.SelfAttribute("..house.village"))
    offered_on = DAY
    rent = 100
    offered_by = "clerk"


class EvidenceFactory(factory.django.DjangoModelFactory):
    """A photo of a village project (`project=`), an idle house (`house=`) or a delivery (`delivery=`)."""

    class Meta:
        model = models.AssistanceEvidence

    file = factory.LazyFunction(lambda: vault.put("evidence/x", _jpeg()))
    sha256 = "0" * 64
    width = 40
    height = 30
    uploaded_by = "clerk"
