"""One-time links with which a user chooses name and password: the first admin, or somebody who forgot theirs.

Operators alone make them, so using one verifies the address.
"""

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import transaction

from dashboards_api.errors import Invalid, Missing
from dashboards_api.numbers import whole_number
from users.email_addresses import normalize_new_email
from users.models import User
from users.services.initial_data import DEFAULT_ADMIN_EMAIL
from users.services.password_hashing import hash_password
from users.services.users import check_email_is_free
from users.services.validation import as_domain_error
from users.signals import user_profile_changed


class _SetupTokenGenerator(PasswordResetTokenGenerator):
    """Good for PASSWORD_RESET_TIMEOUT seconds, and until the password or the address changes or the user signs in."""

    # Links of earlier releases ended otherwise, and were given to inviters, who vouch for nobody.
    key_salt = "users.setup.verified"


_token_generator = _SetupTokenGenerator()


def create_setup_token(user: User) -> str:
    """What the link of a user ends with. Nothing is stored."""
    return f"{user.pk}-{_token_generator.make_token(user)}"


def create_setup_link(user: User, base: str, *, is_chosen: bool = False) -> str:
    """Return the link of a user on PUBLIC_URL, or else on the address `base`. One that was chosen comes first."""
    return f"{base if is_chosen else settings.PUBLIC_URL or base}/setup/{create_setup_token(user)}"


def get_setup_user(token: str) -> User:
    """The active user that a token is for. Raises Missing for one that is used, over or none."""
    return _get_user(token, lock=False)


class CheckedSetup(NamedTuple):
    """What a user chose, found to be right: `complete_setup` stores it."""

    token: str
    name: str
    email: str
    password_hash: str


def check_setup(token: str, *, name: str, email: str, password: str) -> CheckedSetup:
    """Check a name, an address and a password for the user of a token, and hash the password.

    It is the slow half of a set-up, and must not run inside a transaction. Raises Missing; Invalid for a bad name, for
    another, malformed or taken address, and for a weak password; and TooMany while other passwords are hashed.
    """
    user = _apply_profile(_get_user(token, lock=False), name, email)
    with as_domain_error("name"):
        user.clean_fields(exclude={"password"})
    with as_domain_error("password"):
        validate_password(password, user)
    return CheckedSetup(token, name, email, hash_password(password))


@transaction.atomic
def complete_setup(checked: CheckedSetup) -> User:
    """Give the user a name and a password, and the first admin an address; the token is used up.

    The keys of an account that an invitation had made end: they may be those of the inviter. Raises Missing where the
    token was used meanwhile, and Invalid where the address was taken.
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
    """Return whether setting up may give the account another address: only where the first start made one up."""
    return user.email == DEFAULT_ADMIN_EMAIL


def _apply_profile(user: User, name: str, email: str) -> User:
    """Return the user with the name and the address that they chose. Raises Invalid."""
    if User.objects.normalize_email(email) != user.email:
        if not can_change_email(user):
            raise Invalid("The address of this account cannot be changed here.", attr="email")
        with as_domain_error("email"):
            user.email = normalize_new_email(email)
        check_email_is_free(user.email, but_for=user)
    user.first_name, _, user.last_name = name.strip().partition(" ")
    return user


def _get_user(token: str, *, lock: bool) -> User:
    number, _, rest = token.partition("-")
    users = User.objects.select_for_update() if lock else User.objects.all()
    user: User | None = users.filter(pk=whole_number(number) or 0, is_active=True).first()
    if user is None or not _token_generator.check_token(user, rest):
        raise Missing("This link was used already, or is over.")
    return user
