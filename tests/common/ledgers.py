"""Print models of made-up households: one with everything, one with nothing. Nobody in them exists."""

from __future__ import annotations

import functools
import io
from typing import Any

from PIL import Image, ImageDraw

RARE = "𬱖㛃䶮𠮷𡊄龑𤧛𫘦𬸪𠅤㑇㐂𪜎𫝆𫠥𬬭𮯙𰻞"
UYGHUR_HAN = "阿卜杜热依木·买买提依明"
UYGHUR = "ئابدۇرېھىم مەمتىمىن"
TIBETAN = "བསྟན་འཛིན་རྒྱ་མཚོ"
YI = "ꀉꆹꃀꇤ"
YEARS = (2022, 2023, 2024, 2025, 2026)


@functools.cache
def photo(width: int = 472, height: int = 354, seed: int = 0) -> bytes:
    """A JPEG of plain shapes, the size the server makes of an uploaded photo."""
    image = Image.new("RGB", (width, height), "#b9c7d6")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 2 // 3, width, height), fill="#8a9a6b")
    draw.polygon(
        [(width * 0.2, height * 0.45), (width * 0.5, height * 0.2), (width * 0.8, height * 0.45)], fill="#8c4a3a"
    )
    draw.rectangle((width * 0.25, height * 0.45, width * 0.75, height * 0.8), fill="#e6ddcf")
    for n in range(60):  # bricks, so that it compresses like a photo
        draw.rectangle(
            ((n + seed) * 37 % width, n * 53 % height, (n + seed) * 37 % width + 9, n * 53 % height + 5),
            fill=(n * 4, 90, 60),
        )
    out = io.BytesIO()
    image.save(out, "JPEG", quality=82)
    return out.getvalue()


def media(ident: str) -> tuple[bytes, str]:
    sizes = {"householder": (300, 400), "dwelling": (472, 354), "repaired": (472, 354)}
    return photo(*sizes[ident]), "image/jpeg"


def _pairs(*pairs: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {"label": label.rstrip("*"), "value": value, **({"wide": True} if label.endswith("*") else {})}
        for label, value in pairs
    ]


def bare_ledger(number: str = "0000000001", name: str = "王建国") -> dict[str, Any]:
    """A household registered this minute: every section is there, nothing is in it."""
    model = full_ledger(number, name)
    model["document"]["notes"] = []
    for section in model["sections"]:
        for part in section.get("parts", [section]):
            part.pop("photos", None) if part["kind"] == "pairs" else None
            if part["kind"] == "pairs":
                part["pairs"] = [{**pair, "value": ""} for pair in part["pairs"]]
            if part["kind"] in ("table", "chart"):
                part["rows"], part["lines"] = [], []
            if part["kind"] == "checks":
                part["items"] = [{**i, "state": "unknown", "word": "未登记", "note": ""} for i in part["items"]]
            if part["kind"] == "text":
                part["paragraphs"] = []
        if "parts" in section:
            section["parts"] = [part for part in section["parts"] if part["kind"] != "photos"]
    return model


