"""Restoring a version of a dashboard."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q

from dashboards.changelog.diff import TILES, Snapshot, fill_added_fields, join_path
from dashboards.changelog.tracking import ChangeSet
from dashboards.changelog.versions import get_snapshot_at
from dashboards.exceptions import VersionNotFound
from dashboards.models import ActivityName, Dashboard, Insight, Tile
from dashboards.services.dashboards import change_dashboard
from dashboards.services.inputs import DashboardInput, TileInput
from dashboards.services.rows import filter_editable, group_contents, lock_for_edit
from dashboards.tracked_fields import DASHBOARD_FIELDS
from users.models import Membership, Project


def restore_version(changes: ChangeSet, dashboard_id: int, *, project: Project, version: int) -> list[str]:
    """Restore the fields, tags and tiles that a dashboard had at a version.

    The restriction level and the sharing of the dashboard stay as they are. Insights are shown in their current form.
    Return the paths of tiles that are not restored, because their insight is deleted or the member may not edit it.

    Raises DashboardNotFound (also for a deleted dashboard), VersionNotFound and Forbidden.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, member=changes.actor)
    snapshot = get_snapshot_at(dashboard.pk, version)
    if snapshot is None:
        raise VersionNotFound
    changes.activity = ActivityName.REVERTED
    content, left_out = build_restore_input(dashboard, fill_added_fields(snapshot), changes.actor)
    change_dashboard(changes, dashboard, content, from_history=True)
    return left_out


def build_restore_input(
    dashboard: Dashboard,
    snapshot: Snapshot,
    member: Membership,
    *,
    may_change: Collection[str] = (),
    fields: Collection[str] = DASHBOARD_FIELDS,
    only_tiles: Collection[str] | None = None,
) -> tuple[DashboardInput, list[str]]:
    """Return the input that makes a dashboard equal to a snapshot, and the paths of tiles that are left out.

    `fields` and the ids in `only_tiles` limit the input to fields and tiles that differ. Content that is also on other
    dashboards changes only if its path is in `may_change`.
    """
    rows = Tile.objects.on_dashboard(dashboard).select_related("text", "button").defer("layouts", "filters_overrides")
    if only_tiles is not None:
        rows = rows.filter(pk__in=[int(id_) for id_ in only_tiles])
        wanted_tiles = {id_: tile for id_, tile in snapshot[TILES].items() if id_ in only_tiles}
    else:
        wanted_tiles = snapshot[TILES]
    tiles = {str(tile.pk): tile for tile in rows}
    shown = {id_ for id_, tile in tiles.items() if not tile.deleted or tile.was_deleted_with(dashboard)}
    added = {id_: tile for id_, tile in wanted_tiles.items() if id_ not in shown}
    inaccessible = _find_inaccessible_tiles(added, tiles, dashboard, member) if added else []
    left_out = [join_path(TILES, id_) for id_ in inaccessible]
    items: list[TileInput] = [{"id": int(id_), "deleted": True} for id_ in shown - wanted_tiles.keys()]
    kept = [tile for id_, tile in tiles.items() if id_ in wanted_tiles]
    shared = _find_shared_contents(dashboard, kept) if kept else (set(), set())
    for id_, tile in wanted_tiles.items():
        if id_ in inaccessible:
            continue
        item, kept_path = _build_restore_item(id_, tile, tiles.get(id_), shared, may_change)
        items.append(item)
        left_out += [kept_path] if kept_path else []
    content: Any = {field: snapshot[field] for field in fields}
    content["tiles"] = items
    return content, left_out


def _build_restore_item(
    id_: str,
    tile: Snapshot,
    present: Tile | None,
    shared: tuple[set[Any], set[Any]],
    may_change: Collection[str],
) -> tuple[Any, str | None]:
    """Return the item that restores a tile, and the path of its content if the content must not change."""
    if present is None:  # the tile was moved to another dashboard
        return _build_item(tile), None
    item = _build_item(tile, id=int(id_), deleted=False)
    shared_texts, shared_buttons = shared
    is_shared = present.text_id in shared_texts or present.button_id in shared_buttons
    kind = _find_differing_content(item, present) if is_shared else None
    path = join_path(TILES, id_, kind) if kind else None
    if path is None or path in may_change:
        return item, None
    return {field: value for field, value in item.items() if field not in ("text", "button_tile")}, path


def _find_shared_contents(dashboard: Dashboard, tiles: Iterable[Tile]) -> tuple[set[Any], set[Any]]:
    """Return the ids of the texts and of the buttons of the given tiles that are also on other dashboards."""
    contents = group_contents(tiles)
    elsewhere = Tile.objects.live_or_restorable().exclude(dashboard=dashboard)
    texts = elsewhere.filter(text__in=contents["text"]) if contents["text"] else Tile.objects.none()
    buttons = elsewhere.filter(button__in=contents["button"]) if contents["button"] else Tile.objects.none()
    return set(texts.values_list("text", flat=True)), set(buttons.values_list("button", flat=True))


def _find_inaccessible_tiles(
    added: Mapping[str, Snapshot], tiles: Mapping[str, Tile], dashboard: Dashboard, member: Membership
) -> list[str]:
    """Return the ids of the tiles to add whose content is deleted, or may not be edited by the member."""
    is_available = Q(deleted=False)
    if dashboard.deleted:  # insights that were deleted with the dashboard are restored with it
        is_available |= Q(deletion_id=dashboard.deletion_id)
    insight_ids = [tile["insight"] for tile in added.values() if "insight" in tile]
    insights = Insight.objects.in_project(dashboard.project).filter(is_available, pk__in=insight_ids)
    removed = {id_: tiles[id_] for id_ in added if id_ in tiles}
    contents = {**group_contents(removed.values()), "insight": set(insights.values_list("pk", flat=True))}
    editable = {kind: filter_editable(kind, ids, member) for kind, ids in contents.items()}
    found = {id_ for id_, tile in added.items() if "insight" in tile and tile["insight"] not in editable["insight"]}
    for id_, tile in removed.items():
        own = group_contents([tile])
        if own["text"] - editable["text"] or own["button"] - editable["button"]:
            found.add(id_)
    return [id_ for id_ in added if id_ in found]


def _build_item(tile: Snapshot, **values: Any) -> Any:
    """Return a tile of a snapshot as an item of an upsert, without the ids of its content."""
    content = {
        kind: {field: value for field, value in tile[kind].items() if field != "id"}
        for kind in ("text", "button_tile")
        if kind in tile
    }
    return {**tile, **content, **values}


def _find_differing_content(item: Any, tile: Tile) -> str | None:
    """Return the kind of content that an item would change, or None if the content is the same."""
    kind, content = ("text", tile.text) if tile.text else ("button_tile", tile.button)
    return kind if any(getattr(content, field) != value for field, value in item[kind].items()) else None
