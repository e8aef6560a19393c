"""The actions of the forms of tiles, with the same services and rules as the API."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.http import QueryDict

from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import TileNotFound
from dashboards.input_validation import validate_insight_input, validate_tile_input
from dashboards.layout import Arrangement, compute_placements, set_placement
from dashboards.models.content import TEXT_MAX_LENGTH
from dashboards.packing import GridPlacement
from dashboards.readers.dashboards import read_dashboard
from dashboards.services.dashboards import update_dashboard
from dashboards.services.inputs import TileInput
from dashboards.services.insights import update_insight
from dashboards.services.tiles import add_tile, delete_tile, reorder_tiles, update_tile
from dashboards_api.db.fields import to_plain_json
from dashboards_api.errors import ValidationFailed
from dashboards_api.parsing import parse_int
from pages.components.tile_grid import COLORS, get_tile_title
from pages.console.edit_form import is_same_text
from pages.console.forms.date_range import FIELDS as RANGE_FIELDS
from pages.console.forms.date_range import read_range, replace_range
from pages.console.tile_placements import move_in_order, place_tile, read_placement, resize
from users.models import Membership
from users.readers import Row

# The columns and rows that each action adds.
SIZES = {"wider": (1, 0), "narrower": (-1, 0), "higher": (0, 1), "lower": (0, -1)}
STEPS = {"earlier": -1, "later": 1}
BUTTON_FIELDS = ("text", "url", "placement", "style")
# The columns and rows of new texts and buttons. A new insight has the default size.
TEXT_SIZE = (6, 3)
BUTTON_SIZE = (3, 1)
# A host, optionally with a port and a path, as users type it.
BARE_ADDRESS = re.compile(r"(?:[\w-]+\.)+[A-Za-z][\w-]*(?::\d+)?(?:[/?#]\S*)?")


class TextChanged(Exception):
    """The error for a text or a button that has changed since the form was opened."""


class TileAction(NamedTuple):
    """One form of a tile. `tile_id` is 0 for a new tile."""

    membership: Membership
    dashboard_id: int
    tile_id: int
    form: QueryDict

    @property
    def target(self) -> dict[str, Any]:
        """Return the project and the tile as arguments of a service."""
        return {"project": self.membership.project, "tile_id": self.tile_id}

    def read_tiles(self) -> list[Row]:
        """Return the tiles of the dashboard in their order."""
        dashboard = read_dashboard(self.dashboard_id, project=self.membership.project, viewer=self.membership)
        tiles: list[Row] = to_plain_json(dashboard["tiles"])
        return tiles

    def find_index(self, tiles: list[Row]) -> int:
        """Return the index of the tile. Raises TileNotFound."""
        return find_tile_index(tiles, self.tile_id)


def find_tile_index(tiles: list[Row], tile_id: int) -> int:
    """Return the index of a tile on its dashboard. Raises TileNotFound."""
    index = next((index for index, tile in enumerate(tiles) if tile["id"] == tile_id), None)
    if index is None:
        raise TileNotFound
    return index


def perform(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    """Perform the action of a form. Return the id of the tile, and a message for the page.

    Raises ValidationFailed, NotFound, Forbidden, and TextChanged.
    """
    name = action.form.get("action", "")
    if name in STEPS:
        return _move(action, changes, STEPS[name])
    if name in SIZES:
        return _resize(action, changes, *SIZES[name])
    if name not in _ACTIONS:
        raise ValidationFailed("There is no such action.")
    return _ACTIONS[name](action, changes)


def _add(action: TileAction, changes: ChangeSet, item: TileInput, said: str) -> tuple[int, str]:
    tile = add_tile(changes, action.dashboard_id, project=action.membership.project, item=item)
    return tile.pk, said


def _add_insight(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    item = validate_tile_input({"insight": action.form.get("insight", "")})
    return _add(action, changes, item, "Added the insight.")


def _add_text(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    layouts = _place_below(action, TEXT_SIZE)
    return _add(action, changes, {"text": {"body": read_text(action.form)}, "layouts": layouts}, "Added the text.")


def _add_button(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    item = read_button(action.form)
    return _add(action, changes, {**item, "layouts": _place_below(action, BUTTON_SIZE)}, "Added the button.")


def _place_below(action: TileAction, size: tuple[int, int]) -> dict[str, Any]:
    """Return the layouts of a tile below all other tiles. The layouts also determine the order on phones."""
    placements = compute_placements([tile["layouts"] for tile in action.read_tiles()])
    bottom = max((y + height for _, y, _, height in placements), default=0)
    return {"sm": set_placement(None, (0, bottom, *size))}


def _save_text(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    item: Any = {"text": {"body": read_text(action.form)}}
    _check_unchanged(action, "text", {"body": "was-text"})
    update_tile(changes, action.dashboard_id, **action.target, item=item)
    return action.tile_id, "Saved the text."


def _save_button(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    item = read_button(action.form)
    _check_unchanged(action, "button_tile", {name: f"was-{name}" for name in BUTTON_FIELDS})
    update_tile(changes, action.dashboard_id, **action.target, item=item)
    return action.tile_id, "Saved the button."


def _check_unchanged(action: TileAction, kind: str, fields: Mapping[str, str]) -> None:
    """Raise TextChanged if the content of a tile has changed since the form was opened."""
    if not any(name in action.form for name in fields.values()):
        return
    tiles = action.read_tiles()
    content = tiles[action.find_index(tiles)][kind] or {}
    for field, name in fields.items():
        if not is_same_text(content.get(field) or "", action.form.get(name, "")):
            raise TextChanged


def _remove(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    tiles = action.read_tiles()
    title = get_tile_title(tiles[action.find_index(tiles)])
    delete_tile(changes, action.dashboard_id, **action.target)
    return 0, f"Removed {title}."


def _move(action: TileAction, changes: ChangeSet, step: int) -> tuple[int, str]:
    tiles = action.read_tiles()
    index = action.find_index(tiles)
    order = move_in_order([tile["id"] for tile in tiles], index, step)
    project = action.membership.project
    reorder_tiles(changes, action.dashboard_id, project=project, tile_ids=order, arrangement=Arrangement.PRESERVE)
    return action.tile_id, f"Moved {get_tile_title(tiles[index])}."


def _resize(action: TileAction, changes: ChangeSet, wider: int, higher: int) -> tuple[int, str]:
    tiles = action.read_tiles()
    index = action.find_index(tiles)
    placement = compute_placements([tile["layouts"] for tile in tiles])[index]
    layouts = resize(tiles[index]["layouts"], placement, wider, higher)
    update_tile(changes, action.dashboard_id, **action.target, item=_build_item(tiles[index], {"layouts": layouts}))
    return action.tile_id, f"Resized {get_tile_title(tiles[index])}."


def _place(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    """Move a tile to the placement at which it was dropped. Other tiles are moved to avoid overlaps."""
    tiles = action.read_tiles()
    index = action.find_index(tiles)
    placements = compute_placements([tile["layouts"] for tile in tiles])
    items: list[Any] = [
        {"id": tile["id"], "layouts": {**tile["layouts"], "sm": set_placement(tile["layouts"].get("sm"), placement)}}
        for tile, placement, before in zip(
            tiles, place_tile(placements, index, read_placement(action.form)), placements, strict=True
        )
        if placement != before or tile["id"] == action.tile_id
    ]
    update_dashboard(changes, action.dashboard_id, project=action.membership.project, content={"tiles": items})
    return action.tile_id, f"Moved {get_tile_title(tiles[index])}."


def _save_settings(action: TileAction, changes: ChangeSet) -> tuple[int, str]:
    """Write the settings of a tile that the user changed, and the name of its insight."""
    form, tiles = action.form, action.read_tiles()
    index = action.find_index(tiles)
    tile = tiles[index]
    was = read_tile_settings(tile, compute_placements([each["layouts"] for each in tiles])[index])
    sent = {name: form.get(name, "").strip() for name in was if name in form or name in CHECKBOXES}
    edits = {name: text for name, text in sent.items() if text != form.get(f"was-{name}", was[name])}
    display: dict[str, Any] = {}
    if "color" in edits:
        display["color"] = edits["color"] if edits["color"] in COLORS else None
    for name in CHECKBOXES:
        if name in edits:
            display[name] = bool(edits[name])
    if {"width", "height"} & edits.keys():
        x, y, width, height = compute_placements([each["layouts"] for each in tiles])[index]
        width, height = (parse_int(edits.get(name)) or size for name, size in (("width", width), ("height", height)))
        display["layouts"] = resize(tile["layouts"], (x, y, width, height), 0, 0)
    if tile["insight"] and not edits.keys().isdisjoint(RANGE_FIELDS):
        filters = tile["filters_overrides"]
        display["filters_overrides"] = replace_range(filters, {**read_range(filters), **edits})
    if "title" in edits and tile["insight"]:
        content = validate_insight_input({"name": edits["title"]})
        project = action.membership.project
        update_insight(changes, tile["insight"]["id"], project=project, content=content)
    if display:
        update_tile(changes, action.dashboard_id, **action.target, item=_build_item(tile, display))
    return action.tile_id, "Saved."


CHECKBOXES = ("show_description", "transparent_background")


def read_tile_settings(tile: Row, placement: GridPlacement) -> dict[str, str]:
    """Return the fields of the settings of a tile."""
    return {
        "title": tile["insight"]["name"] if tile["insight"] else "",
        "color": tile["color"] if tile["color"] in COLORS else "",
        "show_description": "" if tile["show_description"] is False else "on",
        "transparent_background": "on" if tile["transparent_background"] else "",
        "width": str(placement[2]),
        "height": str(placement[3]),
        **(read_range(tile["filters_overrides"]) if tile["insight"] else {}),
    }


_ACTIONS: dict[str, Callable[[TileAction, ChangeSet], tuple[int, str]]] = {
    "add": _add_text,
    "add-button": _add_button,
    "add-insight": _add_insight,
    "text": _save_text,
    "button": _save_button,
    "remove": _remove,
    "place": _place,
    "settings": _save_settings,
}


def _build_item(tile: Row, display: dict[str, Any]) -> Any:
    """Return the input that changes the display of a tile, but not its content."""
    return {**display, **({"text": {}} if tile["text"] else {})}


def read_text(form: QueryDict) -> str:
    """Return the text in the form. Raises ValidationFailed if it is empty or too long."""
    text = form.get("text", "").replace("\r\n", "\n")
    if not text.strip() or len(text) > TEXT_MAX_LENGTH:
        raise ValidationFailed(f"A text has 1 to {TEXT_MAX_LENGTH:,} characters.", attr="text")
    return text


def read_button(form: QueryDict) -> TileInput:
    """Return the button in the form, validated by the rules of the API. Raises ValidationFailed."""
    content = {name: form.get(name, "") for name in BUTTON_FIELDS}
    content["url"] = add_scheme(content["url"])
    return validate_tile_input({"button_tile": content})


def add_scheme(address: str) -> str:
    """Return a URL, with https if it was typed without a scheme."""
    typed = address.strip()
    return f"https://{typed}" if BARE_ADDRESS.fullmatch(typed) else address
