"""What a dashboard shows as plain JSON, and how two such states differ. Pure functions.

A state has the fields of the dashboard, `sharing`, and `tiles` by id. A change names its field by a path, its parts
joined by `__`: `name`, `sharing__enabled`, `tiles__12__layouts`, or `tiles__12` for a tile that came or went.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dashboards_api.fields import differs

State = dict[str, Any]
Change = dict[str, Any]
SEPARATOR = "__"
TILES = "tiles"
SHARING = "sharing"
# The path of whether a link is open.
PUBLISHED = f"{SHARING}{SEPARATOR}enabled"
_KINDS = {TILES: "Tile", SHARING: "SharingConfiguration"}


def differences(before: Mapping[str, Any], after: Mapping[str, Any], kind: str) -> list[Change]:
    """Each field that differs, with what it was and what it is; of two states of the same keys."""
    found = []
    for field, value in after.items():
        if field == TILES:
            found += list(_tile_differences(before[field], value))
        elif field == SHARING:
            found += list(_field_differences(before[field], value, [SHARING]))
        elif differs(before.get(field), value):
            found.append(change(kind, [field], before.get(field), value))
    return found


def _tile_differences(before: Mapping[str, State], after: Mapping[str, State]) -> Iterator[Change]:
    for id_ in sorted({*before, *after}, key=int):
        if id_ in before and id_ in after:
            yield from _field_differences(before[id_], after[id_], [TILES, id_])
        else:
            yield change(_KINDS[TILES], [TILES, id_], before.get(id_), after.get(id_))


def _field_differences(before: State | None, after: State | None, path: list[str]) -> Iterator[Change]:
    before, after = before or {}, after or {}
    for field in {**before, **after}:
        if differs(before.get(field), after.get(field)):
            yield change(_KINDS[path[0]], [*path, field], before.get(field), after.get(field))


def change(kind: str, path: list[str], before: Any, after: Any) -> Change:
    """One change in the shape of the log."""
    action = "created" if before is None else "deleted" if after is None else "changed"
    return {"type": kind, "action": action, "field": SEPARATOR.join(path), "before": before, "after": after}


def name_of(changes: list[Change]) -> str:
    """What an act is called by what it changed."""
    flips = {each["field"]: each["after"] for each in changes}
    if "deleted" in flips:
        return "deleted" if flips["deleted"] else "restored"
    if PUBLISHED in flips:
        return "sharing enabled" if flips[PUBLISHED] else "sharing disabled"
    return "updated"


class TakenBack(NamedTuple):
    """A state without some changes: the fields that are as they were again, and those that were changed since and stay.

    What was as it was already is neither.
    """

    state: State
    undone: list[str]
    kept: list[str]


def taken_back(state: State, changes: list[Change]) -> TakenBack:
    """The state without these changes, the latest last.

    A field that others changed in between is as it was before the latest of these changes that still hold.
    """
    state = {**state, TILES: dict(state.get(TILES, {}))}
    undone, kept = set(), set()
    for each in reversed(changes):
        path = each["field"]
        *way, field = path.split(SEPARATOR)
        holder = _holder(state, way)
        if holder is not None and not differs(holder.get(field), each["after"]):
            undone.add(path)
            if each["before"] is None and way == [TILES]:
                del holder[field]
            else:
                holder[field] = each["before"]
        elif holder is None or differs(holder.get(field), each["before"]):
            kept.add(path)
        else:  # it is as it was, whatever later changes of it were
            kept.discard(path)
    paths = paths_of(changes)
    return TakenBack(
        state, [path for path in paths if path in undone], [path for path in paths if path in kept - undone]
    )


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
