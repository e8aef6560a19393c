"""Versions of dashboards: their counters, and their snapshots in the activity log.

Most versions store a whole snapshot. A version of a large dashboard may store only its changes. Its snapshot is then
rebuilt from the latest earlier version with a whole snapshot, and the changes of all versions since then.

One statement increments the counters in the order of their ids, which prevents deadlocks.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef

from dashboards.changelog.diff import Change, Snapshot, apply_changes
from dashboards.models import Activity, Button, Dashboard, Insight, Revision, RevisionKind, Text, Tile
from dashboards.models.activity import ActivityQuerySet
from dashboards.models.tile import CONTENT_KINDS
from dashboards_api.db.retry import atomic_with_retry

# The id of a dashboard, the changes of one version, and their size.
Delta = tuple[int, list[Change], int]
# The condition that the log has a version of a dashboard.
HAS_HISTORY = Exists(Activity.objects.versions_of(OuterRef("pk")))


def get_snapshot_at(dashboard_id: int, version: int) -> Snapshot | None:
    """Return the snapshot of a dashboard at a version.

    Return None for an unknown version, and for a version that cannot be rebuilt, because the log has no earlier version
    with a whole snapshot.
    """
    until = Activity.objects.versions_of(dashboard_id).filter(version__lte=version)
    if not until.filter(version=version).exists():
        return None
    whole = until.with_snapshot().order_by("-version").values_list("version", "state").first()
    if whole is None:
        return None
    base, snapshot = whole
    return apply_deltas(
        snapshot or {}, until.filter(version__gt=base).order_by("version").values_list("changes", flat=True)
    )


def apply_deltas(snapshot: Snapshot, deltas: Any) -> Snapshot:
    """Return a snapshot with the changes of the following versions applied in order."""
    changes = [change for each in deltas for change in each]
    return apply_changes(snapshot, changes) if changes else snapshot


def load_deltas(dashboard_ids: list[int]) -> list[Delta]:
    """Return the versions of each dashboard since its latest whole version, in ascending order."""
    if not dashboard_ids:
        return []
    found: ActivityQuerySet = Activity.objects.versions_of_dashboards(dashboard_ids).filter(state__isnull=True)
    newer = Activity.objects.versions_of(OuterRef("item_id")).with_snapshot().filter(version__gt=OuterRef("version"))
    rows = found.filter(~Exists(newer)).order_by("item_id", "version")
    return list(rows.values_list("item_id", "changes", "size"))


class CounterQuery(NamedTuple):
    """A query for the counters to increment, as (kind, object_id, live). `live` is added to the length of the list."""

    sql: str
    params: list[Any]


def increment_versions(queries: Iterable[CounterQuery]) -> dict[int, int]:
    """Increment the counters that the given queries select. Return the new versions of dashboards by id."""
    parts = list(queries)
    if not parts:
        return {}
    table = Revision._meta.db_table
    sql = f"""
        INSERT INTO {table} (kind, object_id, number, live)
        SELECT kind, object_id, 1, live FROM (
            SELECT CAST(NULL AS smallint) AS kind, CAST(NULL AS bigint) AS object_id, CAST(NULL AS bigint) AS live
            UNION {" UNION ".join(part.sql for part in parts)}
        ) AS found WHERE kind IS NOT NULL ORDER BY kind, object_id
        ON CONFLICT (kind, object_id)
        DO UPDATE SET number = {table}.number + 1, live = {table}.live + excluded.live
        RETURNING kind, object_id, number
        """  # noqa: S608  names of our own tables
    with connection.cursor() as cursor:
        cursor.execute(sql, [param for part in parts for param in part.params])
        rows = cursor.fetchall()
    return {object_id: number for kind, object_id, number in rows if kind == RevisionKind.DASHBOARD}


def get_version(dashboard_id: int) -> int:
    """Return the version of a dashboard that is visible to this transaction, or 0 before its first change."""
    return Revision.objects.of(RevisionKind.DASHBOARD, dashboard_id).values_list("number", flat=True).first() or 0


def select_rows(rows: list[tuple[int, int, int]]) -> CounterQuery:
    """Return a query for the given rows as one VALUES clause, because SQLite limits a UNION to 500 terms."""
    places = ", ".join(["(%s, %s, %s)"] * len(rows))
    sql = f"SELECT column1, column2, column3 FROM (VALUES {places}) AS counted"  # noqa: S608  only placeholders
    return CounterQuery(sql, [value for row in rows for value in row])


def select_dashboards_showing(column: str, content_ids: Iterable[Any]) -> CounterQuery:
    """Return a query for the dashboards that have, or had, tiles with the given content.

    `column` is the field of Tile that refers to the content.
    """
    field = Tile._meta.get_field(column)
    ids = [field.get_db_prep_value(id_, connection) for id_ in content_ids]  # type: ignore[union-attr]  # no column is a reverse relation
    places = ", ".join(["%s"] * len(ids))
    sql = f"""
        SELECT {RevisionKind.DASHBOARD.value}, dashboard_id, 0 FROM {Tile._meta.db_table}
        WHERE {column}_id IN ({places})
        """  # noqa: S608  names of our own columns
    return CounterQuery(sql, ids)


def select_dashboards_sharing(dashboard_ids: list[int]) -> CounterQuery:
    """Return a query for the dashboards that have, or had, tiles with the same content as the given dashboards."""
    table = Tile._meta.db_table
    places = ", ".join(["%s"] * len(dashboard_ids))
    parts = [
        f"""
        SELECT {RevisionKind.DASHBOARD.value}, theirs.dashboard_id, 0 FROM {table} AS ours
        JOIN {table} AS theirs ON theirs.{kind}_id = ours.{kind}_id WHERE ours.dashboard_id IN ({places})
        """  # noqa: S608  names of our own columns
        for kind in CONTENT_KINDS
    ]
    return CounterQuery(" UNION ".join(parts), dashboard_ids * len(parts))


def increment_versions_of_user(sender: object, *, user_id: int, **_: object) -> None:
    """Increment the counters of dashboards and lists that show a renamed user. A receiver of `user_profile_changed`."""
    tile, dashboard = Tile._meta.db_table, Dashboard._meta.db_table
    parts = [
        f"SELECT {RevisionKind.LIST.value}, project_id, 0 FROM {dashboard} WHERE created_by_id = %s",  # noqa: S608  names of our own tables
        f"SELECT {RevisionKind.DASHBOARD.value}, id, 0 FROM {dashboard} WHERE created_by_id = %s",  # noqa: S608  names of our own tables
    ]
    for column, model in (("insight_id", Insight), ("text_id", Text), ("button_id", Button)):
        parts += [
            f"SELECT {RevisionKind.DASHBOARD.value}, tile.dashboard_id, 0 FROM {tile} AS tile"  # noqa: S608  names of our own tables
            f" JOIN {model._meta.db_table} AS content ON content.id = tile.{column} WHERE content.{role}_id = %s"
            for role in ("created_by", "last_modified_by")
        ]
    increment_versions(CounterQuery(part, [user_id]) for part in parts)


@atomic_with_retry
def recount_dashboards(project_id: int) -> tuple[int, int]:
    """Correct the stored number of dashboards in the list of a project. Return the stored and the correct number.

    The last statement of a concurrent transaction that creates or deletes a dashboard waits for this transaction, and
    then changes the corrected number.
    """
    Revision.objects.bulk_create([Revision(kind=RevisionKind.LIST, object_id=project_id)], ignore_conflicts=True)
    revision = Revision.objects.of(RevisionKind.LIST, project_id).select_for_update().get()
    kept, revision.live = revision.live, Dashboard.objects.filter(project=project_id).not_deleted().listed().count()
    if kept != revision.live:
        revision.number += 1
        revision.save(update_fields=["live", "number"])
    return kept, revision.live
