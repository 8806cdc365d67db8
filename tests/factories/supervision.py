"""Orders and appraisals as rows: no verb made them and no audit event vouches for them."""

import datetime as dt

import factory
from django.utils import timezone

from regions.models import Level
from supervision import items
from supervision.models import (
    Appraisal,
    AppraisalRound,
    AppraisalScheme,
    Order,
    OrderAction,
    OrderReceipt,
    OrderRevision,
    OrderVillage,
)
from tests.factories.cadres import CadreFactory
from tests.factories.households import HouseholdFactory
from tests.factories.regions import RegionFactory

WEIGHTS = {"visits": 30, "calls": 10, "tasks": 20, "measures": 20, "requests": 10, "surveys": 10}


class SchemeFactory(factory.django.DjangoModelFactory):
    """A scheme in force; `draft=True` for one that is not yet."""

    class Meta:
        model = AppraisalScheme

    region = factory.SubFactory(RegionFactory, level=Level.COUNTY)
    version = 1
    name = "帮扶干部考评办法"
    weights = factory.LazyFunction(lambda: dict(WEIGHTS))
    state = "in_force"
    made_by = "official"
    made_at = factory.LazyFunction(timezone.now)

    class Params:
        draft = factory.Trait(state="draft", version=2)


class AppraisalRoundFactory(factory.django.DjangoModelFactory):
    """An open round over last year."""

    class Meta:
        model = AppraisalRound

    region = factory.SubFactory(RegionFactory, level=Level.TOWNSHIP)
    starts_on = factory.LazyFunction(lambda: dt.date(timezone.localdate().year - 1, 1, 1))
    ends_on = factory.LazyAttribute(lambda o: dt.date(o.starts_on.year + 1, 1, 1))
    scheme = factory.SubFactory(SchemeFactory)
    state = "open"
    opened_by = "official"
    opened_at = factory.LazyFunction(timezone.now)
    computed_at = factory.LazyFunction(timezone.now)


class AppraisalFactory(factory.django.DjangoModelFactory):
    """One that was computed and not yet shown; `shown=True` for one that was."""

    class Meta:
        model = Appraisal

    round = factory.SubFactory(AppraisalRoundFactory)
    cadre = factory.SubFactory(CadreFactory)
    items = factory.LazyFunction(items.nothing)
    computed_at = factory.LazyFunction(timezone.now)

    class Params:
        shown = factory.Trait(state="shown", shown_at=factory.LazyFunction(timezone.now))
        commented = factory.Trait(state="commented", shown_at=factory.LazyFunction(timezone.now))


class OrderFactory(factory.django.DjangoModelFactory):
    """An order of today that is followed by hand, given to `to` (villages)."""

    class Meta:
        model = Order
        skip_postgeneration_save = True

    region = factory.SubFactory(RegionFactory, level=Level.TOWNSHIP)
    title = factory.Sequence(lambda n: f"第{n}号工作部署")
    text = "入户排查住房安全，登记问题。"
    issued_on = factory.LazyFunction(timezone.localdate)
    due_on = factory.LazyAttribute(lambda o: o.issued_on + dt.timedelta(days=30))
    audience = "all"
    issued_by = "officer"
    issued_at = factory.LazyFunction(timezone.now)

    @factory.post_generation
    def to(self, create, villages, **kwargs):
        for village in villages or ():
            OrderVillage.objects.create(order=self, village=village)
        OrderRevision.objects.create(
            order=self, version=self.version, title=self.title, text=self.text, due_on=self.due_on, by=self.issued_by, at=self.issued_at
        )  # fmt: skip


class OrderReceiptFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderReceipt

    order = factory.SubFactory(OrderFactory)
    region = factory.SubFactory(RegionFactory)
    version = 1
    by = "clerk"
    at = factory.LazyFunction(timezone.now)


class OrderActionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderAction

    order = factory.SubFactory(OrderFactory)
    household = factory.SubFactory(HouseholdFactory)
    on = factory.LazyFunction(timezone.localdate)
    text = "入户看过住房"
    by = "clerk"
    at = factory.LazyFunction(timezone.now)
