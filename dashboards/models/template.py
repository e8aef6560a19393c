"""Stored dashboard templates. Their documents have the form of `dashboards/template_schema.py`."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards_api.fields import JSONTextField
from users.models import Project

TEMPLATE_NAME_MAX_LENGTH = 400


class TemplateScope(models.TextChoices):
    TEAM = "team"
    GLOBAL = "global"


class DashboardTemplateQuerySet(models.QuerySet["DashboardTemplate"]):
    def usable_in(self, project: Project) -> "DashboardTemplateQuerySet":
        """A project's own templates and the global ones."""
        return self.filter(deleted=False).filter(models.Q(project=project) | models.Q(scope=TemplateScope.GLOBAL))


class DashboardTemplate(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="templates")
    scope = models.CharField(max_length=16, choices=TemplateScope.choices, default=TemplateScope.TEAM)
    template_name = models.CharField(max_length=TEMPLATE_NAME_MAX_LENGTH)
    dashboard_description = models.TextField(blank=True, default="")
    dashboard_filters = JSONTextField(default=dict)
    tags = JSONTextField(default=list)
    tiles = JSONTextField(default=list)
    variables = JSONTextField(null=True, blank=True)
    deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = DashboardTemplateQuerySet.as_manager()

    def __str__(self) -> str:
        return self.template_name

    def document(self) -> dict[str, Any]:
        """The template as a document."""
        return {
            "template_name": self.template_name,
            "dashboard_description": self.dashboard_description,
            "dashboard_filters": self.dashboard_filters,
            "tags": self.tags,
            "tiles": self.tiles,
            "variables": self.variables,
        }
