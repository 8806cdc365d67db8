"""Branches, their people, courses and sessions, activities, facilities. Rows are written raw, with the steps that lead to a stage."""

import datetime as dt

import factory
from django.utils import timezone

from common import pii
from party import models
from party.models import CONFIRMED, MEMBERS, ORDER
from tests.factories.regions import RegionFactory

DAY = dt.date(2024, 3, 1)


class BranchFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Branch

    village = factory.SubFactory(RegionFactory)
    name = factory.Sequence(lambda n: f"第{n + 1}党支部")
    established_on = dt.date(2000, 7, 1)


class PersonFactory(factory.django.DjangoModelFactory):
    """A full member of 30; `stage="activist"` for somebody on the way, since `stage_since`."""

    class Meta:
        model = models.PartyPerson
        skip_postgeneration_save = True

    branch = factory.SubFactory(BranchFactory)
    name = factory.Sequence(lambda n: f"李党员{n + 1}")
    sex = "1"
    birth_date = dt.date(1994, 5, 4)
    stage = "full"
    stage_since = DAY
    joined_on = factory.LazyAttribute(
        lambda p: None if p.stage not in MEMBERS else dt.date(2023, 2, 1) if p.stage == "full" else p.stage_since
    )

    class Params:
        phone_text = "19900001234"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        row = model_class(*args, **kwargs)
        row.phone, row.phone_hash, row.phone_masked = pii.seal_phone("19900001234")
        row.save(force_insert=True)
        return row

    @factory.post_generation
    def steps(self, create, extracted, **kwargs):
        at = ""
        for stage in ORDER[: ORDER.index(self.stage) + 1] if self.stage else ():
            models.StageChange.objects.create(
                person=self, from_stage=at, to_stage=stage, on=self.stage_since if stage == self.stage else DAY, recorded_by="proposer",
                recorded_at=timezone.now(), confirmed_by="other" if stage in CONFIRMED else "",
            )  # fmt: skip
            at = stage


class ProposalFactory(factory.django.DjangoModelFactory):
    """An activist to become a 发展对象."""

    class Meta:
        model = models.StageProposal

    person = factory.SubFactory(PersonFactory, stage="activist")
    from_stage = "activist"
    to_stage = "target"
    on = factory.LazyFunction(timezone.localdate)
    proposed_by = "proposer"
    proposed_at = factory.LazyFunction(timezone.now)


class PostFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.BranchPost

    person = factory.SubFactory(PersonFactory)
    branch = factory.SelfAttribute("person.branch")
    post = "secretary"
    starts_on = DAY


class CourseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Course

    region = factory.SubFactory(RegionFactory, level=4)
    classroom = "party"
    title = factory.Sequence(lambda n: f"政策课{n + 1}")


class SessionFactory(factory.django.DjangoModelFactory):
    """Held today."""

    class Meta:
        model = models.Session

    village = factory.SubFactory(RegionFactory)
    course = factory.SubFactory(CourseFactory, region=factory.SelfAttribute("..village.parent"))
    held_on = factory.LazyFunction(timezone.localdate)
    teacher = "王老师"
    state = "held"
    villagers = 12


class AttendanceFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Attendance

    session = factory.SubFactory(SessionFactory)
    person = factory.SubFactory(PersonFactory, branch__village=factory.SelfAttribute("...session.village"))
    how = "list"
    at = factory.LazyFunction(timezone.now)
    recorded_by = "clerk"


class ActivityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Activity

    branch = factory.SubFactory(BranchFactory)
    kind = "theme"
    held_on = factory.LazyFunction(timezone.localdate)
    title = factory.Sequence(lambda n: f"主题党日{n + 1}")
    recorded_by = "clerk"
    recorded_at = factory.LazyFunction(timezone.now)


class FacilityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Facility

    village = factory.SubFactory(RegionFactory)
    kind = "distance"
    name = factory.Sequence(lambda n: f"远程教育站点{n + 1}")
