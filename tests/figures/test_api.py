"""Figures for programs: the same numbers, rows and refusals as the pages."""

import pytest
from django.urls import reverse
from django.utils import timezone

from figures import rollup
from figures.reports.definitions import TABLES

pytestmark = pytest.mark.django_db
YEAR = timezone.localdate().year


@pytest.fixture
def folded(work):
    rollup.fold()


@pytest.mark.parametrize("year", [YEAR, YEAR - 1])
def test_a_board_says_what_its_page_says(folded, client_as, officer, land, year):
    client = client_as(officer)
    page = client.get(reverse("figures:board", args=[land.township.pk]), {"year": year}).context["board"]
    told = client.get(reverse("api:board-detail", args=[land.township.pk]), {"year": year}).json()
    assert [each["cell"]["number"] for each in told["tiles"]] == [cell.number for cell in page.tiles]
    assert {each["code"]: [row["cells"][0]["number"] for row in each["rows"]] for each in told["panels"]} == {
        code: [cells[0].number for _bar, cells in panel.rows] for code, panel in page.panels.items()
    }
    assert [line["region"]["name"] for line in told["places"]] == [line.region.name for line in page.places]
    assert told["as_of"]


def test_a_number_leads_to_as_many_rows(folded, client_as, official, land):
    client = client_as(official)
    tiles = client.get(reverse("api:board-detail", args=[land.county.pk])).json()["tiles"]
    for tile in tiles:
        number, url = tile["cell"]["number"], tile["cell"]["rows"]
        assert (url is None) == (number == 0)
        found = 0
        while url:
            answer = client.get(url).json()
            found += len(answer["results"])
            url = answer["next"]
        assert found == number, tile["code"]


def test_rows_are_those_of_the_page(folded, client_as, officer):
    client = client_as(officer)
    query = {"status": "on_register"}
    page = client.get(reverse("figures:rows", args=["households"]), query).context["page"].rows
    told = client.get(reverse("api:dataset-row-list", args=["households"]), query).json()["results"]
    assert [row["id"] for row in told] == [row.pk for row in page]


def test_a_table_is_that_of_the_page(folded, client_as, official, land):
    client = client_as(official)
    for table in TABLES[::9]:
        page = client.get(reverse("figures:report", args=[table.code]), {"region": land.county.pk})
        told = client.get(reverse("api:report-detail", args=[table.code]), {"region": land.county.pk}).json()
        grid = page.context["grid"]
        assert [[cell["number"] for cell in line["cells"]] for line in told["lines"]] == [
            [cell.number for cell in line.cells] for line in grid.lines
        ]


def test_a_table_put_together(folded, client_as, official, land):
    client = client_as(official)
    ask = {"dataset": "households", "row": "place", "across": "status", "region": land.county.pk, "helper": "without"}
    told = client.get(reverse("api:report-detail", args=["pivot"]), ask).json()
    assert told["heads"]
    assert told["region"]["name"] == "示范县"


@pytest.mark.parametrize(
    ("name", "args", "query", "status"),
    [
        ("board-detail", ["far"], {}, 404),
        ("board-detail", ["nonsense"], {}, 404),
        ("board-detail", ["own"], {"year": "1999"}, 400),
        ("dataset-row-list", ["nonsense"], {}, 404),
        ("dataset-row-list", ["households"], {"status": "king"}, 400),
        ("dataset-row-list", ["households"], {"stauts": "monitored"}, 400),
        ("dataset-row-list", ["households"], {"region": "far"}, 400),
        ("report-detail", ["nonsense"], {}, 404),
        ("report-detail", ["age"], {"colour": "red"}, 400),
        ("report-detail", ["age"], {"region": "far"}, 409),
        ("report-detail", ["pivot"], {"dataset": "nonsense"}, 409),
    ],
)
def test_bad_questions_get_a_sentence(client_as, officer, land, name, args, query, status):
    places = {"far": land.far_village.pk, "own": land.township.pk}
    answer = client_as(officer).get(
        reverse(f"api:{name}", args=[places.get(arg, arg) for arg in args]),
        {key: places.get(value, value) for key, value in query.items()},
    )
    assert answer.status_code == status
    assert answer.json()["error"]
