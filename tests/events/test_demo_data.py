"""The events of the demo project on a real engine."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dashboards.demo_data import fill_demo_project, import_demo_events
from dashboards.services.demo import create_demo_project
from dashboards.services.demo_events import DAYS
from dashboards.template_documents.documents import read_builtin_templates, read_demo_documents
from engine.interface import EngineClient
from queries.hogql.statement import Statement
from queries.models import QueryResult
from queries.nodes import get_source
from queries.runners.compile import compile_query
from queries.runners.compiled import Rows
from queries.services.contexts import build_query_context
from users.models import Project
from users.services.initial_data import create_initial_data

NOW = datetime(2026, 11, 29, 15, tzinfo=UTC)


@pytest.fixture
def demo(engine: EngineClient) -> Project:
    create_initial_data()
    return create_demo_project()


def count_events(engine: EngineClient, project: Project) -> list[int]:
    sql = (
        "SELECT count(), uniqExact(uuid), uniqExact(toDate(timestamp)) FROM events FINAL WHERE project_id = {id:Int64}"
    )
    [row] = engine.read(sql, {"id": project.pk}).rows
    return row


def test_filling_the_demo_again_adds_only_new_days(demo: Project, engine: EngineClient) -> None:
    first = fill_demo_project(demo, NOW)
    count, uuids, days = count_events(engine, demo)
    assert first == f"Imported {count:,} events of the demo."
    assert (count, days) == (uuids, DAYS + 1)
    assert count >= 50_000
    assert QueryResult.objects.in_project(demo).queued().count() == 15

    assert fill_demo_project(demo, NOW + timedelta(hours=2)) == "The events of the demo are already imported."
    assert count_events(engine, demo) == [count, uuids, days]

    fill_demo_project(demo, NOW + timedelta(days=3))
    later, later_uuids, later_days = count_events(engine, demo)
    assert (later, later_days) == (later_uuids, days + 3)
    assert later > count
    assert QueryResult.objects.in_project(demo).queued().count() == 15


def test_interrupted_import_is_completed(demo: Project, engine: EngineClient) -> None:
    fill_demo_project(demo, NOW)
    count = count_events(engine, demo)
    engine.execute("ALTER TABLE events DROP PARTITION 202610")
    fill_demo_project(demo, NOW)
    assert count_events(engine, demo) == count


def test_each_insight_has_numbers_on_the_data_of_the_demo(demo: Project, engine: EngineClient) -> None:
    import_demo_events(demo, NOW)
    context = replace(build_query_context(demo), now=NOW)

    def read_rows(statement: Statement) -> Rows:
        return engine.read(statement.sql, dict(statement.parameters)).rows

    documents = [*read_demo_documents(), *read_builtin_templates().values()]
    queries = [tile["query"] for each in documents for tile in each["tiles"] if tile["type"] == "INSIGHT"]
    for query in queries:
        compiled = compile_query(get_source(query), context, read_rows)
        found = engine.read(compiled.statement.sql, dict(compiled.statement.parameters))
        results = compiled.shape(found.types, found.rows)["results"]
        assert any(number > 0 for number in list_numbers(results)), query
    assert len(queries) == 30


def list_numbers(results: Any) -> list[float]:
    if isinstance(results, dict):
        return list_numbers(list(results.values()))
    if isinstance(results, list):
        return [number for item in results for number in list_numbers(item)]
    return [results] if isinstance(results, int | float) else []
