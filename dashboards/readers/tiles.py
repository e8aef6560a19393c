"""The tiles of a dashboard, in the order people read them, with their content and its authors."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson

from dashboards.models import Dashboard, Tile
from dashboards.readers.dashboard_tiles import DashboardTiles, Row, dashboard_tiles_of
from dashboards.readers.insights import insight_columns, insight_json, insight_row
from dashboards.readers.tags import insight_tags
from dashboards.rewriting import has_effect, shown_filters, shown_query
from dashboards_api.fields import dumps, raw
from users.models import Membership, User
from users.readers import USER_FIELDS, basic_user

TILE_COLUMNS = ("id", "color", "show_description", "transparent_background")
TILE_JSON = {"raw_layouts": raw("layouts"), "raw_filters_overrides": raw("filters_overrides")}
AUTHOR_ROLES = ("created_by", "last_modified_by")
AUTHOR_COLUMNS = ("created_by_id", "last_modified_at", "last_modified_by_id", "project_id")
TEXT_COLUMNS = ("id", "body", *AUTHOR_COLUMNS)
BUTTON_COLUMNS = ("id", "url", "text", "placement", "style", *AUTHOR_COLUMNS)
DAMAGED = {"type": "damaged_tile", "message": "What is stored for this tile cannot be read."}


# What filters and variables may add to all the insights of an answer, in characters. Beyond it queries stay as stored:
# a megabyte of properties on a hundred insights would be a hundred megabytes for each reader.
MAX_ADDED = 2 * 1024 * 1024


class Lens(NamedTuple):
    """What a dashboard lays over the insights on it."""

    filters: dict[str, Any]
    variables: dict[str, Any]

    def for_rows(self, number: int) -> "Lens":
        """The same, or an empty one where so many insights would grow too much."""
        added = (len(dumps(self.filters)) + len(dumps(self.variables))) * number
        return self if added <= MAX_ADDED else Lens({}, {})


class _Around(NamedTuple):
    """What belongs to the tiles of one answer, each kind from one query."""

    viewer: Membership
    lens: Lens
    people: dict[int, Row]
    tiles: DashboardTiles
    tags: dict[int, list[str]]


def read_tiles(dashboard_id: int, *, viewer: Membership, lens: Lens) -> list[Row]:
    """The live tiles (component DashboardTile), their insights seen through the dashboard."""
    shown = Tile.objects.filter(dashboard_id=dashboard_id).shown()
    rows = list(
        shown.in_layout_order()
        .annotate(**TILE_JSON, **insight_json("insight__"))
        .values(
            *TILE_COLUMNS,
            *TILE_JSON,
            *insight_columns("insight__"),
            *insight_json("insight__"),
            *(f"text__{column}" for column in TEXT_COLUMNS),
            *(f"button__{column}" for column in BUTTON_COLUMNS),
        )
    )
    if not rows:
        return []
    around = _Around(
        viewer=viewer,
        lens=lens.for_rows(len(rows)),
        people=_people(rows),
        tiles=dashboard_tiles_of(
            viewer=viewer,
            insights=shown.values("insight_id"),
            texts=shown.values("text_id"),
            buttons=shown.values("button_id"),
        ),
        tags=insight_tags(shown.values("insight_id")),
    )
    return [_tile(order, row, around) for order, row in enumerate(rows)]


def read_tile(dashboard_id: int, tile_id: int, *, viewer: Membership) -> Row:
    """One live tile, with its position among all (component DashboardTile)."""
    lens = Lens(*Dashboard.objects.values_list("filters", "variables").get(pk=dashboard_id))
    return next(tile for tile in read_tiles(dashboard_id, viewer=viewer, lens=lens) if tile["id"] == tile_id)


def _tile(order: int, row: Row, around: _Around) -> Row:
    damaged = mend(row)
    look_through(around.lens, row)
    return {
        "id": row["id"],
        "order": order,
        "layouts": orjson.Fragment(row["raw_layouts"]),
        "color": row["color"],
        "insight": _insight(row, around),
        "text": _content(row, "text", TEXT_COLUMNS, around),
        "button_tile": _content(row, "button", BUTTON_COLUMNS, around),
        "filters_overrides": orjson.Fragment(row["raw_filters_overrides"]),
        "show_description": row["show_description"],
        "transparent_background": row["transparent_background"],
        "last_refresh": None,
        "is_cached": False,
        **({"error": DAMAGED} if damaged else {}),
    }


def mend(row: Row) -> bool:
    """Whether some JSON of a tile cannot be read; it is replaced, so that the other tiles can be answered."""
    damaged = False
    for column in (*TILE_JSON, *insight_json()):
        try:
            orjson.loads(row[column] or "null")
        except orjson.JSONDecodeError:
            row[column], damaged = None if column == "raw_query" else "{}", True
    return damaged


def look_through(lens: Lens, row: Row) -> None:
    """Rewrite the query of a tile's insight as the tile shows it: with the dashboard's filters and the tile's own."""
    filters = {**lens.filters, **orjson.loads(row["raw_filters_overrides"])}
    if not has_effect(filters, lens.variables):
        return
    if row["raw_query"] is not None:
        row["raw_query"] = dumps(shown_query(json.loads(row["raw_query"]), filters, lens.variables))
    if row["raw_filters"] is not None:
        row["raw_filters"] = dumps(shown_filters(json.loads(row["raw_filters"]), filters))


def _insight(row: Row, around: _Around) -> Row | None:
    insight_id = row["insight__id"]
    if insight_id is None:
        return None
    return insight_row(
        row,
        prefix="insight__",
        tags=around.tags.get(insight_id, []),
        tiles=around.tiles.get(("insight", insight_id), []),
        viewer=around.viewer,
    )


def _content(row: Row, kind: str, columns: Iterable[str], around: _Around) -> Row | None:
    """A text or a button with its authors and the tiles that show it, or None."""
    content = {column: row[f"{kind}__{column}"] for column in columns}
    if content["id"] is None:
        return None
    authors = {role: around.people.get(content.pop(f"{role}_id")) for role in AUTHOR_ROLES}
    team = content.pop("project_id")
    tiles = around.tiles.get((kind, content["id"]), [])
    return {**content, **authors, "team": team, "dashboard_tiles": [tile.row() for tile in tiles]}


def _people(rows: list[Row]) -> dict[int, Row]:
    """Everyone who made or changed a text or a button of these tiles, in one query."""
    names = [f"{kind}__{role}_id" for kind in ("text", "button") for role in AUTHOR_ROLES]
    ids = {row[name] for row in rows for name in names} - {None}
    users = User.objects.filter(pk__in=ids).values_list(*USER_FIELDS)
    return {columns[0]: user for columns in users if (user := basic_user(columns))}
