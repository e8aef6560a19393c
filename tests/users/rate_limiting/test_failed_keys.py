"""Invalid API keys: the limit per network and minute, the networks of IP addresses, and the memory limit."""

from users.rate_limiting.failed_keys import MAX_ADDRESSES, MAX_FAILURES, WINDOW_SECONDS, FailedKeyCounter

NOW = 1_800_000_000.0  # the start of a minute


def fail_keys(counter: FailedKeyCounter, times: int, address: str = "192.0.2.1", now: float = NOW) -> list[int]:
    return [counter.record_failure(address, now) for _ in range(times)]


def test_the_wait_ends_with_the_minute() -> None:
    counter = FailedKeyCounter()
    assert fail_keys(counter, MAX_FAILURES, now=NOW + 0.5) == [0] * MAX_FAILURES
    assert [fail_keys(counter, 1, now=NOW + passed) for passed in (0.5, 30, 59.999)] == [[60], [30], [1]]
    assert fail_keys(counter, MAX_FAILURES + 1, now=NOW + WINDOW_SECONDS) == [0] * MAX_FAILURES + [WINDOW_SECONDS]


def test_setting_the_clock_back_resets_the_count() -> None:
    counter = FailedKeyCounter()
    assert fail_keys(counter, MAX_FAILURES + 1)[-1] == WINDOW_SECONDS
    assert fail_keys(counter, 1, now=NOW - 1_000_000) == [0]


def test_an_ipv6_network_counts_as_one_address() -> None:
    counter = FailedKeyCounter()
    for number in range(MAX_FAILURES):
        assert fail_keys(counter, 1, f"2001:db8::{number:x}") == [0]
    assert fail_keys(counter, 1, "2001:db8::ffff:1") == [WINDOW_SECONDS]
    assert fail_keys(counter, 1, "2001:db8:0:1::1") == [0]
    assert fail_keys(counter, 1, "192.0.2.1") == [0]


def test_the_counters_are_bounded_and_removed_after_a_minute() -> None:
    counter = FailedKeyCounter()
    for number in range(MAX_ADDRESSES + 500):
        counter.record_failure(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", NOW)
    assert len(counter.failures) == MAX_ADDRESSES
    assert fail_keys(counter, MAX_FAILURES, "10.0.0.0")[-1] == WINDOW_SECONDS  # a known network is still counted
    counter.record_failure("192.0.2.1", NOW + WINDOW_SECONDS)
    assert counter.failures == {"192.0.2.1": 1}
