"""The plan of an undo: the net changes of a key by item, without the fields that others changed since."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from dashboards.changelog.activity_log import build_insight_snapshot
from dashboards.changelog.diff import (
    PUBLISHED,
    SEPARATOR,
    TILES,
    Change,
    Snapshot,
    apply_changes,
    build_change,
    get_value,
    is_hidden,
    join_path,
    list_paths,
)
from dashboards.changelog.snapshots import load_snapshots
from dashboards.models import Activity, ActivityName, ActivityScope, Insight, Tile
from dashboards.services.undo_limits import ACTIVITIES_MAX, ItemKey, activities_since
from dashboards_api.db.fields import json_differs
from users.models import Project

# Stands for the creation of an item: undoing it deletes the item.
CREATION = build_change("Dashboard", ["deleted"], True, False)
# The types of changes that give or take a right.
RIGHTS = ("Collaborator", "SharePassword")
ACTIVITIES_AT_ONCE = 500


class ItemUndo(NamedTuple):
    """The undo of one dashboard or insight."""

    scope: str
    item_id: int
    # The key created it, and nobody else has worked on it since.
    is_created: bool
    # From the values to restore to the present ones, one for each path.
    changes: list[Change]
    # Paths that somebody else changed after the key, with the values from before the key.
    superseded: dict[str, Any]
    # The key replaced the access token of an enabled link.
    lost_token: bool

    @property
    def flips_deleted(self) -> bool:
        """Return whether the key deleted or restored the item, rather than created it."""
        return not self.is_created and any(change["field"] == "deleted" for change in self.changes)

    @property
    def is_to_be_deleted(self) -> bool:
        """Return whether the undo deletes the item."""
        return any(change["field"] == "deleted" and change["before"] for change in self.changes)

    def tile_ids(self, *, added: bool) -> set[int]:
        """Return the ids of the tiles that the key added, or of those that it removed."""
        empty = "before" if added else "after"
        parts = [change["field"].split(SEPARATOR) for change in self.changes if change[empty] is None]
        return {int(part[1]) for part in parts if part[0] == TILES and len(part) == 2}


class UndoPlan:
    """All that one undo takes back."""

    def __init__(self, items: list[ItemUndo]) -> None:
        self.items = items
        self.dashboards = [item for item in items if item.scope == ActivityScope.DASHBOARD]
        self.insights = [item for item in items if item.scope == ActivityScope.INSIGHT]
        self.created_dashboards = [item.item_id for item in self.dashboards if item.is_created]
        # The tiles that the key added and nobody changed since, with their dashboards.
        self.placed_tiles = {tile: each.item_id for each in self.dashboards for tile in each.tile_ids(added=True)}
        self.deleted_with_dashboards = self._find_insights_deleted_with_dashboards()
        # The dashboards as they are before the undo, which changes some of them along with others.
        snapshots = load_snapshots([item.item_id for item in self.dashboards])
        self._snapshots = {snapshot.dashboard_id: snapshot.current for snapshot in snapshots}

    def differing_paths(self, item: ItemUndo, changes: Sequence[Change]) -> list[str]:
        """Return the paths of a dashboard that these of its changes are still visible in."""
        now = self._snapshots[item.item_id]
        before = revert_changes(now, changes)
        return [path for path in list_paths(changes) if json_differs(get_value(now, path), get_value(before, path))]

    def superseded_paths(self, item: ItemUndo) -> list[str]:
        """Return the paths of an item that others changed since, but for those that have the earlier value again."""
        if not item.superseded:
            return []
        if item.scope == ActivityScope.DASHBOARD:
            now = self._snapshots[item.item_id]
        else:
            now = build_insight_snapshot(Insight.objects.get(pk=item.item_id))
        in_snapshot = (path for path in item.superseded if path.split(SEPARATOR)[0] in now)
        return [path for path in in_snapshot if json_differs(get_value(now, path), item.superseded[path])]

    def _find_insights_deleted_with_dashboards(self) -> set[int]:
        """Return the insights that the key restored together with dashboards, and that are deleted with them again."""
        deleted = [item.item_id for item in self.dashboards if item.is_to_be_deleted and not item.is_created]
        insights = [item.item_id for item in self.insights if item.is_to_be_deleted and not item.is_created]
        if not deleted or not insights:
            return set()
        tiles = Tile.objects.not_deleted().filter(insight__in=insights)
        elsewhere = tiles.exclude(dashboard__in=deleted).values_list("insight_id", flat=True)
        return set(tiles.values_list("insight_id", flat=True)) - set(elsewhere)


def build_plan(project: Project, activities: list[Activity], key_id: str) -> UndoPlan:
    """Return the undo of each item that these activities of a key changed, in the order of ids."""
    if not activities:
        return UndoPlan([])
    own = {activity.pk for activity in activities}
    keys = {(activity.scope, activity.item_id) for activity in activities}
    histories: dict[ItemKey, _History] = defaultdict(_History)
    later = activities_since(project, activities[0].pk - 1, keys).order_by("id")
    columns = later.values_list("id", "scope", "item_id", "key_id", "activity", "changes")
    for id_, scope, item_id, by, activity, changes in columns.iterator(chunk_size=ACTIVITIES_AT_ONCE):
        history = histories[scope, item_id]
        if id_ in own:
            history.add_own([CREATION] if activity == ActivityName.CREATED else changes)
        elif activity == ActivityName.UNDONE:
            history.cancel(changes)
        elif by != key_id:
            history.add_others(changes)
    return UndoPlan([_build_item(key, histories[key]) for key in sorted(keys)])


def revert_changes(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """Return a snapshot as it was before these changes."""
    reverted = [{**each, "before": each["after"], "after": each["before"]} for each in reversed(changes)]
    return apply_changes(snapshot, reverted)


def _build_item(key: ItemKey, history: "_History") -> ItemUndo:
    pending, superseded = history.resolve()
    creation = pending.get("deleted")
    is_created = history.has_creation and creation is not None and bool(creation["before"])
    return ItemUndo(
        *key,
        is_created=is_created,
        changes=[change for change in pending.values() if json_differs(change["before"], change["after"])],
        superseded={path: before for path, before in superseded.items() if path not in pending},
        lost_token=history.lost_token,
    )


class _History:
    """The later changes of one item in their order, the key's own and those of others.

    What an earlier undo reverted is cancelled, so that it neither is undone again nor stands in the way.
    """

    def __init__(self) -> None:
        self.entries: dict[int, tuple[bool, Change]] = {}  # by position: whether it is the key's own, and the change
        self.positions: dict[str, list[int]] = defaultdict(list)
        self.next_position = 0
        self.has_creation = False
        self.lost_token = False

    def add_own(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if is_hidden(change):  # the access token: lost if it was replaced while the link was enabled
                self.lost_token = self._first_value(PUBLISHED) is not False
            else:
                self.has_creation |= change is CREATION
                self._add(True, change)

    def add_others(self, changes: Iterable[Change]) -> None:
        for change in changes:
            if is_hidden(change):
                self.lost_token = False
            self._add(False, change)

    def cancel(self, changes: Iterable[Change]) -> None:
        """Remove the latest changes of each path, back to the value that an undo restored."""
        for change in changes:
            positions = self.positions[change["field"]]
            for count, position in enumerate(reversed(positions[-ACTIVITIES_MAX:]), start=1):
                if not json_differs(self.entries[position][1]["before"], change["after"]):
                    for _ in range(count):
                        del self.entries[positions.pop()]
                    break

    def resolve(self) -> tuple[dict[str, Change], dict[str, Any]]:
        """Return the key's net changes by path, and the earlier values of paths that others changed since."""
        pending = _PendingChanges()
        superseded: dict[str, Any] = {}
        for is_own, change in self.entries.values():
            if is_own:
                pending.add(change)
                continue
            for net in pending.pop_overlapping(change["field"]):
                superseded.setdefault(net["field"], net["before"])
        return pending.by_path, superseded

    def _add(self, is_own: bool, change: Change) -> None:
        self.entries[self.next_position] = (is_own, change)
        self.positions[change["field"]].append(self.next_position)
        self.next_position += 1

    def _first_value(self, path: str) -> Any:
        positions = self.positions[path]
        return self.entries[positions[0]][1]["before"] if positions else None


