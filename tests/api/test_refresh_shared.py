"""Results of shared dashboards: the contents of a shared page, and the queries that its viewers may queue."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import now

from dashboards.models import Dashboard
from queries.models import QueryResult
from queries.refresh import Freshness
from queries.services import queue
from tests.api.stored_results import HOUR, complete, count_queued, make_sql_insight, store_failure, store_result, wrap
from tests.api.test_shared import share, visit
from tests.builders import Person, make_dashboard, make_insight
from tests.client import iter_keys
from tests.queries.test_refresh import COLUMNS
from tests.read_only import read_only_database
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
FILTERED = "select count() from events where {filters}"
# The numbers of queries that a request by link queues for a fresh, a stale, a lazily stale and a missing result.
QUEUED = {
    "": (0, 0, 1, 1),
    "force_cache": (0, 0, 1, 1),
    "false": (0, 0, 1, 1),
    "unknown": (0, 0, 1, 1),
    "lazy_async": (0, 0, 1, 1),
    "force_async": (0, 0, 1, 1),
    "async_except_on_cache_miss": (0, 0, 1, 1),
    "async": (0, 1, 1, 1),
    "blocking": (0, 1, 1, 1),
    "force_blocking": (0, 1, 1, 1),
    "true": (0, 1, 1, 1),
}


@pytest.fixture
def board(alice: Person) -> Dashboard:
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard)
    return dashboard


def get_insight(token: str, **query: str) -> dict[str, Any]:
    """Return the first insight of a shared dashboard in JSON."""
    parameters = "&".join(f"{name}={value}" for name, value in query.items())
    answer = visit(f"/shared/{token}.json?{parameters}")
    assert answer.status == 200, answer
    insight: dict[str, Any] = answer.json["dashboard"]["tiles"][0]["insight"]
    return insight


@pytest.mark.parametrize("state", COLUMNS)
@pytest.mark.parametrize("refresh", QUEUED)
def test_modes_are_restricted(alice: Person, board: Dashboard, home: Project, refresh: str, state: Freshness) -> None:
    token = share(alice, board)
    if state is not Freshness.MISSING:
        store_result(home, wrap(), state=state)
    expected = QUEUED[refresh][COLUMNS.index(state)]
    insight = get_insight(token, refresh=refresh)
    assert (insight["result"], count_queued()) == (None if state is Freshness.MISSING else [[1]], expected)
    QueryResult.objects.update(requested_at=None)
    for path in (f"/shared/{token}", f"/embedded/{token}"):
        assert Client().get(path, {"refresh": refresh}).status_code == 200
        assert count_queued() == expected


@pytest.mark.parametrize("refresh", ["", "async", "force_blocking", "force_async"])
@pytest.mark.parametrize("suffix", [".json", ""])
def test_repeated_requests_cause_one_computation(alice: Person, board: Dashboard, suffix: str, refresh: str) -> None:
    token = share(alice, board)
    requested = set()
    for _ in range(20):
        assert Client().get(f"/shared/{token}{suffix}", {"refresh": refresh}).status_code == 200
        requested.add(QueryResult.objects.get().requested_at)
    assert len(requested) == 1
    complete(QueryResult.objects.get(), [[1]])
    for _ in range(20):
        Client().get(f"/shared/{token}{suffix}", {"refresh": refresh})
    assert count_queued() == 0


@pytest.mark.parametrize("refresh", ["", "blocking", "true"])
def test_failing_query_is_not_computed_for_each_viewer(
    alice: Person, board: Dashboard, home: Project, refresh: str
) -> None:
    row = store_failure(home, wrap(), "query_timeout", "The query took too long.")
    token = share(alice, board)
    for minutes, queued in ((1, 0), (9, 0), (11, 1)):
        QueryResult.objects.filter(pk=row.pk).update(failed_at=now() - timedelta(minutes=minutes))
        get_insight(token, refresh=refresh)
        assert count_queued() == queued


def test_result_fields_are_those_of_the_insight(alice: Person, board: Dashboard, home: Project) -> None:
    row = store_result(home, wrap(), [["x", 1]])
    insight = get_insight(share(alice, board))
    shown = {name: insight[name] for name in ("result", "columns", "hasMore", "is_cached", "filters_hash")}
    expected = {"result": [["x", 1]], "columns": ["a"], "hasMore": False, "is_cached": True}
    assert shown == {**expected, "filters_hash": row.cache_key}
    assert insight["last_refresh"]


def test_status_has_no_id_of_the_project(alice: Person, board: Dashboard, home: Project) -> None:
    token = share(alice, board, settings={"detailed": True})
    insight = get_insight(token)
    assert insight["result_state"] == "queued"
    assert (insight["query_status"]["team_id"], insight["query_status"]["id"]) == (None, None)


SECRET_QUERIES: list[Any] = [
    wrap("select secret_column from events", values={"a": "secret_value"}, variables={"v": {"value": "secret_v"}}),
    wrap(
        "select 1",
        filters={"properties": [{"type": "hogql", "key": "secret_key = 1", "value": "secret_x"}]},
    ),
    {
        "kind": "InsightVizNode",
        "source": {
            "kind": "TrendsQuery",
            "series": [{"kind": "EventsNode", "event": "e", "math": "hogql", "math_hogql": "secret_math()"}],
            "properties": {"type": "AND", "values": [{"values": [{"type": "hogql", "key": "secret_group"}]}]},
            "breakdownFilter": {
                "breakdown_type": "hogql",
                "breakdown": "secret_breakdown",
                "breakdowns": [{"type": "hogql", "property": "secret_property"}],
            },
        },
    },
    {
        "kind": "FunnelsQuery",
        "funnelsFilter": {"funnelAggregateByHogQL": "secret_aggregate"},
        "pathsFilter": {"pathsHogQLExpression": "secret_paths"},
    },
    {
        "kind": "DataTableNode",
        "columns": ["secret_display"],
        "source": {
            "kind": "EventsQuery",
            "select": ["secret_select"],
            "where": ["secret_where"],
            "orderBy": ["secret"],
        },
    },
    {"kind": "DataTableNode", "source": {"kind": "EventsQuery", "source": {"query": "select secret_nested"}}},
    {"query": "select secret_without_kind"},
    {"kind": "HogQLMetadata", "query": "select secret_metadata", "language": "hogQL"},
]


@pytest.mark.parametrize("query", SECRET_QUERIES)
def test_sql_is_not_shown(alice: Person, home: Project, query: Any) -> None:
    hogql = {"properties": [{"type": "hogql", "key": "secret_filter", "value": None}]}
    dashboard = make_dashboard(alice, filters=hogql)
    make_insight(alice, dashboard, query=query)
    make_insight(alice, dashboard, query=None, filters={"insight": "TRENDS", **hogql})
    [tile, _] = alice.api.get(f"dashboards/{dashboard.pk}/").json["tiles"]
    own = {"properties": [{"type": "hogql", "key": "secret_tile", "value": None}]}
    item = {"id": tile["id"], "filters_overrides": own}
    assert alice.api.patch(f"dashboards/{dashboard.pk}/", {"tiles": [item]}).status == 200
    token = share(alice, dashboard)
    assert "secret" in alice.api.get(f"dashboards/{dashboard.pk}/").text
    for path in (f"/shared/{token}.json", f"/embedded/{token}.json", f"/shared/{token}", f"/embedded/{token}"):
        assert "secret" not in Client().get(path).content.decode()
    share(alice, dashboard, settings={"detailed": True})
    assert "secret" in visit(f"/shared/{token}.json").text
    share(alice, dashboard, settings={"detailed": True, "hideQueries": True})
    assert "secret" not in visit(f"/shared/{token}.json").text


def test_sql_of_results_and_errors_is_not_shown(alice: Person, board: Dashboard, home: Project) -> None:
    make_sql_insight(alice, board, sql="select 2")
    store_result(home, wrap(), details={"hogql": "SELECT secret_hogql", "columns": ["a"]})
    store_failure(home, wrap("select 2"), "unknown_column", "Unknown column secret_error.")
    token = share(alice, board)
    for path in (f"/shared/{token}.json", f"/shared/{token}"):
        assert "secret" not in Client().get(path).content.decode()
    first, second = (tile["insight"] for tile in visit(f"/shared/{token}.json").json["dashboard"]["tiles"])
    assert (first["result"], first["hogql"], second["result_state"]) == ([[1]], None, "failed")
    status = second["query_status"]
    assert (status["error_code"], status["error_message"]) == ("unknown_column", "This insight could not be computed.")
    share(alice, board, settings={"detailed": True})
    shown = visit(f"/shared/{token}.json").text
    assert "secret_hogql" in shown
    assert "secret_error" in shown


def test_text_of_columns_is_not_shown(alice: Person, home: Project) -> None:
    """A column without an alias is named after its SQL, also in the settings of a chart."""
    sql = "select event, countIf(secret = 1), sum(x) as `Revenue (EUR)`, avg(y) as 'Mean y' from events"
    columns = ["event", "countIf(secret = 1)", "Revenue (EUR)", "Mean y"]
    settings = {"xAxis": {"column": "event"}, "yAxis": [{"column": columns[1]}, {"column": columns[2]}]}
    table = {"columns": [{"column": columns[1]}], "conditionalFormatting": [{"columnName": "min(secret) + 1"}]}
    query = wrap(sql) | {"display": "ActionsBar", "chartSettings": settings, "tableSettings": table}
    dashboard = make_dashboard(alice)
    make_insight(alice, dashboard, query=query)
    types = [[name, "String"] for name in columns]
    store_result(home, query, [["a", 1, 2, 3]], details={"hogql": sql, "columns": columns, "types": types})
    token = share(alice, dashboard)
    for path in (f"/shared/{token}.json", f"/shared/{token}"):
        assert "secret" not in Client().get(path).content.decode()
    insight = get_insight(token)
    shown = ["event", "column_2", "Revenue (EUR)", "Mean y"]
    assert (insight["columns"], insight["types"]) == (shown, [[name, "String"] for name in shown])
    assert [axis["column"] for axis in insight["query"]["chartSettings"]["yAxis"]] == shown[1:3]
    assert insight["query"]["tableSettings"]["conditionalFormatting"] == [{"columnName": "column"}]
    assert "column_2" in Client().get(f"/shared/{token}").content.decode()
    share(alice, dashboard, settings={"hideQueries": True})
    page = Client().get(f"/shared/{token}").content.decode()
    assert "secret" not in page
    assert "column_2" in page
    share(alice, dashboard, settings={"detailed": True})
    assert get_insight(token)["columns"] == columns


def test_harmless_queries_are_shown_as_they_are_stored(alice: Person, board: Dashboard) -> None:
    query = {"kind": "TrendsQuery", "series": [{"event": "select", "z": 1.0, "a": None}], "properties": [{"key": "k"}]}
    shown = make_dashboard(alice)
    make_insight(alice, shown, query=query)
    token = share(alice, shown)
    assert json.dumps(query, separators=(",", ":")) in visit(f"/shared/{token}.json").text


def test_overrides_that_are_not_allowed_compute_nothing(alice: Person) -> None:
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard, sql=FILTERED)
    token = share(alice, dashboard, settings={"allow_overrides": ["date_to"]})
    for path in (f"/shared/{token}.json", f"/shared/{token}"):
        query = {"filters_override": json.dumps({"date_from": "-1d"}), "refresh": "force_blocking"}
        assert Client().get(path, query).status_code == 403
    assert not QueryResult.objects.exists()


def test_allowed_overrides_leave_places_in_the_queue(
    alice: Person, monkeypatch: pytest.MonkeyPatch, home: Project
) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED_BY_SHARES", 5)
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard, sql=FILTERED)
    token = share(alice, dashboard, settings={"allow_overrides": ["date_from"]})
    states = [
        get_insight(token, filters_override=json.dumps({"date_from": f"-{day}d"}), refresh="blocking")["result_state"]
        for day in range(1, 9)
    ]
    assert states == ["queued"] * 5 + ["failed"] * 3
    member = alice.api.get(f"dashboards/{dashboard.pk}/?refresh=blocking").json
    assert member["tiles"][0]["insight"]["result_state"] == "queued"


def test_locked_unknown_and_deleted_links_compute_nothing(alice: Person, board: Dashboard) -> None:
    token = share(alice, board, password_required=True)
    for path, status in ((f"/shared/{token}", 401), ("/shared/unknown", 404)):
        for suffix in ("", ".json"):
            assert Client().get(f"{path}{suffix}?refresh=blocking").status_code == status
    alice.api.patch(f"dashboards/{board.pk}/", {"deleted": True})
    assert Client().get(f"/shared/{token}?refresh=blocking").status_code == 404
    assert not QueryResult.objects.exists()


def test_results_of_another_project_never_appear(alice: Person, board: Dashboard, away: Project) -> None:
    store_result(away, wrap(), [["SECRET"]])
    token = share(alice, board)
    assert get_insight(token)["result"] is None
    assert "SECRET" not in Client().get(f"/shared/{token}").content.decode()


def test_page_is_304_until_a_result_or_a_setting_changes(alice: Person, board: Dashboard, home: Project) -> None:
    path = f"/shared/{share(alice, board)}"

    def get(etag: str) -> tuple[int, str]:
        response = Client().get(path, headers={"If-None-Match": etag})
        return response.status_code, response["ETag"]

    _, etag = get("")
    assert get(etag) == (304, etag)
    assert count_queued() == 1  # the missing result is requested nevertheless
    complete(QueryResult.objects.get(), [[1]])
    status, etag = get(etag)
    assert (status, get(etag)) == (200, (304, etag))
    alice.api.patch(f"/api/projects/{home.pk}/", {"timezone": "Europe/Berlin"})
    assert get(etag)[0] == 200


@pytest.mark.django_db(transaction=True)
def test_read_only_database_shows_the_cache(alice: Person, board: Dashboard, home: Project) -> None:
    store_result(home, wrap(), state=Freshness.LAZILY_STALE, read_at=now() - 30 * HOUR)
    token = share(alice, board)
    with read_only_database():
        assert get_insight(token)["result"] == [[1]]
        assert Client().get(f"/shared/{token}").status_code == 200


def test_keys_of_the_response_are_chosen(alice: Person, board: Dashboard, home: Project) -> None:
    store_result(home, wrap())
    answer = visit(f"/shared/{share(alice, board)}.json")
    assert not {"created_by", "dashboards", "dashboard_tiles", "tags", "team"} & set(iter_keys(answer.json))
