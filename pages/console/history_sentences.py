"""The history of a dashboard as sentences about its changes, grouped by sessions of work. Pure functions."""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from dashboards.changelog.diff import SEPARATOR, SHARING, TILES

Change = dict[str, Any]

# The maximum time between two successive changes of one session.
PAUSE = timedelta(minutes=15)
# The largest number of tiles that a sentence lists. More tiles are counted.
NAMED_TILES = 3
UNKNOWN = "a tile"
_TEXT_SHOWN = 60
_RESTRICTED = 37

_ACTIVITIES = {
    "created": "Created the dashboard",
    "deleted": "Moved the dashboard to the trash",
    "restored": "Restored the dashboard from the trash",
    "reverted": "Restored an earlier version",
    "undone": "Undid the changes of an API key",
    "sharing enabled": "Shared the dashboard by a link",
    "sharing disabled": "Stopped sharing the dashboard",
    "access token refreshed": "Replaced the link",
    "collaborator added": "Added a collaborator",
    "collaborator removed": "Removed a collaborator",
    "share password added": "Created a password for the link",
    "share password removed": "Deleted a password of the link",
    "recorded": "Existed before the activity log",
}
_SHARING = {
    "settings": "Changed the content of the shared page",
    "password_required": "Changed whether the link asks for a password",
    "enabled": "",
    "access_token": "",
}
_FIELDS = {
    "filters": "Changed the date range or the filters",
    "variables": "Changed the variables",
    "breakdown_colors": "Changed the colours of breakdowns",
    "data_color_theme_id": "Changed the colours of the charts",
    "grid_spacing": "Changed the space between tiles",
    "layout_compaction": "Changed how tiles move up",
    "deleted": "",
    "delete_insights": "",
}
_TILE_FIELDS = {
    "color": "Changed the colour of {}",
    "filters_overrides": "Changed the filters of {}",
    "transparent_background": "Changed the background of {}",
    "text": "Changed the text of {}",
    "button_tile": "Changed the button {}",
    "insight": "Changed the insight of {}",
}


