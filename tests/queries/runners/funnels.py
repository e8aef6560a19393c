"""Small funnels: events, queries about them, and their results."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import orjson

from queries.runners.context import QueryContext
from tests.queries.hogql.store import EVENT_COLUMNS, MOMENT, Store
from tests.queries.runners.helpers import run

DAY = datetime(2026, 3, 1, tzinfo=UTC)
RANGE = {"date_from": "2026-03-01", "date_to": "2026-03-31"}
_projects = count(2_000_000)

# A person, the name of an event, seconds since the first day, and properties.
Item = tuple[str, str, float, dict[str, Any]]
Ask = Callable[..., Any]


def event(person: str, name: str, second: float, **properties: Any) -> Item:
    return (person, name, second, properties)


def insert(store: Store, items: Sequence[Item]) -> QueryContext:
    """Insert events into a new project, and return its context."""
    project_id = next(_projects)
    rows = []
    for number, (person, name, second, properties) in enumerate(items):
        time = DAY + timedelta(seconds=second)
        columns = [UUID(int=number + 1), name, person, uuid5(UUID(int=project_id), person), time, MOMENT]
        rows.append([project_id, *columns, orjson.dumps(properties).decode(), ""])
    store.client.insert_rows("events", EVENT_COLUMNS, rows)
    return QueryContext(project_id, now=DAY + timedelta(days=31))


def build(*steps: str | None, **fields: Any) -> dict[str, Any]:
    """Return a FunnelsQuery of events.

    Fields that begin with `funnel`, `breakdownAttr` or `bin` become fields of `funnelsFilter`.
    """
    options = {name: fields.pop(name) for name in list(fields) if name.startswith(("funnel", "breakdownAttr", "bin"))}
    if "exclusions" in fields:
        options["exclusions"] = fields.pop("exclusions")
    series = [{"kind": "EventsNode", "event": step} for step in steps]
    return {"kind": "FunnelsQuery", "series": series, "funnelsFilter": options, "dateRange": RANGE, **fields}


def exclude(name: str, first: int, second: int) -> dict[str, Any]:
    return {"kind": "EventsNode", "event": name, "funnelFromStep": first, "funnelToStep": second}


def make_ask(store: Store) -> Ask:
    """Return a function that inserts events, and returns the results of a query about them."""

    def ask(items: Sequence[Item], *steps: str | None, **fields: Any) -> Any:
        return run(store, build(*steps, **fields), insert(store, items))["results"]

    return ask


def list_counts(steps: list[dict[str, Any]]) -> list[int]:
    return [step["count"] for step in steps]


def list_values(funnels: list[list[dict[str, Any]]]) -> dict[str, list[int]]:
    return {"::".join(steps[0]["breakdown_value"]): list_counts(steps) for steps in funnels}
