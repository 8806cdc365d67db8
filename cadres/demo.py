"""What the demonstration shows of the people who help: units answer for villages, teams stand in nearly all of them, and a few fall short.

Nobody here exists. What a county has had for years goes in at once, under one event that vouches for every row; what a visitor should find
in the history of the village that the log-ins belong to is done by the verbs.
"""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from django.utils import timezone

from accounts.demo import CONSOLE, tell_once
from accounts.models import User
from cadres import services
from cadres.models import Affiliation, Cadre, Rank, ResidentTeam, TeamMember, Unit, UnitVillage, VillageProfile
from common import audit, identity
from common.models import AuditEvent
from common.pii import seal_id_number, seal_phone
from regions.models import Level, Region

DONE = "demo/teams"
PEOPLE = "demo/people"  # target of the event that vouches for the units and cadres of the first demonstration
USERS = ("county", "township", "team")
UNITS = (
    "财政局", "民政局", "住房和城乡建设局", "人力资源和社会保障局", "自然资源局", "文化和旅游局", "林业局", "医疗保障局", "供电局", "司法局", "市场监督管理局", "融媒体中心",
)  # fmt: skip
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕"
GIVEN = ("建军", "志强", "晓燕", "春梅", "国庆", "海波", "丽娟", "文斌", "永红", "世荣", "秀兰", "德明", "小刚", "玉芬", "光明", "兴华", "雪梅", "长江", "正平", "云飞")  # fmt: skip
SKILLS = ("crops", "livestock", "forestry", "processing", "tourism", "trade", "water", "roads", "power", "education", "health", "law", "finance", "party", "jobs")  # fmt: skip
SPOKEN = ("yi", "miao", "buyi")
BATCH_MONTHS = 18  # ago the teams of today came, for two years
EARLIER = {3: 5, 15: 8}  # months that some teams came before the others: for terms that end soon, or have ended
MISMATCHED = "yi"  # spoken in the village of the log-ins, by nobody in its team


def fill() -> bool:
    """Once; also for a demonstration from before units and cadres left events."""
    return tell_once(DONE, "demo.teams", USERS, lambda people: _Story(people).tell())


