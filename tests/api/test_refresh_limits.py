"""Limits on the results of one response and on the queue, and a service that cannot run queries."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboards.models import Dashboard
from queries.models import QueryResult
from queries.readers import results as reader
from queries.refresh import Freshness
from queries.services import queue
from tests.api.stored_results import complete, count_queued, make_sql_insight, store_result, wrap
from tests.api.test_refresh_dashboards import board, get_insight, get_tiles
from tests.builders import Person, make_dashboard
from tests.read_only import read_only_database
from users.models import Project

__all__ = ["board"]
pytestmark = pytest.mark.usefixtures("with_store")


def test_results_beyond_the_limit_of_a_response_are_left_out(alice: Person, board: Dashboard, home: Project) -> None:
    size = reader.MAX_RESPONSE_CHARACTERS // 3
    store_result(home, wrap(), size=size)
    for number in range(2, 6):
        make_sql_insight(alice, board, sql=f"select {number}")
        store_result(home, wrap(f"select {number}"), size=size)
    insights = [tile["insight"] for tile in get_tiles(alice, board) if tile["insight"]]
    left_out = [each for each in insights if each["result"] is None]
    assert len(left_out) == 2
    for insight in left_out:
        assert insight["query_status"]["error_code"] == "too_large"
        assert alice.api.get(f"insights/{insight['id']}/").json["result"] == [[1]]
    get_tiles(alice, board, refresh="blocking")
    assert count_queued() == 0


def test_board_with_more_insights_than_places_is_queued_in_parts(
    alice: Person, board: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 3)
    for number in range(2, 6):
        make_sql_insight(alice, board, sql=f"select {number}")
    states = [
        tile["insight"]["result_state"] for tile in get_tiles(alice, board, refresh="blocking") if tile["insight"]
    ]
    assert states == ["queued"] * 3 + ["failed"] * 2
    for row in QueryResult.objects.queued():
        complete(row, [[1]])
    tiles = [tile["insight"] for tile in get_tiles(alice, board, refresh="blocking") if tile["insight"]]
    assert [each["result_state"] for each in tiles] == ["computed"] * 3 + ["queued"] * 2


def test_many_overrides_are_limited_by_the_queue(alice: Person, home: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 20)
    board = make_dashboard(alice)
    make_sql_insight(alice, board, sql="select count() from events where {filters}")
    codes = []
    for number in range(30):
        status = get_insight(alice, board, filters_override=json.dumps({"date_from": f"-{number + 1}d"}))[
            "query_status"
        ]
        codes.append(status["error_code"])
    assert codes == [None] * 20 + ["concurrency_limit_exceeded"] * 10
    assert count_queued() == 20


def test_thousand_tiles_are_queued_up_to_the_limit(alice: Person) -> None:
    board = make_dashboard(alice)
    for number in range(600):
        make_sql_insight(alice, board, sql=f"select {number}")
    with CaptureQueriesContext(connection) as captured:
        tiles = get_tiles(alice, board, refresh="blocking")
    assert len(captured) < 60  # rows are inserted in batches
    assert count_queued() == queue.MAX_QUEUED
    assert [tile["insight"]["result_state"] for tile in tiles].count("failed") == 100


@pytest.mark.django_db(transaction=True)
def test_lazy_refresh_of_a_read_only_database_answers_the_cache(alice: Person, board: Dashboard, home: Project) -> None:
    store_result(home, wrap(), [[1]], Freshness.LAZILY_STALE)
    with read_only_database():
        insight = get_insight(alice, board, refresh="lazy_async")
        assert alice.api.get(f"dashboards/{board.pk}/?refresh=async").status == 503
    assert (insight["result"], insight["result_state"]) == ([[1]], "computed")
    assert count_queued() == 0


def test_without_data_and_without_engine_there_is_a_reason(
    alice: Person, board: Dashboard, settings: Any, home: Project
) -> None:
    settings.ENGINE = False
    insight = get_insight(alice, board)
    assert (insight["result_state"], insight["query_status"]["error_code"]) == ("failed", "engine_unavailable")
    store_result(home, wrap(), [[1]], Freshness.STALE)
    assert get_insight(alice, board)["result_state"] == "computed"
    assert get_insight(alice, board, refresh="blocking")["result"] == [[1]]
