"""Builders of array expressions, and of SELECTs with named columns."""

from collections.abc import Iterable, Mapping

from queries.hogql.ast import Alias, Call, Compare, Constant, Expr, Field, Lambda, Query, QuerySource, Select

X = Field(("x",))
Y = Field(("y",))
"""The arguments of lambdas."""


def map_array(body: Expr, *arrays: Expr) -> Expr:
    """Return the array of the values of `body`, in which X and Y are the items of the arrays."""
    return Call("arrayMap", (Lambda(("x", "y")[: len(arrays)], body), *arrays))


def filter_array(array: Expr, condition: Expr, *others: Expr) -> Expr:
    """Return the items of an array that satisfy a condition. X is the item, and Y the item of another array."""
    return Call("arrayFilter", (Lambda(("x", "y")[: 1 + len(others)], condition), array, *others))


def fill_from_next(array: Expr, is_kept: Expr, *others: Expr) -> Expr:
    """Return an array with the next kept item in place of items that are not kept. The last item is always kept."""
    return Call("arrayReverseFill", (Lambda(("x", "y", "z")[: 1 + len(others)], is_kept), array, *others))


def shift_left(array: Expr, last: Expr) -> Expr:
    """Return an array without its first item, and with `last` at its end."""
    return Call("arrayShiftLeft", (array, Constant(1), last))


def shift_right(array: Expr, first: Expr) -> Expr:
    """Return an array without its last item, and with `first` at its start."""
    return Call("arrayShiftRight", (array, Constant(1), first))


def has_bits(code: Expr, bits: int) -> Expr:
    """Return whether a code has any of the bits."""
    return Compare("!=", Call("bitAnd", (code, Constant(bits))), Constant(0))


def select_columns(columns: Mapping[str, Expr], source: Query, where: Expr | None = None) -> Select:
    """Return a SELECT of named columns from a subquery."""
    return Select(tuple(Alias(expr, name) for name, expr in columns.items()), QuerySource(source), where=where)


def build_fields(*names: str) -> dict[str, Expr]:
    """Return fields for the columns of a subquery, by name."""
    return {name: Field((name,)) for name in names}


def group_columns(columns: Mapping[str, Expr], source: Query, names: Iterable[str]) -> Select:
    """Return a SELECT of named columns from a subquery, grouped by some of the columns."""
    items = tuple(Alias(expr, name) for name, expr in columns.items())
    return Select(items, QuerySource(source), group_by=tuple(Field((name,)) for name in names))
