"""村级项目 and 村级短板: from stage to stage with a day and a name, who may lead where, what is refused, who benefits."""

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from accounts.roles import Role
from assistance.models import AssistanceEvidence, ProjectStep, Shortfall, VillageProject
from assistance.services import funds
from assistance.services import projects as verbs
from common import audit
from common.models import AuditEvent
from households.services import LedgerError
from regions.services import merge_regions
from tests.factories import (
    EvidenceFactory,
    FundFactory,
    HouseholdFactory,
    IdleHouseFactory,
    PostingFactory,
    ProjectFactory,
    RegionFactory,
    ShortfallFactory,
    UserFactory,
    balances,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
DAY = dt.timedelta(days=1)
FACTS = {"sector": "water", "title": "3组饮水管网改造", "year": TODAY.year, "budget": Decimal(180000)}


def picture(name="road.jpg"):
    out = io.BytesIO()
    Image.new("RGB", (80, 60), (90, 120, 60)).save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def proposed(village, by, **more):
    return verbs.propose_project(village=village, facts=FACTS | more, by=by)


def photographed(project, by, stage="acceptance"):
    return verbs.add_photo(project=project, stage=stage, upload=picture(), by=by)


def test_a_project_from_proposal_to_hand_over(land, clerk, officer):
    project = proposed(land.village, clerk, title="  3组 饮水管网 ")
    verbs.approve_project(project=project, on=TODAY, by=officer)
    verbs.start_building(project=project, on=TODAY, by=clerk)
    verbs.finish(project=project, on=TODAY, by=clerk)
    photographed(project, clerk)
    verbs.accept(project=project, on=TODAY, by=officer, note="水质合格")
    done = verbs.hand_over(project=project, on=TODAY, note="交村委会管护", by=clerk)
    assert (done.title, done.stage) == ("3组 饮水管网", "handed_over")
    steps = [(s.stage, s.by) for s in done.steps.order_by("id")]
    assert steps == [
        ("proposed", "clerk"), ("approved", "officer"), ("building", "clerk"), ("finished", "clerk"), ("accepted", "officer"),
        ("handed_over", "clerk"),
    ]  # fmt: skip
    events = AuditEvent.objects.filter(target=audit.row_key(done)).order_by("id")
    assert [e.action.partition(".")[2] for e in events] == [
        "proposed", "approved", "started", "finished", "photo_added", "accepted", "handed_over",
    ]  # fmt: skip
    assert {e.region_path for e in events} == {land.village.path}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": " "}, "title"), ({"sector": "leadership"}, "sector"), ({"sector": "x"}, "sector"), ({"year": 2009}, "year"),
        ({"year": TODAY.year + 3}, "year"), ({"budget": Decimal(0)}, "budget"), ({"budget": Decimal(-1)}, "budget"),
        ({"quantity": Decimal(0)}, "quantity"), ({"starts_on": TODAY, "due_on": TODAY - DAY}, "due_on"), ({"title": "长" * 81}, "title"),
        ({"text": "长" * 601}, "text"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_project_is_refused_at_its_field(wrong, field, land, clerk):
    with pytest.raises(ValidationError) as refused:
        proposed(land.village, clerk, **wrong)
    assert list(refused.value.error_dict) == [field]
    assert not VillageProject.objects.exists()


def test_a_project_belongs_to_a_village_of_the_own_area(land, clerk, officer, auditor):
    with pytest.raises(ValidationError):
        proposed(land.township, officer)
    for who, village in ((clerk, land.near_village), (officer, land.far_village), (auditor, land.village)):
        with pytest.raises(PermissionDenied):
            proposed(village, who)


def test_nobody_approves_their_own(land, officer):
    project = proposed(land.village, officer)
    with pytest.raises(LedgerError, match="自己申报"):
        verbs.approve_project(project=project, on=TODAY, by=officer)
    project.refresh_from_db()
    assert project.stage == "proposed"


def test_a_clerk_neither_approves_nor_accepts(land, clerk, resident):
    project = proposed(land.village, clerk)
    with pytest.raises(PermissionDenied):
        verbs.approve_project(project=project, on=TODAY, by=resident)
    finished = ProjectFactory(village=land.village, stage="finished")
    EvidenceFactory(project=finished, stage="acceptance")
    for act in (verbs.accept, verbs.send_back):
        with pytest.raises(PermissionDenied):
            act(project=finished, on=TODAY, note="合格不合格", by=clerk)


def test_an_acceptance_needs_a_photo_of_it_and_another_person(land, officer, official):
    project = ProjectFactory(village=land.village, stage="building")
    verbs.finish(project=project, on=TODAY, by=officer)
    photographed(project, officer, "after")
    with pytest.raises(LedgerError, match="验收照片"):
        verbs.accept(project=project, on=TODAY, by=official)
    photo = photographed(project, officer)
    with pytest.raises(LedgerError, match="另一位审批人"):
        verbs.accept(project=project, on=TODAY, by=officer)
    verbs.accept(project=project, on=TODAY, by=official)
    with pytest.raises(LedgerError, match="验收照片不能删去"):
        verbs.remove_photo(photo=photo, by=officer)


def test_an_acceptance_that_failed_leads_back_to_building(land, officer, official, clerk):
    project = ProjectFactory(village=land.village, stage="finished")
    with pytest.raises(ValidationError):
        verbs.send_back(project=project, on=TODAY, note="差", by=officer)
    back = verbs.send_back(project=project, on=TODAY, note="水压不够，两周内整改", by=officer)
    assert back.stage == "building"
    verbs.finish(project=project, on=TODAY, by=clerk)
    with pytest.raises(LedgerError, match="不能改为"):
        verbs.send_back(project=ProjectFactory(village=land.village, stage="building"), on=TODAY, note="不是完工", by=official)  # fmt: skip


def test_days_run_forwards_and_never_ahead(land, officer, clerk):
    project = ProjectFactory(village=land.village)
    with pytest.raises(ValidationError, match="今天之后"):
        verbs.approve_project(project=project, on=TODAY + DAY, by=officer)
    verbs.approve_project(project=project, on=TODAY - 5 * DAY, by=officer)
    with pytest.raises(ValidationError, match="早于上一步"):
        verbs.start_building(project=project, on=TODAY - 6 * DAY, by=clerk)


def test_a_form_that_began_on_an_older_version_is_refused(land, clerk):
    project = ProjectFactory(village=land.village)
    verbs.change_project(project=project, facts={"builder": "县水务公司"}, by=clerk, version=1)
    with pytest.raises(LedgerError, match="别人修改过"):
        verbs.change_project(project=project, facts={"builder": "别的公司"}, by=clerk, version=1)


def test_what_was_approved_keeps_what_was_approved(land, clerk):
    project = ProjectFactory(village=land.village, stage="approved")
    for facts in ({"budget": Decimal(1)}, {"sector": "road"}, {"year": TODAY.year - 1}):
        with pytest.raises(LedgerError, match="立项以后"):
            verbs.change_project(project=project, facts=facts, by=clerk)
    assert verbs.change_project(project=project, facts={"due_on": TODAY}, by=clerk).due_on == TODAY
    ended = ProjectFactory(village=land.village, stage="cancelled")
    with pytest.raises(LedgerError, match="不能再改"):
        verbs.change_project(project=ended, facts={"builder": "某公司"}, by=clerk)


def test_who_cancels(land, clerk, officer):
    with pytest.raises(ValidationError):
        verbs.cancel(project=ProjectFactory(village=land.village), on=TODAY, note="", by=clerk)
    assert verbs.cancel(project=ProjectFactory(village=land.village), on=TODAY, note="村民不同意", by=clerk).stage == "cancelled"  # fmt: skip
    approved = ProjectFactory(village=land.village, stage="approved")
    with pytest.raises(PermissionDenied):
        verbs.cancel(project=approved, on=TODAY, note="村民不同意", by=clerk)
    verbs.cancel(project=approved, on=TODAY, note="村民不同意", by=officer)


def test_money_goes_back_with_a_cancellation_where_one_may_move_it(land, officer, official):
    project, fund = ProjectFactory(village=land.village, stage="approved"), FundFactory(region=land.county)
    other = FundFactory(region=land.county, source="county")
    funds.reserve(project=project, fund=fund, amount=Decimal(60000), on=TODAY, by=official)
    funds.reserve(project=project, fund=other, amount=Decimal(40000), on=TODAY, by=official)
    funds.pay_project(project=project, fund=fund, amount=Decimal(10000), on=TODAY, reference="凭证1号", by=official)
    with pytest.raises(LedgerError, match="90,000"):
        verbs.cancel(project=project, on=TODAY, note="选址有纠纷", by=officer)
    project.refresh_from_db()
    assert project.stage == "approved"
    assert verbs.cancel(project=project, on=TODAY, note="选址有纠纷", by=official).stage == "cancelled"
    assert (balances(fund)["reserved"], balances(fund)["allotted"]) == (0, 90000)
    assert (balances(other)["reserved"], balances(other)["allotted"]) == (0, 100000)


def test_steps_are_only_added(land):
    step = ProjectFactory(village=land.village).steps.get()
    for act in (step.delete, lambda: ProjectStep.objects.filter(pk=step.pk).update(note="改")):
        with pytest.raises(IntegrityError, match="append only"), transaction.atomic():
            act()


# -- any order of verbs ---------------------------------------------------------------------------------------------------------------

ACTS = ["approve", "start", "finish", "photo", "accept", "back", "hand", "cancel"]
MAY = {
    "approve": {"proposed": "approved"}, "start": {"approved": "building"}, "finish": {"building": "finished"}, "accept": {"finished": "accepted"},
    "back": {"finished": "building"}, "hand": {"accepted": "handed_over"},
    "cancel": {"proposed": "cancelled", "approved": "cancelled", "building": "cancelled"},
}  # fmt: skip


def act(name, project, clerk, officer):
    day = {"on": TODAY, "project": project}
    match name:
        case "approve":
            return verbs.approve_project(by=officer, **day)
        case "start":
            return verbs.start_building(by=clerk, **day)
        case "finish":
            return verbs.finish(by=clerk, **day)
        case "photo":
            return photographed(project, clerk)
        case "accept":
            return verbs.accept(by=officer, **day)
        case "back":
            return verbs.send_back(by=officer, note="还要整改", **day)
        case "hand":
            return verbs.hand_over(by=clerk, note="交村委会", **day)
    return verbs.cancel(by=officer, note="不再需要", **day)


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(ACTS), max_size=14))
def test_no_order_of_verbs_leaves_the_way(names, db):
    """The stage is always the one a plain table of ways gives, each change of it has its step, and nothing else has."""
    with transaction.atomic():
        village = RegionFactory()
        clerk, officer = UserFactory(), UserFactory()
        PostingFactory(user=clerk, region=village)
        PostingFactory(user=officer, region=village.parent, role=Role.TOWNSHIP_OFFICER)
        project = proposed(village, clerk)
        stage, seen, photos = "proposed", ["proposed"], 0
        for name in names:
            fits = stage != "cancelled" if name == "photo" else stage in MAY[name] and (name != "accept" or photos > 0)
            try:
                act(name, VillageProject.objects.get(pk=project.pk), clerk, officer)
                done = True
            except (LedgerError, ValidationError):
                done = False
            assert done == fits, (names, name, stage)
            if done and name == "photo":
                photos += 1
            elif done:
                stage = MAY[name][stage]
                seen.append(stage)
        project.refresh_from_db()
        assert (project.stage, [s.stage for s in project.steps.order_by("id")]) == (stage, seen)
        transaction.set_rollback(True)


