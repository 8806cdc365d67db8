"""The rules of Chinese personal identifiers, in one place, so that forms, imports and checks cannot disagree about an ID number.

Sources: GB 11643-1999 (18 digits, check digit), the disability certificate rule (ID number + type + level, optionally two
more digits for a reissue), and the convention of the national poverty system that a person without any document carries a
number beginning 999999.
"""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext as _

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_DIGITS = "10X98765432"
LENGTHS = (15, 18, 20, 22)
OLDEST_AGE = 130  # years; nobody documented has lived longer, so an older member is a typing error
NO_ID_PREFIX = "999999"

DISABILITY_TYPES = {"1": "视力", "2": "听力", "3": "言语", "4": "肢体", "5": "智力", "6": "精神", "7": "多重"}
DISABILITY_LEVELS = {"1": "一级", "2": "二级", "3": "三级", "4": "四级"}

_WIDE = {ord("\uff10") + i: str(i) for i in range(10)} | {ord("\uff38"): "X", ord("\uff58"): "X", ord("x"): "X"}
_INVISIBLE = re.compile("[\\s\u00a0\u200b-\u200f\u2028-\u202f\u2060\u3000\ufeff'`\u2018\u2019-]+")
_SCIENTIFIC = re.compile(r"^[+-]?\d(?:\.\d+)?[Ee]\+?\d{1,2}$")
_BODY_15 = re.compile(r"\d{15}\Z", re.ASCII)
_BODY_18 = re.compile(r"\d{17}[\dX]\Z", re.ASCII)
_BODY_20 = re.compile(r"\d{17}[\dX][1-7][1-4]\Z", re.ASCII)
_BODY_22 = re.compile(r"\d{17}[\dX][1-7][1-4][A-Z\d]\d\Z", re.ASCII)


class Kind(StrEnum):
    """What a number turned out to be."""

    RESIDENT = "resident"  # 居民身份证
    DISABILITY = "disability"  # 残疾人证
    NONE = "none"  # 无证件, 999999…


class IdentityError(ValueError):
    """A number that cannot be anybody's; `args[0]` is a Chinese sentence without a full stop, ready to follow a row number."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A number that passed: `number` is stored, `base` (18 characters) is what makes two numbers the same person."""

    number: str
    base: str
    kind: Kind
    upgraded: bool = False  # it came with 15 digits
    birth_date: date | None = None
    sex: str = ""  # "1" male, "2" female, "" unknown
    disability_type: str = ""
    disability_level: str = ""


def clean(text: str) -> str:
    """The characters of a number as typed by people: blanks, quotes and hyphens out, full width to half, x to X."""
    if text.isdigit() and text.isascii():
        return text
    return _INVISIBLE.sub("", text).translate(_WIDE)


def looks_scientific(text: str) -> bool:
    """Whether a spreadsheet has turned a long number into 5.13E+17 and lost its last digits."""
    return bool(_SCIENTIFIC.match(text))


def check_digit(body: str) -> str:
    """Eighteenth character for the first seventeen digits (GB 11643, ISO 7064 MOD 11-2)."""
    return CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(body, WEIGHTS, strict=True)) % 11]


def upgrade(number: str) -> str:
    """The 18-character form of a 15-digit number: the century 19 goes in, the check digit comes after."""
    body = number[:6] + "19" + number[6:]
    return body + check_digit(body)


def parse(text: str, *, today: date | None = None) -> Identity:
    """The number behind `text`.

    Raises IdentityError with a sentence that says what is wrong and what to do. `today` bounds the birth date (default: today).
    """
    number = clean(text)
    if looks_scientific(number) or getattr(text, "spoilt", False):
        raise IdentityError(_("证件号码被表格软件改成了科学计数法，末尾几位已经丢失，请把该列设为文本后重新导出"))
    if "**" in number or "＊＊" in number:
        raise IdentityError(_("证件号码是遮盖过的，认不出是哪一个人，请换成有完整号码的表格"))
    if number.startswith(NO_ID_PREFIX):
        if not re.fullmatch(r"\d{6,17}[\dX]?", number, re.ASCII) or len(number) < 10:
            raise IdentityError(_("以 999999 开头的无证件编号应为 10 至 18 位数字，请核对后重填"))
        return Identity(number, number, Kind.NONE)
    if len(number) == 15:
        if not _BODY_15.match(number):
            raise IdentityError(_("15 位证件号码只能由数字组成，请核对后重填"))
        number, upgraded = upgrade(number), True
    else:
        upgraded = False
    if len(number) == 18 and _BODY_18.match(number):
        kind, extra = Kind.RESIDENT, ""
    elif (len(number) == 20 and _BODY_20.match(number)) or (len(number) == 22 and _BODY_22.match(number)):
        kind, extra = Kind.DISABILITY, number[18:20]
    elif len(number) in LENGTHS:
        raise IdentityError(_("证件号码中有不该出现的字符，请核对后重填"))
    else:
        raise IdentityError(
            _("证件号码有 %(count)s 位，应为 18 位身份证号或 20 位残疾人证号，请核对后重填") % {"count": len(number)}
        )
    base = number[:18]
    if not upgraded and check_digit(base[:17]) != base[17]:
        raise IdentityError(_("证件号码最后一位校验不符，多半是抄错了某一位，请对照证件重填"))
    born = birth_date_of(base)
    if born is None:
        raise IdentityError(_("证件号码中的出生日期不存在，请对照证件重填"))
    today = today or timezone.localdate()
    if born > today:
        raise IdentityError(_("证件号码中的出生日期在今天之后，请对照证件重填"))
    if age_on(born, today) > OLDEST_AGE:
        raise IdentityError(
            _("证件号码中的出生年份是 %(year)s 年，年龄超过 %(age)s 岁，请对照证件重填")
            % {"year": born.year, "age": OLDEST_AGE}
        )
    return Identity(
        number,
        base,
        kind,
        upgraded,
        born,
        "1" if int(base[16]) % 2 else "2",
        DISABILITY_TYPES.get(extra[:1], ""),
        DISABILITY_LEVELS.get(extra[1:], ""),
    )


def birth_date_of(number: str) -> date | None:
    """Characters 7 to 14 as a date, or None where no such day exists."""
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def sex_of(number: str) -> str:
    """ "1" male or "2" female by the seventeenth digit, "" for numbers without one."""
    if number.startswith(NO_ID_PREFIX) or len(number) < 18 or not number[16].isdigit():
        return ""
    return "1" if int(number[16]) % 2 else "2"


def age_on(born: date, day: date) -> int:
    """Completed years of life on `day`."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
