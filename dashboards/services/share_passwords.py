"""Passwords of share links: add and remove them, and check them to unlock a link."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.utils.crypto import constant_time_compare

from dashboards.access import check_edit_restriction
from dashboards.changelog.diff import Change, build_change
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotFound, SharePasswordNotFound, WrongSharePassword
from dashboards.models import ActivityName, Dashboard, SharePassword, SharingConfiguration
from dashboards.services.rows import lock_for_edit
from dashboards.unlock_tokens import digest_password, is_current_digest, sign_unlock_token
from dashboards_api.db.best_effort import best_effort_update
from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import ValidationFailed
from users.models import Membership, Project
from users.rate_limiting.attempts import (
    Attempt,
    AttemptLimit,
    check_attempts,
    count_attempts,
    has_recent_success,
    record_success,
    remember_success,
)
from users.services.password_hashing import hash_password, verify_password

# An attempt is checked against the deliberately slow hash of every password without a digest.
MAX_PASSWORDS = 10
UNLOCK = AttemptLimit("unlock", attempts=10, within=timedelta(minutes=1))  # for one link and IP address
# For one link and all IP addresses. An attempt counts once for each slow hash.
UNLOCK_LINK = AttemptLimit("unlock_link", attempts=100, within=timedelta(minutes=10))
RIGHT_UNLOCK = AttemptLimit(
    "right_unlock", attempts=100, within=timedelta(minutes=10)
)  # many visitors may share an IP address
KNOWN_VIEWER = AttemptLimit("known_viewer", attempts=1, within=timedelta(days=30))


class HashedPassword(NamedTuple):
    """A new password with its hash, for `add_share_password`."""

    text: str
    password_hash: str


class NewSharePassword(NamedTuple):
    """A stored password with its plain text. Only a hash of the text is stored."""

    password: SharePassword
    text: str


class LockedLink(NamedTuple):
    """A link that is locked by a password, and the IP address of the client that tries to unlock it."""

    access_token: str
    address: str
    sharing_id: int
    passwords: list[SharePassword]

    @property
    def without_digest(self) -> list[SharePassword]:
        """Return the passwords whose digest is missing, or was computed with an earlier secret key."""
        return [password for password in self.passwords if not is_current_digest(password.digest)]


def hash_share_password(
    dashboard_id: int, *, project: Project, text: str | None, member: Membership, is_first: bool = False
) -> HashedPassword:
    """Hash the given password, or a random password, for a dashboard that the member may share.

    With `is_first`, the password is the first password of a link that does not require a password yet.

    This function is the slow step before `add_share_password`, and is refused inside a transaction. Raises
    DashboardNotFound, Forbidden, ValidationFailed if the link does not require a password or already has ten passwords,
    and TooManyAttempts while other passwords are hashed.
    """
    dashboard = (
        Dashboard.objects.in_project(project)
        .not_deleted()
        .with_is_collaborator(member.pk)
        .filter(pk=dashboard_id)
        .first()
    )
    if dashboard is None:
        raise DashboardNotFound
    check_edit_restriction(dashboard, member)
    if not is_first:
        _check_password_limit(SharingConfiguration.objects.get(dashboard=dashboard))
    text = text or secrets.token_urlsafe(12)
    return HashedPassword(text, hash_password(text))


def add_share_password(
    changes: ChangeSet, dashboard_id: int, *, project: Project, hashed: HashedPassword, note: str | None
) -> NewSharePassword:
    """Add a password that unlocks the shared page.

    Raises DashboardNotFound, Forbidden, and ValidationFailed if the link does not require a password or already has ten
    passwords.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    sharing = SharingConfiguration.objects.get(dashboard=dashboard)
    _check_password_limit(sharing)
    password = sharing.share_passwords.create(
        password_hash=hashed.password_hash,
        digest=digest_password(sharing.pk, hashed.text),
        note=note,
        created_by=changes.actor.user,
    )
    changes.record_event(dashboard, ActivityName.SHARE_PASSWORD_ADDED, [_build_change(None, password)])
    return NewSharePassword(password, hashed.text)


