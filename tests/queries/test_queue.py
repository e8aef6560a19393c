"""The queue. One query worker at a time runs a query, and only the holder of the lease can store its result."""

import time
from datetime import timedelta

import pytest
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from queries.models import QueryResult, ResultVersion
from queries.services import queue
from queries.services.queue import (
    Claim,
    cancel_query,
    claim_query,
    complete_query,
    fail_query,
    find_held_leases,
    release_query,
    renew_leases,
    request_results,
    retry_query,
)
from tests.concurrency import run_concurrently
from tests.queries.rows import build_computed, build_sql, claim, expire, request
from users.models import Project


def version(project: Project) -> int:
    return ResultVersion.objects.filter(project=project).values_list("number", flat=True).first() or 0


def test_query_is_requested_claimed_and_completed(home: Project) -> None:
    [row] = request(home, "select 1")
    assert (row.requested_at is not None, row.attempts, row.lease_id) == (True, 0, None)
    found = claim()
    assert (found.result_id, found.project, found.query, found.data_version) == (row.pk, home, build_sql("select 1"), 0)
    row.refresh_from_db()
    assert (row.attempts, row.lease_id) == (1, found.lease_id)
    assert row.lease_until
    assert timedelta(seconds=28) < row.lease_until - now() <= queue.LEASE
    assert claim_query() is None
    stale_at = now() + timedelta(hours=1)
    assert complete_query(found, build_computed("[[42]]", stale_at=stale_at))
    row.refresh_from_db()
    assert (row.results, row.details["columns"], row.size, row.milliseconds) == ([[42]], ["a"], 6, 3)
    assert {row.requested_at, row.lease_id, row.lease_until} == {None}
    assert row.stale_at == stale_at
    assert row.computed_at
    assert now() - row.computed_at < timedelta(seconds=5)
    assert version(home) == 1


def test_query_that_is_queued_is_not_requested_twice(home: Project) -> None:
    [row] = request(home, "select 1")
    [again] = request(home, "select 1")
    assert (again.pk, again.requested_at) == (row.pk, row.requested_at)
    claim()
    request(home, "select 1")
    assert claim_query() is None


def test_failure_keeps_an_earlier_result(home: Project) -> None:
    request(home, "select 1")
    complete_query(claim(), build_computed("[[42]]"))
    request(home, "select 1")
    assert fail_query(claim(), "query_timeout", "x\0y" + "z" * 5000)
    row = QueryResult.objects.get()
    assert (row.results, row.error_code, row.requested_at) == ([[42]], "query_timeout", None)
    assert row.error_detail.startswith("x�yzz")
    assert len(row.error_detail) == queue.ERROR_DETAIL_MAX_LENGTH
    assert version(home) == 2
    request(home, "select 1")
    complete_query(claim(), build_computed("[[43]]"))
    row.refresh_from_db()
    assert (row.results, row.error_code, row.failed_at) == ([[43]], "", None)


def test_cancelled_query_loses_its_lease(home: Project, away: Project) -> None:
    [row] = request(home, "select 1")
    found = claim()
    assert not cancel_query(away, row.pk)
    assert find_held_leases([found.lease_id]) == {found.lease_id}
    assert cancel_query(home, row.pk)
    assert not cancel_query(home, row.pk)
    assert find_held_leases([found.lease_id]) == set()
    assert not complete_query(found, build_computed())
    assert not fail_query(found, "query_error", "late")
    row.refresh_from_db()
    assert (row.error_code, row.results) == ("query_cancelled", None)


def test_expired_lease_is_claimed_again_and_the_first_worker_stores_nothing(home: Project) -> None:
    request(home, "select 1")
    first = claim()
    expire(first.result_id)
    second = claim()
    assert (second.result_id, second.lease_id != first.lease_id) == (first.result_id, True)
    renew_leases([first.lease_id])
    assert not complete_query(first, build_computed("[[1]]"))
    retry_query(first)
    release_query(first)
    assert complete_query(second, build_computed("[[2]]"))
    assert QueryResult.objects.get().results == [[2]]


def test_query_is_given_up_after_two_lost_workers(home: Project) -> None:
    request(home, "select 1")
    for _ in range(queue.MAX_ATTEMPTS):
        expire(claim().result_id)
    assert claim_query() is None
    row = QueryResult.objects.get()
    assert (row.error_code, row.requested_at, row.attempts) == ("worker_lost", None, 2)
    request(home, "select 1")
    assert claim().result_id == row.pk


