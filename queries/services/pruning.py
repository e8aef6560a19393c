"""Deletion of unread results, and of the ids that clients gave to their queries."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from queries.models import QueryReference, QueryResult, QueryResultQuerySet, ResultVersion

UNREAD_FOR = timedelta(days=30)
NAMED_FOR = timedelta(days=1)
ROWS_AT_ONCE = 500
# The limits for the results of one project, since any client that may run queries can add results.
MAX_STORED = 10_000
MAX_STORED_CHARACTERS = 500_000_000


def prune_results(moment: datetime) -> int:
    """Delete results that were not read for 30 days, in several transactions. Return the number of deleted results."""
    return _delete_in_parts(QueryResult.objects.filter(read_at__lt=moment - UNREAD_FOR, requested_at__isnull=True))


def delete_results(project_id: int) -> int:
    """Delete all results of a project whose data is deleted. Results of running queries are then no longer stored."""
    return _delete_in_parts(QueryResult.objects.in_project(project_id))


def limit_stored_results(project_id: int) -> int:
    """Delete the least recently read results of a project until their number and size are within the limits."""
    rows = QueryResult.objects.in_project(project_id)
    found = rows.aggregate(number=Count("pk"), characters=Coalesce(Sum("size"), 0))
    deleted = 0
    while found["number"] > MAX_STORED or found["characters"] > MAX_STORED_CHARACTERS:
        unread = list(rows.filter(requested_at__isnull=True).order_by("read_at").values_list("pk", flat=True)[:100])
        if not unread:
            break
        deleted += _delete_in_parts(QueryResult.objects.filter(pk__in=unread))
        found = rows.aggregate(number=Count("pk"), characters=Coalesce(Sum("size"), 0))
    return deleted


def _delete_in_parts(rows: QueryResultQuerySet) -> int:
    deleted = 0
    while part := list(rows.values_list("pk", "project")[:ROWS_AT_ONCE]):
        with transaction.atomic():
            QueryResult.objects.filter(pk__in=[pk for pk, _ in part]).delete()
            for project_id in {project_id for _, project_id in part}:
                ResultVersion.objects.increment_version(project_id)
        deleted += len(part)
    return deleted


def prune_references(moment: datetime) -> int:
    """Delete query references that are older than a day, and return the number of deleted references."""
    return QueryReference.objects.filter(created_at__lt=moment - NAMED_FOR).delete()[0]