# -- who benefits -----------------------------------------------------------------------------------------------------------------------


def test_the_whole_village_benefits_in_one_act(land, clerk):
    project = ProjectFactory(village=land.village)
    here = HouseholdFactory.create_batch(3, village=land.village)
    HouseholdFactory(village=land.village, closed=True)
    HouseholdFactory(village=land.near_village)
    verbs.add_beneficiaries(project=project, households=here[:1], by=clerk)
    assert verbs.add_beneficiaries(project=project, by=clerk) == 2
    assert verbs.add_beneficiaries(project=project, by=clerk) == 0
    assert set(project.beneficiaries.values_list("household_id", flat=True)) == {h.pk for h in here}
    assert verbs.remove_beneficiaries(project=project, households=here[:1], by=clerk) == 1
    assert project.beneficiaries.count() == 2
    assert AuditEvent.objects.filter(action="villageproject.beneficiaries_added").count() == 2


@pytest.mark.parametrize("wrong", ["elsewhere", "closed"])
def test_one_wrong_household_refuses_all(wrong, land, clerk):
    project = ProjectFactory(village=land.village)
    bad = HouseholdFactory(village=land.other_village) if wrong == "elsewhere" else HouseholdFactory(village=land.village, closed=True)  # fmt: skip
    with pytest.raises(LedgerError, match="不在本村"):
        verbs.add_beneficiaries(project=project, households=[HouseholdFactory(village=land.village), bad], by=clerk)
    assert not project.beneficiaries.exists()


