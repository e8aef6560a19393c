"""A dashboard, its collaborators, and the queries that find dashboards."""

import uuid
from collections.abc import Iterable
from typing import Any
from unicodedata import normalize

from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards.folders import build_folder_condition
from dashboards_api.db.fields import CodePointField, JSONTextField
from users.models import Membership, Project

NAME_MAX_LENGTH = 400
# PostgreSQL cannot index longer strings, and folding makes some names longer.
NAME_KEY_MAX_LENGTH = 400


# The prefix of the names of dashboards that PostHog generates.
GENERATED_PREFIX = "Generated Dashboard"

# Unicode normalization takes quadratic time for some strings, so long strings are folded in slices.
FOLDED_AT_ONCE = 1000


def fold(text: str) -> str:
    """Return a case-folded text in Unicode normal form, for comparisons that are the same on every database engine."""
    if text.isascii():
        return text.lower()
    slices = (text[start : start + FOLDED_AT_ONCE] for start in range(0, len(text), FOLDED_AT_ONCE))
    return "".join(normalize("NFKC", normalize("NFKC", each).casefold()) for each in slices)


# The columns that `derive` sets.
DERIVED_COLUMNS = ("name_key", "search_text", "tag_names")


class CreationMode(models.TextChoices):
    DEFAULT = "default"
    TEMPLATE = "template"
    DUPLICATE = "duplicate"
    UNLISTED = "unlisted"


class RestrictionLevel(models.IntegerChoices):
    EVERYONE_IN_PROJECT_CAN_EDIT = 21
    ONLY_COLLABORATORS_CAN_EDIT = 37


class PrivilegeLevel(models.IntegerChoices):
    CAN_VIEW = 21
    CAN_EDIT = 37


class GridSpacing(models.TextChoices):
    """The space between tiles."""

    TIGHT = "tight"
    CONDENSED = "condensed"
    STANDARD = "standard"
    RELAXED = "relaxed"
    WIDE = "wide"


