"""Writing down what a transaction did: an act for each dashboard and insight that is another one than before.

Two statements for what is done to a few dashboards. One reads what each of them shows now, and what it showed when it
was written down last; the other writes the acts. What is equal to before is no act.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.utils import timezone

from dashboards.history import Change, State, differences, name_of
from dashboards.models import Activity, ActivityName, ActivityScope, Insight
from dashboards.services.changes import INSIGHT_FIELDS
from dashboards.services.room import check_shown
from dashboards.services.states import Shown, states
from dashboards_api.fields import dumps
from users.models import Membership

# Of how many dashboards what they show is in memory at once.
DASHBOARDS_AT_ONCE = 20


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
    dashboards: Collection[int] = ()
    created: Collection[int] = ()
    acts: Mapping[int, Act] = {}
    insights: Iterable[ChangedInsight] = ()
    name: ActivityName | None = None


def write_down(done: Done) -> None:
    """The acts of a transaction, in its last statements. Raises TooManyTiles for a dashboard that grew beyond them."""
    rows: list[Activity] = []  # the last part goes in one statement with the insights
    for part in _parts(done.dashboards):
        _insert(rows, done.by)
        rows = []
        for shown in states(part):
            check_shown(shown)
            act = done.acts.get(shown.dashboard_id)
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
