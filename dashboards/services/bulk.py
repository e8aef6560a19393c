"""What is done to several dashboards at once, in one transaction."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from dashboards.access import may_edit
from dashboards.changelog.diff import field_change
from dashboards.changelog.tracking import changing, lock_unnoted, note_changes
from dashboards.exceptions import TooManyTilesRestored
from dashboards.models import ActivityScope, Dashboard, Tile
from dashboards.models.dashboard import DERIVED_COLUMNS, DashboardQuerySet
from dashboards.services.bulk_rows import update_rows
from dashboards.services.dashboards import restore_all
from dashboards.services.tags import link_tags, tags_named, unlink_other_tags, unlink_tags
from dashboards_api.limits import TAGS_MAX
from users.models import Membership, Project

# The tiles that come back in one request.
RESTORED_TILES_MAX = 20_000
TOO_MANY_TAGS = f"too many tags: at most {TAGS_MAX}"


class TagAction(StrEnum):
    ADD = "add"
    REMOVE = "remove"
    SET = "set"


class BulkResult(NamedTuple):
    """Which dashboards were updated, with their tags, and which were skipped, with the reason."""

    updated: list[tuple[int, list[str]]]
    skipped: list[tuple[int, str]]


class Restored(NamedTuple):
    """Which dashboards are back, and which are not, with the reason."""

    restored: list[int]
    skipped: list[tuple[int, str]]


@changing
def update_tags(
    project: Project, *, dashboard_ids: Sequence[int], action: TagAction, tags: Sequence[str], updated_by: Membership
) -> BulkResult:
    """Add tags to dashboards, take tags from them, or replace their tags. Unknown and closed ones are skipped.

    The number of statements does not depend on how many dashboards and tags there are.
    """
    result = BulkResult([], [])
    rows = Dashboard.objects.in_project(project).not_deleted()
    changed = []
    for dashboard in _editable(rows, dashboard_ids, updated_by, result.skipped):
        before, after = dashboard.tag_names, _tags_after(action, set(dashboard.tag_names), set(tags))
        if len(after) > max(TAGS_MAX, len(before)):
            result.skipped.append((dashboard.pk, TOO_MANY_TAGS))
            continue
        result.updated.append((dashboard.pk, sorted(after)))
        if after != set(before):
            note_changes(dashboard, [field_change(ActivityScope.DASHBOARD, ["tags"], before, sorted(after))])
            dashboard.derive(after)
            changed.append(dashboard)
    _save_tags(changed, action, tags)
    return result


def _tags_after(action: TagAction, before: set[str], tags: set[str]) -> set[str]:
    return {TagAction.ADD: before | tags, TagAction.REMOVE: before - tags, TagAction.SET: tags}[action]


def _save_tags(dashboards: list[Dashboard], action: TagAction, tags: Sequence[str]) -> None:
    """Write the tags of dashboards that are locked and differ."""
    if not dashboards:
        return
    if action == TagAction.REMOVE:
        unlink_tags(dashboards, tags)
    else:
        if action == TagAction.SET:
            unlink_other_tags(dashboards, tags)
        link_tags(dashboards, tags_named(dashboards[0].project_id, tags))
    update_rows(dashboards, DERIVED_COLUMNS)


@changing
def restore_dashboards(project: Project, *, dashboard_ids: Sequence[int], restored_by: Membership) -> Restored:
    """Bring back deleted dashboards, each with exactly what went in its deletion. Others are skipped.

    Raises TooManyTilesRestored.
    """
    result = Restored([], [])
    rows = Dashboard.objects.in_project(project)
    deleted = []
    for dashboard in _editable(rows, dashboard_ids, restored_by, result.skipped):
        if dashboard.deleted:
            deleted.append(dashboard)
            result.restored.append(dashboard.pk)
        else:
            result.skipped.append((dashboard.pk, "not deleted"))
    if Tile.objects.deleted_with(deleted).count() > RESTORED_TILES_MAX:
        raise TooManyTilesRestored(RESTORED_TILES_MAX)
    for dashboard in deleted:
        note_changes(dashboard, [field_change(ActivityScope.DASHBOARD, ["deleted"], True, False)], reaches_others=True)
    restore_all(deleted)
    return result


def _editable(
    rows: DashboardQuerySet, dashboard_ids: Sequence[int], member: Membership, skipped: list[tuple[int, str]]
) -> Iterator[Dashboard]:
    """Those of these that the member may edit, all locked, each once and in this order. The others go to `skipped`.

    Those that are changed are still to be noted.
    """
    wanted = list(dict.fromkeys(dashboard_ids))
    dashboards = lock_unnoted(rows.without_free_json().with_is_collaborator(member).filter(pk__in=wanted))
    for dashboard_id in wanted:
        dashboard = dashboards.get(dashboard_id)
        if dashboard is None:
            skipped.append((dashboard_id, "not found"))
        elif not may_edit(dashboard, member):
            skipped.append((dashboard_id, "no edit permission"))
        else:
            yield dashboard
