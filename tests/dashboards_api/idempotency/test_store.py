"""Claims of idempotency keys, and stored responses."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dashboards_api.errors import IdempotencyKeyReused, RequestInProgress
from dashboards_api.idempotency import store as idempotency
from dashboards_api.idempotency.models import CLAIM_TIMEOUT, RETENTION
from dashboards_api.idempotency.store import (
    Claim,
    StoredResponse,
    claim_key,
    delete_old_requests,
    release_claim,
    store_response,
)
from tests.builders import Person
from tests.concurrency import run_concurrently
from users.models import IdempotentRequest

RESPONSE = StoredResponse(201, {"Ignored-Fields": "x"}, b'{"a": 1.0}')


def claim(person: Person, key: str = "k", fingerprint: str = "f") -> Claim:
    result = claim_key(person.user.pk, project_id=1, key=key, fingerprint=fingerprint)
    assert isinstance(result, Claim)
    return result


def get_response(person: Person, key: str = "k", fingerprint: str = "f") -> StoredResponse:
    result = claim_key(person.user.pk, project_id=1, key=key, fingerprint=fingerprint)
    assert isinstance(result, StoredResponse)
    return result


def age_requests(by: timedelta) -> None:
    IdempotentRequest.objects.update(claimed_at=timezone.now() - by)


def test_a_stored_response_is_returned_unchanged(alice: Person) -> None:
    store_response(claim(alice), RESPONSE)
    assert get_response(alice) == RESPONSE
    with pytest.raises(IdempotencyKeyReused):
        claim_key(alice.user.pk, project_id=1, key="k", fingerprint="g")


def test_a_request_whose_claim_was_taken_over_stores_nothing(alice: Person) -> None:
    slow = claim(alice)
    with pytest.raises(RequestInProgress):
        claim(alice)
    age_requests(CLAIM_TIMEOUT)
    quick = claim(alice)
    with pytest.raises(RequestInProgress):
        store_response(slow, RESPONSE)
    release_claim(slow)
    store_response(quick, RESPONSE)
    assert get_response(alice) == RESPONSE
    with pytest.raises(RequestInProgress):
        store_response(slow, StoredResponse(400, {}, b""))
    release_claim(quick)  # its response is stored, so there is no claim to release
    assert get_response(alice) == RESPONSE


def test_a_released_key_can_be_claimed_again(alice: Person) -> None:
    release_claim(claim(alice))
    assert IdempotentRequest.objects.count() == 0
    assert isinstance(claim(alice, fingerprint="g"), Claim)


def test_a_rolled_back_request_stores_no_response(alice: Person) -> None:
    claimed = claim(alice)
    with transaction.atomic():
        store_response(claimed, RESPONSE)
        transaction.set_rollback(True)
    assert IdempotentRequest.objects.get().status is None


@pytest.mark.django_db(transaction=True)
def test_only_one_of_concurrent_requests_gets_the_claim(alice: Person) -> None:
    ran: list[Claim] = []
    raised = run_concurrently(*[lambda: ran.append(claim(alice))] * 12)
    assert [type(error) for error in raised] == [RequestInProgress] * 11
    assert [each.id for each in ran] == [IdempotentRequest.objects.get().claim]


@pytest.mark.django_db(transaction=True)
def test_only_one_of_concurrent_requests_takes_a_claim_over(alice: Person) -> None:
    claim(alice)
    age_requests(CLAIM_TIMEOUT)
    ran: list[Claim] = []
    raised = run_concurrently(*[lambda: ran.append(claim(alice))] * 12)
    assert [type(error) for error in raised] == [RequestInProgress] * 11
    assert len(ran) == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_needs_its_own_transaction(alice: Person) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        claim(alice)
    assert not IdempotentRequest.objects.exists()


def test_expired_and_surplus_rows_are_deleted(alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "MAX_REQUESTS_PER_USER", 5)
    claim(bob, "old")
    age_requests(RETENTION)
    claim(bob, "new")
    for number in range(8):
        claim(alice, str(number))
    delete_old_requests(alice.user.pk, timezone.now())
    assert IdempotentRequest.objects.filter(user=bob.user).count() == 1
    assert IdempotentRequest.objects.filter(user=alice.user).count() == 5
    for number in range(3, 8):
        with pytest.raises(RequestInProgress):
            claim(alice, str(number))


def test_claims_delete_old_rows_now_and_then(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "CLEANUP_INTERVAL", 10)
    for number in range(40):
        claim(alice, str(number))
        age_requests(RETENTION)
    assert IdempotentRequest.objects.count() <= 10


def test_keys_are_deleted_with_their_user(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        claim(person)
    bob.user.delete()
    assert IdempotentRequest.objects.get().user == alice.user


@pytest.mark.parametrize("project", [None, 2])
def test_keys_are_unique_per_project(alice: Person, project: Any) -> None:
    store_response(claim(alice), RESPONSE)
    result = claim_key(alice.user.pk, project_id=project, key="k", fingerprint="f")
    assert isinstance(result, Claim)
