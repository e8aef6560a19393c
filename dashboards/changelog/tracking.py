"""Change tracking: one transaction for each write of dashboards, and a record of the changes.

A write is `perform_write(work, actor=…)`, which opens the transaction, checks `If-Match`, and calls `work` with an
empty `ChangeSet`. Services record their changes in the `ChangeSet`. Before the commit, `ChangeSet.save` increments the
versions of all dashboards whose responses change, and writes the activity log.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import NamedTuple, TypeVar

from django.db import transaction

from dashboards.changelog.activity_log import (
    ChangedContent,
    ChangedInsight,
    ChangeSummary,
    ContentKey,
    Event,
    build_insight_snapshot,
    get_content_key,
    write_activity,
)
from dashboards.changelog.diff import Change, Snapshot
from dashboards.changelog.versions import (
    CounterQuery,
    get_version,
    increment_versions,
    select_dashboards_sharing,
    select_dashboards_showing,
    select_rows,
)
from dashboards.exceptions import DashboardNotFound
from dashboards.models import ActivityName, Button, CreationMode, Dashboard, Insight, RevisionKind, Text
from dashboards_api.db.retry import retry_on_conflict
from dashboards_api.errors import VersionConflict
from users.models import Membership, Project

T = TypeVar("T")
R = TypeVar("R")


class ChangeSet:
    """The changes of one write by one member. After `save`, `versions` contains the new versions of dashboards."""

    def __init__(self, actor: Membership) -> None:
        self.actor = actor
        # The name of all activities of this write. By default, each name is derived from the changes.
        self.activity: ActivityName | None = None
        self.versions: dict[int, int] = {}
        self._dashboards: set[int] = set()
        self._created: set[int] = set()
        self._shared: set[int] = set()
        self._lists: dict[int, int] = {}
        self._known: dict[int, list[Change]] = {}
        self._events: dict[int, Event] = {}
        self._contents: dict[ContentKey, ChangedContent] = {}
        self._insights: dict[int, ChangedInsight] = {}
        self._shown_insights: set[int] = set()

    def record_dashboard(self, dashboard: Dashboard) -> None:
        """Record a change to the fields, tags, sharing or tiles of a locked dashboard.

        The activity log compares snapshots to find the changes.
        """
        self._dashboards.add(dashboard.pk)
        self.record_list(dashboard.project_id)

    def record_created_dashboard(self, dashboard: Dashboard) -> None:
        """Record that a dashboard was created just now."""
        self.record_dashboard(dashboard)
        self._created.add(dashboard.pk)
        self.record_listing(dashboard, 1)

    def record_tiles(self, dashboard: Dashboard) -> None:
        """Record that tiles are added to a locked dashboard or removed from it.

        The versions of other dashboards that show the same content are also incremented, because their responses list
        all tiles with that content.
        """
        self.record_dashboard(dashboard)
        self._shared.add(dashboard.pk)

    def record_rights(self, dashboard: Dashboard) -> None:
        """Record that the edit rights of a locked dashboard change.

        The rights to edit the content that the dashboard shares with other dashboards also change.
        """
        self.record_tiles(dashboard)

    def record_known_changes(
        self, dashboard: Dashboard, changes: Iterable[Change], *, shares_content: bool = False
    ) -> None:
        """Record all changes to a locked dashboard, so that its snapshot need not be read to find them.

        If the dashboard is also recorded by `record_dashboard`, its snapshot is still read. With `shares_content`, the
        versions of other dashboards that show the same content are also incremented.
        """
        if shares_content:
            self._shared.add(dashboard.pk)
        self._known[dashboard.pk] = [*self._known.get(dashboard.pk, []), *changes]
        self.record_list(dashboard.project_id)

    def record_content(self, content: Text | Button, before: Snapshot) -> None:
        """Record that a text or a button changes on every dashboard that shows it. `before` has its earlier fields."""
        self._contents.setdefault(get_content_key(content), ChangedContent(content, before))

    def record_event(self, dashboard: Dashboard, activity: ActivityName, changes: Iterable[Change] = ()) -> None:
        """Record an activity of a locked dashboard. Its `changes`, such as a new collaborator, are not in snapshots."""
        self.record_dashboard(dashboard)
        event = self._events.get(dashboard.pk)
        self._events[dashboard.pk] = Event(activity, [*(event.changes if event else []), *changes])

    def record_listing(self, dashboard: Dashboard, by: int) -> None:
        """Record that a dashboard is added to the list of its project (1) or removed from the list (-1)."""
        by = 0 if dashboard.creation_mode == CreationMode.UNLISTED else by
        self._lists[dashboard.project_id] = self._lists.get(dashboard.project_id, 0) + by

    def record_list(self, project_id: int) -> None:
        """Record that the list of a project may have changed."""
        self._lists.setdefault(project_id, 0)

    def record_insight(self, insight: Insight, before: Snapshot | None = None) -> None:
        """Record that a locked insight changes on every dashboard that shows it.

        The changes are found by comparison with `before`, by default the values at the time of this call.
        """
        self._record_insight(insight, before or build_insight_snapshot(insight))
        self.record_list(insight.project_id)
        self._shown_insights.add(insight.pk)

    def record_insight_placement(self, insight: Insight) -> None:
        """Record that an insight is added to dashboards or removed from dashboards.

        The responses of all other dashboards with the insight also change, because they list the tiles of the insight.
        """
        self._shown_insights.add(insight.pk)

    def record_created_insights(self, insights: Iterable[Insight]) -> None:
        """Record insights that were created just now, on locked dashboards or without a dashboard."""
        for insight in insights:
            self._record_insight(insight, None)

    def record_insight_deletion(self, insight: Insight) -> None:
        """Record that an insight is about to be deleted or restored together with its locked dashboard."""
        self._record_insight(insight, {"deleted": insight.deleted})

    def _record_insight(self, insight: Insight, before: Snapshot | None) -> None:
        """Record an insight. If it is recorded twice, keep its first `before` values and the latest instance."""
        if insight.pk in self._insights:
            first = self._insights[insight.pk].before
            before = None if first is None else {**(before or {}), **first}
        self._insights[insight.pk] = ChangedInsight(insight, before)

    def may_affect(self, dashboard_id: int) -> bool:
        """Return whether this write may have changed the snapshot of a dashboard."""
        return dashboard_id in self._dashboards or dashboard_id in self._known or bool(self._contents)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run the block in a savepoint. If the block raises an exception, its changes and records are rolled back."""
        before = {name: copy(value) for name, value in vars(self).items()}
        try:
            with transaction.atomic():
                yield
        except BaseException:
            vars(self).update(before)
            raise

    def save(self) -> None:
        """Increment the versions of all dashboards and lists whose responses change, and write the activity log.

        Each write calls this method once. The versions are the last rows to be locked, which prevents deadlocks. Raises
        TooManyTiles and DashboardTooLarge for a dashboard that now exceeds its limits.
        """
        self.versions = increment_versions(self._list_counters())
        write_activity(
            ChangeSummary(
                actor=self.actor,
                dashboards=self._dashboards,
                created=self._created,
                events=self._events,
                known={id_: changes for id_, changes in self._known.items() if id_ not in self._dashboards},
                showing_content=self.versions.keys() - self._dashboards if self._contents else set(),
                contents=self._contents,
                insights=self._insights.values(),
                activity=self.activity,
            )
        )

    def _list_counters(self) -> list[CounterQuery]:
        rows = [(RevisionKind.LIST.value, id_, by) for id_, by in self._lists.items()]
        rows += [(RevisionKind.DASHBOARD.value, id_, 0) for id_ in self._dashboards | self._known.keys()]
        queries = [select_rows(rows)] if rows else []
        if self._shared:
            queries.append(select_dashboards_sharing(sorted(self._shared)))
        for kind, model in (("text", Text), ("button", Button)):
            if ids := [each.content.pk for each in self._contents.values() if isinstance(each.content, model)]:
                queries.append(select_dashboards_showing(kind, ids))
        if self._shown_insights:
            queries.append(select_dashboards_showing("insight", sorted(self._shown_insights)))
        return queries


