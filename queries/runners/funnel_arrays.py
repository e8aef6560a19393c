"""Expressions of arrays, and SELECTs of columns by their names."""

from collections.abc import Iterable, Mapping

from queries.hogql.ast import Alias, Call, Compare, Constant, Expr, Field, Lambda, Query, QuerySource, Select

X = Field(("x",))
Y = Field(("y",))
"""The arguments of lambdas."""


def map_array(body: Expr, *arrays: Expr) -> Expr:
    """Return the array of the values of an expression of X and Y, which are the items of the arrays."""
    return Call("arrayMap", (Lambda(("x", "y")[: len(arrays)], body), *arrays))


def filter_array(array: Expr, condition: Expr, *others: Expr) -> Expr:
    """Return the items of an array for which a condition of X, the item, and Y holds."""
    return Call("arrayFilter", (Lambda(("x", "y")[: 1 + len(others)], condition), array, *others))


def fill_from_next(array: Expr, is_kept: Expr, *others: Expr) -> Expr:
    """Return an array in which items that are not kept become the next kept item. The last item is always kept."""
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
    """Return the SELECT of columns by their names from a subquery."""
    return Select(tuple(Alias(expr, name) for name, expr in columns.items()), QuerySource(source), where=where)


def pick(*names: str) -> dict[str, Expr]:
    """Return columns of a subquery by their names."""
    return {name: Field((name,)) for name in names}


def group_columns(columns: Mapping[str, Expr], source: Query, names: Iterable[str]) -> Select:
    """Return the SELECT of columns by their names, grouped by some of them."""
    items = tuple(Alias(expr, name) for name, expr in columns.items())
    return Select(items, QuerySource(source), group_by=tuple(Field((name,)) for name in names))
