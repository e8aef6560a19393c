"""Pies: slices in percent of the image, largest first, clockwise from the top. Pure functions."""

import math
from typing import Any

from pages.components.charts.formats import format_share
from pages.components.charts.plot import LETTERS
from pages.components.charts.shapes import COLORS, MAX_SLICES, Item, Pie

RADIUS = 80
# Slices below this share have no letter, because there is no space for it.
LETTER_SHARE_MIN = 0.05
GRAY = "rest"


def build_pie_view(found: Pie) -> dict[str, Any]:
    items = group_slices(found.items)
    whole = sum(item.value for item in items)
    slices, start = [], 0.0
    for index, item in enumerate(items):
        share = item.value / whole
        middle = 2 * math.pi * (start + share / 2)
        slices.append(
            {
                "path": draw_slice(start, start + share),
                "color": GRAY if index == MAX_SLICES - 1 and len(found.items) > MAX_SLICES else index % COLORS,
                "letter": LETTERS[index],
                "has_letter": share >= LETTER_SHARE_MIN,
                "x": round(50 + 57 * math.sin(middle), 1),
                "y": round(50 - 57 * math.cos(middle), 1),
                "label": item.label,
                "value": found.number.write(item.value),
                "share": format_share(item.value, whole),
            }
        )
        start += share
    return {
        "slices": slices,
        "radius": RADIUS,
        "diameter": 2 * RADIUS,
        "total": found.number.write(whole),
        "note": found.note,
    }


def group_slices(items: list[Item]) -> list[Item]:
    """Return the largest slices, and one slice for the sum of all other slices."""
    if len(items) <= MAX_SLICES:
        return items
    rest = items[MAX_SLICES - 1 :]
    return [*items[: MAX_SLICES - 1], Item(f"{len(rest)} more", sum(item.value for item in rest))]


def draw_slice(start: float, end: float) -> str:
    """Return the path of a slice around (0, 0), between two shares of the whole."""
    if end - start > 0.9999:
        return f"M0,{-RADIUS}A{RADIUS},{RADIUS},0,1,1,0,{RADIUS}A{RADIUS},{RADIUS},0,1,1,0,{-RADIUS}Z"
    (x1, y1), (x2, y2) = (
        (round(RADIUS * math.sin(2 * math.pi * share), 2), round(-RADIUS * math.cos(2 * math.pi * share), 2))
        for share in (start, end)
    )
    return f"M0,0L{x1},{y1}A{RADIUS},{RADIUS},0,{int(end - start > 0.5)},1,{x2},{y2}Z"