class LayoutCompaction(models.TextChoices):
    """The direction in which gaps are closed when a tile is moved."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"
    STABLE = "stable"


class DashboardQuerySet(models.QuerySet["Dashboard"]):
    def in_project(self, project: Project) -> "DashboardQuerySet":
        return self.filter(project=project)

    def not_deleted(self) -> "DashboardQuerySet":
        return self.filter(deleted=False)

    def without_free_json(self) -> "DashboardQuerySet":
        """Defer the free JSON, which is large and rarely needed."""
        return self.defer("filters", "variables", "breakdown_colors")

    def with_is_collaborator(self, membership_id: Any) -> "DashboardQuerySet":
        """Annotate `is_collaborator`: whether the given member is a collaborator of the dashboard."""
        includes = Collaborator.objects.build_collaborator_condition(membership_id, dashboard="pk")
        return self.annotate(is_collaborator=includes)  # type: ignore[no-redef]  # declared, but not stored

    def search(self, text: str) -> "DashboardQuerySet":
        """Return dashboards whose name, description or tags contain `text`."""
        return self.filter(search_text__contains=fold(text))

    def with_any_tag(self, names: Iterable[str], project: Project) -> "DashboardQuerySet":
        """Return dashboards with any of the given tags of the project."""
        links: Any = self.model._meta.get_field("tag_links").related_model
        carried = links.objects.filter(tag__project=project, tag__name__in=list(names))
        # With `Exists`, SQLite would scan every dashboard.
        return self.filter(pk__in=carried.values("dashboard"))

    def in_folder(self, path: str) -> "DashboardQuerySet":
        """Return dashboards in a folder or below it."""
        return self.filter(build_folder_condition(path))

    def listed(self) -> "DashboardQuerySet":
        """Exclude unlisted dashboards."""
        return self.exclude(creation_mode=CreationMode.UNLISTED)

    def not_generated(self) -> "DashboardQuerySet":
        """Exclude dashboards that PostHog generated, which are recognized by their names."""
        return self.exclude(name_key__startswith=fold(GENERATED_PREFIX))

    def in_list_order(self) -> "DashboardQuerySet":
        """Order pinned dashboards first, then by name and id. This total order is the same on every database engine."""
        return self.order_by("-pinned", "name_key", "id")

    def newest_first(self) -> "DashboardQuerySet":
        return self.order_by("-created_at", "-id")

    def last_viewed_first(self) -> "DashboardQuerySet":
        """Order by the last view, latest first, with unviewed dashboards at the end."""
        return self.order_by(models.F("last_accessed_at").desc(nulls_last=True), "-id")

    def in_search_order(self, text: str) -> "DashboardQuerySet":
        """Order exact matches of the name first, then as in lists."""
        is_exact = models.Case(models.When(name_key=fold(text)[:NAME_KEY_MAX_LENGTH], then=0), default=1)
        return self.order_by(is_exact, "-pinned", "name_key", "id")


class Dashboard(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="dashboards")
    name = models.CharField(max_length=NAME_MAX_LENGTH, blank=True, default="")
    description = models.TextField(blank=True, default="")
    pinned = models.BooleanField(default=False)
    filters = JSONTextField(default=dict)
    variables = JSONTextField(default=dict)
    breakdown_colors = JSONTextField(default=list)
    data_color_theme_id = models.BigIntegerField(null=True, blank=True)
    grid_spacing = models.CharField(
        max_length=16, choices=GridSpacing.choices, default=GridSpacing.STANDARD, db_default=GridSpacing.STANDARD
    )
    layout_compaction = models.CharField(
        max_length=16,
        choices=LayoutCompaction.choices,
        default=LayoutCompaction.VERTICAL,
        db_default=LayoutCompaction.VERTICAL,
    )
    folder = CodePointField(null=True, blank=True)
    restriction_level = models.SmallIntegerField(
        choices=RestrictionLevel.choices, default=RestrictionLevel.EVERYONE_IN_PROJECT_CAN_EDIT
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    # The origin of the dashboard. `use_dashboard` is not a foreign key, because the source may be deleted.
    creation_mode = models.CharField(max_length=16, choices=CreationMode.choices, default=CreationMode.DEFAULT)
    use_template = models.CharField(max_length=400, blank=True, default="")
    use_dashboard = models.BigIntegerField(null=True, blank=True)

    # Rows that were deleted together share a `deletion_id`, so that exactly these rows are restored together.
    deleted = models.BooleanField(default=False)
    deletion_id = models.UUIDField(null=True, blank=True)
    delete_insights = models.BooleanField(default=False)

    # The time of the last retrieval, accurate to a minute.
    last_accessed_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Derived columns, for searching, sorting and reading.
    name_key = CodePointField(editable=False, default="")
    search_text = models.TextField(editable=False, default="")
    tag_names = JSONTextField(editable=False, default=list)

    is_collaborator: bool  # set by `with_is_collaborator`
    has_history: bool  # set by `lock_dashboards`

    objects = DashboardQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(
                fields=["project", "-pinned", "name_key", "id"],
                condition=models.Q(deleted=False) & ~models.Q(creation_mode="unlisted"),
                name="dashboards_in_list_order",
            ),
            models.Index(
                fields=["project", "folder"],
                condition=models.Q(folder__isnull=False, deleted=False),
                name="dashboards_in_folders",
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"dashboard {self.pk}"

    def derive(self, tags: Iterable[str]) -> None:
        """Set the derived columns from the name, the description and the given tags."""
        self.tag_names = sorted(tags)
        self.name_key = fold(self.name)[:NAME_KEY_MAX_LENGTH]
        self.search_text = fold("\n".join([self.name, self.description, *self.tag_names]))

    def mark_deleted(self, deletion_id: uuid.UUID, *, with_insights: bool) -> None:
        self.deleted = True
        self.deletion_id = deletion_id
        self.delete_insights = with_insights

    def mark_restored(self) -> None:
        self.deleted = False
        self.deletion_id = None
        self.delete_insights = False


class CollaboratorQuerySet(models.QuerySet["Collaborator"]):
    def build_collaborator_condition(self, membership_id: Any, *, dashboard: str) -> models.Exists:
        """Return the condition that a member may edit a dashboard as a collaborator.

        `dashboard` is the column of the outer query with the id of the dashboard.
        """
        rows = self.filter(dashboard=models.OuterRef(dashboard), membership_id=membership_id)
        return models.Exists(rows.filter(level__gte=PrivilegeLevel.CAN_EDIT))


class Collaborator(models.Model):
    """A member who may edit a restricted dashboard in addition to its creator and the project admins.

    A collaborator is deleted with the membership.
    """

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
