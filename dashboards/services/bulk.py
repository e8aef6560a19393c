"""What is done to several dashboards at once, in one transaction."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from dashboards.access import may_edit
from dashboards.models import Dashboard
from dashboards.models.dashboard import DERIVED_COLUMNS
from dashboards.services.revisions import changing, lock_all
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


@changing
def update_tags(
    project: Project, *, dashboard_ids: Sequence[int], action: TagAction, tags: Sequence[str], updated_by: Membership
) -> BulkResult:
    """Add tags to dashboards, take tags from them, or replace their tags. Unknown and closed ones are skipped."""
    wanted = list(dict.fromkeys(dashboard_ids))
    rows = Dashboard.objects.in_project(project).not_deleted().as_seen_by(updated_by).filter(pk__in=wanted)
    dashboards = lock_all(rows)
    result = BulkResult([], [])
    for dashboard_id in wanted:
        dashboard = dashboards.get(dashboard_id)
        if dashboard is None:
            result.skipped.append((dashboard_id, "not found"))
        elif not may_edit(dashboard, updated_by):
            result.skipped.append((dashboard_id, "no edit permission"))
        elif (after := _update(dashboard, action, set(tags))) is None:
            result.skipped.append((dashboard_id, "too many tags"))
        else:
            result.updated.append((dashboard_id, after))
    return result


def _update(dashboard: Dashboard, action: TagAction, tags: set[str]) -> list[str] | None:
    """The tags that the dashboard has now, or None where they would be too many to be sent back."""
    before = dashboard.tag_names
    after = {TagAction.ADD: {*before, *tags}, TagAction.REMOVE: {*before} - tags, TagAction.SET: tags}[action]
    if len(after) > LIST_MAX_LENGTH:
        return None
    if after != set(before):
        replace_tags(dashboard, after)
        dashboard.derive(sorted(after))
        dashboard.save(update_fields=DERIVED_COLUMNS)
    return sorted(after)
