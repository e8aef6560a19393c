"""Results as stand-alone images."""

import re
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.components.charts import render_svg, svg_canvas
from pages.components.charts.svg_canvas import Box, estimate_width, fit
from tests.pages.components.rendering import (
    DISPLAYS,
    JSON,
    KINDS,
    MANY,
    ROWS,
    TOTALS,
    TRENDS,
    TUESDAY_NOON,
    trends_query,
)
from tests.pages.components.test_chart_colors import read_colors
from tests.pages.components.test_funnel_charts import FUNNEL, NOW, RETENTION
from tests.pages.components.test_sql_charts import build_result

SVG = "{http://www.w3.org/2000/svg}"


def draw(result: Any, query: Any = None, **options: Any) -> ElementTree.Element:
    """Return an image, after checking that it contains no URLs, scripts or styles."""
    text = render_svg(result, query, "Name & more", **options)
    assert text is not None
    assert not re.search(r"style=|<script|<style|\son\w+=|href|url\(", text)
    assert re.findall(r"\w+://[^\"]*", text) == ["http://www.w3.org/2000/svg"]
    return ElementTree.fromstring(text)  # noqa: S314  output of the service


def list_texts(picture: ElementTree.Element) -> list[str]:
    return [node.text or "" for node in picture.iter(f"{SVG}text")]


def test_picture_has_a_size_a_title_and_a_legend() -> None:
    picture = draw(TRENDS)
    assert (picture.get("width"), picture.get("height"), picture.get("viewBox")) == ("1200", "630", "0 0 1200 630")
    assert picture.findtext(f"{SVG}title") == "Name & more"
    texts = list_texts(picture)
    assert texts[0] == "Name & more"
    for text in ("0", "40", "21 Nov", "24 Nov", "A", "B", "A Visits 75", "B Sign-ups 6.5"):
        assert text in texts
    lines = [node.get("points") for node in picture.iter(f"{SVG}polyline")]
    assert lines == ["68.24,397.5 424.12,297 780.12,447.75 1136,96", "780.12,477.9 1136,462.82"]


def test_points_are_within_the_picture() -> None:
    for display in ("", "ActionsBar", "ActionsUnstackedBar", "ActionsAreaGraph"):
        picture = draw(TRENDS, trends_query(display), width=400, height=300)
        pairs = [pair for node in picture.iter() for pair in (node.get("points") or "").split()]
        assert all(0 <= float(pair.split(",")[0]) <= 400 and 0 <= float(pair.split(",")[1]) <= 300 for pair in pairs)
        for bar in picture.iter(f"{SVG}rect"):
            x, y, width, height = (float(bar.get(name) or 0) for name in ("x", "y", "width", "height"))
            assert x >= 0
            assert y >= 0
            assert x + width <= 400.01
            assert y + height <= 300.01


def test_incomplete_interval_is_named() -> None:
    picture = draw(TRENDS, trends_query(), moment=TUESDAY_NOON)
    assert "24 Nov: not complete" in list_texts(picture)
    assert "1 6" in [node.get("stroke-dasharray") for node in picture.iter(f"{SVG}polyline")]


@pytest.mark.parametrize(
    ("result", "query", "texts"),
    [
        (TOTALS, None, ["Firefox", "60", "Chrome", "30"]),
        (TOTALS, trends_query("ActionsPie"), ["A Firefox", "60%", "Total", "100"]),
        (TOTALS, trends_query("ActionsTable"), ["Series", "Total", "Firefox", "60"]),
        (TOTALS[:1], trends_query("BoldNumber"), ["30"]),
        (MANY, trends_query("ActionsBarValue"), ["v0", "100", "15 more rows"]),
        (
            FUNNEL,
            None,
            ["Pay", "50  25%", "25% of the previous step, 150 dropped off, average time 1m 35s, median 3.2s"],
        ),
        (RETENTION, None, ["9 Nov", "Week 2", "40%", "10%*", "Shares of the size of the cohort, * not complete"]),
        (build_result([["x", 5, None]], "String", "UInt8", "UInt8"), None, ["a", "x", "5", "null"]),
        (build_result([[1] * 20], *["UInt64"] * 20), None, ["a", "t"]),
        (build_result([[n] for n in range(60)], "UInt64"), None, ["0", "13", "46 more rows"]),
    ],
)
def test_each_form_has_its_texts(result: Any, query: Any, texts: list[str]) -> None:
    found = list_texts(draw(result, query, moment=NOW))
    assert [text for text in texts if text not in found] == []


def test_texts_of_a_file_are_well_formed() -> None:
    text = render_svg([{"label": "a\x00b]]>\ud800<", "aggregated_value": 1}], None, "x\x1b&")
    assert text is not None
    assert list_texts(ElementTree.fromstring(text)) == ["x&", "ab]]><", "1"]  # noqa: S314  output of the service


@pytest.mark.parametrize("result", [None, [], {}, "x", [None], {"results": 1, "columns": ["a"]}])
def test_unsupported_results_have_no_picture(result: Any) -> None:
    assert render_svg(result, None, "x") is None


def test_colours_are_those_of_the_style_sheet() -> None:
    assert list(svg_canvas.PALETTE) == read_colors("light", r"chart-\d")
    names = ("rest", "surface", "paper", "ink", "ink-quiet", "line")
    colors = ("REST", "SURFACE", "PAPER", "INK", "QUIET", "LINE")
    for name, color in zip(names, colors, strict=True):
        assert read_colors("light", f"(?:chart-)?{name}") == [getattr(svg_canvas, color)]


def test_texts_are_shortened_to_a_width() -> None:
    assert fit("A long label", 60, 14) == "A long…"
    assert estimate_width(fit("A long label", 60, 14), 14) <= 60
    assert fit("short", 60, 14) == "short"
    assert Box(0, 0, 10, 10).cut(left=20) == Box(20, 0, 0, 10)


@given(ROWS | st.lists(ROWS, max_size=2) | JSON, DISPLAYS, KINDS)
def test_any_result_is_handled(result: Any, display: str, kind: str) -> None:
    text = render_svg(result, {"kind": kind, "trendsFilter": {"display": display}}, "x", 320, 240)
    assert text is None or ElementTree.fromstring(text)  # noqa: S314  output of the service
