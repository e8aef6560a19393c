"""Writing the activity log: an entry for each dashboard and insight that a write changed.

A write of a few dashboards takes two statements. The first reads the current snapshot of each dashboard together with
its latest version in the log. The second inserts the entries. A dashboard that equals its latest version gets no entry
unless it has an `Event`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.db.models import F, OuterRef, Q

from dashboards.changelog.diff import (
    TILES,
    Change,
    Snapshot,
    build_change,
    diff_snapshots,
    get_activity_name,
    merge_changes,
)
from dashboards.changelog.limits import check_insight_sizes, check_snapshot
from dashboards.changelog.snapshots import DashboardSnapshot, load_snapshots
from dashboards.changelog.versions import HAS_HISTORY
from dashboards.exceptions import TooManyTilesChanged
from dashboards.models import (
    Activity,
    ActivityName,
    ActivityScope,
    Button,
    Dashboard,
    Insight,
    Revision,
    RevisionKind,
    Text,
    Tile,
)
from dashboards.tracked_fields import BUTTON_FIELDS, INSIGHT_FIELDS, TEXT_FIELDS
from dashboards_api.db.fields import dump_json
from users.models import Membership

# Maximum number of snapshots held in memory.
SNAPSHOTS_AT_ONCE = 20
# The fields that determine the size of an insight.
_SIZED_INSIGHT_FIELDS = ("query", "filters", "description")
# A snapshot of at most this size, in characters, is stored in each version of its dashboard.
MAX_WHOLE_SIZE = 256_000
# Maximum number of consecutive versions that store only their changes.
MAX_DELTAS = 500
# Maximum number of tiles on other dashboards that one request may change through shared content.
MAX_TILES_CHANGED = 10_000
# The kind of content in the API ("text" or "button_tile") and its id.
ContentKey = tuple[str, Any]


class ChangedContent(NamedTuple):
    """A text or a button, with its fields before the change."""

    content: Text | Button
    before: Snapshot


class Event(NamedTuple):
    """An activity with changes that are not part of snapshots."""

    activity: ActivityName
    changes: list[Change]


class ChangedInsight(NamedTuple):
    """An insight, and the earlier values of its possibly changed fields. `before` is None for a new insight."""

    insight: Insight
    before: Snapshot | None


class ChangeSummary(NamedTuple):
    """The changes of one write, as collected by a change set. Dashboards are identified by their ids."""

    actor: Membership
    # Dashboards to compare with their latest version in the log.
    dashboards: Collection[int] = ()
    created: Collection[int] = ()
    events: Mapping[int, Event] = {}
    # All changes to each dashboard whose changes are known without a comparison.
    known: Mapping[int, list[Change]] = {}
    # Dashboards that show one of `contents`, which changed.
    showing_content: Collection[int] = ()
    contents: Mapping[ContentKey, ChangedContent] = {}
    insights: Iterable[ChangedInsight] = ()
    activity: ActivityName | None = None


def write_activity(summary: ChangeSummary) -> None:
    """Write the activity log entries of a write, as the last statements of its transaction.

    Raises TooManyTiles and DashboardTooLarge for a dashboard that now exceeds its limits.
    """
    known, unknown = _build_known_entries(summary)
    added_insights: set[int] = set()
    rows: list[Activity] = []  # the last batch is inserted together with the other entries
    for batch in _iter_batches({*summary.dashboards, *unknown}):
        if rows:
            _insert(rows, summary.actor)
            rows = []
        for snapshot in load_snapshots(batch):
            check_snapshot(snapshot)
            before = snapshot.previous[TILES] if snapshot.previous else {}
            added = [tile for id_, tile in snapshot.current[TILES].items() if id_ not in before]
            added_insights.update(tile["insight"] for tile in added if "insight" in tile)
            entry = _build_entry(snapshot, summary)
            if entry is not None:
                rows.append(entry)
    if added_insights:
        check_insight_sizes(added_insights, summary.dashboards)
    if grown := [each.insight.pk for each in summary.insights if _has_grown(each)]:
        check_insight_sizes(grown)
    rows += known
    rows += [entry for each in summary.insights if (entry := _build_insight_entry(each, summary.activity))]
    _insert(rows, summary.actor)


def _build_known_entries(summary: ChangeSummary) -> tuple[list[Activity], list[int]]:
    """Return the entries of dashboards with known changes, and the ids of dashboards without a version in the log."""
    known = dict(summary.known)
    if summary.showing_content:
        for dashboard_id, changes in find_content_changes(summary.showing_content, summary.contents).items():
            known[dashboard_id] = [*known.get(dashboard_id, []), *changes]
    known = {dashboard_id: nets for dashboard_id, changes in known.items() if (nets := merge_changes(changes))}
    if not known:
        return [], []
    version = Revision.objects.column_subquery("number", RevisionKind.DASHBOARD, OuterRef("pk"))
    rows = Dashboard.objects.filter(pk__in=known).annotate(at_version=version, is_logged=HAS_HISTORY).order_by("pk")
    found = list(rows.values_list("pk", "project_id", "name", "at_version", "is_logged"))
    entries = [
        Activity(
            project_id=project_id,
            scope=ActivityScope.DASHBOARD,
            item_id=id_,
            activity=summary.activity or get_activity_name(known[id_]),
            name=name,
            changes=known[id_],
            size=len(dump_json(known[id_])),
            version=version,
        )
        for id_, project_id, name, version, is_logged in found
        if is_logged
    ]
    return entries, [id_ for id_, *_, is_logged in found if not is_logged]


def _iter_batches(dashboard_ids: Collection[int]) -> Iterator[list[int]]:
    """Yield the ids in ascending order, in batches of SNAPSHOTS_AT_ONCE."""
    ordered = sorted(dashboard_ids)
    return (ordered[start : start + SNAPSHOTS_AT_ONCE] for start in range(0, len(ordered), SNAPSHOTS_AT_ONCE))


def _has_grown(changed: ChangedInsight) -> bool:
    insight, before = changed
    if not before or insight.deleted:
        return False
    fields = [field for field in _SIZED_INSIGHT_FIELDS if field in before]
    return len(dump_json([getattr(insight, field) for field in fields])) > len(
        dump_json([before[field] for field in fields])
    )


def _insert(rows: list[Activity], actor: Membership) -> None:
    for row in rows:
        row.user_id = actor.user_id
        if actor.key is not None:
            row.key_id, row.key_label = actor.key
    Activity.objects.bulk_create(rows)


def record_baselines(dashboard_ids: Collection[int]) -> None:
    """Write the first version of each dashboard that has no version in the log, before its first change."""
    for batch in _iter_batches(dashboard_ids):
        rows = [_build_version(snapshot, ActivityName.RECORDED, []) for snapshot in load_snapshots(batch)]
        Activity.objects.bulk_create(rows, ignore_conflicts=True)


def build_insight_snapshot(insight: Insight) -> Snapshot:
    """Return the fields of an insight that the activity log compares."""
    return {field: _get_insight_value(insight, field) for field in (*INSIGHT_FIELDS, "deleted", "tags")}


def _get_insight_value(insight: Insight, field: str) -> Any:
    return insight.tag_names if field == "tags" else getattr(insight, field)


def _build_entry(snapshot: DashboardSnapshot, summary: ChangeSummary) -> Activity | None:
    """Return the entry for a compared dashboard, or None if nothing has changed."""
    event = summary.events.get(snapshot.dashboard_id)
    others = event.changes if event else []
    if snapshot.dashboard_id in summary.created:
        return _build_version(snapshot, ActivityName.CREATED, [])
    if not snapshot.previous:
        # A dashboard that is older than the log and changed only through shared content has no earlier version.
        return _build_version(snapshot, ActivityName.RECORDED, others)
    changes = diff_snapshots(snapshot.previous, snapshot.current, ActivityScope.DASHBOARD)
    activity = summary.activity or (event.activity if event else get_activity_name(changes))
    if changes:
        return _build_version(snapshot, activity, [*changes, *others])
    return _build_activity(snapshot, activity, others) if event else None


def _build_version(snapshot: DashboardSnapshot, activity: ActivityName, changes: list[Change]) -> Activity:
    version = _build_activity(snapshot, activity, changes)
    version.version = snapshot.version
    if not _stores_only_changes(snapshot, version.size):
        version.state = snapshot.current
    return version


def _stores_only_changes(snapshot: DashboardSnapshot, size: int) -> bool:
    """Return whether a version stores its changes without the whole snapshot.

    Storing a large snapshot for each small change would let requests of a few bytes fill the disk. The versions since
    the latest whole version are together at most as large as a snapshot, so reading them costs at most as much as
    reading a second snapshot.
    """
    if snapshot.previous is None or snapshot.size <= MAX_WHOLE_SIZE:
        return False
    return snapshot.deltas.length < MAX_DELTAS and snapshot.deltas.size + size <= snapshot.size


def _build_activity(snapshot: DashboardSnapshot, activity: ActivityName, changes: list[Change]) -> Activity:
    return Activity(
        project_id=snapshot.project_id,
        scope=ActivityScope.DASHBOARD,
        item_id=snapshot.dashboard_id,
        activity=activity,
        name=snapshot.current["name"],
        changes=changes,
        size=len(dump_json(changes)),
    )


def _build_insight_entry(changed: ChangedInsight, activity: ActivityName | None) -> Activity | None:
    insight, before = changed
    now = {field: _get_insight_value(insight, field) for field in before or {}}
    changes = diff_snapshots(before, now, ActivityScope.INSIGHT) if before else []
    if before and not changes:
        return None
    return Activity(
        project_id=insight.project_id,
        scope=ActivityScope.INSIGHT,
        item_id=insight.pk,
        activity=(activity or get_activity_name(changes)) if before else ActivityName.CREATED,
        name=insight.name or insight.derived_name or "",
        short_id=insight.short_id,
        changes=changes,
        size=len(dump_json(changes)),
    )


def get_content_key(content: Text | Button) -> ContentKey:
    """Return the kind and the id of a text or a button."""
    return ("text" if isinstance(content, Text) else "button_tile"), content.pk


def build_content_snapshot(content: Text | Button) -> Snapshot:
    """Return the fields of a text or a button that the activity log compares."""
    fields = TEXT_FIELDS if isinstance(content, Text) else BUTTON_FIELDS
    return {field: getattr(content, field) for field in fields}


def find_content_changes(
    dashboard_ids: Collection[int], contents: Mapping[ContentKey, ChangedContent]
) -> dict[int, list[Change]]:
    """Return the changes to dashboards that result from changed texts and buttons. Other tiles are not read.

    Raises TooManyTilesChanged.
    """
    changed = {key: each for key, each in contents.items() if each.before != build_content_snapshot(each.content)}
    ids = {kind: [id_ for each, id_ in changed if each == kind] for kind in ("text", "button_tile")}
    tiles = (
        Tile.objects.filter(Q(text__in=ids["text"]) | Q(button__in=ids["button_tile"]), dashboard__in=dashboard_ids)
        .filter(Q(deleted=False) | Q(deletion_id=F("dashboard__deletion_id")))
        .order_by("dashboard", "pk")
        .values_list("dashboard", "pk", "text", "button")
    )
    rows = list(tiles[: MAX_TILES_CHANGED + 1])
    if len(rows) > MAX_TILES_CHANGED:
        raise TooManyTilesChanged(MAX_TILES_CHANGED)
    found: dict[int, list[Change]] = {}
    for dashboard_id, tile_id, text_id, button_id in rows:
        key = ("text", text_id) if text_id is not None else ("button_tile", button_id)
        found.setdefault(dashboard_id, []).append(_build_content_change(tile_id, key, changed[key]))
    return found


def _build_content_change(tile_id: int, key: ContentKey, changed: ChangedContent) -> Change:
    kind, id_ = key
    own = {"id": id_ if kind == "text" else str(id_)}
    after = build_content_snapshot(changed.content)
    return build_change("Tile", [TILES, str(tile_id), kind], {**own, **changed.before}, {**own, **after})
