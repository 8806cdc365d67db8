"""Names survive as people write them: one form of each character in the database, and none that prints as something else.

Older systems saved characters that Unicode had not yet taken up under private-use codes (䶮 as U+E863). A font of today
shows anything or nothing there, so those codes become the real characters at every door, and any other one is refused.
"""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Private-use codes of GB 18030-2000 row FE (U+E815-E864): the characters at these cells, in order. "Most of them as in the
# later editions of the standard; the fourteen that stayed private longest as in GB 18030-2022."
_ROW_FE = (
    "⺁𠂇𠂉𠃌⺄㑳㑇⺈⺋龴㖞㘚㘎⺌⺗㥮㤘龵㧏㧟㩳㧐龶龷㭎㱮㳠⺧𡗗龸⺪䁖䅟⺮䌷⺳⺶⺷𢦏䎱䎬⺻䏝䓖䙡䙌龹"
    "䜣䜩䝼䞍⻊䥇䥺䥽䦂䦃䦅䦆䦟䦛䦷䦶龺𤇾䲣䲟䲠䲡䱷䲢䴓䴔䴕䴖䴗䴘䴙䶮龻"
)
_VERTICAL = "︐︒︑︓︔︕︖︗︘︙"  # cells A6D9-A6DF, A6EC, A6ED, A6F3
PRIVATE_TO_REAL = (
    {0xE815 + n: character for n, character in enumerate(_ROW_FE)}
    | {0xE78D + n: character for n, character in enumerate(_VERTICAL)}
    | {0xE7C7: "ḿ"}
)
_MIDDLE_DOTS = dict.fromkeys(map(ord, "•‧∙⋅・･．"), "·")
_NAME_DOT = re.compile(r"\s*·\s*")
_BLANKS = re.compile(r"\s+")
_EVERYDAY = re.compile("[\u4e00-\u9fa5]+")  # characters that no rule below touches, as nearly every name has


def private_use(text: str) -> list[str]:
    """Private-use characters of `text` that have no known real character, each once, in order."""
    return list(
        dict.fromkeys(c for c in text if unicodedata.category(c) == "Co" and ord(c) not in PRIVATE_TO_REAL),
    )


def normalise_text(text: str) -> str:
    """Real characters for the private-use codes of GB 18030-2000, composed form, no control characters.

    Raises `ValidationError` with a Chinese sentence when another private-use code is met: it would print as any sign.
    """
    if unknown := private_use(text):
        codes = "、".join(f"U+{ord(c):04X}" for c in unknown)
        raise ValidationError(
            _("“%(text)s”里有本系统不认识的自造字（%(codes)s），请改用标准汉字后再提交。")
            % {"text": text.translate(dict.fromkeys(map(ord, unknown), "□")), "codes": codes},
            code="private_use",
        )
    text = unicodedata.normalize("NFC", text.translate(PRIVATE_TO_REAL))
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")


def normalise_name(text: str) -> str:
    """A person's name as stored: `normalise_text`, one kind of middle dot (·) without blanks around it, single blanks.

    Blanks between Chinese characters (王　伟, as lists pad two-character names) go; between other letters one stays.
    """
    if _EVERYDAY.fullmatch(text):
        return text
    text = _BLANKS.sub(" ", normalise_text(text).translate(_MIDDLE_DOTS)).strip()
    text = _NAME_DOT.sub("·", text)
    return re.sub(r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff]) (?=[\u3400-\u9fff\U00020000-\U0003ffff])", "", text)
