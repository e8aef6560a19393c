"""Where tiles are: pure functions on layouts, `{breakpoint: {x, y, w, h, …}}`. The grid of `sm` has 12 columns."""

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from dashboards.packing import DEFAULT_SIZE, GRID_COLUMNS, Gaps, GridPlace, Number, Place, drop, packed
from dashboards_api.errors import Invalid

Layouts = dict[str, Any]

# Where a tile without a place sorts.
UNPLACED = 100.0
NUMERIC_KEYS = ("x", "y", "w", "h", "minW", "minH")
# What a written place may hold. Larger numbers that were stored before are computed with as if they were these.
MAX_Y = 1_000_000_000
MAX_NUMBER = 10_000
MAX_BREAKPOINTS = 10
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def as_number(value: Any) -> float | None:
    """A finite number, or a text that spells one (clients in the field send both); None for anything else."""
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


class LayoutFault(NamedTuple):
    """What in layouts is no place or no number, and where."""

    path: tuple[str, ...]
    detail: str


def find_layout_fault(layouts: Mapping[str, Any]) -> LayoutFault | None:
    """Return the first breakpoint that is no object, or number that is none."""
    for breakpoint, place in layouts.items():
        if not isinstance(place, Mapping):
            return LayoutFault((breakpoint,), "A place must be a JSON object.")
        for key in NUMERIC_KEYS:
            if key in place and as_number(place[key]) is None:
                return LayoutFault((breakpoint, key), "This must be a number.")
    return None


def check_layouts(layouts: Layouts, stored: Layouts, attr: str) -> None:
    """Raise Invalid for a number that is too large, at its path below `attr`, and for too many breakpoints.

    What `stored` layouts hold may be sent back unchanged.
    """
    if len(layouts) > max(MAX_BREAKPOINTS, len(stored)):
        raise Invalid(f"Layouts have at most {MAX_BREAKPOINTS} breakpoints.", attr=attr, code="max_length")
    for breakpoint, place in layouts.items():
        before = stored.get(breakpoint) or {}
        for key in NUMERIC_KEYS:
            if key in place and not is_bounded(key, place[key]) and place[key] != before.get(key):
                detail = f"This must be a number from -{_limit(key)} to {_limit(key)}."
                raise Invalid(detail, attr=f"{attr}__{breakpoint}__{key}")


def bounded(layouts: Layouts) -> Layouts:
    """Layouts that may be written: those that are stored, or the nearest to them."""
    return {name: _bounded_place(place) for name, place in list(layouts.items())[:MAX_BREAKPOINTS]}


def _bounded_place(place: dict[str, Any]) -> dict[str, Any]:
    changed = {key: place[key] for key in NUMERIC_KEYS if key in place and not is_bounded(key, place[key])}
    return {**place, **{key: _whole(_bounded(key, as_number(value) or 0)) for key, value in changed.items()}}


def is_bounded(key: str, value: Any) -> bool:
    """Whether a place may hold this number under this key."""
    number = as_number(value)
    return number is not None and abs(number) <= _limit(key)


def _limit(key: str) -> int:
    return MAX_Y if key == "y" else MAX_NUMBER


def _bounded(key: str, number: float) -> float:
    return min(max(number, -_limit(key)), _limit(key))


def sort_position(layouts: Mapping[str, Any], breakpoint: str = "sm") -> tuple[float, float]:
    """(y, x) of a tile in a breakpoint, by which tiles are ordered; what is missing counts as 100."""
    place = layouts.get(breakpoint) or {}
    y, x = as_number(place.get("y")), as_number(place.get("x"))
    return (UNPLACED if y is None else y, UNPLACED if x is None else x)


class Arrangement(StrEnum):
    """How `reorder_tiles` places tiles."""

    PRESERVE = "preserve"
    TWO_COLUMN = "two_column"
    THREE_COLUMN = "three_column"
    FULL_WIDTH = "full_width"


