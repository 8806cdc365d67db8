"""System checks of printing: what would make paper slow or wrong is found at start-up, not in a village's print run."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from common import fonts

APT_LINE = "sudo apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
_LIBRARIES = {
    "linux": ("libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0"),
    "darwin": ("libpango-1.0.0.dylib", "libpangoft2-1.0.0.dylib", "libharfbuzz-subset.0.dylib"),
}


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def libraries() -> tuple[bool, bool]:
    """Whether Pango is here, and whether HarfBuzz's subsetter is: Pango does not bring it along."""
    *pango, subset = _LIBRARIES.get(sys.platform, _LIBRARIES["linux"])
    return all(map(_loads, pango)), _loads(subset)


@register()
def check_printing(
    app_configs: Sequence[Any] | None = None, found: tuple[bool, bool] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Without Pango printing is off, which a machine may live with; with Pango but no subsetter it would take fifteen times as long."""
    has_pango, has_subset = found if found is not None else libraries()
    if not has_pango:
        return [Warning("Pango is missing: ledgers cannot be printed here.", hint=APT_LINE, id="yihu.W010")]
    if not has_subset:
        return [
            Error(
                "libharfbuzz-subset is missing: every PDF would take three to fifteen times as long.",
                hint=APT_LINE,
                id="yihu.E010",
            )
        ]
    if wrong := fonts.problems():
        return [
            Warning(
                f"Fonts of the printed ledger: {'; '.join(wrong)}. Names that need them are refused, never printed as boxes.",
                hint="./run manage build_fonts",
                id="yihu.W011",
            )
        ]
    return []
