"""闲置房: registered, inspected, withdrawn; and a household's way in and out, whatever the order somebody tries."""

import datetime as dt
import threading
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.roles import Role
from assistance import housing
from assistance.models import VOUCHED, AssistanceEvidence, IdleHouse, Inspection, Tenancy
from assistance.services import houses as verbs
from assistance.services import projects
from common import audit
from common.models import AuditEvent
from households.models import Household, HouseholdYear
from households.services import LedgerError
from tests.assistance.test_projects import picture
from tests.factories import (
    EvidenceFactory,
    HouseholdFactory,
    IdleHouseFactory,
    PostingFactory,
    ProjectFactory,
    RegionFactory,
    TenancyFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)
FACTS = {
    "hamlet": "3组", "address": "3组村小学旁", "ownership": "private", "owner_name": "李老四", "owner_phone": "19900003333",
    "area": Decimal(80), "rooms": 3, "is_step_free": True, "rent": Decimal(100),
}  # fmt: skip


def registered(village, by, **more):
    return verbs.register_house(village=village, facts=FACTS | more, by=by)


def homeless(village, **record):
    """A household whose newest record says that its dwelling is unsafe."""
    household = HouseholdFactory(village=village, with_householder=True, with_year=True)
    HouseholdYear.objects.filter(household=household).update(**({"dwelling_unsafe": True} | record))
    return household


# -- the register -----------------------------------------------------------------------------------------------------------------------


