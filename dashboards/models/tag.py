"""Tags: the vocabulary of a project, and the links from dashboards and insights to tags."""

from django.db import models

from dashboards.models.dashboard import Dashboard
from dashboards.models.insight import Insight
from dashboards_api.db.fields import CodePointField
from users.models import Project

TAG_MAX_LENGTH = 255


class Tag(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="tags")
    name = CodePointField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="tag_once_per_project")]

    def __str__(self) -> str:
        return str(self.name)


class DashboardTag(models.Model):
    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="tag_links")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="dashboard_links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dashboard", "tag"], name="tag_once_per_dashboard")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.dashboard_id}"


class InsightTag(models.Model):
    insight = models.ForeignKey(Insight, on_delete=models.CASCADE, related_name="tag_links")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="insight_links")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["insight", "tag"], name="tag_once_per_insight")]

    def __str__(self) -> str:
        return f"{self.tag_id} on {self.insight_id}"
