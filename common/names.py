"""Finding people by name as users type it: grams of the name, pinyin in full, initials.

A trigram index finds nothing below three characters and most Chinese names have two or three, so a name is stored as its one- and
two-character grams in a `text[]` column with a GIN index. Pinyin misreads surnames (单 is Shan, not dan), so a surname table of
our own comes first, and names with two true readings keep both.
"""

from __future__ import annotations

import functools
import itertools
from typing import NamedTuple

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

# Readings a character has as a surname where the common reading is another one (public dictionaries; two where both are borne).
SURNAME_READINGS: dict[str, tuple[str, ...]] = {
    "单": ("shan",), "解": ("xie",), "仇": ("qiu",), "区": ("ou",), "查": ("zha",), "曾": ("zeng",), "缪": ("miao",),
    "朴": ("piao",), "任": ("ren",), "华": ("hua",), "尉": ("wei",), "纪": ("ji",), "盖": ("gai", "ge"), "覃": ("qin", "tan"),
    "乐": ("le", "yue"), "召": ("shao",), "员": ("yun",), "秘": ("bi",), "折": ("she",), "黑": ("he",), "翟": ("zhai",),
    "繁": ("po",), "洗": ("xian",), "冼": ("xian",), "种": ("chong",), "重": ("chong",), "隗": ("wei", "kui"), "宓": ("mi",),
    "佴": ("nai",), "逄": ("pang",), "郇": ("xun", "huan"), "郗": ("chi", "xi"), "阚": ("kan",), "幺": ("yao",), "卜": ("bu",),
    "車": ("che",), "祭": ("zhai",), "不": ("fou",), "晟": ("cheng",), "那": ("na",), "薄": ("bo",), "贾": ("jia",),
    "长孙": ("zhang sun",), "尉迟": ("yu chi",), "万俟": ("mo qi",), "澹台": ("tan tai",),
}  # fmt: skip


class SearchKeys(NamedTuple):
    """What a name is found by. `pinyin` and `initials` hold one reading after another, separated by a blank."""

    grams: list[str]
    pinyin: str
    initials: str
    sort_key: str


def grams(name: str) -> list[str]:
    """Distinct one- and two-character pieces of a name without blanks and dots, in order of appearance."""
    plain = "".join(c for c in name if not c.isspace() and c not in "·•‧.")
    pieces = itertools.chain(plain, (plain[i : i + 2] for i in range(len(plain) - 1)))
    return list(dict.fromkeys(pieces))


def query_grams(text: str) -> list[str]:
    """Grams that a name containing `text` must all hold: the pairs, or the single character."""
    plain = "".join(c for c in text if not c.isspace() and c not in "·•‧.")
    return [plain] if len(plain) < 2 else [plain[i : i + 2] for i in range(len(plain) - 1)]


def _readings(name: str) -> list[list[str]]:
    """One list of syllables for each true reading of the name."""
    rest_from = 0
    heads: tuple[str, ...] = ("",)
    for length in (2, 1):
        if name[:length] in SURNAME_READINGS and len(name) > length - 1:
            heads, rest_from = SURNAME_READINGS[name[:length]], length
            break
    rest = _syllables(name[rest_from:])
    return [head.split() + rest for head in heads]


def _syllables(text: str) -> list[str]:
    """Syllables of a text, at most one a character; callers must not change the list.

    A text with no known phrase in it reads as its characters do alone, and characters repeat from person to person.
    """
    length = len(text)
    if length < 2 or any(
        text[start:end] in PHRASES_DICT for start in range(length - 1) for end in range(start + 2, length + 1)
    ):
        return _read(text)
    return [syllable for character in text for syllable in _read(character)]


@functools.lru_cache(maxsize=20_000)
def _read(text: str) -> list[str]:
    return [s.replace("ü", "v") for s in lazy_pinyin(text, style=Style.NORMAL, errors="ignore", v_to_u=False)]


def search_keys(name: str) -> SearchKeys:
    """All search columns of a name; called by the services that write names."""
    readings = _readings(name)
    return SearchKeys(
        grams=grams(name),
        pinyin=" ".join("".join(r) for r in readings)[:200],
        initials=" ".join("".join(s[0] for s in r if s) for r in readings)[:60],
        sort_key=" ".join(readings[0])[:120],
    )
