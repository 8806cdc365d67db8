"""What a cadre still holds and must hand over before leaving: each floor names its own, so that nobody's households are left alone.

Upper floors register `function(cadre) -> Iterable[Holding]` in `AppConfig.ready`; places in resident teams stand here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cadres.models import Cadre


@dataclass(frozen=True)
class Holding:
    """`count` things of a kind, called `label`, listed at `url`, where they are handed over."""

    label: Any
    count: int
    url: str = ""

    def __str__(self) -> str:
        return _("%(label)s %(count)s 项") % {"label": self.label, "count": self.count}


Maker = Callable[[Cadre], Iterable[Holding]]
_makers: list[Maker] = []


def register(maker: Maker) -> Maker:
    """A kind that the cadre holds none of is left out, or counted as 0."""
    if maker not in _makers:
        _makers.append(maker)
    return maker


def of(cadre: Cadre) -> list[Holding]:
    """All that the cadre holds now."""
    return [holding for maker in _makers for holding in maker(cadre) if holding.count]


def in_words(found: Iterable[Holding]) -> str:
    """结对农户 12 项、驻村工作队任职 1 项."""
    return _("、").join(str(holding) for holding in found)


def places(cadre: Cadre) -> list[Holding]:
    """Places in resident teams that have not ended."""
    count = cadre.team_places.filter(ends_on=None).count()
    return [Holding(gettext_lazy("驻村工作队任职"), count)]


def of_user(user: Any) -> str:
    """What the cadre who logs in with this account still holds, in words; "" for nothing."""
    cadre = Cadre.objects.filter(user=user).first()
    return in_words(of(cadre)) if cadre is not None else ""