class IfMatchVersions(NamedTuple):
    """The versions of a dashboard that `If-Match` accepts, for optimistic locking.

    `others` are the other dashboards that the same write changes.
    """

    dashboard_id: int
    project: Project
    versions: Collection[int]
    others: Collection[int] = ()

    def lock_if_match(self) -> int:
        """Lock the dashboards and return the version. Raises DashboardNotFound and VersionConflict."""
        ids = {self.dashboard_id, *self.others}
        rows = Dashboard.objects.in_project(self.project).filter(pk__in=ids).select_for_update().order_by("pk")
        if self.dashboard_id not in rows.values_list("pk", flat=True):
            raise DashboardNotFound
        # This is a separate statement, because a statement that waits for the lock would return the version from before
        # the wait.
        version = get_version(self.dashboard_id)
        if version not in self.versions:
            raise VersionConflict(version)
        return version

    def recheck_if_match(self, version: int, changes: ChangeSet) -> None:
        """Raise VersionConflict if another write has changed the dashboard since `lock_if_match`.

        Although this dashboard is locked, a write that locks only another dashboard can change it, if both dashboards
        show the changed content.

        Row locks serialize the increments of a version, so one write increments a version by exactly one.
        """
        saved = changes.versions.get(self.dashboard_id, version)
        if saved > version + 1:
            raise VersionConflict(saved - 1)


@contextmanager
def write_transaction(actor: Membership, expected: IfMatchVersions | None = None) -> Iterator[ChangeSet]:
    """Open the transaction of a write, and yield a `ChangeSet` that is saved at the end of the block.

    Every change to dashboards runs in a write transaction. Slow work, such as hashing passwords or filling templates,
    is refused inside the transaction (`dashboards_api.db.transactions`). Raises DashboardNotFound, and VersionConflict
    if `If-Match` does not match.
    """
    with transaction.atomic(), _track(actor, expected) as changes:
        yield changes


@contextmanager
def _track(actor: Membership, expected: IfMatchVersions | None) -> Iterator[ChangeSet]:
    changes = ChangeSet(actor)
    version = expected.lock_if_match() if expected else 0
    yield changes
    changes.save()
    if expected:
        expected.recheck_if_match(version, changes)


@retry_on_conflict
def perform_write(
    work: Callable[[ChangeSet], T],
    read: Callable[[T, ChangeSet], R],
    *,
    actor: Membership,
    expected: IfMatchVersions | None = None,
) -> R:
    """Run `work` in a write transaction. Call `read` with its result and the saved change set, and return the response.

    Both functions run in one transaction, so nothing is changed if the response cannot be read. Both are called again
    after a conflict with another transaction, so they must have no effects outside of the database.
    """
    with transaction.atomic():
        with _track(actor, expected) as changes:
            result = work(changes)
        return read(result, changes)
