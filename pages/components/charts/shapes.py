"""The forms in which results are drawn, and their limits. Pure functions."""

from typing import Any, NamedTuple

from pages.components.charts.formats import PLAIN, NumberFormat

MAX_SERIES = 12
MAX_POINTS = 400
MAX_BARS = 25
MAX_SLICES = 7
MAX_ROWS = 100
MAX_COLUMNS = 20
MAX_STEPS = 30
MAX_GROUPS = 12
# The maximum number of cells of a table of data. Further columns are left out.
MAX_CELLS = 10_000
# Larger numbers are not exact as floating-point numbers, so they are not drawn.
LARGEST = 2.0**53
TEXT_MAX_LENGTH = 200
# The smallest tiles have no space for longer numbers.
MAX_NUMBER_LENGTH = 9
# The number of colors for series in the style sheet.
COLORS = 8

LINES = "lines"
AREAS = "areas"
STACKED = "stacked"
GROUPED = "grouped"


class Series(NamedTuple):
    """A value for each label of a chart, or None if it is missing. Both periods of a series have the same color."""

    label: str
    values: list[float | None]
    color: int = 0
    summary: str = ""  # the total or the average, for the legend
    is_previous: bool = False


class Graph(NamedTuple):
    """Series along an axis. `hidden` contains the series beyond the limit, which are only in the data table."""

    labels: list[str]
    series: list[Series]
    style: str = LINES
    number: NumberFormat = PLAIN
    is_incomplete: bool = False  # whether the last interval was incomplete when the result was computed
    note: str = ""
    hidden: tuple[Series, ...] = ()
    axis: str = "Date"  # the name of the axis

    @property
    def has_bars(self) -> bool:
        return self.style in (STACKED, GROUPED)


class Item(NamedTuple):
    label: str
    value: float
    is_previous: bool = False


class Bars(NamedTuple):
    """One bar for each label. `rest` contains the items beyond the limit, which are only in the data table."""

    items: list[Item]
    number: NumberFormat = PLAIN
    note: str = ""
    rest: tuple[Item, ...] = ()


class Pie(NamedTuple):
    """Shares of a whole, largest first."""

    items: list[Item]
    number: NumberFormat = PLAIN
    note: str = ""


class Number(NamedTuple):
    """A single value, whose text is None for null. `others` contains the labels and formatted values of further series.

    `short` is the value for tiles in which the text does not fit, or empty if the text is short.
    """

    text: str | None
    comparison: str = ""
    note: str = ""
    others: tuple[tuple[str, str], ...] = ()
    short: str = ""


class Step(NamedTuple):
    """A step of a funnel, with the average and the median seconds since the previous step."""

    name: str
    persons: float
    average: float | None
    median: float | None


class Funnel(NamedTuple):
    """The steps of each group. A funnel without a breakdown has one group without a name."""

    groups: list[tuple[str, list[Step]]]
    note: str = ""


class Cell(NamedTuple):
    """A cell of a retention table, which is empty for a future interval."""

    persons: float | None
    share: float | None
    is_incomplete: bool


class Cohort(NamedTuple):
    label: str
    size: str
    cells: list[Cell]


class Retention(NamedTuple):
    """The cohorts of each group, as in a funnel. `reference` describes the denominator of the shares."""

    columns: list[str]
    groups: list[tuple[str, list[Cohort]]]
    reference: str
    note: str = ""


class Table(NamedTuple):
    """Rows of strings, with None for null."""

    columns: list[str]
    rows: list[list[str | None]]
    note: str = ""
    numeric: frozenset[int] = frozenset()  # the columns of numbers
    colors: tuple[int, ...] = ()  # the colors of the columns after the first


Drawable = Graph | Bars | Pie | Number | Funnel | Retention | Table


def to_number(value: Any) -> float | None:
    """Return a value as a number, or None if it cannot be drawn."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST:  # also rejects NaN
        return None
    return float(value)


def to_text(value: Any) -> str:
    """Return the text of a label or a cell, truncated to the maximum length."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= TEXT_MAX_LENGTH else f"{text[: TEXT_MAX_LENGTH - 1]}…"


def describe_rest(left_out: int, noun: str = "row", nouns: str = "") -> str:
    """Return a note such as `12 more rows`, or an empty string if nothing was left out."""
    return f"{left_out:,} more {noun if left_out == 1 else nouns or f'{noun}s'}" if left_out > 0 else ""


def join_notes(*notes: str) -> str:
    return ", ".join(filter(None, notes))


def shorten(number: NumberFormat, value: float) -> str:
    """Return the short text of a value whose text is too long for the smallest tiles, or else an empty string."""
    return number.write_short(value) if len(number.write(value)) > MAX_NUMBER_LENGTH else ""


def build_table(columns: list[str], rows: list[list[str | None]], of: int | None = None, note: str = "") -> Table:
    """Return a table within the limits, with a note about the rows and columns that were left out."""
    shown = columns[:MAX_COLUMNS]
    cut = [[*row, *[""] * (len(shown) - len(row))][: len(shown)] for row in rows[:MAX_ROWS]]
    rest = describe_rest((len(rows) if of is None else of) - len(cut))
    return Table(shown, cut, join_notes(rest, describe_rest(len(columns) - len(shown), "column"), note))
