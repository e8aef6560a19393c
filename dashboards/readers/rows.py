"""Rows of queries as named tuples, whose fields are the columns that a query selects."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, cast

from users.readers import build_basic_user, get_user_columns

# An object of a response.
Row = dict[str, Any]


def get_columns(row: type[tuple[Any, ...]], prefix: str = "") -> list[str]:
    """Return the columns of a named tuple for `values_list()`. Annotations with free JSON (`raw_…`) have no prefix."""
    fields: tuple[str, ...] = row._fields  # type: ignore[attr-defined]  # of named tuples
    return [field if field.startswith("raw_") else f"{prefix}{field}" for field in fields]


def user_getter(relation: str) -> Callable[[Any], tuple[Any, ...]]:
    """Return a function that takes the columns of a related user from a row, for `build_basic_user`."""
    return cast(Callable[[Any], tuple[Any, ...]], attrgetter(*get_user_columns(relation)))


# The users of one response by id, so that each is built once.
Users = dict[int | None, Row | None]


def get_user(users: Users, id_: int | None, row: Any, getter: Callable[[Any], tuple[Any, ...]]) -> Row | None:
    """Return the user with this id, built from a row unless it is among the users already."""
    if id_ not in users:
        users[id_] = build_basic_user(getter(row))
    return users[id_]


class RowGroups:
    """Splits flat rows into named tuples, one for each related object. An object without an id is None."""

    def __init__(self, *rows: type[tuple[Any, ...]]) -> None:
        self._parts = []
        start = 0
        for row in rows:
            stop = start + len(get_columns(row))
            self._parts.append((row, start, stop))
            start = stop

    def split(self, row: tuple[Any, ...]) -> list[Any]:
        """Return the named tuples of a flat row."""
        new = tuple.__new__
        return [None if row[start] is None else new(part, row[start:stop]) for part, start, stop in self._parts]
