"""The ten queries of `benchmarks.queries` as insight queries, with the shortest of several times in the engine.

    DATA_DIR=… python -m benchmarks.insight_queries PROJECT [--runs 5]

The embedded engine of DATA_DIR must be running and contain the same events. The output is a Markdown table with the
total time. For a failed query, the table contains the error code instead of the number of rows.
"""

import argparse
import time
from typing import Any

from benchmarks.queries import compile_as_worker  # sets up Django
from engine.errors import EngineError
from engine.interface import Limits
from events.services.store import open_store
from queries.execution import MAX_QUERY_MEMORY_BYTES
from users.models import Project

LIMITS = Limits(60, MAX_QUERY_MEMORY_BYTES)
LAST_30 = {"date_from": "2026-09-30", "date_to": "2026-10-29"}
LAST_90 = {"date_from": "2026-08-01", "date_to": "2026-10-29"}
VISIT, SIGN_UP = {"id": "$pageview", "type": "events"}, {"id": "sign_up", "type": "events"}


def build_event(name: str | None, **more: Any) -> dict[str, Any]:
    return {"kind": "EventsNode", "event": name, **more}


def build_trend(series: dict[str, Any], dates: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"kind": "TrendsQuery", "series": [series], "dateRange": dates, **more}


QUERIES: dict[str, dict[str, Any]] = {
    "trend: daily total, 30 days": build_trend(build_event("$pageview"), LAST_30),
    "trend: daily unique persons, 90 days": build_trend(build_event("$pageview", math="dau"), LAST_90),
    "trend: daily by a JSON property, 30 days": build_trend(
        build_event("$pageview"), LAST_30, breakdownFilter={"breakdown": "$browser", "breakdown_type": "event"}
    ),
    "trend: sum of a JSON number by week, 90 days": build_trend(
        build_event("purchase", math="sum", math_property="amount"), LAST_90, interval="week"
    ),
    "trend: weekly active, 30 days": build_trend(build_event("$pageview", math="weekly_active"), LAST_30),
    "trend: top 20 by two JSON properties, unique persons, 90 days": build_trend(
        build_event(None, math="dau"),
        LAST_90,
        breakdownFilter={
            "breakdowns": [{"property": "$browser", "type": "event"}, {"property": "$os", "type": "event"}],
            "breakdown_limit": 20,
        },
        trendsFilter={"display": "ActionsBarValue"},
    ),
    "funnel of three steps with times, 14 days of window, 30 days": {
        "kind": "FunnelsQuery",
        "series": [build_event("sign_up"), build_event("add_to_cart"), build_event("purchase")],
        "dateRange": LAST_30,
    },
    "retention of 13 weeks, first time": {
        "kind": "RetentionQuery",
        "dateRange": LAST_90,
        "retentionFilter": {
            "period": "Week",
            "totalIntervals": 13,
            "retentionType": "retention_first_time",
            "targetEntity": SIGN_UP,
            "returningEntity": VISIT,
        },
    },
    "lifecycle, 30 days": {"kind": "LifecycleQuery", "series": [build_event("$pageview")], "dateRange": LAST_30},
    "stickiness, 30 days": {"kind": "StickinessQuery", "series": [build_event("$pageview")], "dateRange": LAST_30},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=int)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    project, engine = Project.objects.get(pk=options.project), open_store()
    total = 0.0
    print("| Query | rows | engine ms |")
    print("| --- | --- | --- |")
    for name, query in QUERIES.items():
        statement = compile_as_worker(query, project, engine)
        times, found = [], ""
        for _ in range(options.runs):
            started = time.perf_counter()
            try:
                found = str(len(engine.read(statement.sql, dict(statement.parameters), limits=LIMITS).rows))
            except EngineError as error:
                found = error.code
            times.append(time.perf_counter() - started)
        total += min(times)
        print(f"| {name} | {found} | {1000 * min(times):.0f} |")
    print(f"| all ten | | {1000 * total:.0f} |")


if __name__ == "__main__":
    main()
