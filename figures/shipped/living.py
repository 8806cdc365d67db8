"""What is counted of the conditions in which households live and work: their annual records, divided in every way reports ask for. Not rolled up."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.utils.translation import gettext_lazy

from figures.datasets import Dataset, Dimension, Measure, column
from figures.shipped.kinds import bands, listed, said, yes_no
from figures.shipped.ledgers import of_years, tell_record, years
from households import codelists
from households.models import HouseholdYear

MU, SQUARE_METRES, KM = gettext_lazy("亩"), gettext_lazy("㎡"), gettext_lazy("公里")


def of_dwellings() -> tuple[Dimension, ...]:
    """What reports ask of annual records besides: size, dwelling, water, fuel, road, land, moving."""
    return (
        bands("size", gettext_lazy("家庭人口"), "population", (1, 2, 3, 4, 5, 6), gettext_lazy("人"), whole=True, tail=True),
        listed("other", gettext_lazy("其他致贫原因"), "other_causes", codelists.CAUSE.every_choice),
        bands("dwelling", gettext_lazy("住房面积"), "dwelling_area", (0, 25, 50, 80, 100, 150), SQUARE_METRES),
        column("grade", gettext_lazy("房屋安全等级"), "dwelling_grade", codelists.DWELLING_GRADE.every_choice, blank=True),
        yes_no("unsafe", gettext_lazy("危房"), "dwelling_unsafe", gettext_lazy("危房户"), gettext_lazy("不是危房")),
        column("water", gettext_lazy("饮水来源"), "water_source", codelists.WATER_SOURCE.every_choice, blank=True),
        yes_no("water_safe", gettext_lazy("饮水安全"), "water_safe", gettext_lazy("饮水安全"), gettext_lazy("饮水不安全")),
        yes_no("water_scarce", gettext_lazy("饮水困难"), "water_scarce", gettext_lazy("饮水困难"), gettext_lazy("不困难")),
        column("fuel", gettext_lazy("主要燃料"), "fuel", codelists.FUEL.every_choice, blank=True),
        column("road", gettext_lazy("入户路类型"), "road", codelists.ROAD.every_choice, blank=True),
        bands("distance", gettext_lazy("与村主干路距离"), "road_distance", (0, 1, 3, 5, 10), KM),
        said(
            "without", gettext_lazy("缺少的设施"),
            {
                "toilet": (gettext_lazy("没有卫生厕所"), "has_toilet"), "power": (gettext_lazy("不通生活用电"), "has_power"),
                "production": (gettext_lazy("不通生产用电"), "has_production_power"), "broadcast": (gettext_lazy("不通广播电视"), "has_broadcast"),
            },
            value=False,
        ),
        bands("land", gettext_lazy("耕地面积"), "farmland", (0, 1, 3, 5, 10), MU),
        said(
            "led", gettext_lazy("产业带动"),
            {
                "cooperative": (gettext_lazy("加入合作社"), "in_cooperative"), "company": (gettext_lazy("有龙头企业带动"), "led_by_company"),
                "leader": (gettext_lazy("有致富带头人带动"), "led_by_leader"),
            },
        ),
        yes_no("moved", gettext_lazy("易地搬迁"), "is_relocated", gettext_lazy("搬迁户"), gettext_lazy("不是搬迁户")),
        yes_no("moving", gettext_lazy("搬迁意愿"), "relocation_wanted", gettext_lazy("愿意搬迁"), gettext_lazy("不愿搬迁")),
        column("settled", gettext_lazy("安置方式"), "resettlement", codelists.RESETTLEMENT.every_choice, blank=True),
    )  # fmt: skip


def _sums(unit: Any, fields: tuple[tuple[str, Any], ...]) -> tuple[Measure, ...]:
    """Columns with two decimals, added up."""
    return tuple(Measure(code, label, unit, F(code), 100) for code, label in fields)


MONEY = (
    ("wage_income", gettext_lazy("工资性收入")), ("business_income", gettext_lazy("生产经营性收入")),
    ("property_income", gettext_lazy("财产性收入")), ("transfer_income", gettext_lazy("转移性收入")),
    ("business_expense", gettext_lazy("生产经营性支出")),
)  # fmt: skip
LAND = (
    ("farmland", gettext_lazy("耕地")), ("irrigated", gettext_lazy("有效灌溉")), ("woodland", gettext_lazy("林地")),
    ("returned_woodland", gettext_lazy("退耕还林")), ("orchard", gettext_lazy("林果")), ("pasture", gettext_lazy("牧草地")),
    ("water_area", gettext_lazy("水面")),
)  # fmt: skip


living = Dataset(
    "living", gettext_lazy("生产生活条件"), gettext_lazy("有这一年度记录的农户，后来销户的也算；身份按现在的"), HouseholdYear, lambda rows, today: rows,
    (*years.measures, *_sums(gettext_lazy("元"), MONEY), *_sums(MU, LAND)), (*of_years(), *of_dwellings()), (), (), tell_record,
    village="household__village_id", year=F("year"), related=years.related, weight=17,
)  # fmt: skip

DATASETS = (living,)