class _PendingChanges:
    """Net changes by path, with an index that finds those that overlap with another path."""

    def __init__(self) -> None:
        self.by_path: dict[str, Change] = {}
        self.within: dict[str, dict[str, None]] = defaultdict(dict)  # by each ancestor, in their order

    def add(self, change: Change) -> None:
        path = change["field"]
        first = self.by_path.get(path, change)
        if first is not change:
            change = build_change(change["type"], path.split(SEPARATOR), first["before"], change["after"])
        self.by_path[path] = change
        for ancestor in _list_ancestors(path):
            self.within[ancestor][path] = None

    def pop_overlapping(self, path: str) -> list[Change]:
        """Remove the changes of this path, of a part of it, or of what contains it, and return them.

        Any change also overlaps with the creation and the restoration of its item.
        """
        found = [*self.within.get(path, ()), *(each for each in _list_ancestors(path)[:-1] if each in self.by_path)]
        deletion = self.by_path.get("deleted")
        if deletion and not deletion["after"] and "deleted" not in found:
            found.append("deleted")
        for each in found:
            for ancestor in _list_ancestors(each):
                del self.within[ancestor][each]
        return [self.by_path.pop(each) for each in found]


def _list_ancestors(path: str) -> list[str]:
    """Return the paths that contain a path, and at last itself."""
    parts = path.split(SEPARATOR)
    return [join_path(*parts[:end]) for end in range(1, len(parts) + 1)]
