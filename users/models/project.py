"""Where people belong: organizations hold projects, and a membership lets a user into one project."""

import secrets
from collections.abc import Sequence
from typing import NamedTuple
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.utils.timezone import now


class Organization(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(max_length=64)
    slug = models.SlugField(max_length=64, unique=True)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name


def generate_api_token() -> str:
    """The public token of a project. No route takes it: clients only read it."""
    return f"phc_{secrets.token_urlsafe(32)}"


class Project(models.Model):
    uuid = models.UUIDField(default=uuid4, unique=True, editable=False)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="projects")
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=240, default="UTC")
    api_token = models.CharField(max_length=200, unique=True, default=generate_api_token, editable=False)
    created_at = models.DateTimeField(default=now, editable=False)

    def __str__(self) -> str:
        return self.name


class MembershipLevel(models.IntegerChoices):
    MEMBER = 1
    ADMIN = 8
    OWNER = 15


class MembershipQuerySet(models.QuerySet["Membership"]):
    def for_user(self, user_id: int) -> "MembershipQuerySet":
        return self.filter(user_id=user_id)

    def with_project(self) -> "MembershipQuerySet":
        return self.select_related("project__organization")

    def within_scopes(self, *, projects: Sequence[int], organizations: Sequence[str]) -> "MembershipQuerySet":
        """Filter by what a credential is narrowed to. An empty list narrows nothing."""
        reached = self.filter(project__organization_id__in=organizations) if organizations else self
        return reached.filter(project_id__in=projects) if projects else reached


class KeyReference(NamedTuple):
    """A personal API key as others know it."""

    id: str
    label: str


class Membership(models.Model):
    """The right of one user in one project. It is also what services and readers take to know who acts or looks."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="memberships")
    level = models.SmallIntegerField(choices=MembershipLevel.choices, default=MembershipLevel.MEMBER)
    joined_at = models.DateTimeField(default=now, editable=False)

    # The key through which they act, if it is one.
    key: KeyReference | None = None

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_project")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.project_id}: {self.get_level_display()}"

    @property
    def is_admin(self) -> bool:
        """Admins and owners of a project."""
        return self.level >= MembershipLevel.ADMIN
