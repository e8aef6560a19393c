"""Stored dashboard templates. Their documents follow `dashboards/template_documents/schema.py`."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards.models.dashboard import NAME_KEY_MAX_LENGTH, fold
from dashboards_api.db.fields import CodePointField, JSONTextField
from users.models import Project

TEMPLATE_NAME_MAX_LENGTH = 400
IMAGE_URL_MAX_LENGTH = 2000
# Featured templates first, then by name: a total order, the same on every database engine.
LIST_ORDER = ("-is_featured", "name_key", "id")


class TemplateScope(models.TextChoices):
    TEAM = "team"
    ORGANIZATION = "organization"
    GLOBAL = "global"


class DashboardTemplateQuerySet(models.QuerySet["DashboardTemplate"]):
    def usable_in(self, project: Project) -> "DashboardTemplateQuerySet":
        """Return the templates of a project, of its organization, and of global scope."""
        return self.not_deleted().visible_in(project)

    def visible_in(self, project: Project) -> "DashboardTemplateQuerySet":
        """Return the templates that `usable_in` returns, and deleted templates."""
        # A subquery, since PostgreSQL cannot lock the rows of an outer join.
        siblings = Project.objects.filter(organization__projects=project.pk)
        of_organization = models.Q(scope=TemplateScope.ORGANIZATION, project__in=siblings)
        return self.filter(models.Q(project=project) | of_organization | models.Q(scope=TemplateScope.GLOBAL))

    def not_deleted(self) -> "DashboardTemplateQuerySet":
        return self.filter(deleted=False)

    def search(self, text: str) -> "DashboardTemplateQuerySet":
        """Return templates whose name, tags or description contain `text`.

        Matches in the name are first, then matches in the tags, then matches in the description.
        """
        key = fold(text)
        rank = models.Case(
            models.When(name_key__contains=key[:NAME_KEY_MAX_LENGTH], then=0),
            models.When(tags_key__contains=key, then=1),
            default=2,
        )
        return self.filter(search_text__contains=key).annotate(rank=rank).order_by("rank", *LIST_ORDER)

    def in_list_order(self) -> "DashboardTemplateQuerySet":
        return self.order_by(*LIST_ORDER)

    def nearest_first(self, project: Project) -> "DashboardTemplateQuerySet":
        """Order templates of the project first, then templates of its organization, then global templates."""
        distance = models.Case(
            models.When(project=project, then=0), models.When(scope=TemplateScope.ORGANIZATION, then=1), default=2
        )
        return self.order_by(distance, "created_at", "id")


class DashboardTemplate(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, null=True, blank=True, related_name="templates")
    scope = models.CharField(max_length=16, choices=TemplateScope.choices, default=TemplateScope.TEAM)
    template_name = models.CharField(max_length=TEMPLATE_NAME_MAX_LENGTH)
    dashboard_description = models.TextField(blank=True, default="")
    dashboard_filters = JSONTextField(default=dict)
    dashboard_variables = JSONTextField(default=dict)
    breakdown_colors = JSONTextField(default=list)
    tags = JSONTextField(default=list)
    tiles = JSONTextField(default=list)
    variables = JSONTextField(null=True, blank=True)
    deleted = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    is_featured = models.BooleanField(default=False)
    image_url = models.CharField(max_length=IMAGE_URL_MAX_LENGTH, null=True, blank=True)

    # Derived columns, for searching and sorting.
    name_key = CodePointField(editable=False, default="")
    tags_key = models.TextField(editable=False, default="")
    search_text = models.TextField(editable=False, default="")

    objects = DashboardTemplateQuerySet.as_manager()

    def __str__(self) -> str:
        return self.template_name

    def derive(self) -> None:
        """Set the derived columns, for searching and sorting."""
        self.name_key = fold(self.template_name)[:NAME_KEY_MAX_LENGTH]
        self.tags_key = fold("\n".join(self.tags))
        self.search_text = fold("\n".join([self.template_name, self.dashboard_description, *self.tags]))

    def build_document(self) -> dict[str, Any]:
        """Return the template as a document."""
        return {
            "template_name": self.template_name,
            "dashboard_description": self.dashboard_description,
            "dashboard_filters": self.dashboard_filters,
            "dashboard_variables": self.dashboard_variables,
            "breakdown_colors": self.breakdown_colors,
            "tags": self.tags,
            "tiles": self.tiles,
            "variables": self.variables,
        }
