"""Sign-in with a password, and its limits.

No limit on guesses depends on the network address alone, which may be forged or changed: an account has one over all
addresses, too. A stranger who exhausts that one does not lock its owner out where they are known: addresses from which
the account was signed in to lately have only the limit of their own.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.db import transaction

from dashboards_api.errors import Forbidden, Invalid
from users.models import User
from users.rate_limiting.login_attempts import (
    Attempt,
    AttemptLimit,
    AttemptLimitReached,
    check_attempts,
    count_attempts,
    has_recent_success,
    record_success,
    remember_success,
)
from users.services.password_hashing import hash_password, hashing_slots
from users.services.users import find_stored_email
from users.services.validation import as_domain_error

T = TypeVar("T")

SIGN_IN = AttemptLimit("sign_in", attempts=30, within=timedelta(minutes=10))  # an account from one address
SIGN_IN_TO_ACCOUNT = AttemptLimit("sign_in_to_account", attempts=100, within=timedelta(minutes=10))
SIGN_IN_FROM_ADDRESS = AttemptLimit("sign_in_from_address", attempts=100, within=timedelta(minutes=10))
# Right passwords cost as much as wrong ones.
RIGHT_SIGN_IN = AttemptLimit("right_sign_in", attempts=20, within=timedelta(minutes=10))
KNOWN_ADDRESS = AttemptLimit("known_address", attempts=1, within=timedelta(days=30))


def check_address_limit(address: str) -> None:
    """Raise TooMany for an address that may not try any account now: before what it sent is read."""
    if settings.RATE_LIMITS:
        check_attempts([Attempt(SIGN_IN_FROM_ADDRESS, address=address)])


def authenticate_user(email: str, password: str, *, address: str) -> User:
    """Return the active user with this e-mail address and password.

    Raises Invalid, which does not tell an unknown user from a wrong password, in words or in time; Forbidden where the
    network address has failed too often with this account; and TooMany beyond the other limits, or while other
    passwords are checked.
    """
    normalized = find_stored_email(email)
    user = _PasswordCheck(normalized, address).run(lambda: authenticate(username=normalized, password=password))
    if not isinstance(user, User):
        raise Invalid("Invalid email or password.", code="invalid_credentials")
    return user


def hash_new_password(user: User, *, current: str, new: str, address: str) -> str:
    """Return the hash of a new password for a user who knows the current one. `change_password` stores it.

    It is the slow half of the change, and must not run inside a transaction. Raises Invalid for a wrong or a weak
    password, and what `authenticate_user` raises beyond limits.
    """
    if not _PasswordCheck(user.email, address).run(lambda: user.check_password(current)):
        raise Invalid("That is not your password.", attr="current", code="invalid_credentials")
    with as_domain_error("new"):
        validate_password(new, user)
    return hash_password(new)


def change_password(user: User, password_hash: str) -> None:
    """Give a user another password, by its hash. Every session of theirs ends.

    Raises Invalid where the password was changed since the current one was checked.
    """
    unchanged = User.objects.filter(pk=user.pk, password=user.password)
    if not unchanged.update(password=password_hash):
        raise Invalid("That is not your password.", attr="current", code="invalid_credentials")
    user.password = password_hash


class _PasswordCheck:
    """One attempt at the password of an account, with the limits that count it."""

    def __init__(self, email: str, address: str) -> None:
        self.pair = Attempt(SIGN_IN, email, address)
        self.known = Attempt(KNOWN_ADDRESS, email, address)
        self.overall = [] if has_recent_success(self.known) else [Attempt(SIGN_IN_TO_ACCOUNT, email)]
        self.right: list[Attempt] = []
        if settings.RATE_LIMITS:
            self.overall.append(Attempt(SIGN_IN_FROM_ADDRESS, address=address))
            self.right.append(Attempt(RIGHT_SIGN_IN, email))

    def run(self, check: Callable[[], T]) -> T:
        """Count the attempt, check the password, and note if it was right. Raises Forbidden and TooMany."""
        with _as_lockout():
            check_attempts([self.pair, *self.overall, *self.right])
            with hashing_slots.slot():
                count_attempts([self.pair, *self.overall])
                found = check()
        if found:
            self._record_success()
        return found

    def _record_success(self) -> None:
        with transaction.atomic():
            count_attempts(self.right)
            record_success(reset=[self.pair], refund=self.overall)
            remember_success(self.known)


@contextmanager
def _as_lockout() -> Iterator[None]:
    """Raise Forbidden for too many failures of an address with one account."""
    try:
        yield
    except AttemptLimitReached as error:
        if error.limit is not SIGN_IN:
            raise
        detail = f"Too many failed attempts. Please try again in {error.wait} seconds."
        raise Forbidden(detail, code="too_many_failed_attempts") from error
