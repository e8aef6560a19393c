"""Stored templates as the API answers them."""

import uuid
from typing import Any, NamedTuple

import orjson

from dashboards.exceptions import DashboardTemplateMissing
from dashboards.models import DashboardTemplate
from dashboards.readers.page_sizes import ids_on_page, size_of
from dashboards_api.fields import raw
from users.models import Membership, Project
from users.readers import basic_user, user_columns

COLUMNS = (
    "id",
    "template_name",
    "dashboard_description",
    "scope",
    "is_featured",
    "image_url",
    "deleted",
    "created_at",
    "project_id",
)
JSON = ("dashboard_filters", "dashboard_variables", "breakdown_colors", "tags", "tiles", "variables")
RAW = {f"raw_{name}": raw(name) for name in JSON}
ORDERINGS = {"template_name": "name_key", "-template_name": "-name_key"}


class TemplateQuery(NamedTuple):
    """Which templates a list is asked for, and in which order (a key of ORDERINGS)."""

    search: str = ""
    scope: str = ""
    is_featured: bool | None = None
    ordering: str = ""


def list_templates(
    project: Project, *, viewer: Membership, query: TemplateQuery, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """How many of the project's own and the global templates match, and one window of them."""
    found = DashboardTemplate.objects.usable_in(project).in_list_order()
    if query.search:
        found = found.matching(query.search)
    if query.scope:
        found = found.filter(scope=query.scope)
    if query.is_featured is not None:
        found = found.filter(is_featured=query.is_featured)
    if query.ordering:
        found = found.order_by(ORDERINGS[query.ordering], "id")
    count = found.count()
    ids = ids_on_page(found, size_of(*JSON, "dashboard_description"), limit=limit, offset=offset)
    rows = {row["id"]: row for row in _columns(DashboardTemplate.objects.filter(pk__in=ids))}
    return count, [_row(rows[id_], viewer) for id_ in ids if id_ in rows]


def read_template(
    template_id: uuid.UUID, *, project: Project, viewer: Membership, include_deleted: bool = False
) -> dict[str, Any]:
    """One template (component DashboardTemplate). Raises DashboardTemplateMissing."""
    found = DashboardTemplate.objects.visible_in(project).filter(pk=template_id)
    row = _columns(found if include_deleted else found.not_deleted()).first()
    if row is None:
        raise DashboardTemplateMissing
    return _row(row, viewer)


def _columns(found: Any) -> Any:
    return found.annotate(**RAW).values(*COLUMNS, *RAW, *user_columns("created_by"))


def _row(row: dict[str, Any], viewer: Membership) -> dict[str, Any]:
    template = {column: row[column] for column in COLUMNS}
    team_id = template.pop("project_id")
    author = basic_user(tuple(row[column] for column in user_columns("created_by")))
    return {
        **template,
        "team_id": team_id,
        # A global template is seen from other projects, which its author is not known in.
        "created_by": author if team_id == viewer.project_id else None,
        "availability_contexts": [],
        **{name: orjson.Fragment(row[f"raw_{name}"] or "null") for name in JSON},
    }
