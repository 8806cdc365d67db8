"""Code lists of village party branches: posts, schooling, why somebody leaves, public facilities."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from common.codes import Code, CodeList

SECRETARY = "secretary"
POSTS = CodeList(
    "posts", _("党支部职务"),
    (Code(SECRETARY, _("书记"), ("支部书记", "党支部书记")), Code("deputy", _("副书记"), ("支部副书记",)), Code("personnel", _("组织委员")),
     Code("publicity", _("宣传委员")), Code("discipline", _("纪检委员"), ("纪律检查委员",)), Code("youth", _("青年委员")), Code("women", _("妇女委员"))),
    "中国共产党支部工作条例（试行）2018: a committee has a secretary, members for 组织, 宣传 and 纪检 and others, a deputy where needed",
)  # fmt: skip

SCHOOLING = CodeList(
    "schooling", _("学历"),
    (Code("primary", _("小学及以下"), ("小学", "文盲")), Code("middle", _("初中")), Code("high", _("高中、中专"), ("高中", "中专", "技校")),
     Code("college", _("大专"), ("专科",)), Code("bachelor", _("本科及以上"), ("本科", "大学", "研究生"))),
    "ours: the five steps in which village branches are counted",
)  # fmt: skip

GONE = ("expelled", "dropped", "mistake")  # who left so was not developed
LEAVING = CodeList(
    "leaving", _("离开原因"),
    (Code("moved", _("组织关系转出"), ("转出",)), Code("died", _("去世"), ("死亡",)), Code("expelled", _("开除、除名、取消预备党员资格"), ("开除", "除名")),
     Code("dropped", _("不再培养"), ("退出",)), Code("mistake", _("登记错误"))),
    "ours",
)  # fmt: skip

FACILITIES = CodeList(
    "facilities", _("阵地设施"),
    (Code("venue", _("组织活动场所"), ("村级组织活动场所", "党群服务中心")), Code("distance", _("远程教育设备"), ("远教设备", "远程教育站点")),
     Code("library", _("农家书屋")), Code("board", _("党务村务公开栏"), ("公开栏",)), Code("culture", _("文化活动场所"), ("文化广场",)),
     Code("broadcast", _("广播"), ("大喇叭", "应急广播")), Code("network", _("网络接入"), ("宽带",)), Code("other", _("其他"))),
    "ours: what 村级基础保障 of the essay and village project lists name",
)  # fmt: skip
