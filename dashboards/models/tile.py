"""A tile: one piece of content on one dashboard, with its layout."""

from collections.abc import Iterable
from typing import Any, Literal, get_args

from django.db import models
from django.utils import timezone

from dashboards.layout import UNPLACED_POSITION, get_sort_position
from dashboards.models.content import Button, Text
from dashboards.models.dashboard import Dashboard
from dashboards.models.insight import Insight
from dashboards_api.db.fields import JSONTextField
from users.models import Project

COLOR_MAX_LENGTH = 400
# The kinds of content that a tile can show, which are also the names of its columns.
ContentKind = Literal["insight", "text", "button"]
CONTENT_KINDS: tuple[ContentKind, ...] = get_args(ContentKind)
# The columns that `set_layouts` sets.
LAYOUT_COLUMNS = ("layouts", "sort_y", "sort_x")


class TileQuerySet(models.QuerySet["Tile"]):
    def on_dashboard(self, dashboard: Dashboard) -> "TileQuerySet":
        return self.filter(dashboard=dashboard)

    def not_deleted(self) -> "TileQuerySet":
        return self.filter(deleted=False)

    def visible(self) -> "TileQuerySet":
        """Return tiles that are not removed, and whose insight, if any, is not deleted."""
        return self.not_deleted().filter(models.Q(insight__isnull=True) | models.Q(insight__deleted=False))

    def live_or_restorable(self) -> "TileQuerySet":
        """Return tiles that are not removed, or that can be restored with their dashboard or insight."""
        return self.filter(
            models.Q(deleted=False)
            | models.Q(deletion_id=models.F("insight__deletion_id"))
            | models.Q(deletion_id=models.F("dashboard__deletion_id"))
        )

    def deleted_with(self, dashboards: Iterable[Dashboard]) -> "TileQuerySet":
        """Return tiles that were deleted together with one of the given dashboards."""
        return self.filter(dashboard__in=list(dashboards), deletion_id=models.F("dashboard__deletion_id"))

    def in_layout_order(self) -> "TileQuerySet":
        """Order from top to bottom, then from left to right, then by age."""
        return self.order_by("sort_y", "sort_x", "id")


class Tile(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    dashboard = models.ForeignKey(Dashboard, on_delete=models.CASCADE, related_name="tiles")
    # Most tiles show an insight, so the indexes below are partial and exclude nulls.
    insight = models.ForeignKey(Insight, on_delete=models.CASCADE, null=True, related_name="tiles", db_index=False)
    text = models.ForeignKey(Text, on_delete=models.CASCADE, null=True, related_name="tiles", db_index=False)
    button = models.ForeignKey(Button, on_delete=models.CASCADE, null=True, related_name="tiles", db_index=False)
    layouts = JSONTextField(default=dict)
    color = models.CharField(max_length=COLOR_MAX_LENGTH, null=True, blank=True)
    filters_overrides = JSONTextField(default=dict)
    show_description = models.BooleanField(null=True)
    transparent_background = models.BooleanField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # The id of the deletion of the dashboard or the insight. Null for a tile that was removed individually.
    deleted = models.BooleanField(default=False)
    deletion_id = models.UUIDField(null=True, blank=True)

    # Derived from `layouts.sm`.
    sort_y = models.FloatField(default=UNPLACED_POSITION, editable=False)
    sort_x = models.FloatField(default=UNPLACED_POSITION, editable=False)

    objects = TileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(insight__isnull=False, text__isnull=True, button__isnull=True)
                | models.Q(insight__isnull=True, text__isnull=False, button__isnull=True)
                | models.Q(insight__isnull=True, text__isnull=True, button__isnull=False),
                name="tile_has_one_content",
            ),
            # Removed tiles are included, because adding the content again restores its tile.
            models.UniqueConstraint(fields=["dashboard", "insight"], name="insight_once_per_dashboard"),
            models.UniqueConstraint(fields=["dashboard", "text"], name="text_once_per_dashboard"),
            models.UniqueConstraint(fields=["dashboard", "button"], name="button_once_per_dashboard"),
        ]
        indexes = [
            models.Index(fields=["dashboard", "sort_y", "sort_x", "id"], name="tiles_in_layout_order"),
            *(
                models.Index(fields=[kind], condition=models.Q(**{f"{kind}__isnull": False}), name=f"tiles_of_{kind}")
                for kind in ("insight", "text", "button")
            ),
        ]

    def __str__(self) -> str:
        return f"tile {self.pk} of dashboard {self.dashboard_id}"

    @property
    def content(self) -> dict[str, Any]:
        """Return the id of the tile's content, keyed by the name of its column."""
        columns = {"insight_id": self.insight_id, "text_id": self.text_id, "button_id": self.button_id}
        return {column: id_ for column, id_ in columns.items() if id_ is not None}

    def was_deleted_with(self, dashboard: Dashboard) -> bool:
        """Return whether the tile was deleted together with its dashboard."""
        return self.deleted and dashboard.deleted and self.deletion_id == dashboard.deletion_id

    def set_deleted(self, deleted: bool) -> None:
        """Remove the tile individually, or restore it."""
        self.deleted, self.deletion_id = deleted, None

    def set_layouts(self, layouts: dict[str, Any]) -> None:
        """Set the layouts exactly as sent, and the sort columns that are derived from them."""
        self.layouts = layouts
        self.sort_y, self.sort_x = get_sort_position(layouts)
