"""Where money comes from, and what a village can lack or get."""

from common.codes import Code, CodeList

# Money by source, as the Guangdong and Shaanxi sheets name it (domain notes, 5.2); a county may use any of them.
SOURCE = CodeList(
    "fund_source", "资金来源",
    (
        Code("central", "中央财政"), Code("province", "省级财政"), Code("city", "市级财政"), Code("county", "县级财政"),
        Code("industry", "行业部门"), Code("unit", "帮扶单位", ("单位自筹",)), Code("partner", "东西部协作", ("帮扶市",)),
        Code("society", "社会捐赠", ("社会",)), Code("collective", "村集体"), Code("own", "农户自筹", ("自筹",)), Code("loan", "银行贷款", ("贷款",)),
    ),
    "money by source of several provincial sheets",
)  # fmt: skip

# What a village project builds and a village shortfall is about: 水、电、路、讯、网, income, party and public facilities, and the three
# shortfalls that no builder mends.
SECTOR = CodeList(
    "village_sector", "村级项目类别",
    (
        Code("water", "饮水"), Code("power", "电力"), Code("road", "道路"), Code("network", "通讯网络"), Code("industry", "增收产业"),
        Code("party", "党建阵地"), Code("public", "公共服务设施", ("公共设施",)),
        Code("leadership", "领导班子"), Code("education", "思想教育"), Code("concentration", "资金统筹"),
    ),
    "the essay on fighting poverty, and the projects of the ORDOS and Guangdong village files",
)  # fmt: skip
BUILT = ("water", "power", "road", "network", "industry", "party", "public")
