"""Small datasets for tests of insight queries. A dataset consists of a few events in a separate project."""

from itertools import count
from typing import Any

from queries.runners.context import QueryContext
from tests.queries.golden import insert_dataset
from tests.queries.hogql.store import Store

_projects = count(200_000)


def insert_events(
    store: Store, events: list[tuple[Any, ...]], persons: dict[str, dict[str, Any]] | None = None, **context: Any
) -> QueryContext:
    """Insert events, and return the context of their project. An event has a person, a name, a time, and properties.

    `persons` maps names of persons to values of their columns. The default of `created_at` is in 2026.
    """
    project_id = next(_projects)
    known = persons or {}
    names = dict.fromkeys([event[0] for event in events])
    insert_dataset(
        store,
        project_id,
        {
            "name": str(project_id),
            "persons": [{"name": name, **known.get(name, {})} for name in names],
            "events": [
                {"who": who, "event": name, "at": at, "props": properties[0] if properties else {}}
                for who, name, at, *properties in events
            ],
        },
    )
    return QueryContext(project_id, **context)
