"""An insight: a named query that tiles show. The query is stored exactly as sent. Its results are in `queries`."""

import secrets
import string
import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards.folders import FOLDER_MAX_LENGTH, build_folder_condition
from dashboards.models.dashboard import Dashboard, fold
from dashboards.query_kinds import get_insight_kind
from dashboards_api.db.fields import CodePointField, JSONTextField
from dashboards_api.parsing import parse_int
from users.models import Project

INSIGHT_NAME_MAX_LENGTH = 400
SHORT_ID_LENGTH = 8
KIND_MAX_LENGTH = 16
# The columns that `derive` sets.
DERIVED_COLUMNS = ("kind", "search_text", "tag_names")


def new_short_id() -> str:
    """Return eight letters or digits. The first is a letter, so that no short id can be mistaken for a number."""
    rest = (secrets.choice(string.ascii_letters + string.digits) for _ in range(SHORT_ID_LENGTH - 1))
    return secrets.choice(string.ascii_letters) + "".join(rest)


class InsightQuerySet(models.QuerySet["Insight"]):
    def in_project(self, project: Project) -> "InsightQuerySet":
        return self.filter(project=project)

    def not_deleted(self) -> "InsightQuerySet":
        return self.filter(deleted=False)

    def search(self, text: str) -> "InsightQuerySet":
        """Return insights whose name, description or tags contain `text`."""
        return self.filter(search_text__contains=fold(text))

    def by_reference(self, reference: str | int) -> "InsightQuerySet":
        """Return the insight with the given id or short id. A string of digits is an id."""
        number = reference if isinstance(reference, int) else parse_int(reference)
        return self.filter(short_id=reference) if number is None else self.filter(pk=number)

    def with_any_tag(self, names: Iterable[str], project: Project) -> "InsightQuerySet":
        """Return insights with any of the given tags of the project."""
        carried = self._get_related_manager("tag_links").filter(tag__project=project, tag__name__in=list(names))
        return self.filter(pk__in=carried.values("insight"))

    def in_folder(self, path: str) -> "InsightQuerySet":
        """Return insights in a folder or below it."""
        return self.filter(build_folder_condition(path))

    def saved_or_on_dashboard(self, wanted: bool) -> "InsightQuerySet":
        """Return insights that are saved or on a dashboard or, with `wanted=False`, all other insights."""
        condition = models.Q(saved=True) | models.Exists(self._tiles())
        return self.filter(condition if wanted else ~condition)

    def on_all_dashboards(self, dashboard_ids: Iterable[int]) -> "InsightQuerySet":
        """Return insights that are on each of the given dashboards.

        The query is one grouped count, because PostgreSQL would take minutes to plan a subquery for each dashboard, and
        SQLite refuses a thousand subqueries. A dashboard has at most one tile of an insight, so the number of tiles
        equals the number of dashboards.
        """
        wanted = set(dashboard_ids)
        if not wanted:
            return self
        placed = self._placed(wanted).filter(deleted=False).values("insight")
        on_each = placed.annotate(dashboards=models.Count("dashboard")).filter(dashboards=len(wanted))
        return self.filter(pk__in=on_each.values("insight"))

    def only_on_dashboard(self, dashboard: Dashboard) -> "InsightQuerySet":
        """Return insights that are on the given dashboard and on no other dashboard."""
        elsewhere = self._tiles().exclude(dashboard=dashboard)
        return self.on_all_dashboards([dashboard.pk]).filter(~models.Exists(elsewhere))

    def restorable_with(self, dashboards: Iterable[Dashboard]) -> "InsightQuerySet":
        """Return the deleted insights that are restored together with the given dashboards of one project.

        An insight is included if it was deleted together with one of the given dashboards, or with another dashboard
        that also showed it. Insights that were deleted individually are excluded.
        """
        rows = list(dashboards)
        deletions = [dashboard.deletion_id for dashboard in rows]
        here = self._placed([dashboard.pk for dashboard in rows]).filter(deletion_id__in=deletions).values("insight")
        gone = Dashboard.objects.filter(project__in={dashboard.project_id for dashboard in rows}, deleted=True)
        return self.filter(deleted=True, pk__in=here, deletion_id__in=gone.values("deletion_id"))

    def in_list_order(self) -> "InsightQuerySet":
        """Order by `order`, and then the newest insights first. Insights without an `order` are last."""
        return self.order_by(models.F("order").asc(nulls_last=True), "-id")

    def _tiles(self) -> Any:
        """Return the live tiles of each insight, for a correlated subquery."""
        return self._get_related_manager("tiles").filter(insight=models.OuterRef("pk"), deleted=False)

    def _placed(self, dashboard_ids: Iterable[int]) -> Any:
        """Return the tiles of dashboards that show insights, including removed tiles, for an uncorrelated subquery.

        If there are few such tiles, SQLite reads only their insights instead of every insight.
        """
        return self._get_related_manager("tiles").filter(dashboard_id__in=dashboard_ids, insight__isnull=False)

    def _get_related_manager(self, name: str) -> Any:
        """Return the manager of the model that refers to insights by the given relation."""
        related: Any = self.model._meta.get_field(name).related_model
        return related.objects


