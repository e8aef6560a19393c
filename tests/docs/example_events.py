"""The events of the examples in docs/api/query.md: `manage.py shell` imports them where a page asks for it."""

import json
from datetime import UTC, datetime
from uuid import UUID

from events.models import DataVersion
from events.services.store import create_store_if_missing
from users.models import Project

COLUMNS = [
    *("project_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "created_at"),
    *("properties", "person_properties"),
]
EVENTS = [
    ("$pageview", "ann", "2026-10-30T09:00:00", {"$browser": "Firefox"}),
    ("$pageview", "ben", "2026-10-30T10:00:00", {"$browser": "Safari"}),
    ("signed_up", "ben", "2026-10-30T10:05:00", {"plan": "free"}),
    ("$pageview", "ann", "2026-10-31T09:00:00", {"$browser": "Firefox"}),
]


def import_example_events() -> None:
    """Store the events in the first project. The first import creates the store."""
    project = Project.objects.order_by("pk").first()
    assert project
    rows = []
    for number, (event, distinct_id, timestamp, properties) in enumerate(EVENTS):
        moment = datetime.fromisoformat(timestamp).replace(tzinfo=UTC)
        person = UUID(int=1 if distinct_id == "ann" else 2)
        values = [UUID(int=100 + number), event, distinct_id, person, moment, moment, json.dumps(properties), "{}"]
        rows.append([project.pk, *values])
    create_store_if_missing().insert_rows("events", COLUMNS, rows)
    DataVersion.objects.create(project=project, number=1)
