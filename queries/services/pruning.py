"""Deletion of results that nobody reads, and of the names that clients gave to their queries."""

from datetime import datetime, timedelta

from django.db import transaction

from queries.models import QueryReference, QueryResult, ResultVersion

UNREAD_FOR = timedelta(days=30)
NAMED_FOR = timedelta(days=1)
ROWS_AT_ONCE = 500


def prune_results(moment: datetime) -> int:
    """Delete results that were not read for 30 days, some in each transaction. Return their number."""
    unread = QueryResult.objects.filter(read_at__lt=moment - UNREAD_FOR, requested_at__isnull=True)
    deleted = 0
    while part := list(unread.values_list("pk", "project")[:ROWS_AT_ONCE]):
        with transaction.atomic():
            QueryResult.objects.filter(pk__in=[pk for pk, _ in part]).delete()
            for project_id in {project_id for _, project_id in part}:
                ResultVersion.objects.raise_version(project_id)
        deleted += len(part)
    return deleted


def prune_references(moment: datetime) -> int:
    """Delete names of queries that are older than a day. Return how many there were."""
    return QueryReference.objects.filter(created_at__lt=moment - NAMED_FOR).delete()[0]
