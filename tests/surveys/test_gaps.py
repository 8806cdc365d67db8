"""查缺补漏: every figure is as long as its list, and what is found is what the ledger lacks, and nothing else."""

import datetime as dt
import hashlib
import uuid
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from common import jobs, nightly
from common.models import Job
from households.models import Household, Status
from households.services import correct_year
from surveys import gap_jobs, gaps
from surveys.models import GapScan, Survey, SurveyForm
from surveys.services import put_piece, submit_survey
from surveys.services.gaps import check_gaps
from surveys.services.review import approve_survey
from tests.factories import (
    CadreFactory,
    HouseholdFactory,
    HouseholdYearFactory,
    IncomeLineFactory,
    MemberFactory,
    MemberYearFactory,
    PairingFactory,
    UserFactory,
)
from tests.factories.surveys import RoundFactory, SurveyFactory, SurveyFormFactory, SurveyPhotoFactory, survey_body
from tests.surveys.test_photos import noise

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
YEAR = TODAY.year
NOW = timezone.now()


@pytest.fixture
def form(db):
    return SurveyForm.objects.get(code="household", version="2026.1")


def full_house(village, **more):
    """A household to whose ledger of the year nothing is missing."""
    house = HouseholdFactory(village=village, latest_year=YEAR, **more)
    house.status = more.get("status", Status.OUT_OF_POVERTY)
    head = MemberFactory(
        household=house, householder=True, name=house.householder_name, birth_date=dt.date(YEAR - 40, 3, 1)
    )
    record = HouseholdYearFactory(
        household=house, year=YEAR, population=1, dwelling_area="60", dwelling_grade="A", water_source="tap", water_safe=True,
        **{f"check_{name}": "yes" for name in ("food", "clothing", "education", "medical", "housing", "water")},
    )  # fmt: skip
    IncomeLineFactory(household_year=record, item="wage.other", amount=20000)
    MemberYearFactory(
        member=head, year=YEAR, education="03", school="01", health=["01"], labour="01", medical_resident=True
    )
    return house


def look(house):
    (found,) = gaps.scan([Household.objects.select_related("village").get(pk=house.pk)], YEAR)
    return found


# -- what is found --------------------------------------------------------------------------------------------------------------


def test_a_full_ledger_has_no_gap(land):
    found = look(full_house(land.village))
    assert (found.missing, found.stale, found.doubts) == ([], [], [])


def test_what_nobody_told_is_missing_and_what_an_older_year_has_is_stale(land):
    house = full_house(land.village)
    house.years.update(dwelling_area=None, water_source="", fuel="")
    HouseholdYearFactory(household=house, year=YEAR - 1, dwelling_area="60", fuel="01", has_toilet=True)
    member = house.members.get()
    member.years.update(education="")
    found = look(house)
    assert set(found.missing) == {"water_source", f"{member.uid}/education"}
    assert set(found.stale) == {"dwelling_area", "fuel", "has_toilet"}
    assert (found.missing_count, found.stale_count) == (2, 3)


def test_an_older_record_is_found_however_old(land):
    house = full_house(land.village)
    house.years.all().update(year=YEAR - 4)
    house.members.get().years.update(year=YEAR - 4)
    Household.objects.filter(pk=house.pk).update(latest_year=YEAR - 4)
    found = look(house)
    assert "dwelling_area" in found.stale
    assert "dwelling_area" not in found.missing


def test_only_what_is_asked_of_this_person_is_missing(land):
    house = full_house(land.village)
    child = MemberFactory(household=house, name="小芳", birth_date=dt.date(YEAR - 4, 1, 1))
    Household.objects.filter(pk=house.pk).update(member_count=2)
    house.years.update(population=2)
    missing = {path.partition("/")[2] for path in look(house).missing if path.startswith(str(child.uid))}
    assert "labour" not in missing
    assert "medical_resident" in missing
    assert "signature" not in look(house).missing


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"dwelling_grade": "C", "dwelling_unsafe": False}, "dwelling_unsafe", "C 级或 D 级"),
        ({"water_safe": False}, "check_water", "饮水"),
        ({"population": 3}, "population", "人数不一样"),
        ({"check_medical": "no"}, "check_medical", "未达标的项目"),
        ({"imported_per_head_income": Decimal(9999), "per_head_income": Decimal(20000)}, "income_total", "不一样"),
    ],
)
def test_contradictions_of_the_form_and_across_are_found(change, path, words, land):
    house = full_house(land.village)
    house.years.update(**change)
    assert any(where == path and words in say for where, say in look(house).doubts), look(house).doubts


