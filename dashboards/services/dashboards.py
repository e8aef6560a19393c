"""The verbs of a dashboard: create, update, delete, restore. One transaction each."""

import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dashboards.access import check_may_edit, check_may_restrict, may_edit
from dashboards.breakdown_colors import check_breakdown_colors
from dashboards.changelog.tracking import (
    changing,
    lock_all,
    note_created,
    note_deletion,
    note_listed,
    note_rights,
)
from dashboards.exceptions import DashboardNotFound, UnlistedDashboardExists
from dashboards.folders import normalize_folder
from dashboards.models import CreationMode, Dashboard, Insight, Revision, RevisionKind, SharingConfiguration, Tile
from dashboards.models.dashboard import DERIVED_COLUMNS
from dashboards.services.copies import add_template_tiles, copy_tiles, duplicate_tiles
from dashboards.services.inputs import DashboardInput, assign_changed_fields
from dashboards.services.size_limits import check_tags
from dashboards.services.sources import inherited_from, source_of
from dashboards.services.tags import replace_tags
from dashboards.services.tiles import change_tiles
from dashboards.template_documents.documents import Document
from dashboards.tracked_fields import DASHBOARD_FIELDS
from dashboards_api.db.best_effort import best_effort_write
from dashboards_api.errors import VersionConflict
from users.models import Membership, Project

# An access is written down once in this time.
ACCESS_INTERVAL = timedelta(minutes=1)

# What the log tells of an insight that only goes or comes back.
_LOGGED = ("project_id", "short_id", "name", "derived_name", "deleted")
# Tags have a table of their own.
PLAIN_FIELDS = (*(field for field in DASHBOARD_FIELDS if field != "tags"), "restriction_level")


@changing
def create_dashboard(
    project: Project, *, content: DashboardInput, created_by: Membership, template: Document | None = None
) -> tuple[Dashboard, list[str]]:
    """A new dashboard with its sharing row, tags and tiles; made from a template or a dashboard where it names one.

    `template` is what `template_of` gives for the content, before the transaction. What the source gives holds only
    where `content` gives nothing. Gives back the paths that had no effect, too. Raises Invalid for a source that does
    not exist, and for an impossible tile.
    """
    if template is None and content.get("use_template"):
        raise ValueError("The template that the content names must be filled first, by `template_of`.")
    source = source_of(project, content, created_by)
    check_breakdown_colors(content.get("breakdown_colors", []), [])
    given = {**inherited_from(template, source), **_place_of(content), **content}
    dashboard = Dashboard(project=project, created_by=created_by.user, creation_mode=CreationMode.DEFAULT)
    if template:
        dashboard.creation_mode, dashboard.use_template = CreationMode.TEMPLATE, content["use_template"]
        given["name"] = given.get("name") or template["template_name"]
    if source:
        dashboard.creation_mode, dashboard.use_dashboard = CreationMode.DUPLICATE, source.pk
    _insert(dashboard, given)  # type: ignore[arg-type]  # a DashboardInput with what was inherited
    if template:
        add_template_tiles(dashboard, template["tiles"], created_by=created_by)
    if source:
        # Who could share the content of a dashboard that they may not edit could edit it on the copy.
        with_content = content.get("duplicate_tiles") is True or not may_edit(source, created_by)
        copy_tiles(source, dashboard, copied_by=created_by, with_content=with_content)
    ignored = change_tiles(dashboard, content.get("tiles", []), changed_by=created_by)
    if content.get("deleted"):
        _delete(dashboard, with_insights=content.get("delete_insights", False))
    return dashboard, ignored


def _place_of(content: DashboardInput) -> DashboardInput:
    """Return the folder that a new dashboard is to be created in, if one is named."""
    wanted = content.get("create_in_folder")
    return {"folder": normalize_folder(wanted)} if wanted else {}


@changing
def create_dashboard_from_template(project: Project, *, template: Document, created_by: Membership) -> Dashboard:
    """A new dashboard from a filled template document."""
    dashboard = Dashboard(project=project, created_by=created_by.user, creation_mode=CreationMode.TEMPLATE)
    dashboard.use_template = template["template_name"]
    _insert(dashboard, {"name": template["template_name"], **inherited_from(template, None)})
    add_template_tiles(dashboard, template["tiles"], created_by=created_by)
    return dashboard


