"""The made-up county of the demo: no real village is ever shown as poor.

Its codes begin with 99. GB/T 2260 gives no province that number (they run from 11 to 65, then 71, 81, 82), so no real region and no
later load of the public lists can meet it. Province, city and county are called 示范; the names of townships and villages are put
together from two-character landscape words, the same on every machine.
"""

from __future__ import annotations

import random

from django.db import transaction

from common import audit
from regions.models import Level, Region
from regions.services import build_region, create_many

COUNTY_CODE = "990101000000"
TOWNSHIPS = (
    "石门乡", "长坡镇", "金竹乡", "水塘镇", "青岩镇", "白沙乡", "大坪镇", "龙泉乡", "松林乡", "红土镇",
    "双河镇", "云峰乡", "黑石乡", "桃源镇", "枫香乡", "古井镇", "茶山乡", "柳溪镇", "高寨乡", "河口镇",
)  # fmt: skip
HEADS = tuple("青白红黑大小上下东西南北新老高长双三石金银云龙凤松竹桃柳枫茶梨杏梅兰菊麦")
TAILS = (
    "石",
    "水",
    "坝",
    "岩",
    "坪",
    "塘",
    "沟",
    "湾",
    "坡",
    "岭",
    "井",
    "桥",
    "田",
    "林",
    "泉",
    "寨",
    "冲",
    "坳",
    "河",
    "洼",
)
VILLAGES = (12, 18)  # a township has from 12 to 18 villages: about 300 in all
SEED = 9901


def village_names() -> list[list[str]]:
    """For each township the names of its villages; no name comes twice in the county. The first village of the first is 青石村."""
    dice = random.Random(SEED)
    names = [f"{head}{tail}村" for head in HEADS for tail in TAILS if f"{head}{tail}" != "青石" and head != tail]
    dice.shuffle(names)
    names.insert(0, "青石村")
    supply = iter(names)
    return [[next(supply) for _n in range(dice.randint(*VILLAGES))] for _t in TOWNSHIPS]


@transaction.atomic
def make_demo_county() -> Region:
    """示范省 > 示范市 > 示范县 with 20 townships and about 300 villages; the county, made once and found again."""
    found = Region.objects.filter(code=COUNTY_CODE, valid_to=None).first()
    if found:
        return found
    province = _make(None, Level.PROVINCE, "示范省", "99")
    city = _make(province, Level.CITY, "示范市", "9901")
    county = _make(city, Level.COUNTY, "示范县", "990101")
    villages: list[Region] = []
    for n, (name, below) in enumerate(zip(TOWNSHIPS, village_names(), strict=True)):
        number = (100 if name.endswith("镇") else 200) + n
        township = _make(county, Level.TOWNSHIP, name, f"990101{number}")
        villages += [
            build_region(township, level=Level.VILLAGE, name=village, code=f"990101{number}{200 + m}", is_demo=True)
            for m, village in enumerate(below)
        ]
    create_many(villages)
    audit.record("region.loaded", by="console", target=county, region_path=county.path, note="demo")
    return county


def _make(parent: Region | None, level: Level, name: str, code: str) -> Region:
    region = build_region(parent, level=level, name=name, code=code, is_demo=True)
    create_many([region])
    return region