def test_a_house_is_registered_inspected_and_free(land, clerk):
    house = registered(land.village, clerk)
    assert (house.state, house.grade, house.owner_phone_masked) == ("free", "", "199****3333")
    found = verbs.inspect_house(house=house, on=TODAY, grade="B", note="屋面完好", upload=picture(), by=clerk)
    house.refresh_from_db()
    assert (house.state, house.grade) == ("free", "B")
    assert house.next_inspection_on == verbs.later(TODAY, 12)
    assert found.evidence.house == house
    event = AuditEvent.objects.get(action="idlehouse.registered")
    assert "19900003333" not in event.body


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"area": Decimal(0)}, "area"), ({"area": Decimal(-5)}, "area"), ({"area": None}, "area"), ({"rooms": 0}, "rooms"),
        ({"rent": Decimal(-1)}, "rent"), ({"rent": None}, "rent"), ({"address": " "}, "address"), ({"owner_name": ""}, "owner_name"),
        ({"ownership": "x"}, "ownership"), ({"owner_phone": "12"}, "owner_phone"), ({"area": Decimal("123456")}, "area"),
        ({"address": "长" * 101}, "address"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_house_is_refused_at_its_field(wrong, field, land, clerk):
    with pytest.raises(ValidationError) as refused:
        registered(land.village, clerk, **wrong)
    assert list(refused.value.error_dict) == [field]
    assert not IdleHouse.objects.exists()


def test_a_house_is_of_a_village_of_the_own_area(land, clerk, officer, auditor):
    with pytest.raises(ValidationError):
        registered(land.township, officer)
    for who, village in ((clerk, land.near_village), (officer, land.far_village), (auditor, land.village)):
        with pytest.raises(PermissionDenied):
            registered(village, who)
    for act in (
        lambda house: verbs.change_house(house=house, facts={"note": "x"}, by=clerk),
        lambda house: verbs.inspect_house(house=house, on=TODAY, grade="A", by=clerk),
        lambda house: verbs.withdraw_house(house=house, reason="房主收回", by=clerk),
    ):
        with pytest.raises(PermissionDenied):
            act(IdleHouseFactory(village=land.near_village))


def test_a_grade_of_c_or_d_takes_it_off_the_offer_and_repair_gives_it_back(land, clerk):
    house = IdleHouseFactory(village=land.village)
    for grade, state in (("C", "repair"), ("D", "repair"), ("A", "free")):
        verbs.inspect_house(house=house, on=TODAY, grade=grade, by=clerk)
        house.refresh_from_db()
        assert house.state == state


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"on": TODAY + DAY}, "on"), ({"on": TODAY - 800 * DAY}, "on"), ({"grade": "E"}, "grade"), ({"grade": ""}, "grade"),
        ({"next_on": TODAY}, "next_on"), ({"next_on": TODAY + 1200 * DAY}, "next_on"), ({"note": "长" * 301}, "note"),
        ({"upload": SimpleUploadedFile("a.jpg", b"no")}, "upload"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_inspection(wrong, field, land, clerk):
    house = IdleHouseFactory(village=land.village)
    verbs.inspect_house(house=house, on=TODAY - DAY, grade="B", by=clerk)
    with pytest.raises(ValidationError) as refused:
        verbs.inspect_house(house=house, by=clerk, **({"on": TODAY, "grade": "A"} | wrong))
    assert list(refused.value.error_dict) == [field]
    assert (Inspection.objects.count(), AssistanceEvidence.objects.count()) == (1, 0)


def test_a_house_is_withdrawn_with_a_reason_and_comes_back(land, clerk):
    house = IdleHouseFactory(village=land.village)
    with pytest.raises(ValidationError):
        verbs.withdraw_house(house=house, reason="收", by=clerk)
    verbs.withdraw_house(house=house, reason="房主收回自住", by=clerk)
    for act in (
        lambda: verbs.withdraw_house(house=house, reason="房主收回自住", by=clerk),
        lambda: verbs.inspect_house(house=house, on=TODAY, grade="A", by=clerk),
        lambda: verbs.offer(house=house, household=homeless(land.village), on=TODAY, by=clerk),
    ):
        with pytest.raises(LedgerError):
            act()
    assert verbs.restore_house(house=house, by=clerk).state == "free"
    with pytest.raises(LedgerError):
        verbs.restore_house(house=house, by=clerk)


def test_photos_of_a_house(land, clerk, official):
    house = IdleHouseFactory(village=land.village)
    photo = verbs.add_house_photo(house=house, upload=picture(), by=clerk)
    for wrong in ({"upload": SimpleUploadedFile("a.jpg", b"no")}, {"taken_on": TODAY + DAY}, {"stage": "never"}):
        with pytest.raises(ValidationError):
            verbs.add_house_photo(house=house, by=clerk, **({"upload": picture()} | wrong))
    verbs.remove_house_photo(photo=photo, by=clerk)
    with pytest.raises(LedgerError):
        verbs.remove_house_photo(photo=photo, by=clerk)
    with pytest.raises(LedgerError):
        verbs.remove_house_photo(photo=EvidenceFactory(project=ProjectFactory(village=land.village)), by=official)


def test_the_owners_phone_is_shown_to_who_may_with_a_reason(land, clerk, officer):
    house = IdleHouseFactory(village=land.village)
    with pytest.raises(PermissionDenied):
        verbs.reveal_owner_phone(house=house, reason="联系房主看房", by=clerk)
    with pytest.raises(ValidationError):
        verbs.reveal_owner_phone(house=house, reason="看", by=officer)
    assert verbs.reveal_owner_phone(house=house, reason="联系房主看房", by=officer) == "19900003333"
    assert AuditEvent.objects.filter(action="pii.revealed", target=audit.row_key(house)).count() == 1


# -- tenancies --------------------------------------------------------------------------------------------------------------------------


def offered(house, household, by, **more):
    return verbs.offer(house=house, household=household, **({"on": TODAY, "by": by} | more))


def test_from_the_offer_to_moving_in_and_out(land, clerk):
    house, household = IdleHouseFactory(village=land.village), homeless(land.village)
    row = offered(house, household, clerk, subsidy=Decimal(60))
    assert (row.rent, row.subsidy, row.state) == (100, 60, "offered")
    verbs.accept(tenancy=row, on=TODAY, by=clerk)
    verbs.move_in(tenancy=row, on=TODAY, by=clerk)
    house.refresh_from_db()
    assert house.state == "let"
    done = verbs.end(tenancy=row, on=TODAY, reason="自家新房建成", by=clerk)
    house.refresh_from_db()
    assert (done.state, house.state) == ("ended", "free")
    events = AuditEvent.objects.filter(subject=household.subject).order_by("id")
    assert [e.action for e in events] == ["tenancy.offered", "tenancy.accepted", "tenancy.moved_in", "tenancy.ended"]


def test_a_refusal_frees_the_house_for_another(land, clerk):
    house, household = IdleHouseFactory(village=land.village), homeless(land.village)
    row = offered(house, household, clerk)
    with pytest.raises(ValidationError):
        verbs.refuse(tenancy=row, on=TODAY, reason="不", by=clerk)
    assert verbs.refuse(tenancy=row, on=TODAY, reason="离地太远不方便", by=clerk).state == "refused"
    assert offered(house, homeless(land.village), clerk).state == "offered"


@pytest.mark.parametrize("state", ["repair", "let", "withdrawn"])
def test_a_house_that_is_not_free_is_offered_to_nobody(state, land, clerk):
    house = IdleHouseFactory(village=land.village, state=state, grade="D" if state == "repair" else "B")
    with pytest.raises(LedgerError, match="不能安排入住"):
        offered(house, homeless(land.village), clerk)


def test_a_house_nobody_has_looked_at_is_offered_to_nobody(land, clerk):
    with pytest.raises(LedgerError, match="安全检查"):
        offered(IdleHouseFactory(village=land.village, bare=True), homeless(land.village), clerk)


@pytest.mark.parametrize(
    "record", [{"dwelling_unsafe": False}, {"dwelling_unsafe": None}, {"dwelling_unsafe": None, "dwelling_grade": "B"}]
)
def test_who_lives_safely_is_offered_none(record, land, clerk):
    with pytest.raises(LedgerError, match="住房是安全的"):
        offered(IdleHouseFactory(village=land.village), homeless(land.village, **record), clerk)


@pytest.mark.parametrize(
    "record", [{"dwelling_unsafe": None, "check_housing": "no"}, {"dwelling_grade": "C"}, {"dwelling_area": 0, "dwelling_unsafe": None}]
)  # fmt: skip
def test_who_does_not_is_found_by_any_of_the_facts(record, land, clerk):
    household = homeless(land.village, **record)
    assert list(housing.without_safe_housing(Household.objects.for_user(clerk))) == [household]
    assert offered(IdleHouseFactory(village=land.village), household, clerk)


def test_an_older_record_says_nothing(land, clerk):
    household = homeless(land.village)
    HouseholdYear.objects.create(household=household, year=household.latest_year + 1, dwelling_unsafe=False)
    Household.objects.filter(pk=household.pk).update(latest_year=household.latest_year + 1)
    assert not housing.without_safe_housing(Household.objects.for_user(clerk)).exists()


def test_one_house_a_household_and_one_household_a_house(land, clerk):
    house, household = IdleHouseFactory(village=land.village), homeless(land.village)
    offered(house, household, clerk)
    with pytest.raises(LedgerError, match="这处房屋已经安排"):
        offered(house, homeless(land.village), clerk)
    with pytest.raises(LedgerError, match="这一户已经安排"):
        offered(IdleHouseFactory(village=land.village), household, clerk)
    with pytest.raises(LedgerError, match="先结束入住安排"):
        verbs.withdraw_house(house=house, reason="房主收回", by=clerk)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"rent": Decimal(-1)}, "rent"), ({"subsidy": Decimal(-1)}, "subsidy"), ({"subsidy": Decimal(101)}, "subsidy"),
        ({"rent": Decimal(10), "subsidy": Decimal(11)}, "subsidy"), ({"on": TODAY + DAY}, "on"),
    ],
)  # fmt: skip
def test_what_cannot_be_an_offer(wrong, field, land, clerk):
    with pytest.raises(ValidationError) as refused:
        offered(IdleHouseFactory(village=land.village), homeless(land.village), clerk, **wrong)
    assert list(refused.value.error_dict) == [field]
    assert not Tenancy.objects.exists()


