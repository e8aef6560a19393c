"""Invite, change and remove members of a project. Each function is one transaction."""

import secrets
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import Forbidden, NotFound, ValidationFailed
from users.email_addresses import get_email_variants, normalize_new_email
from users.models import Invitation, Membership, MembershipLevel, Project, hash_secret
from users.models.invitation import get_default_expiry
from users.services.projects import lock_project
from users.services.users import list_unused_accounts
from users.services.validation import as_domain_error
from users.signals import membership_removing

# The maximum number of open invitations of one project.
MAX_INVITATIONS = 100


class _LockedProject:
    """A project that an admin has locked to change its members, so that two admins cannot remove each other."""

    def __init__(self, acting: Membership) -> None:
        if not acting.is_admin:
            raise Forbidden("Only admins of the project may manage its members.")
        self.acting = acting
        self.project = lock_project(acting.project_id)

    def get_member(self, membership_id: int) -> Membership:
        member: Membership | None = Membership.objects.filter(project=self.project, pk=membership_id).first()
        if member is None:
            raise NotFound("There is no such member of this project.")
        self.check_level(member.level)
        return member

    def check_level(self, level: int) -> None:
        """Raise Forbidden for a level above that of the acting member."""
        if level > self.acting.level:
            raise Forbidden("This level is above your own.")


def _check_not_last_admin(membership: Membership) -> None:
    others = Membership.objects.filter(project=membership.project_id, level__gte=MembershipLevel.ADMIN)
    if membership.is_admin and not others.filter(user__is_active=True).exclude(pk=membership.pk).exists():
        raise ValidationFailed("A project must keep at least one admin.", attr="level")


class NewInvitation(NamedTuple):
    """A new invitation with the token of its link, which is not stored."""

    invitation: Invitation
    token: str


@atomic_with_retry
def create_invitation(acting: Membership, *, email: str, level: MembershipLevel) -> NewInvitation:
    """Invite a person to a project with a level.

    The link of an open invitation for this e-mail address becomes invalid. The result does not reveal whether there is
    an account with this e-mail address. Raises Forbidden, and ValidationFailed for a malformed e-mail address, for a
    member's e-mail address, and if the limit on open invitations is reached.
    """
    locked = _LockedProject(acting)
    locked.check_level(level)
    with as_domain_error("email"):
        address = normalize_new_email(email)
    if _is_member(locked.project, address):
        raise ValidationFailed("This person is already a member.", attr="email", code="unique")
    existing = locked.project.invitations.filter(email=address).first()
    if existing is not None:
        locked.check_level(existing.level)
    elif locked.project.invitations.count() >= MAX_INVITATIONS:
        raise ValidationFailed(
            f"A project has at most {MAX_INVITATIONS} open invitations. Withdraw one first.", attr="email"
        )
    token = secrets.token_urlsafe(32)
    content = {"level": level, "invited_by": acting, "secret_hash": hash_secret(token)}
    times = {"created_at": timezone.now(), "expires_at": get_default_expiry()}
    invitation, _ = locked.project.invitations.update_or_create(email=address, defaults={**content, **times})
    return NewInvitation(invitation, token)


def build_invitation_link(token: str, base: str) -> str:
    """Return the link of an invitation, below PUBLIC_URL, or below `base` if PUBLIC_URL is empty."""
    return f"{settings.PUBLIC_URL or base}/invitations/{token}"


@atomic_with_retry
def withdraw_invitation(acting: Membership, *, invitation_id: int) -> None:
    """Delete an invitation, which makes its link invalid. Raises NotFound and Forbidden."""
    locked = _LockedProject(acting)
    invitation = locked.project.invitations.filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFound("There is no such invitation to this project.")
    locked.check_level(invitation.level)
    invitation.delete()


def _is_member(project: Project, address: str) -> bool:
    """Return whether a member has the given e-mail address. Unused accounts, which need a new link, do not count."""
    members = project.memberships.filter(user__email__in=get_email_variants(address))
    return members.exclude(user__in=list_unused_accounts(project)).exists()


@atomic_with_retry
def change_member_level(acting: Membership, *, membership_id: int, level: MembershipLevel) -> None:
    """Change the level of a member.

    Raises NotFound, Forbidden, and ValidationFailed if the project would have no admin.
    """
    locked = _LockedProject(acting)
    member = locked.get_member(membership_id)
    locked.check_level(level)
    if level < MembershipLevel.ADMIN:
        _check_not_last_admin(member)
    member.level = level
    member.save(update_fields=["level"])


@atomic_with_retry
def remove_member(acting: Membership, *, membership_id: int) -> None:
    """Remove a member from a project. Their next request for the project is refused.

    Raises NotFound, Forbidden, and ValidationFailed if the project would have no admin.
    """
    locked = _LockedProject(acting)
    member = locked.get_member(membership_id)
    _end_membership(member, by=acting)


@atomic_with_retry
def leave_project(acting: Membership) -> None:
    """Remove the acting member from their project. Raises ValidationFailed for the last admin."""
    lock_project(acting.project_id)
    member = Membership.objects.filter(pk=acting.pk).first()
    if member is not None:  # otherwise, another request has removed the member
        _end_membership(member, by=acting)


def _end_membership(member: Membership, *, by: Membership) -> None:
    _check_not_last_admin(member)
    membership_removing.send(Membership, membership=member, by=by)
    member.delete()