def test_a_cancelled_project_benefits_nobody(land, clerk):
    project = ProjectFactory(village=land.village, stage="cancelled")
    for act in (verbs.add_beneficiaries, verbs.remove_beneficiaries):
        with pytest.raises(LedgerError, match="取消"):
            act(project=project, by=clerk)
    with pytest.raises(LedgerError, match="取消"):
        photographed(project, clerk)


# -- photos ---------------------------------------------------------------------------------------------------------------------------


def test_what_is_no_photo_is_refused(land, clerk):
    project = ProjectFactory(village=land.village)
    for upload, field in ((SimpleUploadedFile("a.jpg", b"<script>"), "upload"),):
        with pytest.raises(ValidationError) as refused:
            verbs.add_photo(project=project, stage="before", upload=upload, by=clerk)
        assert list(refused.value.error_dict) == [field]
    with pytest.raises(ValidationError):
        verbs.add_photo(project=project, stage="never", upload=picture(), by=clerk)
    with pytest.raises(ValidationError):
        verbs.add_photo(project=project, stage="before", upload=picture(), taken_on=TODAY + DAY, by=clerk)
    assert not AssistanceEvidence.objects.exists()


def test_a_photo_is_hidden_once(land, clerk, official):
    photo = photographed(ProjectFactory(village=land.village), clerk)
    assert verbs.remove_photo(photo=photo, by=clerk).removed_at
    with pytest.raises(LedgerError, match="已经删去"):
        verbs.remove_photo(photo=photo, by=clerk)
    with pytest.raises(LedgerError, match="不是村级项目"):
        verbs.remove_photo(photo=EvidenceFactory(house=IdleHouseFactory(village=land.village)), by=official)


