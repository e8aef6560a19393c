"""Limits on the size of list pages, so that the size of a response does not depend on the size of stored rows."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from django.db.models import Case, QuerySet, TextField, Value, When
from django.db.models.functions import Cast, Coalesce, Length
from django.db.models.lookups import LessThanOrEqual

from dashboards_api import limits


def count_fitting_rows(sizes: Iterable[int]) -> int:
    """Return how many rows of the given sizes, in characters, fit on one page, but at least one."""
    return max(1, sum(total <= limits.PAGE_MAX_LENGTH for total in accumulate(sizes)))


def build_size_expression(*columns: str) -> Any:
    """Return an expression for the number of characters in the given columns."""
    total: Any = Value(0)
    for column in columns:
        total = total + Coalesce(Length(Cast(column, TextField())), 0)
    return total


def null_if_large(column: str, most: int) -> Case:
    """Return an expression for the text of a column, or null if the text exceeds the given length."""
    text = Cast(column, TextField())
    return Case(When(LessThanOrEqual(Length(text), most), then=text), default=Value(None), output_field=TextField())


def read_page_ids(ordered: QuerySet[Any], size: Any, *, limit: int, offset: int) -> list[Any]:
    """Return the ids of the rows on one page."""
    rows = list(ordered.annotate(page_size=size).values_list("pk", "page_size")[offset : offset + limit])
    return [pk for pk, _ in rows[: count_fitting_rows(size for _, size in rows)]]


def sort_by_ids(rows: Iterable[Sequence[Any]], ids: Iterable[Any]) -> list[Any]:
    """Return rows in the order of the given ids. Each row begins with its id. Ids of deleted rows are skipped."""
    by_id = {row[0]: row for row in rows}
    return [by_id[id_] for id_ in ids if id_ in by_id]
