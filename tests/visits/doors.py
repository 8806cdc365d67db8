"""Visits: who opens which page, and the pages whose queries are counted (`tests.test_doors`, `tests.test_query_counts`)."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.urls import reverse
from django.utils import timezone

from accounts.roles import Permission
from common import vault
from tests.data.pictures import jpeg
from tests.factories import (
    CadreFactory,
    SurveyPhotoFactory,
    VisitDutyFactory,
    VisitFactory,
    VisitRuleFactory,
)
from tests.gates import Door, Household, Menu, form, get
from visits.models import LastVisit, VisitRule

P = Permission
HERE = Household(P.HOUSEHOLD_VIEW)
NEW = {"uid": str(uuid.UUID(int=5)), "manner": "visit", "met": "householder", "text": "都好"}


class OfCadre:
    """A cadre of a unit of the place's county, seen from it, from above and from below."""

    def expected(self, who: Any, place: Any) -> int:
        if P.CADRE_VIEW not in who.grants or who.role is None:
            return 404
        county = place.township.parent.path
        return 200 if county.startswith(who.path) or who.path.startswith(county) else 404

    def __str__(self) -> str:
        return f"{P.CADRE_VIEW} in the unit's region or below"


class OfRule:
    """A rule of the place's village: seen where cadres are, ended by the county."""

    def expected(self, who: Any, place: Any) -> int:
        if not who.holds_in(P.CADRE_VIEW, place.village.path):
            return 404
        return 200 if who.holds_in(P.RULE_EDIT, place.village.path) else 403

    def __str__(self) -> str:
        return f"{P.RULE_EDIT} (to see: {P.CADRE_VIEW}), in the village"


DOORS: list[Door] = [
    *get("visits:visit_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("visits:duty_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("visits:coverage", Menu(P.HOUSEHOLD_VIEW)),
    *get("visits:visited_list", Menu(P.HOUSEHOLD_VIEW)),
    *get("visits:month", Menu(P.HOUSEHOLD_VIEW)),
    *get("visits:visit_detail", HERE, {"pk": "visit"}),
    *get("visits:visit_photo", HERE, {"pk": "visit", "uid": "visit_photo"}, ok=(200,)),
    *form("visits:visit_void", Household(P.HOUSEHOLD_VIEW, P.VISIT_VOID), {"pk": "visit"}, data={"reason": "记错了户"}),
    *form("visits:visit_new", Household(P.HOUSEHOLD_VIEW, P.VISIT_RECORD), {"pk": "household"}, data=NEW),
    *get("visits:household_visits", HERE, {"pk": "household"}),
    *get("visits:cadre_visits", OfCadre(), {"pk": "visit_cadre"}),
    *get("visits:desk", Menu(P.VISIT_RECORD)),
    *get("visit_log:visit", Menu(P.VISIT_RECORD)),
    *get("visits:rule_list", Menu(P.CADRE_VIEW)),
    *form("visits:rule_new", Menu(P.RULE_EDIT)),
    *form("visits:rule_end", OfRule(), {"pk": "visit_rule"}),
    *get("api:visit-list", Menu(P.HOUSEHOLD_VIEW)),
    *get("api:visit-duty-list", Menu(P.HOUSEHOLD_VIEW)),
]
BY_HAND: dict[str, str] = {
    "api:visit-detail": "who sees no household anywhere is refused (403), else as the visit's page",
    "api:visit-duty-detail": "who sees no household anywhere is refused (403), else as the household",
}
PUBLIC: dict[str, str] = {}


def furnish(village: Any, household: Any) -> dict[str, Any]:
    """Rows of the package in a village of the scene, by the names that `DOORS` use."""
    cadre = CadreFactory(unit__region=village.parent.parent)
    photo = uuid.uuid4()
    visit = VisitFactory(household=household, cadre=cadre, photos=[photo])
    SurveyPhotoFactory(
        uid=photo, survey=None, survey_uid=visit.uid, uploader=visit.visitor, file=vault.put("visits/x", jpeg())
    )
    rule = VisitRuleFactory(region=village, capacity="county")
    duty = VisitDutyFactory(rule=rule, household=household, cadre=cadre)
    return {
        "visit": visit.pk,
        "visit_photo": photo,
        "visit_cadre": cadre.pk,
        "visit_rule": rule.pk,
        "visit_duty": duty.pk,
    }


def addresses(household: Any) -> dict[str, str]:
    """Pages whose queries are pinned, and what stands on them."""
    _more(household)
    cadre = CadreFactory(unit__region=household.village.parent.parent)
    visit = VisitFactory(household=household, cadre=cadre)
    return {
        "desk": reverse("visits:desk"),
        "visit log": reverse("visit_log:visit"),
        "visit list": reverse("visits:visit_list"),
        "visit page": reverse("visits:visit_detail", args=[visit.pk]),
        "visits of a household": reverse("visits:household_visits", args=[household.pk]),
        "visits of a cadre": reverse("visits:cadre_visits", args=[cadre.pk]),
        "visit duties": reverse("visits:duty_list"),
        "visit coverage": reverse("visits:coverage"),
        "visit coverage by helper": reverse("visits:coverage") + "?by=helper",
        "last visits": reverse("visits:visited_list"),
        "month of visits": f"{reverse('visits:month')}?day={timezone.localdate().isoformat()}",
        "visit rules": reverse("visits:rule_list"),
        "api: visits": reverse("api:visit-list"),
        "api: visit duties": reverse("api:visit-duty-list"),
    }


def _more(household: Any) -> None:
    visit = VisitFactory(household=household, next_on=timezone.localdate() + dt.timedelta(days=9))
    rule = VisitRule.objects.order_by("pk").first() or VisitRuleFactory(region=household.village)
    VisitDutyFactory(household=household, rule=rule, cadre=CadreFactory(unit__region=household.village.parent.parent))
    LastVisit.objects.update_or_create(household=household, defaults={"visited_on": visit.on})


def grow(household: Any, land: Any) -> None:
    """One row more of everything that `addresses` show."""
    _more(household)
