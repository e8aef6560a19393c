"""Dashboards as the API answers them: flat rows from set-based queries, made into dictionaries."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from django.db.models import OuterRef

from dashboards.access import Restriction, privilege_level, user_access_level
from dashboards.exceptions import DashboardNotFound
from dashboards.models import Dashboard, RestrictionLevel, Revision, RevisionKind
from dashboards.readers.resolved_tiles import EMPTY_OBJECT, load_query_overrides
from dashboards.readers.tiles import read_tiles
from dashboards.request_overrides import NO_REQUEST_OVERRIDES, RequestOverrides
from dashboards_api.db.compiled_queries import CompiledQuery, int_param
from dashboards_api.db.fields import dump_json, raw_json
from users.models import Membership, Project
from users.readers import build_basic_user, get_user_columns

BASIC_COLUMNS = (
    "id",
    "name",
    "description",
    "folder",
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
    *get_user_columns("created_by"),
)
_LEVEL, _IS_COLLABORATOR, _CREATED_BY = map(
    BASIC_COLUMNS.index, ("restriction_level", "is_collaborator", "created_by_id")
)
_PERSON = slice(_CREATED_BY + 1, len(BASIC_COLUMNS))
BASIC_JSON = {"raw_tag_names": raw_json("tag_names")}
CUSTOMIZATION_COLUMNS = ("grid_spacing", "layout_compaction")
DETAIL_COLUMNS = ("use_template", "use_dashboard", "delete_insights", "data_color_theme_id", *CUSTOMIZATION_COLUMNS)
DETAIL_JSON = {
    "raw_filters": raw_json("filters"),
    "raw_variables": raw_json("variables"),
    "raw_breakdown_colors": raw_json("breakdown_colors"),
}


_REVISION = {"revision": Revision.objects.column_subquery("number", RevisionKind.DASHBOARD, OuterRef("pk"))}
_DETAIL = CompiledQuery(
    lambda: (
        Dashboard.objects.filter(project_id=int_param("project"), pk=int_param("id"))
        .with_is_collaborator_id(int_param("viewer"))
        .annotate(**BASIC_JSON, **DETAIL_JSON, **_REVISION)
        .values_list(*BASIC_COLUMNS, *DETAIL_COLUMNS, *DETAIL_JSON, *_REVISION)
    )
)
_DETAIL_STATE = CompiledQuery(
    lambda: (
        Dashboard.objects.filter(project_id=int_param("project"), pk=int_param("id"))
        .not_deleted()
        .annotate(**_REVISION)
        .values_list(*_REVISION, "last_accessed_at")
    )
)


def detail_state(dashboard_id: int, *, project: Project) -> tuple[int, datetime | None]:
    """The revision of a live dashboard, and when it was last retrieved. Raises DashboardNotFound."""
    rows = _DETAIL_STATE.rows(project=project.pk, id=dashboard_id)
    if not rows:
        raise DashboardNotFound
    revision, last_accessed_at = rows[0]
    return revision, last_accessed_at


def read_dashboard(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: RequestOverrides = NO_REQUEST_OVERRIDES,
) -> dict[str, Any]:
    """One dashboard with its tiles (component Dashboard). Raises DashboardNotFound."""
    return read_revision(
        dashboard_id, project=project, viewer=viewer, include_deleted=include_deleted, overrides=overrides
    )[1]


def read_revision(
    dashboard_id: int,
    *,
    project: Project,
    viewer: Membership,
    include_deleted: bool = False,
    overrides: RequestOverrides = NO_REQUEST_OVERRIDES,
) -> tuple[int, dict[str, Any]]:
    """The same, and the revision of the dashboard that it is of, or an older one: tiles are read after that."""
    rows = _DETAIL.rows(project=project.pk, id=dashboard_id, viewer=viewer.pk)
    if not rows:
        raise DashboardNotFound
    basic = basic_row(rows[0][: len(BASIC_COLUMNS)], viewer)
    if basic["deleted"] and not include_deleted:
        raise DashboardNotFound
    use_template, use_dashboard, delete_insights, theme_id, spacing, compaction, *free = rows[0][len(BASIC_COLUMNS) :]
    filters, variables, breakdown_colors, revision = free
    query_overrides = load_query_overrides(filters, variables, overrides)
    return revision, {
        **basic,
        "use_template": use_template,
        "use_dashboard": use_dashboard,
        "delete_insights": delete_insights,
        "filters": orjson.Fragment(dump_json(query_overrides.filters) if overrides.filters else filters),
        "variables": orjson.Fragment(dump_json(query_overrides.variables) if overrides.variables else variables),
        "persisted_filters": _or_null(filters),
        "persisted_variables": _or_null(variables),
        "breakdown_colors": orjson.Fragment(breakdown_colors),
        "data_color_theme_id": theme_id,
        "grid_spacing": spacing,
        "layout_compaction": compaction,
        "customization": {"tile_spacing": spacing, "layout_compaction": compaction},
        "quick_filter_ids": [],
        "tiles": read_tiles(dashboard_id, viewer=viewer, overrides=query_overrides, restriction=_restriction(rows[0])),
    }


def _restriction(row: tuple[Any, ...]) -> Restriction:
    return Restriction(row[_CREATED_BY], row[_LEVEL], row[_IS_COLLABORATOR])


def basic_row(row: tuple[Any, ...], viewer: Membership) -> dict[str, Any]:
    """A list row; a detail answer begins with the same keys."""
    return basic_rows([row], viewer)[0]


def basic_rows(rows: Iterable[tuple[Any, ...]], viewer: Membership) -> list[dict[str, Any]]:
    """The rows of a list. What is the same in many of them is made once: their people, and what the viewer may do."""
    people: dict[int | None, Any] = {None: None}
    rights: dict[tuple[Any, ...], dict[str, Any]] = {}
    project_id = viewer.project_id
    found = []
    for row in rows:
        id_, name, description, folder, pinned, created_at, deleted, mode, level, *rest = row[: _PERSON.start]
        accessed_at, is_shared, _, tags, by = rest
        if by not in people:
            people[by] = build_basic_user(row[_PERSON])
        restriction = (by, level, row[_IS_COLLABORATOR])
        if restriction not in rights:
            rights[restriction] = _rights(Restriction(*restriction), viewer)
        found.append(
            {
                "id": id_,
                "name": name,
                "description": description,
                "folder": folder,
                "pinned": pinned,
                "created_at": created_at,
                "created_by": people[by],
                "is_shared": bool(is_shared),
                "deleted": deleted,
                "creation_mode": mode,
                "tags": [] if tags == "[]" else orjson.loads(tags),
                **rights[restriction],
                "last_accessed_at": accessed_at,
                "last_viewed_at": None,
                "last_refresh": None,
                "team_id": project_id,
            }
        )
    return found


def _rights(restriction: Restriction, viewer: Membership) -> dict[str, Any]:
    is_restricted = restriction.level == RestrictionLevel.ONLY_COLLABORATORS_CAN_EDIT
    return {
        "restriction_level": restriction.level,
        "effective_restriction_level": restriction.level,
        "effective_privilege_level": int(privilege_level(viewer, restriction)),
        "user_access_level": user_access_level(viewer, restriction),
        "access_control_version": "v1" if is_restricted else "v2",
    }


def _or_null(stored: str) -> orjson.Fragment | None:
    return None if stored == EMPTY_OBJECT else orjson.Fragment(stored)
