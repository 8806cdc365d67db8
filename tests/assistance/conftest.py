"""People, money and pictures that tests of assistance share."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.roles import Role
from assistance.services import funds


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def second_officer(land, post):
    """Another officer of the township: nobody approves their own."""
    return post(Role.TOWNSHIP_OFFICER, land.township)


@pytest.fixture
def fund(land, official):
    """A fund of the county with 10,000 元 that can be paid."""
    made = funds.open_fund(
        region=land.county, source="county", year=timezone.localdate().year, title="衔接资金", ceiling=Decimal(100_000), by=official
    )  # fmt: skip
    first = dt.date(made.year, 1, 1)
    funds.plan(fund=made, amount=Decimal(10_000), on=first, by=official)
    funds.allot(fund=made, amount=Decimal(10_000), on=first, by=official, reference="示财〔2026〕1号")
    return made


@pytest.fixture
def picture():
    """`picture()`: an upload of a small photo."""

    def make(name="a.jpg"):
        out = io.BytesIO()
        Image.new("RGB", (60, 40), "#a03030").save(out, "JPEG")
        return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")

    return make
