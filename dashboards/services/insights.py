"""Operations on insights: create, update, put on dashboards, delete and restore."""

from collections.abc import Iterable

from django.db import models
from django.utils import timezone

from dashboards.access import check_edit_restriction
from dashboards.changelog.activity_log import build_insight_snapshot
from dashboards.changelog.limits import check_tags
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotInProject, InsightNotFound, OnTooManyDashboards
from dashboards.folders import normalize_folder
from dashboards.models import Dashboard, Insight, Tile
from dashboards.models.insight import DERIVED_COLUMNS
from dashboards.services.inputs import InsightInput
from dashboards.services.insight_tiles import place_insight
from dashboards.services.rows import assign_changed_fields, check_contents_edit_permission, lock_all
from dashboards.services.soft_delete import delete_locked_insight, restore_locked_insight
from dashboards.services.tags import replace_tags
from dashboards.tracked_fields import AUTHORED_INSIGHT_FIELDS, INSIGHT_FIELDS
from dashboards_api.limits import MAX_DASHBOARDS_OF_CONTENT
from users.models import Project

# `create_in_folder` is stored, but is not part of the activity log.
STORED_FIELDS = (*INSIGHT_FIELDS, "create_in_folder")


def create_insight(changes: ChangeSet, project: Project, *, content: InsightInput) -> Insight:
    """Create an insight on all dashboards that the content names.

    Raises DashboardNotInProject, and Forbidden for a dashboard that the member may not edit.
    """
    dashboards = lock_all(content.get("dashboards", []), project=project, member=changes.actor)
    insight = Insight(project=project, created_by=changes.actor.user)
    assign_changed_fields(insight, _add_folder(insight, content), STORED_FIELDS)
    tags = content.get("tags", [])
    check_tags([], tags)
    insight.derive(tags)
    insight.save(force_insert=True)
    if tags:
        replace_tags(insight, tags)
    changes.record_created_insights([insight])
    _set_dashboards(changes, insight, content.get("dashboards", []), dashboards=dashboards)
    if content.get("deleted"):
        delete_locked_insight(changes, insight, dashboards)
    return insight


def update_insight(changes: ChangeSet, insight_id: int, *, project: Project, content: InsightInput) -> list[str]:
    """Change, delete or restore an insight, with its tags and dashboards. Unchanged values are not written.

    `dashboards` is the full list, so the insight is removed from all other dashboards. Return the paths of the input
    that had no effect, such as deleted dashboards in that list. Raises InsightNotFound (also for a deleted insight,
    unless it is restored), DashboardNotInProject and Forbidden.
    """
    # Every write locks dashboards before insights, which prevents deadlocks.
    ids = {*content.get("dashboards", []), *_find_dashboard_ids(insight_id)}
    dashboards = lock_all(ids, project=project, member=changes.actor)
    insight = Insight.objects.in_project(project).select_for_update().filter(pk=insight_id).first()
    if insight is None:
        raise InsightNotFound
    check_contents_edit_permission("insight", [insight.pk], changes.actor)
    restores = insight.deleted and content.get("deleted") is False
    if insight.deleted and not restores:
        raise InsightNotFound
    if restores:
        restore_locked_insight(changes, insight, dashboards)
    _save_changed(changes, insight, content)
    ignored = []
    if "dashboards" in content:
        ignored = _set_dashboards(changes, insight, content["dashboards"], dashboards=dashboards)
    if content.get("deleted"):
        changes.record_insight(insight)
        delete_locked_insight(changes, insight, dashboards)
    return ignored


def _find_dashboard_ids(insight_id: int) -> list[int]:
    """Return the dashboards that show an insight, or will show it when it is restored."""
    went_with_it = models.Q(deletion_id=models.F("insight__deletion_id"))
    tiles = Tile.objects.filter(models.Q(deleted=False) | went_with_it, insight=insight_id)
    return list(tiles.values_list("dashboard_id", flat=True))


def _add_folder(insight: Insight, content: InsightInput) -> InsightInput:
    """Return the content with `folder` set to a changed `create_in_folder`, unless the content contains a folder."""
    wanted = content.get("create_in_folder", insight.create_in_folder)
    if wanted == insight.create_in_folder or "folder" in content:
        return content
    return {**content, "folder": normalize_folder(wanted)}


def _save_changed(changes: ChangeSet, insight: Insight, content: InsightInput) -> None:
    before = build_insight_snapshot(insight)
    columns = assign_changed_fields(insight, _add_folder(insight, content), STORED_FIELDS)
    if not columns and "tags" not in content:
        return
    tags = insight.tag_names
    retagged = sorted(content.get("tags", tags)) != tags
    if retagged:
        check_tags(tags, content["tags"])
        tags = sorted(content["tags"])
        replace_tags(insight, tags)
    if not columns and not retagged:
        return
    changes.record_insight(insight, before)
    insight.updated_at = timezone.now()
    if retagged or set(columns) & set(AUTHORED_INSIGHT_FIELDS):
        insight.mark_modified(changes.actor.user_id, insight.updated_at)
        columns += ["last_modified_by", "last_modified_at", "is_sample"]
    insight.derive(tags)
    insight.save(update_fields=[*columns, "updated_at", *DERIVED_COLUMNS])


def _set_dashboards(
    changes: ChangeSet, insight: Insight, dashboard_ids: Iterable[int], *, dashboards: dict[int, Dashboard]
) -> list[str]:
    """Put an insight on exactly the given dashboards. Existing tiles keep their id and layouts.

    Removed tiles on the given dashboards are restored. `dashboards` contains the given dashboards and all dashboards
    that show the insight. All of them are locked. Return the paths of deleted dashboards.
    """
    wanted = list(dict.fromkeys(dashboard_ids))
    for index, dashboard_id in enumerate(wanted):
        if dashboard_id not in dashboards:
            raise DashboardNotInProject(f"dashboards__{index}")
    tiles = {tile.dashboard_id: tile for tile in Tile.objects.filter(insight=insight, dashboard__in=dashboards)}
    live = {dashboard_id for dashboard_id, tile in tiles.items() if not tile.deleted}
    kept = {dashboard_id for dashboard_id in wanted if not dashboards[dashboard_id].deleted}
    if len(kept) > max(MAX_DASHBOARDS_OF_CONTENT, len(live)):
        raise OnTooManyDashboards("insight", MAX_DASHBOARDS_OF_CONTENT, "dashboards")
    for dashboard_id in sorted(kept ^ live):
        check_edit_restriction(dashboards[dashboard_id], changes.actor)
    place_insight(changes, insight, tiles, dashboards, gained=sorted(kept - live), left=sorted(live - kept))
    return [f"dashboards__{index}" for index, dashboard_id in enumerate(wanted) if dashboard_id not in kept]
