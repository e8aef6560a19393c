"""The colors of charts in both themes, also for readers with red-green color blindness."""

import re
from itertools import combinations

import pytest

from pages.components.charts.shapes import COLORS
from tests.live.conftest import ROOT
from tests.pages.components.color_vision import (
    MATRICES,
    NORMAL,
    compute_contrast,
    compute_difference,
    convert_to_lab,
    read_color,
    simulate,
)

STYLES = ROOT / "pages" / "static" / "pages"
THEMES = ["light", "dark"]
CONTRAST_MIN, DIFFERENCE_MIN = 3.0, 12.0
# Pairs of colors in Lab and their difference, from the test data of Sharma, Wu and Dalal (2005).
KNOWN_DIFFERENCES = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
    ((50.0, 2.5, 0.0), (61.0, -5.0, 29.0), 22.8977),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
]


def read_colors(theme: str, pattern: str) -> list[str]:
    """Return the colors of a theme whose names match."""
    text = "".join((STYLES / name).read_text() for name in ("pages.css", "charts.css"))
    pairs = re.findall(rf"--(?:{pattern}): light-dark\((#\w{{6}}), (#\w{{6}})\)", text)
    return [pair[THEMES.index(theme)] for pair in pairs]


@pytest.mark.parametrize("theme", THEMES)
def test_colours_contrast_with_the_surface(theme: str) -> None:
    colors, surfaces = read_colors(theme, r"chart-\w+"), read_colors(theme, "surface|paper")
    assert (len(colors), len(surfaces)) == (COLORS + 1, 2)
    contrasts = {
        (color, surface): round(compute_contrast(read_color(color), read_color(surface)), 2)
        for color in colors
        for surface in surfaces
    }
    assert {pair: found for pair, found in contrasts.items() if found < CONTRAST_MIN} == {}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("vision", list(MATRICES))
def test_colours_differ_for_every_reader(theme: str, vision: str) -> None:
    seen = {color: convert_to_lab(simulate(read_color(color), vision)) for color in read_colors(theme, r"chart-\d")}
    assert len(seen) == COLORS
    differences = {pair: round(compute_difference(seen[pair[0]], seen[pair[1]]), 1) for pair in combinations(seen, 2)}
    assert {pair: found for pair, found in differences.items() if found < DIFFERENCE_MIN} == {}


def test_differences_are_those_of_the_standard() -> None:
    for first, second, expected in KNOWN_DIFFERENCES:
        assert compute_difference(first, second) == pytest.approx(expected, abs=0.0001)
    assert compute_contrast(read_color("#000000"), read_color("#ffffff")) == pytest.approx(21, abs=0.001)
    assert simulate(read_color("#808080"), NORMAL) == read_color("#808080")


def test_every_colour_has_a_class_and_is_named_once() -> None:
    text = (STYLES / "charts.css").read_text()
    first_block, _, rest = text.partition("}\n")
    assert not re.search(r"#[0-9a-f]{3,8}\b", rest)
    for index in range(COLORS):
        assert f".c{index} {{ --c: var(--chart-{index}); }}" in rest
        assert f"--chart-{index}:" in first_block
