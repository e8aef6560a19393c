"""What is done to several dashboards at once, in one transaction."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from dashboards.access import may_edit
from dashboards.models import Dashboard
from dashboards.models.dashboard import DERIVED_COLUMNS, DashboardQuerySet
from dashboards.services.dashboards import update_dashboard
from dashboards.services.revisions import changing, lock_unnoted, note_locked
from dashboards.services.tags import replace_tags
from dashboards_api.numbers import LIST_MAX_LENGTH
from users.models import Membership, Project


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
    """Add tags to dashboards, take tags from them, or replace their tags. Unknown and closed ones are skipped."""
    result = BulkResult([], [])
    rows = Dashboard.objects.in_project(project).not_deleted()
    for dashboard in _editable(rows, dashboard_ids, updated_by, result.skipped):
        if (after := _update(dashboard, action, set(tags))) is None:
            result.skipped.append((dashboard.pk, "too many tags"))
        else:
            result.updated.append((dashboard.pk, after))
    return result


@changing
def restore_dashboards(project: Project, *, dashboard_ids: Sequence[int], restored_by: Membership) -> Restored:
    """Bring back deleted dashboards, each with exactly what went in its deletion. Others are skipped."""
    result = Restored([], [])
    rows = Dashboard.objects.in_project(project)
    for dashboard in _editable(rows, dashboard_ids, restored_by, result.skipped):
        if not dashboard.deleted:
            result.skipped.append((dashboard.pk, "not deleted"))
        else:
            update_dashboard(dashboard.pk, project=project, changes={"deleted": False}, edited_by=restored_by)
            result.restored.append(dashboard.pk)
    return result


def _editable(
    rows: DashboardQuerySet, dashboard_ids: Sequence[int], member: Membership, skipped: list[tuple[int, str]]
) -> Iterator[Dashboard]:
    """Those of these that the member may edit, all locked, each once and in this order. The others go to `skipped`.

    Those that are changed are still to be noted.
    """
    wanted = list(dict.fromkeys(dashboard_ids))
    dashboards = lock_unnoted(rows.as_seen_by(member).filter(pk__in=wanted))
    for dashboard_id in wanted:
        dashboard = dashboards.get(dashboard_id)
        if dashboard is None:
            skipped.append((dashboard_id, "not found"))
        elif not may_edit(dashboard, member):
            skipped.append((dashboard_id, "no edit permission"))
        else:
            yield dashboard


def _update(dashboard: Dashboard, action: TagAction, tags: set[str]) -> list[str] | None:
    """The tags that the dashboard has now, or None where they would be too many to be sent back."""
    before = dashboard.tag_names
    after = {TagAction.ADD: {*before, *tags}, TagAction.REMOVE: {*before} - tags, TagAction.SET: tags}[action]
    if len(after) > LIST_MAX_LENGTH:
        return None
    if after != set(before):
        note_locked([dashboard])
        replace_tags(dashboard, after)
        dashboard.derive(sorted(after))
        dashboard.save(update_fields=DERIVED_COLUMNS)
    return sorted(after)
