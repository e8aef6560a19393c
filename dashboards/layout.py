"""Layouts of tiles, `{breakpoint: {x, y, w, h, …}}`, and pure functions that place tiles on the grid.

The grid of `sm` has 12 columns, and the grid of `xs` has one column.
"""

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from dashboards.packing import (
    DEFAULT_LAYOUT_SIZE,
    GRID_COLUMNS,
    GapFinder,
    GridPlacement,
    Number,
    Placement,
    drop_down,
    pack,
)
from dashboards_api.errors import ValidationFailed

Layouts = dict[str, Any]

# The sort position of a tile without a layout.
UNPLACED_POSITION = 100.0
NUMERIC_KEYS = ("x", "y", "w", "h", "minW", "minH")
# The limits of placements in requests. Larger numbers that were stored before these limits existed are clamped.
MAX_Y = 1_000_000_000
MAX_NUMBER = 10_000
MAX_BREAKPOINTS = 10
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def parse_number(value: Any) -> float | None:
    """Return a finite number from a number or a string, or None for any other value. Clients send both."""
    if isinstance(value, str):
        if len(value) > 40 or not _NUMBER.fullmatch(value):
            return None
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


class LayoutError(NamedTuple):
    """An error in layouts, with its path."""

    path: tuple[str, ...]
    detail: str


def find_layout_error(layouts: Mapping[str, Any]) -> LayoutError | None:
    """Return the error of the first breakpoint that is not an object, or of the first value that is not a number."""
    for breakpoint, place in layouts.items():
        if not isinstance(place, Mapping):
            return LayoutError((breakpoint,), "A placement must be a JSON object.")
        for key in NUMERIC_KEYS:
            if key in place and parse_number(place[key]) is None:
                return LayoutError((breakpoint, key), "This must be a number.")
    return None


def check_layouts(layouts: Layouts, stored: Layouts, attr: str) -> None:
    """Raise ValidationFailed for a number beyond its limit, at its path below `attr`, and for too many breakpoints.

    Values of the `stored` layouts may be sent back unchanged.
    """
    if len(layouts) > max(MAX_BREAKPOINTS, len(stored)):
        raise ValidationFailed(f"Layouts have at most {MAX_BREAKPOINTS} breakpoints.", attr=attr, code="max_length")
    for breakpoint, place in layouts.items():
        before = stored.get(breakpoint) or {}
        for key in NUMERIC_KEYS:
            if key in place and not is_within_limits(key, place[key]) and place[key] != before.get(key):
                detail = f"This must be a number from -{_get_limit(key)} to {_get_limit(key)}."
                raise ValidationFailed(detail, attr=f"{attr}__{breakpoint}__{key}")


def clamp_layouts(layouts: Layouts) -> Layouts:
    """Return layouts within the limits of requests: numbers are clamped, and excess breakpoints are omitted."""
    return {name: _clamp_placement(place) for name, place in list(layouts.items())[:MAX_BREAKPOINTS]}


def _clamp_placement(place: dict[str, Any]) -> dict[str, Any]:
    changed = {key: place[key] for key in NUMERIC_KEYS if key in place and not is_within_limits(key, place[key])}
    return {**place, **{key: _as_integer(_clamp(key, parse_number(value) or 0)) for key, value in changed.items()}}


def is_within_limits(key: str, value: Any) -> bool:
    """Return whether a value is a number within the limit of its key in a placement."""
    number = parse_number(value)
    return number is not None and abs(number) <= _get_limit(key)


def _get_limit(key: str) -> int:
    return MAX_Y if key == "y" else MAX_NUMBER


def _clamp(key: str, number: float) -> float:
    return min(max(number, -_get_limit(key)), _get_limit(key))


def get_sort_position(layouts: Mapping[str, Any], breakpoint: str = "sm") -> tuple[float, float]:
    """Return the sort key (y, x) of a tile at a breakpoint. A missing number counts as 100."""
    place = layouts.get(breakpoint) or {}
    y, x = parse_number(place.get("y")), parse_number(place.get("x"))
    return (UNPLACED_POSITION if y is None else y, UNPLACED_POSITION if x is None else x)


class Arrangement(StrEnum):
    """The arrangements of `reorder_tiles`."""

    PRESERVE = "preserve"
    TWO_COLUMN = "two_column"
    THREE_COLUMN = "three_column"
    FULL_WIDTH = "full_width"