def test_a_disability_certificate_without_disability(land):
    house = full_house(land.village)
    house.members.update(id_type="disability")
    uid = house.members.get().uid
    assert [f"{uid}/health", "证件是残疾人证，健康状况却没有残疾。"] in look(house).doubts


def test_what_the_surveyor_has_answered_is_no_doubt_any_more(land, form):
    house = full_house(land.village)
    house.years.update(population=3)
    (path, say) = look(house).doubts[0]
    SurveyFactory(household=house, form=form, year=YEAR, approved=True, kept={path: [say]})
    assert look(house).doubts == []


def test_no_householder_is_said_of_the_household(land):
    house = full_house(land.village)
    house.members.update(relation="03")
    assert ["", "这一户没有户主，请在家庭成员里选一位户主。"] in look(house).doubts


def test_the_number_of_queries_is_fixed(land, form, count_queries):
    houses = [full_house(land.village) for _n in range(4)]

    def ask(some):
        rows = list(Household.objects.filter(pk__in=[h.pk for h in some]).select_related("village"))
        return lambda: gaps.scan(rows, YEAR)

    gaps.scan(list(Household.objects.select_related("village")), YEAR)
    assert count_queries(ask(houses[:1])) == count_queries(ask(houses)) <= 7


# -- when it is looked for --------------------------------------------------------------------------------------------------------


def test_only_what_has_changed_is_looked_through_again(land, clerk, officer, form):
    one, other = full_house(land.village), full_house(land.near_village)
    every = Household.objects.all()
    assert gap_jobs.refresh(every, YEAR) == 2
    assert gap_jobs.refresh(every, YEAR) == 0
    correct_year(household=one, year=YEAR, by=officer, facts={"water_source": ""})
    assert [h.pk for h in gaps.outdated(every, YEAR)] == [one.pk]
    assert gap_jobs.refresh(every, YEAR) == 1
    assert GapScan.objects.get(household=one).missing == ["water_source"]
    assert GapScan.objects.get(household=other).missing == []
    GapScan.objects.update(scanned_at=NOW - dt.timedelta(days=31))
    assert gaps.outdated(every, YEAR).count() == 2
    gap_jobs.refresh(every, YEAR)
    SurveyFormFactory(code="household", version="2027.1", definition=form.definition | {"version": "2027.1"})
    assert gaps.outdated(every, YEAR).count() == 2


def test_every_night(land):
    house = full_house(land.village)
    nightly.run()
    assert GapScan.objects.get().household == house


def test_a_job_looks_at_the_own_area_and_may_be_asked_for_twice(land, officer, clerk, auditor, stranger):
    for village in (land.village, land.near_village, land.far_village):
        full_house(village)
    job = check_gaps(by=officer, region=land.village)
    assert check_gaps(by=officer, region=land.village) == job
    jobs.run(job.pk)
    assert GapScan.objects.count() == 1
    jobs.run(check_gaps(by=officer).pk)
    assert set(GapScan.objects.values_list("household__village__name", flat=True)) == {"青石村", "白石村"}
    assert Job.objects.get(pk=job.pk).result["checked"] == 1
    for who, region in ((clerk, land.near_village), (officer, land.county), (stranger, None)):
        with pytest.raises(PermissionDenied):
            check_gaps(by=who, region=region)
    assert check_gaps(by=auditor, region=land.county)