# -- shortfalls -----------------------------------------------------------------------------------------------------------------------


def lacking(village, by, **more):
    facts = {"sector": "road", "text": "3组道路没有硬化", "found_on": TODAY - DAY} | more
    return verbs.register_shortfall(village=village, by=by, **facts)


def test_a_shortfall_is_found_tied_and_made_good(land, clerk):
    row = lacking(land.village, clerk)
    project = ProjectFactory(village=land.village)
    verbs.tie_shortfall(shortfall=row, project=project, by=clerk)
    verbs.tie_shortfall(shortfall=row, project=project, by=clerk)
    done = verbs.resolve_shortfall(shortfall=row, on=TODAY, note="路已修通", by=clerk)
    assert (done.project, done.resolved_by, done.resolved_note) == (project, "clerk", "路已修通")
    for act in (
        lambda: verbs.resolve_shortfall(shortfall=row, on=TODAY, note="再修一次", by=clerk),
        lambda: verbs.tie_shortfall(shortfall=row, project=None, by=clerk),
    ):
        with pytest.raises(LedgerError, match="已经补齐"):
            act()
    events = AuditEvent.objects.filter(target=audit.row_key(row)).order_by("id")
    assert [e.action for e in events] == ["shortfall.registered", "shortfall.tied", "shortfall.resolved"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"sector": "x"}, "sector"), ({"text": "路"}, "text"), ({"text": "长" * 201}, "text"), ({"found_on": TODAY + DAY}, "found_on")],
)  # fmt: skip
def test_what_cannot_be_a_shortfall(wrong, field, land, clerk):
    with pytest.raises(ValidationError) as refused:
        lacking(land.village, clerk, **wrong)
    assert list(refused.value.error_dict) == [field]


def test_a_shortfall_is_registered_once_while_open(land, clerk, officer):
    row = lacking(land.village, clerk)
    with pytest.raises(ValidationError, match="已经登记过"):
        lacking(land.village, officer, text=" 3组道路没有硬化 ")
    verbs.resolve_shortfall(shortfall=row, on=TODAY, note="路已修通", by=clerk)
    assert lacking(land.village, clerk).pk != row.pk
    with pytest.raises(PermissionDenied):
        lacking(land.near_village, clerk)


def test_a_shortfall_is_mended_by_a_project_of_its_village_after_it_was_found(land, officer):
    row = ShortfallFactory(village=land.village, found_on=TODAY - DAY)
    for project in (ProjectFactory(village=land.near_village), ProjectFactory(village=land.village, stage="cancelled")):
        with pytest.raises(ValidationError):
            verbs.tie_shortfall(shortfall=row, project=project, by=officer)
    for facts in ({"on": TODAY + DAY}, {"on": TODAY - 2 * DAY}, {"note": "好"}):
        with pytest.raises(ValidationError):
            verbs.resolve_shortfall(shortfall=row, by=officer, **({"on": TODAY, "note": "已经通水"} | facts))


def test_everything_of_a_village_follows_its_merger(land, official):
    rows = [ProjectFactory(village=land.village), ShortfallFactory(village=land.village), IdleHouseFactory(village=land.village)]  # fmt: skip
    merge_regions(old=[land.village], into=land.near_village, by=official, on=TODAY)
    for row in rows:
        row.refresh_from_db()
        assert row.village == land.near_village
    assert Shortfall.objects.for_user(official).count() == 1
