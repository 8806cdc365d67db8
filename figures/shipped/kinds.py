"""Kinds of dimensions that several datasets have: bands of a number, yes and no, lists of codes in a column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from figures.datasets import UNKNOWN, Dimension, cases, flags

UNSAID = _("没有登记")


class Filled:
    """Words with values in them, in the language of the page."""

    def __init__(self, words: Any, **values: Any) -> None:
        self.words, self.values = words, values

    def __str__(self) -> str:
        return str(self.words) % self.values


def bands(code: str, label: Any, field: str, steps: Sequence[int], unit: Any, *, unsaid: Any = UNSAID, whole: bool = False,
          tail: bool = False) -> Dimension:  # fmt: skip
    """A number in bands that are told apart at their lower end. The first begins at nothing; keys are the lower ends.

    `whole`: whole numbers, so a band ends a step before the next one. `tail`: the last band is one number and more ("6 人以上").
    """
    kinds: dict[str, tuple[Any, Q]] = {}
    for place, (low, high) in enumerate(zip(steps, (*steps[1:], None), strict=True)):
        values = {"low": low, "high": (high - 1 if whole else high) if high else "", "unit": unit}
        if high is None:
            words = _("%(low)s %(unit)s以上")
        elif place == 0 and not tail:
            words, values["high"] = _("不到 %(high)s %(unit)s"), high
        elif whole and high - low == 1:
            words = _("%(low)s %(unit)s")
        else:
            words = _("%(low)s–%(high)s %(unit)s")
        condition = (Q(**{f"{field}__gte": low}) if place or tail else Q(**{f"{field}__isnull": False})) & (
            Q() if high is None else Q(**{f"{field}__lt": high})
        )
        kinds[str(low)] = (Filled(words, **values), condition)
    if tail and steps[0] > 0:
        kinds["under"] = (Filled(_("不到 %(low)s %(unit)s"), low=steps[0], unit=unit), Q(**{f"{field}__lt": steps[0]}))
    return cases(code, label, kinds | {UNKNOWN: (unsaid, Q(**{f"{field}__isnull": True}))})


def yes_no(code: str, label: Any, field: str, yes: Any, no: Any) -> Dimension:
    """A column that says yes, no or nothing."""
    values = {"yes": True, "no": False, UNKNOWN: None}
    words = {"yes": yes, "no": no, UNKNOWN: UNSAID}
    return Dimension(
        code, label, lambda: words, raw=F(field), key=lambda raw, today: {"true": "yes", "false": "no"}.get(raw, UNKNOWN),
        condition=lambda key, today: Q(**{field: values[key]}),
    )  # fmt: skip


def said(code: str, label: Any, columns: dict[str, tuple[Any, str]], *, value: bool = True, others: dict[str, tuple[Any, Q]] | None = None) -> Dimension:  # fmt: skip
    """Columns of yes and no, each a choice of its own: `{key: (words, field)}` of those that say `value`, and `others` with conditions."""
    return flags(
        code, label, {key: (words, Q(**{field: value})) for key, (words, field) in columns.items()} | (others or {})
    )


def listed(code: str, label: Any, field: str, choices: Sequence[tuple[str, Any]]) -> Dimension:
    """A column with several codes at once."""
    kinds = {str(key): (words, Q(**{f"{field}__contains": [key]})) for key, words in choices}
    return flags(code, label, kinds | {UNKNOWN: (UNSAID, Q(**{field: []}))})
