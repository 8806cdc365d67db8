"""Official code lists of households and members, with eras and aliases.

Codes and labels follow the national registration tables (AC01, AB01, AC30 …, 2014-2020) and the 2021 exports, which carry labels
only; where the national code of a label is not known, the code is our own word. Importing goes by label, never by number, because
the orders of the lists differ between systems. Labels are official Chinese terms and stay Chinese in every language.
"""

from cadres.codelists import POLITICS as POLITICS
from cadres.codelists import SEX as SEX
from common.codes import Code, CodeList

STANDARD = CodeList(
    "standard", "识别标准",
    (Code("01", "国家标准", ("国家级贫困人口", "国定标准")), Code("02", "省定标准", ("省级低收入人口",)), Code("03", "市定标准", ("市级低收入人口",))),
    "AC01.AAC005",
)  # fmt: skip

CATEGORY = CodeList(
    "category", "户属性",
    (
        Code("01", "一般贫困户", ("一般户",), "-2020"),
        Code("02", "低保户", ()),
        Code("03", "五保户", ("特困供养户",)),
        Code("04", "低保贫困户", (), "-2020"),
        Code("05", "一般农户", ("低收入农户",)),
        Code("06", "特困供养贫困户", ("五保贫困户",), "-2020"),
        Code("07", "一般脱贫户", ("脱贫户",), "2018"),
        Code("08", "低保脱贫户", (), "2018"),
        Code("09", "特困供养脱贫户", (), "2018"),
        Code("10", "低保特困供养贫困户", ("低保特困供养脱贫户",), "2018"),
        Code("11", "脱贫不享受政策户", ("稳定脱贫不享受政策户",), "2018"),
        Code("12", "低保边缘户", ("低保边缘",), "2021"),
        Code("13", "严重困难户", ("支出型困难户",), "2021"),
    ),
    "AC01.AAC006; 2021 exports: 户类型",
)  # fmt: skip

CAUSE = CodeList(
    "cause", "致贫原因",
    (
        Code("01", "因病"), Code("02", "因残"), Code("03", "因学"), Code("04", "因灾", ("因自然灾害",)), Code("05", "缺土地"),
        Code("06", "缺水"), Code("07", "缺技术"), Code("08", "缺劳力", ("缺劳动力",)), Code("09", "缺资金"),
        Code("10", "交通条件落后"), Code("11", "自身发展动力不足", ("自身发展力不足", "自身发展能力不足")), Code("12", "因婚"),
        Code("13", "因丧", (), "2018"), Code("14", "缺住房"), Code("15", "缺电"), Code("16", "因意外事故", (), "2021"),
        Code("17", "因产业项目失败", (), "2021"), Code("18", "因务工就业不稳", (), "2021"), Code("19", "因安全住房", (), "2021"),
        Code("20", "因安全饮水", (), "2021"), Code("99", "其他", ("其它",)),
    ),
    "AC01.AAC007/008; 2021: risks of 返贫致贫",
    multiple=True,
)  # fmt: skip

RELATION = CodeList(
    "relation", "与户主关系",
    (
        Code("01", "户主", ("本人", "本人或户主")), Code("02", "配偶", ("妻", "夫", "之妻", "之夫")), Code("03", "之子", ("子", "儿子", "长子", "次子", "三子")),
        Code("04", "之女", ("女", "女儿", "长女", "次女", "三女")), Code("05", "之儿媳", ("儿媳",)), Code("06", "之女婿", ("女婿",)),
        Code("07", "之孙子", ("孙子",)), Code("08", "之孙女", ("孙女",)), Code("09", "之外孙子", ("外孙子", "外孙")),
        Code("10", "之外孙女", ("外孙女",)), Code("11", "之父", ("父", "父亲")), Code("12", "之母", ("母", "母亲")),
        Code("13", "之岳父", ("岳父",)), Code("14", "之岳母", ("岳母",)), Code("15", "之公公", ("公公",)), Code("16", "之婆婆", ("婆婆",)),
        Code("17", "之祖父", ("祖父",)), Code("18", "之祖母", ("祖母",)), Code("19", "之外祖父", ("外祖父",)), Code("20", "之外祖母", ("外祖母",)),
        Code("21", "之兄弟姐妹", ("兄弟姐妹", "兄", "弟", "姐", "妹"), "2021"), Code("22", "之曾孙子", ("曾孙子",), "2021"),
        Code("23", "之曾孙女", ("曾孙女",), "2021"), Code("24", "之侄儿", ("侄儿", "侄子"), "2021"), Code("25", "之侄女", ("侄女",), "2021"),
        Code("26", "之兄弟媳妇", ("兄弟媳妇",), "2021"), Code("27", "之叔伯", ("叔伯",), "2021"), Code("99", "其他", ("其它", "其他亲属")),
    ),
    "AB01.AAB006; 21-27 are labels of the 2021 exports under codes of our own",
)  # fmt: skip
HOUSEHOLDER = "01"

ID_TYPE = CodeList(
    "id_type", "证件类型",
    (Code("id", "居民身份证", ("身份证",)), Code("disability", "残疾人证", ("残疾证",)), Code("none", "无证件", ("无身份证",)),
     Code("other", "其他证件", ("其他",))),
    "2021 exports",
)  # fmt: skip

