"""A dashboard: its own columns, how it is found, and how it is kept when deleted."""

import uuid
from collections.abc import Iterable
from typing import Any
from unicodedata import normalize

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone

from dashboards.folders import folder_condition
from dashboards_api.db.fields import CodePointField, JSONTextField
from users.models import Membership, Project

NAME_MAX_LENGTH = 400
# PostgreSQL cannot index a longer text; folding makes some names longer than they were.
NAME_KEY_MAX_LENGTH = 400


# What the names of dashboards begin with that PostHog makes by itself.
GENERATED_PREFIX = "Generated Dashboard"

# Composing takes the square of the length for some texts: long ones are folded in slices.
FOLDED_AT_ONCE = 1000


def fold(text: str) -> str:
    """Text as it is compared: without regard to case or to how a character is composed, the same on every engine."""
    if text.isascii():
        return text.lower()
    slices = (text[start : start + FOLDED_AT_ONCE] for start in range(0, len(text), FOLDED_AT_ONCE))
    return "".join(normalize("NFKC", normalize("NFKC", each).casefold()) for each in slices)


# What `derive` sets.
DERIVED_COLUMNS = ("name_key", "search_text", "tag_names")


class CreationMode(models.TextChoices):
    DEFAULT = "default"
    TEMPLATE = "template"
    DUPLICATE = "duplicate"
    UNLISTED = "unlisted"


class RestrictionLevel(models.IntegerChoices):
    EVERYONE_IN_PROJECT_CAN_EDIT = 21
    ONLY_COLLABORATORS_CAN_EDIT = 37


class GridSpacing(models.TextChoices):
    """How much room is left between tiles."""

    TIGHT = "tight"
    CONDENSED = "condensed"
    STANDARD = "standard"
    RELAXED = "relaxed"
    WIDE = "wide"


class LayoutCompaction(models.TextChoices):
    """In which direction tiles close gaps when one is moved."""

    VERTICAL = "vertical"
    HORIZONTAL = "horizontal"
    STABLE = "stable"


class DashboardQuerySet(models.QuerySet["Dashboard"]):
    def in_project(self, project: Project) -> "DashboardQuerySet":
        return self.filter(project=project)

    def not_deleted(self) -> "DashboardQuerySet":
        return self.filter(deleted=False)

    def without_free_json(self) -> "DashboardQuerySet":
        """Rows whose free JSON is read only where it is asked for: it is large, and many rows need none of it."""
        return self.defer("filters", "variables", "breakdown_colors")

    def with_has_history(self) -> "DashboardQuerySet":
        """Each row with `has_history`: whether what it shows was ever written down."""
        activity: Any = apps.get_model("dashboards", "Activity")
        written = activity.objects.versions_of(models.OuterRef("pk"))
        return self.annotate(has_history=models.Exists(written))  # type: ignore[no-redef]  # it is declared, not stored

    def with_is_collaborator(self, membership: Membership) -> "DashboardQuerySet":
        """Each row with `is_collaborator`: whether the member is one there, beside what the row itself says."""
        return self.with_is_collaborator_id(membership.pk)

    def with_is_collaborator_id(self, membership_id: Any) -> "DashboardQuerySet":
        """The same, for the id of a membership."""
        collaborators: Any = self.model._meta.get_field("collaborators").related_model
        includes = collaborators.objects.includes(membership_id, dashboard="pk")
        return self.annotate(is_collaborator=includes)  # type: ignore[no-redef]  # it is declared, not stored

    def matching(self, text: str) -> "DashboardQuerySet":
        """Dashboards whose name, description or tags hold `text`."""
        return self.filter(search_text__contains=fold(text))

    def with_any_tag(self, names: Iterable[str], project: Project) -> "DashboardQuerySet":
        """Dashboards that carry any of these tags of the project."""
        links: Any = self.model._meta.get_field("tag_links").related_model
        carried = links.objects.filter(tag__project=project, tag__name__in=list(names))
        # Not `Exists`: SQLite would look at every dashboard there is.
        return self.filter(pk__in=carried.values("dashboard"))

    def in_folder(self, path: str) -> "DashboardQuerySet":
        """Dashboards in a folder or in one inside it."""
        return self.filter(folder_condition(path))

    def listed(self) -> "DashboardQuerySet":
        """Without those that are found only by who asks for them."""
        return self.exclude(creation_mode=CreationMode.UNLISTED)

    def not_generated(self) -> "DashboardQuerySet":
        """Without those that other services made by themselves, which are known by their names alone."""
        return self.exclude(name_key__startswith=fold(GENERATED_PREFIX))

    def in_list_order(self) -> "DashboardQuerySet":
        """Pinned first, then by name, then by id: a total order, the same on every engine."""
        return self.order_by("-pinned", "name_key", "id")

    def in_search_order(self, text: str) -> "DashboardQuerySet":
        """Those of exactly this name first, then the list order."""
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

    # Where it came from. The source is a plain number: it may be gone.
    creation_mode = models.CharField(max_length=16, choices=CreationMode.choices, default=CreationMode.DEFAULT)
    use_template = models.CharField(max_length=400, blank=True, default="")
    use_dashboard = models.BigIntegerField(null=True, blank=True)

    # What went in one deletion shares its id, so that restoring brings back exactly that.
    deleted = models.BooleanField(default=False)
    deletion_id = models.UUIDField(null=True, blank=True)
    delete_insights = models.BooleanField(default=False)

    # When it was last retrieved, to the minute.
    last_accessed_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Derived, for finding, sorting and reading.
    name_key = CodePointField(editable=False, default="")
    search_text = models.TextField(editable=False, default="")
    tag_names = JSONTextField(editable=False, default=list)

    is_collaborator: bool  # of rows that were read `with_is_collaborator` a member
    has_history: bool  # of rows that were locked to be changed

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
        """Set the columns that finding, sorting and reading use, from the name, the description and these tags."""
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
