"""No ranking: no cadre reads another's score anywhere, and no list can be made to stand in order of score."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
from django.conf import settings
from django.urls import reverse

from common import jobs
from supervision.models import Appraisal
from supervision.services import appraisals, printing
from tests.factories import UnitFactory
from tests.gates import Door
from tests.supervision import doors
from tests.supervision.conftest import FIRST, LAST

pytestmark = pytest.mark.django_db
OTHER, OWN = Decimal("37.41"), Decimal("61.93")


@pytest.fixture
def shown(open_round, of, work, officer):
    """Everybody's was shown; two scores that stand nowhere else."""
    Appraisal.objects.filter(cadre=work.first).update(score=OWN)
    Appraisal.objects.filter(cadre=work.second).update(score=OTHER)
    appraisals.show_round(round=open_round, by=officer)
    return open_round


def addresses(round, work, of):
    """Every page of the package that can be fetched, for both appraisals, and pages that gather what others put there."""
    rows = {"round": round.pk, "scheme_draft": round.scheme_id, "order": 0, "order_act_uid": None, "round_job": 0}
    found = [
        "/",
        "/households/",
        work.home.get_absolute_url(),
        "/api/households/",
        "/api/",
        "/jobs/",
        "/supervision/appraisals/mine/?state=shown",
    ]
    for cadre in (work.first, work.second):
        rows["appraisal"] = of(cadre).pk
        for door in doors.DOORS:
            if isinstance(door, Door) and door.method == "GET" and "order" not in door.row.values():
                args = {name: key[1:] if key.startswith("'") else rows[key] for name, key in door.row.items()}
                found.append(reverse(door.name, kwargs=args))
    return found


def test_no_page_or_answer_shows_a_cadre_another_s_score(shown, work, of, client_as):
    client = client_as(work.first.user)
    seen_own = 0
    for address in addresses(shown, work, of):
        for query in (
            "",
            "?order=score",
            "?sort=-score",
            "?ordering=score",
            f"?cadre={work.second.pk}",
            f"?round={shown.pk}",
        ):
            answer = client.get(address + (query if "?" not in address else ""), follow=True)
            text = answer.content.decode() if not answer.streaming else ""
            assert str(OTHER) not in text, address
            assert work.second.name not in text or "households" in address, address
            seen_own += str(OWN) in text
    assert seen_own
    assert client.get(reverse("supervision:appraisal_detail", args=[of(work.second).pk])).status_code == 404
    assert client.post(reverse("supervision:appraisal_pdf", args=[of(work.second).pk])).status_code == 404


def test_the_own_page_knows_no_average_and_no_place(shown, work, of, client_as):
    page = (
        client_as(work.first.user)
        .get(reverse("supervision:appraisal_detail", args=[of(work.first).pk]))
        .content.decode()
    )
    assert str(OWN) in page
    for word in ("名次", "排名", "平均分", "第1名", "共 3 人"):
        assert word not in page


def test_before_it_is_shown_it_is_nobody_s(open_round, work, of, client_as):
    client = client_as(work.first.user)
    assert client.get(reverse("supervision:appraisal_detail", args=[of(work.first).pk])).status_code == 404
    assert client.get(reverse("supervision:mine")).context["rows"] == []


def test_an_office_reads_by_unit_and_name_whatever_it_asks(shown, work, of, client_as, officer):
    client = client_as(officer)
    orders = {
        tuple(row.appraisal.pk for row in client.get(reverse("supervision:appraisal_list") + query).context["rows"])
        for query in ("", "?order=score", "?sort=-score", "?ordering=-score", "?o=score")
    }
    assert len(orders) == 1
    units = [row.appraisal.cadre.unit.name for row in client.get(reverse("supervision:appraisal_list")).context["rows"]]
    assert units == sorted(units)