_ETHNIC = [
    "汉",
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
]
ETHNICITY = CodeList(
    "ethnicity", "民族",
    (*(Code(f"{n:02d}", f"{name}族", (name,)) for n, name in enumerate(_ETHNIC, 1)), Code("97", "其他", ("其它",)),
     Code("98", "外国血统中国籍人士", ("外国血统",))),
    "GB/T 3304-1991",
)  # fmt: skip

EDUCATION = CodeList(
    "education", "文化程度",
    (
        Code("01", "文盲或半文盲", ("文盲", "文盲半文盲", "文盲/半文盲")), Code("02", "小学"), Code("03", "初中"), Code("04", "高中", ("中专", "高中或中专")),
        Code("05", "大专及以上", ("大专以上",), "-2020"), Code("06", "学龄前儿童", ("学龄前",)), Code("07", "大专", (), "2021"),
        Code("08", "本科及以上", ("本科", "大学本科"), "2021"),
    ),
    "AB01.AAB008",
)  # fmt: skip

_YEARS = "一二三四五"
SCHOOL = CodeList(
    "school", "在校生状况",
    (
        Code("01", "非在校生", ("否", "非在校")), Code("00", "学龄前儿童", ("学龄前",), "2021"), Code("02", "学前教育", ("幼儿园",)), Code("03", "小学"),
        Code("04", "七年级", ("初一", "初中一年级")), Code("05", "八年级", ("初二", "初中二年级")), Code("06", "九年级", ("初三", "初中三年级")),
        *(Code(f"{6 + n:02d}", f"普通高中{_YEARS[n - 1]}年级", (f"高中{_YEARS[n - 1]}年级", f"高{_YEARS[n - 1]}")) for n in (1, 2, 3)),
        *(Code(f"{9 + n:02d}", f"中职{_YEARS[n - 1]}年级") for n in (1, 2, 3)),
        *(Code(f"{12 + n:02d}", f"高职高专{_YEARS[n - 1]}年级", (f"高职{_YEARS[n - 1]}年级",)) for n in (1, 2, 3)),
        Code("16", "大专及以上", (), "-2020"),
        *(Code(f"{16 + n:02d}", f"技师学院{_YEARS[n - 1]}年级", (), "2021") for n in (1, 2, 3, 4)),
        *(Code(f"{20 + n:02d}", f"本科{_YEARS[n - 1]}年级", (), "2021") for n in (1, 2, 3, 4, 5)),
        Code("26", "硕士研究生及以上", ("硕士及以上",), "2021"),
    ),
    "AB01.AAB009 (01-16); 2021 labels under codes of our own",
)  # fmt: skip

HEALTH = CodeList(
    "health", "健康状况",
    (Code("01", "健康"), Code("02", "长期慢性病", ("慢性病",)), Code("03", "患有大病", ("大病", "患大病")), Code("04", "残疾")),
    "AB01.AAB017; several at once since 2018, 健康 stands alone",
    multiple=True,
)  # fmt: skip

LABOUR = CodeList(
    "labour", "劳动技能",
    (
        Code("01", "普通劳动力"), Code("02", "技能劳动力"), Code("03", "丧失劳动力", ("丧失劳动能力",)), Code("04", "无劳动力", ("无劳动能力",)),
        Code("05", "弱劳动力或半劳动力", ("弱劳动力", "半劳动力", "弱半劳动力"), "2018"),
    ),
    "AB01.AAB010",
)  # fmt: skip

WORK_AREA = CodeList(
    "work_area", "务工状况",
    (
        Code("01", "乡（镇）内务工", ("乡镇内务工", "乡内务工", "镇内务工")), Code("02", "乡（镇）外县内务工", ("乡镇外县内务工", "乡(镇)外县内", "县内务工")),
        Code("03", "县外省内务工", ("县外省内", "省内务工")), Code("04", "省外务工", ("省外",)), Code("99", "其他", ("其它",)),
    ),
    "AB01.AAB011",
)  # fmt: skip

DISABILITY_KIND = CodeList(
    "disability_kind", "残疾类别",
    (Code("1", "视力"), Code("2", "听力"), Code("3", "言语"), Code("4", "肢体"), Code("5", "智力"), Code("6", "精神"), Code("7", "多重")),
    "disability certificate, digit 19",
)  # fmt: skip
DISABILITY_LEVEL = CodeList(
    "disability_level", "残疾等级",
    (Code("1", "一级"), Code("2", "二级"), Code("3", "三级"), Code("4", "四级")),
    "disability certificate, digit 20",
)  # fmt: skip

