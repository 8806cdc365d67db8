"""The national columns of help, as the exports since 2021 name them, and how often one may receive a kind of help."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.codes import Code, CodeList

COLUMN = CodeList(
    "measure_column", "帮扶措施类别",
    (
        Code("industry", "产业帮扶", ("产业",), national="100A39"), Code("work", "就业帮扶", ("就业",), national="100A40"),
        Code("finance", "金融帮扶", ("金融",), national="100A41"), Code("public_post", "公益性岗位", ("公益岗",), national="100A42"),
        Code("health", "健康帮扶", ("健康",), national="100A45"), Code("schooling", "义务教育保障", (), national="100A46"),
        Code("education", "教育帮扶", ("教育",), national="100A47"), Code("relief", "综合保障", ("综合",), national="100A48"),
        Code("housing", "住房安全保障", ("住房",), national="100A50"), Code("water", "饮水安全保障", ("饮水",), national="100A51"),
        Code("society", "社会帮扶", ("社会",), national="100A52"), Code("relocation", "搬迁", ("易地搬迁",), national="100A53"),
        Code("living", "生产生活条件改善", (), national="100A54"), Code("facilities", "基础设施建设", (), national="100A55"),
    ),
    "headings of the exports of the national system since 2021",
)  # fmt: skip


class Whose(models.TextChoices):
    """Who receives a kind of help."""

    HOUSEHOLD = "household", _("整户")
    MEMBER = "member", _("家庭成员")


class Period(models.TextChoices):
    """How often one may receive it; the same person never twice in a period."""

    YEAR = "year", _("每年一次")
    MONTH = "month", _("每月一次")
    ONCE = "once", _("只一次")
