"""A thread pool that is shared fairly between callers."""

import threading
import time
from collections.abc import Callable

from dashboards_api.http.fair_thread_pool import FairThreadPool, Job

SOON = 5.0


def submit_blocking(pool: FairThreadPool, caller: str, release: threading.Event) -> threading.Event:
    """Submit a job that runs until `release` is set, and return an event that is set when the job starts."""
    begun = threading.Event()

    def run() -> None:
        begun.set()
        release.wait(SOON)

    pool.submit(Job(caller, run))
    return begun


def wait_until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + SOON
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.005)
    return condition()


def test_caller_gets_at_most_its_share_of_threads() -> None:
    pool, release = FairThreadPool(4, 2, "test"), threading.Event()
    greedy = [submit_blocking(pool, "a", release) for _ in range(10)]
    assert wait_until(lambda: sum(each.is_set() for each in greedy) == 2)
    others = [submit_blocking(pool, name, release) for name in "bc"]
    assert all(each.wait(SOON) for each in others)
    assert sum(each.is_set() for each in greedy) == 2
    release.set()
    assert wait_until(lambda: all(each.is_set() for each in greedy))
    assert wait_until(lambda: pool.idle == 4 and not pool.running and not pool.waiting)


def test_waiting_callers_are_served_round_robin() -> None:
    pool, release, order = FairThreadPool(1, 1, "test"), threading.Event(), list[str]()
    assert submit_blocking(pool, "first", release).wait(SOON)
    jobs = [*["a"] * 5, "b", "c"]
    for caller in jobs:
        assert not pool.submit(Job(caller, lambda caller=caller: order.append(caller)))  # type: ignore[misc]  # a default
    release.set()
    assert wait_until(lambda: len(order) == len(jobs))
    assert order == ["a", "b", "c", "a", "a", "a", "a"]


def test_discarded_job_does_not_run() -> None:
    pool, release, ran = FairThreadPool(1, 1, "test"), threading.Event(), list[str]()
    assert submit_blocking(pool, "first", release).wait(SOON)
    kept, dropped = Job("a", lambda: ran.append("kept")), Job("a", lambda: ran.append("dropped"))
    pool.submit(dropped)
    pool.submit(kept)
    assert pool.discard(dropped)
    assert not pool.discard(dropped)
    release.set()
    assert wait_until(lambda: ran == ["kept"])
    assert not pool.discard(kept)
