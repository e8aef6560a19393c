"""Read the list of a project's dashboards, one page at a time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
from django.db.models import BooleanField, Func, Q, Value

from dashboards.access import may_edit
from dashboards.models import Dashboard, Revision, RevisionKind, fold
from dashboards.models.dashboard import NAME_KEY_MAX_LENGTH
from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards.readers.dashboards import DashboardRow, build_dashboards
from dashboards.readers.page_sizes import build_size_expression, count_fitting_rows, null_if_large
from dashboards_api.db.compiled_queries import CompiledQuery, NamedQuery, Param, get_columns, int_param, text_param
from dashboards_api.db.fields import raw_json
from dashboards_api.limits import DESCRIPTION_MAX_LENGTH, MAX_TAGS, PAGE_MAX_LENGTH
from users.models import Membership, Project


class ListOrder(StrEnum):
    """The orders of a list of dashboards. The default sort keys are exact match of a search, pinned, and name."""

    DEFAULT = ""
    NEWEST = "created"
    LAST_VIEWED = "viewed"


class ListQuery(NamedTuple):
    """The filters and the order of a list of dashboards."""

    search: str = ""
    pinned: bool | None = None
    tags: tuple[str, ...] = ()
    creation_mode: str = ""
    created_by: tuple[int, ...] = ()
    exclude_generated: bool = False
    folder: str = ""
    deleted: bool = False
    order: ListOrder = ListOrder.DEFAULT


DEFAULT_QUERY = ListQuery()

# The maximum size of a row without its strings, in characters.
ROW_SIZE = 2_000
# The strings of a row, or null for strings that exceed the limits. These strings are older than the limits. They
# are read separately.
_TAGS_MAX_LENGTH = MAX_TAGS * (TAG_MAX_LENGTH + len('"",'))
LIST_TEXTS = {
    "list_description": null_if_large("description", DESCRIPTION_MAX_LENGTH),
    "list_tag_names": null_if_large("tag_names", _TAGS_MAX_LENGTH),
}
# The number of rows that fit on any page if no text exceeds its limit.
ROWS_THAT_FIT = PAGE_MAX_LENGTH // (DESCRIPTION_MAX_LENGTH + _TAGS_MAX_LENGTH + ROW_SIZE)
_ALIASES = {"description": "list_description", "raw_tag_names": "list_tag_names"}
LIST_COLUMNS = [_ALIASES.get(column, column) for column in get_columns(DashboardRow)]


class Cursor(NamedTuple):
    """The dashboard after which a page of the list begins, for keyset pagination.

    Clients send the cursor back together with the offset.
    """

    offset: int
    pinned: bool
    name_key: str
    id: int

    def encode(self) -> str:
        """Return the cursor as the value of a query parameter."""
        return urlsafe_b64encode(orjson.dumps(tuple(self))).decode().rstrip("=")


def decode_cursor(token: str, offset: int) -> Cursor | None:
    """Return the cursor in a token, or None if the token is malformed or was created for another offset.

    Without a cursor, the page is found by its offset, which is slower.
    """
    try:
        cursor = Cursor(*orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4))))
    except (ValueError, TypeError):
        return None
    has_types = [type(part) for part in cursor] == [int, bool, str, int] and "\0" not in cursor.name_key
    return cursor if has_types and cursor.offset == offset and -(2**63) <= cursor.id < 2**63 else None


class RowGreaterThan(Func):
    """A row value comparison, `(a, b) > (c, d)`, which uses an index of both columns."""

    arity = 4
    template = "%(expressions)s"
    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]  # Django's stub has a narrower signature
        compiled = [compiler.compile(each) for each in self.source_expressions]
        columns, values = ", ".join(sql for sql, _ in compiled[:2]), ", ".join(sql for sql, _ in compiled[2:])
        return f"(({columns}) > ({values}))", [param for _, params in compiled for param in params]


def _select_default() -> Any:
    """Return the dashboards of a list without filters."""
    return Dashboard.objects.filter(project_id=int_param("project")).not_deleted().listed()


def _select(found: Any, project: Param | int, viewer: Param | int) -> Any:
    """Return the columns of `DashboardRow`, with the state of the list."""
    state = {
        "revision": Revision.objects.column_subquery("number", RevisionKind.LIST, project),
        "list_total": Revision.objects.column_subquery("live", RevisionKind.LIST, project),
    }
    annotated = found.with_is_collaborator(viewer).annotate(**LIST_TEXTS, **state)
    return annotated.in_list_order().values_list(*LIST_COLUMNS)


def _is_after_cursor() -> RowGreaterThan:
    return RowGreaterThan("name_key", "id", text_param("name_key"), int_param("id"))


class ListState(NamedTuple):
    """The number of dashboards in the list of a project, and the version of the list."""

    total: int
    revision: int


_FIRST = NamedQuery(DashboardRow, lambda: _select(_select_default(), int_param("project"), int_param("viewer")))
# Pinned dashboards are sorted first. There are few of them, so the second condition needs no index of its own.
_AFTER_PINNED = NamedQuery(
    DashboardRow,
    lambda: _select(
        _select_default().filter(Q(pinned=False) | Q(_is_after_cursor())), int_param("project"), int_param("viewer")
    ),
)
_AFTER_OTHERS = NamedQuery(
    DashboardRow,
    lambda: _select(
        _select_default().filter(_is_after_cursor(), pinned=False), int_param("project"), int_param("viewer")
    ),
)
_IDS = CompiledQuery(lambda: _select_default().in_list_order().values_list("pk"))
_IDS_FROM_THE_END = CompiledQuery(lambda: _select_default().order_by("pinned", "-name_key", "-id").values_list("pk"))
_STATE = NamedQuery(
    ListState, lambda: Revision.objects.of(RevisionKind.LIST, int_param("project")).values_list("live", "number")
)


class Page(NamedTuple):
    """The number of dashboards that match, one page of them (component DashboardBasic), and the version of the list.

    `after` is the cursor of the next page, so the rows before that page need not be counted.
    """

    total: int
    rows: list[dict[str, Any]]
    revision: int
    after: str = ""


def read_list_state(project_id: int) -> ListState:
    """Return the size and the version of a project's list of dashboards."""
    rows = _STATE.rows(project=project_id)
    return rows[0] if rows else ListState(0, 0)


