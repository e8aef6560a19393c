"""Writing down what a transaction did: an act for each dashboard and insight that is another one than before.

Two statements for what is done to a few dashboards. One reads what each of them shows now, and what it showed when it
was written down last; the other writes the acts. What is equal to before is no act.
"""

import uuid
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple

import orjson
from django.db.models import Aggregate, Count, F, Func, OuterRef, Q, Subquery, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from dashboards.exceptions import TooManyTiles
from dashboards.history import Change, State, differences, name_of
from dashboards.models import Activity, ActivityName, ActivityScope, Dashboard, Insight, Revision, RevisionKind, Tile
from dashboards.models.dashboard import DashboardQuerySet
from dashboards.services.changes import BUTTON_FIELDS, CONTENT_FIELDS, DISPLAY_FIELDS, INSIGHT_FIELDS
from dashboards_api.fields import dumps, raw
from dashboards_api.prepared import Prepared, number
from users.models import Membership

TILES_MAX = 1000
# Of how many dashboards what they show is in memory at once.
DASHBOARDS_AT_ONCE = 20
_FIELDS = (*CONTENT_FIELDS, "restriction_level", "deleted")
_SHARING = ("enabled", "settings", "password_required")
# Read as text: what reads it here is faster than the field.
_JSON = {"tags": raw("tag_names"), **{field: raw(field) for field in ("filters", "variables", "breakdown_colors")}}
_COLUMNS = tuple(f"raw_{field}" if field in _JSON else field for field in _FIELDS)
_TEXT, _BUTTON = ("id", "body"), ("id", *BUTTON_FIELDS)
_DISPLAY = ("layouts", *DISPLAY_FIELDS)
_TILE_COLUMNS = ("id", "insight", *(f"text__{each}" for each in _TEXT), *(f"button__{each}" for each in _BUTTON))


class Act(NamedTuple):
    """What no state shows."""

    dashboard_id: int
    activity: ActivityName
    changes: list[Change]


class ChangedInsight(NamedTuple):
    """An insight with what it was, or what of it may have been changed; None where it was made."""

    insight: Insight
    before: State | None


class Done(NamedTuple):
    """What a transaction did."""

    by: Membership
    dashboards: Collection[int] = ()
    created: Collection[int] = ()
    acts: Iterable[Act] = ()
    insights: Iterable[ChangedInsight] = ()
    name: ActivityName | None = None


class Shown(NamedTuple):
    """What a dashboard shows, at which revision, and what was written down of it last."""

    dashboard_id: int
    project_id: int
    revision: int
    state: State
    before: State | None


def write_down(done: Done) -> None:
    """The acts of a transaction, in its last statements. Raises TooManyTiles for a dashboard that grew beyond them."""
    acts = {act.dashboard_id: act for act in done.acts}
    rows: list[Activity] = []  # the last part goes in one statement with the insights
    for part in _parts(done.dashboards):
        _insert(rows, done.by)
        rows = []
        for shown in states(part):
            _check_room(shown)
            act = acts.get(shown.dashboard_id)
            entry = _entry(shown, act, done)
            if entry is not None:
                rows.append(entry)
    rows += [entry for each in done.insights if (entry := _insight_entry(each, done.name))]
    _insert(rows, done.by)


def _parts(dashboard_ids: Collection[int]) -> Iterator[list[int]]:
    """The ids in order, as many at a time as may be in memory with what they show."""
    ordered = sorted(dashboard_ids)
    return (ordered[start : start + DASHBOARDS_AT_ONCE] for start in range(0, len(ordered), DASHBOARDS_AT_ONCE))


def _insert(rows: list[Activity], by: Membership) -> None:
    for row in rows:
        row.user_id = by.user_id
        if by.key is not None:
            row.key_id, row.key_label = by.key
    Activity.objects.bulk_create(rows)


def begin(dashboard_ids: Collection[int]) -> None:
    """Write down what dashboards show that have no history yet, before they are changed for the first time."""
    for part in _parts(dashboard_ids):
        rows = [_version(shown, ActivityName.RECORDED, []) for shown in states(part)]
        Activity.objects.bulk_create(rows, ignore_conflicts=True)


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
        Shown(row[0], row[1], row[2], _state(row[3:-1]), None if row[-1] is None else orjson.loads(row[-1]))
        for row in rows
    ]


def insight_state(insight: Insight) -> State:
    """What an insight is, as the log compares it."""
    return {field: _value_of(insight, field) for field in (*INSIGHT_FIELDS, "deleted", "tags")}


def _value_of(insight: Insight, field: str) -> Any:
    return insight.tag_names if field == "tags" else getattr(insight, field)


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


def check_room(dashboard_ids: Collection[int]) -> None:
    """See at once whether a dashboard became too full, and not when all is written down. Raises TooManyTiles."""
    tiles = Tile.objects.not_deleted().filter(dashboard__in=dashboard_ids).values("dashboard").annotate(n=Count("pk"))
    for shown in states(list(tiles.filter(n__gt=TILES_MAX).values_list("dashboard", flat=True))):
        _check_room(shown)


def _check_room(shown: Shown) -> None:
    """A dashboard that had too many already may keep them."""
    before = len(shown.before["tiles"]) if shown.before else 0
    if len(shown.state["tiles"]) > max(before, TILES_MAX):
        raise TooManyTiles(TILES_MAX)


def _entry(shown: Shown, act: Act | None, done: Done) -> Activity | None:
    if shown.dashboard_id in done.created:
        return _version(shown, ActivityName.CREATED, [])
    changes = differences(shown.before, shown.state, ActivityScope.DASHBOARD) if shown.before else []
    if changes or not shown.before:
        # One of before the log that is reached by the content that it shares has no state from before.
        recorded = None if shown.before else ActivityName.RECORDED
        name = act.activity if act else recorded or done.name or name_of(changes)
        return _version(shown, name, [*changes, *(act.changes if act else [])])
    return _act(shown, act.activity, act.changes) if act else None


def _version(shown: Shown, activity: ActivityName, changes: list[Change]) -> Activity:
    version = _act(shown, activity, changes)
    version.version, version.state = shown.revision, shown.state
    return version


def _act(shown: Shown, activity: ActivityName, changes: list[Change]) -> Activity:
    return Activity(
        project_id=shown.project_id,
        scope=ActivityScope.DASHBOARD,
        item_id=shown.dashboard_id,
        activity=activity,
        name=shown.state["name"],
        changes=changes,
        size=len(dumps(changes)),
        created_at=timezone.now(),
    )


def _insight_entry(changed: ChangedInsight, name: ActivityName | None) -> Activity | None:
    insight, before = changed
    now = {field: _value_of(insight, field) for field in before or {}}
    changes = differences(before, now, ActivityScope.INSIGHT) if before else []
    if before and not changes:
        return None
    return Activity(
        project_id=insight.project_id,
        scope=ActivityScope.INSIGHT,
        item_id=insight.pk,
        activity=(name or name_of(changes)) if before else ActivityName.CREATED,
        name=insight.name or insight.derived_name or "",
        short_id=insight.short_id,
        changes=changes,
        size=len(dumps(changes)),
    )
