"""What was done to a dashboard or an insight: the log of a project, and with it the versions of its dashboards."""

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
    """What an act is called."""

    RECORDED = "recorded"  # what there was before the log
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    RESTORED = "restored"
    REVERTED = "reverted"  # to a version
    UNDONE = "undone"
    SHARING_ENABLED = "sharing enabled"
    SHARING_DISABLED = "sharing disabled"
    ACCESS_TOKEN_REFRESHED = "access token refreshed"  # noqa: S105  no password
    SHARE_PASSWORD_ADDED = "share password added"  # noqa: S105
    SHARE_PASSWORD_REMOVED = "share password removed"  # noqa: S105
    COLLABORATOR_ADDED = "collaborator added"
    COLLABORATOR_REMOVED = "collaborator removed"


class ActivityQuerySet(models.QuerySet["Activity"]):
    def in_project(self, project: Project) -> "ActivityQuerySet":
        return self.filter(project=project)

    def of(self, scope: ActivityScope, item_id: Any) -> "ActivityQuerySet":
        return self.filter(scope=scope, item_id=item_id)

    def versions_of(self, dashboard_id: Any) -> "ActivityQuerySet":
        """The acts that changed what a dashboard shows."""
        return self.of(ActivityScope.DASHBOARD, dashboard_id).filter(version__isnull=False)

    def versions_of_dashboards(self, dashboard_ids: Iterable[int]) -> "ActivityQuerySet":
        """The same of several dashboards."""
        return self.filter(scope=ActivityScope.DASHBOARD, item_id__in=dashboard_ids, version__isnull=False)

    def with_snapshot(self) -> "ActivityQuerySet":
        """Versions that hold all that the dashboard showed."""
        return self.filter(state__isnull=False)


class Activity(models.Model):
    """One act: who did it, when, by which key, and each field before and after. Written once and never changed.

    An act that changed what a dashboard shows is a version of it. It holds all that it showed from then on, or nothing
    where the version before and `changes` tell it (`dashboards/changelog/versions.py`).
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    # Nobody where the service itself wrote it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    # Of the key as it was then: it may be gone.
    key_id = models.CharField(max_length=KEY_ID_MAX_LENGTH, blank=True, default="")
    key_label = models.CharField(max_length=LABEL_MAX_LENGTH, blank=True, default="")
    activity = models.CharField(max_length=40)
    scope = models.CharField(max_length=16, choices=ActivityScope.choices)
    item_id = models.BigIntegerField()
    name = models.TextField(blank=True, default="")
    short_id = models.CharField(max_length=SHORT_ID_LENGTH, blank=True, default="")
    changes = JSONTextField(default=list)
    # Of the changes as text, so that a page of the log can be bounded before it is read.
    size = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # The revision of the dashboard that this act made.
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


def activity_uuid(activity_id: int) -> UUID:
    """The number of an act in the form that clients expect of it."""
    return UUID(int=activity_id)
