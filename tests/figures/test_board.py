"""The board of a region: every number on it is as long as its list, for every role, region and year; what it compares with, and what it refuses."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from types import SimpleNamespace
from urllib.parse import parse_qs, urlparse

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts.scoping import visible_region_ids
from figures import board as boards
from figures import datasets, months, rollup
from figures.board import Board, Cell
from figures.filters import filter_for
from figures.models import MonthEnd, RegionFigures
from households.models import Household
from regions.models import Level, Region
from tests.factories import HouseholdFactory, PostingFactory, StatusChangeFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
THIS, LAST = TODAY.year, TODAY.year - 1


def cells_of(board: Board) -> list[Cell]:
    """Every number on a board."""
    found = [*board.tiles, *board.whole.cells, *(cell for _bar, cell, _words in board.stack)]
    found += [cell for line in board.places for cell in line.cells]
    found += [cell for panel in board.panels.values() for _bar, cells in panel.rows for cell in cells]
    return found


def list_of(cell: Cell, user) -> int:
    """What the list behind a number adds up to, as its own page reads it."""
    parts = urlparse(cell.url)
    dataset = datasets.get(parts.path.rstrip("/").rpartition("/")[2])
    data = {name: values[0] for name, values in parse_qs(parts.query).items()}
    filterset = filter_for(dataset, data, SimpleNamespace(user=user))
    assert filterset.is_valid(), filterset.errors
    measure = dataset.measure(cell.measure)
    return measure.whole(filterset.qs.aggregate(n=measure.sum())["n"])


def below(region: Region) -> list[Region]:
    return list(Region.objects.filter(parent=region)) if region.level < Level.VILLAGE else []


@pytest.mark.slow
@pytest.mark.parametrize("folded", [True, False], ids=["from the roll-up", "counted on the spot"])
@pytest.mark.parametrize("who", ["clerk", "resident", "officer", "official", "auditor"])
def test_every_figure_is_as_long_as_its_list(who, folded, work, request):
    user = request.getfixturevalue(who)
    if folded:
        rollup.fold()
    seen = 0
    for region in Region.objects.filter(pk__in=visible_region_ids(user, boards.SEE)):
        for year in (THIS, LAST):
            for cell in cells_of(Board(user, region, below(region), region.parent, year=year)):
                if cell.url:
                    seen += 1
                    assert list_of(cell, user) == cell.number, (region.name, year, cell)
                else:
                    assert cell.number == 0, cell
    assert seen > 40


def test_every_tile_and_panel_can_be_answered(work, official, land):
    """None of them asks for what is not rolled up, and the scene has something for each."""
    rollup.fold()
    board = Board(official, land.county, below(land.county), None, year=THIS)
    assert {panel.code for panel in boards.PANELS if not panel.when} == {
        code for code, panel in board.panels.items() if panel.rows
    }
    assert [tile.label for tile, _t in zip(board.tiles, boards.TILES, strict=True) if not tile.number] == ["本年返贫"]
    before = Board(official, land.county, below(land.county), None, year=LAST)
    assert before.panels["year_bands"].rows
    assert "households" not in {urlparse(cell.url).path.split("/")[3] for cell in cells_of(before) if cell.url}


class TestPages:
    def test_a_number_leads_to_its_list(self, client, work, official, land):
        client.force_login(official)
        page = client.get(reverse("figures:board", args=[land.county.pk])).content.decode()
        links = dict(re.findall(r'<a href="(/figures/rows/[^"]+)"><b>([\d,]+)</b>', page))
        assert len(links) > 8
        for url, number in links.items():
            rows = client.get(url.replace("&amp;", "&")).content.decode()
            assert f"共 {number} " in rows, url

    def test_township_and_village_have_the_same_page(self, client, work, officer, land):
        HouseholdFactory.create_batch(25, village=land.village)  # enough for a percentage
        client.force_login(officer)
        assert client.get(reverse("figures:boards")).url == reverse("figures:board", args=[land.township.pk])
        page = client.get(reverse("figures:board", args=[land.township.pk])).content.decode()
        assert "石门乡看板" in page
        assert "（示范县 " in page  # a share beside that of the county
        assert reverse("figures:board", args=[land.village.pk]) in page
        assert client.get(reverse("figures:board", args=[land.village.pk])).status_code == 200
        assert client.get(reverse("figures:board", args=[land.far_village.pk])).status_code == 404
        assert client.get(reverse("figures:board", args=[land.county.pk])).status_code == 404

    def test_a_year_that_is_over_shows_its_records_only(self, client, work, official, land):
        client.force_login(official)
        page = client.get(reverse("figures:board", args=[land.county.pk]), {"year": LAST}).content.decode()
        assert "不分年度" in page
        assert "没有帮扶责任人" not in page
        for nonsense in ("1999", "abc", "99999", ""):
            assert (
                client.get(reverse("figures:board", args=[land.county.pk]), {"year": nonsense}).context["year"] == THIS
            )

    def test_small_numbers_are_no_percentages(self, client, work, officer, official, land):
        client.force_login(officer)
        assert "总数不到 30，不算比例" in client.get(reverse("figures:board", args=[land.village.pk])).content.decode()

    def test_money_is_shown_to_who_may_see_it(self, client, work, clerk, officer, land):
        client.force_login(clerk)
        page = client.get(reverse("figures:board", args=[land.village.pk])).content.decode()
        assert "支付资金" not in page
        assert client.get(reverse("figures:rows", args=["payments"])).status_code == 403
        client.force_login(officer)
        assert "支付资金" in client.get(reverse("figures:board", args=[land.village.pk])).content.decode()

    def test_several_areas_are_a_choice(self, client, work, officer, land):
        PostingFactory(user=officer, role="township_officer", region=land.next_township)
        client.force_login(officer)
        page = client.get(reverse("figures:boards")).content.decode()
        assert reverse("figures:board", args=[land.next_township.pk]) in page

    def test_an_empty_village(self, client, official, land):
        client.force_login(official)
        page = client.get(reverse("figures:board", args=[land.village.pk])).content.decode()
        assert "0</b><span>户" in page

    def test_a_list_says_what_it_does_not_know(self, client, work, official, land):
        client.force_login(official)
        address = reverse("figures:rows", args=["households"])
        assert client.get(reverse("figures:rows", args=["nonsense"])).status_code == 404
        page = client.get(address, {"status": "nonsense"})
        assert page.status_code == 200
        assert "nonsense" in page.content.decode()
        assert "没有符合条件的记录" in page.content.decode()
        outside = client.get(address, {"region": land.other_village.pk}).content.decode()
        assert "不在您的管理范围内" in outside


class TestMonths:
    def test_a_month_is_frozen_once(self, work, land):
        rollup.fold()
        month = months.first_of(TODAY, -1)
        assert months.freeze() > 0
        kept = MonthEnd.objects.get(region=land.county, month=month)
        Household.objects.filter(village=land.village).update(status="ordinary")
        rollup.fold()
        assert months.freeze() == 0
        months.keep_last()
        kept_now = MonthEnd.objects.get(region=land.county, month=month)
        assert kept_now.numbers == kept.numbers
        assert not kept_now.reckoned

    def test_what_is_compared_with(self, client, work, official, land):
        rollup.fold()
        months.freeze()
        Household.objects.filter(village=land.village, status="ordinary").update(status="marginal")
        client.force_login(official)
        page = client.get(reverse("figures:board", args=[land.county.pk])).content.decode()
        assert "比上月末 增 1 户" in page
        assert (
            "比去年同月末"
            not in client.get(reverse("figures:board", args=[land.county.pk]), {"since": "year"}).content.decode()
        )

    def test_months_nobody_froze_are_told_from_history(self, client, land, official):
        home = HouseholdFactory(village=land.village, status="unstable")
        long_ago = months.first_of(TODAY, -3) + dt.timedelta(days=9)
        StatusChangeFactory(
            household=home, confirmed=True, from_status="out_of_poverty", to_status="unstable", effective_on=long_ago
        )
        wanted = [months.first_of(TODAY, -n) for n in range(1, 6)]
        months.reckon(wanted)
        rows = MonthEnd.objects.filter(region=land.county)
        told = {row.month: set(row.numbers["households/status/rows"]) for row in rows}
        assert told == {
            month: {"unstable" if month >= months.first_of(TODAY, -3) else "out_of_poverty"} for month in wanted
        }
        client.force_login(official)
        page = client.get(reverse("figures:board", args=[land.county.pk])).content.decode()
        assert "按身份变更的生效日期推算" in page
        assert "比上月末 持平" in page
        assert "没有帮扶责任人" in page  # history does not tell who had a helper: nothing is compared
        rollup.fold()
        assert months.freeze() > 0  # what is known takes the place of what was told
        assert not MonthEnd.objects.filter(month=months.first_of(TODAY, -1), reckoned=True, region=land.county).exists()


def test_after_a_flood_of_changes_the_page_says_so(client, work, official, land, monkeypatch):
    monkeypatch.setattr(rollup, "MOST_LIVE", 2)
    client.force_login(official)
    page = client.get(reverse("figures:board", args=[land.county.pk])).content.decode()
    assert "正在重新汇总" in page
    rollup.fold()
    assert "保存一户就更新" in client.get(reverse("figures:board", args=[land.county.pk])).content.decode()


def test_sums_of_an_older_version_are_made_anew(client, work, official, land):
    rollup.fold()
    RegionFigures.objects.update(declared="an-older-one")
    client.force_login(official)
    assert "正在重新汇总" in client.get(reverse("figures:board", args=[land.county.pk])).content.decode()
    assert rollup.fold() > 0
    assert rollup.fold() == 0
    assert "保存一户就更新" in client.get(reverse("figures:board", args=[land.county.pk])).content.decode()


def test_what_happened_this_month_stands_on_the_first_page(client, work, official, officer, land, helper):
    for user, visits in ((official, 4), (officer, 2)):  # one household a village was visited today
        client.force_login(user)
        news = {each.label: each for each in client.get(reverse("home")).context["news"]}
        assert news["入户走访"].number == visits
        assert f"共 {visits} 次" in client.get(news["入户走访"].url).content.decode()
    client.force_login(helper)
    assert client.get(reverse("home")).context["news"] == []


def test_a_rebuild_says_what_was_wrong(work, land, capsys):
    rollup.rebuild()
    row = RegionFigures.objects.get(region=land.village, year=0)
    row.numbers["households/status/rows"]["ordinary"] = 99
    row.save()
    call_command("rebuild_figures")
    assert "1 个地区" in capsys.readouterr().out
    assert RegionFigures.objects.get(region=land.village, year=0).numbers["households/status/rows"]["ordinary"] == 1


def test_money_is_kept_to_the_cent(work, official, land):
    rollup.fold()
    board = Board(official, land.village, [], land.township, year=THIS)
    (row,) = board.panels["sources"].rows
    assert row[1][0].text == "102.50"
    assert Decimal(row[1][0].number) / 100 == Decimal("102.50")
