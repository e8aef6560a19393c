"""Bulk changes to insights, each in one write."""

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import TooManyTilesTouched
from dashboards.models import Dashboard, Insight, Tile
from dashboards.models.tile import TileQuerySet
from dashboards.services.bulk import BulkResult, TagAction, iter_changed_tags, save_tags
from dashboards.services.rows import filter_editable, lock_dashboards
from dashboards_api.db.fields import dump_json
from users.models import Membership, Project

# Maximum number of tiles on the dashboards of the insights that one request may delete or restore, because a snapshot
# of each dashboard is read.
MAX_TILES = 10_000


class DeletionResult(NamedTuple):
    """The deleted or restored insights, and the skipped insights with the reason."""

    insights: list[Insight]
    skipped: list[tuple[int, str]]


def delete_insights(changes: ChangeSet, project: Project, *, insight_ids: Sequence[int]) -> DeletionResult:
    """Delete insights, and remove their tiles from all dashboards.

    Insights are skipped if they are unknown or deleted, or if the member may not edit them.

    Raises TooManyTilesTouched.
    """
    dashboards = _lock_dashboards(project, insight_ids, changes.actor)
    found = _lock_editable(project, insight_ids, changes.actor, wants_deleted=False)
    live = Tile.objects.not_deleted().filter(insight__in=found.insights)
    _record_dashboards(changes, dashboards, live)
    deletion_id = uuid.uuid4()
    live.update(deleted=True, deletion_id=deletion_id)
    for insight in found.insights:
        changes.record_insight(insight)
        insight.mark_deleted(deletion_id)
    Insight.objects.filter(pk__in=_list_ids(found.insights)).update(deleted=True, deletion_id=deletion_id)
    return found


def restore_insights(changes: ChangeSet, project: Project, *, insight_ids: Sequence[int]) -> DeletionResult:
    """Restore deleted insights, each with the tiles that were removed with it.

    Insights are skipped if they are unknown or not deleted, or if the member may not edit them. A tile whose dashboard
    was deleted after the insight is restored together with the dashboard. Raises TooManyTilesTouched.
    """
    dashboards = _lock_dashboards(project, insight_ids, changes.actor)
    found = _lock_editable(project, insight_ids, changes.actor, wants_deleted=True)
    removed = Tile.objects.filter(insight__in=found.insights, deletion_id=F("insight__deletion_id"))
    _record_dashboards(changes, dashboards, removed)
    dashboard = Dashboard.objects.filter(pk=OuterRef("dashboard"))
    removed.update(deleted=Subquery(dashboard.values("deleted")), deletion_id=Subquery(dashboard.values("deletion_id")))
    for insight in found.insights:
        changes.record_insight(insight)
        insight.mark_restored()
    Insight.objects.filter(pk__in=_list_ids(found.insights)).update(deleted=False, deletion_id=None)
    return found


def update_insight_tags(
    changes: ChangeSet, project: Project, *, insight_ids: Sequence[int], action: TagAction, tags: Sequence[str]
) -> BulkResult:
    """Add tags to insights, remove tags from them, or replace their tags.

    Insights are skipped if they are unknown, or if the member may not edit them.
    """
    found = _lock_editable(project, insight_ids, changes.actor, wants_deleted=False)
    result = BulkResult([], found.skipped)
    changed = []
    for insight, after in iter_changed_tags(found.insights, action, tags, result):
        changes.record_insight(insight)
        insight.derive(after)
        changed.append(insight)
    save_tags(changed, action, tags)
    _set_author(changed, changes.actor)
    return result


def _set_author(insights: list[Insight], member: Membership) -> None:
    """Write the author and the columns derived from tags. One statement per row is cheaper than one for all rows."""
    now = timezone.now()
    changed = Insight.objects.filter(pk__in=_list_ids(insights))
    changed.update(updated_at=now, last_modified_at=now, last_modified_by=member.user_id, is_sample=False)
    if insights:
        table = connection.ops.quote_name(Insight._meta.db_table)
        sql = f"UPDATE {table} SET search_text = %s, tag_names = %s WHERE id = %s"  # noqa: S608  the name of our own table
        with connection.cursor() as cursor:
            cursor.executemany(sql, [(each.search_text, dump_json(each.tag_names), each.pk) for each in insights])


def _lock_dashboards(project: Project, insight_ids: Sequence[int], member: Membership) -> dict[int, Dashboard]:
    """Lock the dashboards that show the given insights, or will show them when the insights are restored.

    Dashboards are locked before insights, as in every write. Raises TooManyTilesTouched if the snapshots of the
    dashboards would be too large.
    """
    is_shown = Q(deleted=False) | Q(deletion_id=F("insight__deletion_id"))
    shown = Tile.objects.filter(is_shown, insight__in=insight_ids, insight__project=project)
    dashboards = Dashboard.objects.in_project(project).filter(pk__in=shown.values("dashboard"))
    if Tile.objects.not_deleted().filter(dashboard__in=dashboards.values("pk")).count() > MAX_TILES:
        raise TooManyTilesTouched(MAX_TILES)
    rows = Dashboard.objects.in_project(project).with_is_collaborator(member.pk).filter(pk__in=dashboards.values("pk"))
    return lock_dashboards(rows)


def _record_dashboards(changes: ChangeSet, dashboards: Mapping[int, Dashboard], tiles: TileQuerySet) -> None:
    """Record the locked dashboards of tiles that are about to be removed or restored."""
    for dashboard_id in tiles.values_list("dashboard_id", flat=True).distinct():
        if dashboard_id in dashboards:  # else another write added the tile before this write could lock the dashboard
            changes.record_tiles(dashboards[dashboard_id])


def _lock_editable(
    project: Project, insight_ids: Sequence[int], member: Membership, *, wants_deleted: bool
) -> DeletionResult:
    """Lock insights, and return the insights that the member may edit, in the order of the ids.

    With `wants_deleted`, the result contains deleted insights, otherwise live insights. All other insights are skipped.
    """
    wanted = list(dict.fromkeys(insight_ids))
    rows = Insight.objects.in_project(project).select_for_update().filter(pk__in=wanted).order_by("pk")
    found_insights = {insight.pk: insight for insight in rows if wants_deleted or not insight.deleted}
    may_edit = filter_editable("insight", found_insights, member)
    found = DeletionResult([], [])
    for id_ in wanted:
        if id_ not in found_insights:
            found.skipped.append((id_, "not found"))
        elif id_ not in may_edit:
            found.skipped.append((id_, "no edit permission"))
        elif found_insights[id_].deleted != wants_deleted:
            found.skipped.append((id_, "not deleted"))
        else:
            found.insights.append(found_insights[id_])
    return found


def _list_ids(rows: Sequence[Insight]) -> list[int]:
    return [row.pk for row in rows]
