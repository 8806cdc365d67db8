"""Names come in from systems of many ages and are kept in one form."""

import pytest
from django.core.exceptions import ValidationError

from common import text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("王\ue863", "王䶮"),
        ("\ue863\ue81e", "䶮龴"),
        ("\ue817", "𠂉"),
        ("王　伟", "王伟"),
        (" 王 伟 ", "王伟"),
        ("阿卜杜热依木•买买提依明", "阿卜杜热依木·买买提依明"),
        ("阿卜杜热依木 ‧ 买买提依明", "阿卜杜热依木·买买提依明"),
        ("𬱖㛃䶮𠮷𡊄", "𬱖㛃䶮𠮷𡊄"),
        ("John  Smith", "John Smith"),
        ("王\u200b伟".replace("\u200b", ""), "王伟"),
        ("王\x00伟", "王伟"),
    ],
)
def test_a_name_is_kept_as_it_is_written(given, kept):
    assert text.normalise_name(given) == kept
    assert text.normalise_name(kept) == kept


def test_an_unknown_private_code_is_refused_by_number():
    with pytest.raises(ValidationError, match=r"U\+E000"):
        text.normalise_name("王\ue000")


def test_the_old_codes_agree_with_the_codec():
    """Where the standard library's GB 18030 knows the real character of a cell, ours is the same."""
    cells = [*range(0x50, 0x7F), *range(0x80, 0xA1)]
    known = 0
    for code, cell in enumerate(cells, 0xE815):
        real = bytes((0xFE, cell)).decode("gb18030")
        if not 0xE000 <= ord(real) <= 0xF8FF:
            assert text.PRIVATE_TO_REAL[code] == real
            known += 1
    assert known == 66
    assert len(set(text.PRIVATE_TO_REAL.values())) == len(text.PRIVATE_TO_REAL)
