"""The events of the demo project on a real engine."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboards.demo_data import fill_demo_project
from dashboards.services.demo import create_demo_project
from dashboards.services.demo_events import DAYS
from engine.interface import EngineClient
from queries.models import QueryResult
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
    assert first == f"Imported {count:,} events of the demo, until now."
    assert (count, days) == (uuids, DAYS + 1)
    assert count >= 50_000
    assert QueryResult.objects.in_project(demo).queued().count() == 13

    assert fill_demo_project(demo, NOW + timedelta(hours=2)) == "The demo has its events already."
    assert count_events(engine, demo) == [count, uuids, days]

    fill_demo_project(demo, NOW + timedelta(days=3))
    later, later_uuids, later_days = count_events(engine, demo)
    assert (later, later_days) == (later_uuids, days + 3)
    assert later > count
    assert QueryResult.objects.in_project(demo).queued().count() == 13


def test_interrupted_import_is_completed(demo: Project, engine: EngineClient) -> None:
    fill_demo_project(demo, NOW)
    count = count_events(engine, demo)
    engine.execute("ALTER TABLE events DROP PARTITION 202610")
    fill_demo_project(demo, NOW)
    assert count_events(engine, demo) == count
