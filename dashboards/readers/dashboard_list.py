"""The list of a project's dashboards, a page at a time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, NamedTuple

import orjson
from django.db.models import BooleanField, Func, Q

from dashboards.models import Dashboard, Revision, RevisionKind, fold
from dashboards.models.dashboard import NAME_KEY_MAX_LENGTH
from dashboards.models.tag import TAG_MAX_LENGTH
from dashboards.readers.dashboards import BASIC_COLUMNS, basic_rows
from dashboards.readers.page_sizes import fitting, size_of, unless_large
from dashboards_api.db.compiled_queries import CompiledQuery, Param, int_param, text_param
from dashboards_api.db.fields import raw_json
from dashboards_api.limits import DESCRIPTION_MAX_LENGTH, PAGE_MAX_LENGTH, TAGS_MAX
from users.models import Membership, Project


class ListQuery(NamedTuple):
    """Which dashboards a list is asked for."""

    search: str = ""
    pinned: bool | None = None
    tags: tuple[str, ...] = ()
    creation_mode: str = ""
    created_by: tuple[int, ...] = ()
    exclude_generated: bool = False
    folder: str = ""
    deleted: bool = False


PLAIN = ListQuery()

# What a row has beside its texts, at most, in characters.
ROW_SIZE = 2_000
# The texts of a row, where they are no larger than they can be made; larger ones are of before the limits.
_TAGS_MAX_LENGTH = TAGS_MAX * (TAG_MAX_LENGTH + len('"",'))
LIST_TEXTS = {
    "list_description": unless_large("description", DESCRIPTION_MAX_LENGTH),
    "list_tag_names": unless_large("tag_names", _TAGS_MAX_LENGTH),
}
# So many rows fit on any page, unless one of their texts is too large.
ROWS_THAT_FIT = PAGE_MAX_LENGTH // (DESCRIPTION_MAX_LENGTH + _TAGS_MAX_LENGTH + ROW_SIZE)
_LISTED = {"description": "list_description", "raw_tag_names": "list_tag_names"}
LIST_COLUMNS = tuple(_LISTED.get(column, column) for column in BASIC_COLUMNS)
_DESCRIPTION, _TAGS = map(LIST_COLUMNS.index, LIST_TEXTS)


class Position(NamedTuple):
    """Where in the list a page begins: behind this dashboard. A client sends it on as it got it, beside the offset."""

    offset: int
    pinned: bool
    name_key: str
    id: int

    def token(self) -> str:
        return urlsafe_b64encode(orjson.dumps(tuple(self))).decode().rstrip("=")


def position_in(token: str, offset: int) -> Position | None:
    """The position of a token that belongs to this offset; a client that counts on by itself has its plain offset."""
    try:
        parts = orjson.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        position = Position(*parts)
    except (ValueError, TypeError):
        return None
    is_one = [type(part) for part in position] == [int, bool, str, int] and "\0" not in position.name_key
    return position if is_one and position.offset == offset and -(2**63) <= position.id < 2**63 else None


class _Behind(Func):
    """Whether a dashboard lies behind a name and an id: compared as rows, so that an index leads there."""

    arity = 4
    template = "%(expressions)s"
    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        compiled = [compiler.compile(each) for each in self.source_expressions]
        columns, values = ", ".join(sql for sql, _ in compiled[:2]), ", ".join(sql for sql, _ in compiled[2:])
        return f"(({columns}) > ({values}))", [param for _, params in compiled for param in params]


def _plain() -> Any:
    """The dashboards that a list shows to who asks for no others."""
    return Dashboard.objects.filter(project_id=int_param("project")).not_deleted().listed()


def _rows(found: Any, project: Param | int, viewer: Param | int) -> Any:
    """What `_page` takes: the columns of a basic row, and what the list is known by."""
    state = {
        "live": Revision.objects.column_subquery("live", RevisionKind.LIST, project),
        "revision": Revision.objects.column_subquery("number", RevisionKind.LIST, project),
    }
    seen = found.with_is_collaborator_id(viewer).annotate(**LIST_TEXTS, **state)
    return seen.in_list_order().values_list(*LIST_COLUMNS, *state)


def _behind() -> _Behind:
    return _Behind("name_key", "id", text_param("name_key"), int_param("id"))


_FIRST = CompiledQuery(lambda: _rows(_plain(), int_param("project"), int_param("viewer")))
# Pinned dashboards come first, and are few.
_AFTER_PINNED = CompiledQuery(
    lambda: _rows(_plain().filter(Q(pinned=False) | Q(_behind())), int_param("project"), int_param("viewer"))
)
_AFTER_OTHERS = CompiledQuery(
    lambda: _rows(_plain().filter(_behind(), pinned=False), int_param("project"), int_param("viewer"))
)
_IDS = CompiledQuery(lambda: _plain().in_list_order().values_list("pk"))
_IDS_FROM_THE_END = CompiledQuery(lambda: _plain().order_by("pinned", "-name_key", "-id").values_list("pk"))
_STATE = CompiledQuery(
    lambda: Revision.objects.of(RevisionKind.LIST, int_param("project")).values_list("live", "number")
)


class ListState(NamedTuple):
    """What the list of a project is known by: how many dashboards it shows, and how often it changed."""

    live: int
    revision: int


class Page(NamedTuple):
    """How many dashboards match, one window of them (component DashboardBasic), and the revision they are of.

    `after` is what the next page may begin with instead of counting all the rows before it.
    """

    total: int
    rows: list[dict[str, Any]]
    revision: int
    after: str = ""


def list_state(project_id: int) -> ListState:
    rows = _STATE.rows(project=project_id)
    return ListState(*rows[0]) if rows else ListState(0, 0)


def list_dashboards(
    project: Project, *, viewer: Membership, query: ListQuery, limit: int, offset: int, after: str = ""
) -> Page:
    """A page of the dashboards of a project; `after` is the token of the page before."""
    if query == PLAIN:
        return _plain_page(viewer, limit, offset, position_in(after, offset) if after else None)
    revision = list_state(project.pk).revision
    found = _matching(Dashboard.objects.in_project(project).filter(deleted=query.deleted), query, project)
    count = found.count()
    if offset >= count:
        return Page(count, [], revision)
    found = found.with_is_collaborator(viewer).annotate(**LIST_TEXTS)
    ordered = found.in_search_order(query.search) if query.search else found.in_list_order()
    rows = _on_page(list(ordered.values_list(*LIST_COLUMNS)[offset : offset + limit]))
    shown = [{**row, "search_match_type": _match_type(row["name"], query.search)} for row in basic_rows(rows, viewer)]
    return Page(count, shown, revision)


def _plain_page(viewer: Membership, limit: int, offset: int, position: Position | None) -> Page:
    """A page of the list that is asked for without any condition. How many there are is kept, not counted."""
    values: dict[str, Any] = {"project": viewer.project_id, "viewer": viewer.pk, "limit": limit}
    state: ListState | None = None
    if position:
        behind = _AFTER_PINNED if position.pinned else _AFTER_OTHERS
        rows = behind.rows(**values, name_key=position.name_key, id=position.id)
    elif offset == 0:
        rows = _FIRST.rows(**values)
    else:
        state = list_state(viewer.project_id)
        rows = _window(viewer, limit, offset, state.live)
    if rows:
        state = ListState(*rows[0][-2:])
    elif state is None:
        state = list_state(viewer.project_id)
    shown = basic_rows(_on_page(rows), viewer)
    for row in shown:
        row["search_match_type"] = None
    return Page(state.live, shown, state.revision, _after(shown[-1], offset + len(shown)) if shown else "")


def _on_page(rows: list[Any]) -> list[Any]:
    """The rows that fit on one page, with the texts that were too large to be read with the others."""
    large = [row[0] for row in rows if row[_DESCRIPTION] is None or row[_TAGS] is None]
    if not large and len(rows) <= ROWS_THAT_FIT:
        return rows
    sizes: dict[int, int] = {}
    if large:
        found = Dashboard.objects.filter(pk__in=large).values_list("pk", size_of("description", "tag_names"))
        sizes.update(found)
    known = (sizes[row[0]] if row[0] in sizes else len(row[_DESCRIPTION]) + len(row[_TAGS]) for row in rows)
    rows = rows[: fitting(size + ROW_SIZE for size in known)]
    texts = Dashboard.objects.filter(pk__in={row[0] for row in rows} & sizes.keys())
    whole = {pk: (text, tags) for pk, text, tags in texts.values_list("pk", "description", raw_json("tag_names"))}
    return [_with_texts(row, *whole[row[0]]) if row[0] in whole else row for row in rows]


def _with_texts(row: tuple[Any, ...], description: str, tags: str) -> tuple[Any, ...]:
    values = list(row)
    values[_DESCRIPTION], values[_TAGS] = description, tags
    return tuple(values)


def _window(viewer: Membership, limit: int, offset: int, live: int) -> list[Any]:
    """A page far from the beginning: its ids alone are counted off, in an index, from the nearer end of the list."""
    take = min(limit, live - offset)
    if take <= 0:
        return []
    back = live - offset - take
    if back < offset:
        ids = _IDS_FROM_THE_END.rows(project=viewer.project_id, limit=take, offset=back)
    else:
        ids = _IDS.rows(project=viewer.project_id, limit=take, offset=offset)
    return list(_rows(Dashboard.objects.filter(pk__in=[id_ for (id_,) in ids]), viewer.project_id, viewer.pk))


def _after(row: dict[str, Any], offset: int) -> str:
    return Position(offset, row["pinned"], fold(row["name"])[:NAME_KEY_MAX_LENGTH], row["id"]).token()


def _matching(found: Any, query: ListQuery, project: Project) -> Any:
    found = found.filter(creation_mode=query.creation_mode) if query.creation_mode else found.listed()
    if query.search:
        found = found.matching(query.search)
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
    """How a dashboard matches a search: `exact` by its whole name, else `similar`."""
    if not search:
        return None
    return "exact" if fold(name) == fold(search) else "similar"
