"""The verbs of an insight: create, update, put on dashboards, delete, restore. One transaction each."""

import uuid
from collections.abc import Iterable, Mapping

from django.db import models
from django.utils import timezone

from dashboards.access import check_may_edit
from dashboards.changelog.dashboard_limits import check_room
from dashboards.changelog.tracking import changing, lock_unnoted, note_insight, note_list, note_new_insights
from dashboards.exceptions import DashboardNotInProject, InsightNotFound, OnTooManyDashboards
from dashboards.folders import normalize_folder
from dashboards.models import Dashboard, Insight, Tile
from dashboards.models.insight import DERIVED_COLUMNS
from dashboards.services.bulk_rows import update_rows
from dashboards.services.content_access import check_may_edit_contents
from dashboards.services.inputs import InsightInput, assign_changed_fields
from dashboards.services.insight_tiles import note_insight_tiles, place_insight
from dashboards.services.size_limits import check_tags
from dashboards.services.tags import replace_tags
from dashboards.tracked_fields import AUTHORED_INSIGHT_FIELDS, INSIGHT_FIELDS
from dashboards_api.limits import DASHBOARDS_OF_CONTENT_MAX
from users.models import Membership, Project

# What is stored of an insight that its history does not tell is `create_in_folder`.
STORED_FIELDS = (*INSIGHT_FIELDS, "create_in_folder")


@changing
def create_insight(project: Project, *, content: InsightInput, created_by: Membership) -> Insight:
    """A new insight on the dashboards it names: on all of them, or none is made.

    Raises DashboardNotInProject, and Forbidden for a dashboard that the member may not edit.
    """
    dashboards = _lock_dashboards(project, set(content.get("dashboards", [])), created_by)
    insight = Insight(project=project, created_by=created_by.user)
    assign_changed_fields(insight, _placed(insight, content), STORED_FIELDS)
    tags = content.get("tags", [])
    check_tags([], tags)
    insight.derive(tags)
    insight.save(force_insert=True)
    if tags:
        replace_tags(insight, tags)
    note_new_insights([insight])
    _put_on(insight, content.get("dashboards", []), dashboards=dashboards, put_by=created_by)
    if content.get("deleted"):
        _delete(insight, dashboards)
    return insight


@changing
def update_insight(insight_id: int, *, project: Project, changes: InsightInput, edited_by: Membership) -> list[str]:
    """Change an insight, its tags and the dashboards it is on; delete or restore it. What does not differ stays.

    `dashboards` is the full list: the insight leaves those that are not in it. Gives back the paths that had no
    effect: deleted dashboards in that list. Raises InsightNotFound (also for a deleted one, unless it is restored),
    DashboardNotInProject and Forbidden.
    """
    dashboards = _lock_dashboards(project, {*changes.get("dashboards", []), *_dashboard_ids(insight_id)}, edited_by)
    insight = Insight.objects.in_project(project).select_for_update().filter(pk=insight_id).first()
    if insight is None:
        raise InsightNotFound
    note_insight(insight)
    check_may_edit_contents("insight", [insight.pk], edited_by)
    restores = insight.deleted and changes.get("deleted") is False
    if insight.deleted and not restores:
        raise InsightNotFound
    if restores:
        _restore(insight, dashboards)
    _save_changed(insight, changes, edited_by)
    ignored = []
    if "dashboards" in changes:
        ignored = _put_on(insight, changes["dashboards"], dashboards=dashboards, put_by=edited_by)
    if changes.get("deleted"):
        _delete(insight, dashboards)
    return ignored


def _dashboard_ids(insight_id: int) -> list[int]:
    """The dashboards that show an insight, or will when it is restored."""
    went_with_it = models.Q(deletion_id=models.F("insight__deletion_id"))
    tiles = Tile.objects.filter(models.Q(deleted=False) | went_with_it, insight=insight_id)
    return list(tiles.values_list("dashboard_id", flat=True))


def _lock_dashboards(project: Project, ids: set[int], member: Membership) -> dict[int, Dashboard]:
    """Those that exist in the project, deleted or not, as the member sees them, locked in the order of their ids.

    Dashboards are locked before insights everywhere, so that nobody waits for each other.
    """
    rows = Dashboard.objects.in_project(project).with_is_collaborator(member).filter(pk__in=ids)
    locked = lock_unnoted(rows.without_free_json())
    if locked:
        note_list(project.pk)
    return locked


