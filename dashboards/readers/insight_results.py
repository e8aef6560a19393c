"""The result fields of insights, by their effective queries, which are JSON texts."""

from collections.abc import Iterable
from typing import Any

import orjson

from queries.readers.fields import build_result_fields
from queries.readers.results import NO_QUERY
from queries.services.results import Results
from users.models import Project
from users.readers import Row

# Clients of PostHog expect these fields beside a result.
UNUSED: Row = {"alerts": [], "last_viewed_at": None}


NO_RESULT: Row = {**build_result_fields(NO_QUERY, 0), **UNUSED}


def read_insight_results(queries: Iterable[str | None], project: Project, results: Results | None = None) -> list[Row]:
    """Return the result fields of insights by one statement: of results in the cache, or those that a request asks for.

    Where no insight has a query, nothing is read.
    """
    loaded = [load_query(query) for query in queries]
    if not any(loaded):
        return [NO_RESULT] * len(loaded)
    outcomes = (results or Results(project)).obtain(loaded)
    # Queries of a kind that is not computed have one outcome together.
    built: dict[int, Row] = {}
    for outcome in outcomes:
        if id(outcome) not in built:
            built[id(outcome)] = {**build_result_fields(outcome, project.pk), **UNUSED}
    return [built[id(outcome)] for outcome in outcomes]


def load_query(query: str | None) -> dict[str, Any] | None:
    """Return the query of a JSON text; None for anything but an object."""
    try:
        loaded = orjson.loads(query) if query else None
    except orjson.JSONDecodeError:
        return None  # damaged in the database: the other insights are answered
    return loaded if isinstance(loaded, dict) else None
