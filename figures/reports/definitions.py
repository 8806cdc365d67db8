"""The classical tables, said once: page, spreadsheet, paper, list of tables and tests follow from these lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from figures.datasets import ROWS
from figures.shipped.living import LAND, MONEY

PLACE = "place"  # as an axis: the places below the region asked for
BOUNDS = _("各段包括下限，不包括上限。")


@dataclass(frozen=True)
class Table:
    """`rows` and `column` are dimensions of the dataset, or PLACE; without a column the measures stand beside each other."""

    code: str
    title: Any
    group: str
    dataset: str
    rows: tuple[str, ...]
    column: str = ""
    measures: tuple[str, ...] = (ROWS,)
    note: Any = ""


GROUPS = {
    "people": _("人口"),
    "school": _("教育"),
    "health": _("健康和保障"),
    "work": _("劳动力和务工"),
    "homes": _("农户"),
    "income": _("收入和两不愁三保障"),
    "living": _("生产生活条件"),
    "villages": _("村"),
    "helpers": _("帮扶力量和走访"),
    "measures": _("计划、措施和诉求"),
    "money": _("资金"),
}

TABLES: tuple[Table, ...] = (
    Table("age", _("人口年龄和性别"), "people", "members", ("age",), "sex"),
    Table("age-places", _("各地人口年龄"), "people", "members", (PLACE,), "age"),
    Table("sex-places", _("各地人口性别"), "people", "members", (PLACE,), "sex"),
    Table("ethnicity", _("民族和性别"), "people", "members", ("ethnicity",), "sex"),
    Table("relation", _("与户主关系和性别"), "people", "members", ("relation",), "sex"),
    Table("politics", _("政治面貌和年龄"), "people", "members", ("politics",), "age"),
    Table("people-status", _("各地人口（按户的身份）"), "people", "members", (PLACE,), "status"),

    Table("school-age", _("学龄段和性别"), "school", "members", ("school_age",), "sex"),
    Table("school-age-places", _("各地学龄段人口"), "school", "members", (PLACE,), "school_age"),
    Table("stage", _("各学龄段在校情况"), "school", "members", ("school_age",), "stage", note=_("6–14 岁不在校的，请逐一核实失学辍学原因。")),
    Table("stage-places", _("各地在校阶段"), "school", "members", (PLACE,), "stage"),
    Table("school", _("在校生状况和性别"), "school", "members", ("school",), "sex"),
    Table("education", _("文化程度和年龄"), "school", "members", ("education",), "age"),
    Table("education-places", _("各地文化程度"), "school", "members", (PLACE,), "education"),

    Table("health", _("健康状况和年龄"), "health", "members", ("health",), "age"),
    Table("health-places", _("各地健康状况"), "health", "members", (PLACE,), "health"),
    Table("disability", _("残疾类别和等级"), "health", "members", ("disability",), "level", note=_("没有登记残疾类别的人也在表里。")),
    Table("medical-places", _("各地医疗保险参保"), "health", "members", (PLACE,), "medical"),
    Table("medical", _("医疗保险和身份"), "health", "members", ("medical",), "status"),
    Table("pension-places", _("各地养老保险参保"), "health", "members", (PLACE,), "pension", note=_("没有养老保险的包括 16 岁以下的人。")),
    Table("support-places", _("各地低保、特困和救助"), "health", "members", (PLACE,), "support"),

    Table("labour", _("劳动技能和年龄"), "work", "members", ("labour",), "age"),
    Table("labour-places", _("各地劳动技能"), "work", "members", (PLACE,), "labour"),
    Table("work", _("务工区域和性别"), "work", "members", ("work",), "sex", note=_("没有登记务工区域的，大多没有外出务工。")),
    Table("work-places", _("各地务工区域"), "work", "members", (PLACE,), "work"),
    Table("months", _("务工时间和区域"), "work", "members", ("months",), "work"),
    Table("months-places", _("各地务工时间"), "work", "members", (PLACE,), "months"),

    Table("status", _("农户身份和人口"), "homes", "households", ("status",), measures=(ROWS, "people")),
    Table("status-places", _("各地农户身份"), "homes", "households", (PLACE,), "status"),
    Table("homes-places", _("各地户数和人口"), "homes", "households", (PLACE,), measures=(ROWS, "people")),
    Table("cause", _("主要致贫原因和身份"), "homes", "households", ("cause",), "status"),
    Table("cause-places", _("各地主要致贫原因"), "homes", "households", (PLACE,), "cause"),
    Table("other-cause", _("其他致贫原因和身份"), "homes", "living", ("other",), "status"),
    Table("size", _("家庭人口规模和身份"), "homes", "living", ("size",), "status"),
    Table("size-places", _("各地家庭人口规模"), "homes", "living", (PLACE,), "size"),
    Table("category", _("户属性和人口"), "homes", "living", ("category",), measures=(ROWS, "people")),
    Table("helper-places", _("各地帮扶责任人落实"), "homes", "households", (PLACE,), "helper"),
    Table("changes", _("各月身份变更"), "homes", "changes", ("to",), "month"),
    Table("changes-places", _("各地身份变更"), "homes", "changes", (PLACE,), "to"),

    Table("band", _("人均纯收入分段和身份"), "income", "living", ("band",), "status"),
    Table("band-places", _("各地人均纯收入分段"), "income", "living", (PLACE,), "band"),
    Table("income-places", _("各地收入来源"), "income", "living", (PLACE,), measures=(ROWS, *(code for code, _l in MONEY), "income")),
    Table("income-status", _("各类农户收入来源"), "income", "living", ("status",), measures=(ROWS, *(code for code, _l in MONEY), "income")),
    Table("check-places", _("各地两不愁三保障未达标"), "income", "living", (PLACE,), "check"),
    Table("check", _("两不愁三保障未达标和身份"), "income", "living", ("check",), "status"),

    Table("dwelling", _("住房面积和身份"), "living", "living", ("dwelling",), "status", note=BOUNDS),
    Table("dwelling-places", _("各地住房面积"), "living", "living", (PLACE,), "dwelling", note=BOUNDS),
    Table("grade-places", _("各地房屋安全等级"), "living", "living", (PLACE,), "grade"),
    Table("unsafe-places", _("各地危房户"), "living", "living", (PLACE,), "unsafe"),
    Table("water-places", _("各地饮水来源"), "living", "living", (PLACE,), "water"),
    Table("water-safe-places", _("各地饮水安全"), "living", "living", (PLACE,), "water_safe"),
    Table("fuel-places", _("各地主要燃料"), "living", "living", (PLACE,), "fuel"),
    Table("road-places", _("各地入户路类型"), "living", "living", (PLACE,), "road"),
    Table("distance-places", _("各地与村主干路距离"), "living", "living", (PLACE,), "distance", note=BOUNDS),
    Table("without-places", _("各地缺少的生活设施"), "living", "living", (PLACE,), "without"),
    Table("land", _("耕地面积和身份"), "living", "living", ("land",), "status", note=BOUNDS),
    Table("land-places", _("各地土地面积"), "living", "living", (PLACE,), measures=(ROWS, *(code for code, _l in LAND))),
    Table("led-places", _("各地产业带动"), "living", "living", (PLACE,), "led"),
    Table("moved-places", _("各地易地搬迁"), "living", "living", (PLACE,), "moved"),
    Table("moving", _("搬迁意愿和安置方式"), "living", "living", ("moving",), "settled"),

    Table("villages", _("村基本情况"), "villages", "villages", (PLACE,), measures=(ROWS, "homes", "people", "on_register", "monitored", "lacking")),
    Table("village-teams", _("各地驻村工作队派驻"), "villages", "villages", (PLACE,), "team"),
    Table("village-monitored", _("各村监测对象户数分布"), "villages", "villages", (PLACE,), "monitored"),
    Table("shortfalls", _("各地村级短板"), "villages", "shortfalls", (PLACE,), "sector"),
    Table("projects", _("村级项目类别和阶段"), "villages", "projects", ("sector",), "stage"),
    Table("projects-places", _("各地村级项目"), "villages", "projects", (PLACE,), measures=(ROWS, "budget")),

    Table("pairings", _("结对干部的单位和帮扶对象"), "helpers", "pairings", ("affiliation",), "status"),
    Table("pairings-places", _("各地结对干部的单位"), "helpers", "pairings", (PLACE,), "affiliation"),
    Table("pairings-rank", _("结对干部的职级和帮扶对象"), "helpers", "pairings", ("rank",), "status"),
    Table("answers-places", _("各地包村单位"), "helpers", "answers", (PLACE,), "affiliation"),
    Table("places", _("驻村干部的单位和职责"), "helpers", "places", ("affiliation",), "duty"),
    Table("places-places", _("各地驻村干部"), "helpers", "places", (PLACE,), "duty"),
    Table("visits", _("各月走访"), "helpers", "visits", ("month",), "manner"),
    Table("visits-places", _("各地走访"), "helpers", "visits", (PLACE,), "manner"),
    Table("duties-places", _("各地本期走访任务"), "helpers", "duties", (PLACE,), "due"),
    Table("surveyed-places", _("各地入户调查进度"), "helpers", "surveyed", (PLACE,), "stage"),

    Table("plans-places", _("各地帮扶计划"), "measures", "plans", (PLACE,), "state"),
    Table("measures", _("帮扶措施类别和状态"), "measures", "measures", ("column",), "state"),
    Table("measures-money", _("帮扶措施类别和计划金额"), "measures", "measures", ("column",), measures=(ROWS, "amount")),
    Table("deliveries", _("落实的措施和金额"), "measures", "deliveries", ("column",), measures=(ROWS, "amount")),
    Table("deliveries-places", _("各地落实的措施"), "measures", "deliveries", (PLACE,), "column"),
    Table("requests-places", _("各地服务诉求"), "measures", "requests", (PLACE,), "state"),

    Table("payments", _("资金来源和用途（元）"), "money", "payments", ("source",), "wheel", ("amount",)),
    Table("payments-places", _("各地资金来源（元）"), "money", "payments", (PLACE,), "source", ("amount",)),
    Table("deliveries-money", _("各地到户措施金额（元）"), "money", "deliveries", (PLACE,), "column", ("amount",)),
)  # fmt: skip

BY_CODE = {table.code: table for table in TABLES}


def grouped() -> list[tuple[str, list[Table]]]:
    return [(str(words), [table for table in TABLES if table.group == code]) for code, words in GROUPS.items()]
