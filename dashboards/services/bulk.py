"""Bulk changes to dashboards, each in one write."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeVar

from dashboards.access import may_edit
from dashboards.changelog.diff import build_change
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import TooManyTilesRestored
from dashboards.models import ActivityScope, Dashboard, Insight, Tile
from dashboards.models.dashboard import DERIVED_COLUMNS, DashboardQuerySet
from dashboards.services.rows import lock_dashboards, update_rows
from dashboards.services.soft_delete import restore_locked_dashboards
from dashboards.services.tags import get_or_create_tags, link_tags, unlink_other_tags, unlink_tags
from dashboards_api.limits import MAX_TAGS
from users.models import Membership, Project

# Maximum number of tiles that one request may restore.
MAX_RESTORED_TILES = 20_000
TOO_MANY_TAGS = f"too many tags: at most {MAX_TAGS}"
Row = TypeVar("Row", Dashboard, Insight)


class TagAction(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    SET = "set"


class BulkResult(NamedTuple):
    """The updated dashboards or insights with their tags, and the skipped dashboards or insights with the reason."""

    updated: list[tuple[int, list[str]]]
    skipped: list[tuple[int, str]]


class RestoreResult(NamedTuple):
    """The restored dashboards, and the skipped dashboards with the reason."""

    restored: list[int]
    skipped: list[tuple[int, str]]


def update_tags(
    changes: ChangeSet, project: Project, *, dashboard_ids: Sequence[int], action: TagAction, tags: Sequence[str]
) -> BulkResult:
    """Add tags to dashboards, remove tags from them, or replace their tags.

    Dashboards that are unknown or that the member may not edit are skipped.

    The number of statements does not depend on the number of dashboards and tags.
    """
    result = BulkResult([], [])
    rows = Dashboard.objects.in_project(project).not_deleted()
    changed = []
    for dashboard, after in iter_changed_tags(
        _lock_editable(rows, dashboard_ids, changes.actor, result.skipped), action, tags, result
    ):
        change = build_change(ActivityScope.DASHBOARD, ["tags"], dashboard.tag_names, sorted(after))
        changes.record_known_changes(dashboard, [change])
        dashboard.derive(after)
        changed.append(dashboard)
    save_tags(changed, action, tags)
    if changed:
        update_rows(changed, DERIVED_COLUMNS)
    return result


def iter_changed_tags(
    rows: Iterable[Row], action: TagAction, tags: Sequence[str], result: BulkResult
) -> Iterator[tuple[Row, set[str]]]:
    """Yield the dashboards or insights whose tags change, with their new tags. Add every row to `result`."""
    for row in rows:
        before, named = set(row.tag_names), set(tags)
        after = {TagAction.ADD: before | named, TagAction.REMOVE: before - named, TagAction.SET: named}[action]
        if len(after) > max(MAX_TAGS, len(before)):
            result.skipped.append((row.pk, TOO_MANY_TAGS))
            continue
        result.updated.append((row.pk, sorted(after)))
        if after != before:
            yield row, after


def save_tags(rows: Sequence[Dashboard] | Sequence[Insight], action: TagAction, tags: Sequence[str]) -> None:
    """Link tags to locked dashboards or insights, or unlink them."""
    if not rows:
        return
    if action == TagAction.REMOVE:
        unlink_tags(rows, tags)
        return
    if action == TagAction.SET:
        unlink_other_tags(rows, tags)
    link_tags(rows, get_or_create_tags(rows[0].project_id, tags))


def restore_dashboards(changes: ChangeSet, project: Project, *, dashboard_ids: Sequence[int]) -> RestoreResult:
    """Restore deleted dashboards, each with the tiles and insights that were deleted with it.

    Dashboards are skipped if they are unknown or not deleted, or if the member may not edit them. Raises
    TooManyTilesRestored.
    """
    result = RestoreResult([], [])
    rows = Dashboard.objects.in_project(project)
    deleted = []
    for dashboard in _lock_editable(rows, dashboard_ids, changes.actor, result.skipped):
        if dashboard.deleted:
            deleted.append(dashboard)
            result.restored.append(dashboard.pk)
        else:
            result.skipped.append((dashboard.pk, "not deleted"))
    if Tile.objects.deleted_with(deleted).count() > MAX_RESTORED_TILES:
        raise TooManyTilesRestored(MAX_RESTORED_TILES)
    for dashboard in deleted:
        change = build_change(ActivityScope.DASHBOARD, ["deleted"], True, False)
        changes.record_known_changes(dashboard, [change], shares_content=True)
    restore_locked_dashboards(changes, deleted)
    return result


def _lock_editable(
    rows: DashboardQuerySet, dashboard_ids: Sequence[int], member: Membership, skipped: list[tuple[int, str]]
) -> Iterator[Dashboard]:
    """Lock dashboards, and yield the dashboards that the member may edit, without duplicates, in the order of the ids.

    Add all other dashboards to `skipped`.
    """
    wanted = list(dict.fromkeys(dashboard_ids))
    dashboards = lock_dashboards(rows.without_free_json().with_is_collaborator(member.pk).filter(pk__in=wanted))
    for dashboard_id in wanted:
        dashboard = dashboards.get(dashboard_id)
        if dashboard is None:
            skipped.append((dashboard_id, "not found"))
        elif not may_edit(dashboard, member):
            skipped.append((dashboard_id, "no edit permission"))
        else:
            yield dashboard
