"""Charts drawn on the server: true to scale, readable without colour, the same every time."""

import re
import xml.etree.ElementTree as ET

import pytest

from common import charts

SVG = "{http://www.w3.org/2000/svg}"


def tree(svg):
    return ET.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))


@pytest.mark.parametrize(
    ("largest", "end"), [(0, 1), (1, 1), (7, 8), (11, 12), (99, 100), (100, 100), (8483.33, 10000), (0.3, 0.3)]
)
def test_axis_ends_on_a_round_number(largest, end):
    assert charts.nice(largest) == pytest.approx(end)


def test_bars_are_to_scale_and_keep_their_text():
    first, second = charts.bars([("甲", 50), ("乙", 100)], urls=["/a/", "/b/"])
    assert 'width="50.00"' in first.svg
    assert 'width="100.00"' in second.svg
    assert (first.label, first.text, first.url) == ("甲", "50", "/a/")


def test_stacked_bars_lie_end_to_end():
    (bar,) = charts.bars([("甲", [1, 3])], largest=8)
    assert re.findall(r'x="([\d.]+)" y="0" width="([\d.]+)"', bar.svg) == [("0.00", "12.50"), ("12.50", "37.50")]
    assert bar.text == "4"


def test_bars_of_nothing_have_no_length():
    assert 'width="0.00"' in charts.bars([("甲", 0)])[0].svg


def test_columns_are_to_scale_from_zero():
    root = tree(charts.columns([("2025年", 500, "500"), ("2026年", 1000, "1,000")], title="收入"))
    low, high = (float(r.get("height")) for r in root.iter(f"{SVG}rect"))
    assert high == pytest.approx(2 * low, abs=0.2)
    assert root.get("role") == "group"
    assert root.find(f"{SVG}title").text == "收入"


def test_a_year_without_a_figure_says_so():
    svg = charts.columns([("2025年", None, ""), ("2026年", 10, "10")])
    assert "未登记" in svg
    assert len(list(tree(svg).iter(f"{SVG}rect"))) == 1


def test_a_level_line_breaks_where_it_is_not_known():
    svg = charts.columns([("a", 1, ""), ("b", 2, ""), ("c", 3, "")], lines=[("监测线", [1, None, 2], "2")])
    path = next(p.get("d") for p in tree(svg).iter(f"{SVG}path") if p.get("fill") == "none")
    assert path.count("M") == 2


def test_lines_are_told_apart_without_colour():
    root = tree(charts.line(["1月", "2月"], [("新增", [1, 2]), ("消除", [2, 1])], title="趋势", unit="户"))
    paths = list(root.iter(f"{SVG}path"))
    assert [p.get("stroke-dasharray") for p in paths] == [None, "6 4"]
    assert "2月 新增 2户" in [t.text for t in root.iter(f"{SVG}title")]


def test_charts_carry_no_style_and_escape_their_text():
    made = (
        charts.columns([("<x>", 1, "&")], title="<t>", lines=[("<l>", [1], "")]),
        charts.line(["<x>"], [("<s>", [1])]),
        charts.legend(["<n>"]),
        charts.bars([("<x>", 1)])[0].svg,
    )
    for svg in made:
        assert "style=" not in svg
        assert "<x>" not in svg
        assert "<l>" not in svg
        tree(svg) if svg.startswith("<svg") else None


def test_same_numbers_same_bytes():
    rows = [("2025年", 1.5, "1.5"), ("2026年", 2.5, "2.5")]
    assert charts.columns(rows) == charts.columns(rows)
