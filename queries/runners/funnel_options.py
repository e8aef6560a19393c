"""The options of a funnel: its order, its conversion window, its exclusions, and its visualization."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from queries.hogql.ast import Expr
from queries.runners.errors import InvalidQuery, UnsupportedPart
from queries.runners.json_values import check_choice, describe, get_boolean, get_number, get_object
from queries.runners.series import Series, SeriesReader, join_or

PATH = ("funnelsFilter",)
MAX_STEPS = 32  # as in PostHog
MAX_EXCLUSIONS = 20
MAX_CONVERSION_WINDOW = 100_000
MAX_BINS = 90
DEFAULT_CONVERSION_WINDOW = 14
PERSON = "person_id"
FIRST_TIME_MATHS = ("first_time_for_user", "first_time_for_user_with_filters")
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
# Windows are durations, regardless of the calendar and of daylight saving time.
WINDOW_UNITS = {
    "second": _SECOND,
    "minute": 60 * _SECOND,
    "hour": 3_600 * _SECOND,
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 30 * _DAY,
}


class Order(StrEnum):
    """The required order of the steps of a funnel. In a strict funnel, no other event may be between two steps."""

    ORDERED = "ordered"
    STRICT = "strict"
    UNORDERED = "unordered"


class Visualization(StrEnum):
    STEPS = "steps"
    TIME_TO_CONVERT = "time_to_convert"
    TRENDS = "trends"
    FLOW = "flow"


class Attribution(StrEnum):
    """The event that determines the breakdown value of a person."""

    FIRST_TOUCH = "first_touch"
    LAST_TOUCH = "last_touch"
    ALL_EVENTS = "all_events"
    STEP = "step"


@dataclass(frozen=True)
class Exclusion:
    """Events that exclude an attempt if one of them occurs between two of its steps."""

    from_step: int
    to_step: int
    condition: Expr


@dataclass(frozen=True)
class FunnelOptions:
    """The options of a funnel. Steps are numbered from 0, and times are in microseconds."""

    order: Order
    visualization: Visualization
    conversion_window: int
    from_step: int
    to_step: int
    exclusions: tuple[Exclusion, ...]
    bin_count: int | None
    attribution: Attribution
    attribution_step: int
    hides_incomplete_windows: bool


def read_options(source: Mapping[str, Any], steps: Sequence[Series], reader: SeriesReader) -> FunnelOptions:
    """Return the options of a query. Raises HogQLError."""
    given = get_object(source, "funnelsFilter")
    order = Order(_read_choice(given, "funnelOrderType", Order.ORDERED, Order))
    _refuse_unsupported(source, given, steps)
    from_step, to_step = _read_step_range(given, len(steps) - 1)
    attribution, attribution_step = _read_attribution(given, order, len(steps) - 1)
    return FunnelOptions(
        order=order,
        visualization=Visualization(_read_choice(given, "funnelVizType", Visualization.STEPS, Visualization)),
        conversion_window=_read_conversion_window(given),
        from_step=from_step,
        to_step=to_step,
        exclusions=_read_exclusions(given, order, len(steps) - 1, reader),
        bin_count=_read_bin_count(given),
        attribution=attribution,
        attribution_step=attribution_step,
        hides_incomplete_windows=get_boolean(given, "hideIncompleteConversionWindowPeriods", PATH),
    )


def _read_choice(given: Mapping[str, Any], name: str, default: StrEnum, known: type[StrEnum]) -> str:
    value = given.get(name)
    return default if value is None else check_choice(value, known, (*PATH, name))


def _refuse_unsupported(source: Mapping[str, Any], given: Mapping[str, Any], steps: Sequence[Series]) -> None:
    if given.get("funnelAggregateByHogQL") not in (None, "", PERSON):
        raise UnsupportedPart("Funnels that do not count persons are", (*PATH, "funnelAggregateByHogQL"))
    if get_boolean(get_object(source, "compareFilter"), "compare", ("compareFilter",)):
        raise UnsupportedPart("Comparisons of funnels are", ("compareFilter", "compare"))
    for step in steps:
        if get_boolean(step.node, "optionalInFunnel", step.path):
            raise UnsupportedPart("Optional steps are", (*step.path, "optionalInFunnel"))
        if step.node.get("math") in FIRST_TIME_MATHS:
            raise UnsupportedPart("Steps that count only the first event of a person are", (*step.path, "math"))


def _read_conversion_window(given: Mapping[str, Any]) -> int:
    unit = given.get("funnelWindowIntervalUnit")
    name = "day" if unit is None else check_choice(unit, WINDOW_UNITS, (*PATH, "funnelWindowIntervalUnit"))
    number = get_number(
        given, "funnelWindowInterval", PATH, default=DEFAULT_CONVERSION_WINDOW, low=1, high=MAX_CONVERSION_WINDOW
    )
    return number * WINDOW_UNITS[name]


def _read_step_range(given: Mapping[str, Any], last: int) -> tuple[int, int]:
    from_step = get_number(given, "funnelFromStep", PATH, default=0, low=0, high=last - 1)
    to_step = get_number(given, "funnelToStep", PATH, default=last, low=1, high=last)
    if from_step >= to_step:
        raise InvalidQuery("This step must be after the step of `funnelFromStep`.", (*PATH, "funnelToStep"))
    return from_step, to_step


def _read_bin_count(given: Mapping[str, Any]) -> int | None:
    if given.get("binCount") is None:
        return None
    return get_number(given, "binCount", PATH, default=1, low=1, high=MAX_BINS)


def _read_attribution(given: Mapping[str, Any], order: Order, last: int) -> tuple[Attribution, int]:
    name = _read_choice(given, "breakdownAttributionType", Attribution.FIRST_TOUCH, Attribution)
    if name != Attribution.STEP:
        return Attribution(name), 0
    step = get_number(given, "breakdownAttributionValue", PATH, default=0, low=0, high=last)
    if step and order is Order.UNORDERED:
        detail = "In an unordered funnel, only the first step can have the breakdown value."
        raise InvalidQuery(detail, (*PATH, "breakdownAttributionValue"))
    return Attribution.STEP, step


def _read_exclusions(given: Mapping[str, Any], order: Order, last: int, reader: SeriesReader) -> tuple[Exclusion, ...]:
    """Return the exclusions. Exclusions between the same steps are combined."""
    nodes, path = given.get("exclusions"), (*PATH, "exclusions")
    if nodes is None:
        return ()
    if not isinstance(nodes, list) or len(nodes) > MAX_EXCLUSIONS:
        raise InvalidQuery(f"This must be a list of at most {MAX_EXCLUSIONS} exclusions, not {describe(nodes)}.", path)
    found: dict[tuple[int, int], list[Expr]] = {}
    for index, node in enumerate(nodes):
        series = reader.read(node, (*path, index))
        found.setdefault(_read_exclusion_range(series, order, last), []).append(series.condition)
    return tuple(Exclusion(*steps, join_or(*conditions)) for steps, conditions in found.items())


def _read_exclusion_range(series: Series, order: Order, last: int) -> tuple[int, int]:
    from_step = get_number(series.node, "funnelFromStep", series.path, default=0, low=0, high=last - 1)
    to_step = get_number(series.node, "funnelToStep", series.path, default=last, low=1, high=last)
    if from_step >= to_step:
        raise InvalidQuery("This step must be after the step of `funnelFromStep`.", (*series.path, "funnelToStep"))
    if order is Order.UNORDERED and (from_step, to_step) != (0, last):
        detail = "In an unordered funnel, exclusions must be between the first and the last step."
        raise InvalidQuery(detail, (*series.path, "funnelToStep" if to_step != last else "funnelFromStep"))
    return from_step, to_step
