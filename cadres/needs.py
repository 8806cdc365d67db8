"""需求与力量: what a village needs of who comes to help, what its resident team brings of it, and who could bring the rest.

A village needs its own languages and the skills its industries ask for (`VillageProfile`), a first secretary, and what upper floors name:
they register `function(village_ids) -> {village_id: [Need]}` in `AppConfig.ready`. A need is met by any member of the team of today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres import teams
from cadres.codelists import LANGUAGES, SKILLS
from cadres.models import Cadre, TeamMember, UnitVillage, VillageProfile
from cadres.querysets import in_force
from common.lookups import among
from regions.models import Level, Region

SPOKEN_BY_ALL = "putonghua"  # whoever is sent speaks it
KINDS: dict[str, Any] = {
    "secretary": gettext_lazy("缺第一书记"),
    "language": gettext_lazy("缺会说当地话的人"),
    "skill": gettext_lazy("缺专长"),
}
UNKNOWN = "unknown"  # no 村情 is registered, so nobody knows what is needed
MOST_SUGGESTED = 3


@dataclass(frozen=True)
class Need:
    """Something a village asks for. `skill` is a code of `codelists.SKILLS`, "" where no skill answers it; `url` leads to where it is from."""

    label: Any
    skill: str = ""
    url: str = ""


Source = Callable[[list[int]], Mapping[int, Iterable[Need]]]
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Called in `AppConfig.ready`; `source` asks the database once, however many villages."""
    if source not in _sources:
        _sources.append(source)
    return source


def told(villages: Sequence[int]) -> dict[int, list[Need]]:
    """What upper floors say that the villages need."""
    found: dict[int, list[Need]] = {}
    for source in _sources:
        for village, needs in source(list(villages)).items():
            found.setdefault(village, []).extend(needs)
    return found


@dataclass
class Ask:
    """One need of a village with who brings it. `code` is that of a language or a skill; `sources` say why it is needed."""

    kind: str
    code: str
    label: str
    sources: list[Need] = field(default_factory=list)
    brought_by: list[Cadre] = field(default_factory=list)

    @property
    def is_met(self) -> bool:
        return bool(self.brought_by)


@dataclass
class Balance:
    """A village with its team, what it asks for, and what is known of it. `others` are needs that no skill answers."""

    line: teams.Line
    profile: VillageProfile | None
    asks: list[Ask] = field(default_factory=list)
    others: list[Need] = field(default_factory=list)

    @property
    def village(self) -> Any:
        return self.line.village

    @property
    def lacks(self) -> list[Ask]:
        return [ask for ask in self.asks if not ask.is_met]

    def lacks_of(self, kind: str) -> list[Ask]:
        return [ask for ask in self.lacks if ask.kind == kind]

    def falls_under(self, code: str) -> bool:
        """Whether the village is in the list of `code`: a kind, `unknown`, "any", or "" for all."""
        if code == UNKNOWN:
            return self.profile is None
        return not code or bool(self.lacks if code == teams.ANY else self.lacks_of(code))


def balances_of(villages: Iterable[Any], today: dt.date | None = None) -> list[Balance]:
    """Of villages that `teams.with_state` has looked at, those that lack the most first. A fixed number of queries."""
    lines = teams.lines_of(villages, today)
    keys = [line.village.pk for line in lines]
    profiles = {p.village_id: p for p in VillageProfile.objects.filter(among("village_id", keys))}
    needs = told(keys)
    found = [_balance(line, profiles.get(line.village.pk), needs.get(line.village.pk, [])) for line in lines]
    return sorted(found, key=lambda b: (-len(b.lacks), b.line.team is not None, b.village.code, b.village.pk))


def _balance(line: teams.Line, profile: VillageProfile | None, needs: Iterable[Need]) -> Balance:
    people = [place.cadre for place in line.places]
    balance = Balance(line, profile)
    secretary = [line.secretary.cadre] if line.secretary else []
    balance.asks.append(Ask("secretary", "", str(_("第一书记")), brought_by=secretary))
    for code in profile.languages if profile else []:
        if code != SPOKEN_BY_ALL:
            speakers = [cadre for cadre in people if code in cadre.languages]
            balance.asks.append(Ask("language", code, LANGUAGES.label(code), [Need(_("村民日常用语"))], speakers))
    wanted: dict[str, list[Need]] = {code: [Need(_("村里的产业"))] for code in (profile.industries if profile else [])}
    for need in needs:
        if need.skill in SKILLS:
            wanted.setdefault(need.skill, []).append(need)
        else:
            balance.others.append(need)
    for code, sources in wanted.items():
        able = [cadre for cadre in people if code in cadre.skills]
        balance.asks.append(Ask("skill", code, SKILLS.label(code), sources, able))
    return balance