def _check_password_limit(sharing: SharingConfiguration) -> None:
    if not sharing.password_required:
        raise ValidationFailed("Set `password_required` first, because the link does not require a password.")
    if sharing.share_passwords.count() >= MAX_PASSWORDS:
        raise ValidationFailed(f"A shared dashboard has at most {MAX_PASSWORDS} passwords. Delete one first.")


def remove_share_password(changes: ChangeSet, dashboard_id: int, *, project: Project, password_id: int) -> None:
    """Delete a password. Visitors who unlocked the page with it are locked out immediately.

    Raises DashboardNotFound, Forbidden and SharePasswordNotFound.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    sharing = SharingConfiguration.objects.get(dashboard=dashboard)
    password = sharing.share_passwords.filter(pk=password_id).first()
    if password is None:
        raise SharePasswordNotFound
    changes.record_event(dashboard, ActivityName.SHARE_PASSWORD_REMOVED, [_build_change(password, None)])
    password.delete()


def _build_change(before: SharePassword | None, after: SharePassword | None) -> Change:
    was, is_now = (each and {"id": each.pk, "note": each.note} for each in (before, after))
    [password_id] = [each["id"] for each in (was, is_now) if each]
    return build_change("SharePassword", ["sharing", "passwords", str(password_id)], was, is_now)


def find_locked_link(access_token: str, *, address: str) -> LockedLink:
    """Return a link that is locked by a password, before the password is read from the request.

    Raises DashboardNotFound for an unknown link, ValidationFailed for a link without a password, and
    TooManyAttempts after too many attempts.
    """
    sharing = SharingConfiguration.objects.find_by_token(access_token)
    if sharing is None:
        raise DashboardNotFound
    if not sharing.password_required:
        raise ValidationFailed("This link does not require a password.")
    passwords = list(sharing.share_passwords.order_by("id"))
    link = LockedLink(access_token, address, sharing.pk, passwords)
    check_attempts([*_build_attempts(link), Attempt(RIGHT_UNLOCK, access_token, address)])
    return link


def check_share_password(link: LockedLink, *, text: str) -> str:
    """Return the unlock token for a correct password. Raises WrongSharePassword and TooManyAttempts."""
    guesses = _build_attempts(link)
    count_attempts(guesses)
    digest = digest_password(link.sharing_id, text)
    found = next((each for each in link.passwords if constant_time_compare(each.digest, digest)), None)
    found = found or _find_by_slow_hash(link.without_digest, text, digest)
    if found is None:
        raise WrongSharePassword
    _record_success(link, guesses)
    return sign_unlock_token(link.access_token, found.pk)


def _build_attempts(link: LockedLink) -> list[Attempt]:
    """Return the attempts that are counted for one password.

    Guesses from other IP addresses do not lock out an IP address that unlocked the link recently, but slow hashes are
    limited for all IP addresses.
    """
    guesses = [Attempt(UNLOCK, link.access_token, link.address)]
    hashes = len(link.without_digest)
    if hashes or not has_recent_success(Attempt(KNOWN_VIEWER, link.access_token, link.address)):
        guesses.append(Attempt(UNLOCK_LINK, link.access_token, cost=max(1, hashes)))
    return guesses


def _find_by_slow_hash(passwords: list[SharePassword], text: str, digest: str) -> SharePassword | None:
    """Return the matching password among the passwords without a digest, and store its digest."""
    found = next((each for each in passwords if verify_password(text, each.password_hash)), None)
    if found:
        best_effort_update(SharePassword, found.pk, digest=digest)
    return found


@atomic_with_retry
def _record_success(link: LockedLink, guesses: list[Attempt]) -> None:
    at_link = [guess for guess in guesses if guess.limit is UNLOCK_LINK]
    count_attempts([Attempt(RIGHT_UNLOCK, link.access_token, link.address)])
    record_success(reset=guesses[:1], refund=at_link)
    remember_success(Attempt(KNOWN_VIEWER, link.access_token, link.address))
