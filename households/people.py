"""Invented people: households, names, ID numbers and phones for the demonstration county, tests and benchmarks.

Nobody here exists. ID numbers carry valid check digits on the area 999 0xx, which no real county has (GB/T 2260 ends at 82), and
never begin with 999999, which means "no document". Phone numbers use 199 0000 xxxx to 199 0999 xxxx at random. The same seed always
gives the same people.
"""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field

from common import identity
from households import codelists

SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段"
    "雷钱汤尹黎易常武乔贺赖龚文单解仇区查缪朴覃翟乐盖折尉"
)
DOUBLE_SURNAMES = ("欧阳", "上官", "司马", "诸葛", "尉迟", "长孙", "夏侯", "皇甫")
MALE = "建国军伟强勇杰磊涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁龙林峰志文正春德富贵有福根生水旺财顺庆祥"
FEMALE = "秀英芳娜敏静丽艳娟霞玲燕红梅兰桂花香月凤珍翠莲菊琴云春秋玉淑慧琳萍雪晶欢蓉丹露倩瑶彩"
# Rare characters people really carry: extension A and B, a late basic one, and some that old encodings lacked.
RARE = (
    "䶮",
    "㛃",
    "㵘",
    "䥽",
    "𠅤",
    "𡐓",
    "𣲘",
    "𬱖",
    "𫖮",
    "𬍛",
    "𩽾",
    "昇",
    "喆",
    "堃",
    "玥",
    "瑄",
    "龑",
    "镕",
    "珺",
    "翀",
    "\U00030edd",
)
MINORITY = (
    ("维吾尔族", "阿卜杜热合曼·买买提", "1"), ("维吾尔族", "古丽巴哈尔·艾合买提", "2"), ("藏族", "扎西次仁", "1"), ("藏族", "卓玛拉姆", "2"),
    ("彝族", "阿鲁·木呷", "1"), ("彝族", "吉克·阿依莫", "2"), ("哈萨克族", "叶尔兰·努尔哈里克江·别克波拉提", "1"), ("傣族", "岩温", "1"),
    ("蒙古族", "苏日娜", "2"), ("蒙古族", "乌力吉巴雅尔", "1"), ("苗族", "仰", "2"), ("土家族", "覃双喜", "1"), ("壮族", "韦达康", "1"),
)  # fmt: skip
ONE_CHARACTER = ("仰", "娜", "岩", "龙")
TWENTY_CHARACTERS = "买买提艾力·阿卜杜热依木江·吐尔逊尼亚孜"

CAUSES = (
    "因病",
    "因残",
    "因学",
    "因灾",
    "缺土地",
    "缺水",
    "缺技术",
    "缺劳力",
    "缺资金",
    "交通条件落后",
    "自身发展动力不足",
)


@dataclass
class Person:
    """One invented person. Labels are those of the national lists."""

    name: str
    sex: str  # "1" male, "2" female
    birth_date: dt.date
    id_number: str
    relation: str
    ethnicity: str = "汉族"
    number: str = ""
    education: str = ""
    school: str = ""
    health: str = "健康"
    labour: str = ""
    work_area: str = ""
    work_months: int | None = None
    medical_serious: str = "是"
    phone: str = ""
    disability: tuple[str, str] | None = None  # (kind, level) as labels

    def age(self, day: dt.date) -> int:
        return identity.age_on(self.birth_date, day)


@dataclass
class Family:
    """One invented household and the facts of one year."""

    number: str
    village: int  # position in the caller's list of villages
    hamlet: str
    phone: str
    members: list[Person] = field(default_factory=list)
    status: str = "已脱贫"  # label of 脱贫属性
    exit_year: int | None = 2019
    category: str = "一般脱贫户"
    cause: str = "因病"
    unsafe: str = "否"
    water_safe: str = "是"
    water_scarce: str = "否"
    per_head: str = ""
    wage: int = 0
    business: int = 0
    assets: int = 0
    transfer: int = 0
    expense: int = 0
    dwelling_area: int = 80
    farmland: str = "3.5"
    bank_account: str = ""

    @property
    def householder(self) -> Person:
        return self.members[0]