# -- who could bring it --------------------------------------------------------------------------------------------------------------


@dataclass
class Suggestion:
    """A serving cadre who brings something that is lacking, and why in one sentence."""

    cadre: Cadre
    brings: list[Ask]
    answers: bool  # the cadre's unit answers for the village, or sends its team

    @property
    def sentence(self) -> str:
        """会说彝语，有水利专长，可以任第一书记；单位联系这个村。"""
        said = []
        for ask in self.brings:
            match ask.kind:
                case "language":
                    said.append(_("会说%(what)s") % {"what": ask.label})
                case "skill":
                    said.append(_("有%(what)s专长") % {"what": ask.label})
                case _:
                    said.append(_("是党员，可以任第一书记"))
        sentence = _("，").join(said)
        return sentence + (_("；单位联系这个村。") if self.answers else _("。"))


_OFFERED = ("pk", "name", "languages", "skills", "is_party_member", "unit_id", "unit__region_id")


@dataclass(slots=True)
class _Offer:
    """A cadre who may be suggested, of thousands: rows are read for those chosen alone."""

    order: tuple[Any, ...]
    pk: int
    brings: list[Ask]
    answers: bool


def suggestions_for(balance: Balance, user: Any) -> list[Suggestion]:
    """Up to three serving cadres of the county's units who together bring the most of what is lacking: not in a team full time today, seen
    by the user.

    Who brings as much: first of a unit that answers for the village, then of a unit nearer to it, then by name.
    """
    lacks = balance.lacks
    village: Region = balance.village
    if not lacks or village.level != Level.VILLAGE:
        return []
    brings = Q()
    for ask in lacks:
        match ask.kind:
            case "language":
                brings |= Q(languages__contains=[ask.code])
            case "skill":
                brings |= Q(skills__contains=[ask.code])
            case _:
                brings |= Q(is_party_member=True)
    above = village.ancestor_ids
    county = "".join(f"{pk}/" for pk in above[:3])
    busy = TeamMember.objects.filter(in_force(), is_full_time=True).values("cadre")
    found = (
        Cadre.objects.for_user(user)
        .serving()
        .filter(brings, unit__region__path__startswith=county)
        .exclude(pk__in=busy)
    )
    near = set(UnitVillage.objects.filter(in_force(), village=village).values_list("unit_id", flat=True))
    if balance.line.team and balance.line.team.unit_id:
        near.add(balance.line.team.unit_id)
    offers = []
    for pk, name, languages, skills, party, unit, region in found.values_list(*_OFFERED).order_by():
        brought = [ask for ask in lacks if _brings(ask, languages, skills, party)]
        order = (-len(brought), unit not in near, region not in above, name, pk)
        offers.append(_Offer(order, pk, brought, unit in near))
    chosen = _few(sorted(offers, key=lambda offer: offer.order), lacks)
    cadres = Cadre.objects.select_related("unit").in_bulk([offer.pk for offer in chosen])
    return [Suggestion(cadres[offer.pk], offer.brings, offer.answers) for offer in chosen if offer.pk in cadres]


def _few(offers: list[_Offer], lacks: list[Ask]) -> list[_Offer]:
    """One after the other who brings the most of what those before leave open; when nothing is left open, whoever is next."""
    chosen: list[_Offer] = []
    still = list(lacks)
    while offers and len(chosen) < MOST_SUGGESTED:
        best = max(offers, key=lambda offer: sum(ask in offer.brings for ask in still))  # the first of equals
        chosen.append(best)
        offers = [other for other in offers if other is not best]
        still = [ask for ask in still if ask not in best.brings]
    return chosen


def _brings(ask: Ask, languages: list[str], skills: list[str], party: bool) -> bool:
    match ask.kind:
        case "language":
            return ask.code in languages
        case "skill":
            return ask.code in skills
        case _:
            return party
