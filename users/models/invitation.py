"""Invitations to a project. They give no access until they are accepted."""

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from users.models.project import Membership, MembershipLevel, Project

VALIDITY = timedelta(days=7)


def get_default_expiry() -> datetime:
    return timezone.now() + VALIDITY


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, now: datetime) -> "InvitationQuerySet":
        """Return invitations that can be accepted: not expired, and from an admin who may still grant this level."""
        return self.filter(
            expires_at__gt=now,
            invited_by__user__is_active=True,
            invited_by__level__gte=models.F("level"),
        ).filter(invited_by__level__gte=MembershipLevel.ADMIN)

    def with_names(self) -> "InvitationQuerySet":
        return self.select_related("project__organization", "invited_by__user")


class Invitation(models.Model):
    """An invitation of an e-mail address to a project, with a level. It is not a membership.

    The invitation is deleted with the membership of the admin who created it.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254)
    level = models.SmallIntegerField(choices=MembershipLevel.choices, default=MembershipLevel.MEMBER)
    # There is no foreign-key constraint, because the previous release, which may run at the same time, deletes
    # memberships without their invitations.
    invited_by = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    secret_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    expires_at = models.DateTimeField(default=get_default_expiry, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "email"], name="one_invitation_of_an_address_per_project")
        ]
        indexes = [models.Index(fields=["email"], name="invitations_of_an_address")]

    def __str__(self) -> str:
        return f"{self.email} into {self.project_id}: {self.get_level_display()}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()
