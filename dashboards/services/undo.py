"""Undoing the activities of an API key: every field that it changed gets back its value from before.

A field that somebody else changed since is skipped. Share links that the key enabled are disabled and rights that it
gave are revoked first, even where the rest is skipped. Undo never enables a link, lowers a restriction, or gives a
right back.
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
from dashboards.models import Activity, ActivityName, ActivityScope, Dashboard, Insight
from dashboards.services.rows import lock_dashboards
from dashboards.services.undo_items import (
    UndoContext,
    UndoneFields,
    is_of_sharing,
    undo_dashboard,
    undo_insight,
    undo_sharing,
)
from dashboards.services.undo_limits import check_reach, load_activities
from dashboards.services.undo_plan import ItemUndo, build_plan
from dashboards_api.errors import DomainError
from users.models import PersonalAPIKey, Project

CHANGED_SINCE = "changed since"
GIVES_RIGHTS = "would open a link or give a right"
LOST = "cannot be had again"


class Item(NamedTuple):
    """A dashboard or an insight as the result names it."""

    scope: str
    item_id: int
    name: str


class UndoResult(NamedTuple):
    """The paths of each item that are undone, and those that are skipped, with the reason.

    Paths that had their earlier value already are in neither.
    """

    undone: list[tuple[Item, list[str]]]
    skipped: list[tuple[Item, list[str], str]]


def undo_key(
    changes: ChangeSet, project: Project, *, key_id: str, since: datetime, until: datetime | None
) -> UndoResult:
    """Undo the activities of a key in a project, from `since` to before `until`, or to now.

    Raises Forbidden for the key of another user, unless an admin asks, UnknownKey for a key that no member has or
    had, and TooMuchToUndo.
    """
    owner_id = PersonalAPIKey.objects.filter(pk=key_id).values_list("user", flat=True).first()
    check_may_undo(changes.actor, owner_id=owner_id)
    if not _is_known(project, key_id):
        raise UnknownKey
    changes.activity = ActivityName.UNDONE
    of_key = Activity.objects.in_project(project).filter(key_id=key_id)
    activities = load_activities(of_key.filter(created_at__gte=since, created_at__lt=until or timezone.now()))
    items = {(activity.scope, activity.item_id) for activity in activities}
    reached = check_reach(project, items, since=activities[0].pk if activities else 0)
    rows = Dashboard.objects.in_project(project).without_free_json().with_is_collaborator(changes.actor.pk)
    lock_dashboards(rows.filter(pk__in=reached))
    return _undo_plan(UndoContext(changes, project, build_plan(project, activities, key_id)))


def _is_known(project: Project, key_id: str) -> bool:
    """Return whether a member has this key, or it left activities here before it was revoked."""
    of_member = PersonalAPIKey.objects.filter(pk=key_id, user__memberships__project=project)
    return of_member.exists() or Activity.objects.in_project(project).filter(key_id=key_id).exists()


def _undo_plan(undo: UndoContext) -> UndoResult:
    """Undo all items of a plan.

    Insights are restored, or deleted again, together with their tiles before the dashboards that show them. Those that
    the key created are deleted last, when no dashboard that it created shows them any more.
    """
    plan = undo.plan
    result = _Outcome(undo)
    for item in plan.items:
        result.skip(item, CHANGED_SINCE, plan.superseded_paths(item))
    flipped = [
        item for item in plan.insights if item.flips_deleted and item.item_id not in plan.deleted_with_dashboards
    ]
    for item in plan.dashboards:
        result.add(item, undo_sharing, is_of_sharing)
    for item in flipped:
        result.add(item, undo_insight)
    for item in plan.dashboards:
        result.add(item, undo_dashboard, lambda change: not is_of_sharing(change))
    for item in plan.insights:
        if item not in flipped:
            result.add(item, undo_insight)
    return result.collect()


class _Outcome:
    """The paths of each item that are undone or skipped so far."""

    def __init__(self, undo: UndoContext) -> None:
        self.undo = undo
        self.names = _load_names(undo)
        self.undone: dict[Item, list[str]] = defaultdict(list)
        self.skipped: dict[tuple[Item, str], list[str]] = defaultdict(list)

    def add(
        self,
        item: ItemUndo,
        undo_part: Callable[[UndoContext, ItemUndo], UndoneFields],
        is_part: Callable[[Change], bool] = lambda change: True,
    ) -> None:
        """Undo a part of an item, as a whole or not at all."""
        try:
            with self.undo.changes.savepoint():
                fields = undo_part(self.undo, item)
        except DomainError as error:
            self.skip(item, error.detail, list_paths([each for each in item.changes if is_part(each)]))
            return
        if fields.undone:
            self.undone[self._name(item)].extend(fields.undone)
        self.skip(item, CHANGED_SINCE, fields.changed_since)
        self.skip(item, GIVES_RIGHTS, fields.gives_rights)
        self.skip(item, LOST, fields.lost)

    def skip(self, item: ItemUndo, reason: str, paths: Iterable[str]) -> None:
        self.skipped[self._name(item), reason].extend(paths)

    def collect(self) -> UndoResult:
        undone = [(item, paths) for item, paths in self.undone.items() if paths]
        return UndoResult(undone, [(item, paths, reason) for (item, reason), paths in self.skipped.items() if paths])

    def _name(self, item: ItemUndo) -> Item:
        return Item(item.scope, item.item_id, self.names[item.scope, item.item_id])


def _load_names(undo: UndoContext) -> dict[tuple[str, int], str]:
    """Return the present names of all dashboards and insights of a plan."""
    dashboards = Dashboard.objects.in_project(undo.project).filter(
        pk__in=[each.item_id for each in undo.plan.dashboards]
    )
    insights = Insight.objects.in_project(undo.project).filter(pk__in=[each.item_id for each in undo.plan.insights])
    names = {(ActivityScope.DASHBOARD.value, id_): name for id_, name in dashboards.values_list("pk", "name")}
    return names | {(ActivityScope.INSIGHT.value, id_): name for id_, name in insights.values_list("pk", "name")}
