"""Read dashboards as flat rows with few queries, and convert the rows to dictionaries for responses."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db.models import Exists, OuterRef, Value

from dashboards.access import Restriction, get_privilege_level, get_user_access_level
from dashboards.exceptions import DashboardNotFound
from dashboards.models import Dashboard, RestrictionLevel, Revision, RevisionKind
from dashboards.readers.resolved_tiles import EMPTY_OBJECT, QueryOverrides, load_query_overrides
from dashboards.readers.tiles import read_tiles
from dashboards_api.db.compiled_queries import CompiledQuery, NamedQuery, RowGroups, get_columns, int_param
from dashboards_api.db.fields import dump_json, raw_json
from queries.models import QueryResult, ResultVersion
from queries.request_overrides import NO_REQUEST_OVERRIDES, RequestOverrides
from queries.services.results import Results
from users.models import Membership, Project
from users.readers import Users, build_basic_user, build_user_getter

BASIC_JSON = {"raw_tag_names": raw_json("tag_names")}
DETAIL_JSON = {
    "raw_filters": raw_json("filters"),
    "raw_variables": raw_json("variables"),
    "raw_breakdown_colors": raw_json("breakdown_colors"),
}


class DashboardRow(NamedTuple):
    """The columns of a dashboard in a list, and of its creator."""

    id: int
    name: str
    description: str
    folder: str | None
    pinned: bool
    created_at: datetime
    deleted: bool
    creation_mode: str
    restriction_level: int
    last_accessed_at: datetime | None
    sharing_configuration__enabled: bool | None
    is_collaborator: bool
    raw_tag_names: str
    created_by_id: int | None
    created_by__id: int | None
    created_by__uuid: UUID | None
    created_by__distinct_id: str | None
    created_by__first_name: str | None
    created_by__last_name: str | None
    created_by__email: str | None
    created_by__is_email_verified: bool | None
    revision: int  # of the list if the row is in a list, else of the dashboard
    list_total: int  # the number of dashboards in the list, or 0 outside of lists

    @property
    def restriction(self) -> Restriction:
        """Return the facts that determine the privileges on the dashboard."""
        return Restriction(self.created_by_id, self.restriction_level, self.is_collaborator)


class DetailRow(NamedTuple):
    """The columns of a dashboard that are not in lists. Columns named `raw_…` contain free JSON as text."""

    use_template: str
    use_dashboard: int | None
    delete_insights: bool
    data_color_theme_id: int | None
    grid_spacing: str
    layout_compaction: str
    result_version: int
    has_results: bool  # whether results of the project are stored
    raw_filters: str
    raw_variables: str
    raw_breakdown_colors: str


class DashboardVersions(NamedTuple):
    """The version of a dashboard, and the version of the results in its project."""

    revision: int
    result_version: int


class DetailState(NamedTuple):
    """The version and the result version of a dashboard that is not deleted, and the time of its last retrieval."""

    revision: int
    result_version: int
    last_accessed_at: datetime | None

    @property
    def versions(self) -> DashboardVersions:
        return DashboardVersions(self.revision, self.result_version)


_get_creator = build_user_getter("created_by")
_GROUPS = RowGroups(DashboardRow, DetailRow)
_REVISION = {
    "revision": Revision.objects.column_subquery("number", RevisionKind.DASHBOARD, OuterRef("pk")),
    "result_version": ResultVersion.objects.number_subquery(OuterRef("project")),
}
_DETAIL = CompiledQuery(
    lambda: (
        Dashboard.objects.filter(project_id=int_param("project"), pk=int_param("id"))
        .with_is_collaborator(int_param("viewer"))
        .annotate(**BASIC_JSON, **DETAIL_JSON, **_REVISION, list_total=Value(0))
        .annotate(has_results=Exists(QueryResult.objects.filter(project=OuterRef("project"))))
        .values_list(*get_columns(DashboardRow), *get_columns(DetailRow))
    )
)
_DETAIL_STATE = NamedQuery(
    DetailState,
    lambda: (
        Dashboard.objects.filter(project_id=int_param("project"), pk=int_param("id"))
        .not_deleted()
        .annotate(**_REVISION)
        .values_list(*get_columns(DetailState))
    ),
)


def read_detail_state(dashboard_id: int, *, project: Project) -> DetailState:
    """Return the state of a live dashboard. Raises DashboardNotFound."""
    rows = _DETAIL_STATE.rows(project=project.pk, id=dashboard_id)
    if not rows:
        raise DashboardNotFound
    return rows[0]


def read_dashboard(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: RequestOverrides = NO_REQUEST_OVERRIDES,
) -> dict[str, Any]:
    """Return a dashboard with its tiles (component Dashboard). Raises DashboardNotFound."""
    return read_dashboard_revision(
        dashboard_id, project=project, viewer=viewer, include_deleted=include_deleted, overrides=overrides
    )[1]


def read_dashboard_revision(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: RequestOverrides = NO_REQUEST_OVERRIDES,
    results: Results | None = None,
    tile_ids: Collection[int] = (),
) -> tuple[DashboardVersions, dict[str, Any]]:
    """Return the DashboardVersions and the dashboard with its tiles (component Dashboard).

    The tiles are read after the versions, so they may be newer than the versions, but never older. Results are read
    from the cache, unless the refresh mode of `results` computes them. `tile_ids` limits the response, and the queries
    to compute, to the given tiles. Raises DashboardNotFound.
    """
    rows = _DETAIL.rows(project=project.pk, id=dashboard_id, viewer=viewer.pk)
    if not rows:
        raise DashboardNotFound
    row, detail = _GROUPS.split(rows[0])
    if row.deleted and not include_deleted:
        raise DashboardNotFound
    applied = load_query_overrides(detail.raw_filters, detail.raw_variables, overrides)
    if results is not None:
        results.may_be_stored = detail.has_results
    return DashboardVersions(row.revision, detail.result_version), {
        **build_dashboards([row], viewer)[0],
        **_build_detail(detail, applied, overrides),
        "tiles": read_tiles(
            dashboard_id,
            viewer=viewer,
            overrides=applied,
            restriction=row.restriction,
            results=results,
            tile_ids=tile_ids,
        ),
    }


def _build_detail(detail: DetailRow, applied: QueryOverrides, overrides: RequestOverrides) -> dict[str, Any]:
    filters = dump_json(applied.filters) if overrides.filters else detail.raw_filters
    variables = dump_json(applied.variables) if overrides.variables else detail.raw_variables
    return {
        "use_template": detail.use_template,
        "use_dashboard": detail.use_dashboard,
        "delete_insights": detail.delete_insights,
        "filters": orjson.Fragment(filters),
        "variables": orjson.Fragment(variables),
        "persisted_filters": _build_fragment(detail.raw_filters),
        "persisted_variables": _build_fragment(detail.raw_variables),
        "breakdown_colors": orjson.Fragment(detail.raw_breakdown_colors),
        "data_color_theme_id": detail.data_color_theme_id,
        "grid_spacing": detail.grid_spacing,
        "layout_compaction": detail.layout_compaction,
        "customization": {"tile_spacing": detail.grid_spacing, "layout_compaction": detail.layout_compaction},
        "quick_filter_ids": [],
    }


def build_dashboards(rows: Iterable[DashboardRow], viewer: Membership) -> list[dict[str, Any]]:
    """Return dashboards as in lists (component DashboardBasic).

    Many rows have equal users and access levels, so each distinct value is built once.
    """
    users: Users = {}
    rights: dict[tuple[Any, ...], dict[str, Any]] = {}
    project_id = viewer.project_id
    found = []
    for row in rows:
        author_id = row.created_by_id
        if author_id not in users:
            users[author_id] = build_basic_user(_get_creator(row))
        restriction = (author_id, row.restriction_level, row.is_collaborator)
        if restriction not in rights:
            rights[restriction] = _build_rights(row.restriction, viewer)
        tags = row.raw_tag_names
        found.append(
            {
                "id": row.id,
                "name": row.name,
                "description": row.description,
                "folder": row.folder,
                "pinned": row.pinned,
                "created_at": row.created_at,
                "created_by": users[author_id],
                "is_shared": bool(row.sharing_configuration__enabled),
                "deleted": row.deleted,
                "creation_mode": row.creation_mode,
                "tags": [] if tags == "[]" else orjson.loads(tags),
                **rights[restriction],
                "last_accessed_at": row.last_accessed_at,
                "last_viewed_at": None,
                "last_refresh": None,
                "team_id": project_id,
            }
        )
    return found


def _build_rights(restriction: Restriction, viewer: Membership) -> dict[str, Any]:
    is_restricted = restriction.level == RestrictionLevel.ONLY_COLLABORATORS_CAN_EDIT
    return {
        "restriction_level": restriction.level,
        "effective_restriction_level": restriction.level,
        "effective_privilege_level": int(get_privilege_level(viewer, restriction)),
        "user_access_level": get_user_access_level(viewer, restriction),
        "access_control_version": "v1" if is_restricted else "v2",
    }


def _build_fragment(stored: str) -> orjson.Fragment | None:
    return None if stored == EMPTY_OBJECT else orjson.Fragment(stored)