def test_nothing_in_the_package_orders_by_score():
    wrong = []
    for path in [
        *(Path(settings.BASE_DIR) / "supervision").rglob("*.py"),
        *(Path(settings.BASE_DIR) / "templates/supervision").rglob("*.html"),
    ]:
        text = path.read_text()
        wrong += [
            f"{path.name}: {m.group()}"
            for m in re.finditer(r"""(order_by|order=|sorted|ordering|dictsort)[^\n]*\bscore\b""", text)
        ]
    assert not wrong


def test_a_neighbouring_office_sees_its_own_people_of_a_county_round(work, land, official, officer, client_as, post):
    """A county's round: the township sees those whose unit stands in it, and the round, and nobody else."""
    own = work.member
    type(own).objects.filter(pk=own.pk).update(unit=UnitFactory(region=land.township))
    row = appraisals.open_round(region=land.county, starts_on=FIRST, last_day=LAST, by=official)
    appraisals.recompute(round=row, by=official)
    client = client_as(officer)
    listed = client.get(reverse("supervision:appraisal_list")).context["rows"]
    assert [each.appraisal.cadre for each in listed] == [own]
    assert client.get(reverse("supervision:round_detail", args=[row.pk])).status_code == 200
    assert client.post(reverse("supervision:round_act", args=[row.pk, "show"])).status_code == 403


# -- every figure is its list -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["officer", "official", "auditor"])
def test_every_figure_is_its_list(who, shown, work, of, client_as, request):
    client = client_as(request.getfixturevalue(who))
    seen = 0
    for cadre in (work.first, work.second, work.member):
        page = client.get(reverse("supervision:appraisal_detail", args=[of(cadre).pk]))
        for row in page.context["rows"]:
            for figure in row.figures:
                opened = client.get(figure.url).context
                assert opened["total"] == opened["stored"] == figure.value
                assert opened["outside"] == 0
                assert (len(opened["told"]) > 0) == (figure.value > 0)
                seen += figure.value
    assert seen > 20


def test_a_cadre_reads_the_rows_behind_the_own_figures(shown, work, of, client_as):
    """What concerns a household that the cadre no longer helps is counted, and said not to be listed."""
    client = client_as(work.first.user)
    url = reverse("supervision:appraisal_rows", args=[of(work.first).pk, "visits", "due"])
    assert len(client.get(url).context["told"]) == 2
    tasks = client.get(reverse("supervision:appraisal_rows", args=[of(work.first).pk, "tasks", "due"])).context
    assert (tasks["total"], tasks["outside"], tasks["told"]) == (3, 3, [])
    assert (
        client.get(reverse("supervision:appraisal_rows", args=[of(work.first).pk, "karma", "due"])).status_code == 404
    )


def test_states_of_a_round_are_their_lists(shown, client_as, officer):
    client = client_as(officer)
    page = client.get(reverse("supervision:round_detail", args=[shown.pk]))
    for state in page.context["states"]:
        assert client.get(state["url"]).context["page"].count.value == state["value"]
    assert sum(state["value"] for state in page.context["states"]) == page.context["total"] == 3


# -- paper ----------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_one_page_a_cadre(shown, work, of, client_as, officer):
    appraisals.comment(appraisal=of(work.first), text="有两次走访没有计入。", by=work.first.user)
    for user in (work.first.user, officer):
        answer = client_as(user).post(reverse("supervision:appraisal_pdf", args=[of(work.first).pk]))
        data = b"".join(answer.streaming_content)
        assert answer["Content-Type"] == "application/pdf"
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert len(pdf.pages) == 1


@pytest.mark.slow
def test_a_whole_round_is_printed_by_a_job(shown, client_as, officer):
    job = printing.ask_printing(round=shown, by=officer)
    assert jobs.run(job.pk).state == "done"
    answer = client_as(officer).post(reverse("supervision:round_file", args=[job.pk]))
    with pikepdf.open(io.BytesIO(b"".join(answer.streaming_content))) as pdf:
        assert len(pdf.pages) == 3
        assert len(pdf.open_outline().root) == 3
