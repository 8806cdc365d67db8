"""Money: funds with what is in them. Rows are written raw, but balances come about as everywhere: by lines."""

from decimal import Decimal

import factory
from django.utils import timezone

from assistance.models import Account, Entry, Fund, Line
from regions.models import Level
from tests.factories.regions import RegionFactory


class FundFactory(factory.django.DjangoModelFactory):
    """A fund of this year with 100,000 元 allotted; `allotted=0` for an empty one, `planned` for what is promised beyond that."""

    class Meta:
        model = Fund
        skip_postgeneration_save = True

    region = factory.SubFactory(RegionFactory, level=Level.COUNTY)
    source = "province"
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    title = factory.Sequence(lambda n: f"第{n}批衔接资金")
    ceiling = Decimal("1000000")
    opened_by = "official"

    @classmethod
    def _create(cls, model_class, *args, allotted=Decimal("100000"), planned=Decimal(0), **kwargs):
        fund = super()._create(model_class, *args, **kwargs)
        kinds = Account.Kind
        accounts = {
            kind: Account.objects.create(fund=fund, kind=kind)
            for kind in (kinds.SOURCE, kinds.PLANNED, kinds.ALLOTTED, kinds.PAID)
        }
        for kind, source, target, amount in (
            ("plan", kinds.SOURCE, kinds.PLANNED, Decimal(allotted) + Decimal(planned)),
            ("allot", kinds.PLANNED, kinds.ALLOTTED, Decimal(allotted)),
        ):
            if amount:
                entry = Entry.objects.create(fund=fund, kind=kind, on=timezone.localdate(), by="official")
                lines = [(source, -amount), (target, amount)]
                Line.objects.bulk_create(
                    Line(entry=entry, account=accounts[account], amount=own) for account, own in lines
                )
        return fund

    class Params:
        closed = factory.Trait(allotted=0, closed_at=factory.LazyFunction(timezone.now), closed_by="official")


def balances(fund):
    """`{kind: 元}` of a fund, those of all projects together."""
    found = {}
    for kind, balance in Account.objects.filter(fund=fund).values_list("kind", "balance"):
        found[kind] = found.get(kind, Decimal(0)) + balance
    return found
