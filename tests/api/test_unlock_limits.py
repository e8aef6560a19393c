"""The cost of password attempts, and the limits on them, for a shared dashboard: POST /shared/:token."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.test import override_settings
from django.utils import timezone

from dashboards.models import Dashboard, SharePassword
from dashboards.services.share_passwords import RIGHT_UNLOCK, UNLOCK, UNLOCK_LINK
from dashboards.unlock_tokens import is_current_digest
from tests.api.test_share_passwords import PASSWORD, WRONG, Browser, add_password, pop_error
from tests.api.test_shared import share
from tests.builders import Person, make_dashboard
from tests.hashers import OutsideTransactions
from users.models import AttemptCounter
from users.rate_limiting.attempts import Attempt
from users.services.password_hashing import hashing_slots

THROTTLED = (429, "throttled_error", "throttled", None)


@pytest.fixture
def board(alice: Person) -> Dashboard:
    return make_dashboard(alice, "Quarter")


@pytest.fixture
def token(alice: Person, board: Dashboard) -> str:
    """Share a dashboard with ten passwords, the last of which is PASSWORD, and return the access token."""
    token = share(alice, board, password_required=True)
    path = f"dashboards/{board.pk}/sharing/passwords/"
    for number in range(9):
        add_password(alice, path, raw_password=f"another one {number}")
    add_password(alice, path)
    return token


@contextmanager
def occupy_hashing_slots() -> Iterator[None]:
    """Occupy the hashing slot and the waiting slot."""
    with hashing_slots.slot():
        assert hashing_slots.threads.acquire(blocking=False)
        yield
        hashing_slots.threads.release()


def attempt_unlock(token: str, text: str = "wrong", address: str = "192.0.2.1") -> int:
    return Browser(address).unlock(f"/shared/{token}", {"password": text}).status


def count_attempts(attempt: Attempt) -> int:
    return AttemptCounter.objects.get(pk=attempt.subject).attempts


def test_attempts_need_no_slow_hash(token: str) -> None:
    hashed = OutsideTransactions.calls
    with occupy_hashing_slots():
        assert [attempt_unlock(token, text) for text in ("wrong", PASSWORD, "another one 0", "")] == [
            401,
            200,
            200,
            400,
        ]
    assert OutsideTransactions.calls == hashed


def test_digest_names_its_key_and_differs_on_each_link(alice: Person, board: Dashboard, token: str) -> None:
    other = make_dashboard(alice)
    share(alice, other, password_required=True)
    add_password(alice, f"dashboards/{other.pk}/sharing/passwords/")
    digests = list(SharePassword.objects.values_list("digest", flat=True))
    assert len(set(digests)) == 11
    assert all(is_current_digest(digest) and PASSWORD not in digest for digest in digests)
    with override_settings(SECRET_KEY="x" * 50):
        assert not any(is_current_digest(digest) for digest in digests)


def test_passwords_of_earlier_releases_get_a_digest_when_used(token: str) -> None:
    SharePassword.objects.update(digest="")
    hashed = OutsideTransactions.calls
    assert attempt_unlock(token, "another one 2") == 200
    assert OutsideTransactions.calls == hashed + 3
    assert [is_current_digest(row.digest) for row in SharePassword.objects.order_by("pk")] == [False] * 2 + [True] + [
        False
    ] * 7
    assert attempt_unlock(token, "another one 2", "192.0.2.2") == 200
    assert OutsideTransactions.calls == hashed + 3


def test_passwords_are_valid_after_a_change_of_the_secret_key(token: str) -> None:
    with override_settings(SECRET_KEY="x" * 50):
        assert attempt_unlock(token) == 401
        assert attempt_unlock(token, PASSWORD) == 200
        hashed = OutsideTransactions.calls
        assert attempt_unlock(token, PASSWORD) == 200
        assert OutsideTransactions.calls == hashed


def test_slow_hashes_of_a_link_are_limited_over_all_addresses(token: str) -> None:
    SharePassword.objects.update(digest="")
    hashed = OutsideTransactions.calls
    statuses = [attempt_unlock(token, "wrong", f"10.0.{number}.1") for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert OutsideTransactions.calls == hashed + UNLOCK_LINK.attempts


def test_slow_hash_without_a_free_slot_is_refused_at_once(token: str) -> None:
    SharePassword.objects.update(digest="")
    with occupy_hashing_slots():
        answer = Browser().unlock(f"/shared/{token}", {"password": PASSWORD})
    assert answer.headers["Retry-After"] == "1"
    assert pop_error(answer) == THROTTLED


def test_attempts_at_a_link_are_limited_over_all_addresses(alice: Person, token: str) -> None:
    for number in range(UNLOCK_LINK.attempts):
        assert attempt_unlock(token, "wrong", f"10.0.{number}.1") == 401
    answer = Browser().unlock(f"/shared/{token}", {"password": PASSWORD})
    assert 1 <= int(answer.headers["Retry-After"]) <= UNLOCK_LINK.within.total_seconds()
    assert pop_error(answer) == THROTTLED
    AttemptCounter.objects.update(expires_at=timezone.now())
    assert attempt_unlock(token, PASSWORD) == 200


def test_new_link_has_its_own_attempt_limit(alice: Person, board: Dashboard, token: str) -> None:
    for number in range(UNLOCK_LINK.attempts):
        attempt_unlock(token, "wrong", f"10.0.{number}.1")
    new = alice.api.post(f"dashboards/{board.pk}/sharing/refresh/").json["access_token"]
    assert attempt_unlock(new, PASSWORD) == 200


def test_attackers_do_not_lock_out_a_known_viewer(token: str) -> None:
    assert attempt_unlock(token, PASSWORD) == 200
    for number in range(UNLOCK_LINK.attempts):
        attempt_unlock(token, "wrong", f"10.0.{number}.1")
    assert attempt_unlock(token, PASSWORD, "192.0.2.2") == 429
    assert attempt_unlock(token, PASSWORD) == 200
    # The limit of the pair applies to an attacker who forges that IP address.
    assert [attempt_unlock(token) for _ in range(UNLOCK.attempts + 1)] == [401] * UNLOCK.attempts + [429]


def test_correct_password_is_counted_separately(token: str) -> None:
    assert [attempt_unlock(token, text) for text in ("wrong", PASSWORD, PASSWORD)] == [401, 200, 200]
    assert count_attempts(Attempt(UNLOCK, token, "192.0.2.1")) == 0
    assert count_attempts(Attempt(UNLOCK_LINK, token)) == 1
    assert count_attempts(Attempt(RIGHT_UNLOCK, token, "192.0.2.1")) == 2
    AttemptCounter.objects.filter(pk=Attempt(RIGHT_UNLOCK, token, "192.0.2.1").subject).update(
        attempts=RIGHT_UNLOCK.attempts
    )
    assert attempt_unlock(token, PASSWORD) == 429
    assert attempt_unlock(token, PASSWORD, "192.0.2.2") == 200


def test_link_is_looked_up_before_the_body_is_parsed(token: str) -> None:
    client = Browser().client
    for path, status in ((f"/shared/{'a' * 30}", 404), (f"/shared/{token}", 400)):
        assert client.post(path, b"{", "application/json").status_code == status
    for _ in range(UNLOCK.attempts):
        attempt_unlock(token)
    assert client.post(f"/shared/{token}", b"{", "application/json").status_code == 429


def test_incorrect_password_message(token: str) -> None:
    assert pop_error(Browser().unlock(f"/shared/{token}", {"password": "wrong"})) == WRONG
