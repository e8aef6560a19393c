"""Dashboards, share links and validation with a query worker and an engine. A later response contains the results."""

from typing import Any

import pytest

from queries.models import QueryResult
from queries.worker import Worker
from tests.api.stored_results import make_sql_insight
from tests.api.test_shared import share, visit
from tests.builders import Person, make_dashboard, make_insight
from tests.queries.worker.conftest import run_until

# The query worker closes its connection between polls, which must not end the transaction of a test.
pytestmark = pytest.mark.django_db(transaction=True)


def compute(worker: Worker) -> None:
    run_until(worker, lambda: not QueryResult.objects.queued().exists())


def get_insights(person: Person, path: str) -> list[dict[str, Any]]:
    return [tile["insight"] for tile in person.api.get(path).json["tiles"]]


def test_board_has_the_results_that_it_asked_for(worker: Worker, alice: Person) -> None:
    board = make_dashboard(alice)
    for sql in ("select 1 as a, 'x' as b", "select cuont()", "select 1 as a, 'x' as b"):
        make_sql_insight(alice, board, sql=sql)
    make_insight(alice, board, query={"kind": "PathsQuery"})
    path = f"dashboards/{board.pk}/"
    states = [each["result_state"] for each in get_insights(alice, f"{path}?refresh=blocking")]
    assert states == ["queued", "queued", "queued", "failed"]
    assert QueryResult.objects.count() == 2  # the same query is run once
    etag = alice.api.get(path).headers["ETag"]
    compute(worker)
    first, second, third, fourth = get_insights(alice, path)
    assert (first["result"], first["columns"], first["is_cached"]) == ([[1, "x"]], ["a", "b"], True)
    assert first["types"] == [["a", "UInt8"], ["b", "String"]]
    assert third["result"] == first["result"]
    assert second["query_status"]["error_code"] == "unknown_function"
    assert "cuont" in second["query_status"]["error_message"]
    assert fourth["query_status"]["error_code"] == "unsupported_query_kind"
    changed = alice.api.call("GET", path, headers={"If-None-Match": etag})
    assert changed.status == 200
    again = alice.api.call("GET", path, headers={"If-None-Match": changed.headers["ETag"]})
    assert again.status == 304
    runs = alice.api.get(f"{path}run_insights/").json["results"]
    assert [each["insight"]["result"] for each in runs][:1] == ["a|b\n1|x"]


def test_share_link_has_results_without_sql(worker: Worker, alice: Person) -> None:
    board = make_dashboard(alice)
    make_sql_insight(alice, board, sql="select 40 + 2 as answer")
    make_sql_insight(alice, board, sql="select secret_column from events")
    token = share(alice, board)
    visit(f"/shared/{token}.json")
    compute(worker)
    answer = visit(f"/shared/{token}.json")
    first, second = (tile["insight"] for tile in answer.json["dashboard"]["tiles"])
    assert (first["result"], first["columns"], first["hogql"]) == ([[42]], ["answer"], None)
    assert second["query_status"]["error_code"]
    assert "secret_column" not in answer.text
    assert "40 + 2" not in answer.text


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("select 1", None),
        ("select\n  cuont() from events", {"code": "unknown_function", "line": 2, "column": 3}),
        ("select 1 from evnets", {"code": "unknown_table"}),
        ("select 1 +", {"attr": "query"}),
    ],
)
def test_validation_tells_the_place(worker: Worker, alice: Person, sql: str, problem: dict[str, Any] | None) -> None:
    body = {"query": {"kind": "DataVisualizationNode", "source": {"kind": "HogQLQuery", "query": sql}}}
    assert alice.api.post("insights/validate/", body).status == 202
    compute(worker)
    answer = alice.api.post("insights/validate/", body)
    assert (answer.status, answer.json["valid"]) == (200, problem is None)
    if problem:
        [found] = answer.json["errors"]
        assert {name: found[name] for name in problem} == problem
