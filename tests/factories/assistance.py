"""Kinds of measures of a test's own, and measures, deliveries and requests as rows: no verb made them and no audit event vouches for them."""

import datetime as dt

import factory
from django.utils import timezone

from assistance.models import Delivery, Measure, ServiceRequest
from catalogue.models import MeasureKind
from tests.factories.households import HouseholdFactory


class KindFactory(factory.django.DjangoModelFactory):
    """A kind for households, once a year, with money and without conditions. Traits: `of_member`, `monthly`, `once`, `in_kind`."""

    class Meta:
        model = MeasureKind

    code = factory.Sequence(lambda n: f"test-kind-{n}")
    title = factory.Sequence(lambda n: f"试验补助{n}")
    column = "industry"
    whose = "household"
    unit = "亩"
    period = "year"
    valid_from = dt.date(2015, 1, 1)

    class Params:
        of_member = factory.Trait(whose="member", unit="人")
        monthly = factory.Trait(period="month", unit="月")
        once = factory.Trait(period="once")
        in_kind = factory.Trait(has_money=False)


class MeasureFactory(factory.django.DjangoModelFactory):
    """Proposed this year by somebody; `approved=True` for one that was approved on New Year's Day."""

    class Meta:
        model = Measure

    household = factory.SubFactory(HouseholdFactory)
    kind = factory.SubFactory(KindFactory)
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    proposed_by = "somebody"
    proposed_at = factory.LazyFunction(timezone.now)

    class Params:
        approved = factory.Trait(
            state="approved",
            decided_by="office",
            decided_at=factory.LazyFunction(
                lambda: timezone.localtime().replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
            ),
        )


class DeliveryFactory(factory.django.DjangoModelFactory):
    """Something without money, delivered today, of an approved measure."""

    class Meta:
        model = Delivery

    measure = factory.SubFactory(MeasureFactory, approved=True, kind__in_kind=True)
    household = factory.SelfAttribute("measure.household")
    member = factory.SelfAttribute("measure.member")
    kind = factory.SelfAttribute("measure.kind")
    person = factory.LazyAttribute(lambda o: o.member.id_hash if o.member else "")
    period = factory.LazyAttribute(lambda o: {"year": str(o.measure.year), "once": ""}.get(o.kind.period, ""))
    on = factory.LazyFunction(timezone.localdate)
    by = "somebody"
    at = factory.LazyFunction(timezone.now)


class ServiceRequestFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ServiceRequest

    household = factory.SubFactory(HouseholdFactory)
    text = "想学养蜂"
    due_on = factory.LazyFunction(lambda: timezone.localdate() + dt.timedelta(days=7))
    asked_by = "somebody"
    asked_at = factory.LazyFunction(timezone.now)
