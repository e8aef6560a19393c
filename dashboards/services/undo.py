"""Undo of the activities of an API key: every field that was changed with the key is set to its earlier value.

A field that another user or key has since changed is skipped. First, share links that were enabled with the key are
disabled, and rights that were granted with the key are revoked, even if all other changes are skipped. Undo never
enables a link, lowers a restriction, or grants a right again.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from dashboards.access import check_may_undo
from dashboards.changelog.diff import Change, list_paths
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import UnknownKey
from dashboards.models import Activity, ActivityName, ActivityScope, Insight
from dashboards.services.rows import lock_all
from dashboards.services.undo_items import (
    UndoContext,
    UndoneFields,
    undo_dashboard,
    undo_insight,
    undo_sharing,
)
from dashboards.services.undo_limits import ItemKey, check_reach, load_activities
from dashboards.services.undo_plan import ItemUndo, build_plan
from dashboards_api.errors import DomainError
from users.models import PersonalAPIKey, Project

CHANGED_SINCE = "changed since"
GIVES_RIGHTS = "would enable a share link or grant a right"
LOST = "cannot be restored"


class Item(NamedTuple):
    """A dashboard or an insight in the result of an undo."""

    scope: str
    item_id: int
    name: str


class UndoResult(NamedTuple):
    """The undone paths of each item, and the skipped paths of each item with the reason.

    Paths that already had their earlier value are in neither list.
    """

    undone: list[tuple[Item, list[str]]]
    skipped: list[tuple[Item, list[str], str]]


def undo_key(
    changes: ChangeSet, project: Project, *, key_id: str, since: datetime, until: datetime | None
) -> UndoResult:
    """Undo the activities of a key in a project, from `since` (inclusive) to `until` (exclusive, by default now).

    Raises Forbidden for the key of another user unless the member is an admin, UnknownKey for a key that no member has
    or had, and TooMuchToUndo.
    """
    owner_id = PersonalAPIKey.objects.filter(pk=key_id).values_list("user", flat=True).first()
    check_may_undo(changes.actor, owner_id=owner_id)
    if not _is_known(project, key_id):
        raise UnknownKey
    changes.activity = ActivityName.UNDONE
    of_key = Activity.objects.in_project(project).filter(key_id=key_id)
    activities = load_activities(of_key.filter(created_at__gte=since, created_at__lt=until or timezone.now()))
    items = {(activity.scope, activity.item_id) for activity in activities}
    reached = check_reach(project, items, since=activities[0].id if activities else 0)
    dashboards = lock_all(reached, project=project, member=changes.actor)
    return _undo_plan(UndoContext(changes, project, build_plan(project, activities, key_id), dashboards))


def _is_known(project: Project, key_id: str) -> bool:
    """Return whether a member has the given key, or the log contains activities of the key, which may be revoked."""
    of_member = PersonalAPIKey.objects.filter(pk=key_id, user__memberships__project=project)
    return of_member.exists() or Activity.objects.in_project(project).filter(key_id=key_id).exists()


def _undo_plan(undo: UndoContext) -> UndoResult:
    """Undo all items of a plan.

    Insights are restored or deleted again, together with their tiles, before the dashboards that show them. Insights
    that the key created are deleted last, when no dashboard that the key created shows them.
    """
    plan = undo.plan
    outcome = _Outcome(undo)
    for item in plan.items:
        if item.superseded:
            outcome.skip(item, CHANGED_SINCE, plan.find_superseded_paths(item))
    flipped = [
        item for item in plan.insights if item.has_deletion_change and item.item_id not in plan.deleted_with_dashboards
    ]
    for item in plan.dashboards:
        if item.sharing or item.lost_token:
            outcome.add(item, undo_sharing, item.sharing)
    for item in flipped:
        outcome.add(item, undo_insight, item.changes)
    for item in plan.dashboards:
        if item.changes:
            outcome.add(item, undo_dashboard, item.changes)
    for item in plan.insights:
        if item not in flipped:
            outcome.add(item, undo_insight, item.changes)
    return outcome.collect()


class _Outcome:
    """The paths of each item that have been undone or skipped."""

    def __init__(self, undo: UndoContext) -> None:
        self.undo = undo
        self.items = _name_items(undo)
        self.undone: dict[ItemKey, list[str]] = defaultdict(list)
        # The order of the keys is the order of the result. Further reasons are appended.
        self.skipped: dict[tuple[ItemKey, str], list[str]] = defaultdict(list)
        self.skipped |= {(key, CHANGED_SINCE): [] for key in self.items}
        self.skipped |= {(key, reason): [] for key in self.items for reason in (GIVES_RIGHTS, LOST)}

    def add(
        self, item: ItemUndo, undo_part: Callable[[UndoContext, ItemUndo], UndoneFields], changes: list[Change]
    ) -> None:
        """Undo a part of an item atomically. If this part cannot be undone, the paths of `changes` are skipped."""
        try:
            with self.undo.changes.savepoint():
                fields = undo_part(self.undo, item)
        except DomainError as error:
            if item.scope == ActivityScope.DASHBOARD:
                self.undo.reload(item.item_id)
            self.skip(item, error.detail, list_paths(changes))
            return
        key = (item.scope, item.item_id)
        if fields.undone:
            self.undone[key] += fields.undone
        self.skipped[key, CHANGED_SINCE] += fields.changed_since
        self.skipped[key, GIVES_RIGHTS] += fields.gives_rights
        self.skipped[key, LOST] += fields.lost

    def skip(self, item: ItemUndo, reason: str, paths: Iterable[str]) -> None:
        self.skipped[(item.scope, item.item_id), reason].extend(paths)

    def collect(self) -> UndoResult:
        return UndoResult(
            [(self.items[key], paths) for key, paths in self.undone.items()],
            [(self.items[key], paths, reason) for (key, reason), paths in self.skipped.items() if paths],
        )


def _name_items(undo: UndoContext) -> dict[ItemKey, Item]:
    """Return the items of a plan with their current names."""
    ids = [item.item_id for item in undo.plan.insights]
    insights = Insight.objects.in_project(undo.project).filter(pk__in=ids) if ids else Insight.objects.none()
    names = dict(insights.values_list("pk", "name"))
    return {
        (item.scope, item.item_id): Item(
            item.scope,
            item.item_id,
            undo.dashboards[item.item_id].name if item.scope == ActivityScope.DASHBOARD else names[item.item_id],
        )
        for item in undo.plan.items
    }
