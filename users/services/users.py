"""What changes users. Each function writes in one transaction."""

import structlog
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import Error, transaction
from django.db.models.expressions import RawSQL

from dashboards_api.errors import Invalid, Missing
from users.models import User
from users.services.password_hashing import hash_password
from users.services.refusals import refusing
from users.sessions import end_sessions_of

logger = structlog.get_logger("users.services.users")


def create_user(
    email: str, *, first_name: str = "", last_name: str = "", password: str | None = None, is_staff: bool = False
) -> User:
    """Create a user. With a password it must not run inside a transaction.

    Raises Invalid for a malformed or taken e-mail address, or a weak password.
    """
    normalized = User.objects.normalize_email(email)
    user = User(email=normalized, first_name=first_name, last_name=last_name)
    with refusing("email"):
        user.clean_fields(exclude={"password"})
    if password is not None:
        with refusing("password"):
            validate_password(password, user)
    check_is_free(normalized)
    password_hash = make_password(None) if password is None else hash_password(password)
    with transaction.atomic():
        check_is_free(normalized)
        return User.objects.create(
            email=normalized,
            password=password_hash,
            first_name=first_name,
            last_name=last_name,
            is_staff=is_staff,
        )


def check_is_free(email: str, *, but_for: User | None = None) -> None:
    """Raises Invalid where another user has this normalized address."""
    others = User.objects.exclude(pk=but_for.pk) if but_for else User.objects
    if others.filter(email=email).exists():
        raise Invalid(f"There is already a user with the address {email}.", attr="email", code="unique")


def user_named(email: str) -> User:
    """The user with this address. Raises Missing."""
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    if user is None:
        raise Missing(f"There is no user with the address {email}.")
    return user


@transaction.atomic
def set_active(user: User, *, active: bool) -> User:
    """Lock a user out, or let them in again. Sessions and keys read this at every request: it holds at once.

    Keys work again afterwards; sessions are over for good.
    """
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        end_sessions_of(user)
    return user


def note_write(user: User) -> None:
    """Keep where the log of PostgreSQL is now: replicas that have come so far have what the user wrote.

    What they wrote is durable by now: a failure is a line in the log, and they may see it as late as others do.
    """
    position = RawSQL("(pg_current_wal_insert_lsn() - '0/0')::bigint", [])
    try:
        User.objects.filter(pk=user.pk).update(wrote_at=position)
    except Error as error:
        logger.warning("write not noted", error=type(error).__qualname__)
