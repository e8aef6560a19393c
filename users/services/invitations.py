"""What becomes of an invitation: accepted or declined, by whoever holds its link. Each verb is one transaction.

An address proves nothing: anyone who was invited somewhere can have made an account with it. What lets somebody in is
the link, which the admin hands to the person they mean (docs/decisions/0019-invitations.md).
"""

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from dashboards_api.errors import Forbidden, Invalid, Missing
from users.email_addresses import get_email_variants
from users.models import Invitation, Membership, MembershipLevel, User, hash_secret
from users.services.password_hashing import hash_password
from users.services.projects import add_member, lock_project
from users.services.users import never_used_accounts, user_at
from users.services.validation import as_domain_error
from users.signals import user_profile_changed

TAKEN = "There is already an account with this address. Sign in to accept."


def invitation_of(token: str) -> Invitation:
    """Return the invitation that a link is for, its names at hand. Raises Missing for one that cannot be accepted."""
    found = Invitation.objects.open(timezone.now()).with_names().filter(secret_hash=hash_secret(token)).first()
    if found is None:
        raise Missing("This invitation is over.")
    return found


def invitations_for(user: User) -> QuerySet[Invitation]:
    """Return the open invitations of a user that they may accept without a link.

    There are none for an address that no operator has verified: its account may be that of somebody else.
    """
    if user.is_email_verified is not True:
        return Invitation.objects.none()
    return (
        Invitation.objects.open(timezone.now())
        .with_names()
        .filter(email__in=get_email_variants(user.email))
        .order_by("pk")
    )


def account_of(invitation: Invitation) -> User | None:
    """Return the account that has to accept, or None where accepting makes one."""
    user = user_at(invitation.email)
    if user is not None and never_used_accounts(invitation.project).filter(pk=user.pk).exists():
        return None
    return user


@transaction.atomic
def accept(invitation: Invitation, *, accepted_by: User) -> Membership:
    """Let a user into the project that they were invited to.

    Raises Missing, and Forbidden for an invitation to another address.
    """
    locked = _locked(invitation)
    if accepted_by.email not in get_email_variants(locked.email):
        raise Forbidden("This invitation is for another account.")
    return _join(locked, accepted_by)


def accept_as_new(invitation: Invitation, *, name: str, password: str) -> User:
    """Make an account with the address that was invited, and let it into the project. Not inside a transaction.

    Raises Missing; Invalid for a bad name, a weak password, and where there is an account already; and TooMany while
    other passwords are hashed.
    """
    if account_of(invitation) is not None:
        raise Invalid(TAKEN, attr="email")
    user = User(email=invitation.email, is_email_verified=False)
    user.first_name, _, user.last_name = name.strip().partition(" ")
    with as_domain_error("name"):
        user.clean_fields(exclude={"password"})
    with as_domain_error("password"):
        validate_password(password, user)
    user.password = hash_password(password)
    with transaction.atomic():
        locked = _locked(invitation)
        user = _saved(user, locked)
        _join(locked, user)
    return user


@transaction.atomic
def decline(invitation: Invitation) -> None:
    """Delete an invitation: its link opens nothing any more. Raises Missing where it is over."""
    _locked(invitation).delete()


def _locked(invitation: Invitation) -> Invitation:
    """Return the invitation as it is now, while the members of its project are locked. Raises Missing."""
    lock_project(invitation.project_id)
    secret = invitation.secret_hash
    found = Invitation.objects.open(timezone.now()).select_related("project").filter(secret_hash=secret).first()
    if found is None:
        raise Missing("This invitation is over.")
    return found


def _saved(user: User, invitation: Invitation) -> User:
    """Return a new account, or the one with this address that nobody has ever used. Raises Invalid for any other."""
    existing = user_at(invitation.email)
    if existing is None:
        user.save(force_insert=True)
        return user
    unused = never_used_accounts(invitation.project).select_for_update(of=("self",)).filter(pk=existing.pk).first()
    if unused is None:
        raise Invalid(TAKEN, attr="email")
    taken = ("first_name", "last_name", "password", "is_email_verified")
    for name in taken:
        setattr(unused, name, getattr(user, name))
    unused.save(update_fields=taken)
    user_profile_changed.send(User, user_id=unused.pk)
    return unused


def _join(invitation: Invitation, user: User) -> Membership:
    """Make the membership; a higher level that the user was given meanwhile stays."""
    existing = Membership.objects.filter(project=invitation.project, user=user).first()
    level = max(invitation.level, existing.level if existing else invitation.level)
    membership = add_member(invitation.project, user=user, level=MembershipLevel(level))
    invitation.delete()
    return membership
