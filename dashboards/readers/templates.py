"""Read stored and built-in templates."""

import uuid
from functools import cache
from typing import Any, NamedTuple

import orjson
from django.db.models import Count, Q

from dashboards.exceptions import DashboardTemplateNotFound
from dashboards.models import DashboardTemplate, TemplateScope
from dashboards.models.dashboard import fold
from dashboards.models.template import DashboardTemplateQuerySet
from dashboards.readers.page_sizes import build_size_expression, read_page_ids
from dashboards.template_documents.documents import get_builtin_ids, read_builtin_templates
from dashboards_api.db.fields import dump_json, raw_json
from users.models import Membership, Project
from users.readers import build_basic_user, get_user_columns

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
CONTENT = ("template_name", "dashboard_description", *JSON)
RAW = {f"raw_{name}": raw_json(name) for name in JSON}
ORDERINGS = {"template_name": "name_key", "-template_name": "-name_key"}


class TemplateQuery(NamedTuple):
    """The filters of a list of templates, and its order (a key of ORDERINGS)."""

    search: str = ""
    scope: str = ""
    is_featured: bool | None = None
    ordering: str = ""


def list_templates(
    project: Project, *, viewer: Membership, query: TemplateQuery, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return the number of templates that match, and one page of them.

    Built-in templates have no rows, so their positions are derived from the number of rows that precede them.
    """
    found = _apply_query(DashboardTemplate.objects.usable_in(project), query)
    builtins = _find_builtins(query)
    before = {
        f"before_{index}": Count("pk", filter=_build_preceding_condition(each, query))
        for index, each in enumerate(builtins)
    }
    counts = found.aggregate(total=Count("pk"), **before)
    places = [counts[name] + index for index, name in enumerate(before)]
    start = offset - sum(place < offset for place in places)
    shown = {place: each for place, each in zip(places, builtins, strict=True) if offset <= place < offset + limit}
    rows = _read_page(found, viewer, limit=limit - len(shown), offset=start)
    for place, each in shown.items():
        if place - offset <= len(rows):  # otherwise the page ended before its position
            rows.insert(place - offset, _build_builtin(each))
    return counts["total"] + len(builtins), rows


def _read_page(
    found: DashboardTemplateQuerySet, viewer: Membership, *, limit: int, offset: int
) -> list[dict[str, Any]]:
    """Return one page of stored templates. The page ends early if the templates are large."""
    ids = read_page_ids(found, build_size_expression(*JSON, "dashboard_description"), limit=limit, offset=offset)
    rows = {row["id"]: row for row in _select(DashboardTemplate.objects.filter(pk__in=ids))}
    return [_build_template(rows[id_], viewer) for id_ in ids if id_ in rows]


def _apply_query(found: DashboardTemplateQuerySet, query: TemplateQuery) -> DashboardTemplateQuerySet:
    found = found.search(query.search) if query.search else found.in_list_order()
    if query.scope:
        found = found.filter(scope=query.scope)
    if query.is_featured is not None:
        found = found.filter(is_featured=query.is_featured)
    return found.order_by(ORDERINGS[query.ordering], "id") if query.ordering else found


@cache
def _build_builtin_rows() -> list[DashboardTemplate]:
    """Return the built-in templates as unsaved rows."""
    found = []
    for id_, key in get_builtin_ids().items():
        document = {name: value for name, value in read_builtin_templates()[key].items() if name in CONTENT}
        template = DashboardTemplate(id=id_, scope=TemplateScope.GLOBAL, **document)
        template.derive()
        found.append(template)
    return found


def _find_builtins(query: TemplateQuery) -> list[DashboardTemplate]:
    """Return the built-in templates that match, in the order of the list. Built-in templates are never featured."""
    if query.is_featured or query.scope not in ("", TemplateScope.GLOBAL):
        return []
    found = [each for each in _build_builtin_rows() if fold(query.search) in each.search_text]
    found.sort(key=lambda each: each.name_key, reverse=query.ordering.startswith("-"))
    return found if query.ordering else sorted(found, key=lambda each: _get_rank(each, query))


def _get_rank(builtin: DashboardTemplate, query: TemplateQuery) -> int:
    """Return the `rank` of a search, as `DashboardTemplateQuerySet.search` annotates it."""
    key = fold(query.search)
    return 0 if key in builtin.name_key else 1 if key in builtin.tags_key else 2


def _build_preceding_condition(builtin: DashboardTemplate, query: TemplateQuery) -> Q:
    """Return the condition for rows that precede a built-in template in the list."""
    if query.ordering:
        way = "gt" if query.ordering.startswith("-") else "lt"
        return Q(**{f"name_key__{way}": builtin.name_key})
    before = Q(is_featured=True) | Q(name_key__lt=builtin.name_key)
    rank = _get_rank(builtin, query)
    return Q(rank__lt=rank) | Q(before, rank=rank) if query.search else before


def _build_builtin(template: DashboardTemplate) -> dict[str, Any]:
    columns = {column: getattr(template, column) for column in COLUMNS if column != "project_id"}
    document = {name: orjson.Fragment(dump_json(getattr(template, name))) for name in JSON}
    around: dict[str, Any] = {"created_at": None, "team_id": None, "created_by": None, "availability_contexts": []}
    return {**columns, **around, **document}


def read_template(
    template_id: uuid.UUID, *, project: Project, viewer: Membership, include_deleted: bool = False
) -> dict[str, Any]:
    """Return one template (component DashboardTemplate). Raises DashboardTemplateNotFound."""
    for builtin in _build_builtin_rows():
        if builtin.pk == template_id:
            return _build_builtin(builtin)
    found = DashboardTemplate.objects.visible_in(project).filter(pk=template_id)
    row = _select(found if include_deleted else found.not_deleted()).first()
    if row is None:
        raise DashboardTemplateNotFound
    return _build_template(row, viewer)


def _select(found: Any) -> Any:
    return found.annotate(**RAW).values(*COLUMNS, *RAW, *get_user_columns("created_by"))


def _build_template(row: dict[str, Any], viewer: Membership) -> dict[str, Any]:
    template = {column: row[column] for column in COLUMNS}
    team_id = template.pop("project_id")
    author = build_basic_user(tuple(row[column] for column in get_user_columns("created_by")))
    return {
        **template,
        "team_id": team_id,
        # Members of other projects see global templates, but must not see their authors.
        "created_by": author if team_id == viewer.project_id else None,
        "availability_contexts": [],
        **{name: orjson.Fragment(row[f"raw_{name}"] or "null") for name in JSON},
    }