# -- pages ------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def area(land, household, form, clerk):
    """Households with every kind of gap, and without any, in every village of two counties."""
    household.hamlet = "9组"
    household.save()
    RoundFactory(region=land.county, year=YEAR, audience="registered")
    surveyor = UserFactory(name="赵调查")
    for village in (land.village, land.near_village, land.far_village, land.other_village):

        def survey(house, **more):
            first = {"household": house, "form": form, "year": YEAR, "surveyor": surveyor}
            return SurveyFactory(**(first | more))

        survey(full_house(village, hamlet="1组"))
        survey(full_house(village, hamlet="1组"), approved=True, surveyor=clerk)
        full_house(village)
        old = full_house(village, hamlet="2组")
        survey(old, year=YEAR - 2, approved=True, surveyed_on=TODAY - dt.timedelta(days=700))
        lacking = full_house(village)
        lacking.years.update(water_source="", population=5)
        survey(lacking)
        HouseholdYearFactory(household=full_house(village), year=YEAR - 1, fuel="01")
        photos = survey(
            full_house(village),
            photos_expected=1,
            photos_missing=1,
            answers={"values": {"photo_dwelling": ["0" * 8]}, "members": []},
        )
        SurveyPhotoFactory(survey=photos, state="refused", problem="不是照片", completed_at=None, received=0)
        late = survey(full_house(village), photos_expected=2, photos_missing=1, submitted_at=NOW - dt.timedelta(days=9))
        SurveyPhotoFactory(survey=late)
        soon = survey(full_house(village), photos_expected=2, photos_missing=1)
        SurveyPhotoFactory(survey=soon)
        survey(full_house(village), approved=True, photos_expected=2, photos_missing=1)  # nobody waited for its photo
        survey(full_house(village), approved=True, photos_expected=2, submitted_at=NOW - dt.timedelta(days=9))
        PairingFactory(household=full_house(village), cadre=CadreFactory(user=UserFactory(name="有账号")))
        full_house(village, status=Status.ORDINARY)
        full_house(village, closed=True)
    gap_jobs.refresh(Household.objects.all(), YEAR)
    return land


def listed(client, url):
    pks = []
    while url:
        context = client.get(url).context
        pks += [each["row"].household.pk for each in context["rows"]]
        url = context["next_url"]
    return pks


@pytest.mark.slow
@pytest.mark.parametrize("who", ["clerk", "resident", "helper", "officer", "official", "auditor"])
def test_every_figure_is_as_long_as_its_list(who, area, client_as, request):
    user = request.getfixturevalue(who)
    client = client_as(user)
    seen = set(Household.objects.for_user(user).values_list("pk", flat=True))
    todo, done, long = ["/surveys/gaps/"], set(), {}
    while todo:
        url = todo.pop()
        if url in done:
            continue
        done.add(url)
        context = client.get(url).context
        figures = [(int(k["value"].replace(",", "")), k["url"]) for k in context["kpis"]]
        for row in [*context["rows"], context["whole"]]:
            figures += [(row["any"], row["listed"]), *((cell["value"], cell["url"]) for cell in row["cells"])]
        for number, address in figures:
            if number == 0:
                continue
            pks = long[address] = long.get(address) or listed(client, address)
            assert len(pks) == len(set(pks)) == number, address
            assert set(pks) <= seen
        for n, cell in enumerate(context["whole"]["cells"]):
            assert cell["value"] == sum(row["cells"][n]["value"] for row in context["rows"])
        todo += [row["url"] for row in context["rows"] if "/households/" not in row["url"]][:1]  # down to one village
        todo += [url for _label, url, _current in context["tabs"]] if "by=" not in url else []
    assert len(done) >= (4 if who in ("official", "auditor") else 2)


def test_the_kinds_one_by_one(area, clerk, client_as):
    whole = client_as(clerk).get("/surveys/gaps/").context["whole"]
    # The household of the cast, of whom little is known, is among the unsurveyed, the incomplete and the contradictory.
    assert [cell["value"] for cell in whole["cells"]] == [5, 1, 2, 1, 2, 3]


def test_a_list_leads_to_the_field_in_the_form_or_in_the_ledger(area, clerk, auditor, client_as, form):
    def items(user, kind):
        rows = (
            client_as(user)
            .get(f"/surveys/gaps/households/?kind={kind}&place={area.village.pk}&hamlet=-")
            .context["rows"]
        )
        return [(item.text, url, each["row"].household) for each in rows for item, url in each["items"]]

    ((text, url, house),) = items(clerk, "missing")
    assert text == "饮水来源"
    assert url == f"/households/{house.pk}/years/{YEAR}/dwelling/#id_water_source"  # its survey has been sent
    ((_text, url, house),) = items(clerk, "stale")
    assert url == f"/collect/forms/household/2026.1/#household={house.uid}&field=fuel"  # nobody has surveyed it
    texts = [text for text, _url, _house in items(clerk, "evidence")]
    assert "住房照片没有送达" in texts or "住房照片看不清：不是照片" in texts
    assert {url for _text, url, _house in items(auditor, "missing")} == {""}
    assert all("#household=" in url for _text, url, _house in items(clerk, "unsurveyed"))
    page = client_as(clerk).get("/surveys/gaps/households/?kind=old").content.decode()
    assert "上次调查" in page