def list_dashboards(
    project: Project, *, viewer: Membership, query: ListQuery, limit: int, offset: int, after: str = ""
) -> Page:
    """Return a page of the dashboards of a project. `after` is the cursor from the previous page."""
    if query == DEFAULT_QUERY:
        return _read_default_page(viewer, limit, offset, decode_cursor(after, offset) if after else None)
    revision = read_list_state(project.pk).revision
    found = _apply_query(Dashboard.objects.in_project(project).filter(deleted=query.deleted), query, project)
    count = found.count()
    if offset >= count:
        return Page(count, [], revision)
    annotated = found.with_is_collaborator(viewer.pk).annotate(
        **LIST_TEXTS, revision=Value(revision), list_total=Value(0)
    )
    rows = _fit_page(
        list(map(DashboardRow._make, _order(annotated, query).values_list(*LIST_COLUMNS)[offset : offset + limit]))
    )
    built = build_dashboards(rows, viewer)
    return Page(
        count, [{**row, "search_match_type": _match_type(row["name"], query.search)} for row in built], revision
    )


class EditableDashboards(NamedTuple):
    """The ids and names of the editable dashboards among the first of a list, and whether more dashboards follow."""

    names: list[tuple[int, str]]
    has_more: bool


def list_editable_dashboards(project: Project, *, viewer: Membership, limit: int) -> EditableDashboards:
    """Return the dashboards that the member may edit among the first `limit` dashboards of the list."""
    found: Any = Dashboard.objects.in_project(project).not_deleted().listed().with_is_collaborator(viewer.pk)
    rows = list(found.in_list_order().only("name", "created_by", "restriction_level")[: limit + 1])
    names = [(each.pk, each.name) for each in rows[:limit] if may_edit(each, viewer)]
    return EditableDashboards(names, len(rows) > limit)