def test_dead_child_counts_as_an_attempt_and_a_stopped_worker_does_not(home: Project) -> None:
    request(home, "select 1")
    for _ in range(5):
        release_query(claim())
    retry_query(claim())
    retry_query(claim())
    assert claim_query() is None
    assert QueryResult.objects.get().error_code == "worker_lost"


def test_renewed_lease_lasts(home: Project) -> None:
    request(home, "select 1")
    found = claim()
    QueryResult.objects.update(lease_until=now() + timedelta(seconds=1))
    renew_leases([found.lease_id])
    row = QueryResult.objects.get()
    assert row.lease_until
    assert row.lease_until > now() + timedelta(seconds=25)


def test_query_that_has_waited_longest_goes_first(home: Project) -> None:
    rows = request(home, "select 1", "select 2", "select 3")
    assert [claim().result_id for _ in rows] == [row.pk for row in rows]


def test_project_with_many_queries_does_not_keep_others_from_the_workers(home: Project, away: Project) -> None:
    """Assign the next free slot of a query worker to a project without a running query."""
    many = request(home, *(f"select {number}" for number in range(20)))
    assert [claim().result_id, claim().result_id] == [many[0].pk, many[1].pk]
    [other] = request(away, "select 1")
    assert claim().result_id == other.pk


def test_project_computes_a_few_queries_at_a_time(home: Project, away: Project) -> None:
    request(home, *(f"select {number}" for number in range(10)))
    claims: list[Claim] = [claim() for _ in range(queue.MAX_RUNNING)]
    assert claim_query() is None
    request(away, "select 1")
    assert claim().project == away
    complete_query(claims[0], build_computed())
    assert claim().project == home


def test_queue_of_a_project_is_bounded(home: Project, away: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED", 3)
    request(home, "select 1", "select 2")
    assert request_results(home, {"a": build_sql("a"), "b": build_sql("b")}) == ["b"]
    keys = QueryResult.objects.in_project(home).values_list("cache_key", flat=True)
    assert set(keys) == {"select 1", "select 2", "a"}
    assert request_results(home, {"a": build_sql("a"), "select 1": build_sql("select 1")}) == []
    request(away, "select 1")
    assert request_results(home, {"b": build_sql("b")}) == ["b"]


def test_share_links_leave_places_for_members(home: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "MAX_QUEUED_BY_SHARES", 1)
    wanted = {"a": build_sql("a"), "b": build_sql("b"), "c": build_sql("c")}
    assert request_results(home, wanted, is_shared=True) == ["b", "c"]
    assert request_results(home, wanted, is_shared=True) == ["b", "c"]
    assert request_results(home, wanted) == []


def test_idle_poll_is_one_read(home: Project, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Acquire no write lock of SQLite if the queue is empty, since a query worker polls 30 times a second."""
    with django_assert_num_queries(1) as captured:
        assert claim_query() is None
    assert captured.captured_queries[0]["sql"].startswith("SELECT")


@pytest.mark.django_db(transaction=True)
def test_concurrent_claimers_get_each_query_once(home: Project, away: Project) -> None:
    request(home, *(f"select {number}" for number in range(15)))
    request(away, *(f"select {number}" for number in range(15)))
    claimed: list[Claim] = []

    def work() -> None:
        deadline = time.monotonic() + 20
        while QueryResult.objects.queued().exists() and time.monotonic() < deadline:
            if found := claim_query():
                claimed.append(found)
                complete_query(found, build_computed(f'["{found.lease_id}"]'))

    assert run_concurrently(work, work, work) == []
    assert len(claimed) == len({each.result_id for each in claimed}) == 30
    stored = {row.pk: row.results for row in QueryResult.objects.all()}
    assert stored == {each.result_id: [str(each.lease_id)] for each in claimed}
    assert (version(home), version(away)) == (15, 15)


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_make_one_row(home: Project) -> None:
    wanted = {f"select {number}": build_sql(f"select {number}") for number in range(5)}
    assert run_concurrently(*[lambda: request_results(home, wanted)] * 4) == []
    assert sorted(QueryResult.objects.values_list("cache_key", flat=True)) == sorted(wanted)