def test_the_county_is_the_edge(land, clerk, officer, official):
    """A house of another township will do, one of another county never; and both ends must be one's own to arrange."""
    far, household = IdleHouseFactory(village=land.far_village), homeless(land.village)
    with pytest.raises(PermissionDenied):
        offered(far, household, officer)
    PostingFactory(user=official, role=Role.COUNTY_OFFICIAL, region=land.other_county)
    both = User.objects.get(pk=official.pk)
    with pytest.raises(LedgerError, match="另一个县"):
        offered(IdleHouseFactory(village=land.other_village), household, both)
    assert offered(far, household, official)


def test_a_closed_household_gets_none_but_may_leave(land, clerk):
    closed = HouseholdFactory(village=land.village, closed=True, with_year=True)
    with pytest.raises(LedgerError, match="销户"):
        offered(IdleHouseFactory(village=land.village), closed, clerk)
    row = TenancyFactory(house=IdleHouseFactory(village=land.village), household=closed)
    with pytest.raises(LedgerError, match="销户"):
        verbs.accept(tenancy=row, on=TODAY, by=clerk)
    assert verbs.end(tenancy=row, on=TODAY, reason="户已注销", by=clerk).state == "ended"


def test_days_run_forwards(land, clerk):
    row = offered(IdleHouseFactory(village=land.village), homeless(land.village), clerk)
    for act in (verbs.accept, verbs.refuse, verbs.end):
        more = {} if act is verbs.accept else {"reason": "不想搬家"}
        for day in (TODAY + DAY, TODAY - DAY):
            with pytest.raises(ValidationError):
                act(tenancy=row, on=day, by=clerk, **more)


