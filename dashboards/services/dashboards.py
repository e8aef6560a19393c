"""Operations on dashboards: create, update, delete and restore."""

from datetime import datetime, timedelta

from django.utils import timezone

from dashboards.access import check_edit_restriction, check_may_restrict, may_edit
from dashboards.breakdown_colors import check_breakdown_colors
from dashboards.changelog.limits import check_tags
from dashboards.changelog.tracking import ChangeSet
from dashboards.exceptions import DashboardNotFound, DashboardNotInProject, UnlistedDashboardExists
from dashboards.folders import normalize_folder
from dashboards.models import CreationMode, Dashboard, SharingConfiguration
from dashboards.models.dashboard import DERIVED_COLUMNS
from dashboards.services.copies import add_template_tiles, copy_tiles, duplicate_tiles
from dashboards.services.inputs import DashboardInput
from dashboards.services.rows import assign_changed_fields, lock_dashboard
from dashboards.services.soft_delete import delete_locked_dashboard, restore_locked_dashboards
from dashboards.services.tags import normalize_tags, replace_tags
from dashboards.services.tile_changes import change_tiles
from dashboards.template_documents.documents import Document
from dashboards.tracked_fields import DASHBOARD_FIELDS
from dashboards_api.db.best_effort import best_effort_update
from users.models import Membership, Project

# The fields that a template document may leave out.
TEMPLATE_OPTIONS = ("pinned", "restriction_level", "grid_spacing", "layout_compaction")
# `last_accessed_at` is written at most once in this interval.
ACCESS_INTERVAL = timedelta(minutes=1)

# Tags have a table of their own.
PLAIN_FIELDS = (*(field for field in DASHBOARD_FIELDS if field != "tags"), "restriction_level")


def create_dashboard(
    changes: ChangeSet, project: Project, *, content: DashboardInput, template: Document | None = None
) -> tuple[Dashboard, list[str]]:
    """Create a dashboard with its sharing configuration, tags and tiles, optionally from a template or a dashboard.

    `template` is the return value of `resolve_use_template`, which is called before the transaction. Values of the
    template or the dashboard apply only to fields that `content` omits. Return the dashboard, and the paths of the
    input that had no effect. Raises ValidationFailed for an unknown source and for an invalid tile.
    """
    if template is None and content.get("use_template"):
        raise ValueError("The template that the content names must be filled first, by `resolve_use_template`.")
    source = _get_dashboard_to_duplicate(project, content, changes.actor)
    check_breakdown_colors(content.get("breakdown_colors", []), [])
    given = {**_get_inherited_values(template, source), **_get_requested_folder(content), **content}
    dashboard = Dashboard(project=project, created_by=changes.actor.user, creation_mode=CreationMode.DEFAULT)
    if template:
        dashboard.creation_mode, dashboard.use_template = CreationMode.TEMPLATE, content["use_template"]
        given["name"] = given.get("name") or template["template_name"]
    if source:
        dashboard.creation_mode, dashboard.use_dashboard = CreationMode.DUPLICATE, source.pk
    _insert(changes, dashboard, given)  # type: ignore[arg-type]  # a DashboardInput with inherited values
    if template:
        add_template_tiles(changes, dashboard, template["tiles"])
    if source:
        _duplicate_dashboard_tiles(changes, source, dashboard, content)
    ignored = change_tiles(changes, dashboard, content.get("tiles", []))
    if content.get("deleted"):
        delete_locked_dashboard(changes, dashboard, with_insights=content.get("delete_insights", False))
    return dashboard, ignored


def _duplicate_dashboard_tiles(
    changes: ChangeSet, source: Dashboard, dashboard: Dashboard, content: DashboardInput
) -> None:
    # Copy the content of a source that the member may not edit, because sharing it would let the member edit it.
    with_content = content.get("duplicate_tiles") is True or not may_edit(source, changes.actor)
    copy_tiles(changes, source, dashboard, with_content=with_content)


def _get_dashboard_to_duplicate(project: Project, content: DashboardInput, member: Membership) -> Dashboard | None:
    """Return the dashboard to copy, or None. Raises DashboardNotInProject."""
    source_id = content.get("use_dashboard")
    if source_id is None:
        return None
    source: Dashboard | None = (
        Dashboard.objects.in_project(project).not_deleted().with_is_collaborator(member.pk).filter(pk=source_id).first()
    )
    if source is None:
        raise DashboardNotInProject("use_dashboard")
    return source


def _get_inherited_values(template: Document | None, source: Dashboard | None) -> DashboardInput:
    """Return the values that a new dashboard inherits from its template, or from the copied dashboard."""
    if template:
        return {
            "description": template["dashboard_description"] or "",
            "filters": template["dashboard_filters"],
            "tags": normalize_tags(template.get("tags", [])),
            "variables": template.get("dashboard_variables", {}),
            "breakdown_colors": template.get("breakdown_colors", []),
            **{name: template[name] for name in TEMPLATE_OPTIONS if name in template},  # type: ignore[typeddict-item]  # names of DashboardInput
            **({"folder": normalize_folder(template["folder"])} if "folder" in template else {}),
        }
    if source:
        return {
            "description": source.description,
            "tags": source.tag_names,
            "filters": source.filters,
            "variables": source.variables,
            "breakdown_colors": source.breakdown_colors,
            "data_color_theme_id": source.data_color_theme_id,
            "grid_spacing": source.grid_spacing,
            "layout_compaction": source.layout_compaction,
            "folder": source.folder,
        }
    return {}


