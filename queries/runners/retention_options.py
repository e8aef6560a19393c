"""The options of a RetentionQuery."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from queries.hogql.ast import Call, Constant, Expr
from queries.runners.breakdowns import BREAKDOWN, read_breakdowns
from queries.runners.errors import InvalidQuery, UnsupportedPart
from queries.runners.filters import FilterBuilder
from queries.runners.json_values import check_choice, describe, get_boolean, get_number, get_object
from queries.runners.series import Series, SeriesReader

PERIODS = ("Hour", "Day", "Week", "Month")
RECURRING = "retention_recurring"
FIRST_TIME = "retention_first_time"
FIRST_EVER = "retention_first_ever_occurrence"
TYPES = (RECURRING, FIRST_TIME, FIRST_EVER)
COLUMNS = 8
MAX_COLUMNS = 100
MAX_OCCURRENCES = 10_000
DEFAULT_EVENT = "$pageview"
FILTER = ("retentionFilter",)
_UNSUPPORTED_ENTITIES = {"actions": "Actions are", "data_warehouse": "Events of a data warehouse are"}


@dataclass(frozen=True)
class Breakdown:
    """A breakdown of persons: the value, the maximum number of values, and whether the other values are hidden."""

    value: Expr
    limit: int
    hides_other: bool


@dataclass(frozen=True)
class RetentionOptions:
    """The options that affect the numbers. `occurrences` is the required number of events in an interval."""

    period: str
    columns: int
    type: str
    is_cumulative: bool
    occurrences: int
    breakdown: Breakdown | None


def read_options(source: Mapping[str, Any], builder: FilterBuilder) -> RetentionOptions:
    """Return the options of a query. Raises InvalidQuery and UnsupportedPart."""
    options = get_object(source, *FILTER)
    _check_unsupported(options)
    _read_choice(options, "retentionReference", ("total", "previous"))  # affects only percentages
    return RetentionOptions(
        period=_read_choice(options, "period", PERIODS, "Day"),
        columns=get_number(options, "totalIntervals", FILTER, default=COLUMNS, low=1, high=MAX_COLUMNS),
        type=_read_choice(options, "retentionType", TYPES),
        is_cumulative=get_boolean(options, "cumulative", FILTER),
        occurrences=get_number(options, "minimumOccurrences", FILTER, default=1, low=1, high=MAX_OCCURRENCES),
        breakdown=_read_breakdown(source, builder),
    )


def read_entity(source: Mapping[str, Any], name: str, reader: SeriesReader) -> Series:
    """Return the series of events with which persons start or return. Raises HogQLError."""
    options, path = get_object(source, *FILTER), (*FILTER, name)
    if options.get(name) is None:
        return reader.read({"kind": "EventsNode", "event": DEFAULT_EVENT}, path)
    entity = get_object(options, name, FILTER)
    kind = entity.get("type") or ("actions" if entity.get("kind") == "ActionsNode" else "events")
    if isinstance(kind, str) and kind in _UNSUPPORTED_ENTITIES:
        raise UnsupportedPart(_UNSUPPORTED_ENTITIES[kind], (*path, "type"))
    check_choice(kind, ("events", *_UNSUPPORTED_ENTITIES), (*path, "type"))
    event = entity.get("id")
    if event is not None and not isinstance(event, str):
        raise InvalidQuery(f"This must be the name of an event, not {describe(event)}.", (*path, "id"))
    return reader.read({"kind": "EventsNode", "event": event, "properties": entity.get("properties")}, path)


def _read_choice(options: Mapping[str, Any], name: str, known: tuple[str, ...], default: str | None = None) -> str:
    value = options.get(name)
    return (default or known[0]) if value is None else check_choice(value, known, (*FILTER, name))


def _check_unsupported(options: Mapping[str, Any]) -> None:
    modes = ("strict_calendar_dates", "24_hour_windows")
    if _read_choice(options, "timeWindowMode", modes) != modes[0]:
        raise UnsupportedPart("Windows of 24 hours are", (*FILTER, "timeWindowMode"))
    if _read_choice(options, "aggregationType", ("count", "sum", "avg")) != "count":
        raise UnsupportedPart("Sums and averages of a property are", (*FILTER, "aggregationType"))
    if options.get("retentionCustomBrackets"):
        raise UnsupportedPart("Brackets of several intervals are", (*FILTER, "retentionCustomBrackets"))
    if get_boolean(options, "customAggregationTarget", FILTER):
        raise UnsupportedPart("Targets other than persons are", (*FILTER, "customAggregationTarget"))


def _read_breakdown(source: Mapping[str, Any], builder: FilterBuilder) -> Breakdown | None:
    """Return the breakdown of a query. Null values become empty strings, as in PostHog."""
    found, path = read_breakdowns(source, builder), (BREAKDOWN,)
    if len(found.items) > 1:
        raise UnsupportedPart("Multiple breakdowns are", (*path, "breakdowns"))
    if any(item.bins for item in found.items):
        raise UnsupportedPart("Histogram bins are", (*path, "breakdown_histogram_bin_count"))
    for item in found.items:
        return Breakdown(Call("ifNull", (item.text, Constant(""))), found.limit, found.hides_other)
    return None
