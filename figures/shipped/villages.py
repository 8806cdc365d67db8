"""What is counted of villages and of who comes to help there: villages, pairings, units that answer for villages, members of resident teams."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.roles import Permission
from accounts.scoping import visible_region_ids
from assistance.models import Shortfall
from cadres import codelists
from cadres.models import Affiliation, Rank, ResidentTeam, TeamMember, UnitVillage
from cadres.querysets import in_force
from common.lookups import among
from figures.datasets import ROWS, Dataset, Dimension, Measure, Told, cases, column
from figures.shipped.kinds import bands, yes_no
from figures.shipped.ledgers import REGISTERED, status_of
from households.models import Household, Pairing
from households.models.status import MONITORED
from regions.models import Level, Region
from supervision.counted import whose

HOMES = gettext_lazy("户")


class Villages(Dataset):
    """Villages themselves: seen where a posting grants it."""

    def rows_for(self, user: Any, today: dt.date) -> Any:
        rows = Region.objects.filter(
            among("pk", visible_region_ids(user, self.permission) if user.can(self.permission) else [])
        )
        return self._placed(self.narrow(rows, today))


def _of_homes(number: Any, **conditions: Any) -> Any:
    """A number of the households of a village."""
    rows = Household._base_manager.filter(village=OuterRef("pk"), closed_on=None, **conditions).order_by()
    return Coalesce(Subquery(rows.values("village").annotate(n=number).values("n"), output_field=IntegerField()), 0)


def _shortfalls() -> Any:
    rows = Shortfall._base_manager.filter(village=OuterRef("pk"), resolved_on=None).order_by()
    return Coalesce(
        Subquery(rows.values("village").annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0
    )


def _villages(rows: Any, today: dt.date) -> Any:
    teams = ResidentTeam._base_manager.filter(in_force(today), village=OuterRef("pk"))
    units = UnitVillage._base_manager.filter(in_force(today), village=OuterRef("pk"))
    places = TeamMember._base_manager.filter(in_force(today), is_first_secretary=True, team__village=OuterRef("pk"))
    return rows.filter(Q(valid_to=None) | Q(valid_to__gt=today), level=Level.VILLAGE, valid_from__lte=today).annotate(
        homes=_of_homes(Count("pk")), people=_of_homes(Sum("member_count")), on_register=_of_homes(Count("pk"), status__in=REGISTERED),
        monitored=_of_homes(Count("pk"), status__in=MONITORED), lacking=_shortfalls(),
        has_team=Exists(teams), has_unit=Exists(units), has_secretary=Exists(places),
    )  # fmt: skip


def tell_village(row: Region) -> Told:
    return Told(row.name, row.full_name, reverse("figures:board", args=[row.pk]))


WITH, WITHOUT = gettext_lazy("有"), gettext_lazy("没有")

villages = Villages(
    "villages", gettext_lazy("行政村"), gettext_lazy("现在的行政村；户数人数是在册、没有销户的"), Region, _villages,
    (
        Measure(ROWS, gettext_lazy("村数"), gettext_lazy("个")), Measure("homes", gettext_lazy("农户"), HOMES, F("homes")),
        Measure("people", gettext_lazy("人口"), gettext_lazy("人"), F("people")),
        Measure("on_register", gettext_lazy("建档立卡和监测户"), HOMES, F("on_register")),
        Measure("monitored", gettext_lazy("三类监测对象"), HOMES, F("monitored")),
        Measure("lacking", gettext_lazy("没有补齐的短板"), gettext_lazy("条"), F("lacking")),
    ),
    (
        yes_no("team", gettext_lazy("驻村工作队"), "has_team", WITH, WITHOUT), yes_no("unit", gettext_lazy("包村单位"), "has_unit", WITH, WITHOUT),
        yes_no("secretary", gettext_lazy("第一书记"), "has_secretary", WITH, WITHOUT),
        bands("homes", gettext_lazy("农户数"), "homes", (0, 100, 200, 300, 500), HOMES, whole=True),
        bands("monitored", gettext_lazy("监测对象户数"), "monitored", (0, 1, 5, 10, 20), HOMES, whole=True, tail=True),
        bands("lacking", gettext_lazy("短板条数"), "lacking", (0, 1, 3, 5), gettext_lazy("条"), whole=True, tail=True),
    ),
    (), (), tell_village, village="id", related=("parent",), weight=16,
)  # fmt: skip


def unit_of(prefix: str) -> tuple[Dimension, Dimension]:
    """Of a cadre: what their unit is affiliated with, and their rank."""
    return (
        column("affiliation", gettext_lazy("单位隶属关系"), f"{prefix}unit__affiliation", Affiliation.choices),
        column("rank", gettext_lazy("职级"), f"{prefix}rank", {key or "none": words for key, words in Rank.choices}),
    )


def tell_pairing(row: Pairing) -> Told:
    return Told(
        f"{row.cadre.name} · {row.cadre.unit.name}",
        f"{whose(row)} · {row.get_mode_display()}",
        reverse("cadres:cadre_detail", args=[row.cadre_id]),
    )


pairings = Dataset(
    "pairings", gettext_lazy("结对帮扶"), gettext_lazy("现在有效的结对，一户一人一对，点对点办理诉求的不算；户没有销户"), Pairing,
    lambda rows, today: rows.filter(in_force(today), household__closed_on=None).exclude(mode=Pairing.Mode.POINT_TO_POINT),
    (Measure(ROWS, gettext_lazy("对数"), gettext_lazy("对")),),
    (
        status_of("household__status"), *unit_of("cadre__"), column("mode", gettext_lazy("帮扶方式"), "mode", Pairing.Mode.choices),
        yes_no("lead", gettext_lazy("牵头"), "is_lead", gettext_lazy("牵头人"), gettext_lazy("不牵头")),
        column("sex", gettext_lazy("干部性别"), "cadre__sex", codelists.SEX.every_choice, blank=True),
        yes_no("party", gettext_lazy("中共党员"), "cadre__is_party_member", gettext_lazy("党员"), gettext_lazy("非党员")),
    ),
    (), (), tell_pairing, village="household__village_id", related=("household__village", "household__township", "cadre__unit"),
    permission=Permission.CADRE_VIEW, weight=33,
)  # fmt: skip


def tell_answer(row: UnitVillage) -> Told:
    return Told(
        row.unit.name,
        f"{row.village.full_name} · {row.unit.get_affiliation_display()}",
        reverse("cadres:unit_detail", args=[row.unit_id]),
    )


answers = Dataset(
    "answers", gettext_lazy("包村单位"), gettext_lazy("现在的包村单位，一个单位包一个村算一次"), UnitVillage, lambda rows, today: rows.filter(in_force(today)),
    (Measure(ROWS, gettext_lazy("单位次"), gettext_lazy("个")),),
    (column("affiliation", gettext_lazy("单位隶属关系"), "unit__affiliation", Affiliation.choices),),
    (), (), tell_answer, related=("unit", "village"), permission=Permission.CADRE_VIEW, weight=34,
)  # fmt: skip


def tell_place(row: TeamMember) -> Told:
    return Told(
        f"{row.cadre.name} · {row.cadre.unit.name}",
        row.team.village.full_name,
        reverse("cadres:village_page", args=[row.team.village_id]),
    )


places = Dataset(
    "places", gettext_lazy("驻村干部"), gettext_lazy("现在在岗的驻村工作队队员"), TeamMember,
    lambda rows, today: rows.filter(in_force(today), Q(team__ends_on=None) | Q(team__ends_on__gt=today)),
    (Measure(ROWS, gettext_lazy("人数"), gettext_lazy("人")),),
    (
        cases(
            "duty", gettext_lazy("职责"),
            {
                "secretary": (gettext_lazy("第一书记（含兼队长）"), Q(is_first_secretary=True)),
                "leader": (gettext_lazy("队长"), Q(is_first_secretary=False, is_leader=True)),
                "member": (gettext_lazy("队员"), Q(is_first_secretary=False, is_leader=False)),
            },
        ),
        *unit_of("cadre__"), yes_no("full", gettext_lazy("全脱产"), "is_full_time", gettext_lazy("全脱产"), gettext_lazy("不脱产")),
        column("sex", gettext_lazy("性别"), "cadre__sex", codelists.SEX.every_choice, blank=True),
    ),
    (), (), tell_place, village="team__village_id", related=("cadre__unit", "team__village"), permission=Permission.CADRE_VIEW, weight=35,
)  # fmt: skip

DATASETS = (villages, pairings, answers, places)
