"""Who may sign in with a password."""

from datetime import timedelta

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password

from dashboards_api.errors import Forbidden, Invalid, TooMany
from users.models import User
from users.services.attempts import AttemptLimit, count_attempt, forget_attempts, take_back_attempt
from users.services.refusals import refusing

SIGN_IN = AttemptLimit("sign_in", attempts=30, within=timedelta(minutes=10))
# Over all accounts: each guess costs a fifth of a second of a processor.
SIGN_IN_FROM_ADDRESS = AttemptLimit("sign_in_from_address", attempts=100, within=timedelta(minutes=10))


def user_with_password(email: str, password: str, *, address: str) -> User:
    """The active user with this address and password.

    Raises Invalid, which does not tell an unknown user from a wrong password, in words or in time; Forbidden where the
    network address has failed too often with this user; and TooMany where it has with all users together, unless
    RATE_LIMITS are off.
    """
    if settings.RATE_LIMITS:
        count_attempt(SIGN_IN_FROM_ADDRESS, address=address)
    normalized = User.objects.normalize_email(email)
    _count(normalized, address)
    user = authenticate(username=normalized, password=password)
    if not isinstance(user, User):
        raise Invalid("Invalid email or password.", code="invalid_credentials")
    forget_attempts(SIGN_IN, target=normalized, address=address)
    if settings.RATE_LIMITS:
        take_back_attempt(SIGN_IN_FROM_ADDRESS, address=address)
    return user


def change_password(user: User, *, current: str, new: str, address: str) -> None:
    """Give a user who knows their password another one. Every session of theirs ends.

    Raises Invalid for a wrong or a weak password, and Forbidden after too many wrong ones.
    """
    _count(user.email, address)
    if not user.check_password(current):
        raise Invalid("That is not your password.", attr="current", code="invalid_credentials")
    forget_attempts(SIGN_IN, target=user.email, address=address)
    with refusing("new"):
        validate_password(new, user)
    user.set_password(new)
    user.save(update_fields=["password"])


def _count(email: str, address: str) -> None:
    """Every attempt is counted before it is made. Raises Forbidden."""
    try:
        count_attempt(SIGN_IN, target=email, address=address)
    except TooMany as error:
        detail = f"Too many failed attempts. Please try again in {error.wait} seconds."
        raise Forbidden(detail, code="too_many_failed_attempts") from error
