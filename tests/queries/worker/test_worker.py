"""The query worker, which runs queries on a real engine. It handles slow, killed and canceled child processes."""

import os
import signal
from concurrent.futures import Future
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import pytest
from django.utils.timezone import now
from pytest_django import Settings

from engine.client import get_client
from engine.interface import EngineClient
from engine.supervision import stop_supervisor
from events.models import DataVersion, Store
from queries.cache_keys import build_cache_key
from queries.execution import TaskOutcome
from queries.models import QueryReference, QueryResult
from queries.services.api_queries import name_query
from queries.services.contexts import build_task
from queries.services.queue import cancel_query, claim_query, request_results
from queries.worker import RunningQuery, Worker
from tests.engine.conftest import wait_until
from tests.queries.hogql.store import ANN, EVENT_COLUMNS, build_event
from tests.queries.rows import claim, make_result, request
from tests.queries.worker.conftest import run_until
from users.models import Project

# The query worker closes its connection between polls, which must not end the transaction of a test.
pytestmark = pytest.mark.django_db(transaction=True)

SLOW = (
    "select count() from (select arrayJoin(range(1000000)) as a) x"
    " cross join (select arrayJoin(range({number})) as b) y"
)
PLAN = '{"plan": "pro"}'
ENDLESS = SLOW.format(number=1_000_000)


def is_done() -> bool:
    return not QueryResult.objects.queued().exists()


def compute(worker: Worker, project: Project, text: str) -> QueryResult:
    [row] = request(project, text)
    run_until(worker, is_done)
    row.refresh_from_db()
    return row


def get_children(worker: Worker) -> list[int]:
    return list(worker.pool._pool_manager.worker_manager.workers)


def test_query_is_computed(worker: Worker, home: Project) -> None:
    DataVersion.objects.create(project=home, number=7)
    row = compute(worker, home, "select 1 as a, 'x' as b, null as c")
    assert (row.results, row.error_code, row.data_version) == ([[1, "x", None]], "", 7)
    assert row.details["columns"] == ["a", "b", "c"]
    assert (row.details["timezone"], row.details["hasMore"], row.details["limit"]) == ("UTC", False, 100)
    assert row.size == len('[[1,"x",null]]')
    assert row.computed_at
    assert row.stale_at
    assert timedelta(hours=5, minutes=55) < row.stale_at - row.computed_at <= timedelta(hours=6)


def test_persons_count_from_their_import(worker: Worker, store: EngineClient, home: Project) -> None:
    text = "select uniq(person_id), uniq(person.properties.plan) from events"
    for row in (build_event(home.pk, "", 0), build_event(home.pk, "", 4)):
        store.insert_rows("events", EVENT_COLUMNS, [row])
    assert compute(worker, home, text).results == [[2, 0]]
    store.insert_rows(
        "person_distinct_ids", ["project_id", "distinct_id", "person_id", "version"], [[home.pk, "ben", ANN, 1]]
    )
    assert compute(worker, home, text).results == [[1, 0]]
    store.insert_rows("persons", ["project_id", "person_id", "properties", "version"], [[home.pk, ANN, PLAN, 1]])
    assert compute(worker, home, text).results == [[1, 1]]


def test_extreme_numbers_are_json(worker: Worker, home: Project) -> None:
    row = compute(
        worker, home, "select toUInt64(9223372036854775807) * 2 + 1, 9223372036854775807, 1 / 0, 0 / 0, 1e300 * 1e300"
    )
    assert row.error_detail == ""
    assert row.results == [[18446744073709551615, 9223372036854775807, None, None, None]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("select cuont() from events", "unknown_function"),
        ("select evnt from events", "unknown_column"),
        ("selec 1", "invalid_syntax"),
        ("select repeat('x', 300) from (select arrayJoin(range(50000)) as a) limit 50000", "too_many_rows"),
        ("select length(groupArray(toString(a))) from (select arrayJoin(range(60000000)) as a)", "memory_exceeded"),
    ],
)
def test_error_of_a_query_is_stored(worker: Worker, home: Project, text: str, code: str) -> None:
    row = compute(worker, home, text)
    assert (row.error_code, row.results, row.requested_at) == (code, None, None), row.error_detail
    assert len(row.error_detail) > 10
    assert compute(worker, home, "select 1").results == [[1]]


def test_error_of_a_field_names_it(worker: Worker, home: Project) -> None:
    filters = {"properties": [{"key": "a", "type": "cohort", "value": 3}]}
    source = {"kind": "HogQLQuery", "query": "select count() from events where {filters}", "filters": filters}
    request_results(home, {build_cache_key(source, home): source})
    run_until(worker, is_done)
    row = QueryResult.objects.get()
    assert row.error_code == "unsupported_filter"
    assert row.error_detail.endswith(" (query__filters__properties__0__type)")


def test_unexpected_error_is_logged_without_its_text(
    worker: Worker, home: Project, caplog: pytest.LogCaptureFixture
) -> None:
    request(home, "select 1")
    found = claim()
    future: Future[TaskOutcome] = Future()
    future.set_exception(ValueError("SECRET"))
    worker.running.append(RunningQuery(found, build_task(found, 1), future))
    worker.finish()
    row = QueryResult.objects.get()
    assert (row.error_code, row.requested_at) == ("query_error", None)
    assert "query failed" in caplog.text
    assert "SECRET" not in row.error_detail + caplog.text + repr([record.__dict__ for record in caplog.records])


