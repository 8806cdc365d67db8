"""Village projects, shortfalls and idle houses of the demonstration county: something in every stage, told by the verbs as people do it.

Everything is invented. Days lie in the months before today, so that something is late, due and done.
"""

from __future__ import annotations

import datetime as dt
import io
import random
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import Image, ImageDraw

from accounts.models import User
from assistance import housing, matching
from assistance.models import Fund, IdleHouse, VillageProject
from assistance.services import funds, houses, projects
from households import demo as ledgers
from households.models import Household
from households.services import LedgerError
from regions.models import Level, Region

DONE = "demo/villages"  # target of the event that says it is there
PEOPLE = ("clerk", "team", "township", "county")
Stage = VillageProject.Stage


class Plan(NamedTuple):
    """A project as it is told: how far it came, when it began (days ago), what it may cost."""

    sector: str
    title: str
    stage: str
    ago: int
    budget: int
    unit: str
    quantity: int
    text: str
    late: bool = False


OWN = (
    Plan("water", "人饮安全巩固提升工程", Stage.HANDED_OVER, 300, 186_000, "米", 4200, "新建蓄水池一座，更换主管网，入户安装水表。"),
    Plan("road", "2组至4组通组路硬化", Stage.ACCEPTED, 240, 320_000, "米", 1600, "路面宽 3.5 米，厚 18 厘米，含排水沟。"),
    Plan("industry", "食用菌大棚", Stage.FINISHED, 180, 260_000, "座", 12, "村集体建棚，优先承包给监测户，每棚安排务工 2 人。"),
    Plan("power", "3组农网改造", Stage.BUILDING, 150, 145_000, "户", 38, "更换变压器一台，改造低压线路。", True),
    Plan("network", "5组宽带入户", Stage.APPROVED, 60, 48_000, "户", 26, "光缆延伸 3 公里。"),
    Plan("public", "村卫生室修缮", Stage.PROPOSED, 10, 90_000, "㎡", 120, "屋面防水，增设无障碍坡道。"),
    Plan("party", "党群服务中心改建", Stage.CANCELLED, 120, 210_000, "㎡", 200, "与乡镇统一规划的便民中心重复，改为共用。"),
)  # fmt: skip
NEAR = (
    Plan("water", "水窖维修", Stage.BUILDING, 90, 60_000, "口", 20, "更换窖盖，清淤消毒。"),
    Plan("road", "入户路硬化", Stage.PROPOSED, 20, 120_000, "户", 45, "宽 2 米的入户便道。"),
    Plan("public", "村文化广场", Stage.HANDED_OVER, 280, 80_000, "㎡", 400, "平整场地，安装健身器材和照明。"),
)
SHORTFALLS = (
    ("water", "4组 9 户枯水期饮水困难", 200), ("road", "3组入户路 21 户没有硬化", 160), ("leadership", "村两委平均年龄偏大，缺少后备干部", 120),
    ("concentration", "产业资金分散到 5 个小项目，看不到成效", 90), ("public", "村卫生室没有无障碍坡道", 40),
)  # fmt: skip
HOUSES = (
    ("2组", "2组小河边李家老屋", "private", "李长根", 86, 4, True, "A", 60), ("3组", "3组原村小学教师房", "collective", "村集体", 64, 3, True, "B", 0),
    ("5组", "5组坡上赵家院", "private", "赵有田", 110, 5, False, "B", 80), ("1组", "1组路口旧供销社", "collective", "村集体", 42, 2, True, "C", 0),
    ("4组", "4组王家土坯房", "private", "王满仓", 55, 3, False, "D", 0), ("2组", "2组陈家新房", "private", "陈远行", 140, 6, False, "", 200),
)  # fmt: skip


def fill() -> bool:
    """Tell it, once; whether it was told now. Nothing where there is no demonstration county."""
    return ledgers.tell_once(DONE, "demo.built", PEOPLE, lambda people: _Story(people).tell())


