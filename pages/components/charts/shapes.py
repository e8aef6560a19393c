"""The forms in which results are drawn, and how their values are written. Pure functions."""

import math
from typing import Any, NamedTuple

MAX_SERIES = 12
MAX_POINTS = 400
MAX_BARS = 25
MAX_SLICES = 9
MAX_ROWS = 100
MAX_COLUMNS = 20
# Larger numbers are not exact as floating point numbers, so they are not drawn.
LARGEST = 2.0**53
TEXT_MAX_LENGTH = 200


class Series(NamedTuple):
    """Values at each label of a chart; None for a missing value."""

    label: str
    values: list[float | None]


class Lines(NamedTuple):
    """Values over time."""

    labels: list[str]
    series: list[Series]
    as_bars: bool
    has_totals: bool = True  # whether the sum of a series means something
    note: str = ""


class Parts(NamedTuple):
    """One value for each label, the largest first, or in the order of steps."""

    items: list[tuple[str, float]]
    as_pie: bool
    of_first: bool  # show each as a share of the first, as in a funnel
    has_colors: bool = True  # whether bars have colours of their own, since each is a series
    note: str = ""


class Number(NamedTuple):
    text: str | None  # None for null


class Table(NamedTuple):
    """Rows of texts; None for null."""

    columns: list[str]
    rows: list[list[str | None]]
    note: str = ""
    numeric: frozenset[int] = frozenset()  # the columns that contain numbers


Drawable = Lines | Parts | Number | Table


def to_number(value: Any) -> float | None:
    """Return a number that can be drawn, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:  # false for NaN, too
        return None
    return float(value)


def to_text(value: Any) -> str:
    """Return a label or a cell, shortened to fit."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= TEXT_MAX_LENGTH else f"{text[: TEXT_MAX_LENGTH - 1]}…"


def format_number(value: float) -> str:
    """Return a number with separators. Fractions have two decimals, and small numbers three significant digits."""
    if isinstance(value, int):
        return f"{value:,}"
    if not math.isfinite(value) or value.is_integer():
        return f"{value:,.0f}"
    return f"{value:,.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.3g}"


def describe_rest(left_out: int, noun: str = "row") -> str:
    """Return a note such as `12 more rows`, empty if there are none."""
    return f"{left_out:,} more {noun}{'' if left_out == 1 else 's'}" if left_out > 0 else ""


def build_table(columns: list[str], rows: list[list[str | None]], of: int | None = None, note: str = "") -> Table:
    """Return a table within the limits, with a note of what is left out."""
    shown = columns[:MAX_COLUMNS]
    cut = [[*row, *[""] * (len(shown) - len(row))][: len(shown)] for row in rows[:MAX_ROWS]]
    rest = describe_rest((len(rows) if of is None else of) - len(cut))
    notes = [rest, describe_rest(len(columns) - len(shown), "column"), note]
    return Table(shown, cut, ", ".join(filter(None, notes)))
