"""Lists of the API: who reads which, and the lists whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from assistance.models import Fund, PayBatch
from catalogue.models import MeasureKind
from households.models import MatchingRow, MatchingRun
from supervision.models import Order
from tests.factories import CadreFactory, MatchingRunFactory, PayRowFactory, VisitFactory
from tests.factories.party import CourseFactory
from tests.factories.supervision import OrderFactory
from tests.gates import Area, Counted, Door, Listed, Menu, Mine, Owner, OwnKind, P, Purse, SignedIn, get

SEE, HERE = Listed(P.HOUSEHOLD_VIEW), Counted(P.HOUSEHOLD_VIEW)
CADRE, PARTY, ORDER = Counted(P.CADRE_VIEW), Counted(P.PARTY_VIEW), Counted(P.ORDER_VIEW)

# basename: (permission of the list, gate of a row, its row in the scene)
LISTS: dict[str, tuple[Any, Any, str]] = {
    "unit": (P.CADRE_VIEW, CADRE, "own_unit"),
    "cadre": (P.CADRE_VIEW, CADRE, "own_cadre"),
    "resident-team": (P.CADRE_VIEW, CADRE, "village"),
    "party-person": (P.PARTY_VIEW, PARTY, "party_person"),
    "party-proposal": (P.PARTY_VIEW, PARTY, "stage_proposal"),
    "party-branch": (P.PARTY_VIEW, PARTY, "branch"),
    "party-course": (P.PARTY_VIEW, PARTY, "course_here"),
    "party-session": (P.PARTY_VIEW, PARTY, "session"),
    "party-activity": (P.PARTY_VIEW, PARTY, "activity"),
    "party-facility": (P.PARTY_VIEW, PARTY, "facility"),
    "unit-pairing": (P.CADRE_VIEW, CADRE, "own_unit"),
    "helper": (P.CADRE_VIEW, CADRE, "own_cadre"),
    "hand-over": (P.CADRE_VIEW, CADRE, "hand_over"),
    "matching-proposal": (P.PAIRING_EDIT, Counted(P.PAIRING_EDIT), "matching"),
    "survey-round": (P.HOUSEHOLD_VIEW, SEE, "survey_round"),
    "survey-gap": (P.HOUSEHOLD_VIEW, SEE, "household"),
    "verification-draw": (P.SURVEY_SAMPLE, Area(P.SURVEY_SAMPLE), "draw"),
    "measure-kind": (P.HOUSEHOLD_VIEW, Menu(P.HOUSEHOLD_VIEW), "measure_kind"),
    "relief-category": (P.CATALOGUE_EDIT, Menu(P.CATALOGUE_EDIT), "relief_category"),
    "plan": (P.HOUSEHOLD_VIEW, SEE, "plan"),
    "plan-task": (P.HOUSEHOLD_VIEW, SEE, "plan_task"),
    "measure": (P.HOUSEHOLD_VIEW, SEE, "measure"),
    "department-measure": (P.MEASURE_DEPARTMENT, OwnKind(), "own_measure"),
    "service-request": (P.HOUSEHOLD_VIEW, SEE, "request"),
    "village-project": (P.HOUSEHOLD_VIEW, HERE, "project"),
    "village-shortfall": (P.HOUSEHOLD_VIEW, HERE, "shortfall"),
    "idle-house": (P.HOUSEHOLD_VIEW, HERE, "house"),
    "tenancy": (P.HOUSEHOLD_VIEW, SEE, "tenancy"),
    "fund": (P.FUND_VIEW, Purse(), "fund"),
    "pay-batch": (P.FUND_PAY, Area(P.FUND_PAY), "pay_batch"),
    "visited-household": (P.HOUSEHOLD_VIEW, SEE, "household"),
    "visit-rule": (P.CADRE_VIEW, CADRE, "visit_rule"),
    "order": (P.ORDER_VIEW, ORDER, "order"),
    "appraisal-round": (P.APPRAISAL_VIEW, Area(P.APPRAISAL_VIEW), "round"),
    "appraisal": (P.APPRAISAL_VIEW, Counted(P.APPRAISAL_VIEW), "appraisal"),
    "account": (P.ACCOUNT_MANAGE, Area(P.ACCOUNT_MANAGE), "account"),
}
# basename: permission of a table, or of a list of which no row has an address
TABLES: dict[str, Any] = {
    "village-need": P.CADRE_VIEW,
    "pairing-coverage": P.CADRE_VIEW,
    "party-overview": P.PARTY_VIEW,
    "party-village": P.PARTY_VIEW,
    "party-development": P.PARTY_VIEW,
    "party-unreached": P.PARTY_VIEW,
    "party-due": P.PARTY_VIEW,
    "survey-progress-overview": P.HOUSEHOLD_VIEW,
    "survey-gap-overview": P.HOUSEHOLD_VIEW,
    "survey-effort": P.HOUSEHOLD_VIEW,
    "survey-quarantine": P.SURVEY_REVIEW,
    "survey-form": P.SURVEY_PUBLISH,
    "verification-difference": P.SURVEY_REVIEW,
    "plan-board": P.HOUSEHOLD_VIEW,
    "entitlement": P.HOUSEHOLD_VIEW,
    "village-wheel": P.HOUSEHOLD_VIEW,
    "marginal-household": P.HOUSEHOLD_VIEW,
    "effect": P.HOUSEHOLD_VIEW,
    "survey-agreement": P.SURVEY_SAMPLE,
    "visit-coverage": P.HOUSEHOLD_VIEW,
    "activity-overview": P.ORDER_VIEW,
}
OWN = ("saved-view", "notice", "job")  # lists of one's own
# basename: (gate of the list and of a row, what stands in the address, its row in the scene)
NESTED: dict[str, tuple[Any, dict[str, str], str]] = {
    "matching-row": (Counted(P.PAIRING_EDIT), {"run_pk": "matching_made"}, "matching_row"),
    "project-household": (HERE, {"project_pk": "project"}, "household"),
    "village-household": (HERE, {"village_pk": "village"}, "household"),
    "fund-entry": (Purse(), {"fund_pk": "fund"}, "fund_entry"),
    "pay-row": (Area(P.FUND_PAY), {"batch_pk": "pay_batch"}, "pay_row"),
    "order-place": (ORDER, {"order_pk": "order"}, "village"),
    "order-household": (ORDER, {"order_pk": "order"}, "household"),
}

DOORS: list[Door] = [
    *(
        door
        for name, (permission, gate, row) in LISTS.items()
        for door in get(f"api:{name}-list", Menu(permission)) + get(f"api:{name}-detail", gate, {"pk": row})
    ),
    *get("api:department-measure-detail", OwnKind(foreign=True), {"pk": "approved_measure"}),
    *(
        door
        for name, (gate, above, row) in NESTED.items()
        for door in get(f"api:{name}-list", gate, above) + get(f"api:{name}-detail", gate, above | {"pk": row})
    ),
    *(door for name, permission in TABLES.items() for door in get(f"api:{name}-list", Menu(permission))),
    *(door for name in OWN for door in get(f"api:{name}-list", SignedIn())),
    *get("api:job-detail", Owner(), {"pk": "job"}),
    *get("api:fund-line-list", Purse(), {"fund_pk": "fund", "entry_pk": "fund_entry"}),
    *get("api:activity-row-list", Menu(P.ORDER_VIEW), {"code": "'visits"}),
    *get("api:activity-row-list", Menu(P.ORDER_VIEW), {"code": "'receipts"}),
    *get("api:activity-row-detail", ORDER, {"code": "'visits", "pk": "visit_today"}),
    *get("api:survey-phone-list", SignedIn()),
    *get("api:survey-phone-detail", Mine(P.ACCOUNT_MANAGE), {"pk": "device"}),
    *get("api:survey-progress-list", Menu(P.HOUSEHOLD_VIEW)),
    *get("api:verification-task-list", Menu(P.HOUSEHOLD_VIEW)),
    *get("api:own-appraisal-list", SignedIn()),
]
BY_HAND: dict[str, str] = {
    "api:survey-progress-detail": "a household that one sees and the round asks for: tests/test_api_lists.py",
    "api:verification-task-detail": "with the household for who draws or reviews; else whoever is sent there: tests/test_api_lists.py",
    "api:own-appraisal-detail": "one's own, once it was shown: tests/test_api_lists.py",
}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows in a village of the scene, by the names that `DOORS` use, beside those of the packages."""
    run = MatchingRunFactory(region=village)
    return {
        "matching_made": run.pk,
        "matching_row": _proposed(run, household).pk,
        "measure_kind": MeasureKind.objects.get(code="dibao").pk,
        "course_here": CourseFactory(region=village).pk,
        "pay_row": PayRowFactory(batch=PayBatch.objects.filter(region=village).latest("pk")).pk,
        "visit_today": VisitFactory(household=household, on=timezone.localdate()).pk,
    }