def test_an_arrangement_somebody_else_moved_on_is_stale(land, clerk, officer):
    row = offered(IdleHouseFactory(village=land.village), homeless(land.village), clerk)
    verbs.accept(tenancy=row, on=TODAY, by=officer, version=1)
    with pytest.raises(LedgerError, match="别人改过"):
        verbs.refuse(tenancy=row, on=TODAY, reason="不想搬家", by=clerk, version=1)


def test_a_house_that_turns_unsafe_is_not_moved_into_and_who_lives_there_stays_known(land, clerk):
    house, household = IdleHouseFactory(village=land.village), homeless(land.village)
    row = offered(house, household, clerk)
    verbs.accept(tenancy=row, on=TODAY, by=clerk)
    verbs.inspect_house(house=house, on=TODAY, grade="C", by=clerk)
    with pytest.raises(LedgerError, match="待修缮"):
        verbs.move_in(tenancy=row, on=TODAY, by=clerk)
    verbs.inspect_house(house=house, on=TODAY, grade="B", by=clerk)
    verbs.move_in(tenancy=row, on=TODAY, by=clerk)
    verbs.inspect_house(house=house, on=TODAY, grade="D", by=clerk)
    house.refresh_from_db()
    assert house.state == "repair"
    verbs.inspect_house(house=house, on=TODAY, grade="A", by=clerk)
    house.refresh_from_db()
    assert house.state == "let"


# -- any order of verbs -----------------------------------------------------------------------------------------------------------------

