"""The variables of SQL that viewers of a share link may override."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import orjson

from queries.overrides import iter_variables
from queries.request_overrides import FILTER_NAMES, Json, as_variable, get_code_name

MAX_VARIABLES = 20


class SharedVariable(NamedTuple):
    """A variable that viewers may override. `name` is used in overrides, and `label` is shown to viewers.

    If the value of a query's variable is not public, a page shows only the type of the value.
    """

    name: str
    label: str
    value: Any
    is_public: bool


def list_variables(
    allowed: list[str], variables: Json, queries: Iterable[str | None], *, has_sql: bool
) -> list[SharedVariable]:
    """Return at most twenty variables of a dashboard and its queries that viewers of a link may override."""
    if not set(allowed) - FILTER_NAMES:
        return []
    found: dict[str, SharedVariable] = {}
    for id_, variable, is_public in _iter_all(variables, queries, has_sql=has_sql):
        code_name = get_code_name(variable)
        name = code_name if code_name in allowed else id_
        if name and name in allowed and name not in FILTER_NAMES and code_name not in found and id_ not in found:
            found[name] = SharedVariable(name, code_name or id_, variable.get("value"), is_public)
    return list(islice(found.values(), MAX_VARIABLES))


def _iter_all(variables: Json, queries: Iterable[str | None], *, has_sql: bool) -> Iterator[tuple[str, Json, bool]]:
    """Yield variables as (id, variable, is_public)."""
    for id_, stored in variables.items():
        yield id_, as_variable(stored), True
    for text in queries:
        for id_, variable in iter_variables(orjson.loads(text)) if text else ():
            yield id_, variable, has_sql
