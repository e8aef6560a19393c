"""Insights as the API answers them, by themselves and inside a tile."""

from typing import Any, NamedTuple

import orjson
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from dashboards.access import insight_access_level, insight_privilege_level, insight_restriction_level
from dashboards.exceptions import InsightNotFound
from dashboards.models import Insight, Tile
from dashboards.readers.dashboard_tiles import DashboardTile, Row, dashboard_tiles_of_insights
from dashboards.readers.page_sizes import ids_on_page, in_order, size_of
from dashboards_api.dates import DateRange
from dashboards_api.db.fields import raw_json
from users.models import Membership, Project
from users.readers import USER_FIELDS, build_basic_user, get_user_columns

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
    "folder",
    "create_in_folder",
    "created_at",
    "updated_at",
    "last_modified_at",
    "created_by_id",
)
# What an answer names of each tile that shows an insight, in characters.
SIZE_OF_TILE = 80
AUTHORS = ("created_by", "last_modified_by")
JSON = ("query", "filters", "tag_names")
# Where `insight_values` has them: the columns before the creator are answered by their own names.
_CREATOR = len(COLUMNS) - 1
NAMES = tuple("_create_in_folder" if column == "create_in_folder" else column for column in COLUMNS[:_CREATOR])
_AUTHOR = slice(len(COLUMNS), len(COLUMNS) + len(USER_FIELDS))
_MODIFIER = slice(_AUTHOR.stop, _AUTHOR.stop + len(USER_FIELDS))

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
    """The free JSON of insights, as annotations of a query whose columns of insights begin with `prefix`."""
    return {f"raw_{column}": raw_json(f"{prefix}{column}") for column in JSON}


def insight_values(prefix: str = "") -> list[str]:
    """What `insight_row` takes, for `values_list()` of a query with these annotations."""
    authors = [column for author in AUTHORS for column in get_user_columns(author)]
    return [*(f"{prefix}{column}" for column in (*COLUMNS, *authors)), *insight_json()]


def list_insights(
    project: Project, *, viewer: Membership, query: InsightQuery, limit: int, offset: int
) -> tuple[int, list[Row]]:
    """How many insights match, and one window of them (component Insight)."""
    found = _matching(Insight.objects.in_project(project).not_deleted(), query, project)
    count = found.count()
    if offset >= count:
        return count, []
    ids = ids_on_page(found.in_list_order(), _page_size(), limit=limit, offset=offset)
    rows = Insight.objects.filter(pk__in=ids).annotate(**insight_json()).values_list(*insight_values())
    return count, with_tiles(in_order(rows, ids), viewer)


def _page_size() -> Any:
    """About how many characters an insight takes in an answer, with the tiles that show it."""
    tiles = Tile.objects.not_deleted().filter(insight=OuterRef("pk")).order_by().values("insight")
    shown = Subquery(tiles.annotate(number=Count("pk")).values("number"))
    return size_of(*JSON, "description") + Coalesce(shown, 0) * SIZE_OF_TILE


def read_insight(reference: str | int, *, project: Project, viewer: Membership, include_deleted: bool = False) -> Row:
    """One insight by its number or short id (component Insight). Raises InsightNotFound."""
    return with_tiles([insight_values_of(reference, project=project, include_deleted=include_deleted)], viewer)[0]


def insight_values_of(reference: str | int, *, project: Project, include_deleted: bool = False) -> tuple[Any, ...]:
    """Return the `insight_values` of one insight. Raises InsightNotFound."""
    found = Insight.objects.in_project(project).by_reference(reference)
    if not include_deleted:
        found = found.not_deleted()
    rows = list(found.annotate(**insight_json()).values_list(*insight_values())[:1])
    if not rows:
        raise InsightNotFound
    return tuple(rows[0])


def insight_row(values: tuple[Any, ...], *, tiles: list[DashboardTile], viewer: Membership) -> Row:
    """An insight (component Insight) made from `insight_values` and the tiles that show it."""
    created_by_id, (query, filters, tags) = values[_CREATOR], values[-len(JSON) :]
    restrictions = [tile.restriction for tile in tiles]
    privilege = insight_privilege_level(viewer, restrictions)
    return {
        **dict(zip(NAMES, values, strict=False)),
        "created_by": build_basic_user(values[_AUTHOR]),
        "last_modified_by": build_basic_user(values[_MODIFIER]),
        "query": _fragment(query),
        "filters": _fragment(filters),
        **NOT_COMPUTED,
        "tags": orjson.loads(tags),
        "dashboards": [tile.dashboard_id for tile in tiles],
        "dashboard_tiles": [tile.row() for tile in tiles],
        "effective_restriction_level": insight_restriction_level(restrictions),
        "effective_privilege_level": int(privilege),
        "user_access_level": insight_access_level(viewer, created_by_id, privilege),
    }


def with_tiles(rows: list[tuple[Any, ...]], viewer: Membership) -> list[Row]:
    """Return insights (component Insight) made from their `insight_values`, with the tiles that show them."""
    tiles = dashboard_tiles_of_insights([values[0] for values in rows], viewer=viewer)
    return [insight_row(values, tiles=tiles.get(("insight", values[0]), []), viewer=viewer) for values in rows]


def _matching(found: Any, query: InsightQuery, project: Project) -> Any:
    if query.search:
        found = found.matching(query.search)
    if query.short_id:
        found = found.filter(short_id=query.short_id)
    if query.saved is not None:
        found = found.saved_or_on_dashboard(query.saved)
    if query.favorited is not None:
        found = found.filter(favorited=query.favorited)
    if query.mine is not None:
        found = found.filter(created_by=query.mine)
    if query.created_by:
        found = found.filter(created_by__in=query.created_by)
    if query.tags:
        found = found.with_any_tag(query.tags, project)
    if query.kind:
        found = found.filter(kind=query.kind)
    found = _within(_within(found, "created_at", query.created), "last_modified_at", query.modified)
    if query.viewed != DateRange():
        found = found.none()  # when an insight was viewed is not kept: none lies within any limit
    if query.folder:
        found = found.in_folder(query.folder)
    return found.on_all_dashboards(query.dashboard_ids)


def _within(found: Any, column: str, span: DateRange) -> Any:
    limits = {f"{column}__gte": span.start, f"{column}__lte": span.end}
    return found.filter(**{name: limit for name, limit in limits.items() if limit is not None})


def _fragment(stored: str | None) -> orjson.Fragment | None:
    return None if stored is None else orjson.Fragment(stored)
