"""The actions on tiles: add, update, delete, reorder, move and copy.

All actions require the right to edit the dashboard.
"""

from collections.abc import Collection, Sequence

from dashboards.access import check_edit_restriction, may_edit
from dashboards.changelog.limits import check_placements
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import ContentAlreadyOnDashboard, DashboardNotFound, TileNotFound
from dashboards.layout import Arrangement, arrange_tiles, get_placement, set_rows
from dashboards.models import Dashboard, Tile
from dashboards.models.tile import LAYOUT_COLUMNS
from dashboards.packing import Number, Placement, compact_vertically
from dashboards.services.copies import DISPLAY_COLUMNS, duplicate_content
from dashboards.services.inputs import TileInput
from dashboards.services.rows import group_contents, lock_dashboards, lock_for_edit, update_rows
from dashboards.services.tile_changes import change_tiles
from dashboards_api.db.fields import json_differs
from dashboards_api.errors import ValidationFailed
from users.models import Project


def add_tile(changes: ChangeSet, dashboard_id: int, *, project: Project, item: TileInput) -> Tile:
    """Add a tile from one item without an id. A removed tile of the same insight is restored instead.

    Raises ContentAlreadyOnDashboard, and the exceptions of `change_tiles`.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    if item.get("deleted"):
        raise ValidationFailed("A new tile cannot have `deleted: true`.", attr="deleted", code="does_not_exist")
    twins = Tile.objects.on_dashboard(dashboard).not_deleted().filter(insight=item.get("insight"))
    if item.get("insight") is not None and twins.exists():
        raise ContentAlreadyOnDashboard("insight")
    change_tiles(changes, dashboard, [item])
    tiles = Tile.objects.on_dashboard(dashboard).visible()
    if item.get("insight") is not None:
        tiles = tiles.filter(insight=item["insight"])
    return tiles.latest("pk")


def update_tile(changes: ChangeSet, dashboard_id: int, *, project: Project, tile_id: int, item: TileInput) -> None:
    """Change the display fields of a tile with an insight or a button, or the text and display fields of a text tile.

    Raises TileNotFound, and ValidationFailed for another kind of tile.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    tile = _get_shown_tile(dashboard, tile_id)
    if "text" in item and tile.text_id is None:
        raise ValidationFailed("This is not a text tile.", attr="tile_id")
    if "text" not in item and tile.text_id is not None:
        raise ValidationFailed("This is a text tile. Use `update_text_tile`.", attr="tile_id")
    change_tiles(changes, dashboard, [{**item, "id": tile_id}])


def delete_tile(changes: ChangeSet, dashboard_id: int, *, project: Project, tile_id: int) -> None:
    """Remove a tile, and move the other tiles up into the gap, on each breakpoint where they have a placement.

    Raises TileNotFound.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    tile = _get_shown_tile(dashboard, tile_id)
    change_tiles(changes, dashboard, [{"id": tile.pk, "deleted": True}])
    rest = list(Tile.objects.on_dashboard(dashboard).visible())
    update_rows(_compact_layouts(rest, tile.layouts.keys()), LAYOUT_COLUMNS)


def reorder_tiles(
    changes: ChangeSet, dashboard_id: int, *, project: Project, tile_ids: Sequence[int], arrangement: Arrangement
) -> None:
    """Place the tiles in the given order. Unnamed tiles follow in their current order.

    Raises TileNotFound for a tile that is not on the dashboard, and ValidationFailed for a tile that is named twice.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    tiles = {tile.pk: tile for tile in Tile.objects.on_dashboard(dashboard).visible().in_layout_order()}
    if len(set(tile_ids)) < len(tile_ids):
        raise ValidationFailed("Each tile may be sent only once.", attr="tile_order", code="unique")
    if set(tile_ids) - set(tiles):
        raise TileNotFound
    ordered = [tiles[id_] for id_ in dict.fromkeys([*tile_ids, *tiles])]
    pairs = zip(ordered, arrange_tiles([tile.layouts for tile in ordered], arrangement), strict=True)
    moved = [(tile, layouts) for tile, layouts in pairs if json_differs(tile.layouts, layouts)]
    if moved:
        changes.record_dashboard(dashboard)
    for tile, layouts in moved:
        tile.set_layouts(layouts)
    update_rows([tile for tile, _ in moved], LAYOUT_COLUMNS)