def _proposed(run: MatchingRun, household: Any) -> MatchingRow:
    cadre = CadreFactory(unit__region=household.township.parent)
    return MatchingRow.objects.create(
        run=run, household=household, proposed=cadre, outcome="new", parts={"way": "county"}
    )


def addresses(household: Any) -> dict[str, str]:
    """Lists whose queries are pinned, with the rows that the pages beside them stand on."""
    run = MatchingRun.objects.latest("pk")
    project, order = household.village.projects.first(), Order.objects.latest("pk")
    fund, batch = Fund.objects.earliest("pk"), PayBatch.objects.earliest("pk")
    plain = [name for name in LISTS if name not in ("helper", "department-measure")]
    nested = {
        "matching-row": [run.pk], "project-household": [project.pk], "village-household": [household.village_id], "fund-entry": [fund.pk],
        "pay-row": [batch.pk], "order-place": [order.pk], "order-household": [order.pk], "activity-row": ["visits"],
    }  # fmt: skip
    return {
        **{f"api: {name}": reverse(f"api:{name}-list") + ("?who=all" if name == "plan-task" else "") for name in plain},
        **{f"api: {name}": reverse(f"api:{name}-list", args=args) for name, args in nested.items()},
        **{f"api: {name}": reverse(f"api:{name}-list") for name in (*TABLES, *OWN)},
        "api: fund-line": reverse("api:fund-line-list", args=[fund.pk, fund.entries.latest("pk").pk]),
        "api: survey-phone": reverse("api:survey-phone-list"),
        "api: survey-progress": reverse("api:survey-progress-list"),
        "api: verification-task": reverse("api:verification-task-list") + "?state=any",
        "api: own-appraisal": reverse("api:own-appraisal-list"),
    }


def grow(household: Any, land: Any) -> None:
    """The packages and the test add a row of everything; orders beside."""
    OrderFactory(region=household.township.parent, to=[household.village])
