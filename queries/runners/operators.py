"""The operators of property filters, which build a condition from a property and the values of a filter."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboards_api.dates import DateForm, get_end_of_unit, parse_moment
from queries.hogql import ast
from queries.hogql.ast import And, Call, Compare, Constant, Expr, Not, Or
from queries.hogql.properties import PropertyType
from queries.runners.context import QueryContext
from queries.runners.dates import TEXT_MAX_LENGTH, YEARS
from queries.runners.errors import InvalidQuery, Path
from queries.runners.operands import NULL, TRUE, ZERO, Operand, format_text

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)


@dataclass(frozen=True)
class FilterValues:
    """The values that a filter compares a property with. A filter without values always matches, as in PostHog."""

    values: list[Any]
    context: QueryContext
    path: Path

    def build_refusal(self, value: Any, words: str) -> InvalidQuery:
        return InvalidQuery(f'"{str(value)[:80]}" is not {words}.', self.path)


Operator = Callable[[Operand, FilterValues], Expr]
ValueOperator = Callable[[Operand, Any, FilterValues], Expr]


def match_any(operator: ValueOperator) -> Operator:
    """Return an operator that holds if any of the values matches."""

    def build(operand: Operand, given: FilterValues) -> Expr:
        return join_or([operator(operand, value, given) for value in given.values]) if given.values else TRUE

    return build


def build_negation(operator: Operator) -> Operator:
    """Return the negation of an operator, which also holds if the property is missing."""
    return lambda operand, given: Not(operator(operand, given)) if given.values else TRUE


def join_or(parts: list[Expr]) -> Expr:
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def match_exact(operand: Operand, given: FilterValues) -> Expr:
    """Return the condition that the property is one of the values. Null matches a missing property.

    If the property is defined as a number or a time, numbers and times are compared instead of their strings.
    """
    if not given.values:
        return TRUE
    texts, parts = [], []
    for value in given.values:
        part = _match_meaning(operand, value, given)
        if part is None:
            texts.append(Constant(format_text(value)))
        else:
            parts.append(part)
    if texts:
        parts.append(Compare("in", operand.text, ast.Tuple(tuple(texts))))
    return join_or(parts)


def _match_meaning(operand: Operand, value: Any, given: FilterValues) -> Expr | None:
    if value is None:
        return Compare("==", operand.text, NULL)
    if operand.type is PropertyType.NUMERIC and (number := read_number(value)) is not None:
        return Compare("==", operand.number, Constant(number))
    if operand.type is PropertyType.DATETIME and (ends := read_moments(value, given.context)) is not None:
        return Compare("==", operand.moment, Constant(ends[0]))
    return None


def match_containing(operand: Operand, value: Any, given: FilterValues) -> Expr:
    """Return the condition that the property contains a string, ignoring case."""
    needle = Constant(_require_text(value, given))
    return Compare(">", Call("positionCaseInsensitiveUTF8", (operand.text, needle)), ZERO)


def match_pattern(operand: Operand, value: Any, given: FilterValues) -> Expr:
    return Compare("=~", operand.text, Constant(_require_text(value, given)))


def match_start(operand: Operand, value: Any, given: FilterValues) -> Expr:
    return Compare("==", Call("startsWith", (operand.text, Constant(_require_text(value, given)))), TRUE)


def match_end(operand: Operand, value: Any, given: FilterValues) -> Expr:
    return Compare("==", Call("endsWith", (operand.text, Constant(_require_text(value, given)))), TRUE)


def build_comparison(sign: str) -> ValueOperator:
    """Return an operator such as `gt`, which compares values as numbers, as times, or otherwise as strings."""

    def build(operand: Operand, value: Any, given: FilterValues) -> Expr:
        if (number := read_number(value)) is not None:
            return Compare(sign, operand.number, Constant(number))
        text = _require_text(value, given)
        if operand.type is PropertyType.NUMERIC or isinstance(value, bool):
            raise given.build_refusal(text, "a number")
        if operand.type is PropertyType.DATETIME and (ends := read_moments(text, given.context)) is not None:
            return Compare(sign, operand.moment, Constant(ends[0]))
        return Compare(sign, operand.text, Constant(text))

    return build


def match_between(operand: Operand, given: FilterValues) -> Expr:
    low, high = _require_two(given)
    return And((Compare(">=", operand.number, Constant(low)), Compare("<=", operand.number, Constant(high))))


def match_outside(operand: Operand, given: FilterValues) -> Expr:
    """Return the condition that a number is outside of a range. Properties without a number do not match."""
    low, high = _require_two(given)
    return Or((Compare("<", operand.number, Constant(low)), Compare(">", operand.number, Constant(high))))


def match_date(operand: Operand, value: Any, given: FilterValues) -> Expr:
    """Return the condition that a property equals the given time, or is on the given day."""
    start, end = _require_moments(value, given)
    bounds = (Compare(">=", operand.moment, Constant(start)), Compare("<=", operand.moment, Constant(end)))
    return And(bounds)


def match_before(operand: Operand, value: Any, given: FilterValues) -> Expr:
    return Compare("<", operand.moment, Constant(_require_moments(value, given)[0]))


def match_after(operand: Operand, value: Any, given: FilterValues) -> Expr:
    """Return the condition that a property is after the given time, or after the given day."""
    return Compare(">", operand.moment, Constant(_require_moments(value, given)[1]))


def match_set(operand: Operand, given: FilterValues) -> Expr:
    return Compare("!=", operand.text, NULL)


def match_not_set(operand: Operand, given: FilterValues) -> Expr:
    return Compare("==", operand.text, NULL)


def read_number(value: Any) -> float | None:
    """Return the finite number that a value or its text represents, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def read_moments(value: Any, context: QueryContext) -> tuple[datetime, datetime] | None:
    """Return the first and the last microsecond of a day, or a given time twice. Return None for other values."""
    if not isinstance(value, str):
        return None
    try:
        found = parse_moment(
            value[:TEXT_MAX_LENGTH], context.local_now, week_starts_on_monday=context.week_starts_on_monday
        )
    except ValueError:
        return None
    if found.moment.year not in YEARS:
        return None
    return found.moment, get_end_of_unit(found.moment, "d") if found.form is DateForm.DATE else found.moment


