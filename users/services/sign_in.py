"""Check passwords on sign-in and before a change of the password, with limits on attempts.

Each account has a limit per IP address and, because IP addresses can be changed or forged, a limit across all IP
addresses. The limit across all IP addresses does not apply to IP addresses from which the owner of the account has
recently signed in, so an attacker who exhausts this limit does not lock the owner out.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import Forbidden, ValidationFailed
from users.models import User
from users.rate_limiting.attempts import (
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

SIGN_IN = AttemptLimit("sign_in", attempts=30, within=timedelta(minutes=10))  # per account and IP address
SIGN_IN_TO_ACCOUNT = AttemptLimit("sign_in_to_account", attempts=100, within=timedelta(minutes=10))
SIGN_IN_FROM_ADDRESS = AttemptLimit("sign_in_from_address", attempts=100, within=timedelta(minutes=10))
# Checking a correct password takes as much time as checking a wrong password.
SUCCESSFUL_SIGN_IN = AttemptLimit("right_sign_in", attempts=20, within=timedelta(minutes=10))
KNOWN_ADDRESS = AttemptLimit("known_address", attempts=1, within=timedelta(days=30))


def check_address_limit(address: str) -> None:
    """Raise TooManyAttempts if an IP address has exhausted its limit across all accounts.

    Call this function before reading the body.
    """
    if settings.RATE_LIMITS:
        check_attempts([Attempt(SIGN_IN_FROM_ADDRESS, address=address)])


def authenticate_user(email: str, password: str, *, address: str) -> User:
    """Return the active user with the given e-mail address and password.

    Raises ValidationFailed, with the same text and after the same time for an unknown user and a wrong password;
    Forbidden if the IP address has failed too often with this account; and TooManyAttempts if another limit is
    exceeded, or while other passwords are checked.
    """
    normalized = find_stored_email(email)
    user = _PasswordCheck(normalized, address).run(lambda: authenticate(username=normalized, password=password))
    if not isinstance(user, User):
        raise ValidationFailed("Invalid email or password.", code="invalid_credentials")
    return user


def hash_new_password(user: User, *, current: str, new: str, address: str) -> str:
    """Check the current password and return the hash of the new password, for `change_password`.

    This function is the slow half of the change and must not be called in a transaction. Raises ValidationFailed for a
    wrong or a weak password, and Forbidden and TooManyAttempts as `authenticate_user` does.
    """
    if not _PasswordCheck(user.email, address).run(lambda: user.check_password(current)):
        raise ValidationFailed("That is not your password.", attr="current", code="invalid_credentials")
    with as_domain_error("new"):
        validate_password(new, user)
    return hash_password(new)


def change_password(user: User, password_hash: str) -> None:
    """Store the hash of a new password, which ends all sessions of the user.

    Raises ValidationFailed if the password was changed since the current password was checked.
    """
    unchanged = User.objects.filter(pk=user.pk, password=user.password)
    if not unchanged.update(password=password_hash):
        raise ValidationFailed("That is not your password.", attr="current", code="invalid_credentials")
    user.password = password_hash


class _PasswordCheck:
    """One attempt at the password of an account, under all limits that apply to it."""

    def __init__(self, email: str, address: str) -> None:
        self.by_account_and_address = Attempt(SIGN_IN, email, address)
        self.known_address = Attempt(KNOWN_ADDRESS, email, address)
        self.by_account_or_address: list[Attempt] = []
        if not has_recent_success(self.known_address):
            self.by_account_or_address.append(Attempt(SIGN_IN_TO_ACCOUNT, email))
        self.successes: list[Attempt] = []
        if settings.RATE_LIMITS:
            self.by_account_or_address.append(Attempt(SIGN_IN_FROM_ADDRESS, address=address))
            self.successes.append(Attempt(SUCCESSFUL_SIGN_IN, email))

    def run(self, check: Callable[[], T]) -> T:
        """Count the attempt, check the password, and record a success. Raises Forbidden and TooManyAttempts."""
        with _as_lockout():
            check_attempts([self.by_account_and_address, *self.by_account_or_address, *self.successes])
            with hashing_slots.slot():
                count_attempts([self.by_account_and_address, *self.by_account_or_address])
                result = check()
        if result:
            self._record_success()
        return result

    @atomic_with_retry
    def _record_success(self) -> None:
        count_attempts(self.successes)
        record_success(reset=[self.by_account_and_address], refund=self.by_account_or_address)
        remember_success(self.known_address)


@contextmanager
def _as_lockout() -> Iterator[None]:
    """Raise Forbidden instead of TooManyAttempts if one IP address has failed too often with one account."""
    try:
        yield
    except AttemptLimitReached as error:
        if error.limit is not SIGN_IN:
            raise
        detail = f"Too many failed attempts. Please try again in {error.wait} seconds."
        raise Forbidden(detail, code="too_many_failed_attempts") from error
