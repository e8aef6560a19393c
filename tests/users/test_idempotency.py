"""Claims on keys: who runs, who waits, who takes over, and what is cleared away."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dashboards_api.errors import KeyReused, StillRunning
from tests.builders import Person
from tests.races import at_once
from users.models import IdempotentRequest
from users.models.idempotent_request import ABANDONED_AFTER, KEPT_FOR
from users.services import idempotency
from users.services.idempotency import Answer, Claim, claim_or_answer, clear_old_requests, give_up, keep_answer

ANSWER = Answer(201, {"Ignored-Fields": "x"}, b'{"a": 1.0}')


def claimed(person: Person, key: str = "k", fingerprint: str = "f") -> Claim:
    claim = claim_or_answer(person.user, project_id=1, key=key, fingerprint=fingerprint)
    assert isinstance(claim, Claim)
    return claim


def answered(person: Person, key: str = "k", fingerprint: str = "f") -> Answer:
    answer = claim_or_answer(person.user, project_id=1, key=key, fingerprint=fingerprint)
    assert isinstance(answer, Answer)
    return answer


def age(by: timedelta) -> None:
    IdempotentRequest.objects.update(claimed_at=timezone.now() - by)


def test_an_answer_is_given_as_it_was_kept(alice: Person) -> None:
    keep_answer(claimed(alice), ANSWER)
    assert answered(alice) == ANSWER
    with pytest.raises(KeyReused):
        claim_or_answer(alice.user, project_id=1, key="k", fingerprint="g")


def test_a_slow_one_whose_claim_was_taken_over_keeps_nothing(alice: Person) -> None:
    slow = claimed(alice)
    with pytest.raises(StillRunning):
        claimed(alice)
    age(ABANDONED_AFTER)
    quick = claimed(alice)
    with pytest.raises(StillRunning):
        keep_answer(slow, ANSWER)
    give_up(slow)
    keep_answer(quick, ANSWER)
    assert answered(alice) == ANSWER
    with pytest.raises(StillRunning):
        keep_answer(slow, Answer(400, {}, b""))
    give_up(quick)  # it was answered: there is nothing to give up
    assert answered(alice) == ANSWER


def test_who_gives_up_leaves_the_key_to_the_next(alice: Person) -> None:
    give_up(claimed(alice))
    assert IdempotentRequest.objects.count() == 0
    assert isinstance(claimed(alice, fingerprint="g"), Claim)


def test_an_effect_that_is_undone_leaves_no_answer(alice: Person) -> None:
    claim = claimed(alice)
    with transaction.atomic():
        keep_answer(claim, ANSWER)
        transaction.set_rollback(True)
    assert IdempotentRequest.objects.get().status is None


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_runs(alice: Person) -> None:
    ran: list[Claim] = []
    raised = at_once(*[lambda: ran.append(claimed(alice))] * 12)
    assert [type(error) for error in raised] == [StillRunning] * 11
    assert [claim.id for claim in ran] == [IdempotentRequest.objects.get().claim]


@pytest.mark.django_db(transaction=True)
def test_of_many_who_take_over_one_does(alice: Person) -> None:
    claimed(alice)
    age(ABANDONED_AFTER)
    ran: list[Claim] = []
    raised = at_once(*[lambda: ran.append(claimed(alice))] * 12)
    assert [type(error) for error in raised] == [StillRunning] * 11
    assert len(ran) == 1


@pytest.mark.django_db(transaction=True)
def test_a_claim_is_never_part_of_another_transaction(alice: Person) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        claimed(alice)
    assert not IdempotentRequest.objects.exists()


def test_rows_that_are_over_go_and_of_a_user_the_latest_stay(
    alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "KEPT_FOR_USER", 5)
    claimed(bob, "old")
    age(KEPT_FOR)
    claimed(bob, "new")
    for number in range(8):
        claimed(alice, str(number))
    clear_old_requests(alice.user, timezone.now())
    assert IdempotentRequest.objects.filter(user=bob.user).count() == 1
    assert IdempotentRequest.objects.filter(user=alice.user).count() == 5
    for number in range(3, 8):
        with pytest.raises(StillRunning):
            claimed(alice, str(number))


def test_that_happens_by_itself_now_and_then(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "CLEARED_AFTER", 10)
    for number in range(40):
        claimed(alice, str(number))
        age(KEPT_FOR)
    assert IdempotentRequest.objects.count() <= 10


def test_keys_go_with_their_user(alice: Person, bob: Person) -> None:
    for person in (alice, bob):
        claimed(person)
    bob.user.delete()
    assert IdempotentRequest.objects.get().user == alice.user


@pytest.mark.parametrize("project", [None, 2])
def test_each_project_has_keys_of_its_own(alice: Person, project: Any) -> None:
    keep_answer(claimed(alice), ANSWER)
    claim = claim_or_answer(alice.user, project_id=project, key="k", fingerprint="f")
    assert isinstance(claim, Claim)
