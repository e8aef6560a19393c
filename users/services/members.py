"""Who is in a project, as its admins decide it. Each function is one transaction."""

from django.db import transaction

from dashboards_api.errors import Forbidden, Invalid, Missing
from users.models import Membership, MembershipLevel, Project, User
from users.services.projects import add_member
from users.services.users import create_user
from users.signals import member_leaves


class _Locked:
    """The members of a project while they are changed: the lock on the project keeps the last admin the last."""

    def __init__(self, acting: Membership) -> None:
        if not acting.is_admin:
            raise Forbidden("Only admins of the project manage its members.")
        self.acting = acting
        self.project = Project.objects.select_for_update(no_key=True).get(pk=acting.project_id)

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

    def check_another_admin(self, membership: Membership) -> None:
        others = Membership.objects.filter(project=self.project, level__gte=MembershipLevel.ADMIN, user__is_active=True)
        if membership.is_admin and not others.exclude(pk=membership.pk).exists():
            raise Invalid("A project keeps at least one admin.", attr="level")


@transaction.atomic
def invite(acting: Membership, *, email: str, level: MembershipLevel) -> tuple[User, bool]:
    """Let somebody into the project by their address; whether they are new here, and need a set-up link, comes back.

    Raises Forbidden, and Invalid for a malformed address and for who is a member already.
    """
    locked = _Locked(acting)
    locked.check_level(level)
    user = User.objects.filter(email=User.objects.normalize_email(email)).first()
    is_new = user is None
    if user is None:
        user = create_user(email)
    elif Membership.objects.filter(project=locked.project, user=user).exists():
        raise Invalid("They are a member already.", attr="email", code="unique")
    add_member(locked.project, user=user, level=level)
    return user, is_new


@transaction.atomic
def change_level(acting: Membership, *, membership_id: int, level: MembershipLevel) -> None:
    """Raises Missing, Forbidden, and Invalid where it would leave the project without an admin."""
    locked = _Locked(acting)
    member = locked.member(membership_id)
    locked.check_level(level)
    if level < MembershipLevel.ADMIN:
        locked.check_another_admin(member)
    member.level = level
    member.save(update_fields=["level"])


@transaction.atomic
def remove_member(acting: Membership, *, membership_id: int) -> None:
    """Remove somebody from the project: their sessions and keys do not reach it from the next request on.

    Raises Missing, Forbidden, and Invalid where it would leave the project without an admin.
    """
    locked = _Locked(acting)
    member = locked.member(membership_id)
    locked.check_another_admin(member)
    member_leaves.send(Membership, membership=member, by=acting)
    member.delete()
