"""Every list of the API beside its page: the same rows in the same order under the same filters, nothing secret, one way of refusing.

One scene for the module: a row of every kind in four villages, three of the official's county and one of another.
"""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import tokens
from accounts.roles import GRANTS, Permission, Role
from assistance.scans import scan
from common.pii import SecretField
from households.models import Household, MatchingRow, Status
from regions.models import Level, Region
from supervision import steps
from tests.api_lists import LISTS, NESTED, OWN, TABLES
from tests.factories import (
    CadreFactory,
    DeviceFactory,
    DifferenceFactory,
    FundFactory,
    GoalFactory,
    HandOverFactory,
    HouseholdFactory,
    IdleHouseFactory,
    JobFactory,
    MatchingRunFactory,
    MemberFactory,
    NoticeFactory,
    PairingFactory,
    PayBatchFactory,
    PayRowFactory,
    PlanFactory,
    PostingFactory,
    ProjectFactory,
    QuarantinedFactory,
    RegionFactory,
    RoundFactory,
    SavedViewFactory,
    ShortfallFactory,
    SurveyFactory,
    TaskFactory,
    TeamMemberFactory,
    TenancyFactory,
    UnitFactory,
    UserFactory,
    VerificationTaskFactory,
    VisitDutyFactory,
    VisitFactory,
    VisitRuleFactory,
)
from tests.factories.assistance import DeliveryFactory, MeasureFactory, ServiceRequestFactory
from tests.factories.party import (
    ActivityFactory,
    AttendanceFactory,
    BranchFactory,
    CourseFactory,
    FacilityFactory,
    PersonFactory,
    ProposalFactory,
    SessionFactory,
)
from tests.factories.supervision import (
    AppraisalFactory,
    AppraisalRoundFactory,
    OrderActionFactory,
    OrderFactory,
    OrderReceiptFactory,
    SchemeFactory,
)

pytestmark = pytest.mark.django_db


# -- the scene ------------------------------------------------------------------------------------------------------------------


def _fill(village: Any, n: int) -> dict[str, Any]:
    """Rows of every kind in a village; `n` makes villages differ."""
    county = village.parent.parent
    status = (Status.MARGINAL, Status.OUT_OF_POVERTY, Status.HARDSHIP, Status.MARGINAL)[n]
    home = HouseholdFactory(
        village=village, status=status, with_householder=True, with_year=True, phone_number=f"1990000111{n}"
    )
    member = MemberFactory(household=home, phone_text=f"1990000222{n}")
    unit = UnitFactory(name=f"{village.name}委会", region=village, affiliation="village" if n else "township")
    cadre = CadreFactory(unit=unit, name=f"干部{n}", is_party_member=bool(n % 2), languages=["yi"] if n == 1 else [])
    if n:
        TeamMemberFactory(team__village=village, team__unit=unit, cadre=cadre, leads=n == 1)
    PairingFactory(household=home, cadre=cadre)
    branch = BranchFactory(village=village)
    person = PersonFactory(branch=branch)
    ProposalFactory(person__branch=branch)
    session = SessionFactory(village=village, state="planned" if n == 2 else "held")
    AttendanceFactory(session=session, person=person)
    ActivityFactory(branch=branch, kind="theme" if n else "lecture")
    FacilityFactory(village=village, state="broken" if n == 1 else "works")
    CourseFactory(region=village)
    first = SurveyFactory(
        household=home, effort={"keystrokes": 9 + n, "typed": 4, "same": 3, "retyped": n, "seconds": 70}
    )
    task = VerificationTaskFactory(household=home, first=first)
    again = SurveyFactory(household=home, form=first.form, purpose="verification")
    DifferenceFactory(
        task=VerificationTaskFactory(household=home, first=first, survey=again, state="done", done_at=timezone.now())
    )
    QuarantinedFactory(household=home)
    plan = PlanFactory(household=home, in_progress=True)
    TaskFactory(goal=GoalFactory(plan=plan), late=n == 1)
    PlanFactory(household=HouseholdFactory(village=village, hamlet=f"{n}组"), submitted=True)
    MeasureFactory(household=home)
    measure = MeasureFactory(
        household=home,
        member=member,
        approved=True,
        kind__of_member=True,
        kind__in_kind=True,
        kind__department="教育局",
    )
    DeliveryFactory(measure=measure)
    ServiceRequestFactory(
        household=home, state="asked", due_on=timezone.localdate().replace(year=2020) if n == 1 else None
    )
    project = ProjectFactory(village=village, stage="building" if n else "proposed")
    ShortfallFactory(village=village)
    IdleHouseFactory(village=village)
    TenancyFactory(house=IdleHouseFactory(village=village), household=home)
    fund = FundFactory(region=county)
    batch = PayBatchFactory(region=village)
    PayRowFactory(batch=batch)
    run = MatchingRunFactory(region=village)
    MatchingRow.objects.create(run=run, household=home, proposed=cadre, outcome="new", parts={"way": "county"})
    HandOverFactory(household=home)
    visit = VisitFactory(household=home)
    rule = VisitRuleFactory(region=village, capacity="county")
    VisitDutyFactory(rule=rule, household=home, cadre=cadre)
    order = OrderFactory(region=village.parent, to=[village])
    OrderActionFactory(order=order, household=home)
    OrderReceiptFactory(order=order, region=village)
    steps.recount(order, [village.pk])
    DeviceFactory(user=UserFactory(home=village))
    return {
        "village": village.pk, "household": home.pk, "unit": unit.pk, "project": project.pk, "fund": fund.pk, "batch": batch.pk, "run": run.pk,
        "order": order.pk, "task": task, "visit": visit.pk, "kind": measure.kind_id,
    }  # fmt: skip


