"""The times at which results were last read, to find unused results for deletion."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dashboards_api.db.best_effort import best_effort_write
from queries.models import QueryResult
from queries.readers.results import StoredResult

RECORDED_EVERY = timedelta(hours=12)


def record_reads(results: Iterable[StoredResult], moment: datetime) -> None:
    """Record that results were read, at most once in twelve hours for each result."""
    ids = [result.id for result in results if result.read_at < moment - RECORDED_EVERY]
    if ids:
        best_effort_write(lambda: QueryResult.objects.filter(pk__in=ids).update(read_at=moment))