def full_ledger(number: str = "0000012345", name: str = "王建国") -> dict[str, Any]:
    people = [
        (name, "户主", "男", "1968-03", "5301**********002X", "汉族", "初中", "长期慢性病", "弱劳动力或半劳动力", "—", "是", "是"),
        ("李芳", "配偶", "女", "1971-06", "5301**********0043", "汉族", "小学", "健康", "普通劳动力", "乡（镇）外县内 6 个月", "是", "是"),
        (UYGHUR_HAN, "之女婿", "男", "1995-01", "6531**********0018", "维吾尔族", "高中", "健康", "技能劳动力", "省外 10 个月", "是", "是"),
        ("王䶮𠮷", "之女", "女", "1996-11", "5301**********0066", "汉族", "大专", "健康", "技能劳动力", "省外 10 个月", "是", "是"),
        (TIBETAN, "之孙女", "女", "2019-09", "5301**********0026", "藏族", "小学在读", "健康", "无劳动力", "—", "是", "—"),
        ("王思𬱖", "之孙子", "男", "2022-02", "5301**********0034", "汉族", "学龄前儿童", "残疾（听力二级）", "无劳动力", "—", "是", "—"),
    ]  # fmt: skip
    items = [
        ("一、工资性收入", "sub", (18000, 21000, 23600, 26000, 31200)),
        ("其中：公益性岗位收入", "", (0, 6000, 6000, 9600, 9600)),
        ("　　　其他工资性收入", "", (18000, 15000, 17600, 16400, 21600)),
        ("二、生产经营性收入", "sub", (9200, 10400, 11800, 12600, 13900)),
        ("其中：种植业", "", (5200, 5600, 6100, 6300, 6800)),
        ("　　　养殖业", "", (4000, 4800, 5700, 6300, 7100)),
        ("三、财产性收入", "sub", (600, 900, 1200, 1200, 1500)),
        ("其中：资产收益分红", "", (400, 600, 800, 800, 1000)),
        ("　　　土地流转", "", (200, 300, 400, 400, 500)),
        ("四、转移性收入", "sub", (7400, 8100, 8700, 9100, 9400)),
        ("其中：低保金", "", (3200, 3400, 3600, 3800, 3900)),
        ("　　　养老保险金", "", (2400, 2600, 2800, 2900, 3000)),
        ("　　　生态补偿金", "", (1800, 2100, 2300, 2400, 2500)),
        ("年收入", "sub", (35200, 40400, 45300, 48900, 56000)),
        ("生产经营性支出", "", (3600, 3900, 4300, 4600, 5100)),
        ("纯收入", "total", (31600, 36500, 41000, 44300, 50900)),
        ("人均纯收入", "total", (6320, 7300, 8200, 7383.33, 8483.33)),
    ]
    return {
        "schema": 1,
        "document": {
            "title": "一户一本台账",
            "subtitle": "巩固脱贫成果 · 防止返贫监测与帮扶",
            "period": "2026 年度",
            "owner": "示范县石门乡青石村",
            "outline": f"{number} {name}",
            "language": "zh-CN",
            "pairs": _pairs(
                ("户编号", number),
                ("户主姓名", name),
                ("家庭住址", "示范县石门乡青石村 5 组"),
                ("农户状态", "边缘易致贫户（监测中）"),
                ("家庭人口", f"{len(people)} 人"),
                ("帮扶责任人", "张伟（示范县水利局）"),
            ),
            "notes": [
                "本台账由系统按已登记的数据生成。证件号码、电话和账号按规定遮盖，需要完整号码时按程序另行打印。",
                "内容如有不符，请在签字前告知填表人更正；更正后的台账另有新的文件编号。",
            ],
        },
        "issue": {
            "number": f"TZ-2026-{number}-07",
            "as_of": "2026年11月23日 21:40",
            "qr": "https://example.test/v/7Q2K9M4T/",
        },
        "sections": [
            {
                "kind": "pairs",
                "title": "基本信息",
                "columns": 2,
                "pairs": _pairs(
                    ("户编号", number),
                    ("户主姓名", name),
                    ("证件号码", "5301**********002X"),
                    ("联系电话", "138****0000"),
                    ("户类型", "一般农户"),
                    ("监测对象类别", "边缘易致贫户"),
                    ("识别监测时间", "2026年3月15日"),
                    ("风险是否已消除", "否"),
                    ("识别标准", "国家标准"),
                    ("农户属性", "一般贫困户"),
                    ("军烈属", "否"),
                    ("独生子女户 / 双女户", "否"),
                    ("低保户", "是"),
                    ("家庭人口", f"{len(people)} 人（劳动力 4 人）"),
                    ("开户银行", "示范县农村商业银行石门支行"),
                    ("银行账号", "6228***********1234"),
                    ("家庭住址*", "示范县石门乡青石村 5 组 老槐树下第三户"),
                    ("民族文字姓名*", f"{UYGHUR}（{UYGHUR_HAN}），{TIBETAN}，{YI}"),
                ),
                "photos": [
                    {"src": "media:householder", "caption": "户主", "alt": "户主照片"},
                    {"src": "media:dwelling", "caption": "住房（2026年9月）", "alt": "住房照片"},
                ],
            },
            {
                "kind": "table",
                "title": "家庭成员",
                "unit": f"共 {len(people)} 人",
                "columns": [
                    {"label": "序号", "width": 4},
                    {"label": "姓名", "width": 13},
                    {"label": "与户主关系", "width": 7},
                    {"label": "性别", "width": 4},
                    {"label": "出生年月", "width": 8},
                    {"label": "证件号码", "width": 17},
                    {"label": "民族", "width": 7},
                    {"label": "文化程度或在校", "width": 7},
                    {"label": "健康状况", "width": 8},
                    {"label": "劳动技能", "width": 8},
                    {"label": "务工地点和时间", "width": 9},
                    {"label": "医保", "width": 4},
                    {"label": "养老", "width": 4},
                ],
                "rows": [[str(n), *person] for n, person in enumerate(people, 1)],
                "notes": [f"本年变动：2026年3月2日 {RARE[0]}氏（户主之母）去世，户口已注销。曾用名登记：{RARE}。"],
                "empty": "无家庭成员记录",
            },
            {
                "kind": "group",
                "title": "致贫原因",
                "parts": [
                    {
                        "kind": "pairs",
                        "title": "",
                        "columns": 2,
                        "pairs": _pairs(
                            ("主要致贫原因", "因病"),
                            ("其他致贫原因", "缺技术、自身发展动力不足"),
                            ("返贫致贫风险", "因病；因务工就业不稳"),
                            ("整户无劳动能力", "否"),
                        ),
                    },
                    {
                        "kind": "text",
                        "title": "",
                        "paragraphs": [
                            "户主患高血压、糖尿病多年，每年门诊购药自付约 3,600 元；2026年2月因脑梗住院 18 天，医保和大病保险报销后自付 8,460 元。"
                            "家庭主要收入靠女婿、女儿省外务工，务工地点两年内变动三次，收入不稳。"
                        ],
                    },
                ],
            },
            {
                "kind": "group",
                "title": "收入情况",
                "unit": "单位：元",
                "parts": [
                    {
                        "kind": "table",
                        "title": "",
                        "columns": [
                            {"label": "项目", "width": 28, "align": "start"},
                            *({"label": f"{year}年", "width": 13, "align": "end"} for year in YEARS),
                        ],
                        "rows": [
                            *(
                                {"role": role, "cells": [item, *(f"{v:,.2f}" for v in values)]}
                                for item, role, values in items
                            ),
                            {
                                "role": "doubt",
                                "cells": [
                                    "登记的人均纯收入",
                                    "6,320.00",
                                    "7,300.00",
                                    "8,200.00",
                                    "8,860.00",
                                    "8,483.33",
                                ],
                            },
                        ],
                        "notes": [
                            "年收入为四类收入之和；纯收入 = 年收入 − 生产经营性支出；人均纯收入 = 纯收入 ÷ 当年家庭人口。以上由系统计算。",
                            "2025年：导入表登记的人均纯收入 8,860.00 元与计算结果 7,383.33 元相差 1,476.67 元，待核实。",
                        ],
                        "empty": "无收入记录",
                    },
                    {
                        "kind": "chart",
                        "title": "人均纯收入",
                        "unit": "单位：元",
                        "desc": "2022—2026 年逐年人均纯收入和监测线",
                        "rows": [
                            {"label": f"{year}年", "value": value, "text": f"{value:,.0f}"}
                            for year, value in zip(YEARS, items[-1][2], strict=True)
                        ],
                        "lines": [
                            {"label": "监测线", "values": [6500, 6900, 7600, 7900, 8500], "text": "2026年 8,500"},
                        ],
                    },
                ],
            },
            {
                "kind": "group",
                "title": "生产生活条件",
                "parts": [
                    {
                        "kind": "checks",
                        "title": "两不愁三保障和饮水安全",
                        "items": [
                            {"label": "不愁吃", "state": "ok", "word": "达标", "note": "2026年9月 村级核实"},
                            {"label": "不愁穿", "state": "ok", "word": "达标", "note": "2026年9月 村级核实"},
                            {"label": "义务教育", "state": "ok", "word": "有保障", "note": "1 人在校，无失学辍学"},
                            {"label": "基本医疗", "state": "ok", "word": "有保障", "note": "6 人均参加居民医保"},
                            {
                                "label": "住房安全",
                                "state": "bad",
                                "word": "未解决",
                                "note": "C 级，县住建局列入改造计划",
                            },
                            {"label": "饮水安全", "state": "ok", "word": "有保障", "note": "自来水，水质合格"},
                        ],
                    },
                    {
                        "kind": "pairs",
                        "title": "生产条件",
                        "columns": 3,
                        "pairs": _pairs(
                            ("耕地", "6.50 亩"),
                            ("有效灌溉", "3.20 亩"),
                            ("林地", "12.00 亩"),
                            ("退耕还林", "2.00 亩"),
                            ("林果", "1.50 亩"),
                            ("牧草地", ""),
                            ("水面", ""),
                            ("生产用电", "是"),
                            ("加入合作社", "是"),
                            ("龙头企业带动", "否"),
                            ("致富带头人带动", "是"),
                            ("与村主干路距离", "0.80 公里"),
                        ),
                    },
                    {
                        "kind": "pairs",
                        "title": "生活条件",
                        "columns": 3,
                        "pairs": _pairs(
                            ("住房面积", "96.00 平方米"),
                            ("房屋安全等级", "C 级"),
                            ("是否危房户", "是"),
                            ("入户路类型", "水泥路"),
                            ("生活用电", "是"),
                            ("广播电视", "是"),
                            ("饮水来源", "自来水"),
                            ("饮水困难", "否"),
                            ("卫生厕所", "是，能正常使用"),
                            ("主要燃料", "清洁能源"),
                            ("宽带网络", "是"),
                            ("智能手机", "3 部"),
                        ),
                    },
                    {
                        "kind": "photos",
                        "title": "住房照片",
                        "columns": 2,
                        "photos": [
                            {"src": "media:dwelling", "caption": "2026年3月 改造前", "alt": "住房照片，改造前"},
                            {"src": "media:repaired", "caption": "2026年9月 改造中", "alt": "住房照片，改造中"},
                        ],
                    },
                ],
            },
            {
                "kind": "pairs",
                "title": "易地搬迁户需求",
                "columns": 2,
                "pairs": _pairs(
                    ("是否搬迁户", "否"),
                    ("搬迁意愿", "无"),
                    ("搬迁方式", ""),
                    ("安置方式", ""),
                    ("安置地", ""),
                    ("搬迁可能存在的困难", ""),
                ),
            },
            {
                "kind": "table",
                "title": "帮扶责任人",
                "columns": [
                    {"label": "姓名", "width": 10},
                    {"label": "单位", "width": 22},
                    {"label": "职务", "width": 14},
                    {"label": "政治面貌", "width": 12},
                    {"label": "隶属关系", "width": 10},
                    {"label": "联系电话", "width": 14},
                    {"label": "结对方式", "width": 12},
                    {"label": "起止时间", "width": 20},
                ],
                "rows": [
                    [
                        "张伟",
                        "示范县水利局",
                        "四级主任科员",
                        "中共党员",
                        "县直",
                        "138****0000",
                        "一对一",
                        "2025年4月1日至今",
                    ],
                    [
                        "陈喆",
                        "示范县石门乡人民政府",
                        "干事",
                        "群众",
                        "乡镇",
                        "139****0001",
                        "一对一",
                        "2022年5月10日—2025年3月31日",
                    ],
                ],
                "empty": "尚未安排帮扶责任人",
            },
            {
                "kind": "table",
                "title": "农户状态变化",
                "columns": [
                    {"label": "生效日期", "width": 16},
                    {"label": "原状态", "width": 18},
                    {"label": "新状态", "width": 18},
                    {"label": "原因", "width": 34, "align": "start"},
                    {"label": "提出 / 确认", "width": 22},
                ],
                "rows": [
                    ["2014年4月15日", "", "建档立卡", "村民代表大会评议，公示无异议", "石门乡 / 示范县"],
                    ["2018年12月20日", "建档立卡", "脱贫", "人均纯收入达标，两不愁三保障已实现", "石门乡 / 示范县"],
                    [
                        "2026年3月15日",
                        "脱贫",
                        "边缘易致贫户",
                        "户主住院自付医疗费用较高，务工收入下降",
                        "石门乡 / 示范县",
                    ],
                ],
                "empty": "无状态变化记录",
            },
            {
                "kind": "signatures",
                "title": "",
                "statement": "以上内容已向本户宣读并逐项核对，情况属实。",
                "rows": [
                    [{"label": "填表人", "value": "李明"}, {"label": "联系电话", "value": "137****0002"}],
                    [{"label": "户主签字", "value": ""}, {"label": "帮扶责任人签字", "value": ""}],
                    [{"label": "村级审核签字", "value": ""}, {"label": "日期", "value": "　　　　年　　月　　日"}],
                ],
            },
        ],
    }
