"""A real engine with a few events of two projects, in its own folder."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from engine.embedded_client import EmbeddedClient
from engine.schema import build_create_statements
from engine.supervision import stop_supervisor
from queries.hogql.statement import Statement
from queries.runners.moments import localize_rows

ORDERS_TABLE = (
    "CREATE TABLE table_orders (project_id Int64, `order id` Int64, total Nullable(Float64), placed_at"
    " DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY project_id"
)
ANN, BEN = UUID(int=1), UUID(int=2)
OURS, THEIRS = 1, 2

# The events of a project, from 28 to 30 March 2026. In Berlin, daylight saving time begins on 29 March.
EVENTS: list[tuple[str, str, UUID, str, dict[str, Any]]] = [
    ("$pageview", "ann", ANN, "2026-03-28 22:30:00", {"$browser": "Firefox", "$pathname": "/", "$session_id": "s1"}),
    (
        "$pageview",
        "ann",
        ANN,
        "2026-03-28 23:30:00",
        {"$browser": "Firefox", "$pathname": "/docs", "$session_id": "s1"},
    ),
    ("purchase", "ann", ANN, "2026-03-29 10:00:00", {"amount": 40, "beta": True, "due": "2026-04-01 12:00:00"}),
    ("$pageview", "ann-phone", BEN, "2026-03-29 21:59:59", {"$browser": "Safari", "tags": ["a", "b"], "quoted": '"x"'}),
    ("$pageview", "ben", BEN, "2026-03-29 22:00:00", {"$browser": "", "nested": {"key": "value"}, "nothing": None}),
    ("purchase", "ben", BEN, "2026-03-30 10:00:00", {"amount": "2.5", "beta": False, "count": 7}),
]


class Store:
    """An engine that runs statements as reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = EmbeddedClient(folder)
        for table in [*build_create_statements(durable=False), ORDERS_TABLE]:
            self.client.execute(table)

    def read(self, statement: Statement) -> list[list[Any]]:
        """Return the rows of a statement in the response format."""
        result = self.client.read(statement.sql, dict(statement.parameters))
        return localize_rows(result.rows, result.types)

    def close(self) -> None:
        stop_supervisor(self.folder)


def fill(store: Store, project: int, mark: str = "") -> None:
    """Insert events, persons and orders. All strings contain `mark`, so that tests recognize rows of this project."""
    insert = store.client.insert_rows
    insert("events", EVENT_COLUMNS, [build_event(project, mark, number) for number in range(len(EVENTS))])
    persons: list[list[Any]] = []
    for person, name, plan in ((ANN, "ann", "pro"), (BEN, "ben", "free")):
        properties = {"email": f"{name}{mark}@example.com", "plan": plan}
        persons.append([project, person, orjson.dumps(properties).decode(), MOMENT, 1])
    insert("persons", ["project_id", "person_id", "properties", "created_at", "version"], persons)
    # The phone was later identified as Ann's, so its event belongs to her.
    ids: list[list[Any]] = [
        [project, f"{name}{mark}", person, 1] for name, person in (("ann", ANN), ("ann-phone", ANN), ("ben", BEN))
    ]
    insert("person_distinct_ids", ["project_id", "distinct_id", "person_id", "version"], ids)
    orders: list[list[Any]] = [[project, 1, 10.5, "2026-03-29 10:00:00"], [project, 2, None, "2026-03-30 10:00:00"]]
    insert("table_orders", ["project_id", "order id", "total", "placed_at"], orders)


EVENT_COLUMNS = [
    *("project_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "created_at"),
    *("properties", "person_properties"),
]
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def build_event(project: int, mark: str, number: int) -> list[Any]:
    event, distinct_id, person, timestamp, properties = EVENTS[number]
    json = orjson.dumps(properties | ({"mark": mark} if mark else {})).decode()
    return [project, UUID(int=101 + number), event + mark, distinct_id + mark, person, timestamp, MOMENT, json, ""]
