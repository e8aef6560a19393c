"""`query/`: responses, queued queries and errors. The tests store results; tests/queries/worker/ computes them."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from events.models import Store
from queries.models import QueryReference, QueryResult
from queries.services import queue
from queries.services.queue import complete_query, fail_query
from tests.builders import Person, make_key
from tests.client import Answer, Api
from tests.queries.rows import build_computed, build_sql, claim, make_result, make_store

STRICT = {"Prefer": "handling=strict"}
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def with_store(db: None, settings: Settings) -> None:
    settings.ENGINE = True
    make_store()


def run(person: Person, query: Any = None, **body: Any) -> Answer:
    return person.api.post("query/", {"query": build_sql() if query is None else query, **body}, documented=False)


def test_stored_result_is_answered(alice: Person) -> None:
    row = make_result(alice.membership.project, results=[[1, "a", None]], size=12)
    answer = run(alice)
    assert answer.status == 200, answer
    assert (answer.json["results"], answer.json["columns"]) == ([[1, "a", None]], ["a"])
    assert (answer.json["hasMore"], answer.json["limit"], answer.json["is_cached"]) == (False, 100, True)
    assert (answer.json["query_status"], answer.json["error"]) == (None, None)
    assert answer.json["cache_key"] == row.cache_key
    assert not QueryResult.objects.queued().exists()


def test_query_without_a_result_is_queued_and_its_status_answered(alice: Person) -> None:
    answer = run(alice)
    row = QueryResult.objects.get()
    status = answer.json["query_status"]
    assert answer.status == 202
    assert (status["id"], status["complete"], status["error"], status["results"]) == (str(row.pk), False, False, None)
    assert status["team_id"] == alice.membership.project_id
    assert (row.query, row.requested_at is not None) == (build_sql(), True)


def test_status_follows_the_query(alice: Person) -> None:
    path = f"query/{run(alice, refresh='async').json['query_status']['id']}/"
    assert (alice.api.get(path).status, alice.api.get(path).json["query_status"]["pickup_time"]) == (202, None)
    found = claim()
    running = alice.api.get(path)
    assert (running.status, running.json["query_status"]["complete"]) == (202, False)
    assert running.json["query_status"]["pickup_time"]
    complete_query(found, build_computed("[[42]]", stale_at=now() + timedelta(hours=1)))
    done = alice.api.get(path)
    assert (done.status, done.json["query_status"]["complete"]) == (200, True)
    assert done.json["query_status"]["results"]["results"] == [[42]]
    assert done.json["query_status"]["results"]["columns"] == ["a"]


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("unknown_function", (400, "validation_error", "unknown_function", "query")),
        ("query_cancelled", (400, "validation_error", "query_cancelled", "query")),
        ("engine_unavailable", (503, "server_error", "engine_unavailable", None)),
        ("worker_lost", (503, "server_error", "worker_lost", None)),
        ("query_error", (500, "server_error", "query_error", None)),
    ],
)
def test_failed_query_is_answered_with_its_error(alice: Person, code: str, error: tuple[Any, ...]) -> None:
    path = f"query/{run(alice, refresh='async').json['query_status']['id']}/"
    fail_query(claim(), code, "The reason.")
    answer = alice.api.get(path)
    status = answer.json.pop("query_status")
    assert answer.error == error
    assert answer.json["detail"] == "The reason."
    assert (status["complete"], status["error"], status["error_message"]) == (True, True, "The reason.")
    assert status["error_code"] == code
    polled = run(alice, refresh="async")
    assert (polled.error, polled.json["detail"]) == (error, "The reason.")


def test_no_data_and_an_engine_that_is_off_are_errors(alice: Person, settings: Settings) -> None:
    Store.objects.all().delete()
    answer = run(alice)
    assert answer.error == (400, "validation_error", "no_data", "query")
    assert "manage.py import_events" in answer.json["detail"]
    settings.ENGINE = False
    assert run(alice).error == (503, "server_error", "engine_unavailable", None)


def test_full_queue_is_429_with_retry_after(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 1)
    assert run(alice, build_sql("select 1")).status == 202
    answer = run(alice, build_sql("select 2"))
    assert answer.error == (429, "throttled_error", "concurrency_limit_exceeded", None)
    assert answer.headers["Retry-After"] == "5"
    assert answer.json["detail"] == "Too many queries of this project are in the queue. Please try again later."
    assert run(alice, build_sql("select 1")).status == 202


@pytest.mark.parametrize(
    ("body", "code", "attr"),
    [
        ({}, "required", "query"),
        ({"query": None}, "null", "query"),
        ({"query": "select 1"}, "invalid_input", "query"),
        ({"query": ["select 1"]}, "invalid_input", "query"),
        ({"query": {}}, "required", "query__kind"),
        ({"query": {"query": "select 1"}}, "invalid_query", "query"),
        ({"query": {"kind": 1}}, "invalid_query", "query"),
        ({"query": {"kind": ["HogQLQuery"]}}, "invalid_query", "query"),
        ({"query": {"kind": {"kind": "HogQLQuery"}}}, "invalid_query", "query"),
        ({"query": {"kind": ""}}, "invalid_query", "query"),
        ({"query": {"kind": "DataTableNode"}}, "invalid_query", "query"),
        ({"query": {"kind": "DataTableNode", "source": "select 1"}}, "invalid_query", "query"),
        ({"query": {"kind": "PathsQueryy"}}, "unsupported_query_kind", "query"),
        ({"query": build_sql(), "refresh": 1}, "invalid_input", "refresh"),
        ({"query": build_sql(), "refresh": ["blocking"]}, "invalid_input", "refresh"),
        ({"query": build_sql(), "async": "perhaps"}, "invalid_input", "async"),
        ({"query": build_sql(), "client_query_id": 1}, "invalid_input", "client_query_id"),
        ({"query": build_sql(), "client_query_id": "x" * 101}, "max_length", "client_query_id"),
        ({"query": build_sql(), "client_query_id": "a\0b"}, "null_characters_not_allowed", "client_query_id"),
        ({"query": build_sql(), "filters_override": []}, "invalid_input", "filters_override"),
        ({"query": build_sql(), "filters_override": {"date_from": 7}}, "invalid_input", "filters_override__date_from"),
        (
            {"query": build_sql(), "filters_override": {"date_from": "x"}},
            "invalid_input",
            "filters_override__date_from",
        ),
        ({"query": build_sql(), "variables_override": {"a": None}}, "null", "variables_override__a"),
        ({"query": {**build_sql(), "values": {"n": 10**20}}}, "invalid_input", "query__values__n"),
    ],
)
def test_invalid_body_is_refused(alice: Person, body: Any, code: str, attr: str) -> None:
    answer = alice.api.post("query/", body, documented=False)
    assert answer.error == (400, "validation_error", code, attr)
    assert not QueryResult.objects.exists()


def test_deeply_nested_query_is_refused(alice: Person) -> None:
    nested = b'{"query": {"kind": "HogQLQuery", "query": "select 1", "values": ' + b"[" * 5000 + b"]" * 5000 + b"}}"
    answer = alice.api.call("POST", "query/", raw=nested)
    assert (answer.status, answer.json["type"]) == (400, "validation_error")


@pytest.mark.parametrize("refresh", ["blocking", "async", "force_cache", "false", False, None, "", "nonsense"])
def test_fresh_result_is_answered_without_computing(alice: Person, refresh: Any) -> None:
    make_result(alice.membership.project)
    assert run(alice, refresh=refresh).status == 200
    assert not QueryResult.objects.queued().exists()


@pytest.mark.parametrize("refresh", ["force_blocking", "force_async", "true", True])
def test_forced_refresh_computes(alice: Person, refresh: Any) -> None:
    make_result(alice.membership.project)
    run(alice, refresh=refresh)
    assert QueryResult.objects.queued().count() == 1


def test_mode_of_the_body_wins_over_that_of_the_address(alice: Person) -> None:
    make_result(alice.membership.project)
    body = {"query": build_sql()}
    assert alice.api.post("query/?refresh=blocking", body | {"refresh": "force_async"}).status == 200
    assert QueryResult.objects.queued().count() == 1
    QueryResult.objects.update(requested_at=None)
    alice.api.post("query/?refresh=force_async", body)
    assert QueryResult.objects.queued().count() == 1


def test_async_answers_a_stale_result_and_computes_it_again(alice: Person) -> None:
    make_result(alice.membership.project, stale_at=now() - timedelta(hours=1))
    answer = run(alice, **{"async": True})
    assert (answer.status, answer.json["results"]) == (200, [[1]])
    assert answer.json["query_status"]["complete"] is False
    assert QueryResult.objects.queued().count() == 1


@pytest.mark.parametrize("wrapper", ["InsightVizNode", "DataTableNode", "DataVisualizationNode"])
def test_wrapped_query_is_the_same_query(alice: Person, wrapper: str) -> None:
    make_result(alice.membership.project)
    assert run(alice, {"kind": wrapper, "source": build_sql()}).json["results"] == [[1]]
    twice = {"kind": "DataTableNode", "source": {"kind": wrapper, "source": build_sql()}}
    assert run(alice, twice).json["results"] == [[1]]


def test_kind_of_the_path_is_checked(alice: Person) -> None:
    make_result(alice.membership.project)
    wrapped = {"query": {"kind": "DataTableNode", "source": build_sql()}}
    assert alice.api.post("query/HogQLQuery/", {"query": build_sql()}).status == 200
    assert alice.api.post("query/HogQLQuery/", wrapped).status == 200
    assert alice.api.post("query/DataTableNode/", wrapped).status == 200
    answer = alice.api.post("query/TrendsQuery/", {"query": build_sql()})
    assert answer.error == (400, "validation_error", "invalid_choice", "query__kind")
    odd = alice.api.post("query/HogQLQuery/", {"query": {"kind": [{}]}})
    assert odd.error == (400, "validation_error", "invalid_choice", "query__kind")


def test_overrides_make_another_query(alice: Person) -> None:
    query = build_sql("select {variables.limit}") | {"variables": {"v1": {"code_name": "limit", "variableId": "v1"}}}
    run(alice, query, variables_override={"v1": {"code_name": "limit", "value": 5}})
    run(alice, build_sql("select 1 where {filters}"), filters_override={"date_from": "-7d"})
    first, second = QueryResult.objects.order_by("created_at")
    assert first.query["variables"]["v1"]["value"] == 5
    assert second.query["filters"] == {"dateRange": {"date_from": "-7d", "date_to": None}}


def test_query_is_found_by_the_id_of_the_client(alice: Person, carol: Person) -> None:
    run(alice, client_query_id="nightly", refresh="async")
    run(carol, build_sql("select 'theirs'"), client_query_id="nightly", refresh="async")
    mine = QueryResult.objects.in_project(alice.membership.project).get()
    assert alice.api.get("query/nightly/").json["query_status"]["id"] == str(mine.pk)
    run(alice, build_sql("select 2"), client_query_id="nightly", refresh="async")
    assert alice.api.get("query/nightly/").json["query_status"]["id"] != str(mine.pk)
    assert QueryReference.objects.count() == 2


def test_client_id_that_equals_the_id_of_another_query_takes_precedence(alice: Person) -> None:
    first = run(alice, build_sql("select 1"), refresh="async").json["query_status"]["id"]
    second = run(alice, build_sql("select 2"), refresh="async", client_query_id=first).json["query_status"]["id"]
    run(alice, build_sql("select 1"), refresh="async", client_query_id=second)
    assert alice.api.get(f"query/{first}/").json["query_status"]["id"] == second
    assert alice.api.get(f"query/{second}/").json["query_status"]["id"] == first


@pytest.mark.parametrize("id_", [UNKNOWN, "unknown", "HogQLQuery", "%00", "1", "a%2Fb", "{0}", "é"])
def test_unknown_query_is_404(alice: Person, id_: str) -> None:
    assert alice.api.get(f"query/{id_}/").status == 404
    assert alice.api.delete(f"query/{id_}/").status == 404


def test_query_of_another_project_is_404(alice: Person, carol: Person) -> None:
    theirs = run(carol, refresh="async", client_query_id="theirs").json["query_status"]["id"]
    for id_ in (theirs, "theirs"):
        assert alice.api.get(f"query/{id_}/").error == (404, "invalid_request", "not_found", None)
        assert alice.api.delete(f"query/{id_}/").status == 404
    assert QueryResult.objects.queued().count() == 1


def test_cancelled_query_is_not_computed(alice: Person) -> None:
    id_ = run(alice, refresh="async").json["query_status"]["id"]
    answer = alice.api.delete(f"query/{id_}/")
    assert (answer.status, answer.json) == (200, {"message": "The query was cancelled."})
    row = QueryResult.objects.get()
    assert (row.requested_at, row.error_code) == (None, "query_cancelled")
    assert alice.api.delete(f"query/{id_}/").json == {"message": "The query is not running."}


def test_results_are_of_one_project(alice: Person, carol: Person) -> None:
    make_result(alice.membership.project, results=[["SECRET"]], size=12)
    assert run(carol).status == 202


def test_scope_is_query_read(alice: Person) -> None:
    make_result(alice.membership.project)
    project_id = alice.membership.project_id
    assert Api(make_key(alice.user, "query:read"), project_id).post("query/", {"query": build_sql()}).status == 200
    answer = Api(make_key(alice.user, "insight:read"), project_id).post("query/", {"query": build_sql()})
    assert answer.error == (403, "authentication_error", "permission_denied", None)
    assert answer.json["detail"] == "API key missing required scope 'query:read'"


@pytest.mark.parametrize("prefix", ["projects", "environments"])
@pytest.mark.parametrize("slash", ["/", ""])
def test_slash_is_optional_below_both_prefixes(alice: Person, prefix: str, slash: str) -> None:
    row = make_result(alice.membership.project)
    path = f"/api/{prefix}/{alice.membership.project_id}/query"
    assert alice.api.post(path + slash, {"query": build_sql()}).status == 200
    assert alice.api.get(f"{path}/{row.pk}{slash}").status == 200


def test_unknown_keys_are_named_or_refused(alice: Person) -> None:
    make_result(alice.membership.project)
    body = {"query": build_sql(), "refersh": "async", "limit_context": "query"}
    assert alice.api.post("query/", body, documented=False).headers["Ignored-Fields"] == "refersh"
    strict = alice.api.post("query/", body, headers=STRICT, documented=False)
    assert strict.error == (400, "validation_error", "unknown_field", "refersh")
    assert alice.api.post("query/?refersh=1", {"query": build_sql()}, headers=STRICT).status == 400


def test_form_is_read(alice: Person) -> None:
    make_result(alice.membership.project)
    answer = alice.api.send_form("POST", "query/", {"query": '{"kind": "HogQLQuery", "query": "select 1"}'})
    assert (answer.status, answer.json["results"]) == (200, [[1]])
