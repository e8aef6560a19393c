"""Set-up links, with which a user chooses a name and a password. A link works once.

Only operators create set-up links, so using a link verifies the e-mail address of the account.
"""

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import NotFound, ValidationFailed
from dashboards_api.parsing import parse_int
from users.email_addresses import normalize_new_email
from users.models import User
from users.services.initial_data import DEFAULT_ADMIN_EMAIL
from users.services.password_hashing import hash_password
from users.services.users import check_email_is_free
from users.services.validation import as_domain_error
from users.signals import user_profile_changed


class _SetupTokenGenerator(PasswordResetTokenGenerator):
    """A generator of tokens for set-up links.

    A token expires after PASSWORD_RESET_TIMEOUT seconds, a sign-in, or a change of the password or the e-mail address.
    """

    # Earlier releases used another salt and gave links to inviters, who do not verify e-mail addresses. Those links
    # stay invalid.
    key_salt = "users.setup.verified"


_token_generator = _SetupTokenGenerator()


def create_setup_token(user: User) -> str:
    """Return a new token for a set-up link. The token is not stored."""
    return f"{user.pk}-{_token_generator.make_token(user)}"


def create_setup_link(user: User, base: str, *, is_chosen: bool = False) -> str:
    """Return a set-up link below PUBLIC_URL, or below `base` if PUBLIC_URL is empty or `is_chosen` is set."""
    return f"{base if is_chosen else settings.PUBLIC_URL or base}/setup/{create_setup_token(user)}"


def get_setup_user(token: str) -> User:
    """Return the active user of a token. Raises NotFound if the token is used, expired or unknown."""
    return _get_user(token, lock=False)


class CheckedSetup(NamedTuple):
    """Valid input of a set-up form, with the hash of the password, for `complete_setup`."""

    token: str
    name: str
    email: str
    password_hash: str


def check_setup(token: str, *, name: str, email: str, password: str) -> CheckedSetup:
    """Check a name, an e-mail address and a password for the user of a token, and hash the password.

    This function is the slow half of a set-up and must not be called in a transaction. Raises NotFound;
    ValidationFailed for a bad name, for a malformed or taken e-mail address, for a new e-mail address if the account
    may not change it, and for a weak password; and TooManyAttempts while other passwords are hashed.
    """
    user = _apply_profile(_get_user(token, lock=False), name, email)
    with as_domain_error("name"):
        user.clean_fields(exclude={"password"})
    with as_domain_error("password"):
        validate_password(password, user)
    return CheckedSetup(token, name, email, hash_password(password))


@atomic_with_retry
def complete_setup(checked: CheckedSetup) -> User:
    """Store the name, the password and, for the first admin, the e-mail address of a user. The token becomes invalid.

    If an invitation created the account, its API keys are deleted, because the inviter may have created them. Raises
    NotFound if the token was used in the meantime, and ValidationFailed if the e-mail address was taken.
    """
    user = _apply_profile(_get_user(checked.token, lock=True), checked.name, checked.email)
    if user.is_email_verified is False:
        user.personal_api_keys.all().delete()
    user.is_email_verified = True
    user.password = checked.password_hash
    user.save(update_fields=["email", "first_name", "last_name", "password", "is_email_verified"])
    user_profile_changed.send(User, user_id=user.pk)
    return user


def can_change_email(user: User) -> bool:
    """Return whether a set-up may change the e-mail address, which must be the placeholder of the first admin."""
    return user.email == DEFAULT_ADMIN_EMAIL


def _apply_profile(user: User, name: str, email: str) -> User:
    """Set the name and the e-mail address that the user chose, without saving. Raises ValidationFailed."""
    if User.objects.normalize_email(email) != user.email:
        if not can_change_email(user):
            raise ValidationFailed("The e-mail address of this account cannot be changed here.", attr="email")
        with as_domain_error("email"):
            user.email = normalize_new_email(email)
        check_email_is_free(user.email, excluding=user)
    user.first_name, _, user.last_name = name.strip().partition(" ")
    return user


def _get_user(token: str, *, lock: bool) -> User:
    user_id, _, rest = token.partition("-")
    users = User.objects.select_for_update() if lock else User.objects.all()
    user: User | None = users.filter(pk=parse_int(user_id) or 0, is_active=True).first()
    if user is None or not _token_generator.check_token(user, rest):
        raise NotFound("This link has been used or has expired.")
    return user
