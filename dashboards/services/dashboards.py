"""The verbs of a dashboard: create, update, delete, restore. One transaction each."""

import uuid
from typing import Any

from django.db import transaction

from dashboards.access import check_may_edit, check_may_restrict
from dashboards.exceptions import DashboardMissing
from dashboards.models import Dashboard, SharingConfiguration, Tile
from dashboards.services.changes import DashboardChanges, differs
from dashboards.services.tags import replace_tags, tag_names
from dashboards.services.tiles import add_tiles, change_tiles
from dashboards_api.errors import Invalid
from users.models import Membership, Project

PLAIN_FIELDS = (
    "name",
    "description",
    "pinned",
    "filters",
    "variables",
    "breakdown_colors",
    "data_color_theme_id",
    "restriction_level",
)


@transaction.atomic
def create_dashboard(project: Project, *, content: DashboardChanges, created_by: Membership) -> Dashboard:
    """A new dashboard with its sharing row, tags and tiles.

    Raises Invalid where it is to be made from a template or a dashboard that does not exist, or for an impossible
    tile.
    """
    _refuse_unknown_sources(content)
    dashboard = Dashboard(project=project, created_by=created_by.user)
    _take(dashboard, content)
    tags = content.get("tags", [])
    dashboard.derive(tags)
    dashboard.save(force_insert=True)
    SharingConfiguration.objects.create(dashboard=dashboard)
    if tags:
        replace_tags(dashboard, tags)
    add_tiles(dashboard, content.get("tiles", []), added_by=created_by)
    if content.get("deleted"):
        _delete(dashboard, with_insights=False)
    return dashboard


@transaction.atomic
def update_dashboard(
    dashboard_id: int,
    *,
    project: Project,
    changes: DashboardChanges,
    edited_by: Membership,
    refuse_unknown_tiles: bool = False,
) -> list[int]:
    """Change a dashboard, its tags and its tiles; delete or restore it. What does not differ is not written.

    Gives back the positions of tile items that had no effect, since their id is not on this dashboard and they hold
    nothing but display settings. With `refuse_unknown_tiles` such an item raises TileNotOnDashboard.

    Raises DashboardMissing (also for a deleted dashboard, unless it is restored), Forbidden and Invalid.
    """
    dashboard = lock_dashboard(dashboard_id, project=project)
    check_may_edit(dashboard, edited_by)
    restores = dashboard.deleted and changes.get("deleted") is False
    if dashboard.deleted and not restores:
        raise DashboardMissing
    if changes.get("restriction_level", dashboard.restriction_level) != dashboard.restriction_level:
        check_may_restrict(dashboard, edited_by)
    if restores:
        _restore(dashboard)
    _save_changed(dashboard, changes)
    skipped = change_tiles(
        dashboard, changes.get("tiles", []), changed_by=edited_by, refuse_unknown=refuse_unknown_tiles
    )
    if changes.get("deleted"):
        _delete(dashboard, with_insights=changes.get("delete_insights", False))
    return skipped


def lock_dashboard(dashboard_id: int, *, project: Project) -> Dashboard:
    """The row, deleted or not, locked until the transaction ends. Raises DashboardMissing."""
    found: Dashboard | None = Dashboard.objects.in_project(project).select_for_update().filter(pk=dashboard_id).first()
    if found is None:
        raise DashboardMissing
    return found


def _refuse_unknown_sources(content: DashboardChanges) -> None:
    template, source = content.get("use_template"), content.get("use_dashboard")
    if template and source is not None:
        raise Invalid("`use_template` and `use_dashboard` cannot be used together.")
    if template:
        raise Invalid(f"There is no template with the name {template!r}.", attr="use_template")
    if source is not None:
        raise Invalid("Dashboards cannot be copied yet.", attr="use_dashboard")


def _take(dashboard: Dashboard, changes: DashboardChanges) -> list[str]:
    """Set the plain fields that differ; their names are given back."""
    changed = []
    for field in PLAIN_FIELDS:
        value: Any = changes.get(field)
        if field in changes and differs(getattr(dashboard, field), value):
            setattr(dashboard, field, value)
            changed.append(field)
    return changed


def _save_changed(dashboard: Dashboard, changes: DashboardChanges) -> None:
    columns = _take(dashboard, changes)
    if not columns and "tags" not in changes:
        return
    tags = tag_names(dashboard)
    if sorted(changes.get("tags", tags)) != tags:
        tags = sorted(changes["tags"])
        replace_tags(dashboard, tags)
    elif not columns:
        return
    dashboard.derive(tags)
    dashboard.save(update_fields=[*columns, "name_key", "search_text"])


def _delete(dashboard: Dashboard, *, with_insights: bool) -> None:
    deletion_id = uuid.uuid4()
    dashboard.mark_deleted(deletion_id, with_insights=with_insights)
    dashboard.save(update_fields=["deleted", "deletion_id", "delete_insights"])
    Tile.objects.on_dashboard(dashboard).not_deleted().update(deleted=True, deletion_id=deletion_id)


def _restore(dashboard: Dashboard) -> None:
    went_along = Tile.objects.on_dashboard(dashboard).filter(deletion_id=dashboard.deletion_id)
    went_along.update(deleted=False, deletion_id=None)
    dashboard.mark_restored()
    dashboard.save(update_fields=["deleted", "deletion_id", "delete_insights"])
