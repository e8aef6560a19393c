"""The result fields of insights, by their effective queries or legacy filters, which are JSON texts."""

from collections.abc import Iterable
from typing import Any

import orjson

from dashboards.readers.resolved_tiles import EMPTY_OBJECT
from queries.legacy_filters.conversion import convert_filters
from queries.readers.fields import build_result_fields
from queries.readers.results import NO_QUERY
from queries.services.results import Results
from users.models import Project
from users.readers import Row

# Clients of PostHog expect these fields beside a result.
UNUSED: Row = {"alerts": [], "last_viewed_at": None}


NO_RESULT: Row = {**build_result_fields(NO_QUERY, 0), **UNUSED}


def read_insight_results(
    insights: Iterable[tuple[str | None, str | None]], project: Project, results: Results | None = None
) -> list[Row]:
    """Return the result fields of insights by one statement: of results in the cache, or those that a request asks for.

    Insights are given by their query and their legacy filters. Where none has either, nothing is read.
    """
    loaded = [load_query(query) or (load_filters(filters) if filters else None) for query, filters in insights]
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


def load_filters(filters: str) -> dict[str, Any] | None:
    """Return the query that the legacy filters of a JSON text mean, or None if they mean none."""
    return convert_filters(load_query(filters)) if filters != EMPTY_OBJECT else None
