"""Results of queries. The row of a result is also its entry in the queue, so a query is run once for all clients
that wait for it.
"""

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from dashboards_api.db.fields import JSONTextField
from events.models import DataVersion
from users.models import Project

CACHE_KEY_MAX_LENGTH = 64
ERROR_CODE_MAX_LENGTH = 40


class QueryResultQuerySet(models.QuerySet["QueryResult"]):
    def in_project(self, project: Project | int) -> "QueryResultQuerySet":
        return self.filter(project=project)

    def queued(self) -> "QueryResultQuerySet":
        """Return results that were requested, whether they are being computed or not."""
        return self.filter(requested_at__isnull=False)

    def claimable(self, moment: datetime) -> "QueryResultQuerySet":
        """Return requested results that a query worker may compute: without a lease, or with an expired lease."""
        return self.queued().filter(Q(lease_until__isnull=True) | Q(lease_until__lt=moment))

    def running(self, moment: datetime) -> "QueryResultQuerySet":
        return self.queued().filter(lease_until__gte=moment)


class QueryResult(models.Model):
    """The latest result of one query in one project, the error of the last attempt, and the request for a new result.

    A result is kept until it is replaced, even while it is computed again or after a failed attempt.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="query_results")
    cache_key = models.CharField(max_length=CACHE_KEY_MAX_LENGTH)
    # The effective query, without visualization nodes.
    query = JSONTextField()
    created_at = models.DateTimeField(default=now, editable=False)

    # The time of the request. While it is set, the query is queued or computed.
    requested_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    # The query worker that runs the query holds a lease and renews it. `lease_id` identifies the current lease.
    lease_id = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)

    # The result: the rows or series, and the other fields of the response that are stored with them.
    results = JSONTextField(null=True)
    details = JSONTextField(null=True)
    computed_at = models.DateTimeField(null=True)
    data_version = models.BigIntegerField(default=0)
    # The times at which the result becomes stale by its age, for ordinary and for lazy refreshes. Null if the date
    # range had ended before the computation, because the result then never becomes stale by its age.
    stale_at = models.DateTimeField(null=True)
    lazily_stale_at = models.DateTimeField(null=True)
    milliseconds = models.IntegerField(null=True)
    size = models.IntegerField(default=0)  # of the rows, in characters

    # The error of the last attempt, if it failed.
    error_code = models.CharField(max_length=ERROR_CODE_MAX_LENGTH, default="", blank=True)
    error_detail = models.TextField(default="", blank=True)
    failed_at = models.DateTimeField(null=True)

    # The last time the result was part of a response, to the hour. Unread results are deleted.
    read_at = models.DateTimeField(default=now)

    objects = QueryResultQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "cache_key"], name="one_result_per_key")]
        indexes = [
            models.Index(fields=["requested_at"], name="query_result_queue", condition=Q(requested_at__isnull=False)),
            models.Index(fields=["read_at"], name="query_result_read_at"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}: {self.cache_key}"


class ResultVersionQuerySet(models.QuerySet["ResultVersion"]):
    def increment_version(self, project_id: int) -> None:
        """Increment the project's counter. Call this method in the transaction that changes results."""
        if not self._increment(project_id):
            self.bulk_create([ResultVersion(project_id=project_id)], ignore_conflicts=True)
            self._increment(project_id)  # another transaction may have created the row, and counted its own change

    def _increment(self, project_id: int) -> int:
        return self.filter(project=project_id).update(number=F("number") + 1)

    def number_subquery(self, project_id: Any) -> CombinedExpression:
        """Return a number that increases with each change to a project's results or data.

        A change to the data makes results stale.
        """
        return _select_number(self, project_id) + _select_number(DataVersion.objects.all(), project_id)


def _select_number(rows: "models.QuerySet[Any]", project_id: Any) -> Coalesce:
    """Return a subquery for the counter of a project, which is 0 before the first change."""
    number = models.Subquery(rows.filter(project=project_id).values("number"))
    return Coalesce(number, models.Value(0), output_field=models.BigIntegerField())


class ResultVersion(models.Model):
    """A counter that is incremented by every change to a project's results. ETags of responses with results contain the
    sum of this counter and the data version.
    """

    project = models.OneToOneField(Project, on_delete=models.CASCADE, primary_key=True, related_name="result_version")
    number = models.BigIntegerField(default=0)

    objects = ResultVersionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.project_id}: {self.number}"
