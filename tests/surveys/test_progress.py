"""调查进度: every figure is as long as the list it opens, for every role, region and stage; stages add up to what is expected."""

from urllib.parse import parse_qs, urlsplit

import pytest

from accounts.roles import Role
from households.models import Household, Status
from households.querysets import paired_household_ids
from surveys import progress
from surveys.models import Survey
from tests.factories import CadreFactory, HouseholdFactory, PairingFactory, UserFactory
from tests.factories.surveys import DeviceFactory, RoundFactory, SurveyFactory, SurveyFormFactory

pytestmark = pytest.mark.django_db
YEAR = 2026
ROLES = ["clerk", "resident", "helper", "officer", "official", "auditor"]


@pytest.fixture
def form():
    return SurveyFormFactory()


@pytest.fixture
def area(land, household, form, clerk):
    """In every village of two counties: a household in each stage, and the kinds that a count may get wrong."""
    surveyor = UserFactory(name="赵调查")

    def survey(house, **more):
        return SurveyFactory(household=house, form=form, year=more.pop("year", YEAR), **({"surveyor": surveyor} | more))

    for place in (land.village, land.near_village, land.far_village, land.other_village):

        def house(place=place, **more):
            return HouseholdFactory(village=place, hamlet=more.pop("hamlet", "1组"), **more)

        survey(house(), draft=True)
        survey(house())
        survey(house(hamlet="2组"), returned=True)
        survey(house(), approved=True, surveyor=clerk)
        for late in ({"draft": True}, {"approved": True}, {}):  # one household with several: the best decides
            both = house(hamlet="2组")
            survey(both, returned=True)
            survey(both, **late)
        again = house()
        survey(again, approved=True)
        survey(again, purpose="verification", surveyor=clerk)
        survey(house(), state="withdrawn")  # as good as none
        survey(house(), year=YEAR - 1, approved=True)
        survey(house(), purpose="verification")
        survey(house(status=Status.ORDINARY), approved=True)
        survey(house(status=Status.STRUCK_OFF))
        survey(house(closed=True), approved=True)
        PairingFactory(household=house(), cadre=CadreFactory(name="没账号"))
        PairingFactory(household=house(), cadre=CadreFactory(user=UserFactory(name="有账号")))
        PairingFactory(household=house(), cadre=CadreFactory(), ended=True)
        house(hamlet="")
    return land


def figures(context):
    """(number, address) of every figure of the page that is a link to a list."""
    found = [(int(k["value"].replace(",", "")), k["url"]) for k in context["kpis"] if "/households/" in k["url"]]
    for row in [*context["rows"], context["whole"]]:
        found.append((row["expected"], row["listed"]))
        found += [(cell["value"], cell["url"]) for cell in row["cells"]]
    return found


def listed(client, url):
    """Households of a list, all of its pages."""
    pks = []
    while url:
        context = client.get(url).context
        pks += [each["row"].household.pk for each in context["rows"]]
        url = context["next_url"]
    return pks


@pytest.mark.slow
@pytest.mark.parametrize(("who", "late"), [*((who, False) for who in ROLES), ("official", True), ("helper", True)])
def test_every_figure_is_as_long_as_its_list(who, late, area, client_as, request):
    user = request.getfixturevalue(who)
    client = client_as(user)
    seen = set(Household.objects.for_user(user).values_list("pk", flat=True))
    for region in (area.county, area.village):
        round = RoundFactory(
            region=region, year=YEAR, overdue=late, audience="all" if region == area.village else "registered"
        )
        todo = [f"/surveys/progress/?round={round.pk}", f"/surveys/progress/?round={round.pk}&by=person"]
        done, long = set(), {}
        while todo:
            url = todo.pop()
            if url in done:
                continue
            done.add(url)
            context = client.get(url).context
            for number, address in figures(context):
                if number == 0:
                    continue  # sums below leave no room for a list behind it
                pks = long[address] = long.get(address) or listed(client, address)
                assert len(pks) == len(set(pks)) == number, address
                assert set(pks) <= seen
            assert context["whole"]["expected"] == sum(row["expected"] for row in context["rows"])
            for n, cell in enumerate(context["whole"]["cells"]):
                assert cell["value"] == sum(row["cells"][n]["value"] for row in context["rows"])
            stages = [cell["value"] for cell in context["whole"]["cells"]][: len(progress.STAGES)]
            assert sum(stages) == context["whole"]["expected"]
            todo += [row["url"] for row in context["rows"] if "/households/" not in row["url"]]
        assert len(done) >= (4 if who in ("official", "auditor") and region == area.county else 2), done


def test_the_best_survey_of_the_year_decides(household, clerk, form):
    round = RoundFactory(region=household.village, year=YEAR)

    def stage():
        (line,) = progress.by_place(progress.expected(clerk, round), YEAR, household.village)
        (here,) = [name for name, number in line.counts.items() if number]
        return here

    assert stage() == "untouched"
    one = {"household": household, "form": form, "year": YEAR}
    for more, expected in (
        ({"draft": True}, "drafted"), ({"returned": True}, "returned"), ({"draft": True}, "returned"), ({}, "submitted"),
        ({"returned": True}, "submitted"), ({"approved": True}, "approved"), ({}, "approved"),
    ):  # fmt: skip
        SurveyFactory(**one, **more)
        assert stage() == expected
    Survey.objects.filter(state="approved").update(state="withdrawn")
    assert stage() == "submitted"


