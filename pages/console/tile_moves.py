"""Moving a tile to another dashboard."""

from typing import Any

from dashboards.changelog.tracking import perform_write
from dashboards.exceptions import ContentAlreadyOnDashboard
from dashboards.models import PrivilegeLevel
from dashboards.readers.dashboards import read_dashboard
from dashboards.readers.dashboards_list import DEFAULT_QUERY, list_dashboards
from dashboards.services.tiles import move_tile
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import NotFound, ValidationFailed
from pages.components.tile_grid import get_tile_title
from users.models import Membership
from users.readers import Row

MOVE = "move-to"
TARGET = "to_dashboard"
TARGETS_MAX = 200
UNTITLED = "Untitled dashboard"


def list_move_targets(membership: Membership, dashboard_id: int) -> dict[str, Any]:
    """Return the dashboards to which the member may move a tile, and the number of those that are not listed."""
    page = list_dashboards(membership.project, viewer=membership, query=DEFAULT_QUERY, limit=TARGETS_MAX, offset=0)
    targets = [
        {"id": row["id"], "name": row["name"] or UNTITLED}
        for row in page.rows
        if row["id"] != dashboard_id and row["effective_privilege_level"] >= PrivilegeLevel.CAN_EDIT
    ]
    return {"targets": targets, "unlisted": max(0, page.total - len(page.rows))}


def move_to_dashboard(
    membership: Membership, dashboard_id: int, tile_id: int, target_id: int | None
) -> tuple[str, dict[str, Any]]:
    """Move a tile. Return a sentence about it, and the form that moves it back for `ConsoleView.show`.

    Raises ValidationFailed for `to_dashboard`, NotFound, and Forbidden.
    """
    if target_id is None or target_id == dashboard_id:
        raise ValidationFailed("Choose another dashboard.", attr=TARGET)
    project = membership.project
    source, target = (read_dashboard(each, project=project, viewer=membership) for each in (dashboard_id, target_id))
    title, name = find_title(to_plain_json(source["tiles"]), tile_id), target["name"] or UNTITLED
    try:
        perform_write(
            lambda changes: move_tile(
                changes, dashboard_id, project=project, tile_id=tile_id, to_dashboard_id=target_id
            ),
            lambda result, changes: result,
            actor=membership,
        )
    except ContentAlreadyOnDashboard as error:
        raise ValidationFailed(f"{name} already shows this.", attr=TARGET) from error
    path = f"/projects/{project.pk}/dashboards/{target_id}/tiles"
    fields = {"board": 1, "action": MOVE, "tile": tile_id, TARGET: dashboard_id}
    return f"Moved {title} to {name}.", {"path": path, "fields": fields}


def find_title(tiles: list[Row], tile_id: int) -> str:
    """Return the title of a tile. Raises NotFound."""
    tile = next((tile for tile in tiles if tile["id"] == tile_id), None)
    if tile is None:
        raise NotFound("There is no such tile on this dashboard.")
    return get_tile_title(tile)