class _Story:
    def __init__(self, people: dict[str, User]) -> None:
        self.clerk, self.team, self.township, self.county = (people[name] for name in PEOPLE)
        self.pick = random.Random(2028)
        self.today = timezone.localdate()
        self.village: Region = self.clerk.postings_now[0].region
        others = Region.objects.current().filter(parent=self.village.parent, level=Level.VILLAGE)
        self.near = others.exclude(pk=self.village.pk).order_by("code").first()

    def day(self, ago: int) -> dt.date:
        return self.today - dt.timedelta(days=max(ago, 0))

    def tell(self) -> None:
        year = self.day(300).year
        self.money = [
            self._fund("province", "省级财政衔接资金（村级项目）", year, 700_000),
            self._fund("county", "县级一事一议奖补资金", year, 420_000),
        ]
        built = {plan.title: self._project(self.village, plan, self.clerk) for plan in OWN}
        if self.near is not None:
            for plan in NEAR:
                self._project(self.near, plan, self.township)
        self._shortfalls(built)
        self._houses()

    def _fund(self, source: str, title: str, year: int, amount: int) -> Fund:
        on, by = max(self.day(298), dt.date(year, 1, 15)), self.county
        county = self.county.postings_now[0].region
        document = f"示财农〔{year}〕{self.pick.randint(61, 99)}号"
        fund = funds.open_fund(
            region=county, source=source, year=year, title=title, ceiling=Decimal(amount), document=document, by=by
        )
        funds.plan(fund=fund, amount=Decimal(amount), on=on, by=by, reference=document)
        funds.allot(fund=fund, amount=Decimal(amount), on=on, by=by, reference=document)
        return fund

    # -- projects ---------------------------------------------------------------------------------------------------------------------

    def _project(self, village: Region, plan: Plan, by: User) -> VillageProject:
        """A project led as far as it came; the county decides where the township proposed."""
        began, approver = self.day(plan.ago), self.county if by == self.township else self.township
        facts: dict[str, Any] = {
            "sector": plan.sector, "title": plan.title, "year": began.year, "text": plan.text, "unit": plan.unit,
            "quantity": Decimal(plan.quantity), "budget": Decimal(plan.budget), "starts_on": self.day(plan.ago - 20),
            "due_on": self.day(15) if plan.late else began + dt.timedelta(days=200), "builder": "示范县水利水电工程队" if plan.sector == "water" else "示范县乡村建设公司",
        }  # fmt: skip
        row = projects.propose_project(village=village, facts=facts, on=began, by=by)
        if plan.stage == Stage.CANCELLED:
            return projects.cancel(project=row, on=self.day(plan.ago - 30), note=plan.text, by=by)
        if plan.stage == Stage.PROPOSED:
            return row
        projects.approve_project(project=row, on=self.day(plan.ago - 10), by=approver, note="符合村庄规划")
        self._money(row, plan)
        self._benefit(row, plan)
        self._photo(row, "before", plan.ago - 10, by)
        if plan.stage == Stage.APPROVED:
            return row
        projects.start_building(project=row, on=self.day(plan.ago - 20), by=by)
        self._photo(row, "during", plan.ago - 40, by)
        if plan.stage == Stage.BUILDING:
            return row
        projects.finish(project=row, on=self.day(plan.ago - 120), by=by)
        self._photo(row, "after", plan.ago - 121, by)
        if plan.stage == Stage.FINISHED:
            return row
        self._photo(row, "acceptance", plan.ago - 135, by)
        projects.accept(project=row, on=self.day(plan.ago - 135), by=approver, note="按图施工，质量合格")
        if plan.stage == Stage.HANDED_OVER:
            projects.hand_over(project=row, on=self.day(plan.ago - 150), note="移交村委会管护，落实管护员 1 名", by=by)
        return row

    def _money(self, row: VillageProject, plan: Plan) -> None:
        """Bundled from two sources; what is built is paid in parts, what is done but for a tenth held back."""
        first, second = self.money
        whole = Decimal(plan.budget)
        wanted = whole if plan.stage != Stage.APPROVED else whole * Decimal("0.6")
        shares = (
            (first, (wanted * Decimal("0.7")).quantize(Decimal(1))),
            (second, (wanted * Decimal("0.3")).quantize(Decimal(1))),
        )
        paid = {Stage.APPROVED: "0", Stage.BUILDING: "0.4", Stage.FINISHED: "0.7"}.get(plan.stage, "0.9")
        for fund, amount in shares:
            with suppress(LedgerError, ValidationError), transaction.atomic():
                funds.reserve(
                    project=row,
                    fund=fund,
                    amount=amount,
                    on=self.day(plan.ago - 15),
                    by=self.county,
                    reference="项目批复",
                )
                part = (amount * Decimal(paid)).quantize(Decimal(1))
                if part:
                    funds.pay_project(
                        project=row, fund=fund, amount=part, on=self.day(plan.ago - 60), by=self.county,
                        reference=f"凭证{self.pick.randint(100, 999)}号", note="工程进度款",
                    )  # fmt: skip

    def _benefit(self, row: VillageProject, plan: Plan) -> None:
        if plan.unit == "户" or plan.sector == "industry":
            here = Household.objects.active().filter(village=row.village).order_by("number")
            projects.add_beneficiaries(project=row, households=list(here[: min(plan.quantity, 40)]), by=self.township)
        else:
            projects.add_beneficiaries(project=row, by=self.township)

    def _photo(self, row: VillageProject, stage: str, ago: int, by: User) -> None:
        upload = SimpleUploadedFile("photo.jpg", drawing(self.pick), "image/jpeg")
        projects.add_photo(project=row, stage=stage, upload=upload, taken_on=self.day(ago), by=by)

    def _shortfalls(self, built: dict[str, VillageProject]) -> None:
        mends = {0: "人饮安全巩固提升工程", 4: "村卫生室修缮"}
        for n, (sector, text, ago) in enumerate(SHORTFALLS):
            row = projects.register_shortfall(
                village=self.village, sector=sector, text=text, found_on=self.day(ago), by=self.team, project=built.get(mends.get(n, ""))
            )  # fmt: skip
            if n == 0:
                projects.resolve_shortfall(
                    shortfall=row, on=self.day(100), note="新建蓄水池，枯水期不再断水", by=self.team
                )
        if self.near is not None:
            projects.register_shortfall(
                village=self.near,
                sector="road",
                text="1组 15 户入户路没有硬化",
                found_on=self.day(70),
                by=self.township,
            )

    # -- houses -----------------------------------------------------------------------------------------------------------------------

    def _houses(self) -> None:
        rows = []
        for n, (hamlet, address, ownership, owner, area, rooms, flat, grade, rent) in enumerate(HOUSES):
            facts = {
                "hamlet": hamlet, "address": address, "ownership": ownership, "owner_name": owner,
                "owner_phone": f"1990000{n + 4100}", "area": Decimal(area), "rooms": rooms, "is_step_free": flat, "has_water": grade != "D",
                "has_power": True, "rent": Decimal(rent),
            }  # fmt: skip
            house = houses.register_house(village=self.village, facts=facts, by=self.clerk)
            upload = SimpleUploadedFile("house.jpg", drawing(self.pick), "image/jpeg")
            houses.add_house_photo(house=house, upload=upload, taken_on=self.day(200), by=self.clerk)
            if grade:
                ago = 380 if n == 2 else 350 if n == 1 else 150
                houses.inspect_house(house=house, on=self.day(ago), grade=grade, by=self.team, note=_seen(grade))
            rows.append(house)
        waiting = housing.waiting(Household.objects.for_user(self.clerk)).select_related("village__parent")
        needs = housing.needs_of(list(waiting.order_by("number")), self.today)
        for house, steps in zip(rows[:3], (("accept", "move_in"), ("accept",), ("refuse",)), strict=True):
            needs = self._settle(house, needs, steps)

    def _settle(self, house: IdleHouse, needs: list[matching.Need], steps: tuple[str, ...]) -> list[matching.Need]:
        """The household that the house suits best, as far as it came; who is still waiting."""
        house.refresh_from_db()
        ranked = matching.households_for(housing.house_of(house, self.today), needs)
        if not ranked:
            return needs
        key = ranked[0].need.key
        household = Household.objects.get(pk=key)
        row = houses.offer(
            house=house, household=household, on=self.day(60), by=self.clerk, subsidy=(house.rent / 2).quantize(Decimal("0.01"))
        )  # fmt: skip
        for ago, step in zip((50, 40), steps, strict=False):
            reason = {"reason": "离自家地太远，再等一等"} if step == "refuse" else {}
            getattr(houses, step)(tenancy=row, on=self.day(ago), by=self.clerk, **reason)
        return [need for need in needs if need.key != key]


def _seen(grade: str) -> str:
    return {
        "A": "主体完好，屋面不漏", "B": "个别瓦片松动，已更换，不影响居住", "C": "西山墙开裂，需加固后再看", "D": "墙体倾斜，不能住人",
    }[grade]  # fmt: skip


def drawing(pick: random.Random) -> bytes:
    """A drawing of nobody's place, as small as a phone makes a photo."""
    image = Image.new("RGB", (640, 480), (196, 216, 232))
    draw = ImageDraw.Draw(image)
    shade, left = pick.randrange(60), 90 + pick.randrange(80)
    draw.rectangle((0, 320, 640, 480), fill=(128, 150 - shade // 2, 96))
    draw.polygon(((left, 480), (left + 180, 480), (left + 300, 320), (left + 260, 320)), fill=(150 + shade, 146, 140))
    draw.rectangle((left + 220, 220, left + 400, 340), fill=(222, 214 - shade, 196 - shade))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=70)
    return out.getvalue()
