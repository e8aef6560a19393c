"""Queries that are written with the ORM and compiled to SQL once per process.

Most of the cost of an ordinary read is building its SQL and its objects. A compiled query is built from the models like
any other query. Its variable values are `Param`s, which are passed when the query is run. A compiled query returns flat
rows. On PostgreSQL, the query is a prepared statement, which is planned once per connection and returns rows in binary
format.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.sql.compiler import SQLCompiler

Rows = list[tuple[Any, ...]]
Converter = Callable[[Any], Any]
Row = TypeVar("Row", bound=tuple[Any, ...])


class Param(models.Expression):
    """A value that is passed when the query is run."""

    def __init__(self, name: str, output_field: "models.Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
        return "%s", [self]


def int_param(name: str) -> Param:
    """Return a parameter for an integer."""
    return Param(name, models.BigIntegerField())


def text_param(name: str) -> Param:
    """Return a parameter for text."""
    return Param(name, models.TextField())


class IsAnyOf(models.Func):
    """The condition that a string is in a list, which is passed as JSON when the query is run.

    The statement has the same parameters for every list.
    """

    template = "%(expressions)s))"
    arg_joiner = " IN (SELECT value FROM json_each("
    output_field = models.BooleanField()

    def __init__(self, column: str, name: str) -> None:
        super().__init__(models.F(column), text_param(name))

    def as_postgresql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Sequence[Any]]:
        return self.as_sql(
            compiler,
            connection,
            template="%(expressions)s::jsonb)))",
            arg_joiner=" = ANY(ARRAY(SELECT jsonb_array_elements_text(",
            **context,
        )


class CompiledQuery:
    """The compiled form of the queryset that `build` returns. The queryset must use `values_list()`."""

    def __init__(self, build: Callable[[], models.QuerySet[Any, Any]]) -> None:
        self.build = build
        self._compilations: dict[str, _Compilation] = {}

    def rows(self, *, limit: int | None = None, offset: int = 0, **values: Any) -> Rows:
        """Return all rows, or at most `limit` rows."""
        return self.read(tuple, limit, offset, values)

    def read(self, make_row: Callable[[Any], Any], limit: int | None, offset: int, values: dict[str, Any]) -> list[Any]:
        """Return the rows, each converted by `make_row`.

        The limit and the offset are part of the statement. If they were parameters, PostgreSQL would plan for a tenth
        of the table.
        """
        connection: Any = connections[DEFAULT_DB_ALIAS]
        compiled = self._compilations.get(connection.vendor) or self._compile()
        sql = compiled.sql if limit is None else f"{compiled.sql} LIMIT {limit:d}"
        sql = f"{sql} OFFSET {offset:d}" if offset else sql
        rows = fetch_rows(connection, sql, [values[each.name] for each in compiled.parameters])
        if compiled.converters:
            return convert_rows(rows, compiled.converters, make_row)
        return rows if make_row is tuple else list(map(make_row, rows))

    def _compile(self) -> "_Compilation":
        compiler = self.build().query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        sql, names = _inline_constants(sql, parameters)
        compiled = _Compilation(
            sql=sql,
            parameters=names,
            converters=tuple(_find_converters(expression for expression, _, _ in compiler.select or [])),
        )
        self._compilations[connection.vendor] = compiled
        return compiled


def fetch_rows(connection: Any, sql: str, parameters: Sequence[Any]) -> Rows:
    """Return all rows of a query from the driver, without the overhead of Django's cursor.

    Raises Django's database errors.
    """
    if connection.queries_logged or connection.execute_wrappers:
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            found: Rows = cursor.fetchall()
            return found
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        rows: Rows = connection.fetch(sql, parameters)
        return rows


class NamedQuery(Generic[Row]):
    """A compiled query whose rows are named tuples. Its columns are the fields of the tuple, in the same order."""

    def __init__(self, row: type[Row], build: Callable[[], models.QuerySet[Any, Any]]) -> None:
        self.row = row
        self.query = CompiledQuery(build)
        self._make_row = partial(tuple.__new__, row)  # `row._make` is a Python function, and slower

    def rows(self, *, limit: int | None = None, offset: int = 0, **values: Any) -> list[Row]:
        """Return all rows, or at most `limit` rows."""
        return self.query.read(self._make_row, limit, offset, values)


def get_columns(row: type[tuple[Any, ...]], prefix: str = "") -> list[str]:
    """Return the columns of a named tuple for `values_list()`. Annotations with free JSON (`raw_…`) have no prefix."""
    fields: tuple[str, ...] = row._fields  # type: ignore[attr-defined]  # of named tuples
    return [field if field.startswith("raw_") else f"{prefix}{field}" for field in fields]


class RowGroups:
    """The named tuples that make up a flat row, one for each related object. An object without an id is None."""

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


class _Compilation(NamedTuple):
    sql: str
    parameters: Sequence[Param]
    converters: Sequence[tuple[int, Converter]]


def _inline_constants(sql: str, parameters: Sequence[Any]) -> tuple[str, list[Param]]:
    """Return the statement and its `Param`s, with inlined constants that the planner can match to an index."""
    first, *rest = sql.split("%s")
    written, names = [first], []
    for parameter, part in zip(parameters, rest, strict=True):
        if isinstance(parameter, Param):
            names.append(parameter)
        written += ["%s" if isinstance(parameter, Param) else _format_literal(parameter), part]
    return "".join(written), names


def _format_literal(value: Any) -> str:
    """Return a constant as SQL. Raises TypeError for unsupported values."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str) and value.isidentifier():
        return f"'{value}'"
    raise TypeError(f"{value!r} cannot be written into a prepared query")


def convert_rows(
    rows: Rows, converters: Sequence[tuple[int, Converter]], make_row: Callable[[Any], Any] = tuple
) -> list[Any]:
    """Return the rows, each converted by `make_row`, with the values of some columns converted. NULL stays None."""
    found = []
    for row in rows:
        values = list(row)
        for index, convert in converters:
            if (value := values[index]) is not None:
                values[index] = convert(value)
        found.append(make_row(values))
    return found


def _find_converters(expressions: Iterable[Any]) -> Iterable[tuple[int, Converter]]:
    """Yield an index and a converter for each column whose driver value differs from its Python value."""
    own = _SQLITE if connection.vendor == "sqlite" else {}
    for index, expression in enumerate(expressions):
        field = expression.output_field
        if hasattr(field, "from_db_value"):
            yield index, _build_field_converter(field, expression)
        elif field.get_internal_type() in own:
            yield index, own[field.get_internal_type()]


def _build_field_converter(field: Any, expression: Any) -> Converter:
    return lambda value: field.from_db_value(value, expression, connection)


# Faster equivalents of Django's own converters.
fromisoformat = datetime.fromisoformat
_SQLITE: dict[str, Converter] = {
    "BooleanField": (False, True).__getitem__,
    "DateTimeField": lambda value: fromisoformat(value + "+00:00"),
    "UUIDField": lru_cache(maxsize=4096)(UUID),
}
