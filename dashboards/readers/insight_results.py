"""The result fields of insights, by their effective queries or legacy filters."""

from collections.abc import Iterable
from typing import Any

from dashboards.readers.resolved_tiles import EMPTY_OBJECT, parse_stored_json
from queries.legacy_filters.conversion import convert_filters
from queries.readers.fields import build_result_fields
from queries.readers.results import NO_QUERY
from queries.services.results import Results
from users.models import Project
from users.readers import Row

# Clients of PostHog expect these fields in addition to a result.
UNUSED: Row = {"alerts": [], "last_viewed_at": None}
NO_RESULT: Row = build_result_fields(NO_QUERY, 0)


def read_insight_results(
    insights: Iterable[tuple[Any, str | None]], project: Project, results: Results | None = None
) -> list[Row]:
    """Return the result fields of insights. One statement reads all stored results.

    Results come from the cache, unless `results` requests their computation. Each insight is given by its query and the
    JSON string of its legacy filters.
    """
    queries = [_get_query(query, filters) for query, filters in insights]
    outcomes = (results or Results(project)).obtain(queries)
    return [build_result_fields(outcome, project.pk) for outcome in outcomes]


def _get_query(query: Any, filters: str | None) -> dict[str, Any] | None:
    """Return a query, or else the query that corresponds to legacy filters, or None if there is neither."""
    if isinstance(query, dict) and query:
        return query
    return convert_filters(parse_stored_json(filters)[1]) if filters != EMPTY_OBJECT else None