def test_query_ends_at_the_time_limit(worker: Worker, home: Project, settings: Settings) -> None:
    settings.QUERY_TIMEOUT = 1
    started = monotonic()
    row = compute(worker, home, ENDLESS)
    assert row.error_code == "query_timeout"
    assert "1000" in row.error_detail
    assert monotonic() - started < 15


def test_missing_data_and_a_foreign_store_are_errors(worker: Worker, home: Project) -> None:
    Store.objects.update(is_confirmed=False)
    assert compute(worker, home, "select 1").error_code == "no_data"
    Store.objects.update(is_confirmed=True, store_id=uuid4())
    row = compute(worker, home, "select 1")
    assert row.error_code == "engine_unavailable"
    assert "belongs to another database" in row.error_detail


def test_engine_that_is_down_is_an_error_at_once(worker: Worker, store: EngineClient, home: Project) -> None:
    """Try a query once for each request, and not again when the engine is available."""
    compute(worker, home, "select 1")
    stop_supervisor(store.folder)  # type: ignore[attr-defined]  # set by the embedded client
    row = compute(worker, home, "select 2")
    assert (row.error_code, row.attempts) == ("engine_unavailable", 1)
    for _ in range(20):
        worker.work_once()
    row.refresh_from_db()
    assert row.attempts == 1
    get_client()  # starts the engine again
    store.ping()
    assert compute(worker, home, "select 3").results == [[3]]


def test_cancelled_query_ends_within_a_second(worker: Worker, home: Project) -> None:
    compute(worker, home, "select 1")  # starts the child
    [row] = request(home, ENDLESS)
    run_until(worker, lambda: bool(worker.running))
    cancel_query(home, row.pk)
    started = monotonic()
    run_until(worker, lambda: not worker.running)
    assert monotonic() - started < 2  # a second, and a margin for a busy machine
    row.refresh_from_db()
    assert (row.error_code, row.requested_at) == ("query_cancelled", None)
    assert compute(worker, home, "select 2").results == [[2]]


def test_engine_ends_the_statement_of_a_cancelled_query(worker: Worker, store: EngineClient, home: Project) -> None:
    [row] = request(home, ENDLESS)
    running = "SELECT count() FROM system.processes WHERE query LIKE '%1000000%' AND query NOT LIKE '%processes%'"
    run_until(worker, lambda: store.read(running).rows == [[1]])
    cancel_query(home, row.pk)
    run_until(worker, lambda: not worker.running)
    wait_until(lambda: store.read(running).rows == [[0]], 4)


def test_query_of_a_child_that_died_is_computed_again(worker: Worker, home: Project, settings: Settings) -> None:
    settings.QUERY_TIMEOUT = 30
    compute(worker, home, "select 1")
    [row] = request(home, SLOW.format(number=300))
    run_until(worker, lambda: bool(worker.running))
    for _ in range(3):  # wait until the child process has received the query
        worker.wait()
    for pid in get_children(worker):
        os.kill(pid, signal.SIGKILL)
    run_until(worker, is_done, 60)
    row.refresh_from_db()
    assert (row.results, row.error_code, row.attempts) == ([[300_000_000]], "", 2)


def test_pool_whose_idle_child_died_is_replaced(worker: Worker, home: Project) -> None:
    compute(worker, home, "select 1")
    for pid in get_children(worker):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not worker.pool.active)
    row = compute(worker, home, "select 2")
    assert (row.results, row.attempts) == ([[2]], 1)


def test_query_whose_children_die_twice_is_given_up(worker: Worker, home: Project) -> None:
    compute(worker, home, "select 1")
    [row] = request(home, ENDLESS)
    for attempt in (1, 2):
        run_until(worker, lambda: bool(worker.running))
        row.refresh_from_db()
        assert row.attempts == attempt
        for pid in get_children(worker):
            os.kill(pid, signal.SIGKILL)
        run_until(worker, lambda: not worker.running or worker.running[0].future.done())
        worker.finish()
    run_until(worker, is_done)
    row.refresh_from_db()
    assert row.error_code == "worker_lost"


def test_stopped_worker_gives_its_query_back(worker: Worker, home: Project) -> None:
    request(home, ENDLESS)
    run_until(worker, lambda: bool(worker.running))
    worker.stop()
    row = QueryResult.objects.get()
    assert (row.requested_at is not None, row.lease_id, row.attempts) == (True, None, 0)
    assert claim_query()


def test_worker_prunes_now_and_then(worker: Worker, home: Project) -> None:
    row = make_result(home, read_at=now() - timedelta(days=40))
    kept = make_result(home, "select 2")
    name_query(home, "old", kept.pk)
    QueryReference.objects.update(created_at=now() - timedelta(days=2))
    worker.work_once()
    assert QueryResult.objects.filter(pk=row.pk).exists()
    worker.next_pruning = monotonic()
    worker.work_once()
    assert list(QueryResult.objects.values_list("pk", flat=True)) == [kept.pk]
    assert not QueryReference.objects.exists()
    assert worker.next_pruning > monotonic() + 3000
