"""Claims on keys: who runs, who waits, who takes over, and what is cleared away."""

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
from tests.races import at_once
from users.models import IdempotentRequest

ANSWER = StoredResponse(201, {"Ignored-Fields": "x"}, b'{"a": 1.0}')


def claimed(person: Person, key: str = "k", fingerprint: str = "f") -> Claim:
    claim = claim_key(person.user.pk, project_id=1, key=key, fingerprint=fingerprint)
    assert isinstance(claim, Claim)
    return claim


def answered(person: Person, key: str = "k", fingerprint: str = "f") -> StoredResponse:
    answer = claim_key(person.user.pk, project_id=1, key=key, fingerprint=fingerprint)
    assert isinstance(answer, StoredResponse)
    return answer


def age(by: timedelta) -> None:
    IdempotentRequest.objects.update(claimed_at=timezone.now() - by)


def test_an_answer_is_given_as_it_was_kept(alice: Person) -> None:
    store_response(claimed(alice), ANSWER)
    assert answered(alice) == ANSWER
    with pytest.raises(IdempotencyKeyReused):
        claim_key(alice.user.pk, project_id=1, key="k", fingerprint="g")


def test_a_slow_one_whose_claim_was_taken_over_keeps_nothing(alice: Person) -> None:
    slow = claimed(alice)
    with pytest.raises(RequestInProgress):
        claimed(alice)
    age(CLAIM_TIMEOUT)
    quick = claimed(alice)
    with pytest.raises(RequestInProgress):
        store_response(slow, ANSWER)
    release_claim(slow)
    store_response(quick, ANSWER)
    assert answered(alice) == ANSWER
    with pytest.raises(RequestInProgress):
        store_response(slow, StoredResponse(400, {}, b""))
    release_claim(quick)  # it was answered: there is nothing to give up
    assert answered(alice) == ANSWER


def test_who_gives_up_leaves_the_key_to_the_next(alice: Person) -> None:
    release_claim(claimed(alice))
    assert IdempotentRequest.objects.count() == 0
    assert isinstance(claimed(alice, fingerprint="g"), Claim)


def test_an_effect_that_is_undone_leaves_no_answer(alice: Person) -> None:
    claim = claimed(alice)
    with transaction.atomic():
        store_response(claim, ANSWER)
        transaction.set_rollback(True)
    assert IdempotentRequest.objects.get().status is None


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_runs(alice: Person) -> None:
    ran: list[Claim] = []
    raised = at_once(*[lambda: ran.append(claimed(alice))] * 12)
    assert [type(error) for error in raised] == [RequestInProgress] * 11
    assert [claim.id for claim in ran] == [IdempotentRequest.objects.get().claim]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_over_one_does(alice: Person) -> None:
    claimed(alice)
    age(CLAIM_TIMEOUT)
    ran: list[Claim] = []
    raised = at_once(*[lambda: ran.append(claimed(alice))] * 12)
    assert [type(error) for error in raised] == [RequestInProgress] * 11
    assert len(ran) == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_never_part_of_another_transaction(alice: Person) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        claimed(alice)
    assert not IdempotentRequest.objects.exists()


def test_rows_that_are_over_go_and_of_a_user_the_latest_stay(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "MAX_REQUESTS_PER_USER", 5)
    claimed(bob, "old")
    age(RETENTION)
    claimed(bob, "new")
    for number in range(8):
        claimed(alice, str(number))
    delete_old_requests(alice.user.pk, timezone.now())
    assert IdempotentRequest.objects.filter(user=bob.user).count() == 1
    assert IdempotentRequest.objects.filter(user=alice.user).count() == 5
    for number in range(3, 8):
        with pytest.raises(RequestInProgress):
            claimed(alice, str(number))


def test_that_happens_by_itself_now_and_then(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "CLEANUP_INTERVAL", 10)
    for number in range(40):
        claimed(alice, str(number))
        age(RETENTION)
    assert IdempotentRequest.objects.count() <= 10


def test_keys_go_with_their_user(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        claimed(person)
    bob.user.delete()
    assert IdempotentRequest.objects.get().user == alice.user


@pytest.mark.parametrize("project", [None, 2])
def test_each_project_has_keys_of_its_own(alice: Person, project: Any) -> None:
    store_response(claimed(alice), ANSWER)
    claim = claim_key(alice.user.pk, project_id=project, key="k", fingerprint="f")
    assert isinstance(claim, Claim)
