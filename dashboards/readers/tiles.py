"""Read the tiles of a dashboard in reading order, with their content and its authors."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import orjson
from django.db.models import Case, Exists, OuterRef, When

from dashboards.access import InsightLevels, Restriction, get_insight_levels, get_restriction
from dashboards.models import Dashboard, Tile
from dashboards.readers.dashboard_tiles import (
    BasicTile,
    DashboardTile,
    DashboardTiles,
    read_tiles_of_same_content,
)
from dashboards.readers.insight_results import NO_RESULT, read_insight_results
from dashboards.readers.insights import InsightRow, build_insight, insight_json
from dashboards.readers.resolved_tiles import (
    DAMAGED,
    QueryOverrides,
    ResolvedTile,
    StoredTile,
    build_query_overrides,
    resolve_tile,
)
from dashboards_api.db.compiled_queries import CompiledQuery, RowGroups, get_columns, int_param
from dashboards_api.db.fields import raw_json
from queries.services.results import Results
from users.models import Membership, User
from users.readers import USER_FIELDS, Row, Users, build_basic_user

TILE_JSON = {"raw_layouts": raw_json("layouts"), "raw_filters_overrides": raw_json("filters_overrides")}


class TileRow(NamedTuple):
    """The columns of a tile. Columns named `raw_…` contain free JSON as text."""

    id: int
    color: str | None
    show_description: bool | None
    transparent_background: bool | None
    raw_layouts: str
    raw_filters_overrides: str
    is_shared_content: bool  # whether other dashboards also show its content


class TextRow(NamedTuple):
    """The columns of a text."""

    id: int
    body: str | None
    created_by_id: int | None
    last_modified_at: datetime
    last_modified_by_id: int | None
    project_id: int


class ButtonRow(NamedTuple):
    """The columns of a button."""

    id: UUID
    url: str
    text: str
    placement: str
    style: str
    created_by_id: int | None
    last_modified_at: datetime
    last_modified_by_id: int | None
    project_id: int


class TileRows(NamedTuple):
    """A tile and its content: an insight, a text or a button."""

    tile: TileRow
    insight: InsightRow | None
    text: TextRow | None
    button: ButtonRow | None


_GROUPS = RowGroups(TileRow, InsightRow, TextRow, ButtonRow)


class _Context(NamedTuple):
    """The data that the tiles of one response share. Each kind of data is read by one query."""

    viewer: Membership
    users: Users  # authors of texts and buttons, and then of insights
    dashboard_tiles: DashboardTiles  # of content that other dashboards also show
    levels_here: InsightLevels  # of insights that no other dashboard shows


def _is_elsewhere(kind: str) -> Exists:
    """Return the condition that the content of a tile is also on another dashboard."""
    others = Tile.objects.not_deleted().filter(**{f"{kind}_id": OuterRef(f"{kind}_id")})
    return Exists(others.exclude(dashboard_id=OuterRef("dashboard_id")))


IS_SHARED_CONTENT = Case(
    *(When(**{f"{kind}__isnull": False}, then=_is_elsewhere(kind)) for kind in ("insight", "text")),
    default=_is_elsewhere("button"),
)


_TILES = CompiledQuery(
    lambda: (
        Tile.objects.filter(dashboard_id=int_param("dashboard"))
        .visible()
        .in_layout_order()
        .annotate(**TILE_JSON, **insight_json("insight__"), is_shared_content=IS_SHARED_CONTENT)
        .values_list(
            *get_columns(TileRow),
            *get_columns(InsightRow, "insight__"),
            *get_columns(TextRow, "text__"),
            *get_columns(ButtonRow, "button__"),
        )
    )
)


def read_tiles(
    dashboard_id: int,
    *,
    viewer: Membership,
    overrides: QueryOverrides,
    restriction: Restriction,
    results: Results | None = None,
    tile_ids: Collection[int] = (),
) -> list[Row]:
    """Return the visible tiles of a dashboard (component DashboardTile), with overrides applied to their insights.

    `restriction` is the restriction of the dashboard. Results come from the cache, unless `results` requests their
    computation. `tile_ids` limits the response, and the queries to run, to the given tiles.
    """
    rows = [TileRows._make(_GROUPS.split(row)) for row in _TILES.rows(dashboard=dashboard_id)]
    if tile_ids:
        rows = [row for row in rows if row.tile.id in tile_ids]
    dashboard_tiles: DashboardTiles = {}
    if any(row.tile.is_shared_content for row in rows):
        dashboard_tiles = read_tiles_of_same_content(dashboard_id, viewer=viewer)
    applied = overrides.limited_to(len(rows))
    resolved = [resolve_tile(_get_stored_tile(row), applied) for row in rows]
    found = [NO_RESULT] * len(rows)
    if any(row.insight for row in rows):
        queries = ((tile.parsed_query, tile.filters) for tile in resolved)
        found = read_insight_results(queries, viewer.project, results)
    context = _Context(viewer, _read_users(rows), dashboard_tiles, get_insight_levels(viewer, [restriction]))
    return [
        _build_tile(order, row, tile, result, DashboardTile(BasicTile(row.tile.id, dashboard_id), restriction), context)
        for order, (row, tile, result) in enumerate(zip(rows, resolved, found, strict=True))
    ]


def _get_stored_tile(row: TileRows) -> StoredTile:
    query, filters = (row.insight.raw_query, row.insight.raw_filters) if row.insight else (None, None)
    return StoredTile(row.tile.raw_layouts, row.tile.raw_filters_overrides, query, filters)


def read_tile(dashboard_id: int, tile_id: int, *, viewer: Membership) -> Row:
    """Return one visible tile, with its position among all tiles (component DashboardTile)."""
    dashboard: Dashboard = Dashboard.objects.with_is_collaborator(viewer.pk).get(pk=dashboard_id)
    overrides = build_query_overrides(dashboard.filters, dashboard.variables)
    tiles = read_tiles(dashboard_id, viewer=viewer, overrides=overrides, restriction=get_restriction(dashboard))
    return next(tile for tile in tiles if tile["id"] == tile_id)


def _build_tile(
    order: int, rows: TileRows, resolved: ResolvedTile, result: Row, here: DashboardTile, context: _Context
) -> Row:
    tile, insight, text, button = rows
    return {
        "id": tile.id,
        "order": order,
        "layouts": orjson.Fragment(resolved.layouts),
        "color": tile.color,
        "insight": insight and _build_insight(insight, resolved, result, here, context),
        "text": text and _build_text(text, here, context),
        "button_tile": button and _build_button(button, here, context),
        "filters_overrides": orjson.Fragment(resolved.filters_overrides),
        "show_description": tile.show_description,
        "transparent_background": tile.transparent_background,
        "last_refresh": result["last_refresh"],
        "is_cached": result["is_cached"],
        **({"error": DAMAGED} if resolved.is_damaged else {}),
    }


def _build_insight(
    insight: InsightRow, resolved: ResolvedTile, result: Row, here: DashboardTile, context: _Context
) -> Row:
    tiles = context.dashboard_tiles.get(("insight", insight.id))
    levels = get_insight_levels(context.viewer, [tile.restriction for tile in tiles]) if tiles else context.levels_here
    return build_insight(
        insight,
        query=resolved.query,
        filters=resolved.filters,
        result=result,
        tiles=tiles or [here],
        levels=levels,
        viewer=context.viewer,
        users=context.users,
    )


def _build_text(text: TextRow, here: DashboardTile, context: _Context) -> Row:
    return {"id": text.id, "body": text.body, **_build_authorship("text", text, here, context)}


def _build_button(button: ButtonRow, here: DashboardTile, context: _Context) -> Row:
    return {
        "id": button.id,
        "url": button.url,
        "text": button.text,
        "placement": button.placement,
        "style": button.style,
        **_build_authorship("button", button, here, context),
    }


def _build_authorship(kind: str, content: TextRow | ButtonRow, here: DashboardTile, context: _Context) -> Row:
    """Return the fields that texts and buttons share: their authors, and the tiles that show them."""
    tiles = context.dashboard_tiles.get((kind, content.id), [here])
    return {
        "created_by": context.users.get(content.created_by_id),
        "last_modified_at": content.last_modified_at,
        "last_modified_by": context.users.get(content.last_modified_by_id),
        "team": content.project_id,
        "dashboard_tiles": [tile.basic._asdict() for tile in tiles],
    }


def _read_users(rows: list[TileRows]) -> Users:
    """Return the users who created or changed the texts and buttons of the given tiles, from one query."""
    contents = (content for row in rows if (content := row.text or row.button))
    ids = {id_ for content in contents for id_ in (content.created_by_id, content.last_modified_by_id)} - {None}
    if not ids:
        return {}
    users = User.objects.filter(pk__in=ids).values_list(*USER_FIELDS)
    return {columns[0]: user for columns in users if (user := build_basic_user(columns))}
