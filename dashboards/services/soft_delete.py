"""Soft deletion and restoration of dashboards and insights. Both change `deleted`, and remove no rows.

Each deletion has an id, which is also stored on its tiles and insights, so that a restoration finds exactly the objects
that were deleted together.
"""

import uuid
from collections.abc import Mapping, Sequence

from dashboards.changelog.limits import check_tile_limits
from dashboards.changelog.tracking import ChangeSet
from dashboards.models import Dashboard, Insight, Tile
from dashboards.services.insight_tiles import record_insight_tiles
from dashboards.services.rows import update_rows

# The columns of an insight that the activity log requires for a deletion or a restoration.
_LOGGED_COLUMNS = ("project_id", "short_id", "name", "derived_name", "deleted")


def delete_locked_dashboard(changes: ChangeSet, dashboard: Dashboard, *, with_insights: bool) -> None:
    """Soft-delete a dashboard with its tiles and, on request, with the insights that no other dashboard shows."""
    deletion_id = uuid.uuid4()
    insights = (
        list(Insight.objects.only_on_dashboard(dashboard).not_deleted().only(*_LOGGED_COLUMNS)) if with_insights else []
    )
    changes.record_tiles(dashboard)
    changes.record_listing(dashboard, -1)
    dashboard.mark_deleted(deletion_id, with_insights=with_insights)
    dashboard.save(update_fields=["deleted", "deletion_id", "delete_insights"])
    Tile.objects.on_dashboard(dashboard).not_deleted().update(deleted=True, deletion_id=deletion_id)
    _set_insights_deleted(changes, insights, deletion_id)


def restore_locked_dashboards(changes: ChangeSet, dashboards: Sequence[Dashboard]) -> None:
    """Restore locked dashboards that are recorded, each with exactly the tiles and insights of its deletion.

    An insight that was deleted afterwards, together with the last other dashboard that showed it, is included.
    """
    if not dashboards:
        return
    insights = list(Insight.objects.restorable_with(dashboards).only(*_LOGGED_COLUMNS))
    _set_insights_deleted(changes, insights, None)
    Tile.objects.deleted_with(dashboards).update(deleted=False, deletion_id=None)
    for dashboard in dashboards:
        dashboard.mark_restored()
        changes.record_listing(dashboard, 1)
    ids = [dashboard.pk for dashboard in dashboards]
    Dashboard.objects.filter(pk__in=ids).update(deleted=False, deletion_id=None, delete_insights=False)


def delete_locked_insight(changes: ChangeSet, insight: Insight, dashboards: Mapping[int, Dashboard]) -> None:
    """Soft-delete an insight, together with its tiles on all dashboards."""
    deletion_id = uuid.uuid4()
    tiles = list(Tile.objects.not_deleted().filter(insight=insight))
    record_insight_tiles(changes, tiles, dashboards, are_shown=False)
    Tile.objects.filter(pk__in=[tile.pk for tile in tiles]).update(deleted=True, deletion_id=deletion_id)
    insight.mark_deleted(deletion_id)
    insight.save(update_fields=["deleted", "deletion_id"])


def restore_locked_insight(changes: ChangeSet, insight: Insight, dashboards: Mapping[int, Dashboard]) -> None:
    """Restore an insight with the tiles that were removed in the same deletion.

    A tile whose dashboard was deleted after the insight is restored together with the dashboard.
    """
    changes.record_insight(insight)
    tiles = list(Tile.objects.filter(insight=insight, deletion_id=insight.deletion_id, dashboard__in=dashboards))
    for tile in tiles:
        dashboard = dashboards[tile.dashboard_id]
        tile.deleted, tile.deletion_id = dashboard.deleted, dashboard.deletion_id
    record_insight_tiles(changes, tiles, dashboards, are_shown=True)
    update_rows(tiles, ["deleted", "deletion_id"])
    check_tile_limits([tile.dashboard_id for tile in tiles])
    insight.mark_restored()
    insight.save(update_fields=["deleted", "deletion_id"])


def _set_insights_deleted(changes: ChangeSet, insights: list[Insight], deletion_id: uuid.UUID | None) -> None:
    """Delete insights together with their dashboard, or restore them with it if `deletion_id` is None."""
    for insight in insights:
        changes.record_insight_deletion(insight)
        if deletion_id:
            insight.mark_deleted(deletion_id)
        else:
            insight.mark_restored()
    changed = Insight.objects.filter(pk__in=[insight.pk for insight in insights])
    changed.update(deleted=deletion_id is not None, deletion_id=deletion_id)