def _order(found: Any, query: ListQuery) -> Any:
    match query.order:
        case ListOrder.NEWEST:
            return found.newest_first()
        case ListOrder.LAST_VIEWED:
            return found.last_viewed_first()
    return found.in_search_order(query.search) if query.search else found.in_list_order()


def _read_default_page(viewer: Membership, limit: int, offset: int, cursor: Cursor | None) -> Page:
    """Return a page of the list without filters. The total is stored, so no rows are counted."""
    values: dict[str, Any] = {"project": viewer.project_id, "viewer": viewer.pk, "limit": limit}
    state: ListState | None = None
    if cursor:
        following = _AFTER_PINNED if cursor.pinned else _AFTER_OTHERS
        rows = following.rows(**values, name_key=cursor.name_key, id=cursor.id)
    elif offset == 0:
        rows = _FIRST.rows(**values)
    else:
        state = read_list_state(viewer.project_id)
        rows = _read_page_at_offset(viewer, limit, offset, state.total)
    if rows:
        state = ListState(rows[0].list_total, rows[0].revision)
    elif state is None:
        state = read_list_state(viewer.project_id)
    built = build_dashboards(_fit_page(rows), viewer)
    for row in built:
        row["search_match_type"] = None
    return Page(state.total, built, state.revision, _build_next_cursor(built[-1], offset + len(built)) if built else "")


def _fit_page(rows: list[DashboardRow]) -> list[DashboardRow]:
    """Return the rows that fit on one page, including the strings that were too large for the first query."""
    large = [row.id for row in rows if row.description is None or row.raw_tag_names is None]
    if not large and len(rows) <= ROWS_THAT_FIT:
        return rows
    sizes: dict[int, int] = {}
    if large:
        found = Dashboard.objects.filter(pk__in=large).values_list(
            "pk", build_size_expression("description", "tag_names")
        )
        sizes.update(found)
    known = (sizes[row.id] if row.id in sizes else len(row.description) + len(row.raw_tag_names) for row in rows)
    rows = rows[: count_fitting_rows(size + ROW_SIZE for size in known)]
    texts = Dashboard.objects.filter(pk__in={row.id for row in rows} & sizes.keys())
    whole = {
        pk: {"description": description, "raw_tag_names": tags}
        for pk, description, tags in texts.values_list("pk", "description", raw_json("tag_names"))
    }
    return [row._replace(**whole[row.id]) if row.id in whole else row for row in rows]


def _read_page_at_offset(viewer: Membership, limit: int, offset: int, total: int) -> list[DashboardRow]:
    """Return the page at an offset. Its ids are read from an index, from the nearer end of the list."""
    size = min(limit, total - offset)
    if size <= 0:
        return []
    from_end = total - offset - size
    if from_end < offset:
        ids = _IDS_FROM_THE_END.rows(project=viewer.project_id, limit=size, offset=from_end)
    else:
        ids = _IDS.rows(project=viewer.project_id, limit=size, offset=offset)
    found = Dashboard.objects.filter(pk__in=[id_ for (id_,) in ids])
    return list(map(DashboardRow._make, _select(found, viewer.project_id, viewer.pk)))


def _build_next_cursor(row: dict[str, Any], offset: int) -> str:
    return Cursor(offset, row["pinned"], fold(row["name"])[:NAME_KEY_MAX_LENGTH], row["id"]).encode()


def _apply_query(found: Any, query: ListQuery, project: Project) -> Any:
    found = found.filter(creation_mode=query.creation_mode) if query.creation_mode else found.listed()
    if query.search:
        found = found.search(query.search)
    if query.pinned is not None:
        found = found.filter(pinned=query.pinned)
    if query.tags:
        found = found.with_any_tag(query.tags, project)
    if query.exclude_generated:
        found = found.not_generated()
    if query.created_by:
        found = found.filter(created_by__in=query.created_by)
    if query.folder:
        found = found.in_folder(query.folder)
    return found


def _match_type(name: str, search: str) -> str | None:
    """Return the type of a match with a search: `exact` for the whole name, else `similar`."""
    if not search:
        return None
    return "exact" if fold(name) == fold(search) else "similar"