def test_the_expected_of_a_round_follow_its_audience(land, officer):
    for status in Status:
        HouseholdFactory(village=land.village, status=status)
    HouseholdFactory(village=land.village, closed=True)
    HouseholdFactory(village=land.near_village)
    registered = progress.expected(officer, RoundFactory(region=land.village, audience="registered"))
    everybody = progress.expected(officer, RoundFactory(region=land.village, audience="all"))
    assert {h.status for h in registered} == set(Status) - {Status.ORDINARY, Status.STRUCK_OFF}
    assert {h.status for h in everybody} == set(Status)
    assert registered.count() == len(Status) - 2


def test_late_only_when_past_due_and_still_asked_for(land, household, clerk, client_as):
    HouseholdFactory(village=land.village)
    for traits, number in (({"overdue": True}, 2), ({}, 0), ({"overdue": True, "closed": True}, 0)):
        round = RoundFactory(region=land.village, year=YEAR, **traits)
        url = f"/surveys/progress/households/?round={round.pk}&stage=overdue"
        assert len(listed(client_as(clerk), url)) == number


def test_a_household_without_survey_is_its_lead_helper_s(area, official):
    round = RoundFactory(region=area.village, year=YEAR)
    lines = {line.label: line for line in progress.by_person(progress.expected(official, round), YEAR)}
    assert lines["有账号"].counts["untouched"] == 1
    assert lines["没账号（没有账号）"].counts["untouched"] == 1
    assert lines["赵调查"].counts["submitted"] == 2
    assert lines["赵调查"].counts["drafted"] == 1
    assert list(lines)[-1] == "没有调查人"


def test_a_list_says_who_and_when_but_no_draft_of_others(area, official, client_as):
    round = RoundFactory(region=area.village, year=YEAR)
    rows = client_as(official).get(f"/surveys/progress/households/?round={round.pk}").context["rows"]
    by_stage = {str(r["stage"]): r for r in rows}
    assert by_stage["待审核"]["who"] == "赵调查"
    assert by_stage["待审核"]["on"]
    assert by_stage["填写中"]["on"] is None


def test_the_surveyor_s_name_is_a_chip_and_can_be_taken_away(area, official, client_as):
    round = RoundFactory(region=area.village, year=YEAR)
    person = next(
        line for line in progress.by_person(progress.expected(official, round), YEAR) if line.label == "赵调查"
    )
    context = (
        client_as(official).get(f"/surveys/progress/households/?round={round.pk}&who={person.query['who']}").context
    )
    ((text, without),) = context["chips"]
    assert text == "调查人：赵调查"
    assert parse_qs(urlsplit(without).query) == {"round": [str(round.pk)]}


def test_phones_of_the_own_people_and_their_sum(land, household, helper, clerk, officer, client_as, post):
    RoundFactory(region=land.county, year=YEAR)
    far = post(Role.VILLAGE_CLERK, land.far_village)
    gone = post(Role.VILLAGE_CLERK, land.village, ends_on="2021-01-01")
    for user, waiting in ((clerk, 3), (clerk, 2), (helper, 4), (far, 50), (gone, 60), (officer, 0)):
        DeviceFactory(user=user, waiting=waiting)
    DeviceFactory(user=clerk, waiting=9, revoked=True)
    context = client_as(officer).get("/surveys/progress/").context
    tile = next(k for k in context["kpis"] if k["label"] == "手机上未上传")
    assert tile["value"] == "9"
    page = client_as(officer).get(tile["url"]).context
    assert sum(phone.waiting for phone in page["phones"]) == page["total"] == 9
    assert not [k for k in client_as(clerk).get("/surveys/progress/").context["kpis"] if k["label"] == "手机上未上传"]


def test_without_a_round_the_page_says_what_to_do(household, clerk, officer, client_as):
    assert "还没有调查任务" in client_as(clerk).get("/surveys/progress/").content.decode()
    assert "/surveys/progress/rounds/new/" in client_as(officer).get("/surveys/progress/").content.decode()
    assert "还没有调查任务" in client_as(clerk).get("/surveys/progress/households/").content.decode()


def test_queries_do_not_grow(area, official, helper, client_as, count_queries, form):
    round = RoundFactory(region=area.county, year=YEAR)
    urls = [
        f"/surveys/progress/?round={round.pk}", f"/surveys/progress/?round={round.pk}&by=person",
        f"/surveys/progress/households/?round={round.pk}&stage=missing",
    ]  # fmt: skip
    for user in (official, helper):
        client = client_as(user)

        def count(client=client):
            return [count_queries(lambda url=url: client.get(url)) for url in urls]

        count()
        few = count()
        for house in HouseholdFactory.create_batch(4, village=area.village):
            SurveyFactory(household=house, form=form, year=YEAR)
            PairingFactory(household=house, cadre=helper.cadre, is_lead=False)
        RoundFactory(region=area.township)
        assert count() == few
        assert max(few) <= 15
    assert paired_household_ids(helper)
