"""Results of insights in details and lists: the responses and the queued queries of `refresh`."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from queries.models import QueryResult
from queries.refresh import Freshness, Refresh
from tests.api.stored_results import complete, count_queued, make_sql_insight, store_failure, store_result, wrap
from tests.api.test_query_counts import count_queries
from tests.builders import Person, make_dashboard, make_insight, make_key
from tests.client import Api
from tests.queries.test_refresh import COLUMNS, TABLE
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
FILTERED = "select count() from events where {filters}"


def override(**filters: Any) -> dict[str, str]:
    return {"filters_override": json.dumps(filters)}


@pytest.mark.parametrize("state", COLUMNS)
@pytest.mark.parametrize("refresh", Refresh)
def test_modes_queue_what_they_compute(alice: Person, home: Project, refresh: Refresh, state: Freshness) -> None:
    insight = make_sql_insight(alice)
    if state is not Freshness.MISSING:
        store_result(home, wrap(), state=state)
    expected = TABLE[refresh][COLUMNS.index(state)]
    for path in (f"insights/{insight.pk}/", f"insights/{insight.short_id}", "insights/"):
        QueryResult.objects.update(requested_at=None)
        answer = alice.api.get(path, refresh=refresh.value).json
        found = answer["results"][0] if "results" in answer else answer
        assert count_queued() == int(expected.computes)
        assert found["result_state"] == (
            "queued" if expected.computes else "not_computed" if state is Freshness.MISSING else "computed"
        )
        if state is Freshness.MISSING:
            QueryResult.objects.all().delete()


def test_nothing_found_differs_from_not_computed(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    path = f"insights/{insight.pk}/"
    before = alice.api.get(path).json
    assert (before["result"], before["result_state"], before["is_cached"]) == (None, "not_computed", False)
    store_result(home, wrap(), [], size=2)
    after = alice.api.get(path).json
    assert (after["result"], after["result_state"], after["is_cached"]) == ([], "computed", True)


def test_polling_client_ends_with_a_result_or_an_error(alice: Person, home: Project) -> None:
    """A client polls `insights/?short_id=…&refresh=lazy_async` until `query_status` is null or complete."""
    insight = make_sql_insight(alice)
    path = f"insights/?short_id={insight.short_id}&refresh=lazy_async"

    def poll() -> dict[str, Any]:
        [found] = alice.api.get(path).json["results"]
        assert isinstance(found, dict)
        return found

    assert (poll()["result"], poll()["query_status"]["complete"]) == (None, False)
    row = QueryResult.objects.get()
    complete(row, [[4]])
    assert (poll()["result"], poll()["query_status"]) == ([[4]], None)
    row.delete()
    store_failure(home, wrap(), "unknown_table", "Unknown table.")
    status = poll()["query_status"]
    assert (status["complete"], status["error"], status["error_message"]) == (True, True, "Unknown table.")
    assert count_queued() == 0


def test_plain_reads_take_one_more_statement_and_only_with_queries(alice: Person) -> None:
    bare = make_insight(alice, query=None)
    sql = make_sql_insight(alice)
    assert count_queries(alice, f"insights/{bare.pk}/") == 3
    assert count_queries(alice, f"insights/{sql.pk}/") == 4
    one = count_queries(alice, "insights/")
    for number in range(20):
        make_sql_insight(alice, sql=f"select {number}")
    assert count_queries(alice, "insights/") == one


def test_plain_reads_never_write(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    store_result(home, wrap(), state=Freshness.LAZILY_STALE)
    for path in (f"insights/{insight.pk}/", "insights/", f"insights/{insight.pk}/?refresh=nonsense"):
        alice.api.get(path)
        with CaptureQueriesContext(connection) as captured:
            assert "[[1]]" in alice.api.get(path).text.replace(" ", "")
        assert [each["sql"] for each in captured if not each["sql"].startswith("SELECT")] == []
    assert count_queued() == 0


def test_overrides_compute_what_is_missing(alice: Person) -> None:
    insight = make_sql_insight(alice, sql=FILTERED)
    path = f"insights/{insight.pk}/"
    shown = alice.api.get(path, **override(date_from="-3d")).json
    assert (shown["result_state"], count_queued()) == ("queued", 1)
    complete(QueryResult.objects.get(), [[7]])
    assert alice.api.get(path, **override(date_from="-3d")).json["result"] == [[7]]
    assert alice.api.get(path).json["result"] is None
    # An empty override has no effect.
    assert alice.api.get(path, filters_override="").json["result_state"] == "not_computed"
    assert count_queued() == 0


def test_list_takes_overrides(alice: Person) -> None:
    make_sql_insight(alice, sql=FILTERED)
    make_insight(alice)
    [_, found] = alice.api.get("insights/", **override(date_from="-3d")).json["results"]
    assert found["query"]["source"]["filters"]["dateRange"]["date_from"] == "-3d"
    assert (found["result_state"], count_queued()) == ("queued", 2)
    queries = {row.query["kind"]: row.query for row in QueryResult.objects.all()}
    assert queries["HogQLQuery"]["filters"]["dateRange"]["date_from"] == "-3d"
    assert queries["TrendsQuery"]["dateRange"]["date_from"] == "-3d"
    assert alice.api.get("insights/", filters_override="[]").error[3] == "filters_override"


def test_from_dashboard_has_the_result_of_the_tile(alice: Person, home: Project) -> None:
    board = make_dashboard(alice, filters={"date_from": "-7d"})
    insight = make_sql_insight(alice, board, sql=FILTERED)
    path = f"insights/{insight.pk}/?from_dashboard={board.pk}"
    store_result(home, alice.api.get(path).json["query"], [[70]])
    [tile] = alice.api.get(f"dashboards/{board.pk}/").json["tiles"]
    assert (alice.api.get(path).json["result"], tile["insight"]["result"]) == ([[70]], [[70]])
    assert alice.api.get(f"insights/{insight.pk}/").json["result"] is None
    alice.api.get(f"{path}&refresh=force_async")
    assert count_queued() == 1


def test_variables_have_results_of_their_own(alice: Person, home: Project) -> None:
    variables = {"v": {"code_name": "plan", "variableId": "v", "value": "free"}}
    query = wrap("select {variables.plan}", variables=variables)
    insight = make_insight(alice, query=query)
    store_result(home, query, [["free"]])
    path = f"insights/{insight.pk}/"
    paid = {"variables_override": json.dumps({"plan": "paid"}), "refresh": "force_cache"}
    assert alice.api.get(path).json["result"] == [["free"]]
    shown = alice.api.get(path, **paid).json
    assert (shown["result"], shown["query"]["source"]["variables"]["v"]["value"]) == (None, "paid")
    store_result(home, shown["query"], [["paid"]])
    assert alice.api.get(path, **paid).json["result"] == [["paid"]]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"kind": "PathsQuery"}, "unsupported_query_kind"),
        ({"kind": "InsightVizNode", "source": {"kind": "ActorsQuery", "source": {}}}, "unsupported_query_kind"),
        ({"kind": "QueryValidation", "source": {"kind": "HogQLQuery", "query": "select 1"}}, "unsupported_query_kind"),
        ({"kind": "DataTableNode"}, "invalid_query"),
        ({"query": "select 1"}, "invalid_query"),
    ],
)
def test_query_that_cannot_be_computed_is_an_error_of_the_insight(alice: Person, query: Any, code: str) -> None:
    insight = make_insight(alice, query=query)
    for refresh in ("force_cache", "force_blocking", "lazy_async"):
        answer = alice.api.get(f"insights/{insight.pk}/", refresh=refresh)
        status = answer.json["query_status"]
        assert (answer.status, answer.json["result"], answer.json["result_state"]) == (200, None, "failed")
        assert (status["complete"], status["error"], status["error_code"], status["id"]) == (True, True, code, None)
    assert not QueryResult.objects.exists()


def test_insight_without_a_query_has_neither_a_result_nor_an_error(alice: Person) -> None:
    insight = make_insight(alice, query=None)
    shown = alice.api.get(f"insights/{insight.pk}/?refresh=blocking").json
    assert (shown["result_state"], shown["query_status"], shown["filters_hash"]) == ("not_computed", None, None)
    assert not QueryResult.objects.exists()


def test_results_of_another_project_never_appear(alice: Person, carol: Person, away: Project) -> None:
    insight = make_sql_insight(alice)
    theirs = make_sql_insight(carol)
    store_result(away, wrap(), [["SECRET"]])
    assert alice.api.get(f"insights/{insight.pk}/").json["result"] is None
    assert carol.api.get(f"insights/{theirs.pk}/").json["result"] == [["SECRET"]]
    assert alice.api.get(f"insights/{theirs.pk}/?refresh=blocking").status == 404
    assert count_queued() == 0


def test_writes_answer_the_cache_and_compute_nothing(alice: Person, home: Project) -> None:
    store_result(home, wrap(), [[1]], Freshness.STALE)
    created = alice.api.post("insights/?refresh=true", {"name": "New", "query": wrap()})
    assert (created.status, created.json["result"]) == (201, [[1]])
    assert created.headers["Ignored-Fields"] == "refresh"
    path = f"insights/{created.json['id']}/"
    changed = alice.api.patch(path, {"name": "Newer", "refresh": "blocking"}, documented=False)
    assert (changed.json["name"], changed.json["result"]) == ("Newer", [[1]])
    assert changed.headers["Ignored-Fields"] == "refresh"
    moved = alice.api.patch(path, {"query": wrap("select 2")})
    assert (moved.json["result"], moved.json["result_state"]) == (None, "not_computed")
    assert count_queued() == 0


def test_result_fields_are_read_only(alice: Person) -> None:
    """The fields of the result have no effect when a client sends back an insight as it was read."""
    insight = make_sql_insight(alice)
    read = alice.api.get(f"insights/{insight.pk}/").json
    answer = alice.api.patch(
        f"insights/{insight.pk}/", {**read, "result": [["forged"]], "hogql": "x"}, documented=False
    )
    assert (answer.status, answer.json["result"], answer.json["hogql"]) == (200, None, None)
    assert not QueryResult.objects.exists()


def test_large_and_repeated_overrides_are_bounded(alice: Person) -> None:
    insight = make_sql_insight(alice, sql=FILTERED)
    path = f"insights/{insight.pk}/"
    wide = {"properties": [{"key": "x" * 1000, "value": str(number), "type": "event"} for number in range(100)]}
    assert alice.api.get(path, **override(**wide)).status == 200
    assert count_queued() == 1
    for number in range(5):
        alice.api.get(path, **override(**wide), refresh="blocking", unknown=number)
    assert count_queued() == 1


def test_read_scope_of_insights_suffices_to_refresh(alice: Person, home: Project) -> None:
    insight = make_sql_insight(alice)
    reader = Api(make_key(alice.user, "insight:read"), home.pk)
    assert reader.get(f"insights/{insight.pk}/?refresh=async").json["result_state"] == "queued"
    assert reader.get(f"dashboards/{make_dashboard(alice).pk}/run_insights/").status == 403
