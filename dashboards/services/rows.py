"""Assigning values to rows, and writing columns of many rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from dashboards.changelog.limits import check_size
from dashboards.models import Tile
from dashboards.models.tile import LAYOUT_COLUMNS
from dashboards.tracked_fields import DISPLAY_FIELDS
from dashboards_api.db.fields import json_differs


def update_rows(rows: Collection[Model], columns: Sequence[str]) -> None:
    """Write these columns of rows of one model, each with its own values.

    Django's `bulk_update` does it by an expression for each row and column, which takes five times as long to build.
    """
    if not rows:
        return
    meta = next(iter(rows))._meta
    quote = connection.ops.quote_name
    fields = [meta.get_field(column) for column in columns]
    assert meta.pk is not None  # noqa: S101  each model has a primary key
    assigned = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)  # type: ignore[union-attr]  # no column is a relation from elsewhere
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
    """Set the fields of a row that are sent and differ, and return their names. Raises TooLarge."""
    changed = [field for field in fields if field in changes and json_differs(getattr(row, field), changes[field])]
    for field in changed:
        check_size(field, getattr(row, field), changes[field])
        setattr(row, field, changes[field])
    return changed


def assign_display_fields(tile: Tile, content: Mapping[str, Any]) -> list[str]:
    """Set the display fields of a tile that differ, and return the columns that changed."""
    changed: list[str] = []
    if "layouts" in content and json_differs(tile.layouts, content["layouts"]):
        check_size("layouts", tile.layouts, content["layouts"])
        tile.set_layouts(content["layouts"])
        changed += LAYOUT_COLUMNS
    return changed + assign_changed_fields(tile, content, DISPLAY_FIELDS)