def test_what_has_been_mended_says_so_until_it_is_looked_at_again(area, clerk, client_as):
    scan = GapScan.objects.get(household__village=area.village, household__hamlet="", missing_count__gt=0)
    correct_year(household=scan.household, year=YEAR, by=clerk, facts={"water_source": "tap"})
    client = client_as(clerk)
    page = client.get("/surveys/gaps/households/?kind=missing&hamlet=-")
    assert "已补上" in page.content.decode()
    assert client.get("/surveys/gaps/").context["outdated"] == 1
    answer = client.post("/surveys/gaps/check/")
    jobs.run(Job.objects.get(kind="surveys.gaps").pk)
    assert answer["Location"].startswith("/jobs/")
    assert client.get("/surveys/gaps/").context["outdated"] == 0
    assert not client.get("/surveys/gaps/households/?kind=missing&hamlet=-").context["rows"]


def test_a_region_of_somebody_else_is_not_there(area, clerk, client_as):
    assert client_as(clerk).post("/surveys/gaps/check/", {"region": area.far_village.pk}).status_code == 404


def test_by_surveyor_from_a_township_down(area, officer, official, client_as):
    rows = client_as(officer).get("/surveys/gaps/?by=person").context["rows"]
    assert {row["label"] for row in rows} == {"赵调查", "村信息员", "有账号", "没有调查人"}
    assert client_as(official).get("/surveys/gaps/?by=person").context["people"] is False
    assert client_as(official).get(f"/surveys/gaps/?by=person&region={area.township.pk}").context["people"] is True


def test_queries_do_not_grow(area, officer, helper, client_as, count_queries):
    urls = ["/surveys/gaps/", "/surveys/gaps/?by=person", "/surveys/gaps/households/"]
    for user in (officer, helper):
        client = client_as(user)

        def count(client=client):
            return [count_queries(lambda url=url: client.get(url)) for url in urls]

        count()
        few = count()
        for _n in range(3):
            house = full_house(area.village)
            PairingFactory(household=house, cadre=helper.cadre, is_lead=False)
            house.years.update(water_source="")
        gap_jobs.refresh(Household.objects.all(), YEAR)
        assert count() == few
        assert max(few) <= 26


def test_a_survey_approved_without_its_photos_stays_a_gap_until_they_come(land, clerk, officer, client_as):
    """However the pieces and the survey overtake each other, the number of photos that are missing is the number that is missing."""
    house = HouseholdFactory(village=land.village, with_householder=True, status=Status.REGISTERED)
    head, uids = house.members.get(), [str(uuid.uuid4()) for _n in range(3)]
    body = survey_body(
        house, SurveyFormFactory(), values={"house_photo": uids}, photos=uids, members={head.uid: {"name": head.name, "relation": "01"}}
    )  # fmt: skip

    def arrives(uid, data=None):
        whole = noise(64, 48)
        data = data or whole
        put_piece(
            uid=uuid.UUID(uid), survey=uuid.UUID(body["uid"]), path="house_photo", offset=0, size=len(data),
            sha256=hashlib.sha256(data).hexdigest(), data=data, by=clerk,
        )  # fmt: skip

    def missing():
        return Survey.objects.get().photos_missing

    arrives(uids[0])  # before its survey
    survey = submit_survey(body=body, by=clerk)
    assert missing() == 2
    client = client_as(officer)
    assert listed(client, "/surveys/gaps/households/?kind=evidence") == []  # they may be on their way
    arrives(uids[1], b"not a picture")
    assert missing() == 2
    assert listed(client, "/surveys/gaps/households/?kind=evidence") == [house.pk]
    approve_survey(survey=survey, by=officer, without_photos=True, note="手机丢失，照片找不回来")
    assert listed(client, "/surveys/gaps/households/?kind=evidence") == [house.pk]
    page = client.get("/surveys/gaps/households/?kind=evidence").content.decode()
    assert "房屋照片看不清" in page
    assert "房屋照片没有送达" in page
    arrives(uids[2])  # long after
    arrives(uids[2])  # and once more, the answer was lost
    assert missing() == 1
    page = client.get("/surveys/gaps/households/?kind=evidence").content.decode()
    assert "房屋照片没有送达" not in page
