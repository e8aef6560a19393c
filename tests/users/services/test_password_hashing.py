"""The slots of password hashing, and its refusal inside transactions."""

import threading

import pytest
from django.contrib.auth.hashers import make_password
from django.db import transaction

from users.services.password_hashing import HashingBusy, HashingSlots, hash_password, verify_password


def hold_slot(slots: HashingSlots, inside: threading.Event, until: threading.Event) -> threading.Thread:
    """Start a thread that occupies a slot or waits for one, as a request does."""

    def run() -> None:
        with slots.slot(max_wait=30):
            inside.set()
            until.wait(30)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_one_thread_hashes_one_waits_and_others_are_refused(db: None) -> None:
    slots = HashingSlots(at_once=1, waiting=1)
    first, second, done = threading.Event(), threading.Event(), threading.Event()
    threads = [hold_slot(slots, first, done)]
    assert first.wait(10)
    threads.append(hold_slot(slots, second, done))
    while slots.threads.acquire(blocking=False):  # until the second thread waits
        slots.threads.release()
    with pytest.raises(HashingBusy) as refused, slots.slot():
        pass
    assert (refused.value.wait, second.is_set()) == (1, False)
    done.set()
    for thread in threads:
        thread.join(10)
    assert second.is_set()
    with slots.slot():
        pass


def test_waiting_for_a_slot_times_out(db: None) -> None:
    slots = HashingSlots()
    with slots.slot():
        with pytest.raises(HashingBusy), slots.slot(max_wait=0.01):
            pass
        assert slots.threads.acquire(blocking=False)  # the slot of the thread that timed out is free
        slots.threads.release()


def test_hashes_are_those_of_django(db: None) -> None:
    hashed = hash_password("correct horse battery")
    assert verify_password("correct horse battery", hashed)
    assert not verify_password("correct horse", hashed)


@pytest.mark.parametrize("is_real", [False, True])
def test_hashing_in_a_transaction_is_an_error(transactional_db: None, is_real: bool) -> None:
    with transaction.atomic():
        if is_real:
            with pytest.raises(RuntimeError, match="must not run inside a transaction"):
                hash_password("x")
        else:  # the hasher of the test suite detects calls that bypass the service
            with pytest.raises(AssertionError, match="inside a transaction"):
                make_password("x")
