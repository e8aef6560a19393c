"""The rate limit of an API key. One process allows exactly the limit. Several processes never exceed it."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dashboards_api.environment import Rate
from tests.builders import Person
from tests.concurrency import run_concurrently
from tests.read_only import read_only_database
from users.models import RateWindow
from users.rate_limiting import store
from users.rate_limiting.limiter import RESERVATION_DIVISOR, RateLimiter, RateLimitStatus
from users.services.api_keys import revoke_api_key, roll_api_key

MINUTE = 60
NOW = 1_800_000_000.0  # the start of a minute and of an hour
TEN = [Rate(10, MINUTE)]


def count_allowed(limiter: RateLimiter, rates: Sequence[Rate], now: float, times: int, key: str = "key") -> int:
    return sum(limiter.consume(key, rates, now).is_allowed for _ in range(times))


def count_statements(limiter: RateLimiter, rates: Sequence[Rate], now: float) -> int:
    with CaptureQueriesContext(connection) as captured:
        limiter.consume("key", rates, now)
    return sum("INSERT" in query["sql"] for query in captured)


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 7, 16, 17, 60, 1000])
def test_one_process_allows_exactly_the_limit(limit: int) -> None:
    assert count_allowed(RateLimiter(), [Rate(limit, MINUTE)], NOW, limit + 20) == limit


@pytest.mark.django_db
def test_a_new_window_starts_with_the_full_limit() -> None:
    limiter = RateLimiter()
    assert count_allowed(limiter, TEN, NOW, 4) == 4
    assert count_allowed(limiter, TEN, NOW + 60, 20) == 10
    assert count_allowed(limiter, TEN, NOW + 119.9, 1) == 0
    assert count_allowed(limiter, TEN, NOW + 120, 20) == 10


@pytest.mark.django_db
def test_the_tighter_of_two_rates_applies_and_is_reported() -> None:
    limiter, rates = RateLimiter(), [Rate(5, 1), Rate(8, MINUTE)]
    assert [count_allowed(limiter, rates, NOW + second, 9) for second in range(4)] == [5, 3, 0, 0]
    assert limiter.consume("key", rates, NOW + 3) == RateLimitStatus(False, limit=8, remaining=0, reset=57)
    assert limiter.consume("key", rates, NOW + MINUTE) == RateLimitStatus(True, limit=5, remaining=4, reset=1)


@pytest.mark.django_db
def test_a_request_that_one_rate_refuses_does_not_count_against_the_other() -> None:
    limiter, rates = RateLimiter(), [Rate(2, 1), Rate(6, MINUTE)]
    assert [count_allowed(limiter, rates, NOW + second, 9) for second in range(4)] == [2, 2, 2, 0]


@pytest.mark.django_db
def test_reset_is_that_of_the_exhausted_window() -> None:
    limiter, rates = RateLimiter(), [Rate(2, 1), Rate(100, 3600)]
    assert count_allowed(limiter, rates, NOW, 9) == 2
    assert limiter.consume("key", rates, NOW + 0.25) == RateLimitStatus(False, limit=2, remaining=0, reset=1)


@pytest.mark.django_db
def test_each_key_has_its_own_quota() -> None:
    limiter = RateLimiter()
    assert count_allowed(limiter, TEN, NOW, 20, key="a") == 10
    assert count_allowed(limiter, TEN, NOW, 20, key="b") == 10


@pytest.mark.django_db
def test_remaining_is_exact_in_one_process() -> None:
    limiter, rates = RateLimiter(), [Rate(6000, MINUTE)]
    assert [limiter.consume("key", rates, NOW).remaining for _ in range(6000)] == list(range(5999, -1, -1))


@pytest.mark.django_db
def test_remaining_is_off_by_at_most_a_reservation_per_process() -> None:
    first, second, rates, allowed_count = RateLimiter(), RateLimiter(), [Rate(200, MINUTE)], 0
    for number in range(300):
        status = (first if number % 3 else second).consume("key", rates, NOW)
        allowed_count += status.is_allowed
        assert abs(status.remaining - (200 - allowed_count)) <= 2 * 200 // RESERVATION_DIVISOR
    assert allowed_count == 200


@pytest.mark.django_db
def test_a_charge_counts_in_all_processes() -> None:
    limiter, rates = RateLimiter(), [Rate(100, MINUTE)]
    assert limiter.consume("key", rates, NOW).remaining == 99
    assert limiter.charge("key", 49, rates, NOW) == RateLimitStatus(True, limit=100, remaining=50, reset=60)
    assert count_allowed(RateLimiter(), rates, NOW, 200) + count_allowed(limiter, rates, NOW, 200) == 50


@pytest.mark.django_db
def test_a_charge_beyond_the_limit_exhausts_only_the_current_window() -> None:
    limiter, rates = RateLimiter(), [Rate(100, MINUTE)]
    limiter.consume("key", rates, NOW)
    assert limiter.charge("key", 1000, rates, NOW).remaining == 0
    assert count_allowed(limiter, rates, NOW, 5) + count_allowed(RateLimiter(), rates, NOW, 5) == 0
    assert count_allowed(limiter, rates, NOW + MINUTE, 200) == 100


@pytest.mark.django_db
def test_reset_is_in_whole_seconds_and_at_least_one() -> None:
    limiter = RateLimiter()
    assert [limiter.consume("key", TEN, NOW + passed).reset for passed in (0, 0.5, 58.2, 59.999)] == [60, 60, 2, 1]


@pytest.mark.django_db
def test_reserved_and_exhausted_windows_need_no_statement() -> None:
    limiter, rates = RateLimiter(), [Rate(64, MINUTE)]
    assert [count_statements(limiter, rates, NOW) for _ in range(5)] == [1, 0, 0, 0, 1]
    assert count_allowed(limiter, rates, NOW, 100) == 59
    assert [count_statements(limiter, rates, NOW) for _ in range(3)] == [0, 0, 0]
    assert count_statements(limiter, rates, NOW + MINUTE) == 1


@pytest.mark.django_db
def test_a_clock_change_neither_locks_a_key_nor_raises_its_limit() -> None:
    limiter = RateLimiter()
    assert count_allowed(limiter, TEN, NOW, 20) == 10
    for now in (NOW - 7 * MINUTE, NOW + 10**9, 5.0):
        assert count_allowed(limiter, TEN, now, 20) == 10
        assert 1 <= limiter.consume("key", TEN, now).reset <= MINUTE
    assert count_allowed(limiter, TEN, NOW, 20) == 0
    assert count_allowed(limiter, TEN, NOW + MINUTE, 20) == 10


@pytest.mark.django_db
def test_an_idle_process_withholds_at_most_one_reservation() -> None:
    rates = [Rate(1600, MINUTE)]
    idle, busy = RateLimiter(), RateLimiter()
    assert count_allowed(idle, rates, NOW, 1) == 1
    assert count_allowed(busy, rates, NOW, 2000) >= 1600 * (1 - 1 / RESERVATION_DIVISOR)
    assert count_allowed(RateLimiter(), rates, NOW, 10) == 0


@pytest.mark.django_db
def test_a_failed_reservation_allows_nothing_and_is_tried_again() -> None:
    def fail_insert(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        if sql.startswith("INSERT"):
            raise OperationalError("locked")
        return execute(sql, *arguments)

    limiter = RateLimiter()
    with connection.execute_wrapper(fail_insert), pytest.raises(OperationalError):
        limiter.consume("key", TEN, NOW)
    assert limiter.consume("key", TEN, NOW) == RateLimitStatus(True, limit=10, remaining=9, reset=60)


@pytest.mark.django_db
def test_keys_with_expired_windows_are_removed_from_memory() -> None:
    limiter = RateLimiter()
    limiter.cleanup_threshold = 50
    for number in range(120):
        limiter.consume(str(number), TEN, NOW + number // 40 * MINUTE)
    assert len(limiter.quotas) < 100
    assert limiter.consume("119", TEN, NOW + 2 * MINUTE).is_allowed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [20, 60, 600])
def test_two_processes_with_threads_allow_90_to_100_percent_of_the_limit(limit: int) -> None:
    rates, processes = [Rate(limit, MINUTE)], [RateLimiter(), RateLimiter()]
    counts: list[int] = []
    calls = limit // 2 + 20

    def work(limiter: RateLimiter) -> None:
        counts.append(count_allowed(limiter, rates, NOW, calls))

    jobs = [lambda limiter=limiter: work(limiter) for limiter in processes for _ in range(3)]
    assert [repr(error) for error in run_concurrently(*jobs)] == []
    assert limit * 0.9 <= sum(counts) <= limit


@pytest.mark.django_db(transaction=True)
def test_threads_of_one_process_allow_exactly_the_limit() -> None:
    limiter, counts, lock = RateLimiter(), [0], threading.Lock()

    def work() -> None:
        found = count_allowed(limiter, [Rate(100, MINUTE)], NOW, 60)
        with lock:
            counts[0] += found

    assert run_concurrently(*[work] * 4) == []
    assert counts == [100]


@pytest.mark.django_db(transaction=True)
def test_a_reservation_needs_its_own_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        store.reserve_requests("key", seconds=MINUTE, ends=60, wanted=1)
    assert not RateWindow.objects.exists()


@pytest.mark.django_db
def test_only_expired_windows_are_deleted_now_and_then() -> None:
    def reserve(ends: int) -> None:
        store.reserve_requests("key", seconds=1, ends=ends, wanted=1)

    for ends in range(1, 251):
        reserve(ends * store.CLEANUP_DELAY)
    assert RateWindow.objects.count() <= store.CLEANUP_INTERVAL + 2
    store.delete_expired_windows(before=250 * store.CLEANUP_DELAY)
    left = RateWindow.objects.values_list("ends", flat=True)
    assert list(left) == [250 * store.CLEANUP_DELAY]


@pytest.mark.django_db
def test_rolling_a_key_keeps_its_count(alice: Person) -> None:
    key = alice.user.personal_api_keys.get()
    assert count_allowed(RateLimiter(), TEN, NOW, 20, key=key.pk) == 10
    assert count_allowed(RateLimiter(), TEN, NOW, 20, key=roll_api_key(key.pk).key.pk) == 0


@pytest.mark.django_db
def test_windows_of_a_deleted_key_expire(alice: Person) -> None:
    key = alice.user.personal_api_keys.get()
    assert count_allowed(RateLimiter(), TEN, NOW, 1, key=key.pk) == 1
    revoke_api_key(key.pk)
    store.delete_expired_windows(before=int(NOW) + MINUTE + store.CLEANUP_DELAY)
    assert not RateWindow.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_each_process_counts_by_itself_while_the_database_is_read_only() -> None:
    """The limit applies in each process separately."""
    limiter = RateLimiter()
    with read_only_database():
        assert count_allowed(limiter, TEN, NOW, 25) == 10
        assert count_allowed(RateLimiter(), TEN, NOW, 25) == 10
        assert count_allowed(limiter, TEN, NOW + MINUTE, 4) == 4
    assert not RateWindow.objects.exists()
    assert count_allowed(limiter, TEN, NOW + 2 * MINUTE, 25) == 10
    assert RateWindow.objects.get().taken == 10
