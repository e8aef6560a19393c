"""Bringing back a version of a dashboard."""

from typing import Any

from django.db.models import Q

from dashboards.exceptions import VersionMissing
from dashboards.history import State
from dashboards.models import Activity, Dashboard, Insight, Tile
from dashboards.services.changes import CONTENT_FIELDS, DashboardChanges, TileChanges
from dashboards.services.dashboards import lock_for_edit, update_dashboard
from dashboards.services.restrictions import editable_insights
from dashboards.services.revisions import changing, note_name
from users.models import Membership, Project


@changing
def restore_version(dashboard_id: int, *, project: Project, version: int, restored_by: Membership) -> list[str]:
    """Make a dashboard show again what it showed at a version: its fields, tags, and tiles with their places.

    Who may edit it and how it is shared stay as they are. An insight is shown as it is now; a tile whose insight is
    gone, or closed to the member, stays away, and the path of it in the version is given back.

    Raises DashboardMissing (also for a deleted dashboard), VersionMissing and Forbidden.
    """
    dashboard = lock_for_edit(dashboard_id, project=project, edited_by=restored_by)
    written = Activity.objects.versions_of(dashboard.pk).filter(version=version).values_list("state", flat=True).first()
    if written is None:
        raise VersionMissing
    note_name(dashboard.pk, "reverted")
    changes, left_out = changes_to(dashboard, written, restored_by)
    update_dashboard(dashboard.pk, project=project, changes=changes, edited_by=restored_by)
    return left_out


def changes_to(dashboard: Dashboard, state: State, member: Membership) -> tuple[DashboardChanges, list[str]]:
    """What makes a dashboard show a state again, and the paths of what the member cannot have again."""
    tiles = {tile.pk: tile for tile in Tile.objects.on_dashboard(dashboard).select_related("text", "button")}
    shown = {str(tile.pk) for tile in tiles.values() if not tile.deleted or tile.went_with(dashboard)}
    elsewhere = Tile.objects.there_or_coming_back().exclude(dashboard=dashboard)
    shared_texts = set(elsewhere.filter(text__tiles__dashboard=dashboard).values_list("text", flat=True))
    shared_buttons = set(elsewhere.filter(button__tiles__dashboard=dashboard).values_list("button", flat=True))
    items: list[TileChanges] = [{"id": int(id_), "deleted": True} for id_ in shown - set(state["tiles"])]
    coming = {tile["insight"] for id_, tile in state["tiles"].items() if "insight" in tile and id_ not in shown}
    reachable = _reachable(coming, dashboard, member)
    left_out = []
    for id_, tile in state["tiles"].items():
        if id_ not in shown and "insight" in tile and tile["insight"] not in reachable:
            left_out.append(f"tiles__{id_}")
        elif there_now := tiles.get(int(id_)):
            item = _item(tile, id=int(id_), deleted=False)
            # What other dashboards show is not changed behind their backs.
            if there_now.text_id in shared_texts or there_now.button_id in shared_buttons:
                left_out += [f"tiles__{id_}__{kind}" for kind in _other_content(item, there_now)]
                item = {field: value for field, value in item.items() if field not in ("text", "button_tile")}
            items.append(item)
        else:  # it lives on another dashboard now
            items.append(_item(tile))
    changes: Any = {field: state[field] for field in CONTENT_FIELDS}
    changes["tiles"] = items
    return changes, left_out


def _reachable(insight_ids: set[int], dashboard: Dashboard, member: Membership) -> set[int]:
    """Those of these insights that are there and that the member may put on a dashboard."""
    is_there = Q(deleted=False)
    if dashboard.deleted:  # what went with it comes back with it
        is_there |= Q(deletion_id=dashboard.deletion_id)
    there = Insight.objects.in_project(dashboard.project).filter(is_there, pk__in=insight_ids)
    return editable_insights(there.values_list("pk", flat=True), member)


def _item(tile: State, **more: Any) -> Any:
    """A tile as an item of a change: with its own content, and no other."""
    content = {
        kind: {field: value for field, value in tile[kind].items() if field != "id"}
        for kind in ("text", "button_tile")
        if kind in tile
    }
    return {**tile, **content, **more}


def _other_content(item: Any, tile: Tile) -> list[str]:
    """The kind of content in an item that differs from what the tile shows now."""
    kind, shown = ("text", tile.text) if tile.text else ("button_tile", tile.button)
    return [kind] if any(getattr(shown, field) != value for field, value in item[kind].items()) else []
