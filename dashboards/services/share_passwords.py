"""Passwords of shared dashboards: add one, remove one, open a link with one."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.contrib.auth.hashers import check_password, make_password

from dashboards.exceptions import DashboardMissing, SharePasswordMissing, WrongSharePassword
from dashboards.history import Change, field_change
from dashboards.models import ActivityName, SharePassword, SharingConfiguration
from dashboards.services.revisions import change, changing, note_act
from dashboards.services.sharing import lock_sharing
from dashboards.unlocking import share_token
from dashboards_api.errors import Invalid
from users.models import Membership, Project
from users.services.attempts import AttemptLimit, count_attempt, forget_attempts

# Each guess is checked against all of them, and checking is slow on purpose.
MAX_PASSWORDS = 10
UNLOCK = AttemptLimit("unlock", attempts=10, within=timedelta(minutes=1))


class NewSharePassword(NamedTuple):
    """A password with its text, at the only moment when that is known."""

    password: SharePassword
    text: str


def add_share_password(
    dashboard_id: int, *, project: Project, text: str | None, note: str | None, added_by: Membership
) -> NewSharePassword:
    """One more password that opens the link; a random one where none is given.

    Raises DashboardMissing and Forbidden; and Invalid where no password is required, and beyond ten.
    """
    text = text or secrets.token_urlsafe(12)
    hashed = make_password(text)
    with change(by=added_by):
        sharing = lock_sharing(dashboard_id, project=project, member=added_by)
        if not sharing.password_required:
            raise Invalid("Set `password_required` first: the link opens without a password.")
        if sharing.share_passwords.count() >= MAX_PASSWORDS:
            raise Invalid(f"A shared dashboard has at most {MAX_PASSWORDS} passwords. Delete one first.")
        made = sharing.share_passwords.create(password_hash=hashed, note=note, created_by=added_by.user)
        note_act(dashboard_id, ActivityName.SHARE_PASSWORD_ADDED, [_change(None, made)])
    return NewSharePassword(made, text)


@changing
def remove_share_password(dashboard_id: int, *, project: Project, password_id: int, removed_by: Membership) -> None:
    """Delete a password: whoever came in with it is locked out at once.

    Raises DashboardMissing, Forbidden and SharePasswordMissing.
    """
    sharing = lock_sharing(dashboard_id, project=project, member=removed_by)
    password = sharing.share_passwords.filter(pk=password_id).first()
    if password is None:
        raise SharePasswordMissing
    note_act(dashboard_id, ActivityName.SHARE_PASSWORD_REMOVED, [_change(password, None)])
    password.delete()


def _change(before: SharePassword | None, after: SharePassword | None) -> Change:
    was, is_now = (each and {"id": each.pk, "note": each.note} for each in (before, after))
    [password_id] = [each["id"] for each in (was, is_now) if each]
    return field_change("SharePassword", ["sharing", "passwords", str(password_id)], was, is_now)


def unlock(access_token: str, *, text: str, address: str) -> str:
    """The share token for who knows a password of this link.

    Raises DashboardMissing for a link that opens nothing, Invalid for one that needs no password, WrongSharePassword,
    and TooMany where the network address has guessed too often at this link.
    """
    sharing = SharingConfiguration.objects.opened_by(access_token)
    if sharing is None:
        raise DashboardMissing
    if not sharing.password_required:
        raise Invalid("This link needs no password.")
    count_attempt(UNLOCK, target=access_token, address=address)
    for password in sharing.share_passwords.order_by("id"):
        if check_password(text, password.password_hash):
            forget_attempts(UNLOCK, target=access_token, address=address)
            return share_token(access_token, password.pk)
    raise WrongSharePassword
