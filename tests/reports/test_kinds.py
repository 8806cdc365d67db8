"""Every kind of paper: what stands on it and what never does, a page for a card, a village without anybody."""

import datetime as dt
import io

import pikepdf
import pytest
from django.urls import reverse

from common import pdf
from households import ledger
from households.models import Household
from reports import kinds, services
from reports.kinds import Ask, Draft
from tests.factories import CadreFactory, HouseholdFactory, MemberFactory, PairingFactory, UnitFactory
from tests.factories.assistance import DeliveryFactory, MeasureFactory

pytestmark = pytest.mark.slow
PHONE = "19912345678"


@pytest.fixture
def big(land):
    """Ten members with long names, four helpers of a unit with a long name, twenty measures."""
    name = "阿卜杜热依木·买买提依明"
    household = HouseholdFactory(
        village=land.village, with_householder=True, with_year=True, householder_name=name, status="marginal"
    )
    for n in range(9):
        MemberFactory(household=household, name=f"{name}{n}", relation="03")
    unit = UnitFactory(name="示范县人力资源和社会保障局驻库木萨克吐尔洪工作联络办公室")
    for n in range(4):
        cadre = CadreFactory(name=f"努尔买买提·阿不都克里木{n}", unit=unit, title="党组成员、副局长", phone=PHONE)
        PairingFactory(
            household=household, cadre=cadre, is_lead=n == 0, mode="many_to_one", starts_on=dt.date(2024, 1, 1)
        )
    for n in range(20):
        kind = {"kind__in_kind": True, "kind__title": f"安全饮水管网改造入户接通补助第{n}期"}
        DeliveryFactory(measure=MeasureFactory(household=household, approved=True, **kind))
    return Household.objects.select_related("village").get(pk=household.pk)


def strings(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [text for one in value for text in strings(one)]
    return [str(value)]


def drafts_of(kind, subjects, user, *, sheet="", full=False):
    return kind.maker(subjects, Ask(user, None, full, sheet or kind.sheets[0]))


@pytest.mark.parametrize("code", ["clear_card", "pairing_card"])
def test_a_card_is_one_page_whatever_stands_on_it(big, officer, code):
    kind = kinds.KINDS[code]
    for sheet in kind.sheets:
        draft = drafts_of(kind, [big], officer, sheet=sheet)[big.pk]
        content, pages = pdf.render_batch([draft.model], kind.template, media=ledger.media)
        assert pages == [1], sheet
        assert not pdf.scan_glyphs(content)
        with pikepdf.open(io.BytesIO(content)) as book:
            width, height = (float(side) for side in book.pages[0].mediabox[2:])
        assert (width > height) == (sheet == "A5")


def test_telephones_are_whole_only_where_that_was_asked_for(big, officer):
    for code in ("clear_card", "pairing_card"):
        for full in (False, True):
            model = drafts_of(kinds.KINDS[code], [big], officer, full=full)[big.pk].model
            assert (PHONE in " ".join(strings(model))) == full


def test_a_household_without_a_helper_gets_no_contact_card(land, officer):
    alone = HouseholdFactory(village=land.village, with_householder=True)
    assert "还没有安排帮扶责任人" in drafts_of(kinds.KINDS["pairing_card"], [alone], officer)[alone.pk]


def test_papers_of_villages_show_no_number_of_anybody(big, officer, land):
    """On a wall not even a masked one; in the roster masked ones."""
    members = [m for m in big.members.all() if m.id_number]
    secrets = {m.id_number.reveal() for m in members} | {PHONE}
    for kind in kinds.KINDS.values():
        if not kind.of_village:
            continue
        assert kind.full is None
        for sheet in kind.sheets:
            text = " ".join(strings(drafts_of(kind, [land.village], officer, sheet=sheet)[land.village.pk].model))
            assert not any(secret in text for secret in secrets), kind.code
            if kind.code.startswith("notice"):
                assert "*" not in text
                assert big.number not in text
                assert big.householder_name in text


def test_every_kind_of_village_prints_a_village_without_anybody(officer, land):
    for kind in kinds.KINDS.values():
        if kind.of_village:
            draft = drafts_of(kind, [land.near_village], officer)[land.near_village.pk]
            assert isinstance(draft, Draft)
            _content, pages = pdf.render_batch([draft.model], kind.template)
            assert pages == [1], kind.code


def test_the_key_of_a_paper_says_its_sheet_and_not_its_day(big, officer, land):
    kind = kinds.KINDS["roster"]
    first, again, other = (
        drafts_of(kind, [land.village], officer, sheet=s)[land.village.pk].model for s in ("A3", "A3", "A4")
    )
    assert pdf.content_key(first, kind.template) == pdf.content_key(again, kind.template)
    assert pdf.content_key(first, kind.template) != pdf.content_key(other, kind.template)


def test_a_folded_booklet_reads_in_order():
    assert list(pdf._spreads(4)) == [(3, 0), (1, 2)]
    assert list(pdf._spreads(5)) == [(7, 0), (1, 6), (5, 2), (3, 4)]
    for count in range(1, 40):
        placed = [page for spread in pdf._spreads(count) for page in spread]
        assert sorted(placed) == list(range(-(-count // 4) * 4))


def test_the_form_offers_what_a_kind_has(big, officer, clerk, client_as, land):
    browser = client_as(officer)
    address = reverse("reports:print_region", args=[land.township.pk])
    roster = browser.get(address, {"kind": "roster"}).text
    assert "A3 横放" in roster
    assert "每村一个文件" in roster
    assert 'name="numbers"' not in roster
    card = browser.get(reverse("reports:print_household", args=[big.pk]), {"kind": "clear_card"}).text
    assert 'name="numbers"' in card
    answer = browser.post(address, {"kind": "roster", "output": "merged", "sheet": "A5"})
    assert answer.status_code == 422
    assert browser.post(address, {"kind": "roster", "output": "merged", "sheet": "A4"}).status_code == 302
    assert (
        client_as(clerk).get(reverse("reports:print_region", args=[land.village.pk]), {"kind": "nothing"}).status_code
        == 200
    )


def test_a_scanned_paper_of_a_village_says_what_it_can(officer, client, land):
    from common import jobs
    from reports.models import Booklet

    run = services.print_papers(by=officer, kind="notice_households", region=land.village, send=False)
    assert jobs.run(run.job_id).state == "done"
    booklet = Booklet.objects.get()
    assert booklet.number.startswith("GS-")
    assert "目前没有更新的一版" in client.get(reverse("reports:booklet_verify", args=[booklet.token])).text
