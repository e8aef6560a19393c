"""The tiles of a dashboard, in the order people read them, with their content and its authors."""

from typing import Any, NamedTuple

import orjson
from django.db.models import Case, Exists, OuterRef, When

from dashboards.access import Restriction, get_restriction
from dashboards.models import Dashboard, Tile
from dashboards.readers.dashboard_tiles import DashboardTile, DashboardTiles, Row, dashboard_tiles_beside
from dashboards.readers.insights import insight_json, insight_row, insight_values
from dashboards.readers.resolved_tiles import (
    DAMAGED,
    QueryOverrides,
    ResolvedTile,
    StoredTile,
    build_query_overrides,
    resolve_tile,
)
from dashboards_api.db.compiled_queries import CompiledQuery, int_param
from dashboards_api.db.fields import raw_json
from users.models import Membership, User
from users.readers import USER_FIELDS, build_basic_user

TILE_COLUMNS = ("id", "color", "show_description", "transparent_background")
TILE_JSON = {"raw_layouts": raw_json("layouts"), "raw_filters_overrides": raw_json("filters_overrides")}
KINDS = ("insight", "text", "button")
AUTHOR_ROLES = ("created_by", "last_modified_by")
AUTHOR_COLUMNS = ("created_by_id", "last_modified_at", "last_modified_by_id", "project_id")
TEXT_COLUMNS = ("id", "body", *AUTHOR_COLUMNS)
BUTTON_COLUMNS = ("id", "url", "text", "placement", "style", *AUTHOR_COLUMNS)
INSIGHT_COLUMNS = insight_values("insight__")


class _Around(NamedTuple):
    """What belongs to the tiles of one answer, each kind from one query."""

    viewer: Membership
    overrides: QueryOverrides
    people: dict[int, Row]
    elsewhere: DashboardTiles


def _elsewhere(kind: str) -> Exists:
    """Whether what a tile shows is on another dashboard, too."""
    twins = Tile.objects.not_deleted().filter(**{f"{kind}_id": OuterRef(f"{kind}_id")})
    return Exists(twins.exclude(dashboard_id=OuterRef("dashboard_id")))


IS_ELSEWHERE = Case(
    *(When(**{f"{kind}__isnull": False}, then=_elsewhere(kind)) for kind in ("insight", "text")),
    default=_elsewhere("button"),
)


_TILES = CompiledQuery(
    lambda: (
        Tile.objects.filter(dashboard_id=int_param("dashboard"))
        .visible()
        .in_layout_order()
        .annotate(**TILE_JSON, **insight_json("insight__"), is_elsewhere=IS_ELSEWHERE)
        .values_list(
            *TILE_COLUMNS,
            *TILE_JSON,
            "is_elsewhere",
            *INSIGHT_COLUMNS,
            *(f"text__{column}" for column in TEXT_COLUMNS),
            *(f"button__{column}" for column in BUTTON_COLUMNS),
        )
    )
)
# Where a row has them.
_INSIGHT = slice(len(TILE_COLUMNS) + len(TILE_JSON) + 1, None)
_IS_ELSEWHERE = _INSIGHT.start - 1
_TEXT = slice(_INSIGHT.start + len(INSIGHT_COLUMNS), None)
_BUTTON = slice(_TEXT.start + len(TEXT_COLUMNS), None)


def read_tiles(
    dashboard_id: int, *, viewer: Membership, overrides: QueryOverrides, restriction: Restriction
) -> list[Row]:
    """The live tiles (component DashboardTile), their insights seen through the dashboard.

    `restriction` is that of the dashboard.
    """
    rows = _TILES.rows(dashboard=dashboard_id)
    elsewhere: DashboardTiles = {}
    if any(row[_IS_ELSEWHERE] for row in rows):
        elsewhere = dashboard_tiles_beside(dashboard_id, viewer=viewer)
    around = _Around(viewer, overrides.limited_to(len(rows)), _people(rows), elsewhere)
    return [
        _tile(order, row, DashboardTile(row[0], dashboard_id, restriction), around) for order, row in enumerate(rows)
    ]


def read_tile(dashboard_id: int, tile_id: int, *, viewer: Membership) -> Row:
    """One live tile, with its position among all (component DashboardTile)."""
    dashboard: Dashboard = Dashboard.objects.with_is_collaborator(viewer).get(pk=dashboard_id)
    overrides = build_query_overrides(dashboard.filters, dashboard.variables)
    tiles = read_tiles(dashboard_id, viewer=viewer, overrides=overrides, restriction=get_restriction(dashboard))
    return next(tile for tile in tiles if tile["id"] == tile_id)


def _tile(order: int, row: tuple[Any, ...], here: DashboardTile, around: _Around) -> Row:
    id_, color, show_description, transparent_background, layouts, overrides = row[:6]
    insight, text, button = row[_INSIGHT], row[_TEXT], row[_BUTTON]
    insight = insight[: len(INSIGHT_COLUMNS)]
    shown = resolve_tile(StoredTile(layouts, overrides, insight[-3], insight[-2]), around.overrides)
    return {
        "id": id_,
        "order": order,
        "layouts": orjson.Fragment(shown.layouts),
        "color": color,
        "insight": _insight(insight, shown, here, around),
        "text": _content("text", TEXT_COLUMNS, text, here, around),
        "button_tile": _content("button", BUTTON_COLUMNS, button, here, around),
        "filters_overrides": orjson.Fragment(shown.filters_overrides),
        "show_description": show_description,
        "transparent_background": transparent_background,
        "last_refresh": None,
        "is_cached": False,
        **({"error": DAMAGED} if shown.is_damaged else {}),
    }


def _insight(values: tuple[Any, ...], shown: ResolvedTile, here: DashboardTile, around: _Around) -> Row | None:
    if values[0] is None:
        return None
    tiles = around.elsewhere.get(("insight", values[0]), [here])
    return insight_row((*values[:-3], shown.query, shown.filters, values[-1]), tiles=tiles, viewer=around.viewer)


def _content(
    kind: str, columns: tuple[str, ...], values: tuple[Any, ...], here: DashboardTile, around: _Around
) -> Row | None:
    """A text or a button with its authors and the tiles that show it, or None."""
    if values[0] is None:
        return None
    content = dict(zip(columns, values, strict=False))
    authors = {role: around.people.get(content.pop(f"{role}_id")) for role in AUTHOR_ROLES}
    team = content.pop("project_id")
    tiles = around.elsewhere.get((kind, content["id"]), [here])
    return {**content, **authors, "team": team, "dashboard_tiles": [tile.row() for tile in tiles]}


def _people(rows: list[tuple[Any, ...]]) -> dict[int, Row]:
    """Everyone who made or changed a text or a button of these tiles, in one query."""
    places = [
        part.start + columns.index(f"{role}_id")
        for part, columns in ((_TEXT, TEXT_COLUMNS), (_BUTTON, BUTTON_COLUMNS))
        for role in AUTHOR_ROLES
    ]
    ids = {row[place] for row in rows for place in places} - {None}
    if not ids:
        return {}
    users = User.objects.filter(pk__in=ids).values_list(*USER_FIELDS)
    return {columns[0]: user for columns in users if (user := build_basic_user(columns))}
