"""The activity log of a project, including the versions of its dashboards."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards.models.insight import SHORT_ID_LENGTH
from dashboards_api.db.fields import JSONTextField
from users.models import Project
from users.models.personal_api_key import LABEL_MAX_LENGTH

KEY_ID_MAX_LENGTH = 50


class ActivityScope(models.TextChoices):
    DASHBOARD = "Dashboard"
    INSIGHT = "Insight"


class ActivityName(StrEnum):
    """The name of an activity."""

    RECORDED = "recorded"  # the snapshot from before the log existed
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    REVERTED = "reverted"  # to an earlier version
    UNDONE = "undone"
    SHARING_ENABLED = "sharing enabled"
    SHARING_DISABLED = "sharing disabled"
    ACCESS_TOKEN_REFRESHED = "access token refreshed"  # noqa: S105  no password
    SHARE_PASSWORD_ADDED = "share password added"  # noqa: S105  no password
    SHARE_PASSWORD_REMOVED = "share password removed"  # noqa: S105  no password
    COLLABORATOR_ADDED = "collaborator added"
    COLLABORATOR_REMOVED = "collaborator removed"


class ActivityQuerySet(models.QuerySet["Activity"]):
    def in_project(self, project: Project) -> "ActivityQuerySet":
        return self.filter(project=project)

    def of(self, scope: ActivityScope, item_id: Any) -> "ActivityQuerySet":
        return self.filter(scope=scope, item_id=item_id)

    def versions_of(self, dashboard_id: Any) -> "ActivityQuerySet":
        """Return the entries that are versions of a dashboard."""
        return self.of(ActivityScope.DASHBOARD, dashboard_id).filter(version__isnull=False)

    def versions_of_dashboards(self, dashboard_ids: Iterable[int]) -> "ActivityQuerySet":
        """Return the entries that are versions of any of the given dashboards."""
        return self.filter(scope=ActivityScope.DASHBOARD, item_id__in=dashboard_ids, version__isnull=False)

    def with_snapshot(self) -> "ActivityQuerySet":
        """Return the versions that store a whole snapshot."""
        return self.filter(state__isnull=False)


class Activity(models.Model):
    """An immutable entry of the activity log: the user, the API key, the activity, its time, and its changes.

    An entry for a changed snapshot of a dashboard is a version of the dashboard. The version stores the snapshot,
    unless the snapshot can be rebuilt from the previous version and `changes` (`dashboards/changelog/versions.py`).
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    # Null for entries that the service itself created.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # Copied from the API key, which may be deleted later.
    key_id = models.CharField(max_length=KEY_ID_MAX_LENGTH, blank=True, default="")
    key_label = models.CharField(max_length=LABEL_MAX_LENGTH, blank=True, default="")
    activity = models.CharField(max_length=40)
    scope = models.CharField(max_length=16, choices=ActivityScope.choices)
    item_id = models.BigIntegerField()
    name = models.TextField(blank=True, default="")
    short_id = models.CharField(max_length=SHORT_ID_LENGTH, blank=True, default="")
    changes = JSONTextField(default=list)
    # The length of the changes as text, so that a page of the log can be limited before it is read.
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The version of the dashboard that this entry created.
    version = models.BigIntegerField(null=True, blank=True)
    state = JSONTextField(null=True, blank=True)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["project", "id"], name="activity_of_project"),
            models.Index(fields=["project", "scope", "item_id", "id"], name="activity_of_item"),
            models.Index(fields=["project", "key_id", "id"], name="activity_of_key"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["item_id", "version"],
                condition=models.Q(scope="Dashboard", version__isnull=False),
                name="one_act_per_version",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.item_id}: {self.activity}"


def build_activity_uuid(activity_id: int) -> UUID:
    """Return the id of an entry as a UUID, which clients expect."""
    return UUID(int=activity_id)
