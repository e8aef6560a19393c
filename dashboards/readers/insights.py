"""Insights as the API answers them, by themselves and inside a tile."""

from typing import Any, NamedTuple

import orjson

from dashboards.access import insight_access_level, insight_privilege_level, insight_restriction_level
from dashboards.exceptions import InsightMissing
from dashboards.models import Insight
from dashboards.readers.dashboard_tiles import DashboardTile, Row, dashboard_tiles_of
from dashboards.readers.tags import insight_tags
from dashboards_api.fields import raw
from users.models import Membership, Project
from users.readers import basic_user, user_columns

COLUMNS = (
    "id",
    "short_id",
    "name",
    "derived_name",
    "description",
    "order",
    "deleted",
    "saved",
    "favorited",
    "is_sample",
    "created_at",
    "updated_at",
    "last_modified_at",
    "created_by_id",
)
AUTHORS = ("created_by", "last_modified_by")
JSON = ("query", "filters")

# What a computed insight would have. Nothing computes here: `result_state` says so, where null alone would not.
NOT_COMPUTED: Row = {
    "result": None,
    "result_state": "not_computed",
    "columns": None,
    "types": None,
    "hasMore": None,
    "hogql": None,
    "timezone": None,
    "query_status": None,
    "is_cached": False,
    "last_refresh": None,
    "cache_target_age": None,
    "next_allowed_client_refresh": None,
    "filters_hash": None,
    "resolved_date_range": None,
    "alerts": [],
    "last_viewed_at": None,
}


class InsightQuery(NamedTuple):
    """Which insights a list is asked for."""

    search: str = ""
    short_id: str = ""
    saved: bool | None = None
    favorited: bool | None = None
    created_by_id: int | None = None
    dashboard_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


def insight_columns(prefix: str = "") -> list[str]:
    """What `insight_row` needs from a query, whose columns of insights begin with `prefix`."""
    authors = [column for author in AUTHORS for column in user_columns(author)]
    return [f"{prefix}{column}" for column in (*COLUMNS, *authors)]


def insight_json(prefix: str = "") -> dict[str, Any]:
    """The free JSON that `insight_row` needs, as annotations."""
    return {f"raw_{column}": raw(f"{prefix}{column}") for column in JSON}


def list_insights(
    project: Project, *, viewer: Membership, query: InsightQuery, limit: int, offset: int
) -> tuple[int, list[Row]]:
    """How many insights match, and one window of them (component Insight)."""
    found = _matching(Insight.objects.in_project(project).not_deleted(), query)
    count = found.count()
    if offset >= count:
        return count, []
    rows = list(found.annotate(**insight_json()).in_list_order().values(*insight_columns(), *insight_json())[
        offset : offset + limit
    ])  # fmt: skip
    return count, _with_tags_and_tiles(rows, viewer)


def read_insight(reference: str | int, *, project: Project, viewer: Membership, include_deleted: bool = False) -> Row:
    """One insight by its number or short id (component Insight). Raises InsightMissing."""
    found = Insight.objects.in_project(project).named(reference)
    if not include_deleted:
        found = found.not_deleted()
    rows = list(found.annotate(**insight_json()).values(*insight_columns(), *insight_json())[:1])
    if not rows:
        raise InsightMissing
    return _with_tags_and_tiles(rows, viewer)[0]


def insight_row(row: Row, *, prefix: str, tags: list[str], tiles: list[DashboardTile], viewer: Membership) -> Row:
    """An insight made from the columns of `insight_columns(prefix)` and `insight_json(prefix)`."""
    plain = {column: row[f"{prefix}{column}"] for column in COLUMNS}
    created_by_id = plain.pop("created_by_id")
    authors = {
        author: basic_user(tuple(row[f"{prefix}{column}"] for column in user_columns(author))) for author in AUTHORS
    }
    restrictions = [tile.restriction for tile in tiles]
    privilege = insight_privilege_level(viewer, restrictions)
    return {
        **plain,
        **authors,
        **{column: _fragment(row[f"raw_{column}"]) for column in JSON},
        **NOT_COMPUTED,
        "tags": tags,
        "dashboards": [tile.dashboard_id for tile in tiles],
        "dashboard_tiles": [tile.row() for tile in tiles],
        "effective_restriction_level": insight_restriction_level(restrictions),
        "effective_privilege_level": int(privilege),
        "user_access_level": insight_access_level(viewer, created_by_id, privilege),
    }


def _with_tags_and_tiles(rows: list[Row], viewer: Membership) -> list[Row]:
    ids = [row["id"] for row in rows]
    tags, tiles = insight_tags(ids), dashboard_tiles_of(viewer=viewer, insights=ids)
    return [
        insight_row(
            row,
            prefix="",
            tags=tags.get(row["id"], []),
            tiles=tiles.get(("insight", row["id"]), []),
            viewer=viewer,
        )
        for row in rows
    ]


def _matching(found: Any, query: InsightQuery) -> Any:
    if query.search:
        found = found.matching(query.search)
    if query.short_id:
        found = found.filter(short_id=query.short_id)
    if query.saved is not None:
        found = found.saved_or_placed(query.saved)
    if query.favorited is not None:
        found = found.filter(favorited=query.favorited)
    if query.created_by_id is not None:
        found = found.filter(created_by_id=query.created_by_id)
    if query.tags:
        found = found.tagged(query.tags)
    return found.on_all(query.dashboard_ids)


def _fragment(stored: str | None) -> orjson.Fragment | None:
    return None if stored is None else orjson.Fragment(stored)