@changing
def create_unlisted_dashboard(project: Project, *, tag: str, created_by: Membership) -> Dashboard:
    """A dashboard that no list shows unless it is asked for, found by its tag. Raises UnlistedDashboardExists."""
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # two at once would both find none
    existing = Dashboard.objects.in_project(project).not_deleted().filter(creation_mode=CreationMode.UNLISTED)
    if existing.with_any_tag([tag], project).exists():
        raise UnlistedDashboardExists(tag)
    dashboard = Dashboard(project=project, created_by=created_by.user, creation_mode=CreationMode.UNLISTED)
    _insert(dashboard, {"tags": [tag]})
    return dashboard


@changing
def update_dashboard(
    dashboard_id: int,
    *,
    project: Project,
    changes: DashboardInput,
    edited_by: Membership,
    refuse_unknown_tiles: bool = False,
    from_history: bool = False,
) -> list[str]:
    """Change a dashboard, its tags and its tiles; delete or restore it. What does not differ is not written.

    Gives back the paths that had no effect, such as a tile item whose id is not on this dashboard and that holds
    nothing but display settings. With `refuse_unknown_tiles` such an item raises TileNotOnDashboard. Changes
    `from_history` are what was stored once: limits that came later do not hold for them.

    Raises DashboardNotFound (also for a deleted dashboard, unless it is restored), Forbidden and Invalid.
    """
    dashboard = lock_dashboard(dashboard_id, project=project, member=edited_by)
    restores = dashboard.deleted and changes.get("deleted") is False
    if dashboard.deleted and not restores:
        raise DashboardNotFound
    check_may_edit(dashboard, edited_by)
    if changes.get("restriction_level", dashboard.restriction_level) != dashboard.restriction_level:
        check_may_restrict(dashboard, edited_by)
        note_rights()
    if restores:
        restore_all([dashboard])
    if not from_history:
        check_breakdown_colors(changes.get("breakdown_colors", []), dashboard.breakdown_colors)
    _save_changed(dashboard, changes)
    ignored = change_tiles(
        dashboard,
        changes.get("tiles", []),
        changed_by=edited_by,
        refuse_unknown=refuse_unknown_tiles,
        from_history=from_history,
    )
    if isinstance(clones := changes.get("duplicate_tiles"), list):
        duplicate_tiles(dashboard, clones, duplicated_by=edited_by)
    if changes.get("deleted"):
        _delete(dashboard, with_insights=changes.get("delete_insights", False))
    return ignored


def note_access(dashboard_id: int, last_accessed_at: datetime | None) -> datetime | None:
    """Write down that a dashboard was retrieved, at most once a minute: from what is written to what is written now."""
    now = timezone.now()
    if last_accessed_at is not None and now - last_accessed_at < ACCESS_INTERVAL:
        return last_accessed_at
    dashboard = Dashboard.objects.filter(pk=dashboard_id)
    return now if best_effort_write(lambda: dashboard.update(last_accessed_at=now)) else last_accessed_at


def lock_dashboard(dashboard_id: int, *, project: Project, member: Membership) -> Dashboard:
    """The row as the member sees it, deleted or not, locked until the transaction ends. Raises DashboardNotFound.

    Whoever writes tiles of a dashboard holds this lock: the tiles themselves need none.
    """
    rows = Dashboard.objects.in_project(project).with_is_collaborator(member).filter(pk=dashboard_id)
    found = lock_all(rows).get(dashboard_id)
    if found is None:
        raise DashboardNotFound
    return found