# The widths that arrangements set. `preserve` keeps the width of each tile.
_WIDTHS = {Arrangement.TWO_COLUMN: 6, Arrangement.THREE_COLUMN: 4, Arrangement.FULL_WIDTH: GRID_COLUMNS}


def arrange_tiles(layouts: Sequence[Layouts], arrangement: Arrangement) -> list[Layouts]:
    """Return layouts that place tiles in the given order, each as far up as its size and the order allow.

    Other keys of a placement (minW, static, …) and other breakpoints are kept.
    """
    sizes = [_get_size(each, arrangement) for each in layouts]
    small = pack(sizes, GRID_COLUMNS)
    narrow = pack(
        [(1, _get_height(each.get("xs"), height)) for each, (_, height) in zip(layouts, sizes, strict=True)], 1
    )
    return [
        {**each, "sm": set_placement(each.get("sm"), wide), "xs": set_placement(each.get("xs"), slim)}
        for each, wide, slim in zip(layouts, small, narrow, strict=True)
    ]


# Maximum number of rows of a tile on a page. Otherwise, a stored height of a billion rows would make a page unusable.
MAX_PLACEMENT_HEIGHT = 50


def compute_placements(layouts: Sequence[Layouts]) -> list[GridPlacement]:
    """Return the placements of tiles on the 12 columns of `sm`, for pages.

    The placements are deterministic and never stored.

    Tiles with a layout keep their columns and size, and move up as far as the tiles before them allow. Tiles without a
    layout get the first gap of the default size.
    """
    stored = ((index, get_placement(each, "sm")) for index, each in enumerate(layouts))
    sized = [(placement[1], clamp_to_grid(placement), index) for index, placement in stored if placement]
    sized.sort(key=lambda each: (each[0], each[1][0], each[2]))
    dropped = drop_down([on_columns for _, on_columns, _ in sized])
    placements = {index: placement for (_, _, index), placement in zip(sized, dropped, strict=True)}
    gaps = GapFinder(dropped)
    for index in range(len(layouts)):
        if index not in placements:
            placements[index] = gaps.take_default_placement()
    return [placements[index] for index in range(len(layouts))]


def clamp_to_grid(placement: Placement) -> tuple[int, int, int]:
    """Return the x, width and height of a tile, clamped to the columns and to the maximum height."""
    x, _, width, height = placement
    width = min(max(round(width), 1), GRID_COLUMNS)
    return min(max(round(x), 0), GRID_COLUMNS - width), width, min(max(round(height), 1), MAX_PLACEMENT_HEIGHT)


def get_placement(layouts: Mapping[str, Any], breakpoint: str) -> Placement | None:
    """Return the placement of a tile at one breakpoint, or None if its layout is missing or incomplete."""
    place = layouts.get(breakpoint) or {}
    numbers = {key: parse_number(place.get(key)) for key in ("x", "y", "w", "h")}
    found = [_as_integer(_clamp(key, number)) for key, number in numbers.items() if number is not None]
    if len(found) < len(numbers):
        return None
    x, y, width, height = found
    return x, y, width, height


def set_rows(layouts: Layouts, rows: Mapping[str, Number]) -> Layouts:
    """Return the layouts with a new y at the given breakpoints."""
    return {name: {**place, "y": rows[name]} if name in rows else place for name, place in layouts.items()}


def _get_size(layouts: Layouts, arrangement: Arrangement) -> tuple[int, Number]:
    place = layouts.get("sm") or {}
    width = parse_number(place.get("w")) or DEFAULT_LAYOUT_SIZE[0]
    width = _WIDTHS.get(arrangement, width)
    return min(max(round(width), 1), GRID_COLUMNS), _get_height(place, DEFAULT_LAYOUT_SIZE[1])


def _get_height(place: Mapping[str, Any] | None, default: Number) -> Number:
    return _as_integer(_clamp("h", max(parse_number((place or {}).get("h")) or default, 1)))


def set_placement(place: Mapping[str, Any] | None, where: Placement) -> dict[str, Any]:
    """Return the layout of one breakpoint with a new placement. Other keys of the placement are kept."""
    return {**(place or {}), **dict(zip(("x", "y", "w", "h"), where, strict=True))}


def _as_integer(number: float) -> Number:
    """Return a whole number as an integer, so that clients receive 6 instead of 6.0."""
    return int(number) if float(number).is_integer() else number