ACTS = ["offer", "offer other", "accept", "refuse", "move_in", "end", "good", "bad", "withdraw", "restore"]


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(ACTS), max_size=16))
def test_no_order_of_verbs_puts_anybody_into_an_unsafe_house(names, db):
    """A model beside the verbs: house (grade, withdrawn) and the one live tenancy; both say the same after each act."""
    with transaction.atomic():
        village = RegionFactory()
        clerk = UserFactory()
        PostingFactory(user=clerk, region=village)
        house = IdleHouseFactory(village=village)
        homes = [homeless(village), homeless(village)]
        safe, withdrawn, live, whose = True, False, "", None
        for name in names:
            at = {"by": clerk, "on": TODAY}
            row = Tenancy.objects.filter(state__in=housing.LIVE).order_by("pk").first() or Tenancy(pk=0, household=homes[0], house=house)  # fmt: skip
            fits, then = {
                "offer": (safe and not withdrawn and not live, "offered"), "offer other": (safe and not withdrawn and not live, "offered"),
                "accept": (live == "offered", "accepted"), "refuse": (live in ("offered", "accepted"), ""),
                "move_in": (live == "accepted" and safe and not withdrawn, "moved_in"), "end": (bool(live), ""),
                "good": (not withdrawn, live), "bad": (not withdrawn, live), "withdraw": (not withdrawn and not live, live),
                "restore": (withdrawn, live),
            }[name]  # fmt: skip
            try:
                match name:
                    case "offer" | "offer other":
                        whose = homes[name == "offer other"]
                        verbs.offer(house=house, household=whose, **at)
                    case "accept":
                        verbs.accept(tenancy=row, **at)
                    case "refuse" | "end":
                        getattr(verbs, name)(tenancy=row, reason="不再需要", **at)
                    case "move_in":
                        verbs.move_in(tenancy=row, **at)
                    case "good" | "bad":
                        verbs.inspect_house(house=house, grade="B" if name == "good" else "C", **at)
                    case "withdraw":
                        verbs.withdraw_house(house=house, reason="房主收回", by=clerk)
                    case _:
                        verbs.restore_house(house=house, by=clerk)
                done = True
            except (LedgerError, Tenancy.DoesNotExist):
                done = False
            assert done == fits, (names, name)
            if done:
                live = then
                safe = {"good": True, "bad": False}.get(name, safe)
                withdrawn = {"withdraw": True, "restore": False}.get(name, withdrawn)
            house.refresh_from_db()
            expected = "withdrawn" if withdrawn else "repair" if not safe else "let" if live == "moved_in" else "free"
            assert house.state == expected, (names, name)
            assert list(house.tenancies.filter(state__in=housing.LIVE).values_list("state", flat=True)) == ([live] if live else [])  # fmt: skip
            offerable = list(housing.free_houses(IdleHouse.objects.for_user(clerk)))
            assert offerable == ([house] if safe and not withdrawn and not live else [])
        transaction.set_rollback(True)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_offers_of_one_house_at_once():
    village = RegionFactory()
    clerk = UserFactory()
    PostingFactory(user=clerk, region=village)
    house = IdleHouseFactory(village=village)
    homes, said, gate = [homeless(village), homeless(village)], [None, None], threading.Barrier(2)

    def run(n):
        gate.wait()
        try:
            verbs.offer(house=house, household=homes[n], on=TODAY, by=User.objects.get(pk=clerk.pk))
            said[n] = "ok"
        except LedgerError as error:
            said[n] = str(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(n,)) for n in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["ok", "这处房屋已经安排给一户。"]
    assert Tenancy.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_trail_vouches_for_all_of_it(clerk, officer, village):
    """A project, a shortfall, a house and a tenancy through the verbs; afterwards every row is what an event says."""
    project = projects.propose_project(
        village=village, facts={"sector": "road", "title": "3组道路硬化", "year": 2026}, by=clerk
    )
    projects.approve_project(project=project, on=TODAY, by=officer)
    photo = projects.add_photo(project=project, stage="before", upload=picture(), by=clerk)
    projects.remove_photo(photo=photo, by=clerk)
    homes = [homeless(village), homeless(village)]
    projects.add_beneficiaries(project=project, by=clerk)
    projects.remove_beneficiaries(project=project, households=homes[:1], by=clerk)
    row = projects.register_shortfall(
        village=village, sector="road", text="3组道路没有硬化", found_on=TODAY, project=project, by=clerk
    )
    projects.resolve_shortfall(shortfall=row, on=TODAY, note="已经硬化", by=clerk)
    house = registered(village, clerk)
    verbs.inspect_house(house=house, on=TODAY, grade="B", upload=picture(), by=clerk)
    tenancy = offered(house, homes[0], clerk)
    verbs.accept(tenancy=tenancy, on=TODAY, by=clerk)
    verbs.move_in(tenancy=tenancy, on=TODAY, by=clerk)
    verbs.end(tenancy=tenancy, on=TODAY, reason="自家新房建成", by=clerk)
    verbs.remove_house_photo(photo=verbs.add_house_photo(house=house, upload=picture(), by=clerk), by=clerk)
    verdict = audit.verify(VOUCHED)
    assert verdict.ok, verdict.broken