class Insight(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="insights")
    short_id = models.CharField(max_length=SHORT_ID_LENGTH, default=new_short_id, editable=False)
    name = models.CharField(max_length=INSIGHT_NAME_MAX_LENGTH, blank=True, default="")
    derived_name = models.CharField(max_length=INSIGHT_NAME_MAX_LENGTH, null=True, blank=True)
    description = models.TextField(null=True, blank=True)
    query = JSONTextField(null=True, blank=True)
    filters = JSONTextField(default=dict)
    order = models.BigIntegerField(null=True, blank=True)
    saved = models.BooleanField(default=False)
    favorited = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    folder = CodePointField(null=True, blank=True)
    # `_create_in_folder` exactly as sent, since Terraform compares it with its configuration.
    create_in_folder = models.CharField(max_length=FOLDER_MAX_LENGTH, null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    last_modified_at = models.DateTimeField(default=timezone.now, editable=False)
    last_modified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    # Rows that were deleted together share a `deletion_id`, so that exactly these rows are restored together.
    deleted = models.BooleanField(default=False)
    deletion_id = models.UUIDField(null=True, blank=True)

    # Derived columns, for searching and reading.
    kind = models.CharField(max_length=KIND_MAX_LENGTH, editable=False, default="", db_default="")
    search_text = models.TextField(editable=False, default="")
    tag_names = JSONTextField(editable=False, default=list)

    objects = InsightQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "short_id"], name="short_id_once_per_project")]
        indexes = [
            models.Index(fields=["project", "order", "-id"], condition=models.Q(deleted=False), name="insights_listed"),
            models.Index(
                fields=["project", "kind", "order", "-id"], condition=models.Q(deleted=False), name="insights_of_kind"
            ),
            models.Index(
                fields=["project", "folder"],
                condition=models.Q(folder__isnull=False, deleted=False),
                name="insights_in_folders",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.short_id

    def derive(self, tags: Iterable[str]) -> None:
        """Set the derived columns from the other columns and the given tags."""
        self.kind = get_insight_kind(self.query, self.filters)
        self.tag_names = sorted(tags)
        self.search_text = fold("\n".join([self.name, self.description or "", *self.tag_names]))

    def mark_modified(self, user_id: int, now: datetime) -> None:
        """Set the author and the time of the last change, and clear `is_sample`."""
        self.last_modified_by_id = user_id
        self.last_modified_at = now
        self.is_sample = False

    def mark_deleted(self, deletion_id: uuid.UUID) -> None:
        self.deleted = True
        self.deletion_id = deletion_id

    def mark_restored(self) -> None:
        self.deleted = False
        self.deletion_id = None