def _delete(insight: Insight, dashboards: Mapping[int, Dashboard]) -> None:
    """Delete an insight, and remove its tiles everywhere."""
    deletion_id = uuid.uuid4()
    tiles = list(Tile.objects.not_deleted().filter(insight=insight))
    note_insight_tiles(tiles, dashboards, are_shown=False)
    Tile.objects.filter(pk__in=[tile.pk for tile in tiles]).update(deleted=True, deletion_id=deletion_id)
    insight.mark_deleted(deletion_id)
    insight.save(update_fields=["deleted", "deletion_id"])


def _placed(insight: Insight, changes: InsightInput) -> InsightInput:
    """Return the changes with the folder that a new `create_in_folder` names, unless they name a folder themselves."""
    wanted = changes.get("create_in_folder", insight.create_in_folder)
    if wanted == insight.create_in_folder or "folder" in changes:
        return changes
    return {**changes, "folder": normalize_folder(wanted)}


def _save_changed(insight: Insight, changes: InsightInput, edited_by: Membership) -> None:
    columns = assign_changed_fields(insight, _placed(insight, changes), STORED_FIELDS)
    if not columns and "tags" not in changes:
        return
    tags = insight.tag_names
    retagged = sorted(changes.get("tags", tags)) != tags
    if retagged:
        check_tags(tags, changes["tags"])
        tags = sorted(changes["tags"])
        replace_tags(insight, tags)
    if not columns and not retagged:
        return
    insight.updated_at = timezone.now()
    if retagged or set(columns) & set(AUTHORED_INSIGHT_FIELDS):
        insight.mark_modified(edited_by.user_id, insight.updated_at)
        columns += ["last_modified_by", "last_modified_at", "is_sample"]
    insight.derive(tags)
    insight.save(update_fields=[*columns, "updated_at", *DERIVED_COLUMNS])


def _put_on(
    insight: Insight, dashboard_ids: Iterable[int], *, dashboards: dict[int, Dashboard], put_by: Membership
) -> list[str]:
    """Make these the dashboards of an insight: tiles that stay keep their id and layouts, removed ones are revived.

    `dashboards` are those named and those that it is on, locked.
    """
    wanted = list(dict.fromkeys(dashboard_ids))
    for index, dashboard_id in enumerate(wanted):
        if dashboard_id not in dashboards:
            raise DashboardNotInProject(f"dashboards__{index}")
    tiles = {tile.dashboard_id: tile for tile in Tile.objects.filter(insight=insight, dashboard__in=dashboards)}
    live = {dashboard_id for dashboard_id, tile in tiles.items() if not tile.deleted}
    kept = {dashboard_id for dashboard_id in wanted if not dashboards[dashboard_id].deleted}
    if len(kept) > max(DASHBOARDS_OF_CONTENT_MAX, len(live)):
        raise OnTooManyDashboards("insight", DASHBOARDS_OF_CONTENT_MAX, "dashboards")
    for dashboard_id in sorted(kept ^ live):
        check_may_edit(dashboards[dashboard_id], put_by)
    place_insight(insight, tiles, dashboards, gained=sorted(kept - live), left=sorted(live - kept))
    return [f"dashboards__{index}" for index, dashboard_id in enumerate(wanted) if dashboard_id not in kept]


def _restore(insight: Insight, dashboards: Mapping[int, Dashboard]) -> None:
    """Bring back an insight with the tiles that went in the same deletion.

    A tile whose dashboard was deleted since then comes back when its dashboard does.
    """
    tiles = list(Tile.objects.filter(insight=insight, deletion_id=insight.deletion_id, dashboard__in=dashboards))
    for tile in tiles:
        dashboard = dashboards[tile.dashboard_id]
        tile.deleted, tile.deletion_id = dashboard.deleted, dashboard.deletion_id
    note_insight_tiles(tiles, dashboards, are_shown=True)
    update_rows(tiles, ["deleted", "deletion_id"])
    check_room([tile.dashboard_id for tile in tiles])
    insight.mark_restored()
    insight.save(update_fields=["deleted", "deletion_id"])
