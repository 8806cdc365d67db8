"""The board on paper: the numbers and drawings of its page, whole, readable, and for nobody else than the page."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import pikepdf
import pytest
from django.urls import reverse
from django.utils import timezone, translation

from common import charts, pdf
from figures import paper, rollup, trends
from figures.board import Board
from figures.models import MapPlace
from regions.models import Level, Region
from tests.common.test_pdf import letters

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
THIS = timezone.localdate().year
SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)


def board_of(user, region: Region, year: int = THIS) -> Board:
    below = list(Region.objects.filter(parent=region).order_by("code")) if region.level < Level.VILLAGE else []
    return Board(user, region, below, region.parent if region.level > Level.COUNTY else None, year=year)


@pytest.mark.parametrize("place", ["county", "township", "village"])
def test_numbers_and_drawings_are_those_of_the_page(place, client, work, official, land):
    rollup.fold()
    region = getattr(land, place)
    client.force_login(official)
    page = client.get(reverse("figures:board", args=[region.pk]))
    address = re.search(rf'"(/figures/{region.pk}/pdf/[^"]*)"', page.content.decode())[1]
    file = client.get(address.replace("&amp;", "&"))
    assert file.headers["Content-Type"] == "application/pdf"
    assert not pdf.scan_glyphs(file.content)
    board = page.context["board"]
    text = letters(file.content)
    said = re.sub(
        r"\s", "", " ".join(f"{tile.label}{tile.text}{tile.unit}{''.join(tile.notes)}" for tile in board.tiles)
    )
    assert all(part in text for part in re.findall(r"[^ ]+", said))
    for panel in board.panels.values():
        for bar, cells in panel.rows:
            unit = cells[0].unit if len(cells) == 1 else ""
            assert f"{bar.label}{''.join(cell.text for cell in cells)}{unit}".replace(" ", "") in text, panel.title
    for line in board.places:
        assert f"{line.region.name}{''.join(cell.text for cell in line.cells)}" in text
    with translation.override("zh-hans"):
        markup = pdf.markup(paper.model_of(board, trends.line_of(board)), paper.TEMPLATE)
    drawn = SVG.findall(markup)
    assert len(drawn) > 20
    html = page.content.decode()
    assert [svg for svg in drawn if svg not in html] == []
    with pikepdf.open(io.BytesIO(file.content)) as book:
        assert all(float(side[3]) > float(side[2]) for side in (one.mediabox for one in book.pages))
        assert f"第{len(book.pages)}页/共{len(book.pages)}页" in letters(file.content, len(book.pages) - 1)


def test_points_and_outlines_are_on_paper_with_their_numbers(work, official, land):
    """They have no figures on them: bars tell."""
    rollup.fold()
    for n, village in enumerate(Region.objects.filter(parent=land.township)):
        MapPlace.objects.create(
            region=village, latitude=Decimal(25) + n, longitude=Decimal(102) + n % 2, shape=[[[102, 25], [103, 25 + n], [103, 26]]]
        )  # fmt: skip
    board = board_of(official, land.township)
    with translation.override("zh-hans"):
        model = paper.model_of(board, trends.line_of(board))
    drawing = next(block for block in model["blocks"] if block["kind"] == "map")
    assert [row["text"] for row in drawing["rows"]] == [text for _bar, text in board.map["bars"]]
    assert not pdf.scan_glyphs(pdf.render([model], paper.TEMPLATE))


def test_places_of_which_nothing_can_be_said_are_not_the_darkest():
    for values, shades in (
        ([0, 0, 0, 0], [0, 0, 0, 0]), ([0, 0, 0, 120], [0, 0, 0, 3]), ([1, 2, 3, 4], [0, 1, 2, 3]), ([5], [0]), ([2, 2, 9, 9], [0, 0, 3, 3])
    ):  # fmt: skip
        cuts = charts.quarters(values)
        assert [charts._shade(value, cuts) for value in values] == shades, values


def test_who_may_not_see_the_board_gets_no_paper(client, work, officer, clerk, land):
    client.force_login(officer)
    for region in (land.far_village, land.county):
        assert client.get(reverse("figures:board_pdf", args=[region.pk])).status_code == 404
    client.force_login(clerk)
    assert "支付资金" not in letters(client.get(reverse("figures:board_pdf", args=[land.village.pk])).content)


def test_a_year_that_does_not_exist_is_this_one(client, official, land):
    """As on the page; and a village without anybody has its paper."""
    client.force_login(official)
    for asked, shown in (("1999", THIS), ("abc", THIS), (str(THIS - 1), THIS - 1)):
        file = client.get(reverse("figures:board_pdf", args=[land.village.pk]), {"year": asked})
        assert f"{shown}年度" in letters(file.content)
        assert f"-{shown}-" in file.headers["Content-Disposition"]


def test_no_paper_where_nothing_can_be_printed(client, official, land):
    """A place named with a character that no font has: the page says so."""
    land.village.name = "\ue123村"
    land.village.save(update_fields=["name"])
    client.force_login(official)
    answer = client.get(reverse("figures:board_pdf", args=[land.village.pk]))
    assert answer.status_code == 422
    assert "U+E123" in answer.content.decode()
