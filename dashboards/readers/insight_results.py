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

# Clients of PostHog expect these fields in addition to a result.
UNUSED: Row = {"alerts": [], "last_viewed_at": None}


NO_RESULT: Row = {**build_result_fields(NO_QUERY, 0), **UNUSED}


def read_insight_results(
    insights: Iterable[tuple[str | None, str | None]], project: Project, results: Results | None = None
) -> list[Row]:
    """Return the result fields of insights. One statement reads all stored results.

    Results come from the cache, unless `results` requests their computation. Each insight is given by its query and its
    legacy filters. If no insight has a query or legacy filters, nothing is read.
    """
    loaded = [load_query(query) or (load_filters(filters) if filters else None) for query, filters in insights]
    if not any(loaded):
        return [NO_RESULT] * len(loaded)
    outcomes = (results or Results(project)).obtain(loaded)
    # All queries of kinds that are not computed share one outcome.
    built: dict[int, Row] = {}
    for outcome in outcomes:
        if id(outcome) not in built:
            built[id(outcome)] = {**build_result_fields(outcome, project.pk), **UNUSED}
    return [built[id(outcome)] for outcome in outcomes]


def load_query(query: str | None) -> dict[str, Any] | None:
    """Return the query in a JSON text, or None if the text is not an object."""
    try:
        loaded = orjson.loads(query) if query else None
    except orjson.JSONDecodeError:
        return None  # damaged in the database, which must not prevent responses with other insights
    return loaded if isinstance(loaded, dict) else None


def load_filters(filters: str) -> dict[str, Any] | None:
    """Return the query that corresponds to the legacy filters in a JSON text, or None if there is no such query."""
    return convert_filters(load_query(filters)) if filters != EMPTY_OBJECT else None
