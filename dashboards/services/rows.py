"""Rows that a service changes: locks, checks of the right to edit, assignments and writes.

Services lock a dashboard before they write its tiles. Members may edit content if they may edit any of the dashboards
that show it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from dashboards.access import Restriction, check_content_edit_restrictions, check_edit_restriction, may_edit_content
from dashboards.changelog.activity_log import record_baselines
from dashboards.changelog.limits import check_size
from dashboards.changelog.versions import HAS_HISTORY
from dashboards.exceptions import DashboardNotFound
from dashboards.models import Collaborator, Dashboard, Tile
from dashboards.models.dashboard import DashboardQuerySet
from dashboards.models.tile import CONTENT_KINDS, LAYOUT_COLUMNS, ContentKind
from dashboards.tracked_fields import TILE_FIELDS
from dashboards_api.db.fields import find_differing
from users.models import Membership, Project


def lock_dashboards(dashboards: DashboardQuerySet) -> dict[int, Dashboard]:
    """Lock dashboards in the order of their ids, which prevents deadlocks. Return the dashboards by id.

    If the log contains no version of a dashboard, its current state is recorded as the first version.
    """
    annotated = dashboards.annotate(has_history=HAS_HISTORY)  # type: ignore[no-redef]  # the model declares this annotation
    rows = annotated.select_for_update().order_by("pk")
    locked = {dashboard.pk: dashboard for dashboard in rows}
    if new := [dashboard.pk for dashboard in locked.values() if not dashboard.has_history]:
        record_baselines(new)
    return locked


def lock_all(ids: Iterable[int], *, project: Project, member: Membership) -> dict[int, Dashboard]:
    """Lock dashboards of a project, deleted or not, and return them by id.

    The dashboards are annotated with `is_collaborator` for the member, and loaded without free JSON.
    """
    rows = Dashboard.objects.in_project(project).with_is_collaborator(member.pk).filter(pk__in=ids)
    return lock_dashboards(rows.without_free_json())


def lock_dashboard(dashboard_id: int, *, project: Project, member: Membership) -> Dashboard:
    """Lock a dashboard, deleted or not, and return it. Raises DashboardNotFound.

    The dashboard is annotated with `is_collaborator` for the member.
    """
    rows = Dashboard.objects.in_project(project).with_is_collaborator(member.pk).filter(pk=dashboard_id)
    dashboard = lock_dashboards(rows).get(dashboard_id)
    if dashboard is None:
        raise DashboardNotFound
    return dashboard


def lock_for_edit(dashboard_id: int, *, project: Project, member: Membership) -> Dashboard:
    """Lock a dashboard that is not deleted and that the member may edit. Raises DashboardNotFound and Forbidden."""
    dashboard = lock_dashboard(dashboard_id, project=project, member=member)
    if dashboard.deleted:
        raise DashboardNotFound
    check_edit_restriction(dashboard, member)
    return dashboard


def group_contents(tiles: Iterable[Tile]) -> dict[ContentKind, set[Any]]:
    """Return the ids of the content of tiles, by the kind of content."""
    rows = list(tiles)
    return {kind: {getattr(tile, f"{kind}_id") for tile in rows} - {None} for kind in CONTENT_KINDS}


def check_contents_edit_permission(kind: ContentKind, ids: Iterable[Any], member: Membership) -> None:
    """Raise Forbidden if the member may not edit one of the given contents."""
    for restrictions in _load_restrictions(kind, ids, member).values():
        check_content_edit_restrictions(member, restrictions)


def filter_editable(kind: ContentKind, ids: Iterable[Any], member: Membership) -> set[Any]:
    """Return the ids of the contents that the member may edit."""
    found = _load_restrictions(kind, ids, member)
    return {id_ for id_, restrictions in found.items() if may_edit_content(member, restrictions)}


def _load_restrictions(kind: ContentKind, ids: Iterable[Any], member: Membership) -> dict[Any, list[Restriction]]:
    """Return the restrictions of all dashboards that show each content, by content id. One statement reads them."""
    found: dict[Any, list[Restriction]] = {id_: [] for id_ in ids}
    if not found:
        return found
    rows = (
        Tile.objects.live_or_restorable()
        .filter(**{f"{kind}__in": found})
        .annotate(
            is_collaborator=Collaborator.objects.build_collaborator_condition(member.pk, dashboard="dashboard_id")
        )
        .values_list(kind, "dashboard__created_by_id", "dashboard__restriction_level", "is_collaborator")
    )
    for id_, *restriction in rows:
        found[id_].append(Restriction(*restriction))
    return found


def update_rows(rows: Collection[Model], columns: Sequence[str]) -> None:
    """Write the given columns of rows of one model, each row with its own values.

    Django's `bulk_update` builds an expression for each row and column, which takes five times as long.
    """
    if not rows:
        return
    meta = next(iter(rows))._meta
    quote = connection.ops.quote_name
    fields = [meta.get_field(column) for column in columns]
    assert meta.pk is not None  # noqa: S101  each model has a primary key
    assigned = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)  # type: ignore[union-attr]  # no column is a reverse relation
    sql = f"UPDATE {quote(meta.db_table)} SET {assigned} WHERE {quote(meta.pk.column)} = %s"  # noqa: S608  names of our own columns
    values = [
        [
            field.get_db_prep_save(getattr(row, field.attname), connection)  # type: ignore[union-attr]  # as above
            for field in (*fields, meta.pk)
        ]
        for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(sql, values)


def assign_changed_fields(row: Model, changes: Mapping[str, Any], fields: Iterable[str]) -> list[str]:
    """Set the fields of a row that were sent and differ, and return their names. Raises TooLarge."""
    before = {field: getattr(row, field) for field in fields if field in changes}
    changed = find_differing(before, before, changes)
    for field in changed:
        check_size(field, before[field], changes[field])
        setattr(row, field, changes[field])
    return changed


def assign_display_fields(tile: Tile, content: Mapping[str, Any]) -> list[str]:
    """Set the display fields of a tile that differ, and return the columns that changed."""
    changed = assign_changed_fields(tile, content, TILE_FIELDS)
    if "layouts" not in changed:
        return changed
    tile.set_layouts(tile.layouts)
    return [*LAYOUT_COLUMNS, *changed[1:]]
