"""What changes users. Each function writes in one transaction."""

import structlog
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.password_validation import validate_password
from django.db import Error, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from dashboards_api.errors import Invalid, Missing
from users.auth.sessions import end_all_sessions
from users.email_addresses import get_email_variants, normalize_new_email
from users.models import Membership, Project, User
from users.services.password_hashing import hash_password
from users.services.validation import as_domain_error

logger = structlog.get_logger("users.services.users")


def create_user(
    email: str,
    *,
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
    is_staff: bool = False,
    is_email_verified: bool | None = None,
) -> User:
    """Create a user. With a password it must not run inside a transaction.

    `is_email_verified` is True where an operator vouches for the address, and False where an invitation made the user.
    Raises Invalid for a malformed or taken e-mail address, or a weak password.
    """
    with as_domain_error("email"):
        normalized = normalize_new_email(email)
        user = User(email=normalized, first_name=first_name, last_name=last_name)
        user.clean_fields(exclude={"password"})
    if password is not None:
        with as_domain_error("password"):
            validate_password(password, user)
    check_email_is_free(normalized)
    password_hash = make_password(None) if password is None else hash_password(password)
    with transaction.atomic():
        check_email_is_free(normalized)
        return User.objects.create(
            email=normalized,
            password=password_hash,
            first_name=first_name,
            last_name=last_name,
            is_staff=is_staff,
            is_email_verified=is_email_verified,
        )


def check_email_is_free(email: str, *, but_for: User | None = None) -> None:
    """Raises Invalid where another user has this address, however its domain is spelled."""
    others = User.objects.exclude(pk=but_for.pk) if but_for else User.objects
    if others.filter(email__in=get_email_variants(email)).exists():
        raise Invalid(f"There is already a user with the address {email}.", attr="email", code="unique")


def find_user_by_email(email: str) -> User | None:
    """Return the user with this address, however its domain is spelled. One from before punycode comes first."""
    found = User.objects.filter(email__in=get_email_variants(email))
    return min(found, key=lambda user: user.email != User.objects.normalize_email(email), default=None)


def list_unused_accounts(project: Project) -> QuerySet[User]:
    """Return the accounts that invitations of earlier releases made and nobody ever used: no password, key or sign-in.

    They are in no other project, so that taking one over gives nothing but this project. What an operator makes is
    marked as verified, and is none of these.
    """
    elsewhere = Membership.objects.filter(user=OuterRef("pk")).exclude(project=project)
    unused = User.objects.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX, last_login=None, personal_api_keys=None)
    return unused.filter(~Exists(elsewhere), is_active=True, is_staff=False, is_email_verified=None)


def find_stored_email(email: str) -> str:
    """Return the address under which an account is kept; a domain may be typed as it reads, and be kept in punycode."""
    normalized = User.objects.normalize_email(email)
    user = None if normalized.isascii() else find_user_by_email(normalized)
    return normalized if user is None else user.email


def get_user_by_email(email: str) -> User:
    """The user with this address. Raises Missing."""
    user = find_user_by_email(email)
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
        end_all_sessions(user)
    return user


def record_write_position(user: User) -> None:
    """Keep where the log of PostgreSQL is now: replicas that have come so far have what the user wrote.

    What they wrote is durable by now: a failure is a line in the log, and they may see it as late as others do.
    """
    position = RawSQL("(pg_current_wal_insert_lsn() - '0/0')::bigint", [])
    try:
        User.objects.filter(pk=user.pk).update(wrote_at=position)
    except Error as error:
        logger.warning("write not noted", error=type(error).__qualname__)