def _get_requested_folder(content: DashboardInput) -> DashboardInput:
    """Return the folder in which a new dashboard is to be created, if the content names a folder."""
    wanted = content.get("create_in_folder")
    return {"folder": normalize_folder(wanted)} if wanted else {}


def create_dashboard_from_template(changes: ChangeSet, project: Project, *, template: Document) -> Dashboard:
    """Create a dashboard from a filled template document."""
    dashboard = Dashboard(project=project, created_by=changes.actor.user, creation_mode=CreationMode.TEMPLATE)
    dashboard.use_template = template["template_name"]
    _insert(changes, dashboard, {"name": template["template_name"], **_get_inherited_values(template, None)})
    add_template_tiles(changes, dashboard, template["tiles"])
    return dashboard


def create_unlisted_dashboard(changes: ChangeSet, project: Project, *, tag: str) -> Dashboard:
    """Create an unlisted dashboard, which clients find by its tag. Raises UnlistedDashboardExists."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # else concurrent writes would create duplicates
    existing = Dashboard.objects.in_project(project).not_deleted().filter(creation_mode=CreationMode.UNLISTED)
    if existing.with_any_tag([tag], project).exists():
        raise UnlistedDashboardExists(tag)
    dashboard = Dashboard(project=project, created_by=changes.actor.user, creation_mode=CreationMode.UNLISTED)
    _insert(changes, dashboard, {"tags": [tag]})
    return dashboard


def update_dashboard(
    changes: ChangeSet,
    dashboard_id: int,
    *,
    project: Project,
    content: DashboardInput,
    refuse_unknown_tiles: bool = False,
) -> list[str]:
    """Change, delete or restore a dashboard, with its tags and tiles. Unchanged values are not written.

    Return the paths of the input that had no effect, such as a tile item with only display settings whose id is not on
    this dashboard. With `refuse_unknown_tiles`, such an item raises TileNotOnDashboard.

    Raises DashboardNotFound (also for a deleted dashboard, unless it is restored), Forbidden and ValidationFailed.
    """
    dashboard = lock_dashboard(dashboard_id, project=project, member=changes.actor)
    if dashboard.deleted and content.get("deleted") is not False:
        raise DashboardNotFound
    check_edit_restriction(dashboard, changes.actor)
    return change_dashboard(changes, dashboard, content, refuse_unknown_tiles=refuse_unknown_tiles)


def change_dashboard(
    changes: ChangeSet,
    dashboard: Dashboard,
    content: DashboardInput,
    *,
    refuse_unknown_tiles: bool = False,
    from_history: bool = False,
) -> list[str]:
    """Change a locked dashboard that the member may edit, like `update_dashboard`. Restore a deleted dashboard.

    With `from_history`, the content was stored by an earlier write, and limits that were introduced since then do not
    apply.
    """
    if content.get("restriction_level", dashboard.restriction_level) != dashboard.restriction_level:
        check_may_restrict(dashboard, changes.actor)
        changes.record_rights(dashboard)
    if dashboard.deleted:
        changes.record_tiles(dashboard)
        restore_locked_dashboards(changes, [dashboard])
    if "breakdown_colors" in content and not from_history:
        check_breakdown_colors(content["breakdown_colors"], dashboard.breakdown_colors)
    _save_changed(changes, dashboard, content)
    ignored: list[str] = []
    if items := content.get("tiles"):
        ignored = change_tiles(
            changes, dashboard, items, refuse_unknown=refuse_unknown_tiles, from_history=from_history
        )
    if isinstance(clones := content.get("duplicate_tiles"), list):
        duplicate_tiles(changes, dashboard, clones)
    if content.get("deleted"):
        delete_locked_dashboard(changes, dashboard, with_insights=content.get("delete_insights", False))
    return ignored


def update_last_accessed(dashboard_id: int, last_accessed_at: datetime | None) -> datetime | None:
    """Write `last_accessed_at` of a dashboard that is retrieved, at most once a minute. Return the current value."""
    now = timezone.now()
    if last_accessed_at is not None and now - last_accessed_at < ACCESS_INTERVAL:
        return last_accessed_at
    return now if best_effort_update(Dashboard, dashboard_id, last_accessed_at=now) else last_accessed_at


def _insert(changes: ChangeSet, dashboard: Dashboard, content: DashboardInput) -> None:
    assign_changed_fields(dashboard, content, PLAIN_FIELDS)
    tags = content.get("tags", [])
    check_tags([], tags)
    dashboard.derive(tags)
    dashboard.save(force_insert=True)
    changes.record_created_dashboard(dashboard)
    SharingConfiguration.objects.create(dashboard=dashboard)
    if tags:
        replace_tags(dashboard, tags)


def _save_changed(changes: ChangeSet, dashboard: Dashboard, content: DashboardInput) -> None:
    columns = assign_changed_fields(dashboard, content, PLAIN_FIELDS)
    if not columns and "tags" not in content:
        return
    tags = dashboard.tag_names
    if sorted(content.get("tags", tags)) != tags:
        check_tags(tags, content["tags"])
        tags = sorted(content["tags"])
        replace_tags(dashboard, tags)
    elif not columns:
        return
    changes.record_dashboard(dashboard)
    dashboard.derive(tags)
    dashboard.save(update_fields=[*columns, *DERIVED_COLUMNS])
