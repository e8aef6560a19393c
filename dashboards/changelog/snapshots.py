"""Loading of dashboard snapshots. One statement reads the current values and the latest version in the log."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from django.db.models import Aggregate, F, Func, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast

from dashboards.changelog.diff import Snapshot, fill_added_fields
from dashboards.changelog.versions import Delta, apply_deltas, load_deltas
from dashboards.models import Activity, Dashboard, Revision, RevisionKind, Tile
from dashboards.models.dashboard import DashboardQuerySet
from dashboards.tracked_fields import BUTTON_FIELDS, DASHBOARD_FIELDS, TILE_FIELDS
from dashboards_api.db.compiled_queries import CompiledQuery, int_param
from dashboards_api.db.fields import raw_json

# The JSON fields that determine the size of a dashboard.
FREE_JSON = ("filters", "variables", "breakdown_colors")
FREE_JSON_OF_TILE = ("layouts", "filters_overrides")
_FIELDS = (*DASHBOARD_FIELDS, "restriction_level", "deleted")
_SHARING = ("enabled", "settings", "password_required")
# JSON is read as text, which is faster than conversion by the model fields.
_JSON = {"tags": raw_json("tag_names"), **{field: raw_json(field) for field in FREE_JSON}}
_COLUMNS = tuple(f"raw_{field}" if field in _JSON else field for field in _FIELDS)
_TEXT = ("id", "body")
_BUTTON = ("id", *BUTTON_FIELDS)
_TILE_COLUMNS = ("id", "insight", *(f"text__{each}" for each in _TEXT), *(f"button__{each}" for each in _BUTTON))
# The positions of the free JSON in rows of dashboards and of tiles.
_FREE_JSON_POSITIONS = [_FIELDS.index(field) for field in FREE_JSON]
_FREE_JSON_OF_TILE_POSITIONS = [len(_TILE_COLUMNS) + TILE_FIELDS.index(field) for field in FREE_JSON_OF_TILE]


class Deltas(NamedTuple):
    """The number and the total size of the versions since the latest whole version."""

    length: int = 0
    size: int = 0


class DashboardSnapshot(NamedTuple):
    """The current and the latest logged snapshot of a dashboard.

    `size` is the approximate length of the current snapshot as text. `json_size` is the length of its free JSON.
    """

    dashboard_id: int
    project_id: int
    version: int
    current: Snapshot
    size: int
    json_size: int
    previous: Snapshot | None
    deltas: Deltas


def load_snapshots(dashboard_ids: Collection[int]) -> list[DashboardSnapshot]:
    """Return the snapshots of dashboards.

    A second statement is needed if the latest version of a dashboard stores only its changes.
    """
    if not dashboard_ids:
        return []
    if len(dashboard_ids) == 1:
        [id_] = dashboard_ids
        rows = _ONE.rows(id=id_)
    else:
        rows = list(_select_snapshots(Dashboard.objects.filter(pk__in=dashboard_ids)).order_by("pk"))
    deltas: dict[int, list[Delta]] = {}
    if partial := [id_ for id_, *_, whole_version, latest_version in rows if whole_version != latest_version]:
        for delta in load_deltas(partial):
            deltas.setdefault(delta[0], []).append(delta)
    return [_build_dashboard_snapshot(row, deltas) for row in rows]


def _build_dashboard_snapshot(row: tuple[Any, ...], all_deltas: Mapping[int, list[Delta]]) -> DashboardSnapshot:
    id_, project_id, version, *columns, tile_rows, logged, _, _ = row
    tiles = sorted(orjson.loads(tile_rows or "[]"))
    deltas = all_deltas.get(id_, [])
    previous = None if logged is None else fill_added_fields(orjson.loads(logged))
    if previous is not None and deltas:
        previous = apply_deltas(previous, [changes for _, changes, _ in deltas])
    json_size = sum(len(columns[position]) for position in _FREE_JSON_POSITIONS)
    json_size += sum(len(tile[position]) for tile in tiles for position in _FREE_JSON_OF_TILE_POSITIONS)
    return DashboardSnapshot(
        dashboard_id=id_,
        project_id=project_id,
        version=version,
        current=_build_snapshot(columns, tiles),
        size=sum(len(column) for column in (*columns, tile_rows) if isinstance(column, str)),
        json_size=json_size,
        previous=previous,
        deltas=Deltas(len(deltas), sum(size for _, _, size in deltas)),
    )


class _JSONRow(Func):
    """Columns as one JSON array."""

    function = "JSON_BUILD_ARRAY"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_ARRAY", **extra)


class _JSONRows(Aggregate):
    """Rows as one JSON array."""

    function = "JSON_AGG"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **extra)


# The live tiles of a dashboard, and the tiles that were deleted together with it, as one JSON array.
_TILES = (
    Tile.objects.filter(dashboard=OuterRef("pk"))
    .filter(Q(deleted=False) | Q(deletion_id=OuterRef("deletion_id")))
    .order_by()
    .values("dashboard")
    .annotate(rows=Cast(_JSONRows(_JSONRow(*(F(each) for each in (*_TILE_COLUMNS, *TILE_FIELDS)))), TextField()))
    .values("rows")
)
_VERSIONS = Activity.objects.versions_of(OuterRef("pk")).order_by("-version")
_WHOLE_VERSIONS = _VERSIONS.with_snapshot()
_ANNOTATIONS = {
    **{f"raw_{field}": column for field, column in _JSON.items()},
    "raw_settings": raw_json("sharing_configuration__settings"),
    "revision": Revision.objects.column_subquery("number", RevisionKind.DASHBOARD, OuterRef("pk")),
    "tile_rows": Subquery(_TILES),
    "before": Subquery(_WHOLE_VERSIONS.values(text=raw_json("state"))[:1]),
    "whole_version": Subquery(_WHOLE_VERSIONS.values("version")[:1]),
    "latest_version": Subquery(_VERSIONS.values("version")[:1]),
}


def _select_snapshots(found: DashboardQuerySet) -> Any:
    """Return a query for the rows that `_build_dashboard_snapshot` reads."""
    sharing = ("sharing_configuration__enabled", "raw_settings", "sharing_configuration__password_required")
    logged = ("before", "whole_version", "latest_version")
    columns = ("pk", "project_id", "revision", *_COLUMNS, *sharing, "tile_rows", *logged)
    return found.annotate(**_ANNOTATIONS).values_list(*columns)


_ONE = CompiledQuery(lambda: _select_snapshots(Dashboard.objects.filter(pk=int_param("id"))))


def build_tile_snapshot(tile: Tile) -> Snapshot:
    """Return the part of a snapshot that describes a tile with an insight."""
    return {"insight": tile.insight_id, **{column: getattr(tile, column) for column in TILE_FIELDS}}


def _build_snapshot(columns: Sequence[Any], tiles: list[list[Any]]) -> Snapshot:
    snapshot: Snapshot = dict(zip(_FIELDS, columns, strict=False))
    for field in _JSON:
        snapshot[field] = orjson.loads(snapshot[field])
    enabled, settings, is_locked = columns[len(_FIELDS) :]
    shared = (bool(enabled), None if settings is None else orjson.loads(settings), is_locked)
    snapshot["sharing"] = dict(zip(_SHARING, shared, strict=True))
    snapshot["tiles"] = _build_tiles(tiles)
    return snapshot


def _build_tiles(rows: list[list[Any]]) -> dict[str, Snapshot]:
    tiles: dict[str, Snapshot] = {}
    for id_, insight, text_id, body, button_id, *rest in rows:
        button, display = rest[: len(_BUTTON) - 1], dict(zip(TILE_FIELDS, rest[len(_BUTTON) - 1 :], strict=True))
        content: Snapshot
        if insight is not None:
            content = {"insight": insight}
        elif text_id is not None:
            content = {"text": dict(zip(_TEXT, (text_id, body), strict=True))}
        else:
            content = {"button_tile": dict(zip(_BUTTON, (str(uuid.UUID(button_id)), *button), strict=True))}
        for column in FREE_JSON_OF_TILE:
            display[column] = {} if display[column] == "{}" else orjson.loads(display[column])
        for column in ("show_description", "transparent_background"):
            display[column] = None if display[column] is None else bool(display[column])
        tiles[str(id_)] = {**content, **display}
    return tiles
