"""Read insights and build them for responses, both individually and inside tiles."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from dashboards.access import InsightLevels, get_insight_access_level, get_insight_levels
from dashboards.exceptions import InsightNotFound
from dashboards.models import Insight, Tile
from dashboards.readers.dashboard_tiles import DashboardTile, read_tiles_of_insights
from dashboards.readers.insight_results import UNUSED, read_insight_results
from dashboards.readers.page_sizes import build_size_expression, read_page_ids, sort_by_ids
from dashboards.readers.resolved_tiles import (
    EMPTY_OBJECT,
    NO_OVERRIDES,
    QueryOverrides,
    StoredTile,
    parse_stored_json,
    resolve_tile,
)
from dashboards_api.dates import DateRange
from dashboards_api.db.compiled_queries import get_columns
from dashboards_api.db.fields import raw_json
from queries.services.results import Results
from users.models import Membership, Project
from users.readers import Row, Users, build_user_getter, get_user

# The number of characters that a tile adds to an insight in a response.
TILE_SIZE = 80
FREE_JSON = ("query", "filters", "tag_names")


class InsightRow(NamedTuple):
    """The columns of an insight and of its authors. Columns named `raw_…` contain free JSON as text."""

    id: int
    short_id: str
    name: str
    derived_name: str | None
    description: str | None
    order: int | None
    deleted: bool
    saved: bool
    favorited: bool
    is_sample: bool
    folder: str | None
    create_in_folder: str | None
    created_at: datetime
    updated_at: datetime
    last_modified_at: datetime
    created_by_id: int | None
    created_by__id: int | None
    created_by__uuid: UUID | None
    created_by__distinct_id: str | None
    created_by__first_name: str | None
    created_by__last_name: str | None
    created_by__email: str | None
    created_by__is_email_verified: bool | None
    last_modified_by__id: int | None
    last_modified_by__uuid: UUID | None
    last_modified_by__distinct_id: str | None
    last_modified_by__first_name: str | None
    last_modified_by__last_name: str | None
    last_modified_by__email: str | None
    last_modified_by__is_email_verified: bool | None
    raw_query: str | None
    raw_filters: str
    raw_tag_names: str


_get_creator = build_user_getter("created_by")
_get_modifier = build_user_getter("last_modified_by")


class InsightQuery(NamedTuple):
    """The filters of a list of insights."""

    search: str = ""
    short_id: str = ""
    saved: bool | None = None
    favorited: bool | None = None
    mine: int | None = None
    created_by: tuple[int, ...] = ()
    dashboard_ids: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()
    kind: str = ""
    created: DateRange = DateRange()
    modified: DateRange = DateRange()
    viewed: DateRange = DateRange()
    folder: str = ""


def insight_json(prefix: str = "") -> dict[str, Any]:
    """Return the free JSON of insights as annotations, for a query whose columns of insights begin with `prefix`."""
    return {f"raw_{column}": raw_json(f"{prefix}{column}") for column in FREE_JSON}


def list_insights(
    project: Project,
    *,
    viewer: Membership,
    query: InsightQuery,
    limit: int,
    offset: int,
    overrides: QueryOverrides = NO_OVERRIDES,
    results: Results | None = None,
) -> tuple[int, list[Row]]:
    """Return the number of insights that match, and one page of them (component Insight), with overrides applied."""
    found = _apply_query(Insight.objects.in_project(project).not_deleted(), query, project)
    count = found.count()
    if offset >= count:
        return count, []
    ids = read_page_ids(found.in_list_order(), _page_size(), limit=limit, offset=offset)
    rows = sort_by_ids(_select(Insight.objects.filter(pk__in=ids)), ids)
    applied = overrides.limited_to(len(rows))
    return count, build_insights([resolve_insight(row, applied) for row in rows], viewer, results)


def _page_size() -> Any:
    """Return an expression for the approximate number of characters of an insight and its tiles in a response."""
    tiles = Tile.objects.not_deleted().filter(insight=OuterRef("pk")).order_by().values("insight")
    shown = Subquery(tiles.annotate(number=Count("pk")).values("number"))
    return build_size_expression(*FREE_JSON, "description") + Coalesce(shown, 0) * TILE_SIZE


def read_insight(
    reference: str | int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    results: Results | None = None,
) -> Row:
    """Return an insight by its id or short id (component Insight). Raises InsightNotFound."""
    row = read_insight_row(reference, project=project, include_deleted=include_deleted)
    [insight] = build_insights([row], viewer, results)
    return insight


def read_insight_names(project: Project, insight_ids: Collection[int]) -> dict[int, str]:
    """Return the display names of insights by their ids, including deleted insights."""
    rows = Insight.objects.in_project(project).filter(pk__in=insight_ids) if insight_ids else Insight.objects.none()
    return {id_: name or derived or "" for id_, name, derived in rows.values_list("pk", "name", "derived_name")}


def read_insight_row(reference: str | int, *, project: Project, include_deleted: bool = False) -> InsightRow:
    """Return the columns of an insight. Raises InsightNotFound."""
    found = Insight.objects.in_project(project).by_reference(reference)
    rows = _select((found if include_deleted else found.not_deleted())[:1])
    if not rows:
        raise InsightNotFound
    return rows[0]


def _select(found: Any) -> list[InsightRow]:
    return [InsightRow._make(row) for row in found.annotate(**insight_json()).values_list(*get_columns(InsightRow))]


def resolve_insight(row: InsightRow, overrides: QueryOverrides, tile_filters: str = EMPTY_OBJECT) -> InsightRow:
    """Return the columns of an insight with overrides, and then the filters of a tile, applied to its query."""
    stored = StoredTile(EMPTY_OBJECT, tile_filters, row.raw_query, row.raw_filters)
    resolved = resolve_tile(stored, overrides)
    return row._replace(raw_query=resolved.query, raw_filters=resolved.filters or EMPTY_OBJECT)


def build_insights(rows: list[InsightRow], viewer: Membership, results: Results | None = None) -> list[Row]:
    """Return insights (component Insight) with their results and the tiles that show them.

    Results come from the cache, unless `results` requests their computation.
    """
    tiles = read_tiles_of_insights([row.id for row in rows], viewer=viewer)
    queries = ((parse_stored_json(row.raw_query)[1], row.raw_filters) for row in rows)
    found = read_insight_results(queries, viewer.project, results)
    users: Users = {}
    insights = []
    for row, result in zip(rows, found, strict=True):
        shown = tiles.get(("insight", row.id), [])
        levels = get_insight_levels(viewer, [tile.restriction for tile in shown])
        insights.append(
            build_insight(
                row,
                query=row.raw_query,
                filters=row.raw_filters,
                result=result,
                tiles=shown,
                levels=levels,
                viewer=viewer,
                users=users,
            )
        )
    return insights


def build_insight(
    row: InsightRow,
    *,
    query: str | None,
    filters: str | None,
    result: Row,
    tiles: list[DashboardTile],
    levels: InsightLevels,
    viewer: Membership,
    users: Users,
) -> Row:
    """Return an insight (component Insight) for a member, with the given query, filters and result."""
    return {
        "id": row.id,
        **build_public_insight(row.short_id, row.name, row.derived_name, row.description, query, filters),
        **result,
        "order": row.order,
        "deleted": row.deleted,
        "saved": row.saved,
        "favorited": row.favorited,
        "is_sample": row.is_sample,
        "folder": row.folder,
        "_create_in_folder": row.create_in_folder,
        "created_at": row.created_at,
        "created_by": get_user(users, row.created_by_id, row, _get_creator),
        "updated_at": row.updated_at,
        "last_modified_at": row.last_modified_at,
        "last_modified_by": get_user(users, row.last_modified_by__id, row, _get_modifier),
        "tags": orjson.loads(row.raw_tag_names),
        "dashboards": [tile.basic.dashboard_id for tile in tiles],
        "dashboard_tiles": [tile.basic._asdict() for tile in tiles],
        "effective_restriction_level": levels.restriction,
        "effective_privilege_level": int(levels.privilege),
        "user_access_level": get_insight_access_level(viewer, row.created_by_id, levels.privilege),
    }


def build_public_insight(
    short_id: str, name: str, derived_name: str | None, description: str | None, query: str | None, filters: str | None
) -> Row:
    """Return the fields of an insight that every viewer may see, except the fields of its result.

    The viewers include the viewers of a shared dashboard.
    """
    return {
        "short_id": short_id,
        "name": name,
        "derived_name": derived_name,
        "description": description,
        "query": None if query is None else orjson.Fragment(query),
        "filters": None if filters is None else orjson.Fragment(filters),
        **UNUSED,
    }


def _apply_query(found: Any, query: InsightQuery, project: Project) -> Any:
    found = found.filter(**_column_filters(query))
    if query.search:
        found = found.search(query.search)
    if query.saved is not None:
        found = found.saved_or_on_dashboard(query.saved)
    if query.tags:
        found = found.with_any_tag(query.tags, project)
    if query.folder:
        found = found.in_folder(query.folder)
    if query.viewed != DateRange():
        found = found.none()  # views of insights are not recorded, so no insight matches
    return found.on_all_dashboards(query.dashboard_ids)


def _column_filters(query: InsightQuery) -> dict[str, Any]:
    """Return the filters that compare a column with a value."""
    filters = {
        "short_id": query.short_id or None,
        "favorited": query.favorited,
        "created_by": query.mine,
        "created_by__in": query.created_by or None,
        "kind": query.kind or None,
        "created_at__gte": query.created.start,
        "created_at__lte": query.created.end,
        "last_modified_at__gte": query.modified.start,
        "last_modified_at__lte": query.modified.end,
    }
    return {name: value for name, value in filters.items() if value is not None}
