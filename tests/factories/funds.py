"""Money: funds with what is in them. Rows are written raw, but balances come about as everywhere: by lines."""

from decimal import Decimal

import factory
from django.utils import timezone

from assistance.models import Account, Entry, Fund, Line, PayBatch, PayRow
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


class PayBatchFactory(factory.django.DjangoModelFactory):
    """A subsidy list that was checked, with a row of nobody known."""

    class Meta:
        model = PayBatch
        skip_postgeneration_save = True

    region = factory.SubFactory(RegionFactory, level=Level.TOWNSHIP)
    kind = factory.SubFactory("tests.factories.assistance.KindFactory")
    fund = factory.SubFactory(FundFactory, region=factory.LazyAttribute(lambda o: o.factory_parent.region.parent))
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    period = factory.LazyAttribute(lambda o: str(o.year))
    on = factory.LazyFunction(timezone.localdate)
    filename = factory.Sequence(lambda n: f"发放{n}.xlsx")
    sha256 = factory.Sequence(lambda n: f"{n:064d}")
    state = "checked"
    read = rejected = 1
    uploaded_by = "officer"
    uploaded_at = factory.LazyFunction(timezone.now)
    row = factory.RelatedFactory("tests.factories.funds.PayRowFactory", "batch")


class PayRowFactory(factory.django.DjangoModelFactory):
    """A row that was rejected; its place is the next one."""

    class Meta:
        model = PayRow

    batch = factory.SubFactory(PayBatchFactory, row=None)
    place = factory.LazyAttribute(lambda o: o.batch.rows.count() + 2)
    name = "王芳"
    id_masked = "9990**********0012"
    amount = Decimal(100)
    outcome = "rejected"
    say = "台账中没有这个证件号码。"
    why = "person"
