"""What a dashboard shows as plain JSON, and how two such states differ. Pure functions.

A state has the fields of the dashboard, `sharing`, and `tiles` by id. A change names its field by a path, its parts
joined by `__`: `name`, `sharing__enabled`, `tiles__12__layouts`, or `tiles__12` for a tile that came or went.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dashboards.models import ActivityName, GridSpacing, LayoutCompaction
from dashboards_api.db.fields import json_differs

State = dict[str, Any]
Change = dict[str, Any]
SEPARATOR = "__"
TILES = "tiles"
SHARING = "sharing"
# The path of whether a link is open.
PUBLISHED = f"{SHARING}{SEPARATOR}enabled"
_KINDS = {TILES: "Tile", SHARING: "SharingConfiguration"}
# The types of changes that are changes of a state.
STATE_TYPES = ("Dashboard", *_KINDS.values())


# What earlier releases did not write down of a dashboard: as every dashboard was then.
_ADDED_FIELDS = {
    "grid_spacing": GridSpacing.STANDARD.value,
    "layout_compaction": LayoutCompaction.VERTICAL.value,
    "folder": None,
}


def completed(state: State) -> State:
    """A stored state of a dashboard with the fields that were added since."""
    return {**_ADDED_FIELDS, **state}


def differences(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> list[Change]:
    """Each field that differs, with what it was and what it is; of two states of the same keys."""
    found = []
    for field, value in after.items():
        if field == TILES:
            found += list(_tile_differences(before[field], value))
        elif field == SHARING:
            found += list(_field_differences(before[field], value, [SHARING]))
        elif json_differs(before.get(field), value):
            found.append(field_change(kind, [field], before.get(field), value))
    return found


def _tile_differences(before: Mapping[str, State], after: Mapping[str, State]) -> Iterator[Change]:
    if not json_differs(before, after):
        return
    for id_ in sorted({*before, *after}, key=int):
        if id_ in before and id_ in after:
            # Comparing whole tiles first: most of them are equal.
            if json_differs(before[id_], after[id_]):
                yield from _field_differences(before[id_], after[id_], [TILES, id_])
        else:
            yield field_change(_KINDS[TILES], [TILES, id_], before.get(id_), after.get(id_))


def _field_differences(before: State | None, after: State | None, path: list[str]) -> Iterator[Change]:
    before, after = before or {}, after or {}
    for field in {**before, **after}:
        if json_differs(before.get(field), after.get(field)):
            yield field_change(_KINDS[path[0]], [*path, field], before.get(field), after.get(field))


def field_change(kind: str, path: list[str], before: Any, after: Any) -> Change:
    """One change in the shape of the log."""
    action = "created" if before is None else "deleted" if after is None else "changed"
    return {"type": kind, "action": action, "field": path_of(*path), "before": before, "after": after}


def hidden_change(path: list[str]) -> Change:
    """A change of something of sharing that the log does not show."""
    return {**field_change(_KINDS[SHARING], [SHARING, *path], None, None), "action": "changed"}


def is_hidden(change: Change) -> bool:
    return change["before"] is None and change["after"] is None


def name_of(changes: list[Change]) -> ActivityName:
    """What an act is called by what it changed."""
    flips = {each["field"]: each["after"] for each in changes}
    if "deleted" in flips:
        return ActivityName.DELETED if flips["deleted"] else ActivityName.RESTORED
    if PUBLISHED in flips:
        return ActivityName.SHARING_ENABLED if flips[PUBLISHED] else ActivityName.SHARING_DISABLED
    return ActivityName.UPDATED


class Step(NamedTuple):
    """A change that is to be taken back, and whether somebody else changed the same after it."""

    change: Change
    is_superseded: bool


class TakenBack(NamedTuple):
    """A state without some changes: the fields that are others now, and those that were changed since and stay.

    What was as it was already is neither.
    """

    state: State
    undone: list[str]
    kept: list[str]


def taken_back(now: State, steps: Sequence[Step]) -> TakenBack:
    """The state without these changes, the latest last.

    If others changed a field in between, only the changes after theirs are taken back.
    """
    state = {**now, TILES: dict(now.get(TILES, {}))}
    kept: set[str] = set()
    for change, is_superseded in reversed(steps):
        path = change["field"]
        *way, field = path.split(SEPARATOR)
        holder = _holder(state, way)
        if holder is not None and not is_superseded and not json_differs(holder.get(field), change["after"]):
            if change["before"] is None and way == [TILES]:
                del holder[field]
            else:
                holder[field] = change["before"]
        elif holder is None or json_differs(holder.get(field), change["before"]):
            kept.add(path)
        else:  # it is as it was, whatever later changes of it were
            kept = {each for each in kept if not overlap(each, path)}
    paths = paths_of([step.change for step in steps])
    undone = [path for path in paths if json_differs(_value(now, path), _value(state, path))]
    return TakenBack(state, undone, [path for path in paths if path in kept and path not in undone])


def applied(state: State, changes: Sequence[Change]) -> State:
    """The state that these changes of it lead to."""
    state = {**state, TILES: dict(state[TILES])}
    for change in changes:
        *way, field = change["field"].split(SEPARATOR)
        # What no state holds is left out: rights, and what the log hides.
        holder = _holder(state, way) if change["type"] in STATE_TYPES and not is_hidden(change) else None
        if holder is None:
            continue
        if way == [TILES] and change["after"] is None:
            holder.pop(field, None)
        else:
            holder[field] = change["after"]
    state[TILES] = dict(sorted(state[TILES].items(), key=lambda item: int(item[0])))
    return state


def net_changes(changes: Sequence[Change]) -> list[Change]:
    """Changes in the order in which they were made, with one for each field; what is as it was is left out."""
    nets: dict[str, Change] = {}
    for change in changes:
        first = nets.get(change["field"], change)
        kind, path = change["type"], change["field"].split(SEPARATOR)
        nets[change["field"]] = field_change(kind, path, first["before"], change["after"])
    return [net for net in nets.values() if json_differs(net["before"], net["after"])]


def path_of(*parts: object) -> str:
    return SEPARATOR.join(map(str, parts))


def is_in(path: str, other: str) -> bool:
    """Whether a path is another one, or leads to a part of it."""
    return f"{path}{SEPARATOR}".startswith(f"{other}{SEPARATOR}")


def overlap(path: str, other: str) -> bool:
    """Whether two paths lead to the same, or one to a part of the other."""
    return is_in(path, other) or is_in(other, path)


def _value(state: State, path: str) -> Any:
    value: Any = state
    for part in path.split(SEPARATOR):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def paths_of(changes: list[Change]) -> list[str]:
    """Each field once, in the order in which they were changed."""
    return list(dict.fromkeys(each["field"] for each in changes))


def _holder(state: State, way: list[str]) -> State | None:
    """What holds a field, as a copy that belongs to the state; None where it is gone."""
    for part in way:
        if not isinstance(state.get(part), dict):
            return None
        state[part] = dict(state[part])
        state = state[part]
    return state
