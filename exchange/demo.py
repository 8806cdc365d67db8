"""Spreadsheets of the demonstration county: a township's list of helpers, looked at and not written yet, with a row of every outcome; and
a format in which the county exports."""

from __future__ import annotations

from accounts.demo import tell_once
from accounts.models import User
from cadres.models import Cadre
from common import xlsx
from exchange.outgoing.fields import columns_for
from exchange.outgoing.models import RowKind
from exchange.outgoing.services import create_mapping
from exchange.people import services
from exchange.people.sheets import HELPERS
from exchange.people.templates import COLUMNS
from households.models import Household
from regions.models import Region

DONE = "demo/exchange"  # target of the event that says it is there
ASKED = (
    "序号",
    "乡镇",
    "行政村",
    "户编号",
    "户主姓名",
    "户主证件号码",
    "户类型",
    "监测对象类别",
    "主要致贫原因",
    "人均纯收入",
    "帮扶责任人",
    "核实结果",
)
NAME, UNIT, ROLE, NAMED, COUNT = "姓名", "单位名称", "队长/队员/结对帮扶责任人", "户主姓名（组别）", "户数"


def fill() -> bool:
    """Tell it, once; whether it was told now. Nothing where there is no demonstration county."""
    return tell_once(DONE, "demo.imported", ("clerk", "county"), _tell)


def _tell(people: dict[str, User]) -> None:
    village = people["clerk"].postings_now[0].region
    batch = services.upload_people(
        data=_sheet(village), filename=f"{village.name}帮扶队伍名单.xlsx", by=people["county"]
    )
    services.run_people(batch, by=people["county"], write=False)
    columns = columns_for(ASKED, RowKind.HOUSEHOLD)
    create_mapping(by=people["county"], name="市局季度核对表", row_kind=RowKind.HOUSEHOLD, columns=columns, shared=True)


def _sheet(village: Region) -> bytes:
    """A new helper for a household without one, one who wants a household that has a helper, a name nobody has, a count that is wrong."""
    own = Household.objects.filter(village=village, closed_on=None).exclude(householder_name="").order_by("number")
    free = [_named(each) for each in own.unpaired()[:2]]
    taken = [_named(each) for each in own.paired()[:2]]
    cadre = Cadre.objects.serving().filter(unit__region=village.parent).select_related("unit").order_by("pk").first()
    known = (
        {UNIT: cadre.unit.name, NAME: cadre.name, "职务": cadre.title} if cadre else {UNIT: "乡人民政府", NAME: "王伟"}
    )
    rows = [
        {UNIT: "县农业农村局", NAME: "申志远", "职务": "科员", "手机": "19912340001", ROLE: "结对帮扶责任人", COUNT: len(free[:1]), NAMED: "、".join(free[:1])},
        known | {ROLE: "结对帮扶责任人", NAMED: "、".join([*taken[:1], *free[1:]]), COUNT: len(taken[:1] + free[1:])},
        {UNIT: "县水利局", NAME: "柳文静", "性别": "女", "手机": "19912340002", ROLE: "结对帮扶责任人", NAMED: "欧阳无名", COUNT: 1},
        {UNIT: "县水利局", NAME: "米嘉禾", "手机": "19912340003", ROLE: "结对帮扶责任人", NAMED: "、".join(taken[1:]), COUNT: 3},
    ]  # fmt: skip
    out = xlsx.Writer()
    out.sheet("花名册", [18] * len(COLUMNS[HELPERS]))
    out.heading(COLUMNS[HELPERS])
    where = {"乡镇": village.parent.name if village.parent else "", "村": village.name}
    for row in rows:
        full = where | row
        out.row([full.get(heading, "") for heading in COLUMNS[HELPERS]])
    return out.close()


def _named(household: Household) -> str:
    return f"{household.householder_name}（{household.hamlet}）" if household.hamlet else household.householder_name
