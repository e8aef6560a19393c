"""Export a dashboard as a template document, without ids, users or origin."""

from typing import Any

from dashboards.exceptions import DashboardNotFound
from dashboards.layout import clamp_layouts
from dashboards.models import Dashboard, Tile
from dashboards.template_documents.documents import Document
from dashboards.template_documents.placeholders import find_placeholders
from dashboards.tracked_fields import BUTTON_FIELDS, DISPLAY_FIELDS
from users.models import Project


def export_dashboard(dashboard_id: int, *, project: Project) -> Document:
    """Return the template document of a live dashboard. Raises DashboardNotFound."""
    dashboard: Dashboard | None = Dashboard.objects.in_project(project).not_deleted().filter(pk=dashboard_id).first()
    if dashboard is None:
        raise DashboardNotFound
    shown = Tile.objects.on_dashboard(dashboard).visible().in_layout_order().select_related("insight", "text", "button")
    tiles = [
        {
            **_build_content(tile),
            **{column: getattr(tile, column) for column in DISPLAY_FIELDS},
            "layouts": clamp_layouts(tile.layouts),
        }
        for tile in shown
    ]
    texts = sorted(find_placeholders(tiles) | find_placeholders(dashboard.filters))
    return {
        "template_name": dashboard.name,
        "dashboard_description": dashboard.description,
        "dashboard_filters": dashboard.filters,
        "dashboard_variables": dashboard.variables,
        "breakdown_colors": dashboard.breakdown_colors,
        "folder": dashboard.folder,
        "pinned": dashboard.pinned,
        "restriction_level": dashboard.restriction_level,
        "grid_spacing": dashboard.grid_spacing,
        "layout_compaction": dashboard.layout_compaction,
        "tags": dashboard.tag_names,
        "variables": [_declare_text(name) for name in texts] or None,
        "tiles": tiles,
    }


def _build_content(tile: Tile) -> dict[str, Any]:
    if tile.text:
        return {"type": "TEXT", "body": tile.text.body or ""}
    if tile.button:
        return {"type": "BUTTON", **{column: getattr(tile.button, column) for column in BUTTON_FIELDS}}
    assert tile.insight is not None  # noqa: S101  a check constraint ensures that a tile has content
    kept = "query" if tile.insight.query else "filters"
    return {
        "type": "INSIGHT",
        "name": tile.insight.name,
        "derived_name": tile.insight.derived_name,
        "description": tile.insight.description,
        "tags": tile.insight.tag_names,
        "favorited": tile.insight.favorited,
        "folder": tile.insight.folder,
        kept: getattr(tile.insight, kept),
    }


def _declare_text(name: str) -> dict[str, Any]:
    """Return a variable whose default is its own placeholder, for text that only looks like a placeholder."""
    return {
        "id": name,
        "name": name,
        "type": "event",
        "default": f"{{{name}}}",
        "description": "",
        "required": False,
    }
