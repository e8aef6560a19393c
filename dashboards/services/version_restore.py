"""Bringing back a version of a dashboard."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db.models import Q

from dashboards.changelog.diff import TILES, State, completed, path_of
from dashboards.changelog.tracking import changing, name_acts
from dashboards.changelog.versions import state_at
from dashboards.exceptions import VersionNotFound
from dashboards.models import ActivityName, Dashboard, Insight, Tile
from dashboards.services.content_access import contents_of, editable
from dashboards.services.dashboards import lock_for_edit, update_dashboard
from dashboards.services.inputs import DashboardInput, TileInput
from dashboards.tracked_fields import DASHBOARD_FIELDS
from users.models import Membership, Project


@changing
def restore_version(dashboard_id: int, *, project: Project, version: int, restored_by: Membership) -> list[str]:
    """Make a dashboard show again what it showed at a version: its fields, tags, and tiles with their places.

    Who may edit it and how it is shared stay as they are. An insight is shown as it is now; a tile whose insight is
    gone, or closed to the member, stays away, and the path of it in the version is given back.

    Raises DashboardNotFound (also for a deleted dashboard), VersionNotFound and Forbidden.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=restored_by)
    written = state_at(dashboard.pk, version)
    if written is None:
        raise VersionNotFound
    name_acts(ActivityName.REVERTED)
    changes, left_out = changes_to(dashboard, completed(written), restored_by)
    update_dashboard(dashboard.pk, project=project, changes=changes, edited_by=restored_by, from_history=True)
    return left_out


def changes_to(
    dashboard: Dashboard,
    state: State,
    member: Membership,
    *,
    may_change: Collection[str] = (),
    fields: Collection[str] = DASHBOARD_FIELDS,
    only_tiles: Collection[str] | None = None,
) -> tuple[DashboardInput, list[str]]:
    """What makes a dashboard show a state again, and the paths of what the member cannot have again.

    Who knows what differs names the `fields` and, by their ids, the tiles: no others are looked at. What other
    dashboards show, too, is changed only where its path is in `may_change`.
    """
    rows = Tile.objects.on_dashboard(dashboard).select_related("text", "button")
    if only_tiles is not None:
        rows = rows.filter(pk__in=[int(id_) for id_ in only_tiles])
        state = {**state, TILES: {id_: tile for id_, tile in state[TILES].items() if id_ in only_tiles}}
    tiles = {tile.pk: tile for tile in rows}
    shown = {str(tile.pk) for tile in tiles.values() if not tile.deleted or tile.was_deleted_with(dashboard)}
    shared_texts, shared_buttons = _shared_contents(dashboard, tiles.values())
    items: list[TileInput] = [{"id": int(id_), "deleted": True} for id_ in shown - set(state["tiles"])]
    coming = {id_: tile for id_, tile in state["tiles"].items() if id_ not in shown}
    closed = _out_of_reach(coming, tiles, dashboard, member)
    left_out = [path_of(TILES, id_) for id_ in closed]
    for id_, tile in state["tiles"].items():
        if id_ in closed:
            continue
        if there_now := tiles.get(int(id_)):
            item = _item(tile, id=int(id_), deleted=False)
            is_shared = there_now.text_id in shared_texts or there_now.button_id in shared_buttons
            # What other dashboards show is not changed behind their backs.
            if is_shared and (others := _other_content(item, there_now, id_)) and not set(others) <= set(may_change):
                left_out += others
                item = {field: value for field, value in item.items() if field not in ("text", "button_tile")}
            items.append(item)
        else:  # it lives on another dashboard now
            items.append(_item(tile))
    changes: Any = {field: state[field] for field in fields}
    changes["tiles"] = items
    return changes, left_out


def _shared_contents(dashboard: Dashboard, tiles: Iterable[Tile]) -> tuple[set[Any], set[Any]]:
    """The ids of the texts and of the buttons of these tiles that other dashboards show, too."""
    shown = contents_of(tiles)
    elsewhere = Tile.objects.live_or_restorable().exclude(dashboard=dashboard)
    texts = elsewhere.filter(text__in=shown["text"]) if shown["text"] else Tile.objects.none()
    buttons = elsewhere.filter(button__in=shown["button"]) if shown["button"] else Tile.objects.none()
    return set(texts.values_list("text", flat=True)), set(buttons.values_list("button", flat=True))


def _out_of_reach(
    coming: Mapping[str, State], tiles: Mapping[int, Tile], dashboard: Dashboard, member: Membership
) -> list[str]:
    """Those of the tiles that are to come back whose content is gone, or that the member may not edit elsewhere."""
    if not coming:
        return []
    is_there = Q(deleted=False)
    if dashboard.deleted:  # what went with it comes back with it
        is_there |= Q(deletion_id=dashboard.deletion_id)
    insights = Insight.objects.in_project(dashboard.project).filter(
        is_there, pk__in=[tile["insight"] for tile in coming.values() if "insight" in tile]
    )
    removed = {id_: tiles[int(id_)] for id_ in coming if int(id_) in tiles}
    shown = {**contents_of(removed.values()), "insight": set(insights.values_list("pk", flat=True))}
    reachable = {kind: editable(kind, ids, member) for kind, ids in shown.items()}
    closed = {id_ for id_, tile in coming.items() if "insight" in tile and tile["insight"] not in reachable["insight"]}
    for id_, tile in removed.items():
        shared = contents_of([tile])
        if shared["text"] - reachable["text"] or shared["button"] - reachable["button"]:
            closed.add(id_)
    return [id_ for id_ in coming if id_ in closed]


def _item(tile: State, **more: Any) -> Any:
    """A tile as an item of a change: with its own content, and no other."""
    content = {
        kind: {field: value for field, value in tile[kind].items() if field != "id"}
        for kind in ("text", "button_tile")
        if kind in tile
    }
    return {**tile, **content, **more}


def _other_content(item: Any, tile: Tile, id_: str) -> list[str]:
    """The path of the content in an item, where it differs from what the tile shows now."""
    kind, shown = ("text", tile.text) if tile.text else ("button_tile", tile.button)
    is_other = any(getattr(shown, field) != value for field, value in item[kind].items())
    return [path_of(TILES, id_, kind)] if is_other else []
