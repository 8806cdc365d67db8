"""Every component in every state on one page, for developers: mounted only where DEBUG is on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from common.forms import CountInput, DateInput, IdCardField, MoneyField

SEXES = [("male", "男"), ("female", "女")]
PROOFS = [("bank", "银行流水"), ("contract", "务工合同"), ("card", "一卡通补贴"), ("said", "本人口述")]


class SampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label="姓名", max_length=50, help_text="按身份证上的写法，生僻字照样写。")
    id_number = IdCardField(label="身份证号", birthday="id_birthday", sex="id_sex", required=False)
    birthday = forms.DateField(label="出生日期", widget=DateInput())
    sex = forms.ChoiceField(label="性别", choices=SEXES, widget=forms.RadioSelect)
    wage = MoneyField(label="工资性收入", unit="元 / 年", last=Decimal(18000), help_text="去年填报：18,000 元")
    farm = MoneyField(label="生产经营净收入", unit="元 / 年", required=False)
    area = forms.DecimalField(label="住房面积", widget=CountInput(unit="平方米", decimal=True))
    group = forms.ChoiceField(label="村民小组", choices=[("", "请选择"), ("1", "1组"), ("2", "2组")])
    proofs = forms.MultipleChoiceField(
        label="收入怎么核实的？",
        choices=PROOFS,
        widget=forms.CheckboxSelectMultiple,
        help_text="至少选一项",
        required=False,
    )
    remark = forms.CharField(label="说明", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    photo = forms.FileField(label="户主照片", required=False)
    agreed = forms.BooleanField(label="本人已看过并同意公示")


def _spot(pk: int, label: str, **more: Any) -> SimpleNamespace:
    return SimpleNamespace(**({"pk": pk, "label": label, "path_label": "示范县", "count": None, "leaf": False} | more))


def _picker(name: str, **more: Any) -> dict[str, Any]:
    county, town = _spot(1, "示范县"), _spot(2, "石门乡")
    villages = [
        _spot(10 + n, label, leaf=True, count=f"{n * 17 + 300} 户")
        for n, label in enumerate(["青石村", "白水村", "大坝村"])
    ]
    empty: dict[str, Any] = {
        "name": name,
        "url": "/regions/picker/?name=region",
        "selected": None,
        "trail": [county, town],
        "children": villages,
        "q": "",
        "results": None,
        "more": False,
        "choose_leaf_only": False,
        "page": False,
        "fixed": [],
    }
    return empty | more


def samples() -> dict[str, Any]:
    """Made-up contents for each component."""
    wrong = SampleForm(
        {"name": "", "wage": "十八万", "sex": "", "group": "", "area": "abc", "birthday": "2026-02-30"},
        auto_id="wrong_%s",
    )
    wrong.add_error(None, "这户在 2026 年已经填过收入，请先看一下已有的记录。")
    towns = [_spot(20 + n, label) for n, label in enumerate(["石门乡", "长坡镇", "金竹乡"])]
    return {
        "form": SampleForm(
            initial={"wage": Decimal(180000), "farm": Decimal("6400.5"), "name": "王建国", "proofs": ["bank", "card"]}
        ),
        "wrong": wrong,
        "trail": [("示范县", "#county"), ("石门乡", "#town"), ("青石村", "#village"), ("5组", "")],
        "tabs": [
            ("基本情况", "#a", True),
            ("家庭成员", "#b", False),
            ("收入", "#c", False),
            ("住房", "#d", False),
            ("变更记录", "#e", False),
        ],
        "chips": [("石门乡", "#x"), ("边缘易致贫户", "#y"), ("没有帮扶人", "#z")],
        "kpis": [
            {"label": "在册监测对象", "value": "1,289", "unit": "户", "note": "4,063 人", "url": "#list"},
            {"label": "本月新识别", "value": "21", "unit": "户", "note": "平均用时 9.4 天"},
            {"label": "走访超期", "value": "37", "unit": "户"},
        ],
        "bars": [
            {"label": "2023年", "value": 8420},
            {"label": "2024年", "value": 9130},
            {"label": "2025年", "value": 10260},
            {"label": "2026年", "value": 11870, "url": "#2026"},
        ],
        "events": [
            {
                "title": "10月26日 入户走访",
                "meta": "张伟 · 家中有人 · 照片 2 张",
                "text": "反映：屋顶漏雨，盼早日动工。",
            },
            {"title": "10月2日 收入更新", "meta": "张伟 · 工资性收入 18,000 → 180,000", "url": "#event"},
            {"title": "3月15日 纳入监测"},
        ],
        "changes": [
            {"label": "工资性收入", "old": "18,000", "new": "180,000", "note": "是去年的 10 倍"},
            {"label": "联系电话", "old": "", "new": "138****0000"},
            {"label": "备注", "old": "在外务工，过年回来再核实一次", "new": None},
        ],
        "members": [
            {
                "name": "王建国",
                "relation": "户主",
                "birthday": dt.date(1968, 5, 2),
                "number": "530199196805020021",
                "health": "长期慢性病",
            },
            {
                "name": "阿卜杜拉·买买提江·吐尔逊",
                "relation": "女婿",
                "birthday": dt.date(1997, 1, 9),
                "number": "",
                "health": "健康",
            },
        ],
        "moment": dt.datetime(2026, 11, 22, 10, 32),  # noqa: DTZ001  a sample, shown as it stands
        "sum": Decimal("180000"),
        "none": None,
        "picker": _picker("region"),
        "picked": _picker(
            "region2",
            trail=[_spot(1, "示范县")],
            children=towns,
            selected=_spot(11, "青石村", path_label="示范县 石门乡"),
        ),
        "found": _picker("region3", q="青", results=[_spot(11, "青石村", path_label="示范县 石门乡")], more=True),
        "nothing": _picker("region4", q="不存在", results=[]),
    }


@login_not_required
def gallery(request: HttpRequest) -> HttpResponse:
    """The components page."""
    return render(request, "dev/components.html", samples())
