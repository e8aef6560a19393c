"""What dashboards show now, and what was written down of them last, in one statement."""

import uuid
from collections.abc import Collection
from typing import Any, NamedTuple

import orjson
from django.db.models import Aggregate, F, Func, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast

from dashboards.history import State, completed
from dashboards.models import Activity, Dashboard, Revision, RevisionKind, Tile
from dashboards.models.dashboard import DashboardQuerySet
from dashboards.services.changes import BUTTON_FIELDS, CONTENT_FIELDS, DISPLAY_FIELDS
from dashboards_api.fields import raw
from dashboards_api.prepared import Prepared, number

_FIELDS = (*CONTENT_FIELDS, "restriction_level", "deleted")
_SHARING = ("enabled", "settings", "password_required")
# Read as text: what reads it here is faster than the field.
_JSON = {"tags": raw("tag_names"), **{field: raw(field) for field in ("filters", "variables", "breakdown_colors")}}
_COLUMNS = tuple(f"raw_{field}" if field in _JSON else field for field in _FIELDS)
_TEXT, _BUTTON = ("id", "body"), ("id", *BUTTON_FIELDS)
_DISPLAY = ("layouts", *DISPLAY_FIELDS)
_TILE_COLUMNS = ("id", "insight", *(f"text__{each}" for each in _TEXT), *(f"button__{each}" for each in _BUTTON))


class Shown(NamedTuple):
    """What a dashboard shows, at which revision, and what was written down of it last."""

    dashboard_id: int
    project_id: int
    revision: int
    state: State
    before: State | None


def states(dashboard_ids: Collection[int]) -> list[Shown]:
    """What these dashboards show, in one statement."""
    if not dashboard_ids:
        return []
    if len(dashboard_ids) == 1:
        [id_] = dashboard_ids
        rows = _ONE.rows(id=id_)
    else:
        rows = list(_shown(Dashboard.objects.filter(pk__in=dashboard_ids)).order_by("pk"))
    return [
        Shown(row[0], row[1], row[2], _state(row[3:-1]), None if row[-1] is None else completed(orjson.loads(row[-1])))
        for row in rows
    ]


class _JSONRow(Func):
    """Columns as a JSON array."""

    function = "JSON_BUILD_ARRAY"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_ARRAY", **extra)


class _JSONRows(Aggregate):
    """Such rows as one JSON array."""

    function = "JSON_AGG"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)


def _shown(found: DashboardQuerySet) -> Any:
    """The columns of a state, after what it is of and before what was written down last."""
    before = Activity.objects.versions_of(OuterRef("pk")).order_by("-version").values(text=raw("state"))[:1]
    rows = found.annotate(
        **{f"raw_{field}": column for field, column in _JSON.items()},
        raw_settings=raw("sharing_configuration__settings"),
        revision=Revision.objects.column_of("number", RevisionKind.DASHBOARD, OuterRef("pk")),
        tile_rows=Subquery(_tiles()),
        before=Subquery(before),
    )
    sharing = ("sharing_configuration__enabled", "raw_settings", "sharing_configuration__password_required")
    return rows.values_list("pk", "project_id", "revision", *_COLUMNS, *sharing, "tile_rows", "before")


_ONE = Prepared(lambda: _shown(Dashboard.objects.filter(pk=number("id"))))


def _tiles() -> Any:
    """The tiles that a dashboard has, or had when it was deleted, as one value."""
    # Of a JSON column the text, as it is stored.
    columns = [F(each) for each in (*_TILE_COLUMNS, *_DISPLAY)]
    return (
        Tile.objects.filter(dashboard=OuterRef("pk"))
        .filter(Q(deleted=False) | Q(deletion_id=OuterRef("deletion_id")))
        .order_by()
        .values("dashboard")
        .annotate(rows=Cast(_JSONRows(_JSONRow(*columns)), TextField()))
        .values("rows")
    )


def _state(columns: tuple[Any, ...]) -> State:
    state = dict(zip(_FIELDS, columns, strict=False))
    for field in _JSON:
        state[field] = orjson.loads(state[field])
    enabled, settings, is_locked = columns[len(_FIELDS) : -1]
    shared = (bool(enabled), None if settings is None else orjson.loads(settings), is_locked)
    state["sharing"] = dict(zip(_SHARING, shared, strict=True))
    tiles = sorted(orjson.loads(columns[-1] or "[]"))
    state["tiles"] = {str(tile[0]): _tile(tile) for tile in tiles}
    return state


def _tile(row: list[Any]) -> State:
    _, insight, text_id, body, button_id, *rest = row
    button, display = rest[: len(_BUTTON) - 1], dict(zip(_DISPLAY, rest[len(_BUTTON) - 1 :], strict=True))
    tile: State = {}
    if insight is not None:
        tile["insight"] = insight
    elif text_id is not None:
        tile["text"] = dict(zip(_TEXT, (text_id, body), strict=True))
    else:
        tile["button_tile"] = dict(zip(_BUTTON, (str(uuid.UUID(button_id)), *button), strict=True))
    for column in ("layouts", "filters_overrides"):
        display[column] = orjson.loads(display[column])
    for column in ("show_description", "transparent_background"):
        display[column] = None if display[column] is None else bool(display[column])
    return {**tile, **display}
