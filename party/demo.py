"""Party building in the demonstration county: branches with their members, a year of activities, sessions and facilities in every village; in the
village that is shown, what people do with them, by the verbs.

Everybody is invented. What every village has goes in by COPY with its events, as the households of the demonstration do.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.demo import CONSOLE, tell_once
from accounts.models import User
from common import audit, pii
from common.copying import copy_rows, reserve_keys
from common.dates import later
from party import services
from party.models import (
    Activity,
    Attendance,
    Branch,
    BranchPost,
    Classroom,
    Course,
    Facility,
    Form,
    Kind,
    PartyPerson,
    Session,
    Stage,
    StageChange,
)
from party.models.classroom import new_token
from party.periods import spans_of_year
from party.rules import DEFAULTS
from regions.models import Level, Region

DONE = "demo/party"  # target of the event that says it is there
PEOPLE = ("clerk", "team", "township", "county", "county2")
SURNAMES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方"
)
GIVEN = (
    "建国",
    "桂芳",
    "志强",
    "秀英",
    "永福",
    "春梅",
    "长明",
    "玉兰",
    "德才",
    "小军",
    "文华",
    "海燕",
    "国庆",
    "丽娟",
    "正才",
    "晓东",
    "云霞",
    "光荣",
)
COURSES = (
    (Classroom.PARTY, Form.MICRO, "防返贫监测怎么申请", "哪些情况要申请，找谁，几天答复。"), (Classroom.PARTY, Form.LECTURE, "二十届三中全会精神进村", "土地承包、集体经济、农村改革。"),
    (Classroom.VIRTUE, Form.TALK, "好家风好邻里", "移风易俗，红白喜事简办。"), (Classroom.VIRTUE, Form.ON_SITE, "身边的致富带头人", "到大棚看种菌子，听带头人讲。"),
    (Classroom.LAW, Form.LECTURE, "民间借贷和电信诈骗", "怎样写借条，怎样识别骗局。"), (Classroom.LAW, Form.TALK, "邻里纠纷怎么调解", "山林、宅基地、用水的纠纷。"),
    (Classroom.CLEAN, Form.FILM, "村里的每一笔钱", "村级财务公开，补贴名单公示。"), (Classroom.CLEAN, Form.MICRO, "微腐败就在身边", "优亲厚友、截留补贴的案例。"),
)  # fmt: skip
THINGS = (
    ("venue", "村党群服务中心"),
    ("distance", "村部远程教育站点"),
    ("library", "农家书屋"),
    ("board", "党务村务公开栏"),
    ("broadcast", "村村响广播"),
)
TITLES = {
    Kind.ASSEMBLY: "支部党员大会", Kind.COMMITTEE: "支部委员会议", Kind.GROUP: "党小组学习会", Kind.LECTURE: "书记讲党课", Kind.THEME: "环境整治主题党日",
    Kind.STUDY: "学习党章党规",
}  # fmt: skip


def fill() -> bool:
    """Tell it, once; whether it was told now. Nothing where there is no demonstration county."""
    return tell_once(DONE, "demo.party", PEOPLE, lambda people: _Story(people).tell())


@dataclass
class _Rows:
    """What goes in by COPY, in the order foreign keys ask for; each branch's event names its rows."""

    branches: list[Branch] = field(default_factory=list)
    people: list[PartyPerson] = field(default_factory=list)
    steps: list[StageChange] = field(default_factory=list)
    posts: list[BranchPost] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    attendances: list[Attendance] = field(default_factory=list)
    activities: list[Activity] = field(default_factory=list)
    facilities: list[Facility] = field(default_factory=list)
    of: dict[int, list[models.Model]] = field(default_factory=dict)  # place of the branch in `branches`: its rows

    def all(self) -> Iterator[list[Any]]:
        yield from (
            self.branches, self.people, self.steps, self.posts, self.sessions, self.attendances, self.activities, self.facilities,
        )  # fmt: skip

    def write(self) -> None:
        for rows in self.all():
            if rows:
                for row, key in zip(rows, reserve_keys(type(rows[0]), len(rows)), strict=True):
                    row.pk = key
        for person in self.people:
            person.__dict__["branch_id"] = person.branch.pk
        for each in (*self.steps, *self.posts):
            each.__dict__["person_id"] = each.person.pk
        for held in self.posts:
            held.__dict__["branch_id"] = held.branch.pk
        for came in self.attendances:
            came.__dict__ |= {"session_id": came.session.pk, "person_id": came.person.pk}  # type: ignore[union-attr]
        for activity in self.activities:
            activity.__dict__["branch_id"] = activity.branch.pk
        for rows in self.all():
            if rows:
                copy_rows(type(rows[0]), rows)
        audit.record_many(
            audit.Event(
                "branch.imported", audit.row_key(branch), CONSOLE, "", branch.village.path, note="demo", rows=[branch, *self.of[n]]
            )
            for n, branch in enumerate(self.branches)
        )  # fmt: skip


