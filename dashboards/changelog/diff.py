"""Snapshots of dashboards as plain JSON, and pure functions that compare two snapshots.

A snapshot has the fields of the dashboard, `sharing`, and `tiles` by id. A change names its field by a path whose parts
are joined by `__`: `name`, `sharing__enabled`, `tiles__12__layouts`, or `tiles__12` for an added or removed tile.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dashboards.models import ActivityName, GridSpacing, LayoutCompaction
from dashboards_api.db.fields import find_differing

Snapshot = dict[str, Any]
Change = dict[str, Any]
SEPARATOR = "__"
TILES = "tiles"
SHARING = "sharing"
# The path of the field that enables sharing.
PUBLISHED = f"{SHARING}{SEPARATOR}enabled"
_KINDS = {TILES: "Tile", SHARING: "SharingConfiguration"}
# The types of changes that are part of snapshots.
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
    for field in find_differing(after, before, after):
        old, new = before.get(field), after[field]
        if field == TILES:
            found += _diff_tiles(before[TILES], new)
        elif field == SHARING:
            found += _diff_parts([SHARING], before[SHARING], new)
        else:
            found.append(build_change(kind, [field], old, new))
    return found


def _diff_tiles(before: Mapping[str, Snapshot], after: Mapping[str, Snapshot]) -> list[Change]:
    found = []
    for id_ in sorted(find_differing({**before, **after}, before, after), key=int):
        if id_ in before and id_ in after:
            found += _diff_parts([TILES, id_], before[id_], after[id_])
        else:
            found.append(build_change(_KINDS[TILES], [TILES, id_], before.get(id_), after.get(id_)))
    return found


def _diff_parts(path: list[str], before: Snapshot, after: Snapshot) -> list[Change]:
    """Return a change for each differing field of a tile or of sharing."""
    return [
        build_change(_KINDS[path[0]], [*path, field], before.get(field), after.get(field))
        for field in find_differing({**before, **after}, before, after)
    ]


def build_change(kind: str, path: list[str], before: Any, after: Any) -> Change:
    """Return a change as the activity log stores it."""
    action = "created" if before is None else "deleted" if after is None else "changed"
    return {"type": kind, "action": action, "field": SEPARATOR.join(path), "before": before, "after": after}


def build_hidden_change(path: list[str]) -> Change:
    """Return a change to a sharing secret, without its values."""
    return {**build_change(_KINDS[SHARING], [SHARING, *path], None, None), "action": "changed"}


def get_activity_name(changes: list[Change]) -> ActivityName:
    """Return the name of an activity from its changes."""
    new_values = {each["field"]: each["after"] for each in changes}
    if "deleted" in new_values:
        return ActivityName.DELETED if new_values["deleted"] else ActivityName.RESTORED
    if PUBLISHED in new_values:
        return ActivityName.SHARING_ENABLED if new_values[PUBLISHED] else ActivityName.SHARING_DISABLED
    return ActivityName.UPDATED


def apply_changes(snapshot: Snapshot, changes: Sequence[Change]) -> Snapshot:
    """Return the snapshot that results from the given changes."""
    snapshot = {**snapshot, TILES: dict(snapshot[TILES])}
    copied = {id(snapshot[TILES])}  # the ids of objects that are not shared with the original snapshot
    for change in changes:
        # Rights and hidden changes are not part of snapshots.
        if change["type"] not in SNAPSHOT_TYPES or change["before"] is change["after"] is None:
            continue
        *parents, field = change["field"].split(SEPARATOR)
        holder: Any = snapshot
        for part in parents:
            inner = holder.get(part)
            if not isinstance(inner, dict):
                break
            if id(inner) not in copied:
                inner = holder[part] = dict(inner)
                copied.add(id(inner))
            holder = inner
        else:
            if parents == [TILES] and change["after"] is None:
                holder.pop(field, None)
            else:
                holder[field] = change["after"]
    snapshot[TILES] = dict(sorted(snapshot[TILES].items(), key=lambda item: int(item[0])))
    return snapshot


def merge_changes(changes: Sequence[Change]) -> list[Change]:
    """Return one change for each path, from its first value to its last. Omit paths whose value is unchanged."""
    last = {change["field"]: change for change in changes}
    before: dict[str, Any] = {}
    for change in changes:
        before.setdefault(change["field"], change["before"])
    after = {path: change["after"] for path, change in last.items()}
    return [
        last[path]
        if last[path]["before"] is before[path]
        else build_change(last[path]["type"], [path], before[path], after[path])
        for path in find_differing(before, before, after)
    ]


def join_path(*parts: object) -> str:
    """Return the path of the given parts."""
    return SEPARATOR.join(map(str, parts))


def is_within(path: str, other: str) -> bool:
    """Return whether a path equals another path or leads to a part of its value."""
    return f"{path}{SEPARATOR}".startswith(f"{other}{SEPARATOR}")


def get_values(snapshot: Snapshot, paths: Iterable[str]) -> dict[str, Any]:
    """Return the values at the given paths, with None for missing values."""
    values: dict[str, Any] = {}
    for path in paths:
        value: Any = snapshot
        for part in path.split(SEPARATOR):
            value = value.get(part) if isinstance(value, dict) else None
        values[path] = value
    return values


def find_differing_paths(before: Snapshot, after: Snapshot, paths: Iterable[str]) -> list[str]:
    """Return the paths whose values differ between two snapshots."""
    values = get_values(before, paths)
    return find_differing(values, values, get_values(after, values))


def list_paths(changes: Iterable[Change]) -> list[str]:
    """Return each path once, in the order of the changes."""
    return list(dict.fromkeys(each["field"] for each in changes))
