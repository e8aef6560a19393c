"""Counting up revisions: in one statement, in the order of ids, so that no two transactions wait for each other."""

from typing import Any, NamedTuple

from django.db import connection, transaction

from dashboards.models import Button, Dashboard, Insight, Revision, RevisionKind, Text, Tile


class Part(NamedTuple):
    """A query for (kind, object_id, live)."""

    sql: str
    params: list[Any]


def count_up(found: str, params: list[Any]) -> list[int]:
    """Raise the revisions that a query for (kind, object_id, live) finds, by one each; the dashboards among them."""
    table = Revision._meta.db_table
    sql = f"""
        INSERT INTO {table} (kind, object_id, number, live)
        SELECT kind, object_id, 1, live FROM (
            SELECT CAST(NULL AS smallint) AS kind, CAST(NULL AS bigint) AS object_id, CAST(NULL AS bigint) AS live
            UNION {found}
        ) AS found WHERE kind IS NOT NULL ORDER BY kind, object_id
        ON CONFLICT (kind, object_id)
        DO UPDATE SET number = {table}.number + 1, live = {table}.live + excluded.live
        RETURNING kind, object_id
        """  # noqa: S608  names of our own tables
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return [object_id for kind, object_id in cursor.fetchall() if kind == RevisionKind.DASHBOARD]


def listed(rows: list[tuple[int, int, int]]) -> Part:
    """These themselves. As one list of values: SQLite joins at most 500 selects."""
    places = ", ".join(["(%s, %s, %s)"] * len(rows))
    sql = f"SELECT column1, column2, column3 FROM (VALUES {places}) AS noted"  # noqa: S608  places alone
    return Part(sql, [value for row in rows for value in row])


def showing(insight_ids: list[int]) -> Part:
    """Dashboards that show, or showed, these insights."""
    places = ", ".join(["%s"] * len(insight_ids))
    sql = f"""
        SELECT {RevisionKind.DASHBOARD.value}, dashboard_id, 0 FROM {Tile._meta.db_table}
        WHERE insight_id IN ({places})
        """  # noqa: S608  names of our own columns
    return Part(sql, list(insight_ids))


def sharing(column: str, dashboard_ids: list[int]) -> Part:
    """Dashboards that show, or showed, the same content as these."""
    table = Tile._meta.db_table
    places = ", ".join(["%s"] * len(dashboard_ids))
    sql = f"""
        SELECT {RevisionKind.DASHBOARD.value}, theirs.dashboard_id, 0 FROM {table} AS ours
        JOIN {table} AS theirs ON theirs.{column} = ours.{column} WHERE ours.dashboard_id IN ({places})
        """  # noqa: S608  names of our own columns
    return Part(sql, list(dashboard_ids))


def note_person(sender: object, *, user_id: int, **_: object) -> None:
    """A person has another name: count up whatever shows it."""
    tile, dashboard = Tile._meta.db_table, Dashboard._meta.db_table
    parts = [
        f"SELECT {RevisionKind.LIST.value}, project_id, 0 FROM {dashboard} WHERE created_by_id = %s",  # noqa: S608
        f"SELECT {RevisionKind.DASHBOARD.value}, id, 0 FROM {dashboard} WHERE created_by_id = %s",  # noqa: S608
    ]
    for column, model in (("insight_id", Insight), ("text_id", Text), ("button_id", Button)):
        parts += [
            f"SELECT {RevisionKind.DASHBOARD.value}, tile.dashboard_id, 0 FROM {tile} AS tile"  # noqa: S608
            f" JOIN {model._meta.db_table} AS content ON content.id = tile.{column} WHERE content.{role}_id = %s"
            for role in ("created_by", "last_modified_by")
        ]
    count_up(" UNION ".join(parts), [user_id] * len(parts))


@transaction.atomic
def recount(project_id: int) -> tuple[int, int]:
    """Count the dashboards that the list of a project shows: what was kept before, and what there is.

    Who creates or deletes one at the same time waits with its last statement, and is counted after that.
    """
    Revision.objects.bulk_create([Revision(kind=RevisionKind.LIST, object_id=project_id)], ignore_conflicts=True)
    revision = Revision.objects.of(RevisionKind.LIST, project_id).select_for_update().get()
    kept, revision.live = revision.live, Dashboard.objects.filter(project=project_id).not_deleted().listed().count()
    if kept != revision.live:
        revision.number += 1
        revision.save(update_fields=["live", "number"])
    return kept, revision.live
