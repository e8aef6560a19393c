"""The text of charts in a real browser: its size and its space, for all widths of the viewport and of tiles."""

import gzip
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from pages.components.charts import render_chart
from tests.live.conftest import ROOT

WIDTHS = [1440, 1280, 820, 390, 320]
# The columns and rows of the tiles.
SIZES = [(12, 5), (8, 5), (6, 5), (4, 5), (3, 4), (2, 3)]
DAYS = [(date(2026, 11, 1) + timedelta(days=place)).isoformat() for place in range(30)]
NAMES = ["Visitors", "Sign-ups", "Orders of returning customers", "Refunds"]
MEASURE_TEXTS = """() => [...document.querySelectorAll('.tile')].map(tile => ({
    size: tile.dataset.size,
    texts: [...tile.querySelectorAll('.plot__scale li, .tick, .letter, .legend li, .number, .note')].filter(
        node => node.checkVisibility({checkVisibilityCSS: true})
    ).map(node => {
        const range = document.createRange()
        range.selectNodeContents(node)
        const box = range.getBoundingClientRect()
        const size = parseFloat(getComputedStyle(node).fontSize) * (node.ownerSVGElement ? node.getScreenCTM().a : 1)
        return {kind: node.className.baseVal ?? node.className, text: node.textContent, size: size,
            isAxis: node.matches('.plot__scale li, .tick'),
            lines: Math.round(box.height / (parseFloat(getComputedStyle(node).lineHeight) || box.height)),
            box: [box.left, box.top, box.right, box.bottom]}
    }),
    overflow: [tile.scrollWidth - tile.clientWidth, tile.scrollHeight - tile.clientHeight],
}))"""


def build_series(count: int, display: str) -> tuple[Any, Any]:
    chance = random.Random(count)  # noqa: S311  the same on every machine
    rows = []
    for name in NAMES[:count]:
        data = [chance.randrange(20, 900) for _ in DAYS]
        rows.append({"label": name, "data": data, "days": DAYS, "count": sum(data), "action": {"math": "total"}})
    return rows, {"kind": "TrendsQuery", "interval": "day", "trendsFilter": {"display": display}}


def build_results() -> Iterator[tuple[Any, Any]]:
    """Yield results with an axis."""
    yield build_series(1, "ActionsLineGraph")
    yield build_series(4, "ActionsLineGraph")
    yield build_series(3, "ActionsBar")
    yield build_series(2, "ActionsUnstackedBar")
    yield build_series(4, "ActionsAreaGraph")


def build_page(drawn: list[tuple[Any, Any, tuple[int, int]]]) -> str:
    """Return a page of tiles, each in separate rows, with the style sheets of the service."""
    styles = [(ROOT / "pages" / "static" / "pages" / name).read_text() for name in ("pages.css", "charts.css")]
    places, tiles = [], []
    for index, (result, query, (columns, rows)) in enumerate(drawn):
        chart = render_chart(result, query, f"Chart {index}")
        assert chart is not None
        places.append(f"#tile-{index} {{ grid-area: {index * 6 + 1} / 1 / span {rows} / span {columns}; }}")
        data = (
            f'<details class="query"><summary>Data</summary><div class="grid grid--data">{chart.data}</div></details>'
        )
        tiles.append(
            f'<section id="tile-{index}" class="tile tile--insight" data-size="{columns}">'
            f'<header class="tile__head"><h2>Chart {index} of this week</h2></header>{chart.picture}'
            f'<footer class="tile__foot"><p class="age">Computed 5 minutes ago</p>{data if chart.data else ""}</footer>'
            "</section>"
        )
    style = f"{''.join(styles)} @media (min-width: 48rem) {{ {''.join(places)} }}"
    return (
        '<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>Charts</title>'
        f'<style>{style}</style><body class="shared"><main><div class="tile-grid">{"".join(tiles)}</div></main>'
    )


@pytest.fixture(scope="module", params=WIDTHS)
def page(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    with chromium.new_context(viewport={"width": request.param, "height": 900}) as context:
        opened = context.new_page()
        opened.set_content(build_page([(*drawn, size) for drawn in build_results() for size in SIZES]))
        yield opened


# The space above and below a capital letter in its line box, in pixels. Two lines may overlap by this space.
LINE_SPACE = 5


def do_overlap(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Return whether two labels overlap by more than a rounding error."""
    a: list[float] = first["box"]
    b: list[float] = second["box"]
    height = LINE_SPACE if first["kind"] == second["kind"] == "letter" else 0.5
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > height


def test_text_of_axes_has_one_size_in_every_tile(page: Page) -> None:
    tiles = page.evaluate(MEASURE_TEXTS)
    assert len(tiles) == 30
    for tile in tiles:
        sizes = [round(text["size"], 1) for text in tile["texts"] if text["isAxis"]]
        assert sizes, tile["size"]
        assert all(11 <= size <= 13 for size in sizes), (tile["size"], sizes)


def test_labels_do_not_overlap(page: Page) -> None:
    for tile in page.evaluate(MEASURE_TEXTS):
        axes = [text for text in tile["texts"] if text["isAxis"] or text["kind"] == "letter"]
        pairs = [
            (first["text"], second["text"])
            for place, first in enumerate(axes)
            for second in axes[:place]
            if do_overlap(first, second)
        ]
        assert pairs == [], tile["size"]


def test_wide_charts_have_more_labels(page: Page) -> None:
    counts: dict[str, int] = {}
    for tile in page.evaluate(MEASURE_TEXTS)[: len(SIZES)]:
        counts[tile["size"]] = sum(text["kind"].startswith("tick") for text in tile["texts"])
    assert all(count >= 1 for count in counts.values())
    assert counts["12"] >= counts["6"] >= counts["2"]
    if page.viewport_size and page.viewport_size["width"] >= 1280:
        assert counts["12"] >= 10


def test_tiles_have_no_scroll_bars(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    overflows = {tile["size"]: tile["overflow"] for tile in page.evaluate(MEASURE_TEXTS) if max(tile["overflow"]) > 1}
    assert overflows == {}


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("number", [5, 48_213, 1_234_568, -1_523.5, 123_456_789_012])
def test_large_numbers_stay_on_one_line_within_their_tile(chromium: Browser, width: int, number: float) -> None:
    rows = [{"label": "a", "aggregated_value": number, "data": []}]
    query = {"kind": "TrendsQuery", "trendsFilter": {"display": "BoldNumber"}}
    with chromium.new_context(viewport={"width": width, "height": 900}) as context:
        opened = context.new_page()
        opened.set_content(build_page([(rows, query, size) for size in SIZES]))
        for tile in opened.evaluate(MEASURE_TEXTS):
            [text] = tile["texts"]
            assert text["lines"] == 1
            assert text["size"] >= 11
            assert max(tile["overflow"]) <= 1


def test_page_of_twenty_charts_is_light() -> None:
    results = list(build_results()) * 4
    assert len(results) == 20
    text = build_page([(*drawn, (6, 5)) for drawn in results])
    assert len(gzip.compress(text.encode(), 6)) < 60 * 1024
