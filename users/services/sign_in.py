"""Who may sign in with a password."""

from datetime import timedelta

from django.contrib.auth import authenticate

from dashboards_api.errors import Forbidden, Invalid, TooMany
from users.models import User
from users.services.attempts import AttemptLimit, count_attempt, forget_attempts

SIGN_IN = AttemptLimit("sign_in", attempts=30, within=timedelta(minutes=10))


def user_with_password(email: str, password: str, *, address: str) -> User:
    """The active user with this address and password.

    Raises Invalid, which does not tell an unknown user from a wrong password, in words or in time; and Forbidden where
    the network address has failed too often with this user.
    """
    normalized = User.objects.normalize_email(email)
    try:
        count_attempt(SIGN_IN, target=normalized, address=address)
    except TooMany as error:
        detail = f"Too many failed attempts. Please try again in {error.wait} seconds."
        raise Forbidden(detail, code="too_many_failed_attempts") from error
    user = authenticate(username=normalized, password=password)
    if not isinstance(user, User):
        raise Invalid("Invalid email or password.", code="invalid_credentials")
    forget_attempts(SIGN_IN, target=normalized, address=address)
    return user