@pytest.fixture(scope="module")
def scene(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():

        def region(pk, level, name, parent=None):
            return RegionFactory(pk=pk, level=level, name=name, parent=parent, code=f"{pk:012d}")

        province = region(1, Level.PROVINCE, "示范省")
        city = region(2, Level.CITY, "示范市", province)
        county, other_county = region(11, Level.COUNTY, "示范县", city), region(110, Level.COUNTY, "邻县", city)
        township, next_township = (
            region(30, Level.TOWNSHIP, "石门乡", county),
            region(31, Level.TOWNSHIP, "柳河镇", county),
        )
        other_township = region(301, Level.TOWNSHIP, "邻乡", other_county)
        villages = [
            region(pk, Level.VILLAGE, name, above)
            for pk, name, above in ((300, "青石村", township), (3000, "白石村", township), (310, "柳树村", next_township), (3010, "邻村", other_township))
        ]  # fmt: skip
        round = RoundFactory(region=county)
        places = [_fill(village, n) for n, village in enumerate(villages)]
        scheme = SchemeFactory(region=county)
        appraisals = AppraisalRoundFactory(region=township, scheme=scheme)
        users = {}
        for name, role, at in (
            ("official", Role.COUNTY_OFFICIAL, county), ("officer", Role.TOWNSHIP_OFFICER, township), ("clerk", Role.VILLAGE_CLERK, villages[0]),
            ("department", Role.DEPARTMENT_USER, county), ("auditor", Role.AUDITOR, county), ("admin", Role.SYSTEM_ADMIN, county),
        ):  # fmt: skip
            users[name] = UserFactory(username=name, name=name)
            PostingFactory(user=users[name], role=role, region=at, department="教育局" if name == "department" else "")
        for n in range(3):
            AppraisalFactory(round=appraisals, cadre=CadreFactory(unit__region=county, unit__name=f"单位{n}", user=users["clerk"] if not n else None), shown=not n)  # fmt: skip
        SavedViewFactory(user=users["official"])
        NoticeFactory(to="official")
        NoticeFactory(to="official", read=True, topic="job.failed")
        JobFactory(owner="official")
        clients = {name: Client() for name in users}
        for name, client in clients.items():
            client.force_login(users[name])
        yield SimpleNamespace(
            places=places, users=users, clients=clients, round=round.pk, township=township.pk, far=villages[2].pk
        )
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def often(settings):
    settings.API_RATE = 1_000_000


@pytest.fixture
def read(scene):
    """`read(who, basename, query, **kwargs) -> response` of a list of the API."""

    def call(who: str, name: str, query: str = "", **kwargs: Any) -> Any:
        return scene.clients[who].get(f"{reverse(f'api:{name}-list', kwargs=kwargs)}?{query}")

    return call


def every_row(read: Any, who: str, name: str, query: str = "", size: int = 2, **kwargs: Any) -> list[dict[str, Any]]:
    """All rows of a list, read in pages of two."""
    found, cursor = [], ""
    while True:
        answer = read(who, name, f"{query}&size={size}{cursor}", **kwargs)
        assert answer.status_code == 200, answer.content
        found += answer.json()["results"]
        if answer.json()["next"] is None:
            return found
        cursor = "&cursor=" + answer.json()["next"].partition("cursor=")[2].partition("&")[0]


# -- beside the page ------------------------------------------------------------------------------------------------------------

REGIONS = ("", "region={township}", "region={far}")
# (basename, page, queries, what stands in both addresses)
PAGES: list[tuple[str, str, tuple[str, ...], str]] = [
    ("unit", "cadres:unit_list", (*REGIONS, "affiliation=village", "q=青石", "state=closed"), ""),
    ("cadre", "cadres:cadre_list", (*REGIONS, "unit={unit}", "party=yes", "place=yes", "language=yi", "login=no"), ""),
    ("resident-team", "cadres:team_list", (*REGIONS, "state=vacant", "state=any", "state=manned"), ""),
    ("party-person", "party:person_list", (*REGIONS, "stage=waiting", "stage=members", "trait=able", "attended=yes"), ""),
    ("party-branch", "party:branch_list", (*REGIONS, "gap=any", "gap=secretary"), ""),
    ("party-session", "party:session_list", (*REGIONS, "state=planned", "classroom=party"), ""),
    ("party-activity", "party:activity_list", (*REGIONS, "kind=theme"), ""),
    ("party-facility", "party:facility_list", (*REGIONS, "state=broken", "check=never"), ""),
    ("helper", "households:helper_list", (*REGIONS, "unit={unit}", "of=free"), ""),
    ("unit-pairing", "households:unit_pairings", (*REGIONS, "of=idle", "of=busy"), ""),
    ("hand-over", "households:hand_over_list", ("",), ""),
    ("matching-row", "households:matching_rows", ("", "of=new", "of=keep", "name=干部"), "run"),
    ("survey-progress", "surveys:progress_households", (*REGIONS, "round={round}", "stage=submitted", "stage=missing"), ""),
    ("survey-gap", "surveys:gap_households", (*REGIONS, "kind=unsurveyed", "kind=missing"), ""),
    ("survey-phone", "surveys:device_list", ("",), ""),
    ("verification-task", "surveys:task_list", (*REGIONS, "state=any", "state=unassigned", "state=done"), ""),
    ("plan", "plans:plan_list", (*REGIONS, "state=submitted", "state=waiting", "overdue=yes"), ""),
    ("plan-task", "plans:task_list", ("", "who=all", "who=all&region={township}", "who=all&due=overdue"), ""),
    ("measure", "assistance:measure_list", (*REGIONS, "state=proposed", "state=mine", "household={household}", "kind={kind}"), ""),
    ("service-request", "assistance:request_list", (*REGIONS, "state=asked", "state=late", "household={household}"), ""),
    ("village-project", "assistance:project_list", (*REGIONS, "stage=open", "stage=building"), ""),
    ("village-shortfall", "assistance:shortfall_list", (*REGIONS, "state=untied", "state=resolved"), ""),
    ("idle-house", "assistance:house_list", (*REGIONS, "state=any", "state=offer", "inspection=none"), ""),
    ("project-household", "assistance:project_households", ("", "have=no", "have=yes"), "project"),
    ("village-household", "assistance:village_households", ("", "of=with", "of=without"), "village"),
    ("visited-household", "visits:visited_list", (*REGIONS, "since=never"), ""),
    ("visit", "visits:visit_list", (*REGIONS, "manner=visit", "household={household}"), ""),
    ("visit-duty", "visits:duty_list", (*REGIONS, "state=due", "state=running"), ""),
    ("order", "supervision:order_list", (*REGIONS, "state=issued", "state=unreceived", "level=4"), ""),
    ("order-place", "supervision:order_places", ("", "state=received", "level=5"), "order"),
    ("order-household", "supervision:order_households", ("", "of=acted", "of=idle"), "order"),
    ("appraisal", "supervision:appraisal_list", ("", "state=shown"), ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "page", "queries", "of"), PAGES, ids=[each[0] for each in PAGES])
def test_a_list_and_its_page_agree(scene, read, name, page, queries, of):
    own = scene.places[0]
    kwargs = {next(iter(NESTED[name][1])): own[of]} if of else {}
    for n, (who, asked) in enumerate([("official", query) for query in queries] + [("officer", queries[0])]):
        query = asked.format(township=scene.township, far=scene.far, round=scene.round, **own)
        shown = scene.clients[who].get(f"{reverse(page, args=list(kwargs.values()))}?{query}").context["page"].rows
        rows = every_row(read, who, name, query, size=50 if n else 2, **kwargs)
        assert [row.get("id") or row["household"]["id"] for row in rows] == [row.pk for row in shown], (who, query)


PLAIN = (
    ("department", "department-measure", "assistance:department_list", lambda context: context["page"].rows),
    ("official", "survey-round", "surveys:round_list", lambda context: [row["round"] for row in context["rows"]]),
    ("official", "verification-draw", "surveys:draw_list", lambda context: [row for row, _by in context["draws"]]),
    ("official", "matching-proposal", "households:matching_list", lambda context: [row[0] for row in context["rows"]]),
    ("official", "measure-kind", "catalogue:kind_list", lambda context: [k for _l, rows in context["columns"] for k in rows]),
    ("official", "relief-category", "catalogue:category_list", lambda context: context["categories"]),
    ("official", "party-proposal", "party:proposal_list", lambda context: [each["row"] for each in context["rows"]]),
    ("official", "fund", "assistance:fund_list", lambda context: [f for g in context["groups"] for f, _figures in g["rows"]]),
    ("official", "pay-batch", "assistance:batch_list", lambda context: [row for row, _period in context["rows"]]),
    ("official", "visit-rule", "visits:rule_list", lambda context: [row["rule"] for row in context["rows"]]),
    ("official", "appraisal-round", "supervision:round_list", lambda context: [row["round"] for row in context["rows"]]),
    ("clerk", "own-appraisal", "supervision:mine", lambda context: context["page"].rows),
)  # fmt: skip


@pytest.mark.parametrize(("who", "name", "page", "rows"), PLAIN, ids=[each[1] for each in PLAIN])
def test_a_list_without_filters_holds_what_its_page_shows(scene, read, who, name, page, rows):
    shown = [row.pk for row in rows(scene.clients[who].get(reverse(page)).context)]
    found = [row["id"] for row in every_row(read, who, name, size=50)]
    assert shown
    assert sorted(found) == sorted(shown)


def test_lists_below_a_fund_a_subsidy_list_and_a_month(scene, read):
    own, client = scene.places[0], scene.clients["official"]
    shown = client.get(reverse("assistance:fund_page", args=[own["fund"]])).context["rows"]
    assert [r["id"] for r in every_row(read, "official", "fund-entry", fund_pk=own["fund"])] == [
        r["entry"].pk for r in shown
    ]
    shown = client.get(reverse("assistance:batch_detail", args=[own["batch"]])).context["rows"]
    assert [r["id"] for r in every_row(read, "official", "pay-row", batch_pk=own["batch"])] == [
        r.pk for r, _tone in shown
    ]
    for code in ("visits", "calls", "surveys", "deliveries", "confirmations", "receipts"):
        shown = client.get(reverse("supervision:activity_list", args=[code])).context["page"].rows
        assert [r["id"] for r in every_row(read, "official", "activity-row", code=code)] == [r.pk for r in shown], code
    assert read("official", "activity-row", code="wishes").status_code == 404


# -- worked out -----------------------------------------------------------------------------------------------------------------

# (basename, page, queries, key of a row of the answer, key of a row of the page)
COMPUTED: list[tuple[str, str, tuple[str, ...], Any, Any]] = [
    ("village-need", "cadres:need_list", (*REGIONS, "lack=secretary", "lack=unknown", "lack=any"),
     lambda row: (row["village"]["id"], sum(not each["met"] for each in row["needs"])),
     lambda context: [(b.village.pk, len(b.lacks)) for b in context["page"].object_list]),
    ("party-village", "party:village_list", (*REGIONS, "lack=branch"),
     lambda row: (row["village"]["id"], [each["members"] for each in row["branches"]], row["development"]["code"]),
     lambda context: [(v.pk, [f.members for f in branches], o.state) for v, branches, o in context["rows"]]),
    ("party-development", "party:development_list", (*REGIONS, "state=broken", "state=open"),
     lambda row: (row["village"]["id"], row["sentence"]),
     lambda context: [(o.village.pk, o.sentence) for o in context["rows"]]),
    ("party-unreached", "party:unreached_list", (*REGIONS, "span=2020", "span=2020-Q1&classroom=law"),
     lambda row: (row["village"]["id"], row["missing"]),
     lambda context: [(v.pk, found.missing) for v, found in context["rows"]]),
    ("party-due", "party:due_list", (*REGIONS, "state=now", "state=met", "kind=lecture", "year=2025"),
     lambda row: (row["branch"]["id"], row["kind"]["code"], row["span"], row["held"]),
     lambda context: [(i.branch.pk, i.kind, i.span.code, i.held) for i, _url in context["rows"]]),
    ("survey-quarantine", "surveys:quarantine_list", ("",),
     lambda row: (row["id"], row["why"]), lambda context: [(str(w.op.pk), w.op.receipt["say"]) for w in context["rows"]]),
    ("survey-form", "surveys:form_list", ("",),
     lambda row: (row["id"], row["state"]["code"]), lambda context: [(form.pk, form.state) for form, _tone in context["rows"]]),
    ("verification-difference", "surveys:difference_list", ("",),
     lambda row: (row["id"], row["label"], row["first"], row["second"]),
     lambda context: [(d.pk, w["label"], w["first"], w["second"]) for d, w in context["lines"]]),
    ("account", "accounts:account_list", ("", "q=official", "role=auditor", "state=off"),
     lambda row: row["username"], lambda context: [account.username for account in context["page"]]),
    ("notice", "notices:notice_list", ("",), lambda row: (row["id"], row["text"]),
     lambda context: sorted(((row["row"].pk, row["sentence"]) for row in (*context["new"], *context["read"])), reverse=True)),
    ("job", "jobs:job_list", ("",), lambda row: row["id"], lambda context: [job.pk for job in context["jobs"]]),
    ("saved-view", "households:saved_view_list", ("",), lambda row: row["name"],
     lambda context: [view.name for view, _url in context["views"]]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "page", "queries", "told", "shown"), COMPUTED, ids=[each[0] for each in COMPUTED])
def test_what_is_worked_out_is_what_the_page_shows(scene, read, name, page, queries, told, shown):
    seen = 0
    for n, asked in enumerate(queries):
        query = asked.format(township=scene.township, far=scene.far)
        expected = shown(scene.clients["official"].get(f"{reverse(page)}?{query}").context)
        rows = [told(row) for row in every_row(read, "official", name, query, size=50 if n else 2)]
        assert rows[: len(expected)] == list(expected), query
        assert len(rows) == len(expected) or len(expected) == 50, query
        seen += len(rows)
    assert seen


# -- tables ---------------------------------------------------------------------------------------------------------------------


def _cells(rows: Any) -> list[tuple[str, list[Any]]]:
    return [(row["label"], [cell.get("number", cell["value"]) for cell in row["cells"]]) for row in rows]


def _table(answer: Any, codes: tuple[str, ...] = ()) -> list[tuple[str, list[Any]]]:
    return [(row["label"], [row["numbers"][code] for code in codes or row["numbers"]]) for row in answer.json()["rows"]]


HELP = ("all", "none", "nolead", "many", "unfit", "over", "free")
GAPS = ("unsurveyed", "old", "missing", "stale", "doubt", "evidence")
STAGES = ("untouched", "drafted", "returned", "submitted", "approved")
WHEELS = ("households", "helped", "shortfalls", "projects", "completed")
EFFORT = ("households", "keys", "by_hand", "taps", "again", "minutes")
# (basename, page, queries, columns that the page shows)
TOLD: list[tuple[str, str, tuple[str, ...], tuple[str, ...]]] = [
    ("pairing-coverage", "households:pairing_coverage", REGIONS[:2], HELP),
    ("visit-coverage", "visits:coverage", REGIONS[:2], ()),
    ("survey-gap-overview", "surveys:gaps", (*REGIONS, "by=person&region={township}"), GAPS),
    ("survey-progress-overview", "surveys:progress", (*REGIONS, "by=person", "round={round}"), STAGES),
    ("village-wheel", "assistance:village_list", (*REGIONS[:2], "year={last}"), WHEELS),
    ("activity-overview", "supervision:activity", (*REGIONS[:2], "month={last}-03"), ()),
    *(("party-overview", "party:overview", (f"theme={theme}", f"theme={theme}&region={{township}}"), ())
      for theme in ("staffing", "development", "classroom", "life", "facilities")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "page", "queries", "codes"), TOLD, ids=[each[0] + each[2][0] for each in TOLD])
def test_a_table_has_the_numbers_of_its_page(scene, read, name, page, queries, codes):
    last = timezone.localdate().year - 1
    for asked in queries:
        query = asked.format(township=scene.township, far=scene.far, round=scene.round, last=last)
        shown = scene.clients["official"].get(f"{reverse(page)}?{query}").context["rows"]
        answer = read("official", name, query)
        assert answer.status_code == 200, answer.content
        assert _table(answer, codes) == _cells(shown), query
        assert {column["code"] for column in answer.json()["columns"]} >= set(codes)
    assert shown


def test_effort_is_told_as_on_its_page(scene, read):
    for by in ("place", "person", "month", "channel"):
        shown = scene.clients["official"].get(reverse("surveys:effort"), {"by": by}).context["rows"]
        expected = [(line.label, [_plain(getattr(line, code)) for code in EFFORT]) for line in shown]
        assert _table(read("official", "survey-effort", f"by={by}"), EFFORT) == expected
        assert shown


def _plain(number: Any) -> Any:
    return number if number is None or isinstance(number, int) else float(number)


def test_who_should_get_what_is_told_as_on_its_page(scene, read):
    village = Region.objects.get(pk=scene.places[0]["village"])
    with transaction.atomic():
        scan([village], timezone.localdate().year)
        rows = scene.clients["official"].get(reverse("assistance:entitlement")).context["rows"]
        answer = read("official", "entitlement")
        expected = [(r["region"].name, [r["households"], r["entitled"], *(n for _w, n in r["cells"])]) for r in rows]
        assert rows
        assert _table(answer) == expected
        transaction.set_rollback(True)
    page = scene.clients["official"].get(reverse("assistance:entitlement"), {"region": village.pk}).context
    answer = read("official", "entitlement", f"region={village.pk}")
    assert _table(answer) == [(r["kind"].title, [r["entitled"], *(c["value"] for c in r["cells"])]) for r in page["rows"]]  # fmt: skip
    assert list(answer.json()["total"].values()) == [page["looked"], *(tile["value"] for tile in page["kpis"])]


def test_the_board_of_plans_is_told_as_on_its_page(scene, read):
    for query in ("", f"region={scene.township}", "mine=yes"):
        page = scene.clients["official"].get(f"{reverse('plans:board')}?{query}").context
        told = read("official", "plan-board", query).json()
        assert [(c["state"]["code"], c["plans"]["value"]) for c in told["columns"]] == [
            (c["key"], c["count"].value) for c in page["columns"]
        ]
        assert told["overdue"]["value"] == page["late"]["count"].value
    assert any(c["plans"]["value"] for c in read("official", "plan-board").json()["columns"])


def test_how_many_people_an_appraisal_has_in_each_state(scene, read):
    (told,) = every_row(read, "official", "appraisal-round")
    page = scene.clients["official"].get(reverse("supervision:round_detail", args=[told["id"]])).context
    assert [each["people"] for each in told["people"]] == [each["value"] for each in page["states"]]
    assert sum(each["people"] for each in told["people"]) == page["total"] == 3


def test_lines_of_a_movement(scene, read):
    """Those of the page; whom a line paid is told to who sees the household, to others its kind only."""
    fund = scene.places[0]["fund"]
    for entry in every_row(read, "official", "fund-entry", fund_pk=fund):
        page = scene.clients["official"].get(reverse("assistance:fund_entry", args=[entry["id"]])).context["lines"]
        told = every_row(read, "official", "fund-line", fund_pk=fund, entry_pk=entry["id"])
        assert [row["id"] for row in told] == [line.pk for line, _seen in page]
        assert [(row["amount"], row["account"]["text"]) for row in told] == [
            (str(line.amount), line.account.get_kind_display()) for line, _seen in page
        ]
        assert {(None if row["paid"] is None else row["paid"]["household"] is not None) for row in told} == {
            (None if line.delivery is None else seen) for line, seen in page
        }
    assert read("official", "fund-line", fund_pk=scene.places[3]["fund"], entry_pk=entry["id"]).status_code == 404


def test_a_program_does_not_read_notices(scene):
    _token, text = tokens.issue(
        user=scene.users["official"], by=scene.users["official"], name="每日取数", permissions=[Permission.HOUSEHOLD_VIEW],
        expires_on=timezone.localdate() + dt.timedelta(days=9),
    )  # fmt: skip
    for name, status in (("notice", 403), ("job", 200), ("survey-gap-overview", 200), ("party-overview", 403)):
        answer = Client().get(reverse(f"api:{name}-list"), HTTP_AUTHORIZATION=f"Bearer {text}")
        assert answer.status_code == status, (name, answer.content)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("party-overview", "theme=king"), ("party-overview", "region=3010"), ("party-due", "year=1900"), ("party-unreached", "span=x"),
        ("survey-progress-overview", "round=999999"), ("survey-effort", "by=king"), ("visit-coverage", "by=helper"), ("village-wheel", "year=1"),
        ("activity-overview", "month=2026-13"), ("plan-board", "year=zzz"), ("pairing-coverage", "region=x"), ("village-need", "lack=king"),
        ("party-due", "cursor=x"), ("survey-form", "size=0"), ("account", "role=king"),
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused_in_a_sentence(scene, read, name, query):
    answer = read("official", name, query)
    assert answer.status_code == 400, answer.content
    asked = "region" if (name, query) == ("visit-coverage", "by=helper") else query.split("=")[0]
    assert set(answer.json()["fields"]) == {asked}
    assert answer.json()["error"].endswith("。")


# -- what is refused ------------------------------------------------------------------------------------------------------------

EVERY = [*LISTS, "survey-progress", "verification-task", "survey-phone", "own-appraisal"]
UNKEYED = [*TABLES, *OWN]  # of which no row has an address


def _who(name: str) -> str:
    return "department" if name == "department-measure" else "official"


def test_what_no_filter_knows_is_refused(scene, read):
    for name in (*EVERY, *UNKEYED):
        answer = read(_who(name), name, "nonsense=1")
        assert (answer.status_code, set(answer.json()["fields"])) == (400, {"nonsense"}), name


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("survey-progress", "round=999999"), ("survey-progress", "stage=king"), ("survey-gap", "kind=king"), ("survey-gap", "region=x"),
        ("plan", "year=zzz"), ("fund", "year=zzz"), ("fund", "year=99999999999"), ("measure", "kind=999999"), ("order", "month=2026-13"),
        ("verification-task", "state=king"), ("resident-team", "state=king"), ("party-session", "span=1999"), ("measure-kind", "cause=king"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_said_in_a_sentence(scene, read, name, query):
    answer = read("official", name, query)
    assert answer.status_code == 400, answer.content
    assert set(answer.json()["fields"]) == {query.split("=")[0]}
    assert answer.json()["error"].endswith("。")


def test_who_may_not_is_refused_in_every_list(scene, read):
    for name, permission in [*((name, needs) for name, (needs, *_more) in LISTS.items()), *TABLES.items()]:
        expected = 200 if permission in GRANTS[Role.SYSTEM_ADMIN] else 403
        answer = read("admin", name)
        assert answer.status_code == expected, name
        assert expected == 200 or answer.json()["error"]


def test_no_month_that_is_none(scene, read):
    for month in ("2026-13", "x", "2026-1"):
        assert read("official", "activity-row", f"month={month}", code="visits").status_code == 400


# -- what nobody learns ---------------------------------------------------------------------------------------------------------


def _secrets() -> set[str]:
    """Every number that stands sealed in the database."""
    found = set()
    for model in apps.get_models():
        for field in model._meta.fields:
            if isinstance(field, SecretField) and field.name != "draft_key":
                found |= {value.reveal() for value in model._base_manager.values_list(field.name, flat=True) if value}
    return found


def test_no_answer_holds_a_number_and_every_row_can_be_read(scene, read):
    secrets = _secrets()
    assert len(secrets) > 10
    own = scene.places[0]
    nested = {
        "matching-row": {"run_pk": own["run"]}, "project-household": {"project_pk": own["project"]}, "village-household": {"village_pk": own["village"]},
        "fund-entry": {"fund_pk": own["fund"]}, "pay-row": {"batch_pk": own["batch"]}, "order-place": {"order_pk": own["order"]},
        "order-household": {"order_pk": own["order"]}, "activity-row": {"code": "visits"},
    }  # fmt: skip
    for name, kwargs in [*((name, {}) for name in EVERY), *nested.items()]:
        who = "clerk" if name == "own-appraisal" else _who(name)
        query = "who=all" if name == "plan-task" else ""
        answer = read(who, name, query, **kwargs)
        rows = answer.json()["results"]
        assert rows, name
        key = rows[0].get("id") or rows[0]["household"]["id"]
        one = scene.clients[who].get(reverse(f"api:{name}-detail", kwargs=kwargs | {"pk": key}))
        assert one.status_code == 200, name
        assert set(rows[0]) <= set(one.json()), name
        for said in (answer.content.decode(), one.content.decode()):
            assert not [number for number in secrets if number in said], name
        assert scene.clients[who].get(reverse(f"api:{name}-detail", kwargs=kwargs | {"pk": "x"})).status_code == 404


def test_no_table_holds_a_number(scene, read):
    secrets = _secrets()
    for name in UNKEYED:
        said = read("official", name).content.decode()
        assert not [number for number in secrets if number in said], name


def test_a_department_learns_of_a_household_its_village_and_nothing_else(scene, read):
    (row, *_others) = every_row(read, "department", "department-measure")
    assert "household" not in row
    assert "*" in row["id_number"]


# -- doors with a rule of their own -----------------------------------------------------------------------------------------------


def _status(scene: Any, who: str, name: str, pk: int) -> int:
    return scene.clients[who].get(reverse(f"api:{name}-detail", args=[pk])).status_code


def test_a_household_of_a_round(scene):
    inside, outside = scene.places[0]["household"], scene.places[2]["household"]
    for who, here, there in (("official", 200, 200), ("officer", 200, 404), ("clerk", 200, 404), ("admin", 403, 403)):
        assert (_status(scene, who, "survey-progress", inside), _status(scene, who, "survey-progress", outside)) == (
            here,
            there,
        ), who


def test_a_verification_task_is_told_to_who_draws_and_to_who_is_sent(scene):
    """Whoever keeps the village, and is not sent, does not learn of it before it is done."""
    tasks = [place["task"].pk for place in scene.places]
    assert [_status(scene, "official", "verification-task", pk) for pk in tasks] == [200, 200, 200, 404]
    assert [_status(scene, "officer", "verification-task", pk) for pk in tasks] == [200, 200, 404, 404]
    assert [_status(scene, "clerk", "verification-task", pk) for pk in tasks] == [404, 404, 404, 404]
    assert _status(scene, "admin", "verification-task", tasks[0]) == 403
    with transaction.atomic():
        type(scene.places[0]["task"]).objects.filter(pk=tasks[0]).update(assignee=scene.users["clerk"])
        answer = scene.clients["clerk"].get(reverse("api:verification-task-detail", args=[tasks[0]]))
        assert answer.status_code == 200
        assert not {"compared", "first", "survey"} & set(answer.json())
        assert Permission.SURVEY_REVIEW not in GRANTS[Role.VILLAGE_CLERK]
        transaction.set_rollback(True)


def test_differences_are_not_told_to_who_is_still_to_look(scene, read):
    page, listed = reverse("surveys:difference_list"), "verification-difference"
    before = [row["id"] for row in every_row(read, "official", listed)]
    with transaction.atomic():
        task = scene.places[0]["task"]
        type(task).objects.filter(pk=task.pk).update(assignee=scene.users["official"])
        after = [row["id"] for row in every_row(read, "official", listed)]
        assert len(after) == len(before) - 1
        assert [row.pk for row, _words in scene.clients["official"].get(page).context["lines"]] == after
        transaction.set_rollback(True)


def test_an_appraisal_of_ones_own(scene, read):
    (own,) = every_row(read, "clerk", "own-appraisal")
    assert _status(scene, "clerk", "own-appraisal", own["id"]) == 200
    assert _status(scene, "officer", "own-appraisal", own["id"]) == 404
    assert every_row(read, "official", "own-appraisal") == []


def test_what_is_compared_is_told_as_on_its_page(scene, read):
    client = scene.clients["official"]
    home = Household.objects.get(pk=scene.places[0]["household"])
    with transaction.atomic():
        Household.objects.filter(pk=home.pk).update(status="marginal")
        shown = client.get(reverse("assistance:marginal")).context["rows"]
        told = read("official", "marginal-household").json()["results"]
        assert [(row["household"]["id"], row["carded"], row["deliveries"]) for row in told] == [
            (row.household.pk, row.carded, row.got) for row in shown
        ]
        assert home.pk in [row["household"]["id"] for row in told]
        transaction.set_rollback(True)
    groups = client.get(reverse("assistance:effects")).context["groups"]
    rows = read("official", "effect").json()["rows"]
    assert [row["numbers"]["households"] for row in rows] == [
        change.count for group in groups for change in group.changes
    ]
    page = client.get(reverse("surveys:agreement")).context
    for by, name in (("field", "fields"), ("person", "people")):
        rows = read("official", "survey-agreement", f"by={by}").json()["rows"]
        assert [(row["label"], row["numbers"]["compared"], row["numbers"]["agreed"]) for row in rows] == [
            (share.label, share.n, share.agreed) for share in page[name]
        ]
