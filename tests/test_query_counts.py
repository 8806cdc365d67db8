"""How many queries each page sends, pinned: `YIHU_RECORD=1` writes query_counts.json anew, on purpose and in a diff."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from assistance.models import Measure, PayBatch
from assistance.services import funds
from exchange.models import PeopleBatch
from households.models import MatchingRow, MatchingRun
from plans.models import Plan
from tests.factories import (
    CadreFactory,
    DeviceFactory,
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
    PayBatchFactory,
    PayRowFactory,
    PeopleBatchFactory,
    PeopleRowFactory,
    PhotoFactory,
    PlanEvidenceFactory,
    PlanFactory,
    ProjectFactory,
    QuarantinedFactory,
    RoundFactory,
    ShortfallFactory,
    SurveyFactory,
    SurveyPhotoFactory,
    TaskFactory,
    TenancyFactory,
    UserFactory,
    VerificationTaskFactory,
)
from tests.factories.assistance import DeliveryFactory, MeasureFactory, ServiceRequestFactory
from tests.scene import BESIDE

RECORD = Path(__file__).with_name("query_counts.json")
pytestmark = pytest.mark.django_db


@pytest.fixture
def addresses(household):
    own = [household.pk]
    RoundFactory(region=household.township.parent, audience="all")
    HouseholdFactory(village=household.village, with_householder=True)  # nobody has surveyed it
    survey = SurveyFactory(household=household, answers={"values": {"dwelling_area": "92"}, "members": []})
    DeviceFactory(user=UserFactory(home=household.village))
    QuarantinedFactory(household=household)
    verification = VerificationTaskFactory(household=household)
    verification.draw.region = household.township
    verification.draw.save()
    plan = PlanFactory(household=household, in_progress=True)
    task = TaskFactory(goal__plan=plan)
    copied = PlanFactory(household=HouseholdFactory(village=household.village), submitted=True, copied_from=plan)
    TaskFactory(goal__plan=copied)
    project, house = ProjectFactory(village=household.village), IdleHouseFactory(village=household.village)
    ShortfallFactory(village=household.village)
    delivered = DeliveryFactory(measure__household=household)
    MeasureFactory(household=HouseholdFactory(village=household.village), kind=delivered.kind, approved=True)
    batch = PayBatchFactory(region=household.township)
    of_village = f"region={household.village_id}&kind={delivered.kind.code}"
    helper = household.pairings.first() or PairingFactory(household=household)
    made = HandOverFactory(household=household)
    CadreFactory(unit__region=household.township.parent)
    run = MatchingRunFactory(region=household.township)
    MatchingRow.objects.create(
        run=run, household=household, proposed=helper.cadre, outcome="new", parts={"way": "county"}
    )
    request = ServiceRequestFactory(household=household)
    return {
        "home": reverse("home"),
        "api: first page": reverse("api:first_page"),
        "pairing coverage": reverse("households:pairing_coverage"),
        "helpers": reverse("households:helper_list"),
        "helper, their households": reverse("households:cadre_households", args=[helper.cadre_id]),
        "units and their helpers": reverse("households:unit_pairings"),
        "pairing rules": reverse("households:pairing_rules"),
        "helper of a household": reverse("households:pairing_edit", args=own),
        "kin of a household": reverse("households:kin_list", args=own),
        "hand-overs": reverse("households:hand_over_list"),
        "hand-over": reverse("households:hand_over_detail", args=[made.pk]),
        "hand-over, what goes": reverse("households:hand_over", args=[helper.cadre_id]) + f"?to={made.to_cadre_id}",
        "proposals of helpers": reverse("households:matching_list"),
        "proposal of helpers": reverse("households:matching_detail", args=[run.pk]),
        "proposal of helpers, its rows": reverse("households:matching_rows", args=[run.pk]),
        "request, to be assigned": reverse("assistance:request_assign", args=[request.pk]) + "?q=" + quote("干部"),
        "household list": reverse("households:household_list"),
        "household list, filtered": reverse("households:household_list") + "?status=out_of_poverty&helper=none",
        "ledger": reverse("households:household_detail", args=own),
        "history": reverse("households:household_history", args=own),
        "household form": reverse("households:household_edit", args=own),
        "income form": reverse("households:income_edit", args=[household.pk, household.latest_year]),
        "member form": reverse("households:member_edit", args=[household.pk, household.members.get().pk]),
        "imports": reverse("exchange:batch_list"),
        "imports of people": reverse("exchange:people_list"),
        "import of people": reverse(
            "exchange:people_detail", args=[PeopleRowFactory(batch__region=household.township).batch_id]
        ),
        "print centre": reverse("reports:print_centre"),
        "villages": reverse("assistance:village_list"),
        "village": reverse("assistance:village_page", args=[household.village_id]),
        "village households": reverse("assistance:village_households", args=[household.village_id]) + "?of=without",
        "village projects": reverse("assistance:project_list"),
        "village project": reverse("assistance:project_detail", args=[project.pk]),
        "village project's households": reverse("assistance:project_households", args=[project.pk]),
        "village shortfalls": reverse("assistance:shortfall_list"),
        "idle houses": reverse("assistance:house_list"),
        "idle house": reverse("assistance:house_detail", args=[house.pk]),
        "idle house, households": reverse("assistance:house_households", args=[house.pk]),
        "survey rounds": reverse("surveys:round_list"),
        "survey forms": reverse("surveys:form_list"),
        "survey progress": reverse("surveys:progress"),
        "survey progress by surveyor": reverse("surveys:progress") + "?by=person",
        "survey gaps": reverse("surveys:gaps"),
        "survey gap list": reverse("surveys:gap_households"),
        "survey effort": reverse("surveys:effort"),
        "survey list": reverse("surveys:progress_households") + "?stage=missing",
        "surveys": reverse("surveys:survey_list"),
        "surveys, filtered": reverse("surveys:survey_list") + "?conflict=none&state=any",
        "survey": reverse("surveys:survey_detail", args=[survey.pk]),
        "surveys of a household": reverse("surveys:household_surveys", args=own),
        "survey phones": reverse("surveys:device_list"),
        "survey quarantine": reverse("surveys:quarantine_list"),
        "verification tasks": reverse("surveys:task_list"),
        "verification task": reverse("surveys:task_detail", args=[verification.pk]),
        "draws": reverse("surveys:draw_list"),
        "draw": reverse("surveys:draw_detail", args=[verification.draw_id]),
        "agreement": reverse("surveys:agreement"),
        "differences": reverse("surveys:difference_list"),
        "plan board": reverse("plans:board"),
        "plans": reverse("plans:plan_list"),
        "tasks of plans": reverse("plans:task_list") + "?who=all",
        "plan": reverse("plans:plan_detail", args=[plan.pk]),
        "task of a plan": reverse("plans:task_detail", args=[plan.pk, task.pk]),
        "plans of a household": reverse("plans:household_plans", args=own),
        "plan to copy": reverse("plans:plan_copy", args=[plan.pk]),
        "proposals": reverse("plans:proposals", args=[household.pk, household.latest_year]),
        "catalogue": reverse("catalogue:kind_list"),
        "kind of measure": reverse("catalogue:kind_detail", args=["medical-aid"]) + f"?region={household.village_id}",
        "kind of measure, its form": reverse("catalogue:kind_edit", args=["medical-aid"]),
        "kind of measure, its history": reverse("catalogue:kind_history", args=["medical-aid"]),
        "jobs": reverse("jobs:job_list"),
        "notices": reverse("notices:notice_list"),
        "accounts": reverse("accounts:account_list"),
        "my surveys": reverse("collect:home"),
        "service worker": reverse("collect:worker"),
        "ping of a phone": reverse("collect:api_ping"),
        "measures": reverse("assistance:measure_list"),
        "measures, filtered": reverse("assistance:measure_list") + "?state=mine&column=industry",
        "measures, denied": reverse("assistance:measure_list") + "?state=denied",
        "measure": reverse("assistance:measure_detail", args=[delivered.measure_id]),
        "measures of a household": reverse("assistance:household_measures", args=own),
        "kinds to propose": reverse("assistance:measure_propose", args=own),
        "deliveries of a village": reverse("assistance:delivery_batch") + f"?{of_village}",
        "receipts of a village": reverse("assistance:delivery_sign") + f"?{of_village}",
        "deliveries that wait": reverse("assistance:delivery_batch") + f"?region={household.township_id}",
        "receipts that wait": reverse("assistance:delivery_sign") + f"?region={household.township_id}",
        "sheet of receipts": reverse("assistance:delivery_sheet") + f"?{of_village}",
        "funds": reverse("assistance:fund_list"),
        "concentration of funds": reverse("assistance:fund_spread"),
        "fund": reverse("assistance:fund_page", args=[batch.fund_id]),
        "fund, by village": reverse("assistance:fund_paid", args=[batch.fund_id]) + "?by=village",
        "fund's projects": reverse("assistance:fund_projects", args=[batch.fund_id]),
        "movement of a fund": reverse("assistance:fund_entry", args=[batch.fund.entries.latest("pk").pk]),
        "subsidy lists": reverse("assistance:batch_list"),
        "subsidy list": reverse("assistance:batch_detail", args=[batch.pk]),
        "subsidy list to upload": reverse("assistance:batch_new"),
        "requests": reverse("assistance:request_list"),
        "request": reverse("assistance:request_detail", args=[ServiceRequestFactory(household=household).pk]),
        "api households": reverse("api:household-list"),
        "api ledger": reverse("api:household-detail", args=own),
        "api surveys": reverse("api:survey-list"),
        "api survey": reverse("api:survey-detail", args=[survey.pk]),
        **{name: address for package in BESIDE for name, address in package.addresses(household).items()},
    }


def household_measure(household):
    return Measure.objects.filter(household=household).earliest("pk")


@pytest.fixture
def counts(addresses, official, client_as, count_queries):
    def measure():
        found = {}
        for name, address in addresses.items():
            client = client_as(official)
            client.get(address)  # whatever is read once in a process has been
            found[name] = count_queries(lambda client=client, address=address: client.get(address))
        return found

    return measure


def test_counts_are_the_recorded_ones(counts):
    found = counts()
    if os.environ.get("YIHU_RECORD"):
        RECORD.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(RECORD.read_text())


def paid(fund, household, by):
    """A payout of the fund to a household, and money of it for a project."""
    today = timezone.localdate()
    measure = MeasureFactory(household=household, approved=True)
    with transaction.atomic():
        delivery = DeliveryFactory(measure=measure, amount=Decimal(10))
        funds.pay([(delivery, [(fund, Decimal(10))])], on=today, by=by)
    project = ProjectFactory(village=household.village, stage="building")
    funds.reserve(project=project, fund=fund, amount=Decimal(10), on=today, by=by)


def test_no_page_grows_with_its_rows(counts, household, land, official):
    batch = PayBatch.objects.get()
    paid(batch.fund, HouseholdFactory(village=land.village), official)
    few = counts()
    HouseholdFactory.create_batch(20, village=land.village, with_householder=True, with_year=True)
    survey = household.surveys.get()
    plan = Plan.objects.get(household=household)
    kind = household_measure(household).kind
    helper, run = household.pairings.filter(ends_on=None).first().cadre, MatchingRun.objects.get()
    for _n in range(6):
        home = HouseholdFactory(village=land.village, with_householder=True)
        MeasureFactory(household=home, kind=kind, approved=True)
        DeliveryFactory(measure=MeasureFactory(household=home, kind__in_kind=True, approved=True))
        DeliveryFactory(measure=MeasureFactory(household=household, kind__in_kind=True, approved=True))
        DeliveryFactory(
            measure=MeasureFactory(household=HouseholdFactory(village=land.village), kind=kind, approved=True)
        )
        paid(batch.fund, home, official)
        PayRowFactory(batch=batch)
        PayBatchFactory(region=land.township)
        PeopleRowFactory(batch=PeopleBatch.objects.earliest("pk"))
        PeopleBatchFactory(region=land.township)
        ServiceRequestFactory(household=home)
        ProjectFactory(village=land.village)
        ShortfallFactory(village=land.village)
        TenancyFactory(house=IdleHouseFactory(village=land.village))
        SurveyFactory(household=HouseholdFactory(village=land.village), form=survey.form)
        SurveyPhotoFactory(survey=survey)
        VerificationTaskFactory(
            household=HouseholdFactory(village=land.village), draw=household.verification_tasks.get().draw
        )
        MemberYearFactory(member=MemberFactory(household=household))
        PhotoFactory(household=household)
        JobFactory(owner="official")
        NoticeFactory(to="official")
        NoticeFactory(to="official", read=True)
        DeviceFactory(user=UserFactory(home=land.village))
        QuarantinedFactory(household=household)
        PlanEvidenceFactory(plan=plan, task=TaskFactory(goal__plan=plan))
        other = PlanFactory(household=HouseholdFactory(village=land.village), submitted=True, copied_from=plan)
        TaskFactory(goal=GoalFactory(plan=other), late=True)
        TaskFactory(goal__plan=PlanFactory(household=HouseholdFactory(village=land.village), in_progress=True))
        helped = HouseholdFactory(village=land.village)
        PairingFactory(household=helped, cadre=helper, is_lead=False)
        PairingFactory(household=helped, cadre__unit__region=land.county)
        HandOverFactory(household=helped)
        KinshipFactory(household=household, cadre__unit__region=land.county)
        MatchingRunFactory(region=land.township)
        MatchingRow.objects.create(run=run, household=helped, proposed=helper, outcome="new", parts={"way": "county"})
        for package in BESIDE:
            package.grow(household, land)
    many = counts()
    assert {name: (few[name], n) for name, n in many.items() if n > few[name] + 1} == {}
    assert many["household list"] <= 9  # one of them is the badge of what waits for review
    assert many["ledger"] <= 16
