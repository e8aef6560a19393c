"""Dashboards as the API answers them: flat rows from set-based queries, made into dictionaries."""

import json
from typing import Any, NamedTuple

import orjson

from dashboards.access import Restriction, privilege_level, user_access_level
from dashboards.exceptions import DashboardMissing
from dashboards.models import Dashboard, RestrictionLevel, fold
from dashboards.readers.tiles import EMPTY_OBJECT, Lens, read_tiles
from dashboards_api.fields import dumps, raw
from dashboards_api.prepared import Prepared, number
from users.models import Membership, Project
from users.readers import basic_user, user_columns

BASIC_COLUMNS = (
    "id",
    "name",
    "description",
    "pinned",
    "created_at",
    "deleted",
    "creation_mode",
    "restriction_level",
    "last_accessed_at",
    "sharing_configuration__enabled",
    "is_collaborator",
    "raw_tag_names",
    "created_by_id",
    *user_columns("created_by"),
)
BASIC_JSON = {"raw_tag_names": raw("tag_names")}
DETAIL_COLUMNS = ("use_template", "use_dashboard", "delete_insights", "data_color_theme_id")
DETAIL_JSON = {
    "raw_filters": raw("filters"),
    "raw_variables": raw("variables"),
    "raw_breakdown_colors": raw("breakdown_colors"),
}


class Overrides(NamedTuple):
    """What an answer shows in place of what is stored, key by key. Nothing of it is kept."""

    filters: dict[str, Any] | None = None
    variables: dict[str, Any] | None = None


AS_STORED = Overrides()


class ListQuery(NamedTuple):
    """Which dashboards a list is asked for."""

    search: str = ""
    pinned: bool | None = None
    tags: tuple[str, ...] = ()
    creation_mode: str = ""
    created_by_id: int | None = None
    deleted: bool = False


PLAIN = ListQuery()


_LIST = Prepared(
    lambda: (
        Dashboard.objects.filter(project_id=number("project"), deleted=False)
        .listed()
        .as_seen_by_id(number("viewer"))
        .annotate(**BASIC_JSON)
        .in_list_order()
        .values_list(*BASIC_COLUMNS)
    ),
    has_window=True,
)
_DETAIL = Prepared(
    lambda: (
        Dashboard.objects.filter(project_id=number("project"), pk=number("id"))
        .as_seen_by_id(number("viewer"))
        .annotate(**BASIC_JSON, **DETAIL_JSON)
        .values_list(*BASIC_COLUMNS, *DETAIL_COLUMNS, *DETAIL_JSON)
    )
)


def list_dashboards(
    project: Project, *, viewer: Membership, query: ListQuery, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many dashboards match, and one window of them (component DashboardBasic)."""
    found = _matching(Dashboard.objects.in_project(project).filter(deleted=query.deleted), query)
    count = found.count()
    if offset >= count:
        return count, []
    if query == PLAIN:
        rows = _LIST.rows(project=project.pk, viewer=viewer.pk, limit=limit, offset=offset)
    else:
        found = found.as_seen_by(viewer).annotate(**BASIC_JSON)
        ordered = found.in_search_order(query.search) if query.search else found.in_list_order()
        rows = list(ordered.values_list(*BASIC_COLUMNS)[offset : offset + limit])
    return count, [{**_basic(row, viewer), "search_match_type": _match_type(row[1], query.search)} for row in rows]


def read_dashboard(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: Overrides = AS_STORED,
) -> dict[str, Any]:
    """One dashboard with its tiles (component Dashboard). Raises DashboardMissing."""
    rows = _DETAIL.rows(project=project.pk, id=dashboard_id, viewer=viewer.pk)
    if not rows:
        raise DashboardMissing
    basic = _basic(rows[0][: len(BASIC_COLUMNS)], viewer)
    if basic["deleted"] and not include_deleted:
        raise DashboardMissing
    use_template, use_dashboard, delete_insights, theme_id, filters, variables, breakdown_colors = rows[0][
        len(BASIC_COLUMNS) :
    ]
    lens = lens_of(filters, variables, overrides)
    return {
        **basic,
        "use_template": use_template,
        "use_dashboard": use_dashboard,
        "delete_insights": delete_insights,
        "filters": orjson.Fragment(dumps(lens.filters) if overrides.filters else filters),
        "variables": orjson.Fragment(dumps(lens.variables) if overrides.variables else variables),
        "persisted_filters": _or_null(filters),
        "persisted_variables": _or_null(variables),
        "breakdown_colors": orjson.Fragment(breakdown_colors),
        "data_color_theme_id": theme_id,
        "quick_filter_ids": [],
        "tiles": read_tiles(dashboard_id, viewer=viewer, lens=lens, restriction=_restriction(rows[0])),
    }


def _matching(found: Any, query: ListQuery) -> Any:
    found = found.filter(creation_mode=query.creation_mode) if query.creation_mode else found.listed()
    if query.search:
        found = found.matching(query.search)
    if query.pinned is not None:
        found = found.filter(pinned=query.pinned)
    if query.tags:
        found = found.tagged(query.tags)
    if query.created_by_id is not None:
        found = found.filter(created_by_id=query.created_by_id)
    return found


def _match_type(name: str, search: str) -> str | None:
    """How a dashboard matches a search: `exact` by its whole name, else `similar`."""
    if not search:
        return None
    return "exact" if fold(name) == fold(search) else "similar"


def _restriction(row: tuple[Any, ...]) -> Restriction:
    return Restriction(created_by_id=row[12], level=row[7], is_collaborator=row[10])


def _basic(row: tuple[Any, ...], viewer: Membership) -> dict[str, Any]:
    """A list row; a detail answer begins with the same keys."""
    id_, name, description, pinned, created_at, deleted, mode, level, accessed_at, is_shared, _, tags, *_ = row
    restriction = _restriction(row)
    is_restricted = level == RestrictionLevel.ONLY_COLLABORATORS_CAN_EDIT
    return {
        "id": id_,
        "name": name,
        "description": description,
        "pinned": pinned,
        "created_at": created_at,
        "created_by": basic_user(row[13:]),
        "is_shared": bool(is_shared),
        "deleted": deleted,
        "creation_mode": mode,
        "tags": orjson.loads(tags),
        "restriction_level": level,
        "effective_restriction_level": level,
        "effective_privilege_level": int(privilege_level(viewer, restriction)),
        "user_access_level": user_access_level(viewer, restriction),
        "access_control_version": "v1" if is_restricted else "v2",
        "last_accessed_at": accessed_at,
        "last_viewed_at": None,
        "last_refresh": None,
        "team_id": viewer.project_id,
    }


def lens_of(filters: str, variables: str, overrides: Overrides) -> Lens:
    """What is stored, with the keys of the overrides laid over it."""
    if filters == variables == EMPTY_OBJECT and overrides == AS_STORED:
        return Lens({}, {})
    return Lens(
        {**json.loads(filters), **(overrides.filters or {})}, {**json.loads(variables), **(overrides.variables or {})}
    )


def _or_null(stored: str) -> orjson.Fragment | None:
    return None if stored == EMPTY_OBJECT else orjson.Fragment(stored)
