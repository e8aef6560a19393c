"""Shortcuts for insight queries about a few events."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest

from dashboards_api.errors import DomainError
from queries.runners.compile import compile_query
from queries.runners.context import QueryContext
from tests.queries.hogql.store import EVENT_COLUMNS, MOMENT, Store
from tests.queries.runners.helpers import run

Event = tuple[str, str, str, dict[str, Any]]
"""The time in UTC, the person, the name and the properties of an event."""
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
DAYS = {"date_from": "2026-03-01", "date_to": "2026-03-03"}
_projects = count(300_000)


def make_project(store: Store, events: Sequence[Event], persons: dict[str, dict[str, Any]] | None = None) -> int:
    """Insert events and the properties of persons into a new project, and return the project's id."""
    project = next(_projects)
    rows = []
    for number, (at, person, name, properties) in enumerate(events):
        columns = [UUID(int=number + 1), name, person, find_person(person), at, MOMENT, dump(properties), ""]
        rows.append([project, *columns])
    store.client.insert_rows("events", EVENT_COLUMNS, rows)
    found = [[project, find_person(name), dump(known), MOMENT, 1] for name, known in (persons or {}).items()]
    if found:
        store.client.insert_rows("persons", ["project_id", "person_id", "properties", "created_at", "version"], found)
    return project


def find_person(name: str) -> UUID:
    return uuid5(UUID(int=0), name)


def dump(properties: dict[str, Any]) -> str:
    return orjson.dumps(properties).decode()


def build_trends(*series: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a TrendsQuery over the first three days of March 2026. Without series, the query counts all events."""
    nodes = [{"kind": "EventsNode", **node} for node in series or ({},)]
    return {"kind": "TrendsQuery", "series": nodes, "dateRange": DAYS, **fields}


def make_context(project: int = 1, **changes: Any) -> QueryContext:
    return QueryContext(project, **({"now": NOW} | changes))


def ask(store: Store, project: int, *series: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """Return the objects of the result of a TrendsQuery in UTC."""
    found: list[dict[str, Any]] = run(store, build_trends(*series, **fields), make_context(project))["results"]
    return found


def ask_data(store: Store, project: int, *series: dict[str, Any], **fields: Any) -> Any:
    """Return the numbers of each object by its label, or only the numbers of a single object without a breakdown."""
    found = ask(store, project, *series, **fields)
    numbers = {item["label"]: item.get("aggregated_value", item["data"]) for item in found}
    return numbers if len(found) > 1 or "breakdown_value" in found[0] else next(iter(numbers.values()))


def refuse(source: dict[str, Any], **changes: Any) -> tuple[str, str | None]:
    """Check that a query is refused, and return the code and the field of the error."""
    with pytest.raises(DomainError) as caught:
        compile_query(source, make_context(**changes))
    assert len(caught.value.detail) < 600
    return caught.value.code, caught.value.attr