ROAD = CodeList(
    "road", "入户路类型",
    (Code("01", "泥土路"), Code("02", "砂石路"), Code("03", "水泥路"), Code("04", "沥青路", ("柏油路",))),
    "AC31.AAC316",
)  # fmt: skip
FUEL = CodeList(
    "fuel", "主要燃料",
    (Code("01", "柴草"), Code("02", "干畜粪"), Code("03", "煤炭", ("煤",)), Code("04", "清洁能源", ("燃气", "电")), Code("99", "其他", ("其它",))),
    "AC31.AAC320",
)  # fmt: skip
DWELLING_GRADE = CodeList(
    "dwelling_grade", "房屋安全等级",
    (Code("A", "A 级", ("A级",)), Code("B", "B 级", ("B级",)), Code("C", "C 级（危房）", ("C级", "C")), Code("D", "D 级（危房）", ("D级", "D"))),
    "AC31.AAC322; C and D are unsafe",
)  # fmt: skip
WATER_SOURCE = CodeList(
    "water_source", "饮水来源",
    (Code("tap", "自来水"), Code("well", "井水"), Code("cellar", "水窖水"), Code("other", "其他", ("其它",))),
    "local ledgers",
)  # fmt: skip

RELOCATION_WAY = CodeList(
    "relocation_way", "搬迁方式",
    (Code("village", "整体搬迁（行政村）", ("行政村整体搬迁",)), Code("hamlet", "整体搬迁（自然村）", ("自然村整体搬迁",)), Code("single", "个别搬迁")),
    "ACR075",
)  # fmt: skip
RESETTLEMENT = CodeList(
    "resettlement",
    "安置方式",
    (Code("grouped", "集中安置", ("集中",)), Code("scattered", "分散安置", ("分散",))),
    "local ledgers",
)

# Income items: (code, title, group). The four groups of income and the expense add up to the national totals:
# gross = wage + business + property + transfer; net = gross - expense; per head = net / members of the year.
WAGE, BUSINESS, PROPERTY, TRANSFER, EXPENSE = "wage", "business", "property", "transfer", "expense"
INCOME_GROUP = CodeList(
    "income_group", "收支类别",
    (Code(WAGE, "工资性收入", national="AAC073"), Code(BUSINESS, "生产经营性收入", national="AAC071"), Code(PROPERTY, "财产性收入", national="AAC072"),
     Code(TRANSFER, "转移性收入", national="AAC085"), Code(EXPENSE, "生产经营性支出", national="AAC074")),
    "AC07",
)  # fmt: skip
INCOME_ITEM = CodeList(
    "income_item", "收支项目",
    (
        Code("wage.post", "公益性岗位收入"), Code("wage.other", "其他工资性收入", ("工资性收入",), national="AAC073"),
        Code("business.crop", "种植业收入"), Code("business.livestock", "养殖业收入"), Code("business.forestry", "林业收入"),
        Code("business.award", "产业奖励"), Code("business.other", "其他生产经营性收入", ("生产经营性收入",), national="AAC071"),
        Code("property.dividend", "资产收益扶贫分红收入", ("资产收益分红",), national="AAC092"),
        Code("property.lease", "土地流转收入"), Code("property.other", "其他财产性收入", ("财产性收入", "其他财产性收入（旧指标）"), national="AAC093"),
        Code("transfer.family_planning", "计划生育金", national="AAC076"), Code("transfer.low_income", "最低生活保障金", ("低保金",), national="AAC077"),
        Code("transfer.special_support", "特困人员救助供养金", ("五保金", "特困供养金"), national="AAC086"),
        Code("transfer.pension", "养老金或离退休金", ("养老保险金", "养老金"), national="AAC087"),
        Code("transfer.ecology", "生态补偿金", national="AAC078"), Code("transfer.job_award", "就业奖励"),
        Code("transfer.other", "其他转移性收入", ("转移性收入",), national="AAC083"),
        Code("expense.business", "生产经营性支出", ("生产经营性支出（合计）",), national="AAC074"),
        Code("expense.subsidy", "专项用于减少生产经营性支出的补贴"),
    ),
    "AC07; 2021 exports",
)  # fmt: skip


def income_group(item: str) -> str:
    """The group an income item adds to: the part of its code before the dot."""
    return item.split(".", 1)[0]


CHECK_STATE = CodeList(
    "check",
    "达标情况",
    (Code("yes", "达标", ("是",)), Code("no", "未达标", ("否",))),
    "two assurances, three guarantees, water",
)

JOIN_REASON = CodeList(
    "join_reason", "增加原因",
    (Code("first", "初次登记"), Code("birth", "出生", ("新生儿",)), Code("marriage", "嫁入", ("婚入",)), Code("move_in", "户籍迁入", ("迁入",)),
     Code("adoption", "收养"), Code("return", "回归"), Code("split", "拆户转入"), Code("merge", "并户转入"), Code("import", "导入"), Code("other", "其他")),
    "natural increase kinds of 动态调整",
)  # fmt: skip
LEAVE_REASON = CodeList(
    "leave_reason", "减少原因",
    (Code("death", "死亡"), Code("marriage", "嫁出", ("婚出",)), Code("move_out", "户籍迁出", ("迁出",)), Code("prison", "服刑"),
     Code("lost", "失联"), Code("split", "拆户转出"), Code("merge", "并户转出"), Code("mistake", "登记错误"), Code("other", "其他")),
    "natural decrease kinds of 动态调整",
)  # fmt: skip

ALL = [v for v in list(globals().values()) if isinstance(v, CodeList)]
