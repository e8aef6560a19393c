"""Snapshots of dashboards as plain JSON, and the differences between two of them. Pure functions.

A snapshot has the fields of the dashboard, `sharing`, and `tiles` by id. A change names its field by a path, its parts
joined by `__`: `name`, `sharing__enabled`, `tiles__12__layouts`, or `tiles__12` for a tile that was added or removed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dashboards.models import ActivityName, GridSpacing, LayoutCompaction
from dashboards_api.db.fields import json_differs

Snapshot = dict[str, Any]
Change = dict[str, Any]
SEPARATOR = "__"
TILES = "tiles"
SHARING = "sharing"
# The path of whether sharing is enabled.
PUBLISHED = f"{SHARING}{SEPARATOR}enabled"
_KINDS = {TILES: "Tile", SHARING: "SharingConfiguration"}
# The types of changes that a snapshot shows.
SNAPSHOT_TYPES = ("Dashboard", *_KINDS.values())


# Fields that snapshots of earlier releases lack, with the value that every dashboard had then.
_ADDED_FIELDS = {
    "grid_spacing": GridSpacing.STANDARD.value,
    "layout_compaction": LayoutCompaction.VERTICAL.value,
    "folder": None,
}


def fill_added_fields(state: Snapshot) -> Snapshot:
    """Return a stored snapshot with the fields that later releases added."""
    return {**_ADDED_FIELDS, **state}


def diff_snapshots(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> list[Change]:
    """Return a change for each field that differs between two snapshots with the same keys."""
    found = []
    for field, value in after.items():
        if field == TILES:
            found += list(_diff_tiles(before[field], value))
        elif field == SHARING:
            found += list(_diff_fields(before[field], value, [SHARING]))
        elif json_differs(before.get(field), value):
            found.append(build_change(kind, [field], before.get(field), value))
    return found


def _diff_tiles(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> Iterator[Change]:
    if not json_differs(before, after):
        return
    for id_ in sorted({*before, *after}, key=int):
        if id_ in before and id_ in after:
            # Comparing whole tiles first: most of them are equal.
            if json_differs(before[id_], after[id_]):
                yield from _diff_fields(before[id_], after[id_], [TILES, id_])
        else:
            yield build_change(_KINDS[TILES], [TILES, id_], before.get(id_), after.get(id_))


def _diff_fields(before: Snapshot | None, after: Snapshot | None, path: list[str]) -> Iterator[Change]:
    before, after = before or {}, after or {}
    for field in {**before, **after}:
        if json_differs(before.get(field), after.get(field)):
            yield build_change(_KINDS[path[0]], [*path, field], before.get(field), after.get(field))


def build_change(kind: str, path: list[str], before: Any, after: Any) -> Change:
    """Return a change as the activity log stores it."""
    action = "created" if before is None else "deleted" if after is None else "changed"
    return {"type": kind, "action": action, "field": join_path(*path), "before": before, "after": after}


def build_hidden_change(path: list[str]) -> Change:
    """Return a change of a sharing secret, without its values."""
    return {**build_change(_KINDS[SHARING], [SHARING, *path], None, None), "action": "changed"}


def is_hidden(change: Change) -> bool:
    """Return whether the log stores a change without its values."""
    return change["before"] is None and change["after"] is None


def get_activity_name(changes: list[Change]) -> ActivityName:
    """Return the name of an activity from its changes."""
    new_values = {each["field"]: each["after"] for each in changes}
    if "deleted" in new_values:
        return ActivityName.DELETED if new_values["deleted"] else ActivityName.RESTORED
    if PUBLISHED in new_values:
        return ActivityName.SHARING_ENABLED if new_values[PUBLISHED] else ActivityName.SHARING_DISABLED
    return ActivityName.UPDATED


def apply_changes(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """Return the snapshot that these changes lead to."""
    snapshot = {**snapshot, TILES: dict(snapshot[TILES])}
    for change in changes:
        *parents, field = change["field"].split(SEPARATOR)
        # Rights and hidden changes are not part of snapshots.
        parent = _get_parent(snapshot, parents) if change["type"] in SNAPSHOT_TYPES and not is_hidden(change) else None
        if parent is None:
            continue
        if parents == [TILES] and change["after"] is None:
            parent.pop(field, None)
        else:
            parent[field] = change["after"]
    snapshot[TILES] = dict(sorted(snapshot[TILES].items(), key=lambda item: int(item[0])))
    return snapshot


def merge_changes(changes: Sequence[Change]) -> list[Change]:
    """Return one change for each path, from its first value to its last; paths with equal values are left out."""
    nets: dict[str, Change] = {}
    for change in changes:
        first = nets.get(change["field"], change)
        kind, path = change["type"], change["field"].split(SEPARATOR)
        nets[change["field"]] = build_change(kind, path, first["before"], change["after"])
    return [net for net in nets.values() if json_differs(net["before"], net["after"])]


def join_path(*parts: object) -> str:
    """Return the path of these parts."""
    return SEPARATOR.join(map(str, parts))


def is_within(path: str, other: str) -> bool:
    """Return whether a path equals another one or leads to a part of it."""
    return f"{path}{SEPARATOR}".startswith(f"{other}{SEPARATOR}")


def paths_overlap(path: str, other: str) -> bool:
    """Return whether two paths are equal, or one leads to a part of the other."""
    return is_within(path, other) or is_within(other, path)


def get_value(snapshot: Snapshot, path: str) -> Any:
    """Return the value at a path, None where there is none."""
    value: Any = snapshot
    for part in path.split(SEPARATOR):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def list_paths(changes: Iterable[Change]) -> list[str]:
    """Return each path once, in the order of the changes."""
    return list(dict.fromkeys(each["field"] for each in changes))


def _get_parent(snapshot: Snapshot, parents: list[str]) -> Snapshot | None:
    """Return the object that holds a field, as a copy of its own within the snapshot; None where there is none."""
    for part in parents:
        if not isinstance(snapshot.get(part), dict):
            return None
        snapshot[part] = dict(snapshot[part])
        snapshot = snapshot[part]
    return snapshot
