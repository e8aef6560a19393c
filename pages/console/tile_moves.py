"""Moving a tile to another dashboard."""

from typing import Any

from dashboards.changelog.tracking import perform_write
from dashboards.exceptions import ContentAlreadyOnDashboard, DashboardNotFound
from dashboards.readers.dashboards import read_dashboard
from dashboards.readers.dashboards_list import list_editable_dashboards
from dashboards.services.tiles import move_tile
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import ValidationFailed
from pages.components.tile_grid import UNTITLED, get_tile_title, shorten_title
from pages.console.tile_forms import find_tile_index
from users.models import Membership

MOVE = "move-to"
TARGET = "to_dashboard"
MAX_TARGETS = 200


def build_move_panel(membership: Membership, dashboard_id: int) -> dict[str, Any]:
    """Return the context of the panel: the other dashboards to which the member may move a tile."""
    found = list_editable_dashboards(membership.project, viewer=membership, limit=MAX_TARGETS)
    targets = [{"id": pk, "name": name or UNTITLED} for pk, name in found.names if pk != dashboard_id]
    return {"targets": targets, "has_more_targets": found.has_more, "targets_max": MAX_TARGETS}


def move_to_dashboard(
    membership: Membership, dashboard_id: int, tile_id: int, target_id: int | None
) -> tuple[str, dict[str, Any]]:
    """Move a tile. Return a message, and the form for `ConsoleView.redirect_with_message` that moves the tile back.

    A removed tile with the same content on the target dashboard is permanently deleted. Raises ValidationFailed for
    `to_dashboard`, NotFound, and Forbidden.
    """
    if target_id is None or target_id == dashboard_id:
        raise ValidationFailed("Choose another dashboard.", attr=TARGET)
    project = membership.project
    tiles = to_plain_json(read_dashboard(dashboard_id, project=project, viewer=membership)["tiles"])
    title = get_tile_title(tiles[find_tile_index(tiles, tile_id)])
    target = project.dashboards.filter(pk=target_id).first()
    if target is None:
        raise DashboardNotFound
    name = shorten_title(target.name or UNTITLED)
    try:
        perform_write(
            lambda changes: move_tile(
                changes, dashboard_id, project=project, tile_id=tile_id, to_dashboard_id=target_id
            ),
            lambda result, changes: result,
            actor=membership,
        )
    except ContentAlreadyOnDashboard as error:
        raise ValidationFailed(f"{name} already has a tile with this content.", attr=TARGET) from error
    path = f"/projects/{project.pk}/dashboards/{target_id}/tiles"
    fields = {"board": 1, "action": MOVE, "tile": tile_id, TARGET: dashboard_id}
    return f"Moved {title} to {name}.", {"path": path, "fields": fields}
