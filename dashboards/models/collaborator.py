"""Collaborators: members who may edit a restricted dashboard besides its creator and the project admins."""

import uuid
from typing import Any

from django.db import models
from django.utils import timezone

from dashboards.models.dashboard import Dashboard
from users.models import Membership


class PrivilegeLevel(models.IntegerChoices):
    CAN_VIEW = 21
    CAN_EDIT = 37


class CollaboratorQuerySet(models.QuerySet["Collaborator"]):
    def includes(self, membership_id: Any, *, dashboard: str) -> models.Exists:
        """Return the condition that a member may edit a dashboard; `dashboard` is the outer column with its id."""
        rows = self.filter(dashboard=models.OuterRef(dashboard), membership_id=membership_id)
        return models.Exists(rows.filter(level__gte=PrivilegeLevel.CAN_EDIT))


class Collaborator(models.Model):
    """A member with edit rights on one dashboard. It is deleted with the membership."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="collaborators")
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="+")
    level = models.SmallIntegerField(choices=PrivilegeLevel.choices, default=PrivilegeLevel.CAN_EDIT)
    added_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CollaboratorQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dashboard", "membership"], name="one_collaborator_per_member")]

    def __str__(self) -> str:
        return f"membership {self.membership_id} on dashboard {self.dashboard_id}"
