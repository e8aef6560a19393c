"""Results of TrendsQuery: one object for each series or formula, breakdown value and period."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import floor
from typing import Any

from queries.exceptions import ResultTooLarge
from queries.results.labels import format_days, format_labels
from queries.results.numbers import Number, simplify

CUMULATIVE = "ActionsLineGraphCumulative"
TOTAL_DISPLAYS = ("BoldNumber", "Metric", "ActionsPie", "ActionsBarValue", "ActionsTable", "WorldMap")
PERIOD_LABELS = ("current", "previous")
# Intervals without events have no rows but are shown as zeros, so a few rows can become a result that fills the memory.
MAX_POINTS = 500_000
OPERATIONS_OF_A_POINT = 10
DIGITS = 9  # of an average that is rounded down

Key = tuple[str, ...]
Numbers = list[Number]
Groups = dict[Key, Numbers]
"""Numbers by breakdown values, in order: one number for each interval, or one total."""


@dataclass(frozen=True)
class SeriesInfo:
    """A series as shown in results. `node` is its JSON."""

    name: str
    node: Mapping[str, Any]
    order: int


@dataclass(frozen=True)
class PeriodInfo:
    """A period as shown in results. `starts` are the starts of its intervals as Unix time in microseconds."""

    buckets: Sequence[datetime]
    starts: Sequence[int]


@dataclass(frozen=True)
class FormulaInfo:
    """A formula as shown in results. `size` is the number of its operations."""

    label: str
    compute: Callable[[Sequence[float]], float]
    size: int = 1


@dataclass(frozen=True)
class TrendsShape:
    """The shape of a result.

    `key_length` is the number of breakdown values. `is_list` is true if even a single value is shown as a list. `bins`
    are the labels of bins by series and period, in the order in which they are shown, including empty bins.
    """

    series: Sequence[SeriesInfo]
    periods: Sequence[PeriodInfo]
    interval: str
    display: str
    formulas: Sequence[FormulaInfo] = ()
    smoothing: int = 1
    key_length: int = 0
    is_list: bool = False
    hides_other: bool = False
    null_value: str = ""
    other_value: str = ""
    bins: Mapping[tuple[int, int], Sequence[str]] = field(default_factory=dict)

    @property
    def is_total(self) -> bool:
        return self.display in TOTAL_DISPLAYS

    @property
    def is_cumulative(self) -> bool:
        return self.display == CUMULATIVE


class TrendsResult:
    """A builder of one result. Its rows contain series, period, breakdown values, start of the interval, and number.

    Raises ResultTooLarge.
    """

    def __init__(self, shape: TrendsShape, rows: Iterable[Sequence[Any]]) -> None:
        self.shape = shape
        self.has_other = False
        self.points = 0
        self.groups: dict[tuple[int, int], Groups] = {}
        self._read(rows)

    def build(self) -> list[dict[str, Any]]:
        """Return the list of result objects. Raises ResultTooLarge."""
        if self.shape.formulas:
            return [
                item
                for formula in self.shape.formulas
                for period in range(len(self.shape.periods))
                for item in self._build_formula(formula, period)
            ]
        return [
            item
            for period in range(len(self.shape.periods))
            for series in range(len(self.shape.series))
            for item in self._build_series(series, period)
        ]

    def _read(self, rows: Iterable[Sequence[Any]]) -> None:
        shape = self.shape
        places = [{start: place for place, start in enumerate(period.starts)} for period in shape.periods]
        for series in range(len(shape.series)):
            for number, period in enumerate(shape.periods):
                keys: list[Key] = [(label,) for label in shape.bins.get((series, number), ())]
                keys += [] if shape.key_length else [()]
                self.groups[series, number] = {key: self._zero_fill(period) for key in keys}
        for series, period, *values, number in rows:
            key = tuple(values[: shape.key_length])
            groups = self.groups[series, period]
            if key not in groups:
                groups[key] = self._zero_fill(shape.periods[period])
            groups[key][0 if shape.is_total else places[period][values[-1]]] = simplify(number)
        for place, groups in self.groups.items():
            self.groups[place] = self._order({key: self._transform(numbers) for key, numbers in groups.items()}, place)

    def _zero_fill(self, period: PeriodInfo) -> Numbers:
        """Return a zero for each interval of a period, so that intervals without a row show zero."""
        size = 1 if self.shape.is_total else len(period.starts)
        self._add_points(size)
        return [0] * size

    def _add_points(self, number: int) -> None:
        self.points += number
        if self.points > MAX_POINTS:
            raise ResultTooLarge(
                f"The result has more than {MAX_POINTS:,} values of series, breakdown values and intervals."
                " Choose a longer interval, a shorter date range, or a smaller breakdown limit."
            )

    def _transform(self, numbers: Numbers) -> Numbers:
        """Return running totals for a cumulative display, and rounded-down averages if the series is smoothed."""
        if self.shape.is_total:
            return numbers
        if self.shape.is_cumulative:
            numbers = accumulate(numbers)
        return smooth(numbers, self.shape.smoothing) if self.shape.smoothing > 1 else numbers

    def _order(self, groups: Groups, place: tuple[int, int]) -> Groups:
        """Return groups by descending total, with null and then the value for all other values at the end."""
        if place in self.shape.bins:
            return groups
        null, rest = (self.shape.null_value,), self.shape.other_value

        def rank(key: Key) -> tuple[bool, bool, Number, Key]:
            return rest in key, key == null, -sum(groups[key]), key

        keys = sorted(groups, key=rank)
        self.has_other = self.has_other or any(rest in key for key in keys)
        return {key: groups[key] for key in keys if not (self.shape.hides_other and rest in key)}

    def _build_series(self, series: int, period: int) -> Iterable[dict[str, Any]]:
        info = self.shape.series[series]
        for key, numbers in self.groups[series, period].items():
            label = info.name
            if self.shape.key_length:
                text = "::".join(key)
                label = f"{info.name} - {text}" if len(self.shape.series) > 1 else text
            yield self._build_item(label, key, numbers, period, self._sum(numbers), build_action(info))

    def _build_formula(self, formula: FormulaInfo, period: int) -> Iterable[dict[str, Any]]:
        columns = [self.groups[series, period] for series in range(len(self.shape.series))]
        zeros = self._zero_fill(self.shape.periods[period])
        for key in dict.fromkeys(key for groups in columns for key in groups):
            # Long formulas count more, because their operations take most of the time.
            self._add_points(len(zeros) * max(1, formula.size // OPERATIONS_OF_A_POINT))
            series = [groups.get(key, zeros) for groups in columns]
            numbers = [simplify(formula.compute(each)) for each in zip(*series, strict=True)]
            count = simplify(formula.compute([self._sum(each) for each in series]))
            yield self._build_item(formula.label, key, numbers, period, count, None)

    def _sum(self, numbers: Numbers) -> Number:
        return numbers[-1] if self.shape.is_cumulative and numbers else simplify(sum(numbers))

    def _build_item(
        self, label: str, key: Key, numbers: Numbers, period: int, count: Number, action: dict[str, Any] | None
    ) -> dict[str, Any]:
        shape, buckets = self.shape, self.shape.periods[period].buckets
        item: dict[str, Any] = {"action": action, "label": label, "count": count, "data": numbers}
        if shape.is_total:
            item |= {"count": 0, "data": [], "labels": [], "days": [], "aggregated_value": numbers[0]}
        else:
            item |= {
                "labels": format_labels(buckets, shape.interval),
                "days": format_days(buckets, shape.interval),
            }
        if shape.key_length:
            item["breakdown_value"] = list(key) if shape.is_list else key[0]
        if len(shape.periods) > 1:
            item |= {"compare": True, "compare_label": PERIOD_LABELS[period]}
        return item


def build_action(info: SeriesInfo) -> dict[str, Any]:
    """Return the description of a series in results. SQL is omitted, because share links must not reveal it."""
    node = info.node
    return {
        "id": node.get("event"),
        "type": "events",
        "order": info.order,
        "name": node.get("name") or node.get("event") or info.name,
        "custom_name": node.get("custom_name"),
        "math": node.get("math"),
        "math_property": node.get("math_property"),
        "math_hogql": None,
        "math_group_type_index": None,
        "properties": {},
    }


def accumulate(numbers: Numbers) -> Numbers:
    """Return running totals."""
    total: Number = 0
    return [simplify(total := total + number) for number in numbers]


def smooth(numbers: Numbers, width: int) -> Numbers:
    """Return trailing moving averages over `width` numbers, rounded down as in PostHog.

    An average such as 2.9999999999999996, which differs from 3 only by floating-point errors, becomes 3.
    """
    windows = (numbers[max(0, end - width) : end] for end in range(1, len(numbers) + 1))
    return [floor(round(sum(window) / len(window), DIGITS)) for window in windows]