class _Story:
    def __init__(self, people: dict[str, User]) -> None:
        self.clerk, self.team, self.township, self.county, self.other = (people[name] for name in PEOPLE)
        self.dice = random.Random(2012)
        self.now, self.today = timezone.now(), timezone.localdate()
        self.own: Region = self.clerk.postings_now[0].region
        self.region: Region = self.county.postings_now[0].region

    def ago(self, days: int) -> dt.date:
        return self.today - dt.timedelta(days=days)

    def tell(self) -> None:
        self.courses = [
            services.open_course(
                region=self.region, by=self.county, facts={"classroom": c, "form": f, "title": title, "outline": text, "hours": Decimal(1)}
            )
            for c, f, title, text in COURSES
        ]  # fmt: skip
        self.rows = _Rows()
        villages = Region.objects.current().within(self.region).filter(level=Level.VILLAGE).order_by("code")
        for n, village in enumerate(villages):
            self._village(n, village)
        self.rows.write()
        self._shown()

    # -- every village ----------------------------------------------------------------------------------------------------------------

    def _village(self, n: int, village: Region) -> None:
        if n % 41 == 40:  # a few have none
            return
        branch = Branch(village=village, name=f"{village.name}党支部", established_on=dt.date(1990 + n % 20, 7, 1))
        self.rows.branches.append(branch)
        mine: list[models.Model] = []
        self.rows.of[len(self.rows.branches) - 1] = mine
        members = [self._member(branch, mine, village.pk == self.own.pk) for _n in range(self.dice.randint(5, 15))]
        branch.has_committee = len(members) > 7
        if self.dice.random() < 0.9:
            self._posts(branch, members, mine)
        for _n in range(self.dice.choice((0, 0, 1, 2, 3))):
            self._coming(branch, mine)
        if self.dice.random() < 0.6:
            self._developed(branch, mine)
        self._sessions(village, members, mine)
        self._activities(branch, mine)
        self._facilities(village, mine)

    def _person(self, branch: Branch, mine: list[models.Model], age: int, stage: str, since: dt.date, joined: dt.date | None, phone: bool = False) -> PartyPerson:  # fmt: skip
        name = self.dice.choice(SURNAMES) + self.dice.choice(GIVEN)
        row = PartyPerson(
            branch=branch, name=name, sex=self.dice.choice("12"), schooling=self.dice.choice(("middle", "high", "college", "primary")),
            birth_date=self.today - dt.timedelta(days=age * 365 + self.dice.randint(20, 300)), stage=stage, stage_since=since, joined_on=joined,
        )  # fmt: skip
        if phone:
            row.phone, row.phone_hash, row.phone_masked = pii.seal_phone(f"199{self.dice.randint(0, 99_999_999):08d}")
        self.rows.people.append(row)
        confirmed = "" if joined is None else self.other.username
        step = StageChange(
            person=row, to_stage=stage, on=since, recorded_by=CONSOLE, recorded_at=self.now, confirmed_by=confirmed
        )
        self.rows.steps.append(step)
        mine += [row, step]
        return row

    def _member(self, branch: Branch, mine: list[models.Model], phone: bool) -> PartyPerson:
        age = self.dice.randint(30, 74)
        joined = self.ago(self.dice.randint(1500, max(1600, (age - 22) * 365)))
        return self._person(branch, mine, age, Stage.FULL, later(joined, 12), joined, phone)

    def _developed(self, branch: Branch, mine: list[models.Model]) -> None:
        """A young member of late: where it was long ago, the village comes near the end of its term."""
        joined = self.ago(self.dice.randint(20, 820))
        full = later(joined, 12) <= self.today
        self._person(branch, mine, self.dice.randint(24, 33), Stage.FULL if full else Stage.PROBATIONARY, later(joined, 12) if full else joined, joined)  # fmt: skip

    def _coming(self, branch: Branch, mine: list[models.Model]) -> None:
        stage = self.dice.choice((Stage.APPLICANT, Stage.ACTIVIST, Stage.ACTIVIST))
        self._person(branch, mine, self.dice.randint(21, 38), stage, self.ago(self.dice.randint(30, 500)), None)

    def _posts(self, branch: Branch, members: list[PartyPerson], mine: list[models.Model]) -> None:
        wanted = ("secretary", "personnel", "publicity", "discipline") if branch.has_committee else ("secretary",)
        for post, person in zip(wanted, members, strict=False):
            if post == "secretary" or self.dice.random() < 0.85:
                held = BranchPost(
                    branch=branch, person=person, post=post, starts_on=self.ago(self.dice.randint(100, 900))
                )
                self.rows.posts.append(held)
                mine.append(held)

    def _sessions(self, village: Region, members: list[PartyPerson], mine: list[models.Model]) -> None:
        for _n in range(self.dice.choice((0, 1, 2, 3, 4))):
            course: Course = self.dice.choice(self.courses)
            session = Session(
                village=village, course=course, held_on=self.ago(self.dice.randint(1, 260)), teacher=self.dice.choice(("镇党校老师", "驻村第一书记", "司法所干部")),
                place="村党群服务中心", state=Session.State.HELD, villagers=self.dice.randint(8, 60), token=new_token(),
            )  # fmt: skip
            self.rows.sessions.append(session)
            mine.append(session)
            for person in members:
                if self.dice.random() < 0.6:
                    came = Attendance(
                        session=session, person=person, how=Attendance.How.LIST, at=self.now, recorded_by=CONSOLE
                    )
                    self.rows.attendances.append(came)
                    mine.append(came)

    def _activities(self, branch: Branch, mine: list[models.Model]) -> None:
        """What was asked for this year, most of it held."""
        care = self.dice.uniform(0.6, 1)
        for kind, (period, _least) in DEFAULTS.items():
            for span in spans_of_year(period, self.today.year):
                day = span.first + dt.timedelta(days=self.dice.randint(2, 25))
                if day < self.today and self.dice.random() < care:
                    row = Activity(
                        branch=branch,
                        kind=kind,
                        held_on=day,
                        title=TITLES[Kind(kind)],
                        place="村党员活动室",
                        recorded_by=CONSOLE,
                        recorded_at=self.now,
                    )
                    self.rows.activities.append(row)
                    mine.append(row)

    def _facilities(self, village: Region, mine: list[models.Model]) -> None:
        for kind, name in THINGS[: self.dice.randint(3, 5)]:
            state = self.dice.choices(("works", "broken", "missing"), (12, 2, 1))[0]
            checked = self.ago(self.dice.randint(5, 260)) if state != "missing" and self.dice.random() < 0.9 else None
            row = Facility(
                village=village, kind=kind, name=name, state=state, installed_on=self.ago(1400) if state != "missing" else None, checked_on=checked,
                checked_by="方乡镇" if checked else "", next_check_on=later(checked, 6) if checked else None,
                note={"works": "", "broken": "等待维修", "missing": "还没有配备"}[state],
            )  # fmt: skip
            self.rows.facilities.append(row)
            mine.append(row)

    # -- the village that is shown -------------------------------------------------------------------------------------------------------

    def _shown(self) -> None:
        """People on the way with something to decide, one who is able to help, a session of today to sign in to."""
        branch = Branch._base_manager.get(village=self.own)
        for name, sex, born, on in (("石晓峰", "1", 26, 560), ("李雨荷", "2", 29, 470), ("王立夏", "2", 24, 60)):
            person = services.register_person(
                branch=branch, by=self.clerk, on=self.ago(on),
                facts={"name": name, "sex": sex, "birth_date": self.ago(born * 365), "schooling": "college", "phone": f"1990000{born}{on:03d}"[:11]},
            )  # fmt: skip
            if on > 100:
                services.take_step(
                    person=person, to=Stage.ACTIVIST, on=self.ago(on - 60), by=self.clerk, note="支委会研究同意"
                )
            if on > 500:
                services.propose_step(
                    person=person, to=Stage.TARGET, on=self.ago(3), by=self.clerk, note="培养满一年，群众评议好"
                )
        services.register_member(
            branch=branch, by=self.team, stage=Stage.FULL, joined_on=dt.date(2011, 6, 30), developed_here=False,
            facts={"name": "陈返乡", "sex": "1", "birth_date": dt.date(1986, 4, 9), "schooling": "high", "phone": "19900007788"},
        )  # fmt: skip
        able = branch.people.filter(stage=Stage.FULL, left_on=None).order_by("-birth_date", "pk")[:2]
        for person in able:
            services.mark_able(person=person, by=self.township)
        services.plan_session(
            village=self.own, course=self.courses[0], by=self.team,
            facts={"held_on": self.today, "starts_at": dt.time(15, 0), "ends_at": dt.time(16, 0), "teacher": "郑驻村", "place": "村党群服务中心"},
        )  # fmt: skip
