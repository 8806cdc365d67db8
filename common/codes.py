"""Code lists: official codes with their labels, eras and aliases.

A label from any era finds its code; an unknown label finds nothing, never blocks, and is kept as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import cached_property

_BRACKETS = str.maketrans("（）【】［］", "()[][]")


def plain(label: str) -> str:
    """A label as compared: full-width forms, blanks and a trailing bracket-free variant made equal."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", label).translate(_BRACKETS))


@dataclass(frozen=True)
class Code:
    """One entry. `code` is what is stored; `national` is the code in the national system where one is known."""

    code: str
    label: Any
    aliases: tuple[str, ...] = ()
    era: str = ""  # "" = all years; "2021" = in use from 2021; "-2020" = up to 2020
    national: str = ""


@dataclass(frozen=True)
class CodeList:
    """A named list of codes. `source` says where the codes come from."""

    name: str
    title: Any
    codes: tuple[Code, ...]
    source: str = ""
    multiple: bool = False

    @cached_property
    def _by_label(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for code in self.codes:
            for label in (str(code.label), *code.aliases):
                found.setdefault(plain(label), code.code)
        return found

    @cached_property
    def _labels(self) -> dict[str, Any]:
        return {c.code: c.label for c in self.codes}

    def find(self, text: str) -> str | None:
        """The code of a label (or of a code itself), None where the list does not know it."""
        key = plain(text)
        return self._by_label.get(key) or (key if key in self._labels else None)

    def label(self, code: str) -> str:
        """The label of a code; an unknown code is shown as it is."""
        return str(self._labels.get(code, code))

    def labels(self, codes: Iterable[str]) -> list[str]:
        return [self.label(c) for c in codes]

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """For forms: codes in use today, in official order."""
        return [(c.code, c.label) for c in self.codes if not c.era.startswith("-")]

    @property
    def every_choice(self) -> list[tuple[str, Any]]:
        """For columns: codes of every era, because records of earlier years keep theirs."""
        return [(c.code, c.label) for c in self.codes]

    def __contains__(self, code: object) -> bool:
        return code in self._labels

    def __hash__(self) -> int:
        return hash(self.name)
