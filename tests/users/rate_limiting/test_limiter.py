"""The limit of a key: exact in one process, never exceeded by several, and nearly reached by them."""

import threading
from collections.abc import Sequence

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dashboards_api.environment import Rate
from tests.builders import Person
from tests.races import at_once
from tests.unwritable import unwritable
from users.models import RateWindow
from users.rate_limiting import store
from users.rate_limiting.limiter import RESERVATION_DIVISOR, RateLimiter, RateLimitStatus
from users.services.api_keys import revoke_api_key, roll_api_key

MINUTE = 60
NOW = 1_800_000_000.0  # a minute and an hour begin
TEN = [Rate(10, MINUTE)]


def allowed(limiter: RateLimiter, rates: Sequence[Rate], now: float, times: int, key: str = "key") -> int:
    return sum(limiter.consume(key, rates, now).is_allowed for _ in range(times))


def statements(limiter: RateLimiter, rates: Sequence[Rate], now: float) -> int:
    with CaptureQueriesContext(connection) as captured:
        limiter.consume("key", rates, now)
    return sum("INSERT" in query["sql"] for query in captured)


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 7, 16, 17, 60, 1000])
def test_one_process_allows_exactly_the_limit(limit: int) -> None:
    assert allowed(RateLimiter(), [Rate(limit, MINUTE)], NOW, limit + 20) == limit


@pytest.mark.django_db
def test_a_new_window_begins_anew_and_takes_nothing_along() -> None:
    limiter = RateLimiter()
    assert allowed(limiter, TEN, NOW, 4) == 4
    assert allowed(limiter, TEN, NOW + 60, 20) == 10
    assert allowed(limiter, TEN, NOW + 119.9, 1) == 0
    assert allowed(limiter, TEN, NOW + 120, 20) == 10


@pytest.mark.django_db
def test_of_two_rates_the_tighter_one_holds_and_is_shown() -> None:
    limiter, rates = RateLimiter(), [Rate(5, 1), Rate(8, MINUTE)]
    assert [allowed(limiter, rates, NOW + second, 9) for second in range(4)] == [5, 3, 0, 0]
    assert limiter.consume("key", rates, NOW + 3) == RateLimitStatus(False, limit=8, remaining=0, reset=57)
    assert limiter.consume("key", rates, NOW + MINUTE) == RateLimitStatus(True, limit=5, remaining=4, reset=1)


@pytest.mark.django_db
def test_what_one_rate_refuses_is_not_taken_from_the_other() -> None:
    limiter, rates = RateLimiter(), [Rate(2, 1), Rate(6, MINUTE)]
    assert [allowed(limiter, rates, NOW + second, 9) for second in range(4)] == [2, 2, 2, 0]


@pytest.mark.django_db
def test_the_wait_is_that_of_the_window_that_refuses() -> None:
    limiter, rates = RateLimiter(), [Rate(2, 1), Rate(100, 3600)]
    assert allowed(limiter, rates, NOW, 9) == 2
    assert limiter.consume("key", rates, NOW + 0.25) == RateLimitStatus(False, limit=2, remaining=0, reset=1)


@pytest.mark.django_db
def test_each_key_has_its_own() -> None:
    limiter = RateLimiter()
    assert allowed(limiter, TEN, NOW, 20, key="a") == 10
    assert allowed(limiter, TEN, NOW, 20, key="b") == 10


@pytest.mark.django_db
def test_remaining_is_exact_in_one_process() -> None:
    limiter, rates = RateLimiter(), [Rate(6000, MINUTE)]
    assert [limiter.consume("key", rates, NOW).remaining for _ in range(6000)] == list(range(5999, -1, -1))


@pytest.mark.django_db
def test_remaining_differs_by_what_another_process_took_since_the_last_lease() -> None:
    first, second, rates, spent = RateLimiter(), RateLimiter(), [Rate(200, MINUTE)], 0
    for number in range(300):
        status = (first if number % 3 else second).consume("key", rates, NOW)
        spent += status.is_allowed
        assert abs(status.remaining - (200 - spent)) <= 2 * 200 // RESERVATION_DIVISOR
    assert spent == 200


@pytest.mark.django_db
def test_an_expensive_request_takes_its_price_from_all_processes() -> None:
    limiter, rates = RateLimiter(), [Rate(100, MINUTE)]
    assert limiter.consume("key", rates, NOW).remaining == 99
    assert limiter.charge("key", 49, rates, NOW) == RateLimitStatus(True, limit=100, remaining=50, reset=60)
    assert allowed(RateLimiter(), rates, NOW, 200) + allowed(limiter, rates, NOW, 200) == 50


@pytest.mark.django_db
def test_a_price_beyond_the_limit_ends_the_window_and_no_other() -> None:
    limiter, rates = RateLimiter(), [Rate(100, MINUTE)]
    limiter.consume("key", rates, NOW)
    assert limiter.charge("key", 1000, rates, NOW).remaining == 0
    assert allowed(limiter, rates, NOW, 5) + allowed(RateLimiter(), rates, NOW, 5) == 0
    assert allowed(limiter, rates, NOW + MINUTE, 200) == 100


@pytest.mark.django_db
def test_the_reset_is_in_whole_seconds_and_at_least_one() -> None:
    limiter = RateLimiter()
    assert [limiter.consume("key", TEN, NOW + passed).reset for passed in (0, 0.5, 58.2, 59.999)] == [60, 60, 2, 1]


