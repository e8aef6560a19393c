"""Dashboards as the API answers them: flat rows from set-based queries, made into dictionaries."""

import json
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db.models import OuterRef

from dashboards.access import Restriction, privilege_level, user_access_level
from dashboards.exceptions import DashboardMissing
from dashboards.models import Dashboard, RestrictionLevel, Revision, RevisionKind, fold
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


_REVISION = {"revision": Revision.objects.column_of("number", RevisionKind.DASHBOARD, OuterRef("pk"))}
_LIST = Prepared(
    lambda: (
        Dashboard.objects.filter(project_id=number("project"), deleted=False)
        .listed()
        .as_seen_by_id(number("viewer"))
        .annotate(
            **BASIC_JSON,
            count=Revision.objects.column_of("live", RevisionKind.LIST, number("project")),
            revision=Revision.objects.column_of("number", RevisionKind.LIST, number("project")),
        )
        .in_list_order()
        .values_list(*BASIC_COLUMNS, "count", "revision")
    ),
    has_window=True,
)
_LIST_STATE = Prepared(lambda: Revision.objects.of(RevisionKind.LIST, number("project")).values_list("live", "number"))
_DETAIL = Prepared(
    lambda: (
        Dashboard.objects.filter(project_id=number("project"), pk=number("id"))
        .as_seen_by_id(number("viewer"))
        .annotate(**BASIC_JSON, **DETAIL_JSON, **_REVISION)
        .values_list(*BASIC_COLUMNS, *DETAIL_COLUMNS, *DETAIL_JSON, *_REVISION)
    )
)
_DETAIL_STATE = Prepared(
    lambda: (
        Dashboard.objects.filter(project_id=number("project"), pk=number("id"))
        .not_deleted()
        .annotate(**_REVISION)
        .values_list(*_REVISION, "last_accessed_at")
    )
)


class ListState(NamedTuple):
    """What the list of a project is known by: how many dashboards it shows, and how often it changed."""

    live: int
    revision: int


class Page(NamedTuple):
    """How many dashboards match, one window of them (component DashboardBasic), and the revision they are of."""

    total: int
    rows: list[dict[str, Any]]
    revision: int


def list_state(project_id: int) -> ListState:
    rows = _LIST_STATE.rows(project=project_id)
    return ListState(*rows[0]) if rows else ListState(0, 0)


def detail_state(dashboard_id: int, *, project: Project) -> tuple[int, datetime | None]:
    """The revision of a live dashboard, and when it was last retrieved. Raises DashboardMissing."""
    rows = _DETAIL_STATE.rows(project=project.pk, id=dashboard_id)
    if not rows:
        raise DashboardMissing
    revision, last_accessed_at = rows[0]
    return revision, last_accessed_at


def list_dashboards(project: Project, *, viewer: Membership, query: ListQuery, limit: int, offset: int) -> Page:
    """A page of the dashboards of a project."""
    if query == PLAIN:
        return _plain_list(viewer, limit=limit, offset=offset)
    revision = list_state(project.pk).revision
    found = _matching(Dashboard.objects.in_project(project).filter(deleted=query.deleted), query)
    count = found.count()
    if offset >= count:
        return Page(count, [], revision)
    found = found.as_seen_by(viewer).annotate(**BASIC_JSON)
    ordered = found.in_search_order(query.search) if query.search else found.in_list_order()
    rows = ordered.values_list(*BASIC_COLUMNS)[offset : offset + limit]
    shown = [{**_basic(row, viewer), "search_match_type": _match_type(row[1], query.search)} for row in rows]
    return Page(count, shown, revision)


def _plain_list(viewer: Membership, *, limit: int, offset: int) -> Page:
    """The list that is asked for without any condition: in one statement, with the count that is kept for it."""
    rows = _LIST.rows(project=viewer.project_id, viewer=viewer.pk, limit=limit, offset=offset)
    state = ListState(*rows[0][-2:]) if rows else list_state(viewer.project_id)
    return Page(state.live, [{**_basic(row[:-2], viewer), "search_match_type": None} for row in rows], state.revision)


def read_dashboard(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: Overrides = AS_STORED,
) -> dict[str, Any]:
    """One dashboard with its tiles (component Dashboard). Raises DashboardMissing."""
    return read_revision(
        dashboard_id, project=project, viewer=viewer, include_deleted=include_deleted, overrides=overrides
    )[1]


def read_revision(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: Overrides = AS_STORED,
) -> tuple[int, dict[str, Any]]:
    """The same, and the revision of the dashboard that it is of, or an older one: tiles are read after that."""
    rows = _DETAIL.rows(project=project.pk, id=dashboard_id, viewer=viewer.pk)
    if not rows:
        raise DashboardMissing
    basic = _basic(rows[0][: len(BASIC_COLUMNS)], viewer)
    if basic["deleted"] and not include_deleted:
        raise DashboardMissing
    detail = rows[0][len(BASIC_COLUMNS) :]
    use_template, use_dashboard, delete_insights, theme_id, filters, variables, breakdown_colors, revision = detail
    lens = lens_of(filters, variables, overrides)
    return revision, {
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
