"""Four villages with a row of every kind in each, and nine people who stand in different places among them: what `tests.test_doors` and
`tests.test_api_schema` knock with. The fixture `scene` is made once a module."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from assistance.models import AssistanceEvidence, PayBatch
from catalogue.models import ReliefCategory
from common import vault
from exchange.models import ImportBatch
from plans.models import Plan, PlanRevision
from plans.versions import body_of
from regions.models import Level
from reports.models import PrintRun
from surveys.models import PaperRun
from tests import api_lists
from tests.cadres import doors as cadres
from tests.data.pictures import jpeg
from tests.exchange.outgoing import doors as outgoing
from tests.factories import (
    ApiTokenFactory,
    CadreFactory,
    DeviceFactory,
    DifferenceFactory,
    EvidenceFactory,
    FundFactory,
    GoalFactory,
    HandOverFactory,
    HouseholdFactory,
    IdleHouseFactory,
    JobFactory,
    KinshipFactory,
    MatchingRunFactory,
    MemberFactory,
    MemberYearFactory,
    NoticeFactory,
    PairingFactory,
    PeopleBatchFactory,
    PhotoFactory,
    PlanEvidenceFactory,
    PlanFactory,
    PostingFactory,
    ProjectFactory,
    QuarantinedFactory,
    RegionFactory,
    RoundFactory,
    SavedViewFactory,
    ShortfallFactory,
    StatusChangeFactory,
    SurveyFactory,
    SurveyFormFactory,
    SurveyPhotoFactory,
    TaskFactory,
    TenancyFactory,
    UserFactory,
    VerificationTaskFactory,
)
from tests.factories.assistance import DeliveryFactory, MeasureFactory, ServiceRequestFactory
from tests.figures import doors as figures
from tests.gates import (
    Place,
    Who,
)
from tests.party import doors as party
from tests.supervision import doors as supervision
from tests.visits import doors as visits

BESIDE = (
    cadres,
    party,
    visits,
    supervision,
    outgoing,
    figures,
    api_lists,
)  # packages that declare their doors themselves

# -- the cast ---------------------------------------------------------------------------------------------------------------------


DEPARTMENT = "教育局"
CAST = {
    "clerk": (Role.VILLAGE_CLERK, "village", "near"),
    "resident": (Role.RESIDENT_TEAM, "village", "near"),
    "helper": (Role.HELPER, "", "near"),
    "officer": (Role.TOWNSHIP_OFFICER, "township", "far"),
    "official": (Role.COUNTY_OFFICIAL, "county", "other"),
    "department": (Role.DEPARTMENT_USER, "county", "other"),
    "auditor": (Role.AUDITOR, "county", "other"),
    "admin": (Role.SYSTEM_ADMIN, "county", "other"),
    "stranger": (None, "", "near"),
}


def given(household: Any) -> dict[str, Any]:
    """A measure of each kind of standing, a delivery with its photo, a request, and an approved plan."""
    measure = MeasureFactory(household=household)
    delivery = DeliveryFactory(measure=MeasureFactory(household=household, approved=True, kind__in_kind=True))
    photo = AssistanceEvidence.objects.create(
        delivery=delivery, file=vault.put(f"evidence/door-{delivery.pk}", jpeg()), sha256="0" * 64, width=40, height=30, uploaded_by="x"
    )  # fmt: skip
    own = MeasureFactory(household=household, approved=True, kind__in_kind=True, kind__department=DEPARTMENT)
    own_delivery = DeliveryFactory(
        measure=MeasureFactory(household=household, approved=True, kind=own.kind, year=own.year - 1)
    )
    own_photo = AssistanceEvidence.objects.create(
        delivery=own_delivery, file=vault.put(f"evidence/own-{own_delivery.pk}", jpeg()), sha256="0" * 64, width=40, height=30, uploaded_by="x"
    )  # fmt: skip
    now = timezone.now()
    plan = Plan.objects.create(
        household=household, year=2024, state="approved", revision=1, drafted_by="a", drafted_at=now, submitted_by="a", submitted_at=now,
        decided_by="b", decided_at=now,
    )  # fmt: skip
    fund = FundFactory(region=household.village.parent.parent)
    batch = PayBatch.objects.create(
        region=household.village, kind=measure.kind, fund=fund, year=2026, period="2026", on=timezone.localdate(), filename="a.csv", sha256="0" * 64,
        uploaded_by="x", uploaded_at=now,
    )  # fmt: skip
    return {
        "fund": fund.pk,
        "fund_entry": fund.entries.first().pk,
        "pay_batch": batch.pk,
        "measure": measure.pk,
        "approved_measure": MeasureFactory(household=household, approved=True, kind__in_kind=True).pk,
        "delivery": delivery.pk,
        "delivery_photo": photo.uid,
        "own_measure": own.pk,
        "own_delivery": own_delivery.pk,
        "own_photo_of_delivery": own_photo.uid,
        "request": ServiceRequestFactory(household=household).pk,
        "approved_plan": plan.pk,
    }


def furnish(name: str, village: Any) -> Place:
    """A household with everything that hangs off it, an account and a posting, all in that village."""
    household = HouseholdFactory(village=village, with_householder=True, with_year=True, phone_number="19900001111")
    member = MemberFactory(household=household)
    MemberYearFactory(member=member)
    left = MemberFactory(household=household, left=True)
    account = UserFactory(home=village)
    closed = HouseholdFactory(village=village, closed=True)
    answers = [{"values": {"dwelling_area": area}, "members": []} for area in ("92", "80")]
    first = SurveyFactory(household=household, answers=answers[0])
    second = SurveyFactory(household=household, form=first.form, purpose="verification", answers=answers[1])
    task = VerificationTaskFactory(
        household=household, state="done", done_at=timezone.now(), first=first, survey=second, compared={"dwelling_area": [1, 1]}
    )  # fmt: skip
    plan = PlanFactory(household=household, in_progress=True)
    goal = GoalFactory(plan=plan)
    step = TaskFactory(goal=goal)
    PlanRevision.objects.create(plan=plan, revision=1, body=body_of(plan), by="drafter", at=timezone.now())
    project, house = ProjectFactory(village=village), IdleHouseFactory(village=village)
    project_photo = EvidenceFactory(project=project, file=vault.put("evidence/x", jpeg()))
    rows = {
        "plan": plan.pk,
        "plan_goal": goal.pk,
        "plan_task": step.pk,
        "plan_photo": PlanEvidenceFactory(plan=plan, task=step, file=vault.put("evidence/x", jpeg())).uid,
        "revision": 1,
        "now": 0,
        "project": project.pk,
        "project_photo": project_photo.pk,
        "project_photo_uid": project_photo.uid,
        "shortfall": ShortfallFactory(village=village).pk,
        "house": house.pk,
        "house_photo": EvidenceFactory(house=house).pk,
        "tenancy": TenancyFactory(house=IdleHouseFactory(village=village), household=household).pk,
        "survey": first.pk,
        "survey_photo": SurveyPhotoFactory(survey=first, file=vault.put("surveys/x", jpeg())).uid,
        "task": task.pk,
        "draw": task.draw_id,
        "difference": DifferenceFactory(task=task).pk,
        "open_task": VerificationTaskFactory(household=household).pk,
        "household": household.pk,
        "member": member.pk,
        "left_member": left.pk,
        "year": household.latest_year,
        "change": StatusChangeFactory(household=household).pk,
        "pairing": PairingFactory(household=household, cadre=CadreFactory(unit__region=village.parent.parent)).pk,
        "kinship": KinshipFactory(household=household).pk,
        "county_cadre": CadreFactory(unit__region=village.parent.parent).pk,
        "hand_over": HandOverFactory(household=household).pk,
        "matching": MatchingRunFactory(region=village).pk,
        "photo": PhotoFactory(household=household).pk,
        "closed_household": closed.pk,
        "quiet_household": HouseholdFactory(village=village, with_householder=True).pk,
        "account": account.pk,
        "device": DeviceFactory(user=account).pk,
        "quarantined": QuarantinedFactory(household=household, owner=account.username).pk,
        "household_uid": str(household.uid),
        "posting": PostingFactory(user=account, region=village).pk,
        "token": ApiTokenFactory(user=account).pk,
        "batch": ImportBatch.objects.create(
            owner=UserFactory(),
            region=village,
            filename="a.xlsx",
            sha256="0" * 64,
            size=1,
            year=2026,
            state=ImportBatch.State.PREVIEWED,
        ).pk,
        "people_batch": PeopleBatchFactory(region=village).pk,
        "relief_category": ReliefCategory.objects.get(code="dibao").pk,
        "survey_round": RoundFactory(region=village).pk,
        "survey_form": SurveyFormFactory(region=village.parent.parent).pk,
        "village": village.pk,
        "township": village.parent_id,
        **given(household),
    }
    for package in BESIDE:
        rows |= package.furnish(village, household)
    return Place(name, village, village.parent, rows)


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker):
    """Four villages and nine people, made once for this module inside a transaction that is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():

        def region(pk, level, name, parent=None):
            return RegionFactory(pk=pk, level=level, name=name, parent=parent, code=f"{pk:012d}")

        province = region(1, Level.PROVINCE, "示范省")
        city = region(2, Level.CITY, "示范市", province)
        county, other_county = region(11, Level.COUNTY, "示范县", city), region(110, Level.COUNTY, "邻县", city)
        township, next_township = (
            region(30, Level.TOWNSHIP, "石门乡", county),
            region(300, Level.TOWNSHIP, "柳河镇", county),
        )
        other_township = region(31, Level.TOWNSHIP, "邻乡", other_county)
        places = {
            name: furnish(name, region(pk, Level.VILLAGE, title, above))
            for name, pk, title, above in (
                ("village", 301, "青石村", township),
                ("near", 3010, "白石村", township),
                ("far", 302, "柳树村", next_township),
                ("other", 303, "邻村", other_township),
            )
        }
        standing = {"village": places["village"].village, "township": township, "county": county}
        cast, sessions, users = {}, {}, {}
        for name, (role, at, outside) in CAST.items():
            user = users[name] = UserFactory(username=name, name=name)
            path = "nowhere"
            if role == Role.HELPER:
                PairingFactory(household_id=places["village"].rows["quiet_household"], cadre=CadreFactory(user=user))
                PairingFactory(household_id=places["village"].rows["household"], cadre=user.cadre, is_lead=False)
                PairingFactory(household_id=places["village"].rows["closed_household"], cadre=user.cadre)
            elif role:
                PostingFactory(
                    user=user,
                    role=role,
                    region=standing[at],
                    department=DEPARTMENT if role == Role.DEPARTMENT_USER else "",
                )
                path = standing[at].path
            cast[name] = Who(name, role, path, outside)
            client = Client()
            client.force_login(user)
            sessions[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
        job = JobFactory(owner="officer", kind="ledgers.print")
        run = PrintRun.objects.create(owner=users["officer"], job=job, title="石门乡")
        view = SavedViewFactory(user=users["officer"])
        survey_view = SavedViewFactory(user=users["officer"], page="surveys")
        own = {
            "own_photo": SurveyPhotoFactory(survey=None, uploader=users["officer"]).uid,
            "own_draft": SurveyFactory(
                draft=True, surveyor=users["officer"], household_id=places["village"].rows["household"]
            ).uid,
            "own_device": DeviceFactory(user=users["officer"]).uid,
            "paper_run": PaperRun.objects.create(
                owner=users["officer"],
                job=JobFactory(owner="officer", kind="surveys.paper"),
                title="石门乡",
                year=2026,
                households=[places["village"].rows["household"]],
            ).pk,
        }
        survey_form = SurveyFormFactory()
        kept = FundFactory(region=township)  # such that who asked may have it
        params = {"fund": kept.pk, "user": users["officer"].pk, "first": None, "last": None}
        own["fund_job"] = JobFactory(owner="officer", kind="fund.export", params=params, finished=True).pk
        own |= outgoing.furnish_own(users["officer"])
        own |= figures.furnish_own(users["officer"])
        own |= {"form_code": survey_form.code, "form_version": survey_form.version}
        for place in places.values():
            place.rows |= {
                "job": job.pk,
                "notice": NoticeFactory(to="officer").pk,
                "print_run": run.pk,
                "saved_view": view.pk,
                "survey_view": survey_view.pk,
                **own,
            }
        yield SimpleNamespace(places=places, cast=cast, sessions=sessions, users=users)
        transaction.set_rollback(True)
