"""Party building: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from common import vault
from party.models import PartyEvidence
from tests.factories.households import _jpeg
from tests.factories.party import (
    ActivityFactory,
    AttendanceFactory,
    BranchFactory,
    CourseFactory,
    FacilityFactory,
    PersonFactory,
    PostFactory,
    ProposalFactory,
    SessionFactory,
)
from tests.gates import Area, Door, Menu, P, There, form, get, post

SEE, EDIT, CONFIRM = There(P.PARTY_VIEW), There(P.PARTY_VIEW, P.PARTY_EDIT), There(P.PARTY_VIEW, P.PARTY_CONFIRM)
LIST = Menu(P.PARTY_VIEW)
V, B, PERSON, S = {"pk": "village"}, {"pk": "branch"}, {"pk": "party_person"}, {"pk": "session"}
A, F = {"pk": "activity"}, {"pk": "facility"}
LED = (200, 302)  # who has one village is led to it

DOORS: list[Door] = [
    *get("party:overview", LIST, ok=LED),
    *get("party:village_list", LIST, ok=LED),
    *(each for tab in ("", "_development", "_classroom", "_life", "_facilities") for each in get(f"party:village{tab}", SEE, V)),
    *form("party:branch_new", EDIT, V),
    *form("party:session_new", EDIT, V),
    *form("party:facility_new", EDIT, V),
    *get("party:branch_list", LIST),
    *(each for name in ("branch_change", "branch_close", "post_new", "person_apply", "member_new", "activity_new") for each in form(f"party:{name}", EDIT, B)),
    *form("party:post_end", EDIT, {"pk": "branch_post"}),
    *get("party:person_list", LIST),
    *get("party:person_detail", SEE, PERSON),
    *form("party:person_change", EDIT, PERSON),
    *form("party:person_leave", EDIT, PERSON),
    *post("party:person_return", EDIT, PERSON),
    *form("party:person_able", CONFIRM, PERSON),
    *post("party:person_unable", CONFIRM, PERSON),
    *form("party:step_new", EDIT, {"pk": "party_activist"}),
    *form("party:step_undo", EDIT, PERSON),
    *get("party:development_list", LIST),
    *get("party:proposal_list", LIST),
    *post("party:proposals_confirm", Menu(P.PARTY_CONFIRM)),
    *form("party:proposal_refuse", CONFIRM, {"pk": "stage_proposal"}),
    *post("party:proposal_withdraw", EDIT, {"pk": "stage_proposal"}),
    *get("party:course_list", LIST),
    *form("party:course_new", Menu(P.PARTY_CONFIRM)),
    *get("party:session_list", LIST),
    *get("party:session_detail", SEE, S),
    *(each for name in ("change", "attendance", "lecture", "photo") for each in form(f"party:session_{name}", EDIT, S)),
    *form("party:session_hold", EDIT, {"pk": "planned_session"}),
    *post("party:session_cancel", EDIT, {"pk": "planned_session"}),
    *get("party:session_qr", EDIT, S),
    *post("party:session_qr_close", EDIT, S),
    *get("party:unreached_list", LIST),
    *get("party:due_list", LIST),
    *get("party:activity_list", LIST),
    *get("party:activity_detail", SEE, A),
    *(each for name in ("change", "remove", "photo") for each in form(f"party:activity_{name}", EDIT, A)),
    *get("party:facility_list", LIST),
    *(each for name in ("change", "check", "remove") for each in form(f"party:facility_{name}", EDIT, F)),
    *get("party:rule_list", LIST),
    *form("party:rule_edit", Area(P.RULE_EDIT), {"pk": "township"}),
    *form("party:activity_rule", Area(P.RULE_EDIT), {"pk": "township"}),
    *get("party:evidence", SEE, {"uid": "party_photo"}),
    *post("party:photo_remove", EDIT, {"uid": "party_photo"}),
]  # fmt: skip
BY_HAND: dict[str, str] = {
    "party:course_change": "party.view from the township down, party.confirm in its region: tests/party/test_classroom.py",
    "party:course_retire": "party.view from the township down, party.confirm in its region: tests/party/test_classroom.py",
}
PUBLIC: dict[str, str] = {
    "party:sign_in": "signing in to a session: a random address good on the day, a name and four digits, throttled, nobody's name shown",
}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    branch = BranchFactory(village=village)
    person = PersonFactory(branch=branch)
    session = SessionFactory(village=village)
    photo = PartyEvidence.objects.create(
        session=session,
        file=vault.put("evidence/party", _jpeg()),
        sha256="0" * 64,
        width=40,
        height=30,
        uploaded_by="clerk",
    )
    return {
        "branch": branch.pk, "party_person": person.pk, "party_activist": PersonFactory(branch=branch, stage="activist").pk,
        "branch_post": PostFactory(person=person).pk, "stage_proposal": ProposalFactory(person__branch=branch).pk, "session": session.pk,
        "planned_session": SessionFactory(village=village, course=session.course, state="planned").pk,
        "activity": ActivityFactory(branch=branch).pk, "facility": FacilityFactory(village=village).pk, "party_photo": photo.uid,
    }  # fmt: skip


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    branch = BranchFactory(village=household.village)
    person, session = PersonFactory(branch=branch), SessionFactory(village=household.village)
    activity = ActivityFactory(branch=branch)
    ProposalFactory(person__branch=branch)
    FacilityFactory(village=household.village)
    AttendanceFactory(session=session, person=person)
    place = [household.village_id]
    return {
        **{f"party, {theme}": reverse("party:overview") + f"?theme={theme}" for theme in ("staffing", "development", "classroom", "life", "facilities")},
        "party, villages": reverse("party:village_list"),
        **{f"party, a village's {tab or 'branches'}": reverse(f"party:village{'_' * bool(tab)}{tab}", args=place)
           for tab in ("", "development", "classroom", "life", "facilities")},
        "party, branches": reverse("party:branch_list") + "?gap=able",
        "party, people": reverse("party:person_list"),
        "party, people by trait": reverse("party:person_list") + "?trait=young",
        "party, person": reverse("party:person_detail", args=[person.pk]),
        "party, rule by village": reverse("party:development_list"),
        "party, proposals": reverse("party:proposal_list"),
        "party, courses": reverse("party:course_list"),
        "party, sessions": reverse("party:session_list"),
        "party, session": reverse("party:session_detail", args=[session.pk]),
        "party, attendance": reverse("party:session_attendance", args=[session.pk]),
        "party, villages not reached": reverse("party:unreached_list"),
        "party, due": reverse("party:due_list"),
        "party, activities": reverse("party:activity_list"),
        "party, activity": reverse("party:activity_detail", args=[activity.pk]),
        "party, facility list": reverse("party:facility_list"),
        "party, rules": reverse("party:rule_list"),
    }  # fmt: skip


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
    branch = BranchFactory(village=land.village)
    PostFactory(person=PersonFactory(branch=branch))
    ProposalFactory(person__branch=branch)
    session = SessionFactory(village=land.village, course=CourseFactory(region=land.township))
    AttendanceFactory(session=session, person=PersonFactory(branch=branch))
    ActivityFactory(branch=branch)
    FacilityFactory(village=land.village)
