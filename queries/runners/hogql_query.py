"""HogQLQuery: a query in HogQL with values for its placeholders."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from queries.hogql.parser import parse_select
from queries.hogql.placeholders import PlaceholderValue, find_placeholders, replace_placeholders
from queries.hogql.printer import print_query
from queries.hogql.statement import Statement
from queries.runners.compiled import Body, CompiledQuery, ReadRows, Rows
from queries.runners.context import QueryContext, build_print_context
from queries.runners.errors import InvalidQuery
from queries.runners.hogql_filters import FILTERS, build_filter_values
from queries.runners.json_values import check_size, describe, get_object, read_value
from queries.runners.kinds import HOGQL
from queries.runners.moments import localize_rows

# Fields that direct a query to another database. A query with one of them would have a different result here.
REFUSED = ("connectionId", "sendRawQuery")


def compile_hogql(source: Mapping[str, Any], context: QueryContext, read_rows: ReadRows) -> CompiledQuery:
    """Return the statement of a HogQLQuery. Raises HogQLError."""
    text = read_text(source)
    tree = parse_select(text)
    values = read_values(source, context, find_placeholders(tree))
    statement = print_query(replace_placeholders(tree, values), build_print_context(context))
    return CompiledQuery(HOGQL, statement, None, partial(shape_table, statement, text))


def shape_table(statement: Statement, text: str, types: Sequence[str], rows: Rows) -> Body:
    """Return a table with the column names of the query, because the engine's names are generated, such as c1."""
    names = list(statement.columns)
    return {
        "results": localize_rows(rows[: statement.limit], types),
        "columns": names,
        "types": [[name, kind] for name, kind in zip(names, types, strict=True)],
        "hasMore": statement.has_more(rows),
        "limit": statement.limit,
        "offset": statement.offset,
        "hogql": text,
    }


def read_text(source: Mapping[str, Any]) -> str:
    text = source.get("query")
    if not isinstance(text, str):
        raise InvalidQuery(f"This must be the text of a query, not {describe(text)}.", ("query",))
    for name in REFUSED:
        if source.get(name):
            raise InvalidQuery("Queries of other databases are not supported.", (name,))
    return text


def read_values(source: Mapping[str, Any], context: QueryContext, names: set[str]) -> dict[str, PlaceholderValue]:
    """Return the values of placeholders by name. In a query without placeholders, no values are read."""
    if not names:
        return {}
    values = read_own_values(source)
    if any(name.partition(".")[0] == FILTERS for name in names):
        return values | build_filter_values(source, context, values)
    return values


def read_own_values(source: Mapping[str, Any]) -> dict[str, PlaceholderValue]:
    for name in ("values", "variables"):
        check_size(source.get(name), (name,))
    values = get_object(source, "values")
    found: dict[str, PlaceholderValue] = {name: read_value(value, ("values", name)) for name, value in values.items()}
    for id_, variable in get_object(source, "variables").items():
        name, value = read_variable(id_, variable)
        found[f"variables.{name}"] = value
    return found


def read_variable(id_: str, variable: Any) -> tuple[str, PlaceholderValue]:
    """Return the code name of a variable and its value, or null if `isNull` is set."""
    path = ("variables", id_)
    if not isinstance(variable, dict):
        raise InvalidQuery(f"This must be an object with `code_name` and `value`, not {describe(variable)}.", path)
    name = variable.get("code_name")
    if not isinstance(name, str):
        raise InvalidQuery(f"This must be a string, not {describe(name)}.", (*path, "code_name"))
    if variable.get("isNull") is True:
        return name, None
    if "value" not in variable:
        raise InvalidQuery(f'The variable "{name[:80]}" has no value.', (*path, "value"))
    return name, read_value(variable["value"], (*path, "value"))
