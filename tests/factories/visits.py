"""Visits, rules and duties as rows: no verb made them and no audit event vouches for them. `visit_body` is what a phone sends."""

import datetime as dt
import uuid

import factory
from django.utils import timezone

from tests.factories.accounts import UserFactory
from tests.factories.cadres import CadreFactory
from tests.factories.households import HouseholdFactory
from tests.factories.regions import RegionFactory
from visits.models import Visit, VisitDuty, VisitRule


class VisitFactory(factory.django.DjangoModelFactory):
    """Somebody's visit of today, as the helper."""

    class Meta:
        model = Visit

    household = factory.SubFactory(HouseholdFactory)
    visitor = factory.SubFactory(UserFactory)
    capacities = factory.LazyFunction(lambda: ["helper"])
    on = factory.LazyFunction(timezone.localdate)
    met = factory.LazyFunction(lambda: ["householder"])
    seen = factory.LazyFunction(lambda: ["well"])
    text = "家里一切都好，猪养到了十二头。"

    class Params:
        void = factory.Trait(
            voided_at=factory.LazyFunction(timezone.now), voided_by="somebody", void_reason="记错了户，另行登记。"
        )
        call = factory.Trait(manner="call")


class VisitRuleFactory(factory.django.DjangoModelFactory):
    """A visit a month by the helper, from long ago on."""

    class Meta:
        model = VisitRule

    region = factory.SubFactory(RegionFactory)
    capacity = "helper"
    audience = "all"
    period = "month"
    least = 1
    starts_on = dt.date(2020, 1, 1)
    made_by = "official"


class VisitDutyFactory(factory.django.DjangoModelFactory):
    """One visit, due at the end of this month."""

    class Meta:
        model = VisitDuty

    rule = factory.SubFactory(VisitRuleFactory)
    household = factory.SubFactory(HouseholdFactory)
    cadre = factory.SubFactory(CadreFactory)
    starts_on = factory.LazyFunction(lambda: timezone.localdate().replace(day=1))
    ends_on = factory.LazyAttribute(lambda o: (o.starts_on + dt.timedelta(days=32)).replace(day=1))
    needed = 1
    next_due_on = factory.LazyAttribute(lambda o: o.ends_on)


def visit_body(household, **more):
    """What a phone sends of a visit of today; keywords replace parts of it."""
    return {
        "uid": str(uuid.uuid4()),
        "household": str(household.uid),
        "manner": "visit",
        "on": timezone.localdate().isoformat(),
        "met": ["householder"],
        "seen": ["well"],
        "text": "家里一切都好",
        "asked": "",
        "next_on": None,
        "place": None,
        "photos": [],
    } | more


def visit_op(body):
    """The operation that carries it."""
    return {
        "uid": str(uuid.uuid4()),
        "kind": "visit.record",
        "body": body,
        "made_at": timezone.now().isoformat(),
    }
