"""Undo of the changes to one dashboard or insight, with the same services as other writes."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from dashboards.access import check_edit_restriction
from dashboards.changelog.activity_log import build_insight_snapshot
from dashboards.changelog.diff import (
    PUBLISHED,
    SEPARATOR,
    SHARING,
    TILES,
    Change,
    Snapshot,
    find_differing_paths,
    is_within,
    join_path,
    list_paths,
)
from dashboards.changelog.limits import check_tile_limits
from dashboards.changelog.snapshots import load_snapshots
from dashboards.changelog.tracking import ChangeSet
from dashboards.models import ActivityName, Dashboard, Insight, SharePassword, Tile
from dashboards.services.dashboards import change_dashboard
from dashboards.services.insights import update_insight
from dashboards.services.rows import lock_all
from dashboards.services.sharing import change_sharing
from dashboards.services.undo_plan import RIGHTS, ItemUndo, UndoPlan, revert_changes
from dashboards.services.version_restore import build_restore_input
from dashboards.tracked_fields import DASHBOARD_FIELDS
from dashboards_api.db.fields import json_differs
from dashboards_api.errors import DomainError
from users.models import Project

ACCESS_TOKEN = join_path(SHARING, "access_token")
# The only values of sharing that undo sets. Each of them closes a link.
CLOSING_VALUES: dict[str, bool] = {PUBLISHED: False, join_path(SHARING, "password_required"): True}


class UndoneFields(NamedTuple):
    """The paths of one item whose changes were undone, and of those whose changes were not undone, by reason."""

    undone: Sequence[str] = ()
    changed_since: Sequence[str] = ()
    gives_rights: Sequence[str] = ()
    lost: Sequence[str] = ()


class UndoContext(NamedTuple):
    """The write that an undo is part of, its plan, and the locked dashboards that it may change, by id."""

    changes: ChangeSet
    project: Project
    plan: UndoPlan
    dashboards: dict[int, Dashboard]

    def reload(self, dashboard_id: int) -> None:
        """Read a locked dashboard again, because its row may differ from the object."""
        self.dashboards.update(lock_all([dashboard_id], project=self.project, member=self.changes.actor))


def undo_sharing(undo: UndoContext, item: ItemUndo) -> UndoneFields:
    """Disable a share link that was enabled with the key, and revoke rights that were granted with the key."""
    lost = [ACCESS_TOKEN] if item.lost_token else []
    if not item.sharing:
        return UndoneFields(lost=lost)
    dashboard = _get_for_edit(undo, item.item_id)
    links = [change for change in item.sharing if change["type"] not in RIGHTS]
    rights = [change for change in item.sharing if change["type"] in RIGHTS]
    closed = [change for change in links if change["before"] is CLOSING_VALUES.get(change["field"])]
    held = [change for change in links if change not in closed]
    content: Any = {change["field"].partition(SEPARATOR)[2]: change["before"] for change in closed}
    change_sharing(undo.changes, dashboard, content)
    revoked, taken = _revoke_rights(undo, dashboard, rights)
    return UndoneFields([*list_paths(closed), *revoked], gives_rights=[*list_paths(held), *taken], lost=lost)


def _revoke_rights(undo: UndoContext, dashboard: Dashboard, rights: list[Change]) -> tuple[list[str], list[str]]:
    """Revoke rights that the key granted. Return their paths, and the paths of rights that the key had revoked."""
    revoked, taken = [], []
    for change in rights:
        right = change["after"] or change["before"]
        rows = (
            dashboard.collaborators.filter(membership__user__uuid=right)
            if change["type"] == "Collaborator"
            else SharePassword.objects.filter(sharing_configuration__dashboard=dashboard, pk=right["id"])
        )
        if change["after"] is None and not rows.exists():
            taken.append(change["field"])
        elif change["after"] is not None and rows.delete()[0]:
            revoked.append({**change, "action": "deleted", "before": change["after"], "after": None})
    if revoked:
        undo.changes.record_rights(dashboard)
        undo.changes.record_event(dashboard, ActivityName.UNDONE, revoked)
        undo.reload(dashboard.pk)  # the member may no longer be a collaborator
    return list_paths(revoked), taken


def undo_dashboard(undo: UndoContext, item: ItemUndo) -> UndoneFields:
    """Undo all changes to a dashboard except changes to its sharing and rights."""
    dashboard = _get_for_edit(undo, item.item_id)
    if item.is_created:
        if dashboard.deleted:
            return UndoneFields()
        change_dashboard(undo.changes, dashboard, {"deleted": True})
        return UndoneFields(["deleted"])
    now = before = undo.plan.snapshots[dashboard.pk]
    wanted = revert_changes(before, item.changes)
    paths = find_differing_paths(before, wanted, [change["field"] for change in item.changes])
    if undo.changes.may_affect(dashboard.pk):
        now = load_snapshots([dashboard.pk])[0].current
        wanted = revert_changes(now, item.changes)
    held = _keep_restriction(now, wanted)
    paths = [path for path in paths if path not in held]
    if now["deleted"] and wanted["deleted"]:
        left = find_differing_paths(now, wanted, paths)
        return UndoneFields([path for path in paths if path not in left], left, held)
    if now["deleted"]:
        change_dashboard(undo.changes, dashboard, {"deleted": False})
    changed_since, lost = _restore_content(undo, dashboard, now, wanted, item.changes)
    undone = [path for path in paths if not any(is_within(path, each) for each in (*changed_since, *lost))]
    return UndoneFields(undone, changed_since, held, lost)


def _restore_content(
    undo: UndoContext, dashboard: Dashboard, now: Snapshot, wanted: Snapshot, own: list[Change]
) -> tuple[list[str], list[str]]:
    """Restore the wanted fields and tiles of a live dashboard.

    Return the paths of tiles that were replaced by other users or with other API keys, and the paths of tiles that
    cannot be restored.
    """
    paths = [change["field"] for change in own]
    of_tiles = {path: path.split(SEPARATOR)[1] for path in paths if path.startswith(f"{TILES}{SEPARATOR}")}
    may_change = [path for path, id_ in of_tiles.items() if id_ in now[TILES]]
    replaced: list[str] = []
    lost: list[str] = []
    if of_tiles:
        may_change += _find_unchanged_contents(own)
        replaced, lost = _move_tiles_back(undo, dashboard, now, wanted)
    content, inaccessible = build_restore_input(
        dashboard,
        wanted,
        undo.changes.actor,
        may_change=may_change,
        fields=[field for field in DASHBOARD_FIELDS if field in paths],
        only_tiles=set(of_tiles.values()),
    )
    if wanted["restriction_level"] != now["restriction_level"]:
        content["restriction_level"] = wanted["restriction_level"]
    if wanted["deleted"]:
        insights = set(Insight.objects.only_on_dashboard(dashboard).not_deleted().values_list("pk", flat=True))
        content["deleted"] = True
        content["delete_insights"] = bool(insights) and insights <= undo.plan.deleted_with_dashboards
    if deferred := dashboard.get_deferred_fields() & content.keys():
        dashboard.refresh_from_db(fields=list(deferred))
    change_dashboard(undo.changes, dashboard, content, from_history=True)
    if now["deleted"] or not all(each.get("deleted") for each in content["tiles"]):
        check_tile_limits([dashboard.pk])
    return replaced, [*lost, *inaccessible]


def _find_unchanged_contents(own: list[Change]) -> list[str]:
    """Return the paths of the texts and buttons of removed tiles that have not changed elsewhere since the removal."""
    removals = {}
    for change in own:
        first, *rest = change["field"].split(SEPARATOR)
        if first == TILES and len(rest) == 1 and change["after"] is None:
            removals[int(rest[0])] = change["before"]
    tiles = Tile.objects.filter(pk__in=removals).select_related("text", "button") if removals else []
    found = []
    for tile in tiles:
        kind, content = ("text", tile.text) if tile.text else ("button_tile", tile.button)
        left = removals[tile.pk].get(kind)
        if content and left and all(getattr(content, field) == left[field] for field in left if field != "id"):
            found.append(join_path(TILES, tile.pk, kind))
    return found


def _move_tiles_back(
    undo: UndoContext, dashboard: Dashboard, now: Snapshot, wanted: Snapshot
) -> tuple[list[str], list[str]]:
    """Move tiles back that the key moved to other dashboards, unless other users or keys changed them there.

    Remove tiles that cannot be restored from `wanted`. Return the paths of tiles that other users or keys changed or
    replaced, and the paths of tiles that are lost.
    """
    replaced: list[str] = []
    lost: list[str] = []
    missing = [id_ for id_ in wanted[TILES] if id_ not in now[TILES]]
    tiles = Tile.objects.in_bulk([int(id_) for id_ in missing]) if missing else {}
    for id_ in missing:
        tile = tiles.get(int(id_))
        insight_id = wanted[TILES][id_].get("insight")
        content = tile.content if tile else {"insight_id": insight_id} if insight_id is not None else None
        if content is None:
            outcome: list[str] | None = lost
        elif _is_shown_again(content, dashboard, wanted):
            outcome = replaced
        elif tile is None or tile.dashboard_id == dashboard.pk:
            outcome = None  # the tile is created again, or restored on its current dashboard
        elif undo.plan.placed_tiles.get(tile.pk) != tile.dashboard_id:
            outcome = replaced
        else:
            outcome = None if _move_tile_back(undo, tile, dashboard) else lost
        if outcome is not None:
            outcome.append(join_path(TILES, id_))
            del wanted[TILES][id_]
    return replaced, lost


def _is_shown_again(content: dict[str, Any], dashboard: Dashboard, wanted: Snapshot) -> bool:
    """Return whether another tile that stays on the dashboard shows the content."""
    twins = Tile.objects.on_dashboard(dashboard).not_deleted().filter(**content)
    return any(str(twin.pk) in wanted[TILES] for twin in twins)


def _move_tile_back(undo: UndoContext, tile: Tile, home: Dashboard) -> bool:
    """Move a tile, removed or not, back to `home`. Return False if the member may not edit its current dashboard."""
    try:
        source = _get_for_edit(undo, tile.dashboard_id)
    except DomainError:
        return False
    Tile.objects.on_dashboard(home).filter(**tile.content).delete()  # a tile that is removed, or is to be removed
    undo.changes.record_tiles(source)
    undo.changes.record_tiles(home)
    tile.dashboard = home
    tile.set_deleted(False)
    tile.save(update_fields=["dashboard", "deleted", "deletion_id"])
    return True


def undo_insight(undo: UndoContext, item: ItemUndo) -> UndoneFields:
    """Undo all changes to an insight. Delete the insight if the key created it and no other user or key uses it."""
    # Lock the insight before reading it, because another write could change it in between.
    insight = Insight.objects.in_project(undo.project).select_for_update().get(pk=item.item_id)
    now = build_insight_snapshot(insight)
    wanted = {"deleted": True} if item.is_created else {each["field"]: each["before"] for each in item.changes}
    if now["deleted"] and wanted.get("deleted", True):
        return UndoneFields((), [] if item.is_created or item.is_to_be_deleted else list(wanted))
    changed_since = []
    if wanted.get("deleted") and _is_used_by_others(undo, insight):
        changed_since = ["deleted"]
        del wanted["deleted"]
    content: Any = {field: value for field, value in wanted.items() if field in now and json_differs(now[field], value)}
    if content:
        update_insight(undo.changes, insight.pk, project=undo.project, content=content)
    if content.get("deleted") is False:
        tiles = Tile.objects.not_deleted().filter(insight=insight)
        check_tile_limits(list(tiles.values_list("dashboard_id", flat=True)))
    return UndoneFields(list(content), changed_since)


def _is_used_by_others(undo: UndoContext, insight: Insight) -> bool:
    """Return whether a tile that the key did not place shows an insight, or will show it when the tile is restored."""
    tiles = Tile.objects.live_or_restorable().filter(insight=insight).exclude(pk__in=undo.plan.placed_tiles)
    return tiles.exclude(dashboard__in=undo.plan.created_dashboards, dashboard__deleted=True).exists()


def _get_for_edit(undo: UndoContext, dashboard_id: int) -> Dashboard:
    """Return a locked dashboard, deleted or not, that the member may edit. Raises Forbidden."""
    dashboard = undo.dashboards[dashboard_id]
    check_edit_restriction(dashboard, undo.changes.actor)
    return dashboard


def _keep_restriction(now: Snapshot, wanted: Snapshot) -> list[str]:
    """Keep a restriction that undo would lower, and return its path."""
    if wanted["restriction_level"] >= now["restriction_level"]:
        return []
    wanted["restriction_level"] = now["restriction_level"]
    return ["restriction_level"]
