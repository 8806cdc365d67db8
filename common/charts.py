"""Charts drawn on the server, one source for page and paper.

Presentation attributes only, so they work under a content policy without inline styles and look the same in a browser and in WeasyPrint.
Same numbers, same bytes: nothing here is random or dated. Colours carry no meaning alone; every mark has its figure or word.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import (
    escape,
)  # of texts that are none yet; a hundred on a page, and the one of Django costs ten times as much
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

Number = int | float | Decimal

PALETTE = ("#17508f", "#7fa8d6", "#a8201a", "#c98a00", "#1c6434", "#5d6778")
INK, INK_SOFT, RULE = "#1b2333", "#4a5568", "#d5dbe5"
DASHES = ("", "6 4", "2 3", "8 3 2 3", "1 3", "10 4")
_STEPS = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10)


def nice(largest: Number) -> float:
    """The axis end for a largest value: the next of 1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8 times a power of ten; 1 for nothing."""
    largest = float(largest)
    if largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(step * power for step in _STEPS if step * power >= largest * (1 - 1e-12))


class Bar(NamedTuple):
    """One row of a table with bars. `svg` fills its cell; put it beside the label and the figure, which are text."""

    label: str
    text: str
    svg: SafeString
    url: str = ""


def bars(
    rows: Sequence[tuple[str, Number | Sequence[Number]]],
    *,
    text: Callable[[Number], str] = "{:,}".format,
    urls: Sequence[str] = (),
    largest: Number | None = None,
) -> list[Bar]:
    """Rows of a real table, each with a bar: text stays at body size on a phone. A sequence of numbers makes a stacked bar.

    `largest` fixes the axis end when several tables share it; the axis begins at 0.
    """
    parts = [list(value) if isinstance(value, (list, tuple)) else [value] for _label, value in rows]
    totals = [sum(p) for p in parts]
    end = float(largest if largest is not None else max(totals, default=0)) or 1.0
    made = []
    for n, ((label, _value), values, total) in enumerate(zip(rows, parts, totals, strict=True)):
        x, marks = 0.0, []
        for k, value in enumerate(values):
            width = max(0.0, min(100 - x, float(value) / end * 100))
            marks.append(
                f'<rect x="{x:.2f}" y="0" width="{width:.2f}" height="10" fill="{PALETTE[k % len(PALETTE)]}"/>'
            )
            x += width
        svg = mark_safe(
            '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
            + "".join(marks)
            + "</svg>"
        )
        made.append(Bar(label, text(total), svg, urls[n] if n < len(urls) else ""))
    return made


def legend(names: Sequence[str]) -> SafeString:
    """The key of a stacked bar or a line chart, as a list."""
    items = "".join(
        format_html(
            '<li><svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" focusable="false">'
            '<rect width="14" height="14" rx="2" fill="{}"/></svg>{}</li>',
            PALETTE[k % len(PALETTE)],
            name,
        )
        for k, name in enumerate(names)
    )
    return mark_safe(f'<ul class="legend">{items}</ul>')


def _open(width: int, height: int, title: str, desc: str, font: str, name: str) -> str:
    family = f' font-family="{escape(font)}"' if font else ""
    label = escape(f"{title}。{desc}" if title and desc else title or desc)
    kind = f' class="{name}"' if name else ""
    return (
        f'<svg{kind} viewBox="0 0 {width} {height}" role="group" aria-label="{label}"{family} font-size="12">'
        f"<title>{label}</title>"
    )


def _grid(end: float, left: float, right: float, y: Callable[[float], float], tick: Callable[[float], str]) -> str:
    made = []
    for k in range(5):
        value = end * k / 4
        made.append(
            f'<line x1="{left}" y1="{y(value):.1f}" x2="{right}" y2="{y(value):.1f}" stroke="{RULE if k else INK_SOFT}" '
            f'stroke-width="{0.8 if k else 1}"/>'
            f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end" fill="{INK_SOFT}">{escape(tick(value))}</text>'
        )
    return "".join(made)


def _tick(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0").rstrip(".")


def columns(
    rows: Sequence[tuple[str, Number | None, str]],
    *,
    lines: Sequence[tuple[str, Sequence[Number | None], str]] = (),
    title: str = "",
    desc: str = "",
    width: int = 640,
    height: int = 190,
    font: str = "",
    absent: str = "未登记",
) -> SafeString:
    """A column for each `(label, value, text on it)`; None is a year without a figure and says so.

    `lines` are `(label, one value a row or None, text)`, drawn as dashed steps across the columns, such as a monitoring line by year.
    """
    figures = [float(v) for _l, v, _t in rows if v is not None]
    levels = [float(v) for _l, values, _t in lines for v in values if v is not None]
    end = nice(max([*figures, *levels], default=0))
    left, right, top, bottom = 58, width - 12, 24, height - 24
    step = (right - left) / max(len(rows), 1)
    thick = min(56.0, step * 0.46)

    def y(value: float) -> float:
        return top + (bottom - top) * (1 - value / end)

    made = [_open(width, height, title, desc, font, ""), _grid(end, left, right, y, _tick)]
    for n, (label, value, text) in enumerate(rows):
        middle = left + step * (n + 0.5)
        if value is None:
            made.append(
                f'<text x="{middle:.1f}" y="{bottom - 6}" text-anchor="middle" fill="{INK_SOFT}" font-size="11">'
                f"{escape(absent)}</text>"
            )
        else:
            high = max(float(value), 0.0)
            tall = bottom - y(high)  # the figure stands inside at the foot, where no level line crosses it
            at, ink = (bottom - 9, "#ffffff") if tall >= 24 else (y(high) - 5, INK)
            made.append(
                f'<rect x="{middle - thick / 2:.1f}" y="{y(high):.1f}" width="{thick:.1f}" height="{tall:.1f}" '
                f'fill="{PALETTE[0]}"/>'
                f'<text x="{middle:.1f}" y="{at:.1f}" text-anchor="middle" fill="{ink}" font-weight="700">'
                f"{escape(text)}</text>"
            )
        made.append(f'<text x="{middle:.1f}" y="{height - 7}" text-anchor="middle" fill="{INK}">{escape(label)}</text>')
    for k, (label, values, text) in enumerate(lines):
        colour = PALETTE[2 + k % 4]
        path, last = [], None
        for n, value in enumerate(values):
            if value is None:
                last = None
                continue
            start, stop, level = left + step * n, left + step * (n + 1), y(float(value))
            path.append(f"{'L' if last is not None else 'M'}{start:.1f} {level:.1f}L{stop:.1f} {level:.1f}")
            last = level
        if path:
            at = right - 150 * (len(lines) - 1 - k)
            made.append(
                f'<path d="{"".join(path)}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray="5 3"/>'
                f'<path d="M{at - 142:.1f} 8L{at - 116:.1f} 8" stroke="{colour}" stroke-width="1.6" stroke-dasharray="5 3"/>'
                f'<text x="{at - 110:.1f}" y="12" fill="{INK}" font-size="11">{escape(f"{label} {text}".strip())}</text>'
            )
    return mark_safe("".join((*made, "</svg>")))


def line(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[Number]]],
    *,
    title: str = "",
    desc: str = "",
    width: int = 560,
    height: int = 230,
    unit: str = "",
    font: str = "",
    name: str = "",
) -> SafeString:
    """Lines over the same `labels`, told apart by dash as well as colour, each named at its end.

    Draw it twice for a page, at 560 with `name="svg-w"` and at 320 with `name="svg-n"`, and let the style sheet show one:
    a wide chart scaled down to a phone has six-pixel text.
    """
    end = nice(max((float(v) for _n, values in series for v in values), default=0))
    left, right, top, bottom = 50, width - 14, 18, height - 26
    gap = (right - left) / max(len(labels) - 1, 1)
    every = max(1, math.ceil(len(labels) / (width / 60)))

    def y(value: float) -> float:
        return top + (bottom - top) * (1 - value / end)

    made = [_open(width, height, title, desc, font, name), _grid(end, left, right, y, _tick)]
    for n, label in enumerate(labels):
        if (len(labels) - 1 - n) % every == 0:
            anchor = "end" if n == len(labels) - 1 and n else "middle"
            x = right if anchor == "end" else left + gap * n
            made.append(
                f'<text x="{x:.1f}" y="{height - 6}" text-anchor="{anchor}" fill="{INK_SOFT}">{escape(label)}</text>'
            )
    taken: list[float] = []
    for k, (title_of, values) in enumerate(series):
        if not values:
            continue
        colour = PALETTE[(0, 4, 2, 3, 5, 1)[k % 6]]
        points = [(left + gap * n, y(float(v))) for n, v in enumerate(values)]
        dash = f' stroke-dasharray="{DASHES[k % 6]}"' if DASHES[k % 6] else ""
        made.append(
            f'<path d="M{"L".join(f"{px:.1f} {py:.1f}" for px, py in points)}" fill="none" stroke="{colour}" '
            f'stroke-width="2.5"{dash}/>'
        )
        made += [
            f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3.5" fill="{colour}"><title>'
            f"{escape(f'{labels[n]} {title_of} {values[n]:,}{unit}')}</title></circle>"
            for n, (px, py) in enumerate(points)
        ]
        at = min(py for _px, py in points[-5:]) - 12
        while any(abs(at - other) < 14 for other in taken):
            at += 14
        taken.append(at)
        made.append(
            f'<text x="{right}" y="{max(at, 12):.1f}" text-anchor="end" font-weight="600" fill="{colour}">'
            f"{escape(f'{title_of} {values[-1]:,}{unit}')}</text>"
        )
    return mark_safe("".join((*made, "</svg>")))


# -- places ---------------------------------------------------------------------------------------------------------------------------

SHADES = ("#eaf1f9", "#bcd3ec", "#6d9bd0", "#17508f")
EDGE = "#8793a6"


class Spot(NamedTuple):
    """A place of a map: `value` decides its shade, `text` stands on it. `at` is (column, row) of a tile or (longitude, latitude) of a point."""

    name: str
    text: str
    value: Number
    url: str
    at: tuple[float, float] = (0, 0)
    size: Number = 0
    rings: Sequence[Sequence[Sequence[float]]] = ()


def quarters(values: Sequence[Number]) -> tuple[Number, ...]:
    """Where the four shades part: a quarter of the values each; equal values get one shade, the least ones the lightest."""
    ordered = sorted(values)
    cuts = [ordered[len(ordered) * k // 4] for k in (1, 2, 3)] if ordered else [0, 0, 0]
    return tuple(cut if ordered and cut > ordered[0] else math.inf for cut in cuts)


def _shade(value: Number, cuts: Sequence[Number]) -> int:
    return max((n for n, cut in enumerate(cuts, 1) if value >= cut), default=0)


def _shades(y: float, words: Sequence[str], step: float = 90) -> str:
    """The key of the four shades."""
    return "".join(
        f'<rect x="{k * step + 2:.0f}" y="{y:.0f}" width="{step - 2:.0f}" height="12" fill="{shade}" stroke="{EDGE}"/>'
        f'<text x="{k * step + step / 2:.0f}" y="{y + 27:.0f}" text-anchor="middle" fill="{INK_SOFT}">{escape(word)}</text>'
        for k, (shade, word) in enumerate(zip(SHADES, words, strict=True))
    )


def _linked(spot: Spot, marks: str) -> str:
    label = escape(f"{spot.name} {spot.text}")
    return f'<a href="{escape(spot.url)}" aria-label="{label}"><g aria-hidden="true">{marks}</g></a>'


def tiles(spots: Sequence[Spot], words: Sequence[str], *, title: str, desc: str = "", font: str = "") -> SafeString:
    """A map without boundaries: every place a tile of a grid, about where it lies. `words` name the four shades."""
    wide, high = 90, 70
    cuts = quarters([spot.value for spot in spots])
    columns_of = max((spot.at[0] for spot in spots), default=0) + 1
    rows_of = max((spot.at[1] for spot in spots), default=0) + 1
    width, top = int(max(columns_of, 4) * wide + 4), int(rows_of * high + 8)
    made = [_open(width, top + 34, title, desc, font, "svg-w")]
    for spot in spots:
        shade = _shade(spot.value, cuts)
        x, y, ink = spot.at[0] * wide, spot.at[1] * high, "#ffffff" if shade == 3 else INK
        middle = x + wide / 2
        made.append(
            _linked(
                spot,
                f'<rect x="{x + 2:.0f}" y="{y + 2:.0f}" width="{wide - 4}" height="{high - 4}" rx="4" fill="{SHADES[shade]}" stroke="{EDGE}"/>'
                f'<text x="{middle:.0f}" y="{y + 30:.0f}" text-anchor="middle" fill="{ink}" font-size="15">{escape(spot.name)}</text>'
                f'<text x="{middle:.0f}" y="{y + 51:.0f}" text-anchor="middle" fill="{ink}" font-size="15" font-weight="600">{escape(spot.text)}</text>',
            )
        )
    return mark_safe("".join((*made, _shades(top, words), "</svg>")))


class _Plane:
    """Longitude and latitude onto a drawing: degrees east are shortened by the latitude, as near the middle of a county they are."""

    def __init__(self, spots: Sequence[tuple[float, float]], width: float, height: float, edge: float = 18) -> None:
        lons, lats = [p[0] for p in spots], [p[1] for p in spots]
        self.squeeze = math.cos(math.radians(sum(lats) / len(lats)))
        self.west, self.south = min(lons) * self.squeeze, min(lats)
        across, up = max(max(lons) * self.squeeze - self.west, 1e-9), max(max(lats) - self.south, 1e-9)
        self.scale = min((width - 2 * edge) / across, (height - 2 * edge) / up)
        self.edge, self.height = edge, height

    def __call__(self, lon: float, lat: float) -> tuple[float, float]:
        return (
            self.edge + (lon * self.squeeze - self.west) * self.scale,
            self.height - self.edge - (lat - self.south) * self.scale,
        )


def points(
    spots: Sequence[Spot], words: Sequence[str], *, title: str, desc: str = "", km: str = "", font: str = ""
) -> SafeString:
    """Places as points where they lie, `size` by area, with a scale of 10 km. No boundary is drawn."""
    width, height = 640, 420
    plane, cuts = _Plane([spot.at for spot in spots], width, height), quarters([spot.value for spot in spots])
    most = max((float(spot.size) for spot in spots), default=0) or 1.0
    made = [_open(width, height + 40, title, desc, font, "svg-w")]
    for spot in sorted(spots, key=lambda each: -float(each.size)):
        x, y = plane(*spot.at)
        radius = 4 + 14 * math.sqrt(float(spot.size) / most)
        made.append(
            _linked(
                spot,
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{SHADES[_shade(spot.value, cuts)]}" stroke="{PALETTE[0]}" '
                f'stroke-width="0.8"><title>{escape(f"{spot.name} {spot.text}")}</title></circle>',
            )
        )
    length = 10 / 111.32 * plane.scale
    made.append(
        f'<path d="M{width - 18 - length:.1f} {height - 6}h{length:.1f}" stroke="{INK}" stroke-width="2"/>'
        f'<text x="{width - 18 - length / 2:.1f}" y="{height - 12}" text-anchor="middle">{escape(km)}</text>'
    )
    return mark_safe("".join((*made, _shades(height + 6, words), "</svg>")))


def shapes(spots: Sequence[Spot], words: Sequence[str], *, title: str, desc: str = "", font: str = "") -> SafeString:
    """Places by the outlines that somebody brought along: `rings` of (longitude, latitude)."""
    width, height = 640, 460
    corners = [(p[0], p[1]) for spot in spots for ring in spot.rings for p in ring]
    plane, cuts = _Plane(corners, width, height), quarters([spot.value for spot in spots])
    made, names = [_open(width, height + 40, title, desc, font, "svg-w")], []
    for spot in spots:
        shade = _shade(spot.value, cuts)
        drawn = [[plane(p[0], p[1]) for p in ring] for ring in spot.rings]
        path = "".join("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z" for ring in drawn)
        longest = max(drawn, key=len)
        x, y = sum(p[0] for p in longest) / len(longest), sum(p[1] for p in longest) / len(longest)
        made.append(
            _linked(
                spot,
                f'<path d="{path}" fill="{SHADES[shade]}" fill-rule="evenodd" stroke="#ffffff" stroke-width="1.5"/>',
            )
        )
        names.append(
            f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" aria-hidden="true" pointer-events="none" '
            f'fill="{"#ffffff" if shade == 3 else INK}">{escape(spot.name)}</text>'
        )
    return mark_safe("".join((*made, *names, _shades(height + 6, words), "</svg>")))
