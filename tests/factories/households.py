"""Households and what hangs off them. Rows are written raw: no audit event vouches for them, unlike rows made by the services."""

import datetime as dt
import hashlib
import io
import itertools

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from common import identity, pii
from common.names import search_keys
from households import models
from tests.factories.accounts import UserFactory
from tests.factories.cadres import CadreFactory
from tests.factories.regions import RegionFactory

YEAR = 2026
_serial = itertools.count()


def invented_id_number(born: dt.date = dt.date(1970, 1, 1), sex: str = "1") -> str:
    """A number with a valid check digit on an area that no county has; another one with each call; none ends in 9 and three digits more."""
    n = next(_serial)
    body = f"999{n // 400 % 900 + 10:03d}{born:%Y%m%d}{n % 400 * 2 + (1 if sex == '1' else 2):03d}"
    return body + identity.check_digit(body)


class HouseholdFactory(factory.django.DjangoModelFactory):
    """A household in a village, without members. Traits: `with_householder`, `with_year`, `with_helper`, `closed`."""

    class Meta:
        model = models.Household
        skip_postgeneration_save = True

    number = factory.Sequence(lambda n: f"99{n:08d}")
    village = factory.SubFactory(RegionFactory)
    township = factory.LazyAttribute(lambda o: o.village.parent)
    householder_name = "王建国"
    sort_key = factory.LazyAttribute(lambda o: search_keys(o.householder_name).sort_key)
    status = models.Status.OUT_OF_POVERTY

    class Params:
        with_householder = factory.Trait(
            member_count=1,
            householder=factory.RelatedFactory(
                "tests.factories.households.MemberFactory",
                "household",
                householder=True,
                name=factory.SelfAttribute("household.householder_name"),
            ),
        )
        with_year = factory.Trait(
            latest_year=YEAR,
            year_record=factory.RelatedFactory(
                "tests.factories.households.HouseholdYearFactory", "household", with_lines=True
            ),
        )
        with_helper = factory.Trait(
            helper=factory.RelatedFactory("tests.factories.households.PairingFactory", "household")
        )
        closed = factory.Trait(closed_on=dt.date(2024, 1, 1), closed_reason="empty")

    @factory.post_generation
    def phone_number(self, create, text, **kwargs):
        """`phone_number="19900001111"` stores it as the services do."""
        if text:
            self.phone, self.phone_hash, self.phone_masked = pii.seal_phone(text)
            self.save()


class MemberFactory(factory.django.DjangoModelFactory):
    """A son; `householder=True` for the householder. `id_text` and `phone_text` give the plain numbers."""

    class Meta:
        model = models.Member

    household = factory.SubFactory(HouseholdFactory)
    name = factory.Sequence(lambda n: "王" + "秀英芳娜敏静丽强磊军"[n % 10])
    relation = "03"
    sex = "1"
    birth_date = dt.date(1970, 1, 1)
    joined_on = dt.date(2014, 1, 1)
    joined_reason = "first"
    id_text = factory.LazyAttribute(lambda o: invented_id_number(o.birth_date, o.sex))
    phone_text = ""

    class Params:
        householder = factory.Trait(relation="01")
        left = factory.Trait(left_on=dt.date(2025, 1, 1), left_reason="death")

    @classmethod
    def _create(cls, model_class, *args, id_text, phone_text, **kwargs):
        keys = search_keys(kwargs["name"])
        member = model_class(*args, name_grams=keys.grams, pinyin=keys.pinyin, initials=keys.initials, **kwargs)
        if id_text:
            member.set_id_number(pii.seal_id_number(id_text))
        if phone_text:
            member.set_phone(pii.seal_phone(phone_text))
        member.save(force_insert=True)
        return member


class HouseholdYearFactory(factory.django.DjangoModelFactory):
    """An annual record with nothing in it; `with_lines` adds two items and the totals they make."""

    class Meta:
        model = models.HouseholdYear
        skip_postgeneration_save = True

    household = factory.SubFactory(HouseholdFactory)
    year = YEAR

    class Params:
        with_lines = factory.Trait(
            population=2,
            wage_income=12000,
            business_income=0,
            property_income=0,
            transfer_income=0,
            business_expense=2000,
            gross_income=12000,
            net_income=10000,
            per_head_income=5000,
            wage=factory.RelatedFactory(
                "tests.factories.households.IncomeLineFactory", "household_year", item="wage.other", amount=12000
            ),
            expense=factory.RelatedFactory(
                "tests.factories.households.IncomeLineFactory", "household_year", item="expense.business", amount=2000
            ),
        )


class MemberYearFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.MemberYear

    member = factory.SubFactory(MemberFactory)
    year = YEAR


class IncomeLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.IncomeLine

    household_year = factory.SubFactory(HouseholdYearFactory)
    item = "wage.other"
    amount = 1000


class StatusChangeFactory(factory.django.DjangoModelFactory):
    """A proposal of the township; `confirmed=True` for one that the county confirmed."""

    class Meta:
        model = models.StatusChange

    household = factory.SubFactory(HouseholdFactory)
    from_status = factory.SelfAttribute("household.status")
    to_status = models.Status.UNSTABLE
    effective_on = dt.date(2026, 3, 1)
    reason = "户主患大病，支出骤增"
    proposed_by = factory.SubFactory(UserFactory)
    proposed_at = factory.LazyFunction(timezone.now)

    class Params:
        confirmed = factory.Trait(
            state=models.StatusChange.State.CONFIRMED,
            decided_by=factory.SubFactory(UserFactory),
            decided_at=factory.LazyFunction(timezone.now),
        )


class PairingFactory(factory.django.DjangoModelFactory):
    """A lead helper since 2020; `ended=True` for one of the past."""

    class Meta:
        model = models.Pairing

    household = factory.SubFactory(HouseholdFactory)
    cadre = factory.SubFactory(CadreFactory)
    starts_on = dt.date(2020, 1, 1)

    class Params:
        ended = factory.Trait(ends_on=dt.date(2022, 1, 1), end_reason="工作调动")


class KinshipFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.Kinship

    household = factory.SubFactory(HouseholdFactory)
    cadre = factory.SubFactory(CadreFactory)
    relation = "in_law"
    declared_by = "clerk"
    declared_at = factory.LazyFunction(timezone.now)


class HandOverFactory(factory.django.DjangoModelFactory):
    """A hand-over of one household: give `household`."""

    class Meta:
        model = models.HandOver
        skip_postgeneration_save = True

    from_cadre = factory.SubFactory(CadreFactory)
    to_cadre = factory.SubFactory(CadreFactory)
    on = dt.date(2024, 3, 1)
    reason = "工作调动"
    by = "officer"
    at = factory.LazyFunction(timezone.now)
    households = 1

    @factory.post_generation
    def household(self, create, household, **more):
        ended = PairingFactory(
            household=household, cadre=self.from_cadre, is_lead=False, starts_on=dt.date(2019, 1, 1), ends_on=self.on
        )
        began = PairingFactory(
            household=household, cadre=self.to_cadre, is_lead=False, starts_on=self.on, ends_on=dt.date(2024, 9, 1)
        )
        models.HandOverLine.objects.create(hand_over=self, household=household, ended=ended, began=began)


class MatchingRunFactory(factory.django.DjangoModelFactory):
    """A proposal that waits, without rows: give `region`, `unit` or `leaving`."""

    class Meta:
        model = models.MatchingRun

    state = "proposed"
    asked_by = "somebody"
    asked_at = factory.LazyFunction(timezone.now)
    figures = {"keep": 0, "new": 0, "move": 0, "none": 0, "helpers": 1, "used": 0}


def _jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), (120, 140, 90)).save(out, "JPEG")
    return out.getvalue()


class PhotoFactory(factory.django.DjangoModelFactory):
    """A small grey-green JPEG of the dwelling."""

    class Meta:
        model = models.Photo

    household = factory.SubFactory(HouseholdFactory)
    kind = models.Photo.Kind.DWELLING
    file = factory.LazyFunction(lambda: ContentFile(_jpeg(), name="dwelling.jpg"))
    sha256 = factory.LazyFunction(lambda: hashlib.sha256(_jpeg()).hexdigest())
    width = 40
    height = 30
    uploaded_by = "somebody"

    class Params:
        removed = factory.Trait(removed_at=factory.LazyFunction(timezone.now))


class SavedViewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = models.SavedView

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"常用{n}")
    query = "status=unstable"
