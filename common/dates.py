"""A day as people write it, in the language of the page: one place, because a date is a phrase and not a translation of one. And months on."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language


def written(value: dt.date) -> str:
    """2026年3月15日; 15 Mar 2026 on a page that is not Chinese."""
    if (get_language() or "zh").startswith("zh"):
        return f"{value.year}年{value.month}月{value.day}日"
    return format_date(value, "j M Y")


def short(value: dt.date) -> str:
    """3月15日 of this year, else with its year; 15 Mar on a page that is not Chinese."""
    if value.year != timezone.localdate().year:
        return written(value)
    if (get_language() or "zh").startswith("zh"):
        return f"{value.month}月{value.day}日"
    return format_date(value, "j M")


def month(value: dt.date) -> str:
    """2026年3月; Mar 2026 on a page that is not Chinese."""
    if (get_language() or "zh").startswith("zh"):
        return f"{value.year}年{value.month}月"
    return format_date(value, "M Y")


def later(day: dt.date, months: int) -> dt.date:
    """The same day some months later, the last of the month where there is none."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)).day
    return dt.date(year, month, min(day.day, last))
