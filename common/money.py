"""Sums of yuan as people read them: with separators, and in words, because one zero too many is the commonest slip of a survey."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

DIGITS = "零一二三四五六七八九"
PLACES = ("", "十", "百", "千")
GROUPS = ("", "万", "亿", "万亿")
CENT = Decimal("0.01")
LIMIT = Decimal(10) ** 16


def format_money(amount: Decimal | int) -> str:
    """`amount` with thousands separators: 1234 -> "1,234", 1234.5 -> "1,234.50"; whole yuan show no cents."""
    amount = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    if amount == amount.to_integral_value():
        return f"{amount.to_integral_value():,f}"
    return f"{amount:,.2f}"


def in_words(amount: Decimal | int) -> str:
    """How `amount` yuan is read aloud: 180000 -> "十八万元", 10050.3 -> "一万零五十元三角", -5 -> "负五元".

    Rounded to cents. From 10^16 on the digits themselves are returned: nobody reads such a number, and it is a slip.
    """
    amount = Decimal(amount).quantize(CENT, ROUND_HALF_UP)
    sign, amount = ("负", -amount) if amount < 0 else ("", amount)
    if amount >= LIMIT:
        return f"{sign}{format_money(amount)}元"
    yuan, cents = divmod(int(amount * 100), 100)
    jiao, fen = divmod(cents, 10)
    words = f"{_whole(yuan)}元" if yuan or not cents else ""
    if jiao:
        words += f"{DIGITS[jiao]}角"
    if fen:
        words += f"{'零' if yuan and not jiao else ''}{DIGITS[fen]}分"
    return sign + words


def _whole(number: int) -> str:
    if number == 0:
        return "零"
    words, missing_zero = "", False
    for power in range(len(GROUPS) - 1, -1, -1):
        group = number // 10_000**power % 10_000
        if group == 0:
            missing_zero = bool(words)
            continue
        if words and (missing_zero or group < 1000):
            words += "零"
        words += _group(group) + GROUPS[power]
        missing_zero = False
    return words[1:] if words.startswith("一十") else words


def _group(number: int) -> str:
    """1 to 9999 without the group's name: 1050 -> "一千零五十", 15 -> "一十五"."""
    words, zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit:
            words += ("零" if zero else "") + DIGITS[digit] + PLACES[place]
            zero = False
        elif words:
            zero = True
    return words