def describe_entry(entry: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """Return the sentences of an activity entry. `titles` maps the ids of tiles to their titles."""
    activity = str(entry["activity"]).replace("_", " ")
    changes: list[Change] = entry["detail"]["changes"]
    found = [_ACTIVITIES[activity]] if activity in _ACTIVITIES else []
    if activity in ("created", "recorded"):
        return found
    moved = [each for each in changes if _is_layout(each)]
    found += [sentence for each in changes if not _is_layout(each) and (sentence := _describe(each, titles))]
    found += _describe_layouts(moved, titles)
    return list(dict.fromkeys(found)) or ["Changed the dashboard"]


def _describe(change: Change, titles: Mapping[str, str]) -> str:
    field, *rest = change["field"].split(SEPARATOR)
    if field == TILES:
        return _describe_tile(change, rest, titles)
    if field == SHARING:
        return _SHARING.get(rest[0] if rest else "", "")
    if field in _WRITERS:
        return _WRITERS[field](change["before"], change["after"])
    return _FIELDS.get(field, "" if field == "collaborators" else f"Changed the {field.replace('_', ' ')}")


def _describe_name(before: Any, after: Any) -> str:
    return f"Renamed the dashboard from {quote(before)} to {quote(after)}"


def _describe_text(before: Any, after: Any) -> str:
    return "Removed the description" if not after else "Changed the description" if before else "Added a description"


def _describe_pin(before: Any, after: Any) -> str:
    return "Pinned the dashboard" if after else "Unpinned the dashboard"


def _describe_folder(before: Any, after: Any) -> str:
    return f"Moved the dashboard to the folder {quote(after)}" if after else "Removed the dashboard from its folder"


def _describe_tags(before: Any, after: Any) -> str:
    old, new = ([str(tag) for tag in tags] if isinstance(tags, list) else [] for tags in (before, after))
    added, removed = [tag for tag in new if tag not in old], [tag for tag in old if tag not in new]
    parts = [f"added {_join(added)}"] if added else []
    parts += [f"removed {_join(removed)}"] if removed else []
    return f"Changed the tags: {', '.join(parts)}" if parts else ""


def _describe_restriction(before: Any, after: Any) -> str:
    return "Restricted who can edit" if after == _RESTRICTED else "Let everyone in the project edit"


_WRITERS: dict[str, Callable[[Any, Any], str]] = {
    "name": _describe_name,
    "description": _describe_text,
    "pinned": _describe_pin,
    "folder": _describe_folder,
    "tags": _describe_tags,
    "restriction_level": _describe_restriction,
}


def _describe_tile(change: Change, path: list[str], titles: Mapping[str, str]) -> str:
    before, after = change["before"], change["after"]
    title = titles.get(path[0]) or get_snapshot_title(after) or get_snapshot_title(before) or UNKNOWN
    if len(path) == 1:
        return f"Removed {title}" if after is None else f"Added {title}"
    if path[1] == "show_description":
        return f"{'Hid' if after is False else 'Showed'} the description of {title}"
    return _TILE_FIELDS.get(path[1], "Changed {}").format(title)


def _is_layout(change: Change) -> bool:
    field, *path = change["field"].split(SEPARATOR)
    return field == TILES and len(path) == 2 and path[1] == "layouts"


def _describe_layouts(changes: list[Change], titles: Mapping[str, str]) -> list[str]:
    """Return sentences about resized and moved tiles. Tiles that were only shifted by these changes are not named."""
    resized: list[str] = []
    moved: list[str] = []
    shifted: list[str] = []
    for change in changes:
        title = titles.get(change["field"].split(SEPARATOR)[1], UNKNOWN)
        before, after = (_get_place(change[side]) for side in ("before", "after"))
        if before and before[1:] != after[1:]:
            resized.append(title)
        elif before and before[:1] != after[:1]:
            moved.append(title)
        else:
            shifted.append(title)
    named = moved or (shifted if not resized else [])
    found = [f"Resized {_join_some(resized)}"] if resized else []
    return [*found, f"Moved {_join_some(named)}"] if named else found


def _get_place(layouts: Any) -> tuple[Any, ...]:
    """Return the column, the width and the height of a tile, or an empty tuple."""
    place = layouts.get("sm") if isinstance(layouts, dict) else None
    return tuple(place.get(key) for key in ("x", "w", "h")) if isinstance(place, dict) else ()


def _join_some(titles: list[str]) -> str:
    return _join(titles) if len(titles) <= NAMED_TILES else f"{len(titles)} tiles"


def get_snapshot_title(tile: Any) -> str:
    """Return the title of a tile in a snapshot, or an empty string for an insight, because its name is not stored."""
    if not isinstance(tile, dict):
        return ""
    text, button = tile.get("text"), tile.get("button_tile")
    if isinstance(button, dict):
        return quote(button.get("text"))
    return f"the text {quote(text.get('body'))}" if isinstance(text, dict) else ""


def find_insight_ids(entries: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return the ids of the insights of added or removed tiles, by the ids of the tiles."""
    found: dict[str, int] = {}
    for entry in entries:
        for change in entry["detail"]["changes"]:
            field, *path = change["field"].split(SEPARATOR)
            tile = change["after"] or change["before"]
            if field == TILES and len(path) == 1 and isinstance(tile, dict) and isinstance(tile.get("insight"), int):
                found[path[0]] = tile["insight"]
    return found


def quote(value: Any) -> str:
    """Return a string in quotes, in one line and truncated."""
    text = " ".join(str(value or "").split())
    return f"“{text[:_TEXT_SHOWN]}{'…' if len(text) > _TEXT_SHOWN else ''}”" if text else "nothing"


def _join(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def group_by_session(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Group entries, newest first, into sessions: consecutive entries of one person, less than PAUSE apart."""
    sessions: list[dict[str, Any]] = []
    for row in rows:
        last = sessions[-1] if sessions else None
        is_same = last is not None and last["who"] == row["who"] and last["entries"][-1]["when"] - row["when"] < PAUSE
        if last is not None and is_same:
            last["entries"].append(row)
        else:
            sessions.append({"who": row["who"], "when": row["when"], "entries": [row]})
    return sessions
