"""POST insights/validate/: the queued query, and the response with its result. tests/queries/ uses an engine."""

from typing import Any

import pytest

from events.models import Store
from queries.models import QueryResult
from tests.api.stored_results import complete, count_queued, make_sql_insight, store_failure, store_result, wrap
from tests.builders import Person, make_key
from tests.client import Api
from users.models import Project

pytestmark = pytest.mark.usefixtures("with_store")
PATH = "insights/validate/"
SQL = {"kind": "HogQLQuery", "query": "select cuont()"}
PROBLEM = {
    "code": "unknown_function",
    "detail": 'Unknown function "cuont".',
    "attr": "query",
    "start": 7,
    "end": 14,
    "line": 1,
    "column": 8,
}


def test_validation_is_queued_and_answered_from_its_result(alice: Person) -> None:
    pending = alice.api.post(PATH, {"query": SQL})
    assert (pending.status, pending.json["query_status"]["complete"]) == (202, False)
    row = QueryResult.objects.get()
    assert row.query == {"kind": "QueryValidation", "source": SQL}
    complete(row, [PROBLEM])
    answer = alice.api.post(PATH, {"query": SQL})
    assert (answer.status, answer.json) == (200, {"valid": False, "errors": [PROBLEM]})
    complete(row, [])
    assert alice.api.post(PATH, {"query": SQL}).json == {"valid": True, "errors": []}
    assert count_queued() == 0


def test_idempotency_key_does_not_repeat_the_status_from_before_the_result(alice: Person) -> None:
    headers = {"Idempotency-Key": "once"}
    assert alice.api.post(PATH, {"query": SQL}, headers=headers).status == 202
    complete(QueryResult.objects.get(), [])
    assert alice.api.post(PATH, {"query": SQL}, headers=headers).json == {"valid": True, "errors": []}


def test_validation_is_not_the_result_of_an_insight(alice: Person, home: Project) -> None:
    """If the result of an insight were a validation, viewers could see messages about tables."""
    query: Any = {"kind": "QueryValidation", "source": SQL}
    store_result(home, query, [PROBLEM])
    insight = make_sql_insight(alice)
    insight.query = query
    insight.save()
    shown = alice.api.get(f"insights/{insight.pk}/?refresh=blocking").json
    assert (shown["result"], shown["query_status"]["error_code"]) == (None, "unsupported_query_kind")
    assert alice.api.post("query/", {"query": query}).json["code"] == "unsupported_query_kind"


@pytest.mark.parametrize("body", [{}, {"query": None}, {"query": []}, {"query": "select 1"}, {"query": 5}])
def test_query_must_be_an_object(alice: Person, body: Any) -> None:
    answer = alice.api.post(PATH, body, documented=False)
    assert (answer.status, answer.json["attr"]) == (400, "query")
    assert not QueryResult.objects.exists()


def test_unknown_keys_are_named(alice: Person) -> None:
    answer = alice.api.post(PATH, {"query": SQL, "refresh": "force_cache"}, documented=False)
    assert answer.headers["Ignored-Fields"] == "refresh"


def test_errors_of_the_service_are_errors_of_the_request(alice: Person, home: Project, settings: Any) -> None:
    failed = store_failure(home, {"kind": "QueryValidation", "source": SQL}, "worker_lost", "Gave up.")
    assert alice.api.post(PATH, {"query": SQL}).status == 202  # the failed query is queued again
    assert count_queued() == 1
    failed.delete()
    Store.objects.all().delete()
    assert alice.api.post(PATH, {"query": SQL}).error == (400, "validation_error", "no_data", "query")
    settings.ENGINE = False
    assert alice.api.post(PATH, {"query": SQL}).error[0:3:2] == (503, "engine_unavailable")


def test_scope_is_that_of_queries(alice: Person, home: Project, carol: Person) -> None:
    for scopes, status in ((["query:read"], 202), (["insight:write"], 403)):
        assert Api(make_key(alice.user, *scopes), home.pk).post(PATH, {"query": wrap()}).status == status
    assert Api(carol.key, home.pk).post(PATH, {"query": SQL}).status == 403
    assert count_queued() == 1
