"""Wrong keys by address: how many in a minute, what counts as one address, and how much is held."""

from users.services.failed_keys import FAILURES, MANY_ADDRESSES, SECONDS, FailedKeys

NOW = 1_800_000_000.0  # a minute begins


def waits(counted: FailedKeys, times: int, address: str = "192.0.2.1", now: float = NOW) -> list[int]:
    return [counted.wait_after_failure(address, now) for _ in range(times)]


def test_the_wait_is_that_of_the_minute() -> None:
    counted = FailedKeys()
    assert waits(counted, FAILURES, now=NOW + 0.5) == [0] * FAILURES
    assert [waits(counted, 1, now=NOW + passed) for passed in (0.5, 30, 59.999)] == [[60], [30], [1]]
    assert waits(counted, FAILURES + 1, now=NOW + SECONDS) == [0] * FAILURES + [SECONDS]


def test_a_clock_that_is_set_back_refuses_nobody_for_long() -> None:
    counted = FailedKeys()
    assert waits(counted, FAILURES + 1)[-1] == SECONDS
    assert waits(counted, 1, now=NOW - 1_000_000) == [0]


def test_an_ipv6_network_counts_as_one_address() -> None:
    counted = FailedKeys()
    for number in range(FAILURES):
        assert waits(counted, 1, f"2001:db8::{number:x}") == [0]
    assert waits(counted, 1, "2001:db8::ffff:1") == [SECONDS]
    assert waits(counted, 1, "2001:db8:0:1::1") == [0]
    assert waits(counted, 1, "192.0.2.1") == [0]


def test_what_is_held_is_bounded_and_ends_with_the_minute() -> None:
    counted = FailedKeys()
    for number in range(MANY_ADDRESSES + 500):
        counted.wait_after_failure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", NOW)
    assert len(counted.failures) == MANY_ADDRESSES
    assert waits(counted, FAILURES, "10.0.0.0")[-1] == SECONDS  # one that is held is counted on
    counted.wait_after_failure("192.0.2.1", NOW + SECONDS)
    assert counted.failures == {"192.0.2.1": 1}
