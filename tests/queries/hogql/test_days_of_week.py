"""Conditions on the day of the week. The engine must not skip rows because of their week in UTC."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.queries.hogql.helpers import read
from tests.queries.hogql.store import ANN, EVENT_COLUMNS, MOMENT, Store

PROJECT = 71
# The rows of one week in UTC are in one part of the table. In Auckland, they extend from Monday to Monday.
MORNING = datetime(2031, 1, 6, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def week(store: Store) -> Store:
    moments = [MORNING + timedelta(hours=hours) for hours in range(0, 7 * 24, 6)]
    rows = [[PROJECT, UUID(int=n + 1), "e", "ann", ANN, at, MOMENT, "{}", ""] for n, at in enumerate(moments)]
    store.client.insert_rows("events", EVENT_COLUMNS, rows)
    return store


@pytest.mark.parametrize("day", range(1, 8))
@pytest.mark.parametrize("condition", ["toDayOfWeek(timestamp) = {day}", "toDayOfWeek(timestamp, 0) in ({day}, 9)"])
def test_day_of_the_week(week: Store, condition: str, day: int) -> None:
    text = f"select count() from events where {condition.format(day=day)}"
    assert read(week, text, project_id=PROJECT, time_zone="Pacific/Auckland") == [[4]]
