"""Organizations, their projects, and the memberships of users in projects."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.timezone import now

from dashboards_api.db.fields import JSONTextField

PROJECT_NAME_MAX_LENGTH = 200


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=64)
    slug = models.SlugField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name


def generate_api_token() -> str:
    """Return a public token of a project. No route accepts the token, but clients expect it in responses."""
    return f"phc_{secrets.token_urlsafe(32)}"


class WeekStartDay(models.IntegerChoices):
    SUNDAY = 0
    MONDAY = 1


class Project(models.Model):
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=PROJECT_NAME_MAX_LENGTH)
    timezone = models.CharField(max_length=240, default="UTC")
    week_start_day = models.SmallIntegerField(
        choices=WeekStartDay.choices, default=WeekStartDay.SUNDAY, db_default=WeekStartDay.SUNDAY
    )
    # Property filters that queries with `filterTestAccounts` add to their own.
    test_account_filters = JSONTextField(default=list, db_default="[]", blank=True)
    api_token = models.CharField(max_length=200, unique=True, default=generate_api_token, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name

    @property
    def result_settings(self) -> tuple[Any, ...]:
        """Return the settings on which the results of queries, and therefore the ETags of responses, depend."""
        return self.timezone, self.week_start_day, self.test_account_filters, settings.ENGINE


class MembershipLevel(models.IntegerChoices):
    MEMBER = 1
    ADMIN = 8
    OWNER = 15


class MembershipQuerySet(models.QuerySet["Membership"]):
    def for_user(self, user_id: int) -> "MembershipQuerySet":
        return self.filter(user_id=user_id)

    def with_project(self) -> "MembershipQuerySet":
        return self.select_related("project__organization")

    def with_listed_project(self) -> "MembershipQuerySet":
        """Load projects without their test-account filters, which are large and which lists do not contain."""
        return self.with_project().defer("project__test_account_filters")

    def within_scopes(self, *, projects: Sequence[int], organizations: Sequence[str]) -> "MembershipQuerySet":
        """Filter by the scoped projects and organizations of a credential. An empty list sets no limit."""
        allowed = self.filter(project__organization_id__in=organizations) if organizations else self
        return allowed.filter(project_id__in=projects) if projects else allowed


class KeyReference(NamedTuple):
    """The id and label of an API key, for the activity log."""

    id: str
    label: str


class Membership(models.Model):
    """The level of a user in a project. Services and readers require the membership of the acting user."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    level = models.SmallIntegerField(choices=MembershipLevel.choices, default=MembershipLevel.MEMBER)
    joined_at = models.DateTimeField(default=now, editable=False)

    # The API key of the request, if any.
    key: KeyReference | None = None

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_project")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}: {self.get_level_display()}"

    @property
    def is_admin(self) -> bool:
        """Return whether the user is an admin or owner of the project."""
        return self.level >= MembershipLevel.ADMIN
