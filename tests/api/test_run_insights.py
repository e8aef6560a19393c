"""GET dashboards/:id/run_insights/: only the results of the insights of a dashboard, as text or as JSON."""

import json
from typing import Any

import pytest

from dashboards.models import Dashboard
from dashboards.readers.insight_runs import CUT, MAX_TEXT_CHARACTERS
from queries.models import QueryResult
from queries.refresh import Freshness
from tests.api.stored_results import count_queued, make_sql_insight, store_failure, store_result, wrap
from tests.api.test_query_counts import count_queries
from tests.builders import Person, make_dashboard, make_insight, make_key
from tests.client import Answer, Api
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
DETAILS = {"columns": ["name", "n"], "types": [["name", "String"], ["n", "Float64"]]}


@pytest.fixture
def board(alice: Person, home: Project) -> Dashboard:
    """Create a dashboard with a text, an insight without a query, and three insights in SQL."""
    dashboard = make_dashboard(alice, tiles=[{"text": {"body": "t"}}])
    make_insight(alice, dashboard, query=None)
    for number in (1, 2, 3):
        make_sql_insight(alice, dashboard, name=f"Insight {number}", sql=f"select {number}")
    store_result(home, wrap("select 1"), [["é|x", 1.0], [None, 12345678901234567890123]], details=DETAILS)
    store_failure(home, wrap("select 2"), "query_timeout", "The query took too long.")
    return dashboard


def run(person: Person, dashboard: Dashboard, **query: Any) -> Answer:
    return person.api.get(f"dashboards/{dashboard.pk}/run_insights/", **query)


def get_results(answer: Answer) -> list[Any]:
    assert answer.status == 200, answer
    return [each["insight"]["result"] for each in answer.json["results"]]


def test_insights_with_a_query_are_answered_in_the_order_of_tiles(alice: Person, board: Dashboard) -> None:
    tiles = [tile for tile in alice.api.get(f"dashboards/{board.pk}/").json["tiles"] if tile["insight"]]
    answer = run(alice, board)
    assert [each["id"] for each in answer.json["results"]] == [tile["id"] for tile in tiles[1:]]
    assert [each["order"] for each in answer.json["results"]] == [0, 1, 2]
    first = answer.json["results"][0]
    assert set(first) == {"id", "order", "insight"}
    shown = {name: tiles[1]["insight"][name] for name in ("id", "short_id", "name", "derived_name")}
    assert first["insight"] == {**shown, "result": first["insight"]["result"]}


def test_text_has_columns_rows_and_reasons(alice: Person, board: Dashboard) -> None:
    rows, error, missing = get_results(run(alice, board))
    assert rows == "name|n\né\\|x|1.0\nnull|12345678901234567890123"
    assert (error, missing) == ("Error: The query took too long.", None)
    assert get_results(run(alice, board, output_format="optimized")) == [rows, error, missing]


def test_json_has_results_as_in_insights(alice: Person, board: Dashboard) -> None:
    expected = [["é|x", 1.0], [None, 12345678901234567890123]]
    assert get_results(run(alice, board, output_format="json")) == [expected, None, None]


def test_series_have_a_row_for_each_interval(alice: Person, home: Project) -> None:
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard)
    series = [{"label": "a|b", "data": [1.5, 2], "days": ["2026-11-01", "2026-11-02"]}]
    store_result(home, wrap(), series, details={})
    assert get_results(run(alice, dashboard)) == ["Date|a\\|b\n2026-11-01|1.5\n2026-11-02|2"]


def test_result_of_an_unknown_shape_is_json_text(alice: Person, home: Project) -> None:
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard)
    store_result(home, wrap(), [{"source": "1_/", "target": "2_/a"}], details={})
    assert get_results(run(alice, dashboard)) == ['[{"source":"1_/","target":"2_/a"}]']