def move_tile(changes: ChangeSet, dashboard_id: int, *, project: Project, tile_id: int, to_dashboard_id: int) -> None:
    """Move a tile to another dashboard of the project. The tile keeps its id, its layouts and its content.

    A removed tile with the same content on the target is deleted permanently. Raises DashboardNotFound and Forbidden
    for either dashboard, TileNotFound, and ContentAlreadyOnDashboard.
    """
    ids = {dashboard_id, to_dashboard_id}
    rows = Dashboard.objects.in_project(project).not_deleted().with_is_collaborator(changes.actor.pk).filter(pk__in=ids)
    dashboards = lock_dashboards(rows)
    for each in (dashboard_id, to_dashboard_id):
        if each not in dashboards:
            raise DashboardNotFound
        check_edit_restriction(dashboards[each], changes.actor)
    tile = _get_shown_tile(dashboards[dashboard_id], tile_id)
    target = dashboards[to_dashboard_id]
    twins = Tile.objects.on_dashboard(target).filter(**tile.content)
    if twins.not_deleted().exists():
        raise ContentAlreadyOnDashboard("tile")
    for dashboard in dashboards.values():
        changes.record_tiles(dashboard)
    twins.delete()
    tile.dashboard = target
    tile.save(update_fields=["dashboard"])


def copy_tile(changes: ChangeSet, dashboard_id: int, *, project: Project, from_dashboard_id: int, tile_id: int) -> None:
    """Add a tile with the content of a tile of another dashboard. A removed tile with this content is restored.

    If the member may not edit the other dashboard, the content is copied. Raises DashboardNotFound for either
    dashboard, TileNotFound, and ContentAlreadyOnDashboard.
    """
    target = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    rows = Dashboard.objects.in_project(project).not_deleted().with_is_collaborator(changes.actor.pk)
    source = rows.filter(pk=from_dashboard_id).first()
    if source is None:
        raise DashboardNotFound
    tile = _get_shown_tile(source, tile_id)
    if not may_edit(source, changes.actor):  # otherwise the member could edit the content on this dashboard
        duplicate_content(changes, [tile], target)
        return
    twin = Tile.objects.on_dashboard(target).filter(**tile.content).first()
    changes.record_tiles(target)
    if twin is None:
        display = {column: getattr(tile, column) for column in DISPLAY_COLUMNS}
        Tile.objects.create(project=project, dashboard=target, **tile.content, **display)
    elif twin.deleted:
        twin.set_deleted(False)
        twin.save(update_fields=["deleted", "deletion_id"])
    else:
        raise ContentAlreadyOnDashboard("tileId")
    check_placements(group_contents([tile]), attr="tileId")


def _get_shown_tile(dashboard: Dashboard, tile_id: int) -> Tile:
    """Return a tile that is visible on the dashboard. Raises TileNotFound."""
    tile = Tile.objects.on_dashboard(dashboard).visible().filter(pk=tile_id).first()
    if tile is None:
        raise TileNotFound
    return tile


def _compact_layouts(tiles: list[Tile], breakpoints: Collection[str]) -> list[Tile]:
    """Move tiles up on the given breakpoints, and return the moved tiles. Incomplete placements stay unchanged."""
    placed: dict[str, list[tuple[Placement, Tile]]] = {}
    for tile in tiles:
        for breakpoint in tile.layouts.keys() & breakpoints:
            if place := get_placement(tile.layouts, breakpoint):
                placed.setdefault(breakpoint, []).append((place, tile))
    rows: dict[int, dict[str, Number]] = {}
    for breakpoint, found in placed.items():
        found.sort(key=lambda pair: (pair[0][1], pair[0][0], pair[1].pk))
        for (place, tile), closed in zip(found, compact_vertically([place for place, _ in found]), strict=True):
            if closed[1] != place[1]:
                rows.setdefault(tile.pk, {})[breakpoint] = closed[1]
    moved = [tile for tile in tiles if tile.pk in rows]
    for tile in moved:
        tile.set_layouts(set_rows(tile.layouts, rows[tile.pk]))
    return moved
