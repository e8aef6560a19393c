"""Accept and decline invitations. Each function writes in one transaction.

An invitation is accepted with its link, which an admin gives to the invited person. An account with the invited e-mail
address is not enough, because any invited person can create an account without verifying its e-mail address
(docs/decisions/0019-invitations.md).
"""

from django.contrib.auth.password_validation import validate_password
from django.db.models import QuerySet
from django.utils import timezone

from dashboards_api.db.retry import atomic_with_retry
from dashboards_api.errors import Forbidden, NotFound, ValidationFailed
from users.email_addresses import get_email_variants
from users.models import Invitation, Membership, MembershipLevel, User, hash_secret
from users.services.password_hashing import hash_password
from users.services.projects import add_member, lock_project
from users.services.users import find_user_by_email, list_unused_accounts
from users.services.validation import as_domain_error
from users.signals import user_profile_changed

EMAIL_TAKEN = "There is already an account with this e-mail address. Sign in to accept."


def get_invitation(token: str) -> Invitation:
    """Return the invitation of a link, with its project and its inviter. Raises NotFound if it cannot be accepted."""
    invitation = Invitation.objects.open(timezone.now()).with_names().filter(secret_hash=hash_secret(token)).first()
    if invitation is None:
        raise NotFound("This invitation is no longer valid.")
    return invitation


def list_invitations(user: User) -> QuerySet[Invitation]:
    """Return the open invitations that a user may accept without a link.

    The list is empty unless an operator has verified the e-mail address of the account, because an unverified e-mail
    address may belong to another person.
    """
    if user.is_email_verified is not True:
        return Invitation.objects.none()
    return (
        Invitation.objects.open(timezone.now())
        .with_names()
        .filter(email__in=get_email_variants(user.email))
        .order_by("pk")
    )


def find_accepting_account(invitation: Invitation) -> User | None:
    """Return the account that has to accept an invitation, or None if accepting it creates an account."""
    user = find_user_by_email(invitation.email)
    if user is not None and list_unused_accounts(invitation.project).filter(pk=user.pk).exists():
        return None
    return user


@atomic_with_retry
def accept_invitation(invitation: Invitation, *, accepted_by: User) -> Membership:
    """Make a user a member of the project that they are invited to.

    Raises NotFound, and Forbidden if the invitation is for another e-mail address.
    """
    locked = _lock_invitation(invitation)
    if accepted_by.email not in get_email_variants(locked.email):
        raise Forbidden("This invitation is for another account.")
    return _create_membership(locked, accepted_by)


def accept_with_new_account(invitation: Invitation, *, name: str, password: str) -> User:
    """Create an account with the invited e-mail address and make it a member.

    Do not call this function in a transaction. Raises NotFound; ValidationFailed for a bad name, a weak password,
    or an existing account; and TooManyAttempts while other passwords are hashed.
    """
    if find_accepting_account(invitation) is not None:
        raise ValidationFailed(EMAIL_TAKEN, attr="email")
    user = User(email=invitation.email, is_email_verified=False)
    user.first_name, _, user.last_name = name.strip().partition(" ")
    with as_domain_error("name"):
        user.clean_fields(exclude={"password"})
    with as_domain_error("password"):
        validate_password(password, user)
    user.password = hash_password(password)
    return _accept_with(invitation, user)


@atomic_with_retry
def _accept_with(invitation: Invitation, user: User) -> User:
    """Save a new account, make it a member, and return it."""
    locked = _lock_invitation(invitation)
    user = _save_account(user, locked)
    _create_membership(locked, user)
    return user


@atomic_with_retry
def decline_invitation(invitation: Invitation) -> None:
    """Delete an invitation, which makes its link invalid.

    Raises NotFound if the invitation can no longer be accepted.
    """
    _lock_invitation(invitation).delete()


def _lock_invitation(invitation: Invitation) -> Invitation:
    """Lock the project and return the current state of the invitation. Raises NotFound."""
    lock_project(invitation.project_id)
    secret = invitation.secret_hash
    locked = Invitation.objects.open(timezone.now()).select_related("project").filter(secret_hash=secret).first()
    if locked is None:
        raise NotFound("This invitation is no longer valid.")
    return locked


def _save_account(user: User, invitation: Invitation) -> User:
    """Save a new account, or reuse an unused account with this e-mail address.

    Raises ValidationFailed if the account is in use.
    """
    existing = find_user_by_email(invitation.email)
    if existing is None:
        user.save(force_insert=True)
        return user
    unused = list_unused_accounts(invitation.project).select_for_update(of=("self",)).filter(pk=existing.pk).first()
    if unused is None:
        raise ValidationFailed(EMAIL_TAKEN, attr="email")
    fields = ("first_name", "last_name", "password", "is_email_verified")
    for name in fields:
        setattr(unused, name, getattr(user, name))
    unused.save(update_fields=fields)
    user_profile_changed.send(User, user_id=unused.pk)
    return unused


def _create_membership(invitation: Invitation, user: User) -> Membership:
    """Create a membership, or raise the level of an existing membership, and delete the invitation."""
    existing = Membership.objects.filter(project=invitation.project, user=user).first()
    level = max(invitation.level, existing.level if existing else invitation.level)
    membership = add_member(invitation.project, user=user, level=MembershipLevel(level))
    invitation.delete()
    return membership
