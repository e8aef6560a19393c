"""ETags of dashboards, which change with results. A request that returns 304 still queues queries for `refresh`."""

from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from dashboards.models import Dashboard
from events.services.data_version import increment_data_version
from queries.models import QueryResult
from tests.api.stored_results import count_queued, store_result, wrap
from tests.api.test_refresh_dashboards import board, get_insight
from tests.builders import Person
from users.models import Project

__all__ = ["board"]
pytestmark = pytest.mark.usefixtures("with_store")


def test_etag_changes_when_a_result_changes(alice: Person, board: Dashboard, home: Project) -> None:
    path = f"dashboards/{board.pk}/"

    def get(etag: str, query: str = "") -> Any:
        return alice.api.call("GET", path + query, headers={"If-None-Match": etag})

    first = alice.api.get(path).headers["ETag"]
    assert get(first).status == 304
    store_result(home, wrap(), [[1]])
    second = get(first)
    assert (second.status, second.json["tiles"][1]["insight"]["result"]) == (200, [[1]])
    assert get(second.headers["ETag"]).status == 304
    assert alice.api.patch(path, {"name": "x"}, headers={"If-Match": second.headers["ETag"]}).status == 200


def test_unchanged_dashboard_still_requests_results(alice: Person, board: Dashboard) -> None:
    path = f"dashboards/{board.pk}/?refresh=lazy_async"
    etag = alice.api.get(path).headers["ETag"]
    QueryResult.objects.all().delete()
    assert alice.api.call("GET", path, headers={"If-None-Match": etag}).status == 304
    assert count_queued() == 1


def test_settings_of_the_project_change_keys_and_etags(alice: Person, board: Dashboard, home: Project) -> None:
    """The version of the dashboard stays the same, but its results change."""
    store_result(home, wrap(), [[1]])
    path = f"dashboards/{board.pk}/"
    etag = alice.api.get(path).headers["ETag"]
    key = get_insight(alice, board)["filters_hash"]
    for change in ({"timezone": "Europe/Berlin"}, {"week_start_day": 1}):
        assert alice.api.patch(f"/api/projects/{home.pk}/", change).status == 200
        answer = alice.api.call("GET", path, headers={"If-None-Match": etag})
        assert answer.status == 200
        insight = answer.json["tiles"][1]["insight"]
        assert (insight["result"], insight["filters_hash"] == key) == (None, False)
        etag, key = answer.headers["ETag"], insight["filters_hash"]


def test_import_makes_results_stale_in_responses_and_etags(alice: Person, board: Dashboard, home: Project) -> None:
    row = store_result(home, wrap(), [[1]])
    path = f"dashboards/{board.pk}/"
    etag = alice.api.get(path).headers["ETag"]
    assert parse_datetime(get_insight(alice, board)["cache_target_age"]) == row.stale_at
    increment_data_version(home.pk)
    answer = alice.api.call("GET", path, headers={"If-None-Match": etag})
    assert answer.status == 200
    insight = answer.json["tiles"][1]["insight"]
    assert insight["result"] == [[1]]
    assert insight["cache_target_age"] == insight["last_refresh"]