@contextmanager
def at_version(
    dashboard_id: int, *, project: Project, expected: Collection[int], others: Collection[int] = ()
) -> Iterator[None]:
    """One change of a dashboard, of a version that a member has seen. `others` are dashboards that it changes, too.

    Raises DashboardNotFound, and Stale where it is at another version, or comes to another one meanwhile: what it
    shares with other dashboards can be changed through them.
    """
    ids = {dashboard_id, *others}
    locked = Dashboard.objects.in_project(project).filter(pk__in=ids).select_for_update().order_by("pk")
    if dashboard_id not in locked.values_list("pk", flat=True):
        raise DashboardNotFound
    # Asked for after the lock: what a statement sees is older than what it waits for.
    seen = version_of(dashboard_id)
    if seen not in expected:
        raise VersionConflict(seen)
    with transaction.atomic():
        yield
        # Whoever counts up waits for who did before, so that this is exact: one change counts up once.
        if version_of(dashboard_id) <= seen + 1:
            return
        transaction.set_rollback(True)
    raise VersionConflict(version_of(dashboard_id))


def version_of(dashboard_id: int) -> int:
    """The version that a dashboard is at now, as this transaction sees it."""
    return Revision.objects.of(RevisionKind.DASHBOARD, dashboard_id).values_list("number", flat=True).first() or 0


def lock_for_edit(dashboard_id: int, *, project: Project, edited_by: Membership) -> Dashboard:
    """The live dashboard, locked. Raises DashboardNotFound and Forbidden."""
    dashboard = lock_dashboard(dashboard_id, project=project, member=edited_by)
    if dashboard.deleted:
        raise DashboardNotFound
    check_may_edit(dashboard, edited_by)
    return dashboard


def _insert(dashboard: Dashboard, content: DashboardInput) -> None:
    assign_changed_fields(dashboard, content, PLAIN_FIELDS)
    tags = content.get("tags", [])
    check_tags([], tags)
    dashboard.derive(tags)
    dashboard.save(force_insert=True)
    note_created(dashboard)
    note_listed(dashboard, 1)
    SharingConfiguration.objects.create(dashboard=dashboard)
    if tags:
        replace_tags(dashboard, tags)


def _save_changed(dashboard: Dashboard, changes: DashboardInput) -> None:
    columns = assign_changed_fields(dashboard, changes, PLAIN_FIELDS)
    if not columns and "tags" not in changes:
        return
    tags = dashboard.tag_names
    if sorted(changes.get("tags", tags)) != tags:
        check_tags(tags, changes["tags"])
        tags = sorted(changes["tags"])
        replace_tags(dashboard, tags)
    elif not columns:
        return
    dashboard.derive(tags)
    dashboard.save(update_fields=[*columns, *DERIVED_COLUMNS])


def _delete(dashboard: Dashboard, *, with_insights: bool) -> None:
    deletion_id = uuid.uuid4()
    insights = list(Insight.objects.only_on_dashboard(dashboard).not_deleted().only(*_LOGGED)) if with_insights else []
    dashboard.mark_deleted(deletion_id, with_insights=with_insights)
    note_listed(dashboard, -1)
    dashboard.save(update_fields=["deleted", "deletion_id", "delete_insights"])
    Tile.objects.on_dashboard(dashboard).not_deleted().update(deleted=True, deletion_id=deletion_id)
    _flip(insights, deletion_id)


def restore_all(dashboards: Sequence[Dashboard]) -> None:
    """Bring back locked dashboards, each with exactly the tiles that went in its deletion, and with their insights.

    The deletion of another dashboard may have taken some of these since: it was the last that showed them.
    """
    if not dashboards:
        return
    _flip(list(Insight.objects.restorable_with(dashboards).only(*_LOGGED)), None)
    Tile.objects.deleted_with(dashboards).update(deleted=False, deletion_id=None)
    for dashboard in dashboards:
        dashboard.mark_restored()
        note_listed(dashboard, 1)
    ids = [dashboard.pk for dashboard in dashboards]
    Dashboard.objects.filter(pk__in=ids).update(deleted=False, deletion_id=None, delete_insights=False)


def _flip(insights: list[Insight], deletion_id: uuid.UUID | None) -> None:
    """Insights go with their dashboard, or come back with it."""
    for insight in insights:
        note_deletion(insight)
        if deletion_id:
            insight.mark_deleted(deletion_id)
        else:
            insight.mark_restored()
    changed = Insight.objects.filter(pk__in=[insight.pk for insight in insights])
    changed.update(deleted=deletion_id is not None, deletion_id=deletion_id)
