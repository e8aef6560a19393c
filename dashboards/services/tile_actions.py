"""The verbs of one tile, and the order of all: one transaction each, with the right to edit the dashboard."""

from collections.abc import Collection, Sequence

from dashboards.access import may_edit
from dashboards.changelog.dashboard_limits import check_placements
from dashboards.changelog.tracking import changing
from dashboards.exceptions import ContentAlreadyOnDashboard, DashboardNotFound, TileNotFound
from dashboards.layout import Arrangement, arrange_tiles, get_placement, set_rows
from dashboards.models import Dashboard, Tile
from dashboards.models.tile import LAYOUT_COLUMNS
from dashboards.packing import Number, Placement, compact_vertically
from dashboards.services.bulk_rows import update_rows
from dashboards.services.content_access import contents_of
from dashboards.services.copies import DISPLAY_COLUMNS, duplicate
from dashboards.services.dashboards import lock_for_edit
from dashboards.services.inputs import TileInput
from dashboards.services.tiles import change_tiles
from dashboards_api.db.fields import json_differs
from dashboards_api.errors import ValidationFailed
from users.models import Membership, Project


@changing
def add_tile(dashboard_id: int, *, project: Project, item: TileInput, added_by: Membership) -> Tile:
    """Add a tile from one item without an id; a removed tile of the same insight comes back.

    Raises ContentAlreadyOnDashboard, and what `change_tiles` raises.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=added_by)
    if item.get("deleted"):
        raise ValidationFailed("A new tile cannot be removed from the start.", attr="deleted", code="does_not_exist")
    twins = Tile.objects.on_dashboard(dashboard).not_deleted().filter(insight=item.get("insight"))
    if item.get("insight") is not None and twins.exists():
        raise ContentAlreadyOnDashboard("insight")
    change_tiles(dashboard, [item], changed_by=added_by)
    tiles = Tile.objects.on_dashboard(dashboard).visible()
    if item.get("insight") is not None:
        tiles = tiles.filter(insight=item["insight"])
    return tiles.latest("pk")


@changing
def change_tile(
    dashboard_id: int, *, project: Project, tile_id: int, changes: TileInput, changed_by: Membership
) -> None:
    """Change how a tile looks, or also its text. Raises TileNotFound, and Invalid for a tile of the other kind."""
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=changed_by)
    tile = _shown_tile(dashboard, tile_id)
    if "text" in changes and tile.text_id is None:
        raise ValidationFailed("This is no text tile.", attr="tile_id")
    if "text" not in changes and tile.text_id is not None:
        raise ValidationFailed("This is a text tile: use update_text_tile.", attr="tile_id")
    change_tiles(dashboard, [{**changes, "id": tile_id}], changed_by=changed_by)


@changing
def delete_tile(dashboard_id: int, *, project: Project, tile_id: int, deleted_by: Membership) -> None:
    """Remove a tile; the others move up into the gap, on each breakpoint where they have a place.

    Raises TileNotFound.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=deleted_by)
    tile = _shown_tile(dashboard, tile_id)
    change_tiles(dashboard, [{"id": tile.pk, "deleted": True}], changed_by=deleted_by)
    rest = list(Tile.objects.on_dashboard(dashboard).visible())
    update_rows(_close_up(rest, tile.layouts.keys()), LAYOUT_COLUMNS)


@changing
def reorder_tiles(
    dashboard_id: int, *, project: Project, tile_ids: Sequence[int], arrangement: Arrangement, reordered_by: Membership
) -> None:
    """Place the tiles in this order, and those that are not named after them in the order they have.

    Raises TileNotFound for one that is not on the dashboard, and Invalid for one that is named twice.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=reordered_by)
    tiles = {tile.pk: tile for tile in Tile.objects.on_dashboard(dashboard).visible().in_layout_order()}
    if len(set(tile_ids)) < len(tile_ids):
        raise ValidationFailed("Each tile may be named once.", attr="tile_order", code="unique")
    if set(tile_ids) - set(tiles):
        raise TileNotFound
    ordered = [tiles[id_] for id_ in dict.fromkeys([*tile_ids, *tiles])]
    pairs = zip(ordered, arrange_tiles([tile.layouts for tile in ordered], arrangement), strict=True)
    moved = [(tile, layouts) for tile, layouts in pairs if json_differs(tile.layouts, layouts)]
    for tile, layouts in moved:
        tile.set_layouts(layouts)
    update_rows([tile for tile, _ in moved], LAYOUT_COLUMNS)


@changing
def copy_tile(
    dashboard_id: int, *, project: Project, from_dashboard_id: int, tile_id: int, copied_by: Membership
) -> None:
    """Show the content of another dashboard's tile on this one too; a removed tile of that content comes back.

    From a dashboard that the member may not edit comes a copy of the content.

    Raises DashboardNotFound for either dashboard, TileNotFound, and ContentAlreadyOnDashboard.
    """
    target = lock_for_edit(dashboard_id, project=project, edited_by=copied_by)
    rows = Dashboard.objects.in_project(project).not_deleted().with_is_collaborator(copied_by)
    source = rows.filter(pk=from_dashboard_id).first()
    if source is None:
        raise DashboardNotFound
    tile = _shown_tile(source, tile_id)
    if not may_edit(source, copied_by):  # sharing the content would let them edit it there
        duplicate([tile], target, copied_by=copied_by)
        return
    twin = Tile.objects.on_dashboard(target).filter(**tile.content).first()
    if twin is None:
        looks = {column: getattr(tile, column) for column in DISPLAY_COLUMNS}
        Tile.objects.create(project=project, dashboard=target, **tile.content, **looks)
    elif twin.deleted:
        twin.set_deleted(False)
        twin.save(update_fields=["deleted", "deletion_id"])
    else:
        raise ContentAlreadyOnDashboard("tileId")
    check_placements(contents_of([tile]), attr="tileId")


def _shown_tile(dashboard: Dashboard, tile_id: int) -> Tile:
    tile = Tile.objects.on_dashboard(dashboard).visible().filter(pk=tile_id).first()
    if tile is None:
        raise TileNotFound
    return tile


def _close_up(tiles: list[Tile], breakpoints: Collection[str]) -> list[Tile]:
    """Move tiles up on these breakpoints, and return those that moved; what has no whole place stays as it is."""
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