@pytest.mark.django_db
def test_a_window_costs_a_statement_at_first_and_none_where_permits_are_held_or_used_up() -> None:
    limiter, rates = RateLimiter(), [Rate(64, MINUTE)]
    assert [statements(limiter, rates, NOW) for _ in range(5)] == [1, 0, 0, 0, 1]
    assert allowed(limiter, rates, NOW, 100) == 59
    assert [statements(limiter, rates, NOW) for _ in range(3)] == [0, 0, 0]
    assert statements(limiter, rates, NOW + MINUTE) == 1


@pytest.mark.django_db
def test_a_clock_that_is_set_back_or_far_ahead_locks_nobody_and_gives_no_more() -> None:
    limiter = RateLimiter()
    assert allowed(limiter, TEN, NOW, 20) == 10
    for now in (NOW - 7 * MINUTE, NOW + 10**9, 5.0):
        assert allowed(limiter, TEN, now, 20) == 10
        assert 1 <= limiter.consume("key", TEN, now).reset <= MINUTE
    assert allowed(limiter, TEN, NOW, 20) == 0
    assert allowed(limiter, TEN, NOW + MINUTE, 20) == 10


@pytest.mark.django_db
def test_one_process_that_idles_keeps_little_from_another() -> None:
    rates = [Rate(1600, MINUTE)]
    idle, busy = RateLimiter(), RateLimiter()
    assert allowed(idle, rates, NOW, 1) == 1
    assert allowed(busy, rates, NOW, 2000) >= 1600 * (1 - 1 / RESERVATION_DIVISOR)
    assert allowed(RateLimiter(), rates, NOW, 10) == 0


def test_a_store_that_fails_grants_nothing_and_is_asked_again() -> None:
    faults = [OperationalError("locked"), None]

    def store(key_id: str, *, seconds: int, ends: int, wanted: int) -> int:
        if fault := faults.pop(0):
            raise fault
        return wanted

    limiter = RateLimiter(store)
    with pytest.raises(OperationalError):
        limiter.consume("key", TEN, NOW)
    assert limiter.consume("key", TEN, NOW) == RateLimitStatus(True, limit=10, remaining=9, reset=60)


@pytest.mark.django_db
def test_many_keys_that_are_over_are_forgotten() -> None:
    limiter = RateLimiter(lambda key, *, seconds, ends, wanted: wanted)
    limiter.cleanup_threshold = 50
    for number in range(120):
        limiter.consume(str(number), TEN, NOW + number // 40 * MINUTE)
    assert len(limiter.quotas) < 100
    assert limiter.consume("119", TEN, NOW + 2 * MINUTE).is_allowed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("limit", [20, 60, 600])
def test_two_processes_with_threads_never_exceed_the_limit_and_nearly_reach_it(limit: int) -> None:
    rates, processes = [Rate(limit, MINUTE)], [RateLimiter(), RateLimiter()]
    granted: list[int] = []
    calls = limit // 2 + 20

    def work(limiter: RateLimiter) -> None:
        granted.append(allowed(limiter, rates, NOW, calls))

    jobs = [lambda limiter=limiter: work(limiter) for limiter in processes for _ in range(3)]
    assert [repr(error) for error in at_once(*jobs)] == []
    assert limit * 0.9 <= sum(granted) <= limit


@pytest.mark.django_db(transaction=True)
def test_threads_of_one_process_share_a_lease_exactly() -> None:
    limiter, granted, lock = RateLimiter(), [0], threading.Lock()

    def work() -> None:
        found = allowed(limiter, [Rate(100, MINUTE)], NOW, 60)
        with lock:
            granted[0] += found

    assert at_once(*[work] * 4) == []
    assert granted == [100]


@pytest.mark.django_db(transaction=True)
def test_taking_is_never_part_of_another_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        store.reserve_requests("key", seconds=MINUTE, ends=60, wanted=1)
    assert not RateWindow.objects.exists()


@pytest.mark.django_db
def test_old_windows_are_cleared_away_now_and_then_and_no_others() -> None:
    def take(ends: int) -> None:
        store.reserve_requests("key", seconds=1, ends=ends, wanted=1)

    for ends in range(1, 251):
        take(ends * store.CLEANUP_DELAY)
    assert RateWindow.objects.count() <= store.CLEANUP_INTERVAL + 2
    store.delete_expired_windows(before=250 * store.CLEANUP_DELAY)
    left = RateWindow.objects.values_list("ends", flat=True)
    assert list(left) == [250 * store.CLEANUP_DELAY]


@pytest.mark.django_db
def test_a_key_that_is_rolled_keeps_its_count(alice: Person) -> None:
    key = alice.user.personal_api_keys.get()
    assert allowed(RateLimiter(), TEN, NOW, 20, key=key.pk) == 10
    assert allowed(RateLimiter(), TEN, NOW, 20, key=roll_api_key(key.pk).key.pk) == 0


@pytest.mark.django_db
def test_what_is_left_of_a_deleted_key_goes_with_its_window(alice: Person) -> None:
    key = alice.user.personal_api_keys.get()
    assert allowed(RateLimiter(), TEN, NOW, 1, key=key.pk) == 1
    revoke_api_key(key.pk)
    store.delete_expired_windows(before=int(NOW) + MINUTE + store.CLEANUP_DELAY)
    assert not RateWindow.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_each_process_counts_for_itself_while_nothing_can_be_written() -> None:
    """A request that only reads is answered, and the limit holds in each process."""
    limiter = RateLimiter()
    with unwritable():
        assert allowed(limiter, TEN, NOW, 25) == 10
        assert allowed(RateLimiter(), TEN, NOW, 25) == 10
        assert allowed(limiter, TEN, NOW + MINUTE, 4) == 4
    assert not RateWindow.objects.exists()
    assert allowed(limiter, TEN, NOW + 2 * MINUTE, 25) == 10
    assert RateWindow.objects.get().taken == 10
