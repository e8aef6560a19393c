"""Results of insights that have legacy filters instead of a query. The service converts the filters to a query."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from dashboards.models import Dashboard, Insight
from queries.models import QueryResult
from tests.api.stored_results import count_queued, make_sql_insight, store_result
from tests.api.test_query_counts import count_queries
from tests.api.test_shared import share, visit
from tests.builders import Person, make_dashboard, make_insight
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
FILTERS = {"insight": "TRENDS", "events": [{"id": "$pageview"}], "date_from": "-30d", "display": "BoldNumber"}
SERIES = [{"kind": "EventsNode", "event": "$pageview"}]
QUERY: dict[str, Any] = {
    "kind": "TrendsQuery",
    "series": SERIES,
    "dateRange": {"date_from": "-30d"},
    "trendsFilter": {"display": "BoldNumber"},
}
RESULT = [{"label": "$pageview", "count": 0, "data": [], "aggregated_value": 7}]


def make_legacy_insight(person: Person, *dashboards: Dashboard, **changed: Any) -> Insight:
    return make_insight(person, *dashboards, query=None, filters={**FILTERS, **changed})


def store_trends(project: Project, query: dict[str, Any] = QUERY, result: Any = RESULT) -> QueryResult:
    return store_result(project, query, result, details={})


def test_result_is_that_of_the_query_and_nothing_else_changes(alice: Person, home: Project) -> None:
    insight = make_legacy_insight(alice)
    row = store_trends(home)
    shown = alice.api.get(f"insights/{insight.pk}/").json
    assert (shown["result"], shown["result_state"], shown["filters_hash"]) == (RESULT, "computed", row.cache_key)
    assert (shown["query"], shown["filters"]) == (None, FILTERS)
    insight.refresh_from_db()
    assert (insight.query, insight.filters) == (None, FILTERS)


def test_request_queues_the_converted_query(alice: Person) -> None:
    insight = make_legacy_insight(alice)
    assert alice.api.get(f"insights/{insight.pk}/").json["result_state"] == "not_computed"
    assert count_queued() == 0
    assert alice.api.get(f"insights/{insight.pk}/?refresh=blocking").json["result_state"] == "queued"
    assert QueryResult.objects.get().query == QUERY


def test_query_takes_precedence_and_an_empty_one_does_not(alice: Person) -> None:
    own = {"kind": "HogQLQuery", "query": "select 1"}
    both = make_insight(alice, query=own, filters=FILTERS)
    empty = make_insight(alice, query={}, filters=FILTERS)
    for insight, query in ((both, own), (empty, QUERY)):
        QueryResult.objects.all().delete()
        alice.api.get(f"insights/{insight.pk}/?refresh=async")
        assert QueryResult.objects.get().query == query


def test_lists_boards_streams_and_runs_have_the_result(alice: Person, home: Project) -> None:
    board = make_dashboard(alice)
    make_legacy_insight(alice, board)
    store_trends(home)
    assert alice.api.get("insights/").json["results"][0]["result"] == RESULT
    tile = alice.api.get(f"dashboards/{board.pk}/").json["tiles"][0]
    assert (tile["insight"]["result"], tile["is_cached"]) == (RESULT, True)
    assert '"aggregated_value":7' in alice.api.get(f"dashboards/{board.pk}/stream_tiles/").text
    [run] = alice.api.get(f"dashboards/{board.pk}/run_insights/", output_format="json").json["results"]
    assert run["insight"]["result"] == RESULT


def test_filters_of_a_dashboard_a_tile_and_a_request_apply(alice: Person) -> None:
    properties = [{"key": "$browser", "type": "event", "value": "Chrome"}]
    board = make_dashboard(alice, filters={"date_from": "-7d", "properties": properties})
    insight = make_legacy_insight(alice, board, properties={"$os": "Linux"}, explicit_date=True)
    alice.api.get(f"dashboards/{board.pk}/?refresh=async")
    own = {"key": "$os", "value": "Linux", "operator": "exact", "type": "event"}
    groups = [{"type": "AND", "values": [own]}, {"type": "AND", "values": properties}]
    shared = {"properties": {"type": "AND", "values": groups}}
    dates = {"date_from": "-7d", "explicitDate": True}
    assert QueryResult.objects.get().query == {**QUERY, **shared, "dateRange": dates}
    [tile] = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    body = {"tiles": [{"id": tile["id"], "filters_overrides": {"date_from": "-2d"}}]}
    assert alice.api.patch(f"dashboards/{board.pk}/", body).status == 200
    QueryResult.objects.all().delete()
    alice.api.get(f"insights/{insight.pk}/?from_dashboard={board.pk}&refresh=async")
    assert QueryResult.objects.get().query["dateRange"] == {"date_from": "-2d", "explicitDate": True}
    QueryResult.objects.all().delete()
    alice.api.get(f"insights/{insight.pk}/", filters_override=json.dumps({"date_from": "-1d"}))
    assert QueryResult.objects.get().query["dateRange"]["date_from"] == "-1d"


@pytest.mark.parametrize(
    ("filters", "code"),
    [({"insight": "PATHS"}, "unsupported_query_kind"), ({"insight": "SESSIONS"}, "unsupported_query_kind")],
)
def test_insight_that_is_not_computed_is_an_error(alice: Person, filters: Any, code: str) -> None:
    insight = make_insight(alice, query=None, filters=filters)
    shown = alice.api.get(f"insights/{insight.pk}/?refresh=blocking").json
    assert (shown["result"], shown["result_state"], shown["query_status"]["error_code"]) == (None, "failed", code)
    assert not QueryResult.objects.exists()


@pytest.mark.parametrize("filters", [{}, {"date_from": "-7d"}, {"events": []}])
def test_filters_of_no_insight_have_neither_a_result_nor_an_error(alice: Person, filters: Any) -> None:
    board = make_dashboard(alice)
    insight = make_insight(alice, board, query=None, filters=filters)
    shown = alice.api.get(f"insights/{insight.pk}/?refresh=blocking").json
    assert (shown["result_state"], shown["query_status"], shown["filters_hash"]) == ("not_computed", None, None)
    assert alice.api.get(f"dashboards/{board.pk}/run_insights/").json["results"] == []
    assert not QueryResult.objects.exists()


def test_damaged_filters_do_not_affect_other_insights(alice: Person, home: Project) -> None:
    board = make_dashboard(alice)
    broken, _ = make_legacy_insight(alice, board), make_legacy_insight(alice, board)
    store_trends(home)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE dashboards_insight SET filters = '{oops' WHERE id = %s", [broken.pk])
    results = [tile["insight"]["result"] for tile in alice.api.get(f"dashboards/{board.pk}/").json["tiles"]]
    assert results == [None, RESULT]


def test_share_link_shows_the_result(alice: Person, home: Project) -> None:
    board = make_dashboard(alice)
    make_legacy_insight(alice, board)
    store_trends(home)
    token = share(alice, board)
    [tile] = visit(f"/shared/{token}.json").json["dashboard"]["tiles"]
    assert (tile["insight"]["result"], tile["insight"]["query"]) == (RESULT, None)
    page = Client().get(f"/shared/{token}").content.decode()
    assert ">7<" in page
    assert "This insight has no query." not in page


def test_board_takes_one_statement_for_all_results(alice: Person, home: Project) -> None:
    board = make_dashboard(alice)
    make_sql_insight(alice, board)
    store_trends(home, QUERY)
    path = f"dashboards/{board.pk}/"
    before = count_queries(alice, path)
    for days in range(10):
        make_legacy_insight(alice, board, date_from=f"-{days}d")
        store_trends(home, {**QUERY, "dateRange": {"date_from": f"-{days}d"}})
    assert count_queries(alice, path) == before
