"""Create, find and deactivate users. Each function writes in one transaction."""

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, make_password
from django.contrib.auth.password_validation import validate_password
from django.db.models import Exists, OuterRef, QuerySet

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import NotFound, ValidationFailed
from users.auth.sessions import end_all_sessions
from users.email_addresses import get_email_variants, normalize_new_email
from users.models import Membership, Project, User
from users.services.password_hashing import hash_password
from users.services.validation import as_domain_error


def create_user(
    email: str,
    *,
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
    is_staff: bool = False,
    is_email_verified: bool | None = None,
) -> User:
    """Create a user. Do not call this function in a transaction if a password is given.

    `is_email_verified` is True if an operator has verified the e-mail address, and False if an invitation created the
    user. Raises ValidationFailed for a malformed or taken e-mail address, or a weak password.
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
    user.password = password_hash
    user.is_staff = is_staff
    user.is_email_verified = is_email_verified
    return _insert_user(user)


@atomic_with_retry
def _insert_user(user: User) -> User:
    """Insert a user. Raises ValidationFailed if the e-mail address was taken in the meantime."""
    check_email_is_free(user.email)
    user.save(force_insert=True)
    return user


def check_email_is_free(email: str, *, excluding: User | None = None) -> None:
    """Raise ValidationFailed if another user has the given e-mail address, in any spelling of its domain."""
    others = User.objects.exclude(pk=excluding.pk) if excluding else User.objects
    if others.filter(email__in=get_email_variants(email)).exists():
        raise ValidationFailed(f"There is already a user with the e-mail address {email}.", attr="email", code="unique")


def find_user_by_email(email: str) -> User | None:
    """Return the user with the given e-mail address, in any spelling of its domain, or None.

    If two users match, return the user whose domain is stored as given. Such an account was created before domains were
    stored in punycode.
    """
    users = User.objects.filter(email__in=get_email_variants(email))
    return min(users, key=lambda user: user.email != User.objects.normalize_email(email), default=None)


def list_unused_accounts(project: Project) -> QuerySet[User]:
    """Return the unused accounts that earlier releases created for invitations. These accounts have no password.

    The accounts are in no other project, so a person who reuses an account gains access to this project only. Accounts
    that an operator created are verified and not included.
    """
    elsewhere = Membership.objects.filter(user=OuterRef("pk")).exclude(project=project)
    unused = User.objects.filter(password__startswith=UNUSABLE_PASSWORD_PREFIX, last_login=None, personal_api_keys=None)
    return unused.filter(~Exists(elsewhere), is_active=True, is_staff=False, is_email_verified=None)


def find_stored_email(email: str) -> str:
    """Return an e-mail address in the form in which its account stores it.

    The domain may be stored in punycode. Without such an account, return the e-mail address in lower case.
    """
    normalized = User.objects.normalize_email(email)
    user = None if normalized.isascii() else find_user_by_email(normalized)
    return normalized if user is None else user.email


def get_user_by_email(email: str) -> User:
    """Return the user with the given e-mail address. Raises NotFound."""
    user = find_user_by_email(email)
    if user is None:
        raise NotFound(f"There is no user with the e-mail address {email}.")
    return user


@atomic_with_retry
def set_active(user: User, *, active: bool) -> User:
    """Deactivate or reactivate a user. The change takes effect immediately, because every request reads `is_active`.

    The user's API keys work again after a reactivation, but the user's sessions are deleted.
    """
    user.is_active = active
    user.save(update_fields=["is_active"])
    if not active:
        end_all_sessions(user)
    return user
