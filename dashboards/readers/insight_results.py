"""The result fields of insights, by their effective queries, which are JSON texts."""

from collections.abc import Iterable
from typing import Any

import orjson

from queries.readers.fields import build_result_fields
from queries.services.results import Results
from users.readers import Row

# Clients of PostHog expect these fields beside a result.
UNUSED: Row = {"alerts": [], "last_viewed_at": None}


def read_insight_results(queries: Iterable[str | None], results: Results) -> list[Row]:
    """Return the result fields of insights by one statement, and request results where the request asks for it."""
    outcomes = results.obtain([load_query(query) for query in queries])
    return [{**build_result_fields(outcome, results.project_id), **UNUSED} for outcome in outcomes]


def load_query(query: str | None) -> dict[str, Any] | None:
    """Return the query of a JSON text; None for anything but an object."""
    try:
        loaded = orjson.loads(query) if query else None
    except orjson.JSONDecodeError:
        return None  # damaged in the database: the other insights are answered
    return loaded if isinstance(loaded, dict) else None