def _require_text(value: Any, given: FilterValues) -> str:
    if value is None:
        raise given.build_refusal("null", "a string")
    return format_text(value)


def _require_moments(value: Any, given: FilterValues) -> tuple[datetime, datetime]:
    found = read_moments(value, given.context)
    if found is None:
        raise given.build_refusal(value, "a date such as 2026-01-31, 2026-01-31T12:00:00Z or -7d")
    return found


def _require_two(given: FilterValues) -> tuple[float, float]:
    numbers = [read_number(value) for value in given.values]
    if len(numbers) != 2 or None in numbers or numbers[0] > numbers[1]:  # type: ignore[operator]  # no number is None
        raise InvalidQuery("This must be two numbers, with the lower number first.", given.path)
    return numbers[0], numbers[1]  # type: ignore[return-value]  # no number is None


_POSITIVE: dict[str, Operator] = {
    "exact": match_exact,
    "icontains": match_any(match_containing),
    "icontains_multi": match_any(match_containing),
    "regex": match_any(match_pattern),
    "starts_with": match_any(match_start),
    "ends_with": match_any(match_end),
    "in": match_exact,
}
OPERATORS: dict[str, Operator] = {
    **_POSITIVE,
    **{f"not_{name}": build_negation(operator) for name, operator in _POSITIVE.items() if name != "exact"},
    "is_not": build_negation(match_exact),
    "gt": match_any(build_comparison(">")),
    "gte": match_any(build_comparison(">=")),
    "lt": match_any(build_comparison("<")),
    "lte": match_any(build_comparison("<=")),
    "min": match_any(build_comparison(">=")),
    "max": match_any(build_comparison("<=")),
    "is_set": match_set,
    "is_not_set": match_not_set,
    "is_date_exact": match_any(match_date),
    "is_date_before": match_any(match_before),
    "is_date_after": match_any(match_after),
    "between": match_between,
    "not_between": match_outside,
}
