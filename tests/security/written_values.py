"""Search a response for the value that was written to a field."""

import json
from typing import Any

from tests.security.writable_fields import HERE, FieldPosition, Pointer, is_key

NOWHERE = object()
# The position of the tile that an action creates or changes.
TILE_FIELDS = {"create_text_tile": -1, "tiles": -1, "update_text_tile": 0, "update_tile": 1}
# Fields that the stage reverts before it reads, and fields that an update ignores.
TRANSIENT = ("deleted", "password_required", "enabled")
ECHOED = ("use_template", "use_dashboard", "delete_insights")
NAMES_IN_DOCUMENTS = {"dashboard_description": "description", "dashboard_filters": "filters"}
NAMES_IN_TILES = {"body": ("text", "body"), "url": ("button_tile", "url"), "text": ("button_tile", "text")}


def is_same(one: Any, other: Any) -> bool:
    """Return whether two values are equal as JSON, including the order of keys. 1 and 1.0 are different."""
    return json.dumps(one) == json.dumps(other)


def find_shown_value(place: FieldPosition, answer: Any, payload: Any) -> Any:
    """Return the value of the field in `answer`, the row after the request, or NOWHERE if the row lacks it."""
    if place.pointer[-1] in TRANSIENT or (place.method == "patch" and place.pointer[0] in ECHOED):
        return NOWHERE
    name = place.name
    pointer = place.pointer
    if name in TILE_FIELDS:
        answer = _tiles(answer)[TILE_FIELDS[name]]
        pointer = NAMES_IN_TILES.get("body" if pointer == ("body",) else "", pointer)
    elif name == "create_from_template_json":
        answer, pointer = _find_in_document(answer, pointer[1:])
    elif pointer[0] == "tiles" and "/dashboards/" in place.path:
        answer, pointer = (_tiles(answer)[-1], pointer[2:]) if len(pointer) > 2 else (NOWHERE, ())
    elif name in ("undo", "login", "bulk_restore", "bulk_update_tags", "passwords", "collaborators"):
        return NOWHERE
    if is_key(place) and len(pointer) > 1:
        parent = _get_at(answer, pointer[:-1])
        return payload if isinstance(parent, dict) and parent.get(payload) == "v" else None
    return _get_at(answer, pointer)


def _find_in_document(answer: Any, pointer: Pointer) -> tuple[Any, Pointer]:
    """Return the object that contains the field in a dashboard created from a template, and the pointer in this object.

    Tiles keep the order of the template.
    """
    if len(pointer) < 3 or pointer[0] != "tiles":
        return answer, (NAMES_IN_DOCUMENTS.get(str(pointer[0]), "") if pointer else "", *pointer[1:])
    tiles = _tiles(answer)
    number, *rest = pointer[1:]
    if number == 2:
        return tiles[2], ("insight", *rest) if rest[0] in ("name", "description") else ("",)
    return tiles[int(number)], (*NAMES_IN_TILES.get(str(rest[0]), (rest[0],)), *rest[1:])


def _tiles(answer: Any) -> list[Any]:
    return sorted(answer["tiles"], key=lambda tile: int(tile["id"])) or [NOWHERE]


def _get_at(value: Any, pointer: Pointer) -> Any:
    for step in pointer:
        if step == HERE:
            return NOWHERE
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return NOWHERE
    return value
