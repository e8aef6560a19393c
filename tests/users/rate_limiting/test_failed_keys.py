"""Wrong keys by address: how many in a minute, what counts as one address, and how much is held."""

from users.rate_limiting.failed_keys import MAX_ADDRESSES, MAX_FAILURES, WINDOW_SECONDS, FailedKeyCounter

NOW = 1_800_000_000.0  # a minute begins


def waits(counted: FailedKeyCounter, times: int, address: str = "192.0.2.1", now: float = NOW) -> list[int]:
    return [counted.record_failure(address, now) for _ in range(times)]


def test_the_wait_is_that_of_the_minute() -> None:
    counted = FailedKeyCounter()
    assert waits(counted, MAX_FAILURES, now=NOW + 0.5) == [0] * MAX_FAILURES
    assert [waits(counted, 1, now=NOW + passed) for passed in (0.5, 30, 59.999)] == [[60], [30], [1]]
    assert waits(counted, MAX_FAILURES + 1, now=NOW + WINDOW_SECONDS) == [0] * MAX_FAILURES + [WINDOW_SECONDS]


def test_a_clock_that_is_set_back_refuses_nobody_for_long() -> None:
    counted = FailedKeyCounter()
    assert waits(counted, MAX_FAILURES + 1)[-1] == WINDOW_SECONDS
    assert waits(counted, 1, now=NOW - 1_000_000) == [0]


def test_an_ipv6_network_counts_as_one_address() -> None:
    counted = FailedKeyCounter()
    for number in range(MAX_FAILURES):
        assert waits(counted, 1, f"2001:db8::{number:x}") == [0]
    assert waits(counted, 1, "2001:db8::ffff:1") == [WINDOW_SECONDS]
    assert waits(counted, 1, "2001:db8:0:1::1") == [0]
    assert waits(counted, 1, "192.0.2.1") == [0]


def test_what_is_held_is_bounded_and_ends_with_the_minute() -> None:
    counted = FailedKeyCounter()
    for number in range(MAX_ADDRESSES + 500):
        counted.record_failure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", NOW)
    assert len(counted.failures) == MAX_ADDRESSES
    assert waits(counted, MAX_FAILURES, "10.0.0.0")[-1] == WINDOW_SECONDS  # one that is held is counted on
    counted.record_failure("192.0.2.1", NOW + WINDOW_SECONDS)
    assert counted.failures == {"192.0.2.1": 1}
