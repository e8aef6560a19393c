"""Writing down what a transaction did: an act for each dashboard and insight that is another one than before.

Two statements for what is done to a few dashboards. One reads what each of them shows now, and what it showed when it
was written down last; the other writes the acts. What is equal to before is no act.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.db.models import OuterRef
from django.utils import timezone

from dashboards.changelog.content_changes import ChangedContent, ContentKey, content_changes
from dashboards.changelog.dashboard_limits import check_insights, check_shown
from dashboards.changelog.diff import TILES, Change, State, differences, name_of, net_changes
from dashboards.changelog.snapshots import Shown, states
from dashboards.models import Activity, ActivityName, ActivityScope, Dashboard, Insight, Revision, RevisionKind
from dashboards.tracked_fields import INSIGHT_FIELDS
from dashboards_api.db.fields import dump_json
from users.models import Membership

# Of how many dashboards what they show is in memory at once.
DASHBOARDS_AT_ONCE = 20
# What an insight is large by.
_MEASURED = ("query", "filters", "description")
# A state of at most this size, in characters, is in each version of its dashboard.
WHOLE_SIZE_MAX = 256_000
# So many versions in a row may hold their changes alone.
DELTAS_MAX = 500


class Act(NamedTuple):
    """What no state shows."""

    activity: ActivityName
    changes: list[Change]


class ChangedInsight(NamedTuple):
    """An insight with what it was, or what of it may have been changed; None where it was made."""

    insight: Insight
    before: State | None


class Done(NamedTuple):
    """What a transaction did."""

    by: Membership
    # Compared with what was written down of them last.
    dashboards: Collection[int] = ()
    created: Collection[int] = ()
    acts: Mapping[int, Act] = {}
    # What is known to be all that changed, by dashboard.
    known: Mapping[int, list[Change]] = {}
    # Dashboards that were reached by the content that they show, and that content.
    reached: Collection[int] = ()
    contents: Mapping[ContentKey, ChangedContent] = {}
    insights: Iterable[ChangedInsight] = ()
    name: ActivityName | None = None


def write_down(done: Done) -> None:
    """The acts of a transaction, in its last statements.

    Raises TooManyTiles and DashboardTooLarge for a dashboard that grew beyond what one holds.
    """
    known, compared = _known_entries(done)
    arrived: set[int] = set()
    rows: list[Activity] = []  # the last part goes in one statement with the others
    for part in _parts({*done.dashboards, *compared}):
        _insert(rows, done.by)
        rows = []
        for shown in states(part):
            check_shown(shown)
            arrived |= _arrived_insights(shown)
            act = done.acts.get(shown.dashboard_id)
            entry = _entry(shown, act, done)
            if entry is not None:
                rows.append(entry)
    check_insights(arrived, done.dashboards)
    check_insights([each.insight.pk for each in done.insights if _grew(each)])
    rows += known
    rows += [entry for each in done.insights if (entry := _insight_entry(each, done.name))]
    _insert(rows, done.by)


def _known_entries(done: Done) -> tuple[list[Activity], list[int]]:
    """The entries of dashboards whose changes are known, and the ids of those that have no history to build on."""
    known = dict(done.known)
    if done.reached:
        for dashboard_id, changes in content_changes(done.reached, done.contents).items():
            known[dashboard_id] = [*known.get(dashboard_id, []), *changes]
    known = {dashboard_id: nets for dashboard_id, changes in known.items() if (nets := net_changes(changes))}
    if not known:
        return [], []
    revision = Revision.objects.column_subquery("number", RevisionKind.DASHBOARD, OuterRef("pk"))
    found = Dashboard.objects.filter(pk__in=known).with_has_history().annotate(revision=revision).order_by("pk")
    columns = found.values_list("pk", "project_id", "name", "revision", "has_history")
    entries, unknown = [], []
    for id_, project_id, name, number, has_history in columns:
        if not has_history:
            unknown.append(id_)
            continue
        entry = _entry_of(id_, project_id, name, done.name or name_of(known[id_]), known[id_])
        entry.version = number
        entries.append(entry)
    return entries, unknown


def _parts(dashboard_ids: Collection[int]) -> Iterator[list[int]]:
    """The ids in order, as many at a time as may be in memory with what they show."""
    ordered = sorted(dashboard_ids)
    return (ordered[start : start + DASHBOARDS_AT_ONCE] for start in range(0, len(ordered), DASHBOARDS_AT_ONCE))


def _arrived_insights(shown: Shown) -> set[int]:
    """The ids of the insights that a dashboard shows and did not show before."""
    before = shown.before[TILES] if shown.before else {}
    return {tile["insight"] for id_, tile in shown.state[TILES].items() if "insight" in tile and id_ not in before}


def _grew(changed: ChangedInsight) -> bool:
    insight, before = changed
    if not before or insight.deleted:
        return False
    fields = [field for field in _MEASURED if field in before]
    return len(dump_json([getattr(insight, field) for field in fields])) > len(
        dump_json([before[field] for field in fields])
    )


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


def insight_state(insight: Insight) -> State:
    """What an insight is, as the log compares it."""
    return {field: _value_of(insight, field) for field in (*INSIGHT_FIELDS, "deleted", "tags")}


def _value_of(insight: Insight, field: str) -> Any:
    return insight.tag_names if field == "tags" else getattr(insight, field)


def _entry(shown: Shown, act: Act | None, done: Done) -> Activity | None:
    if shown.dashboard_id in done.created:
        return _version(shown, ActivityName.CREATED, [])
    changes = differences(shown.before, shown.state, ActivityScope.DASHBOARD) if shown.before else []
    if changes or not shown.before:
        # One of before the log that is reached by the content that it shares has no state from before.
        recorded = None if shown.before else ActivityName.RECORDED
        name = recorded or done.name or (act.activity if act else name_of(changes))
        return _version(shown, name, [*changes, *(act.changes if act else [])])
    return _act(shown, done.name or act.activity, act.changes) if act else None


def _version(shown: Shown, activity: ActivityName, changes: list[Change]) -> Activity:
    version = _act(shown, activity, changes)
    version.version = shown.revision
    if not _is_delta(shown, version.size):
        version.state = shown.state
    return version


def _is_delta(shown: Shown, size: int) -> bool:
    """Whether a version holds its changes alone.

    Copying a large state for each small change would let requests of a few bytes fill the disk. The versions since
    the latest one that is whole are never larger than a state together, so that reading them costs no more.
    """
    if shown.before is None or shown.size <= WHOLE_SIZE_MAX:
        return False
    return shown.deltas.number < DELTAS_MAX and shown.deltas.size + size <= shown.size


def _act(shown: Shown, activity: ActivityName, changes: list[Change]) -> Activity:
    return _entry_of(shown.dashboard_id, shown.project_id, shown.state["name"], activity, changes)


def _entry_of(dashboard_id: int, project_id: int, name: str, activity: ActivityName, changes: list[Change]) -> Activity:
    return Activity(
        project_id=project_id,
        scope=ActivityScope.DASHBOARD,
        item_id=dashboard_id,
        activity=activity,
        name=name,
        changes=changes,
        size=len(dump_json(changes)),
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
        size=len(dump_json(changes)),
    )
