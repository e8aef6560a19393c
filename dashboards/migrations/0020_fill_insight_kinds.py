import json
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from dashboards_api.db.fields import raw_json

AT_ONCE = 500
# As they are at this migration.
MAX_WRAPPERS = 5
WRAPPERS = {"InsightVizNode", "DataTableNode", "DataVisualizationNode"}
KINDS = {
    "TrendsQuery": "TRENDS",
    "FunnelsQuery": "FUNNELS",
    "RetentionQuery": "RETENTION",
    "PathsQuery": "PATHS",
    "PathsV2Query": "JOURNEYS",
    "LifecycleQuery": "LIFECYCLE",
    "StickinessQuery": "STICKINESS",
    "HogQLQuery": "SQL",
}


def fill(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Set the kind of each insight, some at a time, so that nobody waits for all of them."""
    insights = apps.get_model("dashboards", "insight").objects
    last = 0
    while True:
        rows = insights.filter(pk__gt=last).order_by("pk").annotate(raw_query=raw_json("query"), raw_filters=raw_json("filters"))
        part = list(rows.values_list("pk", "raw_query", "raw_filters")[:AT_ONCE])
        if not part:
            return
        last = part[-1][0]
        by_kind: dict[str, list[int]] = {}
        for pk, query, filters in part:
            by_kind.setdefault(kind_of(_parsed(query), _parsed(filters)), []).append(pk)
        for kind, pks in by_kind.items():
            insights.filter(pk__in=pks).exclude(kind=kind).update(kind=kind)


def _parsed(text: str | None) -> Any:
    """What a text holds; nothing where it cannot be read."""
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def kind_of(query: Any, filters: Any) -> str:
    if query:
        for _ in range(MAX_WRAPPERS):
            if _kind(query) in WRAPPERS and isinstance(query.get("source"), dict):
                query = query["source"]
        return KINDS.get(_kind(query), "JSON")
    kind = filters.get("insight") if isinstance(filters, dict) else None
    return kind if isinstance(kind, str) and kind in {*KINDS.values(), "JSON"} else ""


def _kind(query: Any) -> str:
    kind = query.get("kind") if isinstance(query, dict) else None
    return kind if isinstance(kind, str) else ""


class Migration(migrations.Migration):
    # Each part is a transaction of its own; run again, it finds what is missing.
    atomic = False

    dependencies = [("dashboards", "0019_insight_kind")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
