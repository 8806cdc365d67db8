"""The rules of telephone numbers as people write them into spreadsheets and forms."""

import re

from django.utils.translation import gettext as _

MOBILE = re.compile(r"1[3-9]\d{9}\Z", re.ASCII)
LANDLINE = re.compile(r"0\d{2,3}-?[2-9]\d{6,7}(?:-\d{1,6})?\Z", re.ASCII)
LOCAL = re.compile(r"[2-9]\d{6,7}\Z", re.ASCII)

_COUNTRY = re.compile(r"^\s*(?:\+|00)\s*86[\s-]*")
_SPLIT = re.compile(r"[,，、;；/\\|]+|\s+(?=\d{7,})")
_NOISE = re.compile("[\\s\u00a0\u200b-\u200f\u3000\ufeff().()（）'`]+")
_WIDE = {ord("\uff10") + i: str(i) for i in range(10)} | {ord("\uff0d"): "-", ord("—"): "-", ord("–"): "-"}


class PhoneError(ValueError):
    """Not a telephone number; `args[0]` is a Chinese sentence without a full stop."""


def clean(text: str) -> str:
    """Digits (and the hyphen of a landline) of the first number in `text`; +86 and an outer 0 before a mobile go."""
    if len(text) == 11 and text.isascii() and text.isdigit():
        return text
    first = next((part for part in _SPLIT.split(_COUNTRY.sub("", text).strip()) if part), "")
    first = first.removesuffix(".0")  # a number cell read as a fraction
    number = _NOISE.sub("", first).translate(_WIDE)
    plain = number.replace("-", "")
    if MOBILE.match(plain):
        return plain
    if len(plain) == 13 and plain.startswith("86") and MOBILE.match(plain[2:]):
        return plain[2:]
    if len(plain) == 12 and plain.startswith("0") and MOBILE.match(plain[1:]):
        return plain[1:]
    return number


def parse(text: str) -> str:
    """The number to store. Raises PhoneError for anything that cannot be dialled."""
    number = clean(text)
    if MOBILE.match(number) or LANDLINE.match(number) or LOCAL.match(number):
        return number
    raise PhoneError(_("不像电话号码，应为 11 位手机号或带区号的座机号，请核对后重填"))
