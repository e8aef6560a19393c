"""`Results.obtain`: the actions of each mode for each state of a result, and the number of statements."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries, Settings

from events.models import DataVersion, Store
from queries.models import QueryResult
from queries.readers.results import Outcome, read_results
from queries.refresh import Freshness, Refresh
from queries.services import queue
from queries.services.results import RefreshRequest, Results
from tests.queries.rows import build_sql, make_result, make_store
from tests.queries.test_refresh import COLUMNS, TABLE
from users.models import Project

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def with_store(db: None, settings: Settings) -> None:
    settings.ENGINE = True
    make_store()


def store_state(project: Project, state: Freshness) -> None:
    """Store a result in the given state, except for the state MISSING."""
    moment = now()
    ages = {
        Freshness.FRESH: (moment + HOUR, moment + 2 * HOUR),
        Freshness.STALE: (moment - HOUR, moment + HOUR),
        Freshness.LAZILY_STALE: (moment - 2 * HOUR, moment - HOUR),
    }
    if state in ages:
        stale_at, lazily_stale_at = ages[state]
        make_result(project, stale_at=stale_at, lazily_stale_at=lazily_stale_at, computed_at=moment - 3 * HOUR)


def obtain(project: Project, refresh: Refresh, query: Any = None, **options: Any) -> tuple[Outcome, Results]:
    results = Results(project, RefreshRequest(refresh, **options))
    [outcome] = results.obtain([build_sql() if query is None else query])
    return outcome, results


@pytest.mark.parametrize("state", COLUMNS)
@pytest.mark.parametrize("refresh", Refresh)
def test_mode_queues_and_waits_as_the_table_says(home: Project, refresh: Refresh, state: Freshness) -> None:
    store_state(home, state)
    outcome, results = obtain(home, refresh)
    expected = TABLE[refresh][COLUMNS.index(state)]
    queued = list(QueryResult.objects.queued())
    assert (len(queued), outcome.waits) == (expected.computes, expected.waits)
    assert results.waiting == ([queued[0].pk] if expected.waits else [])
    assert outcome.raw_results == (None if state is Freshness.MISSING else "[[1]]")
    assert outcome.error is None
    assert not outcome.is_new


@pytest.mark.parametrize("refresh", Refresh)
def test_query_that_is_queued_is_waited_for_and_not_queued_again(home: Project, refresh: Refresh) -> None:
    moment = now() - timedelta(seconds=5)
    make_result(home, stale_at=now() - HOUR, requested_at=moment)
    outcome, _ = obtain(home, refresh)
    assert outcome.waits is (refresh in (Refresh.BLOCKING, Refresh.FORCE_BLOCKING))
    assert QueryResult.objects.get().requested_at == moment


def test_result_of_earlier_data_is_lazily_stale(home: Project, away: Project) -> None:
    make_result(home, data_version=3)
    DataVersion.objects.create(project=home, number=3)
    DataVersion.objects.create(project=away, number=9)
    assert not obtain(home, Refresh.LAZY_ASYNC)[0].waits
    assert not QueryResult.objects.queued().exists()
    DataVersion.objects.filter(project=home).update(number=4)
    obtain(home, Refresh.LAZY_ASYNC)
    assert QueryResult.objects.queued().exists()


def test_result_of_another_project_is_not_read_by_its_key(home: Project, away: Project) -> None:
    """Filter results by project, although their cache keys also contain the project."""
    key = make_result(away).cache_key
    assert list(read_results(away.pk, [key])) == [key]
    assert read_results(home.pk, [key]) == {}


def test_result_whose_range_has_ended_never_becomes_stale(home: Project) -> None:
    make_result(home, stale_at=None, lazily_stale_at=None, computed_at=now() - timedelta(days=400))
    assert obtain(home, Refresh.BLOCKING)[0].raw_results == "[[1]]"
    assert not QueryResult.objects.queued().exists()


def test_result_since_the_first_run_answers_a_forced_refresh(home: Project) -> None:
    """Return a result that is newer than the first run, because each run would otherwise queue the query again."""
    first_run = now() - timedelta(seconds=1)
    make_result(home)
    outcome, results = obtain(home, Refresh.FORCE_BLOCKING, since=first_run)
    assert (outcome.raw_results, outcome.is_new, outcome.waits, results.waiting) == ("[[1]]", True, False, [])
    outcome, _ = obtain(home, Refresh.FORCE_BLOCKING, since=now() + timedelta(seconds=1))
    assert (outcome.waits, QueryResult.objects.queued().count()) == (True, 1)


def test_error_since_the_first_run_answers_the_request(home: Project) -> None:
    failed: dict[str, Any] = {"error_code": "unknown_function", "error_detail": "Unknown.", "failed_at": now()}
    make_result(home, results=None, details=None, computed_at=None, size=0, **failed)
    outcome, _ = obtain(home, Refresh.BLOCKING, since=now() - timedelta(seconds=1))
    assert outcome.error
    assert (outcome.error.code, outcome.error.detail, outcome.waits) == ("unknown_function", "Unknown.", False)
    assert not QueryResult.objects.queued().exists()
    assert obtain(home, Refresh.BLOCKING)[0].waits  # a new request computes again


@pytest.mark.parametrize("refresh", [Refresh.ASYNC, Refresh.LAZY_ASYNC, Refresh.ASYNC_EXCEPT_ON_CACHE_MISS])
def test_poll_does_not_compute_a_query_that_has_just_failed(home: Project, refresh: Refresh) -> None:
    failed: dict[str, Any] = {"error_code": "query_timeout", "error_detail": "Slow.", "computed_at": now() - HOUR}
    row = make_result(home, stale_at=now() - HOUR, lazily_stale_at=now() - HOUR, failed_at=now(), **failed)
    outcome, _ = obtain(home, refresh)
    assert outcome.error
    assert (outcome.error.code, outcome.raw_results) == ("query_timeout", "[[1]]")
    assert not QueryResult.objects.queued().exists()
    QueryResult.objects.filter(pk=row.pk).update(failed_at=now() - timedelta(seconds=90))
    assert obtain(home, refresh)[0].error is None
    assert QueryResult.objects.queued().exists()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"kind": "TrendsQueryy"}, "unsupported_query_kind"),
        ({"kind": "InsightVizNode"}, "invalid_query"),
        ({"kind": ["HogQLQuery"]}, "invalid_query"),
        ({"query": "select 1"}, "invalid_query"),
        ({"kind": "DataTableNode", "source": {"kind": "ActorsQuery"}}, "unsupported_query_kind"),
    ],
)
def test_query_that_cannot_be_computed_is_never_queued(home: Project, query: Any, code: str) -> None:
    outcome, _ = obtain(home, Refresh.FORCE_BLOCKING, query)
    assert outcome.error
    assert (outcome.error.code, outcome.stored, outcome.waits) == (code, None, False)
    assert not QueryResult.objects.exists()


def test_without_a_query_there_is_no_result(home: Project) -> None:
    assert Results(home, RefreshRequest(Refresh.BLOCKING)).obtain([None, {}]) == [Outcome(), Outcome()]


def test_engine_that_is_off_and_missing_data_are_errors(home: Project, settings: Settings) -> None:
    Store.objects.all().delete()
    outcome, _ = obtain(home, Refresh.BLOCKING)
    assert outcome.error
    assert outcome.error.code == "no_data"
    settings.ENGINE = False
    for refresh in (Refresh.BLOCKING, Refresh.FORCE_CACHE):
        outcome, _ = obtain(home, refresh)
        assert outcome.error
        assert outcome.error.code == "engine_unavailable"
    make_result(home)
    assert obtain(home, Refresh.BLOCKING)[0].raw_results == "[[1]]"
    assert not QueryResult.objects.queued().exists()


def test_full_queue_is_an_error_beside_an_older_result(home: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 0)
    make_result(home, stale_at=now() - HOUR)
    outcome, _ = obtain(home, Refresh.BLOCKING)
    assert outcome.error
    assert (outcome.error.code, outcome.raw_results) == ("concurrency_limit_exceeded", "[[1]]")


def test_results_beyond_the_limit_of_a_response_are_left_out(home: Project) -> None:
    queries = [build_sql(f"select {number}") for number in range(3)]
    for query in queries:
        make_result(home, query["query"])
    outcomes = Results(home, characters_max=10).obtain(queries)
    assert sorted(each.error.code if each.error else "" for each in outcomes) == ["", "", "too_large"]


def test_results_of_many_queries_are_read_by_one_statement(
    home: Project, away: Project, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    queries = [build_sql(f"select {number}") for number in range(50)]
    for query in queries:
        make_result(home, query["query"])
        make_result(away, query["query"], results=[["SECRET"]])
    with django_assert_num_queries(1):
        outcomes = Results(home).obtain([*queries, None, *queries])
    assert [each.raw_results for each in outcomes] == [*["[[1]]"] * 50, None, *["[[1]]"] * 50]


def test_missing_results_of_many_queries_are_queued_at_once(
    home: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    queries = [build_sql(f"select {number}") for number in range(50)]
    # Read the results and the store, begin and end a transaction with four statements, and read again.
    with django_assert_max_num_queries(10):
        results = Results(home, RefreshRequest(Refresh.BLOCKING))
        outcomes = results.obtain([*queries, *queries])
    assert len(results.waiting) == QueryResult.objects.queued().count() == 50
    assert all(each.waits for each in outcomes)


def test_reading_is_recorded_at_most_twice_a_day(home: Project) -> None:
    row = make_result(home, read_at=now() - timedelta(hours=11))
    obtain(home, Refresh.FORCE_CACHE)
    assert QueryResult.objects.get().read_at == row.read_at
    QueryResult.objects.update(read_at=now() - timedelta(hours=13))
    obtain(home, Refresh.FORCE_CACHE)
    assert QueryResult.objects.get().read_at > now() - timedelta(minutes=1)
