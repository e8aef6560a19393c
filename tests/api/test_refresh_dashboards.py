"""Results of tiles: the responses and the queued queries of `refresh` for a dashboard, and the ETag."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from dashboards.models import Dashboard
from queries.models import QueryResult
from queries.refresh import Freshness, Refresh
from tests.api.stored_results import (
    HOUR,
    complete,
    count_queued,
    make_sql_insight,
    store_failure,
    store_result,
    wrap,
)
from tests.api.test_query_counts import count_queries
from tests.builders import Person, make_dashboard, make_insight
from tests.queries.test_refresh import COLUMNS, TABLE
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")


@pytest.fixture
def board(alice: Person) -> Dashboard:
    dashboard = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    make_sql_insight(alice, dashboard)
    return dashboard


def get_tiles(person: Person, dashboard: Dashboard, **query: Any) -> list[dict[str, Any]]:
    answer = person.api.get(f"dashboards/{dashboard.pk}/", **query)
    assert answer.status == 200, answer
    tiles: list[dict[str, Any]] = answer.json["tiles"]
    return tiles


def get_insight(person: Person, dashboard: Dashboard, **query: Any) -> dict[str, Any]:
    """Return the only insight of a dashboard."""
    [insight] = [tile["insight"] for tile in get_tiles(person, dashboard, **query) if tile["insight"]]
    assert isinstance(insight, dict)
    return insight


def test_plain_get_answers_the_cache_with_every_field(alice: Person, board: Dashboard, home: Project) -> None:
    row = store_result(home, wrap(), [["é", 1.0]])
    text, tile = get_tiles(alice, board)
    assert (text["is_cached"], text["last_refresh"]) == (False, None)
    assert (tile["is_cached"], tile["last_refresh"]) == (True, tile["insight"]["last_refresh"])
    insight = tile["insight"]
    assert row.computed_at
    assert row.stale_at
    expected = {
        "result": [["é", 1.0]],
        "result_state": "computed",
        "columns": ["a"],
        "types": [["a", "UInt8"]],
        "hasMore": False,
        "hogql": "SELECT 1",
        "query_status": None,
        "is_cached": True,
        "filters_hash": row.cache_key,
        "resolved_date_range": None,
    }
    assert {name: insight[name] for name in expected} == expected
    assert insight["last_refresh"][:19] == row.computed_at.isoformat()[:19]
    assert insight["cache_target_age"][:19] == row.stale_at.isoformat()[:19]


def test_plain_get_never_writes_and_never_queues(alice: Person, board: Dashboard, home: Project) -> None:
    alice.api.get(f"dashboards/{board.pk}/")  # the first use of the key and of the dashboard are recorded
    for state in (None, Freshness.STALE, Freshness.LAZILY_STALE):
        if state:
            store_result(home, wrap(), state=state)
        for refresh in ("", "?refresh=force_cache", "?refresh=false", "?refresh=maybe", "?refresh="):
            with CaptureQueriesContext(connection) as captured:
                answer = alice.api.get(f"dashboards/{board.pk}/{refresh}")
            assert [each["sql"] for each in captured if not each["sql"].startswith("SELECT")] == []
            insight = answer.json["tiles"][1]["insight"]
            assert insight["result_state"] == ("computed" if state else "not_computed")
            assert (insight["result"], insight["query_status"]) == ([[1]] if state else None, None)
        QueryResult.objects.all().delete()
    assert count_queued() == 0


def test_results_take_one_statement(alice: Person, board: Dashboard, home: Project) -> None:
    path = f"dashboards/{board.pk}/"
    assert count_queries(alice, path) == 4  # the key, the dashboard, its tiles, and their authors
    for number in range(30):
        make_sql_insight(alice, board, sql=f"select {number}")
        store_result(home, wrap(f"select {number}"))
    assert count_queries(alice, path) == 5
    other = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    make_insight(alice, other, query={"kind": "PathsQuery"})
    assert count_queries(alice, f"dashboards/{other.pk}/") == 4


@pytest.mark.parametrize("state", COLUMNS)
@pytest.mark.parametrize("refresh", Refresh)
def test_modes_queue_what_they_compute(
    alice: Person, board: Dashboard, home: Project, refresh: Refresh, state: Freshness
) -> None:
    if state is not Freshness.MISSING:
        store_result(home, wrap(), state=state)
    expected = TABLE[refresh][COLUMNS.index(state)]
    insight = get_insight(alice, board, refresh=refresh.value)
    assert count_queued() == int(expected.computes)
    assert insight["result"] == (None if state is Freshness.MISSING else [[1]])
    status = insight["query_status"]
    if not expected.computes:
        assert status is None
        return
    assert insight["result_state"] == "queued"
    row = QueryResult.objects.get()
    assert (status["id"], status["team_id"]) == (str(row.pk), home.pk)
    assert (status["complete"], status["error"], status["query_async"]) == (False, False, True)
    assert row.query == {"kind": "HogQLQuery", "query": "select 1"}
    assert status["start_time"]
    assert [status[name] for name in ("pickup_time", "end_time", "error_message", "results")] == [None] * 4
    get_insight(alice, board, refresh=refresh.value)
    assert count_queued() == 1


def test_refresh_given_twice_is_the_last_one(alice: Person, board: Dashboard) -> None:
    alice.api.get(f"dashboards/{board.pk}/?refresh=blocking&refresh=force_cache")
    assert count_queued() == 0
    alice.api.get(f"dashboards/{board.pk}/?refresh=force_cache&refresh=async")
    assert count_queued() == 1


def test_overrides_compute_what_is_missing(alice: Person, board: Dashboard, home: Project) -> None:
    make_insight(alice, board, query={"kind": "TrendsQueryy"})
    sql = "select count() from events where {filters}"
    make_sql_insight(alice, board, sql=sql)
    override = {"filters_override": json.dumps({"date_from": "-30d"})}
    get_tiles(alice, board, **override, refresh="force_cache")
    assert count_queued() == 0  # an explicit mode takes precedence
    shown = [tile["insight"] for tile in get_tiles(alice, board, **override) if tile["insight"]]
    assert [each["result_state"] for each in shown] == ["queued", "failed", "queued"]
    row = QueryResult.objects.get(query__contains="count()")
    assert row.query["filters"]["dateRange"]["date_from"] == "-30d"
    complete(row, [[7]])
    assert get_tiles(alice, board, **override)[3]["insight"]["result"] == [[7]]
    assert get_tiles(alice, board)[3]["insight"]["result"] is None
    assert count_queued() == 1


def test_filters_of_a_tile_take_precedence(alice: Person, home: Project) -> None:
    sql = "select count() from events where {filters}"
    board = make_dashboard(alice, filters={"date_from": "-7d"})
    insight = make_sql_insight(alice, board, sql=sql)
    path = f"dashboards/{board.pk}/"
    [tile] = alice.api.get(path).json["tiles"]
    keys = {tile["insight"]["filters_hash"]}
    override = {"filters_override": json.dumps({"date_from": "-30d"})}
    keys.add(get_insight(alice, board, **override, refresh="force_cache")["filters_hash"])
    alice.api.patch(path, {"tiles": [{"id": tile["id"], "filters_overrides": {"date_from": "-1d"}}]})
    own = get_insight(alice, board)
    keys.add(own["filters_hash"])
    assert len(keys) == 3
    assert own["query"]["source"]["filters"]["dateRange"]["date_from"] == "-1d"
    assert get_insight(alice, board, **override, refresh="force_cache")["filters_hash"] == own["filters_hash"]
    store_result(home, own["query"], [[5]])
    assert get_insight(alice, board)["result"] == [[5]]
    assert alice.api.get(f"insights/{insight.pk}/").json["result"] is None
    assert alice.api.get(f"insights/{insight.pk}/?from_dashboard={board.pk}").json["result"] == [[5]]


def test_failed_tile_does_not_affect_others(alice: Person, board: Dashboard, home: Project) -> None:
    make_sql_insight(alice, board, sql="select cuont()")
    make_insight(alice, board, query={"kind": "PathsQuery"})
    make_insight(alice, board, query=None)
    store_result(home, wrap(), [[1]])
    store_failure(home, wrap("select cuont()"), "unknown_function", "Unknown function.")
    insights = [tile["insight"] for tile in get_tiles(alice, board) if tile["insight"]]
    assert [each["result_state"] for each in insights] == ["computed", "failed", "failed", "not_computed"]
    failed = insights[1]["query_status"]
    assert (failed["complete"], failed["error"], failed["error_code"]) == (True, True, "unknown_function")
    assert failed["error_message"] == "Unknown function."
    assert insights[2]["query_status"]["error_code"] == "unsupported_query_kind"
    assert (insights[3]["query_status"], insights[3]["filters_hash"]) == (None, None)


def test_earlier_result_stays_beside_an_error(alice: Person, board: Dashboard, home: Project) -> None:
    row = store_result(home, wrap(), [[3]], Freshness.STALE)
    QueryResult.objects.filter(pk=row.pk).update(failed_at=now(), error_code="query_timeout", error_detail="Slow.")
    insight = get_insight(alice, board)
    assert (insight["result"], insight["result_state"]) == ([[3]], "failed")
    assert (insight["query_status"]["error_code"], insight["is_cached"]) == ("query_timeout", True)


def test_damaged_query_and_damaged_details_do_not_affect_others(alice: Person, board: Dashboard, home: Project) -> None:
    store_result(home, wrap(), [[1]])
    broken = make_sql_insight(alice, board, sql="select 2")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dashboards_insight SET query = '{oops' WHERE id = %s", [broken.pk])
    tiles = get_tiles(alice, board)
    assert [tile["insight"]["result"] for tile in tiles if tile["insight"]] == [[[1]], None]
    assert tiles[2]["error"]["type"] == "damaged_tile"


def test_results_of_another_project_never_appear(alice: Person, carol: Person, board: Dashboard, away: Project) -> None:
    row = store_result(away, wrap(), [["SECRET"]])
    assert get_insight(alice, board)["result"] is None
    # A result of the other project with the same cache key does not appear, either.
    store_result(away, wrap("select 2"), [["SECRET"]], cache_key=get_insight(alice, board)["filters_hash"])
    assert get_insight(alice, board)["result"] is None
    assert row.cache_key != get_insight(alice, board)["filters_hash"]
    assert get_insight(carol, _make_board(carol))["result"] == [["SECRET"]]


def _make_board(person: Person) -> Dashboard:
    dashboard = make_dashboard(person)
    make_sql_insight(person, dashboard)
    return dashboard


def test_deleted_and_foreign_dashboards_compute_nothing(alice: Person, carol: Person, board: Dashboard) -> None:
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    for person in (alice, carol):
        for action in ("", "stream_tiles/", "run_insights/"):
            assert person.api.get(f"dashboards/{board.pk}/{action}?refresh=force_blocking").status == 404
    assert not QueryResult.objects.exists()


def test_copies_and_templates_carry_no_results(alice: Person, board: Dashboard, home: Project) -> None:
    store_result(home, wrap(), [["RESULT"]])
    exported = alice.api.get(f"dashboards/{board.pk}/export/")
    assert "RESULT" not in exported.text
    body = {"use_dashboard": board.pk, "duplicate_tiles": True}
    copied = alice.api.post("dashboards/", body).json
    # The same query has the same result, which is read and not copied.
    assert [tile["insight"]["result"] for tile in copied["tiles"] if tile["insight"]] == [[["RESULT"]]]
    assert QueryResult.objects.count() == 1
    versions = alice.api.get(f"dashboards/{board.pk}/versions/").text
    assert "RESULT" not in versions + alice.api.get("activity_log/").text


def test_responses_to_writes_have_cached_results_and_compute_nothing(
    alice: Person, board: Dashboard, home: Project
) -> None:
    path = f"dashboards/{board.pk}/"
    store_result(home, wrap(), [[1]], Freshness.LAZILY_STALE)
    answer = alice.api.patch(f"{path}?refresh=force_blocking", {"name": "new"})
    assert answer.json["tiles"][1]["insight"]["result"] == [[1]]
    assert answer.headers["Ignored-Fields"] == "refresh"
    tile = answer.json["tiles"][1]["id"]
    changed = alice.api.post(f"{path}update_tile/", {"tile_id": tile, "color": "blue"})
    assert (changed.status, "[[1]]" in changed.text.replace(" ", "")) == (200, True)
    assert count_queued() == 0


def test_raw_results_pass_through_unparsed(alice: Person, board: Dashboard, home: Project) -> None:
    text = '[["z",1.0,123456789012345678901234567890,1e-7],{"z":1,"a":[null,"é\\u2028"]}]'
    row = store_result(home, wrap())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE queries_queryresult SET results = %s", [text])
    for path in (f"dashboards/{board.pk}/", f"dashboards/{board.pk}/stream_tiles/"):
        assert text in alice.api.get(path).text
    run = alice.api.get(f"dashboards/{board.pk}/run_insights/?output_format=json")
    assert text in run.text
    assert row.pk


def test_age_is_shown_until_a_stale_result_is_computed_again(alice: Person, board: Dashboard, home: Project) -> None:
    row = store_result(home, wrap(), [[1]], Freshness.STALE)
    insight = get_insight(alice, board)
    assert (insight["is_cached"], insight["next_allowed_client_refresh"]) == (True, insight["last_refresh"])
    assert row.computed_at
    assert row.computed_at < now() - HOUR
    assert insight["last_refresh"][:19] == row.computed_at.isoformat()[:19]