class _Story:
    def __init__(self, people: dict[str, User]) -> None:
        self.people = people
        self.pick = random.Random(2025)
        self.today = timezone.localdate()
        self.serial = 0
        county, home = people["county"].home, people["team"].home
        assert county is not None
        assert home is not None
        self.county, self.home = county, home
        self.villages = list(
            Region.objects.within(county)
            .filter(level=Level.VILLAGE, valid_to=None)
            .select_related("parent")
            .order_by("code")
        )

    def tell(self) -> None:
        _vouch_for_the_first(self.county)
        units = self._units()
        answers = [
            UnitVillage(unit=units[n % len(units)], village=v, starts_on=dt.date(2021, 7, 1))
            for n, v in enumerate(self.villages)
        ]
        profiles = [self._profile(n, village) for n, village in enumerate(self.villages)]
        UnitVillage.objects.bulk_create(answers)
        VillageProfile.objects.bulk_create(profiles)
        rows = self._teams([answer.unit for answer in answers], {p.village_id: p for p in profiles})
        audit.record(
            "people.recorded", by=CONSOLE, target=DONE, region_path=self.county.path, note="demo", rows=[*units, *answers, *profiles, *rows]
        )  # fmt: skip
        self._know_some()
        self._live_in_the_village()

    def _units(self) -> list[Unit]:
        """The county's own, some more of them."""
        more = [
            Unit(name=f"{self.county.name}{name}", region=self.county, affiliation=Affiliation.COUNTY) for name in UNITS
        ]
        Unit.objects.bulk_create(more)
        return list(Unit.objects.filter(region=self.county).order_by("pk"))

    def _profile(self, n: int, village: Region) -> VillageProfile:
        """A township speaks the language of its valley; the county lies on made-up ground of a degree each way."""
        assert village.parent is not None
        valley = int(village.parent.code[7:9]) % 5
        languages = ["putonghua", "local", *([SPOKEN[valley]] if valley < len(SPOKEN) else [])]
        if village.pk == self.home.pk and MISMATCHED not in languages:
            languages.append(MISMATCHED)
        industries = sorted(self.pick.sample(SKILLS[:6], 2), key=SKILLS.index)
        return VillageProfile(
            village=village, languages=languages, industries=industries, longitude=Decimal("103.90") + Decimal(n % 20) * Decimal("0.04"),
            latitude=Decimal("26.60") + Decimal(n // 20) * Decimal("0.04"),
        )  # fmt: skip

    # -- teams --------------------------------------------------------------------------------------------------------------------

    def _teams(self, units: list[Unit], profiles: dict[int, VillageProfile]) -> list[Cadre | ResidentTeam | TeamMember]:
        """Three in a village; here and there nobody, too few, a leader apart, a term too short, about to end or over."""
        cadres: list[Cadre] = []
        teams: list[ResidentTeam] = []
        places: list[TeamMember] = []
        for n, (village, unit) in enumerate(zip(self.villages, units, strict=True)):
            if village.pk == self.home.pk or n % 24 == 7:  # the one is told by the verbs, the other is vacant
                continue
            own = self._months_ago(BATCH_MONTHS + EARLIER.get(n % 24, 0))
            team = ResidentTeam(village=village, unit=unit, starts_on=own)
            teams.append(team)
            spoken = [code for code in profiles[village.pk].languages if code in SPOKEN]
            for number in range(2 if n % 24 == 11 else 3):
                cadre = self._cadre(unit, leads=number == 0, speaks=spoken if number == 1 and n % 3 else [])
                knows = profiles[village.pk].industries[: n % 4] if number == 2 else []
                cadre.skills = sorted({*cadre.skills, *knows}, key=SKILLS.index)
                cadres.append(cadre)
                places.append(self._place(team, cadre, n, number, own))
        Cadre.objects.bulk_create(cadres)
        ResidentTeam.objects.bulk_create(teams)
        TeamMember.objects.bulk_create(places)
        return [*cadres, *teams, *places]

    def _place(self, team: ResidentTeam, cadre: Cadre, n: int, number: int, came: dt.date) -> TeamMember:
        term = came.replace(year=came.year + (3 if n % 24 in EARLIER else 2))
        match n % 24, number:
            case 3, 2:
                term = self.today + dt.timedelta(days=40)
            case 15, 1:
                term = self.today - dt.timedelta(days=12)
            case 19, 2:
                term = came.replace(year=came.year + 1) + dt.timedelta(days=300)
        apart = n % 24 == 21
        return TeamMember(
            team=team, cadre=cadre, starts_on=came, term_ends_on=term, is_leader=number == 0, is_first_secretary=number == (1 if apart else 0)
        )  # fmt: skip

    def _cadre(self, unit: Unit, *, leads: bool, speaks: list[str]) -> Cadre:
        """Somebody invented: the ID number is of an area that no county has, the phone of a block that is not given out."""
        self.serial += 1
        born = dt.date(self.pick.randint(1968, 1999), self.pick.randint(1, 12), self.pick.randint(1, 28))
        body = f"990101{born:%Y%m%d}{self.serial % 1000:03d}"
        number = seal_id_number(body + identity.check_digit(body))
        phone = seal_phone(f"199000{self.serial:05d}")
        politics = "01" if leads or self.serial % 11 == 0 else "13"
        cadre = Cadre(
            name=self.pick.choice(SURNAMES) + self.pick.choice(GIVEN), unit=unit, title="副科长" if leads else "科员",
            rank=Rank.SECTION if leads else Rank.ORDINARY, sex="1" if int(body[-1]) % 2 else "2", politics=politics, is_party_member=politics == "01",
            languages=["putonghua", "local", *speaks], skills=sorted(self.pick.sample(SKILLS, 2), key=SKILLS.index),
        )  # fmt: skip
        cadre.id_number, cadre.id_hash, cadre.id_masked = number
        cadre.phone, cadre.phone_hash, cadre.phone_masked = phone
        return cadre

    # -- by the verbs -------------------------------------------------------------------------------------------------------------

    def _know_some(self) -> None:
        """Ranks, languages and skills of some who were registered long ago, and who cannot help."""
        county = self.people["county"]
        first = Cadre.objects.filter(unit__region=self.county, user=None, id_hash="", left_on=None).order_by("pk")[:24]
        for n, cadre in enumerate(first):
            facts = {
                "rank": (Rank.SECTION, Rank.ORDINARY, Rank.ORDINARY)[n % 3],
                "languages": ["putonghua", *([MISMATCHED] if n % 6 == 2 else [])],
                "skills": [SKILLS[n % len(SKILLS)]],
                "cannot_help": n % 12 == 9,
            }
            services.change_cadre(cadre=cadre, by=county, facts=facts)

    def _live_in_the_village(self) -> None:
        """The village of the log-ins: a team before this one, a change of leader, and the team of today, in which the log-in serves."""
        county, township, user = (self.people[name] for name in USERS)
        village = self.home
        unit = UnitVillage.objects.get(village=village).unit
        before, came = self._months_ago(44), self._months_ago(BATCH_MONTHS)
        old = services.begin_team(village=village, unit=unit, by=county, starts_on=before)
        names = ("莫长青", "卢晓云", "白建国")
        gone = [services.open_cadre(name=name, unit=unit, by=county, title="科员", politics="01") for name in names]
        for number, cadre in enumerate(gone):
            lead = number == 0
            services.join_team(
                team=old, cadre=cadre, by=county, starts_on=before, term_ends_on=before.replace(year=before.year + 2), is_leader=lead, is_first_secretary=lead
            )  # fmt: skip
        services.end_team(team=old, by=county, ends_on=came, reason="批次轮换")
        team = services.begin_team(village=village, unit=unit, by=county, starts_on=came)
        term = came.replace(year=came.year + 2)
        own = services.open_cadre(
            name=user.name, unit=unit, by=county, user=user, title="驻村工作队队员", politics="01", languages=["putonghua", "local"], skills=["crops", "party"]
        )  # fmt: skip
        lead = services.open_cadre(
            name="石文斌",
            unit=unit,
            by=county,
            title="副局长",
            rank=Rank.SECTION,
            politics="01",
            languages=["putonghua"],
            skills=["water"],
        )
        services.join_team(
            team=team, cadre=lead, by=county, starts_on=came, term_ends_on=term, is_leader=True, is_first_secretary=True
        )
        services.join_team(
            team=team, cadre=own, by=county, starts_on=came, term_ends_on=self.today + dt.timedelta(days=75)
        )
        services.put_profile(
            village=village, by=township, languages=["putonghua", "local", MISMATCHED], industries=["livestock", "tourism"],
            longitude="104.26", latitude="26.88", note="三组多数老人只说彝语。",
        )  # fmt: skip

    def _months_ago(self, months: int) -> dt.date:
        """The first of a month."""
        month = self.today.year * 12 + self.today.month - 1 - months
        return dt.date(month // 12, month % 12 + 1, 1)


def _vouch_for_the_first(county: Region) -> None:
    """Units and cadres of a demonstration from before they left events."""
    if AuditEvent.objects.filter(target=PEOPLE).exists():
        return
    opened = set(AuditEvent.objects.filter(action__in=("unit.opened", "cadre.opened")).values_list("target", flat=True))
    rows = [row for model in (Unit, Cadre) for row in model.objects.order_by("pk") if audit.row_key(row) not in opened]
    audit.record("people.recorded", by=CONSOLE, target=PEOPLE, region_path=county.path, note="demo", rows=rows)
