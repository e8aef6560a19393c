"""Who is in a project, as its admins decide it. Each function is one transaction."""

import secrets
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dashboards_api.errors import Forbidden, Invalid, Missing
from users.email_addresses import get_email_variants, normalize_new_email
from users.models import Invitation, Membership, MembershipLevel, Project, hash_secret
from users.models.invitation import get_default_expiry
from users.services.projects import lock_project
from users.services.users import list_unused_accounts
from users.services.validation import as_domain_error
from users.signals import membership_removing

# Of one project; each is a row, and a question to somebody.
MAX_INVITATIONS = 100


class _LockedProject:
    """The members of a project while they are changed: the lock on the project keeps the last admin the last."""

    def __init__(self, acting: Membership) -> None:
        if not acting.is_admin:
            raise Forbidden("Only admins of the project manage its members.")
        self.acting = acting
        self.project = lock_project(acting.project_id)

    def member(self, membership_id: int) -> Membership:
        found: Membership | None = Membership.objects.filter(project=self.project, pk=membership_id).first()
        if found is None:
            raise Missing("There is no such member of this project.")
        self.check_level(found.level)
        return found

    def check_level(self, level: int) -> None:
        """Nobody makes, changes or removes somebody above themselves."""
        if level > self.acting.level:
            raise Forbidden("This level is above your own.")


def _check_another_admin(membership: Membership) -> None:
    others = Membership.objects.filter(project=membership.project_id, level__gte=MembershipLevel.ADMIN)
    if membership.is_admin and not others.filter(user__is_active=True).exclude(pk=membership.pk).exists():
        raise Invalid("A project keeps at least one admin.", attr="level")


class NewInvitation(NamedTuple):
    """An invitation with the token of its link, at the only moment when that is known."""

    invitation: Invitation
    token: str


@transaction.atomic
def create_invitation(acting: Membership, *, email: str, level: MembershipLevel) -> NewInvitation:
    """Offer somebody a level in the project. It is theirs once they accept; a link from before is replaced.

    Whether there is an account with this address makes no difference, and is not told. Raises Forbidden; and Invalid
    for a malformed address, for a member, and where too many invitations are open.
    """
    locked = _LockedProject(acting)
    locked.check_level(level)
    with as_domain_error("email"):
        address = normalize_new_email(email)
    if _is_member(locked.project, address):
        raise Invalid("They are a member already.", attr="email", code="unique")
    existing = locked.project.invitations.filter(email=address).first()
    if existing is not None:
        locked.check_level(existing.level)
    elif locked.project.invitations.count() >= MAX_INVITATIONS:
        raise Invalid(f"A project has at most {MAX_INVITATIONS} open invitations. Withdraw one first.", attr="email")
    token = secrets.token_urlsafe(32)
    content = {"level": level, "invited_by": acting, "secret_hash": hash_secret(token)}
    times = {"created_at": timezone.now(), "expires_at": get_default_expiry()}
    invitation, _ = locked.project.invitations.update_or_create(email=address, defaults={**content, **times})
    return NewInvitation(invitation, token)


def invitation_link(token: str, base: str) -> str:
    """Return the link of an invitation, on PUBLIC_URL or else on the address `base`."""
    return f"{settings.PUBLIC_URL or base}/invitations/{token}"


@transaction.atomic
def withdraw_invitation(acting: Membership, *, invitation_id: int) -> None:
    """Delete an invitation: its link opens nothing any more. Raises Missing and Forbidden."""
    locked = _LockedProject(acting)
    invitation = locked.project.invitations.filter(pk=invitation_id).first()
    if invitation is None:
        raise Missing("There is no such invitation into this project.")
    locked.check_level(invitation.level)
    invitation.delete()


def _is_member(project: Project, address: str) -> bool:
    """Return whether a member has this address; not one whose account nobody has ever used: they need a new link."""
    members = project.memberships.filter(user__email__in=get_email_variants(address))
    return members.exclude(user__in=list_unused_accounts(project)).exists()


@transaction.atomic
def change_member_level(acting: Membership, *, membership_id: int, level: MembershipLevel) -> None:
    """Raises Missing, Forbidden, and Invalid where it would leave the project without an admin."""
    locked = _LockedProject(acting)
    member = locked.member(membership_id)
    locked.check_level(level)
    if level < MembershipLevel.ADMIN:
        _check_another_admin(member)
    member.level = level
    member.save(update_fields=["level"])


@transaction.atomic
def remove_member(acting: Membership, *, membership_id: int) -> None:
    """Remove somebody from the project: their sessions and keys do not reach it from the next request on.

    Raises Missing, Forbidden, and Invalid where it would leave the project without an admin.
    """
    locked = _LockedProject(acting)
    member = locked.member(membership_id)
    _end_membership(member, by=acting)


@transaction.atomic
def leave_project(acting: Membership) -> None:
    """End one's own membership. Raises Invalid for the last admin."""
    lock_project(acting.project_id)
    member = Membership.objects.filter(pk=acting.pk).first()
    if member is not None:  # it was not removed at the same time
        _end_membership(member, by=acting)


def _end_membership(member: Membership, *, by: Membership) -> None:
    _check_another_admin(member)
    membership_removing.send(Membership, membership=member, by=by)
    member.delete()