def test_texts_have_a_limit(alice: Person, home: Project) -> None:
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard)
    row = store_result(home, wrap(), [["x" * 90, 1]] * 1000, details=DETAILS)
    for given, limit in ((0, MAX_TEXT_CHARACTERS), (200, 200), (100_000, 100_000)):
        [text] = get_results(run(alice, dashboard, max_result_chars=given))
        assert (len(text), text.endswith(CUT)) == (min(limit, 6 + 93 * 1000), limit < 93_000)
    row.details = {}
    row.save()
    [text] = get_results(run(alice, dashboard, max_result_chars=300))
    assert (len(text), text[:4]) == (300, '[["x')


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_result_chars", "199"),
        ("max_result_chars", "100001"),
        ("max_result_chars", "-1"),
        ("max_result_chars", "many"),
        ("output_format", "csv"),
        ("tile_ids", "x"),
        ("tile_ids", "999999"),
        ("tile_ids", json.dumps([*range(101)])),
        ("filters_override", "[]"),
        ("variables_override", "{oops"),
    ],
)
def test_invalid_parameter_is_400(alice: Person, board: Dashboard, name: str, value: str) -> None:
    answer = run(alice, board, refresh="force_blocking", **{name: value})
    assert answer.error[0::3] == (400, name)


def test_tiles_can_be_selected(alice: Person, board: Dashboard) -> None:
    ids = [each["id"] for each in run(alice, board).json["results"]]
    chosen = run(alice, board, tile_ids=json.dumps([ids[2], ids[0]]))
    assert [each["id"] for each in chosen.json["results"]] == [ids[0], ids[2]]
    assert [each["order"] for each in chosen.json["results"]] == [0, 1]
    assert [each["id"] for each in run(alice, board, tile_ids=[ids[1], ids[2]]).json["results"]] == ids[1:]


def test_only_selected_tiles_are_computed(alice: Person, board: Dashboard) -> None:
    ids = [each["id"] for each in run(alice, board).json["results"]]
    run(alice, board, tile_ids=ids[2], refresh="force_blocking")
    assert [row.query["query"] for row in QueryResult.objects.queued()] == ["select 3"]


def test_plain_run_never_computes(alice: Person, board: Dashboard, home: Project) -> None:
    QueryResult.objects.all().delete()
    store_result(home, wrap("select 1"), state=Freshness.LAZILY_STALE)
    for query in ({}, {"refresh": "force_cache"}, {"refresh": "unknown"}):
        assert get_results(run(alice, board, **query))[1:] == [None, None]
    assert count_queued() == 0
    run(alice, board, refresh="blocking")
    assert count_queued() == 3


def test_overrides_apply(alice: Person, home: Project) -> None:
    dashboard = make_dashboard(alice)
    make_sql_insight(alice, dashboard, sql="select count() from events where {filters}")
    override = {"filters_override": json.dumps({"date_from": "-5d"})}
    run(alice, dashboard, **override, refresh="force_cache")
    assert count_queued() == 0
    run(alice, dashboard, **override)
    assert QueryResult.objects.get().query["filters"]["dateRange"]["date_from"] == "-5d"


def test_scope_is_that_of_queries(alice: Person, carol: Person, board: Dashboard, home: Project) -> None:
    path = f"dashboards/{board.pk}/run_insights/?refresh=blocking"
    refused = Api(make_key(alice.user, "dashboard:read", "insight:read"), home.pk).get(path)
    assert refused.json["detail"] == "API key missing required scope 'query:read'"
    assert carol.api.get(path).status == 404
    assert count_queued() == 0
    assert Api(make_key(alice.user, "query:read"), home.pk).get(path).status == 200


def test_statements_do_not_depend_on_the_number_of_insights(alice: Person, board: Dashboard, home: Project) -> None:
    path = f"dashboards/{board.pk}/run_insights/"
    before = count_queries(alice, path)
    for number in range(10, 30):
        make_sql_insight(alice, board, sql=f"select {number}")
        store_result(home, wrap(f"select {number}"))
    assert count_queries(alice, path) == before == 5
