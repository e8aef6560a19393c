"""The maths of series, which define how events are counted. The names are PostHog's."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from queries.hogql.ast import Arithmetic, Call, Constant, Expr, Field
from queries.runners.errors import InvalidQuery, UnsupportedPart
from queries.runners.filters import FilterBuilder
from queries.runners.json_values import check_choice, describe
from queries.runners.operands import Operand, build_operand
from queries.runners.operators import read_number
from queries.runners.series import EVENTS, PERSON_ID, Series
from queries.runners.stages import find_aggregates

COUNT = Call("count")
NUMBER = "number"
TOTAL = "total"
UNIQUE_PERSONS = "dau"
ROLLING_DAYS = {"weekly_active": 7, "monthly_active": 30}
PERCENTILES = {"median": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99}
OF_NUMBERS = ("sum", "avg", "min", "max", *PERCENTILES)
PER_PERSON = "_count_per_actor"
PROPERTY_KINDS = {
    "event_properties": "event",
    "person_properties": "person",
    "session_properties": "session",
    **{kind: kind for kind in ("event", "person", "session")},
}
SESSION_DURATION = "$session_duration"


class FirstEvent(Enum):
    """A definition of the first event of a person.

    NAMED is the first event with the name of the series, and is counted only if it passes the filters. MATCHING is the
    first event that has the name and passes the filters.
    """

    NAMED = auto()
    MATCHING = auto()


@dataclass(frozen=True)
class PerUnit:
    """An aggregation in two steps: `first` aggregates the events of each unit, and `last` aggregates the units.

    A unit is a person or a session. `combine` is the function that merges the values of a unit from several breakdown
    values.
    """

    unit: Expr
    first: Call
    combine: str
    last: Expr  # over the column NUMBER


@dataclass(frozen=True)
class Math:
    """The math of a series. `expr` aggregates columns of events.

    `unique` is the expression whose distinct values are counted, if any. `days` is the length of the look-back
    window in days.
    """

    expr: Expr
    unique: Expr | None = None
    per_unit: PerUnit | None = None
    days: int = 0
    first_event: FirstEvent | None = None


def read_math(series: Series, builder: FilterBuilder) -> Math:
    """Return the math of a series. Raises HogQLError."""
    name, path = series.node.get("math"), (*series.path, "math")
    if name is None:
        name = TOTAL
    check_choice(name, (*READERS, "unique_group"), path)
    if name == "unique_group":
        raise UnsupportedPart("Groups are", path)
    if series.node.get("math_property_revenue_currency"):
        raise UnsupportedPart("Currencies are", (*series.path, "math_property_revenue_currency"))
    return READERS[check_choice(name, READERS, path)](series, builder)


def count_unique(expr: Expr) -> Call:
    return Call("uniqExact", (expr,))


def aggregate_numbers(name: str, number: Expr) -> Call:
    """Return an aggregate of numbers, such as the sum, average or a percentile. Percentiles are interpolated."""
    if name in PERCENTILES:
        return Call("quantileExactInclusive", (number,), params=(Constant(PERCENTILES[name]),))
    return Call(name, (number,))


def _read_total(series: Series, builder: FilterBuilder) -> Math:
    return Math(COUNT)


def _read_unique_persons(series: Series, builder: FilterBuilder) -> Math:
    days = ROLLING_DAYS.get(series.node.get("math", ""), 0)
    return Math(count_unique(PERSON_ID), unique=PERSON_ID, days=days)


def _read_unique_sessions(series: Series, builder: FilterBuilder) -> Math:
    session = _build_session_id(builder)
    return Math(count_unique(session), unique=session)


def _read_first_event(kind: FirstEvent) -> Callable[[Series, FilterBuilder], Math]:
    return lambda series, builder: Math(COUNT, first_event=kind)


def _read_numbers(series: Series, builder: FilterBuilder) -> Math:
    name, number = series.node["math"], _multiply(_read_property(series, builder).number, series)
    if series.node.get("math_property") != SESSION_DURATION:
        return Math(aggregate_numbers(name, number))
    # A session has one duration, regardless of the number of its matching events.
    session = Call("any", (number,))
    return _aggregate_units(_build_session_id(builder), session, "any", name)


def _multiply(number: Expr, series: Series) -> Expr:
    """Return a number multiplied by `math_multiplier`, for example to convert cents to dollars."""
    given = series.node.get("math_multiplier")
    if given is None:
        return number
    multiplier = None if isinstance(given, str) else read_number(given)
    if multiplier is None:
        raise InvalidQuery(f"This must be a number, not {describe(given)}.", (*series.path, "math_multiplier"))
    return Arithmetic("*", number, Constant(multiplier))


def _read_per_person(series: Series, builder: FilterBuilder) -> Math:
    return _aggregate_units(PERSON_ID, COUNT, "sum", series.node["math"].removesuffix(PER_PERSON))


def _aggregate_units(unit: Expr, first: Call, combine: str, name: str) -> Math:
    return Math(first, per_unit=PerUnit(unit, first, combine, aggregate_numbers(name, Field((NUMBER,)))))


def _read_expression(series: Series, builder: FilterBuilder) -> Math:
    """Return a math that is written as an expression in HogQL, such as `sum(properties.amount) / count()`."""
    text, path = series.node.get("math_hogql"), (*series.path, "math_hogql")
    if not isinstance(text, str) or not text:
        raise InvalidQuery(f"This must be a HogQL expression, not {describe(text)}.", path)
    expr = builder.build_expression(text)
    if not find_aggregates(expr):
        raise InvalidQuery("This must be an aggregate of events, such as sum(properties.amount).", path)
    return Math(expr)


def _read_property(series: Series, builder: FilterBuilder) -> Operand:
    node, path = series.node, series.path
    key, kind = node.get("math_property"), node.get("math_property_type") or "event_properties"
    if not isinstance(key, str) or not key:
        raise InvalidQuery(f"The math {node['math']} requires the name of a property.", (*path, "math_property"))
    if key == SESSION_DURATION:
        kind = "session_properties"
    check_choice(kind, PROPERTY_KINDS, (*path, "math_property_type"))
    return build_operand(PROPERTY_KINDS[kind], key, EVENTS, builder.context, (*path, "math_property"))


def _build_session_id(builder: FilterBuilder) -> Expr:
    """Return the session id of an event, or null for an event without a session."""
    text = build_operand("event", "$session_id", EVENTS, builder.context, ()).text
    return Call("nullIf", (text, Constant("")))


READERS: dict[str, Callable[[Series, FilterBuilder], Math]] = {
    TOTAL: _read_total,
    UNIQUE_PERSONS: _read_unique_persons,
    **dict.fromkeys(ROLLING_DAYS, _read_unique_persons),
    "unique_session": _read_unique_sessions,
    "first_time_for_user": _read_first_event(FirstEvent.NAMED),
    "first_matching_event_for_user": _read_first_event(FirstEvent.MATCHING),
    **dict.fromkeys(OF_NUMBERS, _read_numbers),
    **{f"{name}{PER_PERSON}": _read_per_person for name in OF_NUMBERS if name != "sum"},
    "hogql": _read_expression,
}
