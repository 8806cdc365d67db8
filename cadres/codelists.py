"""Code lists of people who help and of the villages they go to. Sex and 政治面貌 are those of the national tables; the ledger uses them, too."""

from __future__ import annotations

from common.codes import Code, CodeList

SEX = CodeList(
    "sex", "性别", (Code("1", "男", ("男性",)), Code("2", "女", ("女性",)), Code("9", "未说明")), "GB/T 2261.1"
)

POLITICS = CodeList(
    "politics", "政治面貌",
    (Code("01", "中共党员", ("党员",)), Code("02", "中共预备党员", ("预备党员",)), Code("03", "共青团员", ("团员",)), Code("04", "民主党派"),
     Code("13", "群众", ("普通群众",))),
    "AB01.AAK033; only 01 is confirmed as a national code",
)  # fmt: skip

LANGUAGES = CodeList(
    "languages", "语言",
    (Code("putonghua", "普通话", ("国语",)), Code("local", "本地方言", ("方言", "当地话", "土话")), Code("yi", "彝语"), Code("miao", "苗语"),
     Code("buyi", "布依语"), Code("dong", "侗语"), Code("zhuang", "壮语"), Code("tujia", "土家语"), Code("tibetan", "藏语"),
     Code("uyghur", "维吾尔语"), Code("mongol", "蒙古语"), Code("hui", "回族汉语方言"), Code("dai", "傣语"), Code("bai", "白语"), Code("hani", "哈尼语"),
     Code("lisu", "傈僳语"), Code("yao", "瑶语"), Code("korean", "朝鲜语"), Code("kazakh", "哈萨克语"), Code("other", "其他")),
    "ours: languages of counties with poverty registers; a county speaks two or three of them", multiple=True,
)  # fmt: skip

SKILLS = CodeList(
    "skills", "产业和专长",
    (Code("crops", "种植"), Code("livestock", "养殖"), Code("forestry", "林果"), Code("processing", "农产品加工"), Code("tourism", "乡村旅游"),
     Code("trade", "电商和销售"), Code("water", "水利"), Code("roads", "交通和工程"), Code("power", "光伏和电力"), Code("education", "教育"),
     Code("health", "医疗卫生"), Code("law", "法律和调解"), Code("finance", "财务和金融"), Code("party", "党建"), Code("jobs", "就业和培训"),
     Code("other", "其他")),
    "ours: what shortfalls and village projects of the domain notes (section 5.3) ask for", multiple=True,
)  # fmt: skip
