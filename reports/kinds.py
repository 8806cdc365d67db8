"""The kinds of paper that the print centre makes: one entry here, and pages, queue, binding and cache know a new one.

A kind says whose paper it is (a household's or a village's), who may print it, on what sheets, and which function makes its models; its
template is one of `common.pdf.LAYOUTS`. How to add one: docs/printing.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.roles import Permission

HOUSEHOLD, VILLAGE = "household", "village"
LEDGER = "ledger"


class Ask(NamedTuple):
    """What is asked of a paper: `user` whose permissions hold, `year` (None = each household's newest), whole numbers or masked, sheet."""

    user: Any
    year: int | None
    full: bool
    sheet: str


class Draft(NamedTuple):
    """A paper before it has a number: its print model (docs/print-model.md) and the year it is of."""

    model: dict[str, Any]
    year: int


# {key of the household or village: its draft, or a sentence why there is no paper}; whoever is left out may not be printed.
Maker = Callable[[Sequence[Any], Ask], Mapping[int, Draft | str]]


@dataclass(frozen=True)
class Kind:
    """`sheets`: the usual one first; "A3" of a kind that is `folded` are its A4 pages two on a sheet. `full`: the permission for whole
    numbers, None where there never are any. `batch`: how many are made at once and share a file."""

    code: str
    title: Promise | str
    about: Promise | str
    prefix: str  # of document numbers
    per: str
    permission: Permission
    maker: Maker
    full: Permission | None = None
    sheets: tuple[str, ...] = ("A4",)
    folded: bool = False
    template: str = "pdf/paper.html"
    batch: int = 10
    has_year: bool = True

    @property
    def of_village(self) -> bool:
        return self.per == VILLAGE

    def permission_for(self, *, full: bool) -> Permission:
        return self.full if full and self.full is not None else self.permission

    def counted(self, count: int) -> str:
        """3 户, or 3 个村."""
        if self.of_village:
            return ngettext("%(count)s 个村", "%(count)s 个村", count) % {"count": f"{count:,}"}
        return ngettext("%(count)s 户", "%(count)s 户", count) % {"count": f"{count:,}"}


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Called in `AppConfig.ready`, in the order of the page."""
    KINDS[kind.code] = kind


def open_to(user: Any, per: str = "") -> list[Kind]:
    """The kinds that a user may print somewhere, of households or of villages."""
    return [kind for kind in KINDS.values() if (not per or kind.per == per) and user.can(kind.permission)]


def register_all() -> None:
    """What this floor brings."""
    from reports.papers import cards, ledgers, notices, roster, sheets, statistics

    ledger_print, full, survey = Permission.LEDGER_PRINT, Permission.LEDGER_PRINT_FULL, Permission.SURVEY_FILL
    register(Kind(
        LEDGER, _("一户一本台账"), _("每户一册：封面、家庭、收入、住房、计划、措施和签字页"), "TZ", HOUSEHOLD, ledger_print,
        ledgers.models, full=full, sheets=("A4", "A3"), folded=True, template="pdf/ledger.html",
    ))  # fmt: skip
    register(Kind(
        "clear_card", _("帮扶明白卡"), _("每户一页：谁来帮、帮了什么、多少钱、找谁问"), "MB", HOUSEHOLD, ledger_print,
        cards.clear_cards, full=full, sheets=("A4", "A5"),
    ))  # fmt: skip
    register(Kind(
        "pairing_card", _("结对帮扶联系卡"), _("每户一页：帮扶责任人、联系方式和联系记录"), "LX", HOUSEHOLD, ledger_print,
        cards.pairing_cards, full=full, sheets=("A5", "A4"), has_year=False,
    ))  # fmt: skip
    register(Kind(
        "roster", _("户花名册"), _("每村一册：全村农户一张表，号码遮盖"), "MC", VILLAGE, ledger_print,
        roster.models, sheets=("A3", "A4"), batch=1,
    ))  # fmt: skip
    register(Kind(
        "notice_households", _("帮扶对象公示"), _("每村一份，张贴用：只有户主、人口和身份，没有任何号码"), "GS", VILLAGE, ledger_print,
        notices.households, sheets=("A4", "A3"), batch=1, has_year=False,
    ))  # fmt: skip
    register(Kind(
        "notice_help", _("帮扶措施和资金公示"), _("每村一份，张贴用：哪一户得到了什么、多少钱，没有任何号码"), "GS", VILLAGE, ledger_print,
        notices.help_given, sheets=("A4", "A3"), batch=1,
    ))  # fmt: skip
    register(Kind(
        "statistics", _("村统计表"), _("每村一份：户数人口、收入、保障、劳力、帮扶的汇总"), "TJ", VILLAGE, ledger_print,
        statistics.models, sheets=("A4", "A3"), batch=1,
    ))  # fmt: skip
    register(Kind(
        "survey_filled", _("入户调查表（印上已有内容）"), _("每户一份：没有变化的打勾就行，号码遮盖"), "DC", HOUSEHOLD, survey,
        sheets.filled, template="pdf/sheet.html", has_year=False,
    ))  # fmt: skip
    register(Kind(
        "survey_blank", _("入户调查表（空白）"), _("每户一份：只印户主、住址和成员姓名"), "DC", HOUSEHOLD, survey,
        sheets.blank, template="pdf/sheet.html", has_year=False,
    ))  # fmt: skip
