"""Empty workbooks of the two kinds of sheets, as they are handed out to be filled in."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _

from common import xlsx
from exchange.people.sheets import HELPERS, PAIRINGS

# The headings of the families themselves, and behind them what we can tell beside that.
COLUMNS = {
    PAIRINGS: (
        "市", "县", "乡", "户编号", "单位名称", "隶属关系", "姓名", "性别", "联系人电话", "户主个人编号", "户主姓名", "户主证件号码", "帮扶开始时间", "帮扶结束时间", "帮扶责任人编号",
        "帮扶单位编号", "政治面貌", "是否牵头",
    ),
    HELPERS: (
        "单位名称", "姓名", "性别", "职务", "队长/队员/结对帮扶责任人", "乡镇", "村", "户数", "户主姓名（组别）", "办公电话", "手机", "帮扶责任人编号", "证件号码", "隶属关系", "是否牵头",
    ),
}  # fmt: skip


def workbook(kind: str) -> tuple[bytes, str]:
    """(the workbook, its file name). Raises Http404 for a kind there is not."""
    if kind not in COLUMNS:
        raise Http404(kind)
    titles = {PAIRINGS: _("帮扶责任人结对名单"), HELPERS: _("帮扶队伍名单")}
    out = xlsx.Writer()
    out.sheet(titles[kind], [18] * len(COLUMNS[kind]))
    out.heading(COLUMNS[kind])
    out.sheet(_("填写说明"), [110])
    for line in _how(kind):
        out.row([line])
    return out.close(), f"{titles[kind]}.xlsx"


def _how(kind: str) -> list[str]:
    if kind == PAIRINGS:
        return [
            _("一行一项结对：哪位帮扶责任人帮扶哪一户，从哪天到哪天。"),
            _("户编号、姓名、帮扶开始时间必填；新的帮扶责任人还要写单位名称。"),
            _("写了帮扶结束时间的，登记为已经结束的结对；没有写的是现在的帮扶责任人。"),
            _("一户同时有几位帮扶责任人的，在“是否牵头”一列写“是”或“否”，只能有一位牵头。"),
            _("隶属关系写省直、市直、县直、乡镇或村级。日期写成 2020-04-29 或 20200429。"),
            _("编号、电话、证件号码请按文本填写，不要让表格软件改成科学计数法。"),
        ]
    return [
        _("一行一个人：单位名称、姓名、“队长/队员/结对帮扶责任人”、乡镇和村必填。"),
        _("队长、队员、第一书记登记到这个村的驻村工作队；一人几项的写在同一格，如“第一书记兼队长”。"),
        _("结对帮扶责任人写户主姓名，后面用括号写组别，如“张三（一组）、李四（二组）”；户数要与姓名的个数一致。"),
        _("单位名称、乡镇和村与上一行相同的可以空着。"),
        _("同一单位有重名的，请填帮扶责任人编号、证件号码或手机。"),
        _("表中没有日期，都从上传时选的“从哪一天起”算起；已经登记的任职和结对不会改动。"),
    ]
