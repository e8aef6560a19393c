"""Limits on sign-in attempts, per account, per IP address, and per pair of both."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import override_settings
from django.utils import timezone

from dashboards_api.environment import Rate
from tests.api.test_sign_in import BAD_PAIR
from tests.builders import PASSWORD, Person, set_password
from tests.client import Api
from tests.hashers import OutsideTransactions
from users.models import AttemptCounter
from users.rate_limiting.attempts import Attempt, AttemptLimit
from users.services.password_hashing import hashing_slots
from users.services.sign_in import SIGN_IN, SIGN_IN_FROM_ADDRESS, SIGN_IN_TO_ACCOUNT, SUCCESSFUL_SIGN_IN

LOCKED = (403, "authentication_error", "too_many_failed_attempts", None)


def fail_sign_in(times: int, email: str = "alice@example.com", address: str = "192.0.2.1") -> list[tuple[Any, ...]]:
    api = Api(None, 0, REMOTE_ADDR=address)
    return [api.sign_in(email, f"wrong {number}").error for number in range(times)]


def count_attempts(limit: AttemptLimit, target: str, address: str = "") -> int:
    return AttemptCounter.objects.get(pk=Attempt(limit, target, address).subject).attempts


def test_thirty_failures_lock_an_account_for_the_address(alice: Person) -> None:
    set_password(alice)
    assert fail_sign_in(30) == [BAD_PAIR] * 30
    assert fail_sign_in(1) == [LOCKED]
    assert fail_sign_in(1, "ALICE@example.com") == [LOCKED]
    right = Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD)
    assert right.error == LOCKED
    assert "seconds" in right.json["detail"]
    # Other accounts from this IP address, and this account from other IP addresses, are not locked.
    assert fail_sign_in(1, "bob@example.com") == [BAD_PAIR]
    assert Api(None, 0, REMOTE_ADDR="192.0.2.2").sign_in(alice.user.email, PASSWORD).status == 200
    AttemptCounter.objects.update(expires_at=timezone.now())
    assert Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD).status == 200


def test_a_correct_password_resets_earlier_failures(alice: Person) -> None:
    set_password(alice)
    for _ in range(2):
        fail_sign_in(29)
        assert Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD).status == 200
    assert count_attempts(SIGN_IN, "alice@example.com", "192.0.2.1") == 0


def test_unknown_accounts_are_locked_as_known_ones(db: None) -> None:
    assert fail_sign_in(31, "nobody@example.com") == [BAD_PAIR] * 30 + [LOCKED]


def test_an_ipv6_network_counts_as_one_address(db: None) -> None:
    for number in range(30):
        fail_sign_in(1, address=f"2001:db8::{number:x}")
    assert fail_sign_in(1, address="2001:db8::ffff:1") == [LOCKED]
    assert fail_sign_in(1, address="2001:db8:0:1::1") == [BAD_PAIR]


@pytest.fixture
def rate_limits() -> Iterator[None]:
    with override_settings(RATE_LIMITS=[Rate(1000, 60)]):
        yield


def fail_with_many_accounts(address: str = "192.0.2.1") -> None:
    for number in range(SIGN_IN_FROM_ADDRESS.attempts):
        assert fail_sign_in(1, f"person-{number}@example.com", address) == [BAD_PAIR]


@pytest.mark.usefixtures("rate_limits")
def test_failures_with_many_accounts_limit_an_address(alice: Person) -> None:
    set_password(alice)
    fail_with_many_accounts()
    right = Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD)
    assert right.error == (429, "throttled_error", "throttled", None)
    assert 1 <= int(right.headers["Retry-After"]) <= SIGN_IN_FROM_ADDRESS.within.total_seconds()
    assert Session.objects.count() == 0
    assert Api(None, 0, REMOTE_ADDR="192.0.2.2").sign_in(alice.user.email, PASSWORD).status == 200
    AttemptCounter.objects.update(expires_at=timezone.now())
    assert Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD).status == 200


@pytest.mark.usefixtures("rate_limits")
def test_a_correct_password_is_refunded_and_resets_only_its_pair(alice: Person) -> None:
    set_password(alice)
    fail_sign_in(3)
    api = Api(None, 0, REMOTE_ADDR="192.0.2.1")
    for _ in range(5):
        assert api.sign_in(alice.user.email, PASSWORD).status == 200
    assert count_attempts(SIGN_IN, "alice@example.com", "192.0.2.1") == 0
    assert count_attempts(SIGN_IN_FROM_ADDRESS, "", "192.0.2.1") == 3
    assert count_attempts(SIGN_IN_TO_ACCOUNT, "alice@example.com") == 3
    assert count_attempts(SUCCESSFUL_SIGN_IN, "alice@example.com") == 5


@pytest.mark.usefixtures("rate_limits")
def test_successful_sign_ins_of_an_account_are_limited(alice: Person) -> None:
    set_password(alice)
    for number in range(SUCCESSFUL_SIGN_IN.attempts):
        assert Api(None, 0, REMOTE_ADDR=f"192.0.2.{number}").sign_in(alice.user.email, PASSWORD).status == 200
    hashed = OutsideTransactions.calls
    answer = Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD)
    assert answer.error == (429, "throttled_error", "throttled", None)
    assert 1 <= int(answer.headers["Retry-After"]) <= SUCCESSFUL_SIGN_IN.within.total_seconds()
    assert OutsideTransactions.calls == hashed
    assert Session.objects.count() == SUCCESSFUL_SIGN_IN.attempts
    AttemptCounter.objects.update(expires_at=timezone.now())
    assert Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD).status == 200


def fail_from_many_addresses(times: int, email: str = "alice@example.com") -> None:
    for number in range(times):
        assert fail_sign_in(1, email, f"10.0.{number}.1") == [BAD_PAIR]


def test_failures_from_many_addresses_limit_an_account(alice: Person) -> None:
    set_password(alice)
    fail_from_many_addresses(SIGN_IN_TO_ACCOUNT.attempts)
    answer = Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD)
    assert answer.error == (429, "throttled_error", "throttled", None)
    assert 1 <= int(answer.headers["Retry-After"]) <= SIGN_IN_TO_ACCOUNT.within.total_seconds()
    assert fail_sign_in(1, "bob@example.com", "10.0.0.1") == [BAD_PAIR]


def test_attackers_do_not_lock_users_out_of_known_addresses(alice: Person) -> None:
    set_password(alice)
    at_home = Api(None, 0, REMOTE_ADDR="192.0.2.1")
    assert at_home.sign_in(alice.user.email, PASSWORD).status == 200
    fail_from_many_addresses(SIGN_IN_TO_ACCOUNT.attempts)
    assert at_home.sign_in(alice.user.email, PASSWORD).status == 200
    # The limit of the pair applies to an attacker who forges that IP address.
    assert fail_sign_in(31) == [BAD_PAIR] * 30 + [LOCKED]


def test_unknown_accounts_have_the_same_limit(db: None) -> None:
    fail_from_many_addresses(SIGN_IN_TO_ACCOUNT.attempts, "nobody@example.com")
    assert fail_sign_in(1, "nobody@example.com") == [(429, "throttled_error", "throttled", None)]


@pytest.mark.usefixtures("rate_limits")
def test_a_limited_address_is_refused_before_the_body_is_parsed(db: None) -> None:
    fail_with_many_accounts()
    api = Api(None, 0, REMOTE_ADDR="192.0.2.1")
    assert api.call("POST", "/api/login/", raw=b"{").error == (429, "throttled_error", "throttled", None)
    AttemptCounter.objects.update(expires_at=timezone.now())
    assert api.call("POST", "/api/login/", raw=b"{").error == (400, "invalid_request", "parse_error", None)


def test_a_sign_in_without_a_hashing_slot_is_refused_and_not_counted(alice: Person) -> None:
    set_password(alice)
    with hashing_slots.slot():
        assert hashing_slots.threads.acquire(blocking=False)  # like a waiting request
        try:
            answer = Api(None, 0).sign_in(alice.user.email, PASSWORD)
        finally:
            hashing_slots.threads.release()
    assert answer.error == (429, "throttled_error", "throttled", None)
    assert answer.headers["Retry-After"] == "1"
    assert (AttemptCounter.objects.count(), Session.objects.count()) == (0, 0)
    assert Api(None, 0).sign_in(alice.user.email, PASSWORD).status == 200


def test_without_rate_limits_addresses_are_not_limited(alice: Person) -> None:
    set_password(alice)
    fail_with_many_accounts()
    assert Api(None, 0, REMOTE_ADDR="192.0.2.1").sign_in(alice.user.email, PASSWORD).status == 200


def test_counters_expire_and_contain_no_address(db: None) -> None:
    fail_sign_in(1, "one@example.com")
    AttemptCounter.objects.update(expires_at=timezone.now() - timedelta(minutes=11))
    fail_sign_in(1, "two@example.com")
    counters = list(AttemptCounter.objects.all())
    assert [counter.attempts for counter in counters] == [1, 1]
    for counter in counters:
        assert "192.0.2.1" not in counter.subject
        assert timedelta(0) < counter.expires_at - timezone.now() <= SIGN_IN.within


def test_setting_the_clock_back_does_not_prolong_a_lock(db: None) -> None:
    fail_sign_in(31)
    AttemptCounter.objects.update(expires_at=timezone.now() + timedelta(days=1))
    assert fail_sign_in(1) == [BAD_PAIR]
