"""Where tiles are: pure functions on layouts, `{breakpoint: {x, y, w, h, …}}`. The grid of `sm` has 12 columns."""

import math
import re
from collections.abc import Mapping
from typing import Any

# Where a tile without a place sorts.
UNPLACED = 100.0
NUMERIC_KEYS = ("x", "y", "w", "h", "minW", "minH")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def as_number(value: Any) -> float | None:
    """A finite number, or a text that spells one (clients in the field send both); None for anything else."""
    if isinstance(value, str):
        if len(value) > 40 or not _NUMBER.fullmatch(value):
            return None
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def sort_position(layouts: Mapping[str, Any]) -> tuple[float, float]:
    """(y, x) of a tile in the `sm` breakpoint, by which tiles are ordered; what is missing counts as 100."""
    place = layouts.get("sm") or {}
    y, x = as_number(place.get("y")), as_number(place.get("x"))
    return (UNPLACED if y is None else y, UNPLACED if x is None else x)