class People:
    """A deterministic source of people: `People(seed).family(...)`; ID numbers, phones and numbers never repeat within one source."""

    def __init__(
        self, seed: int = 1, *, today: dt.date = dt.date(2026, 11, 1), area: str = "999012", first: int = 0
    ) -> None:
        self.random = random.Random(seed)
        self.today = today
        self.area = area
        self.serial = first
        self._persons = first * 8
        self._ids: set[str] = set()

    def id_number(self, born: dt.date, sex: str) -> str:
        """A number with a valid check digit that this source has not given yet."""
        while True:
            order = self.random.randrange(1, 500) * 2 - (1 if sex == "1" else 0)
            body = f"{self.area[:3]}{self.random.randrange(10, 99):03d}{born:%Y%m%d}{order:03d}"
            number = body + identity.check_digit(body)
            if number not in self._ids:
                self._ids.add(number)
                return number

    def phone(self) -> str:
        return f"1990{self.random.randrange(10**7):07d}"

    def account(self) -> str:
        return f"6200{self.random.randrange(10**15):015d}"

    def name(self, sex: str) -> str:
        pick = self.random
        surname = pick.choice(DOUBLE_SURNAMES) if pick.random() < 0.01 else pick.choice(SURNAMES)
        letters = MALE if sex == "1" else FEMALE
        given = pick.choice(letters) + (pick.choice(letters) if pick.random() < 0.7 else "")
        if pick.random() < 0.02:
            given = given[:-1] + pick.choice(RARE)
        return surname + given

    def born(self, youngest: int, oldest: int) -> dt.date:
        days = self.random.randrange(youngest * 365 + 1, oldest * 365)
        return self.today - dt.timedelta(days=days)

    def person(self, relation: str, sex: str, youngest: int, oldest: int, surname: str = "") -> Person:
        """Somebody of that relation, with school, health and work that suit the age."""
        pick = self.random
        born = self.born(youngest, oldest)
        name = self.name(sex)
        if surname:
            name = surname + name[2 if name[:2] in DOUBLE_SURNAMES else 1 :]
        self._persons += 1
        who = Person(name, sex, born, self.id_number(born, sex), relation, number=f"{9_900_000_000 + self._persons}")
        age = who.age(self.today)
        if age < 6:
            who.school = "学前教育" if age >= 3 else "学龄前儿童"
        elif age < 12:
            who.school = "小学"
        elif age < 15:
            who.school = ("七年级", "八年级", "九年级")[age - 12]
        elif age < 18:
            who.school = f"普通高中{'一二三'[age - 15]}年级"
        else:
            who.education = pick.choice(("文盲或半文盲", "小学", "小学", "初中", "初中", "初中", "高中", "大专"))
        if age < 16:
            who.labour = "无劳动力"
        elif age < 60:
            who.labour = pick.choice(("普通劳动力",) * 6 + ("技能劳动力",))
        else:
            who.labour = pick.choice(("弱劳动力或半劳动力", "无劳动力", "普通劳动力"))
        roll = pick.random()
        if age > 40 and roll < 0.2:
            who.health = pick.choice(("长期慢性病", "患有大病"))
        elif roll > 0.95 and age > 5:
            who.disability = (pick.choice(("视力", "听力", "肢体", "智力")), pick.choice(("二级", "三级", "四级")))
            who.health = "残疾" if roll < 0.98 else "残疾,长期慢性病"
            if age >= 16:
                who.labour = "丧失劳动力" if who.disability[1] == "二级" else "弱劳动力或半劳动力"
        if 18 <= age < 60 and not who.school and who.labour in ("普通劳动力", "技能劳动力") and pick.random() < 0.6:
            who.work_area = pick.choice(("乡（镇）内务工", "乡（镇）外县内务工", "县外省内务工", "省外务工"))
            who.work_months = pick.randrange(3, 13)
        if age >= 16:
            who.phone = self.phone() if pick.random() < 0.4 else ""
        return who

    def family(self, village: int = 0) -> Family:
        """A household of one to seven people with a householder first."""
        pick = self.random
        self.serial += 1
        family = Family(f"{9_900_000_000 + self.serial}", village, f"{pick.randrange(1, 9)}组", self.phone())
        sex = "1" if pick.random() < 0.8 else "2"
        head = self.person("户主", sex, 30, 80)
        family.members.append(head)
        age = head.age(self.today)
        if pick.random() < 0.75:
            family.members.append(self.person("配偶", "2" if sex == "1" else "1", max(22, age - 6), max(26, age + 3)))
        surname = head.name[:2] if head.name[:2] in DOUBLE_SURNAMES else head.name[0]
        for _n in range(pick.choice((0, 1, 1, 2, 2, 3))):
            child = "1" if pick.random() < 0.5 else "2"
            oldest = max(2, min(age - 20, 45))
            family.members.append(
                self.person("之子" if child == "1" else "之女", child, max(0, oldest - 18), oldest, surname)
            )
        if age < 60 and pick.random() < 0.35:
            mother = pick.random() < 0.6
            family.members.append(
                self.person(
                    "之母" if mother else "之父",
                    "2" if mother else "1",
                    age + 20,
                    min(age + 32, 99),
                    "" if mother else surname,
                )
            )
        if pick.random() < 0.04:
            self._minority(family)
        self._facts(family)
        return family

    def _minority(self, family: Family) -> None:
        group, name, sex = self.random.choice(MINORITY)
        for member in family.members:
            member.ethnicity = group
        head = family.householder
        if head.sex == sex:
            head.name = name

    def _facts(self, family: Family) -> None:
        pick = self.random
        family.cause = pick.choice(CAUSES)
        if any("残疾" in member.health for member in family.members):
            family.cause = "因残"
        elif any(member.health != "健康" for member in family.members):
            family.cause = "因病"
        if pick.random() < 0.12:
            family.status, family.exit_year, family.category = "未脱贫", None, pick.choice(("一般贫困户", "低保贫困户"))
        else:
            family.exit_year = pick.randrange(2015, 2021)
            family.category = pick.choice(("一般脱贫户",) * 4 + ("低保脱贫户",))
        family.unsafe = "是" if pick.random() < 0.03 else "否"
        family.water_safe, family.water_scarce = ("否", "是") if pick.random() < 0.02 else ("是", "否")
        family.wage = sum((member.work_months or 0) * pick.randrange(1800, 4200) for member in family.members)
        family.business = pick.randrange(500, 20_000)
        family.assets = pick.choice((0, 0, 200, 500, 800))
        family.transfer = pick.randrange(300, 6000)
        family.expense = pick.randrange(0, max(1, family.business // 2))
        net = family.wage + family.business + family.assets + family.transfer - family.expense
        family.per_head = f"{net / len(family.members):.2f}"
        family.dwelling_area = pick.randrange(30, 181)
        family.farmland = f"{pick.randrange(0, 120) / 10}"
        family.bank_account = self.account()

    def families(self, count: int, villages: int = 1) -> list[Family]:
        """`count` households spread over `villages` village positions."""
        return [self.family(n * villages // count if count else 0) for n in range(count)]


def relation_code(person: Person) -> str:
    return codelists.RELATION.find(person.relation) or "99"
