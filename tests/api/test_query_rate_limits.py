"""The rate limit of the queries that are run for an API key."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from dashboards_api.environment import Rate
from queries.models import QueryResult
from queries.services import queue
from tests.api.stored_results import complete, count_queued, make_sql_insight
from tests.api.test_refresh_dashboards import get_tiles
from tests.builders import Person, make_dashboard, make_key, make_session
from tests.client import Answer, Api
from tests.queries.rows import build_sql
from users.models import RateWindow

DAY = 86400
THROTTLED = (429, "throttled_error", "throttled", None)
pytestmark = pytest.mark.usefixtures("with_store")


@pytest.fixture(autouse=True)
def three_a_day() -> Iterator[None]:
    with override_settings(QUERY_RATE_LIMITS=[Rate(3, DAY)]):
        yield


def run(api: Api, number: int, refresh: str = "async") -> Answer:
    return api.post("query/", {"query": build_sql(f"select {number}"), "refresh": refresh}, documented=False)


def test_query_beyond_the_limit_is_429_and_is_not_queued(alice: Person) -> None:
    assert [run(alice.api, number).status for number in range(5)] == [202, 202, 202, 429, 429]
    refused = run(alice.api, 5)
    assert refused.error == THROTTLED
    wait = int(refused.headers["Retry-After"])
    assert 1 <= wait <= DAY
    detail = f"This API key has requested too many queries. Expected available in {wait} seconds."
    assert refused.json["detail"] == detail
    assert [row.query["query"] for row in QueryResult.objects.order_by("requested_at")] == [
        f"select {number}" for number in range(3)
    ]
    assert [(row.seconds, row.taken) for row in RateWindow.objects.all()] == [(DAY, 3)]


def test_only_what_is_computed_counts(alice: Person) -> None:
    run(alice.api, 0)
    assert [run(alice.api, 0).status for _ in range(5)] == [202] * 5  # the query is queued already
    complete(QueryResult.objects.get(), [[1]])
    assert [run(alice.api, 0, "blocking").json["results"] for _ in range(5)] == [[[1]]] * 5
    assert [run(alice.api, number).status for number in (1, 2, 3)] == [202, 202, 429]
    assert run(alice.api, 0, "blocking").json["results"] == [[1]]


def test_each_key_has_its_own_limit_and_sessions_have_none(alice: Person) -> None:
    assert [run(alice.api, number).status for number in range(4)] == [202, 202, 202, 429]
    other = Api(make_key(alice.user, "query:read"), alice.membership.project_id)
    assert run(other, 4).status == 202
    session = make_session(alice)
    assert [run(session, number).status for number in range(5, 10)] == [202] * 5
    assert run(alice.api, 10).error == THROTTLED


def test_query_for_which_there_is_no_place_does_not_count(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 1)
    assert run(alice.api, 0).status == 202
    answers = [run(alice.api, number) for number in range(1, 6)]
    assert {answer.json["code"] for answer in answers} == {"concurrency_limit_exceeded"}
    complete(QueryResult.objects.get(), [[1]])
    assert run(alice.api, 6).status == 202


def test_dashboard_is_computed_as_a_whole_and_counts_as_its_queries(alice: Person) -> None:
    board = make_dashboard(alice)
    for number in range(5):
        make_sql_insight(alice, board, sql=f"select {number}")
    insights = [tile["insight"] for tile in get_tiles(alice, board, refresh="blocking")]
    assert [each["result_state"] for each in insights] == ["queued"] * 5
    assert run(alice.api, 9).error == THROTTLED
    for row in QueryResult.objects.queued():
        complete(row, [[1]])
    insights = [tile["insight"] for tile in get_tiles(alice, board, refresh="force_blocking")]
    assert [each["result"] for each in insights] == [[[1]]] * 5
    assert {each["query_status"]["error_code"] for each in insights} == {"throttled"}
    assert all("Expected available in" in each["query_status"]["error_message"] for each in insights)
    assert count_queued() == 0


@pytest.mark.parametrize("path", ["", "export/"])
def test_insight_beyond_the_limit(alice: Person, path: str) -> None:
    insight = make_sql_insight(alice, make_dashboard(alice), sql="select 9")
    for number in range(3):
        run(alice.api, number)
    answer = alice.api.get(f"insights/{insight.pk}/{path}", refresh="blocking")
    if path:
        assert answer.error == THROTTLED
        assert int(answer.headers["Retry-After"]) >= 1
    else:
        assert (answer.status, answer.json["query_status"]["error_code"]) == (200, "throttled")
