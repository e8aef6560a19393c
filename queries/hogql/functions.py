"""The allowlist of functions: their names in HogQL, the numbers of their arguments, and the types of their results.

A statement cannot contain any other function, because a name from a query is never printed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto

from queries.hogql import allowed_functions
from queries.hogql.errors import InvalidArguments, Span, UnknownFunction
from queries.hogql.values import ValueType


class Kind(Enum):
    PLAIN = auto()
    AGGREGATE = auto()
    WINDOW = auto()


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `name` is its name in HogQL, and `stored` is its name in ClickHouse.

    `nullable` is None if the arguments determine whether the result may be null.
    """

    name: str
    stored: str
    arg_counts: tuple[int, int]
    type: ValueType
    kind: Kind
    param_counts: tuple[int, int] = (0, 0)
    nullable: bool | None = None

    @property
    def is_counting(self) -> bool:
        """Return whether the function counts values of any type."""
        return self.kind is Kind.AGGREGATE and self.name.startswith(("count", "uniq"))

    def check_counts(self, args: int, params: int | None, span: Span | None) -> None:
        """Check the numbers of arguments and parameters. Raises InvalidArguments."""
        if not self.arg_counts[0] <= args <= self.arg_counts[1]:
            detail = f"{self.name} takes {describe_counts(self.arg_counts)}, not {args}."
            raise InvalidArguments(detail, span=span)
        if not self.param_counts[0] <= (params or 0) <= self.param_counts[1]:
            detail = (
                f"{self.name} takes {describe_counts(self.param_counts)} in its first parentheses, not {params or 0}."
            )
            raise InvalidArguments(detail, span=span)


UNLIMITED = 1_000


def describe_counts(counts: tuple[int, int]) -> str:
    low, high = counts
    if low == high:
        return f"{low} argument{'' if low == 1 else 's'}"
    return f"at least {low} arguments" if high == UNLIMITED else f"{low} to {high} arguments"


# Suffixes of aggregate functions: the number of additional arguments, and whether the result may be null.
COMBINATORS = {"If": (1, None), "Array": (0, None), "Distinct": (0, None), "OrNull": (0, True), "OrDefault": (0, False)}


def find_allowed_function(name: str, span: Span | None) -> Function:
    """Return the function with a name, ignoring case. Raises UnknownFunction with the nearest name."""
    function = ALLOWED_FUNCTIONS.get(name) or _BY_LOWER_CASE.get(name.lower()) or _find_combined(name)
    if function is None:
        raise UnknownFunction(name, ALLOWED_FUNCTIONS, span=span)
    return function


def _find_combined(name: str) -> Function | None:
    for ending, (extra, nullable) in COMBINATORS.items():
        if not name.endswith(ending):
            continue
        base_name = name.removesuffix(ending)
        base = ALLOWED_FUNCTIONS.get(base_name) or _find_combined(base_name)
        if base is None or base.kind is not Kind.AGGREGATE:
            continue
        low, high = base.arg_counts
        return replace(
            base,
            name=name,
            stored=base.stored + ending,
            arg_counts=(max(low, 1 if ending != "If" else 0) + extra, high + extra),
            nullable=base.nullable if nullable is None else nullable,
        )
    return None


def _read_lists() -> Iterator[Function]:
    for kind, value_type, nullable, text in allowed_functions.LISTS:
        for entry in text.split():
            yield _read_entry(entry, Kind[kind], ValueType[value_type], nullable)


def _read_entry(entry: str, kind: Kind, value_type: ValueType, nullable: bool | None) -> Function:
    """Parse `name:1-2`, `name:1+`, `name=stored:1` or `name[1-2]:1`, where the brackets contain the number of
    parameters.
    """
    names, counts = entry.split(":")
    names, _, params = names.partition("[")
    name, _, stored = names.partition("=")
    param_counts = _read_counts(params.rstrip("]")) if params else (0, 0)
    return Function(name, stored or name, _read_counts(counts), value_type, kind, param_counts, nullable)


def _read_counts(text: str) -> tuple[int, int]:
    if text.endswith("+"):
        return int(text[:-1]), UNLIMITED
    low, _, high = text.partition("-")
    return int(low), int(high or low)


ALLOWED_FUNCTIONS = {function.name: function for function in _read_lists()}
_BY_LOWER_CASE = {name.lower(): function for name, function in ALLOWED_FUNCTIONS.items()}