# How wide tiles become; `preserve` keeps their widths.
_WIDTHS = {Arrangement.TWO_COLUMN: 6, Arrangement.THREE_COLUMN: 4, Arrangement.FULL_WIDTH: GRID_COLUMNS}


def arranged(layouts: Sequence[Layouts], arrangement: Arrangement) -> list[Layouts]:
    """Tiles one after the other, each as high up as its size and the order allow: `sm` has 12 columns, `xs` one.

    What else a place holds (minW, static, …) is kept, and so are other breakpoints.
    """
    sizes = [_size(each, arrangement) for each in layouts]
    small = packed(sizes, GRID_COLUMNS)
    narrow = packed([(1, _height(each.get("xs"), height)) for each, (_, height) in zip(layouts, sizes, strict=True)], 1)
    return [
        {**each, "sm": at_place(each.get("sm"), wide), "xs": at_place(each.get("xs"), slim)}
        for each, wide, slim in zip(layouts, small, narrow, strict=True)
    ]


# No tile is higher than this many rows where it is shown: a page must end somewhere.
MAX_SHOWN_HEIGHT = 50


def shown_places(layouts: Sequence[Layouts]) -> list[GridPlace]:
    """Where tiles are shown on the 12 columns of `sm`, as whole numbers, the same each time; nothing is stored.

    Those with a place keep its columns and its size, each as high up as those before it allow. The others follow, each
    in the first free gap.
    """
    found = ((index, place_of(each, "sm")) for index, each in enumerate(layouts))
    placed = [(place[1], on_grid(place), index) for index, place in found if place]
    placed.sort(key=lambda each: (each[0], each[1][0], each[2]))
    places = drop([on_columns for _, on_columns, _ in placed])
    shown = {index: place for (_, _, index), place in zip(placed, places, strict=True)}
    gaps = Gaps(places)
    for index in range(len(layouts)):
        if index not in shown:
            shown[index] = gaps.take_first()
    return [shown[index] for index in range(len(layouts))]


def on_grid(place: Place) -> tuple[int, int, int]:
    """The x, width and height of a tile within the columns, and of a sane height."""
    x, _, width, height = place
    width = min(max(round(width), 1), GRID_COLUMNS)
    return min(max(round(x), 0), GRID_COLUMNS - width), width, min(max(round(height), 1), MAX_SHOWN_HEIGHT)


def place_of(layouts: Mapping[str, Any], breakpoint: str) -> Place | None:
    """Where a tile is on one breakpoint, or None where it has no whole place there."""
    place = layouts.get(breakpoint) or {}
    numbers = {key: as_number(place.get(key)) for key in ("x", "y", "w", "h")}
    found = [_whole(_bounded(key, number)) for key, number in numbers.items() if number is not None]
    if len(found) < len(numbers):
        return None
    x, y, width, height = found
    return x, y, width, height


def with_rows(layouts: Layouts, rows: Mapping[str, Number]) -> Layouts:
    """The layouts with another y on these breakpoints."""
    return {name: {**place, "y": rows[name]} if name in rows else place for name, place in layouts.items()}


def _size(layouts: Layouts, arrangement: Arrangement) -> tuple[int, Number]:
    place = layouts.get("sm") or {}
    width = as_number(place.get("w")) or DEFAULT_SIZE[0]
    width = _WIDTHS.get(arrangement, width)
    return min(max(round(width), 1), GRID_COLUMNS), _height(place, DEFAULT_SIZE[1])


def _height(place: Mapping[str, Any] | None, default: Number) -> Number:
    return _whole(_bounded("h", max(as_number((place or {}).get("h")) or default, 1)))


def at_place(place: Mapping[str, Any] | None, where: Place) -> dict[str, Any]:
    """What a layout says of one breakpoint, moved; what else it holds is kept."""
    return {**(place or {}), **dict(zip(("x", "y", "w", "h"), where, strict=True))}


def _whole(number: float) -> Number:
    """An integer where it is one: clients read 6, not 6.0."""
    return int(number) if float(number).is_integer() else number
