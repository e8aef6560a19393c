"""The response times of ten queries on many events, and the times of the engine for the same statements.

    DATA_DIR=… python -m benchmarks.queries http://127.0.0.1:8000 PROJECT [--runs 3]

The service must run on the embedded engine of DATA_DIR, and an API key must be in DATA_DIR/first_api_key. The queries
expect generated product events: 90 days, nine kinds, JSON properties. The output is a Markdown table, in which -1 rows
indicate an error.
"""

import argparse
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import django
import httpx

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboards_api.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

from engine.interface import EngineClient, Limits  # noqa: E402  Django must be set up first
from engine.materialized_columns import read_materialized_columns  # noqa: E402  as above
from events.services.store import open_store  # noqa: E402  as above
from queries.hogql.statement import Statement  # noqa: E402  as above
from queries.hogql.tables import print_persons_check  # noqa: E402  as above
from queries.runners.compile import compile_query  # noqa: E402  as above
from queries.services.contexts import build_query_context  # noqa: E402  as above
from users.models import Project  # noqa: E402  as above

END = "toDateTime('2026-10-30 00:00:00')"
SINCE = "timestamp >= {end} - interval {days} day and timestamp < {end}"


def since(days: int) -> str:
    return SINCE.format(end=END, days=days)


QUERIES = {
    "daily total, 30 days": "select toStartOfDay(timestamp) as day, count() from events"
    f" where event = '$pageview' and {since(30)} group by day order by day",
    "daily unique persons, 90 days": "select toStartOfDay(timestamp) as day, count(distinct person_id) from events"
    f" where event = '$pageview' and {since(90)} group by day order by day",
    "daily by a JSON property, 30 days": "select toStartOfDay(timestamp) as day, properties.$browser as browser,"
    f" count() from events where event = '$pageview' and {since(30)} group by day, browser order by day, browser",
    "sum of a JSON number by week": "select toStartOfWeek(timestamp) as week, sum(toFloat(properties.amount))"
    f" from events where event = 'purchase' and {since(90)} group by week order by week",
    "funnel of three steps, 14 days": "select level, count() from (select person_id, windowFunnel(1209600)"
    "(toDateTime(timestamp), event = 'sign_up', event = 'add_to_cart', event = 'purchase') as level from events"
    f" where event in ('sign_up', 'add_to_cart', 'purchase') and {since(90)} group by person_id)"
    " group by level order by level",
    "weekly retention, 13 weeks": "select first, dateDiff('week', first, week) as number, count() from"
    " (select person_id, toStartOfWeek(min(timestamp)) as first from events where event = 'sign_up'"
    f" and {since(90)} group by person_id) s join (select distinct person_id, toStartOfWeek(timestamp) as week"
    f" from events where event = '$pageview' and {since(90)}) v on s.person_id = v.person_id"
    " where week >= first group by first, number order by first, number",
    "weekly active, 30 days": "select day, count(distinct person_id) from (select person_id,"
    " arrayJoin(arrayMap(x -> toStartOfDay(timestamp) + toIntervalDay(x), range(7))) as day from events"
    f" where event = '$pageview' and {since(36)}) group by day order by day",
    "lifecycle, 30 days": "select day, status, count() from (select person_id, day, if(previous < first_day,"
    " 'new', if(dateDiff('day', previous, day) = 1, 'returning', 'resurrecting')) as status from (select person_id,"
    " day, lagInFrame(day, 1) over (partition by person_id order by day rows between unbounded preceding and"
    " current row) as previous, min(day) over (partition by person_id) as first_day from (select distinct person_id,"
    f" toDate(timestamp) as day from events where event = '$pageview' and {since(30)}))) group by day, status"
    " order by day, status",
    "top 20 by two JSON properties, 90 days": "select properties.$browser as browser, properties.$os as os,"
    f" count(distinct person_id) as people from events where {since(90)} group by browser, os"
    " order by people desc limit 20",
    "five JSON properties": "select properties.$browser, properties.$os, count(), sum(toFloat(properties.amount)),"
    " uniq(properties.$current_url), max(properties.plan) from events where event = 'purchase'"
    f" and {since(90)} group by 1, 2 order by 3 desc limit 20",
}


def compile_as_worker(source: dict[str, Any], project: Project, engine: EngineClient) -> Statement:
    """Return the statement that the query worker would run for a query.

    The statement uses the materialized columns of the store, and does not read persons if the project has no persons.
    """

    def has_persons() -> bool:
        return bool(
            engine.read(print_persons_check(), {"project_id": project.pk}, limits=Limits(is_deduplicated=False)).rows
        )

    context = replace(
        build_query_context(project),
        has_persons=has_persons,
        read_materialized_columns=lambda: read_materialized_columns(engine),
    )
    return compile_query(source, context).statement


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("project", type=int)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    project = Project.objects.get(pk=options.project)
    key = (Path(os.environ["DATA_DIR"]) / "first_api_key").read_text().strip()
    engine = open_store()
    print("| Query | rows | engine ms | service ms | limit ms |")
    print("| --- | --- | --- | --- | --- |")
    with httpx.Client(headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        for name, text in QUERIES.items():
            source = {"kind": "HogQLQuery", "query": text}
            statement = compile_as_worker(source, project, engine)
            own, served, rows = [], [], 0
            for _ in range(options.runs):
                started = time.perf_counter()
                engine.read(statement.sql, dict(statement.parameters))
                own.append(time.perf_counter() - started)
                started = time.perf_counter()
                body = {"query": source, "refresh": "force_blocking"}
                answer = client.post(f"{options.base}/api/projects/{project.pk}/query/", json=body)
                served.append(time.perf_counter() - started)
                rows = len(answer.json()["results"]) if answer.status_code == 200 else -1
            own_ms, served_ms = (1000 * statistics.median(times) for times in (own, served))
            print(f"| {name} | {rows} | {own_ms:.0f} | {served_ms:.0f} | {1.5 * own_ms + 150:.0f} |")


if __name__ == "__main__":
    main()
