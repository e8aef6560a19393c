"""The tiles of a dashboard, in the order people read them, with their content and its authors."""

from collections.abc import Iterable
from typing import Any

import orjson
from django.db.models import Q

from dashboards.models import Tile
from dashboards_api.fields import raw
from users.models import User
from users.readers import USER_FIELDS, basic_user

TILE_COLUMNS = ("id", "color", "show_description", "transparent_background")
TILE_JSON = {"raw_layouts": raw("layouts"), "raw_filters_overrides": raw("filters_overrides")}
AUTHOR_ROLES = ("created_by", "last_modified_by")
AUTHOR_COLUMNS = ("created_by_id", "last_modified_at", "last_modified_by_id", "project_id")
TEXT_COLUMNS = ("id", "body", *AUTHOR_COLUMNS)
BUTTON_COLUMNS = ("id", "url", "text", "placement", "style", *AUTHOR_COLUMNS)

Row = dict[str, Any]


def read_tiles(dashboard_id: int) -> list[Row]:
    """The live tiles (component DashboardTile)."""
    rows = list(
        Tile.objects.filter(dashboard_id=dashboard_id)
        .not_deleted()
        .in_layout_order()
        .annotate(**TILE_JSON)
        .values(
            *TILE_COLUMNS,
            *TILE_JSON,
            *(f"text__{column}" for column in TEXT_COLUMNS),
            *(f"button__{column}" for column in BUTTON_COLUMNS),
        )
    )
    if not rows:
        return []
    people = _people(rows)
    places = _places(rows)
    return [_tile(order, row, people, places) for order, row in enumerate(rows)]


def _tile(order: int, row: Row, people: dict[int, Row], places: dict[Any, list[Row]]) -> Row:
    return {
        "id": row["id"],
        "order": order,
        "layouts": orjson.Fragment(row["raw_layouts"]),
        "color": row["color"],
        "insight": None,
        "text": _content(row, "text", TEXT_COLUMNS, people, places),
        "button_tile": _content(row, "button", BUTTON_COLUMNS, people, places),
        "filters_overrides": orjson.Fragment(row["raw_filters_overrides"]),
        "show_description": row["show_description"],
        "transparent_background": row["transparent_background"],
        "last_refresh": None,
        "is_cached": False,
    }


def _content(
    row: Row, kind: str, columns: Iterable[str], people: dict[int, Row], places: dict[Any, list[Row]]
) -> Row | None:
    """A text or a button with its authors and the tiles that show it, or None."""
    content = {column: row[f"{kind}__{column}"] for column in columns}
    if content["id"] is None:
        return None
    authors = {role: people.get(content.pop(f"{role}_id")) for role in AUTHOR_ROLES}
    team = content.pop("project_id")
    return {
        **content,
        **authors,
        "team": team,
        "dashboard_tiles": places.get(content["id"], []),
    }


def _people(rows: list[Row]) -> dict[int, Row]:
    """Everyone who made or changed the content of these tiles, in one query."""
    names = [f"{kind}__{role}_id" for kind in ("text", "button") for role in AUTHOR_ROLES]
    ids = {row[name] for row in rows for name in names} - {None}
    users = User.objects.filter(pk__in=ids).values_list(*USER_FIELDS)
    return {columns[0]: user for columns in users if (user := basic_user(columns))}


def _places(rows: list[Row]) -> dict[Any, list[Row]]:
    """The live tiles that show each piece of content, on whatever dashboard, in one query."""
    texts = [row["text__id"] for row in rows if row["text__id"] is not None]
    buttons = [row["button__id"] for row in rows if row["button__id"] is not None]
    tiles = Tile.objects.not_deleted().filter(Q(text_id__in=texts) | Q(button_id__in=buttons)).order_by("id")
    places: dict[Any, list[Row]] = {}
    for id_, dashboard_id, text_id, button_id in tiles.values_list("id", "dashboard_id", "text_id", "button_id"):
        place = {"id": id_, "dashboard_id": dashboard_id, "deleted": False}
        places.setdefault(text_id if text_id is not None else button_id, []).append(place)
    return places
