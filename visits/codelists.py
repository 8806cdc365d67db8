"""What a visit writes down by tapping: whom one met, what one saw. Ours, after the mock-up of the visit log and the rows of 入户核查 sheets."""

from __future__ import annotations

from common.codes import Code, CodeList

NOBODY = "nobody"
MET = CodeList(
    "visit_met", "见到谁",
    (Code("householder", "户主"), Code("spouse", "配偶"), Code("elder", "老人"), Code("adult", "其他成年家人"), Code("child", "孩子"),
     Code("neighbour", "邻居或亲戚"), Code(NOBODY, "没有人在家")),
    "ours", multiple=True,
)  # fmt: skip

SEEN = CodeList(
    "visit_seen", "看到什么",
    (Code("well", "一切正常"), Code("ill", "有人生病"), Code("house", "住房有问题"), Code("water", "饮水有问题"), Code("school", "孩子没上学"),
     Code("work", "失业或没活干"), Code("loss", "受灾或减收"), Code("debt", "大额支出或欠债"), Code("policy", "政策没落实"), Code("other", "其他")),
    "ours; the six checks and the causes of falling back", multiple=True,
)  # fmt: skip
