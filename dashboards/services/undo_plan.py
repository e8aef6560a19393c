"""The plan of an undo: the net changes of a key by item, without fields that other users or keys have changed since."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from dashboards.changelog.activity_log import build_insight_snapshot
from dashboards.changelog.diff import (
    PUBLISHED,
    SEPARATOR,
    TILES,
    Change,
    Snapshot,
    apply_changes,
    build_change,
    get_values,
    merge_changes,
)
from dashboards.changelog.snapshots import load_snapshots
from dashboards.models import ActivityName, ActivityScope, Insight, Tile
from dashboards.services.undo_limits import MAX_ACTIVITIES, ItemKey, UndoneActivity, find_activities_since
from dashboards_api.db.fields import find_differing, json_differs, raw_json
from users.models import Project

# Represents the creation of an item, because undoing a creation deletes the item.
CREATION = build_change("Dashboard", ["deleted"], True, False)
# The types of changes that grant or revoke a right, and of all changes to sharing and rights.
RIGHTS = ("Collaborator", "SharePassword")
SHARING_TYPES = ("SharingConfiguration", *RIGHTS)
ACTIVITIES_AT_ONCE = 500
_RAW_CHANGES = raw_json("changes")

# The author of an activity: the key, an undo of its activities, or another key or user.
Author = Literal["key", "undo", "other"]


class ItemUndo(NamedTuple):
    """The undo of one dashboard or insight."""

    scope: str
    item_id: int
    # Whether the key created the item, and no other user or key has changed it since.
    is_created: bool
    # One change for each path, from the value to restore to the current value, without changes to sharing and rights.
    changes: list[Change]
    sharing: list[Change]
    # Paths that other users or keys changed after the key, with the values from before the key changed them.
    superseded: dict[str, Any]
    # Whether the key replaced the access token of an enabled link.
    lost_token: bool

    @property
    def has_deletion_change(self) -> bool:
        """Return whether the key deleted or restored the item, rather than created it."""
        return not self.is_created and any(change["field"] == "deleted" for change in self.changes)

    @property
    def is_to_be_deleted(self) -> bool:
        """Return whether the undo deletes the item."""
        return any(change["field"] == "deleted" and change["before"] for change in self.changes)

    def list_added_tiles(self) -> list[int]:
        """Return the ids of the tiles that the key added."""
        parts = [change["field"].split(SEPARATOR) for change in self.changes if change["before"] is None]
        return [int(part[1]) for part in parts if part[0] == TILES and len(part) == 2]


class UndoPlan:
    """The changes that one undo reverts."""

    def __init__(self, items: list[ItemUndo]) -> None:
        self.items = items
        self.dashboards = [item for item in items if item.scope == ActivityScope.DASHBOARD]
        self.insights = [item for item in items if item.scope == ActivityScope.INSIGHT]
        self.created_dashboards = [item.item_id for item in self.dashboards if item.is_created]
        # The tiles that the key added and that have not changed since, with their dashboards.
        self.placed_tiles = {tile: each.item_id for each in self.dashboards for tile in each.list_added_tiles()}
        self.deleted_with_dashboards = self._find_insights_deleted_with_dashboards()
        # The dashboards as they are before the undo, because undoing one item may change other dashboards as well.
        snapshots = load_snapshots([item.item_id for item in self.dashboards])
        self.snapshots = {snapshot.dashboard_id: snapshot.current for snapshot in snapshots}

    def find_superseded_paths(self, item: ItemUndo) -> list[str]:
        """Return the superseded paths of an item, except for paths that have their earlier value again."""
        if item.scope == ActivityScope.DASHBOARD:
            now = self.snapshots[item.item_id]
        else:
            now = build_insight_snapshot(Insight.objects.get(pk=item.item_id))
        in_snapshot = [path for path in item.superseded if path.split(SEPARATOR)[0] in now]
        return find_differing(in_snapshot, get_values(now, in_snapshot), item.superseded)

    def _find_insights_deleted_with_dashboards(self) -> set[int]:
        """Return the insights that are deleted again together with dashboards.

        The key had restored these insights together with the dashboards.
        """
        if not self.insights:
            return set()
        deleted = [item.item_id for item in self.dashboards if item.is_to_be_deleted and not item.is_created]
        insights = [item.item_id for item in self.insights if item.is_to_be_deleted and not item.is_created]
        if not deleted or not insights:
            return set()
        tiles = Tile.objects.not_deleted().filter(insight__in=insights)
        elsewhere = tiles.exclude(dashboard__in=deleted).values_list("insight_id", flat=True)
        return set(tiles.values_list("insight_id", flat=True)) - set(elsewhere)


def build_plan(project: Project, activities: Sequence[UndoneActivity], key_id: str) -> UndoPlan:
    """Return the plan that undoes the given activities of a key, with items in the order of their ids."""
    if not activities:
        return UndoPlan([])
    own = {activity.id for activity in activities}
    keys = {(activity.scope, activity.item_id) for activity in activities}
    histories: dict[ItemKey, list[tuple[Author, list[Change]]]] = defaultdict(list)
    later = find_activities_since(project, activities[0].id - 1, keys).order_by("id").annotate(raw_changes=_RAW_CHANGES)
    columns = later.values_list("id", "scope", "item_id", "key_id", "activity", "raw_changes")
    for id_, scope, item_id, by, activity, raw_changes in columns.iterator(chunk_size=ACTIVITIES_AT_ONCE):
        changes = json.loads(raw_changes)
        if id_ in own:
            histories[scope, item_id].append(("key", [CREATION] if activity == ActivityName.CREATED else changes))
        elif activity == ActivityName.UNDONE:
            histories[scope, item_id].append(("undo", changes))
        elif by != key_id:
            histories[scope, item_id].append(("other", changes))
    return UndoPlan([_build_item(key, histories[key]) for key in sorted(keys)])


def revert_changes(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """Return a snapshot with the given changes reverted."""
    reverted = [{**each, "before": each["after"], "after": each["before"]} for each in reversed(changes)]
    return apply_changes(snapshot, reverted)


def _build_item(key: ItemKey, activities: Iterable[tuple[Author, list[Change]]]) -> ItemUndo:
    history = _read_history(activities)
    kept, superseded = _split_own_changes(history.entries)
    changes, paths = merge_changes(kept), {change["field"] for change in kept}
    earlier: dict[str, Any] = {}
    for change in superseded:
        if change["field"] not in paths:
            earlier.setdefault(change["field"], change["before"])
    creation = next((change for change in kept if change["field"] == "deleted"), None)
    return ItemUndo(
        *key,
        is_created=history.has_creation and creation is not None and creation["before"],
        changes=[change for change in changes if change["type"] not in SHARING_TYPES],
        sharing=[change for change in changes if change["type"] in SHARING_TYPES],
        superseded=earlier,
        lost_token=history.lost_token,
    )


class _History(NamedTuple):
    """The changes to one item in their order, each with a flag for changes of the key itself."""

    entries: list[tuple[bool, Change]]
    has_creation: bool
    lost_token: bool


def _read_history(activities: Iterable[tuple[Author, list[Change]]]) -> _History:
    """Return the history of one item without changes that are already undone.

    These changes are not undone again, and do not count as conflicts.
    """
    entries: list[tuple[bool, Change] | None] = []
    positions: dict[str, list[int]] = defaultdict(list)
    has_creation = lost_token = False
    for author, changes in activities:
        for change in changes:
            of_path = positions[change["field"]]
            if author == "undo":
                _remove_reverted_changes(entries, of_path, change["after"])
                continue
            if change["before"] is change["after"] is None:  # a replaced access token, whose values are not stored
                enabled = next((entries[position] for position in positions[PUBLISHED]), None)
                # The old token is lost if it was replaced while the link was enabled.
                lost_token = author == "key" and (enabled is None or enabled[1]["before"] is not False)
                if author == "key":
                    continue
            has_creation |= change is CREATION
            of_path.append(len(entries))
            entries.append((author == "key", change))
    return _History([entry for entry in entries if entry], has_creation, lost_token)


def _remove_reverted_changes(entries: list[tuple[bool, Change] | None], positions: list[int], restored: Any) -> None:
    """Remove the changes of a path that were made since the path last had the value that an undo restored."""
    for count, position in enumerate(reversed(positions[-MAX_ACTIVITIES:]), start=1):
        entry = entries[position]
        if entry and not json_differs(entry[1]["before"], restored):
            for cancelled in positions[-count:]:
                entries[cancelled] = None
            del positions[-count:]
            return


def _split_own_changes(entries: Sequence[tuple[bool, Change]]) -> tuple[list[Change], list[Change]]:
    """Split the changes of the key into changes to undo and changes that other users or keys have superseded.

    Changes of two paths overlap if one path leads to a part of the other path. Any change also overlaps with the
    creation and the restoration of its item.
    """
    kept: list[Change] = []
    superseded: list[Change] = []
    changed: set[str] = set()  # the paths of later changes by other users or keys
    containing: set[str] = set()  # these paths and all paths that contain them
    is_used = False  # whether other users or keys changed anything before the key's next change to `deleted`
    for is_own, change in reversed(entries):
        parts = change["field"].split(SEPARATOR)
        lineage = [SEPARATOR.join(parts[:end]) for end in range(1, len(parts) + 1)]
        if not is_own:
            changed.add(change["field"])
            containing.update(lineage)
            is_used = True
            continue
        if change["field"] == "deleted":
            if is_used and not change["after"]:
                changed.add("deleted")
            is_used = False
        overlaps = change["field"] in containing or not changed.isdisjoint(lineage)
        (superseded if overlaps else kept).append(change)
    return kept[::-1], superseded[::-1]
